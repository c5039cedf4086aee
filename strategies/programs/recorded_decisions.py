"""Decisions on record: a line of JSON for each trigger, from which a run is made without asking who decided."""

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from core.errors import ConfigurationError
from core.instants import format_ms, parse_instant
from core.plain_text import escaped
from core.settings_problem import did_you_mean, shortly, shown
from strategies.programs.decision_source import DecisionSource
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.reads import READS_NAME, Reads
from strategies.programs.sandbox.sandbox import CallAnswer, CallInput

UNANSWERED = "no decision is on record for this trigger"
"""What a call without a record prints; it holds."""
LONGEST_FILE = 256 * 1024 * 1024
"""Bytes of a file of decisions: about a million triggers."""
_KEYS = ("time", "symbol", "pool", "decision", "problem", "printed")
_ALLOWED = (
    'allowed: {"time": "2024-01-03T10:00:00Z", "symbol": "BTC/USDT", "pool": "oversold", '
    '"decision": {"action": "buy"}}, without a pool for the schedule'
)


class TriggerKey(NamedTuple):
    """What a record is found by: the close, the symbol, and the pool that woke; an empty one is the schedule."""

    time_ms: int
    symbol: str
    pool: str = ""

    @classmethod
    def of(cls, trigger: Mapping[str, Any]) -> Self:
        """Return the key of a trigger as a program is shown it."""
        return cls(int(trigger["time_ms"]), str(trigger["symbol"]), str(trigger.get("pool_id", "")))


class RecordHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of a record, where it has one: whose decisions they are, and what the ``program`` read.

    What is read decides how many candles a session begins with: with it the run is the one that was recorded.
    """

    program: str
    reads: Reads = Reads()

    def line(self) -> str:
        """Return it as the line of a file."""
        return json.dumps(msgspec.to_builtins(self), separators=(",", ":")) + "\n"

    def code(self) -> str:
        """Return the text of a program that reads the same, and decides nothing."""
        return f"{READS_NAME} = {msgspec.to_builtins(self.reads)!r}\n"


class RecordedDecisions:
    """Answers triggers from records; one of which there is none holds, and says so.

    Parameters
    ----------
    answers
        By trigger.
    head
        Whose they are; None where nobody says so.
    lines
        The number of each in its file, by trigger.
    """

    def __init__(
        self,
        answers: Mapping[TriggerKey, CallAnswer],
        head: RecordHead | None = None,
        lines: Mapping[TriggerKey, int] | None = None,
    ) -> None:
        self._answers = answers
        self._lines = lines or {}
        self.head = head

    @classmethod
    def of(cls, text: str, name: str = "decisions") -> Self:
        """Return the records of a text, a line of JSON each; empty lines are passed over.

        Raises
        ------
        ConfigurationError
            If a line is no record, or two are of one trigger; names the line.
        """
        answers: dict[TriggerKey, CallAnswer] = {}
        lines: dict[TriggerKey, int] = {}
        head: RecordHead | None = None
        # Not splitlines: a text in JSON may hold other marks of a line's end than the line feed.
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            told = _told(line, f"{name}:{number}")
            if number == 1 and "program" in told:
                head = _head(told, f"{name}:{number}")
                continue
            key, answer = _record(told, f"{name}:{number}")
            if key in answers:
                trigger = f"{escaped(key.symbol)} {format_ms(key.time_ms)} {escaped(key.pool) or 'schedule'}"
                raise ConfigurationError(
                    f"{name}:{number}: {trigger} stands in line {lines[key]} already — allowed: one decision a trigger"
                )
            answers[key], lines[key] = answer, number
        return cls(answers, head, lines)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the records of a file; errors as of :meth:`of`, and where it cannot be read."""
        return cls.of(text_of(path), path.name)

    def call(self, given: CallInput) -> CallAnswer:
        """Return what is on record for a trigger."""
        answer = self._answers.get(TriggerKey.of(given.trigger))
        if answer is None:
            return CallAnswer(None, given.memory, printed=(UNANSWERED,))
        return msgspec.structs.replace(answer, memory=given.memory)

    def unasked(self, triggers: Collection[TriggerKey]) -> list[int]:
        """Return the numbers of the lines that are of none of these triggers."""
        return [line for key, line in self._lines.items() if key not in triggers]

    def close(self) -> None:
        """Do nothing: nothing is open."""


