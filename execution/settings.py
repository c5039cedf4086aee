"""Settings of the paper venue (section ``execution``) and of the trading mode (``config/trading_mode.yaml``)."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from core.settings_problem import SettingsProblem
from core.settings_section import Allowed, PathText, PlainText, SettingsSection
from execution.safety_limits import SafetyLimits


class ExecutionSettings(SettingsSection):
    """How orders fill on paper and what they cost. Slippage and commission are fractions of price and notional."""

    starting_balance: float = Field(10_000.0, gt=0, le=1e15, description="Balance at the start, in quote currency")
    slippage: float = Field(
        0.0005, ge=0, lt=0.1, description="Fraction of the price that market and stop fills are worse by"
    )
    commission_rate: float = Field(0.0005, ge=0, lt=0.1, description="Fraction of the notional charged on each fill")
    allow_shorting: bool = Field(True, description="Whether SHORT signals may open positions")
    entry_fill: Literal["next_open", "close"] = Field(
        "next_open",
        description="Where an accepted entry fills: at the open of the next candle, or at the close that decided it",
    )
    on_opposite_signal: Literal["ignore", "close", "reverse"] = Field(
        "ignore", description="What a signal against the open position does"
    )
    max_order_wait: int = Field(
        3, ge=1, le=1_000_000, description="Candles of the timeframe, by the clock, that an entry waits for an open"
    )
    max_gap: int = Field(
        60,
        ge=1,
        le=1_000_000,
        description="Missing candles above which the position closes at the next open and the strategy starts empty",
    )

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield ``max_order_wait`` above ``max_gap``: the gap rule would act before the entry expires."""
        if self.max_order_wait > self.max_gap:
            yield SettingsProblem(
                "max_order_wait", str(self.max_order_wait), f"allowed: at most max_gap ({self.max_gap})"
            )


StrategyName = Annotated[PlainText, Allowed("a registered name or package.module:ClassName")]
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
