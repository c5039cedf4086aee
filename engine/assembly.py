"""Builds a session from settings; the only place that does."""

import dataclasses
import functools
from collections.abc import Callable, Mapping

from core.errors import ConfigurationError
from core.events import Recorder, TradeRow
from core.exact import received
from core.instrument import Instrument
from core.orders import TimeInForce
from core.settings_problem import SettingsProblem
from core.timeframe import timeframe_ms
from engine.deciding.gates import Gates
from engine.deciding.kernel_facts import KernelFacts
from engine.deciding.signal_check import signal_fault
from engine.kernel_rules import KernelRules
from engine.kill_switch import KillSwitch
from engine.program_counts import ProgramCounts
from engine.renderer import SessionOutputs
from engine.session import Session
from engine.session_statistics import SessionStatistics
from engine.symbol_state import SymbolState
from engine.watched import Watched, watched_series_of
from execution.costs.fill_pricing import build_pricing
from execution.matching.paper_venue import PaperVenue
from execution.matching.venue_rules import venue_rules_of
from execution.orders.trailing import trailing_fraction_of
from execution.safety.safety_monitor import SafetyMonitor
from execution.scripting.execution_engine import ExecutionEngine
from execution.scripting.paper_trader import PaperTrader
from risk_management.entry_sizing import EntrySizer
from strategies.features.feature_session import FeatureSession
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.program_port import CallsProgram
from strategies.known_candles import CandlesAhead, KnownCandles
from strategies.open_stream import open_stream
from strategies.own_code import place_of_decisions
from strategies.params_check import checked_params
from strategies.strategy import SignalStream, Strategy, StreamingStrategy
from strategies.strategy_registry import (
    STRATEGIES,
    StrategyIdentity,
    build_strategy,
    params_model,
    strategy_identity,
)
from validation.composed_settings import Settings
from validation.config_error import ConfigValidationError
from validation.symbol_rules import require_one_currency


def with_own_strategy(settings: Settings) -> Settings:
    """Return the settings with the parameters of a class of one's own complete; this loads the class.

    For a command, before it does anything else with settings that were read from files.

    Raises
    ------
    ConfigValidationError
        If the class cannot be had, or its model refuses a parameter; all problems are named.
    """
    chosen, file = settings.live.strategy, settings.files.live
    try:
        model = params_model(settings.files.strategy_at(chosen.type))
    except ConfigurationError as error:
        raise ConfigValidationError.of(SettingsProblem("strategy.type", str(error), file=file)) from error
    if model is None or chosen.type in STRATEGIES:
        return settings
    checked, problems = checked_params(model, chosen.params, "strategy.params.")
    if checked is None:
        raise ConfigValidationError.of(*(problem.of(file) for problem in problems))
    complete = chosen.model_copy(update={"params": checked.model_dump(mode="json")})
    return dataclasses.replace(settings, live=settings.live.model_copy(update={"strategy": complete}))


def build_strategy_of(settings: Settings) -> Strategy | StreamingStrategy:
    """Return the strategy that the settings name.

    Raises
    ------
    ConfigurationError, StrategyError
        If it is unknown or cannot be built.
    """
    main = settings.live
    chosen = settings.files.strategy_at(main.strategy.type)
    return build_strategy(chosen, main.strategy.params, main.timeframe, (*main.symbols, *main.watch))


def strategy_identity_of(settings: Settings) -> StrategyIdentity:
    """Return who decides under the settings: hash and source files of the strategy that they name."""
    chosen = settings.live.strategy
    return strategy_identity(chosen.type, chosen.params, settings.files.strategy_at(chosen.type))


def build_safety_monitor(settings: Settings, kill_switch: KillSwitch) -> SafetyMonitor:
    """Return the safety monitor of a session; it asks ``kill_switch``, never the surroundings."""
    return SafetyMonitor(settings.mode.limits(), settings.live.execution.starting_balance, kill_switch)


def build_session(
    settings: Settings,
    strategy: Strategy | StreamingStrategy,
    instruments: Mapping[str, Instrument],
    outputs: SessionOutputs,
    kill_switch: KillSwitch,
    safety: SafetyMonitor,
    ahead: CandlesAhead | None = None,
) -> Session:
    """Build the kernel's objects and wire them.

    Parameters
    ----------
    settings
        Checked settings; symbols and their order are those of ``settings.live.symbols``.
    strategy
        Decides for every symbol, each with a stream of its own.
    instruments
        Trading rules of every symbol, keyed as the settings spell it.
    outputs
        Where the session writes.
    kill_switch
        As it stands at the start; later changes go through ``Session.set_kill_switch``.
    safety
        A safety monitor that :func:`build_safety_monitor` made for these settings and this switch.
    ahead
        All candles that the session will be shown, where they lie ready. They spare work and change nothing.

    Raises
    ------
    ConfigurationError
        If the symbols are of several currencies: their spelling need not say so, their trading rules do. If the
        strategy asks for a series that cannot be watched.
    """
    main = settings.live
    require_one_currency({symbol: instruments[symbol].symbol for symbol in main.symbols})
    statistics = SessionStatistics()
    venue = _venue(settings, instruments, _recorder(statistics, outputs))
    prepare_strategy(strategy, settings)
    rules = kernel_rules(settings, strategy)
    known = None if ahead is None else known_candles(ahead, rules)
    features, opened = streams_of(strategy, settings, known, rules)
    states = [SymbolState(symbol, opened, venue.book.symbol_orders(symbol)) for symbol in main.symbols]
    execution = ExecutionEngine(settings.mode.mode, PaperTrader.at(venue), safety, in_session=True)
    gates = Gates(EntrySizer(settings.risk), safety, execution, statistics)
    watched = Watched(watched_series_of(settings, strategy), strategy if features is None else features)
    if features is not None:
        _connect(features, KernelFacts(venue, safety, rules.timeframe_ms), venue.recorder)
        if isinstance(features, CallsProgram):
            features.judge(venue.recorder, functools.partial(signal_fault, rules=rules))
            statistics.program = ProgramCounts(features.unwoken)
    return Session(rules, states, venue, gates, outputs, kill_switch, watched, features)


