"""What is checked of candles on the way in. A row that breaks a rule is refused and counted, never repaired."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from core.candle_columns import CandleColumns, Float64Array, Int64Array, slots
from core.candle_move import DEFAULT_MAX_CANDLE_MOVE
from core.tolerance import TOLERANCE
from market_data.quality.sound_candle import SOUND, UNSOUND
from metrics.medians import medians_of

OffGrid = Literal["snap", "refuse"]
Mask = npt.NDArray[np.bool]

REASON_TEXT = {
    "bad_time": "a time before 2009, when nothing was traded yet",
    **UNSOUND,
    "bad_rate": "a rate that is not finite, or not between -1 and 1",
    "bad_amount": "an open interest that is negative or not finite",
    "off_grid": "opens off the timeframe's grid",
    "duplicate": "a second row of one time",
    "out_of_order": "earlier than a row before it",
    "unclosed": "not closed yet",
    "future": "later than the present",
}

REASONS = tuple(REASON_TEXT)
"""Why a row is refused, in the order of judgement: a row that breaks several rules counts under the first."""

EXAMPLES = 3
"""How many examples of each finding a report keeps."""

OUTLIER_BLOCK = 1_000
OUTLIER_FACTOR = 25.0
OUTLIER_LEAST = 0.02


class Example(NamedTuple):
    """One row as it came: its position among the rows given, its time and its values."""

    row: int
    open_time_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class RowExample(NamedTuple):
    """One row of funding rates or open interest as it came: its position among the rows given, its time, its values."""

    row: int
    time_ms: int
    first: float
    second: float


class QualityReport(msgspec.Struct, frozen=True):
    """What was found in one or more batches of candles, funding rates or open interest.

    ``rows`` came in, ``accepted`` of them were taken. ``refused`` counts the others by reason (``REASONS``),
    ``off_grid`` the sound rows whose open was off the grid, ``snapped`` those of them that were taken with their open
    floored, ``outliers`` the accepted rows that were flagged, ``moves`` those that move by more than a factor.
    ``examples`` holds the first few rows of each reason, and of ``snapped``, ``outlier`` and ``move``.
    """

    rows: int = 0
    accepted: int = 0
    snapped: int = 0
    off_grid: int = 0
    outliers: int = 0
    moves: int = 0
    refused: Mapping[str, int] = {}
    examples: Mapping[str, tuple[Example | RowExample, ...]] = {}

    @property
    def refused_rows(self) -> int:
        """Number of rows refused, for whatever reason."""
        return sum(self.refused.values())

    def merged(self, later: "QualityReport") -> "QualityReport":
        """Return the report of this batch and a later one together; example rows stay positions in their own batch."""
        reasons = [reason for reason in REASONS if reason in self.refused or reason in later.refused]
        kinds = [*self.examples, *(kind for kind in later.examples if kind not in self.examples)]
        return QualityReport(
            rows=self.rows + later.rows,
            accepted=self.accepted + later.accepted,
            snapped=self.snapped + later.snapped,
            off_grid=self.off_grid + later.off_grid,
            outliers=self.outliers + later.outliers,
            moves=self.moves + later.moves,
            refused={reason: self.refused.get(reason, 0) + later.refused.get(reason, 0) for reason in reasons},
            examples={kind: (*self.examples.get(kind, ()), *later.examples.get(kind, ()))[:EXAMPLES] for kind in kinds},
        )


class Hole(NamedTuple):
    """Missing candles between two neighbours: the open times of the last before and the first after, and how many."""

    last_before_ms: int
    first_after_ms: int
    missing: int


def check_candles(
    candles: CandleColumns,
    timeframe_length_ms: int,
    *,
    off_grid: OffGrid = "snap",
    now_ms: int | None = None,
    refused: Mapping[str, Mask] | None = None,
) -> tuple[CandleColumns, QualityReport]:
    """Return the candles that may be stored, and what was found.

    Rows are judged in the order in which they came, each by the rules in the order of ``REASONS``. Time only moves
    forward: a row whose (floored) open is not after that of every row accepted before it is a duplicate if that open
    was accepted, and out of order otherwise.

    Parameters
    ----------
    candles
        Rows as they came, in any order.
    off_grid
        ``snap`` floors an open that is off the timeframe's grid, ``refuse`` refuses the row.
    now_ms
        The present, in UTC milliseconds; a row whose unfloored open + length is later is refused. None: all are closed.
    refused
        Rows that are refused whatever they hold, by reason: their source says so.

    Returns
    -------
    tuple
        The accepted candles, strictly increasing and on the grid, and the report. Of the accepted candles it flags the
        ``outliers``, and tells those that move by more than ``DEFAULT_MAX_CANDLE_MOVE``; both are kept.
    """
    length = timeframe_length_ms
    raw = candles.open_time_ms
    opens = slots(raw, length)
    shifted = opens != raw
    broken = {**(refused or {}), **_broken_rules(candles)}
    if off_grid == "refuse":
        broken["off_grid"] = shifted
    verdicts, sound = first_broken(broken, len(raw))
    unclosed = np.zeros(len(raw), np.bool) if now_ms is None else raw > now_ms - length
    late, duplicate = behind(opens, sound, sound & ~unclosed)
    verdicts["duplicate"] = duplicate
    verdicts["out_of_order"] = late & ~duplicate
    verdicts["unclosed"] = verdicts.get("unclosed", False) | (sound & ~late & unclosed)
    taken = sound & ~late & ~unclosed
    accepted = CandleColumns(opens[taken], *(column[taken] for column in candles[1:]))
    flagged = _among(taken, outliers(accepted, length))
    moving = _among(taken, moves(accepted) > DEFAULT_MAX_CANDLE_MOVE * TOLERANCE)
    snapped = taken & shifted
    findings = {**verdicts, "snapped": snapped, "outlier": flagged, "move": moving}
    return accepted, QualityReport(
        rows=candles.rows,
        accepted=accepted.rows,
        snapped=int(snapped.sum()),
        off_grid=int((shifted & sound_rows(candles)).sum()) if shifted.any() else 0,
        outliers=int(flagged.sum()),
        moves=int(moving.sum()),
        refused={name: int(verdicts[name].sum()) for name in REASONS if name in verdicts and verdicts[name].any()},
        examples={kind: _examples(candles, mask) for kind, mask in findings.items() if mask.any()},
    )


def _among(taken: Mask, found: Mask) -> Mask:
    """Return which of all rows are those that were found among the taken ones."""
    whole = np.zeros(len(taken), np.bool)
    whole[taken] = found
    return whole


def first_broken(broken: Mapping[str, Mask], rows: int) -> tuple[dict[str, Mask], Mask]:
    """Return which rows count under which broken rule, the first that they break, and which break none."""
    sound = np.ones(rows, np.bool)
    verdicts: dict[str, Mask] = {}
    for reason, mask in broken.items():
        verdicts[reason] = mask & sound
        sound &= ~mask
    return verdicts, sound


def sound_rows(candles: CandleColumns) -> Mask:
    """Return which rows have finite positive prices, a finite volume not below 0, and a body between low and high."""
    return first_broken(_broken_rules(candles), candles.rows)[1]


def find_holes(open_times_ms: Int64Array, timeframe_length_ms: int) -> list[Hole]:
    """Return the holes between the first and the last of strictly increasing open times, in order."""
    steps = np.diff(open_times_ms)
    wide = np.flatnonzero(steps > timeframe_length_ms)
    return [
        Hole(int(open_times_ms[at]), int(open_times_ms[at + 1]), int(steps[at]) // timeframe_length_ms - 1)
        for at in wide
    ]


def outliers(candles: CandleColumns, timeframe_length_ms: int) -> Mask:
    """Return which candles of strictly increasing times are wide beyond the usual.

    These are the ones whose true range (from the lowest of low and previous close to the highest of high and previous
    close, as a fraction; the previous close only where no candle is missing between) is above 2 % and above 25 times
    the median range of their block of 1,000 candles.
    """
    if not candles.rows:
        return np.zeros(0, np.bool)
    joined = np.diff(candles.open_time_ms) == timeframe_length_ms
    before = candles.close[:-1]
    high, low = candles.high.copy(), candles.low.copy()
    high[1:] = np.where(joined, np.maximum(high[1:], before), high[1:])
    low[1:] = np.where(joined, np.minimum(low[1:], before), low[1:])
    true_range = high / low - 1.0
    usual = _block_medians(candles.high / candles.low - 1.0)
    flagged: Mask = (true_range > OUTLIER_LEAST) & (true_range > OUTLIER_FACTOR * usual)
    return flagged


def moves(candles: CandleColumns) -> Float64Array:
    """Return the factor by which each of some candles in order moves: ``core.candle_move`` over columns."""
    high, low = candles.high.copy(), candles.low.copy()
    high[1:] = np.maximum(high[1:], candles.close[:-1])
    low[1:] = np.minimum(low[1:], candles.close[:-1])
    return high / low


def _broken_rules(candles: CandleColumns) -> dict[str, Mask]:
    """Return, for each rule about a row's own values, which rows break it."""
    return {reason: ~holds(*candles[1:]) for reason, holds in SOUND.items()}


