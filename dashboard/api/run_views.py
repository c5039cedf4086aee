"""Runs as the interface shows them."""

from pathlib import Path
from typing import Any

import numpy as np

from core.errors import StoreError
from core.instants import format_ms
from dashboard.api.backtest_models import CurveColumns, Headlines, Progress, ResultDetail, ResultRow, TradeView
from dashboard.api.pages import exact, iso
from reports.page.decimation import extremes_kept
from runs.reading.run_folder import read_run
from runs.store.run_store import RunStore
from runs.store.store_rows import Job, RunRow, TradeRow

_HASHES = ("settings_sha256", "strategy_sha256", "data_sha256", "trades_sha256", "code_version")


def row_view(run: RunRow) -> ResultRow:
    """Return a run as lists show it."""
    return ResultRow(**_row(run))


def detail_of(store: RunStore, run: RunRow, points: int, trades: tuple[int, int]) -> ResultDetail:
    """Return a run with its figures, at most so many points of its curve, and a page of its trades."""
    page, size = trades
    found = store.trades(run) if size else []
    return ResultDetail(
        **_row(run),
        all_metrics=run.figures,
        equity_curve=_curve(run, points) if points else None,
        trades=[_trade(one) for one in found[(page - 1) * size : page * size]],
        trade_pages=max(1, -(-len(found) // size)) if size else 1,
        warnings=run.warnings or [],
        params=run.params,
        hashes={name: getattr(run, name) for name in _HASHES},
    )


def pending_view(job: Job) -> ResultDetail:
    """Return a backtest that is no run yet, or has become none."""
    asked: dict[str, Any] = job.request or {}
    live = asked.get("overrides", {})
    return ResultDetail(
        id=f"b{job.id}",
        backtest_id=f"b{job.id}",
        name=job.title or job.kind,
        stored_as=None,
        kind="backtest",
        status=job.status,
        exchange=live.get("exchange"),
        symbols=_texts(live.get("symbols")),
        timeframe=live.get("timeframe"),
        strategy=None,
        start=asked.get("start"),
        end=asked.get("end"),
        initial_capital=None,
        created=iso(job.created_ms),
        duration_ms=None,
        tags=[],
        note=None,
        failure=job.failure,
        metrics=Headlines(**dict.fromkeys(Headlines.model_fields, None)),
        progress=progress_of(job),
        request={name: value for name, value in asked.items() if name != "places"},
    )


def progress_of(job: Job) -> Progress:
    """Return how far a job is."""
    percent = None if job.progress is None else round(100.0 * job.progress, 1)
    return Progress(done=job.done, total=job.total, percent=percent, ends=iso(job.eta_ms))


def _row(run: RunRow) -> dict[str, Any]:
    return {
        "id": run.run_id,
        "name": run.given_name or run.name,
        "stored_as": run.name,
        "kind": run.kind,
        "status": run.status,
        "exchange": run.exchange,
        "symbols": run.symbols,
        "timeframe": run.timeframe,
        "strategy": run.strategy,
        "start": iso(run.start_ms),
        "end": iso(run.end_ms),
        "initial_capital": exact(run.capital),
        "created": iso(run.started_ms),
        "duration_ms": run.duration_ms,
        "tags": run.tags,
        "note": run.note,
        "failure": run.failure,
        "metrics": Headlines(
            total_trades=run.trades,
            win_rate=run.win_rate,
            roi=run.total_return_pct,
            total_profit_loss=exact(run.net_profit),
            max_drawdown_percentage=run.max_drawdown_pct,
            sharpe_ratio=run.sharpe,
            sortino_ratio=run.sortino,
            calmar_ratio=run.calmar,
            profit_factor=run.profit_factor,
        ),
    }


def _curve(run: RunRow, points: int) -> CurveColumns | None:
    """Return the curve of a run whose folder is there; None for another."""
    if not Path(run.folder).is_dir():
        return None
    try:
        curve = read_run(run.folder).curve
    except StoreError:
        return None
    fall = 100.0 * curve.underwater()
    kept = extremes_kept([curve.equity, fall], points) if len(curve.equity) else np.empty(0, np.int64)
    return CurveColumns(
        time=[format_ms(one) for one in curve.times_ms[kept].tolist()],
        equity=curve.equity[kept].tolist(),
        drawdown_percentage=fall[kept].tolist(),
        points=len(curve.times_ms),
    )


def _trade(one: TradeRow) -> TradeView:
    return TradeView(
        symbol=one.symbol,
        side=one.side,
        entry_time=format_ms(one.entry_time_ms),
        exit_time=format_ms(one.exit_time_ms),
        entry_price=f"{one.entry_price:f}",
        exit_price=f"{one.exit_price:f}",
        quantity=f"{one.quantity:f}",
        profit_loss=f"{one.realized_pnl:f}",
        commission=f"{one.commission:f}",
        slippage=f"{one.slippage:f}",
        funding=f"{one.funding:f}",
        reason=one.reason,
        tag=one.tag,
        ambiguous=one.ambiguous,
    )


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
