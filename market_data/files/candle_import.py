"""Import of files into the store: all of them are read and checked before anything is written.

Candles, and what a perpetual contract has beside them: mark candles, funding rates, open interest.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.errors import ConfigurationError
from core.instants import format_ms
from core.instrument import DEFAULT_SOURCE, Instrument
from core.timeframe import HOUR_MS
from core.tolerance import TOLERANCE
from market_data.candle_columns import CandleColumns, Float64Array, slots
from market_data.files.candle_files import SeriesFile, read_series_file
from market_data.files.file_layouts import CANDLE_FILE, FUNDING_FILE, MARK_FILE, OPEN_INTEREST_FILE, Layout
from market_data.instruments.instrument_store import INFERRED, InstrumentStore
from market_data.perpetual.perpetual_columns import FundingColumns, OpenInterestColumns, SeriesColumns
from market_data.quality.candle_quality import REASON_TEXT, Hole, OffGrid, QualityReport, check_candles
from market_data.quality.perpetual_quality import check_marks, check_rows
from market_data.quality.series_steps import holes_of, intervals_text
from market_data.store.candle_store import CandleStore, WriteResult
from market_data.store.store_layout import (
    FUNDING,
    Series,
    SeriesKind,
    exchange_folder,
    kind_and_period,
    symbol_folder,
    symbol_of,
)

MOST_DECIMALS = 8
"""Inferred ticks and lots are not finer than this power of ten, unless the price itself is that small."""

_TICKS_PER_PRICE = 10_000
_CANDLE_SUFFIX = re.compile(r"\.(csv|csv\.gz|parquet)$", re.IGNORECASE)
_NOT_KEPT = re.compile(r"(premium|index)([-_.].*)?", re.IGNORECASE)
_SPELLINGS = (
    (re.compile(r"mark[-_](?:price[-_])?(?P<period>[0-9]+[smhdw])", re.IGNORECASE), "mark-{period}"),
    (re.compile(r"funding(?:[-_]rates?)?", re.IGNORECASE), FUNDING),
    (re.compile(r"open[-_]?interest[-_](?P<period>[0-9]+[smhdw])", re.IGNORECASE), "open-interest-{period}"),
)
_LAYOUTS: dict[SeriesKind, Layout] = {
    "candles": CANDLE_FILE,
    "mark": MARK_FILE,
    "funding": FUNDING_FILE,
    "open-interest": OPEN_INTEREST_FILE,
}
ROWS = {"candles": "candles", "mark": "mark candles", "funding": "payments", "open-interest": "rows"}
"""What the rows of each kind of series are called."""


class Imported(NamedTuple):
    """What became of one file.

    ``holes`` are those between the rows taken from this file, ``intervals`` the funding intervals in it as text.
    ``instrument`` are the rules inferred from candles, None where a market list already holds the symbol.
    """

    series: Series
    file: SeriesFile
    report: QualityReport
    holes: list[Hole]
    result: WriteResult
    instrument: Instrument | None
    intervals: str = ""


class _Checked(NamedTuple):
    series: Series
    file: SeriesFile
    accepted: SeriesColumns
    report: QualityReport


def import_files(
    store: CandleStore,
    files: Sequence[Path],
    *,
    exchange: str,
    symbol: str | None = None,
    timeframe: str | None = None,
    off_grid: OffGrid = "snap",
    now_ms: int | None = None,
) -> list[Imported]:
    """Import files, in the order given.

    Each file's range from its first to its last taken row counts as answered by its source, holes included. For a
    symbol without a market list's rules, tick and lot are inferred from the decimals of the candles.

    Parameters
    ----------
    symbol, timeframe
        Unified symbol, and timeframe or name of the series, of the files; None reads them from each path, such as
        ``…/BTC-USDT/1m.csv.gz``, ``mark-8h.csv.gz``, ``funding.csv.gz`` or ``open-interest-1h.csv``.
    off_grid, now_ms
        As for ``quality.check_candles``.

    Raises
    ------
    ConfigurationError
        If a file is of no known kind, is malformed, or has no row that can be taken; then nothing was written.
    StoreError
        If the store cannot be written; files before the one that failed are stored.
    """
    exchange_folder(exchange)
    checked = [_checked(Path(file), exchange, symbol, timeframe, off_grid, now_ms) for file in files]
    return [_stored(store, one) for one in checked]


def series_of(path: Path, exchange: str, symbol: str | None = None, timeframe: str | None = None) -> Series:
    """Return the series a file belongs to: what is not given is read from ``…/<BASE-QUOTE>/<timeframe>.csv.gz``.

    Files of mark candles, funding rates and open interest say so by their names, ``mark-8h``, ``funding`` and
    ``open-interest-1h``, whatever timeframe is given.

    Raises
    ------
    ConfigurationError
        If the file holds another price by its name, or symbol or series cannot be told.
    """
    stem = _CANDLE_SUFFIX.sub("", path.name)
    if _NOT_KEPT.fullmatch(stem):
        raise ConfigurationError(f"{path}: index and premium prices are not kept; import the other files only")
    named = _series_name(stem)
    if named is not None and (timeframe is None or kind_and_period(named)[0] != "candles"):
        timeframe = named
    if timeframe is None:
        raise ConfigurationError(
            f"{path}: the timeframe cannot be told from the name {path.name!r}; name it like 1m.csv.gz, "
            "mark-8h.csv.gz, funding.csv.gz or open-interest-1h.csv, or give --timeframe"
        )
    kind_and_period(timeframe)
    if symbol is None:
        folder = path.absolute().parent.name
        symbol = symbol_of(folder)
        if symbol is None:
            raise ConfigurationError(
                f"{path}: the symbol cannot be told from the folder {folder!r}; name it like BTC-USDT or give --symbol"
            )
    symbol_folder(symbol)
    return Series(exchange, symbol, timeframe)


def _series_name(stem: str) -> str | None:
    """Return the series that a file's name says; None if it says none."""
    for spelling, name in _SPELLINGS:
        match = spelling.fullmatch(stem)
        if match is not None:
            stem = name.format(**match.groupdict())
    try:
        kind_and_period(stem)
    except ConfigurationError:
        return None
    return stem


