"""Import of files into the store: all of them are read and checked before anything is written.

Candles, and what a perpetual contract has beside them: mark candles, funding rates, open interest.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from core.candle_columns import CandleColumns, slots
from core.errors import ConfigurationError
from core.instrument import Instrument
from market_data.files.file_formats import HowToRead
from market_data.files.file_layouts import CANDLE_FILE, FUNDING_FILE, MARK_FILE, OPEN_INTEREST_FILE, Layout
from market_data.files.file_names import series_of
from market_data.files.file_table import FileError
from market_data.files.series_files import SeriesFile, read_series_file
from market_data.files.whole_file import WholeFile, in_order_of_time, require_spacing
from market_data.instruments.inferred_rules import infer_instrument
from market_data.instruments.instrument_store import InstrumentStore
from market_data.quality.candle_quality import Hole, Mask, OffGrid, QualityReport, check_candles
from market_data.quality.perpetual_quality import check_marks, check_rows
from market_data.quality.series_steps import holes_of, intervals_text
from market_data.quality.sound_candle import FIRST_TRADE_MS
from market_data.series_columns import FundingColumns, OpenInterestColumns, SeriesColumns
from market_data.series_names import Series, SeriesKind
from market_data.store.candle_merge import joined
from market_data.store.candle_store import CandleStore
from market_data.store.coverage import IMPORTED
from market_data.store.rows_change import Rewriting, WriteResult
from market_data.store.store_layout import LAST_TIME_MS, exchange_folder

MOST_LOST = 0.05
"""The share of a file's rows that an import may refuse before it is an error."""

_LAYOUTS: dict[SeriesKind, Layout] = {
    "candles": CANDLE_FILE,
    "mark": MARK_FILE,
    "funding": FUNDING_FILE,
    "open-interest": OPEN_INTEREST_FILE,
}


class ImportWishes(NamedTuple):
    """What a user says of files beyond their names.

    ``flag`` is the form that they have (``file_formats``), empty where it is to be recognised. ``no_volume`` takes
    candles without volumes, ``utc_offset_ms`` is how far their times are ahead of UTC, ``allow_partial`` takes what
    there is of a file that loses many rows, ``replace`` lets their rows take the place of stored ones, ``infer_rules``
    infers tick and lot anew from the stored candles.
    """

    flag: str = ""
    no_volume: bool = False
    utc_offset_ms: int = 0
    allow_partial: bool = False
    replace: bool = False
    infer_rules: bool = False


class RulesFound(NamedTuple):
    """The rules that candles show, and those that were there before, None if there were none.

    ``kept`` says whether the latter stand.
    """

    found: Instrument
    before: Instrument | None
    kept: bool

    @property
    def instrument(self) -> Instrument:
        """The rules that hold now."""
        return self.before if self.kept and self.before is not None else self.found


class Imported(NamedTuple):
    """What became of one file.

    ``file`` is without its rows. ``holes`` are those between the rows taken from this file, ``intervals`` the funding
    intervals in it as text. ``rules`` stands at the last file of each symbol's candles.
    """

    series: Series
    file: SeriesFile
    report: QualityReport
    holes: list[Hole]
    result: WriteResult
    rules: RulesFound | None = None
    intervals: str = ""


class _Checked(NamedTuple):
    series: Series
    file: SeriesFile
    accepted: SeriesColumns
    report: QualityReport


class _Request(NamedTuple):
    exchange: str
    symbol: str | None
    timeframe: str | None
    off_grid: OffGrid | None
    now_ms: int | None
    wishes: ImportWishes


def import_files(
    store: CandleStore,
    files: Sequence[Path],
    *,
    exchange: str,
    symbol: str | None = None,
    timeframe: str | None = None,
    off_grid: OffGrid | None = None,
    now_ms: int | None = None,
    wishes: ImportWishes | None = None,
) -> list[Imported]:
    """Import files, in the order given.

    Each file is first judged as a whole: its times must lie between 2009 and tomorrow, the timeframe apart and not off
    its grid by a constant offset; one that comes the newest first is turned round; one of which too many rows would be
    refused is an error. A file's range from its first to its last taken row counts as answered by it, holes included.

    For a symbol without rules, tick and lot are inferred from the decimals of its candles of the shortest timeframe.

    Parameters
    ----------
    symbol, timeframe
        Unified symbol, and timeframe or name of the series, of the files; None reads them from each path, such as
        ``…/BTC-USDT/1m.csv.gz``, ``mark-8h.csv.gz``, ``funding.csv.gz`` or ``open-interest-1h.csv``.
    off_grid
        As for ``quality.check_candles``. None floors opens that are off the grid now and then, ``snap`` also those of a
        file that is off it throughout, by what is no time zone.
    now_ms
        The present, in UTC milliseconds; rows that are later are refused.

    Raises
    ------
    ConfigurationError
        If a file is of no known kind, is malformed, or loses too many rows; then nothing was written.
    StoreError
        If the store cannot be written; files before the one that failed are stored.
    """
    exchange_folder(exchange)
    request = _Request(exchange, symbol, timeframe, off_grid, now_ms, wishes or ImportWishes())
    if request.wishes.replace and now_ms is None:
        raise ConfigurationError("candles can only be replaced at a known time")
    checked = [_checked(Path(file), request) for file in files]
    imported = [_stored(store, one, request) for one in checked]
    for place, rules in _rules(store, checked, request).items():
        imported[place] = imported[place]._replace(rules=rules)
    return imported


