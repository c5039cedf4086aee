"""One session's run of a program: its triggers, its calls, and what they come to, symbol by symbol."""

import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from core.candle import Candle, FundingRate, OpenInterest
from core.errors import InvariantError
from core.events import Recorder
from core.programs.program_call import ProgramCall, ProgramFault, ProgramWish
from core.timeframe import timeframe_ms, trading_day
from core.trading_signal import FLAT, Signal
from strategies.features.feature_session import FeatureSession
from strategies.features.feature_stream import FeatureStream
from strategies.features.moment import Rows
from strategies.features.program_port import SignalFault
from strategies.features.session_facts import FillNow, TradeNow
from strategies.known_candles import KnownCandles
from strategies.programs.market_view import MarketView, Place
from strategies.programs.program_calls import (
    Desk,
    shown_account,
    signal_of,
    told_fault,
    told_trigger,
    told_wish,
)
from strategies.programs.sandbox.decision import read_decision
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.sandbox import CallAnswer, CallInput, Sandbox
from strategies.programs.seen_candles import SeenCandles
from strategies.programs.triggers.trigger_event import TriggerEvent
from strategies.strategy import SignalStream

if TYPE_CHECKING:
    from strategies.programs.program_strategy import ProgramStrategy


_PATIENCE = 20
"""How many times its processor time a call may take that has come to its end before, on whichever machine."""


class _Shown(NamedTuple):
    """A candle from before the first step; ``timeframe`` is that of a watched series, None of a traded symbol."""

    close_ms: int
    symbol: str
    candle: Candle
    timeframe: str | None = None
    fresh: bool = False


