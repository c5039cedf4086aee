"""Waits for what must come, however busy the machine is: only a test that fails waits to the end."""

import asyncio
import time
from collections.abc import Callable

PATIENCE_S = 180.0
"""Seconds after which something is not coming any more."""

_SELDOM_S = 0.02

LONG_S = 30.0
"""Far more seconds than anything takes that does not wait; what is asserted to stop waiting waits much longer."""


def wait_until(
    condition: Callable[[], object], words: str | Callable[[], str] = "it does not come", *, seconds: float = 0.005
) -> None:
    """Wait until a condition holds, looking every so many seconds; AssertionError when it takes too long.

    What takes longer is looked at more seldom: to look may cost more than what is waited for.
    """
    begun = time.monotonic()
    while not condition():
        waited = time.monotonic() - begun
        if waited > PATIENCE_S:
            raise AssertionError(words if isinstance(words, str) else words())
        time.sleep(max(seconds, min(_SELDOM_S, waited / 25)))


async def turns(count: int = 100) -> None:
    """Let whatever is ready in this event loop run, and what that makes ready."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object]) -> None:
    """Wait in an event loop until a condition holds that no event announces."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)
