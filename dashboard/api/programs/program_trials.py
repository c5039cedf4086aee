"""A program called once at a moment of history: what a request asks for."""

from pydantic import BaseModel, ConfigDict, Field

from core.errors import ConfigurationError
from core.instants import format_ms, parse_instant
from dashboard.api.programs.pool_shelf import PoolShelf
from dashboard.api.programs.program_models import PROGRAM
from dashboard.api.run_requests import DEFAULT_CONFIG
from dashboard.folders import configuration
from dashboard.services import Services
from dashboard.trials.trial_work import ProgramWork
from programs.program_choice import WantedTriggers, told_triggers
from programs.program_run import ProgramMarket
from strategies.programs.sandbox.limits import LONGEST_TEXT
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.triggers.schedule import Schedule
from systems.life_cycle.epoch_tracker import wall_clock_ms


class TrialRequest(BaseModel):
    """A program's text, what wakes it, and the moment of a configuration's market at which it is called."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "text": PROGRAM,
                    "pools": ["rsi_oversold"],
                    "config": "practice.yaml",
                    "symbols": ["BTC/USDT"],
                    "at": "2024-01-15T12:00:00Z",
                }
            ]
        },
    )

    text: str = Field(max_length=LONGEST_TEXT)
    pools: list[str] = Field([], max_length=10, description="Ids of pools; each calls it as if it had just been met.")
    schedule: str | None = Field(None, max_length=100, description="As of a run: it is called as by a schedule too.")
    config: str | None = Field(None, description="A file of the folder of configurations; default: `live.yaml`.")
    symbols: list[str] | None = Field(None, min_length=1, max_length=200)
    timeframe: str | None = Field(None, examples=["15m"])
    symbol: str | None = Field(None, max_length=50, description="About which it is called; left out: the first.")
    at: str = Field(description="The last close at it or before it, UTC.", examples=["2024-01-15T12:00:00Z"])
    offline: bool = Field(False, description="Use what is stored and never the network.")


def program_work(asked: TrialRequest, services: Services) -> tuple[str, ProgramWork]:
    """Return what is tried, with its title: the text is called once for each pool, and once for its schedule.

    ConfigurationError if the text is none, or a pool, the schedule, the configuration or the moment is none.
    """
    text = ProgramText.of(asked.text, "program.py")
    wakes = WantedTriggers(tuple(asked.pools), asked.schedule)
    if wakes.none:
        wakes = told_triggers(text)
    pools = PoolShelf(services).pools(wakes.pools)
    market = ProgramMarket(
        configuration(services.settings.config, asked.config or DEFAULT_CONFIG),
        asked.symbols,
        asked.timeframe,
        services.settings.places.data_dir,
    )
    at_ms, now_ms = parse_instant(asked.at, name="at"), wall_clock_ms()
    if not 0 < at_ms <= now_ms:
        raise ConfigurationError(f"at: {format_ms(at_ms)} — allowed: a moment since 1970, and not of the future")
    if wakes.schedule is not None:
        Schedule.of(wakes.schedule)
    work = ProgramWork(text, pools, wakes.schedule is not None, market, at_ms, now_ms, asked.symbol, asked.offline)
    return f"a text at {format_ms(at_ms)}", work
