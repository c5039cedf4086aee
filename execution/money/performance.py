"""The account's performance in plain figures."""

import functools
import math
from collections.abc import Sequence
from decimal import Decimal

from core.exact import add, subtract
from execution.money.account_totals import AccountTotals
from execution.money.cash_transfer import CashTransfer


def performance_summary(
    starting_balance: Decimal,
    balance: Decimal,
    totals: AccountTotals,
    transfers: Sequence[CashTransfer],
    *,
    unrealized: Decimal,
    open_positions: int,
    max_drawdown: float,
    peak_equity: float,
) -> dict[str, float | int]:
    """Return balances, returns and trade counts.

    Names in ``_pct`` and ``win_rate`` are per cent; a trade wins when its result net of costs is above 0 and loses when
    it is below. One of exactly 0 is neither: it counts as a trade, and by itself. Cash that came from other accounts is
    no return: a return in per cent is that of a unit of money that was there from the start.
    """
    results = totals.trades.all
    trades, wins, even = results.trades, results.won, results.even
    equity = add(balance, unrealized)
    total_return, return_pct = returned(starting_balance, equity, transfers)
    return {
        "starting_balance": float(starting_balance),
        "current_balance": float(balance),
        "equity": float(equity),
        "realized_pnl": float(subtract(balance, _paid_in(starting_balance, transfers))),
        "unrealized_pnl": float(unrealized),
        "total_return": total_return,
        "total_return_pct": return_pct,
        "total_trades": trades,
        "winning_trades": wins,
        "losing_trades": trades - wins - even,
        "even_trades": even,
        "win_rate": 100.0 * wins / trades if trades else 0.0,
        "open_positions": open_positions,
        "max_drawdown_pct": 100.0 * max_drawdown,
        "peak_equity": peak_equity,
    }


def returned(starting_balance: Decimal, equity: Decimal, transfers: Sequence[CashTransfer]) -> tuple[float, float]:
    """Return what an equity is above all that was paid in, in quote currency and in per cent."""
    total = float(subtract(equity, _paid_in(starting_balance, transfers)))
    # One that nothing was moved of is divided once: both are the same number but for a rounding.
    if transfers:
        return total, 100.0 * (float(equity) / units_of(transfers) / float(starting_balance) - 1.0)
    return total, 100.0 * total / float(starting_balance)


def _paid_in(starting_balance: Decimal, transfers: Sequence[CashTransfer]) -> Decimal:
    return functools.reduce(add, (one.amount for one in transfers), starting_balance) if transfers else starting_balance


def units_of(transfers: Sequence[CashTransfer]) -> float:
    """Return what an account's equity was multiplied by, in all, through cash that came and went."""
    return math.prod(one.factor for one in transfers)