def infer_instrument(symbol: str, candles: CandleColumns, length_ms: int) -> Instrument:
    """Infer tick and lot from the decimals that the candles use; zeros that only pad a number do not count.

    The tick is the power of ten that every price is a multiple of, not finer than 1e-8, but at most a ten-thousandth
    of the smallest price; the lot likewise from the volumes that are not 0. The rules hold from the last candle's
    close.
    """
    places = max(decimals(price) for price in candles[1:5])
    smallest = float(candles.low.min())
    while 10.0**-places * _TICKS_PER_PRICE > smallest * TOLERANCE:
        places += 1
    traded = candles.volume[candles.volume > 0]
    lot_places = decimals(traded) if len(traded) else MOST_DECIMALS
    return Instrument(
        symbol=symbol,
        tick_size=Decimal(1).scaleb(-places),
        lot_size=Decimal(1).scaleb(-lot_places),
        as_of_ms=int(candles.open_time_ms[-1]) + length_ms,
        source=INFERRED,
    )


def decimals(values: Float64Array) -> int:
    """Return how many decimals the shortest text of any value needs, at most 8.

    Examples
    --------
    >>> decimals(np.array([1.0, 2.50, 0.125]))
    3
    """
    rest = values
    for places in range(MOST_DECIMALS):
        # For a decimal of up to 15 digits, scaling, rounding and dividing give back the very float it was read as.
        scale = 10.0**places
        rest = rest[np.rint(rest * scale) / scale != rest]
        if not len(rest):
            return places
    return MOST_DECIMALS


def _checked(
    path: Path, exchange: str, symbol: str | None, timeframe: str | None, off_grid: OffGrid, now_ms: int | None
) -> _Checked:
    _require_file(path)
    series = series_of(path, exchange, symbol, timeframe)
    # Funding rates come at no fixed step; the hour only helps to recognise the unit of their times.
    step_ms = HOUR_MS if series.kind == "funding" else series.length_ms
    file = read_series_file(path, step_ms, _LAYOUTS[series.kind])
    accepted, report = _judged(series, file, off_grid, now_ms)
    if not accepted.rows:
        reasons = ", ".join(f"{reason} {count}" for reason, count in report.refused.items())
        raise ConfigurationError(f"{path}: none of its {report.rows} rows can be taken as {series} ({reasons})")
    return _Checked(series, file, accepted, report)


