"""Calls of programs: what goes in and comes out, what is kept, and what a problem says."""

import contextlib
import importlib.util
import math
import unittest
from typing import Any
from unittest import mock

import msgspec

from core.errors import ConfigurationError, InvariantError
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_sandbox import ProgramSandbox
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.sandbox.refusal import Refusal
from strategies.programs.sandbox.sent_candles import SentCandles
from strategies.programs.sandbox.worker import MOST_CALLS_OF_A_SESSION
from tests.support.programs import ACCOUNT, BTC, CANDLES, ETH, MARKET, TRIGGER, Bench, given, program
from tests.unit.strategies.programs.test_program_text import FREE, KEEPS

SHOWN = {
    "market.time": MARKET["time"],
    "market.symbols": MARKET["symbols"],
    "market.get_klines(trigger.symbol, '1h', 3)": [
        dict(zip(("time", "open", "high", "low", "close", "volume"), row, strict=True)) for row in CANDLES[-3:]
    ],
    "len(market.get_klines(trigger.symbol, '1h'))": 50,
    "len(market.get_klines('ETH/USDT', '1h', 50))": 3,
    "market.get_indicator(trigger.symbol, 'RSI( 14 )', '1h')": MARKET["indicators"][BTC]["rsi(14)|1h"],
    "market.get_flow(trigger.symbol, 'funding')": MARKET["flows"][BTC]["funding|"],
    "market.get_regime(trigger.symbol, '1h')['regime']": "trend",
    "market.get_current_prices()": MARKET["prices"],
    "market.get_current_prices(['ETH/USDT'])": {ETH: 10.0},
    "market.get_market_data(trigger.symbol)": {"price": 149.5},
    "account.balance": ACCOUNT["balance"],
    "account.positions[trigger.symbol]['side']": "LONG",
    "account.halted": False,
    "trigger.trigger_type": TRIGGER["trigger_type"],
    "trigger.signals": [],
    "0.1 + 0.2": 0.1 + 0.2,
    "[1, 2.5, None, True, 'é']": [1, 2.5, None, True, "é"],
}
PROBLEMS = (
    (program("x = 1", "return 1 / 0"), "error", "ZeroDivisionError: division by zero", 3),
    (program("return f(3)") + "def f(x):\n    return [][x]\n", "error", "IndexError: list index out of range", 4),
    (program("class A:", "    pass", "raise ValueError(str(A()))"), "error", "ValueError: <A object at 0x…>", 4),
    (program("raise ValueError('a\\nb\\x1b' + 'c' * 1000)"), "error", "ValueError: a b\\u001b" + "c" * 278 + "…", 2),
    (program("return missing"), "error", "NameError: name 'missing' is not defined", 2),
    ("X = 1 / 0\n" + program("return None"), "error", "ZeroDivisionError: division by zero", 1),
    (program("return market.get_klines(3)"), "refused", "get_klines: not declared", 2),
    (program("return market.get_klines(trigger.symbol, '4h', 5)"), "refused", "get_klines: not declared", 2),
    (program("return market.get_indicator('x', 'y')"), "refused", "get_indicator: not declared", 2),
    (program("return market.get_flow(market, 'y')"), "error", "LookupError: get_flow: allowed: texts and numbers", 2),
)

