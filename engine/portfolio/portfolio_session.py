"""Several sessions on one account, driven as one: it only orders them, shares what they may do, and moves cash."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from core.candle import Step
from core.errors import InvariantError
from core.events import Halt, HaltLifted
from core.instants import format_ms
from core.reasons import HaltReason, SessionRefusal
from core.timeframe import DAY_MS, trading_day
from engine.portfolio.daily_units import DailyUnits
from engine.portfolio.member_steps import MemberSteps
from engine.portfolio.portfolio_outputs import PortfolioOutputs
from engine.portfolio.rebalancing import MemberShare, Rebalance, RebalanceTimes, Standing, planned_transfers
from engine.session import Session
from engine.session_statistics import SessionStatistics
from engine.watched import Watched
from execution.safety.safety_status import SafetyStatus
from execution.safety.shared_limits import HALTS_IN_ALL, SharedLimits
from risk_management.allocation.allocation import Allocation, shares_of
from strategies.features.program_port import CallsProgram

FOR_GOOD: tuple[HaltReason, ...] = ("account_blown", "drawdown")


class PortfolioRules(msgspec.Struct, frozen=True):
    """How capital is divided: the rule, the shares at the start, how many days are looked back, when cash moves.

    ``halts`` are those that a limit on the whole can bring.
    """

    allocation: Allocation
    weights: tuple[float, ...]
    lookback: int
    rebalance: str
    halts: tuple[HaltReason, ...] = ()


class Member(NamedTuple):
    """One system of a portfolio: its name, the session that is its sub-account, and how it is shown steps."""

    name: str
    session: Session
    steps: MemberSteps


class PortfolioSession:
    """Runs steps through every member's session, in configured order, and keeps the whole account.

    It is driven as a :class:`~engine.session.Session` is. The whole account is the sum of its members'. ``members``
    and ``outputs`` are read-only; ``statistics`` counts the steps and candles of the whole, ``rebalances`` how often
    cash was to move.

    A limit on the whole is judged by its equity at the end of the step before, and by positions and waiting entries
    as they stand. It halts at the end of the step that breaks it, and cash moves after that.

    Parameters
    ----------
    rules
        How capital is divided.
    members
        In configured order.
    shared
        The limits on the whole, which the members' safety monitors ask.
    outputs
        What the members write to, and the whole.
    watched
        The series that all members watch, as each step has them.
    """

    def __init__(
        self,
        rules: PortfolioRules,
        members: Sequence[Member],
        shared: SharedLimits,
        outputs: PortfolioOutputs,
        watched: Watched | None = None,
    ) -> None:
        self.rules = rules
        self.members = tuple(members)
        self.outputs = outputs
        self.statistics = SessionStatistics()
        self.watched = watched or Watched()
        self.rebalances = 0
        self._shared = shared
        self._times = RebalanceTimes(rules.rebalance)
        self._units = DailyUnits(rules.lookback)
        self._factors = [1.0] * len(self.members)
        self._time_ms: int | None = None
        self._day_ends_ms: float = float("-inf")

    @property
    def last_step_ms(self) -> int | None:
        """Time of the last step; None before the first."""
        return self._time_ms

    @property
    def equity(self) -> float:
        """Equity of the whole at the marks of the last step, in quote currency."""
        return math.fsum(one.session.equity for one in self.members)

    @property
    def kill_switch_engaged(self) -> bool:
        """Whether the kill switch is engaged."""
        return self.members[0].session.kill_switch_engaged

    @property
    def paused(self) -> bool:
        """Whether an operator has every new entry refused."""
        return self.members[0].session.paused

    @property
    def programs(self) -> dict[str, CallsProgram]:
        """The members that a program decides in, by name."""
        found = {one.name: one.session.program for one in self.members}
        return {name: one for name, one in found.items() if one is not None}

    @property
    def halts(self) -> tuple[HaltReason, ...]:
        """What halts the whole now."""
        return tuple(HALTS_IN_ALL[one] for one in self._shared.whole.halts if one in self.rules.halts)

    @property
    def safety(self) -> SafetyStatus:
        """The safety monitor of the whole."""
        return self._shared.whole

    @property
    def by_name(self) -> dict[str, Session]:
        """The members' sessions by their names, in configured order."""
        return {one.name: one.session for one in self.members}

    def process(self, step: Step, *, refuse_entries: SessionRefusal | None = None) -> None:
        """Run one step of all symbols through every member; arguments and errors as of a session's."""
        time_ms = step.time_ms
        if self._time_ms is not None and time_ms <= self._time_ms:
            raise InvariantError(f"step {format_ms(time_ms)} is not after {format_ms(self._time_ms)}")
        if time_ms > self._day_ends_ms:
            self._begin_day(time_ms)
        self._time_ms = time_ms
        self.statistics.steps += 1
        self.statistics.candles_processed += sum(one is not None for one in step.candles)
        for place, candles in enumerate(step.watched):
            for candle in candles:
                self.watched.take(place, candle, time_ms)
        for member in self.members:
            own = member.steps.of(step)
            if own is not None:
                member.session.process(own, refuse_entries=refuse_entries)
        self._take_equity(time_ms)
        if self._times.due(time_ms):
            self._rebalance(time_ms)

    def set_kill_switch(self, engaged: bool) -> None:
        """Take a change of the kill switch between steps; it acts on every member at once."""
        for member in self.members:
            member.session.set_kill_switch(engaged)

    def set_paused(self, paused: bool) -> None:
        """Refuse every entry decided from now on, or let the gates decide again."""
        for member in self.members:
            member.session.set_paused(paused)

    def close_position(self, symbol: str) -> None:
        """Close the positions of all members in a symbol at its next open, as an operator asks."""
        for session in self._trading(symbol, "close"):
            session.close_position(symbol)

    def cancel_entry(self, symbol: str) -> None:
        """Cancel the waiting entries of all members in a symbol, as an operator asks."""
        for session in self._trading(symbol, "cancel"):
            session.cancel_entry(symbol)

    def finish(self, *, flatten: bool = True) -> None:
        """End every member as a session ends."""
        for member in self.members:
            member.session.finish(flatten=flatten)
        if flatten and self._time_ms is not None:
            self.outputs.mark(math.fsum(float(one.session.account.balance) for one in self.members))

    def close(self) -> None:
        """Let go of what strategies have running beside this process."""
        for member in self.members:
            member.session.close()

    def _trading(self, symbol: str, command: str) -> list[Session]:
        found = [one.session for one in self.members if symbol in one.session.instruments]
        if not found:
            raise InvariantError(f"the command {command} names {symbol}, which is no symbol of the portfolio")
        return found

    def _begin_day(self, time_ms: int) -> None:
        whole, daily = self._shared.whole, HALTS_IN_ALL["daily_loss"]
        if self._time_ms is not None:
            halted = daily in self.halts
            whole.reset_daily_limits()
            if halted:
                for member in self.members:
                    member.session.lift_halt(HaltLifted(time_ms, daily))
        self._day_ends_ms = (trading_day(time_ms) + 1) * DAY_MS

    def _take_equity(self, time_ms: int) -> None:
        """Note what everything is worth, and let the limits on the whole act on it."""
        equities = [one.session.equity for one in self.members]
        total = math.fsum(equities)
        self.outputs.mark(total)
        self._units.note(time_ms, [value * factor for value, factor in zip(equities, self._factors, strict=True)])
        whole, before = self._shared.whole, self.halts
        if total != whole.current_equity and whole.check_post_trade(total):
            for reason in self.halts:
                if reason not in before:
                    halt = Halt(time_ms, reason, total, whole.peak_equity, whole.day_start_equity)
                    for member in self.members:
                        member.session.take_halt(halt)

    def _rebalance(self, time_ms: int) -> None:
        """Move free cash so that every member comes nearer to its share."""
        self.rebalances += 1
        rules = self.rules
        shares = shares_of(rules.allocation, rules.weights, self._units.returns(time_ms))
        standings = [
            Standing(one.session.equity, one.session.free_cash(), not set(FOR_GOOD) & set(one.session.safety.halts))
            for one in self.members
        ]
        moved = planned_transfers(standings, shares.weights)
        whole, told = math.fsum(one.equity for one in standings), []
        for place, (member, standing, amount) in enumerate(zip(self.members, standings, moved, strict=True)):
            if amount:
                member.session.transfer(amount, time_ms)
                self._factors[place] *= standing.equity / (standing.equity + float(amount))
            weight = shares.weights[place]
            target = whole * weight
            lacking = target - standing.equity - float(amount)
            share = MemberShare(member.name, weight, standing.equity, target, standing.free, amount, lacking)
            told.append(share)
        self.outputs.render(Rebalance(time_ms, shares.basis, tuple(told)))
