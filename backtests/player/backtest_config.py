"""The few settings that most runs set, under the names of the field."""

from collections.abc import Mapping
from typing import Any

import msgspec

from backtests.player.states import Shown
from validation.composed_settings import Settings
from validation.overrides import expanded, laid_over

_KEYS = {
    "initial_capital": "execution.starting_balance",
    "commission_rate": "execution.commission_rate",
    "slippage": "execution.slippage",
    "risk_per_trade": "risk.default_risk_per_trade",
    "max_exposure": "risk.max_exposure",
    "max_open_trades": "trading_mode.max_open_trades",
    "strategy": "strategy.type",
    "strategy_params": "strategy.params",
}
"""The key of the configuration that each of them is."""


class BacktestConfig(Shown, frozen=True, kw_only=True):
    """Settings of a backtest; None leaves a default as it is (docs/configuration.md).

    Wherever a ``config`` is taken for candles in memory this may stand in its place. ``risk_per_trade``,
    ``max_exposure``, ``commission_rate`` and ``slippage`` are fractions. ``further`` are any other keys of a live.yaml,
    dotted or as sections, with those of risk.json under ``risk`` and those of trading_mode.yaml under ``trading_mode``.

    Examples
    --------
    >>> BacktestConfig(initial_capital=5_000, further={"execution.max_gap": 10}).mapping()
    {'execution': {'max_gap': 10, 'starting_balance': 5000}}
    """

    initial_capital: float | None = None
    commission_rate: float | None = None
    slippage: float | None = None
    risk_per_trade: float | None = None
    max_exposure: float | None = None
    max_open_trades: int | None = None
    strategy: str | None = None
    strategy_params: dict[str, Any] | None = None
    further: dict[str, Any] = msgspec.field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> "BacktestConfig":
        """Return what checked settings say, and under ``further`` their symbols and timeframe."""
        plain: Any = settings.resolved()
        values: Mapping[str, Any] = {**plain["live"], "risk": plain["risk"], "trading_mode": plain["trading_mode"]}
        further = {"symbols": list(settings.live.symbols), "timeframe": settings.live.timeframe}
        return cls(**{name: _at(values, key) for name, key in _KEYS.items()}, further=further)

    def mapping(self) -> dict[str, Any]:
        """Return the keys of a live.yaml that it sets."""
        given = {key: getattr(self, name) for name, key in _KEYS.items() if getattr(self, name) is not None}
        below: Any = expanded(self.further)
        above: Any = expanded(given)
        return laid_over(below, above)


def _at(values: Any, key: str) -> Any:
    for name in key.split("."):
        values = values[name]
    return values
