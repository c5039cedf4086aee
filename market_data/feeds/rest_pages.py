"""How pages of an exchange's REST go on, and which of their rows count: final candles, payments, open interest."""

from collections.abc import Awaitable, Callable, Sequence

from core.candle import Candle, FundingRate, OpenInterest
from core.timeframe import ceil_to_grid
from market_data.exchanges.request_failures import RangeNotServedError, TransientError

Page = Callable[[int, int], Awaitable[Sequence[Candle]]]
"""Asks for the candles with ``start_ms <= open_time_ms < end_ms`` and returns a page of them from the oldest on."""

FundingPage = Callable[[int], Awaitable[Sequence[FundingRate]]]
"""Asks for the payments from an instant up to the end of the range and returns a page of them."""

InterestPage = Callable[[int, int], Awaitable[Sequence[OpenInterest]]]
"""Asks for the open interest with ``start_ms <= time_ms < end_ms`` and returns a page of it."""


def final_rows(
    rows: Sequence[Candle], length_ms: int, now_ms: int, settle_ms: int, *, believed_ms: int | None = None
) -> list[Candle]:
    """Return the rows that are final, oldest first, one for each time.

    A row is final when a later one exists, or when the exchange's clock is past its close by ``settle_ms``. Its place
    in the answer says nothing.

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
    believed_ms
        For an exchange that has a row for every interval: how far past the settled close the clock may be. Further on
        a later row would exist, so the clock must be wrong, and an open candle must not pass for a final one.
    """
    by_time = {row.open_time_ms: row for row in rows}
    newest_ms = max(by_time, default=0)
    final = [by_time[open_ms] for open_ms in sorted(by_time) if open_ms < newest_ms]
    if by_time:
        past_ms = now_ms - (newest_ms + length_ms + settle_ms)
        if past_ms >= 0 and (believed_ms is None or past_ms < believed_ms):
            final.append(by_time[newest_ms])
    return final


async def final_candles(
    page: Page,
    start_ms: int,
    end_ms: int,
    *,
    length_ms: int,
    now_ms: int,
    settle_ms: int,
    believed_ms: int | None = None,
) -> list[Candle]:
    """Return the final candles with ``start_ms <= open_time_ms < end_ms``, oldest first.

    ``final_rows`` says which these are and what the parameters mean. A page may be short without being the last one, so
    pages are asked for until one is empty or the end is reached.

    Raises
    ------
    RangeNotServedError
        If a page holds only candles of a later time: the exchange does not keep candles for so long.
    TransientError
        If it holds only candles of another time.
    FeedError
        Whatever ``page`` raises.
    """
    found: dict[int, Candle] = {}
    # One candle more than asked for tells whether the last one has a later one.
    until_ms = end_ms + length_ms
    next_ms = start_ms
    last_of_page: list[int] = []
    while next_ms < end_ms:
        rows = await page(next_ms, until_ms)
        inside = [row for row in rows if next_ms <= row.open_time_ms < until_ms]
        if rows and not inside:
            if all(row.open_time_ms >= until_ms for row in rows):
                raise RangeNotServedError("the exchange has only later candles than were asked for")
            raise TransientError("the exchange answers with candles of another time than was asked for")
        if not inside:
            break
        found |= {row.open_time_ms: row for row in inside}
        last_of_page.append(max(row.open_time_ms for row in inside))
        next_ms = last_of_page[-1] + 1
    for open_ms in last_of_page[:-1]:
        # It may have been open when it was read; the later one that closes it came with another answer.
        found |= {
            row.open_time_ms: row for row in await page(open_ms, open_ms + length_ms) if row.open_time_ms == open_ms
        }
    final = final_rows([*found.values()], length_ms, now_ms, settle_ms, believed_ms=believed_ms)
    return [row for row in final if row.open_time_ms < end_ms]


async def paged_funding(page: FundingPage, start_ms: int, end_ms: int) -> list[FundingRate]:
    """Return the payments with ``start_ms <= time_ms < end_ms``, oldest first, one for each stamp.

    A page may be short without being the last one, so pages are asked for until one brings nothing later. Raises
    whatever ``page`` raises.
    """
    found: dict[int, FundingRate] = {}
    next_ms = start_ms
    while next_ms < end_ms:
        rows = [one for one in await page(next_ms) if next_ms <= one.time_ms < end_ms]
        if not rows:
            break
        found |= {one.time_ms: one for one in rows}
        next_ms = max(one.time_ms for one in rows) + 1
    return [found[time_ms] for time_ms in sorted(found)]


async def paged_open_interest(
    page: InterestPage, start_ms: int, end_ms: int, *, length_ms: int, page_rows: int
) -> list[OpenInterest]:
    """Return the open interest with ``start_ms <= time_ms < end_ms`` on the grid of ``length_ms``, oldest first.

    No page is asked for that could hold more than ``page_rows`` rows: exchanges differ in which end they cut. One may
    be short without being the last, so what lies behind its last row is asked for again until there is nothing. Raises
    whatever ``page`` raises.
    """
    found: dict[int, OpenInterest] = {}
    next_ms = ceil_to_grid(start_ms, length_ms)
    while next_ms < end_ms:
        until_ms = min(end_ms, next_ms + page_rows * length_ms)
        rows = [one for one in await page(next_ms, until_ms) if next_ms <= one.time_ms < until_ms]
        found |= {one.time_ms: one for one in rows if one.time_ms == ceil_to_grid(one.time_ms, length_ms)}
        next_ms = ceil_to_grid(max(one.time_ms for one in rows) + 1 if rows else until_ms, length_ms)
    return [found[time_ms] for time_ms in sorted(found)]
