"""The waits and bounds of a feed, in one place."""

import msgspec

from market_data.exchanges.backoff import Backoff, Uniform


class FeedLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Waits are seconds of monotonic time unless a name says otherwise; the defaults suit a real exchange."""

    connect_seconds: float = 10.0
    """Longest time to connect, handshake included."""
    request_seconds: float = 10.0
    """Longest time for one REST answer."""
    ping_seconds: float = 20.0
    """How often the other side is asked for a sign of life, and how long its answer may take."""
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 60.0
    """First and longest wait between attempts, of connections and of REST."""
    stale_candles: int = 3
    """A symbol is stale when the exchange's time has moved this many timeframes since its last update ..."""
    stale_seconds: float | None = None
    """... or when so much time has passed; None is ``stale_candles`` timeframes, at least a minute."""
    quiet_seconds: float = 60.0
    """A connection on which no symbol at all moves for so long is taken for dead."""
    least_stale_seconds: float = 2.0
    """No silence is shorter, so that a step of the exchange's clock is not taken for one."""
    probe_seconds: float = 5.0
    """After so much silence on a connection REST is asked how far the exchange's time has moved."""
    poll_seconds: float = 15.0
    """Longest time without a look at the exchange's clock where candles are polled for."""
    settle_ms: int = 2_000
    """Exchange time after a close during which REST may still show the candle unfinished."""
    queued_events: int = 10_000
    """Most events that wait in a queue of the feed; beyond it reading from the socket pauses."""
    requests_at_once: int = 4
    """Most REST requests of one catch-up under way."""

    def settle_for(self, length_ms: int) -> int:
        """Return ``settle_ms``, at most a tenth of a timeframe."""
        return min(self.settle_ms, length_ms // 10)

    def backoff(self, uniform: Uniform) -> Backoff:
        """Return the waits between attempts, from the first to the longest."""
        return Backoff(uniform, first_s=self.first_wait_seconds, limit_s=self.longest_wait_seconds)

    @property
    def request_ms(self) -> int:
        """Longest time for one REST answer, in milliseconds."""
        return int(self.request_seconds * 1000)
