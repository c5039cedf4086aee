"""A session against the backtest of its window: every candle and every trade compared, every difference with its cause.

The backtest has the session's settings, trading rules, warm-up and kill switch at the start, all from its journal; its
candles are those of the store or the exchange. Changes of the kill switch are not replayed and missed steps trade:
what follows from them is reported as such.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from backtests.candle_matching import (
    CandleDifference,
    Notes,
    SessionCandles,
    as_revised,
    compare_candles,
    notes_by_candle,
)
from backtests.decision_index import DecisionIndex
from backtests.difference_causes import Cause, DifferenceJudge, TradeDifference
from backtests.indexed_outputs import IndexedOutputs, StepIndex
from backtests.output_comparison import OutputComparison, compare_output
from backtests.recorded_session import DECISIONS, DERIVED, TRADES, SessionHead
from backtests.timeline import merged_steps
from backtests.trade_matching import match_trades, read_round_trips
from core.errors import ConfigurationError, DataUnavailableError, StrategyError
from core.instants import format_ms
from core.timeframe import timeframe_ms
from engine.fold import SessionFold
from engine.journal_records import CandleRecord, EndRecord, KillSwitchRecord, SessionRecord, StepRecord
from market_data.candle_columns import CandleColumns
from market_data.exchanges import PRACTICE
from market_data.historical_data_provider import HistoricalDataProvider
from validation.settings import Settings

if TYPE_CHECKING:
    from backtests.journal_replay import JournalReplay


class HistorySource(msgspec.Struct, frozen=True):
    """Where history's candles come from: a store, and whether the exchange may be asked; ``now_ms`` is the present."""

    now_ms: int
    data_dir: str | None = None
    offline: bool = False


class OutputDifference(msgspec.Struct, frozen=True):
    """The first line of an output that history has otherwise, and what it follows from."""

    output: OutputComparison
    cause: Cause


class HistoryParity(msgspec.Struct, frozen=True):
    """What a session and the backtest of its window do not have alike.

    ``differences`` counts the candles that differ and the trades that are missing, extra or different, without those
    that go back to the operator (``by_operator``). Where neither a candle nor a trade differs, an output that does is
    counted.
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


class JournalInput(msgspec.Struct):
    """What a journal says went into the session, by kind; ``kept_at_ms`` are steps after which it ended, to go on."""

    candles: dict[str, SessionCandles]
    notes: list[CandleRecord] = []
    missed_ms: list[int] = []
    operator_ms: list[int] = []
    kept_at_ms: set[int] = set()
    first_step_ms: int | None = None
    last_step_ms: int | None = None
    end: EndRecord | None = None


def read_input(head: SessionHead, symbols: Sequence[str], last_line: int) -> JournalInput:
    """Return the input that a session's journal holds up to a line; errors as in ``engine.journal.read_journal``."""
    found = JournalInput({symbol: SessionCandles() for symbol in symbols})
    for line in head.lines():
        if line.number > last_line:
            break
        record = line.record
        if isinstance(record, StepRecord):
            _add_step(found, record, symbols)
        elif isinstance(record, CandleRecord):
            found.notes.append(record)
        elif isinstance(record, KillSwitchRecord):
            found.operator_ms.append(found.last_step_ms or 0)
        elif isinstance(record, EndRecord):
            found.end = record
    return found


