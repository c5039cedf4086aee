"""A moment of history, in which programs and expressions are tried: each is called once, in its sandbox."""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

import msgspec

from backtests.run_plan import RunPlan
from core.candle import Candle
from core.errors import ConfigurationError, DataUnavailableError
from core.instants import format_ms, parse_instant
from core.settings_problem import shown
from core.symbol_spelling import nearest_symbol, same_symbols
from core.timeframe import floor_to_grid, timeframe_ms
from engine.assembly import kernel_rules
from engine.deciding.signal_check import signal_fault
from market_data.exchanges.exchange_names import PRACTICE
from market_data.store.candle_store import CandleStore
from programs.program_choice import ProgramChoice
from programs.program_run import ProgramListener, ProgramMarket, program_settings, program_strategy, run_program
from strategies.programs.decision_source import DecisionSource
from strategies.programs.program_calls import Desk, signal_of
from strategies.programs.sandbox.decision import ProgramDecision, read_decision
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.sandbox.sandbox import CallAnswer, CallInput
from strategies.programs.triggers.signal_pool import SignalPool
from validation.composed_settings import Settings

PRACTICE_MOMENT = "2024-01-15T12:00:00Z"
"""The moment of the practice market at which programs and expressions are tried where none is named."""

Trigger = dict[str, Any]
"""A trigger as a program is shown it."""
Woken = Callable[[Trigger], Sequence[Trigger]]
"""Makes of the trigger of a schedule those that a program is called with."""


class Tried(NamedTuple):
    """One call: what woke the program, what it was shown as its account, what it answered, and what that means."""

    trigger: Trigger
    account: Mapping[str, Any]
    answer: CallAnswer
    judged: ProgramDecision | ProgramProblem


class Moment:
    """The close of one candle, with all that is known at it; nothing is traded.

    Parameters
    ----------
    market
        The configuration.
    at_ms
        When, in UTC milliseconds; the last close before it, or at it, is the moment. None is ``PRACTICE_MOMENT`` on the
        practice market, elsewhere the last close of the symbol that is stored, else the present.
    now_ms
        The present.
    symbol
        About which symbol programs are called, however it is spelt; None is the first.
    offline
        Use what is stored and never the network.
    """

    def __init__(
        self, market: ProgramMarket, at_ms: int | None, now_ms: int, symbol: str | None = None, *, offline: bool = False
    ) -> None:
        self._market = market
        self._asked_ms = at_ms
        self._now_ms = now_ms
        self._symbol = symbol
        self._offline = offline

    @functools.cached_property
    def settings(self) -> Settings:
        """Settings of the market, with a program that nobody asks.

        Raises
        ------
        ConfigurationError
            If the configuration cannot be.
        """
        return program_settings(_PROBE, self._market)

    @property
    def symbol(self) -> str:
        """The symbol that is asked about, as the settings spell it."""
        return self._traded(self.settings.live.symbols)

    @functools.cached_property
    def at_ms(self) -> int:
        """The close that is the moment, in UTC milliseconds.

        Raises
        ------
        DataUnavailableError
            If none is named, none is stored, and none may be fetched.
        """
        live = self.settings.live
        return floor_to_grid(self._wanted_ms(), timeframe_ms(live.timeframe))

    def _wanted_ms(self) -> int:
        live = self.settings.live
        if self._asked_ms is not None:
            return self._asked_ms
        if live.exchange == PRACTICE:
            return parse_instant(PRACTICE_MOMENT)
        store = CandleStore(live.data.cache_dir)
        for named in same_symbols(self.symbol, store.symbols(live.exchange)):
            last = store.read_last(live.exchange, named, live.timeframe, 1, self._now_ms)
            if last.rows:
                return int(last.open_time_ms[-1]) + timeframe_ms(live.timeframe)
        if self._offline:
            raise DataUnavailableError(
                f"{self.symbol}: no candle of {live.timeframe} is stored in {live.data.cache_dir} — allowed: another "
                "--interval, candles imported or fetched first (python -m market_data), or no --offline",
                symbols=(self.symbol,),
                timeframe=live.timeframe,
            )
        return self._now_ms

    def call(self, text: ProgramText, woken: Woken | None = None) -> list[Tried]:
        """Call a program and return what it answered, once for each trigger that ``woken`` makes.

        Raises
        ------
        ConfigurationError
            If the configuration cannot be, or the text is no program.
        DataUnavailableError
            If there are too few candles before the moment.
        """
        timeframe = self.settings.live.timeframe
        symbol, end_ms, length_ms = self.symbol, self.at_ms, timeframe_ms(timeframe)
        choice = ProgramChoice(PurePath(text.name).stem, text.text, schedule=timeframe)
        settings = program_settings(choice, self._market)
        plan = RunPlan(
            settings=settings,
            start_ms=end_ms - length_ms,
            end_ms=end_ms,
            output_dir=None,
            offline=self._offline,
            outputs="none",
        )
        tried: list[Tried] = []
        judge = _Judge(settings, symbol)

        def wraps(source: DecisionSource) -> DecisionSource:
            return _OnceOnly(source, judge, woken or (lambda one: [one]), tried)

        run_program(plan, self._now_ms, ProgramListener(wraps))
        if not tried:
            raise DataUnavailableError(
                f"{symbol}: too few candles are known before {format_ms(end_ms)} — allowed: a later moment, or a "
                "program that reads less"
            )
        return tried

    def _traded(self, symbols: Sequence[str]) -> str:
        if self._symbol is None:
            return symbols[0]
        named = same_symbols(self._symbol, symbols)
        if len(named) != 1:
            hint = nearest_symbol(self._symbol, symbols)
            wrong = f"symbol {shown(self._symbol)} is not traded{hint}"
            raise ConfigurationError(f"{wrong} — allowed: {', '.join(symbols)}")
        return named[0]


