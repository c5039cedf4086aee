"""How a request for candles can fail, told apart by what helps."""

from core.errors import FeedError


class TransientError(FeedError):
    """A request failed in a way that may pass: network, time-out, rate limit, server error, an unreadable answer.

    ``retry_after_s`` is how long the exchange asks to be left alone, None where it says nothing.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RangeNotServedError(FeedError):
    """The exchange answered, but not for the range that was asked; asking again does not help."""
