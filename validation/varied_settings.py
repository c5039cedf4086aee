"""Settings without files: composed of plain values, and settings with some of their values changed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.settings_problem import SettingsProblem, shown
from core.settings_section import section_or_problems, written
from execution.execution_settings import TradingModeSettings
from risk_management.risk_config import RiskConfig
from validation.composed_settings import Settings, SettingsFiles
from validation.config_error import ConfigValidationError
from validation.cross_checks import across_files, with_leverages, with_strategy, without_other_leverages
from validation.hints import with_hint
from validation.live_settings import LiveSettings
from validation.overrides import RISK, TRADING_MODE, expanded, laid_over
from validation.program_section import Surroundings

RULED_BY_EXECUTION = ("base_account_size", "default_slippage")
"""Keys of risk.json that settings have from their execution section."""
_OF_THE_BASE = ("exchange", "data", "logging", "session")
"""Keys of live.yaml that no variation changes."""
_FIXED = "allowed: everything else of live.yaml, risk.… of risk.json and trading_mode.… of trading_mode.yaml"


def composed_settings(values: Mapping[str, Any], files: SettingsFiles, folder: Path | None = None) -> Settings:
    """Return checked settings of plain values, whatever their exchange is.

    Parameters
    ----------
    values
        The keys of a live.yaml; under ``risk`` those of risk.json, under ``trading_mode`` those of trading_mode.yaml.
    files
        What problems are said to be of.
    folder
        That of the configuration, from which the files of a program are looked for.

    Raises
    ------
    ConfigValidationError
        If anything is wrong; all problems are named.
    """
    values = dict(values)
    given_risk, given_mode = values.pop(RISK, {}), values.pop(TRADING_MODE, {})
    risk, found = section_or_problems(RiskConfig, given_risk, f"{RISK}.")
    problems = [with_hint(problem, RiskConfig) for problem in found]
    mode, found = section_or_problems(TradingModeSettings, given_mode, f"{TRADING_MODE}.")
    problems += [with_hint(problem, TradingModeSettings) for problem in found]
    live, found = section_or_problems(LiveSettings, written(LiveSettings, values))
    problems += [with_hint(problem, LiveSettings) for problem in found]
    wrong = {problem.key for problem in problems}
    bases = [Path()] if folder is None else [folder, folder.parent, Path()]
    chosen, found = with_strategy(
        values.get("strategy", {}),
        None if mode is None else mode.default_strategy,
        Surroundings.of(bases, values, LiveSettings.model_fields["timeframe"].default),
    )
    problems += [problem for problem in found if problem.key not in wrong]
    if live is None or risk is None or mode is None or chosen is None or problems:
        raise ConfigValidationError.of(*(problem.of(files.live) for problem in problems))
    live = with_leverages(live.model_copy(update={"strategy": chosen}))
    risk, problems = across_files(live, risk, mode, files)
    if problems:
        raise ConfigValidationError.of(*problems)
    return Settings(live, risk, mode, files)


def varied_settings(base: Settings, variation: Mapping[str, Any], called: str) -> Settings:
    """Return settings with some values changed, checked like those of files.

    Parameters
    ----------
    base
        Checked settings.
    variation
        Some keys of live.yaml, dotted (``execution.slippage``) or as sections; under ``risk`` some of risk.json, under
        ``trading_mode`` some of trading_mode.yaml.
    called
        What problems are said to be of, such as ``variation 3``.

    Raises
    ------
    ConfigValidationError
        If anything is wrong; all problems are named.
    """
    changes = expanded(variation)
    if not isinstance(changes, dict):
        raise ConfigValidationError.of(SettingsProblem("", shown(variation), "allowed: a mapping of settings", called))
    fixed = [SettingsProblem(key, "is that of the base", _FIXED, called) for key in changes if key in _OF_THE_BASE]
    if fixed:
        raise ConfigValidationError.of(*fixed)
    plain: Any = base.resolved()
    live, risk = plain["live"], plain["risk"]
    if isinstance(symbols := changes.get("symbols"), list | tuple):
        without_other_leverages(live, [symbol for symbol in symbols if isinstance(symbol, str)])
    for key in RULED_BY_EXECUTION:
        del risk[key]
    values = laid_over({**live, RISK: risk, TRADING_MODE: plain["trading_mode"]}, changes)
    settings = composed_settings(values, SettingsFiles(called, called, called), Path(base.files.live).parent)
    return Settings(settings.live.model_copy(update={"risk": base.live.risk}), settings.risk, settings.mode, base.files)
