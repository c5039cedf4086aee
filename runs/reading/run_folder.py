"""A run read back from its folder: a backtest's or a live session's."""

import functools
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from core.candle_columns import CandleColumns, Int64Array
from core.errors import ConfigurationError, StoreError
from core.exact import EXACT, plain, received
from core.instants import parse_instant
from core.timeframe import timeframe_ms
from metrics.equity_curve import EquityCurve
from metrics.exposure_path import ExposurePath
from metrics.figures.excursions import with_excursions
from metrics.metric_settings import MetricSettings
from metrics.run_measurement import measure
from metrics.run_metrics import RunMetrics
from metrics.trade_columns import TradeColumns
from runs.documents.manifest import Manifest, SymbolAtStart, read_manifest
from runs.documents.run_result import RunResult
from runs.folder.file_names import EQUITY, MANIFEST, ORDERS, RESULT, RUNS, STEPS, TRADES
from runs.reading.ambiguous_bounds import ambiguous_bounds
from runs.reading.folder_text import read_bytes
from runs.reading.held_symbols import held_symbols
from runs.reading.log_rows import LogRow, read_log
from runs.reading.marked_value import marked_value
from runs.reading.round_trips import RoundTrip, exposure_path, round_trips, trade_columns
from runs.reading.row_points import points_of
from runs.reading.stored_curve import AccountRows, read_account_rows, read_curve
from runs.reading.units_curve import in_units

Status = Literal["COMPLETED", "PARTIAL"]
_HALF = Decimal("0.5")


class StoredRun:
    """A run as its folder has it; what is large is read when it is asked for.

    ``folder`` is that of the run, ``kind`` says what made it, ``log_file`` is its trade log. Reading raises StoreError
    where a file is missing or damaged.
    """

    def __init__(self, folder: Path, log_file: Path, manifest: Manifest[SymbolAtStart], result: RunResult) -> None:
        self.folder = folder
        self.log_file = log_file
        self.manifest = manifest
        self.result = result

    @property
    def kind(self) -> Literal["backtest", "live"]:
        """What made the run."""
        return "backtest" if self.manifest.session is UNSET else "live"

    @property
    def run_id(self) -> str:
        """The id of a backtest; the name of a session."""
        if isinstance(self.result.run_id, str):
            return self.result.run_id
        return self.manifest.session if isinstance(self.manifest.session, str) else self.folder.name

    @property
    def status(self) -> Status:
        """Whether the run came to its end."""
        return "PARTIAL" if self.result.partial else "COMPLETED"

    @property
    def warnings(self) -> list[str]:
        """What a reader of the run must know."""
        if self.kind == "live" or (self.folder / STEPS).is_file():
            return self.result.warnings
        # Of an earlier version, or no longer whole: nothing in the folder tells which.
        lacking = f"{STEPS} is not there: drawdown and daily figures are of the rows of {EQUITY}, not of every step"
        return [*self.result.warnings, lacking]

    @property
    def symbols(self) -> list[str]:
        """The traded symbols as configured, in order."""
        return self.result.config.symbols

    @property
    def window(self) -> tuple[int, int]:
        """Where the run began, and where it ended or was cut short, in UTC milliseconds."""
        window, config = self.manifest.window, self.result.config
        start_ms = None if window is UNSET else window.start_ms
        end_ms = None if window is UNSET else window.end_ms
        if self.result.partial or end_ms is None:
            end_ms = None if config.ran_to is None else parse_instant(config.ran_to)
        start_ms = (end_ms or 0) if start_ms is None else start_ms
        return start_ms, max(start_ms, start_ms if end_ms is None else end_ms)

    @functools.cached_property
    def rows(self) -> list[LogRow]:
        """The rows of the trade log."""
        return read_log(self.log_file)

    @functools.cached_property
    def round_trips(self) -> list[RoundTrip]:
        """The positions that were closed entirely, exact, in order of their exits."""
        bounds = ambiguous_bounds(self.rows, self.folder / ORDERS, self._execution)
        return round_trips(self.rows, self._half_spreads(), bounds)

    @functools.cached_property
    def curve(self) -> EquityCurve:
        """The account over time, as it were had no cash come from other accounts or gone to them."""
        backtest = self.kind == "backtest"
        balance = self.result.config.starting_balance
        curve = read_curve(self.folder, self._account_rows, balance, self.window, backtest=backtest)
        told = self.result.transfers
        return curve if told is UNSET else in_units(curve, told)

    @functools.cached_property
    def trades(self) -> TradeColumns:
        """The positions that were closed entirely, as columns, without excursions."""
        times = self.curve.times_ms
        return trade_columns(self.round_trips, times[self.points] if len(times) else self.points)

    @functools.cached_property
    def exposure(self) -> ExposurePath:
        """What was open at every moment."""
        contracts = {symbol: one.perpetual for symbol, one in self.result.symbols.items()}
        leverage = {symbol: terms.leverage for symbol, terms in contracts.items() if terms is not UNSET}
        return exposure_path(self.rows, self.points, leverage)

    @functools.cached_property
    def _account_rows(self) -> AccountRows:
        return read_account_rows(self.folder)

    @functools.cached_property
    def points(self) -> Int64Array:
        """By row of the trade log, the first point of the curve that shows it."""
        config = self.result.config
        at_close = config.entry_order == "market" and config.entry_fill == "close"
        start = plain(received(config.starting_balance))
        return points_of(self.rows, self.curve.times_ms, self._account_rows, start, at_close=at_close)

    @property
    def metric_settings(self) -> MetricSettings:
        """The conventions of figures that the run's configuration names."""
        return msgspec.convert(self.manifest.settings.get("live", {}).get("metrics", {}), MetricSettings)

    @property
    def _execution(self) -> dict[str, Any]:
        section: dict[str, Any] = self.manifest.settings.get("live", {}).get("execution", {})
        return section

    def _half_spreads(self) -> dict[str, Decimal]:
        """Return the half spread by symbol where it was always the same."""
        spread = self._execution.get("spread", {})
        if spread.get("model") != "fixed":
            return {}
        return dict.fromkeys(self.symbols, EXACT.multiply(received(spread["fraction"]), _HALF))


