"""The bounded queue of feed events."""

import asyncio
import unittest

from market_data.feeds.delivery.event_queue import EventQueue
from market_data.feeds.feed_event import CandleUpdate, Connected, FeedEvent
from tests.support.candles import candle
from tests.support.waiting import PATIENCE_S

ROOM = 3


def update(symbol: str, minute: int, *, final: bool, close: float = 1.0) -> CandleUpdate:
    """Return an update of a candle."""
    return CandleUpdate(symbol, candle(minute, 1.0, 2.0, 0.5, close), final, "websocket", None, "1m")


class EventQueueTest(unittest.IsolatedAsyncioTestCase):
    async def test_events_come_out_in_order(self) -> None:
        queue = EventQueue(10)
        events: list[FeedEvent] = [update("A", 0, final=True), Connected("x"), update("B", 0, final=True)]
        for event in events:
            self.assertFalse(await queue.put(event))
        self.assertEqual([await queue.get() for _ in events], events)

    async def test_a_forming_update_replaces_the_waiting_one_of_its_symbol_and_no_final(self) -> None:
        queue = EventQueue(10)
        final, other = update("A", 0, final=True), update("B", 1, final=False)
        for event in (update("A", 1, final=False), other, final, update("A", 1, final=False, close=1.5)):
            await queue.put(event)
        self.assertEqual(len(queue), 3)
        self.assertEqual([await queue.get() for _ in range(3)], [other, final, update("A", 1, final=False, close=1.5)])

    async def test_a_full_queue_makes_the_writer_wait_and_loses_nothing(self) -> None:
        queue = EventQueue(ROOM)
        finals = [update("A", minute, final=True) for minute in range(20)]

        async def write() -> int:
            return sum([await queue.put(event) for event in finals])

        writer = asyncio.create_task(write())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.assertEqual(len(queue), ROOM)
        self.assertTrue(queue.full)
        self.assertEqual([await queue.get() for _ in finals], finals)
        self.assertGreater(await writer, 0)

    async def test_a_forming_update_finds_room_in_a_full_queue_where_one_of_its_symbol_waits(self) -> None:
        queue = EventQueue(2)
        await queue.put(update("A", 1, final=False))
        await queue.put(update("B", 1, final=True))
        await asyncio.wait_for(queue.put(update("A", 1, final=False, close=1.5)), PATIENCE_S)
        self.assertEqual(len(queue), 2)

    async def test_an_end_is_raised_after_what_waits_and_the_first_end_counts(self) -> None:
        queue = EventQueue(5)
        await queue.put(Connected("x"))
        queue.end(ValueError("first"))
        queue.end(ValueError("second"))
        self.assertEqual(await queue.get(), Connected("x"))
        with self.assertRaisesRegex(ValueError, "first"):
            await queue.get()

    async def test_an_end_at_once_wakes_a_reader_and_drops_what_waits(self) -> None:
        queue = EventQueue(5)
        reader = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        queue.end(ValueError("now"), at_once=True)
        with self.assertRaisesRegex(ValueError, "now"):
            await reader


if __name__ == "__main__":
    unittest.main()
