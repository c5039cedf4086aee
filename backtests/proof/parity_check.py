"""Checks a session's folder: its outputs against its journal, and the session against history."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from core.errors import ConfigurationError, DataUnavailableError, InvariantError, ParityError, StoreError

if TYPE_CHECKING:
    from backtests.journal_replay import JournalReplay
    from backtests.proof.history_parity import HistoryParity, HistorySource
    from backtests.proof.indexed_outputs import StepIndex
    from backtests.proof.output_comparison import OutputComparison
    from backtests.proof.recorded_session import SessionHead

Part = Literal["journal", "history"]


class JournalParity(msgspec.Struct, frozen=True):
    """Whether a session's outputs are those of its journal; ``broken`` names what ended the replay early.

    ``candles``, ``detail``, ``marks`` and ``funding`` count what the steps held.
    """

    equal: bool
    steps: int
    candles: int
    end: str | None
    outputs: "list[OutputComparison]"
    broken: str | None = None
    detail: int = 0
    marks: int = 0
    funding: int = 0


class ParityReport(msgspec.Struct):
    """What a check found; a part that was not checked is None.

    ``settings_broken`` says why manifest, journal and this program do not have the same settings, ``unavailable`` why
    history could not be compared.
    """

    session: str
    exchange: str
    timeframe: str
    symbols: list[str]
    asked: list[Part]
    settings_sha256: str
    session_code_version: str
    code_version: str
    settings_broken: str | None = None
    journal: JournalParity | None = None
    history: "HistoryParity | None" = None
    unavailable: str | None = None
    warnings: list[str] = []
    verdict: str = ""
    exit_code: int = 0


def check_parity(
    folder: str | Path,
    only: Part | None = None,
    *,
    data_dir: str | Path | None = None,
    offline: bool = False,
    now_ms: int,
) -> ParityReport:
    """Check a session's folder.

    Parameters
    ----------
    folder
        The session's folder. It may belong to a session that runs or was killed: it is checked up to the last step in
        its journal.
    only
        ``journal`` or ``history``; None checks both.
    data_dir, offline
        The candle store instead of the settings' own; never use the network for history.
    now_ms
        The present in UTC milliseconds, for exchanges that tell no time.

    Returns
    -------
    ParityReport
        ``exit_code`` is 0 when what was asked holds, 4 when it does not, 3 when history has no candles.

    Raises
    ------
    ConfigurationError
        If the folder is none of a session, or one of a version that wrote other outputs.
    StoreError
        If the journal is damaged or a file cannot be read or written.
    """
    from backtests.proof.history_parity import HistorySource
    from backtests.proof.recorded_session import read_head
    from runs.folder.file_names import DERIVED

    head = read_head(folder)
    _refuse_other_outputs(head)
    # Taken before the journal is read: a session that runs meanwhile journals first, so that what its files hold now
    # is in the journal that will be read.
    sizes = {name: _size(head.folder / name) for name in DERIVED}
    report = _begin_report(head, only)
    source = HistorySource(now_ms, None if data_dir is None else str(data_dir), offline)
    with tempfile.TemporaryDirectory(prefix="parity-") as work:
        _check(report, head, sizes, source, Path(work))
    report.verdict, report.exit_code = _judge(report)
    return report


def _refuse_other_outputs(head: "SessionHead") -> None:
    """Refuse a session of a version that wrote other outputs: its journal's digests are not of these."""
    from runs.folder.file_names import LEDGER, ORDERS
    from runs.identity.code_version import code_version

    if head.record.code_version == code_version() or any((head.folder / name).exists() for name in (ORDERS, LEDGER)):
        return
    raise ConfigurationError(
        f"{head.folder}: has neither {ORDERS} nor {LEDGER}; it was recorded by code {head.record.code_version}, which "
        f"did not write them, and its journal cannot be checked by this version ({code_version()}); check it with the "
        "version that recorded it"
    )


def _begin_report(head: "SessionHead", only: Part | None) -> ParityReport:
    from runs.identity.code_version import code_version

    record, code = head.record, code_version()
    live = record.settings.get("live")
    facts = live if isinstance(live, dict) else {}
    report = ParityReport(
        record.session,
        str(facts.get("exchange")),
        str(facts.get("timeframe")),
        list(record.instruments),
        ["journal", "history"] if only is None else [only],
        record.settings_sha256,
        record.code_version,
        code,
    )
    if record.code_version != code:
        report.warnings.append(
            f"the session ran on code {record.code_version}, this is {code}: a difference may come from that"
        )
    return report


