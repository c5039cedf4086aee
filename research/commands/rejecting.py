"""``python -m research reject``: say no to a recommendation."""

import argparse

import msgspec

from core.command_line import say
from research.recommendations.deciding import reject
from runs.commands.opened_store import print_json
from runs.store.run_store import open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("number", metavar="ID", help="its number, or latest")
    parser.add_argument("--note", metavar="TEXT", help="why")
    parser.add_argument("--json", action="store_true", help="print plain data as JSON")


def run(asked: argparse.Namespace) -> int:
    """Reject it."""
    with open_store() as store:
        row = reject(asked.number, store, asked.note)
    if asked.json:
        print_json(msgspec.to_builtins(row))
    else:
        say(f"recommendation {row.id}: rejected")
    return 0
