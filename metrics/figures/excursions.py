"""How far prices went against and for a position while it lived: MAE and MFE, from the candles it lived through."""

import msgspec
import numpy as np

from core.candle_columns import CandleColumns, Float64Array, Int64Array
from metrics.trade_columns import TradeColumns

STOPPED = frozenset({"stop", "trailing_stop", "break_even", "liquidation"})
"""Exits at a level against the position: what its last candle did beyond it came after."""
TARGET = "target"


def with_excursions(trades: TradeColumns, symbol: str, candles: CandleColumns, length_ms: int) -> TradeColumns:
    """Return the trades with MAE and MFE of one symbol's trades; those of which a candle is missing at an end stay nan.

    A position lives from its entry's candle to its exit's, both as far as it can have lived in them. In the candle in
    which a resting order opened it, only what went against it counts, as the venue reads such a candle. In its last,
    what lies beyond the stop or the target that closed it came after; a candle at whose open it was closed is none of
    its own. Entry and exit prices count. Both are of the whole quantity at the average entry, and not below 0.

    Parameters
    ----------
    candles
        Of the symbol, of the length given.
    """
    own = np.flatnonzero(np.array([one == symbol for one in trades.symbol], bool))
    if not len(own) or not candles.rows:
        return trades
    closes = candles.open_time_ms + length_ms
    first = np.searchsorted(closes, trades.entry_seen_ms[own])
    last = np.searchsorted(closes, trades.exit_seen_ms[own])
    known = (last < candles.rows) & (candles.open_time_ms[0] <= trades.entry_time_ms[own])
    own, first, last = own[known], first[known], last[known]
    low, high = _lived(trades, own, candles, first, last)
    sign, entry, quantity = trades.sign[own], trades.entry_price[own], trades.quantity[own]
    against = np.where(sign > 0.0, entry - low, high - entry)
    favour = np.where(sign > 0.0, high - entry, entry - low)
    mae, mfe = trades.mae.copy(), trades.mfe.copy()
    mae[own] = np.maximum(against, 0.0) * quantity
    mfe[own] = np.maximum(favour, 0.0) * quantity
    return msgspec.structs.replace(trades, mae=mae, mfe=mfe)


def _lived(
    trades: TradeColumns, own: Int64Array, candles: CandleColumns, first: Int64Array, last: Int64Array
) -> tuple[Float64Array, Float64Array]:
    """Return the lowest and the highest price that each trade lived through."""
    leave = trades.exit_price[own]
    long = trades.sign[own] > 0.0
    inside = trades.entry_time_ms[own] == trades.entry_seen_ms[own]
    at_open = trades.exit_time_ms[own] < trades.exit_seen_ms[own]
    reasons = [trades.reason[row] for row in own]
    stopped, target = (
        np.array([one in STOPPED for one in reasons], bool),
        np.array([one == TARGET for one in reasons], bool),
    )
    low, high = np.minimum(trades.entry_price[own], leave), np.maximum(trades.entry_price[own], leave)
    # The first candle, as far as it is not the last as well.
    early = first < last
    low = np.where(early & (long | ~inside), np.minimum(low, candles.low[first]), low)
    high = np.where(early & (~long | ~inside), np.maximum(high, candles.high[first]), high)
    between_low, between_high = (
        _extremes(candles.low, first + 1, last, np.minimum),
        _extremes(candles.high, first + 1, last, np.maximum),
    )
    low, high = np.fmin(low, between_low), np.fmax(high, between_high)
    # The last, unless the position was left at its open; a level that closed it bounds its own side.
    keep_low = ~at_open & ~np.where(long, stopped, target | (~early & inside))
    keep_high = ~at_open & ~np.where(long, target | (~early & inside), stopped)
    low = np.where(keep_low, np.minimum(low, candles.low[last]), low)
    high = np.where(keep_high, np.maximum(high, candles.high[last]), high)
    return low, high


def _extremes(prices: Float64Array, first: Int64Array, end: Int64Array, extreme: "np.ufunc") -> Float64Array:
    """Return the extreme of prices[first:end] for each pair; nan where that is empty."""
    found = np.full(len(first), np.nan)
    some = np.flatnonzero(first < end)
    if len(some):
        pairs = np.column_stack([first[some], end[some]]).ravel()
        # reduceat takes no index at the end of the column, and each pair's own part is at the even places.
        padded = np.append(prices, prices[-1])
        found[some] = extreme.reduceat(padded, pairs)[::2]
    return found