def _venue(settings: Settings, instruments: Mapping[str, Instrument], recorder: Recorder) -> PaperVenue:
    """Return the venue of a session, whose fills are in its outputs."""
    fills = settings.live.execution
    return PaperVenue(
        received(fills.starting_balance),
        build_pricing(fills, instruments, settings.live.symbols),
        venue_rules_of(fills, instruments, trailing_fraction_of(settings.risk.model_dump())),
        recorder,
        allow_shorting=fills.allow_shorting,
        keeps_fills=False,
    )


def _recorder(statistics: SessionStatistics, outputs: SessionOutputs) -> Recorder:
    """Return what tells a session's events to its counts first, then to its outputs."""
    recorder = Recorder()
    recorder.subscribe(statistics.count, statistics.kinds)
    outputs.listen(recorder)
    return recorder


def known_candles(ahead: CandlesAhead, rules: KernelRules) -> KnownCandles:
    """Return candles that lie ready, as the streams of a strategy take them."""
    return KnownCandles(ahead.candles, rules.timeframe_ms, rules.longest_open_distance_ms, ahead.watched, ahead.kept)


def prepare_strategy(strategy: object, settings: Settings) -> None:
    """Let a strategy that declares its features have what they, and its warm-up, depend on.

    Raises
    ------
    ConfigurationError
        If a feature is impossible under the settings.
    """
    if isinstance(strategy, FeatureStrategy):
        strategy.prepare_features(settings.live.timeframe, (*settings.live.symbols, *settings.live.watch))


def streams_of(
    strategy: Strategy | StreamingStrategy, settings: Settings, known: KnownCandles | None, rules: KernelRules
) -> tuple[FeatureSession | None, Callable[[str], SignalStream]]:
    """Return what computes a strategy's features, if it declares them, and what opens a symbol's stream."""
    declaring: object = strategy
    if not isinstance(declaring, FeatureStrategy):
        return None, functools.partial(open_stream, strategy, known=known, timeframe_ms=rules.timeframe_ms)
    # A finer candle may bridge a gap between the strategy's own, of which columns know nothing.
    ahead = known if rules.detail_ms is None else None
    main = settings.live
    features = declaring.open_session(main.symbols, main.watch, ahead, rules.longest_open_distance_ms)
    return features, features.open


def _connect(features: FeatureSession, facts: KernelFacts, recorder: Recorder) -> None:
    """Let a strategy see the account, and hear of fills and trades if it listens."""
    features.connect(facts)
    if features.wants_news:
        recorder.subscribe(facts.news_for(features.tell), (TradeRow,))


def kernel_rules(settings: Settings, strategy: Strategy | StreamingStrategy) -> KernelRules:
    """Return the rules of a session that its phases read."""
    main, mode, fills = settings.live, settings.mode, settings.live.execution
    return KernelRules(
        timeframe_ms=timeframe_ms(main.timeframe),
        entry_fill=fills.entry_fill,
        on_opposite_signal=fills.on_opposite_signal,
        max_order_wait=fills.max_order_wait,
        max_gap=fills.max_gap,
        on_halt=mode.on_halt,
        on_kill=mode.on_kill,
        warmup_candles=strategy.warmup_candles,
        strategy_name=strategy.name,
        detail_ms=None if main.detail_interval is None else timeframe_ms(main.detail_interval),
        entry_order=fills.entry_order,
        entry_offset=received(fills.entry_offset),
        entry_time_in_force=TimeInForce(fills.entry_time_in_force),
        entry_expiry=fills.entry_expiry,
        post_only=fills.post_only,
        max_entries=fills.max_entries,
        max_holding=fills.exits.max_holding,
        max_candle_move=fills.max_candle_move,
        strategy_place=place_of_decisions(strategy),
        trailing_atr=settings.risk.trailing_stop_atr if settings.risk.enable_trailing_stop else None,
        funding=fills.perpetual is not None and fills.perpetual.funding,
        marks=fills.perpetual is not None and fills.perpetual.mark_price,
    )
