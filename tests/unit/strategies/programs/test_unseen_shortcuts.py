"""Programs made to tell a call that is made cheaply from one that is not: they cannot."""

import time
import unittest
from collections.abc import Callable, Mapping, Sequence
from unittest import mock

import msgspec

from strategies.programs.sandbox import calling as calls
from strategies.programs.sandbox.calling import Calling
from strategies.programs.sandbox.kept_state import keeps_nothing
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.program_check import check_program, first_problem
from strategies.programs.sandbox.program_text import ProgramText, parsed
from strategies.programs.sandbox.sandbox import CallAnswer, CallInput
from strategies.programs.sandbox.sent_candles import Rows, Sent, SentCandles
from strategies.programs.sandbox.shown_state import changes_nothing_shown
from tests.support.programs import BTC, CANDLES, ETH, MARKET, TRIGGER, Bench, given, program

ROOM = "X = [1]\n"
GROWN = "return {'action': len(X)}"
KEPT_UNDER_ANOTHER_NAME = (
    "from bisect import insort as zip\n" + ROOM + program("zip(X, 3)", GROWN),
    "import bisect\n" + ROOM + program("match bisect.insort:", "    case zip:", "        zip(X, 3)", GROWN),
    ROOM + program("def list(x):", "    return x", "list(X).append(1)", GROWN),
    ROOM + program("from copy import copy as sum", "from bisect import insort as sorted", "sorted(X, 3)", GROWN),
)
PLACED_UNDER_ANOTHER_NAME = (
    "def f(): return 1\n" + program("match str:", "    case map:", "        return {'action': list(map(f))}"),
    "from functools import partial as map\n" + program("return {'action': list(str(map(lambda: 1)))}"),
)
TWICE = "a['x'] = 1; return {'action': view.get_regime(one, '1h')}"
READ = "def f(view, one):\n    a = view.get_regime(one, '1h')\n    a['x'] = 1\n    return view.get_regime(one, '1h')\n"
OF_OTHERS = (
    program("one = trigger.symbol", "match 'ETH/USDT':", "    case one:", "        pass", "view = market",
            "a = view.get_regime(one, '1h')", TWICE),
    program("trigger = Decision('buy', symbol='ETH/USDT')", "view, one = market, trigger",
            "a = view.get_regime(trigger.symbol, '1h')", "a['x'] = 1",
            "return {'action': view.get_regime(trigger.symbol, '1h')}"),
    program("trigger.symbol = 'ETH/USDT'", "a = market.get_regime(trigger.symbol, '1h')", "a['x'] = 1",
            "return {'action': market.get_regime(trigger.symbol, '1h')}"),
    program("match market:", "    case Market(get_regime=read):", "        a = read('ETH/USDT', '1h')",
            "        a['x'] = 1", "        return {'action': read('ETH/USDT', '1h')}"),
    READ + program("f(market, trigger.symbol)", "g = f", "return {'action': g(market, 'ETH/USDT')}"),
    READ + program("f(market, trigger.symbol)", "return {'action': [*map(f, [market], market.symbols[1:])]}"),
    "class A:\n    def f(self, view, one):\n        a = view.get_regime(one, '1h')\n        a['x'] = 1\n"
    "        return view.get_regime(one, '1h')\ndef f(a, b, one):\n    return 1\n"
    + program("f(1, 2, trigger.symbol)", "return {'action': A().f(market, 'ETH/USDT')}"),
    "def decide(market, account, trigger, one='ETH/USDT'):\n    if one == trigger.symbol:\n        return None\n"
    "    a = market.get_regime(one, '1h')\n    a['x'] = 1\n    decide(market, account, trigger, trigger.symbol)\n"
    "    return {'action': market.get_regime(one, '1h')}\n",
)  # fmt: skip
OF_NAMED = (
    READ.replace("(view, one)", "(own, /, one, view)")
    + program("return {'action': f(trigger.symbol, 'ETH/USDT', market)}"),
    READ + program("f(market, trigger.symbol)", "return {'action': f(one='ETH/USDT', view=market)}"),
    READ + "OTHER = 'ETH/USDT'\n" + program("return {'action': f(market, OTHER)}"),
)
"""Texts that read of one other symbol, which they name."""
OF_ITS_OWN = (
    program("(one := trigger.symbol)", "two = three = one", "market.get_klines(three)"),
    "def f(trigger, view):\n    return view.get_klines(trigger.symbol)\n" + program("f(trigger, view=market)"),
    "def f(a, /, b, *, c):\n    return a.get_klines(b), a.get_klines(c)\n"
    + program("f(market, trigger.symbol, c=trigger.symbol)"),
)
DEEP = (
    "A = " + "1+" * 1500 + "1\n" + program("return None"),
    "A = " + "-" * 2000 + "1\n" + program("return None"),
    "A = " + "(1, " * 150 + "1" + ")" * 150 + "\n" + program("return None"),
    "def decide(market, account, x=" + "1+" * 1500 + "1): pass\n",
    "READS = " + "1+" * 1500 + "1\n" + program("return None"),
    "class A:\n    @" + "a(" * 90 + ")" * 90 + "\n    def f(self): pass\n" + program("return None"),
)
"""Texts in which what looks at them could lose itself."""


