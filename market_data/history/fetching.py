"""Getting what is missing from an exchange: symbols side by side, pages one after the other, each kept as it comes."""

import queue
import threading
import time
from collections.abc import Mapping, Sequence

from core.candle_columns import CandleColumns, Interval
from core.errors import ConfigurationError, FeedError, HarnessError, InvariantError
from core.instants import format_ms
from core.timeframe import floor_to_grid
from market_data.exchanges.request_failures import RangeNotServedError
from market_data.history.page_buffer import Keep, PageBuffer
from market_data.history.plain_progress import SilentProgress
from market_data.history.series_pages import Row, SeriesPages
from market_data.quality.candle_quality import QualityReport
from market_data.quality.series_steps import USUAL_STEP_MS
from market_data.series_names import is_timeframe, kind_and_period

WORKERS = 8
STOPPED = "the fetch was stopped because another symbol failed"

_FAREWELL_S = 2.0


class FetchOutcome:
    """What a fetch brought for one symbol.

    ``rows`` rows came in ``pages`` pages; ``missing`` are the ranges that were not answered and ``error`` says why,
    None if nothing is missing; ``out_of_reach`` is whether asking again may help; ``quality`` is what the checks found.
    ``denied`` are the ranges that were answered with nothing; ``untraded`` of the candles have a volume of 0, and
    ``revised`` rows are stored with other values, which stand.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.pages = 0
        self.untraded = 0
        self.revised = 0
        self.denied: list[Interval] = []
        self.quality = QualityReport()
        self.missing: list[Interval] = []
        self.error: str | None = None
        self.out_of_reach = False


class Fetch:
    """Fetches ranges of several symbols side by side.

    Pages are checked and handed to ``keep`` as they come (see ``PageBuffer``), so that an interruption loses at most
    the pages under way.
    When the exchange stops answering for one symbol, no further page of any symbol is asked.

    Parameters
    ----------
    exchange
        What the exchange is called in messages.
    source
        What is fetched.
    wanted
        Ranges ``[start_ms, end_ms)`` on the series' grid by unified symbol; none beyond the last closed candle.
    now_ms
        The exchange's clock; rows that close later are not taken.
    """

    def __init__(
        self,
        exchange: str,
        source: SeriesPages,
        wanted: Mapping[str, Sequence[Interval]],
        keep: Keep,
        *,
        now_ms: int,
        progress: SilentProgress,
    ) -> None:
        self._exchange = exchange
        self._source = source
        self._wanted = wanted
        self._now_ms = now_ms
        self._progress = progress
        self._stopped = threading.Event()
        self._outcomes = {symbol: FetchOutcome() for symbol in wanted}
        self._buffers = {symbol: PageBuffer(symbol, keep) for symbol in wanted}
        self._last_answered: dict[str, int] = {}
        self._failures: list[HarnessError] = []
        self._finished: set[str] = set()
        self._waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        for symbol in wanted:
            self._waiting.put(symbol)

    def run(self, workers: int = WORKERS) -> dict[str, FetchOutcome]:
        """Return what came of each symbol, at most ``workers`` of them under way at a time.

        Raises
        ------
        HarnessError
            If ``keep`` raises; failures of the exchange are in the outcomes.
        """
        threads = [
            threading.Thread(target=self._work, name=f"fetch-{number}", daemon=True)
            for number in range(min(workers, len(self._wanted)))
        ]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except BaseException:
            self._stopped.set()
            _wait_shortly(threads)
            for buffer in self._buffers.values():
                buffer.abandon()
            raise
        if self._failures:
            raise self._failures[0]
        if len(self._finished) < len(self._wanted):
            lost = sorted(set(self._wanted) - self._finished)
            raise InvariantError(f"fetching {', '.join(lost)} ended without a result")
        return self._outcomes

    def _work(self) -> None:
        while True:
            try:
                symbol = self._waiting.get_nowait()
            except queue.Empty:
                return
            try:
                self._fetch_symbol(symbol)
                self._buffers[symbol].flush()
            except HarnessError as error:
                self._failures.append(error)
                self._stopped.set()
            self._finished.add(symbol)

    def _fetch_symbol(self, symbol: str) -> None:
        """Fetch the ranges in order; what could not be had stands in the outcome."""
        ranges, outcome = self._wanted[symbol], self._outcomes[symbol]
        for number, (start_ms, end_ms) in enumerate(ranges):
            position = start_ms
            try:
                while position < end_ms:
                    if self._stopped.is_set():
                        raise FeedError(STOPPED)
                    until_ms = min(end_ms, position + self._source.page_ms)
                    try:
                        position = self._fetch_page(symbol, position, until_ms)
                    except RangeNotServedError as error:
                        outcome.error = str(error)
                        outcome.missing.append((position, until_ms))
                        position = until_ms
            except (FeedError, ConfigurationError) as error:
                outcome.missing += [(position, end_ms), *ranges[number + 1 :]]
                outcome.error = str(error)
                if isinstance(error, FeedError):
                    outcome.out_of_reach = True
                    self._stopped.set()
                return

    def _fetch_page(self, symbol: str, start_ms: int, until_ms: int) -> int:
        """Fetch and keep one page, and return up to where the exchange has answered.

        An answer says something from its first row to its last, for exchanges cut pages shorter than they say. What
        lies before the first is asked for by itself. An empty answer denies its range and no more than that.
        """
        length, outcome = self._source.length_ms, self._outcomes[symbol]
        inside = self._asked(symbol, start_ms, until_ms)
        outcome.pages += 1
        begin_ms = start_ms
        if inside and self._source.regular and floor_to_grid(inside[0][0], length) > start_ms:
            inside, begin_ms = self._completed(symbol, inside, start_ms)
        if not inside:
            self._take_nothing(symbol, start_ms, until_ms)
            self._progress.advance((until_ms - start_ms) // length)
            return until_ms
        columns, report = self._source.check(inside)
        answered_ms = floor_to_grid(inside[-1][0], length) + length
        covered_ms = answered_ms
        if report.refused.get("unclosed") or report.refused.get("future"):
            forming_ms = min(row[0] for row in inside if row[0] + length > self._now_ms)
            covered_ms = min(covered_ms, floor_to_grid(forming_ms, length))
        self._buffers[symbol].add(columns, begin_ms, covered_ms)
        self._last_answered[symbol] = answered_ms
        outcome.rows += columns.rows
        if isinstance(columns, CandleColumns) and is_timeframe(self._source.series):
            outcome.untraded += int((columns.volume == 0.0).sum())
        outcome.quality = outcome.quality.merged(report)
        self._progress.advance((answered_ms - start_ms) // length)
        return answered_ms

    def _asked(self, symbol: str, start_ms: int, until_ms: int) -> list[Row]:
        """Return the rows of a range in order of time; RangeNotServedError where an answer has only others."""
        source = self._source
        rows = source.ask(symbol, start_ms, until_ms)
        inside = sorted((row for row in rows if start_ms <= row[0] < until_ms), key=_time)
        if rows and not inside:
            what = "candles" if kind_and_period(source.series)[0] in ("candles", "mark") else "rows"
            raise RangeNotServedError(
                f"{self._exchange} answered {format_ms(start_ms)} .. {format_ms(until_ms)} of {symbol} "
                f"{source.series} with {what} of another time"
            )
        return inside

    def _completed(self, symbol: str, rows: list[Row], start_ms: int) -> tuple[list[Row], int]:
        """Return some rows with those that lie before the first, and from when on they are an answer.

        The range before them is asked for by itself, with the row before it where that is known: an answer that has
        that row, and nothing after it, is one. An empty answer denies the range.
        """
        length, outcome = self._source.length_ms, self._outcomes[symbol]
        anchor_ms = start_ms - length if self._last_answered.get(symbol) == start_ms else start_ms
        while (first_ms := floor_to_grid(rows[0][0], length)) > start_ms:
            before = self._asked(symbol, anchor_ms, first_ms)
            outcome.pages += 1
            found = [row for row in before if row[0] >= start_ms]
            if not before:
                self._take_nothing(symbol, start_ms, first_ms)
                return rows, first_ms
            if not found:
                break
            rows = [*found, *rows]
        return rows, start_ms

    def _take_nothing(self, symbol: str, start_ms: int, until_ms: int) -> None:
        """Take an empty answer: its range is denied, but for its end, where a row may yet be published.

        Payments come hours apart, so for them it is the usual answer between two of them.
        """
        source = self._source
        settled_ms = min(until_ms, floor_to_grid(self._now_ms - source.settling_ms, source.length_ms))
        if start_ms >= settled_ms:
            return
        if not source.regular and until_ms - start_ms <= USUAL_STEP_MS:
            self._buffers[symbol].add(source.check([])[0], start_ms, settled_ms)
        else:
            self._outcomes[symbol].denied.append((start_ms, settled_ms))


def _time(row: Row) -> int:
    return row[0]


def _wait_shortly(threads: Sequence[threading.Thread]) -> None:
    """Give pages that are being written the time to be finished; requests under way are left behind."""
    deadline_s = time.monotonic() + _FAREWELL_S
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, deadline_s - time.monotonic()))
