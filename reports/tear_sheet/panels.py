"""The panels of a tear sheet: each draws one thing on the axes that it is given."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from core.candle_columns import Float64Array, Int64Array
from metrics.figures.performance_figures import MonthReturn
from metrics.trade_columns import TradeColumns
from reports.page.decimation import extremes_kept

GAIN, LOSS, ACCENT, SECOND, MUTED, LINE = "#08875d", "#cf3a43", "#2459d3", "#b25a00", "#626b7a", "#e3e6eb"
_HEAT = LinearSegmentedColormap.from_list("heat", [LOSS, "#f4f5f7", GAIN])
_POINTS = 4_000
SIZE_INCHES = (10.0, 13.0)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def blank() -> Figure:
    """Return an empty sheet with margins."""
    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    figure.get_layout_engine().set(rect=(0.03, 0.02, 0.94, 0.96), h_pad=0.08)  # type: ignore[union-attr,call-arg]
    return figure


def titled(axes: Axes, title: str) -> Axes:
    """Give axes their title and the look of all."""
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
    axes.grid(color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8, colors=MUTED, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    return axes


def over_time(axes: Axes, times_ms: Int64Array, values: Float64Array, base: float, colours: tuple[str, str]) -> None:
    """Draw a curve and fill it to a base: above it in the first colour, below in the second."""
    dated(axes)
    if not len(times_ms):
        return
    kept = extremes_kept([values], _POINTS)
    when, what = times_ms[kept].astype("datetime64[ms]"), values[kept]
    above, below = colours
    axes.fill_between(when, what, base, where=what >= base, color=above, alpha=0.18, interpolate=True, linewidth=0)
    axes.fill_between(when, what, base, where=what <= base, color=below, alpha=0.18, interpolate=True, linewidth=0)
    axes.plot(when, what, color=above if what[-1] >= base and base != 0.0 else below, linewidth=1.2)
    axes.margins(x=0)


def dated(axes: Axes) -> None:
    """Write times below axes as short as they can be told."""
    axes.xaxis.get_offset_text().set(size=8, color=MUTED)
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def monthly(axes: Axes, months: Sequence[MonthReturn]) -> None:
    """Draw the returns of months: years down, months across."""
    years = sorted({one.year for one in months})
    values = np.full((max(1, len(years)), 12), np.nan)
    for one in months:
        values[years.index(one.year), one.month - 1] = np.nan if one.return_pct is None else one.return_pct
    most = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 1.0
    axes.set_facecolor(LINE)
    axes.imshow(values, cmap=_HEAT, vmin=-(most or 1.0), vmax=most or 1.0, aspect="auto")
    for year, month in np.argwhere(np.isfinite(values)).tolist():
        axes.text(month, year, f"{values[year, month]:.1f}", ha="center", va="center", fontsize=8)
    axes.set_xticks(range(12), _MONTHS)
    axes.set_yticks(range(len(years)), [str(year) for year in years])
    axes.grid(visible=False)


def results(axes: Axes, values: Float64Array, unit: str) -> None:
    """Draw how often results fall where, gains apart from losses."""
    if len(values):
        low, high = np.quantile(values, (0.005, 0.995))
        step = max(float(high - min(low, 0.0)) / 30.0, 1e-12)
        edges = np.arange(np.floor(min(low, 0.0) / step), np.ceil(max(high, 0.0) / step) + 1) * step
        if len(edges) > 1:
            within = np.clip(values, edges[0], edges[-1])
            axes.hist(within[values <= 0.0], bins=edges.tolist(), color=LOSS)
            axes.hist(within[values > 0.0], bins=edges.tolist(), color=GAIN)
    axes.set_xlabel(unit, fontsize=8, color=MUTED)


def excursions(axes: Axes, trades: TradeColumns, unit: str) -> None:
    """Draw what each trade brought over how far it went against and for it; nothing without candles."""
    known = np.isfinite(trades.mae) & np.isfinite(trades.mfe)
    if not known.any():
        axes.text(0.5, 0.5, "no candles at hand", ha="center", va="center", color=MUTED, transform=axes.transAxes)
        return
    brought = trades.realized_pnl[known]
    axes.scatter(-trades.mae[known], brought, s=6, color=LOSS, alpha=0.5, linewidths=0, label="MAE", rasterized=True)
    axes.scatter(trades.mfe[known], brought, s=6, color=GAIN, alpha=0.5, linewidths=0, label="MFE", rasterized=True)
    axes.axhline(0.0, color=MUTED, linewidth=0.6)
    axes.axvline(0.0, color=MUTED, linewidth=0.6)
    axes.set_xlabel(f"MAE (red) and MFE (green), {unit}", fontsize=8, color=MUTED)


def amounts(axes: Axes, names: Sequence[str], values: Sequence[float]) -> None:
    """Draw an amount for each name, the first at the top."""
    places = list(range(len(names)))
    axes.barh(places, list(values), color=[GAIN if value > 0.0 else LOSS for value in values], height=0.65)
    axes.set_yticks(places, [plain_text(name) for name in names])
    axes.invert_yaxis()
    axes.axvline(0.0, color=MUTED, linewidth=0.6)


def plain_text(text: str) -> str:
    """Return text that is drawn as it is written: none of it begins a formula."""
    return text.replace("$", r"\$")
