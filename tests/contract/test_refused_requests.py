"""What every way to an exchange's REST makes of a refusal: the same, whoever asks, history or live."""

import asyncio
import gzip
import json
import tracemalloc
import unittest
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from core.errors import FeedError
from market_data.adapters.ccxt_client import CcxtClient
from market_data.exchanges.bounded_answers import MOST_BYTES
from market_data.exchanges.ccxt_core import TIME, WatchedAnswers
from market_data.exchanges.request_failures import TransientError
from market_data.feeds.binance.binance_rest import BinanceRest
from market_data.feeds.ccxt.ccxt_rest import CcxtRest
from market_data.feeds.feed_limits import FeedLimits
from tests.support.exchanges.feed_reader import BRISK
from tests.support.exchanges.kline_exchange import KlineExchange

DATE, LATER = "Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:30 GMT"
FINAL = "final"

CASES: tuple[tuple[int, dict[str, str], float | str | None], ...] = (
    (403, {}, FINAL),
    (400, {}, FINAL),
    (404, {}, FINAL),
    (451, {}, FINAL),
    (403, {"Retry-After": "7"}, 7.0),
    (403, {"Date": DATE, "Retry-After": LATER}, 30.0),
    (403, {"Retry-After": "some day"}, FINAL),
    (408, {}, None),
    (418, {"Retry-After": "120"}, 120.0),
    (429, {}, None),
    (429, {"Retry-After": "3"}, 3.0),
    (429, {"retry-after": "3"}, 3.0),
    (429, {"Date": DATE, "Retry-After": LATER}, 30.0),
    (429, {"date": DATE, "retry-after": LATER}, 30.0),
    (429, {"Date": LATER, "Retry-After": DATE}, 0.0),
    (429, {"Retry-After": "-3"}, None),
    (500, {}, None),
    (502, {}, None),
    (503, {"Date": DATE, "Retry-After": LATER}, 30.0),
)
"""Status and headers of an answer, and the seconds it asks to wait: None where it may pass and says nothing."""

BODIES = (
    (418, '{"code":-1003,"msg":"Way too many requests; IP banned until 1767225720000. Please use websockets."}', 120.0),
    (403, '{"code":-1003,"msg":"IP(127.0.0.1) banned until 1767225660."}', 60.0),
    (429, '{"code": 50011, "msg": "Too many requests", "retry_after": 9}', 9.0),
    (403, '{"retryAfter": 30}', 30.0),
)
"""Status and body of an answer of the start of 2026, and the seconds it asks to wait."""


class RefusedRequests:
    """The suite; a subclass asks an exchange for its time, once."""

    async def opened(self, rest_url: str, limits: FeedLimits = BRISK) -> Callable[[], Awaitable[object]]:
        raise NotImplementedError

    async def asyncSetUp(self) -> None:
        self.exchange = await self.enterAsyncContext(KlineExchange(["BTC/USDT"]))
        self.ask = await self.opened(self.exchange.rest_url)

    async def failure(self, answer: web.Response | float) -> FeedError:
        self.exchange.refusals.append(answer)
        with self.assertRaises(FeedError) as caught:
            await self.ask()
        return caught.exception

    async def test_a_body_that_is_too_long_after_decompression_is_not_read(self) -> None:
        bomb = gzip.compress(b'{"serverTime": 1' + b" " * (MOST_BYTES + 1) + b"}")
        tracemalloc.start()
        try:
            error = await self.failure(web.Response(body=bomb, headers={"Content-Encoding": "gzip"}))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        self.assertIn("longer than 16 MB", str(error))
        self.assertLess(most, 4 * MOST_BYTES)

    async def test_the_end_of_a_ban_and_a_retry_time_are_read_in_bodies(self) -> None:
        for status, text, expected in BODIES:
            with self.subTest(f"{status} {text}"):
                error = await self.failure(web.Response(status=status, headers={"Date": DATE}, text=text))
                self.assertIsInstance(error, TransientError)
                self.assertEqual(expected, error.retry_after_s)

    async def test_the_status_and_the_time_to_wait_say_whether_a_refusal_is_final(self) -> None:
        for status, headers, expected in CASES:
            with self.subTest(f"{status} {headers}"):
                error = await self.failure(
                    web.Response(status=status, headers=headers, text='{"code": -1, "msg": "no"}')
                )
                if expected == FINAL:
                    self.assertNotIsInstance(error, TransientError)
                else:
                    self.assertIsInstance(error, TransientError)
                    self.assertEqual(error.retry_after_s, expected)

    async def test_what_a_refusal_says_drives_no_terminal_and_begins_no_line(self) -> None:
        said = "\x1b[2J\x9b0m\u202edone\r\nerror: \u2028all is well\x7f"
        for status in (400, 418, 503):
            for text in (json.dumps({"code": -1121, "msg": said}), said):
                shown = str(await self.failure(web.Response(status=status, text=text)))
                self.assertTrue(shown.isprintable(), shown)
                self.assertIn("done", shown)

    async def test_what_is_no_answer_to_the_question_may_pass(self) -> None:
        for text in ("<html>Just a moment</html>", "", "{", "{}", "[]", "null", '{"serverTime": "soon"}'):
            with self.subTest(text):
                self.assertIsInstance(await self.failure(web.Response(text=text)), TransientError)

    async def test_silence_may_pass(self) -> None:
        self.ask = await self.opened(self.exchange.rest_url, msgspec.structs.replace(BRISK, request_seconds=2.0))
        self.assertIsInstance(await self.failure(60.0), TransientError)

    async def test_after_a_refusal_the_next_answer_counts(self) -> None:
        await self.failure(web.Response(status=403))
        self.assertEqual(await self.ask(), self.exchange.now_ms)


class CcxtHistoryTest(RefusedRequests, unittest.IsolatedAsyncioTestCase):
    async def opened(self, rest_url: str, limits: FeedLimits = BRISK) -> Callable[[], Awaitable[object]]:
        client = CcxtClient("binanceus", rest_url)
        client.exchange.timeout = 500
        self.addCleanup(client.close)
        return lambda: asyncio.to_thread(client.attempt, TIME, WatchedAnswers.time_ms)


class CcxtLiveTest(RefusedRequests, unittest.IsolatedAsyncioTestCase):
    async def opened(self, rest_url: str, limits: FeedLimits = BRISK) -> Callable[[], Awaitable[object]]:
        rest = CcxtRest("binanceus", rest_url, limits)
        self.addAsyncCleanup(rest.close)
        await rest.loaded()
        return rest.server_time_ms


class BinanceLiveTest(RefusedRequests, unittest.IsolatedAsyncioTestCase):
    async def opened(self, rest_url: str, limits: FeedLimits = BRISK) -> Callable[[], Awaitable[object]]:
        rest = BinanceRest(rest_url, limits)
        self.addAsyncCleanup(rest.close)
        return rest.server_time_ms


if __name__ == "__main__":
    unittest.main()
