"""Import of files into the store: all of them are read and checked before anything is written.

Candles, and what a perpetual contract has beside them: mark candles, funding rates, open interest.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from core.instrument import DEFAULT_SOURCE, Instrument
from core.timeframe import HOUR_MS
from market_data.candle_columns import CandleColumns, slots
from market_data.files.file_layouts import CANDLE_FILE, FUNDING_FILE, MARK_FILE, OPEN_INTEREST_FILE, Layout
from market_data.files.file_names import series_of
from market_data.files.file_table import FileError
from market_data.files.series_files import SeriesFile, read_series_file
from market_data.instruments.inferred_rules import infer_instrument
from market_data.instruments.instrument_store import INFERRED, InstrumentStore
from market_data.quality.candle_quality import Hole, OffGrid, QualityReport, check_candles
from market_data.quality.perpetual_quality import check_marks, check_rows
from market_data.quality.series_steps import holes_of, intervals_text
from market_data.series_columns import FundingColumns, OpenInterestColumns, SeriesColumns
from market_data.series_names import Series, SeriesKind
from market_data.store.candle_store import CandleStore, WriteResult
from market_data.store.store_layout import exchange_folder

_LAYOUTS: dict[SeriesKind, Layout] = {
    "candles": CANDLE_FILE,
    "mark": MARK_FILE,
    "funding": FUNDING_FILE,
    "open-interest": OPEN_INTEREST_FILE,
}


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
        As for ``check_candles``.

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
        raise FileError(path, f"none of its {report.rows} rows can be taken as {series} ({reasons})")
    return _Checked(series, file, accepted, report)


def _require_file(path: Path) -> None:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise FileError(path, "there is no such file") from None
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror or error})") from error


def _judged(
    series: Series, file: SeriesFile, off_grid: OffGrid, now_ms: int | None
) -> tuple[SeriesColumns, QualityReport]:
    if series.kind == "funding":
        return check_rows(FundingColumns(file.times, *file.values), series.length_ms, now_ms=now_ms)
    if series.kind == "open-interest":
        return check_rows(OpenInterestColumns(file.times, *file.values), series.length_ms, now_ms=now_ms)
    check = check_marks if series.kind == "mark" else check_candles
    return check(file.candles, series.length_ms, off_grid=off_grid, now_ms=now_ms)


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