def _check(
    report: ParityReport, head: "SessionHead", sizes: dict[str, int], source: "HistorySource", work: Path
) -> None:
    """Fill in the parts that were asked for."""
    try:
        settings = head.settings()
    except ParityError as error:
        report.settings_broken = str(error)
        return
    from backtests.journal_replay import read_replay
    from backtests.proof.history_parity import check_history

    replayed = work / "journal"
    _replay_in_own_process(head.folder, replayed)
    replay, index = read_replay(replayed)
    if replay.left_out_bytes:
        report.warnings.append(f"the journal ends with an unfinished record of {replay.left_out_bytes} bytes, left out")
    if replay.strategy_failed is not None:
        report.warnings.append(f"the session ended with its strategy's failure: {replay.strategy_failed}")
    if "journal" in report.asked or replay.broken is not None:
        report.journal = _compare_outputs(head, replay, replayed, index, sizes)
        report.warnings += _behind(report.journal)
    if "history" not in report.asked:
        return
    if replay.broken is not None:
        report.unavailable = "the journal does not replay, so that there is nothing to compare"
        return
    try:
        report.history = check_history(head, settings, source, replay, replayed, index, work / "history")
    except DataUnavailableError as error:
        report.unavailable = str(error)


def _replay_in_own_process(folder: Path, out: Path) -> None:
    """Replay a journal in another process, which opens nothing else of the session; raise what it failed with."""
    command = [sys.executable, "-m", "backtests.journal_replay", str(folder), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode in (0, ParityError.exit_code) and (out / "replay.json").exists():
        return
    message = "\n".join(line.removeprefix("error: ") for line in done.stderr.splitlines())
    message = message or f"the replay ended with code {done.returncode}"
    if done.returncode == ConfigurationError.exit_code:
        raise ConfigurationError(message)
    if done.returncode == StoreError.exit_code and "Traceback" not in message:
        raise StoreError(message)
    raise InvariantError(f"the replay of {folder} failed:\n{message}")


def _compare_outputs(
    head: "SessionHead", replay: "JournalReplay", replayed: Path, index: "StepIndex", sizes: dict[str, int]
) -> JournalParity:
    """Compare the session's outputs with the replay's, as far as both go."""
    from backtests.proof.output_comparison import compare_output

    unended = replay.end is None
    outputs = []
    for name, size in sizes.items():
        # A replay that was stopped by a digest says nothing about what came after.
        until = min(size, (replayed / name).stat().st_size) if replay.broken is not None else size
        outputs.append(
            compare_output(
                name,
                replayed / name,
                head.folder / name,
                index,
                size=until if unended or replay.broken is not None else None,
                unended=unended or replay.broken is not None,
            )
        )
    equal = replay.broken is None and all(one.equal for one in outputs)
    return JournalParity(
        equal,
        replay.steps,
        replay.candles,
        replay.end,
        outputs,
        replay.broken,
        replay.detail,
        replay.marks,
        replay.funding,
    )


def _behind(journal: JournalParity) -> list[str]:
    return [
        f"{one.name}: {one.lines_behind} lines behind the journal, of a session without an end; it is rebuilt when "
        "the session is resumed"
        for one in journal.outputs
        if one.lines_behind and journal.broken is None
    ]


def _judge(report: ParityReport) -> tuple[str, int]:
    """Return the last line and the exit code."""
    journal = history = "not checked"
    broken = report.settings_broken is not None
    if report.journal is not None:
        journal = "equal" if report.journal.equal else "DIFFERENT"
        broken |= not report.journal.equal
    elif broken and "journal" in report.asked:
        journal = "DIFFERENT"
    if report.history is not None:
        history = f"{report.history.differences} differences"
        if report.history.by_operator:
            history += f" (and {report.history.by_operator} by the operator)"
        broken |= report.history.differences > 0
    unavailable = report.unavailable is not None
    code = ParityError.exit_code if broken else DataUnavailableError.exit_code if unavailable else 0
    return f"journal: {journal} · history: {history}", code


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise StoreError.of("read", path, error) from error
