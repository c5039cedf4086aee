"""A pool alone on history: what a request asks for."""

from pydantic import BaseModel, ConfigDict, Field

from core.errors import ConfigurationError
from core.timeframe import timeframe_ms
from dashboard.api.backtest_models import RunRequest
from dashboard.api.programs.pool_models import POOL, PoolText
from dashboard.api.run_requests import job_of
from dashboard.dashboard_settings import DashboardSettings
from dashboard.trials.trial_work import PoolWork
from research.jobs.backtest_job import range_of, settings_of
from strategies.programs.triggers.pool_settings import pool_of
from systems.life_cycle.epoch_tracker import wall_clock_ms

MOST_CANDLES = 600_000
"""Of all symbols together, a year of minutes: some seconds of work where they are stored, and half a GB."""
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


def pool_work(asked: PoolTrialRequest, settings: DashboardSettings) -> tuple[str, PoolWork]:
    """Return what is tried, with its title.

    Raises
    ------
    ConfigurationError
        If the pool, the configuration or the range of time is wrong, or there are too many candles.
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
    title = f"{pool.name or 'a pool'} on {', '.join(live.symbols)}, {live.timeframe}"
    return title, PoolWork(pool, chosen, window.known_by(now_ms), now_ms, asked.offline)
