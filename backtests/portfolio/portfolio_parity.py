"""Checks the session of a portfolio: its outputs against its journal, and the session against history.

The journal's part is byte for byte, member by member. History's is a backtest of the same window over stored candles;
all input is compared, rows of the trade logs and of what moved that differ are counted, and the first of each file is
traced to its cause.
"""

import itertools
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType

from backtests.portfolio.portfolio_replay import REPLAY, PortfolioReplay, files_of, read_replay
from backtests.portfolio.portfolio_run import PortfolioPlan, run_portfolio
from backtests.portfolio.row_causes import Interference, RowDifference, row_causes
from backtests.proof.candle_comparison import CandleDifference
from backtests.proof.funding_comparison import FundingDifference
from backtests.proof.history_source import HistorySource, load_history
from backtests.proof.input_comparison import compare_input
from backtests.proof.journal_input import read_input
from backtests.proof.open_interest_comparison import OpenInterestDifference
from backtests.proof.parity_report import Part
from backtests.proof.report_lines import (
    MOST_SHOWN,
    candle_lines,
    cause_words,
    interest_lines,
    payment_lines,
    rest_lines,
)
from backtests.proof.session_head import SessionHead, read_head
from core.errors import ConfigurationError, DataUnavailableError, InvariantError, ParityError, StoreError
from core.timeframe import timeframe_ms
from core.watched_series import WatchedSeries
from engine.journal_records import ProgramRecord
from engine.portfolio.portfolio_assembly import strategies_of
from engine.watched import watched_series_of
from market_data.exchanges.exchange_names import PRACTICE
from market_data.history.settled_provider import settled_provider
from runs.folder.file_names import JOURNAL, REBALANCES, TRADES
from validation.portfolio_settings import PortfolioFeed

_KEPT_OPEN = ",end,"
"""Part of a row of the trade log that closes a position because the run ends."""


