"""Bans that are told at the websocket's handshake: the exchange is left alone for as long as it says."""

import asyncio
import unittest

from websockets.datastructures import Headers
from websockets.http11 import Response

from market_data.exchanges.backoff import counter_uniform
from market_data.feeds.binance.binance_feed import BinanceFeed
from market_data.feeds.feed_event import Connected, Disconnected
from tests.support.exchanges.feed_reader import BRISK, FeedReader
from tests.support.exchanges.kline_exchange import KlineExchange

PAUSE_S = 2
WATCHED_S = 1.0
"""Waits of the feed are a tenth of a second at most, so that it would come back many times meanwhile."""


def refused(status: int, headers: dict[str, str], body: str = "") -> Response:
    return Response(status, "No", Headers({**headers, "Content-Length": str(len(body))}), body.encode())


class BanAtHandshake(unittest.IsolatedAsyncioTestCase):
    async def expect_left_alone(self, answer: Response) -> None:
        async with KlineExchange(["BTC/USDT"]) as exchange:
            exchange.handshake_refusal = answer
            feed = BinanceFeed(
                ["BTC/USDT"],
                "1m",
                rest_url=exchange.rest_url,
                stream_url=exchange.stream_url,
                limits=BRISK,
                uniform=counter_uniform(1),
            )
            async with FeedReader(feed) as reader:
                await reader.until(lambda one: bool(one.of(Disconnected)))
                await asyncio.sleep(WATCHED_S)
                self.assertEqual(1, exchange.handshakes)
                exchange.handshake_refusal = None
                await reader.until(lambda one: bool(one.of(Connected)))
                self.assertEqual(2, exchange.handshakes)

    async def test_a_status_418_with_retry_after(self) -> None:
        await self.expect_left_alone(refused(418, {"Retry-After": str(PAUSE_S)}))

    async def test_a_status_403_with_retry_after(self) -> None:
        await self.expect_left_alone(refused(403, {"Retry-After": str(PAUSE_S)}))

    async def test_an_end_of_the_ban_in_the_body(self) -> None:
        date = "Thu, 01 Jan 2026 00:00:00 GMT"
        body = f'{{"code":-1003,"msg":"Way too many requests; IP banned until {1767225600000 + 1000 * PAUSE_S}."}}'
        await self.expect_left_alone(refused(429, {"Date": date}, body))


if __name__ == "__main__":
    unittest.main()
