"""A program's text: where it comes from, its hash, what it reads, and what its check finds."""

import difflib
import hashlib
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from core.errors import ConfigurationError
from strategies.programs.sandbox.finding import MOST_FINDINGS
from strategies.programs.sandbox.kept_state import keeps_nothing
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_check import check_program
from strategies.programs.sandbox.program_text import ProgramText, parsed
from strategies.programs.sandbox.reads import OpenRead, Reads, indicator_text, open_reads, read_key
from tests.support.programs import program

READER = '''"""Reads what it says, and more."""
READS = {"indicators": [["EMA( 20 )", "4h"]], "klines": {"1h": 20}, "flows": [["funding", ""]], "regimes": ["1d"]}
FAST, PERIOD, COUNT = 1, "1h", 3
DAY = "1d"

def helper(view, symbol):
    return view.get_klines(symbol, DAY, count=120), view.get_klines(symbol)

def decide(market, account, trigger):
    market.get_klines(trigger.symbol, "1h", 5)
    market.get_indicator(trigger.symbol, "rsi(14)", period="1h")
    market.get_indicator(symbol=trigger.symbol, indicator="rsi(14)", period="1h")
    market.get_flow(trigger.symbol, "cvd", DAY)
    market.get_regime(trigger.symbol)
    for period in ("1h", "4h"):
        market.get_indicator(trigger.symbol, "atr(14)", period)
'''


