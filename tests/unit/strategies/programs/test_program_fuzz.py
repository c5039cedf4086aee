"""Programs drawn from a grammar: each ends within its limits, the same each time, and with the numbers of CPython."""

import json
import re
import sys
import unittest
from typing import Any

from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.outcome import answer_of
from strategies.programs.sandbox.prelude import CALL, GIVEN, SERVED, prelude
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.sandbox.sandbox import CallAnswer
from strategies.programs.sandbox.sent_candles import SentCandles
from tests.support.program_grammar import Grammar
from tests.support.programs import ACCOUNT, MARKET, TRIGGER, Bench, given
from tests.support.scale import SEED, scaled

LIMITS = ProgramLimits(call_seconds=5, memory_mb=8, output_bytes=5000, printed_bytes=2000, state_bytes=5000)


class Elsewhere(Exception):
    """What a program asked for that the other interpreter is not asked."""


def in_cpython(text: ProgramText, memory: dict[str, Any]) -> "CallAnswer | type[BaseException]":
    """Return what a program answers in this interpreter, or what it raises."""

    def serve(name: str, args: str) -> object:
        raise Elsewhere(name)

    names: dict[str, Any] = {SERVED: serve, "print": lambda *values: None}
    market, account, trigger, kept = json.loads(json.dumps([MARKET, ACCOUNT, TRIGGER, memory]))
    depth = sys.getrecursionlimit()
    try:
        exec(prelude(text.reads.klines, LIMITS), names)
        exec(compile(text.text, "program", "exec"), names)
        candles = SentCandles(0).next(market.pop("klines"))
        names[GIVEN] = (market, account, trigger, *candles, kept, None)
        found = answer_of(eval(CALL, names), LIMITS)
    except Exception as error:
        return type(error)
    finally:
        sys.setrecursionlimit(depth)
    if isinstance(found, ProgramProblem):
        return CallAnswer(None, memory, found)
    return CallAnswer(found.decision, found.memory)


class Fuzz(unittest.TestCase):
    def test_drawn_programs_end_within_their_limits_the_same_each_time_and_as_in_cpython(self) -> None:
        bench = Bench(LIMITS)
        self.addCleanup(bench.worker.end)
        grammar = Grammar(SEED)
        kinds: dict[str, int] = {}
        for number in range(scaled(60, 10_000)):
            text = ProgramText.of(grammar.program())
            with self.subTest(number=number, text=text.text), bench.opened(text) as calling:
                first = calling.call(given())
                again = given(first.memory)
                kept = [first, *map(calling.call, (again, again))]
                # Each in a session of its own, the later call first.
                calling.rest()
                calling._most_calls = 1
                alone = [*map(calling.call, (again, given()))]
                self.assertEqual(repr([kept[1], kept[1], kept[0]]), repr([kept[2], *alone]))
                for answer, memory in ((kept[0], {}), (kept[1], first.memory)):
                    kind = answer.problem.kind if answer.problem else "none"
                    kinds[kind] = kinds.get(kind, 0) + 1
                    self.assert_sound(answer)
                    if kind not in ("limit", "refused"):
                        self.compare(answer, in_cpython(text, memory))
        self.assertGreater(kinds["none"], scaled(20, 3000), kinds)
        self.assertLessEqual({"error", "refused", "limit", "nonsense"}, kinds.keys())
        self.assertNotIn("machine", kinds)

    def assert_sound(self, answer: CallAnswer) -> None:
        """Hold an answer to its limits."""
        self.assertLessEqual(len(json.dumps(answer.decision)), LIMITS.output_bytes)
        self.assertLessEqual(len(json.dumps(answer.memory)), LIMITS.state_bytes)
        self.assertLessEqual(sum(map(len, answer.printed)), LIMITS.printed_bytes)
        if answer.problem is not None:
            self.assertIsNone(answer.decision)
            self.assertTrue(answer.problem.text.isprintable())
            self.assertNotRegex(answer.problem.text, r"0x[0-9a-f]")

    def compare(self, answer: CallAnswer, expected: "CallAnswer | type[BaseException]") -> None:
        """Hold an answer to that of the other interpreter."""
        if isinstance(expected, CallAnswer):
            self.assertEqual(repr(expected.decision), repr(answer.decision), answer.problem)
            self.assertEqual(repr(expected.memory), repr(answer.memory))
            self.assertEqual(expected.problem, answer.problem)
        elif expected is AttributeError:
            # The interpreter works out a call's arguments before it looks for the method: they may raise first.
            self.assertEqual("error", answer.problem and answer.problem.kind, answer)
        else:
            raised = re.match(r"[\w.]+", answer.problem.text if answer.problem else "")
            self.assertEqual(expected.__name__, raised and raised[0], answer)


if __name__ == "__main__":
    unittest.main()
