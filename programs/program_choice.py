"""A program and what wakes it, as the parameters of a strategy: its text, its pools, its schedule."""

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from core.errors import ConfigurationError
from strategies.programs.recorded_decisions import RecordedDecisions, text_of
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_text import ProgramText, parsed
from strategies.programs.sandbox.reads import TRIGGERS_NAME
from strategies.programs.triggers import pool_files
from strategies.programs.triggers.pool_files import files_of, read_pool
from strategies.programs.triggers.signal_pool import SignalPool

_ALLOWED = 'allowed: {"pools": ["oversold"], "schedule": "4h"}, one of the two or both'
_KEYS = ("pools", "schedule")


class WantedTriggers(msgspec.Struct, frozen=True):
    """What wakes a program: pools by id, in order, and a schedule."""

    pools: tuple[str, ...] = ()
    schedule: str | None = None

    @property
    def none(self) -> bool:
        """Whether nothing does."""
        return not self.pools and self.schedule is None


class ProgramChoice(msgspec.Struct, frozen=True):
    """A program that is run, or decisions on record (``answers``, lines of JSON) that are run in its place.

    ``pools`` are in the order in which they wake it; ``pool_files`` says of those that were read from files, by id,
    what messages call these.
    """

    name: str
    code: str
    pools: tuple[SignalPool, ...] = ()
    schedule: str | None = None
    answers: str | None = None
    pool_files: Mapping[str, str] = {}

    @property
    def text(self) -> ProgramText:
        """The program as a sandbox takes it."""
        return ProgramText.of(self.code, f"{self.name}.py")

    def strategy(self) -> dict[str, Any]:
        """Return the section ``strategy`` of a configuration that runs it, which no file is read for any more."""
        params: dict[str, Any] = {
            "name": self.name,
            "code": self.code,
            "answers": self.answers,
            "pools": [self._told(one) for one in self.pools],
            "schedule": self.schedule,
        }
        # What a configuration may say of a program of its own.
        unsaid: dict[str, Any] = {"file": None, "decisions": None, "pools": [], "schedule": None}
        return {"type": "program", **unsaid, "params": params}

    def _told(self, pool: SignalPool) -> dict[str, Any]:
        file = self.pool_files.get(pool.id)
        return {"id": pool.id, **({} if file is None else {"file": file}), **pool.to_dict()}


def chosen_program(path: Path, asked: WantedTriggers, folders: Sequence[Path] | None = None) -> ProgramChoice:
    """Return the program of a file, woken by what is asked for, else by what its text says.

    Parameters
    ----------
    path
        The file.
    asked
        What wakes it, in place of all that the text says; nothing leaves it to the text.
    folders
        Where the pools are; None is as :func:`pool_folders`.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, nothing wakes the program, or a pool is none.
    """
    text = ProgramText.read(path)
    if not text.text.strip():
        raise ConfigurationError(f"{path}: is empty — allowed: a program, with def decide(market, account, trigger):")
    wanted = told_triggers(text) if asked.none else asked
    if wanted.none:
        tree = parsed(text.text)
        if isinstance(tree, ProgramProblem):
            raise ConfigurationError(f"{path}:{tree.line or 1}: {tree.text} — allowed: Python")
        raise ConfigurationError(
            f"{path}: nothing wakes it — allowed: --pools A,B, --schedule 4h, or in its text "
            f'{TRIGGERS_NAME} = {{"pools": ["oversold"]}}'
        )
    pools, files = read_pools(wanted.pools, pool_folders(path) if folders is None else folders)
    return ProgramChoice(path.stem, text.text, pools, wanted.schedule, pool_files=files)


def recorded_choice(path: Path, asked: WantedTriggers, folders: Sequence[Path] | None = None) -> ProgramChoice:
    """Return the decisions of a file in the place of a program; parameters and errors as of :func:`chosen_program`."""
    answers = text_of(path)
    head = RecordedDecisions.of(answers, path.name).head
    if asked.none:
        raise ConfigurationError(f"{path}: nothing asks for its decisions — allowed: --pools A,B and --schedule 4h")
    pools, files = read_pools(asked.pools, pool_folders(path) if folders is None else folders)
    name = path.stem if head is None else head.program
    return ProgramChoice(name, "", pools, asked.schedule, answers, files)


def read_pools(ids: Sequence[str], folders: Sequence[Path]) -> tuple[tuple[SignalPool, ...], dict[str, str]]:
    """Return pools by their ids, in order, and what messages call the file of each; errors as of ``pools_of``."""
    files = files_of(ids, folders)
    return tuple(read_pool(path) for path in files.values()), {id_: path.as_posix() for id_, path in files.items()}


def pool_folders(program: Path | None = None) -> list[Path]:
    """Return where pools are looked for: beside a program, below the working directory, and those that come along."""
    beside = [] if program is None else [program.parent / "pools"]
    return [*beside, *pool_files.pool_folders()]


def told_triggers(text: ProgramText) -> WantedTriggers:
    """Return what a program's text says that wakes it; nothing where it says nothing.

    Raises
    ------
    ConfigurationError
        If what it says is no literal of the form it must have; names the line.
    """
    tree = parsed(text.text)
    if isinstance(tree, ProgramProblem):
        return WantedTriggers()
    for statement in tree.body:
        named = isinstance(statement, ast.Assign) and [ast.unparse(one) for one in statement.targets] == [TRIGGERS_NAME]
        if named and isinstance(statement, ast.Assign):
            return _told(statement.value, f"{text.name}:{statement.lineno}: {TRIGGERS_NAME}")
    return WantedTriggers()


def _told(value: ast.expr, place: str) -> WantedTriggers:
    try:
        said = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ConfigurationError(f"{place}: is no literal — {_ALLOWED}") from None
    if not isinstance(said, Mapping) or not set(said) <= set(_KEYS):
        raise ConfigurationError(f"{place}: has other keys — {_ALLOWED}")
    pools, schedule = said.get("pools", ()), said.get("schedule")
    if not isinstance(pools, list | tuple) or not all(isinstance(one, str) for one in pools):
        raise ConfigurationError(f"{place}: pools are no list of ids — {_ALLOWED}")
    if schedule is not None and not isinstance(schedule, str):
        raise ConfigurationError(f"{place}: schedule is no text — {_ALLOWED}")
    return WantedTriggers(tuple(pools), schedule)
