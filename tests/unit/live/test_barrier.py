"""The barrier: what makes a step, what is only noted, and in which order."""

import unittest

from core.candle import Candle
from core.watched_series import WatchedSeries
from live.intake.barrier import Barrier
from live.intake.candle_lane import Note, Question, ReceivedCandle, Series
from tests.support.candles import candle
from tests.support.times import MINUTE_MS

GRACE = 5.0


def received(minute: int, close: float = 100.0) -> ReceivedCandle:
    return ReceivedCandle(candle(minute, close=close), "websocket")


def asked(symbol: str, until: int, since: int = 0, series: Series = "strategy") -> Question:
    """Return the question about candles that open from one minute to another."""
    return Question(series, symbol, since * MINUTE_MS, until * MINUTE_MS)


class BarrierTest(unittest.TestCase):
    def setUp(self) -> None:
        self.barrier = Barrier(("A", "B"), MINUTE_MS, last_closed_ms=0, grace_seconds=GRACE)

    def closed(self) -> list[tuple[int, tuple[float | None, ...]]]:
        """Return (minute of the step, closes by symbol) of every step that can be closed now."""
        return [
            (one.step.time_ms // MINUTE_MS, tuple(None if c is None else c.close for c in one.step.candles))
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
        self.assertEqual([], self.barrier.to_ask(10.0 + GRACE - 0.01))
        self.assertEqual([asked("B", 1)], self.barrier.to_ask(10.0 + GRACE))
        self.assertEqual([], self.closed())
        self.assertEqual([], self.barrier.answer(asked("B", 1), MINUTE_MS, [], 16.0))
        self.assertEqual([(1, (100.0, None))], self.closed())

    def test_a_boundary_that_passes_without_any_final_is_asked_of_rest_after_the_grace(self) -> None:
        self.barrier.expect(MINUTE_MS + 1, 10.0)
        self.assertEqual([], self.barrier.to_ask(10.0 + GRACE - 0.01))
        questions = self.barrier.to_ask(10.0 + GRACE)
        self.assertEqual([asked("A", 1), asked("B", 1)], questions)
        self.assertFalse(self.barrier.knows(MINUTE_MS))
        for one in questions:
            self.barrier.answer(one, MINUTE_MS, [candle(0)], 16.0)
        self.assertEqual([(1, (100.0, 100.0))], self.closed())

    def test_what_rest_denies_of_a_boundary_without_any_final_is_asked_again_after_longer_and_is_not_lost(self) -> None:
        self.barrier.expect(MINUTE_MS, 0.0)
        for waited in (GRACE, 3 * GRACE, 7 * GRACE):
            self.assertEqual([], self.barrier.to_ask(waited - 0.01))
            for one in self.barrier.to_ask(waited):
                self.barrier.answer(one, MINUTE_MS, [], waited)
        self.barrier.take("A", received(0), 60.0)
        self.assertEqual([], self.closed())
        self.barrier.take("B", received(0), 60.0)
        self.assertEqual([(1, (100.0, 100.0))], self.closed())

    def test_a_candle_that_rest_has_joins_its_step_and_says_where_it_came_from(self) -> None:
        self.barrier.take("A", received(0), 0.0)
        self.barrier.answer(asked("B", 1), MINUTE_MS, [candle(0, close=100.5)], 6.0)
        (closed,) = self.barrier.close_ready()
        self.assertEqual(("websocket", "rest"), closed.sources)

    def test_boundaries_without_any_candle_make_no_step_once_rest_has_denied_them(self) -> None:
        for symbol in ("A", "B"):
            self.barrier.take(symbol, received(3), 0.0)
        self.assertEqual([], self.closed())
        self.assertEqual([asked("A", 3), asked("B", 3)], self.barrier.to_ask(GRACE))
        self.barrier.answer(asked("A", 3), 3 * MINUTE_MS, [], 6.0)
        self.barrier.answer(asked("B", 3), 3 * MINUTE_MS, [candle(1)], 6.0)
        self.assertEqual([(2, (None, 100.0)), (4, (100.0, 100.0))], self.closed())

    def test_a_candle_published_after_rest_denied_it_is_late_and_changes_nothing(self) -> None:
        self.barrier.take("A", received(0), 0.0)
        self.barrier.answer(asked("B", 1), MINUTE_MS, [], 6.0)
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
            "a price that is not between 1e-12 and 1e12": Candle(0, 0.0, 101.0, 0.0, 100.0, 1.0),
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
        refusing = Barrier(("A",), MINUTE_MS, 0, GRACE, off_grid="refuse")
        self.assertEqual("refused", refusing.take("A", shifted, 0.0).kind)

    def test_an_answer_about_a_step_that_has_closed_meanwhile_is_passed_over(self) -> None:
        self.barrier.take("A", received(0), 0.0)
        self.barrier.answer(asked("B", 1), MINUTE_MS, [], 6.0)
        self.assertEqual([(1, (100.0, None))], self.closed())
        self.barrier.take("A", received(1), 7.0)
        answered = self.barrier.answer(asked("B", 2), 2 * MINUTE_MS, [candle(0), candle(1)], 8.0)
        self.assertEqual([], answered)
        self.assertEqual([(2, (100.0, 100.0))], self.closed())

    def test_an_answer_repeats_nothing_that_is_there_already(self) -> None:
        self.barrier.take("A", received(0, 100.0), 0.0)
        self.assertEqual([], self.barrier.answer(asked("A", 1), MINUTE_MS, [candle(0, close=100.5)], 6.0))
        self.barrier.take("B", received(0), 6.0)
        self.assertEqual([(1, (100.0, 100.0))], self.closed())


FIVE = 5 * MINUTE_MS


class DetailTest(unittest.TestCase):
    """Five-minute strategy candles with one-minute detail candles of two symbols."""

    def setUp(self) -> None:
        self.barrier = Barrier(("A", "B"), FIVE, last_closed_ms=0, grace_seconds=GRACE, detail_ms=MINUTE_MS)

    def detail(self, symbol: str, minute: int, now: float = 0.0) -> None:
        self.assertIsNone(self.barrier.take(symbol, received(minute), now, "detail"))

    def strategy(self, symbol: str, minute: int, now: float = 0.0) -> None:
        self.assertIsNone(self.barrier.take(symbol, received(minute), now))

    def closed(self) -> list[tuple[int, str, str]]:
        """Return (minute of the step, symbols with a strategy candle, symbols with a detail candle)."""
        return [
            (
                one.step.time_ms // MINUTE_MS,
                "".join(s for s, candle in zip("AB", one.step.candles, strict=True) if candle is not None),
                "".join(s for s, candle in zip("AB", one.step.detail, strict=False) if candle is not None),
            )
            for one in self.barrier.close_ready()
        ]

    def test_a_step_closes_at_every_detail_boundary_and_waits_for_strategy_candles_where_theirs_closes(self) -> None:
        for minute in range(5):
            for symbol in "AB":
                self.detail(symbol, minute)
        self.assertEqual([(1, "", "AB"), (2, "", "AB"), (3, "", "AB"), (4, "", "AB")], self.closed())
        self.strategy("B", 0)
        self.assertEqual([], self.closed())
        self.strategy("A", 0)
        self.assertEqual([(5, "AB", "AB")], self.closed())

    def test_a_strategy_candle_may_come_before_its_detail_candles(self) -> None:
        for symbol in "AB":
            self.strategy(symbol, 0)
            for minute in (4, 3, 2, 1):
                self.detail(symbol, minute)
        self.assertEqual([], self.closed())
        self.detail("A", 0)
        self.detail("B", 0)
        self.assertEqual([1, 2, 3, 4, 5], [minute for minute, _, _ in self.closed()])

    def test_each_feed_is_asked_for_what_is_missing_in_its_own_timeframe(self) -> None:
        for minute in range(4):
            self.detail("B", minute, now=1.0)
        self.detail("A", 0, now=1.0)
        self.strategy("B", 0, now=2.0)
        self.assertEqual([asked("A", 4, 1, "detail")], self.barrier.to_ask(1.0 + GRACE))
        overdue = [asked("A", 5, 0), asked("A", 5, 1, "detail"), asked("B", 5, 4, "detail")]
        self.assertEqual(overdue, self.barrier.to_ask(2.0 + GRACE))

    def test_a_denied_detail_candle_leaves_its_place_empty_and_a_denied_strategy_candle_too(self) -> None:
        for minute in range(5):
            self.detail("B", minute)
        self.strategy("B", 0)
        self.barrier.answer(asked("A", 5, 0, "detail"), FIVE, [candle(1)], 6.0)
        self.assertEqual([(1, "", "B"), (2, "", "AB"), (3, "", "B"), (4, "", "B")], self.closed())
        self.barrier.answer(asked("A", 5), FIVE, [], 6.0)
        self.assertEqual([(5, "B", "B")], self.closed())

    def test_a_strategy_candle_without_any_detail_makes_a_step_of_its_own(self) -> None:
        self.strategy("A", 0)
        for symbol in "AB":
            self.barrier.answer(asked(symbol, 5, 0, "detail"), FIVE, [], 6.0)
        self.barrier.answer(asked("B", 5), FIVE, [], 6.0)
        (closed,) = self.barrier.close_ready()
        self.assertEqual((FIVE, (), ("websocket", None)), (closed.step.time_ms, closed.step.detail, closed.sources))

    def test_repetitions_and_revisions_are_judged_within_their_series(self) -> None:
        for symbol in "AB":
            self.detail(symbol, 0)
        self.assertEqual(1, len(self.barrier.close_ready()))
        again = self.barrier.take("A", received(0), 1.0, "detail")
        self.assertEqual(("duplicate", "detail"), (again.kind, again.series))
        other = self.barrier.take("A", received(0, 100.5), 1.0, "detail")
        self.assertEqual(("revised", "detail"), (other.kind, other.series))
        self.assertIsNone(self.barrier.take("A", received(0, 100.5), 1.0))

    def test_a_session_that_goes_on_between_two_strategy_candles_knows_which_one_is_next(self) -> None:
        barrier = Barrier(("A",), FIVE, 7 * MINUTE_MS, GRACE, detail_ms=MINUTE_MS)
        barrier.remember("A", [candle(6)], "detail")
        self.assertEqual("duplicate", barrier.take("A", received(6), 0.0, "detail").kind)
        self.assertEqual("late", barrier.take("A", received(0), 0.0).kind)
        barrier.take("A", received(9), 0.0, "detail")
        self.assertEqual([asked("A", 10, 5), asked("A", 9, 7, "detail")], barrier.to_ask(GRACE))


class WatchedBarrierTest(unittest.TestCase):
    """A is traded on minutes; W is watched on minutes and on five of them."""

    def setUp(self) -> None:
        series = (WatchedSeries("W", "1m"), WatchedSeries("W", "5m"))
        self.barrier = Barrier(("A",), MINUTE_MS, 0, GRACE, watched=series)

    def shown(self) -> list[tuple[int, list[list[int]], tuple[tuple[str, ...], ...]]]:
        """Return (minute of the step, minutes of the watched opens by series, their sources) of closed steps."""
        return [
            (
                one.step.time_ms // MINUTE_MS,
                [[candle.open_time_ms // MINUTE_MS for candle in part] for part in one.step.watched],
                one.watched_sources,
            )
            for one in self.barrier.close_ready()
        ]

    def watched(self, minute: int, timeframe: str = "1m") -> Note | None:
        return self.barrier.take("W", received(minute), 0.0, f"watched {timeframe}")

    def test_a_step_waits_for_a_watched_candle_as_for_any_and_rest_may_deny_it(self) -> None:
        self.barrier.take("A", received(0), 0.0)
        self.assertEqual([], self.shown())
        question = asked("W", 1, series="watched 1m")
        self.assertEqual([question], self.barrier.to_ask(GRACE))
        self.barrier.answer(question, MINUTE_MS, [], 6.0)
        self.assertEqual([(1, [], ())], self.shown())
        self.assertEqual("late", self.watched(0).kind)

    def test_a_longer_candle_is_waited_for_where_it_closes(self) -> None:
        for minute in range(5):
            self.barrier.take("A", received(minute), 0.0)
            self.watched(minute)
        self.assertEqual([1, 2, 3, 4], [one[0] for one in self.shown()])
        self.assertEqual([asked("W", 5, series="watched 5m")], self.barrier.to_ask(GRACE))
        self.watched(0, "5m")
        self.assertEqual([(5, [[4], [0]], (("websocket",), ("websocket",)))], self.shown())

    def test_watched_candles_alone_make_no_step_and_come_with_the_next_in_order(self) -> None:
        for minute in range(6):
            self.watched(minute)
        self.watched(0, "5m")
        self.barrier.answer(asked("A", 5), 5 * MINUTE_MS, [], 6.0)
        self.assertEqual([], self.shown())
        self.barrier.take("A", received(5), 0.0)
        ((minute, opens, sources),) = self.shown()
        self.assertEqual((6, [[0, 1, 2, 3, 4, 5], [0]]), (minute, opens))
        self.assertEqual((("websocket",) * 6, ("websocket",)), sources)
        self.assertEqual("duplicate", self.watched(2).kind)


if __name__ == "__main__":
    unittest.main()
