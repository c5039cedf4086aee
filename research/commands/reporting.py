"""``python -m research report``: the page of a study."""

import argparse
from pathlib import Path

from core.command_line import say
from core.errors import ConfigurationError
from research.pictures.study_file import usual_place, write_study_page
from research.studies.search import read_study
from research.studies.study_luck import study_luck
from runs.store.run_store import open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("study", metavar="STUDY", help="its number, or latest")
    parser.add_argument("--out", metavar="FILE", help="where (default: logs/reports/study_N.html)")


def run(asked: argparse.Namespace) -> int:
    """Write the page and print where it is."""
    out = None if asked.out is None else Path(asked.out)
    if out is not None and out.is_dir():
        raise ConfigurationError(f"--out {out}: is a folder — allowed: a file, such as {out / 'study.html'}")
    with open_store() as store:
        study = read_study(asked.study, store)
        luck = study_luck(study, store)
    say(write_study_page(study, luck, usual_place(study) if out is None else out))
    return 0
