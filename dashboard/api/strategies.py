"""What a run can be made of: the registered strategies with the form of their parameters, configurations, figures."""

from typing import Any, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from dashboard.api.backtest_models import Costs
from dashboard.api.described import refusals
from dashboard.folders import configuration, configurations
from dashboard.problems import NotFound
from dashboard.services import ServicesOf
from dashboard.sessions.session_starts import portfolios
from metrics.run_metrics import FIGURE_NAMES
from strategies.commands.listing import first_line
from strategies.strategy_registry import registered_params_model, strategy_class, strategy_names
from validation.composed_settings import Settings
from validation.loading import load_settings

routes = APIRouter(tags=["strategies"])


class StrategyView(BaseModel):
    """A registered strategy."""

    name: str = Field(examples=["scalping_ema_rsi"])
    description: str
    parameters: dict[str, Any] = Field(description="JSON schema of its parameters, of which a form can be made.")
    defaults: dict[str, Any]


class RunValues(BaseModel):
    """What a configuration or a system has by itself, under the names by which a run is asked for."""

    exchange: str = Field(examples=["practice"])
    symbols: list[str]
    timeframe: str = Field(examples=["15m"])
    strategy: str = Field(description="A registered name, or the class of one's own.", examples=["scalping_ema_rsi"])
    strategy_params: dict[str, Any]
    initial_capital: float
    position_size: float | None = Field(description="None: not bounded.")
    risk_per_trade: float
    costs: Costs

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the values of settings."""
        live, risk = settings.live, settings.risk
        return cls(
            exchange=live.exchange,
            symbols=list(live.symbols),
            timeframe=live.timeframe,
            strategy=live.strategy.type,
            strategy_params=settings.resolved()["live"]["strategy"]["params"],  # type: ignore[index, call-overload]
            initial_capital=live.execution.starting_balance,
            position_size=risk.max_exposure,
            risk_per_trade=risk.default_risk_per_trade,
            costs=Costs.model_construct(commission=live.execution.commission_rate, slippage=live.execution.slippage),
        )


@routes.get("/strategies")
def strategies() -> list[StrategyView]:
    """List the registered strategies, each with the schema of its parameters and their defaults."""
    return [_view(name) for name in strategy_names()]


@routes.get("/configurations")
def configuration_names(services: ServicesOf) -> list[str]:
    """List the configurations that a run can begin from, by the names of their files."""
    return configurations(services.settings.config)


@routes.get("/configurations/{name}", responses=refusals(404))
def configuration_values(name: str, services: ServicesOf) -> RunValues:
    """Show what a configuration has for a run: market, strategy with all its parameters, capital, sizes, costs."""
    folder = services.settings.config
    if name not in configurations(folder):
        raise NotFound(f"configuration {name}: there is none — allowed: {', '.join(configurations(folder)) or 'none'}")
    return RunValues.of(load_settings(configuration(folder, name)))


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
