"""What the store keeps of a run, read from its folder."""

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET

from core.errors import HarnessError, StoreError
from core.event_lines import EQUITY_HEADER
from core.exact import received
from metrics.run_metrics import GROUPS, RunMetrics
from runs.documents.manifest import Manifest, SymbolAtStart, read_manifest
from runs.folder.file_names import EQUITY, JOURNAL, MANIFEST, RESULT
from runs.folder.session_lock import is_held
from runs.reading.damaged_files import told_as_damage
from runs.reading.folder_text import table, times_of
from runs.reading.run_folder import StoredRun, measure_run, read_run
from runs.store.store_rows import Kind, MetricPoint, RunRow, Status, TradeRow

_SAME = (
    "symbol", "side", "entry_time_ms", "exit_time_ms", "entry_price", "exit_price", "quantity", "realized_pnl",
    "commission", "slippage", "funding", "ambiguous",
)  # fmt: skip
"""What a trade has by the same name as a round trip."""


class ReadRun(msgspec.Struct, frozen=True):
    """A run as its folder has it: its row, its trades, its account over time."""

    row: RunRow
    trades: list[TradeRow] = []
    points: list[MetricPoint] = []


def read_folder(folder: Path, host: str) -> ReadRun:
    """Return what a folder holds; one that cannot be read is a run that failed, with the reason."""
    goes_on = is_held(folder)
    try:
        with told_as_damage(folder):
            run = read_run(folder)
            found = ReadRun(_row(run, host), list(_trades(run)), list(_points(run)))
    except HarnessError as error:
        return ReadRun(_unfinished(folder, host, str(error).split("\n")[0], goes_on=goes_on))
    if goes_on:
        row = msgspec.structs.replace(found.row, status="RUNNING", duration_ms=None)
        return msgspec.structs.replace(found, row=row)
    return found


def _row(run: StoredRun, host: str) -> RunRow:
    """Return the row of a run that has a result."""
    manifest, config, figures = run.manifest, run.result.config, measure_run(run)
    start_ms, end_ms = run.window
    failed = isinstance(manifest.failure, str)
    headlines: dict[str, Any] = {
        "trades": figures.trade_quality.trades,
        "net_profit": received(figures.performance.net_profit),
        "total_return_pct": figures.performance.total_return_pct,
        "max_drawdown_pct": figures.drawdown.max_drawdown_pct,
        "win_rate": figures.trade_quality.win_rate_pct,
        "profit_factor": figures.trade_quality.profit_factor,
        "sharpe": figures.risk_adjusted.sharpe,
        "sortino": figures.risk_adjusted.sortino,
        "calmar": figures.risk_adjusted.calmar,
    }
    return RunRow(
        **_identity(run.folder, host),
        **_made_of(manifest),
        run_id=run.run_id,
        kind=run.kind,
        status="FAILED" if failed else run.status,
        failure=manifest.failure if isinstance(manifest.failure, str) else None,
        exchange=config.exchange,
        symbols=config.symbols,
        timeframe=config.interval,
        detail_interval=config.detail_interval,
        start_ms=start_ms,
        end_ms=end_ms,
        strategy=config.strategy,
        capital=received(config.starting_balance),
        trades_sha256=run.result.trades_sha256,
        **_times(run.folder),
        **headlines,
        figures=_plain_figures(figures),
        warnings=run.warnings,
    )


def _unfinished(folder: Path, host: str, reason: str, *, goes_on: bool) -> RunRow:
    """Return the row of a run without a result: it goes on, was killed, or is damaged."""
    with contextlib.suppress(HarnessError):
        manifest = read_manifest(folder / MANIFEST)
        killed = manifest.session is not UNSET and not (folder / RESULT).exists()
        status: Status = "RUNNING" if goes_on else "PARTIAL" if killed else "FAILED"
        live = manifest.settings.get("live", {})
        window = None if manifest.window is UNSET else manifest.window
        return RunRow(
            **_identity(folder, host),
            **_made_of(manifest),
            run_id=manifest.session if isinstance(manifest.session, str) else folder.name,
            kind="backtest" if manifest.session is UNSET else "live",
            status=status,
            failure=None if goes_on else reason,
            exchange=live.get("exchange"),
            symbols=list(manifest.symbols),
            timeframe=live.get("timeframe"),
            start_ms=None if window is None else window.start_ms,
            end_ms=None if window is None else window.end_ms,
            strategy=None if manifest.strategy is UNSET else manifest.strategy.name,
            **_times(folder),
        )
    return damaged_row(folder, host, reason, status="RUNNING" if goes_on else "FAILED")


