"""``python -m research monte-carlo``: what else could have come of a run, or of a walk-forward as a whole."""

import argparse

from research.commands.run_or_walk import add_run_or_walk, require_one, walk_block, walk_named
from research.folds.walk_luck import walk_sample
from research.monte_carlo.monte_carlo_report import USUAL, monte_carlo, monte_carlo_blocks, monte_carlo_of_sample
from research.monte_carlo.monte_carlo_settings import MonteCarloSettings
from runs.commands.opened_store import print_json
from runs.commands.text_blocks import show
from runs.reading.run_folder import read_run
from runs.reading.run_names import LATEST, find_run
from runs.store.run_store import open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_run_or_walk(parser)
    parser.add_argument("--paths", metavar="N", type=int, default=USUAL.paths, help="default: %(default)s")
    parser.add_argument("--seed", metavar="N", type=int, default=USUAL.seed, help="default: %(default)s")
    parser.add_argument("--block", metavar="DAYS", type=float, help="mean length of the blocks (default: automatic)")
    parser.add_argument("--missed", metavar="P", type=float, default=USUAL.missed,
                        help="probability with which a trade is left out (default: %(default)s)")  # fmt: skip
    parser.add_argument("--slippage", metavar="F", type=float, default=USUAL.slippage,
                        help="share of its value by which a fill is worse at most (default: %(default)s)")  # fmt: skip
    parser.add_argument("--ruin", metavar="F", type=float, default=USUAL.ruin,
                        help="share of the starting equity that is lost in ruin (default: %(default)s)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print plain data as JSON, with the bands of the curve")


def run(asked: argparse.Namespace) -> int:
    """Draw the run again and show what came of it."""
    require_one(asked)
    settings = MonteCarloSettings(**{name: getattr(asked, name) for name in MonteCarloSettings.__struct_fields__})
    folder = None if asked.run is None else find_run(asked.run)
    walk = None
    if asked.run in (None, LATEST):
        with open_store() as store:
            walk = walk_named(asked, store, folder)
    if walk is not None:
        found = monte_carlo_of_sample(walk_sample(walk), f"walk-forward {walk.id}", settings)
    else:
        found = monte_carlo(read_run(str(folder)), settings)
    if asked.json:
        print_json(found.to_dict())
    else:
        show(*([] if walk is None else [walk_block(walk)]), *monte_carlo_blocks(found))
    return 0
