"""Composes the settings of all packages from the three files and checks them against each other."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from validation.composed_settings import Settings
    from validation.config_error import ConfigValidationError
    from validation.config_validator import (
        validate_all_configs,
        validate_config_consistency,
        validate_risk_config,
        validate_trading_mode_config,
    )
    from validation.live_settings import LiveSettings, LoggingSettings, RiskSource
    from validation.loading import load_settings

__all__ = [
    "ConfigValidationError",
    "LiveSettings",
    "LoggingSettings",
    "RiskSource",
    "Settings",
    "load_settings",
    "validate_all_configs",
    "validate_config_consistency",
    "validate_risk_config",
    "validate_trading_mode_config",
]

_HOMES = {
    "validation.composed_settings": "Settings",
    "validation.config_error": "ConfigValidationError",
    "validation.config_validator": (
        "validate_all_configs validate_config_consistency validate_risk_config validate_trading_mode_config"
    ),
    "validation.live_settings": "LiveSettings LoggingSettings RiskSource",
    "validation.loading": "load_settings",
}

__getattr__ = lazy_names(__name__, _HOMES)