def behind(opens: Int64Array, judged: Mask, eligible: Mask) -> tuple[Mask, Mask]:
    """Return which judged rows are not after every accepted row before them, and which of these repeat an accepted one.

    An eligible row is accepted exactly when its open is above those of all eligible rows before it: a row that was
    refused for its time was not above the latest accepted one, so leaving it in the running maximum changes nothing.
    """
    never = np.iinfo(np.int64).min
    running = np.maximum.accumulate(np.where(eligible, opens, never)) if len(opens) else opens
    latest_before = np.full(len(opens), never)
    latest_before[1:] = running[:-1]
    late = judged & (opens <= latest_before)
    accepted = opens[eligible & ~late]
    if not len(accepted):
        return late, np.zeros(len(opens), np.bool)
    position = np.minimum(np.searchsorted(accepted, opens), len(accepted) - 1)
    return late, late & (accepted[position] == opens)


def _block_medians(values: Float64Array) -> Float64Array:
    """Return, for each value, the median of its block of ``OUTLIER_BLOCK``; the last block reaches back to be full."""
    count = len(values)
    whole = count // OUTLIER_BLOCK * OUTLIER_BLOCK
    medians = np.repeat(medians_of(values[:whole].reshape(-1, OUTLIER_BLOCK)), OUTLIER_BLOCK)
    if whole == count:
        return medians
    return np.append(medians, np.repeat(medians_of(values[None, -OUTLIER_BLOCK:]), count - whole))


def _examples(candles: CandleColumns, mask: Mask) -> tuple[Example, ...]:
    rows = np.flatnonzero(mask)[:EXAMPLES]
    return tuple(
        Example(int(row), int(candles.open_time_ms[row]), *(float(column[row]) for column in candles[1:]))
        for row in rows
    )
