"""The backtest of a session's window: history's candles in a session that begins as the recorded one did."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from backtests.engines.engine_choice import EngineChoice, by_reference, reference_reason, require_compiled
from backtests.market_input import MarketInput
from backtests.proof.covered_run import run_covered
from backtests.proof.history_source import History
from backtests.proof.indexed_outputs import IndexedOutputs, StepIndex
from backtests.proof.journal_columns import Stretch
from backtests.proof.journal_input import JournalInput
from backtests.proof.output_comparison import compare_output
from backtests.proof.recorded_market import recorded_market
from backtests.proof.replayed_journal import COMPILED, DISPUTED, ReplayedJournal
from backtests.run_plan import RunPlan
from backtests.timeline import step_times, steps_of
from core.errors import StrategyError, Uncovered
from engine.fold import SessionFold
from engine.journal_records import EndRecord, SessionRecord
from market_data.perpetual.perpetual_data import PerpetualData
from runs.folder.file_names import DERIVED
from validation.composed_settings import Settings


class HistoryRun(NamedTuple):
    """A backtest that has been made: the index of its outputs, its strategy's failure, and the rules that made it."""

    written: StepIndex
    failure: str | None
    engine: str


def ran_history(
    record: SessionRecord,
    settings: Settings,
    history: History,
    given: JournalInput,
    replayed: ReplayedJournal,
    directory: Path,
    engine: EngineChoice,
) -> HistoryRun:
    """Run history's input, by the compiled rules where they cover it, it is long enough and they find no difference.

    Parameters
    ----------
    record, settings
        What the session was made of.
    history
        The input.
    given
        What the journal says, of ends and resumptions.
    replayed
        The session's side.
    directory, engine
        The folder for the outputs, and which rules are asked for.

    Raises
    ------
    ConfigurationError
        If the compiled rules are asked for and do not cover it.
    """
    contracts = {
        symbol: PerpetualData(symbol, marks, history.funding.get(symbol, ()), {}, ())
        for symbol, marks in history.marks.items()
    }
    market = recorded_market(record, settings.live, history.candles, history.detail, contracts, history.watched)
    plan = RunPlan(settings=settings, start_ms=0, end_ms=0, output_dir=None, engine=engine)
    reason = reference_reason(plan, market)
    if reason is None:
        try:
            index = _compiled(record, settings, market, given, directory)
        except Uncovered as error:
            reason = str(error)
        else:
            pairs = ((name, replayed.folder / name, directory / name) for name in DERIVED)
            if all(compare_output(*pair, replayed.index).equal for pair in pairs):
                return HistoryRun(index, None, COMPILED)
            reason = DISPUTED
    if reason != DISPUTED:
        require_compiled(engine, reason)
    with IndexedOutputs(directory) as out:
        failure = _backtest(record, settings, history, given, out)
    return HistoryRun(out.index, failure, by_reference(reason))


def _compiled(
    record: SessionRecord, settings: Settings, market: MarketInput, given: JournalInput, directory: Path
) -> StepIndex:
    with IndexedOutputs(directory) as out:
        stretches = list(_stretches(market, given))
        run_covered(settings, market, stretches, out, kill_switch=record.kill_switch)
    return out.index


def _stretches(market: MarketInput, given: JournalInput) -> Iterator[Stretch]:
    """Yield the parts of the session whose steps history has, too."""
    times = step_times(market.window())
    kept = np.array(sorted(given.kept_at_ms), np.int64)
    for time_ms in kept[np.searchsorted(times, kept, "right") > np.searchsorted(times, kept)].tolist():
        yield Stretch(time_ms, EndRecord("keep"))
    yield Stretch(int(times[-1]), given.end)


def _backtest(
    record: SessionRecord, settings: Settings, history: History, given: JournalInput, out: IndexedOutputs
) -> str | None:
    """Run history's input through a session that begins as the recorded one did; return its strategy's failure."""
    fold = SessionFold(record, settings, out.outputs)
    session, failure = fold.session, None
    with contextlib.closing(session):
        fold.recall(given.failed_calls)
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
