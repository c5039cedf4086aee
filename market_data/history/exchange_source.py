"""One exchange behind the store: what the store lacks of a range is fetched into it."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from core.candle_columns import Interval
from core.errors import ConfigurationError, DataUnavailableError, FeedError
from core.instants import format_ms
from core.timeframe import floor_to_grid, timeframe_ms
from market_data.adapters import adapter_registry
from market_data.exchange_adapter import ExchangeAdapter
from market_data.exchanges.exchange_names import known_exchanges, require_served, timeframes_of
from market_data.history.earliest_candle import earliest_open, known_or_none
from market_data.history.fetch_progress import open_progress
from market_data.history.fetching import STOPPED, Fetch, FetchOutcome
from market_data.history.missing_candles import MissingCandlesError
from market_data.history.page_buffer import Keep
from market_data.history.series_pages import open_interest_period, open_pages
from market_data.instruments.market_list import MarketList
from market_data.quality.candle_quality import OffGrid, QualityReport
from market_data.quality.sound_candle import FIRST_TRADE_MS
from market_data.series_columns import SeriesColumns
from market_data.series_names import is_series, is_timeframe, kind_and_period, mark_series, open_interest_series
from market_data.store.candle_store import CandleStore
from market_data.store.finer_series import finer_advice
from market_data.store.rows_change import Rewriting


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
        # The exchange's clock when it was last asked.
        self._clock_ms = 0
        self._halted: Mapping[str, str] = {}

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
        again: bool = False,
    ) -> dict[str, FetchOutcome]:
        """Fetch into the store what it misses of a range, or all of it ``again``; errors as in ``fetched``.

        Ranges that the exchange answers with nothing are denied, see ``CandleStore.add_denial``, unless they lie before
        the first candle that it has.
        """
        ranges = {
            symbol: [(start_ms, end_ms)]
            if again
            else self._store.missing_ranges(self.exchange, symbol, series, start_ms, end_ms)
            for symbol in dict.fromkeys(symbols)
        }
        missing = {symbol: spans for symbol, spans in ranges.items() if spans}
        revised = dict.fromkeys(missing, 0)

        def keep(symbol: str, rows: SeriesColumns, answered_from_ms: int, answered_to_ms: int) -> None:
            place, source = (self.exchange, symbol, series), f"fetched from {self.exchange}"
            result = self._store.write(*place, rows, source=source, rewriting=Rewriting(self._clock_ms))
            self._store.add_coverage(*place, answered_from_ms, answered_to_ms, f"answered by {self.exchange}")
            revised[symbol] += result.revised

        if not missing:
            return {}
        outcomes = self._outcomes(missing, series, keep, beside)
        for symbol, outcome in outcomes.items():
            outcome.revised = revised[symbol]
            self._record_denials(symbol, series, outcome)
        self._require_complete(outcomes, series, needed_from_ms, beside)
        return outcomes

    def earliest(self, symbols: Sequence[str], timeframe: str) -> dict[str, int | None]:
        """Return the open of the first candle that the exchange has of each symbol, None where it has none.

        What lies before it counts as answered from then on. Only within ``connection``.

        Raises
        ------
        DataUnavailableError
            If the exchange cannot be reached.
        """
        found = {}
        try:
            adapter = self.adapter()
            now_ms = self.present_ms()
            for symbol in dict.fromkeys(symbols):
                found[symbol] = earliest_open(adapter, symbol, timeframe, now_ms)
                begin_ms = floor_to_grid(FIRST_TRADE_MS, timeframe_ms(timeframe))
                self._cover_before(symbol, timeframe, begin_ms, found[symbol] or begin_ms)
        except FeedError as error:
            raise DataUnavailableError(
                f"{error}; without it the first candle of {', '.join(symbols)} cannot be found", symbols=tuple(symbols)
            ) from error
        return found

    def halted(self, symbols: Collection[str], *, ask: bool) -> dict[str, str]:
        """Return those of some symbols that the exchange does not trade now, with its word for it.

        Unless it is to be asked, as of the last fetch; only within ``connection``.

        Raises
        ------
        DataUnavailableError
            If the exchange cannot be reached.
        """
        try:
            if ask:
                self._halted = _halted(self.adapter())
        except FeedError as error:
            raise DataUnavailableError(
                f"{error}; whether it trades {', '.join(symbols)} cannot be known", symbols=tuple(symbols)
            ) from error
        return {symbol: word for symbol, word in self._halted.items() if symbol in symbols}

    def _record_denials(self, symbol: str, series: str, outcome: FetchOutcome) -> None:
        place, denied = (self.exchange, symbol, series), outcome.denied
        first_ms: int | None = None
        leading = denied and is_timeframe(series) and not self._store.read_last(*place, 1, denied[0][0]).rows
        if leading and not outcome.out_of_reach:
            first_ms = known_or_none(self.adapter(), symbol, series, self._clock_ms)
        for start_ms, end_ms in denied:
            known_ms = min(end_ms, max(start_ms, first_ms or start_ms))
            self._cover_before(symbol, series, start_ms, known_ms)
            self._store.add_denial(*place, known_ms, end_ms, format_ms(self._clock_ms)[:10])

    def _cover_before(self, symbol: str, series: str, start_ms: int, first_ms: int) -> None:
        ground = f"before the first candle of {self.exchange}"
        self._store.add_coverage(self.exchange, symbol, series, start_ms, first_ms, ground)

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
        outcomes = self._outcomes(wanted, series, keep, beside)
        self._require_complete(outcomes, series, needed_from_ms, beside)
        return outcomes

    def _outcomes(
        self, wanted: Mapping[str, Sequence[Interval]], series: str, keep: Keep, beside: str
    ) -> dict[str, FetchOutcome]:
        """Fetch ranges of several symbols, and return what came of each, whatever is missing; errors as ``fetched``."""
        if not self.known:
            cause = f"{self.exchange} is no exchange but a name of imported candles, so nothing can be fetched"
            finer = finer_advice(self._store, self.exchange, wanted, series) if is_timeframe(series) else ""
            cause += f" ({finer})" if finer else ""
            raise MissingCandlesError(self.exchange, series, wanted, cause, beside=beside, fetchable=False)
        self._require_served(series)
        try:
            adapter = self.adapter()
            now_ms = self._clock_ms = self.present_ms()
            source = open_pages(adapter, series, now_ms=now_ms, off_grid=self._off_grid)
            self._market_list.refresh(adapter, now_ms)
        except FeedError as error:
            raise MissingCandlesError(self.exchange, series, wanted, str(error), beside=beside) from error
        length = source.length_ms
        # Open interest is that of its stamp, whereas a candle is known at the end of its length.
        ahead_ms = length if kind_and_period(series)[0] == "open-interest" else 0
        until_ms = floor_to_grid(now_ms, length) + ahead_ms
        closed = {symbol: _until(ranges, until_ms) for symbol, ranges in wanted.items()}
        total = sum(end - start for ranges in closed.values() for start, end in ranges) // length
        unit = "minutes" if kind_and_period(series)[0] == "funding" else "candles"
        with open_progress(f"{self.exchange} {series}", total, self._progress, unit) as progress:
            outcomes = Fetch(adapter.name, source, closed, keep, now_ms=now_ms, progress=progress).run()
        for symbol, outcome in outcomes.items():
            known = self.quality_reports.get((symbol, series))
            self.quality_reports[symbol, series] = known.merged(outcome.quality) if known else outcome.quality
        if any(outcome.pages for outcome in outcomes.values()):
            # Whoever gave a page has read its market list.
            self._halted = _halted(adapter)
        return outcomes

    def _require_complete(
        self, outcomes: Mapping[str, FetchOutcome], series: str, needed_from_ms: int, beside: str
    ) -> None:
        failed = {
            symbol: outcome
            for symbol, outcome in outcomes.items()
            if outcome.out_of_reach or any(end_ms > needed_from_ms for _, end_ms in outcome.missing)
        }
        if failed:
            raise self._missing(failed, series, beside)

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

    def present_ms(self) -> int:
        """Return the exchange's clock, or the entry point's where it does not tell, else FeedError.

        Only within ``connection``.
        """
        try:
            return self.adapter().server_time_ms()
        except FeedError:
            if self._now_ms is None:
                raise
            return self._now_ms()


def _halted(adapter: ExchangeAdapter) -> Mapping[str, str]:
    """Return the symbols that an exchange lists and does not trade now; none where it does not say."""
    told = getattr(adapter, "halted", None)
    halted: Mapping[str, str] = {} if told is None else told()
    return halted


def _until(ranges: Sequence[Interval], end_ms: int) -> list[Interval]:
    return [(start, min(end, end_ms)) for start, end in ranges if start < end_ms]
