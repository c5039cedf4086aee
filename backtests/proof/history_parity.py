"""A session against the backtest of its window: all input and every trade compared, every difference with its cause.

The backtest has the session's settings, trading rules, warm-up and kill switch at the start, all from its journal; its
candles, mark prices, funding rates and open interest are those of the store or the exchange. Changes of the kill switch
are not replayed and missed steps trade: what follows from them is reported as such.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType

from backtests.engines.engine_choice import EngineChoice
from backtests.proof.candle_comparison import CandleDifference
from backtests.proof.decision_index import DecisionIndex
from backtests.proof.difference_causes import Cause, DifferenceJudge, InputDifference, TradeDifference, cause_of
from backtests.proof.funding_comparison import FundingDifference
from backtests.proof.history_run import ran_history
from backtests.proof.history_source import History, HistorySource, load_history
from backtests.proof.indexed_outputs import StepIndex
from backtests.proof.input_comparison import compare_input
from backtests.proof.journal_input import JournalInput, read_input
from backtests.proof.open_interest_comparison import OpenInterestDifference
from backtests.proof.output_comparison import OutputComparison, compare_output
from backtests.proof.replayed_journal import ReplayedJournal
from backtests.proof.session_head import SessionHead
from backtests.proof.trade_matching import TradeMatch, match_trades, read_round_trips
from core.timeframe import timeframe_ms
from engine.assembly import build_strategy_of
from engine.journal_records import SessionRecord
from engine.watched import watched_series_of
from runs.folder.file_names import DECISIONS, DERIVED, TRADES
from validation.composed_settings import Settings


class OutputDifference(msgspec.Struct, frozen=True):
    """The first line of an output that history has otherwise, and what it follows from."""

    output: OutputComparison
    cause: Cause


class HistoryParity(msgspec.Struct, frozen=True):
    """What a session and the backtest of its window do not have alike.

    ``candles`` are those of every series that differ. ``differences`` counts them, the funding payments and the rows of
    open interest that differ and the trades that are missing, extra or different, without those that go back to the
    operator (``by_operator``). Where nothing of these differs, an output that does is counted. ``compared`` counts the
    session's input by kind, ``engine`` says which rules made the backtest, and why. ``open_interest`` is left out where
    the session is fed none.
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
    engine: str = ""
    open_interest: list[OpenInterestDifference] | UnsetType = UNSET


def check_history(
    head: SessionHead,
    settings: Settings,
    source: HistorySource,
    replayed: ReplayedJournal,
    directory: Path,
    engine: EngineChoice = "auto",
) -> HistoryParity:
    """Backtest a session's window and compare.

    Parameters
    ----------
    head, settings
        The session and its settings.
    source, replayed
        Where history's candles come from; the replay of the session's journal.
    directory, engine
        Folder for the backtest's outputs, and which rules make them.

    Raises
    ------
    ConfigurationError
        If the compiled rules are asked for and do not cover the backtest.
    DataUnavailableError
        If history has no candle of the window, or the exchange is out of reach for missing ones.
    """
    # A session that runs has written more since the replay.
    given = read_input(head, settings.live.symbols, replayed.replay.last_line)
    if given.first_step_ms is None or given.last_step_ms is None:
        return HistoryParity(None, None, 0, [], 0, [], [], 0, 0, ["the session has no step: nothing to compare"])
    history = _history(head.record, settings, source, (given.first_step_ms, given.last_step_ms))
    compared = compare_input(head, settings.live.exchange, given, history)
    warnings = [*history.not_stored_warnings(), *history.warnings, *compared.warnings]
    ran = ran_history(head.record, settings, compared.history, given, replayed, directory, engine)
    if ran.failure != replayed.replay.strategy_failed:
        warnings.append(f"the strategy failed in one run only: {ran.failure or replayed.replay.strategy_failed}")
    inputs = compared.differences
    matches = _matches(replayed, directory, ran.written)
    decisions = (DecisionIndex(folder / DECISIONS) for folder in (replayed.folder, directory))
    trades = DifferenceJudge(settings.live.symbols, inputs, *decisions).judge(matches)
    outputs = _output_differences(replayed, directory, given, inputs)
    counted, by_operator = _counted(inputs, trades, outputs)
    counts = given.counts()
    return HistoryParity(
        given.first_step_ms - history.window().finest_ms,
        given.last_step_ms,
        counts["candles"],
        compared.candles,
        sum(match.verdict == "matched" for match in matches),
        trades,
        outputs,
        counted,
        by_operator,
        warnings,
        compared.funding,
        counts,
        ran.engine,
        compared.open_interest,
    )


def _counted(
    inputs: Sequence[InputDifference], trades: Sequence[TradeDifference], outputs: Sequence[OutputDifference]
) -> tuple[int, int]:
    """Return how many differences there are, and how many trades differ by the operator."""
    by_operator = sum(trade.root == "operator" for trade in trades)
    counted = len(inputs) + len(trades) - by_operator
    return counted or sum(one.cause != "operator" for one in outputs), by_operator


def _history(record: SessionRecord, settings: Settings, source: HistorySource, steps: tuple[int, int]) -> History:
    """Return history from the first to the last step; of watched series what closed after the warm-up."""
    series = watched_series_of(settings, build_strategy_of(settings))
    # A journal that does not say where its warm-up ended began with its first step.
    began_ms = record.start_ms or steps[0] - timeframe_ms(settings.live.timeframe)
    return load_history(settings, source, *steps, series, began_ms, record.open_interest_periods)


def _matches(replayed: ReplayedJournal, directory: Path, index: StepIndex) -> list[TradeMatch]:
    session = read_round_trips(replayed.folder / TRADES, replayed.index)
    return match_trades(session, read_round_trips(directory / TRADES, index))


def _output_differences(
    replayed: ReplayedJournal, directory: Path, given: JournalInput, inputs: Sequence[InputDifference]
) -> list[OutputDifference]:
    """Return the first difference of each output; ``replayed`` is the session's line, ``written`` history's."""
    compared = [compare_output(name, replayed.folder / name, directory / name, replayed.index) for name in DERIVED]
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
