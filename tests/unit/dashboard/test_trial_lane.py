"""The lane of trials: who is not asked after any more, how many wait, what is kept. No trial is made here."""

import unittest
from unittest import mock

from dashboard.problems import NotFound, Refused
from dashboard.trials import trial_lane
from dashboard.trials.trial_lane import Trial, TrialLane
from dashboard.trials.trial_work import ProgramWork
from programs.program_run import ProgramMarket
from strategies.programs.sandbox.program_text import ProgramText
from tests.support.waiting import wait_until

WORK = ProgramWork(
    ProgramText.of("def decide(market, account, trigger): pass\n"), (), True, ProgramMarket("x.yaml"), 1, 2
)


class Lane(unittest.TestCase):
    def setUp(self) -> None:
        self.lane = self.enterContext(TrialLane())

    def lapsed(self) -> Trial:
        """Return a trial that has ended since nobody asks after anything."""
        with mock.patch.object(trial_lane, "LEASE_SECONDS", -1.0):
            one = self.lane.begin("tried", WORK)
            wait_until(lambda: not one.is_open)
        return one

    def test_one_that_nobody_asks_after_is_ended_and_says_so(self) -> None:
        one = self.lapsed()
        self.assertEqual(("CANCELLED", "nobody asked after it any more"), (one.status, str(one.error)))
        self.lane.cancel(one)
        self.assertEqual("CANCELLED", self.lane.named(one.name).status)

    def test_too_many_are_refused_and_begin_nothing(self) -> None:
        with mock.patch.multiple(trial_lane, AT_ONCE=0, MOST_WAITING=0), self.assertRaisesRegex(Refused, "0 trials"):
            self.lane.begin("tried", WORK)
        self.assertEqual([], self.lane.listed())

    def test_the_last_answers_are_kept_for_a_while(self) -> None:
        made = [self.lapsed().name for _ in range(trial_lane.KEPT + 3)]
        self.assertEqual(made[3:][::-1], [one.name for one in self.lane.listed()])
        with self.assertRaisesRegex(NotFound, "ten minutes"):
            self.lane.named(made[0])
        with mock.patch.object(trial_lane, "KEPT_SECONDS", -1.0):
            self.assertEqual([], self.lane.listed())


if __name__ == "__main__":
    unittest.main()
