"""``python -m research luck``: how much of a run, or of a walk-forward as a whole, is luck."""

import argparse
from pathlib import Path
from typing import Any

import msgspec

from core.errors import ConfigurationError
from metrics.figures.undefined import Undefined
from research.commands.run_or_walk import add_run_or_walk, require_one, walk_block, walk_named
from research.folds.walk_forward_result import WalkForward
from research.folds.walk_luck import walk_luck
from research.luck.luck_report import Luck, luck_blocks
from research.luck.noisy_prices import price_noise
from research.luck.permuted_entries import entry_permutation
from research.luck.stored_base import plan_of_run
from research.studies.run_luck import run_luck
from runs.commands.opened_store import current_store, print_json
from runs.commands.text_blocks import Facts, show
from runs.reading.run_folder import read_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    add_run_or_walk(parser)
    parser.add_argument("--further", metavar="N", type=int, default=0,
                        help="trials on the same candles that the store knows nothing of")  # fmt: skip
    parser.add_argument("--permutations", metavar="N", type=int, default=0,
                        help="run it again N times with its entries at other times")  # fmt: skip
    parser.add_argument("--noise", metavar="N", type=int, default=0,
                        help="run it again N times with prices moved within a tick and a spread")  # fmt: skip
    parser.add_argument("--spread", metavar="F", type=float, help="fraction of the price (default: as the run has it)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--processes", metavar="N", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="print plain data as JSON")


def run(asked: argparse.Namespace) -> int:
    """Judge the run and show what was found."""
    for name in ("further", "permutations", "noise", "seed"):
        if getattr(asked, name) < 0:
            raise ConfigurationError(f"--{name}: {getattr(asked, name)} — allowed: a whole number from 0")
    require_one(asked)
    with current_store() as store:
        row = None if asked.run is None else store.run(asked.run)
        walk = walk_named(asked, store, None if row is None else Path(row.folder))
        if walk is not None:
            return _of_walk(asked, walk, walk_luck(walk, store, further=asked.further, seed=asked.seed))
        row = store.run(asked.run) if row is None else row
        stored = read_run(row.folder)
        luck = run_luck(row, stored, store, further=asked.further, seed=asked.seed)
    again: dict[str, Any] = {}
    if asked.permutations:
        again["entries at other times"] = entry_permutation(
            plan_of_run(stored), permutations=asked.permutations, seed=asked.seed, processes=asked.processes
        )
    if asked.noise:
        again["prices moved"] = price_noise(
            plan_of_run(stored), draws=asked.noise, seed=asked.seed, spread=asked.spread
        )
    if asked.json:
        print_json({**luck.to_dict(), "runs": msgspec.to_builtins(again)})
    else:
        told = [(name, one.reason if isinstance(one, Undefined) else one.sentence) for name, one in again.items()]
        show(*luck_blocks(luck), *([Facts("Run again", told)] if told else []))
    return 0


def _of_walk(asked: argparse.Namespace, walk: WalkForward, luck: Luck) -> int:
    """Show that of the account of a walk-forward, which is no run that could be made again."""
    for name in ("permutations", "noise"):
        if getattr(asked, name):
            raise ConfigurationError(
                f"--{name}: walk-forward {walk.id} is several runs — allowed: with one of them, such as run "
                f"{walk.folds[-1].notes.run_id}"
            )
    if asked.json:
        print_json({"walk_forward": walk.id, **luck.to_dict(), "runs": {}})
    else:
        show(walk_block(walk), *luck_blocks(luck))
    return 0
