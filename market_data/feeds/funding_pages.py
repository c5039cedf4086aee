"""Funding payments of a range, page by page."""

from collections.abc import Awaitable, Callable, Sequence

from core.candle import FundingRate

Page = Callable[[int], Awaitable[Sequence[FundingRate]]]
"""Asks for the payments from an instant up to the end of the range and returns a page of them."""


async def paged_funding(page: Page, start_ms: int, end_ms: int) -> list[FundingRate]:
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
