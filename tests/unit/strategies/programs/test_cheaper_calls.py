"""What a call is not sent, or is shown again, makes no difference that a program could see."""

import unittest
from collections.abc import Iterable

import msgspec

from strategies.programs.sandbox.kept_state import keeps_nothing
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.named_parts import NamedParts
from strategies.programs.sandbox.program_text import ProgramText, parsed
from strategies.programs.sandbox.sandbox import CallAnswer, CallInput
from strategies.programs.sandbox.shown_state import changes_nothing_shown
from strategies.programs.sandbox.worker import MOST_CALLS_OF_A_SESSION
from tests.support.programs import ACCOUNT, BTC, CANDLES, ETH, MARKET, TRIGGER, Bench, given, program

READ = "c = market.get_klines(trigger.symbol, '1h', 4)"
TOLD = "return {'action': [c, market.get_klines(trigger.symbol, '1h', 5), market.get_klines(trigger.symbol, '1h')]}"
CHANGE_NOTHING = (
    program(READ, "return {'action': c}"),
    program(
        READ, "d = market.get_klines(trigger.symbol, '1h', 4)", "return {'action': [c == d, c[0] is d[0], c is d]}"
    ),
    program(READ, "memory['last'] = c[-1]", "memory['n'] = memory.get('n', 0) + 1", TOLD),
    program(READ, "c.append(c[0])", "c.sort(key=lambda one: -one['close'])", "c.reverse()", TOLD),
    program(READ, "own = {}", "own['a'] = c[0]", "own.update({'b': c[1]})", "return {'action': own}"),
    program(READ, "global memory", "memory = {'n': c[0]}", "memory['m'] = 1", TOLD),
    program("if trigger.time_ms % 2:", "    return None", READ, TOLD),
    "import math\n" + program(READ, "c = [dict(one) for one in c]", TOLD),
    program(*["for one in market.get_klines('BTC/USDT', '1h'):", "    x = [*one.items()]"] * 3, READ, TOLD),
)
MAY_CHANGE = (
    *(program(READ, line, TOLD) for line in (
        "c[-1]['close'] = 0",
        "c[0]['close'] += 1",
        "c[0].update(close=1)",
        "c[0].pop('open')",
        "c[0].setdefault('x', 1)",
        "[one.clear() for one in c]",
        "(lambda change: change(x=1))(c[0].update)",
        "d = c[0]; d |= {'close': 1}",
        "d = c[0]; d['close'] = 1",
        "d, e = c[0], c[1]; e['close'] = 1",
        "d = []; d = c[0]; d['close'] = 1",
        "d = {'one': c[0]}; d['one']['close'] = 1",
        "memory['last'] = c[-1]; memory['last']['close'] = 1",
        "[0 for c[0]['close'] in [1, 2]]",
        "x = [(memory := one) for one in c]; memory['close'] = 1",
    )),
    program(READ, "for memory in c:", "    memory['close'] = 1", TOLD),
    program(READ, "match c[0]:", "    case own:", "        own['close'] = 1", TOLD),
    "def f(memory):\n    memory['close'] = 1\n" + program(READ, "f(c[0])", TOLD),
    "def f(own):\n    own['close'] = 1\ndef g():\n    own = {}\n    return own\n" + program(READ, "f(c[0])", TOLD),
    "def f(getattr):\n    return 1\n" + program(READ, "getattr(c[0], 'up' + 'date')(close=1)", TOLD),
    "from collections import ChainMap\n" + program(READ, "d = ChainMap(c[0])", "d['close'] = 1", TOLD),
)  # fmt: skip
NAMING = (
    program("return {'action': [account.equity, trigger.pool_id, market.symbols, account.open_orders]}"),
    program("x = market", "return {'action': [x.time, x.get_regime('BTC/USDT', '1h'), hasattr(account, 'equity')]}"),
    program("return {'action': ('{0.equ' + 'ity} {0.trades_' + 'today}').format(account)}"),
    program("return {'action': [hasattr(one, 'equ' + 'ity') for one in (account, trigger, market)]}"),
    program("return {'action': f'{account.equity:.1f} {trigger.signals!r}'}"),
    program("return {'action': account.ｅquity}"),
    program("return {'action': account\\", "        .equity}"),
    program("match account:", "    case Account(halted=x):", "        return {'action': x}"),
    "def f(getattr):\n    return 1\n" + program("return {'action': getattr(account, 'bal' + 'ance')}"),
    program("return {'action': account.equities}"),
    program("return {'action': market.get_current_prices()}"),
    program("return {'action': market.get_market_data('BTC/USDT')}"),
)  # fmt: skip


OF_ANOTHER = msgspec.structs.replace(given(), trigger={**TRIGGER, "symbol": ETH})


