"""``python -m research recommendations``: show all that were made, or one with its evidence."""

import argparse

import msgspec

from core.command_line import say
from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shown
from research.commands.recommendation_blocks import listed, told
from research.recommendations.confidence import kind_records
from research.recommendations.deciding import recommendation
from runs.commands.opened_store import print_json
from runs.commands.text_blocks import show
from runs.store.run_store import open_store
from runs.store.store_rows import DECISIONS, Recommendation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("number", metavar="ID", nargs="?", help="its number, or latest; none lists all")
    parser.add_argument("--system", metavar="ID", help="those of one system")
    parser.add_argument("--status", metavar="STATUS", help=f"{', '.join(DECISIONS)} (default: all)")
    parser.add_argument("--json", action="store_true", help="print plain data as JSON")


def run(asked: argparse.Namespace) -> int:
    """Show one, or list all."""
    if asked.status is not None and asked.status not in DECISIONS:
        raise ConfigurationError(
            f"--status {shown(asked.status)}{did_you_mean(asked.status, DECISIONS)} — allowed: {', '.join(DECISIONS)}"
        )
    with open_store() as store:
        every = [one for one in store.records(Recommendation) if one.kind is not None]
        if asked.number is not None:
            row = recommendation(asked.number, store)
            if asked.json:
                print_json(msgspec.to_builtins(row))
            else:
                show(*told(row, kind_records(every)))
            return 0
    rows = [one for one in every if asked.status in (None, one.status) and asked.system in (None, one.system)]
    if asked.json:
        print_json(msgspec.to_builtins(rows))
    elif rows:
        show(listed(rows))
    else:
        say("no recommendation; python -m research recommend looks for some")
    return 0
