"""A pool alone on history: what a request asks for, and what the pool would have woken a program for."""

from pydantic import BaseModel, ConfigDict, Field

from core.errors import ConfigurationError
from core.instants import format_ms
from core.timeframe import timeframe_ms
from dashboard.api.backtest_models import RunRequest
from dashboard.api.programs.pool_models import POOL, PoolText
from dashboard.api.run_requests import job_of
from dashboard.dashboard_settings import DashboardSettings
from market_data.history.settled_provider import settled_provider
from programs.pool_outcomes import HorizonOutcome, PoolTrigger, PoolTriggers
from programs.pool_triggers import pool_triggers
from research.jobs.backtest_job import range_of, settings_of
from strategies.programs.triggers.pool_settings import pool_of
from systems.life_cycle.epoch_tracker import wall_clock_ms

MOST_CANDLES = 200_000
"""Of all symbols together: so many are looked at while a request waits."""
MOST_TRIGGERS = 500
_OF_POOLS = {"pool"}


class PoolTrialRequest(BaseModel):
    """A pool, and the history on which it is tried: a configuration's market, or another one in its place."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "pool": POOL,
                    "config": "practice.yaml",
                    "symbols": ["BTC/USDT"],
                    "timeframe": "15m",
                    "start_date": "2024-01-01",
                    "end_date": "2024-02-01",
                }
            ]
        },
    )

    pool: PoolText
    config: str | None = Field(None, description="A file of the folder of configurations; default: `live.yaml`.")
    exchange: str | None = None
    symbols: list[str] | None = Field(None, min_length=1, max_length=200)
    timeframe: str | None = Field(None, examples=["15m"])
    start_date: str = Field(description="The first candle's open, UTC.", examples=["2024-01-01"])
    end_date: str = Field(description="The end, exclusive.", examples=["2024-02-01"])
    offline: bool = Field(False, description="Use what is stored and never the network.")


class MetView(BaseModel):
    """A condition that was met, with its values."""

    feature: str = Field(examples=["rsi(14)"])
    period: str = Field(description="Empty: the session's own candles.")
    symbol: str
    op: str
    value: float
    threshold: float


class TriggerView(BaseModel):
    """A moment at which the pool would have woken a program."""

    time: str = Field(description="The close at which it was known.")
    symbol: str
    regime: str | None = Field(description="Null: undefined.", examples=["trend"])
    price: float = Field(description="That close.")
    met: list[MetView]
    forward_pct: dict[str, float | None] = Field(
        description="By candles after it: the return up to their close, in per cent.", examples=[{"1": 0.12, "4": -0.3}]
    )


class HorizonView(BaseModel):
    """What the price did so many candles after the triggers, beside what it did after every candle; in per cent."""

    candles: int
    count: int = Field(description="Triggers with so many candles behind them.")
    mean_pct: float | None
    median_pct: float | None
    above_pct: float | None = Field(description="The share of returns above 0.")
    all_mean_pct: float | None = Field(description="Of every candle that was looked at.")
    all_above_pct: float | None


class PoolTrial(BaseModel):
    """When a pool would have woken a program."""

    total: int
    candles: int = Field(description="Those that were looked at, of all symbols.")
    timeframe: str
    by_symbol: dict[str, int]
    by_regime: dict[str, int]
    forward: list[HorizonView]
    triggers: list[TriggerView] = Field(description=f"The last ones, at most {MOST_TRIGGERS}, the newest first.")
    warnings: list[str]


def trial_of(asked: PoolTrialRequest, settings: DashboardSettings) -> PoolTrial:
    """Return what a pool would have woken a program for.

    Raises
    ------
    ConfigurationError
        If the pool, the configuration or the range of time is wrong, or there are too many candles to wait for.
    DataUnavailableError
        If there are no candles.
    """
    pool = pool_of(asked.pool.values(), "tried", "pool")
    wanted = job_of(RunRequest(**asked.model_dump(exclude=_OF_POOLS)), settings)
    chosen = settings_of(wanted)
    live = chosen.live
    window = range_of(wanted, live.timeframe)
    candles = window.length_ms // timeframe_ms(live.timeframe) * len(live.symbols)
    if candles > MOST_CANDLES:
        raise ConfigurationError(
            f"{candles:,} candles of {live.timeframe} — allowed: up to {MOST_CANDLES:,} of all symbols together; for "
            "more there is `python -m programs pools test`"
        )
    now_ms = wall_clock_ms()
    provider = settled_provider(live.exchange, live.data, now_ms, offline=asked.offline, progress=False)
    return _view(pool_triggers(pool, chosen, window.known_by(now_ms), provider))


def _view(found: PoolTriggers) -> PoolTrial:
    return PoolTrial(
        total=found.count,
        candles=found.candles,
        timeframe=found.timeframe,
        by_symbol=dict(found.by_symbol),
        by_regime=dict(found.by_regime),
        forward=[_horizon(one) for one in found.outcomes],
        triggers=[_trigger(one, found.horizons) for one in found.triggers[: -MOST_TRIGGERS - 1 : -1]],
        warnings=list(found.warnings),
    )


def _horizon(one: HorizonOutcome) -> HorizonView:
    return HorizonView(
        candles=one.candles,
        count=one.triggers,
        mean_pct=_pct(one.mean),
        median_pct=_pct(one.median),
        above_pct=_pct(one.up),
        all_mean_pct=_pct(one.all_mean),
        all_above_pct=_pct(one.all_up),
    )


def _trigger(one: PoolTrigger, horizons: tuple[int, ...]) -> TriggerView:
    return TriggerView(
        time=format_ms(one.event.time_ms),
        symbol=one.event.symbol,
        regime=one.event.regime,
        price=one.close,
        met=[
            MetView(
                feature=met.feature,
                period=met.period,
                symbol=met.symbol,
                op=met.op,
                value=met.value,
                threshold=met.threshold,
            )
            for met in one.event.signals
        ],
        forward_pct={str(after): _pct(found) for after, found in zip(horizons, one.returns, strict=True)},
    )


def _pct(fraction: float | None) -> float | None:
    return None if fraction is None else 100.0 * fraction
