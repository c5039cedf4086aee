"""Replays a session's journal into a folder: the outputs that the journal says the session wrote.

``python -m backtests.journal_replay SESSION --out DIR`` opens only the journal and the manifest of the session's
folder. It writes the outputs of a session (``trades.csv``, ``equity.csv``, ``decisions.jsonl``, ``orders.csv``,
``ledger.csv``) and ``replay.json``.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

import msgspec

from core.errors import ConfigurationError, HarnessError, InvariantError, ParityError, StoreError, StrategyError

if TYPE_CHECKING:
    from backtests.proof.indexed_outputs import IndexedOutputs, StepIndex
    from backtests.proof.recorded_session import SessionHead
    from engine.fold import SessionFold
    from engine.journal import JournalLine
    from engine.journal_records import CandleFields
    from validation.composed_settings import Settings

REPLAY = "replay.json"

EXIT_CODES = """\
exit codes: 0 replayed, 1 the journal is damaged or a file cannot be written, 2 no session folder,
4 the outputs are not those that the journal saw
"""


class JournalReplay(msgspec.Struct):
    """How far a replay came.

    ``candles`` counts those of the strategy's timeframe, ``detail``, ``marks`` and ``funding`` what else steps held.
    ``broken`` names what stopped it (None: it reached the journal's end), ``strategy_failed`` is the strategy's failure
    in the last step, ``left_out_bytes`` counts those of an unfinished last line. ``last_line`` is the last line of the
    journal that was read; a session that runs meanwhile writes more.
    """

    steps: int = 0
    candles: int = 0
    last_line: int = 1
    first_step_ms: int | None = None
    last_step_ms: int | None = None
    end: Literal["flatten", "keep"] | None = None
    strategy_failed: str | None = None
    broken: str | None = None
    left_out_bytes: int = 0
    detail: int = 0
    marks: int = 0
    funding: int = 0


def replay_journal(head: "SessionHead", settings: "Settings", out: "IndexedOutputs") -> JournalReplay:
    """Fold a journal, its outputs going to ``out``.

    A digest that does not fit ends the replay; ``broken`` of the result then names the step.

    Raises
    ------
    StoreError
        If the journal is damaged.
    """
    from engine.fold import SessionFold

    fold = SessionFold(head.record, settings, out.outputs)
    done = JournalReplay()
    last_byte = 0
    for line in head.lines():
        last_byte, done.last_line = line.end_byte, line.number
        try:
            _apply(fold, line, done)
        except ParityError as error:
            done.broken = f"{error} (line {line.number} of the journal)"
            return done
        except InvariantError as error:
            raise StoreError(
                f"{head.journal}: line {line.number} (ends at byte {line.end_byte}) is damaged: {error}",
                path=head.journal,
            ) from error
        out.mark(fold.session.last_step_ms)
    if last_byte:
        done.left_out_bytes = _unfinished_bytes(head.journal, last_byte)
    return done


def _unfinished_bytes(journal: Path, start: int) -> int:
    """Return the length of the line at a byte if it is no record; a session that runs may have written a whole one."""
    from engine.journal_records import JournalRecord

    with journal.open("rb") as file:
        file.seek(start)
        line = file.readline()
    if line.endswith(b"\n"):
        try:
            msgspec.json.decode(line, type=JournalRecord)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return len(line)
        return 0
    return len(line)


def _apply(fold: "SessionFold", line: "JournalLine", done: JournalReplay) -> None:
    """Apply one record; a strategy may fail in the last step, as it then did in the session."""
    from engine.journal_records import EndRecord, StepRecord

    record = line.record
    if isinstance(record, StepRecord) and done.strategy_failed is not None:
        raise ParityError(f"{done.strategy_failed}; the session went on after that step")
    try:
        fold.apply(record)
    except StrategyError as error:
        done.strategy_failed = str(error)
    if isinstance(record, StepRecord):
        done.steps += 1
        done.candles += _present(record.candles)
        done.detail += _present(record.detail)
        done.marks += _present(record.marks)
        done.funding += sum(map(len, record.funding))
        done.first_step_ms = record.time_ms if done.first_step_ms is None else done.first_step_ms
        done.last_step_ms = record.time_ms
    elif isinstance(record, EndRecord):
        done.end = record.mode


def _present(candles: "Sequence[CandleFields | None]") -> int:
    return sum(candle is not None for candle in candles)


def read_replay(directory: Path) -> "tuple[JournalReplay, StepIndex]":
    """Return how far the replay in a folder came, and the index of what it wrote."""
    from backtests.proof.indexed_outputs import StepIndex

    document = json.loads((directory / REPLAY).read_text(encoding="utf-8"))
    index = document.pop("index")
    return msgspec.convert(document, JournalReplay), StepIndex(index["times_ms"], index["sizes"])


class _Parser(argparse.ArgumentParser):
    """Reports a bad argument like every other bad input: as one line."""

    def error(self, message: str) -> NoReturn:
        raise ConfigurationError(f"{message} (see {self.prog} --help)")


def _run(arguments: Sequence[str] | None) -> int:
    parser = _Parser(
        prog="python -m backtests.journal_replay",
        description="Replay a session's journal into a folder; only journal and manifest are read.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("session", metavar="SESSION", help="folder of the session")
    parser.add_argument("--out", metavar="DIR", required=True, help="folder of the replay's outputs")
    asked = parser.parse_args(arguments)

    from backtests.proof.indexed_outputs import IndexedOutputs
    from backtests.proof.recorded_session import read_head

    head = read_head(asked.session)
    directory = Path(asked.out)
    if directory.resolve() == head.folder.resolve():
        raise ConfigurationError(f"--out {directory}: is the session's own folder; the replay must not overwrite it")
    settings = head.settings()
    with IndexedOutputs(directory) as out:
        done = replay_journal(head, settings, out)
    _write_summary(directory, done, out.index)
    if done.broken is not None:
        raise ParityError(done.broken)
    print(f"{done.steps} steps, {done.candles} candles replayed")
    return 0


def _write_summary(directory: Path, done: JournalReplay, index: "StepIndex") -> None:
    document = {**msgspec.to_builtins(done), "index": index.to_dict()}
    try:
        (directory / REPLAY).write_text(json.dumps(document) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError.of("write", directory / REPLAY, error) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        return _run(arguments)
    except HarnessError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