def most_rows(step_ms: int, now_ms: int | None) -> int:
    """Return how many rows a file may have: somewhat more than there are steps since anything is traded."""
    most = HowToRead().most_rows
    return most if now_ms is None else min(most, max(0, now_ms - FIRST_TRADE_MS) // step_ms * 21 // 20 + 1_000)


def _checked(path: Path, request: _Request) -> _Checked:
    _require_file(path)
    series = series_of(path, request.exchange, request.symbol, request.timeframe)
    wishes = request.wishes
    how = HowToRead(series.symbol, wishes.flag, wishes.no_volume, most_rows(series.length_ms, request.now_ms))
    file = read_series_file(path, _LAYOUTS[series.kind], how)
    if wishes.utc_offset_ms:
        if file.zoned:
            raise FileError(path, "its times say themselves how far they are from UTC; leave --utc-offset out")
        file = file._replace(times=np.where(file.times < 0, file.times, file.times - wishes.utc_offset_ms))
    whole = in_order_of_time(file)
    require_spacing(whole.file, series, snap_offset=request.off_grid == "snap")
    accepted, report = _judged(series, whole.file, request)
    _require_most(path, series, report, allow_partial=wishes.allow_partial)
    return _Checked(series, whole.file.without_rows(), accepted, _numbered(report, whole))


def _require_file(path: Path) -> None:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise FileError(path, "there is no such file") from None
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror or error})") from error


def _judged(series: Series, file: SeriesFile, request: _Request) -> tuple[SeriesColumns, QualityReport]:
    refused: dict[str, Mask] = {"bad_time": file.times < FIRST_TRADE_MS}
    if file.confirmed is not None:
        refused["unclosed"] = ~file.confirmed
    now_ms = request.now_ms
    if series.kind == "funding":
        return check_rows(FundingColumns(file.times, *file.values), series.length_ms, now_ms=now_ms, refused=refused)
    if series.kind == "open-interest":
        rows = OpenInterestColumns(file.times, *file.values)
        return check_rows(rows, series.length_ms, now_ms=now_ms, refused=refused)
    check = check_marks if series.kind == "mark" else check_candles
    off_grid = request.off_grid or "snap"
    return check(file.candles, series.length_ms, off_grid=off_grid, now_ms=now_ms, refused=refused)


def _require_most(path: Path, series: Series, report: QualityReport, *, allow_partial: bool) -> None:
    """Refuse a file of which too few rows can be taken; one row that was not closed yet is no loss."""
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in report.refused.items())
    if not report.accepted:
        raise FileError(path, f"none of its {report.rows:,} rows can be taken as {series} ({reasons})")
    lost = report.refused_rows - min(1, report.refused.get("unclosed", 0))
    if lost > MOST_LOST * report.rows and not allow_partial:
        raise FileError(
            path, f"only {report.accepted:,} of its {report.rows:,} rows can be taken as {series} ({reasons}); nothing "
            "is stored. --allow-partial takes what there is"
        )  # fmt: skip


def _numbered(report: QualityReport, whole: WholeFile) -> QualityReport:
    """Return the report with the rows of its examples as they are counted in the file, from 1."""
    examples = {
        kind: tuple(one._replace(row=whole.row_of(one.row)) for one in found) for kind, found in report.examples.items()
    }
    return msgspec.structs.replace(report, examples=examples)


def _stored(store: CandleStore, checked: _Checked, request: _Request) -> Imported:
    series, file, accepted, report = checked
    source = f"{IMPORTED}{'/'.join(file.path.absolute().parts[-2:])}"
    rewriting = None
    if request.now_ms is not None:
        rewriting = Rewriting(request.now_ms, replace=request.wishes.replace, complete=series.kind == "candles")
    result = store.write(*series, accepted, source=source, rewriting=rewriting)
    times = accepted[0]
    first_ms, last_ms = slots(times[[0, -1]], series.length_ms).tolist()
    store.add_coverage(*series, first_ms, last_ms + series.length_ms, source)
    intervals = intervals_text(times) if series.kind == "funding" else ""
    return Imported(series, file, report, holes_of(series, times), result, None, intervals)


def _rules(store: CandleStore, checked: Sequence[_Checked], request: _Request) -> dict[int, RulesFound]:
    """Infer and store the rules of each symbol whose candles were imported, by the place of its last file."""
    places: dict[str, list[int]] = {}
    for place, one in enumerate(checked):
        if one.series.kind == "candles":
            places.setdefault(one.series.symbol, []).append(place)
    found = {}
    for symbol, files in places.items():
        series = min((checked[place].series for place in files), key=lambda one: one.length_ms)
        if request.wishes.infer_rules:
            candles = store.read(*series, 0, LAST_TIME_MS)
        else:
            parts = [one.accepted for one in (checked[place] for place in files) if one.series == series]
            candles = joined(sorted((one for one in parts if isinstance(one, CandleColumns)), key=_last_open))
        if not all(checked[place].file.traded_volume for place in files):
            candles = candles._replace(volume=np.zeros(candles.rows))
        rules = infer_instrument(symbol, candles, series.length_ms)
        anew = request.wishes.infer_rules
        before = InstrumentStore(store.root).save_inferred(request.exchange, rules, anew=anew)
        kept = before is not None and not (anew and before.source == rules.source)
        found[files[-1]] = RulesFound(rules, before, kept)
    return found


def _last_open(candles: CandleColumns) -> int:
    return int(candles.open_time_ms[-1])
