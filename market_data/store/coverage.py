"""What a series' source has answered: sets of half-open time ranges, and the record of them beside the month files.

An answer without a row says nothing for good: an exchange that is ill answers so too. Its range is denied, and stays
missing until it has been denied on two different days.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from core.candle_columns import Interval
from core.errors import StoreError
from market_data.store.atomic_files import write_atomically
from market_data.store.store_layout import is_month, month_bounds

IMPORTED = "import of "
"""How the name of a source begins that is a file."""

_VERSION = 1
_ADVICE = "delete that file; its ranges are then fetched or imported again, stored candles stay"


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the same instants as sorted intervals that neither overlap nor touch; empty ones are dropped.

    Examples
    --------
    >>> union([(5, 7), (1, 3), (3, 4)])
    ((1, 4), (5, 7))
    """
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def without(intervals: Iterable[Interval], start_ms: int, end_ms: int) -> tuple[Interval, ...]:
    """Return what is left of some intervals outside of ``[start_ms, end_ms)``.

    Examples
    --------
    >>> without([(1, 5), (7, 9)], 3, 8)
    ((1, 3), (8, 9))
    """
    if start_ms >= end_ms:
        return tuple(intervals)
    parts = [part for one, other in intervals for part in ((one, min(other, start_ms)), (max(one, end_ms), other))]
    return tuple((one, other) for one, other in parts if one < other)


def uncovered(covered: Sequence[Interval], start_ms: int, end_ms: int) -> list[Interval]:
    """Return the parts of ``[start_ms, end_ms)`` that lie in no interval; ``covered`` is as ``union`` gives it.

    Examples
    --------
    >>> uncovered(((2, 4), (6, 9)), 0, 8)
    [(0, 2), (4, 6)]
    """
    missing: list[Interval] = []
    position = start_ms
    for start, end in covered:
        if end <= position:
            continue
        if start >= end_ms:
            break
        if start > position:
            missing.append((position, start))
        position = end
    if position < end_ms:
        missing.append((position, end_ms))
    return missing


class SourceRows(msgspec.Struct, frozen=True):
    """How many stored candles came from one source, and between which open times."""

    rows: int
    first_ms: int
    last_ms: int


class Denial(msgspec.Struct, frozen=True):
    """A range of which a source said that it has nothing there, on one UTC day ``YYYY-MM-DD`` or on two."""

    start_ms: int
    end_ms: int
    days: tuple[str, ...]

    @property
    def settled(self) -> bool:
        """Whether it was denied on two days, and so counts as answered."""
        return len(self.days) > 1