class PortfolioParity(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found. ``files`` says of each output whether it is the journal's; None where that was not asked.

    ``candles``, ``funding`` and ``open_interest`` (left out where the session is fed none) are the input that history
    has otherwise, ``compared`` counts the session's by kind.
    ``differences`` counts rows by file that history has otherwise, ``rows`` has the first of each with its cause.
    ``unavailable`` says why there is no history.
    """

    session: str
    portfolio: str
    steps: int
    commands: int
    files: dict[str, bool] | None = None
    broken: str | None = None
    differences: dict[str, int] | None = None
    rows: list[RowDifference] = []
    candles: list[CandleDifference] = []
    funding: list[FundingDifference] = []
    open_interest: list[OpenInterestDifference] | UnsetType = UNSET
    compared: dict[str, int] = {}
    warnings: list[str] = []
    unavailable: str | None = None
    verdict: str = ""
    exit_code: int = 0

    def lines(self) -> list[str]:
        """Return what is said of it, the verdict last."""
        told = [f"Portfolio {self.portfolio}, session {self.session}: {self.steps} steps"]
        told += [f"  {'equal' if same else 'DIFFERENT':<9}  {name}" for name, same in (self.files or {}).items()]
        told += [] if self.broken is None else [f"journal: {self.broken}"]
        told += [f"history: warning: {text}" for text in self.warnings]
        if self.differences is not None:
            told.append(f"history: {self.compared.get('candles', 0)} candles compared, {len(self.candles)} differ")
        for candle in self.candles[:MOST_SHOWN]:
            told += candle_lines(candle)
        for payment in self.funding[:MOST_SHOWN]:
            told += payment_lines(payment)
        interest = self.open_interest or []
        for row in interest[:MOST_SHOWN]:
            told += interest_lines(row)
        told += [*rest_lines(self.candles), *rest_lines(self.funding), *rest_lines(interest)]
        for one in self.rows:
            told.append(f"history: {one.file}: the first of {one.rows} rows that differ")
            told += [f"  session  {one.session or 'nothing'}", f"  history  {one.history or 'nothing'}"]
            words = cause_words(one.cause, one.root, one.candles, one.follows)
            told.append(f"  cause    from {one.step} on: {words}")
        told += [] if self.unavailable is None else [f"history: {self.unavailable}"]
        return [*told, self.verdict]


def is_portfolio(folder: str | Path) -> bool:
    """Whether a folder is that of a portfolio's session."""
    return all((Path(folder) / name).is_file() for name in (JOURNAL, REBALANCES))


def check_portfolio(
    folder: str | Path,
    only: Part | None = None,
    *,
    data_dir: str | None = None,
    offline: bool = False,
    now_ms: int,
) -> PortfolioParity:
    """Check a portfolio's session; parameters and errors as of ``backtests.proof.parity_check.check_parity``."""
    head = read_head(folder)
    settings = head.settings()
    if not isinstance(settings, PortfolioFeed):
        raise ConfigurationError(f"{folder}: is no session of a portfolio")
    # Taken before the journal is read: what its files hold now is in the journal that will be read.
    sizes = {name: _size(head.folder / name) for name in files_of(settings)}
    with tempfile.TemporaryDirectory(prefix="parity-") as work:
        replayed = Path(work) / "journal"
        replay = _replayed(head.folder, replayed)
        found = PortfolioParity(
            session=head.record.session,
            portfolio=settings.portfolio.name,
            steps=replay.steps,
            commands=replay.commands,
            broken=replay.broken,
        )
        if only != "history" or replay.broken is not None:
            ended = replay.end is not None and replay.broken is None
            files = {name: _same(head.folder / name, replayed / name, size, ended) for name, size in sizes.items()}
            found = msgspec.structs.replace(found, files=files)
        if only != "journal" and replay.broken is None:
            try:
                source = HistorySource(now_ms, data_dir, offline)
                found = _against_history(found, head, settings, replay, Path(work), source)
            except DataUnavailableError as error:
                found = msgspec.structs.replace(found, unavailable=str(error))
    return _judged(found)


def _against_history(
    found: PortfolioParity,
    head: SessionHead,
    settings: PortfolioFeed,
    replay: PortfolioReplay,
    work: Path,
    source: HistorySource,
) -> PortfolioParity:
    """Return what is found with history's part: its input, and the rows that differ with their causes."""
    given = read_input(head, settings.live.symbols, replay.last_line)
    rows = _history(head, settings, replay, given.failed_calls, work / "history", source)
    steps = (given.steps_ms[0], given.steps_ms[-1])
    began_ms = head.record.start_ms or steps[0] - timeframe_ms(settings.live.timeframe)
    interest = head.record.open_interest_periods
    history = load_history(settings, source, *steps, _watched(head, settings), began_ms, interest)
    compared = compare_input(head, settings.live.exchange, given, history)
    differing = {name: _differing(work / "journal" / name, path, replay) for name, path in rows.items()}
    interfered = Interference(given.missed_ms, given.operator_ms)
    return msgspec.structs.replace(
        found,
        differences={name: len(pairs) for name, pairs in differing.items()},
        rows=row_causes(differing, compared.differences, interfered, timeframe_ms(settings.live.timeframe)),
        candles=compared.candles,
        funding=compared.funding,
        open_interest=compared.open_interest,
        compared=given.counts(),
        warnings=[*history.not_stored_warnings(), *history.warnings, *compared.warnings],
    )


def _watched(head: SessionHead, settings: PortfolioFeed) -> list[WatchedSeries]:
    """Return the series that members watch, in the order of the journal."""
    strategies = strategies_of(settings.portfolio)
    known = {
        (one.symbol, one.timeframe): one
        for name, own in settings.portfolio.members.items()
        for one in watched_series_of(own, strategies[name])
    }
    return [known[one.symbol, one.timeframe] for one in head.record.watched_series]


def _history(
    head: SessionHead,
    settings: PortfolioFeed,
    replay: PortfolioReplay,
    failed_calls: list[ProgramRecord],
    out: Path,
    source: HistorySource,
) -> Mapping[str, Path]:
    """Run the session's window over history; return the trade logs and what moved, by the names of the session's."""
    first = settings.portfolio.first
    # The practice market is made here and needs no network.
    offline = source.offline and first.exchange != PRACTICE
    if replay.first_step_ms is None or replay.last_step_ms is None:
        raise DataUnavailableError("the session has no step, so that there is nothing to compare")
    plan = PortfolioPlan(
        settings=settings.portfolio,
        start_ms=replay.first_step_ms - timeframe_ms(first.detail_interval or first.timeframe),
        end_ms=replay.last_step_ms,
        output_dir=out,
        kill_switch_engaged=head.record.kill_switch,
        offline=offline,
        show_progress=False,
        failed_calls=failed_calls,
        open_interest=head.record.open_interest_periods,
    )
    # A session may have run on an exchange whose clock is ahead of this machine's; its last step is closed there.
    now_ms = max(source.now_ms, replay.last_step_ms)
    provider = settled_provider(first.exchange, first.data, now_ms, offline=offline, data_dir=source.data_dir)
    result = run_portfolio(plan, provider)
    members = {f"{name}/{TRADES}": Path(one.folder) / TRADES for name, one in result.members.items()}
    return {REBALANCES: Path(result.output_dir) / REBALANCES, **members}


def _differing(own: Path, other: Path, replay: PortfolioReplay) -> list[tuple[str, str]]:
    """Return the rows that differ; a backtest closes at its end what a session that goes on keeps."""
    pairs = itertools.zip_longest(_rows(own, replay), _rows(other, replay), fillvalue="")
    return [(left, right) for left, right in pairs if left != right]


def _rows(path: Path, replay: PortfolioReplay) -> list[str]:
    rows = path.read_text(encoding="utf-8").splitlines()
    return rows if replay.end == "flatten" else [row for row in rows if _KEPT_OPEN not in row]


def _same(own: Path, other: Path, size: int, ended: bool) -> bool:
    """Whether a file is what its journal gives; that of a session that goes on as far as it goes."""
    with own.open("rb") as file:
        written = file.read(size)
    given = other.read_bytes()
    return written == given if ended else given.startswith(written) or written.startswith(given)


def _replayed(folder: Path, out: Path) -> PortfolioReplay:
    """Replay in another process, which opens nothing else of the session."""
    command = [sys.executable, "-m", "backtests.journal_replay", str(folder), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode in (0, ParityError.exit_code) and (out / REPLAY).exists():
        return read_replay(out)
    lines = [line.removeprefix("error: ") for line in done.stderr.splitlines()]
    if done.returncode == ConfigurationError.exit_code:
        raise ConfigurationError(*lines)
    if done.returncode == StoreError.exit_code and not any("Traceback" in line for line in lines):
        raise StoreError(" ".join(lines))
    raise InvariantError(f"the replay of {folder} failed:", *lines)


def _judged(found: PortfolioParity) -> PortfolioParity:
    journal, history, broken = "not checked", "not checked", found.broken is not None
    if found.files is not None:
        equal = not broken and all(found.files.values())
        journal, broken = "equal" if equal else "DIFFERENT", not equal
    if found.differences is not None:
        by_operator = sum(one.rows for one in found.rows if one.root == "operator")
        inputs = len(found.candles) + len(found.funding) + len(found.open_interest or ())
        differing = sum(found.differences.values()) + inputs - by_operator
        history = f"{differing} differences{f' (and {by_operator} by the operator)' if by_operator else ''}"
        broken |= differing > 0
    code = ParityError.exit_code if broken else 0 if found.unavailable is None else DataUnavailableError.exit_code
    return msgspec.structs.replace(found, verdict=f"journal: {journal} · history: {history}", exit_code=code)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise StoreError.of("read", path, error) from error
