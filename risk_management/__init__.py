"""Risk: how large a position may be and where its protective levels stand."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from risk_management.risk_config import RiskConfig
    from risk_management.risk_engine import RiskEngine

__all__ = ["RiskConfig", "RiskEngine"]

_HOMES = {
    "risk_management.risk_config": "RiskConfig",
    "risk_management.risk_engine": "RiskEngine",
}

__getattr__ = lazy_names(__name__, _HOMES)
