"""Formulas of users: what they come to, and that nothing else is understood."""

import unittest

from core.errors import ConfigurationError
from research.formulas.formula import LONGEST, Formula

VALUES = {"a": 3, "b": 4.0, "none": None, "execution.slippage": 0.001, "kind": "limit", "on": True}


class Formulas(unittest.TestCase):
    def test_conditions_hold_as_python_has_it(self) -> None:
        table = (
            ("a < b", True),
            ("a<b<4", False),
            ("2*a >= b + 1 and not a == b", True),
            ("execution.slippage * 1000 == 1", True),
            ("kind == 'limit' or a > 100", True),
            ("on == True", True),
            ("min(a, b, 1) == 1 and abs(-a) == max(a, 2)", True),
            ("a // 2 == 1 and a % 2 == 1 and -a < +a", True),
            ("none < 3", None),
            ("none < 3 or a == 3", True),
            ("none < 3 and a == 4", False),
            ("a / (b - b) > 0", None),
        )
        for text, expected in table:
            with self.subTest(text):
                self.assertEqual(expected, Formula(text, "condition", "condition").value(VALUES))

    def test_numbers_are_undefined_where_a_part_is_or_they_are_not_finite(self) -> None:
        table = (("0.6*a - 0.4*b/10", 0.6 * 3 - 0.4 * 4.0 / 10), ("a/0", None), ("a - none", None), ("-none", None),
                 ("b*1e308*1e308", None), (f"a*{'9' * 200}*{'9' * 200}", None),
                 ("min(a, none)", None), ("a", 3))  # fmt: skip
        for text, expected in table:
            with self.subTest(text):
                self.assertEqual(expected, Formula(text, "number", "metric").value(VALUES))

    def test_names_are_told_once_in_their_order(self) -> None:
        text = "b < a or execution.slippage > max(b, 2)"
        self.assertEqual(("b", "a", "execution.slippage"), Formula(text, "condition", "condition").names)

    def test_what_is_no_condition_is_one_line(self) -> None:
        table = (
            "", "a <", "a", "a + 1", "a < (b < 2)", "(a < b) + 1 > 0", "a < b and c", "a ** b < 1", "a if b else c",
            "__import__('os').system('x') < 1", "a.__class__() < 1", "[a][0] < 1", "lambda: 1", "f'{a}' == 'a'",
            "(a := 1) < 2", "a is b", "a in b", "a & b < 1", "~a < 1", "open('x') == 1", "abs(a, b) < 1", "min(a) < 1",
            "max(a, key=b) < 1", "{a: 1} == 1", "a < 1j", "b'a' == a", "... == a", "(" * 300 + "a < 1",
            "a < " + "-" * 60 + "1", "a" * (LONGEST + 1), "a < 1; b", "a\x00 < 1", "await a", "*a < 1",
        )  # fmt: skip
        for text in table:
            with self.subTest(text[:40]):
                with self.assertRaisesRegex(ConfigurationError, "^condition .* — allowed: ") as raised:
                    Formula(text, "condition", "condition")
                self.assertNotIn("\n", str(raised.exception))

    def test_a_number_has_no_words_and_compares_nothing(self) -> None:
        for text in ("'a'", "a < b", "not a", "a and b", "a + 'x'"):
            with self.subTest(text), self.assertRaisesRegex(ConfigurationError, "^metric "):
                Formula(text, "number", "metric")

    def test_words_have_no_order_and_are_no_numbers(self) -> None:
        for text in ("kind < 3", "kind * a < 3", "kind - 1 < 3", "-kind < 3", "kind * 1000 == 3", "min(kind, a) < 3"):
            with self.subTest(text), self.assertRaisesRegex(ConfigurationError, "'limit'"):
                Formula(text, "condition", "condition").value(VALUES)


if __name__ == "__main__":
    unittest.main()
