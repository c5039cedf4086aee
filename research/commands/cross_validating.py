"""``python -m research cross-validate``: search in all ways to leave groups out, and try the best of each there."""

import argparse

from research.commands.search_arguments import (
    add_search_arguments,
    add_surroundings,
    count,
    require_system,
    search_options,
    surroundings_of,
)
from research.commands.validation_blocks import show_validation
from research.folds.cross_validation import cross_validate
from research.folds.lengths import NOTHING
from runs.commands.opened_store import print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--groups", metavar="N", type=count, default=6, help="parts of the window (default: 6)")
    parser.add_argument("--test-groups", metavar="K", type=count, default=2, help="left out at a time (default: 2)")
    parser.add_argument("--purge", metavar="LENGTH", default=NOTHING,
                        help="not searched on either side of a group left out: 2d, or 20c (candles)")  # fmt: skip
    parser.add_argument("--embargo", metavar="LENGTH", default=NOTHING, help="not searched beyond that after the group")
    add_search_arguments(parser)
    add_surroundings(parser)


def run(asked: argparse.Namespace) -> int:
    """Make the cross-validation and show it."""
    require_system(asked)
    found = cross_validate(
        asked.system,
        **search_options(asked),
        groups=asked.groups,
        test_groups=asked.test_groups,
        purge=asked.purge,
        embargo=asked.embargo,
        **surroundings_of(asked),
    )
    if asked.json:
        print_json(found.to_dict())
    else:
        show_validation(found)
    return 0
