"""``python -m runs tag`` and ``note``: what a user says of a run, kept in its folder."""

import argparse
from pathlib import Path

import msgspec

from core.command_line import say
from core.errors import ConfigurationError
from runs.commands.opened_store import current_store, synchronised
from runs.folder.run_notes import RunNotes, read_notes, write_notes
from runs.store.run_store import RunStore
from runs.store.store_rows import RunRow

LONGEST_TAG = 60
LONGEST_NOTE = 10_000


def tag_run(asked: argparse.Namespace) -> int:
    """Put tags on a run, take some off, and print those that it has then."""
    for tag in (*asked.tags, *asked.remove):
        if not tag or tag != tag.strip() or not tag.isprintable() or len(tag) > LONGEST_TAG or set(tag) & set("|,"):
            raise ConfigurationError(
                f"tag {tag!r}: is none — allowed: up to {LONGEST_TAG} printable characters without | and commas, no "
                "spaces around them"
            )
    with current_store() as store:
        run = store.run(asked.run)
        notes = _notes(run)
        absent = sorted(set(asked.remove) - set(notes.tags))
        if absent:
            raise ConfigurationError(f"run {run.run_id}: has no tag {absent[0]!r}; it has: {_listed(notes)}")
        if asked.tags or asked.remove:
            notes = notes.with_tags(asked.tags, asked.remove)
            _keep(store, run, notes)
    say(f"{run.run_id}: {_listed(notes)}")
    return 0


def note_run(asked: argparse.Namespace) -> int:
    """Say something of a run in place of what was said, or print what was said."""
    if asked.clear and asked.text is not None:
        raise ConfigurationError("note: --clear takes the note away — allowed: a text, or --clear")
    if asked.text is not None and not asked.text.strip():
        raise ConfigurationError("note: the text is empty — allowed: some words, or --clear")
    if asked.text is not None and len(asked.text) > LONGEST_NOTE:
        raise ConfigurationError(f"note: {len(asked.text):,} characters — allowed: up to {LONGEST_NOTE:,}")
    with current_store() as store:
        run = store.run(asked.run)
        notes = _notes(run)
        if asked.clear or asked.text is not None:
            notes = msgspec.structs.replace(notes, note=asked.text)
            _keep(store, run, notes)
    say(f"{run.run_id}: {notes.note or 'no note'}")
    return 0


def _notes(run: RunRow) -> RunNotes:
    folder = Path(run.folder)
    if not folder.is_dir():
        raise ConfigurationError(f"run {run.run_id}: its folder is not on this machine ({run.host}: {folder})")
    return read_notes(folder)


def _keep(store: RunStore, run: RunRow, notes: RunNotes) -> None:
    write_notes(Path(run.folder), notes)
    synchronised(store)


def _listed(notes: RunNotes) -> str:
    return ", ".join(notes.tags) or "no tags"
