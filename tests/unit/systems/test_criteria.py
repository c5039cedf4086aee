"""Criteria of a promotion: their grammar, what they say of a value, and that nothing holds without evidence."""

import math
import operator
import unittest

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from systems.life_cycle.criterion import Criterion, read_criterion
from systems.life_cycle.judgement import NO_CRITERIA, Figure, checked_criteria, judge, judgement_of
from systems.life_cycle.metric_lookup import figure_in
from tests.support.scale import scaled

OPERATORS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
NUMBERS = st.floats(-1e6, 1e6)


class Grammar(unittest.TestCase):
    def test_each_form_is_read(self) -> None:
        table = {
            "sharpe > 1": Criterion("sharpe", ">", 1.0),
            "  trades>=1_000 ": Criterion("trades", ">=", 1000.0),
            "ambiguous_share < .1": Criterion("ambiguous_share", "<", 0.1),
            "net_profit > -2.5e3": Criterion("net_profit", ">", -2500.0),
            "parity == exact": Criterion("parity", "==", "exact"),
            "approved != false": Criterion("approved", "!=", False),
            "out-of-sample.trade_quality.profit_factor <= 1": Criterion(
                "out-of-sample.trade_quality.profit_factor", "<=", 1.0
            ),
        }
        for text, expected in table.items():
            with self.subTest(text):
                self.assertEqual(expected, read_criterion(text))
                self.assertEqual(expected, read_criterion(expected.text))

    def test_what_is_no_criterion_is_one_line_that_says_what_is_allowed(self) -> None:
        table = {
            "": "", "sharpe": "", "sharpe >": "", "> 1": "", "sharpe 1": "", "1 > sharpe": "", "a.b.c.d.e > 1": "",
            "sharpe > 1 and trades > 2": "", "sharpe > 1; import os": "", "__import__('os')": "", "sharpe > x[0]": "",
            "sharpe > 0x10": "", "sharpe > nan": "", "sharpe > 1" + " " * 300: "",
            "sharpe = 1": "did you mean ==?", "sharpe => 1": "did you mean >=?", "sharpe ≥ 1": "did you mean >=?",
            "sharpe > 1e999": "is not a finite number", "share < 10%": "a share is written as a fraction",
            "parity > exact": "has no order", "done >= true": "has no order",
        }  # fmt: skip
        for text, hint in table.items():
            with self.subTest(text), self.assertRaises(ConfigurationError) as caught:
                read_criterion(text)
            line = str(caught.exception)
            self.assertIn(hint, line)
            self.assertIn("allowed: a figure, one of < <= > >= == !=", line)
            self.assertNotIn("\n", line)
        for other in (None, 5, ["sharpe > 1"]):
            with self.subTest(other), self.assertRaises(ConfigurationError):
                read_criterion(other)

    @settings(max_examples=scaled(100, 5000))
    @given(st.text(st.characters(codec="utf-8"), max_size=40))
    def test_any_text_is_a_criterion_or_a_line_about_it(self, text: str) -> None:
        try:
            read_criterion(text)
        except ConfigurationError as error:
            self.assertNotIn("\n", str(error))

    @settings(max_examples=scaled(50, 2000))
    @given(NUMBERS, st.sampled_from(sorted(OPERATORS)), NUMBERS)
    def test_numbers_compare_as_python_does(self, value: float, comparison: str, bound: float) -> None:
        self.assertEqual(
            OPERATORS[comparison](value, bound), read_criterion(f"figure {comparison} {bound!r}").holds(value)
        )


class Holding(unittest.TestCase):
    def test_what_is_undefined_or_of_another_kind_never_holds(self) -> None:
        table = (
            ("x != 1", None), ("x != 1", math.nan), ("x < 1", -math.inf), ("x != 1", "exact"), ("x != 1", True),
            ("x != exact", 1.0), ("x != exact", True), ("x != true", 1), ("x >= 1", [1]), ("x >= 1", {}),
        )  # fmt: skip
        for text, value in table:
            with self.subTest(text, value=value):
                self.assertFalse(read_criterion(text).holds(value))
                self.assertTrue(read_criterion(text).objection(value))

    def test_whole_numbers_words_and_answers_hold(self) -> None:
        for text, value in (("trades >= 100", 100), ("parity == exact", "exact"), ("ok == true", True)):
            with self.subTest(text):
                self.assertTrue(read_criterion(text).holds(value))


