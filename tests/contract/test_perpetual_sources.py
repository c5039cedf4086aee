"""What every live source of marks, funding and open interest owes whoever asks it, at the practice exchange."""

import asyncio
import unittest
from collections.abc import Awaitable, Callable

from core.candle import FundingRate, OpenInterest
from core.errors import ConfigurationError, FeedError
from market_data.exchanges.request_failures import TransientError
from market_data.feeds.binance.binance_perpetual import BinancePerpetual
from market_data.feeds.ccxt.ccxt_perpetual import CcxtPerpetual
from market_data.feeds.feed_limits import FeedLimits
from market_data.feeds.perpetual_source import PerpetualSource
from market_data.practice.practice_market import PracticeMarket
from practice.exchange import PracticeExchange
from practice.exchange_options import ExchangeOptions
from practice.faults.fault_script import FaultScript, LateFunding, LateOpenInterest
from practice.faults.rest_faults import Fault, FaultKind
from tests.support.candles import candles_of
from tests.support.exchanges.feed_reader import BRISK, IMPATIENT
from tests.support.times import DAY_MS, HOUR_MS, JANUARY_MS, MINUTE_MS, at
from tests.support.waiting import LONG_S

SCRIPT = (LateFunding(at="15h", duration="2h", by="20m"), LateOpenInterest(at="5m", duration="5m"))


