"""What is kept of a symbol and how each series is named.

By its timeframe (``1m``: candles), or ``mark-<timeframe>`` (candles of the mark price), ``funding`` (funding rates) or
``open-interest-<period>``.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

from core.errors import ConfigurationError
from core.timeframe import MINUTE_MS, timeframe_ms

SeriesKind = Literal["candles", "mark", "funding", "open-interest"]
FUNDING = "funding"
_PREFIXES: tuple[tuple[SeriesKind, str], ...] = (("mark", "mark-"), ("open-interest", "open-interest-"))
_KIND_ORDER: tuple[SeriesKind, ...] = ("candles", "mark", "funding", "open-interest")


class Series(NamedTuple):
    """What one folder of month files holds: one symbol of one exchange, and what is kept of it.

    ``timeframe`` names the series: a timeframe for candles, else one of the other names above.
    """

    exchange: str
    symbol: str
    timeframe: str

    def __str__(self) -> str:
        return f"{self.exchange} {self.symbol} {self.timeframe}"

    @property
    def kind(self) -> SeriesKind:
        """What the rows are."""
        return kind_and_period(self.timeframe)[0]

    @property
    def length_ms(self) -> int:
        """Length of one candle or period; the minute for funding, which has one payment in it at most."""
        kind, period = kind_and_period(self.timeframe)
        return MINUTE_MS if kind == "funding" else timeframe_ms(period)


def mark_series(timeframe: str) -> str:
    """Return the name of the series of mark candles of a timeframe."""
    return f"mark-{timeframe}"


def open_interest_series(period: str) -> str:
    """Return the name of the series of open interest of a period."""
    return f"open-interest-{period}"


def kind_and_period(name: str) -> tuple[SeriesKind, str]:
    """Return what a series' name says: its kind, and its timeframe or period (empty for funding).

    Raises
    ------
    ConfigurationError
        If it names no series of the store.

    Examples
    --------
    >>> kind_and_period("mark-8h"), kind_and_period("funding"), kind_and_period("1m")
    (('mark', '8h'), ('funding', ''), ('candles', '1m'))
    """
    if name == FUNDING:
        return "funding", ""
    for kind, prefix in _PREFIXES:
        if isinstance(name, str) and name.startswith(prefix):
            timeframe_ms(name.removeprefix(prefix))
            return kind, name.removeprefix(prefix)
    timeframe_ms(name)
    return "candles", name


def series_order(name: str) -> tuple[int, int]:
    """Return a key that sorts the names of one symbol's series: candles first, the shortest first."""
    kind, period = kind_and_period(name)
    return _KIND_ORDER.index(kind), timeframe_ms(period) if period else 0


def is_timeframe(text: str) -> bool:
    """Tell whether a text is a timeframe of the grid."""
    return is_name(timeframe_ms, text)


def is_series(text: str) -> bool:
    """Tell whether a text names a series."""
    return is_name(kind_and_period, text)


def is_name(read: Callable[[str], object], text: str) -> bool:
    """Tell whether a text is what ``read`` takes: no ConfigurationError."""
    try:
        read(text)
    except ConfigurationError:
        return False
    return True
