"""``python -m runs tag`` and ``note``: what a user says of a run, kept in its folder."""

import argparse
from collections.abc import Iterable
from pathlib import Path

import msgspec

from core.command_line import say
from core.errors import ConfigurationError
from core.settings_problem import shown
from runs.commands.opened_store import current_store
from runs.folder.run_notes import RunNotes, read_notes, write_notes
from runs.store.run_store import RunStore
from runs.store.store_rows import RunRow
from runs.store.synchronising import take_folder

LONGEST_TAG = 60
LONGEST_NOTE = 10_000
LONGEST_NAME = 200


def tag_run(asked: argparse.Namespace) -> int:
    """Put tags on a run, take some off, and print those that it has then."""
    require_tags((*asked.tags, *asked.remove))
    with current_store() as store:
        run = store.run(asked.run)
        notes = _notes(run)
        absent = sorted(set(asked.remove) - set(notes.tags))
        if absent:
            raise ConfigurationError(f"run {run.run_id}: has no tag {absent[0]!r}; it has: {_listed(notes)}")
        if asked.tags or asked.remove:
            notes = notes.with_tags(asked.tags, asked.remove)
            keep_notes(store, run, notes)
    say(f"{run.run_id}: {_listed(notes)}")
    return 0


def require_tags(tags: Iterable[str]) -> None:
    """Raise the ConfigurationError of a text that can be no tag."""
    for tag in tags:
        if not tag or tag != tag.strip() or not tag.isprintable() or len(tag) > LONGEST_TAG or set(tag) & set("|,"):
            raise ConfigurationError(
                f"tag {tag!r}: is none — allowed: up to {LONGEST_TAG} printable characters without | and commas, no "
                "spaces around them"
            )


def require_note(text: str | None) -> None:
    """Raise the ConfigurationError of a note that is too long."""
    if text is not None and len(text) > LONGEST_NOTE:
        raise ConfigurationError(f"note: {len(text):,} characters — allowed: up to {LONGEST_NOTE:,}")


def require_name(text: str | None) -> None:
    """Raise the ConfigurationError of a text that can be no name."""
    if text is not None and (not text.isprintable() or len(text) > LONGEST_NAME):
        raise ConfigurationError(f"name: {shown(text)} — allowed: up to {LONGEST_NAME} printable characters")


def keep_notes(store: RunStore, run: RunRow, notes: RunNotes) -> None:
    """Keep in a run's folder what is said of it, and in the store.

    Raises
    ------
    ConfigurationError
        If the folder is on another machine.
    StoreError
        If it cannot be written.
    """
    write_notes(_folder(run), notes)
    take_folder(store, Path(run.folder))


def note_run(asked: argparse.Namespace) -> int:
    """Say something of a run in place of what was said, or print what was said."""
    if asked.clear and asked.text is not None:
        raise ConfigurationError("note: --clear takes the note away — allowed: a text, or --clear")
    if asked.text is not None and not asked.text.strip():
        raise ConfigurationError("note: the text is empty — allowed: some words, or --clear")
    require_note(asked.text)
    with current_store() as store:
        run = store.run(asked.run)
        notes = _notes(run)
        if asked.clear or asked.text is not None:
            notes = msgspec.structs.replace(notes, note=asked.text)
            keep_notes(store, run, notes)
    say(f"{run.run_id}: {notes.note or 'no note'}")
    return 0


def _notes(run: RunRow) -> RunNotes:
    return read_notes(_folder(run))


def _folder(run: RunRow) -> Path:
    folder = Path(run.folder)
    if not folder.is_dir():
        raise ConfigurationError(f"run {run.run_id}: its folder is not on this machine ({run.host}: {folder})")
    return folder


def _listed(notes: RunNotes) -> str:
    return ", ".join(notes.tags) or "no tags"
