"""Funding payments of a session and of history are compared by due time, and the journal says what it knows of them."""

import unittest

import numpy as np

from backtests.proof.funding_comparison import MEANING, FundingDifference, ToldRate, compare_funding, of_symbol
from core.candle import FundingRate
from engine.journal_records import MissingRecord
from tests.support.times import MINUTE_MS

STEPS = np.arange(1, 11, dtype=np.int64) * 5 * MINUTE_MS
"""Ten steps, five minutes apart."""


def rate(minute: int, value: float = 1e-4, mark: float | None = 100.0, late_ms: int = 0) -> FundingRate:
    return FundingRate(minute * MINUTE_MS + late_ms, value, mark)


class Comparing(unittest.TestCase):
    def compare(
        self, told: list[tuple[FundingRate, int]], known: list[FundingRate], missing: list[MissingRecord] | None = None
    ) -> list[FundingDifference]:
        session = [ToldRate(one, minute * MINUTE_MS) for one, minute in told]
        return compare_funding("BTC/USDT", session, known, STEPS, missing or [])

    def test_equal_payments_have_no_difference_however_late_their_stamps(self) -> None:
        self.assertEqual(self.compare([(rate(10), 10), (rate(20, late_ms=3), 20)], [rate(10), rate(20)]), [])

    def test_a_payment_between_two_steps_is_settled_by_the_later_one(self) -> None:
        self.assertEqual(self.compare([(rate(12), 15)], [rate(12)]), [])
        (late,) = self.compare([(rate(12), 20)], [rate(12)])
        self.assertEqual((late.why, late.step_ms, late.told_ms), ("funding_late", 15 * MINUTE_MS, 20 * MINUTE_MS))

    def test_each_kind_of_difference_has_its_name(self) -> None:
        for why, told, known in (
            ("funding_missing", [], [rate(10)]),
            ("funding_not_in_history", [(rate(10), 10)], []),
            ("funding_revised", [(rate(10, 2e-4), 15)], [rate(10)]),
            ("funding_late", [(rate(10, mark=99.0), 15)], [rate(10)]),
            ("funding_mark", [(rate(10, mark=99.0), 10)], [rate(10)]),
            ("funding_mark", [(rate(10, mark=None), 10)], [rate(10)]),
        ):
            with self.subTest(why):
                (found,) = self.compare(told, known)
                self.assertEqual(
                    (found.why, found.due, found.step_ms), (why, "1970-01-01T00:10:00.000Z", 10 * MINUTE_MS)
                )
                self.assertIn(why, MEANING)
                self.assertEqual(found.history, (1e-4, 100.0) if known else None)

    def test_a_payment_that_no_step_is_there_to_settle_is_nobodys(self) -> None:
        self.assertEqual(self.compare([], [rate(51)]), [])

    def test_the_journals_note_of_that_payment_is_told(self) -> None:
        notes = [
            MissingRecord("mark", "BTC/USDT", 10 * MINUTE_MS, "a mark"),
            MissingRecord("funding", "BTC/USDT", 10 * MINUTE_MS, "why"),
        ]
        (found,) = self.compare([], [rate(10)], notes)
        self.assertEqual(found.note, "why")

    def test_records_are_a_symbols_whichever_of_its_names_they_use(self) -> None:
        notes = [MissingRecord("funding", name, 1) for name in ("BTCUSDT", "BTC/USDT", "ETH/USDT")]
        self.assertEqual(of_symbol(notes, {"BTC/USDT": "BTCUSDT"}, "BTCUSDT"), notes[:2])


if __name__ == "__main__":
    unittest.main()
