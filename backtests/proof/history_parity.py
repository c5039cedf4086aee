"""A session against the backtest of its window: all input and every trade compared, every difference with its cause.

The backtest has the session's settings, trading rules, warm-up and kill switch at the start, all from its journal; its
candles, mark prices and funding rates are those of the store or the exchange. Changes of the kill switch are not
replayed and missed steps trade: what follows from them is reported as such.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from backtests.proof.candle_matching import (
    CandleDifference,
    Notes,
    Series,
    SessionCandles,
    as_revised,
    compare_candles,
    notes_by_candle,
)
from backtests.proof.decision_index import DecisionIndex
from backtests.proof.difference_causes import (
    Cause,
    DifferenceJudge,
    InputDifference,
    TradeDifference,
    cause_of,
    step_of,
)
from backtests.proof.funding_matching import FundingDifference, compare_funding, of_symbol
from backtests.proof.history_source import History, HistorySource, Ranges, load_history
from backtests.proof.indexed_outputs import IndexedOutputs, StepIndex
from backtests.proof.journal_input import JournalInput, read_input
from backtests.proof.output_comparison import OutputComparison, compare_output
from backtests.proof.recorded_session import SessionHead
from backtests.proof.trade_matching import match_trades, read_round_trips
from backtests.timeline import opening_at, steps_of
from core.errors import StrategyError
from core.instants import format_ms
from engine.fold import SessionFold
from engine.journal_records import SessionRecord
from market_data.candle_columns import CandleColumns
from market_data.exchanges.exchange_names import PRACTICE
from runs.folder.file_names import DECISIONS, DERIVED, TRADES
from validation.composed_settings import Settings

if TYPE_CHECKING:
    from backtests.journal_replay import JournalReplay

__all__ = ["HistoryParity", "HistorySource", "OutputDifference", "check_history"]


class OutputDifference(msgspec.Struct, frozen=True):
    """The first line of an output that history has otherwise, and what it follows from."""

    output: OutputComparison
    cause: Cause


class HistoryParity(msgspec.Struct, frozen=True):
    """What a session and the backtest of its window do not have alike.

    ``candles`` are those of every series that differ. ``differences`` counts them, the funding payments that differ and
    the trades that are missing, extra or different, without those that go back to the operator (``by_operator``). Where
    nothing of these differs, an output that does is counted. ``compared`` counts the session's input by kind.
    """

    start_ms: int | None
    end_ms: int | None
    candles_compared: int
    candles: list[CandleDifference]
    trades_matched: int
    trades: list[TradeDifference]
    outputs: list[OutputDifference]
    differences: int
    by_operator: int
    warnings: list[str]
    funding: list[FundingDifference] = []
    compared: dict[str, int] = {}


def check_history(
    head: SessionHead,
    settings: Settings,
    source: HistorySource,
    replay: "JournalReplay",
    replayed: Path,
    index: StepIndex,
    directory: Path,
) -> HistoryParity:
    """Backtest a session's window and compare.

    Parameters
    ----------
    head, settings
        The session and its settings.
    source
        Where history's candles come from.
    replay, replayed, index
        The replay of the session's journal, the folder of its outputs and their index.
    directory
        Folder for the backtest's outputs.

    Raises
    ------
    DataUnavailableError
        If history has no candle of the window, or the exchange is out of reach for missing ones.
    """
    # A session that runs has written more since the replay.
    given = read_input(head, settings.live.symbols, replay.last_line)
    if given.first_step_ms is None or given.last_step_ms is None:
        return HistoryParity(None, None, 0, [], 0, [], [], 0, 0, ["the session has no step: nothing to compare"])
    history = load_history(settings, source, given.first_step_ms, given.last_step_ms)
    warnings = [_not_stored_warning(symbol, ranges) for symbol, ranges in history.not_stored.items() if ranges]
    warnings += history.warnings
    history, candles = _compare_candles(head, settings, given, history, warnings)
    funding = _compare_funding(head, given, history)
    inputs: list[InputDifference] = sorted([*candles, *funding], key=step_of)

    with IndexedOutputs(directory) as out:
        failure = _backtest(head.record, settings, history, given, out)
    if failure != replay.strategy_failed:
        warnings.append(f"the strategy failed in one run only: {failure or replay.strategy_failed}")

    matches = match_trades(read_round_trips(replayed / TRADES, index), read_round_trips(directory / TRADES, out.index))
    judge = DifferenceJudge(
        settings.live.symbols, inputs, DecisionIndex(replayed / DECISIONS), DecisionIndex(directory / DECISIONS)
    )
    trades = judge.judge(matches)
    outputs = _output_differences(replayed, directory, index, given, inputs)
    by_operator = sum(trade.root == "operator" for trade in trades)
    counted = len(inputs) + len(trades) - by_operator
    if not counted:
        counted = sum(one.cause != "operator" for one in outputs)
    compared = _counts(given)
    return HistoryParity(
        given.first_step_ms - history.window().finest_ms,
        given.last_step_ms,
        compared["candles"],
        candles,
        sum(match.verdict == "matched" for match in matches),
        trades,
        outputs,
        counted,
        by_operator,
        warnings,
        funding,
        compared,
    )


def _counts(given: JournalInput) -> dict[str, int]:
    def rows(of_kind: Mapping[str, SessionCandles]) -> int:
        return sum(len(one.rows) for one in of_kind.values())

    return {
        "candles": rows(given.candles),
        "detail": rows(given.detail),
        "marks": rows(given.marks),
        "funding": sum(map(len, given.funding.values())),
    }


def _compare_candles(
    head: SessionHead, settings: Settings, given: JournalInput, history: History, warnings: list[str]
) -> tuple[History, list[CandleDifference]]:
    """Return history as the journal's revisions leave it, and every candle that differs, in order of its step."""
    spellings, finest_ms = head.spellings(), history.window().finest_ms
    found: list[CandleDifference] = []

    def compared(
        series: Series,
        length_ms: int,
        session: Mapping[str, SessionCandles],
        windows: dict[str, CandleColumns],
        not_stored: Ranges,
    ) -> dict[str, CandleColumns]:
        notes = notes_by_candle(given.notes, spellings, length_ms, series)
        if settings.live.exchange == PRACTICE:
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
    found.sort(key=step_of)  # Stable: of one step, symbols stay in configured order.
    return msgspec.structs.replace(history, candles=candles, detail=detail, marks=marks), found


