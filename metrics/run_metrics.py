"""The figures of a run, in groups, by name."""

from typing import Any

import msgspec

from core.settings_problem import did_you_mean
from metrics.figures.benchmark_figures import BenchmarkFigures
from metrics.figures.drawdown_figures import DrawdownFigures
from metrics.figures.exposure_figures import ExposureFigures
from metrics.figures.friction_figures import FrictionFigures
from metrics.figures.liquidation_figures import LiquidationFigures
from metrics.figures.margin_figures import MarginFigures
from metrics.figures.performance_figures import MonthReturn, PerformanceFigures
from metrics.figures.risk_figures import RiskFigures
from metrics.figures.trade_figures import TradeFigures
from metrics.figures.trade_groups import TradeGroups

ALIASES = {
    "net_profit": "performance.net_profit",
    "total_pnl": "performance.net_profit",
    "roi": "performance.total_return_pct",
    "max_drawdown_abs": "drawdown.max_drawdown_abs",
    "max_drawdown_pct": "drawdown.max_drawdown_pct",
    "max_drawdown": "drawdown.max_drawdown_pct",
    "avg_trade_return_pct": "trade_quality.average_trade_return_pct",
    "best_trade": "trade_quality.best_trade",
    "worst_trade": "trade_quality.worst_trade",
    "avg_trade_duration": "trade_quality.average_holding_minutes",
    "total_return": "performance.total_return_pct",
    "cagr": "performance.cagr_pct",
    "total_trades": "trade_quality.trades",
    "win_rate": "trade_quality.win_rate_pct",
    "sharpe_ratio": "risk_adjusted.sharpe",
    "sortino_ratio": "risk_adjusted.sortino",
    "calmar_ratio": "risk_adjusted.calmar",
    "volatility": "risk_adjusted.volatility_pct",
    "var": "risk_adjusted.value_at_risk_pct",
    "cvar": "risk_adjusted.conditional_value_at_risk_pct",
}
"""Further names of figures, as documents of this field have them."""

GROUPS = (
    "performance",
    "drawdown",
    "trade_quality",
    "risk_adjusted",
    "margin_stress",
    "entry_friction",
    "liquidation_proximity",
    "exposure",
    "benchmark",
)
"""The groups, in the order in which a figure's bare name is looked for."""


class RunMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a run. One that is undefined is None; ``undefined`` says why, by ``group.figure``."""

    performance: PerformanceFigures
    drawdown: DrawdownFigures
    trade_quality: TradeFigures
    risk_adjusted: RiskFigures
    margin_stress: MarginFigures
    entry_friction: FrictionFigures
    liquidation_proximity: LiquidationFigures
    exposure: ExposureFigures
    benchmark: BenchmarkFigures
    trades_by: TradeGroups
    months: tuple[MonthReturn, ...]
    undefined: dict[str, str]

    def figure(self, name: str) -> Any:
        """Return a figure by ``group.figure``, by its bare name, or by an alias; None where it is undefined.

        Raises
        ------
        KeyError
            If no figure has that name.
        """
        group, _, figure = full_name(name).partition(".")
        return getattr(getattr(self, group), figure)

    def reason(self, name: str) -> str | None:
        """Return why a figure is undefined, by any of its names; None where it has a value."""
        return self.undefined.get(full_name(name))

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values; every number is finite."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def _figures() -> dict[str, str]:
    """Return ``group.figure`` by bare name; of two groups with one name the earlier has it."""
    kinds = {field.name: field.type for field in msgspec.structs.fields(RunMetrics)}
    found: dict[str, str] = {}
    for group in GROUPS:
        for figure in kinds[group].__struct_fields__:
            found.setdefault(figure, f"{group}.{figure}")
    return found


def full_name(name: str) -> str:
    """Return ``group.figure`` of a figure's bare name, alias or full name.

    Raises
    ------
    KeyError
        If no figure has that name.

    Examples
    --------
    >>> full_name("sharpe"), full_name("roi")
    ('risk_adjusted.sharpe', 'performance.total_return_pct')
    """
    if name in ALIASES:
        return ALIASES[name]
    if name in _NAMES:
        return _NAMES[name]
    if name in _FULL_NAMES:
        return name
    raise KeyError(f"{name}: no figure has that name{did_you_mean(name, FIGURE_NAMES)}")


_NAMES = _figures()
_FULL_NAMES = frozenset(
    f"{field.name}.{figure}"
    for field in msgspec.structs.fields(RunMetrics)
    if field.name in GROUPS
    for figure in field.type.__struct_fields__
)
FIGURE_NAMES = frozenset([*ALIASES, *_NAMES, *_FULL_NAMES])
"""Every name that a figure of a run goes by."""
