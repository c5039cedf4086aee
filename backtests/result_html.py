"""A result as a notebook shows it: the dense facts, and a small picture of equity."""

import html

import numpy as np

from core.candle_columns import Float64Array, Int64Array
from runs.documents.run_result import RunResult

_NO_TIMES, _NO_VALUES = np.empty(0, np.int64), np.empty(0, np.float64)
_WIDTH, _HEIGHT, _POINTS = 420.0, 90.0, 210


def result_html(result: RunResult, times_ms: Int64Array = _NO_TIMES, equity: Float64Array = _NO_VALUES) -> str:
    """Return a fragment of HTML; it loads nothing, and has no picture without a curve."""
    config, performance, statistics = result.config, result.performance, result.statistics
    title = f"{config.strategy}, {', '.join(config.symbols)} {config.interval}"
    facts = [
        ("from", config.start_date or "–"),
        ("to", config.end_date or "–"),
        ("return", f"{performance.total_return_pct:+.2f} %"),
        ("equity", f"{performance.equity:,.2f}"),
        ("max. draw-down", f"{performance.max_drawdown_pct:.2f} %"),
        ("trades", f"{performance.total_trades:,} ({performance.win_rate:.1f} % won)"),
        ("profit factor", _number(performance.profit_factor)),
        ("sharpe, sortino", f"{_number(performance.sharpe_ratio)}, {_number(performance.sortino_ratio)}"),
        ("costs", f"{performance.total_costs:,.2f}"),
        ("ambiguous trades", f"{statistics.ambiguous_trades:,}"),
    ]
    rows = "".join(
        f"<tr><th style='text-align:left'>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in facts
    )
    warnings = "".join(f"<li>{html.escape(text)}</li>" for text in result.warnings)
    return (
        f"<div><strong>{html.escape(title)}</strong>{' (partial)' if result.partial else ''}"
        f"{_picture(times_ms, equity)}<table>{rows}</table>{f'<ul>{warnings}</ul>' if warnings else ''}</div>"
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _picture(times_ms: Int64Array, equity: Float64Array) -> str:
    """Return equity as a line; of each stretch its lowest and its highest value are drawn."""
    sound = np.isfinite(equity)
    times, values = times_ms[sound], equity[sound]
    if len(values) < 2:
        return ""
    chosen: list[int] = [0, len(values) - 1]
    for part in np.array_split(np.arange(len(values)), min(_POINTS, len(values))):
        chosen += [int(part[np.argmin(values[part])]), int(part[np.argmax(values[part])])]
    points = np.unique(chosen)
    low, span = float(values.min()), float(np.ptp(values)) or 1.0
    x = (times[points] - times[0]) / max(1, int(times[-1] - times[0])) * _WIDTH
    y = _HEIGHT - (values[points] - low) / span * _HEIGHT
    line = " ".join(f"{one:.1f},{other:.1f}" for one, other in zip(x, y, strict=True))
    return (
        f"<svg viewBox='-2 -2 {_WIDTH + 4:g} {_HEIGHT + 4:g}' width='{_WIDTH:g}' height='{_HEIGHT:g}' "
        f"style='display:block'><polyline fill='none' stroke='#2962ff' stroke-width='1.2' points='{line}'/></svg>"
    )
