"""The result of a trade on a balance, in whatever type of number it is given."""

from decimal import Decimal
from typing import TypeVar

from core.exact import add, subtract

Number = TypeVar("Number", Decimal, float, int)


def apply_trade_result(
    balance: Number, realized_pnl: Number, commission: Number | int = 0, slippage: Number | int = 0
) -> Number:
    """Return balance + realized_pnl − commission − slippage, in the type given; a decimal balance exactly."""
    if isinstance(balance, Decimal):
        return subtract(subtract(add(balance, realized_pnl), commission), slippage)
    return balance + realized_pnl - commission - slippage
