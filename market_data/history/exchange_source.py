"""One exchange behind the store: what the store lacks of a range is fetched into it."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from core.errors import ConfigurationError, FeedError
from core.timeframe import floor_to_grid
from market_data.adapters import adapter_registry
from market_data.candle_columns import Interval
from market_data.exchange_adapter import ExchangeAdapter
from market_data.exchanges.exchange_names import known_exchanges, require_served, timeframes_of
from market_data.history.fetch_progress import open_progress
from market_data.history.fetching import STOPPED, Fetch, FetchOutcome
from market_data.history.missing_candles import MissingCandlesError
from market_data.history.page_buffer import Keep
from market_data.history.series_pages import open_interest_period, open_pages
from market_data.instruments.market_list import MarketList
from market_data.quality.candle_quality import OffGrid, QualityReport
from market_data.series_columns import SeriesColumns
from market_data.series_names import is_series, is_timeframe, kind_and_period, mark_series, open_interest_series
from market_data.store.candle_store import CandleStore


class ExchangeSource:
    """Opens an exchange when it must be asked, and keeps it open for the whole of the outermost ``connection``.

    Parameters
    ----------
    exchange
        Name of the exchange, which is that of its series in the store.
    store, market_list
        Where candles and trading rules go.
    adapter
        Source instead of the exchange's own; it is not closed here.
    off_grid, progress, now_ms
        As for ``HistoricalDataProvider``.
    """

    def __init__(
        self,
        exchange: str,
        store: CandleStore,
        market_list: MarketList,
        adapter: ExchangeAdapter | None,
        *,
        off_grid: OffGrid,
        progress: bool | None,
        now_ms: Callable[[], int] | None,
    ) -> None:
        self.exchange = exchange
        self.quality_reports: dict[tuple[str, str], QualityReport] = {}
        self._store = store
        self._market_list = market_list
        self._given = adapter
        self._open: ExchangeAdapter | None = adapter
        self._off_grid: OffGrid = off_grid
        self._progress = progress
        self._now_ms = now_ms
        self._depth = 0

    @property
    def known(self) -> bool:
        """Whether there is an exchange to ask, and not just a name under which candles were imported."""
        return self._given is not None or self.exchange in known_exchanges()

    @contextlib.contextmanager
    def connection(self) -> Iterator[None]:
        """Keep an adapter that was opened meanwhile for the whole of the outermost call, and no longer."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth and self._given is None and self._open is not None:
                self._open.close()
                self._open = None

    def adapter(self) -> ExchangeAdapter:
        """Return the exchange's adapter, opening it if need be; only within ``connection``."""
        if self._open is None:
            self._open = adapter_registry.open_adapter(self.exchange, clock=self._now_ms)
        return self._open

    def series_beside(self, name: str, timeframe: str) -> str:
        """Return the series that a name means beside candles of a timeframe; only within ``connection``.

        ``mark`` is that of the timeframe, ``open-interest`` that of the shortest period which the exchange serves and
        which is not shorter than it; a whole name, such as ``mark-8h``, means itself.

        Raises
        ------
        ConfigurationError
            If it means none, or the exchange serves none that long.
        """
        if name == "mark":
            return mark_series(timeframe)
        if name == "open-interest":
            return open_interest_series(open_interest_period(self.adapter(), timeframe))
        if not is_series(name) or is_timeframe(name):
            raise ConfigurationError(
                f"{name!r} is nothing that is kept beside candles; allowed: mark, funding, open-interest, or with a "
                "period mark-8h, open-interest-1h"
            )
        return name

    def complete(
        self,
        symbols: Sequence[str],
        series: str,
        start_ms: int,
        end_ms: int,
        *,
        needed_from_ms: int,
        beside: str = "1m",
    ) -> dict[str, FetchOutcome]:
        """Fetch into the store what it misses of a range; errors as in ``fetched``."""
        missing = {
            symbol: ranges
            for symbol in dict.fromkeys(symbols)
            if (ranges := self._store.missing_ranges(self.exchange, symbol, series, start_ms, end_ms))
        }

        def keep(symbol: str, rows: SeriesColumns, answered_from_ms: int, answered_to_ms: int) -> None:
            self._store.write(self.exchange, symbol, series, rows, source=f"fetched from {self.exchange}")
            self._store.add_coverage(self.exchange, symbol, series, answered_from_ms, answered_to_ms)

        return self.fetched(missing, series, keep, needed_from_ms, beside=beside) if missing else {}

    def fetched(
        self,
        wanted: Mapping[str, Sequence[Interval]],
        series: str,
        keep: Keep,
        needed_from_ms: int,
        *,
        beside: str = "1m",
    ) -> dict[str, FetchOutcome]:
        """Fetch ranges of several symbols.

        Parameters
        ----------
        wanted
            Ranges on the series' grid by unified symbol.
        series
            Timeframe of candles, or the name of another series.
        needed_from_ms
            What is missing before this instant is no failure, unless the exchange is out of reach.
        beside
            Timeframe of the candles that another series is wanted for, as advice.

        Raises
        ------
        ConfigurationError
            If the exchange does not serve the series.
        DataUnavailableError
            If something is missing afterwards: a ``MissingCandlesError``.
        """
        if not self.known:
            cause = f"{self.exchange} is no exchange but a name of imported candles, so nothing can be fetched"
            raise MissingCandlesError(self.exchange, series, wanted, cause, beside=beside, fetchable=False)
        self._require_served(series)
        try:
            adapter = self.adapter()
            now_ms = self._present(adapter)
            source = open_pages(adapter, series, now_ms=now_ms, off_grid=self._off_grid)
            self._market_list.refresh(adapter, now_ms)
        except FeedError as error:
            raise MissingCandlesError(self.exchange, series, wanted, str(error), beside=beside) from error
        length = source.length_ms
        closed = {symbol: _until(ranges, floor_to_grid(now_ms, length)) for symbol, ranges in wanted.items()}
        total = sum(end - start for ranges in closed.values() for start, end in ranges) // length
        unit = "minutes" if kind_and_period(series)[0] == "funding" else "candles"
        with open_progress(f"{self.exchange} {series}", total, self._progress, unit) as progress:
            outcomes = Fetch(adapter.name, source, closed, keep, now_ms=now_ms, progress=progress).run()
        for symbol, outcome in outcomes.items():
            known = self.quality_reports.get((symbol, series))
            self.quality_reports[symbol, series] = known.merged(outcome.quality) if known else outcome.quality
        failed = {
            symbol: outcome
            for symbol, outcome in outcomes.items()
            if outcome.out_of_reach or any(end_ms > needed_from_ms for _, end_ms in outcome.missing)
        }
        if failed:
            raise self._missing(failed, series, beside)
        return outcomes

    def _missing(self, failed: Mapping[str, FetchOutcome], series: str, beside: str) -> MissingCandlesError:
        missing = {symbol: outcome.missing for symbol, outcome in failed.items()}
        causes = dict.fromkeys(outcome.error or "" for outcome in failed.values())
        cause = "; ".join(cause for cause in causes if cause != STOPPED)
        out_of_reach = any(outcome.out_of_reach for outcome in failed.values())
        return MissingCandlesError(self.exchange, series, missing, cause, beside=beside, out_of_reach=out_of_reach)

    def _require_served(self, series: str) -> None:
        """Refuse a timeframe that the exchange does not have before it is opened."""
        kind, timeframe = kind_and_period(series)
        if kind not in ("candles", "mark"):
            return
        served = self._given.timeframes if self._given is not None else timeframes_of(self.exchange)
        require_served(self.exchange, timeframe, served)

    def _present(self, adapter: ExchangeAdapter) -> int:
        """Return the exchange's clock, or the entry point's where the exchange does not tell."""
        try:
            return adapter.server_time_ms()
        except FeedError:
            if self._now_ms is None:
                raise
            return self._now_ms()


def _until(ranges: Sequence[Interval], end_ms: int) -> list[Interval]:
    return [(start, min(end, end_ms)) for start, end in ranges if start < end_ms]
