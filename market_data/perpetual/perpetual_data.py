"""What a run of perpetual contracts needs beside candles: the mark price, funding rates, and what is not known."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from core.candle import FundingRate
from core.errors import ConfigurationError, DataUnavailableError
from core.instants import format_ms
from core.timeframe import DAY_MS, MINUTE_MS, ceil_to_grid, floor_to_grid, timeframe_ms
from market_data.candle_columns import CandleColumns, Float64Array
from market_data.exchanges.exchange_names import known_exchanges
from market_data.perpetual.perpetual_columns import FundingColumns
from market_data.quality.series_steps import HOUR_MS, Interval, funding_intervals, missing_payments
from market_data.store.candle_merge import slots
from market_data.store.store_layout import FUNDING, LAST_TIME_MS, kind_and_period, mark_series, symbol_folder

if TYPE_CHECKING:
    from market_data.history.exchange_source import ExchangeSource
    from market_data.store.candle_store import CandleStore

MissingFunding = Literal["error", "warning", "zero"]

_MOST_SHOWN = 3


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


def read_perpetual(store: "CandleStore", exchange: str, symbol: str, request: PerpetualRequest) -> PerpetualData:
    """Return what is stored of one contract for a run.

    Raises
    ------
    DataUnavailableError
        If funding rates are missing and ``missing_funding`` is ``error``; names symbol and spans.
    StoreError
        If the store cannot be read.
    """
    stored = _mark_timeframes(store, exchange, symbol)
    marks, mark_source = CandleColumns.empty(), None
    if request.use_mark:
        marks, mark_source = _step_marks(store, exchange, symbol, request, stored)
    facts: dict[str, object] = {}
    warnings: list[str] = []
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
        facts |= {"funding_mark": _funding_text(funding, served)}
        facts |= _funding_facts(rates, int(first), int(last), funding, missing)
        warnings += _judged(exchange, symbol, missing, request)
    facts = {"mark": _mark_text(request, mark_source), "mark_candles": marks.rows, **facts}
    return PerpetualData(symbol, marks, funding, facts, tuple(warnings))


def complete_perpetual(
    source: "ExchangeSource", store: "CandleStore", symbols: Sequence[str], request: PerpetualRequest
) -> dict[str, tuple[str, ...]]:
    """Fetch into the store what it lacks for a run, where there is an exchange that serves it.

    Returns
    -------
    dict
        For each symbol, what the exchange does not serve, as warnings; what follows from it is judged when it is read.

    Raises
    ------
    DataUnavailableError
        If the exchange cannot be reached.
    """
    warnings: dict[str, list[str]] = {symbol: [] for symbol in symbols}
    if not source.known:
        return dict.fromkeys(symbols, ())
    if request.use_mark:
        length = timeframe_ms(request.step_interval)
        # The candle that opens at the end has the mark price of a payment there.
        window = (ceil_to_grid(request.start_ms, length), floor_to_grid(request.end_ms, length) + length)
        lacking = [symbol for symbol in warnings if not _marks_stored(store, source.exchange, symbol, request, window)]
        _fetch(source, lacking, mark_series(request.step_interval), window, request, warnings)
    if request.use_funding:
        # A day more before the window, so that the interval of the payments shows; the minute of the end belongs to it.
        first_ms = max(0, floor_to_grid(request.start_ms - DAY_MS, MINUTE_MS))
        window = (first_ms, floor_to_grid(request.end_ms, MINUTE_MS) + MINUTE_MS)
        _fetch(source, list(warnings), FUNDING, window, request, warnings)
    return {symbol: tuple(texts) for symbol, texts in warnings.items()}


def _fetch(
    source: "ExchangeSource",
    symbols: Sequence[str],
    series: str,
    window: Interval,
    request: PerpetualRequest,
    warnings: Mapping[str, list[str]],
) -> None:
    """Fetch what one series lacks; add to the warnings why the exchange does not give it."""
    from market_data.history.fetching import MissingCandlesError

    if not symbols or window[0] >= window[1]:
        return
    try:
        source.complete(symbols, series, *window, needed_from_ms=window[0], beside=request.step_interval)
    except ConfigurationError as error:
        for symbol in symbols:
            warnings[symbol].append(f"{symbol}: {error}")
    except MissingCandlesError as error:
        if error.out_of_reach:
            raise
        for symbol in error.missing:
            warnings[symbol].append(f"{symbol}: {error.cause}")


def _mark_timeframes(store: "CandleStore", exchange: str, symbol: str) -> list[str]:
    """Return the timeframes of the stored mark candles, the finest first."""
    named = map(kind_and_period, store.series_names(exchange, symbol))
    return [period for kind, period in named if kind == "mark"]


def _parts_of(timeframe: str, step_interval: str) -> int:
    """Return how many candles of a timeframe make one of the step's interval; 0 if they do not."""
    length, step = timeframe_ms(timeframe), timeframe_ms(step_interval)
    return step // length if step % length == 0 else 0


