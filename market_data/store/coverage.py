"""What a series' source has answered: sets of half-open time ranges, and the record of them beside the month files."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from core.errors import StoreError
from market_data.candle_columns import Interval
from market_data.store.atomic_files import write_atomically
from market_data.store.store_layout import is_month, month_bounds

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


class Coverage(msgspec.Struct, frozen=True, omit_defaults=False):
    """The record beside a series' month files.

    ``covered`` are the ranges that a source answered, holes included. ``months`` says how many candles each month file
    holds, so that a month file that was removed is missed. ``sources`` says where the candles came from.
    """

    version: int = _VERSION
    covered: tuple[Interval, ...] = ()
    months: dict[str, int] = {}
    sources: dict[str, SourceRows] = {}

    def with_range(self, start_ms: int, end_ms: int) -> "Coverage":
        """Return the record with ``[start_ms, end_ms)`` answered too."""
        return msgspec.structs.replace(self, covered=union([*self.covered, (start_ms, end_ms)]))

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
        covered: Sequence[Interval] = self.covered
        for first, after in map(month_bounds, lost):
            parts = [part for start, end in covered for part in ((start, min(end, first)), (max(start, after), end))]
            covered = [(start, end) for start, end in parts if start < end]
        months = {month: rows for month, rows in self.months.items() if month not in lost}
        return msgspec.structs.replace(self, covered=tuple(covered), months=months)


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
        record = msgspec.json.decode(content, type=Coverage)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: is no coverage record ({error}); {_ADVICE}", path=path) from error
    if record.version != _VERSION:
        raise StoreError(f"{path}: has version {record.version}, this program reads {_VERSION}; {_ADVICE}", path=path)
    if record.covered != union(record.covered):
        raise StoreError(f"{path}: its ranges overlap or are out of order; {_ADVICE}", path=path)
    if not all(is_month(month) and rows >= 0 for month, rows in record.months.items()):
        raise StoreError(f"{path}: names months that are none; {_ADVICE}", path=path)
    return record


def save_coverage(path: Path, record: Coverage) -> None:
    """Replace the record as a whole; raises StoreError and keeps the old one if it cannot be written."""
    write_atomically(path, msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=1) + b"\n")
