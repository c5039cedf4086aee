"""Candles in memory, however a program holds them, checked row by row."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from core.candle import Candle
from core.candle_columns import CandleColumns, Int64Array, slots
from core.errors import CandleError, ConfigurationError
from core.instants import format_ms, parse_instant
from core.settings_problem import shown
from core.timeframe import UNIT_MS, timeframe_ms, timeframe_name
from market_data.quality.sound_candle import SOUND, UNSOUND, unsound

if TYPE_CHECKING:
    import pandas as pd

PRICES = ("open", "high", "low", "close", "volume")
TIMES = ("timestamp", "open_time_ms", "time", "datetime", "date")
"""What the time of the open is called, the first that is there."""


def read_candles(symbol: str, given: Any) -> CandleColumns:
    """Return one symbol's candles as columns.

    Parameters
    ----------
    symbol
        What they are called in a message.
    given
        A DataFrame (open, high, low, close, volume and the times as a column or as the index), or any iterable of
        candles, of sequences ``(time, open, high, low, close, volume)`` or of mappings. Times are UTC milliseconds,
        datetimes or text; without a zone they are UTC.

    Raises
    ------
    CandleError
        Names the first row that is no candle, or not later than the row before it.
    """
    columns = _of_frame(symbol, given) if hasattr(given, "iloc") else _of_rows(symbol, given)
    if not columns.rows:
        raise CandleError(f"{symbol}: there are no candles")
    _check(symbol, columns)
    return columns


class RowReader:
    """Reads one symbol's candles row by row, each checked as :func:`read_candles` checks it.

    Parameters
    ----------
    symbol
        What they are called in a message.
    """

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.rows = 0
        self._last_ms: int | None = None

    def read(self, given: Any) -> Candle:
        """Return the next candle; CandleError where it is none, or not later than the one before it."""
        number, last_ms = self.rows, self._last_ms
        row = _row(self.symbol, number, given)
        candle = Candle(*row)
        if (last_ms is not None and row[0] <= last_ms) or unsound(candle):
            before = [] if last_ms is None else [(last_ms, 1.0, 1.0, 1.0, 1.0, 1.0)]
            _check(self.symbol, CandleColumns.from_rows([*before, row]), first=number - len(before))
        self.rows, self._last_ms = number + 1, candle.open_time_ms
        return candle


def inferred_timeframe(candles: Iterable[CandleColumns]) -> str:
    """Return the timeframe of candles: the least distance between two opens.

    Raises
    ------
    ConfigurationError
        If no symbol has two candles, or that distance is no timeframe.
    """
    steps = [np.diff(one.open_time_ms) for one in candles if one.rows > 1]
    if not steps:
        raise ConfigurationError("timeframe: one candle does not say how long it is; give timeframe, such as '1m'")
    length = min(int(step.min()) for step in steps)
    try:
        if length % UNIT_MS["s"]:
            raise ConfigurationError("it has parts of a second")
        timeframe = timeframe_name(length)
        timeframe_ms(timeframe)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"timeframe: the candles open {length} ms apart, which is none: {error}; are the times UTC milliseconds?"
        ) from error
    return timeframe


def require_grid(symbol: str, candles: CandleColumns, timeframe: str, first: int = 0) -> None:
    """Refuse candles that do not open on the timeframe's grid; the rows count from ``first`` on.

    Raises
    ------
    CandleError
        Names the first such row.
    """
    opens = candles.open_time_ms
    off = np.flatnonzero(slots(opens, timeframe_ms(timeframe)) != opens)
    if len(off):
        raise _error(symbol, int(off[0]), opens, f"does not open at a boundary of {timeframe}", first)


def _check(symbol: str, columns: CandleColumns, first: int = 0) -> None:
    """Refuse the first row that is no candle, or not later than the row before it; the rows count from ``first`` on."""
    opens = columns.open_time_ms
    broken = {reason: ~np.asarray(holds(*columns[1:]), bool) for reason, holds in SOUND.items()}
    back = np.concatenate(([False], np.diff(opens) <= 0))
    bad = np.flatnonzero(np.logical_or.reduce([back, *broken.values()]))
    if not len(bad):
        return
    row = int(bad[0])
    if back[row]:
        before = f"is not later than the row before it ({format_ms(int(opens[row - 1]))})"
        raise _error(symbol, row, opens, before, first)
    reason = next(reason for reason, mask in broken.items() if mask[row])
    values = ", ".join(f"{name} {float(column[row])!r}" for name, column in zip(PRICES, columns[1:], strict=True))
    raise _error(symbol, row, opens, f"has {UNSOUND[reason]}: {values}", first)


def _error(symbol: str, row: int, opens: Int64Array, what: str, first: int = 0) -> CandleError:
    open_ms = int(opens[row])
    return CandleError(f"{symbol}: row {first + row} ({format_ms(open_ms)}) {what}", open_time_ms=open_ms)


def no_candles(symbol: str, given: object) -> CandleError:
    """Return the error of something that holds no candles."""
    return CandleError(f"{symbol}: candles are {shown(given)} — allowed: a DataFrame, or an iterable of candles")


def _of_rows(symbol: str, given: Any) -> CandleColumns:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise no_candles(symbol, given)
    return CandleColumns.from_rows(_row(symbol, number, one) for number, one in enumerate(given))


def _row(symbol: str, number: int, given: Any) -> tuple[int, float, float, float, float, float]:
    try:
        if isinstance(given, Candle):
            time, *values = (given.open_time_ms, *(getattr(given, name) for name in PRICES))
        elif isinstance(given, Mapping):
            time = next(given[name] for name in TIMES if name in given)
            values = [given[name] for name in PRICES]
        else:
            time, *values = given
        first, high, low, last, volume = map(float, values)
        return _time_ms(time), first, high, low, last, volume
    except StopIteration:
        why = f"has no {TIMES[0]}"
    except KeyError as error:
        why = f"has no {error.args[0]}"
    except (TypeError, ValueError, OverflowError, ConfigurationError) as error:
        why = " ".join(str(error).split())
    raise CandleError(
        f"{symbol}: row {number} is {shown(given)}: {why} — allowed: a Candle, (time, open, high, low, close, volume), "
        "or a mapping with these names"
    )


def _time_ms(value: Any) -> int:
    if isinstance(value, np.datetime64):
        return int(value.astype("M8[ms]").astype(np.int64))
    if isinstance(value, dt.date | str):
        return parse_instant(value, name="time")
    if isinstance(value, bool) or int(value) != value:
        raise ValueError(f"time {value!r} is no UTC milliseconds")
    return int(value)


def _of_frame(symbol: str, frame: "pd.DataFrame") -> CandleColumns:
    names = {str(name).lower(): name for name in frame.columns}
    lacking = [name for name in PRICES if name not in names]
    if lacking:
        have = ", ".join(map(str, frame.columns))
        raise CandleError(f"{symbol}: the frame has no {', '.join(lacking)}; its columns are {have}")
    if not any(name in names for name in TIMES) and type(frame.index).__name__ == "RangeIndex":
        have = ", ".join(map(str, frame.columns))
        raise CandleError(
            f"{symbol}: the frame has no times; its columns are {have}, and its index counts rows — allowed: a column "
            f"{' or '.join(TIMES)}, or an index of times"
        )
    stamps = next((frame[names[name]] for name in TIMES if name in names), frame.index)
    opens = _opens_of(symbol, stamps)
    try:
        prices = [frame[names[name]].to_numpy(np.float64) for name in PRICES]
    except (TypeError, ValueError) as error:
        raise CandleError(f"{symbol}: a price or volume is no number: {' '.join(str(error).split())}") from error
    return CandleColumns(opens, *prices)


def _opens_of(symbol: str, stamps: "pd.Series | pd.Index") -> Int64Array:
    kind = getattr(stamps.dtype, "kind", "O")
    if kind == "M" and not stamps.hasnans:
        return stamps.to_numpy("M8[ms]").astype(np.int64)
    if kind == "i":
        return stamps.to_numpy(np.int64)
    opens = np.empty(len(stamps), np.int64)
    for row, value in enumerate(stamps.tolist()):
        try:
            opens[row] = _time_ms(value)
        except (TypeError, ValueError, OverflowError, ConfigurationError) as error:
            raise CandleError(f"{symbol}: row {row}: {' '.join(str(error).split())}") from error
    return opens