_decode = msgspec.json.Decoder(RunResult).decode
_decode_any = msgspec.json.Decoder(dict[str, Any]).decode
_known = msgspec.json.Decoder(MetricSettings)
"""They are made before there are threads: docs/developing.md says why."""


def read_run(path: str | Path) -> StoredRun:
    """Return the run of a folder, or of a trade log beside which its folder lies.

    Parameters
    ----------
    path
        The folder of a run (its own, or the one that names the latest of a range), of a live session, or a file in
        one, or a trade log.

    Raises
    ------
    StoreError
        If there is no run, or a document of it is missing or damaged; says what is wrong and what to do.
    """
    folder, log_file = _places(Path(path))
    ended = (folder / RESULT).is_file()
    if not ended and not (folder / MANIFEST).is_file():
        wrong = f"{folder}: is no folder of a run: it has neither {MANIFEST} nor {RESULT}"
        raise StoreError(wrong, path=folder)
    try:
        manifest = read_manifest(folder / MANIFEST)
    except ConfigurationError as error:
        raise StoreError(str(error), path=folder / MANIFEST) from error
    if not ended:
        # A backtest's files get their names together, when it is done.
        backtest = manifest.session is UNSET
        wrong = "the run is damaged; run" if backtest else "the run goes on, or was killed; resume it, or run"
        raise StoreError(f"{folder}: has no {RESULT}: {wrong} it again", path=folder)
    try:
        result = _decode(read_bytes(folder / RESULT))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"{folder / RESULT}: is no result of a run: {error}", path=folder / RESULT) from error
    return StoredRun(folder, log_file, manifest, result)


def _places(path: Path) -> tuple[Path, Path]:
    """Return the folder of a run and its trade log."""
    if path.suffix == ".csv" and path.name != TRADES and path.with_suffix("").is_dir():
        path = path.with_suffix("")
    elif path.is_file():
        path = path.parent
    if not path.is_dir():
        raise StoreError(f"{path}: there is no such folder", path=path)
    if path.is_symlink():
        path = path.parent / path.readlink()
    inside, beside = path / TRADES, path.parent / f"{path.name}.csv"
    if not inside.is_file() and beside.is_file():
        own = own_folder(path)
        return (own, own / TRADES) if own is not None else (path, beside)
    return path, inside


def own_folder(stem: Path) -> Path | None:
    """Return the folder of the run that a stem names, which no later run changes; None where it was removed."""
    try:
        run = _decode_any(read_bytes(stem / RESULT))["run_id"]
    except (StoreError, msgspec.MsgspecError, KeyError):
        return None
    places = (stem / str(run), stem / RUNS / str(run))
    return next((one for one in places if (one / TRADES).is_file() and (one / RESULT).is_file()), None)


def measure_run(
    run: StoredRun, candles: Mapping[str, CandleColumns] | None = None, settings: MetricSettings | None = None
) -> RunMetrics:
    """Return the figures of a stored run.

    Parameters
    ----------
    run
        As :func:`read_run` has it.
    candles
        The window's candles of the traded symbols by symbol as configured, of the run's interval or its detail
        interval; without them excursions are undefined, and without those of every symbol the benchmark is.
    settings
        Conventions; None are those of the run's own configuration.
    """
    found = candles or {}
    fed = [symbol for symbol, one in run.result.symbols.items() if one.candles]
    whole = all(symbol in found for symbol in fed)
    held = held_symbols(run.curve, [found[symbol] for symbol in fed], length_of(run, found)) if whole else None
    return measure(
        trades_with_excursions(run, found),
        run.curve,
        held,
        exposure_at_marks(run, found) if whole else run.exposure,
        run.metric_settings if settings is None else settings,
    )


def trades_with_excursions(run: StoredRun, candles: Mapping[str, CandleColumns]) -> TradeColumns:
    """Return a run's trades with MAE and MFE, of the symbols whose candles are given."""
    trades = run.trades
    length_ms = length_of(run, candles)
    for symbol, columns in candles.items():
        trades = with_excursions(trades, symbol, columns, length_ms)
    return trades


def exposure_at_marks(run: StoredRun, candles: Mapping[str, CandleColumns]) -> ExposurePath:
    """Return what was open at every moment, valued at the closes of the candles of every traded symbol."""
    marked = marked_value(run.rows, run.points, run.curve.times_ms, candles, length_of(run, candles))
    return msgspec.structs.replace(run.exposure, marked=marked)


def length_of(run: StoredRun, candles: Mapping[str, CandleColumns]) -> int:
    """Return the length of the candles given: that of the detail interval where they are so fine, else of the run's."""
    config = run.result.config
    lengths = [timeframe_ms(one) for one in (config.detail_interval, config.interval) if one is not None]
    apart = [least_apart(one.open_time_ms) for one in candles.values() if one.rows > 1]
    return min(lengths) if apart and min(apart) < max(lengths) else max(lengths)


def least_apart(opens_ms: Int64Array) -> int:
    """Return the least time between two opens."""
    return int((opens_ms[1:] - opens_ms[:-1]).min())
