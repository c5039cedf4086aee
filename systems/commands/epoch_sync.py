"""``sync``: the runs of all epochs in the store of runs."""

import argparse

from core.command_line import say, say_text
from runs.store.run_store import open_store
from runs.store.store_rows import Epoch
from systems.commands.system_lines import as_json
from systems.life_cycle.epoch_index import index_epochs
from systems.places import Places


def sync_epochs(asked: argparse.Namespace, places: Places) -> int:
    """Bring the store up to what the folders of epochs say, and print how many it holds; return the exit code."""
    with open_store() as store:
        changed, kept = index_epochs(store, places.logs_of("logs")), len(store.records(Epoch))
    if asked.json:
        say_text(as_json({"changed": changed, "epochs": kept}))
    else:
        say(f"{changed} new or changed, {kept} epochs in the store")
    return 0
