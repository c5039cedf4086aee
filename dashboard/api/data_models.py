"""What the routes of stored candles take and give."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class StoredSeries(BaseModel):
    """A stored series: candles, mark prices, funding rates or open interest of a symbol."""

    exchange: str = Field(examples=["practice"])
    symbol: str = Field(examples=["BTC/USDT"])
    timeframe: str = Field(description="Or `mark-8h`, `funding`, `open-interest-1h`.", examples=["15m"])
    first: str
    last: str
    rows: int
    holes: int = Field(description="Between the first and the last row.")
    missing: int = Field(description="Rows that lack in these holes.")
    interval: str | None = Field(None, description="Of funding rates: their intervals in order of time.")


class Stored(BaseModel):
    """What the store has."""

    series: list[StoredSeries]
    exchanges: list[str] = Field(description="That something is stored of.")
    unreadable: list[str] = Field(description="Series that cannot be read, and why.")


class Coverage(BaseModel):
    """How much of each stretch of time is stored, as columns."""

    by: Literal["day", "month"]
    start: list[str]
    rows: list[int]
    due: list[int] = Field(description="Rows that a series without a hole has there.")


class Gap(BaseModel):
    """Missing rows between two stored ones."""

    last_before: str
    first_after: str
    missing: int
    known: bool = Field(description="A source has answered all of it: there is nothing to be had.")
    rests_on: str = Field(description="What that rests on.")


class Outlier(BaseModel):
    """A candle that is wide beyond the usual."""

    time: str
    open: float
    high: float
    low: float
    close: float
    volume: float
    factor: float = Field(description="By which it moves, the close before it included.")


class SeriesDetail(StoredSeries):
    """A stored series with its coverage, holes and outliers."""

    coverage: Coverage
    gaps: list[Gap]
    gaps_total: int
    outliers: list[Outlier]
    outliers_total: int


class FetchAsked(BaseModel):
    """What is fetched: what the store lacks of a range."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "exchange": "practice",
                    "symbols": ["BTC/USDT"],
                    "timeframe": "15m",
                    "start_date": "2024-01-01",
                    "end_date": "2024-02-01",
                }
            ]
        },
    )

    exchange: str = Field(max_length=64)
    symbols: list[str] = Field(min_length=1, max_length=200)
    timeframe: str = Field(max_length=20)
    start_date: str = Field(description="The first open, UTC.")
    end_date: str | None = Field(None, description="Exclusive; left out: the present.")
    beside: list[str] = Field(
        [], max_length=10, description="What contracts have beside candles: `mark`, `funding`, `open-interest`."
    )
    again: bool = Field(False, description="Ask for all of the range, whatever is known of it.")
