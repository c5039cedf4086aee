"""What a frame strategy's ``add_indicators`` adds, as columns, on the anchored frames on which it decides."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from core.candle_columns import CandleColumns, Float64Array, Int64Array
from core.errors import StrategyError
from core.instants import format_ms
from strategies.anchored_blocks import block_ms, sampled_rows
from strategies.frame_stream import frame_of
from strategies.look_ahead import BlockColumns
from strategies.own_code import failure_in_one_line
from strategies.strategy import Strategy


class _Block(NamedTuple):
    """Rows ``start`` to ``end`` of the candles are judged on a frame that begins with row ``begin``."""

    begin: int
    start: int
    end: int


def indicator_columns(
    strategy: Strategy, symbol: str, candles: CandleColumns, starts: Int64Array, timeframe_ms: int
) -> dict[str, Float64Array]:
    """Return every column of numbers that ``add_indicators`` adds; nan where it has none.

    A block is computed at once, and two of its rows again on the frames that end with them.

    Raises
    ------
    StrategyError
        If ``add_indicators`` fails, or a row is another one when later candles are in its frame: look-ahead.
    """
    found: dict[str, Float64Array] = {}
    for block in _blocks(candles.open_time_ms, starts, strategy.warmup_candles, timeframe_ms):
        part = candles.slice(block.begin, block.end)
        frame = frame_of(part.open_time_ms, np.array(part[1:]))
        indicators = _indicators(strategy, symbol, frame)
        _require_causal(strategy, symbol, frame, indicators, range(block.start - block.begin, len(frame)))
        for name in indicators.columns.difference(frame.columns, sort=False):
            if pd.api.types.is_numeric_dtype(indicators[name]):
                column = found.setdefault(str(name), np.full(candles.rows, np.nan))
                values = indicators[name].to_numpy(np.float64, na_value=np.nan)
                column[block.start : block.end] = values[block.start - block.begin :]
    return found


def _blocks(opens_ms: Int64Array, starts: Int64Array, warmup_candles: int, timeframe_ms: int) -> Iterator[_Block]:
    blocks = opens_ms // block_ms(timeframe_ms)
    for first, end in zip(starts, np.append(starts[1:], len(opens_ms)), strict=True):
        edges = first + np.flatnonzero(np.diff(blocks[first:end], prepend=-1))
        for start, stop in zip(edges, np.append(edges[1:], end), strict=True):
            # A frame begins before its block, not only its first row, and never before its segment.
            yield _Block(max(int(first), int(start) - warmup_candles), int(start), int(stop))


def _indicators(strategy: Strategy, symbol: str, frame: pd.DataFrame) -> pd.DataFrame:
    try:
        found: object = strategy.add_indicators(frame.iloc[:])
    except (Exception, SystemExit) as error:  # The user's code may raise anything.
        raise StrategyError(f"add_indicators failed on {symbol}: {failure_in_one_line(error)}") from error
    if not isinstance(found, pd.DataFrame) or len(found) != len(frame):
        raise StrategyError(f"add_indicators returned {type(found).__name__}; expected a frame of {len(frame)} rows")
    return found


def _require_causal(
    strategy: Strategy, symbol: str, frame: pd.DataFrame, indicators: pd.DataFrame, rows: range
) -> None:
    """Stop where a row of a block is another one on the frame that ends with it; the first row and one more are."""
    columns = BlockColumns(indicators)
    again = sorted(sampled_rows(rows[1:-1], strategy.name, symbol, len(frame)))[1:2]
    for row in {rows[0], *again}:
        cut = _indicators(strategy, symbol, frame.iloc[: row + 1])
        different = columns.differing_value(cut)
        if different is not None:
            opened = format_ms(int(frame["timestamp"].iloc[row].timestamp() * 1000))
            raise StrategyError(
                f"look-ahead: column {different.column!r} at the candle of {symbol} opened {opened} is "
                f"{different.on_block} when the candles after it are in the frame and {different.on_cut} when they are "
                "not"
            )
