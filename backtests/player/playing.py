"""A playback and where it stands: folds it on, turns back, ends it. For one thread at a time."""

import time
from collections.abc import Collection

from backtests.backtest_result import BacktestResult
from backtests.player.baton import Baton
from backtests.player.checkpoints import Checkpoints
from backtests.player.output_tape import OutputTape
from backtests.player.pace import Pace, Speed
from backtests.player.playback import Playback
from backtests.player.played_fold import PlayedFold
from backtests.player.player_state import Control, PlayerState
from backtests.player.recent_events import HAPPENINGS, Happening
from backtests.player.session_states import orders_of, state_of, with_curve
from backtests.player.states import Status
from backtests.player.tellings import Tellings
from backtests.replay import Interrupt, held_interrupts
from backtests.run_at_hand import FolderRun, MemoryRun
from core.errors import HarnessError, StrategyError
from core.timeframe import DAY_MS, trading_day

STEPS_AT_ONCE = 8
"""How many steps are folded between two looks at the clock."""
WAITED_SECONDS = 0.1
"""An interrupt is seen after so long at most."""

STATUS: dict[Control, Status] = {"stopped": "STOPPED", "ended": "COMPLETED", "failed": "FAILED"}
OVER: frozenset[Control] = frozenset(STATUS)
"""The controls from which nothing leads forward."""


