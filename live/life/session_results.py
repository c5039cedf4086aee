"""What a session leaves in its folder when it has ended: its result, and those of the members of its portfolio."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from core.timeframe import timeframe_ms
from engine.fold import AnyFold, PortfolioFold, SessionFold
from engine.journal_records import JournalRecord, SessionRecord, StepRecord, step_of, step_record
from engine.portfolio.member_steps import MemberSteps
from engine.portfolio.portfolio_session import Member
from live.life.session_folder import SessionFolder
from live.life.session_manifests import record_of
from runs.documents.portfolio_result import PortfolioResult
from runs.documents.result_text import to_json
from runs.documents.run_result import RunResult
from runs.figures.account_figures import Period
from runs.figures.session_input import session_input
from runs.figures.session_window import SessionWindow
from runs.folder.file_names import PORTFOLIO, RESULT, TRADES
from runs.portfolio_builder import RunOfMember, RunOfPortfolio, build_portfolio_result
from runs.result_builder import OutputPlaces, build_result
from validation.composed_settings import Settings
from validation.portfolio_settings import PortfolioFeed


def write_result(
    settings: Settings, unified: Mapping[str, str], folder: SessionFolder, fold: AnyFold
) -> RunResult | PortfolioResult:
    """Leave the result of a session in its folder and return it.

    Parameters
    ----------
    settings
        Those by which its candles came in.
    unified
        Unified symbol of every configured spelling.
    folder, fold
        The session.
    """
    if isinstance(fold, PortfolioFold) and isinstance(settings, PortfolioFeed):
        return _write_portfolio(settings, unified, folder, fold)
    if isinstance(fold, SessionFold):
        window = SessionWindow(unified, timeframe_ms(settings.live.timeframe))
        window.take_all(line.record for line in folder.lines())
        return _written(settings, folder, fold, window)
    raise TypeError("settings and outputs are not of one kind")


def _written(settings: Settings, folder: SessionFolder, fold: SessionFold, window: SessionWindow) -> RunResult:
    places = OutputPlaces(folder.path / TRADES, folder.path)
    result = build_result(fold.session, settings, session_input(window, fold.session, settings), places)
    folder.note_window(window.start_ms, window.end_ms)
    folder.write_curve(window.step_times_ms, fold.session.outputs.curve)
    folder.write_text(RESULT, to_json(result))
    return result


def _write_portfolio(
    settings: PortfolioFeed, unified: Mapping[str, str], folder: SessionFolder, fold: PortfolioFold
) -> PortfolioResult:
    length_ms, members = timeframe_ms(settings.live.timeframe), {}
    for member in fold.session.members:
        own = settings.portfolio.members[member.name]
        window = SessionWindow({symbol: unified[symbol] for symbol in own.live.symbols}, length_ms)
        window.take_all(_records_of(member, own, settings, (line.record for line in folder.lines())))
        place = folder.path / member.name
        fed = session_input(window, member.session, own)
        result = build_result(member.session, own, fed, OutputPlaces(place / TRADES, place))
        folder.note_window(window.start_ms, window.end_ms, member.name)
        folder.write_curve(window.step_times_ms, member.session.outputs.curve, member.name)
        folder.write_text(f"{member.name}/{RESULT}", to_json(result))
        members[member.name] = RunOfMember(result, np.array(window.step_times_ms, np.int64))
    whole = SessionWindow(unified, length_ms).take_all(line.record for line in folder.lines())
    folder.note_window(whole.start_ms, whole.end_ms)
    times = np.array(whole.step_times_ms, np.int64)
    folder.write_curve(times, fold.session.outputs.curve)
    period = Period(whole.start_ms or 0, whole.end_ms or 0, times)
    run = RunOfPortfolio(period, folder.path.name, str(folder.path))
    found = build_portfolio_result(fold.session, settings.portfolio, members, run)
    folder.write_text(PORTFOLIO, to_json({**found.to_dict(), "settings": settings.portfolio.resolved()}))
    return found


def _records_of(
    member: Member, own: Settings, settings: PortfolioFeed, records: Iterator[JournalRecord]
) -> Iterator[JournalRecord]:
    """Yield the records that a journal of the member alone would have, as far as they tell of its candles."""
    symbols = settings.live.symbols
    steps: MemberSteps | None = None
    for record in records:
        if isinstance(record, SessionRecord):
            series = [(one.symbol, one.timeframe) for one in record.watched_series]
            watched = [series.index((one.symbol, one.timeframe)) for one in member.session.watched.series]
            steps = MemberSteps([symbols.index(one) for one in own.live.symbols], watched)
            yield record_of(record, own, member.name)
        elif isinstance(record, StepRecord):
            step = None if steps is None else steps.of(step_of(record))
            if step is not None:
                yield step_record(step, record.digest, missed=record.missed)
        else:
            yield record


def portfolio_lines(result: PortfolioResult) -> Sequence[str]:
    """Return what is said of a portfolio's session at its end."""
    whole, config = result.performance, result.config
    lines = [
        f"Portfolio {config.name}: {config.start_date} to {config.end_date}",
        f"balance: {config.capital:,.2f} to {whole.equity:,.2f}, {whole.total_return_pct:.2f} %, "
        f"{whole.trades} trades; {result.moved:,.2f} moved in {result.rebalances} times",
    ]
    lines += [
        f"{name}: {one.starting_balance:,.2f} to {one.equity:,.2f}, {one.total_return_pct:.2f} %, {one.trades} trades"
        for name, one in result.members.items()
    ]
    return [*lines, *(f"warning: {text}" for text in result.warnings), f"outputs: {result.output_dir}"]
