"""Settings of the paper venue (section ``execution``) and of the trading mode (``config/trading_mode.yaml``)."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from core.candle_move import DEFAULT_MAX_CANDLE_MOVE
from core.settings_problem import SettingsProblem
from core.settings_section import Allowed, PathText, PlainText, SettingsSection
from core.timeframe import DAY_MS
from execution.safety.safety_limits import SafetyLimits
from execution.venue_settings import (
    CommissionSettings,
    ExitSettings,
    Intrabar,
    LimitFill,
    PerpetualSettings,
    SlippageSettings,
    SpreadSettings,
)


class ExecutionSettings(SettingsSection):
    """How orders fill on paper and what they cost. Slippage and commission are fractions of price and notional."""

    starting_balance: float = Field(10_000.0, gt=0, le=1e15, description="Balance at the start, in quote currency")
    slippage: float = Field(
        0.0005, ge=0, lt=0.1, description="Fraction of the price that market and stop fills are worse by"
    )
    commission_rate: float = Field(0.0005, ge=0, lt=0.1, description="Fraction of the notional charged on each fill")
    allow_shorting: bool = Field(True, description="Whether SHORT signals may open positions")
    entry_order: Literal["market", "limit", "stop"] = Field(
        "market", description="Order that a signal becomes: at the market, a limit order, or a stop order"
    )
    entry_offset: float = Field(
        0.001,
        ge=0,
        lt=0.5,
        description="Distance of a limit or stop entry from the decision's close, a fraction of it",
    )
    entry_time_in_force: Literal["GTC", "GTD", "IOC"] = Field(
        "GTD",
        description="How long a limit or stop entry stands: until cancelled, for entry_expiry candles, or one open",
    )
    entry_expiry: int = Field(3, ge=1, le=1_000_000, description="Candles that a GTD entry stands, by the clock")
    post_only: bool = Field(False, description="Whether a limit entry that would take at once is rejected instead")
    max_entries: int = Field(
        1, ge=1, le=100, description="Entries of one position; above 1 signals in its direction add to it"
    )
    entry_fill: Literal["next_open", "close", "next_typical"] = Field(
        "next_open",
        description="Where an accepted entry fills: at the open of the next candle, at the close that decided it, or "
        "at the mean of high, low and close of the next candle",
    )
    on_opposite_signal: Literal["ignore", "close", "reverse"] = Field(
        "ignore", description="What a signal against the open position does"
    )
    max_order_wait: int = Field(
        3,
        ge=1,
        le=1_000_000,
        description="Candles of the timeframe, by the clock, that a market entry waits for an open",
    )
    max_gap: int = Field(
        60,
        ge=1,
        le=1_000_000,
        description="Missing candles above which the position closes at the next open and the strategy starts empty",
    )
    max_candle_move: float = Field(
        DEFAULT_MAX_CANDLE_MOVE,
        gt=1,
        le=1e12,
        description="Factor a candle may move by while a position is open; above it the symbol takes no more entries",
    )
    latency_ms: int = Field(
        0, ge=0, le=DAY_MS, description="Milliseconds after a decision before its order may act, at a candle's open"
    )
    exits: ExitSettings = Field(default_factory=ExitSettings, description="Ladder, break-even and time stop")
    intrabar: Intrabar = Field(
        "pessimistic", description="The order in which the prices inside a candle are taken to have come"
    )
    limit_fill: LimitFill = Field(
        "through",
        description="What fills a resting limit order: a trade through it, a touch, or a touch with a probability",
    )
    limit_fill_probability: float = Field(
        0.5, ge=0, le=1, description="Chance that a mere touch fills, where limit_fill is probability"
    )
    limit_fill_seed: int = Field(
        0, ge=0, le=2**63 - 1, description="Seed of that chance; the same seed gives the same fills"
    )
    volume_cap: float | None = Field(
        None, gt=0, le=1, description="Largest share of a candle's volume that one symbol's orders fill; null is no cap"
    )
    spread: SpreadSettings = Field(default_factory=SpreadSettings, description="The spread that market fills cross")
    slippage_model: SlippageSettings = Field(default_factory=SlippageSettings, description="How slippage is found")
    commission: CommissionSettings = Field(
        default_factory=CommissionSettings, description="Commission by liquidity and volume"
    )
    perpetual: PerpetualSettings | None = Field(
        None, description="Margin and funding of perpetual contracts; null trades without margin"
    )

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield waits that the gap rule would cut short, settings that exclude each other, and what is not read."""
        if self.latency_ms and self.entry_fill == "close":
            yield SettingsProblem("latency_ms", str(self.latency_ms), "allowed: 0 with entry_fill close")
        yield from self._broken_entries()
        if self.limit_fill != "probability":
            chance = ("limit_fill_probability", "limit_fill_seed")
            yield from self.without_effect(chance, f"with limit_fill {self.limit_fill}", "limit_fill probability")
        commission = self.commission
        if commission.maker is not None and commission.taker is not None and self.commission_rate != commission.taker:
            both = "beside commission.maker and commission.taker"
            yield from self.without_effect(("commission_rate",), both, "the same as commission.taker")

    def _broken_entries(self) -> Iterator[SettingsProblem]:
        if self.entry_order == "market" and self.max_order_wait > self.max_gap:
            yield SettingsProblem(
                "max_order_wait", str(self.max_order_wait), f"allowed: at most max_gap ({self.max_gap})"
            )
        if self.entry_order == "market":
            names = ("entry_offset", "entry_time_in_force", "entry_expiry")
            yield from self.without_effect(names, "with entry_order market", "entry_order limit or stop")
        elif self.entry_fill != "next_open":
            allowed = f"allowed: next_open with entry_order {self.entry_order}"
            yield SettingsProblem("entry_fill", self.entry_fill, allowed)
        if self.post_only and self.entry_order != "limit":
            yield SettingsProblem("post_only", "true", f"allowed: false with entry_order {self.entry_order}")
        if self.entry_time_in_force == "IOC" and (self.entry_order == "stop" or self.post_only):
            beside = "post_only" if self.post_only else "entry_order stop"
            yield SettingsProblem("entry_time_in_force", "IOC", f"allowed: GTC or GTD with {beside}")
        if self.entry_order != "market":
            if self.entry_time_in_force != "GTD":
                when = f"with entry_time_in_force {self.entry_time_in_force}"
                yield from self.without_effect(("entry_expiry",), when, "entry_time_in_force GTD")
            elif self.entry_expiry > self.max_gap:
                limit = f"allowed: at most max_gap ({self.max_gap})"
                yield SettingsProblem("entry_expiry", str(self.entry_expiry), limit)


