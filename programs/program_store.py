"""Programs in the run store: texts with versions, of which none is ever changed."""

import re

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shown
from programs.stored_versions import append_version, chosen_version
from runs.commands.opened_store import wall_clock_ms
from runs.store.run_store import RunStore
from runs.store.store_rows import ProgramVersion
from strategies.programs.sandbox.program_text import ProgramText

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def stored_programs(store: RunStore) -> tuple[ProgramVersion, ...]:
    """Return the last version of every program that is not deleted, in order of their names."""
    last: dict[str, int] = {}
    for name, version in store.columns(ProgramVersion, "program", "version"):
        last[name] = max(version, last.get(name, 0))
    rows = (store.records(ProgramVersion, program=name, version=version) for name, version in sorted(last.items()))
    return tuple(row for found in rows for row in found if row.text is not None)


def program_versions(store: RunStore, name: str | None = None) -> tuple[ProgramVersion, ...]:
    """Return all versions of a program, or of every program, the oldest of each first."""
    rows = store.records(ProgramVersion) if name is None else store.records(ProgramVersion, program=name)
    return tuple(sorted(rows, key=lambda row: (row.program, row.version)))


def stored_program(store: RunStore, name: str, version: int | None = None) -> ProgramVersion:
    """Return a stored program, by default its last version.

    Raises
    ------
    ConfigurationError
        If there is no such program or version, or it was deleted with it.
    """
    rows = program_versions(store, name)
    if not rows:
        known = [row.program for row in stored_programs(store)]
        raise ConfigurationError(
            f"program {shown(name)}: there is none in the run store{did_you_mean(name, known)} — allowed: "
            f"{', '.join(known) or 'none yet'}"
        )
    return chosen_version(rows, version, f"program {name}", lambda row: row.text is not None)


def save_program(
    store: RunStore, name: str, text: str, note: str | None = None, after: int | None = None
) -> ProgramVersion:
    """Keep a text as the next version of a program, and return that; one that is as the last version is none anew.

    What a check would find in it is of no concern: it may be unfinished. ``after`` is the version that it rests on, 0
    where there was none; None rests on whichever is the last.

    Raises
    ------
    ConfigurationError
        If the name is none, or the text is too long or no text; a ``KeptMeanwhileError`` where ``after`` is not the
        last version any more.
    StoreError
        If it cannot be written.
    """
    require_program_name(name)
    return _appended(store, name, ProgramText.of(text, name).text, note, after)


def delete_program(store: RunStore, name: str) -> ProgramVersion:
    """Take a program out of those that are stored, and return the version that says so; its earlier ones stay.

    Raises
    ------
    ConfigurationError
        If no such program is stored.
    """
    stored_program(store, name)
    return _appended(store, name, None, None)


def require_program_name(name: str) -> None:
    """Refuse what is no name of a program; a name is never a path."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{shown(name)} is no name of a program — allowed: small letters, digits, _ and -, up to 64"
        )


def _appended(
    store: RunStore, name: str, text: str | None, note: str | None, after: int | None = None
) -> ProgramVersion:
    return append_version(
        store,
        f"program {name}",
        lambda: program_versions(store, name),
        lambda row: row.text,
        text,
        lambda version: ProgramVersion(program=name, version=version, text=text, note=note, saved_ms=wall_clock_ms()),
        after,
    )
