"""The settings of a run over candles in memory: those of a live.yaml, or of a mapping in which all may be left out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem, shown
from core.settings_section import section_or_problems
from engine.assembly import with_own_strategy
from execution.execution_settings import TradingModeSettings
from risk_management.risk_config import RiskConfig
from strategies.strategy_settings import StrategySettings
from validation.composed_settings import Settings, SettingsFiles
from validation.config_error import ConfigValidationError
from validation.cross_checks import across_files, with_leverages, with_strategy
from validation.live_settings import LiveSettings
from validation.loading import load_settings

IN_MEMORY = "memory"
"""``exchange`` of a run that none is named for."""

_CONFIG = "config"
_RISK = {"max_exposure": 0.05}
"""What the project's own risk.json says otherwise than the defaults of direct use."""


def memory_settings(
    config: str | Path | Mapping[str, Any] | None, symbols: Sequence[str], timeframe: str, strategy: str | None
) -> Settings:
    """Return checked settings.

    Parameters
    ----------
    config
        A live.yaml, to which its two other files belong; or a mapping with the keys of one, in which ``risk`` has the
        keys of risk.json and ``trading_mode`` those of trading_mode.yaml; None is an empty one.
    symbols, timeframe
        Those of the candles.
    strategy
        A name for ``strategy.type``; None leaves what the configuration says.

    Raises
    ------
    ConfigurationError
        If anything is wrong; all problems are named.
    """
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
    _require_candles_alone(settings)
    return with_own_strategy(settings)


def _require_candles_alone(settings: Settings) -> None:
    """Refuse settings that want more of the market than the candles of the strategy."""
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
        raise ConfigValidationError.of(*(problem.of(settings.files.live) for problem in found))


def with_strategy_settings(settings: Settings, strategy: StrategySettings) -> Settings:
    """Return the settings with another strategy."""
    live = settings.live.model_copy(update={"strategy": strategy})
    return Settings(live, settings.risk, settings.mode, settings.files)


def _of_mapping(values: dict[str, Any], strategy: str | None) -> Settings:
    given_risk, given_mode = values.pop("risk", {}), values.pop("trading_mode", {})
    if strategy is not None:
        section = values.get("strategy", {})
        values["strategy"] = {**(section if isinstance(section, Mapping) else {}), "type": strategy}
    problems: list[SettingsProblem] = []
    risk_values = {**_RISK, **given_risk} if isinstance(given_risk, Mapping) else given_risk
    risk, found = section_or_problems(RiskConfig, risk_values, "risk.")
    problems += found
    mode, found = section_or_problems(TradingModeSettings, given_mode, "trading_mode.")
    problems += found
    live, found = section_or_problems(LiveSettings, {"exchange": IN_MEMORY, **values})
    problems += found
    chosen, found = with_strategy(values.get("strategy", {}), None if mode is None else mode.default_strategy)
    problems += found
    if live is None or risk is None or mode is None or chosen is None:
        raise ConfigValidationError.of(*(problem.of(_CONFIG) for problem in problems))
    live = with_leverages(live.model_copy(update={"strategy": chosen}))
    risk, found = across_files(live, risk, mode, SettingsFiles(_CONFIG, _CONFIG, _CONFIG))
    problems += found
    if problems:
        raise ConfigValidationError.of(*problems)
    return Settings(live, risk, mode, SettingsFiles(_CONFIG, _CONFIG, _CONFIG))