class ProgramSession(FeatureSession):
    """Shows a program the market at its triggers, and hands its decisions to the kernel as it asks for each symbol.

    At a step all features are updated first; then, before the first symbol is asked, the program is called once for
    each trigger, in their order. A trigger is looked at from the candle on from which all that is computed has
    forgotten its start; the program is called from the first candle on at which its symbol may order.

    Parameters
    ----------
    strategy
        The program.
    traded, watched
        Symbols, in configured order.
    known, longest_open_distance_ms
        As of a :class:`~strategies.features.feature_session.FeatureSession`.
    """

    def __init__(
        self,
        strategy: "ProgramStrategy",
        traded: Sequence[str],
        watched: Sequence[str] = (),
        known: KnownCandles | None = None,
        longest_open_distance_ms: int | None = None,
    ) -> None:
        super().__init__(strategy, (*traded, *watched), known, longest_open_distance_ms)
        self._program = strategy
        self._traded = tuple(traded)
        reads = strategy.reads
        self._seen = SeenCandles(self.symbols, strategy.timeframe_ms, reads.kept)
        others, beside = strategy.text.other_symbols, set(watched) - set(traded)
        self._view = MarketView(reads, self._seen, _Values(self), others=others, watched=beside)
        self._watch = strategy.watch_of(traded)
        self._warm_after = strategy.warmup_candles
        self._settled_after = self._warm_after - strategy.lookback
        self._past: list[_Shown] | None = []
        self._begins: set[str] = set()
        self._rows: dict[str, Rows] = {}
        self._signals: dict[str, Signal] = {}
        self._memory: dict[str, Any] = {}
        self._number = self._failed = self._early = 0
        self._halted = False
        self._account_shown: dict[str, Any] | None = None
        self._trades: tuple[int, int] = 0, 0
        self._closed_since = 0
        self._recorder = Recorder()
        self._fault: SignalFault = _nothing_wrong
        self._recalled: Mapping[int, ProgramFault] | None = None
        self._machine: list[tuple[int, ProgramFault]] = []
        self._runs: list[Sandbox] = []
        weakref.finalize(self, _end, self._runs)
        self._sandbox()

    @property
    def takes_candles(self) -> bool:
        """Whether it has to be shown every candle of an instant: a program looks back at them."""
        return True

    @property
    def wants_news(self) -> bool:
        """Whether it looks at fills or trades: an account tells the trades of its day."""
        return True

    def judge(self, recorder: Recorder, fault: SignalFault) -> None:
        """Take what is told of every call, and what says whether a signal is one."""
        self._recorder, self._fault = recorder, fault

    def recall(self, faults: Mapping[int, ProgramFault] | None) -> None:
        """Run through calls that a session has made, of which these failed by their machine; None: that is over."""
        self.close()
        self._recalled = faults

    def machine_faults(self) -> Sequence[tuple[int, ProgramFault]]:
        """Return which calls failed by the machine since it was asked last, by their numbers."""
        told, self._machine = self._machine, []
        return told

    def unwoken(self) -> Sequence[str]:
        """Return why the program was never called; nothing where it was."""
        if self._number:
            return ()
        known, needed = max(map(self._count, self._traded)), self._warm_after + 1
        if known < needed:
            why = f"what it reads and what wakes it need {needed:,} candles of a symbol"
            return (f"{why}, and of none more than {known:,} were known",)
        early = f"{self._early:,} triggers came before {needed:,} candles of their symbol were known"
        return (*([early] if self._early else []), *self._watch.silence())

    def close(self) -> None:
        """End the worker of the program; a call after it begins another one."""
        _end(self._runs)

    def open(self, symbol: str) -> SignalStream:
        """Return a symbol's stream; asked again, after a gap, all that is computed of it starts empty."""
        self._begins.add(symbol)
        stream = self._streams.get(symbol)
        if stream is None:
            stream = self._streams[symbol] = ProgramStream(self, symbol)
        return stream

    def warm(self, symbol: str, candle: Candle) -> None:
        """Take a candle from before the first step."""
        if self._past is None:
            raise InvariantError(f"{symbol}: a candle of the warm-up comes after the first step")
        close_ms = candle.open_time_ms + self.plan.timeframe_ms
        self._past.append(_Shown(close_ms, symbol, candle, None, symbol in self._begins))
        self._begins.discard(symbol)

    def watch(self, symbol: str, timeframe: str, candle: Candle) -> None:
        """Take a watched series' candle of the instant that begins next, or from before the first."""
        if self._past is None:
            self._show(symbol, timeframe, candle)
        else:
            self._past.append(_Shown(candle.open_time_ms + timeframe_ms(timeframe), symbol, candle, timeframe))

    def fund(self, symbol: str, rates: Sequence[FundingRate]) -> None:
        """Take funding rates that became known."""
        self._view.fund(symbol, rates)

    def interest(self, symbol: str, rows: Sequence[OpenInterest]) -> None:
        """Take open interest that became known."""
        self._view.interest(symbol, rows)

    def tell(self, news: FillNow | TradeNow) -> None:
        """Count the trades that close."""
        self._closed_since += isinstance(news, TradeNow)

    def begin(self, time_ms: int, present: Sequence[tuple[str, Candle]] = (), *, freeze: bool = False) -> None:
        """Begin an instant: update everything, then call the program for each of its triggers."""
        if self._past is not None:
            self._warm_up(time_ms)
        self._take(time_ms, present, freeze=freeze)
        self._count_trades(time_ms)
        self._signals.clear()
        self._account_shown = None
        warm = {symbol: candle for symbol, candle in present if self._count(symbol) > self._warm_after}
        candles = dict(present)
        for event in self._events(time_ms, present):
            if event.symbol not in warm:
                self._early += 1
            elif not self._halted:
                self._call(event, candles)

    def said(self, symbol: str) -> Signal:
        """Return what was decided about a symbol in this step."""
        return self._signals.pop(symbol, FLAT)

    def rows(self, symbol: str) -> Rows:
        """Return the values that a symbol reads as they are now."""
        rows = self._rows.get(symbol)
        if rows is None:
            rows = self._rows[symbol] = self._source.reader(symbol, self._time_ms).rows(0)
        return rows

    def _warm_up(self, time_ms: int) -> None:
        """Show everything from before the first step in the order in which it closed."""
        past, self._past = self._past or [], None
        past.sort(key=lambda one: (one.close_ms, one.timeframe is None))
        last_ms = max((one.close_ms for one in past if one.timeframe is None), default=0)
        present: list[tuple[str, Candle]] = []
        for place, one in enumerate(past):
            if one.timeframe is not None:
                self._show(one.symbol, one.timeframe, one.candle)
            else:
                if one.fresh:
                    self._begins.add(one.symbol)
                present.append((one.symbol, one.candle))
            ends = place + 1 == len(past) or past[place + 1].close_ms != one.close_ms
            if ends and one.close_ms <= last_ms:
                self._take(one.close_ms, present)
                self._events(one.close_ms, present)
                present = []
        self._watch.count_anew()

    def _show(self, symbol: str, timeframe: str, candle: Candle) -> None:
        """Take a candle of a watched series."""
        super().watch(symbol, timeframe, candle)
        if symbol not in self._traded and timeframe_ms(timeframe) == self.plan.timeframe_ms:
            self._seen.take(symbol, candle)

    def _take(self, time_ms: int, present: Sequence[tuple[str, Candle]], *, freeze: bool = False) -> None:
        """Update everything by the candles of an instant."""
        for symbol, _ in present:
            if symbol in self._begins:
                self._begins.discard(symbol)
                self._source.restart(symbol)
                self._seen.restart(symbol)
                self._watch.restart(symbol)
        super().begin(time_ms, present, freeze=freeze)
        self._rows.clear()
        for symbol, candle in present:
            self._seen.take(symbol, candle)
        self._view.set_current_time(time_ms)

    def _count(self, symbol: str) -> int:
        return self._seen.count(symbol, self.plan.timeframe_ms)

    def _count_trades(self, time_ms: int) -> None:
        day, trades = self._trades
        if trading_day(time_ms) != day:
            day, trades = trading_day(time_ms), 0
        self._trades, self._closed_since = (day, trades + self._closed_since), 0

    def _events(self, time_ms: int, present: Sequence[tuple[str, Candle]]) -> Sequence[TriggerEvent]:
        settled = [symbol for symbol, _ in present if self._count(symbol) >= self._settled_after]
        return self._watch.at(time_ms, settled, self._view.value) if settled else ()

    def _call(self, event: TriggerEvent, candles: Mapping[str, Candle]) -> None:
        """Call the program once and keep what it decides for the kernel."""
        self._number += 1
        answer = self._answer(event)
        self._memory = answer.memory
        wish, problem = ProgramWish("hold"), answer.problem
        if problem is None:
            decision = read_decision(answer.decision, self._traded, event.symbol)
            if isinstance(decision, ProgramProblem):
                problem = decision
            else:
                wish, desk = told_wish(decision), Desk(self._traded, candles, self._leverage, self._fault)
                signal = signal_of(decision, desk, self._signals)
                if isinstance(signal, ProgramProblem):
                    problem = signal
                elif signal is not None:
                    self._signals[decision.symbol] = signal
        self._failed = 0 if problem is None else self._failed + 1
        self._halted = self._failed >= self._program.params.halt_after
        fault = None if problem is None else told_fault(problem)
        if self._program.tracer is not None:
            self._program.tracer(event, answer, wish, fault)
        self._recorder(
            ProgramCall(
                event.time_ms,
                event.symbol,
                self._number,
                told_trigger(event),
                wish,
                fault,
                self._halted,
                answer.printed,
            )
        )

    def _answer(self, event: TriggerEvent) -> CallAnswer:
        known = None if self._recalled is None else self._recalled.get(self._number)
        if known is not None:
            return CallAnswer(None, self._memory, ProgramProblem(known.kind, known.text, known.line))
        answer = self._sandbox().call(
            CallInput(
                self._view.snapshot(event.symbol),
                self._shown_account(),
                event.to_dict(),
                self._memory,
                self._view.serve,
                trace=self._program.tracer is not None,
            )
        )
        if answer.problem is None or answer.problem.kind != "machine":
            return answer
        self._machine.append((self._number, told_fault(answer.problem)))
        # How far it came is the machine's doing, too.
        return CallAnswer(None, self._memory, answer.problem)

    def _sandbox(self) -> Sandbox:
        if not self._runs:
            limits = self._program.params.limits()
            if self._recalled is not None:
                limits = msgspec.structs.replace(limits, call_seconds=min(_PATIENCE * limits.call_seconds, 60.0))
            self._runs.append(self._program.sandbox(self._program.text, limits))
        return self._runs[0]

    def _shown_account(self) -> dict[str, Any]:
        """Return the account as it stands; between the calls of an instant nothing happens to it."""
        if self._account_shown is None:
            self._account_shown = self._told_account()
        return self._account_shown

    def _told_account(self) -> dict[str, Any]:
        facts = self._facts
        if facts is None:
            raise LookupError("there is no account outside a session")
        positions = {symbol: held for symbol in self._traded if (held := self.position(symbol)) is not None}
        return shown_account(self.account(), positions, facts.orders(), self._trades[1])

    def _leverage(self, symbol: str) -> float:
        return 1.0 if self._facts is None else self._facts.leverage(symbol)