class Coverage(msgspec.Struct, frozen=True, omit_defaults=False):
    """The record beside a series' month files.

    ``covered`` are the ranges that a source answered, holes included, and ``grounds`` say what each of them rests on
    where that was recorded. ``denials`` are the ranges without a row that were asked for; those of one day are not
    covered. ``months`` says how many candles each month file holds, so that a month file that was removed is missed.
    ``sources`` says where the candles came from.
    """

    version: int = _VERSION
    covered: tuple[Interval, ...] = ()
    months: dict[str, int] = {}
    sources: dict[str, SourceRows] = {}
    grounds: dict[str, tuple[Interval, ...]] = {}
    denials: tuple[Denial, ...] = ()

    def import_ends(self) -> set[int]:
        """Return the times of the last rows of what was imported: their candles may not have been closed."""
        return {rows.last_ms for source, rows in self.sources.items() if source.startswith(IMPORTED)}

    def with_range(self, start_ms: int, end_ms: int, ground: str = "") -> "Coverage":
        """Return the record with ``[start_ms, end_ms)`` answered too, which rests on a ground where one is given."""
        grounds = dict(self.grounds)
        if ground:
            grounds[ground] = union([*grounds.get(ground, ()), (start_ms, end_ms)])
        return msgspec.structs.replace(
            self,
            covered=union([*self.covered, (start_ms, end_ms)]),
            grounds=grounds,
            denials=_cut(self.denials, start_ms, end_ms),
        )

    def with_denial(self, start_ms: int, end_ms: int, day: str) -> "Coverage":
        """Return the record after a source had nothing in ``[start_ms, end_ms)`` on a day.

        What was denied on an earlier day becomes answered; what is answered already stays as it is.
        """
        denials = list(_cut(self.denials, start_ms, end_ms))
        settled: list[Interval] = []
        for one in self.denials:
            part = (max(start_ms, one.start_ms), min(end_ms, one.end_ms))
            if part[0] < part[1]:
                days = one.days if one.settled or day in one.days else (*one.days, day)
                denials.append(Denial(*part, days))
                settled += [part] if len(days) > 1 else []
        known = union([*self.covered, *((one.start_ms, one.end_ms) for one in self.denials)])
        denials += [Denial(*part, (day,)) for part in uncovered(known, start_ms, end_ms)]
        return msgspec.structs.replace(self, covered=union([*self.covered, *settled]), denials=_tidy(denials))

    def without_range(self, start_ms: int, end_ms: int) -> "Coverage":
        """Return the record as if nobody had been asked for ``[start_ms, end_ms)``."""
        grounds = {ground: without(spans, start_ms, end_ms) for ground, spans in self.grounds.items()}
        return msgspec.structs.replace(
            self,
            covered=without(self.covered, start_ms, end_ms),
            grounds={ground: spans for ground, spans in grounds.items() if spans},
            denials=_cut(self.denials, start_ms, end_ms),
        )

    def ground_of(self, start_ms: int, end_ms: int) -> str:
        """Return in words what is known of ``[start_ms, end_ms)`` rests on, where no row is stored."""
        words = []
        for one in self.denials:
            if one.start_ms < end_ms and one.end_ms > start_ms:
                said = f"denied on {' and '.join(one.days)}"
                words.append(said if one.settled else f"{said} only, asked again")
        named = {ground for ground, spans in self.grounds.items() if any(a < end_ms and b > start_ms for a, b in spans)}
        words += sorted(named)
        denied = union((one.start_ms, one.end_ms) for one in self.denials)
        if uncovered(union([*self.covered, *denied]), start_ms, end_ms):
            words.append("not fetched")
        return ", ".join(dict.fromkeys(words)) or "answered"

    def with_rows(self, months: dict[str, int], source: str, times: Sequence[int]) -> "Coverage":
        """Return the record after candles opening at ``times`` (in order) came from ``source``."""
        sources = dict(self.sources)
        if times:
            before = sources.get(source, SourceRows(0, times[0], times[-1]))
            sources[source] = SourceRows(
                before.rows + len(times), min(before.first_ms, times[0]), max(before.last_ms, times[-1])
            )
        return msgspec.structs.replace(self, months={**self.months, **months}, sources=sources)

    def without_months(self, lost: Sequence[str]) -> "Coverage":
        """Return the record with the named months taken out: neither answered nor stored."""
        record = self
        for month in lost:
            record = record.without_range(*month_bounds(month))
        months = {month: rows for month, rows in self.months.items() if month not in lost}
        return msgspec.structs.replace(record, months=months)


def _cut(denials: Iterable[Denial], start_ms: int, end_ms: int) -> tuple[Denial, ...]:
    """Return what is left of some denials outside of a range."""
    return tuple(
        Denial(*part, one.days) for one in denials for part in without([(one.start_ms, one.end_ms)], start_ms, end_ms)
    )


def _tidy(denials: Iterable[Denial]) -> tuple[Denial, ...]:
    """Return denials in order, those of the same days joined where they touch."""
    by_days: dict[tuple[str, ...], list[Interval]] = {}
    for one in denials:
        by_days.setdefault(one.days, []).append((one.start_ms, one.end_ms))
    joined = [Denial(start, end, days) for days, spans in by_days.items() for start, end in union(spans)]
    return tuple(sorted(joined, key=lambda one: one.start_ms))


_decode = msgspec.json.Decoder(Coverage).decode
"""Made before there are threads: docs/developing.md says why."""


def load_coverage(path: Path) -> Coverage:
    """Return the record, an empty one if there is no file.

    Raises
    ------
    StoreError
        If the file cannot be read or is not such a record.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Coverage()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error})", path=path) from error
    try:
        record = _decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: is no coverage record ({error}); {_ADVICE}", path=path) from error
    if record.version != _VERSION:
        raise StoreError(f"{path}: has version {record.version}, this program reads {_VERSION}; {_ADVICE}", path=path)
    ranges = (record.covered, *record.grounds.values())
    if any(spans != union(spans) for spans in ranges) or any(one.start_ms >= one.end_ms for one in record.denials):
        raise StoreError(f"{path}: its ranges overlap or are out of order; {_ADVICE}", path=path)
    if not all(is_month(month) and rows >= 0 for month, rows in record.months.items()):
        raise StoreError(f"{path}: names months that are none; {_ADVICE}", path=path)
    return record


def save_coverage(path: Path, record: Coverage) -> None:
    """Replace the record as a whole; raises StoreError and keeps the old one if it cannot be written."""
    write_atomically(path, msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=1) + b"\n")
