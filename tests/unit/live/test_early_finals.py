"""Finals before their close: held until due, left to REST where another one differs, refused where absurd."""

import unittest

from core.candle import Candle
from live.intake.early_finals import MOST_HELD, Arrival, EarlyFinals
from market_data.feeds.feed_event import CandleUpdate
from tests.support.candles import candle
from tests.support.times import MINUTE_MS


def arrival(minute: int = 0, close: float = 100.0, source: str = "websocket", symbol: str = "A") -> Arrival:
    update = CandleUpdate(symbol, candle(minute, close=close), True, source, None, "1m")
    return Arrival(update, 0.0, "strategy", MINUTE_MS)


class EarlyFinalsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.finals = EarlyFinals(2_000)

    def judged(self, now_ms: int | None, older: int = 0) -> list[tuple[Candle, str | None]]:
        return [
            (one.arrival.update.candle, None if one.note is None else one.note.kind)
            for one in self.finals.judged(now_ms, older)
        ]

    def test_a_final_within_the_tolerance_is_believed_at_once(self) -> None:
        self.finals.take(arrival())
        self.assertEqual([(candle(0), None)], self.judged(MINUTE_MS - 2_000))

    def test_one_that_seems_early_waits_until_the_exchange_was_asked_and_is_believed_if_it_is_not(self) -> None:
        self.finals.take(arrival())
        self.assertEqual([], self.judged(MINUTE_MS - 2_001))
        self.assertEqual(1, self.finals.unjudged)
        self.assertEqual([(candle(0), None)], self.judged(MINUTE_MS, older=1))

    def test_an_early_one_is_held_until_its_close_is_past_by_the_tolerance(self) -> None:
        self.finals.take(arrival())
        self.assertEqual([], self.judged(0, older=1))
        self.assertEqual(0, self.finals.unjudged)
        self.assertEqual([], self.judged(MINUTE_MS + 1_999))
        self.assertEqual([(candle(0), None)], self.judged(MINUTE_MS + 2_000))

    def test_the_true_final_with_the_same_values_confirms_it_when_it_is_due(self) -> None:
        self.finals.take(arrival())
        self.judged(0, older=1)
        self.finals.take(arrival())
        self.assertEqual([(candle(0), None)], self.judged(MINUTE_MS))
        self.assertEqual([], self.judged(2 * MINUTE_MS))

    def test_another_one_with_other_values_leaves_the_candle_to_rest(self) -> None:
        self.finals.take(arrival())
        self.judged(0, older=1)
        self.finals.take(arrival(close=100.5))
        kinds = [kind for _, kind in self.judged(MINUTE_MS)]
        self.assertEqual(["revised", "revised"], kinds)
        self.finals.take(arrival(close=100.5))
        self.assertEqual(["revised"], [kind for _, kind in self.judged(MINUTE_MS + 5_000)])
        self.finals.take(arrival(close=100.5, source="rest"))
        self.assertEqual([(candle(0, close=100.5), None)], self.judged(MINUTE_MS + 5_000))

    def test_what_an_exchange_makes_up_without_end_is_refused(self) -> None:
        for minute in range(MOST_HELD):
            self.finals.take(arrival(minute=minute + 1))
        self.finals.take(arrival(minute=MOST_HELD + 1))
        self.assertEqual([(candle(MOST_HELD + 1), "refused")], self.judged(0, older=MOST_HELD + 1))

    def test_order_of_arrival_is_kept_behind_one_that_waits(self) -> None:
        self.finals.take(arrival(minute=1))
        self.finals.take(arrival(minute=0, source="rest"))
        self.assertEqual([], self.judged(MINUTE_MS))
        self.assertEqual([(candle(1), None), (candle(0), None)], self.judged(2 * MINUTE_MS, older=2))


if __name__ == "__main__":
    unittest.main()
