"""The columns that files of other programs have, and the spellings under which they are found."""

from collections.abc import Mapping
from typing import NamedTuple

TIME_NAMES = (
    "timestamp",
    "open_time_ms",
    "open_time",
    "opentime",
    "start_time",
    "starttime",
    "start_at",
    "ts",
    "unix",
    "unix_timestamp",
    "unix_time",
    "calc_time",
    "create_time",
    "funding_time",
    "fundingtime",
    "fundingratetimestamp",
    "time",
    "datetime",
    "date_time",
    "gmt_time",
    "mts",
    "date",
    "index_level_0",
)
"""Headers under which the opening time is found, the preferred ones first; the last is pandas' index without a name."""

CONFIRMED_NAMES = ("confirm", "confirmed", "is_closed", "closed", "is_final", "final")
"""Headers of a column that says whether a candle was closed when it was written."""

VALUE_NAMES = {
    "open": ("open", "open_price", "openprice", "o"),
    "high": ("high", "high_price", "highprice", "h"),
    "low": ("low", "low_price", "lowprice", "l"),
    "close": ("close", "close_price", "closeprice", "c"),
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

    @property
    def has_candles(self) -> bool:
        """Whether the rows are candles, of trades or of the mark price."""
        return "close" in self.values


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
