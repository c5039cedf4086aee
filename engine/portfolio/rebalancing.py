"""When cash moves between the accounts of a portfolio, and how much of it."""

import functools
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from core.exact import COMMISSION_STEP, ZERO, add, computed, floor_to, subtract
from core.instants import to_datetime
from core.timeframe import DAY_MS, WEEK_ORIGIN_MS
from risk_management.allocation.allocation import Basis

NEVER, MONTHLY = "never", "monthly"


class RebalanceTimes:
    """The UTC midnights at which cash moves: every so many days counted from a Monday, or the first of a month.

    Due is the first step at or after each, the first step of all aside.

    Parameters
    ----------
    rebalance
        ``never``, ``monthly``, or a number of days such as ``7d``.
    """

    def __init__(self, rebalance: str) -> None:
        self._rebalance = rebalance
        self._length_ms = int(rebalance[:-1]) * DAY_MS if rebalance not in (NEVER, MONTHLY) else 0
        self._period: int | None = None

    def due(self, time_ms: int) -> bool:
        """Return whether a midnight has come since the step before."""
        if self._rebalance == NEVER:
            return False
        if self._length_ms:
            period = (time_ms - WEEK_ORIGIN_MS) // self._length_ms
        else:
            moment = to_datetime(time_ms)
            period = 12 * moment.year + moment.month
        before, self._period = self._period, period
        return before is not None and period > before


class Standing(NamedTuple):
    """A member as it stands: equity in quote currency, cash that it can give, and whether it may be given any."""

    equity: float
    free: Decimal
    receives: bool


class MemberShare(msgspec.Struct, frozen=True):
    """What a rebalancing came to for one member, in quote currency.

    ``target`` is the share of the whole that it is to have, ``moved`` what it received (gave, where negative),
    ``not_moved`` what is still lacking (too much, where negative): cash that its positions or others' hold.
    """

    member: str
    weight: float
    equity: float
    target: float
    free: Decimal
    moved: Decimal
    not_moved: float


class Rebalance(msgspec.Struct, frozen=True):
    """Cash that moved between the members after a step, and what their weights rest on."""

    time_ms: int
    basis: Basis
    shares: tuple[MemberShare, ...]


def planned_transfers(members: Sequence[Standing], weights: Sequence[float]) -> list[Decimal]:
    """Return what each member receives (gives, where negative); the sum is exactly 0.

    Who has more than its share of the whole gives the surplus, but no more than its free cash. It goes to those who
    have less, in proportion to what they lack. Amounts are multiples of 1e-8.
    """
    whole = math.fsum(one.equity for one in members)
    surplus = [one.equity - whole * weight for one, weight in zip(members, weights, strict=True)]
    lacking = [-over if over < 0.0 and one.receives else 0.0 for one, over in zip(members, surplus, strict=True)]
    needed = math.fsum(lacking)
    if needed <= 0.0:
        return [ZERO] * len(members)
    gifts = [_whole_steps(min(computed(max(over, 0.0)), one.free)) for one, over in zip(members, surplus, strict=True)]
    pool = _sum(gifts)
    ceiling = _whole_steps(computed(needed))
    if pool > ceiling:
        # Some may receive nothing: then not all of the surplus is wanted.
        gifts = [_whole_steps(computed(float(one) * float(ceiling) / float(pool))) for one in gifts]
        pool = _sum(gifts)
    shares = [_whole_steps(computed(float(pool) * lack / needed)) for lack in lacking]
    most = max(range(len(members)), key=lambda place: lacking[place])
    shares[most] = add(shares[most], subtract(pool, _sum(shares)))
    return [subtract(share, gift) for share, gift in zip(shares, gifts, strict=True)]


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return functools.reduce(add, amounts, ZERO)


def _whole_steps(amount: Decimal) -> Decimal:
    return floor_to(amount, COMMISSION_STEP)
