"""Re-reading everything that is stored: are the files whole, sound, and in agreement with their records?"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.candle_columns import CandleColumns
from core.errors import StoreError
from market_data.instruments.instrument_store import InstrumentStore
from market_data.quality.candle_quality import REASON_TEXT, check_candles
from market_data.quality.perpetual_quality import check_rows
from market_data.series_columns import FundingColumns, OpenInterestColumns, SeriesColumns, columns_of, digest
from market_data.series_names import Series, is_series
from market_data.store.candle_store import CandleStore
from market_data.store.coverage import Coverage, load_coverage, uncovered
from market_data.store.kept_columns import columns_file, read_columns
from market_data.store.month_files import folders_in, is_month_file, month_file, names_in
from market_data.store.parquet_files import ADVICE, BEGINNING_MS, END_MS, ParquetFiles
from market_data.store.revisions import REVISIONS_FOLDER, read_revision, revision_files
from market_data.store.store_layout import (
    COVERAGE_FILE,
    INSTRUMENTS_FOLDER,
    is_exchange,
    month_bounds,
    series_folder,
    symbol_of,
)


class Finding(NamedTuple):
    """Something about a stored file: damage, or a note about what is unusual but sound."""

    path: Path
    text: str
    damage: bool


class Verified(NamedTuple):
    """What was read and what was found."""

    series: int
    files: int
    rows: int
    findings: tuple[Finding, ...]

    @property
    def damaged(self) -> bool:
        """Whether anything found is damage."""
        return any(finding.damage for finding in self.findings)


def verify(store: CandleStore, chosen: Iterable[Series]) -> Verified:
    """Read every file of the chosen series and say what is wrong; nothing is changed.

    Each month file must be readable, keep the rules of ``check_candles`` (or ``check_rows``) and the
    bounds of its month, carry the digest of its own rows, and hold as many of them as its record says. Names that the
    store does not give are damage too.
    """
    parquet = ParquetFiles()
    findings: list[Finding] = []
    files = rows = series_count = 0
    for series in chosen:
        series_count += 1
        folder = series_folder(store.root, series)
        findings += [*_strangers(folder, _belongs_to_series), *_revision_problems(parquet, folder, series)]
        record = _record(folder, findings)
        for file in (folder / name for name in names_in(folder) if is_month_file(name)):
            files += 1
            rows += _verify_month(parquet, file, series, record, findings)
        if record is not None:
            findings += _lost_months(folder, record)
    return Verified(series_count, files, rows, tuple(findings))


def verify_folders(store: CandleStore) -> list[Finding]:
    """Return what lies in the folders above the series and is not the store's, and instruments that cannot be read."""
    findings = _strangers(store.root, lambda path: path.is_dir() and is_exchange(path.name))
    for exchange in store.exchanges():
        folder = store.root / exchange
        findings += _strangers(folder, _belongs_to_exchange)
        for name in (name for name in folders_in(folder) if symbol_of(name)):
            findings += _strangers(folder / name, lambda path: path.is_dir() and is_series(path.name))
        try:
            InstrumentStore(store.root).latest(exchange)
        except StoreError as error:
            findings.append(Finding(folder / INSTRUMENTS_FOLDER, str(error), True))
    return findings


