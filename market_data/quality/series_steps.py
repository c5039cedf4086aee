"""Steps between the rows of a series: holes in candles and open interest, and missing payments among funding rates.

Exchanges change a contract's funding interval (from 8 h to 4 h, from 4 h to 1 h) and back, so a longer step among
funding rates is no hole by itself. It is one when it stands out on both sides, or is longer than any usual interval.
"""

import itertools

import numpy as np

from core.candle_columns import Int64Array, Interval, slots
from core.timeframe import HOUR_MS, MINUTE_MS
from market_data.quality.candle_quality import Hole, find_holes
from market_data.series_names import Series

USUAL_STEP_MS = 8 * HOUR_MS
"""The longest interval between payments that needs no explanation; also what one lone payment is taken to follow."""

_MOST_SHOWN = 8


def holes_of(series: Series, times_ms: Int64Array) -> list[Hole]:
    """Return the holes between the first and the last row of a series of any kind, in order."""
    if series.kind == "funding":
        return funding_holes(times_ms)
    return find_holes(slots(times_ms, series.length_ms), series.length_ms)


def funding_holes(times_ms: Int64Array) -> list[Hole]:
    """Return where payments are missing between stored ones, with how many of the nearest shorter interval fit in.

    A step is a hole when it is longer than the steps before and after it, or longer than 8 h and than the usual step
    (the median) of the series. Stamps count by their minute.
    """
    return [hole for hole, _ in _holes_and_intervals(times_ms)]


def _holes_and_intervals(times_ms: Int64Array) -> list[tuple[Hole, int]]:
    """Return the holes, each with the interval that is taken to have held in it: the shorter of those beside it."""
    due = slots(times_ms, MINUTE_MS)
    steps = np.diff(due)
    if not len(steps):
        return []
    usual = float(np.median(steps))
    before, after = np.roll(steps, 1), np.roll(steps, -1)
    inner = np.ones(len(steps), np.bool)
    inner[[0, -1]] = False
    missing = (inner & (steps > before) & (steps > after)) | ((steps > USUAL_STEP_MS) & (steps > usual))
    holes = []
    for at in np.flatnonzero(missing).tolist():
        near = [int(steps[place]) for place in (at - 1, at + 1) if 0 <= place < len(steps) and not missing[place]]
        interval = min(near, default=min(USUAL_STEP_MS, int(usual)))
        hole = Hole(int(due[at]), int(due[at + 1]), max(1, -(-int(steps[at]) // interval) - 1))
        holes.append((hole, interval))
    return holes


def funding_intervals(times_ms: Int64Array) -> list[int]:
    """Return the lengths of the funding interval in order of time, a change for each; holes are left out."""
    due = slots(times_ms, MINUTE_MS)
    holes = {hole.last_before_ms for hole in funding_holes(times_ms)}
    steps = [int(after - before) for before, after in itertools.pairwise(due.tolist()) if before not in holes]
    return [step for step, _ in itertools.groupby(steps)]


def intervals_text(times_ms: Int64Array) -> str:
    """Return the funding intervals as text, such as ``4h->1h``; a dash where there are fewer than two payments."""
    texts = [_hours(step) for step in funding_intervals(times_ms)]
    if len(texts) > _MOST_SHOWN:
        texts = [*texts[: _MOST_SHOWN - 1], "…", texts[-1]]
    return "->".join(texts) or "-"


def missing_payments(times_ms: Int64Array, start_ms: int, end_ms: int) -> list[Interval]:
    """Return the payments due in ``(start_ms, end_ms]`` that are not stored, as spans from a first one to a last one.

    Before the first stored payment and after the last one the nearest interval is taken to have held; without any
    stored payment the whole window is missing.

    Parameters
    ----------
    times_ms
        Stamps of every stored payment of the contract, not only of the window.
    """
    due = slots(times_ms, MINUTE_MS)
    if not len(due):
        return [(start_ms, end_ms)]
    known = funding_intervals(times_ms)
    first_step, last_step = (known[0], known[-1]) if known else (USUAL_STEP_MS, USUAL_STEP_MS)
    first, last = int(due[0]), int(due[-1])
    spans = [_due_within(first, first_step, start_ms, min(end_ms, first - first_step))]
    for hole, interval in _holes_and_intervals(times_ms):
        before = hole.last_before_ms
        spans.append(
            _due_within(before, interval, max(start_ms, before), min(end_ms, before + hole.missing * interval))
        )
    spans.append(_due_within(last, last_step, max(start_ms, last), end_ms))
    return [span for span in spans if span is not None]


def _due_within(known_ms: int, interval: int, start_ms: int, end_ms: int) -> Interval | None:
    """Return the first and the last payment due in ``(start_ms, end_ms]``, in steps from a known one; None without."""
    first = start_ms + interval - (start_ms - known_ms) % interval
    last = end_ms - (end_ms - known_ms) % interval
    return (first, last) if first <= last else None


def _hours(step_ms: int) -> str:
    hours = step_ms / HOUR_MS
    return f"{hours:g}h"
