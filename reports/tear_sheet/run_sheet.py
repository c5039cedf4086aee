"""The tear sheet of one run."""

import textwrap
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from core.candle_columns import CandleColumns
from core.instants import format_ms
from metrics.run_metrics import RunMetrics
from metrics.trade_columns import TradeColumns
from reports.console.number_text import amount, count, one_line, per_cent
from reports.console.result_facts import quote_of
from reports.page.rolling_figures import rolling_sharpe, rolling_win_rate
from reports.page.run_data import warnings_of_run
from reports.tear_sheet.panels import (
    ACCENT,
    GAIN,
    LOSS,
    MUTED,
    SECOND,
    amounts,
    blank,
    excursions,
    monthly,
    over_time,
    plain_text,
    results,
    titled,
)
from runs.reading.run_folder import StoredRun, measure_run, trades_with_excursions

_SHOWN_WARNINGS = 3


def run_sheet(run: StoredRun, candles: Mapping[str, CandleColumns]) -> Figure:
    """Return a run as one figure: its headline, its curves, its months and its trades."""
    figure, metrics = blank(), measure_run(run, candles)
    years = len({one.year for one in metrics.months})
    heights = (0.7, 0.9, 2.8, 1.1, 0.3 + 0.2 * min(years, 8), 2.0, 0.5)
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights)
    _head(figure, grid[0, :], run)
    _tiles(figure, grid[1, :], run, metrics)
    curve, unit = run.curve, quote_of(run.result)
    equity = titled(figure.add_subplot(grid[2, :]), f"Equity {unit}".strip())
    over_time(equity, curve.times_ms, curve.equity, curve.starting_balance, (GAIN, LOSS))
    below = titled(figure.add_subplot(grid[3, :]), "Underwater %")
    over_time(below, curve.times_ms, 100.0 * curve.underwater(), 0.0, (GAIN, LOSS))
    monthly(titled(figure.add_subplot(grid[4, :]), "Returns by month %"), metrics.months)
    trades = trades_with_excursions(run, candles)
    results(titled(figure.add_subplot(grid[5, 0]), "Results of trades"), trades.realized_pnl, unit)
    excursions(titled(figure.add_subplot(grid[5, 1]), "Results over MAE and MFE"), trades, unit)
    _foot(figure, grid[6, :], run, candles)
    return figure