PLACES = (
    program("return {'action': list(str(iter([1])))}"),
    program("return {'action': [list(str(lambda: 1)), str(iter([1])) < str(iter([2])), len(f'{decide}')]}"),
    program("class A:", "    pass", "return {'action': sorted([list(str(A())) for i in range(9)])}"),
    program("import itertools", "return {'action': list(str(itertools.count()))}"),
    program("import functools", "return {'action': list(str(functools.lru_cache(None)))}"),
    program("import collections", "return {'action': list(str(collections.defaultdict(lambda: 1)))}"),
    program("try:", "    {}[f]", "except KeyError as error:", "    return {'action': list(str(error))}")
    + "def f():\n    return 1\n",
    "def f(id):\n    return 1\n" + program("return {'action': [id([]), id(market) < id(account), id('abc')]}"),
    "def f(hash):\n    return 1\n" + program("return {'action': [hash(f), hash('abc'), hash(decide) % 7]}"),
    program("return {'action': [list({'b', 'a', trigger.symbol, 3, None, 2.5}), list({'z', 'y'} | {'x'})]}"),
    program(
        "import json",
        "x, y = 'ab', ''.join(['a', 'b'])",
        'z = json.loads(\'["ab", "ab", 1.5, 300, {"ab": 1}]\')',
        "memory['x'] = memory.get('x', x) + 'c'",
        "same = [x is y, z[0] is z[1], z[0] is x, list(z[4])[0] is z[0], memory['x'] is x, 2 ** 70 is 2 ** 70]",
        "same += [trigger.symbol is market.symbols[0], account.balance is account.balance, () is (), 300 is z[3]]",
        "same += [market.get_regime(trigger.symbol, '1h') is market.get_regime(trigger.symbol, '1h')]",
        "return {'action': same}",
    ),
    program("print(list(str(lambda: 1))[-6:])", "memory['x'] = list(str(iter([1])))", "return {'action': 1}"),
    program("market.get_klines(trigger.symbol, '1h', 3)", "return {'action': list(str(iter([1])))}"),
)
"""Programs that tell where objects lie, in a way that nobody can scrub from their answers."""


