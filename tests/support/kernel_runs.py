"""Runs the kernel on candles given in a test, through the program's own assembly."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.candle import Candle, Step
from core.instrument import Instrument
from core.trading_signal import Signal
from engine.assembly import build_safety_monitor, build_session
from engine.kill_switch import KillSwitch
from engine.outputs import SessionOutputs
from engine.session import Session
from execution.settings import ExecutionSettings, TradingModeSettings
from risk_management.risk_config import RiskConfig
from tests.support.scripted_strategy import ScriptedStrategy
from validation.live_settings import LiveSettings
from validation.settings import Settings, SettingsFiles

BASE_SETTINGS: Mapping[str, object] = {
    "starting_balance": 10_000.0,
    "slippage": 0.0,
    "commission_rate": 0.0,
    "allow_shorting": True,
    "entry_fill": "next_open",
    "on_opposite_signal": "ignore",
    "max_order_wait": 3,
    "max_gap": 60,
    "default_risk_per_trade": 0.01,
    "max_exposure": 0.05,
    "min_position_size_usd": 0.0,
    "enable_trailing_stop": False,
    "trailing_stop_pct": 0.02,
    "max_daily_loss_pct": 0.99,
    "max_drawdown_pct": 0.99,
    "max_risk_per_trade_pct": 0.02,
    "max_exposure_pct": 0.20,
    "max_open_trades": 10,
    "on_halt": "hold",
    "on_kill": "hold",
}
"""What a test gets unless it says otherwise, by flat name."""


def settings_from(flat: Mapping[str, object], symbols: Sequence[str], timeframe: str = "1m") -> Settings:
    """Return settings from flat names; a name of no section is an error of the test."""
    values = {**BASE_SETTINGS, **flat}
    unknown = set(flat) - set(BASE_SETTINGS)
    if unknown:
        raise KeyError(f"no such settings: {sorted(unknown)}")

    def section(model: type) -> dict[str, object]:
        return {name: value for name, value in values.items() if name in model.model_fields}

    live = LiveSettings(
        exchange="practice",
        symbols=list(symbols),
        timeframe=timeframe,
        execution=ExecutionSettings(**section(ExecutionSettings)),
    )
    mode = TradingModeSettings(**section(TradingModeSettings))
    return Settings(live, RiskConfig(**section(RiskConfig)), mode, SettingsFiles("live.yaml", "risk.json", "mode.yaml"))


@dataclass
class KernelRun:
    """What a run of the kernel wrote."""

    session: Session
    trades: bytes
    equity: bytes
    decisions: bytes
    events: list[dict[str, object]] = field(init=False)

    def __post_init__(self) -> None:
        self.events = [json.loads(line) for line in self.decisions.splitlines()]

    @property
    def rows(self) -> list[dict[str, str]]:
        """Rows of the trade log as text by column."""
        import csv
        import io

        return list(csv.DictReader(io.StringIO(self.trades.decode())))

    @property
    def refused(self) -> list[tuple[str, str, str]]:
        """(time, symbol, reason) of every refused signal."""
        return [
            (event["time"], event["symbol"], event["reason"])
            for event in self.events
            if event["event"] == "decision" and event["reason"] is not None
        ]

    @property
    def order_events(self) -> list[tuple[str, str, str, str]]:
        """(time, symbol, event, reason) of orders that expired, were cancelled or rejected."""
        return [
            (event["time"], event["symbol"], event["event"].removeprefix("order_"), event["reason"])
            for event in self.events
            if event["event"].startswith("order_")
        ]

    @property
    def halts(self) -> list[tuple[str, str]]:
        """(time, reason) of every halt."""
        return [(event["time"], event["reason"]) for event in self.events if event["event"] == "halt"]

    @property
    def ambiguous(self) -> int:
        """Number of trades flagged ambiguous."""
        return sum(trade.ambiguous for trade in self.session.parts.account.closed)


def steps_of(candles: Mapping[str, Sequence[Candle]], symbols: Sequence[str], timeframe_ms: int) -> list[Step]:
    """Merge candles of several symbols into steps by close time, the plain way."""
    by_time = {symbol: {one.open_time_ms: one for one in candles.get(symbol, ())} for symbol in symbols}
    opens = sorted({time for times in by_time.values() for time in times})
    return [Step(one + timeframe_ms, tuple(by_time[symbol].get(one) for symbol in symbols)) for one in opens]


def run_kernel(
    flat_settings: Mapping[str, object],
    symbols: Sequence[str],
    candles: Mapping[str, Sequence[Candle]],
    signals: Mapping[str, Mapping[int, Signal]],
    instruments: Mapping[str, Instrument],
    *,
    timeframe: str = "1m",
    timeframe_ms: int = 60_000,
    warmup_candles: int = 0,
    start_ms: int = 0,
    kill_switch: bool = False,
) -> KernelRun:
    """Run a scripted session; candles that open before ``start_ms`` are stored ones, of which the last warm up."""
    trades, equity, decisions = bytearray(), bytearray(), bytearray()
    outputs = SessionOutputs(trades.extend, equity.extend, decisions.extend)
    configured, switch = settings_from(flat_settings, symbols, timeframe), KillSwitch(kill_switch)
    session = build_session(
        configured,
        ScriptedStrategy(signals, warmup_candles),
        instruments,
        outputs,
        switch,
        build_safety_monitor(configured, switch),
    )
    for index, symbol in enumerate(symbols):
        stored = [one for one in candles.get(symbol, ()) if one.open_time_ms < start_ms]
        session.warm_up(index, stored[len(stored) - min(len(stored), warmup_candles) :])
    window = {symbol: [one for one in candles.get(symbol, ()) if one.open_time_ms >= start_ms] for symbol in symbols}
    for step in steps_of(window, symbols, timeframe_ms):
        session.process(step)
    session.finish()
    return KernelRun(session, bytes(trades), bytes(equity), bytes(decisions))