def trades_sheet(run: StoredRun, candles: Mapping[str, CandleColumns]) -> Figure:
    """Return a second figure of a run: where its result comes from, and rolling figures."""
    figure, metrics = blank(), measure_run(run, candles)
    grid = figure.add_gridspec(4, 2)
    trades = trades_with_excursions(run, candles)
    by = metrics.trades_by
    parts = (("symbol", by.symbol), ("side", by.side), ("exit", by.reason), ("weekday", by.weekday))
    for place, (name, groups) in enumerate(parts):
        axes = titled(figure.add_subplot(grid[place // 2, place % 2]), f"Net result by {name}")
        amounts(axes, [f"{one_line(one.key)} ({one.trades})" for one in groups], [one.net_profit for one in groups])
    _rolling(figure, grid[2, :], run, trades)
    hours = titled(figure.add_subplot(grid[3, :]), "Net result by hour of entry (UTC)")
    values = {int(one.key): one.net_profit for one in by.hour}
    colours = [GAIN if values.get(hour, 0.0) > 0.0 else LOSS for hour in range(24)]
    hours.bar(range(24), [values.get(hour, 0.0) for hour in range(24)], color=colours)
    return figure


def _rolling(figure: Figure, place: object, run: StoredRun, trades: TradeColumns) -> None:
    inner = place.subgridspec(1, 2)  # type: ignore[attr-defined]
    for column, (name, rolling, colour) in enumerate(
        (
            ("Sharpe ratio over {} days", rolling_sharpe(run.curve, run.metric_settings), ACCENT),
            ("Win rate % over {} trades", rolling_win_rate(trades), SECOND),
        )
    ):
        axes = titled(figure.add_subplot(inner[0, column]), name.format(rolling.window))
        over_time(axes, rolling.times_ms, rolling.values, 0.0, (colour, colour))


def headline(metrics: RunMetrics, unit: str) -> list[tuple[str, str]]:
    """Return the figures of the headline, named."""
    performance, risk, trades = metrics.performance, metrics.risk_adjusted, metrics.trade_quality
    return [
        ("Total return", per_cent(performance.total_return_pct)),
        ("Max drawdown", per_cent(metrics.drawdown.max_drawdown_pct)),
        ("CAGR", per_cent(performance.cagr_pct)),
        ("Sharpe", amount(risk.sharpe)),
        ("Sortino", amount(risk.sortino)),
        ("Profit factor", amount(trades.profit_factor)),
        ("Trades", count(trades.trades)),
        ("Win rate", per_cent(trades.win_rate_pct)),
        ("Expectancy", amount(trades.expectancy, unit=unit)),
        ("Costs", amount(metrics.entry_friction.total_costs, unit=unit)),
    ]


def titled_text(run: StoredRun) -> tuple[str, str]:
    """Return a run's title and the line below it."""
    config, (start_ms, end_ms) = run.result.config, run.window
    kind = "backtest" if run.kind == "backtest" else "live paper session"
    words = (", ".join(config.symbols), config.interval, f"{format_ms(start_ms)[:16]} to {format_ms(end_ms)[:16]} UTC")
    return (
        plain_text(one_line(f"{config.strategy} on {config.exchange}")),
        plain_text(one_line(" · ".join((*words, kind, run.run_id)))),
    )


def _head(figure: Figure, place: object, run: StoredRun) -> None:
    axes = figure.add_subplot(place)  # type: ignore[call-overload]
    axes.axis("off")
    title, below = titled_text(run)
    axes.text(0.0, 0.8, title, fontsize=19, fontweight="bold", va="center", transform=axes.transAxes)
    axes.text(0.0, 0.25, textwrap.fill(below, 130), fontsize=9, color=MUTED, va="center", transform=axes.transAxes)


def _tiles(figure: Figure, place: object, run: StoredRun, metrics: RunMetrics) -> None:
    axes = figure.add_subplot(place)  # type: ignore[call-overload]
    axes.axis("off")
    told = headline(metrics, quote_of(run.result))
    for number, (name, text) in enumerate(told):
        x, y = (number % 5) / 5.0, 1.0 - (number // 5) * 0.6
        colour = LOSS if text.startswith("-") else "black"
        axes.text(x, y, name, fontsize=8.5, color=MUTED, va="center", transform=axes.transAxes)
        axes.text(x, y - 0.23, plain_text(text), fontsize=14, fontweight="bold", color=colour, va="center",
                  transform=axes.transAxes)  # fmt: skip


def _foot(figure: Figure, place: object, run: StoredRun, candles: Mapping[str, CandleColumns]) -> None:
    axes = figure.add_subplot(place)  # type: ignore[call-overload]
    axes.axis("off")
    axes.text(0.0, 1.0, plain_text("\n".join(_notes(run, candles))), fontsize=7.5, color=MUTED, va="top",
              transform=axes.transAxes)  # fmt: skip


def _notes(run: StoredRun, candles: Mapping[str, CandleColumns]) -> Sequence[str]:
    warnings = warnings_of_run(run, candles)
    notes = [textwrap.shorten(f"! {one_line(text)}", 170) for text in warnings[:_SHOWN_WARNINGS]]
    if len(warnings) > _SHOWN_WARNINGS:
        notes.append(f"! and {len(warnings) - _SHOWN_WARNINGS} more notes on the run's page")
    return [*notes, f"trades {run.result.trades_sha256[:16]} · settings {run.result.settings_sha256[:16]} · "
            f"code {run.result.code_version}"]  # fmt: skip
