"""Getting what is missing from an exchange: symbols side by side, pages one after the other, each kept as it comes."""

import queue
import threading
import time
from collections.abc import Mapping, Sequence

from core.errors import ConfigurationError, DataUnavailableError, FeedError, HarnessError, InvariantError
from core.instants import format_ms
from core.timeframe import floor_to_grid
from market_data.candle_columns import Interval
from market_data.exchanges.request_failures import RangeNotServedError
from market_data.history.fetch_progress import FetchProgress
from market_data.history.page_buffer import Keep, PageBuffer
from market_data.history.series_pages import Row, SeriesPages
from market_data.quality.candle_quality import QualityReport
from market_data.store.store_layout import kind_and_period

WORKERS = 8
STOPPED = "the fetch was stopped because another symbol failed"

_FAREWELL_S = 2.0


class FetchOutcome:
    """What a fetch brought for one symbol.

    ``rows`` rows came in ``pages`` pages; ``missing`` are the ranges that were not answered and ``error`` says why,
    None if nothing is missing; ``out_of_reach`` is whether asking again may help; ``quality`` is what the checks found.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.pages = 0
        self.quality = QualityReport()
        self.missing: list[Interval] = []
        self.error: str | None = None
        self.out_of_reach = False


class MissingCandlesError(DataUnavailableError):
    """Candles, or another series, could not be fetched; ``missing`` holds the ranges by symbol.

    ``cause`` says why and ``out_of_reach`` whether asking again may help. ``beside`` is the timeframe of the candles
    that a series of another kind is wanted for. With ``fetchable`` False there is no exchange that could be asked, and
    the advice is to import.
    """

    def __init__(
        self,
        exchange: str,
        timeframe: str,
        missing: Mapping[str, Sequence[Interval]],
        cause: str,
        *,
        beside: str = "1m",
        out_of_reach: bool = True,
        fetchable: bool = True,
    ) -> None:
        self.cause = cause
        self.out_of_reach = out_of_reach
        self.missing = {symbol: tuple(ranges) for symbol, ranges in missing.items() if ranges}
        parts = []
        for symbol, ranges in self.missing.items():
            shown = ", ".join(f"{format_ms(start)} .. {format_ms(end)}" for start, end in ranges[:3])
            parts.append(f"{symbol} {timeframe} {shown}{f' and {len(ranges) - 3} more' if len(ranges) > 3 else ''}")
        every = [bound for ranges in self.missing.values() for span in ranges for bound in span]
        span = f" --start {format_ms(min(every))} --end {format_ms(max(every))}" if every else ""
        kind = kind_and_period(timeframe)[0]
        series = f"--timeframe {timeframe}" if kind == "candles" else f"--timeframe {beside} --with {timeframe}"
        files = f"from files with `python -m market_data import --exchange {exchange} FILE...`"
        if fetchable:
            files = (
                f"with `python -m market_data fetch --exchange {exchange} --symbols {','.join(self.missing)} "
                f"{series}{span}`, or {files}"
            )
        super().__init__(
            f"{cause}; missing: {'; '.join(parts)}. Get them {files}, or use what is stored with --offline",
            symbols=tuple(self.missing),
            timeframe=timeframe,
            start_ms=min(every, default=None),
            end_ms=max(every, default=None),
        )


class _Job:
    """What the workers of one fetch share."""

    def __init__(self, exchange: str, source: SeriesPages, now_ms: int, progress: FetchProgress) -> None:
        self.exchange = exchange
        self.source = source
        self.now_ms = now_ms
        self.progress = progress
        self.stopped = threading.Event()


def fetch_pages(
    exchange: str,
    source: SeriesPages,
    wanted: Mapping[str, Sequence[Interval]],
    keep: Keep,
    *,
    now_ms: int,
    progress: FetchProgress,
    workers: int = WORKERS,
) -> dict[str, FetchOutcome]:
    """Fetch ranges of several symbols side by side.

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
    workers
        Most symbols under way at a time.

    Raises
    ------
    HarnessError
        If ``keep`` raises; failures of the exchange are in the outcomes.
    """
    outcomes = {symbol: FetchOutcome() for symbol in wanted}
    buffers = {symbol: PageBuffer(symbol, keep) for symbol in wanted}
    job = _Job(exchange, source, now_ms, progress)
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for symbol in wanted:
        waiting.put(symbol)
    failures: list[HarnessError] = []
    finished: set[str] = set()

    def work() -> None:
        while True:
            try:
                symbol = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                _fetch_symbol(job, symbol, wanted[symbol], outcomes[symbol], buffers[symbol])
                buffers[symbol].flush()
            except HarnessError as error:
                failures.append(error)
                job.stopped.set()
            finished.add(symbol)

    threads = [
        threading.Thread(target=work, name=f"fetch-{number}", daemon=True)
        for number in range(min(workers, len(outcomes)))
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:
        job.stopped.set()
        _wait_shortly(threads)
        for buffer in buffers.values():
            buffer.abandon()
        raise
    if failures:
        raise failures[0]
    if len(finished) < len(outcomes):
        raise InvariantError(f"fetching {', '.join(sorted(set(outcomes) - finished))} ended without a result")
    return outcomes


def _fetch_symbol(
    job: _Job, symbol: str, ranges: Sequence[Interval], outcome: FetchOutcome, buffer: PageBuffer
) -> None:
    """Fetch the ranges in order; what could not be had stands in the outcome."""
    for number, (start_ms, end_ms) in enumerate(ranges):
        position = start_ms
        try:
            while position < end_ms:
                if job.stopped.is_set():
                    raise FeedError(STOPPED)
                until_ms = min(end_ms, position + job.source.page_ms)
                try:
                    position = _fetch_page(job, symbol, position, until_ms, outcome, buffer)
                except RangeNotServedError as error:
                    outcome.error = str(error)
                    outcome.missing.append((position, until_ms))
                    position = until_ms
        except (FeedError, ConfigurationError) as error:
            outcome.missing += [(position, end_ms), *ranges[number + 1 :]]
            outcome.error = str(error)
            if isinstance(error, FeedError):
                outcome.out_of_reach = True
                job.stopped.set()
            return


def _fetch_page(job: _Job, symbol: str, start_ms: int, until_ms: int, outcome: FetchOutcome, buffer: PageBuffer) -> int:
    """Fetch and keep one page, and return up to where the exchange has answered.

    The last row ends what a page has answered, for exchanges cut pages shorter than they say; only an empty page
    answers for the rest.
    """
    source, length = job.source, job.source.length_ms
    rows = source.ask(symbol, start_ms, until_ms)
    inside = sorted((row for row in rows if start_ms <= row[0] < until_ms), key=_time)
    if rows and not inside:
        what = "candles" if kind_and_period(source.series)[0] in ("candles", "mark") else "rows"
        raise RangeNotServedError(
            f"{job.exchange} answered {format_ms(start_ms)} .. {format_ms(until_ms)} of {symbol} {source.series} "
            f"with {what} of another time"
        )
    columns, report = source.check(inside)
    answered_ms = floor_to_grid(inside[-1][0], length) + length if inside else until_ms
    covered_ms = answered_ms
    if not inside:
        covered_ms = min(answered_ms, max(start_ms, floor_to_grid(job.now_ms - source.settling_ms, length)))
    if report.refused.get("unclosed") or report.refused.get("future"):
        forming_ms = min(row[0] for row in inside if row[0] + length > job.now_ms)
        covered_ms = min(covered_ms, floor_to_grid(forming_ms, length))
    buffer.add(columns, start_ms, covered_ms)
    outcome.pages += 1
    outcome.rows += columns.rows
    outcome.quality = outcome.quality.merged(report)
    job.progress.advance((answered_ms - start_ms) // length)
    return answered_ms


def _time(row: Row) -> int:
    return row[0]


def _wait_shortly(threads: Sequence[threading.Thread]) -> None:
    """Give pages that are being written the time to be finished; requests under way are left behind."""
    deadline_s = time.monotonic() + _FAREWELL_S
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, deadline_s - time.monotonic()))