class Playing:
    """Drives a playback.

    Parameters
    ----------
    playback
        What is folded.
    count
        How many sessions stand parked at most.
    """

    def __init__(self, playback: Playback, count: int) -> None:
        self.playback = playback
        self.times_ms = playback.times_ms
        self.total = len(self.times_ms)
        self.times = self.times_ms.data
        """The same times: of few of them this is asked faster."""
        plan = playback.plan
        self._tape = OutputTape(plan.outputs, whole=plan.output_dir is not None)
        self.checkpoints = Checkpoints(self._begin, self.total, count)
        self.fold = self._begin()
        self.control: Control = "paused"
        self.speed: Speed | None = None
        self.breaks: tuple[Happening, ...] = ()
        self.result: BacktestResult | None = None
        self.baton = Baton(self.state)
        self.tellings = Tellings()
        self._reached = 0
        self.stopped_by: tuple[Happening, ...] = ()
        self._failure: HarnessError | None = None

    @property
    def reached(self) -> int:
        """How far any fold of it has come."""
        return max(self._reached, self.fold.position)

    def state(self, first: int | None = None) -> PlayerState:
        """Return how it stands, with the equity of its steps from number ``first`` on, if one is given."""
        fold, plan = self.fold, self.playback.plan
        session, recent = fold.session, fold.recent
        now = state_of(session, recent, STATUS.get(self.control, "RUNNING"), fold.last, fold.position, self.total)
        return PlayerState(
            control=self.control,
            now=now if first is None else with_curve(now, session, self.times_ms, first),
            orders=orders_of(session),
            fills=recent.fills,
            refusals=recent.refusals,
            refusal_reasons=dict(session.statistics.refusals),
            halts=self.halts(),
            kill_switch=session.kill_switch_engaged,
            start_ms=plan.start_ms,
            end_ms=plan.end_ms,
            reached_ms=self.reached_ms,
            checkpoints_ms=tuple([int(self.times_ms[at - 1]) for at in self.checkpoints.positions]),
            speed=self.speed,
            breaks_at=self.breaks,
            stopped_by=self.stopped_by,
            failure=self.failure,
        )

    @property
    def reached_ms(self) -> int | None:
        """The latest step that any fold of it has come to."""
        reached = max(self._reached, self.fold.position)
        return self.times[reached - 1] if reached else None

    @property
    def failure(self) -> str | None:
        """Why it has failed, where it has."""
        return None if self._failure is None else str(self._failure)

    def halts(self) -> tuple[str, ...]:
        """Return the limits that are broken now."""
        safety = self.fold.session.safety
        halts, symbols = safety.halts, safety.halted_symbols
        return (*halts, *[f"{reason} {symbol}" for symbol, reason in symbols.items()]) if symbols else halts

    def drive(
        self, control: Control, target: int, breaks: Collection[Happening] = (), *, paced: bool = False
    ) -> PlayerState:
        """Fold on until so many steps are done; sooner at a break, or where another control comes."""
        self.stopped_by = ()
        self.control = control
        self.tellings.tell()
        try:
            with held_interrupts() as interrupt:
                self._go(min(target, self.total), breaks, paced, interrupt)
                if self.fold.position == self.total:
                    self.fold.finish()
                    self.fold.hand_over()
                    self.publish()
                    self.control = "ended"
        except HarnessError as error:
            self.control, self._failure = "failed", error
            if isinstance(error, StrategyError):
                self.publish(error)
            self.tellings.tell()
            raise
        finally:
            if self.control == control:
                self.control = "paused"
        self.tellings.tell()
        if interrupt.asked:
            raise KeyboardInterrupt
        return self.state()

    def turn_to(self, position: int) -> None:
        """Take the fold from which a position is reached soonest; the one before stands parked where it is."""
        nearest = max((at for at in self.checkpoints.positions if at <= position), default=0)
        if nearest <= self.fold.position <= position:
            return
        before, self._reached = self.fold, self.reached
        before.hand_over()
        self.fold = self.checkpoints.take(position)
        if self.control != "failed":
            self.checkpoints.park(before)
        self.control, self._failure = "paused", None

    def tend(self, until: float) -> bool:
        """Fold towards missing checkpoints until a time of ``time.monotonic``; return whether one is still missing."""
        brake = self.baton.brake
        missing = self.checkpoints.tend(self.reached, brake, STEPS_AT_ONCE)
        while missing and not brake.asked and time.monotonic() < until:
            missing = self.checkpoints.tend(self.reached, brake, STEPS_AT_ONCE)
        return missing

    def publish(self, failure: StrategyError | None = None) -> None:
        """Write or keep what was done; a whole run is written once."""
        if self.result is not None and not self.result.result.partial and self.fold.ended:
            return
        made = self.fold.publish(failure)
        windows = {name: one.window for name, one in self.playback.market.candles.items()}
        run = FolderRun(made.result, windows) if made.kept is None else MemoryRun(made.kept)
        self.result = BacktestResult(made.result, run)

    def _begin(self) -> PlayedFold:
        return PlayedFold(self.playback, self._tape)

    def _go(self, target: int, breaks: Collection[Happening], paced: bool, interrupt: Interrupt) -> None:
        fold, baton, tellings, pace = self.fold, self.baton, self.tellings, None
        brake, own = baton.brake, breaks
        while fold.position < target:
            if self.control == "playing":  # Those that are set may be others by now; a seek ends at none.
                breaks = {*own, *self.breaks}
            now, until = time.monotonic(), min(target, fold.position + STEPS_AT_ONCE)
            if paced and self.speed is not None:
                if pace is None or pace.speed is not self.speed:
                    pace = Pace(self.speed, self.times_ms, fold.position, now)
                until = min(until, pace.due(now))
                if until <= fold.position:
                    self._idle(pace.seconds_to(fold.position + 1, now))
            if until > fold.position:
                day = self._day_begins(fold.position) if "day" in breaks else 0
                fold.run(min(until, day) if day else until, brake, breaks)
                self.stopped_by = tuple(
                    one for one in HAPPENINGS if one in breaks and (fold.recent.happened[one] or self._is(one, day))
                )
            if self.stopped_by or interrupt.asked or (brake.asked and baton.attend()):
                return
            if tellings.are_due():
                tellings.tell_those_due(at_leisure=paced and self.speed is not None)

    def _is(self, kind: Happening, day: int) -> bool:
        return kind == "day" and self.fold.position == day

    def _day_begins(self, position: int) -> int:
        """Return how many steps are done after the first step of the next UTC day; 0 where there is none."""
        day = trading_day(int(self.times_ms[max(0, position - 1)]))
        first = int(self.times_ms.searchsorted((day + 1) * DAY_MS, side="right"))
        return first + 1 if first < self.total else 0

    def _idle(self, seconds: float) -> None:
        if not self.tend(time.monotonic() + min(seconds, WAITED_SECONDS)):
            self.baton.wait(min(seconds, WAITED_SECONDS))
