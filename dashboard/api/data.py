"""Stored candles: what there is, its holes and outliers, and the fetch of what lacks."""

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query

from core.candle_columns import Int64Array
from core.errors import ConfigurationError, StoreError
from core.instants import format_ms
from core.timeframe import DAY_MS
from dashboard.api.data_models import Coverage, FetchAsked, Gap, Outlier, SeriesDetail, Stored, StoredSeries
from dashboard.api.described import refusals
from dashboard.api.jobs import JobStarted, started
from dashboard.problems import NotFound
from dashboard.services import Services, ServicesOf
from market_data.commands.selection import open_store, stored_series
from market_data.commands.stored_facts import Listed, grounds_of, listed_of
from market_data.quality.candle_quality import moves, outliers
from market_data.series_names import Series
from market_data.store.candle_store import CandleStore
from market_data.store.store_layout import LAST_TIME_MS
from research.jobs.fetch_job import FetchRequest, data_dir_of, submit_fetch

routes = APIRouter(prefix="/data", tags=["data"])

MOST_GAPS = 1_000
MOST_OUTLIERS = 200
_DAYS = 400
"""Up to so many days coverage is told by day where nothing else is asked for."""


@routes.get("")
def data(services: ServicesOf) -> Stored:
    """List the stored series with their ranges, counts and holes."""
    store = _store(services)
    found, unreadable = [], []
    for series in store.series():
        try:
            one = listed_of(store, series)
        except StoreError as error:
            unreadable.append(str(error))
            continue
        if one is not None:
            found.append(StoredSeries(**_facts(one)))
    return Stored(series=found, exchanges=store.exchanges(), unreadable=unreadable)


@routes.get("/{exchange}/{timeframe}", responses=refusals(404))
def series(
    exchange: str,
    timeframe: str,
    services: ServicesOf,
    symbol: Annotated[str, Query(max_length=50, examples=["BTC/USDT"])],
    by: Annotated[Literal["day", "month"] | None, Query(description="Left out: by day up to 400 days.")] = None,
) -> SeriesDetail:
    """Show a stored series: how much of each day or month there is, every hole, and candles that stand out."""
    store = _store(services)
    try:
        chosen = stored_series(store, exchange, symbol, timeframe)
    except ConfigurationError as error:
        raise NotFound(str(error)) from None
    listed = listed_of(store, chosen[0]) if chosen else None
    if listed is None:
        raise NotFound(f"{exchange} {symbol} {timeframe}: nothing is stored of it")
    found = listed.series
    shown = listed.holes[:MOST_GAPS]
    wide, count = _outliers(store, found)
    return SeriesDetail(
        **_facts(listed),
        coverage=_coverage(store.open_times(*found), found, by),
        gaps=[
            Gap(
                last_before=format_ms(hole.last_before_ms),
                first_after=format_ms(hole.first_after_ms),
                missing=hole.missing,
                known=ground.known,
                rests_on=ground.words,
            )
            for hole, ground in zip(shown, grounds_of(store, found, shown), strict=True)
        ],
        gaps_total=len(listed.holes),
        outliers=wide,
        outliers_total=count,
    )


@routes.post("/fetch", status_code=202)
def fetch(asked: FetchAsked, services: ServicesOf) -> JobStarted:
    """Ask for what the store lacks of a range; a worker fetches it. What cannot be had is the failure of the job."""
    wanted = FetchRequest(
        exchange=asked.exchange,
        symbols=tuple(asked.symbols),
        timeframe=asked.timeframe,
        start=asked.start_date,
        end=asked.end_date,
        beside=tuple(asked.beside),
        again=asked.again,
        places=services.settings.places,
    )
    return started(submit_fetch(services.store, wanted))


def _store(services: Services) -> CandleStore:
    return open_store(Path(data_dir_of(services.settings.places)))


def _facts(one: Listed) -> dict[str, Any]:
    return {name: value for name, value in one.record().items() if not name.endswith("_ms")}


def _coverage(times_ms: Int64Array, of: Series, by: Literal["day", "month"] | None) -> Coverage:
    """Return how many rows each day or month has, from that of the first row to that of the last."""
    if by is None:
        by = "day" if times_ms[-1] - times_ms[0] <= _DAYS * DAY_MS else "month"
    unit = "datetime64[D]" if by == "day" else "datetime64[M]"
    first, last = (np.datetime64(int(one), "ms").astype(unit) for one in times_ms[[0, -1]])
    edges = np.arange(first, last + 2).astype("datetime64[ms]").astype(np.int64)
    rows = np.diff(np.searchsorted(times_ms, edges))
    starts, ends = np.maximum(edges[:-1], times_ms[0]), np.minimum(edges[1:], times_ms[-1] + 1)
    due = rows if of.kind == "funding" else -(-(ends - starts) // of.length_ms)
    return Coverage(by=by, start=[format_ms(one) for one in edges[:-1].tolist()], rows=rows.tolist(), due=due.tolist())


def _outliers(store: CandleStore, of: Series) -> tuple[list[Outlier], int]:
    """Return the candles that are wide beyond the usual, the widest first, and how many there are."""
    if of.kind not in ("candles", "mark"):
        return [], 0
    candles = store.read(*of, 0, LAST_TIME_MS)
    flagged = np.flatnonzero(outliers(candles, of.length_ms))
    factors = moves(candles)
    widest = sorted(flagged.tolist(), key=lambda row: -float(factors[row]))[:MOST_OUTLIERS]
    return [
        Outlier(
            time=format_ms(int(candles.open_time_ms[row])),
            open=float(candles.open[row]),
            high=float(candles.high[row]),
            low=float(candles.low[row]),
            close=float(candles.close[row]),
            volume=float(candles.volume[row]),
            factor=float(factors[row]),
        )
        for row in widest
    ], len(flagged)
