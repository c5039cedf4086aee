"""``python -m research review``: compare what was expected of accepted recommendations with what came of them."""

import argparse

import msgspec

from research.commands.recommendation_blocks import kinds, reviewed
from research.commands.search_arguments import add_surroundings, count, surroundings_of
from research.recommendations.reviewing import DAYS, review
from runs.commands.opened_store import print_json, synchronised, warn_of
from runs.commands.text_blocks import Facts, Grid, show
from runs.store.run_store import open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("number", metavar="ID", nargs="?", help="its number, or latest; none reviews all")
    parser.add_argument(
        "--days", metavar="N", type=count, default=DAYS, help="after which there is an outcome (default: %(default)s)"
    )
    parser.add_argument("--trades", metavar="N", type=count, help="of the version, after which there is one too")
    add_surroundings(parser)


def run(asked: argparse.Namespace) -> int:
    """Review them and show what was found."""
    with open_store() as store:
        warn_of(synchronised(store))
        found = review(asked.number, days=asked.days, trades=asked.trades, **surroundings_of(asked), store=store)
    if asked.json:
        print_json(msgspec.to_builtins(found))
        return 0
    blocks: list[Facts | Grid] = [
        reviewed(found.reviewed) if found.reviewed else Facts("nothing is accepted: there is nothing to review", [])
    ]
    show(*blocks, kinds(found.kinds))
    return 0
