"""What a session's journal says about the candles it ran on."""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import UNSET

from core.instants import format_ms
from core.timeframe import floor_to_grid, timeframe_ms, timeframe_name
from engine.journal_records import (
    CandleFields,
    CandleRecord,
    JournalRecord,
    MissingRecord,
    SessionRecord,
    StepRecord,
    WatchedRecord,
)
from engine.open_interest import fed_period_ms
from market_data.series_names import open_interest_series
from metrics import buy_and_hold
from runs.documents.symbol_result import CandleCounts
from runs.documents.watched_input import WatchedInput
from runs.figures.missing_candles import CandleEnds, candle_ends


class SessionWindow:
    """Steps and candles of one session, taken from its journal record by record.

    Parameters
    ----------
    canonical
        Configured spelling -> unified symbol, in configured order.
    timeframe_ms
        Length of the candles that decide. Those by which orders are matched may be shorter: the session's first record
        says so.
    """

    def __init__(self, canonical: Mapping[str, str], timeframe_ms: int) -> None:
        self._spelling = {unified: spelling for spelling, unified in canonical.items()}
        self._canonical = canonical
        self._symbols = tuple(canonical)
        self._length_ms = self._finest_ms = timeframe_ms
        self._detail_interval: str | None = None
        self.step_times_ms = array("q")
        self.candles: Counter[str] = Counter()
        self.warmed: dict[str, int] = {}
        self.detail_candles: Counter[str] = Counter()
        self.mark_candles: Counter[str] = Counter()
        self.funding_rates: Counter[str] = Counter()
        self.missed_steps = 0
        self._interest: tuple[str, ...] = ()
        self.interest_rows: Counter[str] = Counter()
        self.interest_missing: Counter[str] = Counter()
        self._unpublished: dict[str, list[int]] = {}
        self._noted: dict[str, Counter[str]] = {symbol: Counter() for symbol in self._symbols}
        self._first: dict[str, CandleFields] = {}
        self._last: dict[str, CandleFields] = {}
        self._series: list[WatchedRecord] = []
        self._shown: list[tuple[int, int, int]] = []
        self._began_ms = 0

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
            self._begin(record)
        elif isinstance(record, MissingRecord) and record.kind == "funding":
            symbol = self._spelling.get(record.symbol, record.symbol)
            self._unpublished.setdefault(symbol, []).append(record.time_ms)
        elif isinstance(record, MissingRecord) and record.kind == "open_interest":
            rows = (record.until_ms - record.time_ms) // fed_period_ms(self._interest) + 1
            self.interest_missing[self._spelling.get(record.symbol, record.symbol)] += rows

    @property
    def start_ms(self) -> int | None:
        """Open of the first step's candles in UTC milliseconds; None before a step."""
        return self.step_times_ms[0] - self._finest_ms if self.step_times_ms else None

    @property
    def end_ms(self) -> int | None:
        """Time of the last step in UTC milliseconds; None before a step."""
        return self.step_times_ms[-1] if self.step_times_ms else None

    def held_return(self, symbol: str) -> float | None:
        """Return what holding the symbol from its first open to its last close returned, a fraction; or None."""
        first, last = self._first.get(symbol), self._last.get(symbol)
        return None if first is None or last is None else buy_and_hold(first[1], last[4])

    def candle_counts(self, symbol: str, warmup_needed: int) -> CandleCounts:
        """Return counts of one symbol's candles: processed, warmed up, missing, and those that changed nothing."""
        warmed, ends = self.warmed.get(symbol, 0), self.ends_of(symbol)
        at_ends = ends.missing_before + ends.missing_after
        found = self.detail_candles[symbol]
        finer = self._detail_interval is not None
        return CandleCounts(
            canonical=self._canonical.get(symbol, symbol),
            candles=self.candles[symbol],
            warmup_candles=warmed,
            warmup_missing=max(0, warmup_needed - warmed),
            missing_candles=self._boundaries(self._length_ms) - self.candles[symbol] - at_ends,
            **msgspec.structs.asdict(ends),
            quality=dict(sorted(self._noted.get(symbol, Counter()).items())),
            detail_candles=found if finer else UNSET,
            missing_detail_candles=self._boundaries(self._finest_ms) - found if finer else UNSET,
        )

    def ends_of(self, symbol: str) -> CandleEnds:
        """Return from when to when a symbol's candles came, and how many the window lacks before and after."""
        # A candle that was forming when the session began closes inside its window.
        start_ms = None if self.start_ms is None else floor_to_grid(self.start_ms, self._length_ms)
        first, last = self._first.get(symbol), self._last.get(symbol)
        span = None if first is None or last is None else (first[0], last[0])
        return candle_ends(span, start_ms or 0, self.end_ms or 0, self._length_ms)

    def watched_inputs(self) -> dict[str, WatchedInput]:
        """Return what came in of each watched series, by symbol and timeframe."""
        found = {}
        for one, (count, first_ms, last_ms) in zip(self._series, self._shown, strict=True):
            length_ms = timeframe_ms(one.timeframe)
            # What closed up to the first boundary was warm-up.
            start_ms = floor_to_grid(self._began_ms or self.start_ms or 0, length_ms)
            span = (first_ms, last_ms) if count else None
            ends = candle_ends(span, start_ms, self.end_ms or start_ms, length_ms)
            found[f"{one.symbol} {one.timeframe}"] = WatchedInput(
                canonical=one.canonical,
                timeframe=one.timeframe,
                warmup_candles=len(one.warmup),
                candles=count,
                missing_candles=(last_ms - first_ms) // length_ms + 1 - count if count else 0,
                **msgspec.structs.asdict(ends),
            )
        return found

    def missing_marks(self, symbol: str) -> tuple[int, int]:
        """Return how many candles by which orders are matched came without a mark candle, and how many came."""
        came = (self.candles if self._detail_interval is None else self.detail_candles)[symbol]
        return max(0, came - self.mark_candles[symbol]), came

    def contract_input(self, symbol: str) -> dict[str, object]:
        """Return what came in of one contract beside its candles; payments not published when due by time."""
        marks, interest = self.mark_candles[symbol], dict[str, object]()
        if self._interest:
            series = open_interest_series(timeframe_name(fed_period_ms(self._interest)))
            interest = {
                "open_interest": f"{series} of the exchange",
                "open_interest_rows": self.interest_rows[symbol],
                "open_interest_missing": self.interest_missing[symbol],
            }
        return {
            "mark": "mark candles of the exchange" if marks else "last price",
            "mark_candles": marks,
            "funding_rates": self.funding_rates[symbol],
            "funding_late": [format_ms(due_ms) for due_ms in self._unpublished.get(symbol, ())],
            **interest,
        }

    def _begin(self, record: SessionRecord) -> None:
        self.warmed = {symbol: len(candles) for symbol, candles in record.warmup.items()}
        self._series, self._began_ms = record.watched_series, record.start_ms
        self._interest = tuple(record.open_interest_periods)
        self._shown = [(0, 0, 0)] * len(self._series)
        live = record.settings.get("live")
        self._detail_interval = live.get("detail_interval") if isinstance(live, dict) else None
        if self._detail_interval is not None:
            self._finest_ms = timeframe_ms(self._detail_interval)

    def _boundaries(self, length_ms: int) -> int:
        """Return how many candles of a length close inside the window."""
        if self.start_ms is None or self.end_ms is None:
            return 0
        return (floor_to_grid(self.end_ms, length_ms) - floor_to_grid(self.start_ms, length_ms)) // length_ms

    def _take_step(self, record: StepRecord) -> None:
        self.step_times_ms.append(record.time_ms)
        self.missed_steps += record.missed
        if record.detail:
            self._count(self.detail_candles, record.detail)
        if record.marks:
            self._count(self.mark_candles, record.marks)
        if record.watched:
            self._take_watched(record)
        if record.funding:
            for symbol, rates in zip(self._symbols, record.funding, strict=True):
                self.funding_rates[symbol] += len(rates)
        if record.open_interest:
            for symbol, rows in zip(self._symbols, record.open_interest, strict=True):
                self.interest_rows[symbol] += len(rows)
        for symbol, candle in zip(self._symbols, record.candles, strict=True):
            if candle is not None:
                self.candles[symbol] += 1
                self._last[symbol] = candle
                if symbol not in self._first:
                    self._first[symbol] = candle

    def _take_watched(self, record: StepRecord) -> None:
        for place, candles in enumerate(record.watched):
            if candles:
                count, first_ms, _ = self._shown[place]
                self._shown[place] = (count + len(candles), first_ms if count else candles[0][0], candles[-1][0])

    def _count(self, counts: Counter[str], candles: Sequence[CandleFields | None]) -> None:
        for symbol, candle in zip(self._symbols, candles, strict=False):
            if candle is not None:
                counts[symbol] += 1
