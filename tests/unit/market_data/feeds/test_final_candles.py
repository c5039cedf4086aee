"""Which REST rows are final, and how pages of candles and of open interest are put together."""

import unittest

from core.candle import Candle, OpenInterest
from market_data.exchanges.request_failures import RangeNotServedError, TransientError
from market_data.feeds.rest_pages import final_candles, final_rows, paged_open_interest
from tests.support.candles import candle
from tests.support.times import MINUTE_MS

SETTLE = 2_000


def row(minute: int, close: float = 1.5) -> Candle:
    """Return a candle that opens at a minute."""
    return candle(minute, 1.0, 2.0, 0.5, close)


def finals(rows: list[Candle], now_ms: int, believed_ms: int | None = None) -> list[int]:
    """Return the minutes of the final rows."""
    found = final_rows(rows, MINUTE_MS, now_ms, SETTLE, believed_ms=believed_ms)
    return [one.open_time_ms // MINUTE_MS for one in found]


class FinalRowsTest(unittest.TestCase):
    def test_a_row_with_a_later_one_is_final_wherever_it_stands(self) -> None:
        self.assertEqual(finals([row(3), row(1), row(2)], now_ms=3 * MINUTE_MS), [1, 2])

    def test_the_newest_row_is_final_once_the_clock_is_past_its_settled_close(self) -> None:
        rows = [row(1), row(2)]
        self.assertEqual(finals(rows, now_ms=3 * MINUTE_MS + SETTLE - 1), [1])
        self.assertEqual(finals(rows, now_ms=3 * MINUTE_MS + SETTLE), [1, 2])

    def test_a_clock_too_far_ahead_of_the_rows_makes_nothing_final(self) -> None:
        rows = [row(1), row(2)]
        self.assertEqual(finals(rows, 4 * MINUTE_MS + SETTLE - 1, believed_ms=MINUTE_MS), [1, 2])
        self.assertEqual(finals(rows, 4 * MINUTE_MS + SETTLE, believed_ms=MINUTE_MS), [1])
        self.assertEqual(finals(rows, 62 * MINUTE_MS, believed_ms=MINUTE_MS), [1])

    def test_nothing_is_final_of_nothing(self) -> None:
        self.assertEqual(finals([], now_ms=10 * MINUTE_MS), [])

    def test_of_several_rows_for_one_time_the_last_counts(self) -> None:
        found = final_rows([row(1), row(1, 1.75), row(2)], MINUTE_MS, 0, SETTLE)
        self.assertEqual(found, [row(1, 1.75)])


class PagesTest(unittest.IsolatedAsyncioTestCase):
    async def ask(self, rows: list[Candle], start: int, end: int, most: int = 3) -> list[int]:
        """Return the minutes that come of pages of ``most`` rows; counts the pages in ``self.pages``."""
        self.pages = 0

        async def page(since_ms: int, until_ms: int) -> list[Candle]:
            self.pages += 1
            return [one for one in rows if since_ms <= one.open_time_ms < until_ms][:most]

        found = await final_candles(
            page, start * MINUTE_MS, end * MINUTE_MS, length_ms=MINUTE_MS, now_ms=100 * MINUTE_MS, settle_ms=SETTLE
        )
        return [one.open_time_ms // MINUTE_MS for one in found]

    async def test_pages_are_joined_over_holes_up_to_the_end(self) -> None:
        rows = [row(minute) for minute in range(30) if minute not in (7, 8, 9, 10, 20)]
        expected = [one.open_time_ms // MINUTE_MS for one in rows if 2 <= one.open_time_ms // MINUTE_MS < 25]
        self.assertEqual(await self.ask(rows, 2, 25), expected)

    async def test_a_row_that_was_open_when_its_page_was_read_is_read_again_once_a_later_one_has_come(self) -> None:
        asked = 0

        async def page(since_ms: int, until_ms: int) -> list[Candle]:
            nonlocal asked
            asked += 1
            # While the pages are asked for, candle 2 closes and candle 3 begins.
            rows = [row(1), row(2, 1.25)] if asked == 1 else [row(1), row(2, 1.75), row(3)]
            return [one for one in rows if since_ms <= one.open_time_ms < until_ms]

        found = await final_candles(
            page,
            MINUTE_MS,
            99 * MINUTE_MS,
            length_ms=MINUTE_MS,
            now_ms=99 * MINUTE_MS,
            settle_ms=SETTLE,
            believed_ms=MINUTE_MS,
        )
        self.assertEqual(found, [row(1), row(2, 1.75)])

    async def test_nothing_is_asked_about_an_empty_range(self) -> None:
        self.assertEqual(await self.ask([row(1)], 5, 5), [])
        self.assertEqual(self.pages, 0)

    async def test_a_range_that_reaches_far_beyond_the_present_ends_at_the_first_empty_page(self) -> None:
        self.assertEqual(await self.ask([row(1), row(2)], 0, 10_000), [1, 2])
        self.assertEqual(self.pages, 2)

    async def test_an_exchange_that_does_not_keep_candles_for_so_long_is_told_apart_from_one_in_disorder(self) -> None:
        for minute, error in ((50, RangeNotServedError), (1, TransientError)):

            async def page(since_ms: int, until_ms: int, minute: int = minute) -> list[Candle]:
                return [row(minute)]

            with self.assertRaises(error):
                await final_candles(
                    page, 5 * MINUTE_MS, 9 * MINUTE_MS, length_ms=MINUTE_MS, now_ms=100 * MINUTE_MS, settle_ms=SETTLE
                )


class OpenInterestPagesTest(unittest.IsolatedAsyncioTestCase):
    async def asked(self, stamps: dict[int, float], start: int, end: int, page_rows: int = 3) -> list[OpenInterest]:
        """Return what is found of rows by minute in a range of minutes; each page gives its two oldest at most."""
        self.pages: list[tuple[int, int]] = []

        async def page(since_ms: int, until_ms: int) -> list[OpenInterest]:
            self.pages.append((since_ms // MINUTE_MS, until_ms // MINUTE_MS))
            rows = [OpenInterest(round(minute * MINUTE_MS), amount) for minute, amount in stamps.items()]
            inside = [one for one in rows if since_ms <= one.time_ms < until_ms]
            # What is newer than the range is there too, as from an exchange that knows no end of one.
            return [*inside[:2], *(one for one in rows if one.time_ms >= until_ms)]

        bounds = start * MINUTE_MS, end * MINUTE_MS
        return await paged_open_interest(page, *bounds, length_ms=5 * MINUTE_MS, page_rows=page_rows)

    async def test_no_page_is_wider_than_its_rows_and_a_short_one_is_gone_on_with(self) -> None:
        stamps = {minute: minute / 10 for minute in range(0, 60, 5)}
        found = await self.asked(stamps, 3, 41)
        self.assertEqual(found, [OpenInterest(minute * MINUTE_MS, minute / 10) for minute in range(5, 41, 5)])
        self.assertEqual(self.pages, [(5, 20), (15, 30), (25, 40), (35, 41)])

    async def test_nothing_is_asked_again_behind_the_last_row_and_a_gap_ends_nothing(self) -> None:
        self.assertEqual(len(await self.asked({5: 1.0, 10: 1.0}, 5, 15)), 2)
        self.assertEqual(self.pages, [(5, 15)])
        self.assertEqual([one.time_ms for one in await self.asked({0: 1.0, 45: 1.0}, 0, 50)], [0, 45 * MINUTE_MS])
        self.assertEqual(await self.asked({0: 1.0}, 5, 5), [])
        self.assertEqual(self.pages, [])

    async def test_a_row_beside_the_grid_or_the_range_is_left_out(self) -> None:
        found = await self.asked({0: 1.0, 5.05: 2.0, 10: 3.0, 20: 4.0}, 0, 15)
        self.assertEqual([one.amount for one in found], [1.0, 3.0])


if __name__ == "__main__":
    unittest.main()
