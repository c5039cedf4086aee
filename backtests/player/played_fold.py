"""A session that is folded step by step, up to wherever a playback stands."""

import itertools
from collections.abc import Collection

from backtests.engines.engine_choice import MadeRun, by_reference, not_verified
from backtests.kept_outputs import KeptOutputs
from backtests.player.output_tape import OutputTape
from backtests.player.playback import Playback
from backtests.player.recent_events import Happening, RecentEvents
from backtests.replay import Interrupt
from backtests.run import EndedRun, places_of, publish, session_over, warm_up_session, warmed_candles
from backtests.timeline import steps_of
from core.candle import Step
from core.errors import StrategyError


class PlayedFold:
    """The session of a playback after ``position`` of its steps; it never goes back.

    Parameters
    ----------
    playback
        What is folded.
    tape
        Where its outputs are kept, with those of other folds of it.

    Raises
    ------
    StrategyError
        If the strategy cannot begin.
    """

    def __init__(self, playback: Playback, tape: OutputTape) -> None:
        plan, market = playback.plan, playback.market
        self._playback = playback
        self._strategy = playback.strategy()
        self._strand = tape.strand()
        self.session = session_over(plan, self._strategy, market, self._strand.outputs)
        self.recent = RecentEvents(self.session)
        warm_up_session(self.session, market)
        self._warmed = warmed_candles(self.session, market)
        self._steps = steps_of(market.window())
        self.total = len(playback.times_ms)
        self.position = 0
        self.last: Step | None = None
        self.ended = False

    def run(self, until: int, brake: Interrupt, breaks: Collection[Happening] = ()) -> None:
        """Go on until so many steps are done, or the brake is pulled; what is in ``breaks`` pulls it."""
        process = self.session.process
        self.recent.watch(breaks, brake)
        for step in itertools.islice(self._steps, until - self.position):
            process(step)
            self.position += 1
            self.last = step
            if brake.asked:
                return

    def hand_over(self) -> None:
        """Let other folds compare themselves with all that this one has written."""
        self.session.outputs.flush()

    def finish(self) -> None:
        """End the session as a run that came to its last step, once."""
        if not self.ended:
            self.ended = True
            self.session.finish()

    def publish(self, failure: StrategyError | None = None) -> MadeRun:
        """Write or keep what was done, as the plan says; short of the end it is marked partial.

        Short of the end this is the last that is done with the fold.
        """
        playback, plan = self._playback, self._playback.plan
        if not self.ended:
            self._strand.part()
            self.session.finish(flatten=False)
        ended = EndedRun(
            self.session,
            self._strategy,
            self._warmed,
            by_reference(playback.reason),
            self.ended,
            failure,
            not_verified(plan, playback.reason),
        )
        with places_of(plan) as files:
            if isinstance(files, KeptOutputs):
                files.take(self._strand.texts())
            else:
                for name, text in self._strand.texts().items():
                    files.write(name, text)
            return publish(files, plan, playback.market, ended)
