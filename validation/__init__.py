"""Composes the settings of all packages from the three files and checks them against each other."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from validation.composed_settings import Settings
    from validation.config_error import ConfigValidationError
    from validation.config_validator import validate_all_configs
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
]

_HOMES = {
    "ConfigValidationError": "validation.config_error",
    "LiveSettings": "validation.live_settings",
    "LoggingSettings": "validation.live_settings",
    "RiskSource": "validation.live_settings",
    "Settings": "validation.composed_settings",
    "load_settings": "validation.loading",
    "validate_all_configs": "validation.config_validator",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
