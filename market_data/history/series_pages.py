"""What is fetched page by page: candles, mark candles, funding rates, open interest, each with its grid and checks."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

from core.candle_columns import CandleColumns
from core.errors import ConfigurationError
from core.timeframe import MINUTE_MS, timeframe_ms
from market_data.exchange_adapter import (
    CandleRow,
    ExchangeAdapter,
    FundingRow,
    OpenInterestRow,
    PerpetualAdapter,
    PerpetualKind,
)
from market_data.exchanges.exchange_names import require_served
from market_data.quality.candle_quality import OffGrid, QualityReport, check_candles
from market_data.quality.perpetual_quality import check_marks, check_rows
from market_data.series_columns import FundingColumns, OpenInterestColumns, SeriesColumns
from market_data.series_names import FUNDING, kind_and_period

Row = CandleRow | FundingRow | OpenInterestRow

CANDLE_SETTLING_MS = MINUTE_MS
STATISTIC_SETTLING_MS = 10 * MINUTE_MS
"""Funding rates and open interest are published later than candles."""


class SeriesPages(NamedTuple):
    """One series of an exchange, asked page by page.

    ``series`` is its name in the store, ``length_ms`` the grid on which its rows lie, ``page_ms`` the widest range of
    one page. A row missing this close to the exchange's clock (``settling_ms``) may yet be published. ``ask`` returns
    the rows of ``[since_ms, until_ms)`` of a symbol, ``check`` what may be stored of rows in order of time. ``regular``
    says whether there is a row for every place of the grid, gaps aside.
    """

    series: str
    length_ms: int
    page_ms: int
    settling_ms: int
    ask: Callable[[str, int, int], Sequence[Row]]
    check: Callable[[Sequence[Any]], tuple[SeriesColumns, QualityReport]]
    regular: bool = True


def open_pages(adapter: ExchangeAdapter, series: str, *, now_ms: int, off_grid: OffGrid = "snap") -> SeriesPages:
    """Return the pages of a series of an exchange.

    Parameters
    ----------
    series
        Name of the series as in the store: ``1m``, ``mark-1m``, ``funding``, ``open-interest-1h``.
    now_ms
        The exchange's clock; what is not closed by then is not taken.

    Raises
    ------
    ConfigurationError
        If the exchange does not serve it.
    """
    kind, period = kind_and_period(series)
    if kind == "candles":
        require_served(adapter.name, period, adapter.timeframes)
        length = timeframe_ms(period)

        def candles(rows: Sequence[Any]) -> tuple[SeriesColumns, QualityReport]:
            return check_candles(CandleColumns.from_rows(rows), length, off_grid=off_grid, now_ms=now_ms)

        def page(symbol: str, since_ms: int, until_ms: int) -> list[CandleRow]:
            return adapter.fetch_page(symbol, period, since_ms, until_ms)

        return SeriesPages(series, length, adapter.page_limit * length, CANDLE_SETTLING_MS, page, candles)
    contracts = _contracts(adapter, kind)
    if kind == "mark":
        return _mark_pages(contracts, period, now_ms, off_grid)
    return _funding_pages(contracts, now_ms) if kind == "funding" else _interest_pages(contracts, period, now_ms)


def serves(adapter: ExchangeAdapter, kind: PerpetualKind) -> bool:
    """Tell whether an exchange serves something of perpetual contracts."""
    return kind in getattr(adapter, "perpetual_kinds", ())


def served_open_interest(adapter: ExchangeAdapter) -> Sequence[str]:
    """Return the periods of open interest that an exchange serves; ConfigurationError if it serves none."""
    return _contracts(adapter, "open-interest").open_interest_periods


def open_interest_period(adapter: ExchangeAdapter, timeframe: str) -> str:
    """Return the shortest period of open interest that is served and not shorter than a timeframe.

    Raises
    ------
    ConfigurationError
        If the exchange serves none.
    """
    served = served_open_interest(adapter)
    long_enough = [period for period in served if timeframe_ms(period) >= timeframe_ms(timeframe)]
    if not long_enough:
        raise ConfigurationError(
            f"{adapter.name} has no open interest of {timeframe} or longer; allowed: {', '.join(served)}"
        )
    return min(long_enough, key=timeframe_ms)


def _mark_pages(adapter: PerpetualAdapter, timeframe: str, now_ms: int, off_grid: OffGrid) -> SeriesPages:
    require_served(adapter.name, timeframe, adapter.timeframes)
    length = timeframe_ms(timeframe)

    def check(rows: Sequence[Any]) -> tuple[SeriesColumns, QualityReport]:
        return check_marks(CandleColumns.from_rows(rows), length, off_grid=off_grid, now_ms=now_ms)

    def page(symbol: str, since_ms: int, until_ms: int) -> list[CandleRow]:
        return adapter.fetch_mark_page(symbol, timeframe, since_ms, until_ms)

    width = min(adapter.page_limit, getattr(adapter, "mark_page_limit", adapter.page_limit)) * length
    return SeriesPages(f"mark-{timeframe}", length, width, CANDLE_SETTLING_MS, page, check)


def _funding_pages(adapter: PerpetualAdapter, now_ms: int) -> SeriesPages:
    def check(rows: Sequence[Any]) -> tuple[SeriesColumns, QualityReport]:
        return check_rows(FundingColumns.from_rows(rows), MINUTE_MS, now_ms=now_ms)

    return SeriesPages(
        FUNDING, MINUTE_MS, adapter.funding_page_ms, STATISTIC_SETTLING_MS, adapter.fetch_funding_page, check, False
    )


def _interest_pages(adapter: PerpetualAdapter, period: str, now_ms: int) -> SeriesPages:
    require_served(adapter.name, period, adapter.open_interest_periods, what="open interest period")
    length = timeframe_ms(period)

    def check(rows: Sequence[Any]) -> tuple[SeriesColumns, QualityReport]:
        return check_rows(OpenInterestColumns.from_rows(rows), length, now_ms=now_ms)

    def page(symbol: str, since_ms: int, until_ms: int) -> list[OpenInterestRow]:
        return adapter.fetch_open_interest_page(symbol, period, since_ms, until_ms)

    width = adapter.open_interest_page_limit * length
    return SeriesPages(f"open-interest-{period}", length, width, STATISTIC_SETTLING_MS, page, check)


def _contracts(adapter: ExchangeAdapter, kind: PerpetualKind) -> PerpetualAdapter:
    if serves(adapter, kind):
        return cast(PerpetualAdapter, adapter)
    what = {"mark": "mark candles", "funding": "funding rates", "open-interest": "open interest"}[kind]
    raise ConfigurationError(f"{adapter.name} serves no {what}; import them from files")
