"""Checks a session's folder: its outputs against its journal, and the session against history."""

import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
from msgspec import UNSET

from backtests.engines.engine_choice import EngineChoice, by_reference
from backtests.proof.history_parity import check_history
from backtests.proof.history_source import HistorySource
from backtests.proof.output_comparison import compare_output
from backtests.proof.parity_report import JournalParity, ParityReport, Part
from backtests.proof.replayed_journal import COMPILED, DISPUTED, REPLAY, ReplayedJournal, read_replayed
from backtests.proof.result_comparison import result_difference
from backtests.proof.session_head import SessionHead, read_head
from core.errors import ConfigurationError, DataUnavailableError, InvariantError, ParityError, StoreError
from runs.folder.file_names import DERIVED, LEDGER, ORDERS
from runs.identity.code_version import code_version


def check_parity(
    folder: str | Path,
    only: Part | None = None,
    *,
    data_dir: str | Path | None = None,
    offline: bool = False,
    engine: EngineChoice = "auto",
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
    engine
        Which rules the journal is replayed by, and history's candles are run by: ``auto`` (the compiled ones where they
        cover the session and it is long enough), ``reference`` or ``compiled``.
    now_ms
        The present in UTC milliseconds, for exchanges that tell no time.

    Returns
    -------
    ParityReport
        ``exit_code`` is 0 when what was asked holds, 4 when it does not, 3 when history has no candles.

    Raises
    ------
    ConfigurationError
        If the folder is none of a session, or one of a version that wrote other outputs; if the compiled rules are
        asked for and do not cover the session.
    StoreError
        If the journal is damaged or a file cannot be read or written.
    """
    head = read_head(folder)
    _refuse_other_outputs(head)
    # Taken before the journal is read: a session that runs meanwhile journals first, so that what its files hold now
    # is in the journal that will be read.
    sizes = {name: _size(head.folder / name) for name in DERIVED}
    source = HistorySource(now_ms, None if data_dir is None else str(data_dir), offline)
    with tempfile.TemporaryDirectory(prefix="parity-") as work:
        report = _checked(_begun(head, only), head, sizes, source, Path(work), engine)
    verdict, exit_code = _judge(report)
    return msgspec.structs.replace(report, verdict=verdict, exit_code=exit_code)


def _refuse_other_outputs(head: SessionHead) -> None:
    """Refuse a session of a version that wrote other outputs: its journal's digests are not of these."""
    if head.record.code_version == code_version() or any((head.folder / name).exists() for name in (ORDERS, LEDGER)):
        return
    raise ConfigurationError(
        f"{head.folder}: has neither {ORDERS} nor {LEDGER}; it was recorded by code {head.record.code_version}, which "
        f"did not write them, and its journal cannot be checked by this version ({code_version()}); check it with the "
        "version that recorded it"
    )


def _begun(head: SessionHead, only: Part | None) -> ParityReport:
    record, code = head.record, code_version()
    live = record.settings.get("live")
    facts = live if isinstance(live, dict) else {}
    warnings = []
    if record.code_version != code:
        warnings.append(
            f"the session ran on code {record.code_version}, this is {code}: a difference may come from that"
        )
    return ParityReport(
        record.session,
        str(facts.get("exchange")),
        str(facts.get("timeframe")),
        list(record.instruments),
        ["journal", "history"] if only is None else [only],
        record.settings_sha256,
        record.code_version,
        code,
        record.strategy_sha256,
        warnings=warnings,
    )


def _checked(
    begun: ParityReport,
    head: SessionHead,
    sizes: dict[str, int],
    source: HistorySource,
    work: Path,
    engine: EngineChoice,
) -> ParityReport:
    """Return the report with the parts that were asked for."""
    try:
        settings = head.settings()
    except ParityError as error:
        return msgspec.structs.replace(begun, settings_broken=str(error))
    replayed = _replayed_in_own_process(head.folder, work / "journal", engine)
    journal = None
    if "journal" in begun.asked or replayed.replay.broken is not None:
        replayed, journal = _compared(head, replayed, sizes)
    replay, warnings = replayed.replay, list(begun.warnings)
    if replay.left_out_bytes:
        warnings.append(f"the journal ends with an unfinished record of {replay.left_out_bytes} bytes, left out")
    if replay.strategy_failed is not None:
        warnings.append(f"the session ended with its strategy's failure: {replay.strategy_failed}")
    if journal is not None:
        warnings += _behind(journal)
        if journal.equal and journal.engine == by_reference(DISPUTED):
            warnings.append("the compiled rules come to other outputs, which is a defect of theirs; the kernel's stand")
    if not head.chained:
        warnings.append("the journal is unchained: an edited record is found by its outputs alone")
    report = msgspec.structs.replace(begun, journal=journal, warnings=warnings)
    if "history" not in begun.asked:
        return report
    if replay.broken is not None:
        unavailable = "the journal does not replay, so that there is nothing to compare"
        return msgspec.structs.replace(report, unavailable=unavailable)
    try:
        history = check_history(head, settings, source, replayed, work / "history", engine)
    except DataUnavailableError as error:
        return msgspec.structs.replace(report, unavailable=str(error))
    return msgspec.structs.replace(report, history=history)


def _compared(
    head: SessionHead, replayed: ReplayedJournal, sizes: dict[str, int]
) -> tuple[ReplayedJournal, JournalParity]:
    """Compare a replay; what the compiled rules find different is replayed and judged by the kernel."""
    journal = _compare_outputs(head, replayed, sizes)
    if journal.equal or replayed.replay.engine != COMPILED:
        return replayed, journal
    replayed = _replayed_in_own_process(head.folder, replayed.folder, "reference")
    replayed.replay.engine = by_reference(DISPUTED)
    return replayed, _compare_outputs(head, replayed, sizes)


def _replayed_in_own_process(folder: Path, out: Path, engine: EngineChoice) -> ReplayedJournal:
    """Replay a journal in another process, which opens nothing else of the session; raise what it failed with."""
    command = [sys.executable, "-m", "backtests.journal_replay", str(folder), "--out", str(out), "--engine", engine]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode in (0, ParityError.exit_code) and (out / REPLAY).exists():
        return read_replayed(out)
    lines = [line.removeprefix("error: ") for line in done.stderr.splitlines()]
    lines = lines or [f"the replay ended with code {done.returncode}"]
    if done.returncode == ConfigurationError.exit_code:
        raise ConfigurationError(*lines)
    if done.returncode == StoreError.exit_code and not any("Traceback" in line for line in lines):
        raise StoreError(" ".join(lines))
    raise InvariantError(f"the replay of {folder} failed:", *lines)


def _compare_outputs(head: SessionHead, replayed: ReplayedJournal, sizes: dict[str, int]) -> JournalParity:
    """Compare the session's outputs with the replay's, as far as both go."""
    replay = replayed.replay
    partial = replay.end is None or replay.broken is not None
    outputs = []
    for name, size in sizes.items():
        # A replay that was stopped by a digest says nothing about what came after.
        until = min(size, (replayed.folder / name).stat().st_size) if replay.broken is not None else size
        pair = (replayed.folder / name, head.folder / name)
        outputs.append(compare_output(name, *pair, replayed.index, size=until if partial else None, unended=partial))
    result = None
    if replay.broken is None and replay.strategy_failed is None:
        result = result_difference(head.folder, replay.result, resumed=replay.resumed)
    equal = replay.broken is None and result is None and all(one.equal for one in outputs)
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
        result,
        replay.watched or UNSET,
        replay.engine,
        replay.open_interest or UNSET,
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