class Calls(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.bench = Bench(ProgramLimits(host_calls=5, printed_bytes=100, call_seconds=5))
        cls.addClassCleanup(cls.bench.worker.end)

    def test_a_program_sees_what_it_is_given(self) -> None:
        for expression, value in SHOWN.items():
            with self.subTest(expression):
                (answer,) = self.bench.calls(program(f"return {{'action': {expression}}}"), given())
                self.assertEqual({"action": value}, answer.decision, answer.problem)
                self.assertIs(type(value), type(answer.decision["action"]))

    def test_a_decision_comes_out_as_plain_data(self) -> None:
        text = program('return Decision("buy", size=0.5, stop=1.5, targets=[(0.5, 2), (0.5, 3)], reason="low")')
        (answer,) = self.bench.calls(text, given())
        said = {key: value for key, value in answer.decision.items() if value is not None}
        expected = {"action": "buy", "size": 0.5, "stop": 1.5, "targets": [[0.5, 2], [0.5, 3]], "reason": "low"}
        self.assertEqual(expected, said)

    def test_what_goes_in_is_a_copy(self) -> None:
        text = program(
            "market.symbols.append('x')",
            "account.positions.clear()",
            "market.get_indicator(trigger.symbol, 'rsi(14)', '1h')['value'] = 3",
            "memory['list'].append(2)",
        )
        before = repr((MARKET, ACCOUNT, TRIGGER))
        memory = {"list": [1]}
        (answer,) = self.bench.calls(text, given(memory))
        self.assertEqual({"list": [1, 2]}, answer.memory)
        self.assertEqual(({"list": [1]}, before), (memory, repr((MARKET, ACCOUNT, TRIGGER))))

    def test_memory_is_kept_and_nothing_else_is(self) -> None:
        text = program("memory['n'] = memory.get('n', 0) + 1", "return {'action': memory['n']}")
        memory: dict[str, Any] = {}
        for call in (1, 2, 3):
            (answer,) = self.bench.calls(text, given(memory))
            memory = answer.memory
            self.assertEqual({"action": call}, answer.decision)
        self.assertEqual({"n": 3}, memory)

    def test_a_problem_leaves_memory_as_it_was(self) -> None:
        (answer,) = self.bench.calls(program("memory['n'] = 2", "1 / 0"), given({"n": 1}))
        self.assertEqual({"n": 1}, answer.memory)

    def test_no_call_sees_what_an_earlier_one_did(self) -> None:
        for text in (*KEEPS, *FREE):
            with self.subTest(text):
                first, second, third = self.bench.calls(text, given(), given(), given())
                self.assertEqual([first, first], [second, third])
        counted = "x = []\n" + program("x.append(1)", "return {'action': len(x)}")
        self.assertEqual([1, 1], [one.decision["action"] for one in self.bench.calls(counted, given(), given())])

    def test_where_a_value_is_in_memory_does_not_tell_which_call_it_is(self) -> None:
        for text in (
            program("return {'action': str([market, account, trigger, Decision('buy')])}"),
            program("return {'action': [str(iter([1])), str(lambda: 1), str(decide)]}"),
            program("print(iter([1]))"),
            program("memory['x'] = str(iter([1]))"),
        ):
            first, second, third = self.bench.calls(text, given(), given(), given())
            self.assertEqual([first, first], [second, third])

    def test_comparing_where_objects_lie_ends_alike_after_whichever_calls_in_whichever_process_traced_or_not(
        self,
    ) -> None:
        other = msgspec.structs.replace(given({"x": "ab"}), market={**MARKET, "klines": {BTC: {"1h": CANDLES[:9]}}})
        elsewhere = Bench(self.bench.limits)
        self.addCleanup(elsewhere.worker.end)
        for text in PLACES:
            with self.subTest(text):
                kept = self.bench.calls(text, given(), other, given(), given({"x": "ab"}), other, given())
                alone = [self.bench.calls(text, one)[0] for one in (given(), given({"x": "ab"}))]
                beside = [elsewhere.calls(text, one)[0] for one in (given(), given({"x": "ab"}))]
                traced = [self.bench.calls(text, one)[0] for one in (given(trace=True), given({"x": "ab"}, trace=True))]
                self.assertEqual(alone, beside)
                self.assertEqual([alone[0], alone[0], alone[1], alone[0]], [kept[0], kept[2], kept[3], kept[5]])
                self.assertEqual(alone, [msgspec.structs.replace(one, calls=()) for one in traced])
                self.assertTrue(alone[0].decision or alone[0].problem.kind == "error", alone[0].problem)

    def test_where_an_object_lies_is_in_no_answer(self) -> None:
        text = program("memory['x'] = str(account)", "print(iter([1]))", "return {'action': f'{market}'}")
        plain, traced = self.bench.calls(text, given(), given(trace=True))
        self.assertEqual(plain, msgspec.structs.replace(traced, calls=()))
        self.assertEqual({"action": "<Market>"}, plain.decision)

    def test_more_calls_than_a_session_takes_answer_alike(self) -> None:
        text = program('return Decision("buy", stop=market.get_klines(trigger.symbol, "1h")[-1]["low"])')
        calls = MOST_CALLS_OF_A_SESSION + 3
        answers = self.bench.calls(text, *[given()] * calls)
        self.assertEqual([answers[0]] * calls, answers)

    def test_candles_that_move_on_are_those_of_the_call_however_they_came(self) -> None:
        text = program(
            "return {'action': [[r['time'], r['close']] for r in market.get_klines(trigger.symbol, '1h', 50)]}"
        )
        changed = [*CANDLES[5:9], [*CANDLES[9][:4], 1.25, 3.0]]
        early, late = CANDLES[:1], CANDLES[40:44]
        windows = [
            CANDLES[:5],
            CANDLES[:6],
            CANDLES[1:7],
            CANDLES[4:9],
            CANDLES[5:10],
            changed,
            late,
            [],
            early,
            CANDLES[:2],
        ]
        with self.bench.opened(ProgramText.of(text)) as calling:
            for rows in windows:
                given_rows = [list(row) for row in rows]
                market = {**MARKET, "klines": {BTC: {"1h": given_rows}, ETH: {"1h": rows}}}
                answer = calling.call(msgspec.structs.replace(given(), market=market))
                self.assertEqual([[row[0], row[4]] for row in rows], answer.decision["action"])
                for row in given_rows:
                    row[4] = -1.0
            self.assertEqual(len(windows), calling._calls, "all were calls of one session")

    def test_candles_that_the_caller_changes_in_place_are_seen_as_they_are(self) -> None:
        text = program("return {'action': market.get_klines(trigger.symbol, '1h', 50)[-1]['close']}")
        rows = [list(row) for row in CANDLES]
        moving = msgspec.structs.replace(given(), market={**MARKET, "klines": {BTC: {"1h": rows}}})
        with self.bench.opened(ProgramText.of(text)) as calling:
            for close in (1.5, 2.5, 3.5):
                rows[-1][4] = close
                self.assertEqual({"action": close}, calling.call(moving).decision)

    def test_reads_of_many_calls_do_not_add_up(self) -> None:
        asks = given(serve=lambda name, args: 1)
        answers = self.bench.calls(program(*["market.get_flow('a', 'b')"] * 5), *[asks] * 30)
        self.assertEqual([None] * 30, [answer.problem for answer in answers])

    def test_memory_that_a_call_may_use_is_not_less_after_others(self) -> None:
        bench = Bench(ProgramLimits(memory_mb=1))
        self.addCleanup(bench.worker.end)
        text = ProgramText.of(program("x = 'a' * memory['size']", "return {'action': len(x)}"))
        with bench.opened(text) as calling:
            calling._most_calls, (fits, too_large) = 1, (100_000, 2_000_000)
            while too_large - fits > 200:
                size = (fits + too_large) // 2
                problem = calling.call(given({"size": size})).problem
                fits, too_large = (fits, size) if problem else (size, too_large)
            calling._most_calls = MOST_CALLS_OF_A_SESSION
            answers = [calling.call(given({"size": fits})) for _ in range(20)]
            self.assertEqual([{"action": fits}] * 20, [answer.decision for answer in answers])

    def test_candles_of_an_earlier_call_are_not_those_of_this_one(self) -> None:
        text = program("return {'action': market.get_klines('BTC/USDT', '1h', 50)}")
        other = msgspec.structs.replace(given(), market={**MARKET, "klines": {ETH: {"1h": CANDLES[:3]}}})
        first, second = self.bench.calls(text, given(), other)
        self.assertEqual((50, "refused"), (len(first.decision["action"]), second.problem.kind))

    def test_of_candles_only_the_rest_is_sent(self) -> None:
        sent = SentCandles(14)
        for symbol, rows, expected, forgets in (
            (BTC, CANDLES[:5], (None, CANDLES[:5]), False),
            (BTC, CANDLES[2:7], (2, CANDLES[5:7]), False),
            (BTC, CANDLES[2:7], (0, []), False),
            (ETH, CANDLES[:9], (None, CANDLES[:9]), False),
            (BTC, CANDLES[3:8], (1, CANDLES[7:8]), False),
            (ETH, CANDLES[:10], (0, CANDLES[9:10]), True),
            (BTC, CANDLES[3:8], (None, CANDLES[3:8]), True),
            (BTC, CANDLES[7:20], (4, CANDLES[8:20]), False),
        ):
            self.assertEqual(({symbol: {"1h": expected}}, forgets), sent.next({symbol: {"1h": rows}}))

    def test_problems_say_what_and_where_and_the_same_each_time(self) -> None:
        for text, kind, said, line in PROBLEMS:
            with self.subTest(said):
                first, second = self.bench.calls(text, given(), given())
                self.assertEqual(ProgramProblem(kind, said, line), first.problem)
                self.assertEqual(first, second)
        self.assertEqual("a.py:2: no", ProgramProblem("error", "no", 2).said("a.py"))

    def test_reads_that_were_not_given_are_asked_of_the_session(self) -> None:
        asked = []

        def serve(name: str, args: list[Any]) -> object:
            asked.append((name, args))
            return CANDLES[:2] if name == "get_klines" else {"value": 3.5}

        text = program(
            "period = '4' + 'h'",
            "x = market.get_klines(trigger.symbol, period, 7)",
            "y = market.get_indicator(trigger.symbol, 'ema(5)', period)",
            "return {'action': [x[0]['open'], len(x), y['value']]}",
        )
        first, second = self.bench.calls(text, given(serve=serve), given(serve=serve))
        self.assertEqual({"action": [100.0, 2, 3.5]}, first.decision, first.problem)
        self.assertEqual(first, second)
        expected = [("get_klines", [BTC, "4h", 7]), ("get_indicator", [BTC, "ema(5)", "4h"])]
        self.assertEqual(expected * 2, asked)

    def test_too_many_such_reads_are_a_problem_even_where_the_program_goes_on(self) -> None:
        read = "market.get_flow('a', 'b')"
        enough = program(*[read] * 5)
        caught = program("for i in range(20):", "    try:", f"        {read}", "    except Exception:", "        pass")
        for text, kinds in ((enough, None), (caught, "limit"), (program(*[read] * 6), "limit")):
            (answer,) = self.bench.calls(text, given(serve=lambda name, args: 1))
            self.assertEqual(kinds, answer.problem and answer.problem.kind)

    def test_a_refused_read_is_the_problem_of_the_call_even_where_the_program_goes_on(self) -> None:
        text = program(
            "try:", "    market.get_flow('a', 'b')", "except LookupError:", "    pass", "return {'action': 'buy'}"
        )
        (answer,) = self.bench.calls(text, given())
        self.assertEqual(ProgramProblem("refused", "get_flow: not declared"), answer.problem)

    def test_a_defect_of_the_session_is_raised_and_not_the_programs(self) -> None:
        def serve(name: str, args: list[Any]) -> object:
            raise KeyError("a defect")

        with self.assertRaisesRegex(KeyError, "a defect"):
            self.bench.calls(program("market.get_flow('a', 'b')"), given(serve=serve))
        self.assertIsNone(self.bench.calls(program("return None"), given())[0].problem)

    def test_what_is_no_plain_data_does_not_go_in(self) -> None:
        for memory in ({"x": object()}, {"x": [{"y": ProgramLimits()}]}):
            with self.subTest(memory), self.assertRaisesRegex(InvariantError, "no plain data"):
                self.bench.calls(program("return None"), given(memory))

    def test_what_is_printed_comes_line_by_line_up_to_its_limit(self) -> None:
        (answer,) = self.bench.calls(program("print('a', 1)", "print('b\\x1b')"), given())
        self.assertEqual(("a 1", "b\\u001b"), answer.printed)
        (answer,) = self.bench.calls(program("for i in range(9999):", "    print('abc')"), given())
        self.assertEqual(("limit", ("abc",) * 25), (answer.problem.kind, answer.printed))

    def test_a_trace_has_the_reads_in_order(self) -> None:
        text = program("market.get_klines(trigger.symbol, '1h', 5)", "market.get_current_prices()")
        plain, traced = self.bench.calls(text, given(), given(trace=True))
        self.assertEqual((), plain.calls)
        self.assertEqual((("get_klines", (BTC, "1h", 5)), ("get_current_prices", (None,))), traced.calls)

    def test_a_trace_changes_no_answer_whatever_is_read(self) -> None:
        for symbols in ("{'BTC/USDT'}", "iter(['BTC/USDT'])", "['BTC/USDT'] * 600"):
            with self.subTest(symbols):
                text = program(f"return {{'action': str(market.get_current_prices({symbols}))}}")
                plain, traced = self.bench.calls(text, given(), given(trace=True))
                self.assertEqual(({"action": "{'BTC/USDT': 149.5}"}, None), (plain.decision, plain.problem))
                self.assertEqual(plain, msgspec.structs.replace(traced, calls=()))
                self.assertEqual(["get_current_prices"], [name for name, _ in traced.calls])

    def test_what_is_no_number_comes_out_as_such(self) -> None:
        (answer,) = self.bench.calls(program("return {'action': float('nan')}"), given())
        self.assertTrue(math.isnan(answer.decision["action"]))


class Sandboxes(unittest.TestCase):
    def test_a_closed_sandbox_starts_anew(self) -> None:
        with contextlib.closing(ProgramSandbox(ProgramText.of(program("return {'action': 'buy'}")))) as sandbox:
            first = sandbox.call(given())
            sandbox.close()
            sandbox.close()
            self.assertEqual(first, sandbox.call(given()))

    def test_all_calls_together_have_their_time(self) -> None:
        text = ProgramText.of(program("return sum(range(100_000))"))
        with contextlib.closing(ProgramSandbox(text, ProgramLimits(run_seconds=1e-6))) as sandbox:
            self.assertIsNone(sandbox.call(given()).problem)
            problem = sandbox.call(given()).problem
        self.assertEqual(
            ("machine", "time: all calls took more than 1e-06 s of processor time"), (problem.kind, problem.text)
        )

    def test_without_the_interpreter_one_line_says_what_to_do(self) -> None:
        with (
            mock.patch.object(importlib.util, "find_spec", return_value=None),
            self.assertRaisesRegex(ConfigurationError, "^programs need the extra `programs`: make venv$"),
        ):
            ProgramSandbox(ProgramText.of(""))

    def test_a_refusal_is_told_in_one_line(self) -> None:
        def serve(name: str, args: list[Any]) -> object:
            raise Refusal("no such symbol\nnowhere")

        with contextlib.closing(ProgramSandbox(ProgramText.of(program("market.get_regime('x')")))) as sandbox:
            self.assertEqual("no such symbol\\nnowhere", sandbox.call(given(serve=serve)).problem.text)


if __name__ == "__main__":
    unittest.main()
