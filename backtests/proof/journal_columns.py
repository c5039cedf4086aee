"""A session's journal as columns, for the compiled rules: what the session was fed, and what it said it had written."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from backtests.market_input import MarketInput
from backtests.proof.grown_columns import GrownColumns
from backtests.proof.recorded_market import recorded_market
from backtests.timeline import step_times
from core.candle import FundingRate
from core.candle_columns import CandleColumns, Int64Array
from core.errors import Uncovered
from core.timeframe import timeframe_ms
from engine.assembly import build_strategy_of
from engine.journal_records import (
    CandleFields,
    CommandRecord,
    EndRecord,
    FundingFields,
    JournalRecord,
    ResumeRecord,
    SessionRecord,
    StepRecord,
)
from engine.watched import watched_series_of
from market_data.perpetual.perpetual_data import PerpetualData
from validation.composed_settings import Settings

IRREGULAR = "the journal is not one that a session writes"


class Stretch(NamedTuple):
    """A part of a session: up to its last step, and how it ended there; without a step it has only an end."""

    until_ms: int
    end: EndRecord | None


class JournalColumns:
    """Takes a journal's records, in their order.

    ``steps_ms`` are the times of the steps, ``stretches`` the parts into which ends and resumptions cut them, and
    ``digests`` the digests of the outputs as the journal has them: each with the first step before which it stood.

    Raises
    ------
    Uncovered
        At once, or by :meth:`take`, :meth:`finish` and :meth:`market`, if there is something in the journal that the
        compiled rules do not know, or that stands where it cannot.
    """

    def __init__(self, record: SessionRecord, settings: Settings) -> None:
        if record.open_interest_periods:
            raise Uncovered("the strategy is fed open interest")
        self._record = record
        self._settings = settings
        symbols = settings.live.symbols
        self.steps_ms = array("q")
        self.stretches: list[Stretch] = []
        self.digests: list[tuple[int, str]] = []
        self._end: EndRecord | None = None
        self._candles = [_Series() for _ in symbols]
        self._extends = [one.add for one in self._candles]
        self._absent: list[tuple[int, int]] = []
        self._detail = [_Series() for _ in symbols]
        self._marks = [_Series() for _ in symbols]
        self._watched = [_Series() for _ in record.watched_series]
        self._funding: list[list[tuple[int, FundingFields]]] = [[] for _ in symbols]

    def take(self, record: JournalRecord) -> None:
        """Take the next record."""
        if isinstance(record, StepRecord):
            self._take_step(record)
        elif isinstance(record, CommandRecord):
            raise Uncovered("an operator gave a command")
        elif isinstance(record, EndRecord):
            self._require(self._end is None)
            self._end = record
        elif isinstance(record, ResumeRecord):
            if self._end is not None and self._end.mode == "keep":
                self._cut()
        else:
            self._require(not isinstance(record, SessionRecord))

    def finish(self) -> None:
        """Take the journal's end."""
        if not self.steps_ms:
            raise Uncovered("the session has no step")
        self._cut()

    def market(self) -> MarketInput:
        """Return what the session was fed.

        The timeline of a backtest has to give it every candle in the step in which the journal has it.
        """
        live, record = self._settings.live, self._record
        steps = np.frombuffer(self.steps_ms, np.int64)
        own_ms, finer = timeframe_ms(live.timeframe), live.detail_interval
        finest_ms = own_ms if finer is None else timeframe_ms(finer)
        self._note_steps()
        candles = self._closing(self._candles, own_ms)
        self._require(finer is not None or not any(map(len, self._detail)))
        detail = {} if finer is None else self._closing(self._detail, finest_ms)
        contracts = {}
        for symbol, marks, told in zip(live.symbols, self._marks, self._funding, strict=True):
            if len(marks) or told:
                rates = tuple(self._rates(told, steps))
                contracts[symbol] = PerpetualData(symbol, marks.closing_in_steps(finest_ms), rates, {}, ())
        series = watched_series_of(self._settings, build_strategy_of(self._settings))
        recorded = record.watched_series
        self._require([(one.symbol, one.timeframe) for one in series] == [(s.symbol, s.timeframe) for s in recorded])
        watched = {}
        for one, taken in zip(series, self._watched, strict=True):
            watched[one] = shown = taken.columns()
            _require_shown(shown.open_time_ms + one.length_ms, taken.steps, steps, "a watched candle came late")
        market = recorded_market(record, live, candles, detail, contracts, watched)
        # A step without a candle of a symbol is none of a backtest's.
        self._require(np.array_equal(step_times(market.window()), steps))
        return market

    def _take_step(self, record: StepRecord) -> None:
        time_ms = record.time_ms
        self._require(self._end is None and (not self.steps_ms or time_ms > self.steps_ms[-1]))
        self._require(not record.open_interest)
        if record.missed:
            raise Uncovered("steps were missed")
        if not self.digests or self.digests[-1][1] != record.digest:
            self.digests.append((time_ms, record.digest))
        self.steps_ms.append(time_ms)
        self._require(len(record.candles) == len(self._extends))
        for place, candle in enumerate(record.candles):
            if candle is not None:
                self._extends[place](candle)
            else:
                self._absent.append((place, len(self.steps_ms) - 1))
        if record.detail:
            self._add(self._detail, record.detail, time_ms)
        if record.marks:
            self._add(self._marks, record.marks, time_ms)
        if record.funding:
            self._require(len(record.funding) == len(self._funding))
            for of_symbol, rates in zip(self._funding, record.funding, strict=True):
                of_symbol += [(time_ms, rate) for rate in rates]
        if record.watched:
            self._require(len(record.watched) == len(self._watched))
            for of_series, shown in zip(self._watched, record.watched, strict=True):
                for candle in shown:
                    of_series.add(candle)
                    of_series.steps.append(time_ms)

    def _add(self, series: Sequence["_Series"], candles: Sequence[CandleFields | None], time_ms: int) -> None:
        self._require(len(candles) == len(series))
        for of_symbol, candle in zip(series, candles, strict=True):
            if candle is not None:
                of_symbol.add(candle)
                of_symbol.steps.append(time_ms)

    def _cut(self) -> None:
        self.stretches.append(Stretch(self.steps_ms[-1] if self.steps_ms else 0, self._end))
        self._end = None

    def _note_steps(self) -> None:
        """Let the candles of the strategy's timeframe have their steps, which nearly all have in common."""
        steps = np.frombuffer(self.steps_ms, np.int64)
        for place, series in enumerate(self._candles):
            absent = [number for own, number in self._absent if own == place]
            series.steps = array("q", (np.delete(steps, absent) if absent else steps).tobytes())

    def _closing(self, series: Sequence["_Series"], length_ms: int) -> dict[str, CandleColumns]:
        taken = zip(self._settings.live.symbols, series, strict=True)
        return {symbol: of_symbol.closing_in_steps(length_ms) for symbol, of_symbol in taken}

    def _rates(self, told: Iterable[tuple[int, FundingFields]], steps: Int64Array) -> Iterator[FundingRate]:
        shown = array("q", [step_ms for step_ms, _ in told])
        rates = [FundingRate(*fields) for _, fields in told]
        times, due = (np.array([getattr(rate, name) for rate in rates], np.int64) for name in ("time_ms", "due_ms"))
        self._require(bool((np.diff(times) > 0).all()))
        _require_shown(due, shown, steps, "a funding rate came late")
        yield from rates

    def _require(self, stands: bool) -> None:
        if not stands:
            raise Uncovered(IRREGULAR)


class _Series(GrownColumns):
    """Candles, and the steps in which they came."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = array("q")

    def closing_in_steps(self, length_ms: int) -> CandleColumns:
        """Return what was taken, each of which closes at its step."""
        columns = self.columns()
        if not np.array_equal(columns.open_time_ms + length_ms, np.frombuffer(self.steps, np.int64)):
            raise Uncovered(IRREGULAR)
        return columns


def _require_shown(due: Int64Array, shown: "array[int]", steps: Int64Array, otherwise: str) -> None:
    """Require that what is due at some time was shown in the first step at or after it."""
    places = np.searchsorted(steps, due)
    in_time = places < len(steps)
    if not (in_time.all() and np.array_equal(steps[places], np.frombuffer(shown, np.int64))):
        raise Uncovered(otherwise)
