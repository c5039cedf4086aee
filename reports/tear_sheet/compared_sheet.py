"""Several runs as one picture: their curves on one axis and their figures side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from core.candle_columns import CandleColumns
from reports.console.number_text import one_line
from reports.console.result_facts import quote_of
from reports.page.decimation import extremes_kept
from reports.tear_sheet.panels import LINE, MUTED, blank, dated, plain_text, titled
from reports.tear_sheet.run_sheet import headline
from runs.reading.run_folder import StoredRun, measure_run

_POINTS = 4_000


def compared_sheet(runs: Sequence[StoredRun], candles: Sequence[Mapping[str, CandleColumns]]) -> Figure:
    """Return runs as one figure."""
    figure = blank()
    grid = figure.add_gridspec(3, 1, height_ratios=(3.0, 1.4, 2.0 + 0.2 * len(runs)))
    equity = titled(figure.add_subplot(grid[0]), f"Return of {len(runs)} runs, %")
    below = titled(figure.add_subplot(grid[1]), "Underwater, %")
    names = [plain_text(one_line(f"{run.result.config.strategy} {run.run_id[:8]}")) for run in runs]
    for run, name in zip(runs, names, strict=True):
        curve = run.curve
        grown = 100.0 * (curve.equity / curve.starting_balance - 1.0)
        for axes, values in ((equity, grown), (below, 100.0 * curve.underwater())):
            kept = extremes_kept([values], _POINTS) if len(values) else np.empty(0, np.int64)
            axes.plot(curve.times_ms[kept].astype("datetime64[ms]"), values[kept], linewidth=1.2, label=name)
    for axes in (equity, below):
        dated(axes)
        axes.margins(x=0)
    equity.axhline(0.0, color=MUTED, linewidth=0.6)
    equity.legend(fontsize=8, frameon=False)
    figures = [
        headline(measure_run(run, lived), quote_of(run.result)) for run, lived in zip(runs, candles, strict=True)
    ]
    axes = figure.add_subplot(grid[2])
    axes.axis("off")
    rows = [[plain_text(told[row][1]) for told in figures] for row in range(len(figures[0]))]
    table = axes.table(
        rows, rowLabels=[name for name, _ in figures[0]], colLabels=names, loc="upper center", edges="horizontal"
    )
    table.auto_set_font_size(False)
    table.set_fontsize(9)
    table.scale(1.0, 1.6)
    for cell in table.get_celld().values():
        cell.set(linewidth=0.6, edgecolor=LINE)
    return figure