def _verify_month(
    parquet: ParquetFiles, file: Path, series: Series, record: Coverage | None, findings: list[Finding]
) -> int:
    """Add what is found in one month file; return its number of rows."""
    kind = columns_of(series.kind)
    words = _words(series)
    try:
        rows = _month_rows(parquet, file, series)
        stored_digest = parquet.stored_digest(file, kind)
    except StoreError as error:
        findings.append(Finding(file, str(error), True))
        return 0
    problems = [*_content_problems(rows, series)]
    if stored_digest is None:
        problems.append(f"carries no digest of its {words}, so it was not written by this program")
    elif stored_digest != digest(rows):
        problems.append(f"holds other {words} than were written")
    if record is not None:
        recorded = record.months.get(file.stem, 0)
        if rows.rows < recorded:
            problems.append(f"holds {rows.rows:,} {words} where the record says {recorded:,}")
        findings += _coverage_notes(file, rows, series, record, recorded)
    findings += [Finding(file, f"{file}: {problem}; {ADVICE}", True) for problem in problems]
    kept = read_columns(kind, file, BEGINNING_MS, END_MS)
    if kept is not None and digest(kept) != digest(rows):
        beside = columns_file(file)
        findings.append(Finding(beside, f"{beside}: holds other {words} than {file.name}; delete that file", True))
    return rows.rows


def _words(series: Series) -> str:
    return "candles" if series.kind in ("candles", "mark") else "rows"


def _month_rows(parquet: ParquetFiles, file: Path, series: Series) -> SeriesColumns:
    if series.kind == "funding":
        return parquet.read_as(FundingColumns, file)
    if series.kind == "open-interest":
        return parquet.read_as(OpenInterestColumns, file)
    return parquet.read(file)


def _content_problems(rows: SeriesColumns, series: Series) -> Iterator[str]:
    if isinstance(rows, CandleColumns):
        report = check_candles(rows, series.length_ms, off_grid="refuse")[1]
    elif isinstance(rows, FundingColumns):
        report = check_rows(rows, series.length_ms)[1]
    else:
        report = check_rows(rows, series.length_ms)[1]
    for reason, count in report.refused.items():
        yield f"{count:,} of its {_words(series)} break a rule: {REASON_TEXT[reason]}"


def _coverage_notes(
    file: Path, rows: SeriesColumns, series: Series, record: Coverage, recorded: int
) -> Iterator[Finding]:
    """Give notes on what an interrupted write leaves behind: rows that the record does not know yet."""
    words = _words(series)
    if rows.rows > recorded:
        unknown = rows.rows - recorded
        yield Finding(
            file, f"{file}: {unknown:,} {words} more than the record says, as an interrupted write leaves", False
        )
    first, after = month_bounds(file.stem)
    outside = 0
    for start, end in uncovered(record.covered, first, after):
        low, high = np.searchsorted(rows[0], (start, end))
        outside += int(high - low)
    if outside:
        yield Finding(file, f"{file}: {outside:,} {words} of {series} lie outside what is recorded as answered", False)


def _record(folder: Path, findings: list[Finding]) -> Coverage | None:
    try:
        return load_coverage(folder / COVERAGE_FILE)
    except StoreError as error:
        findings.append(Finding(folder / COVERAGE_FILE, str(error), True))
        return None


def _revision_problems(parquet: ParquetFiles, folder: Path, series: Series) -> Iterator[Finding]:
    for path in revision_files(folder):
        try:
            read_revision(parquet, path, columns_of(series.kind))
        except StoreError as error:
            yield Finding(path, str(error), True)


def _lost_months(folder: Path, record: Coverage) -> Iterator[Finding]:
    for month, rows in sorted(record.months.items()):
        file = month_file(folder, month)
        if rows and not file.exists():
            yield Finding(file, f"{file}: is gone, with {rows:,} candles; its month counts as not answered", False)


def _strangers(folder: Path, belongs: Callable[[Path], bool]) -> list[Finding]:
    return [
        Finding(path, f"{path}: is nothing this store keeps; move it away", True)
        for path in (folder / name for name in names_in(folder))
        if not belongs(path)
    ]


def _belongs_to_series(path: Path) -> bool:
    if path.name == REVISIONS_FOLDER:
        return path.is_dir()
    return path.is_file() and (path.name == COVERAGE_FILE or is_month_file(path.name))


def _belongs_to_exchange(path: Path) -> bool:
    return path.is_dir() and (path.name == INSTRUMENTS_FOLDER or symbol_of(path.name) is not None)