class Texts(unittest.TestCase):
    def test_a_text_is_the_same_however_its_lines_end_and_its_hash_is_of_the_text_alone(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "mine.py")
            path.write_bytes(b"\xef\xbb\xbfx = 1\r\ny = 2\r\n")
            text = ProgramText.read(path)
        self.assertEqual(("x = 1\ny = 2\n", "mine.py"), (text.text, text.name))
        self.assertEqual(hashlib.sha256(b"x = 1\ny = 2\n").hexdigest(), text.sha256)
        self.assertEqual(text.sha256, ProgramText.of("x = 1\ny = 2\n", "other").sha256)

    def test_what_is_no_text_of_a_program_is_refused_in_one_line(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            Path(place, "bytes.py").write_bytes(b"\xff\xfe")
            Path(place, "long.py").write_text("#" * 70_000)
            Path(place, "null.py").write_text("x = '\0'")
            for name, words in (
                ("bytes.py", "UTF-8"),
                ("long.py", "at most 65536"),
                ("null.py", "no text"),
                ("none.py", "cannot be read: No such file"),
                ("", "cannot be read: Is a directory"),
            ):
                with self.subTest(name), self.assertRaises(ConfigurationError) as caught:
                    ProgramText.read(place / name)
                self.assertIn(words, str(caught.exception))
                self.assertNotIn("\n", str(caught.exception))

    def test_limits_are_checked(self) -> None:
        for wrong in ({"call_seconds": 0}, {"memory_mb": True}, {"recursion": 10_000}, {"host_calls": 1.5}):
            with self.subTest(wrong), self.assertRaisesRegex(ConfigurationError, "allowed: .* above 0, at most"):
                ProgramLimits(**wrong)


class ReadsOfATest(unittest.TestCase):
    def test_what_is_declared_and_what_literal_calls_say_are_joined(self) -> None:
        expected = Reads(
            indicators=(("ema(20)", "4h"), ("rsi(14)", "1h")),
            klines={"": 50, "1d": 120, "1h": 20},
            flows=(("cvd", "1d"), ("funding", "")),
            regimes=("", "1d"),
        )
        self.assertEqual(expected, ProgramText.of(READER).reads)

    def test_what_is_no_literal_is_told_with_its_place(self) -> None:
        self.assertEqual((OpenRead("get_indicator", "period", 16, 57),), open_reads(parsed(READER)))

    def test_a_name_with_two_meanings_is_no_literal(self) -> None:
        text = 'P = "1h"\n' + program("P = account.x", "market.get_regime(trigger.symbol, P)")
        self.assertEqual(Reads(), ProgramText.of(text).reads)

    def test_a_text_reads_a_hundred_things_at_most(self) -> None:
        for count in (100, 101):
            text = f"READS = {{'indicators': {[[f'rsi({one + 2})', ''] for one in range(count)]}}}\n" + program(
                "return None"
            )
            told = [one.what for one in check_program(text)]
            self.assertEqual(["the text reads 101 different things"] if count > 100 else [], told)

    def test_a_text_that_may_read_of_other_symbols_is_told_from_one_that_reads_of_its_own_and_named_ones(self) -> None:
        own = "market.get_klines(trigger.symbol), market.get_market_data(symbol=trigger.symbol)"
        for lines in ([own], ["a = trigger.symbol", "market.get_regime(a)"], ["market.get_current_prices()['x']"]):
            self.assertEqual(set(), ProgramText.of(program(*lines)).other_symbols, lines)
        helper = "def low(view, symbol):\n    return view.get_klines(symbol)\n"
        for call, others in (("low(market, a)", set()), ("low(market, 'ETH/USDT')", {"ETH/USDT"})):
            text = helper + program("a = trigger.symbol", "low(market, a)", call)
            self.assertEqual(others, ProgramText.of(text).other_symbols)
        for call in ("low(*[market, trigger.symbol])", "[low(market, a) for a in 'ab']"):
            text = helper + program("low(market, symbol=trigger.symbol)", call)
            self.assertIsNone(ProgramText.of(text).other_symbols, call)
        for lines, named in (
            ([own, "market.get_regime('ETH/USDT')"], {"ETH/USDT"}),
            (["a = trigger.symbol", "a = 'ETH/USDT'", "market.get_regime(a)"], {"ETH/USDT"}),
            (["a: str = 'ETH/USDT'", "(b := a)", "market.get_klines(b), market.get_klines('X')"], {"ETH/USDT", "X"}),
            (["return market.get_flow(symbol='ethusdt', metric='cvd')"], {"ethusdt"}),
        ):
            self.assertEqual(named, ProgramText.of(program(*lines)).other_symbols, lines)
        for lines in (
            ["for one in market.symbols:", "    market.get_market_data(one)"],
            ["for one in ['ETH/USDT']:", "    market.get_market_data(one)"],
            ["a = 'ETH/'", "a += 'USDT'", "market.get_regime(a)"],
            ["a = 'ETH/USDT'", "a = market.symbols[0]", "market.get_regime(a)"],
            ["a = f'{trigger.symbol}'", "market.get_regime(a)"],
            ["market.get_regime(3)"],
            ["market.get_regime()"],
            ["read = market.get_klines", "read('ETH/USDT')"],
            ["market.get_flow(*['ETH/USDT', 'cvd'])"],
            ["market.get_flow(**{'symbol': 'ETH/USDT'}, metric='cvd')"],
        ):
            self.assertIsNone(ProgramText.of(program(*lines)).other_symbols, lines)
        self.assertIsNone(ProgramText.of(READER).other_symbols)
        self.assertEqual(set(), ProgramText.of("def decide(").other_symbols)

    def test_an_indicator_has_one_spelling(self) -> None:
        self.assertEqual("macd(12,26,9).signal", indicator_text(" MACD(12, 26, 9).signal\n"))
        self.assertEqual("rsi(14)|1h", read_key("RSI (14)", "1h"))


FINDINGS = (
    ("def decide(market, account, trigger)\n", 1, "syntax: expected ':'"),
    ("x = 1\n", 1, "the program has no decide"),
    ("def decide(market):\n    pass\n", 1, "decide(market) takes other parameters"),
    ("async def decide(market, account, trigger):\n    pass\n", 1, "the program has no decide: decide is async"),
    ("\nclass decide:\n    pass\n", 2, "the program has no decide: decide is a class"),
    ("\ndecide = lambda market, account, trigger: None\n", 2, "the program has no decide: decide is a name that som"),
    ("class A:\n    def decide(self, m, a, t):\n        pass\n", 2, "the program has no decide: decide stands inside"),
    ("x = 1\ndef Decide(m, a, t):\n    pass\n", 2, "the program has no decide: Decide is not decide"),
    ("def decide(trigger, account, market):\n    pass\n", 1, "decide(trigger, account, market) has its parameters in"),
    ("async def decide(market, account, trigger):\n    pass\n", 1, "async: the sandbox has none"),
    (program("return None") + "class A(dict):\n    pass\n", 3, "class A: the sandbox has no inheritance"),
    (program("yield 1"), 2, "yield: the sandbox has none"),
    (program("x = [1]", "del x[0]"), 3, "del: the sandbox has none"),
    (
        program("return None") + "class A:\n    @keep\n    def a(self):\n        return 1\n",
        5,
        "@keep on a method",
    ),
    (program("import random"), 2, "import random: no such module in a program"),
    (program("from time import sleep"), 2, "import time: no such module in a program"),
    (program("from math import *"), 2, "from math import *: the sandbox has none"),
    (program("import mathh"), 2, "import mathh: no such module in a program"),
    (program("from datetime import datetime", "return datetime.now()"), 3, ".now: a program has no clock"),
    (program("return eval('1')"), 2, "eval: not in a program"),
    (program("return property"), 2, "property: not in a program"),
    (program("open('x')"), 2, "open: not in a program"),
    (program("return getattr(market, 'x')"), 2, "getattr: not in a program"),
    (program("return ().__class__"), 2, ".__class__: the inside of objects"),
    (program("_harness_x = 1"), 2, "_harness is a name of the sandbox's own"),
    (program("return Decision('long')"), 2, "action 'long' is none"),
    (program("return Decision(action='BUY')"), 2, "action 'BUY' is none (did you mean buy?)"),
    (program("return {'action': 'exit'}"), 2, "action 'exit' is none"),
    (program("return Decision('buy', stop_loss=3)"), 2, "a decision has no 'stop_loss'"),
    (program("return {'action': 'buy', 'amount': 3}"), 2, "a decision has no 'amount'"),
    (program("return Decision()"), 2, "Decision has no action"),
    (program("market.get_price('x')"), 2, "market has no get_price"),
    (program("account.cash"), 2, "account has no cash"),
    (program("trigger.symbl"), 2, "trigger has no symbl (did you mean symbol?)"),
    (program("market.get_indicator('x', account.y)"), 2, "get_indicator: indicator is no literal"),
    ("READS = 3\n" + program("return None"), 1, "READS has other keys"),
    ("READS = {'klines': {'1h': 0}}\n" + program("return None"), 1, "READS: klines"),
    ("READS = {'flows': ['funding']}\n" + program("return None"), 1, "READS: flows"),
    ("READS = dict()\n" + program("return None"), 1, "READS is no literal"),
)
WARNINGS = (
    (program("market.get_klines('x', account.equity)"), 2, "get_klines: period is no literal"),
    (
        "READS = {'regimes': ['1h']}\n" + program("market.get_regime('x', account.equity)"),
        3,
        "get_regime: period is no literal",
    ),
    ("n = 0\n" + program("global n", "n += 1"), 3, "global n: what it holds is gone after the call"),
)
CLEAN = '''"""A program with nothing wrong."""
import math
from datetime import datetime, timedelta, timezone

READS = {"indicators": [["rsi(14)", "1h"]], "klines": {"1h": 50}}
LOW = 30

def average(values):
    return sum(values) / len(values)

def decide(market, account, trigger):
    memory["calls"] = memory.get("calls", 0) + 1
    rsi = market.get_indicator(trigger.symbol, "rsi(14)", "1h")["value"]
    closes = [one["close"] for one in market.get_klines(trigger.symbol, "1h", 50)]
    if rsi is not None and rsi < LOW and trigger.symbol not in account.positions:
        return Decision("buy", size=0.5, stop=min(closes) * 0.99, targets=[(0.5, max(closes))], reason=f"{rsi:.1f}")
    return {"action": "hold", "reason": "nothing"} if math.isfinite(average(closes)) else None
'''


class Check(unittest.TestCase):
    def test_each_mistake_is_found_at_its_line_and_the_finding_says_what_is_allowed(self) -> None:
        for text, line, what in FINDINGS:
            with self.subTest(what):
                found = [one for one in check_program(text) if one.what.startswith(what)]
                self.assertEqual([line], [one.line for one in found], check_program(text))
                self.assertEqual("error", found[0].level)
                self.assertRegex(found[0].allowed, "^allowed: .")
                self.assertTrue(found[0].said().isprintable())

    def test_what_may_be_wrong_is_a_warning(self) -> None:
        for text, line, what in WARNINGS:
            with self.subTest(what):
                (found,) = check_program(text)
                self.assertEqual((line, "warning"), (found.line, found.level))
                self.assertTrue(found.what.startswith(what), found.what)

    def test_a_program_with_nothing_wrong_has_no_findings(self) -> None:
        self.assertEqual((), check_program(CLEAN))

    def test_a_name_of_the_texts_own_may_be_one_that_is_built_in_unless_it_makes_code(self) -> None:
        self.assertEqual(
            (), check_program(program("open = market.get_klines('x', '1h')[-1]['open']", "id = open", "id"))
        )
        for name in ("exec", "eval", "compile"):
            for text in (program(f"{name} = 1"), f"def f({name}):\n    return {name}\n" + program(f"{name}('x')")):
                self.assertTrue(check_program(text), text)

    def test_no_text_is_too_deep_to_be_told_about(self) -> None:
        for text in ("(" * 5000, "-" * 60_000 + "1", "1+" * 30_000 + "1", "x" + ".x" * 5000, "[" * 150 + "]" * 150):
            with self.subTest(text[:3]):
                self.assertTrue(check_program(text))
        self.assertIsInstance(parsed("x = (\n"), ProgramProblem)

    def test_of_many_mistakes_the_first_are_told_and_no_error_hides_behind_warnings(self) -> None:
        wrong = check_program(program(*["market.get_kline()"] * 250))
        self.assertEqual(list(range(2, 102)), [one.line for one in wrong])
        with patch.object(difflib, "get_close_matches", side_effect=difflib.get_close_matches) as compared:
            check_program(program(*(f"import x{number}" for number in range(250)), *["Decision('b', q=1)"] * 250))
        self.assertLessEqual(compared.call_count, 4 * MOST_FINDINGS)
        found = check_program(program(*["market.get_klines('x', '1h', n)"] * 250, "x.__class__"))
        self.assertEqual(["warning"] * 100 + ["error"], [one.level for one in found])
        self.assertEqual(252, found[-1].line)


KEEPS = (
    "x = []\n" + program("x.append(1)"),
    "x = {'a': 1}\n" + program("x['a'] += 1"),
    "x = {'a': []}\n" + program("x['a'].append(1)"),
    "x = [1]\n" + program("y = x", "y.append(1)"),
    "x = [1]\n" + program("f(x)") + "def f(a):\n    a.append(1)\n",
    "x = [1]\ndef len(a):\n    a.append(1)\n" + program("len(x)"),
    "n = 0\n" + program("global n", "n += 1"),
    "def f(a=[]):\n    a.append(1)\n" + program("f()"),
    "class A:\n    n = 0\n" + program("A.n += 1"),
    program("Market.get_klines = None"),
    program("setattr(Market, 'x', 1)"),
    "READS = {'regimes': ['1h']}\n" + program("READS['regimes'].append('x')"),
    "x = lambda a=[]: a.append(1)\n" + program("x()"),
    "x = [i for i in range(3)]\n" + program("x.append(1)"),
    "import decimal\n" + program("decimal.setcontext(1)"),
    program("from decimal import Context, setcontext", "setcontext(Context(prec=5))"),
    "import functools\n@functools.lru_cache\ndef f(a):\n    return [a]\n" + program("f(1).append(2)"),
    "def f():\n    return 1\n" + program("global f", "f = 3"),
    "for x in [[]]:\n    pass\n" + program("x.append(1)"),
    "x = [1]\n" + program("y = max(x, [0])", "y.append(1)", "return {'action': len(x)}"),
    "x = [1]\n" + program("y = sum([], x)", "y.append(1)", "return {'action': len(x)}"),
    program("return {'action': hash(market)}"),
    "import dataclasses\n"
    + program("x = Account({}) == Account({})", "dataclasses.dataclass(Account)", "return {'action': x}"),
    "def f(id):\n    return 1\n" + program("return {'action': id(market)}"),
    program("return {'action': f'{market} {iter([1])}'}"),
    program("import itertools", "return {'action': len(str(itertools.count()))}"),
    program("return {'action': str(decide) < str(lambda: 1)}"),
    program("x = {'f': f}", "return {'action': str(x)}") + "def f():\n    return 1\n",
    program("return {'action': f(key=lambda: 1)}") + "def f(key):\n    return str(key)\n",
    program("return {'action': sorted([1], key=lambda x: x)}") + "def sorted(x, key):\n    return str(key)\n",
    program("return {'action': max([], default=lambda: 1)}"),
    program("import functools", "return {'action': str(functools.lru_cache(None))}"),
    program("from functools import lru_cache as kept", "return {'action': str(kept(None))}"),
)
FREE = (
    CLEAN,
    "LIMITS = {'low': 30, 'high': 70}\n" + program("return LIMITS['low'] + LIMITS.get('high') + len(LIMITS)"),
    "NAMES = ['a', 'b']\n" + program("for one in NAMES:", "    x = one in NAMES"),
    program("global memory", "memory = {}"),
    "X = [1, 2]\n" + program("return {'action': max(X) + sum(X) + len(list(zip(X, X)))}"),
    program("print(market)"),
    program("from math import floor", "return {'action': floor(1.5)}"),
    program("x = [3, 1]", "x.sort(key=f)", "return [sorted(x, key=lambda one: -one), list(map(f, x)), (lambda: 1)()]")
    + "def f(x):\n    return -x\n",
    "A = 2\nB = -A * 3\nC = (A, B, 'c')\n" + program("x = []", "x.append(C)", "def f(y=A):", "    return y"),
)


class WhatIsKept(unittest.TestCase):
    def test_a_program_that_could_keep_something_is_told_from_one_that_cannot(self) -> None:
        for text in KEEPS:
            with self.subTest(text):
                self.assertFalse(keeps_nothing(parsed(text)))
        for text in FREE:
            with self.subTest(text):
                self.assertTrue(keeps_nothing(parsed(text)))


if __name__ == "__main__":
    unittest.main()