def _compare_funding(head: SessionHead, given: JournalInput, history: History) -> list[FundingDifference]:
    """Return every payment that differs; one due before the window's first candle is nobody's."""
    steps_ms = np.array(given.steps_ms, np.int64)
    begin_ms, spellings = int(steps_ms[0]) - history.window().finest_ms, head.spellings()
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


def _not_stored_warning(symbol: str, ranges: Sequence[tuple[int, int]]) -> str:
    first, last = ranges[0][0], ranges[-1][1]
    return (
        f"{symbol}: the store was not given all of {format_ms(first)} to {format_ms(last)}; without --offline the "
        "exchange is asked"
    )


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


def _backtest(
    record: SessionRecord, settings: Settings, history: History, given: JournalInput, out: IndexedOutputs
) -> str | None:
    """Run history's input through a session that begins as the recorded one did; return its strategy's failure."""
    session = SessionFold(record, settings, out.outputs).session
    failure = None
    try:
        for step in steps_of(history.window()):
            session.process(step)
            if step.time_ms in given.kept_at_ms:
                session.finish(flatten=False)
            out.mark(step.time_ms)
    except StrategyError as error:
        failure = str(error)
    if given.end is not None:
        session.finish(flatten=given.end.mode == "flatten")
    out.mark(session.last_step_ms)
    return failure


def _output_differences(
    replayed: Path, directory: Path, index: StepIndex, given: JournalInput, inputs: Sequence[InputDifference]
) -> list[OutputDifference]:
    """Return the first difference of each output; ``replayed`` is the session's line, ``written`` history's."""
    compared = [compare_output(name, replayed / name, directory / name, index) for name in DERIVED]
    return [OutputDifference(one, _output_cause(one, given, inputs)) for one in compared if not one.equal]


def _output_cause(one: OutputComparison, given: JournalInput, inputs: Iterable[InputDifference]) -> Cause:
    step_ms = one.step_ms if one.step_ms is not None else given.last_step_ms or 0
    cause = cause_of(difference for difference in inputs if difference.step_ms <= step_ms)
    if cause is not None:
        return cause
    if any(time_ms <= step_ms for time_ms in given.missed_ms):
        return "missed_step"
    if any(time_ms <= step_ms for time_ms in given.operator_ms):
        return "operator"
    return "unexplained"