StrategyName = Annotated[PlainText, Allowed("a registered name, package.module:ClassName or path/to/file.py:ClassName")]
ModeWord = Annotated[
    Literal["paper", "monitor"], Allowed("paper or monitor; this program places no orders with an exchange")
]


def _no_live_trading(value: bool) -> bool:
    if value:
        raise ValueError("must be false")
    return value


NoLiveTrading = Annotated[
    bool, AfterValidator(_no_live_trading), Allowed("false; this program places no orders with an exchange")
]


class TradingModeSettings(SafetyLimits):
    """The safety limits and what happens when one is broken or the kill switch is engaged."""

    mode: ModeWord = Field(
        "paper", description="paper trades on paper; monitor judges every signal and accepts no entry"
    )
    default_strategy: StrategyName | None = Field(
        None, description="Strategy where the main configuration file names no strategy.type"
    )
    allow_live_trading: NoLiveTrading = Field(False, description="Must be false: there is no real trading")
    kill_switch_file: PathText | None = Field(None, description="File whose existence engages the kill switch")
    on_halt: Literal["hold", "flatten"] = Field(
        "hold", description="What a halt does with open positions: keep their exits working, or close them"
    )
    on_kill: Literal["hold", "flatten"] = Field(
        "hold", description="What the kill switch does with open positions: keep their exits working, or close them"
    )

    def limits(self) -> SafetyLimits:
        """Return the safety limits alone."""
        return SafetyLimits(**{name: getattr(self, name) for name in SafetyLimits.model_fields})
