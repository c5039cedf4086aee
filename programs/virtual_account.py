"""The account of a program's run as a program sees it: a view of the kernel's account at one moment."""

from collections.abc import Mapping
from typing import Any, Literal, Self

import msgspec

from core.errors import ConfigurationError


class VirtualPosition(msgspec.Struct, frozen=True, kw_only=True):
    """An open position; money in quote currency, prices as filled, ``stop`` None without one."""

    symbol: str
    side: Literal["LONG", "SHORT"]
    quantity: float
    entry_price: float
    unrealized_pnl: float
    stop: float | None = None
    targets: tuple[float, ...] = ()
    opened_at: int | None = None
    candles_held: int | None = None


class VirtualAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Cash, positions and waiting orders as the kernel has them; nothing here can change them.

    ``balance`` is cash after closed trades, ``equity`` that plus what is open at the last closes. ``today_pnl`` is what
    equity has gained since the UTC day began, ``exposure`` the value of positions and waiting entries. ``halted`` says
    that a limit of the account is broken, so that every entry is refused.
    """

    balance: float
    equity: float
    positions: dict[str, VirtualPosition] = {}
    open_orders: tuple[dict[str, Any], ...] = ()
    trades_today: int = 0
    today_pnl: float = 0.0
    exposure: float = 0.0
    halted: bool = False

    @classmethod
    def seen(cls, shown: Mapping[str, Any]) -> Self:
        """Return the account that one call of a program was shown.

        Raises
        ------
        ConfigurationError
            If it is no account.
        """
        positions = {symbol: {"symbol": symbol, **one} for symbol, one in dict(shown.get("positions", {})).items()}
        try:
            return msgspec.convert({**shown, "positions": positions}, cls)
        except msgspec.ValidationError as error:
            raise ConfigurationError(f"account: {error} — allowed: what a program is shown as its account") from None

    @property
    def unrealized_pnl(self) -> float:
        """What all open positions would bring at the last closes, before the costs of closing them."""
        return self.equity - self.balance

    def position(self, symbol: str) -> VirtualPosition | None:
        """Return a symbol's position; None where it has none."""
        return self.positions.get(symbol)