def damaged_row(folder: Path, host: str, reason: str, status: Status = "FAILED") -> RunRow:
    """Return the row of a run of which nothing can be told but where it lies."""
    kind: Kind = "live" if (folder / JOURNAL).exists() else "backtest"
    return RunRow(**_identity(folder, host), run_id=folder.name, kind=kind, status=status, failure=reason)


def _identity(folder: Path, host: str) -> dict[str, Any]:
    """Return where a run lies, and what it is called: a session by its folder, a backtest by the name of its range."""
    above = folder.parent.parent if folder.parent.name == "runs" else folder.parent
    backtest = not (folder / JOURNAL).exists() and above.with_name(f"{above.name}.csv").exists()
    return {"host": host, "folder": str(folder), "name": above.name if backtest else folder.name}


def _made_of(manifest: Manifest[SymbolAtStart]) -> dict[str, Any]:
    """Return what a manifest says of settings, strategy, data and code."""
    hashes = ("settings_sha256", "strategy_sha256", "data_sha256", "code_version", "libraries")
    live = manifest.settings.get("live", {})
    return {
        **{name: value for name in hashes if (value := getattr(manifest, name)) is not UNSET},
        "params": live.get("strategy", {}).get("params"),
        "seeds": dict(_seeds(manifest.settings)) or None,
    }


def _seeds(settings: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Yield the settings that are seeds, by the place where they stand."""
    if isinstance(settings, dict):
        for name, value in settings.items():
            inner = f"{place}.{name}" if place else str(name)
            if str(name).endswith("seed") and value is not None:
                yield inner, value
            else:
                yield from _seeds(value, inner)


def _times(folder: Path) -> dict[str, Any]:
    """Return when a run began and how long it took: the time of its manifest is its beginning, that of its result its
    end."""
    try:
        begun_ns = (folder / MANIFEST).stat().st_mtime_ns
    except OSError:
        return {}
    try:
        taken_ns = (folder / RESULT).stat().st_mtime_ns - begun_ns
    except OSError:
        taken_ns = -1
    return {"started_ms": begun_ns // 1_000_000, "duration_ms": taken_ns // 1_000_000 if taken_ns >= 0 else None}


def _plain_figures(figures: RunMetrics) -> dict[str, Any]:
    """Return the groups of figures and the reasons of those that are undefined; what is split further is in the run."""
    plain = figures.to_dict()
    return {name: plain[name] for name in (*GROUPS, "undefined")}


def _trades(run: StoredRun) -> Iterator[TradeRow]:
    for one in run.round_trips:
        yield TradeRow(**{name: getattr(one, name) for name in _SAME}, reason=one.reason or None, tag=one.tag or None)


def _points(run: StoredRun) -> Iterator[MetricPoint]:
    """Yield the rows of ``equity.csv``, with the draw-down of every step until then."""
    path = run.folder / EQUITY
    rows = list(table(path, EQUITY_HEADER))
    times = times_of(path, [row[0] for row in rows])
    curve = run.curve
    place = np.searchsorted(curve.times_ms, times, side="right") - 1
    if len(times) > 1 and times[-1] == times[-2]:
        place[-2] -= 1  # The last step stands twice: as it was, and after everything was closed.
    below = np.concatenate([[0.0], -np.nan_to_num(curve.underwater())])[np.maximum(place, -1) + 1].tolist()
    try:
        for (_, cash, equity, _, positions), time_ms, drawdown in zip(rows, times.tolist(), below, strict=True):
            yield MetricPoint(time_ms, Decimal(equity), Decimal(cash), drawdown, int(positions))
    except (ArithmeticError, ValueError) as error:
        raise StoreError(f"{path}: {error}", path=path) from None
