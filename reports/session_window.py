"""What a session's journal says about the candles it ran on."""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from engine.journal_records import CandleRecord, JournalRecord, ResumeRecord, SessionRecord, StepRecord
from metrics import buy_and_hold


class SessionWindow:
    """Steps and candles of one session, taken from its journal record by record.

    Parameters
    ----------
    canonical
        Configured spelling -> unified symbol, in configured order.
    timeframe_ms
        Length of the candles.
    """

    def __init__(self, canonical: Mapping[str, str], timeframe_ms: int) -> None:
        self._spelling = {unified: spelling for spelling, unified in canonical.items()}
        self._symbols = tuple(canonical)
        self._length_ms = timeframe_ms
        self.step_times_ms = array("q")
        self.candles: Counter[str] = Counter()
        self.warmed: dict[str, int] = {}
        self.missed_steps = 0
        self.resumes = 0
        self._noted: dict[str, Counter[str]] = {symbol: Counter() for symbol in self._symbols}
        self._first_open: dict[str, float] = {}
        self._last_close: dict[str, float] = {}

    def take_all(self, records: Iterable[JournalRecord]) -> "SessionWindow":
        """Take records in the order of the journal; return the window itself."""
        for record in records:
            self.take(record)
        return self

    def take(self, record: JournalRecord) -> None:
        """Take one record; those that say nothing about candles are passed over."""
        if isinstance(record, StepRecord):
            self._take_step(record)
        elif isinstance(record, CandleRecord):
            symbol = self._spelling.get(record.symbol, record.symbol)
            self._noted.setdefault(symbol, Counter())[record.kind] += 1
        elif isinstance(record, SessionRecord):
            self.warmed = {symbol: len(candles) for symbol, candles in record.warmup.items()}
        elif isinstance(record, ResumeRecord):
            self.resumes += 1

    @property
    def start_ms(self) -> int | None:
        """Open of the first step's candles in UTC milliseconds; None before a step."""
        return self.step_times_ms[0] - self._length_ms if self.step_times_ms else None

    @property
    def end_ms(self) -> int | None:
        """Time of the last step in UTC milliseconds; None before a step."""
        return self.step_times_ms[-1] if self.step_times_ms else None

    def held_return(self, symbol: str) -> float | None:
        """Return what holding the symbol from its first open to its last close returned, a fraction; or None."""
        first, last = self._first_open.get(symbol), self._last_close.get(symbol)
        return None if first is None or last is None else buy_and_hold(first, last)

    def candle_facts(self, symbol: str, warmup_needed: int) -> dict[str, Any]:
        """Return counts of one symbol's candles: processed, warmed up, missing, and those that changed nothing."""
        warmed = self.warmed.get(symbol, 0)
        boundaries = 0
        if self.start_ms is not None and self.end_ms is not None:
            boundaries = (self.end_ms - self.start_ms) // self._length_ms
        return {
            "candles": self.candles[symbol],
            "warmup_candles": warmed,
            "warmup_missing": max(0, warmup_needed - warmed),
            "missing_candles": boundaries - self.candles[symbol],
            "quality": dict(sorted(self._noted.get(symbol, Counter()).items())),
        }

    def _take_step(self, record: StepRecord) -> None:
        self.step_times_ms.append(record.time_ms)
        self.missed_steps += record.missed
        for symbol, candle in zip(self._symbols, record.candles, strict=True):
            if candle is not None:
                self.candles[symbol] += 1
                self._first_open.setdefault(symbol, candle[1])
                self._last_close[symbol] = candle[4]
