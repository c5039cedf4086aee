"""``python -m research walk-forward``: search fold by fold, trade the best of each in what follows."""

import argparse

from core.errors import ConfigurationError
from research.commands.optimising import add_search_arguments, add_surroundings, search_options, surroundings_of
from research.commands.walk_blocks import show_walk
from research.folds.walk_forward import NOTHING, resume_walk_forward, walk_forward
from runs.commands.opened_store import print_json

_OF_A_NEW_ONE = (
    "system", "window", "param", "condition", "sampler", "trials", "metric", "seed", "batch", "min_trades", "train",
    "test", "purge", "embargo", "anchored",
)  # fmt: skip
_LENGTH = "LENGTH"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--train", metavar=_LENGTH, help="what each search is given: 90d, 12h, 4w, or 2000c (candles)")
    parser.add_argument("--test", metavar=_LENGTH, help="the test after it; the next fold begins so much later")
    parser.add_argument("--anchored", action="store_const", const=True, help="every search begins where the first does")
    parser.add_argument("--purge", metavar=_LENGTH, help="off the end of what each search is given (default: nothing)")
    parser.add_argument("--embargo", metavar=_LENGTH, help="between that and the test (default: nothing)")
    add_search_arguments(parser)
    parser.add_argument("--resume", metavar="NUMBER", help="go on with one: its number, or latest")
    add_surroundings(parser)


def run(asked: argparse.Namespace) -> int:
    """Make the walk-forward and show it."""
    if asked.resume is not None:
        for name in _OF_A_NEW_ONE:
            if getattr(asked, name) is not None:
                raise ConfigurationError(
                    f"--{name.replace('_', '-')} does nothing with --resume: the walk-forward has its own — allowed: "
                    "--processes, --cluster, --json, --offline and places"
                )
        walk = resume_walk_forward(asked.resume, **surroundings_of(asked))
    elif asked.system is None:
        raise ConfigurationError(
            "which system? — allowed: --system ID, or --resume NUMBER (see python -m systems list)"
        )
    else:
        for name in ("train", "test"):
            if getattr(asked, name) is None:
                raise ConfigurationError(f"--{name} is missing — allowed: a length such as 90d, or 2000c for candles")
        walk = walk_forward(
            asked.system,
            **search_options(asked),
            train=asked.train,
            test=asked.test,
            purge=asked.purge or NOTHING,
            embargo=asked.embargo or NOTHING,
            anchored=bool(asked.anchored),
            **surroundings_of(asked),
        )
    if asked.json:
        print_json(walk.to_dict())
    else:
        show_walk(walk)
    return 0