class AllCandles(SentCandles):
    """Sends all candles each time."""

    def next(self, klines: Mapping[str, Mapping[str, Rows]]) -> Sent:
        """Return all that there are."""
        return Sent({one: {key: (None, rows) for key, rows in mine.items()} for one, mine in klines.items()}, True)


def serving(name: str, arguments: list[object]) -> object:
    """Answer the reads that a call was not given."""
    return {"regime": "trend"} if name == "get_regime" else CANDLES[-3:]


def inputs(symbols: Sequence[str] = (BTC, ETH)) -> Sequence[CallInput]:
    """Return calls whose candles go on, with regimes of these symbols."""
    regimes = {one: {"1h": {"regime": "trend"}} for one in symbols}
    found = []
    for first in (0, 1, 1, 3):
        market = {**MARKET, "klines": {BTC: {"1h": CANDLES[first : first + 6]}}, "regimes": regimes}
        found.append(CallInput(market, {}, TRIGGER, {}, serving))
    return found


class UnseenShortcuts(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.bench = Bench(ProgramLimits(call_seconds=5, host_calls=80))
        cls.addClassCleanup(cls.bench.worker.end)

    def answers(self, text: str, given: Sequence[CallInput]) -> list[CallAnswer]:
        """Return the answers of calls, each with the memory that the one before has left."""
        with self.bench.opened(ProgramText.of(text)) as calling:
            return self.called(calling, given)

    def called(self, calling: Calling, given: Sequence[CallInput]) -> list[CallAnswer]:
        """Return the answers of calls of one program."""
        found: list[CallAnswer] = []
        for one in given:
            memory = found[-1].memory if found else {}
            found.append(calling.call(msgspec.structs.replace(one, memory=memory)))
        return found

    def of_symbols(self, text: str, *given: Sequence[str]) -> list[list[CallAnswer]]:
        """Return what a text answers that is given these symbols."""
        return [self.answers(text, inputs(symbols)[:1]) for symbols in given]

    def slowly(self, text: str, given: Sequence[CallInput]) -> list[CallAnswer]:
        """Return the answers of calls without any shortcut."""
        never: Callable[[object], bool] = lambda tree: False  # noqa: E731
        with (
            mock.patch.object(calls, "keeps_nothing", never),
            mock.patch.object(calls, "changes_nothing_shown", never),
            mock.patch.object(calls, "SentCandles", AllCandles),
            self.bench.opened(ProgramText.of(text)) as calling,
        ):
            calling._named._all = True
            return self.called(calling, given)

    def test_a_name_that_means_something_else_here_is_not_taken_for_the_built_in_one(self) -> None:
        for text in (*KEPT_UNDER_ANOTHER_NAME, *PLACED_UNDER_ANOTHER_NAME):
            with self.subTest(text):
                self.assertFalse(keeps_nothing(parsed(text)))
                self.assertEqual(self.slowly(text, inputs()), self.answers(text, inputs()))

    def test_a_program_that_reads_of_others_by_another_way_is_given_all_symbols(self) -> None:
        for text in OF_OTHERS:
            with self.subTest(text):
                self.assertIsNone(ProgramText.of(text).other_symbols)
                self.assertNotEqual(*self.of_symbols(text, (BTC,), (BTC, ETH)), "the way is none")
        for text in OF_NAMED:
            with self.subTest(text):
                self.assertEqual({ETH}, ProgramText.of(text).other_symbols)
                alone, named, every = self.of_symbols(text, (BTC,), (BTC, ETH), (BTC, ETH, "SOL/USDT"))
                self.assertNotEqual(alone, named, "it reads of none")
                self.assertEqual(named, every)
        for text in OF_ITS_OWN:
            self.assertEqual(set(), ProgramText.of(text).other_symbols, text)

    def test_a_method_that_a_pattern_takes_from_a_dict_may_change_it(self) -> None:
        taken = program(
            "match market.get_klines('BTC/USDT'):", "    case [dict(pop=take), *_]:", "        take('open')"
        )
        other = "def f():\n    dict = {}\n" + program("dict.update(market.get_klines('BTC/USDT')[0], open=1)")
        for text in (taken, other):
            self.assertFalse(changes_nothing_shown(parsed(text)), text)

    def test_candles_that_are_equal_and_not_the_same_are_sent_again(self) -> None:
        row = [0, 1.0, 2.0, 0.5, 1.5, 0.0]
        for other in (-0.0, 0, False):
            with self.subTest(other):
                sent = SentCandles(100)
                for rows, dropped in (([row], None), ([row], 0), ([[*row[:5], other]], None)):
                    self.assertEqual(dropped, sent.next({BTC: {"": rows}}).candles[BTC][""][0])
        sent, mine = SentCandles(100), [*row]
        sent.next({BTC: {"": [mine]}})
        mine[4] = 1.75
        self.assertEqual((None, [mine]), sent.next({BTC: {"": [mine]}}).candles[BTC][""])

    def test_every_call_may_ask_for_as_many_names_and_reads_after_whichever_calls(self) -> None:
        text = program(
            "n = 0",
            "for i in range(100):",
            "    try:",
            "        missing",
            "    except NameError:",
            "        n += 1",
            "return {'action': n}",
        )
        self.assertEqual([{"action": 100}] * 4, [one.decision for one in self.answers(text, inputs())])
        endless = self.answers(text.replace("100", "500"), inputs())
        self.assertEqual(["limit"] * 4, [one.problem and one.problem.kind for one in endless])
        reads = program("return {'action': sum([len(market.get_klines('x', '', 51 + i)) for i in range(80)])}")
        self.assertEqual({"action": 240}, self.answers(reads, inputs()[:1])[0].decision)
        reads = reads.replace("(80)", "(81)")
        self.assertIn("reads: more than 80", self.answers(reads, inputs()[:1])[0].problem.text)

    def test_a_read_that_nothing_can_answer_where_it_stands_says_so(self) -> None:
        text = program("return {'action': [*map(lambda one: market.get_klines(one, '', 60), market.symbols)]}")
        (answer,) = self.answers(text, inputs()[:1])
        self.assertIn("a read that did not come with the call stands inside map", answer.problem.text)

    def test_candles_that_are_read_again_and_again_take_as_much_room_in_every_call(self) -> None:
        bench = Bench(ProgramLimits(memory_mb=1, call_seconds=5))
        self.addCleanup(bench.worker.end)
        text = program("x = [market.get_klines(trigger.symbol, '1h', 50) for i in range(memory['reads'])]")
        with bench.opened(ProgramText.of(text)) as calling:
            fits, too_many = 1, 120
            while too_many - fits > 1:
                calling.rest()
                reads = (fits + too_many) // 2
                problem = calling.call(given({"reads": reads})).problem
                fits, too_many = (fits, reads) if problem else (reads, too_many)
            calling.rest()
            for reads, kind in ((1, None), (1, None), (1, None), (too_many, "limit"), (1, None), (fits, None)):
                problem = calling.call(given({"reads": reads})).problem
                self.assertEqual(kind, problem and problem.kind, reads)

    def test_a_text_is_looked_at_however_deep_or_long_it_is(self) -> None:
        for text in DEEP:
            with self.subTest(text[:40]):
                self.assertTrue(check_program(text) or first_problem(text) is None)
                problem = self.answers(text, inputs()[:1])[0].problem
                self.assertIn(problem and problem.kind, ("syntax", "error", None))
        calls_of_many = program("x = trigger.symbol", *["def f(a): pass"] * 300, *["f(x)"] * 300)
        self.assertIsNone(self.answers(calls_of_many, inputs()[:1])[0].problem)

    def test_a_call_that_is_tried_again_has_all_of_its_patience(self) -> None:
        bench = Bench(ProgramLimits(call_seconds=0.02))
        self.addCleanup(bench.worker.end)
        with bench.opened(ProgramText.of(program("while memory:", "    pass"))) as calling:
            calling.call(given())
            began = time.monotonic()
            calling._tried(given({"forever": True}), 16)
            self.assertGreater(time.monotonic() - began, 0.3)


if __name__ == "__main__":
    unittest.main()