METRICS = {
    "risk_adjusted": {"sharpe": None, "sortino": 2.0},
    "trade_quality": {"trades": 12, "profit_factor": 1.5},
    "undefined": {"risk_adjusted.sharpe": "the run covers 3 days"},
    "own": 7,
}


class Judging(unittest.TestCase):
    def figure(self, name: str) -> Figure:
        return figure_in(METRICS, name)

    def test_a_figure_is_found_by_any_of_its_names_and_says_why_it_has_no_value(self) -> None:
        for name in ("trades", "total_trades", "trade_quality.trades"):
            with self.subTest(name):
                self.assertEqual(12, self.figure(name).value)
        self.assertEqual((2.0, 7), (self.figure("sortino_ratio").value, self.figure("own").value))
        self.assertEqual("the run covers 3 days", self.figure("sharpe_ratio").missing)
        self.assertEqual("there is no figure sortno (did you mean sortino?)", self.figure("sortno").missing)
        for metrics in ({"performance": {"sharpe_ratio": 1.1}}, {"sharpe_ratio": 1.1}, {"mine": {"sharpe": 1.1}}):
            self.assertEqual(1.1, figure_in(metrics, "sharpe").value)
        both = {"own": {"sharpe": 1.0}, "risk_adjusted": {"sharpe": 2.0}}
        self.assertEqual(2.0, figure_in(both, "sharpe").value)
        self.assertIsNone(figure_in(METRICS, "risk_adjusted").value)

    def test_all_must_hold_each_is_told_with_its_value_and_missing_evidence_fails(self) -> None:
        met = judge(checked_criteria(["trades >= 12", "profit_factor > 1.1"]), self.figure)
        self.assertEqual((True, "all 2 criteria hold"), (met.passed, met.reason))
        self.assertEqual([("trades >= 12", 12), ("profit_factor > 1.1", 1.5)],
                         [(one.criterion, one.value) for one in met.criteria])  # fmt: skip
        missed = judge(checked_criteria(["trades > 12", "sharpe > 1", "own > 1", "none > 1"]), self.figure)
        self.assertFalse(missed.passed)
        self.assertEqual([False, False, True, False], [one.holds for one in missed.criteria])
        self.assertEqual(
            "3 of 4 criteria not met: trades > 12 (12); sharpe > 1 (the run covers 3 days); none > 1 (there is no "
            "figure none)",
            missed.reason,
        )

    def test_without_criteria_nothing_is_promoted(self) -> None:
        for none in (None, [], ()):
            with self.subTest(none):
                found = judgement_of(checked_criteria(none), METRICS, self.figure)
                self.assertEqual((False, NO_CRITERIA), (found.passed, found.reason))

    def test_a_function_answers_yes_or_no_or_that_and_a_reason(self) -> None:
        def profitable(metrics: object) -> bool:
            return True

        told = judgement_of(profitable, {}, self.figure)
        self.assertEqual(
            (True, "profitable says yes", "profitable"), (told.passed, told.reason, told.criteria[0].criterion)
        )
        told = judgement_of(lambda metrics: (False, "too few"), {}, self.figure)
        self.assertEqual((False, "too few"), (told.passed, told.reason))
        with self.assertRaisesRegex(ConfigurationError, "answered 'yes' — allowed: True or False"):
            judgement_of(lambda metrics: "yes", {}, self.figure)
        with self.assertRaisesRegex(ConfigurationError, "promotion_criteria: 5 — allowed: a function or a list"):
            checked_criteria(5)


if __name__ == "__main__":
    unittest.main()
