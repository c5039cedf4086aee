"""The unified timeline: candles of several symbols merged into steps by close time."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from core.candle import Candle, FundingRate, OpenInterest, Step
from core.candle_columns import CandleColumns, Int64Array

STEPS_AT_ONCE = 4_096
"""How many steps are turned into objects at a time; it bounds memory and changes nothing else."""

Known = TypeVar("Known", FundingRate, OpenInterest)


class MarketWindow(NamedTuple):
    """What the market tells a session: each part has one entry per symbol in configured order, or is empty.

    ``candles`` are those of the strategy's timeframe, ``detail`` the finer ones. ``marks`` are mark price candles as
    long as the finest of both, ``funding`` the payments of each symbol, oldest first. ``detail_ms`` is None where the
    session has no detail candles. ``watched`` has one entry per watched series instead: its candles that close after
    the session's start, and their length in milliseconds. ``open_interest`` is that of each symbol, oldest first.
    """

    candles: Sequence[CandleColumns]
    timeframe_ms: int
    detail: Sequence[CandleColumns] = ()
    detail_ms: int | None = None
    marks: Sequence[CandleColumns] = ()
    funding: Sequence[Sequence[FundingRate]] = ()
    watched: Sequence[tuple[CandleColumns, int]] = ()
    open_interest: Sequence[Sequence[OpenInterest]] = ()

    @property
    def finest_ms(self) -> int:
        """Length of the candles by which orders are matched."""
        return self.timeframe_ms if self.detail_ms is None else self.detail_ms


def steps_of(window: MarketWindow) -> Iterator[Step]:
    """Yield the steps of a window in order of time.

    A step is an instant at which a candle closes, of either length. A mark candle, a payment, a watched candle or open
    interest makes none: a mark candle is part of the step at its own close, or of none, a payment of the first step at
    or after its due time, a watched candle of the first step at or after its close, and open interest of the first
    step at or after it is known.
    """
    if window.detail or window.marks or window.funding or window.watched or window.open_interest:
        return _joined_steps(window)
    return merged_steps(window.candles, window.timeframe_ms)


def step_times(window: MarketWindow) -> Int64Array:
    """Return the times of a window's steps, in order."""
    times = [one.open_time_ms + window.timeframe_ms for one in window.candles]
    times += [one.open_time_ms + window.finest_ms for one in window.detail]
    return _distinct(times)


def merged_steps(columns: Sequence[CandleColumns], timeframe_ms: int) -> Iterator[Step]:
    """Yield the steps of candles of one timeframe alone, in order of time.

    Parameters
    ----------
    columns
        One entry per symbol in configured order, of one timeframe, each strictly increasing in time.
    timeframe_ms
        Length of the candles.
    """
    opens = step_opens(columns)
    for start in range(0, len(opens), STEPS_AT_ONCE):
        part = opens[start : start + STEPS_AT_ONCE]
        rows = [_candles_at(one, part) for one in columns]
        yield from map(Step, (part + timeframe_ms).tolist(), zip(*rows, strict=True))


def candles_of(columns: CandleColumns) -> list[Candle]:
    """Return the rows as candles."""
    return list(map(Candle, *(column.tolist() for column in columns)))


def step_opens(columns: Sequence[CandleColumns]) -> Int64Array:
    """Return the open times at which at least one symbol has a candle, in order: one per step."""
    return _distinct([one.open_time_ms for one in columns])


def _distinct(runs: Sequence[Int64Array]) -> Int64Array:
    """Return the values of several increasing runs, each once, in order."""
    if all(len(one) == len(runs[0]) and np.array_equal(one, runs[0]) for one in runs[1:]):
        return runs[0]
    values = np.concatenate(runs)
    values.sort(kind="stable")  # Merges runs that are sorted already.
    return values[np.concatenate(([True], values[1:] != values[:-1]))] if len(values) else values