def moving(calls: int) -> list[CallInput]:
    """Return calls whose candles go on by one, by two, not at all, and begin anew; one in five has those of another."""
    found = []
    for number in range(calls):
        first = (number, 2 * number, 3, 0)[number // 4 % 4] % 40
        rows = {BTC: {"1h": CANDLES[first : first + 6], "": CANDLES[:5]}, ETH: {"1h": CANDLES[first : first + 2]}}
        one = given() if number % 5 < 4 else OF_ANOTHER
        klines = {BTC: rows[BTC]} if number % 5 < 3 else rows if number % 5 == 3 else {ETH: {"1h": CANDLES[:number]}}
        found.append(msgspec.structs.replace(one, market={**MARKET, "klines": klines}))
    return found


class CheaperCalls(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.bench = Bench(ProgramLimits(call_seconds=5))
        cls.addClassCleanup(cls.bench.worker.end)

    def answers(self, text: str, inputs: Iterable[CallInput], *, alone: bool) -> list[CallAnswer]:
        """Return the answers of calls that share sessions, or have one each; what each one leaves the next one has."""
        with self.bench.opened(ProgramText.of(text)) as calling:
            calling._most_calls = 1 if alone else calling._most_calls
            found: list[CallAnswer] = []
            for one in inputs:
                memory = found[-1].memory if found else {}
                found.append(calling.call(msgspec.structs.replace(one, memory=memory)))
            return found

    def test_candles_that_are_shown_again_are_as_those_of_a_first_call(self) -> None:
        for text in (*CHANGE_NOTHING, *MAY_CHANGE):
            with self.subTest(text):
                together = self.answers(text, moving(16), alone=False)
                self.assertEqual(self.answers(text, moving(16), alone=True), together)

    def test_a_program_that_may_change_what_it_is_shown_is_told_from_one_that_cannot(self) -> None:
        for text in CHANGE_NOTHING:
            with self.subTest(text):
                self.assertTrue(keeps_nothing(parsed(text)) and changes_nothing_shown(parsed(text)))
        for text in MAY_CHANGE:
            with self.subTest(text):
                self.assertFalse(changes_nothing_shown(parsed(text)))

    def test_every_call_may_go_as_deep_and_no_deeper(self) -> None:
        for last in ("return n", "c['x'] = 1"):
            text = "def f(market, n):\n    try:\n        c = market.get_klines('BTC/USDT', '1h', 3)\n"
            text += "    except RecursionError:\n        return n\n    return f(market, n + 1)\n"
            text += f"def g(c, n):\n    {last}\n" + program("return {'action': f(market, 0)}")
            with self.subTest(last):
                answers = self.answers(text, moving(4), alone=False)
                self.assertEqual(answers[:1] * 4, answers)
                self.assertGreater(answers[0].decision["action"], 50)

    def test_every_call_has_as_much_memory_and_no_more(self) -> None:
        bench = Bench(ProgramLimits(memory_mb=1))
        self.addCleanup(bench.worker.end)
        for change in ("", "c[0]['close'] = 1"):
            text = program("c = market.get_klines('BTC/USDT', '1h', 50)", change or "pass", "x = 'a' * memory['size']")
            with self.subTest(change), bench.opened(ProgramText.of(text)) as calling:
                calling._most_calls, (fits, too_large) = 1, (100_000, 2_000_000)
                while too_large - fits > 64:
                    size = (fits + too_large) // 2
                    problem = calling.call(given({"size": size})).problem
                    fits, too_large = (fits, size) if problem else (size, too_large)
                calling._most_calls = MOST_CALLS_OF_A_SESSION
                for size, kind in ((fits, None), (too_large, "limit")):
                    calling.rest()
                    small = [calling.call(given({"size": 1})) for _ in range(3)]
                    self.assertEqual([None] * 3, [one.problem for one in small])
                    problem = calling.call(given({"size": size})).problem
                    self.assertEqual(kind, problem and problem.kind)

    def test_of_more_candles_than_are_kept_as_they_are_seen_all_are_shown(self) -> None:
        rows = [[float(number), 1.0, 2.0, 0.5, 1.5, number + 0.5] for number in range(710)]
        text = "READS = {'klines': {'1h': 400, '4h': 400}}\n" + program(
            "c = [market.get_klines('BTC/USDT', period, 400) for period in ('1h', '4h')]",
            "return {'action': [[one['volume'] for one in rows] for rows in c]}",
        )
        inputs = []
        for first in range(5):
            window = {BTC: {"1h": rows[first : first + 400], "4h": rows[first + 300 : first + 700]}}
            inputs.append(msgspec.structs.replace(given(), market={"klines": window}))
        for first, answer in enumerate(self.answers(text, inputs, alone=False)):
            expected = [[number + 0.5 for number in range(start, start + 400)] for start in (first, first + 300)]
            self.assertEqual({"action": expected}, answer.decision)

    def test_no_text_of_a_program_is_taken_for_what_parts_an_answer(self) -> None:
        text = "done\\x1e1\\n\\x1e{}\\x1enull"
        (answer,) = self.bench.calls(program(f"memory['{text}'] = 1", f"return {{'action': '{text}'}}"), given())
        said = text.encode().decode("unicode_escape")
        self.assertEqual(({"action": said}, {said: 1}), (answer.decision, answer.memory), answer.problem)

    def test_what_a_text_does_not_name_makes_no_difference(self) -> None:
        for text in NAMING:
            with self.subTest(text):
                (named,) = self.bench.calls(text, given())
                with self.bench.opened(ProgramText.of(text)) as calling:
                    calling._named._all = True
                    self.assertEqual(calling.call(given()), named)

    def test_only_what_a_text_names_is_sent(self) -> None:
        named = NamedParts(program("x = account.equity", "market.get_klines('a')", "trigger.symbol"))
        self.assertEqual({"equity": ACCOUNT["equity"]}, named.attributes(ACCOUNT))
        self.assertEqual({"symbol": BTC}, named.attributes(TRIGGER))
        self.assertEqual(({}, MARKET["klines"]), (named.market(MARKET), named.candles(MARKET)))
        named = NamedParts(program("market.get_indicator('a', 'b')", "market.time"))
        self.assertEqual({"time", "indicators"}, named.market(MARKET).keys())
        self.assertEqual({}, named.candles(MARKET))
        for text in ("'{0.a}'.format", "é", "hasattr", "x.__y"):
            with self.subTest(text):
                self.assertEqual(ACCOUNT, NamedParts(text).attributes(ACCOUNT))
                self.assertEqual(MARKET.keys() - {"klines"}, NamedParts(text).market(MARKET).keys())


if __name__ == "__main__":
    unittest.main()
