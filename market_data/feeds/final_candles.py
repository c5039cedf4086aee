"""Which rows of an exchange's REST answers are final candles, page by page."""

from collections.abc import Awaitable, Callable, Sequence

from core.candle import Candle
from core.timeframe import floor_to_grid
from market_data.adapters.failures import TransientError

Page = Callable[[int, int], Awaitable[Sequence[Candle]]]
"""Asks for the candles with ``start_ms <= open_time_ms < end_ms`` and returns a page of them from the oldest on."""


def final_rows(rows: Sequence[Candle], length_ms: int, now_ms: int, settle_ms: int) -> list[Candle]:
    """Return the rows that are final, oldest first, one for each time.

    A row is final when a later one exists and the exchange's clock is past its close, or when the clock is past its
    close by ``settle_ms``. Its place in the answer says nothing.

    Parameters
    ----------
    rows
        Candles in any order; of several for one time the last counts.
    length_ms
        Length of the timeframe.
    now_ms
        The exchange's clock, read before the rows were asked for.
    settle_ms
        How long after a close a row may still be unfinished.
    """
    by_time = {row.open_time_ms: row for row in rows}
    newest_ms = max(by_time, default=0)
    return [
        by_time[open_ms]
        for open_ms in sorted(by_time)
        if now_ms >= open_ms + length_ms + (0 if open_ms < newest_ms else settle_ms)
    ]


async def final_candles(
    page: Page, start_ms: int, end_ms: int, *, length_ms: int, now_ms: int, settle_ms: int
) -> list[Candle]:
    """Return the final candles with ``start_ms <= open_time_ms < end_ms``, oldest first.

    A page may be short without being the last one, so pages are asked for until one is empty or the end is reached.

    Raises
    ------
    TransientError
        If a page holds candles, but none of the range that was asked for.
    FeedError
        Whatever ``page`` raises.
    """
    found: dict[int, Candle] = {}
    # One candle more than asked for tells whether the last one has a later one.
    until_ms = min(end_ms, floor_to_grid(now_ms, length_ms)) + length_ms
    next_ms = start_ms
    while next_ms < until_ms - length_ms:
        rows = await page(next_ms, until_ms)
        inside = [row for row in rows if next_ms <= row.open_time_ms < until_ms]
        if rows and not inside:
            raise TransientError("the exchange answers with candles of another time than was asked for")
        if not inside:
            break
        found |= {row.open_time_ms: row for row in inside}
        next_ms = max(row.open_time_ms for row in inside) + 1
    return [row for row in final_rows([*found.values()], length_ms, now_ms, settle_ms) if row.open_time_ms < end_ms]
