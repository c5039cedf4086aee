"""Which candles one answer of ``klines`` or ``markPriceKlines`` holds."""

from collections.abc import Callable

from core.candle_columns import CandleColumns
from core.timeframe import ceil_to_grid, floor_to_grid
from market_data.store.candle_merge import joined
from practice.messages.binance_messages import forming

ReadRange = Callable[[int, int], CandleColumns]
"""Returns the candles with ``start_ms <= open_time_ms < end_ms``."""


def kline_page(
    read: ReadRange, length: int, start_ms: int | None, end_ms: int | None, limit: int, *, now_ms: int, digits: int
) -> CandleColumns:
    """Return at most ``limit`` candles: the first ones from a start, else the last ones up to the end.

    The candle that is open at ``now_ms`` is the last there is, and is given as it stands by then, its price with
    ``digits`` decimals.
    """
    # Opens up to and including the end time.
    after_ms = floor_to_grid(min(now_ms, now_ms if end_ms is None else end_ms), length) + length
    parts: list[CandleColumns] = []
    wanted, span = limit, limit * length
    if start_ms is not None:
        position = ceil_to_grid(start_ms, length)
        while wanted > 0 and position < after_ms:
            part = read(position, min(after_ms, position + span))
            parts.append(part.slice(0, wanted))
            wanted -= part.rows
            position, span = position + span, span * 2
    else:
        position = after_ms
        while wanted > 0 and position > 0:
            part = read(max(0, position - span), position)
            parts.insert(0, part.slice(max(0, part.rows - wanted), part.rows))
            wanted -= part.rows
            position, span = position - span, span * 2
    return _with_forming(joined(parts), now_ms, length, digits)


def _with_forming(candles: CandleColumns, now_ms: int, length_ms: int, digits: int) -> CandleColumns:
    """Return the candles with the last one as it stands by now, if it is still open."""
    if not candles.rows or candles.open_time_ms[-1] + length_ms <= now_ms:
        return candles
    last = forming(candles.slice(candles.rows - 1, candles.rows), now_ms, length_ms, digits)
    return joined([candles.slice(0, candles.rows - 1), last])
