"""A session's whole input against history's: candles of every series, funding payments, and open interest."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from backtests.proof.candle_comparison import (
    CandleDifference,
    Notes,
    Series,
    as_revised,
    compare_candles,
    notes_by_candle,
)
from backtests.proof.difference_causes import InputDifference, step_of
from backtests.proof.funding_comparison import FundingDifference, compare_funding, of_symbol
from backtests.proof.grown_columns import SessionCandles
from backtests.proof.history_source import History, Ranges
from backtests.proof.journal_input import JournalInput
from backtests.proof.open_interest_comparison import OpenInterestDifference, compare_open_interest
from backtests.proof.session_head import SessionHead
from backtests.timeline import opening_at
from core.candle_columns import CandleColumns
from core.instants import format_ms
from market_data.exchanges.exchange_names import PRACTICE


class InputComparison(msgspec.Struct, frozen=True):
    """What differs in the input, in order of its steps, and history as the journal's revisions leave it.

    ``open_interest`` is left out where the session is fed none.
    """

    history: History
    candles: list[CandleDifference]
    funding: list[FundingDifference]
    warnings: list[str]
    open_interest: list[OpenInterestDifference] | UnsetType = UNSET

    @property
    def differences(self) -> list[InputDifference]:
        """Everything that differs, in order of its steps; of one step, candles first."""
        return sorted([*self.candles, *self.funding, *(self.open_interest or ())], key=step_of)


def compare_input(head: SessionHead, exchange: str, given: JournalInput, history: History) -> InputComparison:
    """Compare what a session's journal says went in with what history has of the same window."""
    spellings, finest_ms = head.spellings(), history.window().finest_ms
    found: list[CandleDifference] = []
    warnings: list[str] = []

    def compared(
        series: Series,
        length_ms: int,
        session: Mapping[str, SessionCandles],
        windows: dict[str, CandleColumns],
        not_stored: Ranges,
    ) -> dict[str, CandleColumns]:
        notes = notes_by_candle(given.notes, spellings, length_ms, series)
        if exchange == PRACTICE:
            windows = {symbol: as_revised(symbol, window, notes) for symbol, window in windows.items()}
        differing = [
            one
            for symbol, window in windows.items()
            for one in compare_candles(
                symbol, length_ms, session[symbol], window, notes, not_stored.get(symbol, ()), series
            )
        ]
        warnings.extend(_not_confirmed(windows, notes, differing))
        found.extend(differing)
        return windows

    candles = compared("strategy", history.timeframe_ms, given.candles, history.candles, history.not_stored)
    detail = compared("detail", finest_ms, given.detail, history.detail, history.detail_not_stored)
    # A mark candle is part of a step; where there is none, nobody saw it.
    opens = np.array(given.steps_ms, np.int64) - finest_ms
    seen = {symbol: opening_at(columns, opens) for symbol, columns in history.marks.items()}
    marks = compared("mark", finest_ms, given.marks, seen, {})
    watched = {
        series: compared(
            series.kind,
            series.length_ms,
            {series.symbol: of_series},
            {series.symbol: columns},
            {series.symbol: history.watched_not_stored[series.name]},
        )[series.symbol]
        for (series, columns), of_series in zip(history.watched.items(), given.watched, strict=True)
    }
    found.sort(key=step_of)  # Stable: of one step, symbols stay in configured order.
    revised = msgspec.structs.replace(history, candles=candles, detail=detail, marks=marks, watched=watched)
    interest = _compare_interest(spellings, given, history) if head.record.open_interest_periods else UNSET
    return InputComparison(revised, found, _compare_funding(spellings, given, history), warnings, interest)


def _compare_funding(spellings: Mapping[str, str], given: JournalInput, history: History) -> list[FundingDifference]:
    """Return every payment that differs; one due before the window's first candle is nobody's."""
    steps_ms = np.array(given.steps_ms, np.int64)
    begin_ms = int(steps_ms[0]) - history.window().finest_ms
    return [
        one
        for symbol, rates in history.funding.items()
        for one in compare_funding(
            symbol,
            [told for told in given.funding[symbol] if told.rate.due_ms > begin_ms],
            rates,
            steps_ms,
            of_symbol(given.missing, spellings, symbol),
        )
    ]


def _compare_interest(
    spellings: Mapping[str, str], given: JournalInput, history: History
) -> list[OpenInterestDifference]:
    """Return every row of open interest that differs."""
    steps_ms = np.array(given.steps_ms, np.int64)
    return [
        one
        for symbol, told in given.open_interest.items()
        for one in compare_open_interest(
            symbol,
            told,
            history.open_interest.get(symbol, ()),
            steps_ms,
            of_symbol(given.missing, spellings, symbol),
        )
    ]


def _not_confirmed(
    windows: Mapping[str, CandleColumns], notes: Notes, candles: Sequence[CandleDifference]
) -> list[str]:
    """Tell which candles the exchange revised while history, perhaps stored before, has the session's values."""
    differing = {(one.symbol, one.open_time_ms) for one in candles}
    found = []
    for (symbol, open_ms), of_candle in notes.items():
        revisions = [note for note in of_candle if note.kind == "revised"]
        if not revisions or symbol not in windows or (symbol, open_ms) in differing:
            continue
        row = [column.tolist() for column in windows[symbol].between(open_ms, open_ms + 1)]
        if row[0] and tuple(values[0] for values in row[1:]) != revisions[-1].candle[1:]:
            found.append(
                f"{symbol} {format_ms(open_ms)}: the journal notes a revision, history has the session's values; they "
                "may have been stored before it"
            )
    return found
