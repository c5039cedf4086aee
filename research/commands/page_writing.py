"""Pages of studies, walk-forwards, cross-validations and portfolios, written for the verbs that end with one."""

from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from reports.portfolio.portfolio_page import KnownAs, write_portfolio_page
from research.commands.validation_blocks import validation_facts, validation_title
from research.commands.walk_blocks import walk_lines
from research.folds.cross_validation_result import CrossValidation
from research.folds.left_out_ranks import left_out_ranks
from research.folds.path_curves import path_curves
from research.folds.validation_rows import METHOD, STUDIES
from research.folds.walk_forward_result import WalkForward
from research.pictures.study_file import FOLDER, LOGS, usual_place, write_study_page
from research.pictures.validation_data import (
    ValidationFindings,
    ValidationWords,
    validation_data,
    write_validation_page,
)
from research.portfolio.portfolio_backtest import PortfolioRun
from research.studies.search import read_study, study_row
from research.studies.search_rows import row_of
from research.studies.study_luck import study_luck
from runs.store.run_store import RunStore


def write_page_of_study(study: str | int, store: RunStore, out: Path | None, logs: str | None = None) -> Path:
    """Write the page of a study and return where it is; ``out`` is None for its usual place."""
    found = read_study(study, store)
    return write_study_page(found, study_luck(found, store), out or usual_place(found.row, logs))


def write_page_of_walk(walk: WalkForward, store: RunStore, out: Path | None, logs: str | None = None) -> Path:
    """Write the page of a walk-forward, around the search of its last fold; ``out`` is None for its usual place."""
    if not walk.folds:
        raise ConfigurationError(f"walk-forward {walk.id}: no fold is done — allowed: to go on with it first")
    study = read_study(walk.folds[-1].notes.study, store)
    target = out or usual_place(walk.row, logs, "walk_forward")
    return write_study_page(study, study_luck(study, store), target, walk_lines(walk))


def write_page_of_validation(
    found: CrossValidation, store: RunStore, out: Path | None, logs: str | None = None
) -> Path:
    """Write the page of a cross-validation and return where it is; ``out`` is None for its usual place."""
    target = out or usual_place(row_of(METHOD, found.id, store), logs, "cross_validation")
    return write_validation_page(page_of_validation(found, store), target)


def page_of_validation(found: CrossValidation, store: RunStore) -> dict[str, Any]:
    """Return what the page of a cross-validation shows."""
    studies = (row_of(METHOD, found.id, store).settings or {}).get(STUDIES) or []
    market = (study_row(store, studies[0]).settings or {}).get("market", {}) if studies else {}
    words = ValidationWords(validation_title(found), validation_facts(found))
    findings = ValidationFindings(path_curves(found, store), left_out_ranks(found, store))
    return validation_data(found, findings, words, market)


def write_page_of_portfolio(run: PortfolioRun, out: Path | None, logs: str | None = None) -> Path:
    """Write the page of a portfolio's run and return where it is; ``out`` is None for its usual place."""
    usual = Path(LOGS if logs is None else logs, FOLDER, f"portfolio_{run.number}_{run.result.run_id[:8]}.html")
    known = KnownAs(run.called, run.number, run.window_name)
    return write_portfolio_page(run.result, Path(run.result.output_dir), known, out or usual)