def _add_step(found: JournalInput, record: StepRecord, symbols: Sequence[str]) -> None:
    if found.end is not None and found.last_step_ms is not None:
        found.kept_at_ms.add(found.last_step_ms)
        found.end = None
    sources = record.sources if len(record.sources) == len(symbols) else (None,) * len(symbols)
    for symbol, candle, source in zip(symbols, record.candles, sources, strict=True):
        if candle is not None:
            found.candles[symbol].add(candle, source)
    if record.missed:
        found.missed_ms.append(record.time_ms)
    found.first_step_ms = record.time_ms if found.first_step_ms is None else found.first_step_ms
    found.last_step_ms = record.time_ms


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
    length_ms = timeframe_ms(settings.live.timeframe)
    start_ms, end_ms = given.first_step_ms - length_ms, given.last_step_ms
    windows, not_stored = _load(settings, source, start_ms, end_ms)
    warnings = [_not_stored_warning(symbol, ranges) for symbol, ranges in not_stored.items() if ranges]

    notes = notes_by_candle(given.notes, head.spellings(), length_ms)
    if settings.live.exchange == PRACTICE:
        windows = {symbol: as_revised(symbol, window, notes) for symbol, window in windows.items()}
    candles = [
        one
        for symbol, history in windows.items()
        for one in compare_candles(symbol, length_ms, given.candles[symbol], history, notes, not_stored[symbol])
    ]
    warnings += _not_confirmed(windows, notes, candles)
    candles.sort(key=lambda one: one.step_ms)  # Stable: of one step, symbols stay in configured order.

    with IndexedOutputs(directory) as out:
        failure = _backtest(head.record, settings, windows, given, out, length_ms)
    if failure != replay.strategy_failed:
        warnings.append(f"the strategy failed in one run only: {failure or replay.strategy_failed}")

    matches = match_trades(read_round_trips(replayed / TRADES, index), read_round_trips(directory / TRADES, out.index))
    judge = DifferenceJudge(
        settings.live.symbols, candles, DecisionIndex(replayed / DECISIONS), DecisionIndex(directory / DECISIONS)
    )
    trades = judge.judge(matches)
    outputs = _output_differences(replayed, directory, index, given, candles)
    by_operator = sum(trade.root == "operator" for trade in trades)
    counted = len(candles) + len(trades) - by_operator
    if not counted:
        counted = sum(one.cause != "operator" for one in outputs)
    return HistoryParity(
        start_ms,
        end_ms,
        sum(len(one.rows) for one in given.candles.values()),
        candles,
        sum(match.verdict == "matched" for match in matches),
        trades,
        outputs,
        counted,
        by_operator,
        warnings,
    )


def _load(
    settings: Settings, source: HistorySource, start_ms: int, end_ms: int
) -> tuple[dict[str, CandleColumns], dict[str, list[tuple[int, int]]]]:
    """Return each symbol's candles of the window, and what an offline store was never given of it."""
    live = settings.live
    # A session may have run on an exchange whose clock is ahead of this machine's; its last step is closed there.
    now_ms = max(source.now_ms, end_ms)
    # The practice market is made here and needs no network, so that there is no offline case.
    offline = source.offline and live.exchange != PRACTICE
    provider = HistoricalDataProvider(
        live.exchange,
        cache_dir=source.data_dir or live.data.cache_dir,
        offline=offline,
        off_grid=live.data.off_grid,
        progress=False,
        now_ms=lambda: now_ms,
    )
    try:
        loaded = provider.load(live.symbols, live.timeframe, start_ms, end_ms)
    except ConfigurationError as error:
        # The session ran with these names; an exchange that no longer lists one has no history of it.
        raise DataUnavailableError(f"history: {error}") from error
    windows = {symbol: one.window for symbol, one in loaded.items()}
    if not any(window.rows for window in windows.values()):
        raise DataUnavailableError(
            f"history: no candle of {', '.join(live.symbols)} ({live.timeframe}) from {format_ms(start_ms)} to "
            f"{format_ms(end_ms)}; fetch or import that range, or name its store with --data-dir"
        )
    not_stored: dict[str, list[tuple[int, int]]] = {symbol: [] for symbol in windows}
    if offline:
        for symbol, one in loaded.items():
            missing = provider.store.missing_ranges(provider.exchange, one.symbol, live.timeframe, start_ms, end_ms)
            not_stored[symbol] = [(first, last) for first, last in missing]
    return windows, not_stored


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
    record: SessionRecord,
    settings: Settings,
    windows: Mapping[str, CandleColumns],
    given: JournalInput,
    out: IndexedOutputs,
    length_ms: int,
) -> str | None:
    """Run history's candles through a session that begins as the recorded one did; return its strategy's failure."""
    session = SessionFold(record, settings, out.outputs).session
    failure = None
    try:
        for step in merged_steps(list(windows.values()), length_ms):
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
    replayed: Path, directory: Path, index: StepIndex, given: JournalInput, candles: Sequence[CandleDifference]
) -> list[OutputDifference]:
    """Return the first difference of each output; ``replayed`` is the session's line, ``written`` history's."""
    compared = [compare_output(name, replayed / name, directory / name, index) for name in DERIVED]
    return [OutputDifference(one, _output_cause(one, given, candles)) for one in compared if not one.equal]


def _output_cause(one: OutputComparison, given: JournalInput, candles: Sequence[CandleDifference]) -> Cause:
    step_ms = one.step_ms if one.step_ms is not None else given.last_step_ms or 0
    if any(candle.step_ms <= step_ms for candle in candles):
        return "candles"
    if any(time_ms <= step_ms for time_ms in given.missed_ms):
        return "missed_step"
    if any(time_ms <= step_ms for time_ms in given.operator_ms):
        return "operator"
    return "unexplained"
