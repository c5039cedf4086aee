"""The session: one run of the kernel over one stream of steps. It only orders the phases."""

from collections.abc import Iterable, Sequence

from core.candle import Candle, Step
from core.errors import InvariantError
from core.exact import received
from core.instants import format_ms
from core.instrument import Instrument
from core.timeframe import trading_day
from engine.commands import cancel_entry, close_position, note_command
from engine.components import Components
from engine.decisions import decide, strategy_failure
from engine.entries import entries_at_open, expire_entries
from engine.exits import exits_at_open, inside
from engine.funding_phase import settle_after, settle_before, settle_costs, settle_due, take_rates
from engine.kernel_rules import KernelRules
from engine.kill_switch import KillSwitch
from engine.marks import close_overdue, roll_day, take_marks
from engine.order_events import OrderEvents
from engine.outputs import SessionOutputs
from engine.rule_changes import RuleChanges
from engine.session_statistics import SessionStatistics
from engine.step_candles import matched_candles, strategy_candles
from execution.money.account_view import AccountView
from execution.safety.safety_status import SafetyStatus


class Session:
    """Runs steps through the phases: exits, entries, levels, marks, decisions.

    Parameters
    ----------
    parts
        The objects the phases act on.
    kill_switch
        The switch that the safety monitor asks; changed only through :meth:`set_kill_switch`.

    Everything outside reads a session through its properties; ``account`` shows positions, orders and money.
    """

    def __init__(self, parts: Components, kill_switch: KillSwitch) -> None:
        self._parts = parts
        self.account = AccountView(parts.trader)
        self._kill_switch = kill_switch
        self._paused = False
        self._time_ms: int | None = None
        self._day = 0
        self._rows_written = 0
        self._row_of_step_written = False
        self._rule_changes = RuleChanges(parts)
        parts.book.listener = OrderEvents(parts).changed
        self._marks, self._finer = parts.rules.marks, parts.rules.detail_ms is not None
        self._funding, self._max_holding = parts.rules.funding, parts.rules.max_holding

    @property
    def rules(self) -> KernelRules:
        """The settings that decide when things happen."""
        return self._parts.rules

    @property
    def statistics(self) -> SessionStatistics:
        """Counts of what the session did."""
        return self._parts.statistics

    @property
    def outputs(self) -> SessionOutputs:
        """What the session has written: hashes, and the equity of every step."""
        return self._parts.outputs

    @property
    def safety(self) -> SafetyStatus:
        """What the safety monitor knows now."""
        return self._parts.safety

    @property
    def instruments(self) -> dict[str, Instrument]:
        """The trading rules in force by symbol, in configured order."""
        pricing = self._parts.account.pricing
        return {state.symbol: pricing.rules(state.symbol) for state in self._parts.states}

    def candles_before(self, symbol: str, open_ms: int | None = None) -> int:
        """Return how many candles of its segment a symbol has seen; 0 where one opened at a time begins another."""
        state = next(one for one in self._parts.states if one.symbol == symbol)
        return state.candles_seen if open_ms is None or open_ms <= state.segment_ends_ms else 0

    @property
    def kill_switch_engaged(self) -> bool:
        """Whether the kill switch is engaged."""
        return self._kill_switch.engaged

    @property
    def paused(self) -> bool:
        """Whether an operator has every new entry refused."""
        return self._paused

    @property
    def last_step_ms(self) -> int | None:
        """Time of the last step; None before the first."""
        return self._time_ms

    def warm_up(self, symbol_index: int, candles: Iterable[Candle]) -> None:
        """Feed a symbol's stored candles from before the first step, in order of time."""
        state = self._parts.states[symbol_index]
        longest_distance, pricing = self._parts.rules.longest_open_distance_ms, self._parts.account.pricing
        for candle in candles:
            if state.last_open_ms is not None and candle.open_time_ms <= state.last_open_ms:
                raise InvariantError(f"{state.symbol}: warm-up goes back to {format_ms(candle.open_time_ms)}")
            try:
                if candle.open_time_ms > state.segment_ends_ms:
                    pricing.restart(state.symbol)
                state.warm(candle, longest_distance)
                pricing.observe(state.symbol, candle)
            except Exception as error:
                raise strategy_failure(self._parts, state, candle, error) from error

    def schedule_rules(self, symbol_index: int, instruments: Sequence[Instrument]) -> None:
        """Let trading rules of later dates come into force with the first step after theirs."""
        self._rule_changes.schedule(symbol_index, instruments)

    def process(self, step: Step, *, refuse_entries: str | None = None) -> None:
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
            If time does not move forward.
        """
        parts, time_ms = self._parts, step.time_ms
        if self._time_ms is not None and time_ms <= self._time_ms:
            raise InvariantError(f"step {format_ms(time_ms)} is not after {format_ms(self._time_ms)}")
        decided = strategy_candles(parts.states, step, marks=self._marks)
        matched = matched_candles(parts.states, step, marks=self._marks) if self._finer else decided
        if parts.book.entries:
            expire_entries(parts, matched, time_ms)
        day = trading_day(time_ms)
        if day != self._day:
            self._begin_day(day, time_ms)
        if self._time_ms is None:
            parts.account.begin(time_ms)
        self._time_ms = time_ms
        self._row_of_step_written = False
        parts.statistics.steps += 1
        parts.statistics.candles_processed += len(decided)
        if self._rule_changes.waiting:
            self._rule_changes.apply(time_ms)
        if self._funding and step.funding:
            take_rates(parts, step)
        funded = self._funding and any(state.funding for state in parts.states)

        if funded:
            settle_before(parts, matched)
        exits_at_open(parts, matched)
        if parts.book.entries:
            entries_at_open(parts, matched)
        if funded:
            settle_costs(parts, matched, time_ms)
        if parts.account.holdings or parts.book.entries:
            inside(parts, matched, time_ms)
        if funded:
            settle_after(parts, matched, time_ms)
        take_marks(parts, matched, time_ms)
        if self._max_holding is not None:
            close_overdue(parts, decided, time_ms, self._max_holding)
        decide(parts, decided, time_ms, refuse_entries or ("paused" if self._paused else None))

        if parts.statistics.steps == 1 or len(parts.account.rows) != self._rows_written:
            self._write_equity_row()

    def set_kill_switch(self, engaged: bool) -> None:
        """Take a change of the kill switch between steps; engaging it acts at once.

        Waiting entries are cancelled and entries refused; with ``on_kill: flatten`` all positions close at their last
        marks, with costs.
        """
        if engaged == self._kill_switch.engaged:
            return
        self._kill_switch.engaged = engaged
        time_ms = self._time_ms
        if not engaged or time_ms is None:
            return
        self._parts.outputs.decisions.write(time_ms, None, "kill_switch", {"engaged": engaged})
        if self._parts.rules.on_kill == "flatten":
            self._flatten(time_ms, "kill_switch")
        else:
            self._parts.cancel_entries(time_ms, "kill_switch")
        if len(self._parts.account.rows) != self._rows_written:
            self._write_equity_row()

    def set_paused(self, paused: bool) -> None:
        """Refuse every entry decided from now on, or let the gates decide again; what waits or is open stays."""
        if paused != self._paused:
            self._paused = paused
            note_command(self._parts, self._time_ms, "pause" if paused else "resume")

    def close_position(self, symbol: str) -> None:
        """Close a symbol's position at its next open, as an operator asks."""
        close_position(self._parts, symbol, self._time_ms)

    def cancel_entry(self, symbol: str) -> None:
        """Cancel a symbol's waiting entry, as an operator asks."""
        cancel_entry(self._parts, symbol, self._time_ms)

    def finish(self, *, flatten: bool = True) -> None:
        """End the session: write the last step's row; with ``flatten`` cancel what waits and close what is open."""
        parts, time_ms = self._parts, self._time_ms
        if time_ms is None:
            return
        if not self._row_of_step_written:
            self._write_equity_row()
        if flatten:
            self._flatten(time_ms, "end")
            equity = parts.trader.balance
            parts.outputs.equity.curve.append(equity)
            parts.trader.note_equity(equity)
            self._write_equity_row()

    def _flatten(self, time_ms: int, reason: str) -> None:
        """Cancel whatever waits, then close every position at its last mark, in configured order."""
        parts = self._parts
        parts.cancel_all(time_ms, reason)
        settle_due(parts, time_ms)
        for state in parts.states:
            holding = parts.account.holdings.get(state.symbol)
            if holding is not None:
                parts.immediate.close(state.symbol, received(holding.mark), time_ms, reason)

    def _begin_day(self, day: int, time_ms: int) -> None:
        if self._time_ms is not None:
            if not self._row_of_step_written:
                self._write_equity_row()
            roll_day(self._parts, time_ms)
        self._day = day

    def _write_equity_row(self) -> None:
        """Write the account as it stands, at the time of the last step."""
        parts, account = self._parts, self._parts.account
        if self._time_ms is not None:
            parts.outputs.equity.write(
                self._time_ms, account.ledger.balance, account.unrealized_of_marks(), len(account.holdings)
            )
        self._rows_written = len(account.rows)
        self._row_of_step_written = True
