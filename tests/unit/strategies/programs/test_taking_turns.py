"""Processes that take turns are held to one processor while they do, and let go where they do so no longer."""

import os
import subprocess
import sys
import threading
import unittest
from pathlib import Path

from strategies.programs.sandbox.calling import Calling
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.sandbox.stopwatch import Stopwatch
from strategies.programs.sandbox.taking_turns import QUICK_SECONDS, TURNS_BETWEEN_LOOKS, TakingTurns, taking_turns
from tests.support.programs import given
from tests.support.waiting import PATIENCE_S

ALLOWED = os.sched_getaffinity(0) if sys.platform == "linux" else set()


class Watch(Stopwatch):
    """Counts the seconds that a test says have passed."""

    def __init__(self, test: "Turns") -> None:
        self._test, self._from = test, test.now

    def seconds(self) -> float:
        return self._test.now - self._from


@unittest.skipIf(len(ALLOWED) < 2, "needs a system that moves threads, and two processors")
class Turns(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 0.0
        self.turns = TakingTurns(lambda: Watch(self))
        self.addCleanup(self.turns.end)
        self.partner = self.started()

    def started(self) -> int:
        process = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
        self.addCleanup(process.wait, PATIENCE_S)
        self.addCleanup(process.communicate, b"\n")
        return process.pid

    def take(self, turns: int, *partners: int, seconds: float = QUICK_SECONDS / 2) -> None:
        for _ in range(turns):
            for partner in partners or (self.partner,):
                self.now += seconds
                self.turns.next(partner)

    def held(self, *partners: int) -> set[int]:
        """Return the processors that this thread and its partners may use; those of all must be the same."""
        found = {frozenset(os.sched_getaffinity(one)) for one in (0, *(partners or (self.partner,)))}
        self.assertEqual(1, len(found), found)
        return set(*found)

    def test_quick_turns_are_held_to_one_processor_of_those_that_are_allowed(self) -> None:
        self.take(TURNS_BETWEEN_LOOKS)
        self.assertEqual(ALLOWED, self.held())
        self.take(1)
        held = self.held()
        self.assertEqual((1, True), (len(held), held <= ALLOWED))
        self.take(TURNS_BETWEEN_LOOKS - 2)
        self.assertEqual(held, self.held())

    def test_the_thread_is_free_for_a_turn_and_its_partner_follows_it(self) -> None:
        self.take(TURNS_BETWEEN_LOOKS + 1)
        (first,) = self.held()
        self.take(TURNS_BETWEEN_LOOKS - 1)
        self.assertEqual((ALLOWED, {first}), (os.sched_getaffinity(0), os.sched_getaffinity(self.partner)))
        other = min(ALLOWED - {first})
        os.sched_setaffinity(0, {other})
        self.take(1)
        self.assertEqual({other}, self.held())

    def test_turns_that_come_rarely_are_held_nowhere(self) -> None:
        self.take(3 * TURNS_BETWEEN_LOOKS, seconds=2 * QUICK_SECONDS)
        self.assertEqual(ALLOWED, self.held())
        self.take(2 * TURNS_BETWEEN_LOOKS + 1)
        self.assertEqual(1, len(self.held()))
        self.take(TURNS_BETWEEN_LOOKS, seconds=2 * QUICK_SECONDS)
        self.assertEqual(ALLOWED, self.held())

    def test_all_partners_of_a_thread_are_held_with_it(self) -> None:
        other = self.started()
        self.take(TURNS_BETWEEN_LOOKS - 1, self.partner, other)
        self.assertEqual(1, len(self.held(self.partner, other)))
        self.turns.end()
        self.assertEqual(ALLOWED, self.held(self.partner, other))

    def test_a_thread_that_may_use_one_processor_only_is_left_there(self) -> None:
        self.addCleanup(os.sched_setaffinity, 0, ALLOWED)
        os.sched_setaffinity(0, {min(ALLOWED)})
        self.take(3 * TURNS_BETWEEN_LOOKS)
        self.turns.end()
        self.assertEqual(({min(ALLOWED)}, ALLOWED), (os.sched_getaffinity(0), os.sched_getaffinity(self.partner)))

    def test_a_partner_that_has_ended_is_none(self) -> None:
        gone = subprocess.Popen([sys.executable, "-S", "-c", ""])
        gone.wait(PATIENCE_S)
        self.take(3 * TURNS_BETWEEN_LOOKS, gone.pid)
        self.turns.end()
        self.assertEqual(ALLOWED, os.sched_getaffinity(0))

    def test_calls_of_a_program_are_turns_and_its_end_lets_go(self) -> None:
        turns = taking_turns()
        self.assertIs(turns, taking_turns())
        text = "def decide(market, account, trigger):\n    return None\n"
        calling = Calling(ProgramText.of(text), ProgramLimits())
        self.addCleanup(calling.close)
        for _ in range(2 * TURNS_BETWEEN_LOOKS):
            self.assertIsNone(calling.call(given()).problem)
        calling.close()
        found = {frozenset(os.sched_getaffinity(int(one.name))) for one in Path("/proc/self/task").iterdir()}
        self.assertEqual({frozenset(ALLOWED)}, found)
        other: list[TakingTurns] = []
        thread = threading.Thread(target=lambda: other.append(taking_turns()))
        thread.start()
        thread.join(PATIENCE_S)
        self.assertIsNot(turns, other[0])


if __name__ == "__main__":
    unittest.main()
