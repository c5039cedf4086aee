"""What trials answer: when a pool would have woken a program, and what calls of a program came to."""

from typing import Literal, Self

from pydantic import BaseModel, Field

from core.instants import format_ms
from programs.moment import Tried
from programs.pool_outcomes import HorizonOutcome, PoolTrigger, PoolTriggers
from strategies.programs.sandbox.decision import ProgramDecision
from strategies.programs.sandbox.problem import ProgramProblem

MOST_TRIGGERS = 500
MOST_READS = 200


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

    @classmethod
    def of(cls, one: PoolTrigger, horizons: tuple[int, ...]) -> Self:
        """Return a trigger with its returns over some horizons."""
        return cls(
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


class HorizonView(BaseModel):
    """What the price did so many candles after the triggers, beside what it did after every candle; in per cent."""

    candles: int
    count: int = Field(description="Triggers with so many candles behind them.")
    mean_pct: float | None
    median_pct: float | None
    above_pct: float | None = Field(description="The share of returns above 0.")
    all_mean_pct: float | None = Field(description="Of every candle that was looked at.")
    all_above_pct: float | None

    @classmethod
    def of(cls, one: HorizonOutcome) -> Self:
        """Return an outcome in per cent."""
        return cls(
            candles=one.candles,
            count=one.triggers,
            mean_pct=_pct(one.mean),
            median_pct=_pct(one.median),
            above_pct=_pct(one.up),
            all_mean_pct=_pct(one.all_mean),
            all_above_pct=_pct(one.all_up),
        )


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

    @classmethod
    def of(cls, found: PoolTriggers) -> Self:
        """Return what a pool's triggers come to."""
        return cls(
            total=found.count,
            candles=found.candles,
            timeframe=found.timeframe,
            by_symbol=dict(found.by_symbol),
            by_regime=dict(found.by_regime),
            forward=[HorizonView.of(one) for one in found.outcomes],
            triggers=[TriggerView.of(one, found.horizons) for one in found.triggers[: -MOST_TRIGGERS - 1 : -1]],
            warnings=list(found.warnings),
        )


class Wish(BaseModel):
    """What the program decided, in its own words."""

    action: Literal["buy", "sell", "close", "hold"]
    size: float = Field(description="Of what risk allows, 0 to 1.")
    quote: float | None = Field(description="What the position was to be worth, in quote currency.")
    leverage: float | None
    stop: float | None
    stop_distance: float | None
    target_distance: float | None
    targets: list[tuple[float, float]] = Field(description="Fractions of the position, and prices.")
    reason: str

    @classmethod
    def of(cls, judged: ProgramDecision) -> Self:
        """Return a decision."""
        return cls(
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


class Fault(BaseModel):
    """Why a call counts as holding."""

    kind: Literal["syntax", "error", "limit", "nonsense", "refused", "machine"]
    text: str
    line: int | None = Field(description="Of the program's text, from 1.")


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

    @classmethod
    def of(cls, one: Tried) -> Self:
        """Return what a call came to."""
        judged, trigger = one.judged, one.trigger
        fault, wish, symbol = None, None, str(trigger["symbol"])
        if isinstance(judged, ProgramProblem):
            fault = Fault(kind=judged.kind, text=judged.text, line=judged.line)
        else:
            wish, symbol = Wish.of(judged), judged.symbol
        return cls(
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


def _plain(value: object) -> str | float | None:
    return value if value is None or isinstance(value, str | int | float) else repr(value)[:200]


def _pct(fraction: float | None) -> float | None:
    return None if fraction is None else 100.0 * fraction
