"""The columns that files of other programs have, and the spellings under which they are found."""

from collections.abc import Mapping
from typing import NamedTuple

TIME_NAMES = (
    "timestamp",
    "open_time_ms",
    "open_time",
    "opentime",
    "time",
    "datetime",
    "date_time",
    "date",
    "unix",
    "ts",
)
"""Headers under which the opening time is found, the preferred ones first."""

VALUE_NAMES = {
    "open": ("open", "open_price", "o"),
    "high": ("high", "high_price", "h"),
    "low": ("low", "low_price", "l"),
    "close": ("close", "close_price", "c"),
    "volume": ("volume", "vol", "base_volume", "v"),
}


class Layout(NamedTuple):
    """The columns of a kind of file beside the time: their spellings, and those that may be absent or empty (nan)."""

    what: str
    values: Mapping[str, tuple[str, ...]]
    optional: frozenset[str] = frozenset()

    @property
    def expected(self) -> str:
        """The header of a file without other columns."""
        return ",".join(("timestamp", *self.values))


CANDLE_FILE = Layout("candle file", VALUE_NAMES)
MARK_FILE = Layout("file of mark candles", VALUE_NAMES, frozenset({"volume"}))
FUNDING_FILE = Layout(
    "file of funding rates",
    {
        "rate": ("rate", "funding_rate", "fundingrate", "last_funding_rate"),
        "mark_price": ("mark_price", "markprice", "mark"),
    },
    frozenset({"mark_price"}),
)
OPEN_INTEREST_FILE = Layout(
    "file of open interest",
    {
        "open_interest": ("open_interest", "openinterest", "sum_open_interest", "sumopeninterest", "amount"),
        "value": ("value", "open_interest_value", "sum_open_interest_value", "sumopeninterestvalue"),
    },
    frozenset({"value"}),
)
