"""Scripted faults of the loopback REST server: what goes wrong, for which requests, and how often."""

import enum
import threading
from collections.abc import Iterable

import msgspec


class FaultKind(enum.Enum):
    """What a faulty answer looks like."""

    STATUS = "status"
    """An error status with Binance's error body; 429 and 418 may carry ``Retry-After``."""
    HTML_PAGE = "html page"
    """An HTML page, as proxies and web firewalls send it, with the fault's status."""
    TRUNCATED_BODY = "truncated body"
    """The body ends in the middle, short of its announced length."""
    STALL = "stall"
    """The connection stays open and nothing comes."""
    DROPPED = "dropped connection"
    """The connection is reset before any answer."""
    WRONG_JSON = "wrong json"
    """Valid JSON of another shape: an empty object."""
    WRONG_ROWS = "wrong rows"
    """A list whose entry is no candle."""
    BROKEN_JSON = "broken json"
    """Text that starts like JSON and is none."""
    DUPLICATED_ROWS = "duplicated rows"
    """Every candle of the page twice."""
    SHUFFLED_ROWS = "shuffled rows"
    """The candles of the page in another order."""
    SHORT_PAGE = "short page"
    """Only the first ``rows`` candles of the page, though there are more."""
    OTHER_TIME = "other time"
    """The latest candles instead of those of the range that was asked."""
    EMPTY = "empty"
    """An empty list, as if there were nothing in the range."""


class Fault(msgspec.Struct, frozen=True):
    """One line of a fault plan: the next ``times`` requests that match get an answer of this kind.

    ``path`` is the end of the request path (``klines``) and ``symbol`` the exchange's own symbol (``BTCUSDT``); None
    matches all. ``status`` belongs to STATUS and HTML_PAGE, ``retry_after_s`` to STATUS, ``rows`` to SHORT_PAGE.
    """

    kind: FaultKind
    times: int = 1
    path: str | None = None
    symbol: str | None = None
    status: int = 503
    retry_after_s: int | None = None
    rows: int = 1

    def matches(self, path: str, symbol: str | None) -> bool:
        """Whether a request is one this fault is meant for."""
        return (self.path is None or path.endswith(f"/{self.path}")) and self.symbol in (None, symbol)


class FaultPlan:
    """Faults in order; the first one that matches a request and is not used up yet befalls it. Safe between threads."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._left = [(fault, fault.times) for fault in faults]

    def add(self, fault: Fault) -> None:
        """Put a fault at the end of the plan."""
        with self._lock:
            self._left.append((fault, fault.times))

    def clear(self) -> None:
        """Forget what is left of the plan."""
        with self._lock:
            self._left.clear()

    @property
    def used_up(self) -> bool:
        """Whether every fault has happened as often as it was meant to."""
        with self._lock:
            return not self._left

    def take(self, path: str, symbol: str | None) -> Fault | None:
        """Return the fault that befalls a request, counting it; None for an ordinary answer."""
        with self._lock:
            for place, (fault, left) in enumerate(self._left):
                if fault.matches(path, symbol):
                    if left > 1:
                        self._left[place] = (fault, left - 1)
                    else:
                        del self._left[place]
                    return fault
        return None
