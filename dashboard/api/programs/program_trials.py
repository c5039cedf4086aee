"""A program called once: at a moment of history, in the sandbox, as each of what wakes it would; nothing is traded."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from core.errors import ConfigurationError
from core.instants import format_ms, parse_instant
from dashboard.api.programs.pool_shelf import PoolShelf
from dashboard.api.programs.program_models import PROGRAM
from dashboard.api.programs.trigger_routes import Fault, Wish
from dashboard.api.run_requests import DEFAULT_CONFIG
from dashboard.folders import configuration
from dashboard.services import Services
from programs.moment import Moment, Tried, woken_by
from programs.program_choice import WantedTriggers, told_triggers
from programs.program_run import ProgramMarket
from strategies.programs.sandbox.decision import ProgramDecision
from strategies.programs.sandbox.limits import LONGEST_TEXT
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_text import ProgramText
from systems.life_cycle.epoch_tracker import wall_clock_ms

MOST_READS = 200


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


class ReadView(BaseModel):
    """What a call has read of the market."""

    name: str = Field(examples=["get_indicator"])
    arguments: list[str | float | None] = Field(examples=[["BTC/USDT", "rsi(14)", "1h"]])


class TriedView(BaseModel):
    """One call."""

    time: str
    symbol: str
    woken_by: Literal["signal", "scheduled"]
    pool: str = Field(description="Its id; empty for the schedule.")
    decision: Wish | None = Field(description="Null with a problem.")
    decided_symbol: str
    problem: Fault | None
    reads: list[ReadView] = Field(description=f"In order, at most {MOST_READS}.")
    printed: list[str]


def tried_once(asked: TrialRequest, services: Services) -> list[TriedView]:
    """Return what a text answers, once for each pool and once for its schedule.

    Raises
    ------
    ConfigurationError
        If the text is no program, or a pool, the configuration or the moment is none.
    DataUnavailableError
        If there are too few candles before the moment.
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
    moment = Moment(market, at_ms, now_ms, asked.symbol, offline=asked.offline)
    return [_view(one) for one in moment.call(text, woken_by(pools, scheduled=wakes.schedule is not None))]


def _view(one: Tried) -> TriedView:
    judged, trigger = one.judged, one.trigger
    fault, wish, symbol = None, None, str(trigger["symbol"])
    if isinstance(judged, ProgramProblem):
        fault = Fault(kind=judged.kind, text=judged.text, line=judged.line)
    else:
        wish, symbol = _wish(judged), judged.symbol
    return TriedView(
        time=format_ms(trigger["time_ms"]),
        symbol=trigger["symbol"],
        woken_by=trigger["trigger_type"],
        pool=trigger.get("pool_id", ""),
        decision=wish,
        decided_symbol=symbol,
        problem=fault,
        reads=[
            ReadView(name=name, arguments=[_plain(each) for each in arguments])
            for name, arguments in one.answer.calls[:MOST_READS]
        ],
        printed=list(one.answer.printed),
    )


def _wish(judged: ProgramDecision) -> Wish:
    return Wish(
        action=judged.action,
        size=judged.size,
        quote=judged.quote,
        leverage=judged.leverage,
        stop=judged.stop,
        stop_distance=judged.stop_distance,
        target_distance=judged.target_distance,
        targets=[(target.fraction, target.price) for target in judged.targets],
        reason=judged.reason,
    )


def _plain(value: object) -> str | float | None:
    return value if value is None or isinstance(value, str | int | float) else repr(value)[:200]
