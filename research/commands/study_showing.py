"""``python -m research show``: a study as the store has it, or all of them."""

import argparse

from core.command_line import say
from core.instants import format_ms
from research.commands.study_blocks import ROWS, show_study
from research.studies.search import read_study
from research.studies.study_luck import study_luck
from runs.commands.opened_store import print_json
from runs.commands.text_blocks import Grid, show
from runs.store.run_store import open_store
from runs.store.store_rows import Optimisation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("study", metavar="STUDY", nargs="?", help="its number, or latest; none lists all")
    parser.add_argument(
        "--rows", metavar="N", type=int, default=ROWS, help="trials that are shown (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print plain data as JSON")


def run(asked: argparse.Namespace) -> int:
    """Show a study, or list all."""
    with open_store() as store:
        if asked.study is not None:
            study = read_study(asked.study, store)
            luck = study_luck(study, store)
            if asked.json:
                print_json({**study.to_dict(), "luck": luck.to_dict()})
            else:
                show_study(study, luck, asked.rows)
            return 0
        rows = [one for one in store.records(Optimisation) if one.code_version is not None]
    if asked.json:
        print_json([_plain(one) for one in rows])
    elif not rows:
        say("no study; python -m research optimise begins one")
    else:
        header = ("study", "status", "name", "window", "sampler", "seed", "trials", "metric", "begun")
        show(Grid(header, [[str(cell) for cell in _plain(one).values()] for one in rows], len(header)))
    return 0


def _plain(one: Optimisation) -> dict[str, object]:
    return {
        "study": one.id,
        "status": one.status,
        "name": one.name,
        "window": one.window_name or "-",
        "sampler": one.method,
        "seed": one.seed,
        "trials": (one.settings or {}).get("trials") or "all",
        "metric": one.objective,
        "begun": format_ms(one.created_ms)[:16],
    }
