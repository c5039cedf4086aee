"""When cash moves, how much of it, what days are learned from, and what each member is shown of a step."""

import random
import unittest
from decimal import Decimal

from core.candle import Candle, FundingRate, OpenInterest, Step
from core.instants import parse_instant
from engine.portfolio.daily_units import DailyUnits
from engine.portfolio.member_steps import MemberSteps
from engine.portfolio.rebalancing import RebalanceTimes, Standing, planned_transfers
from tests.support.times import DAY_MS, HOUR_MS


def standing(equity: float, free: str | None = None, *, receives: bool = True) -> Standing:
    return Standing(equity, Decimal(repr(equity) if free is None else free), receives)


class Times(unittest.TestCase):
    def due(self, rebalance: str, *times: str) -> list[bool]:
        clock = RebalanceTimes(rebalance)
        return [clock.due(parse_instant(one)) for one in times]

    def test_weeks_begin_on_monday_and_months_on_the_first(self) -> None:
        # 2024-01-29 is a Monday.
        times = ("2024-01-28T23:00", "2024-01-29", "2024-01-29T01:00", "2024-02-01", "2024-02-05", "2024-03-01")
        self.assertEqual([False, True, False, False, True, True], self.due("7d", *times))
        self.assertEqual([False, False, False, True, False, True], self.due("monthly", *times))
        self.assertEqual([False, True, False, True, True, True], self.due("1d", *times))
        self.assertEqual([False] * 6, self.due("never", *times))

    def test_the_first_step_is_none_and_a_missing_midnight_is_made_up_for(self) -> None:
        self.assertEqual([False, True], self.due("1d", "2024-01-29", "2024-01-30T03:00"))


class Plans(unittest.TestCase):
    def test_the_surplus_goes_to_who_lacks_in_proportion(self) -> None:
        # 300 each: 150 too much; 100 and 50 too little.
        moved = planned_transfers([standing(450.0), standing(200.0), standing(250.0)], [1 / 3] * 3)
        self.assertEqual([Decimal(-150), Decimal(100), Decimal(50)], [round(one, 6) for one in moved])
        self.assertEqual(0, sum(moved))

    def test_no_more_moves_than_is_free_nor_than_is_wanted(self) -> None:
        self.assertEqual(
            [Decimal(-40), Decimal(40)], planned_transfers([standing(300.0, "40"), standing(100.0)], [0.5] * 2)
        )
        self.assertEqual([0, 0], planned_transfers([standing(300.0), standing(100.0, receives=False)], [0.5] * 2))

    def test_of_any_accounts_nothing_is_made_or_lost(self) -> None:
        chance = random.Random(5)
        for _ in range(500):
            count = chance.randint(1, 6)
            accounts = []
            for _ in range(count):
                equity = round(chance.uniform(-100.0, 10.0 ** chance.randint(1, 7)), 6)
                free = Decimal(repr(round(chance.uniform(0.0, max(equity, 0.0)), 8)))
                accounts.append(Standing(equity, free, chance.random() < 0.8))
            parts = [chance.random() + 0.01 for _ in range(count)]
            moved = planned_transfers(accounts, [part / sum(parts) for part in parts])
            self.assertEqual(0, sum(moved))
            for one, amount in zip(accounts, moved, strict=True):
                self.assertLessEqual(-amount, one.free)
                self.assertTrue(amount <= 0 or one.receives)


class Days(unittest.TestCase):
    def test_returns_are_of_whole_days_that_have_ended_and_no_later_value_is_in_them(self) -> None:
        units = DailyUnits(20)
        # A first day that began at noon ends with 100; then 110, a day without a step, 99, and a part of a day.
        for hours, worth in ((12, 90.0), (24, 100.0), (36, 500.0), (48, 110.0), (96, 99.0), (97, 1.0)):
            units.note(hours * HOUR_MS, (worth, 7.0))
            if hours == 96:
                at_midnight = units.returns(hours * HOUR_MS)
        self.assertEqual([[0.1, 0.0, -0.1], [0.0] * 3], [[round(value, 12) for value in one] for one in at_midnight])
        self.assertEqual(at_midnight, units.returns(97 * HOUR_MS))

    def test_no_more_days_are_kept_than_are_looked_at(self) -> None:
        units = DailyUnits(3)
        for day in range(1, 400):
            units.note(day * DAY_MS, (float(day),))
        self.assertEqual([[after / (after - 1) - 1 for after in (397, 398, 399)]], units.returns(399 * DAY_MS))
        self.assertEqual([[after / (after - 1) - 1 for after in (396, 397, 398)]], units.returns(399 * DAY_MS - 1))


class Steps(unittest.TestCase):
    def test_a_member_is_shown_its_symbols_and_what_became_known_while_it_had_no_candle(self) -> None:
        steps = MemberSteps([2, 0], [1])
        one, two = Candle(0, 1.0, 1.0, 1.0, 1.0, 1.0), Candle(60, 2.0, 2.0, 2.0, 2.0, 2.0)
        rate, seen = FundingRate(5, 0.1), Candle(1, 3.0, 3.0, 3.0, 3.0, 3.0)
        first, second, others = OpenInterest(0, 1.0), OpenInterest(9, 2.0, 4.0), OpenInterest(0, 3.0)
        known = {"funding": ((rate,), (), ()), "watched": ((), (seen,)), "open_interest": ((first,), (others,), ())}
        self.assertIsNone(steps.of(Step(60, (None, one, None), **known)))
        self.assertIsNone(steps.of(Step(90, (None, one, None), open_interest=((second,), (), ()))))
        shown = steps.of(Step(120, (two, one, None), (None, one, None), (two, None, None)))
        self.assertEqual(
            Step(120, (None, two), (), (None, two), ((), (rate,)), ((seen,),), ((), (first, second))), shown
        )
        self.assertEqual(Step(180, (one, None)), steps.of(Step(180, (None, None, one))))


if __name__ == "__main__":
    unittest.main()
