"""The candles that a stored run was shown, those of its warm-up first: from its journal, or from the candle store."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec import UNSET

from core.candle_columns import CandleColumns, Int64Array
from core.errors import DataUnavailableError, StoreError
from core.timeframe import floor_to_grid, timeframe_ms
from core.watched_series import WatchedSeries
from engine.journal import read_journal
from engine.journal_records import CandleFields, SessionRecord, StepRecord
from engine.open_interest import fed_of, open_interest_asked
from engine.watched import watched_series_of
from market_data.exchanges.exchange_names import PRACTICE
from market_data.history.loaded_candles import LoadedCandles
from market_data.history.settled_provider import settled_provider
from market_data.perpetual.open_interest_data import OpenInterestData
from market_data.perpetual.perpetual_data import PerpetualData
from market_data.store.candle_merge import joined
from runs.folder.file_names import JOURNAL
from runs.identity.data_hash import data_sha256
from runs.reading.run_folder import StoredRun
from strategies.anchored_blocks import stored_candles_needed
from strategies.strategy import Strategy, StreamingStrategy
from validation.composed_settings import Settings


class FedSeries(NamedTuple):
    """A series of candles, and when each was known: at its close, or at the step that brought it later.

    The first ``warmup_rows`` are from before the run.
    """

    candles: CandleColumns
    known_ms: Int64Array
    warmup_rows: int

    @property
    def window(self) -> CandleColumns:
        """The candles of the run."""
        return self.candles.slice(self.warmup_rows, self.candles.rows)


class FedCandles(NamedTuple):
    """What a run was shown: by traded symbol, by watched series (symbol and length), and finer candles by symbol."""

    traded: dict[str, FedSeries]
    watched: dict[tuple[str, int], FedSeries]
    detail: dict[str, CandleColumns]


class _Market(NamedTuple):
    """What is loaded of the store, as its hash takes it."""

    candles: Mapping[str, LoadedCandles]
    timeframe: str
    detail: Mapping[str, LoadedCandles]
    detail_interval: str | None
    perpetual: Mapping[str, PerpetualData]
    watched: Mapping[WatchedSeries, LoadedCandles]
    open_interest: Mapping[str, OpenInterestData]


def fed_candles(
    run: StoredRun, settings: Settings, strategy: Strategy | StreamingStrategy, data_dir: str | Path | None = None
) -> FedCandles:
    """Return the candles that a run was shown.

    Parameters
    ----------
    run, settings, strategy
        The run, and what its manifest says it was made of.
    data_dir
        Candle store, in place of the one that the settings name; not looked at for a session, which has a journal.

    Raises
    ------
    DataUnavailableError
        If the store does not hold what a backtest was fed, to the last bit.
    StoreError
        If store or journal cannot be read.
    """
    if run.kind == "live":
        return _of_journal(run, settings)
    market = _loaded(run, settings, strategy, data_dir)
    if data_sha256(market) != run.result.data_sha256:
        raise DataUnavailableError(
            f"run {run.run_id}: {settings.live.exchange} in {data_dir or settings.live.data.cache_dir} does not hold "
            f"what it was fed: its data_sha256 is {run.result.data_sha256}, that of the same window now another"
            f"{_other_counts(run, market)}; name the store that it used with --data-dir, or run it again"
        )
    length = timeframe_ms(settings.live.timeframe)
    return FedCandles(
        {symbol: _series(one.warmup, one.window, length) for symbol, one in market.candles.items()},
        {
            (series.symbol, series.length_ms): _series(one.warmup, one.window, series.length_ms)
            for series, one in market.watched.items()
        },
        {symbol: one.window for symbol, one in market.detail.items()},
    )


def _other_counts(run: StoredRun, market: _Market) -> str:
    """Return of what there is another number of rows now, in words; empty where values alone are other ones.

    A run that was cut short tells of less than it was fed: nothing is said of it.
    """
    found: list[str] = []
    if run.result.partial:
        return ""
    for symbol, told in run.result.symbols.items():
        if told.candles != (now := market.candles[symbol].window.rows):
            found.append(f"{told.candles} candles of {symbol}, now {now}")
        then = UNSET if told.perpetual is UNSET else told.perpetual.open_interest_rows
        held = market.open_interest.get(symbol)
        if then is not UNSET and held is not None and then != len(held.rows):
            found.append(f"{then} rows of open interest of {symbol}, now {len(held.rows)}")
    return f" (it had {'; '.join(found)})" if found else ""


def _loaded(
    run: StoredRun, settings: Settings, strategy: Strategy | StreamingStrategy, data_dir: str | Path | None
) -> _Market:
    """Return what the store holds of a backtest's window, without asking an exchange."""
    live, window = settings.live, run.manifest.window
    if window is UNSET or window.start_ms is None or window.end_ms is None:
        raise StoreError(f"{run.folder}: its manifest names no window", path=run.folder)
    start_ms, end_ms = window.start_ms, window.end_ms
    # The practice market is made here and needs no network.
    offline = live.exchange != PRACTICE
    provider = settled_provider(live.exchange, live.data, end_ms, offline=offline, data_dir=data_dir)
    needed = stored_candles_needed(strategy, start_ms, timeframe_ms(live.timeframe))
    candles = provider.load(live.symbols, live.timeframe, start_ms, end_ms, warmup_candles=needed)
    detail = {} if live.detail_interval is None else provider.load(live.symbols, live.detail_interval, start_ms, end_ms)
    watched = {
        one: provider.load(
            [one.symbol],
            one.timeframe,
            floor_to_grid(start_ms, one.length_ms),
            end_ms,
            warmup_candles=one.warmup_candles,
        )[one.symbol]
        for one in watched_series_of(settings, strategy)
    }
    perpetual: Mapping[str, PerpetualData] = {}
    own = live.execution.perpetual
    if own is not None and (own.funding or own.mark_price):
        perpetual = provider.load_perpetual(
            live.symbols,
            live.detail_interval or live.timeframe,
            start_ms,
            end_ms,
            missing_funding="zero",
            use_mark=own.mark_price,
            use_funding=own.funding,
        )
    interest: Mapping[str, OpenInterestData] = {}
    if periods := open_interest_asked(settings, [strategy]):
        interest = provider.load_open_interest(live.symbols, *fed_of(start_ms, end_ms, periods))
    return _Market(candles, live.timeframe, detail, live.detail_interval, perpetual, watched, interest)


