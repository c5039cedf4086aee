"""Risk: how large a position may be and where its protective levels stand."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from risk_management.risk_config import RiskConfig
    from risk_management.risk_engine import RiskEngine

__all__ = ["RiskConfig", "RiskEngine"]

_HOMES = {"RiskConfig": "risk_management.risk_config", "RiskEngine": "risk_management.risk_engine"}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
