"""Runs the kernel on candles given in a test, through the program's own assembly."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.candle import Candle, FundingRate, OpenInterest, Step
from core.events import Event, TradeRow
from core.instrument import Instrument
from core.timeframe import timeframe_ms as length_ms
from core.trading_signal import Signal
from engine.assembly import build_safety_monitor, build_session
from engine.kill_switch import KillSwitch
from engine.renderer import SessionOutputs
from engine.session import Session
from execution.execution_settings import ExecutionSettings, TradingModeSettings
from execution.money.closed_trade import ClosedTrade
from risk_management.risk_config import RiskConfig
from tests.support.base_settings import BASE_SETTINGS
from tests.support.scripted_strategy import ScriptedStrategy
from validation.composed_settings import Settings, SettingsFiles
from validation.live_settings import LiveSettings

Candles = Mapping[str, Sequence[Candle]]
FundingRates = Mapping[str, Sequence[FundingRate]]
InterestRows = Mapping[str, Sequence[OpenInterest]]

_SECTIONS = (ExecutionSettings, TradingModeSettings, RiskConfig)


def _unread(flat: Mapping[str, object]) -> set[str]:
    """Return the base settings that the given ones leave without effect; naming those beside them is refused."""
    unread = set()
    if {"maker", "taker"} <= set(flat.get("commission") or {}):
        unread.add("commission_rate")
    if flat.get("trailing_stop_atr") is not None:
        unread.add("trailing_stop_pct")
    return unread


def settings_from(flat: Mapping[str, object], symbols: Sequence[str], timeframe: str = "1m") -> Settings:
    """Return settings from flat names; a name of no section is an error of the test.

    Sections inside ``execution`` (``exits``, ``spread``, ``slippage_model``, ``commission``, ``perpetual``) are given
    as mappings, as the configuration writes them; ``detail_interval`` and ``watch`` stand among the flat names.
    """
    known = {name for section in _SECTIONS for name in section.model_fields} | {"detail_interval", "watch"}
    unknown = set(flat) - known
    if unknown:
        raise KeyError(f"no such settings: {sorted(unknown)}")
    base = {name: value for name, value in BASE_SETTINGS.items() if name not in _unread(flat)}
    values = {**base, **flat}

    def section(model: type) -> dict[str, object]:
        return {name: value for name, value in values.items() if name in model.model_fields}

    live = LiveSettings(
        exchange="practice",
        symbols=list(symbols),
        timeframe=timeframe,
        detail_interval=values.get("detail_interval"),
        watch=list(values.get("watch", ())),
        execution=ExecutionSettings(**section(ExecutionSettings)),
    )
    mode = TradingModeSettings(**section(TradingModeSettings))
    return Settings(live, RiskConfig(**section(RiskConfig)), mode, SettingsFiles("live.yaml", "risk.json", "mode.yaml"))


def _table(written: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written.decode())))


@dataclass
class KernelRun:
    """What a run of the kernel wrote."""

    session: Session
    trades: bytes
    equity: bytes
    decisions: bytes
    orders: bytes = b""
    ledger: bytes = b""
    closed: Sequence[ClosedTrade] = ()
    events: list[dict[str, object]] = field(init=False)

    def __post_init__(self) -> None:
        self.events = [json.loads(line) for line in self.decisions.splitlines()]

    @property
    def rows(self) -> list[dict[str, str]]:
        """Rows of the trade log as text by column."""
        return _table(self.trades)

    @property
    def equity_rows(self) -> list[tuple[str, ...]]:
        """Rows of the equity log as text: time, balance, equity, unrealised profit, open positions."""
        return [tuple(row.values()) for row in _table(self.equity)]

    @property
    def order_rows(self) -> list[dict[str, str]]:
        """Rows of the orders' transitions as text by column."""
        return _table(self.orders)

    @property
    def postings(self) -> list[dict[str, str]]:
        """Rows of the ledger's journal as text by column."""
        return _table(self.ledger)

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

    def told(self, event: str) -> list[dict[str, object]]:
        """Return the records of one kind of event, in order."""
        return [one for one in self.events if one["event"] == event]

    @property
    def halts(self) -> list[tuple[str, str]]:
        """(time, reason) of every halt."""
        return columns(self.told("halt"), "time", "reason")

    @property
    def ambiguous(self) -> int:
        """Number of trades flagged ambiguous."""
        return self.session.account.totals.trades.ambiguous


def columns(rows: Sequence[Mapping[str, object]], *names: str) -> list[tuple[object, ...]]:
    """Return some fields of rows or records, row by row."""
    return [tuple(row[name] for name in names) for row in rows]