class _Judge:
    """Judges what a program answers about one symbol as a session of the settings does."""

    def __init__(self, settings: Settings, symbol: str) -> None:
        self.symbol = symbol
        self._perpetual = settings.live.execution.perpetual
        self._traded = tuple(settings.live.symbols)
        self._fault = functools.partial(signal_fault, rules=kernel_rules(settings, program_strategy(settings)))

    def judged(self, answer: CallAnswer, given: CallInput) -> ProgramDecision | ProgramProblem:
        """Return what an answer means, or the problem that a session would have with it at these prices."""
        if answer.problem is not None:
            return answer.problem
        decision = read_decision(answer.decision, self._traded, self.symbol)
        if isinstance(decision, ProgramProblem):
            return decision
        prices = msgspec.convert(given.serve("get_current_prices", []), dict[str, float])
        candles = {one: Candle(0, price, price, price, price, 0.0) for one, price in prices.items()}
        signal = signal_of(decision, Desk(self._traded, candles, self._leverage, self._fault), ())
        return signal if isinstance(signal, ProgramProblem) else decision

    def _leverage(self, symbol: str) -> float:
        return 1.0 if self._perpetual is None else self._perpetual.leverage_of(symbol)


class _OnceOnly:
    """Calls a program about one symbol, and decides nothing."""

    def __init__(self, source: DecisionSource, judge: _Judge, woken: Woken, tried: list[Tried]) -> None:
        self._source = source
        self._judge = judge
        self._woken = woken
        self._tried = tried

    def call(self, given: CallInput) -> CallAnswer:
        """Take a call, and hold."""
        if given.trigger["symbol"] == self._judge.symbol:
            for trigger in self._woken(given.trigger):
                asked = msgspec.structs.replace(given, trigger=trigger, trace=True)
                answer = self._source.call(asked)
                self._tried.append(Tried(trigger, given.account, answer, self._judge.judged(answer, given)))
        return CallAnswer(None, given.memory)

    def close(self) -> None:
        """Close it."""
        self._source.close()


def woken_by(pools: Sequence[SignalPool], *, scheduled: bool) -> Woken:
    """Return what wakes a program as each of its pools would, and as its schedule does.

    What a pool's conditions are met by is not looked at: each is told as met exactly.
    """

    def triggers(trigger: Trigger) -> list[Trigger]:
        found = [
            {
                **trigger,
                "trigger_type": "signal",
                "pool_id": pool.id,
                "pool_name": pool.name,
                "logic": pool.logic,
                "signals": [
                    {
                        "feature": one.feature,
                        "period": one.period,
                        "symbol": one.symbol or trigger["symbol"],
                        "op": one.op,
                        "value": _number(one.value),
                        "threshold": _number(one.value),
                    }
                    for one in pool.conditions
                ],
            }
            for pool in pools
        ]
        return [*found, trigger] if scheduled or not found else found

    return triggers


def _number(value: float | str) -> float:
    return 0.0 if isinstance(value, str) else float(value)


_PROBE = ProgramChoice("program", "def decide(market, account, trigger):\n    return None\n", schedule="1w")
"""A program that only its settings are wanted of."""
