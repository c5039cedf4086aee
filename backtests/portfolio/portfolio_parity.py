"""Checks the session of a portfolio: its outputs against its journal, and the session against history.

The journal's part is byte for byte, member by member. History's is a backtest of the same window over stored candles;
rows of the trade logs and of what moved that differ are counted and the first of each member is named.
"""

import itertools
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from backtests.portfolio.portfolio_replay import REPLAY, PortfolioReplay, files_of, read_replay
from backtests.portfolio.portfolio_run import PortfolioPlan, run_portfolio
from backtests.proof.parity_report import Part
from backtests.proof.session_head import SessionHead, read_head
from core.errors import ConfigurationError, DataUnavailableError, InvariantError, ParityError, StoreError
from core.timeframe import timeframe_ms
from market_data.exchanges.exchange_names import PRACTICE
from market_data.history.settled_provider import settled_provider
from runs.folder.file_names import JOURNAL, REBALANCES, TRADES
from validation.portfolio_settings import PortfolioFeed

_KEPT_OPEN = ",end,"
"""Part of a row of the trade log that closes a position because the run ends."""


class PortfolioParity(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found. ``files`` says of each output whether it is the journal's; None where that was not asked.

    ``differences`` counts rows by file that history has otherwise, ``first`` is the first of each: the session's row
    and history's. ``unavailable`` says why there is no history.
    """

    session: str
    portfolio: str
    steps: int
    commands: int
    files: dict[str, bool] | None = None
    broken: str | None = None
    differences: dict[str, int] | None = None
    first: dict[str, tuple[str, str]] = {}
    unavailable: str | None = None
    verdict: str = ""
    exit_code: int = 0

    def lines(self) -> list[str]:
        """Return what is said of it, the verdict last."""
        told = [f"Portfolio {self.portfolio}, session {self.session}: {self.steps} steps"]
        told += [f"  {'equal' if same else 'DIFFERENT':<9}  {name}" for name, same in (self.files or {}).items()]
        told += [] if self.broken is None else [f"journal: {self.broken}"]
        for name, (own, other) in self.first.items():
            told += [f"history: {name}: the first of {(self.differences or {})[name]} rows that differ"]
            told += [f"  session  {own or 'nothing'}", f"  history  {other or 'nothing'}"]
        if self.commands and self.first:
            told.append(f"an operator gave {self.commands} commands, which no backtest obeys")
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
                rows = _history(head, settings, replay, Path(work) / "history", (data_dir, offline, now_ms))
            except DataUnavailableError as error:
                found = msgspec.structs.replace(found, unavailable=str(error))
            else:
                compared = {name: _differing(replayed / name, path, replay) for name, path in rows.items()}
                counts = {name: len(pairs) for name, pairs in compared.items()}
                first = {name: pairs[0] for name, pairs in compared.items() if pairs}
                found = msgspec.structs.replace(found, differences=counts, first=first)
    return _judged(found)


def _history(
    head: SessionHead, settings: PortfolioFeed, replay: PortfolioReplay, out: Path, source: tuple[str | None, bool, int]
) -> Mapping[str, Path]:
    """Run the session's window over history; return the trade logs and what moved, by the names of the session's."""
    data_dir, offline, now_ms = source
    first = settings.portfolio.first
    # The practice market is made here and needs no network.
    offline = offline and first.exchange != PRACTICE
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
    )
    # A session may have run on an exchange whose clock is ahead of this machine's; its last step is closed there.
    now_ms = max(now_ms, replay.last_step_ms)
    provider = settled_provider(first.exchange, first.data, now_ms, offline=offline, data_dir=data_dir)
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
        differing = sum(found.differences.values())
        history = f"{differing} differences"
        broken |= differing > 0
    code = ParityError.exit_code if broken else 0 if found.unavailable is None else DataUnavailableError.exit_code
    return msgspec.structs.replace(found, verdict=f"journal: {journal} · history: {history}", exit_code=code)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise StoreError.of("read", path, error) from error