class RecordingSource:
    """Asks another source, and hands out each answer as a line of JSON that :class:`RecordedDecisions` reads.

    Parameters
    ----------
    source
        Who decides.
    write
        Takes each line, with its line end.
    """

    def __init__(self, source: DecisionSource, write: Callable[[str], object]) -> None:
        self._source = source
        self._write = write

    def call(self, given: CallInput) -> CallAnswer:
        """Return the other's answer, once it is written."""
        answer = self._source.call(given)
        self._write(record_line(TriggerKey.of(given.trigger), answer))
        return answer

    def close(self) -> None:
        """Close the other source."""
        self._source.close()


def record_line(key: TriggerKey, answer: CallAnswer) -> str:
    """Return an answer as a line of a record."""
    record: dict[str, Any] = {"time": format_ms(key.time_ms), "symbol": key.symbol}
    if key.pool:
        record["pool"] = key.pool
    record["decision"] = answer.decision
    if answer.problem is not None:
        record["problem"] = msgspec.to_builtins(answer.problem)
    if answer.printed:
        record["printed"] = list(answer.printed)
    return json.dumps(record, separators=(",", ":")) + "\n"


def text_of(path: Path) -> str:
    """Return the text of a file of records.

    Raises
    ------
    ConfigurationError
        If it cannot be read, is too long, or no text.
    """
    try:
        if path.exists() and not path.is_file():
            raise ConfigurationError(f"{path}: is no file — allowed: a file of recorded decisions")
        if path.stat().st_size > LONGEST_FILE:
            raise ConfigurationError(f"{path}: {path.stat().st_size:,} bytes — allowed: at most {LONGEST_FILE:,}")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: is no text in UTF-8 — allowed: a line of JSON for each trigger") from None
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be read: {error.strerror or error} — allowed: a file of recorded decisions"
        ) from error


def _told(line: str, place: str) -> dict[str, Any]:
    """Return a line as the mapping that it has to be."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        raise ConfigurationError(f"{place}: is no JSON — {_ALLOWED}") from None
    if not isinstance(told, dict):
        raise ConfigurationError(f"{place}: {shortly(told)} is no record — {_ALLOWED}")
    return told


def _head(told: dict[str, Any], place: str) -> RecordHead:
    try:
        return msgspec.convert(told, RecordHead)
    except msgspec.ValidationError as error:
        allowed = 'allowed: {"program": "my_program"}, and what it reads as READS has it'
        raise ConfigurationError(f"{place}: {error} — {allowed}") from None


def _record(told: dict[str, Any], place: str) -> tuple[TriggerKey, CallAnswer]:
    for name in told:
        if name not in _KEYS:
            raise ConfigurationError(f"{place}: {shown(name)} is no key{did_you_mean(name, _KEYS)} — {_ALLOWED}")
    for name in ("symbol", "pool"):
        if not isinstance(told.get(name, ""), str) or (name == "symbol" and not told.get(name)):
            raise ConfigurationError(f"{place}: {name}: {shortly(told.get(name))} — {_ALLOWED}")
    if "decision" not in told:
        raise ConfigurationError(f"{place}: has no decision — {_ALLOWED}, null for hold")
    printed = told.get("printed", [])
    if not isinstance(printed, list) or not all(isinstance(one, str) for one in printed):
        raise ConfigurationError(f"{place}: printed: {shortly(printed)} — allowed: a list of texts")
    key = TriggerKey(_time(told.get("time"), place), told["symbol"], told.get("pool", ""))
    # As a sandbox tells them: what a file says is no text of the terminal's, and may be no text at all.
    return key, CallAnswer(told["decision"], {}, _problem(told.get("problem"), place), tuple(map(escaped, printed)))


def _time(value: object, place: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise ConfigurationError(f"{place}: time: {shortly(value)} — allowed: text, or UTC milliseconds")
    try:
        return parse_instant(value, name="time")
    except ConfigurationError as error:
        raise ConfigurationError(f"{place}: {error}") from error


def _problem(value: object, place: str) -> ProgramProblem | None:
    if value is None:
        return None
    try:
        problem = msgspec.convert(value, ProgramProblem)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{place}: problem: {error} — allowed: kind, text and line") from None
    return msgspec.structs.replace(problem, text=escaped(problem.text))
