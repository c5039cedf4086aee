"""The session: one run of the kernel over one stream of steps. It only orders the phases."""

import functools
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal

from core.candle import Candle, Step
from core.errors import InvariantError
from core.events import CandleMove, EquityPoint, Halt, HaltLifted, KillSwitchChange, Listener
from core.exact import ZERO, computed, received, subtract
from core.instants import format_ms
from core.instrument import Instrument
from core.reasons import SessionRefusal
from core.timeframe import DAY_MS, trading_day
from engine.candle_moves import CandleMoves
from engine.commands import Commands
from engine.deciding.decisions import Decisions
from engine.deciding.entries import Entries
from engine.deciding.gates import Gates
from engine.kernel_rules import KernelRules
from engine.kill_switch import KillSwitch
from engine.marks import Marks
from engine.renderer import SessionOutputs
from engine.rule_changes import RuleChanges
from engine.segments import Segments
from engine.session_statistics import SessionStatistics
from engine.step_candles import matched_candles, strategy_candles
from engine.symbol_state import PresentCandles, SymbolState
from engine.watched import Watched
from execution.matching.paper_venue import PaperVenue
from execution.money.account_view import AccountView
from execution.safety.safety_status import SafetyStatus
from strategies.features.feature_session import FeatureSession
from strategies.features.program_port import CallsProgram


