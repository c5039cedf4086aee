"""``python -m runs rm``."""

import argparse
import sys
from pathlib import Path

from core.command_line import say
from core.errors import ConfigurationError
from runs.commands.listing import made_text, window_text
from runs.commands.opened_store import current_store
from runs.folder.folder_removal import remove_run
from runs.folder.session_lock import is_held
from runs.folder.write_errors import store_errors
from runs.store.run_store import RunStore
from runs.store.store_rows import RunRow


def remove_runs(asked: argparse.Namespace) -> int:
    """Remove runs with their folders, once they are named and confirmed."""
    with current_store() as store:
        runs = list({run.id: run for run in (removable(store, text) for text in asked.runs)}.values())
        if not asked.yes and not _confirmed(runs):
            say("nothing was removed")
            return 0
        for run in runs:
            remove(store, run)
            say(f"removed {run.folder}")
    return 0


def remove(store: RunStore, run: RunRow) -> None:
    """Remove a run with its folder; StoreError where that cannot be done."""
    with store_errors(Path(run.folder)):
        remove_run(Path(run.folder))
    if run.id is not None:
        store.forget([run.id])


def removable(store: RunStore, text: str) -> RunRow:
    """Return the one run that a text names, if it can be removed; ConfigurationError if it cannot."""
    run = store.run(text)
    same = [one.folder for one in store.named(text) if one.folder != run.folder]
    if same and text != run.folder:
        raise ConfigurationError(
            f"run {text!r}: is in several folders: {', '.join([run.folder, *same][:3])} — allowed: one of them"
        )
    folder = Path(run.folder)
    if run.host != store.host or not folder.is_dir():
        raise ConfigurationError(f"run {run.run_id}: its folder is not on this machine ({run.host}: {folder})")
    if is_held(folder):
        raise ConfigurationError(f"run {run.run_id}: the session is running; stop it first")
    return run


def _confirmed(runs: list[RunRow]) -> bool:
    if not sys.stdin.isatty():
        raise ConfigurationError("rm: cannot ask here — allowed: --yes, which removes without asking")
    for run in runs:
        say(f"{run.run_id}  {run.name}  {window_text(run.start_ms, run.end_ms)}  made {made_text(run.started_ms)}")
    say(f"Remove {'this run' if len(runs) == 1 else f'these {len(runs)} runs'} with all files? [y/N]")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