class PerpetualSourceContract:
    """The suite; a subclass says which source, and how it writes its symbols."""

    btc = "BTC/USDT"

    def open_source(self, rest_url: str, limits: FeedLimits = BRISK) -> PerpetualSource:
        raise NotImplementedError

    def setUp(self) -> None:
        self.exchange = PracticeExchange(
            PracticeMarket(),
            ExchangeOptions(pace="driven", timeframe="1h", script=FaultScript(SCRIPT)),
        )
        self.exchange.start()
        self.addCleanup(self.exchange.stop)
        self.market = PracticeMarket()

    def source(self, limits: FeedLimits = BRISK) -> PerpetualSource:
        source = self.open_source(self.exchange.rest_url, limits)
        self.assertIs(type(source), self.implementation)
        self.addAsyncCleanup(source.close)
        return source

    async def advance_to(self, now_ms: int) -> None:
        await asyncio.to_thread(self.exchange.advance_to, now_ms)

    async def test_marks_of_the_past_come_whole_and_in_order_however_many(self) -> None:
        first = JANUARY_MS - 2_300 * MINUTE_MS
        found = await self.source().mark_candles(self.btc, "1m", first, JANUARY_MS - 5 * MINUTE_MS)
        expected = self.market.mark_candles("BTC/USDT", "1m", first, JANUARY_MS - 5 * MINUTE_MS)
        self.assertEqual(found, candles_of(expected))
        self.assertEqual(len(found), 2_295)

    async def test_only_closed_marks_are_given_in_any_timeframe(self) -> None:
        await self.advance_to(at(90))
        source = self.source()
        for timeframe, length, until_ms in (
            ("1m", MINUTE_MS, at(90)),
            ("1h", HOUR_MS, JANUARY_MS + HOUR_MS),
        ):
            found = await source.mark_candles(self.btc, timeframe, until_ms - 3 * length, until_ms + 9 * length)
            expected = self.market.mark_candles("BTC/USDT", timeframe, until_ms - 3 * length, until_ms)
            self.assertEqual(found, candles_of(expected), timeframe)
        self.assertEqual(await source.mark_candles(self.btc, "1m", JANUARY_MS, JANUARY_MS), [])

    async def test_funding_of_the_past_comes_whole_with_stamps_rates_and_marks(self) -> None:
        first = JANUARY_MS - 400 * DAY_MS
        found = await self.source().funding_rates(self.btc, first, JANUARY_MS)
        self.assertEqual(found, self.market.funding_rates("BTC/USDT", first, JANUARY_MS))
        self.assertEqual(len(found), 1_200)
        self.assertTrue(any(one.time_ms > one.due_ms for one in found))

    async def test_a_range_of_funding_is_of_stamps_its_end_excluded(self) -> None:
        source = self.source()
        first, second = self.market.funding_rates("BTC/USDT", JANUARY_MS - 16 * HOUR_MS, JANUARY_MS)
        for start_ms, end_ms, expected in (
            (first.time_ms, second.time_ms + 1, [first, second]),
            (first.time_ms, second.time_ms, [first]),
            (first.time_ms + 1, second.time_ms, []),
            (second.time_ms, second.time_ms, []),
        ):
            self.assertEqual(await source.funding_rates(self.btc, start_ms, end_ms), expected)

    async def test_a_rate_that_is_not_published_yet_is_an_empty_answer(self) -> None:
        source = self.source()
        due = self.market.funding_rates("BTC/USDT", JANUARY_MS + HOUR_MS, JANUARY_MS + 17 * HOUR_MS)
        asked: list[tuple[int, list[FundingRate]]] = [
            (JANUARY_MS + 8 * HOUR_MS, []),
            (JANUARY_MS + 8 * HOUR_MS + 4_000, due[:1]),
            (JANUARY_MS + 16 * HOUR_MS + 19 * MINUTE_MS, due[:1]),
            (JANUARY_MS + 16 * HOUR_MS + 21 * MINUTE_MS, due),
        ]
        for now_ms, expected in asked:
            await self.advance_to(now_ms)
            self.assertEqual(
                await source.funding_rates(self.btc, JANUARY_MS + HOUR_MS, JANUARY_MS + 17 * HOUR_MS), expected, now_ms
            )

    async def test_the_next_payment_is_told_to_the_minute(self) -> None:
        source = self.source()
        self.assertEqual(await source.next_funding_ms(self.btc), JANUARY_MS + 8 * HOUR_MS)
        await self.advance_to(JANUARY_MS + 8 * HOUR_MS)
        self.assertEqual(await source.next_funding_ms(self.btc), JANUARY_MS + 16 * HOUR_MS)

    async def test_an_empty_answer_is_not_an_error_and_not_remembered(self) -> None:
        source = self.source()
        await source.next_funding_ms(self.btc)
        self.exchange.rest_faults.add(Fault(FaultKind.EMPTY, path="fundingRate"))
        self.exchange.rest_faults.add(Fault(FaultKind.EMPTY, path="markPriceKlines"))
        for _ in range(2):
            last = await source.funding_rates(self.btc, JANUARY_MS - HOUR_MS, JANUARY_MS + 1_000)
            marks = await source.mark_candles(self.btc, "1m", JANUARY_MS - 5 * MINUTE_MS, JANUARY_MS)
        self.assertEqual((len(last), len(marks)), (0, 5))
        self.assertEqual(len(await source.funding_rates(self.btc, JANUARY_MS - 9 * HOUR_MS, JANUARY_MS)), 1)

    async def test_a_failing_rest_raises_after_one_bounded_attempt(self) -> None:
        patient, impatient = self.source(), self.source(IMPATIENT)
        for source in (patient, impatient):
            await source.next_funding_ms(self.btc)
        asks: tuple[Callable[[PerpetualSource], Awaitable[object]], ...] = (
            lambda source: source.funding_rates(self.btc, JANUARY_MS - DAY_MS, JANUARY_MS),
            lambda source: source.mark_candles(self.btc, "1m", JANUARY_MS - HOUR_MS, JANUARY_MS - MINUTE_MS),
            lambda source: source.next_funding_ms(self.btc),
        )
        for kind in (
            FaultKind.STATUS,
            FaultKind.HTML_PAGE,
            FaultKind.BROKEN_JSON,
            FaultKind.TRUNCATED_BODY,
            FaultKind.STALL,
        ):
            for ask in asks:
                self.exchange.rest_faults.add(Fault(kind))
                started = asyncio.get_running_loop().time()
                with self.assertRaises(FeedError, msg=kind):
                    await ask(impatient if kind is FaultKind.STALL else patient)
                self.assertLess(asyncio.get_running_loop().time() - started, LONG_S)
                self.assertTrue(self.exchange.rest_faults.used_up)
        self.assertEqual(len(await asks[0](patient)), 3)

    async def test_answers_of_another_shape_are_errors(self) -> None:
        source = self.source()
        await source.next_funding_ms(self.btc)
        for kind in (FaultKind.WRONG_ROWS, FaultKind.WRONG_JSON):
            self.exchange.rest_faults.add(Fault(kind, path="fundingRate"))
            with self.assertRaises(FeedError, msg=kind):
                await source.funding_rates(self.btc, JANUARY_MS - DAY_MS, JANUARY_MS)
            self.exchange.rest_faults.clear()

    async def test_short_and_shuffled_pages_lose_nothing(self) -> None:
        source = self.source()
        await source.next_funding_ms(self.btc)
        for kind in (FaultKind.SHORT_PAGE, FaultKind.SHUFFLED_ROWS, FaultKind.DUPLICATED_ROWS):
            self.exchange.rest_faults.add(Fault(kind, path="fundingRate"))
            found = await source.funding_rates(self.btc, JANUARY_MS - 2 * DAY_MS, JANUARY_MS)
            self.assertEqual(found, self.market.funding_rates("BTC/USDT", JANUARY_MS - 2 * DAY_MS, JANUARY_MS), kind)

    async def test_open_interest_comes_whole_page_after_page_and_only_on_its_grid(self) -> None:
        source = self.source()
        self.assertTrue(source.serves_open_interest)
        first = JANUARY_MS - 600 * 5 * MINUTE_MS
        found = await source.open_interest(self.btc, "5m", first + 1, JANUARY_MS - 1)
        self.assertEqual(found, self.market.open_interest("BTC/USDT", "5m", first + 1, JANUARY_MS - 1))
        self.assertEqual(len(found), 599)
        asked = len(self.exchange.requests)
        hours = await source.open_interest(self.btc, "1h", first + 1, JANUARY_MS - HOUR_MS)
        self.assertEqual(hours, [one for one in found if one.time_ms % HOUR_MS == 0][:-1])
        self.assertEqual(len(self.exchange.requests) - asked, 1)
        self.assertEqual(await source.open_interest(self.btc, "5m", first, first), [])
        for kind in (FaultKind.SHORT_PAGE, FaultKind.SHUFFLED_ROWS, FaultKind.DUPLICATED_ROWS):
            self.exchange.rest_faults.add(Fault(kind, path="openInterestHist"))
            self.assertEqual(await source.open_interest(self.btc, "1h", first + 1, JANUARY_MS - HOUR_MS), hours, kind)

    async def test_open_interest_that_is_not_published_yet_or_never_is_not_there(self) -> None:
        source = self.source()
        due = self.market.open_interest("BTC/USDT", "5m", JANUARY_MS, JANUARY_MS + 11 * MINUTE_MS)
        asked: tuple[tuple[int, list[OpenInterest]], ...] = (
            (JANUARY_MS + 39_000, []),
            (JANUARY_MS + 41_000, due[:1]),
            (JANUARY_MS + 10 * MINUTE_MS + 41_000, [due[0], due[2]]),
        )
        for now_ms, expected in asked:
            await self.advance_to(now_ms)
            found = await source.open_interest(self.btc, "5m", JANUARY_MS, JANUARY_MS + 11 * MINUTE_MS)
            self.assertEqual(found, expected, now_ms)

    async def test_open_interest_that_cannot_be_read_or_is_refused_is_an_error(self) -> None:
        source = self.source()
        for fault in (
            Fault(FaultKind.WRONG_ROWS, path="openInterestHist"),
            Fault(FaultKind.WRONG_JSON, path="openInterestHist"),
            Fault(FaultKind.STATUS, path="openInterestHist"),
        ):
            self.exchange.rest_faults.add(fault)
            with self.assertRaises(TransientError, msg=fault):
                await source.open_interest(self.btc, "5m", JANUARY_MS - HOUR_MS, JANUARY_MS)
        self.assertTrue(self.exchange.rest_faults.used_up)
        with self.assertRaises(FeedError):
            await source.open_interest(self.btc, "5m", JANUARY_MS - 31 * DAY_MS, JANUARY_MS)

    async def test_an_unknown_symbol_is_an_error(self) -> None:
        source = self.source()
        for ask in (
            source.funding_rates("XYZ/USDT:USDT", JANUARY_MS - DAY_MS, JANUARY_MS),
            source.mark_candles("XYZ/USDT:USDT", "1m", JANUARY_MS - HOUR_MS, JANUARY_MS),
            source.next_funding_ms("XYZ/USDT:USDT"),
        ):
            with self.assertRaises((FeedError, ConfigurationError)):
                await ask

    async def test_a_closed_source_answers_no_more(self) -> None:
        source = self.open_source(self.exchange.rest_url)
        await source.next_funding_ms(self.btc)
        await source.close()
        await source.close()
        with self.assertRaises(FeedError):
            await source.funding_rates(self.btc, JANUARY_MS - DAY_MS, JANUARY_MS)

    async def test_an_exchange_that_cannot_be_reached_is_an_error(self) -> None:
        source = self.source()
        self.exchange.stop()
        with self.assertRaises(FeedError):
            await source.next_funding_ms(self.btc)


