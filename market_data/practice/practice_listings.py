"""Symbols listed on the practice market: trading rules, and the character of their prices."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from core.instrument import Instrument, MarginTier

RULES_AS_OF_MS = 1_704_067_200_000
"""2024-01-01T00:00Z, the date of the trading rules."""

LARGEST_ORDER = 10_000_000
"""Quote value at the usual price of the largest order."""

BAND_DOWN, BAND_UP = Decimal("0.2"), Decimal(5)
"""A limit price lies between these multiples of the last price; as wide as on a spot market."""

_LARGE = (
    (50_000, "0.004", 125),
    (600_000, "0.005", 100),
    (3_000_000, "0.0065", 75),
    (12_000_000, "0.01", 50),
    (70_000_000, "0.02", 25),
    (250_000_000, "0.05", 10),
    (500_000_000, "0.1", 5),
)
_SMALL = (
    (10_000, "0.01", 50),
    (100_000, "0.02", 25),
    (1_000_000, "0.05", 10),
    (5_000_000, "0.1", 5),
    (20_000_000, "0.25", 2),
)

TIMEFRAMES = (
    *("1m", "2m", "3m", "5m", "10m", "15m", "20m", "30m", "45m"),
    *("1h", "2h", "3h", "4h", "6h", "8h", "12h", "1d", "1w"),
)
"""Timeframes that the practice market serves."""


class Listing(msgspec.Struct, frozen=True):
    """One symbol of the practice market.

    ``price`` is the quote price around which the symbol moves over the years. The tick is ``10 ** -price_digits``, the
    lot ``10 ** -lot_digits``. ``beta_pct`` is how much of the market factor the symbol takes, in per cent;
    ``own_sd_ppm`` the size of a day's own move in an ordinary regime, in parts per million; ``turnover`` the quote
    value traded in an ordinary minute. ``large`` chooses the wider of two margin tables; with ``funding_changes`` the
    interval of funding payments changes now and then.
    """

    symbol: str
    price: int | Decimal
    price_digits: int
    lot_digits: int
    beta_pct: int
    own_sd_ppm: int
    turnover: int
    large: bool = False
    funding_changes: bool = False

    @property
    def price_ticks(self) -> int:
        """``price`` in ticks."""
        return int(self.price * 10**self.price_digits)

    @property
    def instrument(self) -> Instrument:
        """Trading rules of the symbol."""
        lot = Decimal(1).scaleb(-self.lot_digits)
        return Instrument(
            symbol=self.symbol,
            tick_size=Decimal(1).scaleb(-self.price_digits),
            lot_size=lot,
            min_notional=Decimal(5),
            min_quantity=lot,
            as_of_ms=RULES_AS_OF_MS,
            source="practice market",
            max_quantity=Decimal(LARGEST_ORDER // self.price),
            band_down=BAND_DOWN,
            band_up=BAND_UP,
            margin_tiers=margin_tiers(_LARGE if self.large else _SMALL),
        )


def margin_tiers(table: Iterable[tuple[int, str, int]]) -> tuple[MarginTier, ...]:
    """Return a margin table of caps, maintenance rates and highest leverages, with the amounts that make it continuous.

    At each cap both tiers ask for the same maintenance margin: the amount of a tier is that of the tier before plus the
    cap between them times the rise of the rate.
    """
    tiers: list[MarginTier] = []
    amount = Decimal(0)
    for cap, rate_text, leverage in table:
        rate = Decimal(rate_text)
        if tiers:
            amount += tiers[-1].notional_cap * (rate - tiers[-1].maintenance_rate)
        tiers.append(MarginTier(Decimal(cap), rate, amount, Decimal(leverage)))
    return tuple(tiers)


LISTINGS = {
    listing.symbol: listing
    for listing in (
        Listing("BTC/USDT", 40_000, 2, 5, 95, 8_000, 500_000, large=True),
        Listing("ETH/USDT", 2_500, 2, 4, 110, 10_000, 300_000, large=True),
        Listing("SOL/USDT", 90, 2, 3, 125, 17_000, 120_000, funding_changes=True),
        Listing("XRP/USDT", Decimal("0.60"), 4, 1, 105, 16_000, 90_000),
        Listing("ADA/USDT", Decimal("0.50"), 4, 1, 115, 15_000, 40_000),
        Listing("DOGE/USDT", Decimal("0.12"), 5, 0, 115, 18_000, 70_000),
        Listing("LTC/USDT", 85, 2, 3, 105, 13_000, 30_000),
        Listing("LINK/USDT", 14, 3, 2, 115, 16_000, 30_000),
    )
}
"""Every listed symbol by its unified name."""
