"""What a session's journal says about its inputs so far, for a session that goes on."""

from collections import deque
from collections.abc import Mapping, Sequence

from core.candle import Candle, FundingRate
from engine.journal_records import JournalRecord, MissingRecord, SessionRecord, StepRecord, candle_of, step_of
from live.intake.barrier import Barrier
from live.intake.candle_lane import REMEMBERED_CANDLES
from live.intake.funding_calendar import FundingCalendar


class JournalledPast:
    """The last candles of each symbol, the payments that were delivered or gone without, and the last step.

    Parameters
    ----------
    first
        The journal's first record.
    symbols
        Configured spellings, in configured order.
    """

    def __init__(self, first: SessionRecord, symbols: Sequence[str]) -> None:
        self.start_ms = first.start_ms
        self.last_step_ms: int | None = None
        self._candles = [deque[Candle](maxlen=REMEMBERED_CANDLES) for _ in symbols]
        self._detail = [deque[Candle](maxlen=REMEMBERED_CANDLES) for _ in symbols]
        self._watched = [
            deque((Candle(*fields) for fields in one.warmup), maxlen=REMEMBERED_CANDLES) for one in first.watched_series
        ]
        self._delivered: list[list[FundingRate]] = [[] for _ in symbols]
        self._gone_without: list[tuple[str, int]] = []
        for candles, symbol in zip(self._candles, symbols, strict=True):
            stored = map(candle_of, first.warmup.get(symbol, ()))
            candles.extend(candle for candle in stored if candle is not None)

    @property
    def known_ms(self) -> int:
        """The time up to which the session knows everything."""
        return self.start_ms if self.last_step_ms is None else self.last_step_ms

    def take(self, record: JournalRecord) -> None:
        """Take a record, in the order of the journal."""
        if isinstance(record, MissingRecord) and record.kind == "funding":
            self._gone_without.append((record.symbol, record.time_ms))
        elif isinstance(record, StepRecord):
            self.last_step_ms = record.time_ms
            step = step_of(record)
            for kept, candles in ((self._candles, step.candles), (self._detail, step.detail)):
                for place, candle in enumerate(candles):
                    if candle is not None:
                        kept[place].append(candle)
            for of_series, shown in zip(self._watched, step.watched, strict=False):
                of_series.extend(shown)
            for place, rates in enumerate(step.funding):
                self._delivered[place].extend(rates)

    def remind(self, barrier: Barrier, symbols: Sequence[str]) -> None:
        """Let a barrier of these unified symbols tell repetitions of journalled candles from late ones."""
        for place, symbol in enumerate(symbols):
            barrier.remember(symbol, list(self._candles[place]))
            if self._detail[place]:
                barrier.remember(symbol, list(self._detail[place]), "detail")
        for series, candles in zip(barrier.watched, self._watched, strict=True):
            barrier.remember(series.symbol, list(candles), series.kind)

    def funding_calendars(self, symbols: Sequence[str]) -> Mapping[str, FundingCalendar]:
        """Return calendars that know what was delivered, by unified symbol."""
        calendars = {symbol: FundingCalendar(self.start_ms) for symbol in symbols}
        for symbol, due_ms in self._gone_without:
            if symbol in calendars:
                calendars[symbol].gone_without(due_ms)
        for calendar, rates in zip(calendars.values(), self._delivered, strict=True):
            calendar.delivered(rates, self.known_ms)
        return calendars