class BinancePerpetualTest(PerpetualSourceContract, unittest.IsolatedAsyncioTestCase):
    implementation = BinancePerpetual

    def open_source(self, rest_url: str, limits: FeedLimits = BRISK) -> PerpetualSource:
        return BinancePerpetual(rest_url, limits=limits)

    async def test_a_contract_is_named_with_or_without_its_settle_currency(self) -> None:
        source = self.source()
        asked = [
            await source.funding_rates(symbol, JANUARY_MS - DAY_MS, JANUARY_MS)
            for symbol in (self.btc, "BTC/USDT:USDT")
        ]
        self.assertEqual(asked[0], asked[1])

    async def test_rates_and_open_interest_of_another_time_than_was_asked_for_are_refused(self) -> None:
        source = self.source()
        self.exchange.rest_faults.add(Fault(FaultKind.OTHER_TIME, path="openInterestHist"))
        with self.assertRaisesRegex(TransientError, "open interest of BTCUSDT of another time"):
            await source.open_interest(self.btc, "5m", JANUARY_MS - 3 * DAY_MS, JANUARY_MS - 2 * DAY_MS)
        self.exchange.rest_faults.add(Fault(FaultKind.OTHER_TIME, path="fundingRate"))
        with self.assertRaises(FeedError):
            await source.funding_rates(self.btc, JANUARY_MS - 90 * DAY_MS, JANUARY_MS - 80 * DAY_MS)


