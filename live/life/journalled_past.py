"""What a session's journal says about its inputs so far, for a session that goes on."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from core.candle import Candle, FundingRate
from engine.journal_records import CandleFields, JournalRecord, MissingRecord, SessionRecord, StepRecord
from live.intake.barrier import Barrier
from live.intake.candle_lane import REMEMBERED_CANDLES
from live.intake.funding_calendar import FundingCalendar
from live.intake.open_interest_calendar import OpenInterestCalendar, open_interest_calendars


class JournalledPast:
    """The last candles of each symbol, what was delivered or gone without beside them, and the last step.

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
        self._candles = [
            deque[CandleFields](first.warmup.get(symbol, ()), maxlen=REMEMBERED_CANDLES) for symbol in symbols
        ]
        self._detail = [deque[CandleFields](maxlen=REMEMBERED_CANDLES) for _ in symbols]
        self._watched = [deque[CandleFields](one.warmup, maxlen=REMEMBERED_CANDLES) for one in first.watched_series]
        self._delivered: list[list[FundingRate]] = [[] for _ in symbols]
        self._gone_without: list[tuple[str, int]] = []
        self._open_interest = first.open_interest_periods
        self._no_interest: list[MissingRecord] = []

    @property
    def known_ms(self) -> int:
        """The time up to which the session knows everything."""
        return self.start_ms if self.last_step_ms is None else self.last_step_ms

    def take(self, record: JournalRecord) -> None:
        """Take a record, in the order of the journal."""
        if isinstance(record, StepRecord):
            self.last_step_ms = record.time_ms
            for kept, candle in zip(self._candles, record.candles, strict=True):
                if candle is not None:
                    kept.append(candle)
            for kept, candle in zip(self._detail, record.detail, strict=False):
                if candle is not None:
                    kept.append(candle)
            for of_series, shown in zip(self._watched, record.watched, strict=False):
                of_series.extend(shown)
            for delivered, rates in zip(self._delivered, record.funding, strict=False):
                delivered += [FundingRate(*fields) for fields in rates]
        elif isinstance(record, MissingRecord) and record.kind == "funding":
            self._gone_without.append((record.symbol, record.time_ms))
        elif isinstance(record, MissingRecord) and record.kind == "open_interest":
            self._no_interest.append(record)

    def remind(self, barrier: Barrier, symbols: Sequence[str]) -> None:
        """Let a barrier of these unified symbols tell repetitions of journalled candles from late ones."""
        for place, symbol in enumerate(symbols):
            barrier.remember(symbol, _candles(self._candles[place]))
            if self._detail[place]:
                barrier.remember(symbol, _candles(self._detail[place]), "detail")
        for series, candles in zip(barrier.watched, self._watched, strict=True):
            barrier.remember(series.symbol, _candles(candles), series.kind)

    def funding_calendars(self, symbols: Sequence[str]) -> Mapping[str, FundingCalendar]:
        """Return calendars that know what was delivered, by unified symbol."""
        calendars = {symbol: FundingCalendar(self.start_ms) for symbol in symbols}
        for symbol, due_ms in self._gone_without:
            if symbol in calendars:
                calendars[symbol].gone_without(due_ms)
        for calendar, rates in zip(calendars.values(), self._delivered, strict=True):
            calendar.delivered(rates, self.known_ms)
        return calendars

    def open_interest_calendars(self, symbols: Sequence[str]) -> Mapping[str, OpenInterestCalendar]:
        """Return calendars that know what was delivered and gone without, by unified symbol; empty without any.

        A step has everything that was known by then, so that what comes next follows from its time. Of the step after
        it the journal may say what it goes on without before it has the step.
        """
        calendars = open_interest_calendars(symbols, self._open_interest, self.start_ms)
        for calendar in calendars.values() if self.last_step_ms is not None else ():
            calendar.delivered(self.known_ms)
        for one in self._no_interest:
            if one.symbol in calendars:
                calendars[one.symbol].gone_without(one.time_ms, one.until_ms)
        return calendars


def _candles(kept: Iterable[CandleFields]) -> list[Candle]:
    return [Candle(*fields) for fields in kept]
