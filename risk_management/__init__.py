"""Risk: how large a position may be and where its protective levels stand."""

from risk_management.risk_config import RiskConfig
from risk_management.risk_engine import RiskEngine

__all__ = ["RiskConfig", "RiskEngine"]
