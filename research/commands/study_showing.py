"""``python -m research show``: a study, a walk-forward or a cross-validation as the store has it, or all of them."""

import argparse

import msgspec

from core.errors import ConfigurationError
from core.instants import format_ms
from research.commands.search_arguments import count
from research.commands.search_words import show_listed
from research.commands.study_blocks import ROWS, show_study
from research.commands.validation_blocks import show_validation
from research.commands.walk_blocks import show_walk
from research.folds.validation_rows import METHOD as METHOD_OF_VALIDATIONS
from research.folds.validation_rows import read_cross_validation
from research.folds.walk_forward import read_walk_forward
from research.folds.walk_plan import METHOD as METHOD_OF_WALKS
from research.studies.search import read_study
from research.studies.study_luck import study_luck
from research.studies.study_plan import StudyPlan, plan_of
from runs.commands.opened_store import print_json
from runs.store.run_store import RunStore, open_store
from runs.store.store_rows import Optimisation

_OTHERS = (METHOD_OF_WALKS, METHOD_OF_VALIDATIONS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument(
        "study", metavar="STUDY", nargs="?", help="a number, or latest: the latest study; none lists all"
    )
    parser.add_argument(
        "--rows", metavar="N", type=count, default=ROWS, help="trials that are shown (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print plain data as JSON")


def run(asked: argparse.Namespace) -> int:
    """Show a study, or list all."""
    with open_store() as store:
        if asked.study is not None:
            _show(asked, store)
            return 0
        rows = [one for one in store.records(Optimisation) if one.code_version is not None or one.method in _OTHERS]
    show_listed([_plain(one) for one in rows], "no study; python -m research optimise begins one", as_json=asked.json)
    return 0


def _show(asked: argparse.Namespace, store: RunStore) -> None:
    number = int(asked.study) if asked.study.isascii() and asked.study.isdecimal() and len(asked.study) < 19 else None
    method = None if number is None else next((one.method for one in store.records(Optimisation, id=number)), None)
    if method == METHOD_OF_WALKS:
        walk = read_walk_forward(asked.study, store)
        print_json(walk.to_dict()) if asked.json else show_walk(walk)
    elif method == METHOD_OF_VALIDATIONS:
        validation = read_cross_validation(asked.study, store)
        print_json(validation.to_dict()) if asked.json else show_validation(validation)
    else:
        study = read_study(asked.study, store)
        luck = study_luck(study, store)
        print_json({**study.to_dict(), "luck": luck.to_dict()}) if asked.json else show_study(study, luck, asked.rows)


def _plain(one: Optimisation) -> dict[str, object]:
    return {
        "study": one.id,
        "status": one.status,
        "name": one.name,
        "window": one.window_name or f"{format_ms(one.start_ms)[:10]}..{format_ms(one.end_ms)[:10]}",
        "sampler": one.method,
        "seed": one.seed,
        "trials": _trials(one),
        "metric": one.objective,
        "begun": format_ms(one.created_ms)[:16],
    }


def _trials(one: Optimisation) -> int | str:
    """Return how many trials there are at most, of each search of what has several."""
    try:
        search = (one.settings or {})[str(one.method)]["search"] if one.method in _OTHERS else None
        return (plan_of(one) if search is None else msgspec.convert(search, StudyPlan)).total
    except (
        ConfigurationError,
        KeyError,
        msgspec.ValidationError,
    ):  # What another program wrote is listed all the same.
        return "?"
