"""Steps that wait for marks, rates and open interest: what they leave with when REST answers, denies, or is silent."""

import asyncio
import unittest
from collections.abc import Callable
from typing import TypeVar

import msgspec

from core.candle import Candle, FundingRate, OpenInterest, Step
from core.errors import FeedError
from engine.journal_records import MissingRecord
from live.intake.barrier import Barrier, ClosedStep
from live.intake.candle_lane import CandleLane, ReceivedCandle
from live.intake.funding_calendar import PATIENCE_MS, FundingCalendar
from live.intake.open_interest_calendar import OpenInterestCalendar
from live.intake.perpetual_inputs import PerpetualInputs, Waits
from live.intake.session_inputs import Intake
from live.intake.standing_time import STANDING_SECONDS
from live.intake.waiting_steps import MarkSeries, WaitingSteps
from market_data.exchanges.request_failures import TransientError
from tests.support.candles import candle
from tests.support.times import DAY_MS, HOUR_MS, MINUTE_MS
from tests.support.waiting import LONG_S, turns

SYMBOLS = ("A", "B")
GRACE = 5.0

Said = TypeVar("Said")


def mark(minute: int) -> Candle:
    return candle(minute, 100.0, 101.0, 99.0, 100.5, 0.0)


class ScriptedSource:
    """REST whose answers a test sets; ``away`` lets it not answer."""

    serves_open_interest = True

    def __init__(self) -> None:
        self.now_ms = 0
        self.away = False
        self.marks: dict[str, dict[int, Candle]] = {symbol: {} for symbol in SYMBOLS}
        self.rates: dict[str, list[FundingRate]] = {symbol: [] for symbol in SYMBOLS}
        self.interest: dict[str, list[OpenInterest]] = {symbol: [] for symbol in SYMBOLS}
        self.next_ms: int | None = 8 * HOUR_MS
        self.asked: list[tuple[str, str, int, int]] = []
        self.at_once = self.most_at_once = 0

    def publish(self, *minutes: int, symbols: str = "AB") -> None:
        for symbol in symbols:
            self.marks[symbol].update({minute: mark(minute) for minute in minutes})

    async def exchange_ms(self) -> int:
        return await self._answer(lambda: self.now_ms)

    async def mark_candles(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> list[Candle]:
        self.asked.append(("mark", symbol, start_ms, end_ms))
        kept = self.marks[symbol].values()
        return await self._answer(lambda: [one for one in kept if start_ms <= one.open_time_ms < end_ms])

    async def funding_rates(self, symbol: str, start_ms: int, end_ms: int) -> list[FundingRate]:
        self.asked.append(("funding", symbol, start_ms, end_ms))
        return await self._answer(lambda: [one for one in self.rates[symbol] if start_ms <= one.time_ms < end_ms])

    async def next_funding_ms(self, symbol: str) -> int | None:
        self.asked.append(("next", symbol, 0, 0))
        return await self._answer(lambda: self.next_ms)

    async def open_interest(self, symbol: str, period: str, start_ms: int, end_ms: int) -> list[OpenInterest]:
        self.asked.append((period, symbol, start_ms, end_ms))
        return await self._answer(lambda: [one for one in self.interest[symbol] if start_ms <= one.time_ms < end_ms])

    async def close(self) -> None:
        """Hold nothing."""

    async def _answer(self, said: Callable[[], Said]) -> Said:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if self.away:
            raise FeedError("no answer")
        return said()


class PerpetualInputsTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.source = ScriptedSource()
        self.now = 1_000.0

    def inputs(
        self, *, marks: bool = True, funding: bool = True, since_ms: int = 0, interest_ms: int | None = None
    ) -> PerpetualInputs:
        lane = CandleLane("mark", SYMBOLS, MINUTE_MS, since_ms)
        self.calendars = {symbol: FundingCalendar(since_ms) for symbol in SYMBOLS}
        interest = {} if interest_ms is None else {one: OpenInterestCalendar(interest_ms, "5m") for one in SYMBOLS}
        marked = MarkSeries("1m", lane) if marks else None
        inputs = PerpetualInputs(
            self.source,
            WaitingSteps(SYMBOLS, marked, self.calendars if funding else {}, interest),
            self.source.exchange_ms,
            Waits(settle_ms=2_000, grace_seconds=GRACE, ask_again_seconds=0.001),
            lambda: self.now,
        )
        self.addAsyncCleanup(inputs.stop)
        return inputs

    def closes(self, inputs: PerpetualInputs, *minutes: int, late_ms: int = 3_000) -> None:
        """Let steps close; the exchange's clock then shows some time after the last."""
        for minute in minutes:
            inputs.steps.add(ClosedStep(Step(minute * MINUTE_MS, (None, None)), ()), self.now)
            self.source.now_ms = minute * MINUTE_MS + late_ms

    async def completed(self, inputs: PerpetualInputs, rounds: int = 3) -> list[tuple[Step, list[MissingRecord]]]:
        """Return what can be completed within some rounds of questions."""
        done = []
        for _ in range(rounds):
            woken = asyncio.Event()

            async def wake(woken: asyncio.Event = woken) -> None:
                woken.set()

            inputs.wake = wake
            while (ready := inputs.steps.next_complete()) is not None:
                done.append((ready[0].step, ready[1]))
            inputs.ask()
            if len(inputs.steps):
                await asyncio.wait_for(woken.wait(), 5.0)
                await asyncio.sleep(0)
        while (ready := inputs.steps.next_complete()) is not None:
            done.append((ready[0].step, ready[1]))
        return done

    async def test_a_step_leaves_with_the_marks_of_every_symbol(self) -> None:
        inputs = self.inputs(funding=False)
        self.source.publish(0)
        self.closes(inputs, 1)
        self.assertIsNone(inputs.steps.next_complete())
        self.assertEqual([(Step(MINUTE_MS, (None, None), (), (mark(0), mark(0))), [])], await self.completed(inputs))

    async def test_queued_steps_are_asked_for_together_and_leave_in_order(self) -> None:
        inputs = self.inputs(funding=False)
        self.source.publish(*range(40))
        self.closes(inputs, *range(1, 41))
        self.assertEqual(list(range(1, 41)), [one.time_ms // MINUTE_MS for one, _ in await self.completed(inputs, 1)])
        self.assertEqual([("mark", symbol, 0, 40 * MINUTE_MS) for symbol in SYMBOLS], self.source.asked)

    async def test_a_mark_that_is_not_there_yet_holds_up_this_and_later_steps(self) -> None:
        inputs = self.inputs(funding=False)
        self.source.publish(0, 1, symbols="A")
        self.source.publish(1, symbols="B")
        self.closes(inputs, 1, 2)
        self.assertEqual([], await self.completed(inputs))
        self.source.publish(0)
        self.assertEqual([1, 2], [one.time_ms // MINUTE_MS for one, _ in await self.completed(inputs)])

    async def test_a_mark_that_rest_denies_after_the_grace_is_left_out_and_the_first_of_a_row_noted(self) -> None:
        inputs = self.inputs(funding=False)
        self.source.publish(0, 1, 3, symbols="A")
        self.source.publish(0, 1, 2, 3, symbols="B")
        self.closes(inputs, 1, 2, 3)
        self.assertEqual([1, 2], [one.time_ms // MINUTE_MS for one, _ in await self.completed(inputs)])
        self.now += GRACE
        ((step, missing),) = await self.completed(inputs)
        self.assertEqual((None, mark(2)), step.marks)
        self.assertEqual([("mark", "A", 3 * MINUTE_MS)], [(one.kind, one.symbol, one.time_ms) for one in missing])
        self.closes(inputs, 4)
        self.assertEqual([], (await self.completed(inputs))[0][1])

    async def test_marks_are_not_denied_before_the_exchanges_clock_says_that_they_are_due(self) -> None:
        inputs = self.inputs(funding=False)
        self.closes(inputs, 1, late_ms=1_000)
        self.now += GRACE
        self.assertEqual([], await self.completed(inputs))
        self.source.now_ms += 1_000
        ((step, missing),) = await self.completed(inputs)
        self.assertEqual(((), 2), (step.marks, len(missing)))

    async def test_rounds_are_counted_from_the_last_step_that_left_and_wait_twice_as_long_each_time(self) -> None:
        inputs = self.inputs(funding=False)
        self.closes(inputs, 1, 2)
        await self.completed(inputs, 3)
        self.assertEqual(3, inputs.steps.rounds)
        self.source.publish(0)
        await self.completed(inputs, 1)
        self.assertEqual((0, 1), (inputs.steps.rounds, len(inputs.steps)))
        waits = Waits(settle_ms=2_000, grace_seconds=GRACE, ask_again_seconds=1.6)
        self.assertEqual([0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 1.6], [waits.before_round(rounds) for rounds in range(7)])

    async def test_a_step_that_waits_is_an_open_boundary(self) -> None:
        inputs = self.inputs()
        intake = Intake({}, None, Barrier(SYMBOLS, MINUTE_MS, 0), inputs)  # type: ignore[arg-type]
        self.assertEqual(0, intake.open_boundaries)
        self.closes(inputs, 1, 2)
        self.assertEqual(2, intake.open_boundaries)

    async def test_a_clock_that_is_set_back_while_marks_are_asked_for_denies_none(self) -> None:
        inputs, answer = self.inputs(funding=False), self.source.mark_candles

        async def set_back(*asked: str | int) -> list[Candle]:
            self.source.now_ms = MINUTE_MS - 2_000
            return await answer(*asked)

        self.closes(inputs, 1)
        self.now += GRACE
        self.source.mark_candles = set_back
        self.assertEqual([], await self.completed(inputs, 2))
        self.source.mark_candles = answer
        self.source.publish(0)
        self.source.now_ms = MINUTE_MS + 3_000
        self.assertEqual([1], [one.time_ms // MINUTE_MS for one, _ in await self.completed(inputs)])

    async def test_while_rest_does_not_answer_nothing_is_denied_however_long(self) -> None:
        inputs = self.inputs()
        self.source.away = True
        self.closes(inputs, 1, 2)
        self.now += 100 * GRACE
        self.assertEqual([], await self.completed(inputs, 10))
        self.source.away = False
        self.source.publish(0, 1)
        self.assertEqual([1, 2], [one.time_ms // MINUTE_MS for one, _ in await self.completed(inputs)])

    async def test_a_mark_that_makes_no_sense_is_noted_and_counts_as_missing(self) -> None:
        inputs = self.inputs(funding=False)
        self.source.publish(0)
        self.source.marks["A"][0] = Candle(0, 100.0, 90.0, 99.0, 100.5, 0.0)
        self.closes(inputs, 1)
        self.now += GRACE
        ((step, _),) = await self.completed(inputs)
        self.assertEqual((None, mark(0)), step.marks)
        (note, *_) = inputs.steps.take_notes()
        self.assertEqual(("refused", "A", "mark"), (note.kind, note.symbol, note.series))

    async def test_an_exchange_whose_time_stands_still_lets_marks_and_hours_go_that_it_would_not_settle(self) -> None:
        # Resumed after 06:58: nothing says whether 07:00 was a payment, and its minute of patience never passes.
        inputs = self.inputs(since_ms=6 * HOUR_MS + 58 * MINUTE_MS)
        self.source.publish(418, 419)
        self.source.publish(418, symbols="B")
        self.closes(inputs, 419, 420, late_ms=0)
        self.assertEqual([419], [one.time_ms // MINUTE_MS for one, _ in await self.completed(inputs)])
        (time_ms, marks, rates, _) = inputs.steps.lacking()
        self.assertEqual((7 * HOUR_MS, list(SYMBOLS), list(SYMBOLS)), (time_ms, marks, rates))
        self.now += STANDING_SECONDS
        ((step, missing),) = await self.completed(inputs)
        self.assertEqual((7 * HOUR_MS, (mark(419), mark(419)), []), (step.time_ms, step.marks, missing))
        self.assertIsNone(inputs.steps.lacking())

    async def test_a_session_says_what_its_oldest_step_lacks(self) -> None:
        inputs, barrier = self.inputs(), Barrier(SYMBOLS, MINUTE_MS, 0)
        intake = Intake({}, None, barrier, inputs)  # type: ignore[arg-type]
        self.assertEqual("", intake.waits_for())
        barrier.take("A", ReceivedCandle(candle(0, 1.0), "websocket"), self.now)
        self.assertEqual("step 1970-01-01T00:01:00.000Z lacks candles of B", intake.waits_for())
        barrier.expect(2 * MINUTE_MS, self.now)
        self.assertEqual("step 1970-01-01T00:01:00.000Z lacks candles of B", intake.waits_for())
        self.source.publish(0, symbols="A")
        self.closes(inputs, 1)
        await self.completed(inputs)
        self.assertEqual("step 1970-01-01T00:01:00.000Z lacks mark candles of B", intake.waits_for())

    async def test_a_payment_that_is_due_is_waited_for_and_delivered_with_its_step(self) -> None:
        inputs = self.inputs(marks=False, since_ms=7 * HOUR_MS + 58 * MINUTE_MS)
        self.closes(inputs, 479)
        self.assertEqual([()], [one.funding for one, _ in await self.completed(inputs)])
        self.closes(inputs, 480)
        self.source.rates["B"] = [FundingRate(8 * HOUR_MS + 9, 0.0001, 100.0)]
        self.assertEqual([], await self.completed(inputs))
        self.source.rates["A"] = [FundingRate(8 * HOUR_MS, -0.0002, 100.0)]
        ((step, missing),) = await self.completed(inputs)
        self.assertEqual((tuple(self.source.rates["A"]), tuple(self.source.rates["B"])), step.funding)
        self.assertEqual([], missing)

    async def test_a_rate_that_is_late_is_noted_and_comes_with_a_later_step(self) -> None:
        inputs = self.inputs(marks=False, since_ms=7 * HOUR_MS + 58 * MINUTE_MS)
        self.closes(inputs, 479)
        await self.completed(inputs)
        self.source.rates["B"] = [FundingRate(8 * HOUR_MS, 0.0001)]
        self.closes(inputs, 480)
        self.source.now_ms = 8 * HOUR_MS + PATIENCE_MS
        ((step, missing),) = await self.completed(inputs)
        self.assertEqual(((), tuple(self.source.rates["B"])), step.funding)
        self.assertEqual([("funding", "A", 8 * HOUR_MS)], [(one.kind, one.symbol, one.time_ms) for one in missing])
        self.source.next_ms = 16 * HOUR_MS
        self.closes(inputs, 482)
        self.assertEqual([()], [one.funding for one, _ in await self.completed(inputs)])
        self.source.rates["A"] = [FundingRate(8 * HOUR_MS, 0.0003)]
        self.closes(inputs, 483)
        await self.completed(inputs)
        await turns()
        self.closes(inputs, 484)
        delivered = [one.funding for one, _ in await self.completed(inputs)]
        self.assertEqual([(tuple(self.source.rates["A"]), ())], delivered)

    async def test_nothing_is_asked_between_payments_without_marks(self) -> None:
        inputs = self.inputs(marks=False)
        self.closes(inputs, 1)
        await self.completed(inputs)
        before = len(self.source.asked)
        self.closes(inputs, *range(2, 100))
        self.assertEqual(98, len(await self.completed(inputs)))
        self.assertEqual(before, len(self.source.asked))

    def publish_interest(self, *minutes: int, symbols: str = "AB") -> None:
        for symbol in symbols:
            self.source.interest[symbol] += [OpenInterest(minute * MINUTE_MS, minute + 0.5) for minute in minutes]

    async def test_open_interest_that_was_known_before_comes_with_the_first_step_and_later_with_its_own(self) -> None:
        inputs = self.inputs(marks=False, funding=False, interest_ms=45 * MINUTE_MS)
        self.publish_interest(40, 45, 50, 55)
        self.closes(inputs, 61, 62)
        ((first, _), (second, _)) = await self.completed(inputs)
        self.assertEqual(
            (tuple(self.source.interest["A"][1:]), tuple(self.source.interest["B"][1:])), first.open_interest
        )
        self.assertEqual((), second.open_interest)
        self.assertEqual([("5m", symbol, 45 * MINUTE_MS, HOUR_MS) for symbol in SYMBOLS], self.source.asked)
        self.closes(inputs, 65)
        self.assertEqual([], await self.completed(inputs))
        self.publish_interest(60)
        ((third, missing),) = await self.completed(inputs)
        self.assertEqual(([60, 60], []), ([one.time_ms // MINUTE_MS for (one,) in third.open_interest], missing))

    async def test_hundreds_of_rows_that_an_exchange_never_had_are_one_note(self) -> None:
        inputs = self.inputs(marks=False, funding=False, interest_ms=HOUR_MS - 2 * DAY_MS)
        self.publish_interest(60)
        self.source.now_ms = 65 * MINUTE_MS
        self.closes(inputs, 65)
        ((step, missing),) = await self.completed(inputs)
        note = MissingRecord(
            "open_interest", "A", HOUR_MS - 2 * DAY_MS, "not published in time", HOUR_MS - 5 * MINUTE_MS
        )
        self.assertEqual([note, msgspec.structs.replace(note, symbol="B")], missing)
        self.assertEqual([60.5, 60.5], [one.amount for (one,) in step.open_interest])

    async def test_open_interest_that_is_not_there_in_time_is_noted_and_never_comes(self) -> None:
        inputs = self.inputs(marks=False, funding=False, interest_ms=HOUR_MS)
        self.publish_interest(60, symbols="A")
        self.closes(inputs, 65, 66)
        self.source.now_ms = 65 * MINUTE_MS + PATIENCE_MS - 1
        self.assertEqual([], await self.completed(inputs))
        self.assertEqual(["B"], inputs.steps.lacking().open_interest)
        intake = Intake({}, None, Barrier(SYMBOLS, MINUTE_MS, 0), inputs)  # type: ignore[arg-type]
        self.assertEqual("step 1970-01-01T01:05:00.000Z lacks open interest of B", intake.waits_for())
        self.source.now_ms = 65 * MINUTE_MS + PATIENCE_MS
        ((step, missing), (_, none)) = await self.completed(inputs)
        self.assertEqual([MissingRecord("open_interest", "B", HOUR_MS, "not published in time")], missing)
        self.assertEqual((([60.5], []), []), (tuple([one.amount for one in rows] for rows in step.open_interest), none))
        self.publish_interest(60, 65, symbols="B")
        self.publish_interest(65, symbols="A")
        self.closes(inputs, 70)
        ((later, missing),) = await self.completed(inputs)
        self.assertEqual(([65, 65], []), ([one.time_ms // MINUTE_MS for (one,) in later.open_interest], missing))

    async def test_while_rest_does_not_answer_no_open_interest_is_given_up(self) -> None:
        inputs = self.inputs(marks=False, funding=False, interest_ms=HOUR_MS)
        answer, self.source.away = self.source.exchange_ms, True
        self.closes(inputs, 65, late_ms=HOUR_MS)

        async def told() -> int:
            return self.source.now_ms

        for said in (answer, told):
            self.source.exchange_ms = said
            self.assertEqual([], await self.completed(inputs, 3))
        self.source.away = False
        self.publish_interest(60)
        ((step, missing),) = await self.completed(inputs)
        self.assertEqual((2, []), (len(step.open_interest), missing))

    async def test_what_an_exchange_refuses_because_it_does_not_keep_it_for_so_long_is_gone(self) -> None:
        inputs = self.inputs(marks=False, funding=False, interest_ms=HOUR_MS)
        answer = self.source.open_interest

        async def kept(symbol: str, period: str, start_ms: int, end_ms: int) -> list[OpenInterest]:
            if start_ms < self.source.now_ms - 30 * DAY_MS:
                raise FeedError("parameter 'startTime' is invalid")
            return await answer(symbol, period, start_ms, end_ms)

        self.source.open_interest = kept
        # Taken up again after 29 days: the rows of the first of two steps are not kept any more.
        last = 29 * 24 * 60
        self.publish_interest(60, 65, last - 5)
        self.closes(inputs, 65, last, late_ms=2 * DAY_MS)
        steps = await self.completed(inputs)
        self.assertEqual([(), 1], [steps[0][0].open_interest, len(steps[1][0].open_interest[0])])
        self.assertEqual(HOUR_MS, steps[0][1][0].time_ms)

    async def test_open_interest_that_is_refused_for_good_holds_no_step_longer_than_what_is_not_there(self) -> None:
        inputs = self.inputs(marks=False, funding=False, interest_ms=HOUR_MS)
        answer, failure = self.source.open_interest, FeedError("no such contract")

        async def refuses(symbol: str, period: str, start_ms: int, end_ms: int) -> list[OpenInterest]:
            if symbol == "B":
                raise failure
            return await answer(symbol, period, start_ms, end_ms)

        self.source.open_interest = refuses
        self.publish_interest(60)
        self.closes(inputs, 65)
        self.assertEqual([], await self.completed(inputs))
        self.source.now_ms = 65 * MINUTE_MS + PATIENCE_MS
        failure = TransientError("busy")
        self.assertEqual([], await self.completed(inputs))
        failure = FeedError("no such contract")
        ((step, missing),) = await self.completed(inputs)
        self.assertEqual([MissingRecord("open_interest", "B", HOUR_MS, "refused by the exchange")], missing)
        self.assertEqual([1, 0], [len(rows) for rows in step.open_interest])

    async def test_an_exchange_whose_time_stands_still_lets_open_interest_go(self) -> None:
        inputs = self.inputs(marks=False, funding=False, interest_ms=HOUR_MS)
        self.closes(inputs, 65, late_ms=0)
        self.assertEqual([], await self.completed(inputs))
        self.now += STANDING_SECONDS
        ((step, missing),) = await self.completed(inputs)
        self.assertEqual(((), 2), (step.open_interest, len(missing)))

    async def test_few_requests_are_under_way_at_once(self) -> None:
        inputs = self.inputs()
        self.source.publish(0)
        self.closes(inputs, 1)
        await self.completed(inputs)
        self.assertLessEqual(self.source.most_at_once, 4)

    async def test_stopping_ends_what_waits_at_once(self) -> None:
        inputs = self.inputs()
        self.source.exchange_ms = lambda: asyncio.sleep(3_600, 0)
        inputs = self.inputs()
        self.closes(inputs, 1)
        inputs.ask()
        await turns()
        await asyncio.wait_for(inputs.stop(), LONG_S)


if __name__ == "__main__":
    unittest.main()
