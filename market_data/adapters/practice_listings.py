"""Symbols listed on the practice market: trading rules, and the character of their prices."""

from decimal import Decimal

import msgspec

from core.instrument import Instrument

RULES_AS_OF_MS = 1_704_067_200_000
"""2024-01-01T00:00Z, the date of the trading rules."""


class Listing(msgspec.Struct, frozen=True):
    """One symbol of the practice market.

    ``price`` is the quote price around which the symbol moves over the years. The tick is ``10 ** -price_digits``, the
    lot ``10 ** -lot_digits``. ``beta_pct`` is how much of the market factor the symbol takes, in per cent;
    ``own_sd_ppm`` the size of a day's own move in an ordinary regime, in parts per million; ``turnover`` the quote
    value traded in an ordinary minute.
    """

    symbol: str
    price: int | Decimal
    price_digits: int
    lot_digits: int
    beta_pct: int
    own_sd_ppm: int
    turnover: int

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
        )


LISTINGS = {
    listing.symbol: listing
    for listing in (
        Listing("BTC/USDT", 40_000, 2, 5, 95, 8_000, 500_000),
        Listing("ETH/USDT", 2_500, 2, 4, 110, 10_000, 300_000),
        Listing("SOL/USDT", 90, 2, 3, 125, 17_000, 120_000),
        Listing("XRP/USDT", Decimal("0.60"), 4, 1, 105, 16_000, 90_000),
        Listing("ADA/USDT", Decimal("0.50"), 4, 1, 115, 15_000, 40_000),
        Listing("DOGE/USDT", Decimal("0.12"), 5, 0, 115, 18_000, 70_000),
        Listing("LTC/USDT", 85, 2, 3, 105, 13_000, 30_000),
        Listing("LINK/USDT", 14, 3, 2, 115, 16_000, 30_000),
    )
}
"""Every listed symbol by its unified name."""
