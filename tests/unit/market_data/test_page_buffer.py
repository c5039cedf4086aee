"""Pages that wait to be kept."""

import threading
import unittest

from core.candle_columns import CandleColumns
from core.errors import StoreError
from market_data.history.page_buffer import PageBuffer
from market_data.store.candle_merge import joined
from tests.support.exchanges.loopback import practice_columns, same_columns
from tests.support.times import at

BTC = practice_columns("BTC/USDT", 100)


class Buffering(unittest.TestCase):
    def setUp(self) -> None:
        self.kept: list[tuple[CandleColumns, int, int]] = []
        self.buffer = PageBuffer(
            "BTC/USDT", lambda symbol, candles, start, end: self.kept.append((candles, start, end))
        )

    def add(self, start: int, stop: int, covered: int | None = None) -> None:
        self.buffer.add(BTC.slice(start, stop), at(start), at(stop if covered is None else covered))

    def test_the_first_page_is_kept_at_once_and_quick_ones_after_it_together(self) -> None:
        self.add(0, 10)
        self.assertEqual(len(self.kept), 1)
        self.add(10, 20)
        self.add(20, 30)
        self.assertEqual(len(self.kept), 1)
        self.buffer.flush()
        candles, start, end = self.kept[1]
        self.assertTrue(same_columns(candles, BTC.slice(10, 30)))
        self.assertEqual((start, end), (at(10), at(30)))
        self.buffer.flush()
        self.assertEqual(len(self.kept), 2)

    def test_what_was_not_answered_between_two_pages_is_not_covered(self) -> None:
        self.add(0, 10)
        self.add(10, 20, covered=15)
        self.add(20, 30)
        self.buffer.flush()
        self.assertEqual(
            [(start, end) for _, start, end in self.kept], [(at(0), at(10)), (at(10), at(15)), (at(20), at(30))]
        )

    def test_another_thread_can_keep_what_waits_and_end_the_keeping(self) -> None:
        self.add(0, 10)
        self.add(10, 20)
        other = threading.Thread(target=self.buffer.abandon)
        other.start()
        other.join()
        self.assertEqual(len(self.kept), 2)
        self.add(20, 30)
        self.buffer.flush()
        self.assertEqual(len(self.kept), 2)

    def test_pages_that_could_not_be_kept_are_not_tried_again(self) -> None:
        def full(symbol: str, candles: CandleColumns, start_ms: int, end_ms: int) -> None:
            raise StoreError("no space left")

        buffer = PageBuffer("BTC/USDT", full)
        with self.assertRaises(StoreError):
            buffer.add(BTC.slice(0, 10), at(0), at(10))
        buffer.flush()

    def test_joining_nothing_gives_empty_columns(self) -> None:
        self.assertEqual(joined([]).rows, 0)
        self.assertTrue(same_columns(joined([BTC.slice(0, 40), BTC.slice(40, 100)]), BTC))