def _require_file(path: Path) -> None:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigurationError(f"{path}: there is no such file") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror or error})") from error


def _judged(
    series: Series, file: SeriesFile, off_grid: OffGrid, now_ms: int | None
) -> tuple[SeriesColumns, QualityReport]:
    if series.kind == "funding":
        return check_rows(FundingColumns(file.times, *file.values), series.length_ms, now_ms=now_ms)
    if series.kind == "open-interest":
        return check_rows(OpenInterestColumns(file.times, *file.values), series.length_ms, now_ms=now_ms)
    check = check_marks if series.kind == "mark" else check_candles
    return check(CandleColumns(file.times, *file.values), series.length_ms, off_grid=off_grid, now_ms=now_ms)


def _stored(store: CandleStore, checked: _Checked) -> Imported:
    series, file, accepted, report = checked
    source = f"import of {'/'.join(file.path.absolute().parts[-2:])}"
    result = store.write(*series, accepted, source=source)
    times = accepted[0]
    first_ms, last_ms = slots(times[[0, -1]], series.length_ms).tolist()
    store.add_coverage(*series, first_ms, last_ms + series.length_ms)
    intervals = intervals_text(times) if series.kind == "funding" else ""
    instrument = _inferred(store, series, accepted) if isinstance(accepted, CandleColumns) else None
    return Imported(series, file, report, holes_of(series, times), result, instrument, intervals)


def _inferred(store: CandleStore, series: Series, candles: CandleColumns) -> Instrument | None:
    """Infer and store a symbol's rules from its traded prices, unless a market list has them."""
    instruments = InstrumentStore(store.root)
    listed = instruments.latest(series.exchange).get(series.symbol)
    if series.kind != "candles" or (listed is not None and listed.source not in (INFERRED, DEFAULT_SOURCE)):
        return None
    instrument = infer_instrument(series.symbol, candles, series.length_ms)
    instruments.save(series.exchange, {series.symbol: instrument}, instrument.as_of_ms or 0)
    return instrument


def describe(imported: Imported) -> list[str]:
    """Return what became of one file as lines of text."""
    series, file, report, holes, result, instrument, intervals = imported
    missing = f"{len(holes):,} holes ({sum(hole.missing for hole in holes):,} {ROWS[series.kind]} missing)"
    taken = f"{series}: {report.accepted:,} of {report.rows:,} rows taken, {report.refused_rows:,} refused, "
    if series.kind in ("candles", "mark"):
        taken += f"{report.snapped:,} snapped, {missing}, {report.outliers:,} outliers flagged"
    else:
        taken += f"{missing}{f', interval {intervals}' if intervals else ''}"
    lines = [taken, f"  from {file.path}: {file.time_format}"]
    if file.cut_times:
        lines.append(f"  {file.cut_times:,} times lost parts of a millisecond")
    if file.ignored_columns:
        lines.append(f"  columns ignored: {', '.join(file.ignored_columns)}")
    lines += describe_findings(report)
    lines.append(f"  stored: {result.added:,} added, {result.known:,} known already, {result.revised:,} revised")
    if result.revised:
        times = ", ".join(format_ms(time_ms) for time_ms in result.revised_ms)
        lines.append(f"  revised: stored with other values before, which stand; first at {times}")
    if instrument is not None:
        lines.append(f"  rules: tick {instrument.tick_size:f}, lot {instrument.lot_size:f} ({instrument.source})")
    return lines


def describe_findings(report: QualityReport) -> list[str]:
    """Return one line for each kind of finding, with its first examples."""
    counts = {f"refused, {REASON_TEXT[reason]}": (reason, count) for reason, count in report.refused.items()}
    counts["snapped to the grid"] = ("snapped", report.snapped)
    counts["flagged as outliers"] = ("outlier", report.outliers)
    lines = []
    for text, (kind, count) in counts.items():
        if count:
            examples = report.examples.get(kind, ())
            shown = "; ".join(
                f"{format_ms(example[1])} {','.join(repr(value) for value in example[2:])}" for example in examples
            )
            lines.append(f"  {text}: {count:,}, first {shown}")
    return lines
