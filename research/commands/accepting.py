"""``python -m research accept``: write the version of the system that a recommendation asks for."""

import argparse

import msgspec

from core.command_line import say
from research.recommendations.deciding import accept
from runs.commands.opened_store import print_json
from runs.store.run_store import open_store
from systems.places import DEFAULT_FOLDER, Places


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("number", metavar="ID", help="its number, or latest")
    parser.add_argument("--note", metavar="TEXT", help="why")
    parser.add_argument(
        "--systems", metavar="DIR", default=DEFAULT_FOLDER, help="folder of systems (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print plain data as JSON")


def run(asked: argparse.Namespace) -> int:
    """Accept it and say what was written."""
    with open_store() as store:
        row = accept(asked.number, store, Places(asked.systems), asked.note)
    if asked.json:
        print_json(msgspec.to_builtins(row))
    else:
        say(
            f"recommendation {row.id}: accepted",
            f"wrote {asked.systems}/{row.version}.yaml; {row.system} stays as it is",
        )
    return 0