def _marks_stored(
    store: "CandleStore", exchange: str, symbol: str, request: PerpetualRequest, window: Interval
) -> bool:
    """Whether a source has already answered the window with mark candles of the step's interval or finer ones."""
    return any(
        not store.missing_ranges(exchange, symbol, mark_series(timeframe), *window)
        for timeframe in _mark_timeframes(store, exchange, symbol)
        if _parts_of(timeframe, request.step_interval)
    )


def _step_marks(
    store: "CandleStore", exchange: str, symbol: str, request: PerpetualRequest, stored: Sequence[str]
) -> tuple[CandleColumns, str | None]:
    """Return the mark candles of the window on the step's grid, and the series they come from; None without any."""
    length = timeframe_ms(request.step_interval)
    first_ms, last_ms = ceil_to_grid(request.start_ms, length), floor_to_grid(request.end_ms, length)
    own = [timeframe for timeframe in stored if timeframe_ms(timeframe) == length]
    for timeframe in (*own, *stored):
        parts = _parts_of(timeframe, request.step_interval)
        if not parts:
            continue
        candles = store.read(exchange, symbol, mark_series(timeframe), first_ms, last_ms)
        marks = candles if parts == 1 else joined_marks(candles, length, parts)
        if marks.rows:
            return marks, mark_series(timeframe)
    return CandleColumns.empty(), None


def joined_marks(candles: CandleColumns, length_ms: int, parts: int) -> CandleColumns:
    """Return finer candles joined to candles of ``length_ms``; one that lacks any of its ``parts`` is left out."""
    places = slots(candles.open_time_ms, length_ms)
    opens, first, counts = np.unique(places, return_index=True, return_counts=True)
    whole = counts == parts
    if not whole.any():
        return CandleColumns.empty()
    first, last = first[whole], (first + counts - 1)[whole]
    bounds = np.stack((first, last + 1), axis=1).ravel()
    # reduceat takes every other span; a trailing bound at the end of the array is not allowed and not needed.
    bounds = bounds[:-1] if bounds[-1] == candles.rows else bounds
    return CandleColumns(
        opens[whole],
        candles.open[first],
        np.maximum.reduceat(candles.high, bounds)[::2],
        np.minimum.reduceat(candles.low, bounds)[::2],
        candles.close[last],
        np.zeros(len(first)),
    )


def _funding_marks(
    store: "CandleStore", exchange: str, symbol: str, rates: FundingColumns, stored: Sequence[str]
) -> tuple[Float64Array, tuple[str, ...]]:
    """Return the mark price of each payment (nan where not known) and the series that gave any.

    Given with the rate; else the open of a mark candle that opens then, the finest timeframe first; else the close of
    one that closes then.
    """
    prices = rates.mark_price.copy()
    due = slots(rates.time_ms, MINUTE_MS)
    served: list[str] = ["marks given with the rates"] if np.isfinite(prices).any() else []
    candles = {}
    if rates.rows and np.isnan(prices).any():
        for timeframe in stored:
            length = timeframe_ms(timeframe)
            name = mark_series(timeframe)
            candles[name] = store.read(exchange, symbol, name, int(due[0]) - length, int(due[-1]) + 1)
    for column, closing in (("open", False), ("close", True)):
        for name, marks in candles.items():
            times = marks.open_time_ms + (timeframe_ms(kind_and_period(name)[1]) if closing else 0)
            place = np.searchsorted(times, due)
            inside = place < len(times)
            found = np.zeros(rates.rows, np.bool)
            found[inside] = times[place[inside]] == due[inside]
            found &= np.isnan(prices)
            prices[found] = getattr(marks, column)[place[found]]
            if found.any() and name not in served:
                served.append(name)
    return prices, tuple(served)


