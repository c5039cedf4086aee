"""Where rows of a stored series are missing, and what is known of it."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from core.candle_columns import Int64Array, slots
from market_data.quality.series_steps import USUAL_STEP_MS, funding_intervals, holes_of
from market_data.series_names import Series
from market_data.store.candle_store import CandleStore
from market_data.store.coverage import uncovered


class SeriesGap(NamedTuple):
    """Missing rows with ``start_ms <= time < end_ms``.

    ``known`` says that a source answered all of it, so that there is nothing to be had; ``rests_on`` is what that, or
    what is known of it otherwise, rests on in words.
    """

    start_ms: int
    end_ms: int
    missing: int
    known: bool
    rests_on: str


def series_gaps(store: CandleStore, series: Series, start_ms: int | None, end_ms: int | None) -> list[SeriesGap]:
    """Return the gaps of a series in order.

    Between the first and the last stored row; with bounds inside of them, what lacks at either end counted too.

    Parameters
    ----------
    start_ms, end_ms
        On the series' grid; None where there is no bound.
    """
    length = series.length_ms
    times = slots(store.open_times(*series), length)
    spans = [(hole.last_before_ms + length, hole.first_after_ms, hole.missing) for hole in holes_of(series, times)]
    cut = [_within(series, span, start_ms, end_ms) for span in spans]
    found = [span for span in cut if span[0] < span[1]]
    first_step, last_step = _steps(series, times)
    found = [*_before(times, start_ms, end_ms, first_step), *found, *_after(times, start_ms, end_ms, last_step)]
    record = store.record(*series)
    return [
        SeriesGap(*span, not uncovered(record.covered, *span[:2]), record.ground_of(*span[:2]))
        for span in found
        if span[2]
    ]


def gaps_frame(gaps: list[SeriesGap]) -> pd.DataFrame:
    """Return gaps as a frame, a row for each."""
    starts, ends = ([getattr(gap, name) for gap in gaps] for name in ("start_ms", "end_ms"))
    return pd.DataFrame(
        {
            "start": pd.to_datetime(np.array(starts, np.int64), unit="ms", utc=True),
            "end": pd.to_datetime(np.array(ends, np.int64), unit="ms", utc=True),
            "missing": np.array([gap.missing for gap in gaps], np.int64),
            "known": np.array([gap.known for gap in gaps], np.bool_),
            "rests_on": pd.Series([gap.rests_on for gap in gaps], dtype=str),
        }
    )


def _within(
    series: Series, span: tuple[int, int, int], start_ms: int | None, end_ms: int | None
) -> tuple[int, int, int]:
    """Return the part of a span between the bounds; how many rows it lacks is counted anew where rows are regular."""
    first, after, missing = span
    begin, stop = first if start_ms is None else max(first, start_ms), after if end_ms is None else min(after, end_ms)
    if (begin, stop) != (first, after) and series.kind != "funding":
        missing = (stop - begin) // series.length_ms
    return begin, stop, missing


def _steps(series: Series, times: Int64Array) -> tuple[int, int]:
    """Return how far apart rows are before the first stored one and after the last."""
    if series.kind != "funding":
        return series.length_ms, series.length_ms
    intervals = funding_intervals(times) or [USUAL_STEP_MS]
    return intervals[0], intervals[-1]


def _before(times: Int64Array, start_ms: int | None, end_ms: int | None, step_ms: int) -> list[tuple[int, int, int]]:
    """Return what lacks before the first stored row; the whole range where none is stored."""
    bounds = [bound for bound in (int(times[0]) if len(times) else None, end_ms) if bound is not None]
    if start_ms is None or not bounds or start_ms >= min(bounds):
        return []
    return [(start_ms, min(bounds), (min(bounds) - start_ms) // step_ms)]


def _after(times: Int64Array, start_ms: int | None, end_ms: int | None, step_ms: int) -> list[tuple[int, int, int]]:
    """Return what lacks after the last stored row."""
    if end_ms is None or not len(times):
        return []
    last = int(times[-1])
    begin = last + step_ms
    if start_ms is not None and start_ms > begin:
        last += (start_ms - 1 - last) // step_ms * step_ms
        begin = start_ms
    return [(begin, end_ms, (end_ms - 1 - last) // step_ms)] if begin < end_ms else []
