"""Any sequence of controls, from this thread or another: what is shown is a fresh replay to that time, and the end the
plain run."""

import functools
import threading
import unittest
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backtests.backtest_result import BacktestResult
from backtests.player.player_state import PlayerState
from backtests.player.recent_events import HAPPENINGS
from backtests.player.session_player import SessionPlayer
from backtests.player.states import state_json
from tests.support.feature_strategies import Crossing
from tests.support.runs.players import memory_run, parked_often, told
from tests.support.scale import scaled

STEPS = 260
FORMS: dict[str, dict[str, Any]] = {"function": {}, "named": {"strategy": "scalping_ema_rsi"}}
PLACES = st.integers(-1, STEPS)
KINDS = st.sets(st.sampled_from(HAPPENINGS), max_size=2).map(tuple)


def run_of(form: str) -> Any:
    """Return a run of a form of strategy."""
    return memory_run(STEPS, strategy=Crossing()) if form == "object" else memory_run(STEPS, **FORMS[form])


@functools.cache
def plain_run(form: str) -> tuple[object, ...]:
    """Return all that the plain run keeps."""
    return told(run_of(form).run())


@functools.cache
def fresh_states(form: str) -> tuple[tuple[bytes, Any], ...]:
    """Return what a replay that only goes forward shows after each number of steps."""
    player = SessionPlayer(run_of(form), checkpoints=0)
    return tuple(_shown(player.state if number == 0 else player.step()) for number in range(STEPS + 1))


def _shown(state: PlayerState) -> tuple[bytes, Any]:
    return state_json(state.now), (state.orders, state.fills, state.refusals, state.refusal_reasons, state.halts)


class Controls(RuleBasedStateMachine):
    """Drives a player at random."""

    @initialize(form=st.sampled_from((*FORMS, "object")), count=st.integers(0, 4))
    def begin(self, form: str, count: int) -> None:
        self.form = form
        self.player = parked_often(run_of(form), stretch=15, count=count)
        self.stopped = False

    def at(self, place: int) -> int:
        times = self.player.times_ms
        return int(times[place]) if 0 <= place < STEPS else int(times[0]) - 1 if place < 0 else int(times[-1]) + 10**9

    @rule(count=st.integers(1, 40))
    def step(self, count: int) -> None:
        self.player.step(count)

    @rule(place=PLACES)
    def run_to(self, place: int) -> None:
        self.player.run_to(self.at(place))

    @rule(place=PLACES)
    def seek(self, place: int) -> None:
        state = self.player.seek(self.at(place))
        if not self.stopped:
            self.require(state.now.index == max(0, min(place + 1, STEPS)), "seek")

    @rule(kinds=KINDS)
    def run_to_event(self, kinds: Any) -> None:
        state = self.player.run_to_event(*kinds)
        self.require(state.control in ("ended", "stopped") or bool(state.stopped_by), "run_to_event")

    @rule(kinds=KINDS)
    def break_at(self, kinds: Any) -> None:
        self.player.break_at(*kinds)

    @rule()
    def tend(self) -> None:
        self.player.tend(0.01)

    @rule(place=PLACES, other=st.sampled_from(("pause", "seek", "state", "step")))
    def interrupted(self, place: int, other: str) -> None:
        """Another thread plays slowly, until this one has another wish."""
        self.player.set_speed(candles_per_second=2_000)
        thread = threading.Thread(target=self.player.play)
        thread.start()
        if other == "seek":
            self.player.seek(self.at(place))
        elif other == "step":
            self.player.step(3)
        elif other == "state":
            self.require(_shown(state := self.player.state) == fresh_states(self.form)[state.now.index], "meanwhile")
        self.player.pause()
        thread.join()
        self.player.set_speed()

    @precondition(lambda self: not self.stopped)
    @rule(really=st.sampled_from((False, False, False, True)))
    def stop(self, really: bool) -> None:
        if really:
            self.stopped = True
            state = self.player.stop()
            result: BacktestResult | None = self.player.result
            self.require(result is not None and result.result.partial == (state.now.index < STEPS), "stop")

    @invariant()
    def shows_a_fresh_replay(self) -> None:
        if not hasattr(self, "player"):
            return
        state = self.player.state
        expected = fresh_states(self.form)[state.now.index]
        if self.stopped:
            # Its status is another; what it has done is not.
            self.require(_shown(state)[1] == expected[1], "after stop")
        else:
            self.require(_shown(state) == expected, f"after {state.now.index} steps")

    def require(self, holds: bool, what: str) -> None:
        if not holds:
            raise AssertionError(what)

    def teardown(self) -> None:
        if not hasattr(self, "player") or self.stopped:
            return
        self.player.break_at()
        self.player.play()
        result = self.player.result
        self.require(result is not None and told(result) == plain_run(self.form), "the end")


class AnySequenceOfControls(Controls.TestCase):
    settings = settings(max_examples=scaled(15, 400), stateful_step_count=scaled(12, 30))


if __name__ == "__main__":
    unittest.main()
