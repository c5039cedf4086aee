"""``python -m research monte-carlo``: what else could have come of a run."""

import argparse

from research.monte_carlo.monte_carlo_report import USUAL, monte_carlo, monte_carlo_blocks
from research.monte_carlo.monte_carlo_settings import MonteCarloSettings
from runs.commands.opened_store import print_json
from runs.commands.text_blocks import show
from runs.reading.run_folder import read_run
from runs.reading.run_names import find_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("run", metavar="RUN", help="an id or its beginning, a name, a folder, or latest")
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
    settings = MonteCarloSettings(**{name: getattr(asked, name) for name in MonteCarloSettings.__struct_fields__})
    found = monte_carlo(read_run(find_run(asked.run)), settings)
    if asked.json:
        print_json(found.to_dict())
    else:
        show(*monte_carlo_blocks(found))
    return 0