def _of_journal(run: StoredRun, settings: Settings) -> FedCandles:
    lines = (line.record for line in read_journal(run.folder / JOURNAL))
    head = next(lines, None)
    if not isinstance(head, SessionRecord):
        raise StoreError(f"{run.folder / JOURNAL}: does not begin with a session", path=run.folder / JOURNAL)
    steps = [record for record in lines if isinstance(record, StepRecord)]
    length = timeframe_ms(settings.live.timeframe)
    traded, detail = {}, {}
    for place, symbol in enumerate(run.symbols):
        shown = [one.candles[place] for one in steps]
        traded[symbol] = _series(_columns(head.warmup.get(symbol, ())), _columns(shown), length)
        finer = _columns(one.detail[place] for one in steps if one.detail)
        if finer.rows:
            detail[symbol] = finer
    watched = {}
    for place, series in enumerate(head.watched_series):
        found = [(candle, one.time_ms) for one in steps if one.watched for candle in one.watched[place]]
        own_ms = timeframe_ms(series.timeframe)
        fed = _series(_columns(series.warmup), _columns([candle for candle, _ in found]), own_ms)
        told = np.array([time_ms for _, time_ms in found], np.int64)
        known = np.concatenate([fed.known_ms[: fed.warmup_rows], told])
        watched[series.symbol, own_ms] = fed._replace(known_ms=np.maximum(fed.known_ms, known))
    return FedCandles(traded, watched, detail)


def _columns(rows: Iterable[CandleFields | None]) -> CandleColumns:
    return CandleColumns.from_rows([row for row in rows if row is not None])


def _series(warmup: CandleColumns, window: CandleColumns, length_ms: int) -> FedSeries:
    parts: Sequence[CandleColumns] = (warmup, window)
    candles = joined(list(parts))
    return FedSeries(candles, candles.open_time_ms + length_ms, warmup.rows)
