"""Trading rules that are read off candles while these come."""

from backtests.player.candle_spool import CandleSpool
from core.candle import Candle
from core.instrument import Instrument
from market_data.instruments.inferred_rules import MOST_DECIMALS, infer_instrument

_SMALL = 1e-5
"""Below such a price more decimals than usual may count."""


class RulesReadOff:
    """Says what the candles of a spool tell of tick and lot; its ``instrument`` is what all of them so far come to.

    Parameters
    ----------
    symbol, spool, length_ms
        Of the candles, of which there is one.
    """

    def __init__(self, symbol: str, spool: CandleSpool, length_ms: int) -> None:
        self._symbol = symbol
        self._spool = spool
        self._length_ms = length_ms
        self._read()

    def changed_by(self, candle: Candle) -> bool:
        """Take the newest candle of the spool; return whether the rules are others than before it."""
        if self._tells_nothing(candle):
            return False
        before = self.instrument
        self._read()
        return (before.tick_size, before.lot_size) != (self.instrument.tick_size, self.instrument.lot_size)

    def _read(self) -> None:
        columns = self._spool.columns()
        self.instrument: Instrument = infer_instrument(self._symbol, columns, self._length_ms)
        tick, lot = -self.instrument.tick_size.adjusted(), -self.instrument.lot_size.adjusted()
        self._lowest = float(columns.low.min())
        self._traded = bool((columns.volume > 0).any())
        # Beyond the most decimals none count: nothing finer can come.
        self._price_scale = None if tick >= MOST_DECIMALS else 10.0**tick
        self._lot_scale = None if lot >= MOST_DECIMALS else 10.0**lot

    def _tells_nothing(self, candle: Candle) -> bool:
        """Whether a candle needs no finer tick or lot; by the same operations as these are found with."""
        price, lot, volume = self._price_scale, self._lot_scale, candle.volume
        if candle.low < _SMALL and candle.low < self._lowest:
            return False
        if volume and not self._traded:
            return False
        if volume and lot is not None and round(volume * lot) / lot != volume:
            return False
        return price is None or (
            round(candle.open * price) / price == candle.open
            and round(candle.high * price) / price == candle.high
            and round(candle.low * price) / price == candle.low
            and round(candle.close * price) / price == candle.close
        )