class ProgramStream(FeatureStream):
    """Hands on what the program has decided about one symbol."""

    def __init__(self, session: ProgramSession, symbol: str) -> None:
        self._session = session
        self._symbol = symbol

    def warm(self, candle: Candle) -> None:
        """Take a candle from before the session's first instant."""
        self._session.warm(self._symbol, candle)

    def decide(self, candle: Candle) -> Signal:
        """Return the opinion at the close of a candle that was taken."""
        return self._session.said(self._symbol)

    def update(self, candle: Candle) -> Signal:
        """Take the next candle, outside a session, and return the opinion at its close."""
        session = self._session
        session.begin(candle.open_time_ms + session.plan.timeframe_ms, [(self._symbol, candle)])
        return self.decide(candle)


class _Values:
    """Shows a view the features of a session."""

    def __init__(self, session: ProgramSession) -> None:
        self._session = weakref.proxy(session)
        self._places = {
            symbol: {name: Place(slot.series, slot.place, slot.size) for name, slot in layout.slots.items()}
            for symbol, layout in session.plan.layouts.items()
        }

    def rows(self, symbol: str) -> Rows:
        """Return a symbol's rows as they are at the moment."""
        rows: Rows = self._session.rows(symbol)
        return rows

    def place(self, symbol: str, feature: str) -> Place:
        """Return where in them a feature stands."""
        return self._places[symbol][feature]


def _nothing_wrong(signal: Signal, close: float) -> str | None:
    return None


def _end(runs: list[Sandbox]) -> None:
    while runs:
        runs.pop().close()
