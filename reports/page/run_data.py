"""What a page holds of one run, as plain values: its documents, its figures, and columns of what is drawn."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.candle_columns import CandleColumns, Float64Array
from metrics.equity_curve import EquityCurve
from metrics.trade_columns import TradeColumns
from reports.console.result_facts import quote_of
from reports.console.result_warnings import warnings_of
from reports.page.coarse_candles import drawable
from reports.page.decimation import extremes_kept
from reports.page.packed_columns import SIGNIFICANT, Packed, packed_candles, packed_numbers, packed_times, packed_words
from reports.page.protective_levels import protective_levels
from reports.page.rolling_figures import Rolling, rolling_sharpe, rolling_win_rate
from reports.page.trigger_columns import trigger_columns
from runs.reading.held_symbols import held_symbols
from runs.reading.run_folder import StoredRun, length_of, measure_run, trades_with_excursions

CURVE_POINTS = 12_000
COMPARED_POINTS = 4_000
CANDLES_OF_A_PAGE, LEAST_CANDLES = 36_000, 1_000
LEVELS = 40_000
_PLACES = ("log_file", "output_dir")
FEW_TRADES = 30
"""Below so many trades the figures of trades say little."""


def run_data(run: StoredRun, candles: Mapping[str, CandleColumns]) -> dict[str, Any]:
    """Return everything that the page of a run shows; every number is finite or None."""
    trades, triggers = trades_with_excursions(run, candles), trigger_columns(run)
    return {
        **_head(run, candles),
        "curve": _curve(run, candles, CURVE_POINTS),
        "days": _days(run.curve),
        "rolling_sharpe": _rolling(rolling_sharpe(run.curve, run.metric_settings)),
        "rolling_win_rate": _rolling(rolling_win_rate(trades)),
        "trades": _trades(trades),
        **({} if triggers is None else {"triggers": triggers}),
        "levels": _levels(run) if candles else None,
        "candles": _candles(candles, length_of(run, candles)),
    }


def compared_data(run: StoredRun, candles: Mapping[str, CandleColumns]) -> dict[str, Any]:
    """Return what a page that compares runs shows of one."""
    return {**_head(run, candles), "curve": _curve(run, candles, COMPARED_POINTS)}


def _head(run: StoredRun, candles: Mapping[str, CandleColumns]) -> dict[str, Any]:
    """Return the documents and figures of a run."""
    metrics, config = measure_run(run, candles), run.result.config
    return {
        "id": run.run_id,
        "name": f"{config.strategy} on {config.exchange}, {run.run_id}",
        "kind": run.kind,
        "status": run.status,
        "quote": quote_of(run.result),
        "start_ms": run.window[0],
        "end_ms": run.window[1],
        # A page is made to be sent: where its files lie on this machine is nobody's business.
        "result": {name: value for name, value in run.result.to_dict().items() if name not in _PLACES},
        "metrics": metrics.to_dict(),
        "sampling": metrics.risk_adjusted.sampling.text(),
        "settings": dict(run.manifest.settings),
        "warnings": warnings_of_run(run, candles),
    }


def warnings_of_run(run: StoredRun, candles: Mapping[str, CandleColumns]) -> list[str]:
    """Return what a reader of a run must know before believing it: its own warnings, and how little it may say."""
    return [*warnings_of(run.result), *_doubts(run, candles)]


def _doubts(run: StoredRun, candles: Mapping[str, CandleColumns]) -> list[str]:
    """Return why figures of a run may say less than they seem to."""
    doubts, statistics, count = [], run.result.statistics, run.result.performance.total_trades
    if statistics.ambiguous_trades:
        bound = f"{statistics.ambiguous_bound:,.2f} {quote_of(run.result)}".strip()
        doubts.append(
            f"{statistics.ambiguous_trades:,} of {count:,} trades are ambiguous: a candle held both their target and "
            f"their stop, and the stop was taken; with the targets first the result would be up to {bound} higher"
        )
    if run.curve.days < 30:
        doubts.append(f"the run covers {run.curve.days:.3g} days; annualised figures need 30 and are left undefined")
    if count < FEW_TRADES:
        doubts.append(f"{count} closed trade{'' if count == 1 else 's'}: below {FEW_TRADES} averages are mostly chance")
    lacking = [symbol for symbol in run.symbols if symbol not in candles]
    if lacking:
        doubts.append(f"the candles of {', '.join(lacking)} are not at hand: no price chart, MAE and MFE of them")
    if run.curve.sparse:
        doubts.append("equity is known where the account changed and at the end of days: extremes between are not seen")
    return doubts


def _curve(run: StoredRun, candles: Mapping[str, CandleColumns], most: int) -> Packed:
    """Return the account over time, decimated with its extremes kept."""
    curve = run.curve
    # Charts have one value a second; of several the last is how the account stood.
    seconds = curve.times_ms // 1_000
    whole = np.flatnonzero(np.append(seconds[1:] > seconds[:-1], True)[: len(seconds)])
    equity, underwater = curve.equity[whole], 100.0 * curve.underwater()[whole]
    long_pct, short_pct = (column[whole] for column in _open_shares(run))
    held = _held(run, candles)
    kept = extremes_kept([equity, underwater, long_pct + short_pct], most)
    packed: Packed = {
        "time_ms": packed_times(curve.times_ms[whole][kept]),
        "equity": packed_numbers(equity[kept], 9),
        "underwater_pct": packed_numbers(underwater[kept], 6),
        "long_pct": packed_numbers(long_pct[kept], 6),
        "short_pct": packed_numbers(short_pct[kept], 6),
        "points": len(curve.times_ms),
        "starting_balance": curve.starting_balance,
    }
    if held is not None:
        as_invested = held.equity[whole][kept] * (curve.starting_balance / held.starting_balance)
        packed["held"] = packed_numbers(as_invested, 8)
    return packed


def _held(run: StoredRun, candles: Mapping[str, CandleColumns]) -> EquityCurve | None:
    """Return what holding the symbols was worth; None where the candles of one that was fed are not at hand."""
    fed = [symbol for symbol, one in run.result.symbols.items() if one.candles]
    if not all(symbol in candles for symbol in fed):
        return None
    return held_symbols(run.curve, [candles[symbol] for symbol in fed], length_of(run, candles))


def _open_shares(run: StoredRun) -> tuple[Float64Array, Float64Array]:
    """Return what long and short positions have cost at each point of the curve, in per cent of equity."""
    path = run.exposure.at(len(run.curve.times_ms))
    equity = np.where(run.curve.equity > 0.0, run.curve.equity, np.nan)
    return 100.0 * path.long_cost / equity, 100.0 * path.short_cost / equity


def _days(curve: EquityCurve) -> Packed | None:
    """Return the return of each UTC day, in per cent; None where equity was not above 0."""
    daily = curve.daily()
    if not daily.sound:
        return None
    return {"first_day": daily.first_day, "return_pct": packed_numbers(100.0 * daily.returns(), 6)}


def _rolling(one: Rolling) -> Packed:
    kept = extremes_kept([one.values], COMPARED_POINTS) if len(one.values) else np.empty(0, np.int64)
    return {
        "window": one.window,
        "time_ms": packed_times(one.times_ms[kept]),
        "value": packed_numbers(one.values[kept], 6),
    }


def _trades(trades: TradeColumns) -> Packed:
    """Return every closed position; a fill inside a candle bears the time of the candle's end."""
    return {
        "rows": trades.rows,
        **{name: packed_words(getattr(trades, name)) for name in ("symbol", "side", "reason", "tag")},
        "entry_ms": packed_times(trades.entry_time_ms),
        "exit_ms": packed_times(trades.exit_time_ms),
        "entry_inside": packed_numbers((trades.entry_time_ms == trades.entry_seen_ms).astype(np.float64)),
        "exit_inside": packed_numbers((trades.exit_time_ms == trades.exit_seen_ms).astype(np.float64)),
        "ambiguous": packed_numbers(trades.ambiguous.astype(np.float64)),
        **{name: packed_numbers(getattr(trades, name)) for name in _EXACT},
        **{name: packed_numbers(getattr(trades, name), SIGNIFICANT) for name in ("risk", "bound", "mae", "mfe")},
    }


_EXACT = (
    "entry_price", "exit_price", "quantity", "realized_pnl", "commission", "slippage", "spread", "funding",
)  # fmt: skip


def _levels(run: StoredRun) -> Packed:
    levels = protective_levels(run, LEVELS)
    return {
        "symbol": packed_words(levels.symbol),
        "time_ms": packed_times(levels.time_ms),
        "price": packed_numbers(levels.price),
        "target": packed_numbers(np.array(levels.target, np.float64)),
    }


def _candles(candles: Mapping[str, CandleColumns], length_ms: int) -> dict[str, Packed]:
    """Return the candles of each symbol, joined where there are more than a page should hold."""
    most = max(LEAST_CANDLES, CANDLES_OF_A_PAGE // max(1, len(candles)))
    packed = {}
    for symbol, columns in candles.items():
        drawn, drawn_ms = drawable(columns, length_ms, most)
        packed[symbol] = {**packed_candles(drawn), "length_ms": drawn_ms, "own_length_ms": length_ms}
    return packed
