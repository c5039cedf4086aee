"""The table of what a signal asks for: every combination has one row, worked by hand, and both sides mirror."""

import itertools
import unittest

from core.orders import OrderSide
from engine.deciding.decision_plan import Add, Close, Enter, Held, Plan, Refuse, Reverse, Withdraw, plan

POLICIES = ("ignore", "close", "reverse")
NOT_IGNORE = ("close", "reverse")
ANY = (False, True)
NONE, SAME, OTHER = "none", "same", "other"

ROWS: list[tuple[str, tuple[bool, ...], tuple[str, ...], tuple[str, ...], tuple[bool, ...], Plan]] = [
    # position, its close waits, waiting entry, policy, may add -> plan
    (NONE, (False,), (NONE,), POLICIES, ANY, Enter()),
    (NONE, (False,), (SAME,), POLICIES, ANY, Refuse("entry_waiting")),
    (NONE, (False,), (OTHER,), ("ignore",), ANY, Refuse("entry_waiting")),
    (NONE, (False,), (OTHER,), ("close",), ANY, Withdraw()),
    (NONE, (False,), (OTHER,), ("reverse",), ANY, Enter(withdraws=True)),
    (SAME, ANY, (NONE, SAME), POLICIES, (False,), Refuse("position_open")),
    (SAME, ANY, (OTHER,), ("ignore",), (False,), Refuse("position_open")),
    (SAME, ANY, (OTHER,), NOT_IGNORE, (False,), Refuse("position_open", withdraws=True)),
    (SAME, (False,), (NONE,), POLICIES, (True,), Add()),
    (SAME, (False,), (SAME,), POLICIES, (True,), Refuse("entry_waiting")),
    (SAME, (False,), (OTHER,), ("ignore",), (True,), Refuse("entry_waiting")),
    (SAME, (False,), (OTHER,), NOT_IGNORE, (True,), Add(withdraws=True)),
    (SAME, (True,), (NONE, SAME), POLICIES, (True,), Refuse("close_waiting")),
    (SAME, (True,), (OTHER,), ("ignore",), (True,), Refuse("close_waiting")),
    (SAME, (True,), (OTHER,), NOT_IGNORE, (True,), Refuse("close_waiting", withdraws=True)),
    (OTHER, ANY, (NONE, SAME, OTHER), ("ignore",), ANY, Refuse("opposite_ignored")),
    (OTHER, (True,), (NONE, SAME, OTHER), NOT_IGNORE, ANY, Refuse("close_waiting")),
    (OTHER, (False,), (SAME,), NOT_IGNORE, ANY, Refuse("entry_waiting")),
    (OTHER, (False,), (NONE,), ("close",), ANY, Close()),
    (OTHER, (False,), (OTHER,), ("close",), ANY, Close(withdraws=True)),
    (OTHER, (False,), (NONE,), ("reverse",), ANY, Reverse()),
    (OTHER, (False,), (OTHER,), ("reverse",), ANY, Reverse(withdraws=True)),
]


class PlanTable(unittest.TestCase):
    def test_every_row_on_both_sides(self) -> None:
        for held, closings, waitings, policies, adds, expected in ROWS:
            for side, *case in itertools.product(OrderSide, closings, waitings, policies, adds):
                closing, waiting, policy, may_add = case
                sides = {NONE: None, SAME: side, OTHER: side.opposite}
                position = None if held == NONE else Held(sides[held], closing)
                with self.subTest(held, side=side, case=case):
                    self.assertEqual(expected, plan(position, sides[waiting], side, policy, may_add=may_add))

    def test_every_case_has_one_row(self) -> None:
        cases = [(held, *case) for held, *columns, _ in ROWS for case in itertools.product(*columns)]
        positions = [(NONE, False), *itertools.product((SAME, OTHER), ANY)]
        every = itertools.product(positions, (NONE, SAME, OTHER), POLICIES, ANY)
        self.assertEqual(sorted((*position, *rest) for position, *rest in every), sorted(cases))


if __name__ == "__main__":
    unittest.main()
