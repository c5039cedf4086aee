"""Candles with one of them changed: what may not see it stays as it is."""

from core.candle_columns import CandleColumns

COLUMNS = ("open", "high", "low", "close")


def with_candle_changed(candles: CandleColumns, row: int, times: float = 1.5) -> CandleColumns:
    """Return candles of which one has other prices, as sound as they were."""
    columns = {name: getattr(candles, name).copy() for name in COLUMNS}
    for column in columns.values():
        column[row] = round(column[row] * times, 4)
    return candles._replace(**columns)
