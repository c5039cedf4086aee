"""What the practice exchange has published by its clock, with what the fault script makes of it."""

import functools

from core.candle import FundingRate, OpenInterest
from core.candle_columns import CandleColumns
from practice.exchange_clock import DrivenClock, RunningClock
from practice.exchange_options import ExchangeOptions
from practice.faults.compiled_script import CompiledScript
from practice.faults.fault_script import FaultScript
from practice.market.candle_sources import CandleSource
from practice.market.published_candles import PublishedCandles
from practice.market.published_contracts import PublishedContracts
from practice.rest.rest_answers import served_markets


class PublishedMarket:
    """Candles, marks, funding rates and open interest of all symbols, and the clock by which they are published.

    Raises
    ------
    ConfigurationError
        If a market cannot be served, or the script does not fit the exchange.
    """

    def __init__(self, source: CandleSource, options: ExchangeOptions) -> None:
        self.symbols = [rules.symbol for rules in served_markets(source).values()]
        self._options = options
        start_ms = options.start_ms
        self.clock: RunningClock | DrivenClock = (
            RunningClock(start_ms, options.speed, options.end_ms) if options.runs else DrivenClock(start_ms)
        )
        self.script = CompiledScript(options.script or FaultScript(), start_ms, self.symbols, options.timeframe)
        self.candles = PublishedCandles(source, self.script, self.clock.now_ms)
        delay = functools.partial(self.script.funding_delay_ms, usual_ms=options.funding_delay_ms)
        interest_delay = functools.partial(self.script.open_interest_delay_ms, usual_ms=options.open_interest_delay_ms)
        self.contracts = PublishedContracts(source, self.clock.now_ms, delay, interest_delay)

    def told_time_ms(self) -> int:
        """Return the time the exchange tells, which a script may have set wrong."""
        now_ms = self.clock.now_ms()
        return now_ms + self.script.told_offset_ms(now_ms)

    def truth(self, symbol: str, timeframe: str | None = None, *, since_ms: int | None = None) -> CandleColumns:
        """Return the candles from the start (or ``since_ms``) on, as REST gives them at the end of the run.

        Without an end: those closed by now, as they stand now.
        """
        since_ms, now_ms = self._known(since_ms)
        return self.candles.truth(symbol, timeframe or self._options.timeframe, since_ms, now_ms, now_ms)

    def mark_truth(self, symbol: str, timeframe: str | None = None, *, since_ms: int | None = None) -> CandleColumns:
        """Return the closed mark candles, of the same time as ``truth``."""
        since_ms, now_ms = self._known(since_ms)
        return self.contracts.mark_truth(symbol, timeframe or self._options.timeframe, since_ms, now_ms)

    def funding_truth(self, symbol: str, *, since_ms: int | None = None) -> list[FundingRate]:
        """Return the funding payments that are published, of the same time as ``truth``."""
        since_ms, now_ms = self._known(since_ms)
        return self.contracts.funding_rates(symbol, since_ms, now_ms + 1, now_ms)

    def open_interest_truth(self, symbol: str, period: str, *, since_ms: int | None = None) -> list[OpenInterest]:
        """Return the open interest that is published, of the same time as ``truth``."""
        since_ms, now_ms = self._known(since_ms)
        return self.contracts.open_interest(symbol, period, since_ms, now_ms + 1, now_ms)

    def _known(self, since_ms: int | None) -> tuple[int, int]:
        """Return from when to when the truth is told."""
        end_ms = self._options.end_ms
        return self._options.start_ms if since_ms is None else since_ms, (
            self.clock.now_ms() if end_ms is None else end_ms
        )
