"""What a run of perpetual contracts needs beside candles: the mark price, funding rates, and what is not known."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from core.candle import FundingRate
from core.candle_columns import CandleColumns, Float64Array, Interval, slots
from core.timeframe import MINUTE_MS, ceil_to_grid, floor_to_grid, timeframe_ms
from market_data.perpetual.mark_prices import joined_marks, parts_of, payment_marks
from market_data.perpetual.perpetual_facts import (
    MissingFundingError,
    funding_facts,
    funding_text,
    mark_text,
    missing_warning,
)
from market_data.quality.series_steps import missing_payments
from market_data.series_columns import FundingColumns
from market_data.series_names import kind_and_period, mark_series
from market_data.store.candle_store import CandleStore
from market_data.store.store_layout import LAST_TIME_MS

MissingFunding = Literal["error", "warning", "zero"]


class PerpetualData(NamedTuple):
    """One contract's data for a run.

    ``symbol`` is the unified symbol. ``marks`` are candles of the mark price on the grid of the step's interval, empty
    where none that fine are stored. ``funding`` are the payments due in the window, oldest first, with their mark price
    where it is known. ``facts`` say in the manifest's words what was known and from where; ``warnings`` what a user
    should hear.
    """

    symbol: str
    marks: CandleColumns
    funding: tuple[FundingRate, ...]
    facts: Mapping[str, object]
    warnings: tuple[str, ...]


class PerpetualRequest(NamedTuple):
    """What a run asks for: the interval of its steps, the window in ms, and which of the data it uses."""

    step_interval: str
    start_ms: int
    end_ms: int
    missing_funding: MissingFunding = "error"
    use_mark: bool = True
    use_funding: bool = True


def read_perpetual(store: CandleStore, exchange: str, symbol: str, request: PerpetualRequest) -> PerpetualData:
    """Return what is stored of one contract for a run.

    Raises
    ------
    DataUnavailableError
        If funding rates are missing and ``missing_funding`` is ``error``: a ``MissingFundingError``.
    StoreError
        If the store cannot be read.
    """
    stored = mark_timeframes(store, exchange, symbol)
    marks, marks_from = CandleColumns.empty(), None
    if request.use_mark:
        marks, marks_from = _step_marks(store, exchange, symbol, request, stored)
    facts: dict[str, object] = {}
    warnings: tuple[str, ...] = ()
    funding: tuple[FundingRate, ...] = ()
    if request.use_funding:
        rates = store.read_funding(exchange, symbol, 0, LAST_TIME_MS)
        due = slots(rates.time_ms, MINUTE_MS)
        first, last = np.searchsorted(due, (request.start_ms, request.end_ms), side="right")
        wanted = rates.slice(int(first), int(last))
        prices, served = _funding_marks(store, exchange, symbol, wanted, stored)
        funding = tuple(
            FundingRate(time_ms, rate, None if np.isnan(mark) else mark)
            for time_ms, rate, mark in zip(wanted.time_ms.tolist(), wanted.rate.tolist(), prices.tolist(), strict=True)
        )
        missing = _missing(store, exchange, symbol, rates, request)
        if missing and request.missing_funding == "error":
            raise MissingFundingError(exchange, symbol, request.step_interval, missing)
        if missing and request.missing_funding == "warning":
            warnings = (missing_warning(symbol, missing),)
        given = bool(np.isfinite(wanted.mark_price).any())
        facts |= {"funding_mark": funding_text(funding, given=given, served=served)}
        facts |= funding_facts(rates, int(first), int(last), funding, missing)
    mark = mark_text(request.step_interval, marks_from, use_mark=request.use_mark)
    return PerpetualData(symbol, marks, funding, {"mark": mark, "mark_candles": marks.rows, **facts}, warnings)


def mark_timeframes(store: CandleStore, exchange: str, symbol: str) -> list[str]:
    """Return the timeframes of the stored mark candles, the finest first."""
    named = map(kind_and_period, store.series_names(exchange, symbol))
    return [period for kind, period in named if kind == "mark"]


def _step_marks(
    store: CandleStore, exchange: str, symbol: str, request: PerpetualRequest, stored: Sequence[str]
) -> tuple[CandleColumns, str | None]:
    """Return the mark candles of the window on the step's grid, and the timeframe they come from; None without any."""
    length = timeframe_ms(request.step_interval)
    first_ms, last_ms = ceil_to_grid(request.start_ms, length), floor_to_grid(request.end_ms, length)
    own = [timeframe for timeframe in stored if timeframe_ms(timeframe) == length]
    for timeframe in (*own, *stored):
        parts = parts_of(timeframe, request.step_interval)
        if not parts:
            continue
        candles = store.read(exchange, symbol, mark_series(timeframe), first_ms, last_ms)
        marks = candles if parts == 1 else joined_marks(candles, length, parts)
        if marks.rows:
            return marks, timeframe
    return CandleColumns.empty(), None


def _funding_marks(
    store: CandleStore, exchange: str, symbol: str, rates: FundingColumns, stored: Sequence[str]
) -> tuple[Float64Array, tuple[str, ...]]:
    """Return the mark price of each payment and the timeframes that gave any; candles are read where one is missing."""
    candles = {}
    if rates.rows and np.isnan(rates.mark_price).any():
        due = slots(rates.time_ms[[0, -1]], MINUTE_MS).tolist()
        for timeframe in stored:
            start_ms = due[0] - timeframe_ms(timeframe)
            candles[timeframe] = store.read(exchange, symbol, mark_series(timeframe), start_ms, due[1] + 1)
    return payment_marks(rates, candles)


def _missing(
    store: CandleStore, exchange: str, symbol: str, rates: FundingColumns, request: PerpetualRequest
) -> list[Interval]:
    """Return the spans of the window without the rates that are due; none before the contract's first candle."""
    start_ms = request.start_ms
    candles = store.open_times(exchange, symbol, request.step_interval)
    inside = candles[(candles >= request.start_ms) & (candles < request.end_ms)]
    if len(inside):
        # Before its first candle of the window no position can have been open.
        start_ms = max(start_ms, int(inside[0]))
    return missing_payments(rates.time_ms, start_ms, request.end_ms)