def steps_of(
    candles: Candles,
    symbols: Sequence[str],
    timeframe_ms: int,
    *,
    detail: Candles | None = None,
    detail_ms: int | None = None,
    marks: Candles | None = None,
    funding: FundingRates | None = None,
    open_interest: InterestRows | None = None,
) -> list[Step]:
    """Merge what several symbols have into steps by close time, the plain way.

    ``detail`` candles are ``detail_ms`` long; mark candles are as long as the finest candles. A funding payment comes
    with the first step that is not before the minute it is due; one due after the last step never comes. So does open
    interest with the first that is not before it is known.
    """
    fine_ms = detail_ms or timeframe_ms

    def by_close(source: Candles | None, length: int) -> dict[str, dict[int, Candle]]:
        return {
            symbol: {one.open_time_ms + length: one for one in (source or {}).get(symbol, ())} for symbol in symbols
        }

    coarse, fine, mark = by_close(candles, timeframe_ms), by_close(detail, fine_ms), by_close(marks, fine_ms)

    def part(source: dict[str, dict[int, Candle]], time_ms: int) -> tuple[Candle | None, ...]:
        return tuple(source[symbol].get(time_ms) for symbol in symbols)

    def some(source: dict[str, dict[int, Candle]], time_ms: int) -> tuple[Candle | None, ...]:
        found = part(source, time_ms)
        return found if any(one is not None for one in found) else ()

    times = sorted({time_ms for source in (coarse, fine) for closes in source.values() for time_ms in closes})
    due = {symbol: sorted((funding or {}).get(symbol, ()), key=lambda one: one.time_ms) for symbol in symbols}
    waiting = {symbol: list((open_interest or {}).get(symbol, ())) for symbol in symbols}
    steps = []
    for time_ms in times:
        known = tuple(tuple(one for one in waiting[symbol] if one.known_ms <= time_ms) for symbol in symbols)
        waiting = {symbol: [one for one in waiting[symbol] if one.known_ms > time_ms] for symbol in symbols}
        arrived = tuple(tuple(one for one in due[symbol] if one.due_ms <= time_ms) for symbol in symbols)
        due = {symbol: [one for one in due[symbol] if one.due_ms > time_ms] for symbol in symbols}
        paid = arrived if any(arrived) else ()
        finer, marked = some(fine, time_ms), some(mark, time_ms)
        told = known if any(known) else ()
        steps.append(Step(time_ms, part(coarse, time_ms), finer, marked, paid, open_interest=told))
    return steps


def run_kernel(
    flat_settings: Mapping[str, object],
    symbols: Sequence[str],
    candles: Candles,
    signals: Mapping[str, Mapping[int, Signal]],
    instruments: Mapping[str, Instrument],
    *,
    timeframe: str = "1m",
    timeframe_ms: int = 60_000,
    warmup_candles: int = 0,
    start_ms: int = 0,
    kill_switch: bool = False,
    detail: Candles | None = None,
    marks: Candles | None = None,
    funding: FundingRates | None = None,
) -> KernelRun:
    """Run a scripted session; candles that open before ``start_ms`` are stored ones, of which the last warm up.

    The length of ``detail`` candles is ``detail_interval`` of the settings.
    """
    written = [bytearray() for _ in range(5)]
    outputs = SessionOutputs(*(one.extend for one in written))
    configured, switch = settings_from(flat_settings, symbols, timeframe), KillSwitch(kill_switch)
    session = build_session(
        configured,
        ScriptedStrategy(signals, warmup_candles),
        instruments,
        outputs,
        switch,
        build_safety_monitor(configured, switch),
    )
    closed = kept_trades(session)
    for index, symbol in enumerate(symbols):
        stored = [one for one in candles.get(symbol, ()) if one.open_time_ms < start_ms]
        session.warm_up(index, stored[len(stored) - min(len(stored), warmup_candles) :])

    def windowed(source: Candles | None) -> Candles:
        return {
            symbol: [one for one in (source or {}).get(symbol, ()) if one.open_time_ms >= start_ms]
            for symbol in symbols
        }

    interval = configured.live.detail_interval
    steps = steps_of(
        windowed(candles),
        symbols,
        timeframe_ms,
        detail=windowed(detail),
        detail_ms=None if interval is None else length_ms(interval),
        marks=windowed(marks),
        funding=funding,
    )
    for step in steps:
        session.process(step)
    session.finish()
    return KernelRun(session, *(bytes(one) for one in written), closed=closed)


def kept_trades(session: Session) -> list[ClosedTrade]:
    """Return a list that every round trip of a session joins when it closes; the session keeps the last one alone."""
    closed: list[ClosedTrade] = []

    def hear(event: Event) -> None:
        trade = session.account.last_trade
        if isinstance(event, TradeRow) and trade is not None and (not closed or closed[-1] is not trade):
            closed.append(trade)

    session.subscribe(hear)
    return closed
