"""What followed a candle: how the price went on, and what became of the position that was entered on it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from core.candle_columns import CandleColumns, Float64Array
from metrics.trade_columns import TradeColumns
from runs.reading.log_rows import LogRow
from runs.reading.round_trips import RoundTrip


def price_outcomes(candles: CandleColumns, length_ms: int, horizons: Sequence[int]) -> dict[str, Float64Array]:
    """Return for each horizon of h candles how the next h went, as fractions of the close.

    ``forward_return_h`` to the close of the last, ``forward_high_h`` and ``forward_low_h`` to the highest and the
    lowest price of all. nan where the next h candles are not all there: at the end, and before a hole.
    """
    found: dict[str, Float64Array] = {}
    for horizon in horizons:
        columns = {name: np.full(candles.rows, np.nan) for name in ("return", "high", "low")}
        rows = candles.rows - horizon
        if rows > 0:
            close = candles.close[:rows]
            whole = candles.open_time_ms[horizon:] - candles.open_time_ms[:rows] == horizon * length_ms
            highs = np.lib.stride_tricks.sliding_window_view(candles.high[1:], horizon).max(axis=1)
            lows = np.lib.stride_tricks.sliding_window_view(candles.low[1:], horizon).min(axis=1)
            for name, values in (("return", candles.close[horizon:]), ("high", highs), ("low", lows)):
                columns[name][:rows] = np.where(whole, values / close - 1.0, np.nan)
        found |= {f"forward_{name}_{horizon}": column for name, column in columns.items()}
    return found


class TradeOutcomes:
    """What became of entries, by the ids of their orders.

    Parameters
    ----------
    rows, trips
        The trade log, and its positions that were closed entirely.
    trades
        The same positions as columns, in the same order, with excursions.
    """

    def __init__(self, rows: Sequence[LogRow], trips: Sequence[RoundTrip], trades: TradeColumns) -> None:
        closing = {trip.closed: place for place, trip in enumerate(trips)}
        entered: dict[str, list[str]] = {}
        self._place_of: dict[str, int] = {}
        for number, row in enumerate(rows):
            ids = entered.setdefault(row.symbol, [])
            if row.opens:
                ids.append(row.order_id)
            if number in closing:
                self._place_of |= dict.fromkeys(ids, closing[number])
                ids.clear()
        with np.errstate(invalid="ignore"):
            multiples = trades.realized_pnl / trades.risk
        self._cells: Mapping[str, tuple[pa.DataType, Any]] = {
            "entry_time": (pa.timestamp("ms", tz="UTC"), trades.entry_time_ms.tolist()),
            "exit_time": (pa.timestamp("ms", tz="UTC"), trades.exit_time_ms.tolist()),
            "exit_reason": (pa.string(), trades.reason),
            "pnl": (pa.float64(), trades.realized_pnl.tolist()),
            "r": (pa.float64(), multiples.tolist()),
            "mae": (pa.float64(), trades.mae.tolist()),
            "mfe": (pa.float64(), trades.mfe.tolist()),
            "ambiguous": (pa.bool_(), trades.ambiguous.tolist()),
        }

    def columns(self, order_ids: Sequence[str | None]) -> dict[str, pa.Array]:
        """Return by candle what became of the order that was sent at its close; empty cells where there is none."""
        places = [None if one is None else self._place_of.get(one) for one in order_ids]
        return {
            f"forward_trade_{name}": pa.array([None if place is None else cells[place] for place in places], kind)
            for name, (kind, cells) in self._cells.items()
        }
