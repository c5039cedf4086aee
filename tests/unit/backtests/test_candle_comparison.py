"""Candles of a session and of history are compared value by value, and the journal says why they differ."""

import unittest

from backtests.proof.candle_comparison import CandleDifference, compare_candles, notes_by_candle
from backtests.proof.grown_columns import SessionCandles
from core.candle_columns import CandleColumns
from engine.journal_records import CandleFields, CandleRecord
from tests.support.times import MINUTE_MS

ROWS: list[CandleFields] = [(MINUTE_MS * n, 10.0 + n, 11.0 + n, 9.0 + n, 10.5 + n, 1.0) for n in range(5)]


def revised(row: CandleFields, close: float) -> CandleFields:
    return (*row[:4], close, row[5])


class Comparing(unittest.TestCase):
    def compare(
        self,
        session: list[CandleFields],
        history: list[CandleFields] = ROWS,
        notes: list[CandleRecord] | None = None,
        source: str = "websocket",
        not_stored: list[tuple[int, int]] | None = None,
    ) -> list[CandleDifference]:
        seen = SessionCandles()
        for row in session:
            seen.add(row, source)
        found = notes_by_candle(notes or [], {"BTC/USDT": "BTCUSDT"}, MINUTE_MS)
        return compare_candles("BTCUSDT", MINUTE_MS, seen, CandleColumns.from_rows(history), found, not_stored or [])

    def one(self, *arguments: object, **options: object) -> CandleDifference:
        found = self.compare(*arguments, **options)
        self.assertEqual(len(found), 1)
        return found[0]

    def note(self, kind: str, row: CandleFields, symbol: str = "BTC/USDT") -> CandleRecord:
        return CandleRecord(kind, symbol, row, "websocket", "some detail")

    def test_equal_candles_have_no_difference(self) -> None:
        self.assertEqual(self.compare(list(ROWS)), [])

    def test_each_value_is_compared_to_the_last_bit(self) -> None:
        for place in range(1, 6):
            row = list(ROWS[2])
            row[place] = row[place] * (1 + 2**-52)
            with self.subTest(place):
                found = self.one([*ROWS[:2], tuple(row), *ROWS[3:]])
                self.assertEqual((found.kind, found.open_time_ms, found.step_ms), ("values_differ", 120_000, 180_000))
                self.assertEqual((found.session, found.history), (tuple(row[1:]), ROWS[2][1:]))

    def test_a_candle_that_never_came_is_said_so(self) -> None:
        found = self.one([*ROWS[:2], *ROWS[3:]])
        self.assertEqual((found.kind, found.why, found.session), ("missing_in_session", "not_received", None))

    def test_a_candle_noted_as_late_or_refused_is_said_so(self) -> None:
        for kind in ("late", "refused"):
            found = self.one([*ROWS[:2], *ROWS[3:]], notes=[self.note(kind, ROWS[2])])
            self.assertEqual((found.why, found.note.split(" ")[0]), (kind, kind))

    def test_a_note_about_another_candle_or_symbol_says_nothing(self) -> None:
        notes = [self.note("late", ROWS[3]), self.note("late", ROWS[2], "ETH/USDT")]
        self.assertEqual(self.one([*ROWS[:2], *ROWS[3:]], notes=notes).why, "not_received")

    def test_a_note_of_a_candle_off_the_grid_is_that_of_its_boundary(self) -> None:
        shifted = (ROWS[2][0] + 20_800, *ROWS[2][1:])
        self.assertEqual(self.one([*ROWS[:2], *ROWS[3:]], notes=[self.note("refused", shifted)]).why, "refused")

    def test_a_candle_that_history_lacks_is_said_so(self) -> None:
        found = self.one(list(ROWS), [*ROWS[:4]])
        self.assertEqual((found.kind, found.why, found.history), ("missing_in_history", "not_in_history", None))
        self.assertEqual(found.source, "websocket")

    def test_a_candle_that_an_offline_store_was_never_given_is_said_so(self) -> None:
        outside = self.one(list(ROWS), ROWS[:4], not_stored=[(4 * MINUTE_MS, 5 * MINUTE_MS)])
        inside = self.one(list(ROWS), ROWS[:4], not_stored=[(5 * MINUTE_MS, 6 * MINUTE_MS)])
        self.assertEqual((outside.why, inside.why), ("not_stored", "not_in_history"))

    def test_a_journalled_revision_is_the_cause_of_other_values(self) -> None:
        history = [*ROWS[:2], revised(ROWS[2], 12.9), *ROWS[3:]]
        notes = [self.note("revised", revised(ROWS[2], 12.9)), self.note("revised", revised(ROWS[2], 12.8))]
        found = self.one(list(ROWS), history, notes=notes)
        self.assertEqual(found.why, "revised")
        self.assertIn("12.9", found.note)

    def test_without_a_note_the_source_tells_a_later_revision_from_another_feed(self) -> None:
        history = [*ROWS[:2], revised(ROWS[2], 12.9), *ROWS[3:]]
        self.assertEqual(self.one(list(ROWS), history, source="rest").why, "revised_later")
        self.assertEqual(self.one(list(ROWS), history, source="websocket").why, "other_source")

    def test_a_session_or_history_without_a_candle_differs_in_all_of_them(self) -> None:
        self.assertEqual(len(self.compare([])), 5)
        self.assertEqual(len(self.compare(list(ROWS), [])), 5)


if __name__ == "__main__":
    unittest.main()
