"""A decision is read from plain data: what it says, or one line about what it may say."""

import unittest

from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.programs.sandbox.decision import KEYS, ProgramDecision, ProgramTarget, read_decision
from strategies.programs.sandbox.problem import ProgramProblem
from tests.support.scale import scaled

BTC, ETH = "BTC/USDT", "ETH/USDT"
WRONG = (
    (3, "decide returned 3 — allowed: Decision(…), a dict of its keys, or None for hold"),
    ([1, 2], "decide returned a list of 2 — allowed: Decision(…), a dict of its keys, or None for hold"),
    ({}, "decision: action: None — allowed: buy, sell, close, hold"),
    ({"action": "Buy"}, "decision: action: 'Buy' (did you mean buy?) — allowed: buy, sell, close, hold"),
    ({"action": True}, "decision: action: True — allowed: buy, sell, close, hold"),
    ({"action": "buy", "stopp": 1}, f"decision: 'stopp' is no key (did you mean stop?) — allowed: {', '.join(KEYS)}"),
    (
        {"action": "buy", "symbol": "BTC"},
        f"decision: symbol: 'BTC' is not traded (did you mean {BTC}?) — allowed: {BTC}, {ETH}",
    ),
    ({"action": "buy", "size": 0}, "decision: size: 0 — allowed: a share above 0, at most 1"),
    ({"action": "buy", "size": 1.5}, "decision: size: 1.5 — allowed: a share above 0, at most 1"),
    ({"action": "buy", "size": "1"}, "decision: size: '1' — allowed: a number"),
    ({"action": "buy", "size": True}, "decision: size: True — allowed: a number"),
    ({"action": "buy", "stop": float("nan")}, "decision: stop: no finite number — allowed: a number"),
    ({"action": "buy", "stop": 10**400}, "decision: stop: no finite number — allowed: a number"),
    ({"action": "buy", "stop": -5}, "decision: stop: -5 — allowed: a number above 0"),
    ({"action": "buy", "leverage": 0}, "decision: leverage: 0 — allowed: a number above 0"),
    ({"action": "close", "stop": 5}, "decision: close takes no stop — allowed: action, symbol, size, reason"),
    ({"action": "hold", "size": 0.5}, "decision: hold takes no size — allowed: action, symbol, reason"),
    ({"action": "buy", "size": 1, "quote": 5}, "decision: size and quote are both said — allowed: one of the two"),
    (
        {"action": "buy", "stop": 1, "stop_distance": 5},
        "decision: stop and stop_distance are both said — allowed: one of the two",
    ),
    (
        {"action": "buy", "targets": [[0.6, 5], [0.6, 6]]},
        "decision: targets: the fractions are more than the whole — allowed: a sum of at most 1",
    ),
    (
        {"action": "buy", "targets": [5, [0.6, 6]]},
        "decision: targets: prices and pairs are mixed — allowed: a list of at most 20 prices, or of (fraction, price) "
        "pairs",
    ),
    ({"action": "buy", "targets": ["5"]}, "decision: targets: '5' — allowed: a number"),
    ({"action": "buy", "reason": ["low"]}, "decision: reason: a list of 1 — allowed: text"),
    ({"action": "buy", "reason": "\ud800"}, "decision: reason: '\\\\ud800' — allowed: text"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=5),
    max_leaves=12,
)


class Decisions(unittest.TestCase):
    def test_what_a_decision_says_is_read(self) -> None:
        said = {
            "action": "sell",
            "symbol": ETH,
            "quote": 500,
            "leverage": None,
            "stop_distance": 2.5,
            "targets": [(0.25, 90), (0.75, 80.5)],
            "reason": "high\nof the day",
        }
        expected = ProgramDecision(
            "sell",
            ETH,
            quote=500.0,
            stop_distance=2.5,
            targets=(ProgramTarget(0.25, 90.0), ProgramTarget(0.75, 80.5)),
            reason="high of the day",
        )
        self.assertEqual(expected, read_decision(said, (BTC, ETH), BTC))

    def test_none_is_hold_and_a_decision_without_a_symbol_is_about_that_of_its_trigger(self) -> None:
        self.assertEqual(ProgramDecision("hold", BTC), read_decision(None, (BTC, ETH), BTC))
        self.assertEqual(
            ProgramDecision("close", ETH, 0.5), read_decision({"action": "close", "size": 0.5}, [ETH], ETH)
        )

    def test_targets_without_fractions_share_the_position_evenly(self) -> None:
        decision = read_decision({"action": "buy", "targets": [5, 6, 7, 8]}, (BTC,), BTC)
        self.assertEqual(
            [(0.25, 5), (0.25, 6), (0.25, 7), (0.25, 8)], [(one.fraction, one.price) for one in decision.targets]
        )
        self.assertEqual(
            (ProgramTarget(1.0, 5.0),), read_decision({"action": "buy", "targets": 5}, (BTC,), BTC).targets
        )

    def test_a_long_reason_is_cut(self) -> None:
        decision = read_decision({"action": "hold", "reason": "a" * 1000}, (BTC,), BTC)
        self.assertEqual("a" * 200, decision.reason)

    def test_nonsense_is_a_line_that_says_what_is_allowed(self) -> None:
        for raw, line in WRONG:
            with self.subTest(line):
                self.assertEqual(ProgramProblem("nonsense", line), read_decision(raw, (BTC, ETH), BTC))

    @settings(max_examples=scaled(100, 3000))
    @given(JSON)
    def test_any_data_is_a_decision_or_a_problem_in_one_printable_line(self, raw: object) -> None:
        found = read_decision(raw, (BTC, ETH), BTC)
        if isinstance(found, ProgramProblem):
            self.assertEqual("nonsense", found.kind)
            self.assertTrue(found.text.isprintable())
            self.assertLess(len(found.text), 400)
        else:
            self.assertIn(found.symbol, (BTC, ETH))
            self.assertTrue(0 < found.size <= 1)


if __name__ == "__main__":
    unittest.main()
