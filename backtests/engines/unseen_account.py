"""What a strategy is shown of its session while it is heard before there is one."""

import pickle
from typing import NoReturn, cast

from compiled.codes import LONG_HELD, SHORT_HELD
from core.errors import Uncovered
from strategies.features.session_facts import AccountNow, OrderNow, PositionNow, Side

SIDES: tuple[tuple[int, Side], ...] = ((LONG_HELD, "LONG"), (SHORT_HELD, "SHORT"))
"""Beside which position an opinion is said, and the side that is shown then."""


class UnseenAccount:
    """Stands for the account where there is none yet.

    A strategy that looks at its position is shown none, and is asked again as if it had one of either side; it may ask
    for the side alone. ``asked`` says that it has looked at anything else, ``looked`` that it has at its position.

    Parameters
    ----------
    by_side
        Whether it can be asked again; else a look at the position is one too many.
    """

    def __init__(self, *, by_side: bool) -> None:
        self._by_side = by_side
        self._side: Side | None = None
        self.asked = self.looked = False

    def show(self, side: Side | None) -> None:
        """Show a position of a side from now on, or none."""
        self._side, self.looked = side, False

    def position(self, symbol: str, time_ms: int) -> PositionNow | None:
        """Return a position that tells its side alone."""
        if not self._by_side:
            self.refuse()
        self.looked = True
        return None if self._side is None else cast(PositionNow, _HeldSide(self._side, self))

    def account(self) -> AccountNow:
        """Note that the account is looked at."""
        self.refuse()

    def orders(self) -> tuple[OrderNow, ...]:
        """Note that the orders are looked at."""
        self.refuse()

    def leverage(self, symbol: str) -> float:
        """Note that the leverage is looked at."""
        self.refuse()

    def refuse(self) -> NoReturn:
        """Note that more is looked at than can be known before the run."""
        self.asked = True
        raise Uncovered("the strategy looks at the account")


class _HeldSide:
    """A position of which only the side is known."""

    def __init__(self, side: Side, account: UnseenAccount) -> None:
        self.side = side
        self._account = account

    def __getattr__(self, name: str) -> NoReturn:
        self._account.refuse()


def kept_by(strategy: object) -> bytes | None:
    """Return what a strategy keeps in attributes of its own, to be compared; None where it cannot be told."""
    try:
        return pickle.dumps(vars(strategy))
    except (pickle.PicklingError, AttributeError, TypeError, ValueError, RecursionError):
        return None
