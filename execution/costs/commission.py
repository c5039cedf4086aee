"""Commission models: what the venue takes for a fill, exact."""

from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

import msgspec

from core.exact import ZERO, add, multiply, received, round_commission
from core.timeframe import DAY_MS

if TYPE_CHECKING:
    from execution.venue_settings import CommissionSettings

VOLUME_DAYS = 30
"""UTC days before a fill's own day whose volume decides its tier."""


class CommissionModel(Protocol):
    """What the venue takes for a fill; a negative commission is a rebate."""

    def commission(self, price: Decimal, quantity: Decimal, time_ms: int, *, maker: bool = False) -> Decimal:
        """Return the commission of one fill in quote currency, rounded half-even to 1e-8."""
        ...

    def note_fill(self, time_ms: int, notional: Decimal) -> None:
        """Count a fill that has happened."""
        ...


class FractionCommission:
    """A fraction of the filled value, the same for every fill."""

    def __init__(self, rate: Decimal) -> None:
        self._rate = rate

    def commission(self, price: Decimal, quantity: Decimal, time_ms: int, *, maker: bool = False) -> Decimal:
        """Return price × quantity × rate, rounded half-even to 1e-8."""
        return round_commission(multiply(multiply(price, quantity), self._rate))

    def note_fill(self, time_ms: int, notional: Decimal) -> None:
        """Do nothing: the rate does not depend on volume."""


class CommissionTier(msgspec.Struct, frozen=True):
    """Rates from a 30-day volume on, in quote currency."""

    volume: Decimal
    maker: Decimal
    taker: Decimal


class LiquidityCommission:
    """Maker and taker fractions, by the volume of the 30 UTC days before the day of the fill.

    A fill belongs to the UTC day of its time stamp; its own day never counts for it, so the rates change at midnight
    only. Volume from before the session is not known and counts as 0.

    Parameters
    ----------
    maker, taker
        Fractions of the filled value below the first tier. A negative maker fraction is a rebate.
    tiers
        By rising volume; a tier holds from its volume on.
    """

    def __init__(self, maker: Decimal, taker: Decimal, tiers: tuple[CommissionTier, ...] = ()) -> None:
        self._tiers = (CommissionTier(ZERO, maker, taker), *tiers)
        self._filled: dict[int, Decimal] = {}
        self._day: int | None = None
        self._tier = self._tiers[0]

    def commission(self, price: Decimal, quantity: Decimal, time_ms: int, *, maker: bool = False) -> Decimal:
        """Return price × quantity × the day's fraction, rounded half-even to 1e-8."""
        tier = self._tier_of(time_ms // DAY_MS)
        rate = tier.maker if maker else tier.taker
        return round_commission(multiply(multiply(price, quantity), rate))

    def note_fill(self, time_ms: int, notional: Decimal) -> None:
        """Count a fill's value, in quote currency, to its UTC day."""
        day = time_ms // DAY_MS
        self._filled[day] = add(self._filled.get(day, ZERO), notional)
        # A candle that is much longer than the others may report its open after fills of a later day.
        if self._day is not None and day < self._day:
            self._day = None

    def _tier_of(self, day: int) -> CommissionTier:
        if day != self._day:
            volume = ZERO
            for earlier in range(day - VOLUME_DAYS, day):
                volume = add(volume, self._filled.get(earlier, ZERO))
            self._tier = next(tier for tier in reversed(self._tiers) if tier.volume <= volume)
            self._day = day
        return self._tier


def build_commission(rate: Decimal, settings: "CommissionSettings") -> CommissionModel:
    """Return the model that the settings describe; ``rate`` stands for every fraction they leave out."""
    maker = rate if settings.maker is None else received(settings.maker)
    taker = rate if settings.taker is None else received(settings.taker)
    if maker == taker and not settings.tiers:
        return FractionCommission(taker)
    tiers = tuple(
        CommissionTier(received(tier.volume), received(tier.maker), received(tier.taker)) for tier in settings.tiers
    )
    return LiquidityCommission(maker, taker, tiers)
