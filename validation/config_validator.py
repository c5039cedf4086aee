"""Validation of the whole configuration in one call, and of its parts as plain values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.settings_file import Plain
from core.settings_section import Section, section_or_problems
from execution.execution_settings import TradingModeSettings
from risk_management.risk_config import RiskConfig
from validation.config_error import ConfigValidationError
from validation.cross_checks import risk_within_limits
from validation.hints import with_hint
from validation.loading import DEFAULT_CONFIG, load_limits, load_settings

__all__ = [
    "ConfigValidationError",
    "validate_all_configs",
    "validate_config_consistency",
    "validate_risk_config",
    "validate_trading_mode_config",
]

_MODE, _RISK = "trading_mode", "risk"


def validate_all_configs(base_path: str | Path = ".") -> dict[str, Plain]:
    """Check ``config/live.yaml`` below a folder and the two files that belong to it, and return what they say.

    Where there is no live.yaml, ``config/risk.json`` and ``config/trading_mode.yaml`` are checked, and against each
    other.

    Parameters
    ----------
    base_path
        The folder that holds ``config/``.

    Returns
    -------
    dict
        ``live``, ``risk`` and ``trading_mode`` with every default filled in, and ``settings_sha256``; ``risk`` and
        ``trading_mode`` alone without a live.yaml.

    Raises
    ------
    ConfigValidationError
        If anything is wrong; ``problems`` names all of it.
    """
    live = Path(base_path) / DEFAULT_CONFIG
    if not live.exists():
        risk, mode = load_limits(live, base_path=base_path)
        return {_RISK: risk.model_dump(mode="json"), _MODE: mode.model_dump(mode="json")}
    settings = load_settings(live, base_path=base_path)
    return {**settings.resolved(), "settings_sha256": settings.settings_sha256}


def validate_trading_mode_config(values: Mapping[str, Any]) -> dict[str, Plain]:
    """Check what a trading_mode.yaml holds, and return it with every default filled in.

    Raises
    ------
    ConfigValidationError
        If anything is wrong; ``problems`` names all of it.
    """
    return _checked(TradingModeSettings, values, _MODE).model_dump(mode="json")


def validate_risk_config(values: Mapping[str, Any]) -> dict[str, Plain]:
    """Check what a risk.json holds, and return it with every default filled in.

    Raises
    ------
    ConfigValidationError
        If anything is wrong; ``problems`` names all of it.
    """
    return _checked(RiskConfig, values, _RISK).model_dump(mode="json")


def validate_config_consistency(mode: Mapping[str, Any], risk: Mapping[str, Any]) -> None:
    """Check a trading mode and risk settings against each other: what is risked and held stays within the limits.

    Raises
    ------
    ConfigValidationError
        If they contradict each other, or one of them is wrong; ``problems`` names all of it.
    """
    limits, asked = _checked(TradingModeSettings, mode, _MODE), _checked(RiskConfig, risk, _RISK)
    problems = risk_within_limits(asked, limits, _RISK, _MODE)
    if problems:
        raise ConfigValidationError.of(*problems)


def _checked(model: type[Section], values: object, source: str) -> Section:
    plain: Any = values
    section, problems = section_or_problems(model, plain)
    if section is None:
        raise ConfigValidationError.of(*(with_hint(problem, model).of(source) for problem in problems))
    return section
