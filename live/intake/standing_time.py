"""Whether the exchange's time stands still: nothing that waits for its time to go on need wait any longer."""

from collections.abc import Callable

STANDING_SECONDS = 5.0
"""How long the exchange must have told one and the same time, in wall time."""


class StandingTime:
    """Watches the times that an exchange tells.

    A real exchange tells the millisecond. One whose time has stood still for seconds, as a practice exchange does at
    its end, publishes nothing more, so that what is not there by then does not come.

    Parameters
    ----------
    monotonic
        Seconds that only grow.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._told_ms: int | None = None
        self._since = 0.0

    def stands(self, told_ms: int) -> bool:
        """Take the time that was told now; return whether it has stood still."""
        now = self._monotonic()
        if told_ms != self._told_ms:
            self._told_ms, self._since = told_ms, now
        return now - self._since >= STANDING_SECONDS
