"""The settings of a run over candles in memory: those of a live.yaml, or of a mapping in which all may be left out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backtests.player.backtest_config import BacktestConfig
from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem, shown
from engine.assembly import with_own_strategy
from strategies.strategy_settings import StrategySettings
from validation.composed_settings import Settings, SettingsFiles
from validation.config_error import ConfigValidationError
from validation.cross_checks import with_strategy
from validation.loading import load_settings
from validation.varied_settings import composed_settings

IN_MEMORY = "memory"
"""``exchange`` of a run that none is named for."""

Config = str | Path | Mapping[str, Any] | BacktestConfig | None
"""The path of a live.yaml, a mapping with the keys of one, or the few of them that most runs set."""

_CONFIG = "config"
_RISK = {"max_exposure": 0.05}
"""What the project's own risk.json says otherwise than the defaults of direct use."""


def memory_settings(config: Config, symbols: Sequence[str], timeframe: str, strategy: str | None) -> Settings:
    """Return checked settings.

    Parameters
    ----------
    config
        A live.yaml, to which its two other files belong; or a mapping with the keys of one, in which ``risk`` has the
        keys of risk.json and ``trading_mode`` those of trading_mode.yaml; None is an empty one. Or a
        :class:`~backtests.player.backtest_config.BacktestConfig`.
    symbols, timeframe
        Those of the candles.
    strategy
        A name for ``strategy.type``; None leaves what the configuration says.

    Raises
    ------
    ConfigurationError
        If anything is wrong; all problems are named.
    """
    if isinstance(config, BacktestConfig):
        config = config.mapping()
    if isinstance(config, str | Path):
        settings = load_settings(config, symbols=symbols, interval=timeframe)
    elif config is None or isinstance(config, Mapping):
        settings = _of_mapping({**(config or {}), "symbols": list(symbols), "timeframe": timeframe}, strategy)
    else:
        raise ConfigurationError(f"config is {shown(config)} — allowed: a mapping, or the path of a live.yaml")
    if isinstance(config, str | Path) and strategy is not None:
        chosen, problems = with_strategy({**settings.live.strategy.model_dump(), "type": strategy}, None)
        if chosen is None:
            raise ConfigValidationError.of(*(problem.of("strategy") for problem in problems))
        settings = with_strategy_settings(settings, chosen)
    require_candles_alone(settings, settings.files.live)
    return with_own_strategy(settings)


def require_candles_alone(settings: Settings, called: str) -> None:
    """Refuse settings that want more of the market than the candles of the strategy.

    ``called`` is what problems are said to be of.
    """
    live, perpetual = settings.live, settings.live.execution.perpetual
    found = []
    if live.detail_interval is not None:
        found.append(SettingsProblem("detail_interval", shown(live.detail_interval), "allowed: null, in memory"))
    if live.watch:
        found.append(SettingsProblem("watch", shown(list(live.watch)), "allowed: none, in memory"))
    for key in ("funding", "mark_price"):
        if perpetual is not None and getattr(perpetual, key):
            found.append(SettingsProblem(f"execution.perpetual.{key}", "true", "allowed: false, in memory"))
    if found:
        raise ConfigValidationError.of(*(problem.of(called) for problem in found))


def with_strategy_settings(settings: Settings, strategy: StrategySettings) -> Settings:
    """Return the settings with another strategy."""
    live = settings.live.model_copy(update={"strategy": strategy})
    return Settings(live, settings.risk, settings.mode, settings.files)


def _of_mapping(values: dict[str, Any], strategy: str | None) -> Settings:
    if strategy is not None:
        section = values.get("strategy", {})
        values["strategy"] = {**(section if isinstance(section, Mapping) else {}), "type": strategy}
    risk = values.get("risk", {})
    values["risk"] = {**_RISK, **risk} if isinstance(risk, Mapping) else risk
    return composed_settings({"exchange": IN_MEMORY, **values}, SettingsFiles(_CONFIG, _CONFIG, _CONFIG))
