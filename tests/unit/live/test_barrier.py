"""The barrier: what makes a step, what is only noted, and in which order."""

import unittest

from core.candle import Candle
from live.barrier import Barrier, ReceivedCandle

MINUTE = 60_000
GRACE = 5.0


def candle(minute: int, close: float = 100.0) -> Candle:
    return Candle(minute * MINUTE, 100.0, 101.0, 99.0, close, 1.0)


def received(minute: int, close: float = 100.0) -> ReceivedCandle:
    return ReceivedCandle(candle(minute, close), "websocket")


class BarrierTest(unittest.TestCase):
    def setUp(self) -> None:
        self.barrier = Barrier(("A", "B"), MINUTE, last_closed_ms=0, grace_seconds=GRACE)

    def closed(self) -> list[tuple[int, tuple[float | None, ...]]]:
        """Return (minute of the step, closes by symbol) of every step that can be closed now."""
        return [
            (one.step.time_ms // MINUTE, tuple(None if c is None else c.close for c in one.step.candles))
            for one in self.barrier.close_ready()
        ]

    def test_a_step_closes_when_every_symbol_is_in_with_symbols_in_configured_order(self) -> None:
        self.assertIsNone(self.barrier.take("B", received(0, 100.5), 0.0))
        self.assertEqual([], self.closed())
        self.barrier.take("A", received(0, 99.5), 0.0)
        self.assertEqual([(1, (99.5, 100.5))], self.closed())

    def test_later_steps_queue_behind_an_open_one_and_close_in_order(self) -> None:
        for minute in (1, 2):
            for symbol in ("A", "B"):
                self.barrier.take(symbol, received(minute), 0.0)
        self.barrier.take("A", received(0), 0.0)
        self.assertEqual([], self.closed())
        self.barrier.take("B", received(0), 0.0)
        self.assertEqual([1, 2, 3], [minute for minute, _ in self.closed()])

    def test_rest_is_asked_only_after_the_grace_and_the_step_stays_open_until_it_answers(self) -> None:
        self.barrier.take("A", received(0), 10.0)
        self.assertEqual({}, self.barrier.to_ask(10.0 + GRACE - 0.01))
        self.assertEqual({"B": (0, MINUTE)}, self.barrier.to_ask(10.0 + GRACE))
        self.assertEqual([], self.closed())
        self.assertEqual([], self.barrier.answer("B", MINUTE, [], 16.0))
        self.assertEqual([(1, (100.0, None))], self.closed())

    def test_a_candle_that_rest_has_joins_its_step_and_says_where_it_came_from(self) -> None:
        self.barrier.take("A", received(0), 0.0)
        self.barrier.answer("B", MINUTE, [candle(0, 100.5)], 6.0)
        (closed,) = self.barrier.close_ready()
        self.assertEqual(("websocket", "rest"), closed.sources)

    def test_boundaries_without_any_candle_make_no_step_once_rest_has_denied_them(self) -> None:
        for symbol in ("A", "B"):
            self.barrier.take(symbol, received(3), 0.0)
        self.assertEqual([], self.closed())
        self.assertEqual({"A": (0, 3 * MINUTE), "B": (0, 3 * MINUTE)}, self.barrier.to_ask(GRACE))
        self.barrier.answer("A", 3 * MINUTE, [], 6.0)
        self.barrier.answer("B", 3 * MINUTE, [candle(1)], 6.0)
        self.assertEqual([(2, (None, 100.0)), (4, (100.0, 100.0))], self.closed())

    def test_a_candle_published_after_rest_denied_it_is_late_and_changes_nothing(self) -> None:
        self.barrier.take("A", received(0), 0.0)
        self.barrier.answer("B", MINUTE, [], 6.0)
        self.assertEqual([(1, (100.0, None))], self.closed())
        note = self.barrier.take("B", received(0), 7.0)
        self.assertEqual(("late", "B"), (note.kind, note.symbol))
        self.assertEqual([], self.closed())

    def test_the_first_final_counts_and_a_different_one_is_revised_before_and_after_the_close(self) -> None:
        self.barrier.take("A", received(0, 100.0), 0.0)
        self.assertEqual("revised", self.barrier.take("A", received(0, 100.5), 0.0).kind)
        self.assertEqual("duplicate", self.barrier.take("A", received(0, 100.0), 0.0).kind)
        self.barrier.take("B", received(0), 0.0)
        self.assertEqual([(1, (100.0, 100.0))], self.closed())
        self.assertEqual("duplicate", self.barrier.take("A", received(0, 100.0), 1.0).kind)
        self.assertEqual("revised", self.barrier.take("A", received(0, 100.5), 1.0).kind)

    def test_candles_known_before_the_first_step_are_repetitions_not_late(self) -> None:
        self.barrier.remember("A", [candle(-1)])
        self.assertEqual("duplicate", self.barrier.take("A", received(-1), 0.0).kind)
        self.assertEqual("late", self.barrier.take("B", received(-1), 0.0).kind)

    def test_rows_that_break_a_rule_are_refused_and_count_as_missing(self) -> None:
        broken = {
            "a price that is not finite or not positive": Candle(0, 0.0, 101.0, 0.0, 100.0, 1.0),
            "a volume that is negative or not finite": Candle(0, 100.0, 101.0, 99.0, 100.0, float("nan")),
            "high below open or close": Candle(0, 100.0, 99.5, 99.0, 99.5, 1.0),
            "low above open or close": Candle(0, 100.0, 101.0, 100.5, 100.7, 1.0),
        }
        for reason, bad in broken.items():
            note = self.barrier.take("A", ReceivedCandle(bad, "websocket"), 0.0)
            self.assertEqual(("refused", reason), (note.kind, note.detail))
        self.assertEqual(0, self.barrier.open_boundaries)

    def test_an_open_off_the_grid_is_snapped_or_refused(self) -> None:
        shifted = ReceivedCandle(Candle(20_799, 100.0, 101.0, 99.0, 100.0, 1.0), "websocket")
        self.assertIsNone(self.barrier.take("A", shifted, 0.0))
        self.barrier.take("B", received(0), 0.0)
        (step,) = self.barrier.close_ready()
        self.assertEqual(0, step.step.candles[0].open_time_ms)
        refusing = Barrier(("A",), MINUTE, 0, GRACE, off_grid="refuse")
        self.assertEqual("refused", refusing.take("A", shifted, 0.0).kind)

    def test_an_answer_repeats_nothing_that_is_there_already(self) -> None:
        self.barrier.take("A", received(0, 100.0), 0.0)
        self.assertEqual([], self.barrier.answer("A", MINUTE, [candle(0, 100.5)], 6.0))
        self.barrier.take("B", received(0), 6.0)
        self.assertEqual([(1, (100.0, 100.0))], self.closed())


if __name__ == "__main__":
    unittest.main()
