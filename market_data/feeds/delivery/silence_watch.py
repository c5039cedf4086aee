"""When a symbol has been silent for too long, judged by the exchange's time and by ours."""

from collections.abc import Iterable

from market_data.feeds.feed_limits import FeedLimits

_MOST_PATIENCE = 64


class SilenceWatch:
    """Keeps when each symbol was last heard of. It reads no clock: both times are handed in.

    A symbol that was found silent is given twice the time on the next occasion, and again, until it is heard of: one
    that hardly trades must not renew its connection for ever.
    """

    def __init__(self, symbols: Iterable[str], length_ms: int, limits: FeedLimits) -> None:
        self._limits = limits
        self._stale_ms = limits.stale_candles * length_ms
        self._stale_s = limits.stale_seconds
        if self._stale_s is None:
            self._stale_s = max(60.0, self._stale_ms / 1000.0)
        self._heard = dict.fromkeys(symbols, (0.0, 0))
        self._patience = dict.fromkeys(self._heard, 1)
        self._any_patience = 1
        self._any_heard_s = 0.0
        self._exchange_ms = 0

    def restart(self, now_s: float, exchange_ms: int | None = None) -> None:
        """Count the silence of every symbol from now on; ``exchange_ms`` is the exchange's time where it is known."""
        self._exchange_ms = self._exchange_ms if exchange_ms is None else exchange_ms
        self._any_heard_s = now_s
        for symbol in self._heard:
            self._heard[symbol] = (now_s, self._exchange_ms)

    def hear(self, symbol: str, now_s: float, exchange_ms: int | None) -> None:
        """Note an update of a symbol and the time the exchange stamped on it."""
        self.note_time(exchange_ms)
        self._heard[symbol] = (now_s, self._exchange_ms)
        self._any_heard_s = now_s
        self._patience[symbol] = self._any_patience = 1

    def note_time(self, exchange_ms: int | None) -> None:
        """Note how far the exchange's time has come; the latest word counts, should its clock be set back."""
        if exchange_ms is not None:
            self._exchange_ms = exchange_ms

    def quiet_s(self, now_s: float) -> float:
        """Return for how long no symbol has moved."""
        return now_s - self._any_heard_s

    def stale(self, now_s: float) -> list[tuple[str, float]]:
        """Return the symbols that have been silent for too long, with their silence in seconds."""
        all_quiet = self.quiet_s(now_s) > self._limits.quiet_seconds * self._any_patience
        found = [
            (symbol, now_s - heard_s)
            for symbol, (heard_s, heard_ms) in self._heard.items()
            if all_quiet or self._is_stale(symbol, now_s - heard_s, self._exchange_ms - heard_ms)
        ]
        if all_quiet:
            self._any_patience = min(2 * self._any_patience, _MOST_PATIENCE)
        for symbol, _ in found:
            self._patience[symbol] = min(2 * self._patience[symbol], _MOST_PATIENCE)
        return found

    def _is_stale(self, symbol: str, silent_s: float, silent_ms: int) -> bool:
        patience = self._patience[symbol]
        if silent_s < self._limits.least_stale_seconds:
            return False
        return silent_ms > self._stale_ms * patience or silent_s > (self._stale_s or 0.0) * patience
