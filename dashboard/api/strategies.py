"""What a run can be made of: the registered strategies with the form of their parameters, configurations, figures."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from dashboard.folders import configurations
from dashboard.services import ServicesOf
from dashboard.sessions.session_starts import portfolios
from metrics.run_metrics import FIGURE_NAMES
from strategies.commands.listing import first_line
from strategies.strategy_registry import registered_params_model, strategy_class, strategy_names

routes = APIRouter(tags=["strategies"])


class StrategyView(BaseModel):
    """A registered strategy."""

    name: str = Field(examples=["scalping_ema_rsi"])
    description: str
    parameters: dict[str, Any] = Field(description="JSON schema of its parameters, of which a form can be made.")
    defaults: dict[str, Any]


@routes.get("/strategies")
def strategies() -> list[StrategyView]:
    """List the registered strategies, each with the schema of its parameters and their defaults."""
    return [_view(name) for name in strategy_names()]


@routes.get("/configurations")
def configuration_names(services: ServicesOf) -> list[str]:
    """List the configurations that a run can begin from, by the names of their files."""
    return configurations(services.settings.config)


@routes.get("/portfolios")
def portfolio_names(services: ServicesOf) -> list[str]:
    """List the portfolios that a session can trade, by their ids."""
    return portfolios(services.settings)


@routes.get("/metrics")
def metrics() -> list[str]:
    """List every name of a figure: runs are sorted by them, searches measured by them."""
    return sorted(FIGURE_NAMES)


def _view(name: str) -> StrategyView:
    model = registered_params_model(name)
    return StrategyView(
        name=name,
        description=first_line(strategy_class(name)),
        parameters={} if model is None else model.model_json_schema(),
        defaults={} if model is None else model().model_dump(mode="json"),
    )
