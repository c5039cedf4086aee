"""A picture of a run: equity, the results of its trades, and how far equity was below its peak."""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from core.candle_columns import Int64Array
from runs.reading.run_folder import StoredRun

_EQUITY, _BELOW, _WON, _LOST = "#2962ff", "#c62828", "#2e7d32", "#c62828"

_NAMED = 3
"""How many symbols the title names."""


class ResultFigure(Figure):
    """A figure that a notebook shows, whatever it has of matplotlib."""

    def _repr_png_(self) -> bytes:
        with io.BytesIO() as data:
            self.savefig(data, format="png")
            return data.getvalue()


def result_figure(run: StoredRun) -> Figure:
    """Return a figure of a run; it belongs to no window and is saved by ``savefig``."""
    figure = ResultFigure(figsize=(11, 6), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    curve, trades = run.curve, run.trades
    times = _times(curve.times_ms)
    above.plot(times, curve.equity, color=_EQUITY, linewidth=1.0, label="equity")
    above.axhline(curve.starting_balance, color="grey", linewidth=0.6, linestyle="--")
    if trades.rows and len(times):
        exits = np.minimum(np.searchsorted(curve.times_ms, trades.exit_seen_ms), len(times) - 1)
        for label, color, chosen in (
            ("won", _WON, trades.realized_pnl > 0.0),
            ("lost", _LOST, trades.realized_pnl < 0.0),
        ):
            above.scatter(times[exits[chosen]], curve.equity[exits[chosen]], s=9, color=color, label=label, zorder=3)
    above.set_ylabel("equity")
    above.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False)
    above.set_title(_title(run), loc="left")
    below.fill_between(times, curve.underwater() * 100.0, 0.0, color=_BELOW, alpha=0.4, linewidth=0.0)
    below.set_ylabel("draw-down, %")
    return figure


def _title(run: StoredRun) -> str:
    config, performance = run.result.config, run.result.performance
    more = f" and {len(config.symbols) - _NAMED} more" if len(config.symbols) > _NAMED else ""
    return (
        f"{config.strategy}, {', '.join(config.symbols[:_NAMED])}{more} {config.interval}: "
        f"{performance.total_return_pct:+.2f} %, "
        f"{performance.total_trades} trades, draw-down {performance.max_drawdown_pct:.2f} %"
    )


def _times(times_ms: Int64Array) -> "np.typing.NDArray[np.datetime64]":
    return times_ms.astype("datetime64[ms]")