def _joined_steps(window: MarketWindow) -> Iterator[Step]:
    """Yield steps of candles of two lengths, with mark prices and payments."""
    times = step_times(window)
    nobody = (None,) * len(window.candles)
    payments = _by_step(window.funding, [[one.due_ms for one in rates] for rates in window.funding], times)
    rows = window.open_interest
    interest = _by_step(rows, [[one.known_ms for one in of_symbol] for of_symbol in rows], times)
    for start in range(0, len(times), STEPS_AT_ONCE):
        part = times[start : start + STEPS_AT_ONCE]
        columns = zip(
            part.tolist(),
            _rows(window.candles, part - window.timeframe_ms, nobody),
            _rows(window.detail, part - window.finest_ms, ()),
            _rows(window.marks, part - window.finest_ms, ()),
            _watched_rows(window.watched, part, int(times[start - 1]) if start else None),
            strict=True,
        )
        for number, (time_ms, candles, detail, marks, watched) in enumerate(columns, start):
            paid, known = payments.get(number, ()), interest.get(number, ())
            yield Step(time_ms, candles, detail, marks, paid, watched, known)


def _watched_rows(
    series: Sequence[tuple[CandleColumns, int]], times: Int64Array, before_ms: int | None
) -> Sequence[tuple[tuple[Candle, ...], ...]]:
    """Return, for each step, the watched candles that closed after the step before it, which was at ``before_ms``."""
    rows: list[list[list[Candle]]] = [[[] for _ in series] if series else [] for _ in range(len(times))]
    for place, (columns, length_ms) in enumerate(series):
        first_ms = 0 if before_ms is None else before_ms - length_ms + 1
        shown = columns.between(first_ms, int(times[-1]) - length_ms + 1)
        numbers = np.searchsorted(times, shown.open_time_ms + length_ms)
        for number, candle in zip(numbers.tolist(), candles_of(shown), strict=True):
            rows[number][place].append(candle)
    return [tuple(map(tuple, row)) if any(row) else () for row in rows]


def _rows(
    columns: Sequence[CandleColumns], opens: Int64Array, absent: tuple[Candle | None, ...]
) -> Iterable[tuple[Candle | None, ...]]:
    """Return, for each open, the candles of all symbols that open then; ``absent`` where there is none."""
    if not any(one.rows for one in columns):
        return [absent] * len(opens)
    parts = [opening_at(one, opens) for one in columns]
    seen = _distinct([part.open_time_ms for part in parts])
    if not len(seen):
        return [absent] * len(opens)
    rows: list[tuple[Candle | None, ...]] = list(zip(*(_candles_at(part, seen) for part in parts), strict=True))
    if len(seen) == len(opens):
        return rows
    found = [absent] * len(opens)
    for place, row in zip(np.searchsorted(opens, seen).tolist(), rows, strict=True):
        found[place] = row
    return found


def opening_at(columns: CandleColumns, opens: Int64Array) -> CandleColumns:
    """Return the candles that open at one of the given times, which are at least one and in order."""
    part = columns.between(int(opens[0]), int(opens[-1]) + 1)
    kept = opens[np.searchsorted(opens, part.open_time_ms)] == part.open_time_ms
    return part if kept.all() else CandleColumns(*(column[kept] for column in part))


def _candles_at(columns: CandleColumns, opens: Int64Array) -> list[Candle | None]:
    """Return a symbol's candles at the given opens, None where it has none."""
    part = columns.between(int(opens[0]), int(opens[-1]) + 1)
    candles = candles_of(part)
    if len(candles) == len(opens):
        return [*candles]
    row: list[Candle | None] = [None] * len(opens)
    for position, candle in zip(np.searchsorted(opens, part.open_time_ms).tolist(), candles, strict=True):
        row[position] = candle
    return row


def _by_step(
    parts: Sequence[Sequence[Known]], known_ms: Sequence[Sequence[int]], times: Int64Array
) -> dict[int, tuple[tuple[Known, ...], ...]]:
    """Return what is known at times beside each symbol, by the number of the first step at or after them."""
    found: dict[int, list[list[Known]]] = {}
    for index, (rows, known) in enumerate(zip(parts, known_ms, strict=True)):
        for number, row in zip(np.searchsorted(times, np.array(known, np.int64)).tolist(), rows, strict=True):
            found.setdefault(number, [[] for _ in parts])[index].append(row)
    return {number: tuple(map(tuple, of_step)) for number, of_step in found.items()}