class CcxtPerpetualTest(PerpetualSourceContract, unittest.IsolatedAsyncioTestCase):
    implementation = CcxtPerpetual
    btc = "BTC/USDT:USDT"

    def open_source(self, rest_url: str, limits: FeedLimits = BRISK) -> PerpetualSource:
        return CcxtPerpetual("binanceusdm", rest_url=rest_url, limits=limits)

    async def test_a_period_that_an_exchange_does_not_have_is_read_off_one_that_divides_it(self) -> None:
        source = self.source()
        source._periods = ("15m", "4h")
        found = await source.open_interest(self.btc, "1h", JANUARY_MS - DAY_MS, JANUARY_MS)
        self.assertEqual(found, self.market.open_interest("BTC/USDT", "1h", JANUARY_MS - DAY_MS, JANUARY_MS))
        self.assertEqual(await source.open_interest(self.btc, "5m", JANUARY_MS - DAY_MS, JANUARY_MS), [])

    def test_an_exchange_without_open_interest_says_so(self) -> None:
        self.assertFalse(CcxtPerpetual("bitget").serves_open_interest)

    def test_an_exchange_without_funding_rates_is_refused(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "binanceus has no perpetual contracts"):
            CcxtPerpetual("binanceus")


if __name__ == "__main__":
    unittest.main()
