"""A connection that is closed at the moment in which it is lost."""

import asyncio
import contextlib
import unittest
from collections.abc import AsyncIterator, Sequence

from core.candle import Candle
from core.errors import FeedError
from market_data.exchanges.backoff import Backoff
from market_data.exchanges.parsers.exchange_candle import Reading
from market_data.feeds.delivery.candle_connection import CandleConnection
from market_data.feeds.delivery.catch_up import CatchUp, gathered
from market_data.feeds.delivery.event_queue import EventQueue
from tests.support.exchanges.feed_reader import BRISK
from tests.support.waiting import PATIENCE_S, turns


class LostStream:
    """A connection that is lost as soon as REST is being asked."""

    def __init__(self, asked: asyncio.Event) -> None:
        self._asked = asked

    async def next_reading(self) -> Reading:
        await self._asked.wait()
        raise FeedError("the connection is lost")


class SlowRest:
    """REST that takes a moment to give up a request that is cancelled."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.giving_up = asyncio.Event()

    async def server_time_ms(self) -> int:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.giving_up.set()
            await asyncio.sleep(0.05)
        raise AssertionError

    async def final_candles(self, symbol: str, start_ms: int, end_ms: int, now_ms: int) -> Sequence[Candle]:
        raise AssertionError


class ClosingTest(unittest.IsolatedAsyncioTestCase):
    async def test_a_connection_cancelled_while_it_winds_up_a_loss_does_not_connect_again(self) -> None:
        rest, out, opened = SlowRest(), EventQueue(10), 0

        @contextlib.asynccontextmanager
        async def open_stream() -> AsyncIterator[LostStream]:
            nonlocal opened
            opened += 1
            yield LostStream(rest.asked)

        connection = CandleConnection(
            open_stream,
            "one symbol",
            {"BTCUSDT": "BTC/USDT"},
            "1m",
            catch_up=CatchUp(rest, ["BTC/USDT"], "1m", out, BRISK, lambda: 0.0, {}),  # type: ignore[arg-type]
            out=out,
            limits=BRISK,
            backoff=Backoff(lambda: 0.0, first_s=0.01, limit_s=0.01),
        )
        task = asyncio.create_task(connection.run())
        await rest.giving_up.wait()
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=PATIENCE_S)
        ended, task_was_cancelled = bool(done), task.cancelled()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self.assertTrue(ended and task_was_cancelled)
        self.assertEqual(opened, 1)

    async def test_one_cancelled_in_the_turn_of_the_loop_in_which_a_part_fails_is_cancelled(self) -> None:
        lost = asyncio.Event()

        async def failing() -> None:
            await lost.wait()
            raise FeedError("the connection is lost")

        async def caller() -> None:
            with contextlib.suppress(FeedError):
                await gathered([failing(), asyncio.sleep(60)])

        task = asyncio.create_task(caller())
        await turns()
        lost.set()
        await asyncio.sleep(0)  # The part has failed; nobody has been told yet.
        task.cancel()
        await asyncio.wait({task}, timeout=PATIENCE_S)
        self.assertTrue(task.cancelled())

    async def test_a_failure_of_a_part_is_the_callers(self) -> None:
        async def failing() -> None:
            raise FeedError("the connection is lost")

        with self.assertRaisesRegex(FeedError, "is lost"):
            await gathered([failing(), asyncio.sleep(60)])


if __name__ == "__main__":
    unittest.main()
