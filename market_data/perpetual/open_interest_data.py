"""The stored open interest of perpetual contracts on the grid of one period, and what is missing of it."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from core.candle import OpenInterest
from core.candle_columns import Int64Array, Interval
from core.instants import format_ms
from core.timeframe import ceil_to_grid, grid_origin_ms, timeframe_ms
from market_data.exchanges.exchange_names import known_exchanges
from market_data.series_columns import OpenInterestColumns
from market_data.series_names import kind_and_period, open_interest_series
from market_data.store.candle_store import CandleStore
from market_data.store.store_layout import symbol_folder

_MOST_SHOWN = 3
_MOST_GAPS = 20


class OpenInterestData(NamedTuple):
    """One contract's open interest in a range of stamps.

    ``symbol`` is the unified symbol. ``rows`` are those whose stamps lie on the period's grid, oldest first, one a
    stamp. ``facts`` say in the manifest's words what was known and from where; ``warnings`` what a user should hear.
    """

    symbol: str
    rows: tuple[OpenInterest, ...]
    facts: Mapping[str, object]
    warnings: tuple[str, ...]


def read_open_interest(
    store: CandleStore, exchange: str, symbol: str, period: str, start_ms: int, end_ms: int
) -> OpenInterestData:
    """Return what is stored of one contract with ``start_ms <= time_ms < end_ms``, on the grid of ``period``.

    The period's own series counts first; a stamp that it lacks comes from the longest stored period that divides it and
    has it, and at last from a longer one on whose grid it lies too: who reads 1h beside 5m is told the stored hours,
    whatever is stored of 5m. A stamp beside the grid is none of it.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    length = timeframe_ms(period)
    stamps = np.arange(ceil_to_grid(start_ms, length), end_ms, length, dtype=np.int64)
    amounts, values = np.full(len(stamps), np.nan), np.full(len(stamps), np.nan)
    served: list[str] = []
    for stored in (*dividing_periods(store, exchange, symbol, period), *_divided(store, exchange, symbol, period)):
        if not np.isnan(amounts).any():
            break
        columns = _on_grid(store.read_open_interest(exchange, symbol, stored, start_ms, end_ms), length)
        place = (columns.time_ms - stamps[0]) // length if columns.rows else columns.time_ms
        taken = np.isnan(amounts[place])
        amounts[place[taken]], values[place[taken]] = columns.amount[taken], columns.value[taken]
        if taken.any():
            served.append(stored)
    known = ~np.isnan(amounts)
    columns = OpenInterestColumns(stamps[known], amounts[known], values[known])
    rows = tuple(
        OpenInterest(time_ms, amount, None if math.isnan(value) else value)
        for time_ms, amount, value in zip(*(column.tolist() for column in columns), strict=True)
    )
    gaps = _gaps(stamps[~known], length)
    facts = {
        "open_interest": _source_text(period, served),
        "open_interest_rows": len(rows),
        "open_interest_missing": int((~known).sum()),
        "open_interest_gaps": _shown(gaps, _MOST_GAPS),
    }
    warnings = (_warning(exchange, symbol, period, gaps, len(stamps) - len(rows), len(stamps)),) if gaps else ()
    return OpenInterestData(symbol, rows, facts, warnings)


def dividing_periods(store: CandleStore, exchange: str, symbol: str, period: str) -> list[str]:
    """Return the stored periods of open interest that divide a period, the longest first: it itself, where stored."""
    dividing = [one for one in _stored(store, exchange, symbol) if timeframe_ms(period) % timeframe_ms(one) == 0]
    return dividing[::-1]


def _divided(store: CandleStore, exchange: str, symbol: str, period: str) -> list[str]:
    """Return the stored periods that a period divides, the shortest first, without itself."""
    longer = [one for one in _stored(store, exchange, symbol) if timeframe_ms(one) > timeframe_ms(period)]
    return [one for one in longer if timeframe_ms(one) % timeframe_ms(period) == 0]


def _stored(store: CandleStore, exchange: str, symbol: str) -> list[str]:
    """Return the stored periods of open interest, the shortest first."""
    named = map(kind_and_period, store.series_names(exchange, symbol))
    return sorted((period for kind, period in named if kind == "open-interest"), key=timeframe_ms)


def _on_grid(columns: OpenInterestColumns, length_ms: int) -> OpenInterestColumns:
    inside = (columns.time_ms - grid_origin_ms(length_ms)) % length_ms == 0
    return OpenInterestColumns._make(column[inside] for column in columns)


def _gaps(missing: Int64Array, length_ms: int) -> list[Interval]:
    """Return the first and the last stamp of each run of missing ones."""
    if not len(missing):
        return []
    ends = np.flatnonzero(np.diff(missing) != length_ms)
    firsts, lasts = np.append(0, ends + 1), np.append(ends, len(missing) - 1)
    return list(zip(missing[firsts].tolist(), missing[lasts].tolist(), strict=True))


def _source_text(period: str, served: Sequence[str]) -> str | None:
    """Return which series gave the rows, the first that counts; None without a row."""
    own = open_interest_series(period)
    names = [own if name == period else f"{open_interest_series(name)} on the grid of {period}" for name in served]
    return ", else ".join(names) or None


def _warning(exchange: str, symbol: str, period: str, gaps: Sequence[Interval], missing: int, of: int) -> str:
    series = open_interest_series(period)
    advice = (
        f"Import it with `python -m market_data import --exchange {exchange} .../{symbol_folder(symbol)}/"
        f"{series}.csv.gz`, or files of 5m, which serve every period, such as Binance's metrics (--symbol {symbol})"
    )
    if exchange in known_exchanges():
        advice += (
            f", or fetch what the exchange still has with `python -m market_data fetch --exchange {exchange} --symbols "
            f"{symbol} --timeframe {period} --start {format_ms(gaps[0][0])} --with {series}`"
        )
    return (
        f"{symbol}: open interest of {exchange} is not known for {', '.join(_shown(gaps, _MOST_SHOWN))} ({missing} of "
        f"{of} rows of {period}); where it is needed its value is None. {advice}"
    )


def _shown(gaps: Sequence[Interval], most: int) -> list[str]:
    texts = [
        format_ms(first) if first == last else f"{format_ms(first)} .. {format_ms(last)}" for first, last in gaps[:most]
    ]
    return [*texts, f"{len(gaps) - most} more"] if len(gaps) > most else texts
