"""The candles as the practice exchange has published them by a time: the source's, altered by the fault script."""

from collections import OrderedDict
from collections.abc import Callable, Mapping

from core.candle import Candle
from core.candle_columns import CandleColumns
from core.instrument import Instrument
from core.timeframe import DAY_MS, floor_to_grid, grid_origin_ms, timeframe_ms
from market_data.exchange_adapter import CandleRow
from market_data.store.candle_merge import joined
from practice.faults.candle_treatment import ORDINARY, Treatment, revised
from practice.faults.compiled_script import CompiledScript
from practice.market.candle_sources import CandleSource
from practice.messages.binance_messages import forming, price_digits

_BLOCKS = 256
_LEAST_ROWS = 64


class BlockCache:
    """A candle source that keeps what was read last, in blocks of about a day."""

    def __init__(self, source: CandleSource) -> None:
        self._source = source
        self._blocks: OrderedDict[tuple[str, str, int], CandleColumns] = OrderedDict()

    def markets(self) -> Mapping[str, Instrument]:
        """Return the source's markets."""
        return self._source.markets()

    def candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the source's candles of a range."""
        if start_ms >= end_ms:
            return CandleColumns.empty()
        length = timeframe_ms(timeframe)
        span = max(DAY_MS // length, _LEAST_ROWS) * length
        origin = grid_origin_ms(length)
        first, last = (start_ms - origin) // span, (end_ms - 1 - origin) // span
        if last - first >= _BLOCKS // 4:
            return self._source.candles(symbol, timeframe, start_ms, end_ms)
        parts = [self._block(symbol, timeframe, number, span) for number in range(first, last + 1)]
        return (parts[0] if len(parts) == 1 else joined(parts)).between(start_ms, end_ms)

    def _block(self, symbol: str, timeframe: str, number: int, span: int) -> CandleColumns:
        key = (symbol, timeframe, number)
        if key not in self._blocks:
            start_ms = grid_origin_ms(timeframe_ms(timeframe)) + number * span
            self._blocks[key] = self._source.candles(symbol, timeframe, start_ms, start_ms + span)
            if len(self._blocks) > _BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(key)
        return self._blocks[key]


class PublishedCandles:
    """What the exchange has published by its clock; implements ``CandleSource``.

    Parameters
    ----------
    source
        The candles before any fault.
    script
        What is left out, published late or revised.
    clock
        The exchange's time, in UTC milliseconds.
    """

    def __init__(self, source: CandleSource, script: CompiledScript, clock: Callable[[], int]) -> None:
        self._source = BlockCache(source)
        self._clock = clock
        self._markets = source.markets()
        self._treated: dict[tuple[str, str], list[tuple[int, Treatment]]] = {}
        for timeframe, treatments in script.by_timeframe.items():
            for (symbol, open_ms), treatment in sorted(treatments.items()):
                if not treatment.exists or treatment.published_ms or treatment.revised_ms is not None:
                    self._treated.setdefault((symbol, timeframe), []).append((open_ms, treatment))

    def markets(self) -> Mapping[str, Instrument]:
        """Return the trading rules of every symbol."""
        return self._markets

    def candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> CandleColumns:
        """Return the candles of a range as they stand now."""
        return self.candles_at(symbol, timeframe, start_ms, end_ms, self._clock())

    def candles_at(self, symbol: str, timeframe: str, start_ms: int, end_ms: int, now_ms: int) -> CandleColumns:
        """Return the candles of a range as they stand at an instant."""
        columns = self._source.candles(symbol, timeframe, start_ms, end_ms)
        treated = self._treated.get((symbol, timeframe), ())
        inside = {time: treatment for time, treatment in treated if start_ms <= time < end_ms}
        return self._altered(symbol, timeframe_ms(timeframe), columns, inside, now_ms) if inside else columns

    def truth(self, symbol: str, timeframe: str, start_ms: int, end_ms: int, now_ms: int) -> CandleColumns:
        """Return the candles of a range that are closed at an instant, as they stand then."""
        until_ms = min(end_ms, floor_to_grid(now_ms, timeframe_ms(timeframe)))
        return self.candles_at(symbol, timeframe, start_ms, until_ms, now_ms)

    def first(self, symbol: str, timeframe: str, open_time_ms: int) -> Candle | None:
        """Return a candle as it is first published, None where the source has none."""
        return _candle(self._source.candles(symbol, timeframe, open_time_ms, open_time_ms + 1))

    def revised(self, symbol: str, candle: Candle, treatment: Treatment) -> Candle:
        """Return a candle as it is after its revision."""
        return revised(candle, treatment.change, price_digits(self._markets[symbol]))

    def forming(self, symbol: str, timeframe: str, now_ms: int) -> Candle | None:
        """Return the open candle as it stands at an instant, None where there is none."""
        length = timeframe_ms(timeframe)
        open_ms = floor_to_grid(now_ms, length)
        columns = self.candles_at(symbol, timeframe, open_ms, open_ms + 1, now_ms)
        if not columns.rows:
            return None
        return _candle(forming(columns, now_ms, length, price_digits(self._markets[symbol])))

    def _altered(
        self, symbol: str, length: int, columns: CandleColumns, treatments: Mapping[int, Treatment], now_ms: int
    ) -> CandleColumns:
        rows: list[CandleRow] = []
        for row in zip(*(column.tolist() for column in columns), strict=True):
            treatment = treatments.get(row[0], ORDINARY)
            since_close_ms = now_ms - row[0] - length
            if not treatment.exists or 0 <= since_close_ms < treatment.published_ms:
                continue
            if treatment.revised_ms is not None and since_close_ms >= treatment.revised_ms:
                after = self.revised(symbol, Candle(*row), treatment)
                row = (after.open_time_ms, after.open, after.high, after.low, after.close, after.volume)
            rows.append(row)
        return CandleColumns.from_rows(rows)


def _candle(columns: CandleColumns) -> Candle | None:
    if not columns.rows:
        return None
    return Candle(*(column[0].item() for column in columns))
