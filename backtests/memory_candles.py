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
from core.timeframe import UNIT_MS, timeframe_ms
from market_data.quality.sound_candle import SOUND, UNSOUND

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
    unit = next((name for name, ms in sorted(UNIT_MS.items(), key=lambda item: -item[1]) if length % ms == 0), None)
    try:
        if unit is None:
            raise ConfigurationError("it has parts of a second")
        timeframe = f"{length // UNIT_MS[unit]}{unit}"
        timeframe_ms(timeframe)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"timeframe: the candles open {length} ms apart, which is none: {error}; are the times UTC milliseconds?"
        ) from error
    return timeframe


def require_grid(symbol: str, candles: CandleColumns, timeframe: str) -> None:
    """Refuse candles that do not open on the timeframe's grid.

    Raises
    ------
    CandleError
        Names the first such row.
    """
    opens = candles.open_time_ms
    off = np.flatnonzero(slots(opens, timeframe_ms(timeframe)) != opens)
    if len(off):
        raise _error(symbol, int(off[0]), opens, f"does not open at a boundary of {timeframe}")


def _check(symbol: str, columns: CandleColumns) -> None:
    opens = columns.open_time_ms
    broken = {reason: ~np.asarray(holds(*columns[1:]), bool) for reason, holds in SOUND.items()}
    back = np.concatenate(([False], np.diff(opens) <= 0))
    bad = np.flatnonzero(np.logical_or.reduce([back, *broken.values()]))
    if not len(bad):
        return
    row = int(bad[0])
    if back[row]:
        raise _error(symbol, row, opens, f"is not later than the row before it ({format_ms(int(opens[row - 1]))})")
    reason = next(reason for reason, mask in broken.items() if mask[row])
    values = ", ".join(f"{name} {float(column[row])!r}" for name, column in zip(PRICES, columns[1:], strict=True))
    raise _error(symbol, row, opens, f"has {UNSOUND[reason]}: {values}")


def _error(symbol: str, row: int, opens: Int64Array, what: str) -> CandleError:
    open_ms = int(opens[row])
    return CandleError(f"{symbol}: row {row} ({format_ms(open_ms)}) {what}", open_time_ms=open_ms)


def _of_rows(symbol: str, given: Any) -> CandleColumns:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise CandleError(f"{symbol}: candles are {shown(given)} — allowed: a DataFrame, or an iterable of candles")
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
