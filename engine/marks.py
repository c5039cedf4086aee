"""What follows from the closes of phase B: equity, halts and time stops; and the day that begins before a step."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from core.events import Halt, HaltLifted
from core.timeframe import floor_to_grid
from engine.deciding.gates import Gates
from engine.kernel_rules import KernelRules
from engine.symbol_state import PresentCandles
from execution.matching.paper_venue import PaperVenue


class Marks:
    """Values the account at the marks and lets limits act on it.

    Parameters
    ----------
    rules, symbols, venue, gates
        Of the session; symbols in configured order.
    note
        Takes the equity of every step.
    """

    def __init__(
        self,
        rules: KernelRules,
        symbols: Sequence[str],
        venue: PaperVenue,
        gates: Gates,
        note: Callable[[float], object],
    ) -> None:
        self._rules = rules
        self._symbols = symbols
        self._venue = venue
        self._account = venue.account
        self._gates = gates
        self._safety = gates.safety
        self._statistics = gates.statistics
        self._note = note
        self._balance = self._account.ledger.balance
        self._cash = float(self._balance)

    def take_equity(self, time_ms: int) -> None:
        """Find the equity at the marks and show it to the safety monitor."""
        account, safety = self._account, self._safety
        holdings, balance = account.holdings, account.ledger.balance
        if balance is not self._balance:
            self._balance, self._cash = balance, float(balance)
        equity = self._cash
        if holdings:
            unrealized = 0.0
            for symbol in self._symbols:
                holding = holdings.get(symbol)
                if holding is not None:
                    holding.count()
                    unrealized += holding.unrealized()
            equity += unrealized
            self._statistics.steps_with_position += 1
        self._note(equity)
        if equity != safety.current_equity:
            account.note_equity(equity)
            halts_before = safety.halts
            if safety.check_post_trade(equity):
                for reason in safety.halts:
                    if reason not in halts_before:
                        halt = Halt(time_ms, reason, equity, safety.peak_equity, safety.day_start_equity)
                        self.halt(halt)

    def close_overdue(self, present: PresentCandles, time_ms: int, max_holding: int) -> None:
        """Queue a close of every position that has been held for ``max_holding`` candles of its symbol's timeframe."""
        length_ms, holdings, closes = self._rules.timeframe_ms, self._account.holdings, self._venue.book.closes
        for state, _, _ in present:
            holding = holdings.get(state.symbol)
            if holding is None or holding.timed_out:
                continue
            if time_ms >= floor_to_grid(holding.entered_ms, length_ms) + max_holding * length_ms:
                holding.timed_out = True
                if state.symbol not in closes:
                    self._gates.queue_close(state.symbol, time_ms, "time_stop")

    def roll_day(self, time_ms: int) -> None:
        """Begin a UTC day: day-start equity is that of the last marks, a daily-loss halt is lifted."""
        safety = self._safety
        halted = "daily_loss" in safety.halts
        safety.reset_daily_limits()
        if halted:
            self._venue.recorder(HaltLifted(time_ms, "daily_loss"))

    def transfer(self, amount: Decimal, time_ms: int) -> None:
        """Take cash from another account, or give it to one, between two steps."""
        unrealized = sum(holding.unrealized() for holding in self._account.holdings.values())
        transfer = self._account.transfer(amount, float(self._account.ledger.balance) + unrealized, time_ms)
        equity = float(self._account.ledger.balance) + unrealized
        self._safety.take_transfer(equity, transfer.factor)

    def halt(self, halt: Halt) -> None:
        """Tell that a limit is broken, cancel waiting entries and, if so set, queue a close of every position.

        A position that has a close waiting keeps that one.
        """
        venue, time_ms = self._venue, halt.time_ms
        venue.recorder(halt)
        for symbol in self._symbols:
            venue.book.cancel_entry(symbol, time_ms, "halt")
        if self._rules.on_halt == "flatten":
            for symbol in self._symbols:
                if symbol in venue.account.holdings and symbol not in venue.book.closes:
                    self._gates.queue_close(symbol, time_ms, "halt")
