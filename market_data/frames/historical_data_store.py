"""What is stored of one set of candles, as DataFrames for notebooks and scripts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from core.candle_columns import CandleColumns
from core.errors import ConfigurationError, DataUnavailableError
from core.instants import Instant, format_ms, parse_instant
from core.timeframe import ceil_to_grid, floor_to_grid, timeframe_ms
from market_data.exchange_adapter import ExchangeAdapter
from market_data.frames.columns_frame import series_frame
from market_data.frames.gap_table import SeriesGap, gaps_frame, series_gaps
from market_data.frames.joined_timeframes import (
    KnownLonger,
    closed_longer,
    frame_of_parts,
    joined_longer,
    ordered_timeframes,
)
from market_data.history.historical_data_provider import HistoricalDataProvider
from market_data.instruments.symbols import matching_symbols, resolve_symbol
from market_data.series_names import FUNDING, Series, kind_and_period, open_interest_series, series_order
from market_data.store.candle_store import CandleStore
from market_data.store.finer_series import finer_advice
from market_data.store.store_layout import LAST_TIME_MS

_OPEN_INTEREST = "open-interest"


class HistoricalDataStore:
    """Reads one set of the candle store; only :meth:`fill_gaps` ever asks an exchange.

    Symbols are named in any spelling (``BTCUSDT``, ``btc-usdt``, ``BTC/USDT``); where a set has a spot market and a
    contract of one spelling, the one that has what is asked for is meant. Starts and ends are text, dates or datetimes,
    UTC where no zone is given; left out, they are those of what is stored. Frames have an index ``timestamp`` of aware
    UTC datetimes.

    Parameters
    ----------
    env
        The set of candles: an exchange's name in any spelling, ``practice``, or the name that files were imported under
        (``binance@resampled``).
    data_dir
        Folder of the store, in which each set has a folder of its name.
    offline
        Refuse to ask an exchange at all.
    adapter
        Source instead of the exchange's own; its name is then the set's. It is not closed.

    Raises
    ------
    ConfigurationError
        If no exchange has that name and nothing is stored under it.
    """

    def __init__(
        self,
        env: str = "binanceus",
        data_dir: str | Path = "data/backtest_cache",
        *,
        offline: bool = False,
        adapter: ExchangeAdapter | None = None,
    ) -> None:
        if Path(data_dir).is_file():
            raise ConfigurationError(f"data_dir {data_dir} is a file — allowed: the folder of a candle store")
        self._provider = HistoricalDataProvider(env, data_dir, offline=offline, adapter=adapter)
        self._store: CandleStore = self._provider.store
        self.env = self._provider.exchange

    def get_ohlcv(
        self, symbol: str, timeframe: str, start: Instant | None = None, end: Instant | None = None
    ) -> pd.DataFrame:
        """Return stored candles by their opens: ``open``, ``high``, ``low``, ``close``, ``volume``.

        Those with open >= start and close <= end. ``mark-1m`` and the like are the candles of a contract's mark price.

        Raises
        ------
        ConfigurationError
            For an unknown symbol or timeframe, or a start that is not before the end.
        DataUnavailableError
            If no such candles of the symbol are stored; says what is.
        """
        if kind_and_period(timeframe)[0] not in ("candles", "mark"):
            raise ConfigurationError(f"timeframe {timeframe!r} — allowed: that of candles, such as 1m, or mark-1m")
        series = self._stored(symbol, timeframe)
        start_ms, end_ms = _bounds(start, end)
        return series_frame(self._store.read(*series, start_ms, end_ms - series.length_ms + 1))

    def get_multi_timeframe_data(
        self,
        symbol: str,
        timeframes: Sequence[str],
        start: Instant | None = None,
        end: Instant | None = None,
        *,
        source: Literal["joined", "stored"] = "joined",
    ) -> pd.DataFrame:
        """Return the candles of the shortest timeframe, and beside each what was known of the longer ones at its close.

        A longer candle stands in the rows from the one that closes it on, and in none before, as
        ``timestamp_1h`` (its open), ``open_1h``, ``high_1h``, ``low_1h``, ``close_1h``, ``volume_1h``. NaT and nan
        stand where none had closed.

        Parameters
        ----------
        timeframes
            The shortest must divide the others.
        source
            ``joined`` makes longer candles of the shortest, as features do; ``missing_1h`` counts the parts that one
            lacks. ``stored`` takes those that are stored.

        Raises
        ------
        ConfigurationError, DataUnavailableError
            As :meth:`get_ohlcv`.
        """
        if source not in ("joined", "stored"):
            raise ConfigurationError(f"source {source!r} — allowed: 'joined', 'stored'")
        own, *longer = ordered_timeframes([timeframes] if isinstance(timeframes, str) else list(timeframes))
        series = self._stored(symbol, own)
        start_ms, end_ms = _bounds(start, end)
        # Back to where the last longer candle of each length begins that had closed by the start.
        from_ms = min([start_ms, *(self._last_begun(series, timeframe_ms(one), start_ms) for one in longer)])
        parts = self._store.read(*series, from_ms, end_ms - series.length_ms + 1)
        known = {
            one: joined_longer(parts, series.length_ms, timeframe_ms(one))
            if source == "joined"
            else self._stored_longer(series, parts, one, start_ms)
            for one in longer
        }
        return frame_of_parts(parts, known, int(np.searchsorted(parts.open_time_ms, start_ms)))

    def get_funding_rates(self, symbol: str, start: Instant | None = None, end: Instant | None = None) -> pd.DataFrame:
        """Return stored funding payments by the exchange's stamps: ``rate`` (what longs pay), ``mark_price``.

        Those stamped at or after the start and before the end. Errors as of :meth:`get_ohlcv`.
        """
        series = self._stored(symbol, FUNDING)
        return series_frame(self._store.read_funding(self.env, series.symbol, *_bounds(start, end)))

    def get_open_interest(
        self, symbol: str, start: Instant | None = None, end: Instant | None = None, period: str | None = None
    ) -> pd.DataFrame:
        """Return stored open interest by its time: ``amount`` in base units, ``value`` in quote (nan if not known).

        ``period`` is the time between two rows; None is the shortest stored. Errors as of :meth:`get_ohlcv`.
        """
        name = self._shortest_open_interest(symbol) if period is None else open_interest_series(period)
        series = self._stored(symbol, name)
        length = kind_and_period(name)[1]
        return series_frame(self._store.read_open_interest(self.env, series.symbol, length, *_bounds(start, end)))

    def find_gaps(
        self, symbol: str, timeframe: str, start: Instant | None = None, end: Instant | None = None
    ) -> pd.DataFrame:
        """Return where rows are missing: ``start``, ``end`` (exclusive), ``missing``, ``known``, ``rests_on``.

        ``known`` says that the source answered all of the gap, so that there is nothing to be had. With a start or an
        end what is missing there counts, without one only what lies between stored rows.

        Parameters
        ----------
        timeframe
            Timeframe of candles, or another series: ``mark-1m``, ``funding``, ``open-interest-1h``.

        Raises
        ------
        ConfigurationError, DataUnavailableError
            As :meth:`get_ohlcv`.
        """
        series = self._stored(symbol, timeframe)
        return gaps_frame(self._gaps(series, start, end))

    def fill_gaps(
        self,
        symbol: str,
        timeframe: str,
        start: Instant | None = None,
        end: Instant | None = None,
        *,
        again: bool = False,
    ) -> pd.DataFrame:
        """Ask the exchange for what is missing, and return the gaps as they were, with ``filled``: the rows that came.

        Also for what was never stored, given a start and an end. What is ``known`` to be a gap is asked for only with
        ``again``. Stored rows stand.

        Raises
        ------
        ConfigurationError
            Offline; for an unknown symbol or timeframe, or what the exchange does not serve.
        DataUnavailableError
            If the set is no exchange's, or the exchange cannot be reached (after 30 s); what came before is kept.
        """
        if self._provider.offline:
            raise ConfigurationError("fill_gaps asks the exchange; this store is offline — allowed: offline=False")
        kind_and_period(timeframe)
        stored = matching_symbols(symbol, self._with_series(timeframe))
        series = Series(self.env, stored[0] if len(stored) == 1 else self._provider.resolve(symbol), timeframe)
        gaps = self._gaps(series, start, end)
        spans = [(gap.start_ms, gap.end_ms) for gap in gaps]
        if spans and not again:
            spans = [(spans[0][0], spans[-1][1])]  # In one piece: what is known of it is not asked for.
        for span in spans:
            self._provider.fetch([series.symbol], timeframe, *span, again=again)
        times = self._store.open_times(*series)
        edges = np.searchsorted(times, [(gap.start_ms, gap.end_ms) for gap in gaps]).reshape(-1, 2)
        return gaps_frame(gaps).assign(filled=edges[:, 1] - edges[:, 0])

    def _gaps(self, series: Series, start: Instant | None, end: Instant | None) -> list[SeriesGap]:
        start_ms, end_ms = _bounds(start, end)
        length = series.length_ms
        return series_gaps(
            self._store,
            series,
            None if start is None else ceil_to_grid(start_ms, length),
            None if end is None else floor_to_grid(end_ms, length),
        )

    def _last_begun(self, series: Series, length_ms: int, start_ms: int) -> int:
        """Return the beginning of the last longer candle that has a part and had closed by a start; else of the one
        that is open then."""
        open_ms = floor_to_grid(start_ms, length_ms)
        last = self._store.read_last(*series, 1, open_ms)
        return floor_to_grid(int(last.open_time_ms[0]), length_ms) if last.rows else open_ms

    def _stored_longer(self, series: Series, parts: CandleColumns, timeframe: str, start_ms: int) -> KnownLonger:
        longer = self._stored(series.symbol, timeframe)
        before = self._store.read_last(*longer, 1, start_ms)
        from_ms = int(before.open_time_ms[0]) if before.rows else start_ms
        until_ms = int(parts.open_time_ms[-1]) + 1 if parts.rows else from_ms
        return closed_longer(parts, series.length_ms, self._store.read(*longer, from_ms, until_ms), longer.length_ms)

    def _shortest_open_interest(self, symbol: str) -> str:
        """Return the name of the series of the shortest period that is stored of a symbol."""
        by_symbol = {
            one: [
                name for name in self._store.series_names(self.env, one) if kind_and_period(name)[0] == _OPEN_INTEREST
            ]
            for one in self._store.symbols(self.env)
        }
        meant = matching_symbols(symbol, [one for one, names in by_symbol.items() if names])
        names = [name for one in meant for name in by_symbol[one]]
        return min(names, key=series_order, default=open_interest_series("1h"))

    def _with_series(self, name: str) -> list[str]:
        """Return the symbols of which a series is stored."""
        return [one for one in self._store.symbols(self.env) if name in self._store.series_names(self.env, one)]

    def _stored(self, symbol: str, name: str) -> Series:
        """Return a stored series by a symbol's spelling and the series' name.

        Raises
        ------
        ConfigurationError
            If the name is none, or the spelling names no stored symbol.
        DataUnavailableError
            If the series is not stored; says what is, and how to get it.
        """
        kind, _ = kind_and_period(name)
        stored = self._store.symbols(self.env)
        if not stored:
            raise DataUnavailableError(
                f"nothing of {self.env} is stored in {self._store.root}: get it with fill_gaps({symbol!r}, {name!r}, "
                "start, end), `python -m market_data fetch` or `import`"
            )
        with_it = self._with_series(name)
        if matching_symbols(symbol, with_it):
            return Series(self.env, resolve_symbol(symbol, with_it, where=f"the {name} of {self.env}"), name)
        found = resolve_symbol(symbol, stored, where=f"what is stored of {self.env}")
        finer = finer_advice(self._store, self.env, [found], name) if kind == "candles" else ""
        raise DataUnavailableError(
            f"{name} of {found} is not stored in {self.env}; stored: "
            f"{', '.join(self._store.series_names(self.env, found)) or 'nothing'}; get it with fill_gaps or "
            f"`python -m market_data fetch`{'; ' if finer else ''}{finer}",
            symbols=(found,),
            timeframe=name,
        )


def _bounds(start: Instant | None, end: Instant | None) -> tuple[int, int]:
    """Return a range in milliseconds; what is left out is the beginning and the end of time."""
    start_ms = 0 if start is None else parse_instant(start, name="start")
    end_ms = LAST_TIME_MS if end is None else parse_instant(end, name="end")
    if start_ms >= end_ms:
        raise ConfigurationError(f"the start {format_ms(start_ms)} is not before the end {format_ms(end_ms)}")
    return start_ms, end_ms