def _missing(
    store: "CandleStore", exchange: str, symbol: str, rates: FundingColumns, request: PerpetualRequest
) -> list[Interval]:
    """Return the spans of the window without the rates that are due; none before the contract's first candle."""
    start_ms = request.start_ms
    candles = store.open_times(exchange, symbol, request.step_interval)
    inside = candles[(candles >= request.start_ms) & (candles < request.end_ms)]
    if len(inside):
        # Before its first candle of the window no position can have been open.
        start_ms = max(start_ms, int(inside[0]))
    return missing_payments(rates.time_ms, start_ms, request.end_ms)


def _funding_facts(
    rates: FundingColumns, first: int, last: int, funding: Sequence[FundingRate], missing: Sequence[Interval]
) -> dict[str, object]:
    # The step into the window and out of it tell its interval where there is at most one payment in it.
    around = rates.time_ms[first:last] if last - first > 1 else rates.time_ms[max(first - 1, 0) : last + 1]
    return {
        "funding_rates": len(funding),
        "funding_without_mark": sum(rate.mark_price is None for rate in funding),
        "funding_step_hours": [step / HOUR_MS for step in funding_intervals(around)],
        "funding_missing": [_span_text(span) for span in missing],
    }


def _judged(exchange: str, symbol: str, missing: Sequence[Interval], request: PerpetualRequest) -> list[str]:
    """Return the warning about missing rates; raise where they stop the run."""
    if not missing or request.missing_funding == "zero":
        return []
    shown = ", ".join(_span_text(span) for span in missing[:_MOST_SHOWN])
    more = f" and {len(missing) - _MOST_SHOWN} more" if len(missing) > _MOST_SHOWN else ""
    if request.missing_funding == "warning":
        return [f"{symbol}: funding rates are not known for {shown}{more}; no funding is paid or received there"]
    fetch = ""
    if exchange in known_exchanges():
        fetch = (
            f" fetch them with `python -m market_data fetch --exchange {exchange} --symbols {symbol} --timeframe "
            f"{request.step_interval} --start {format_ms(missing[0][0])} --with funding`,"
        )
    raise DataUnavailableError(
        f"{symbol}: funding rates of {exchange} are missing for {shown}{more}. Import them with `python -m market_data "
        f"import --exchange {exchange} .../{symbol_folder(symbol)}/funding.csv.gz`,{fetch} choose a window that has "
        "them, or set missing_funding to warning or zero",
        symbols=(symbol,),
        start_ms=missing[0][0],
        end_ms=missing[-1][1],
    )


def _span_text(span: Interval) -> str:
    start, end = map(format_ms, span)
    return start if start == end else f"{start} .. {end}"


def _mark_text(request: PerpetualRequest, mark_source: str | None) -> str:
    """Return which price stands for the mark price inside the steps."""
    if not request.use_mark:
        return "last price (mark prices are switched off)"
    if mark_source is None:
        return "last price"
    own = mark_source == mark_series(request.step_interval)
    return mark_source if own else f"{mark_source} joined to {request.step_interval}"


def _funding_text(funding: Sequence[FundingRate], served: Sequence[str]) -> str | None:
    """Return which prices value the payments, the first that is known; None without a payment."""
    without = any(rate.mark_price is None for rate in funding)
    return ", else ".join((*served, *(("last price",) if without else ()))) or None