class Session:
    """Runs steps through the phases: exits, entries, levels, marks, decisions.

    Everything outside reads a session through its properties: ``rules``, ``account`` (positions, orders and money),
    ``statistics``, ``outputs`` (hashes, and the equity of every step), ``safety`` and ``watched``; or is told its
    events (:meth:`subscribe`).

    Parameters
    ----------
    rules
        The settings that decide when things happen.
    states
        One for each symbol, in configured order.
    venue, gates
        Where orders go, and what judges them.
    outputs
        What the venue's events are written to.
    kill_switch
        The switch that the safety monitor asks; changed only through :meth:`set_kill_switch`.
    watched
        The series beside those of the traded symbols; None has none.
    features
        Of a strategy that declares them.

    Attributes
    ----------
    program
        What calls a user's program, where that is the strategy.
    """

    def __init__(
        self,
        rules: KernelRules,
        states: Sequence[SymbolState],
        venue: PaperVenue,
        gates: Gates,
        outputs: SessionOutputs,
        kill_switch: KillSwitch,
        watched: Watched | None = None,
        features: FeatureSession | None = None,
    ) -> None:
        self.rules = rules
        self.account = AccountView(venue)
        self.statistics: SessionStatistics = gates.statistics
        self.outputs = outputs
        self.safety: SafetyStatus = gates.safety
        self.watched = watched or Watched()
        calling: object = features
        self.program = calling if isinstance(calling, CallsProgram) else None
        self._symbols = tuple(state.symbol for state in states)
        self._states = states
        self._venue = venue
        self._kill_switch = kill_switch
        self._segments = Segments(rules)
        self._marks = Marks(rules, self._symbols, venue, gates, outputs.mark)
        self._entries = Entries(rules, self._symbols, venue, gates)
        self._decisions = Decisions(rules, venue, gates, self._entries, self.watched, features)
        self._moves = CandleMoves(rules, venue, gates)
        self._rule_changes = RuleChanges(self._symbols, venue)
        self._commands = Commands(self._symbols, venue, gates)
        self._by_mark, self._finer, self._max_holding = rules.marks, rules.detail_ms is not None, rules.max_holding
        self._time_ms: int | None = None
        self._day_ends_ms: float = float("-inf")
        self._fills_written = 0
        self._row_of_step_written = False

    @property
    def instruments(self) -> dict[str, Instrument]:
        """The trading rules in force by symbol, in configured order."""
        pricing = self._venue.account.pricing
        return {symbol: pricing.rules(symbol) for symbol in self._symbols}

    @property
    def kill_switch_engaged(self) -> bool:
        """Whether the kill switch is engaged."""
        return self._kill_switch.engaged

    @property
    def paused(self) -> bool:
        """Whether an operator has every new entry refused."""
        return self._commands.paused

    @property
    def last_step_ms(self) -> int | None:
        """Time of the last step; None before the first."""
        return self._time_ms

    @property
    def candle_moves(self) -> Sequence[CandleMove]:
        """The candles that moved too far while their symbol had a position, in order."""
        return self._moves.told

    def candles_before(self, symbol: str, open_ms: int | None = None) -> int:
        """Return how many candles of its segment a symbol has seen; 0 where one opened at a time begins another."""
        state = self._states[self._symbols.index(symbol)]
        return state.candles_seen if open_ms is None or open_ms <= state.segment_ends_ms else 0

    def subscribe(self, listener: Listener) -> None:
        """Tell a listener every event from now on, in the order in which they happen."""
        self._venue.recorder.subscribe(listener)

    def warm_up(self, symbol_index: int, candles: Iterable[Candle]) -> None:
        """Feed a symbol's stored candles from before the first step, in order of time."""
        state = self._states[symbol_index]
        longest_distance, pricing = self.rules.longest_open_distance_ms, self._venue.account.pricing
        for candle in candles:
            if state.last_open_ms is not None and candle.open_time_ms <= state.last_open_ms:
                raise InvariantError(f"{state.symbol}: warm-up goes back to {format_ms(candle.open_time_ms)}")
            try:
                if candle.open_time_ms > state.segment_ends_ms:
                    pricing.restart(state.symbol)
                state.warm(candle, longest_distance)
                pricing.observe(state.symbol, candle)
            except (Exception, SystemExit) as error:
                raise self._decisions.failure(state.symbol, candle, error) from error

    def watch(self, place: int, candle: Candle) -> None:
        """Show the strategy a stored candle of a watched series from before the first step, in order of time."""
        self._decisions.watch(place, candle)

    def schedule_rules(self, symbol_index: int, instruments: Sequence[Instrument]) -> None:
        """Let trading rules of later dates come into force with the first step after theirs."""
        self._rule_changes.schedule(symbol_index, instruments)

    def process(self, step: Step, *, refuse_entries: SessionRefusal | None = None) -> None:
        """Run one step through all phases, each over all symbols before the next.

        Parameters
        ----------
        step
            Later than the step before.
        refuse_entries
            The reason for which every entry decided in this step is refused; None lets the gates decide.

        Raises
        ------
        StrategyError
            If the strategy raised or returned nonsense; the phases before C stand.
        InvariantError
            If time does not move forward, or a step is not of the session's symbols.
        """
        time_ms, states, venue, statistics = step.time_ms, self._states, self._venue, self.statistics
        account, book = venue.account, venue.book
        if self._time_ms is not None and time_ms <= self._time_ms:
            raise InvariantError(f"step {format_ms(time_ms)} is not after {format_ms(self._time_ms)}")
        if self._by_mark:
            decided = strategy_candles(states, step, marks=True)
        else:  # Spelled out: a call would cost as much as all of it.
            decided = []
            if len(step.candles) != len(states):
                raise InvariantError(f"step {format_ms(time_ms)}: {len(step.candles)} candles of {len(states)} symbols")
            for place, candle in enumerate(step.candles):
                if candle is not None:
                    decided.append((states[place], candle, candle))
        matched = matched_candles(states, step, marks=self._by_mark) if self._finer else decided
        if book.entries:
            self._expire_entries(matched, time_ms)
        if time_ms > self._day_ends_ms:
            self._begin_day(time_ms)
        if self._time_ms is None:
            account.begin(time_ms)
        self._time_ms, self._row_of_step_written = time_ms, False
        statistics.steps += 1
        statistics.candles_processed += len(decided)
        if self._rule_changes.waiting:
            self._rule_changes.apply(time_ms)
        if step.funding or step.open_interest:
            self._take_known(step)
        moved = self._moves.beyond(matched, time_ms) if account.holdings or book.entries else ()
        gaps = self._segments.follow(matched)
        if gaps or account.holdings or book.entries or book.scripted or venue.funding.waiting:
            venue.match(matched, time_ms, gaps)
        if moved:
            self._moves.act(moved)
        self._marks.take_equity(time_ms)
        if self._max_holding is not None:
            self._marks.close_overdue(decided, time_ms, self._max_holding)
        if step.watched:
            for place, candles in enumerate(step.watched):
                for candle in candles:
                    self._decisions.watch(place, candle, time_ms)
        self._decisions.decide(decided, time_ms, refuse_entries or ("paused" if self._commands.paused else None))
        if account.totals.fills != self._fills_written or statistics.steps == 1:
            self._tell_equity()

    def set_kill_switch(self, engaged: bool) -> None:
        """Take a change of the kill switch between steps and tell it; engaging it acts at once.

        Waiting entries are cancelled and entries refused; with ``on_kill: flatten`` all positions close at their last
        marks, with costs.
        """
        if engaged == self._kill_switch.engaged:
            return
        self._kill_switch.engaged = engaged
        time_ms = self._time_ms
        if time_ms is None:
            return
        self._venue.recorder(KillSwitchChange(time_ms, engaged))
        if not engaged:
            return
        if self.rules.on_kill == "flatten":
            self._flatten(time_ms, "kill_switch")
        else:
            for symbol in self._symbols:
                self._venue.book.cancel_entry(symbol, time_ms, "kill_switch")
        if self._venue.account.totals.fills != self._fills_written:
            self._tell_equity()

    def set_paused(self, paused: bool) -> None:
        """Refuse every entry decided from now on, or let the gates decide again; what waits or is open stays."""
        self._commands.pause(paused, self._time_ms)

    def close_position(self, symbol: str) -> None:
        """Close a symbol's position at its next open, as an operator asks."""
        self._commands.close_position(symbol, self._time_ms)

    def cancel_entry(self, symbol: str) -> None:
        """Cancel a symbol's waiting entry, as an operator asks."""
        self._commands.cancel_entry(symbol, self._time_ms)

    @property
    def equity(self) -> float:
        """Equity at the marks of the last step, in quote currency."""
        return self.safety.current_equity

    def book(self) -> tuple[int, float]:
        """Return how many positions and waiting entries there are, and their value in quote currency."""
        return self._entries.counted()

    def free_cash(self) -> Decimal:
        """Return the cash that neither positions nor waiting entries need."""
        venue = self._venue
        waiting = [computed(order.exposure()) for order in venue.book.entries.values()]
        return max(functools.reduce(subtract, waiting, venue.account.free_cash()), ZERO)

    def transfer(self, amount: Decimal, time_ms: int) -> None:
        """Take cash from another session's account between two steps, or give it to one (negative)."""
        self._marks.transfer(amount, time_ms)
        if self._time_ms is not None:
            self._tell_equity()

    def take_halt(self, halt: Halt) -> None:
        """Obey a limit on several sessions in all that is broken: their safety monitors refuse every entry by now."""
        if self._time_ms is not None:
            self._marks.halt(halt)

    def lift_halt(self, lifted: HaltLifted) -> None:
        """Tell that a limit on several sessions in all stands no longer."""
        if self._time_ms is not None:
            self._venue.recorder(lifted)

    def finish(self, *, flatten: bool = True) -> None:
        """End the session: write the last step's row; with ``flatten`` cancel what waits and close what is open."""
        self.close()
        time_ms = self._time_ms
        if time_ms is None:
            return
        if not self._row_of_step_written:
            self._tell_equity()
        if flatten:
            self._flatten(time_ms, "end")
            equity = float(self._venue.account.ledger.balance)
            self.outputs.mark(equity)
            self._venue.account.note_equity(equity)
            self._tell_equity()

    def close(self) -> None:
        """Let go of what the strategy has running beside this process; one that goes on has it again."""
        if self.program is not None:
            self.program.close()

    def _take_known(self, step: Step) -> None:
        """Take the payments, and show a program the open interest, that became known with a step."""
        program = self.program
        if step.funding and self.rules.funding:
            for symbol, rates in zip(self._symbols, step.funding, strict=True):
                if rates:
                    self._venue.funding.add(symbol, rates)
                    if program is not None:
                        program.fund(symbol, rates)
        if step.open_interest and program is not None:
            for symbol, rows in zip(self._symbols, step.open_interest, strict=True):
                if rows:
                    program.interest(symbol, rows)

    def _expire_entries(self, matched: PresentCandles, time_ms: int) -> None:
        """Expire the entries whose time is over before this step and that no candle of it can fill any more."""
        book = self._venue.book
        waiting = [order for order in book.entries.values() if order.may_lapse(time_ms)]
        if not waiting:
            return
        opens = {state.symbol: candle.open_time_ms for state, candle, _ in matched}
        waiting = [book.entries[symbol] for symbol in self._symbols if symbol in book.entries]
        # In order of their ends, so that a step of another symbol in between changes nothing.
        for order in sorted(waiting, key=lambda order: order.last_open_ms or order.expires_ms or time_ms):
            book.expire(order.symbol, opens.get(order.symbol), time_ms)

    def _flatten(self, time_ms: int, reason: Literal["kill_switch", "end"]) -> None:
        """Cancel whatever waits, then close every position at its last mark, in configured order."""
        venue = self._venue
        for symbol in self._symbols:
            venue.book.cancel_close(symbol, time_ms, reason)
            venue.book.cancel_entry(symbol, time_ms, reason)
        for symbol in self._symbols:
            venue.funding.settle_due(symbol, time_ms)
        for symbol in self._symbols:
            holding = venue.account.holdings.get(symbol)
            if holding is not None:
                venue.immediate.close(symbol, received(holding.mark), time_ms, reason)

    def _begin_day(self, time_ms: int) -> None:
        if self._time_ms is not None:
            if not self._row_of_step_written:
                self._tell_equity()
            self._marks.roll_day(time_ms)
        self._day_ends_ms = (trading_day(time_ms) + 1) * DAY_MS

    def _tell_equity(self) -> None:
        """Tell the account as it stands, at the time of the last step."""
        account = self._venue.account
        if self._time_ms is not None:
            balance, unrealized = account.ledger.balance, account.unrealized_of_marks()
            self._venue.recorder(EquityPoint(self._time_ms, balance, unrealized, len(account.holdings)))
        self._fills_written = account.totals.fills
        self._row_of_step_written = True
