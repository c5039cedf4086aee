"""Writes the page of a study: the front end and the data of the study, in one file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reports.page.frozen_page import PageForm, page_html, write_whole
from research.pictures.fold_line import FoldLine
from research.pictures.study_data import study_data
from research.studies.study import Study
from research.studies.study_luck import StudyLuck

FOLDER = "reports"
"""Where pages of studies are written, in the folder of logs."""

_FORM = PageForm(entry="study/study_page.js", opens="openStudy", styles=("style.css", "study/study.css"))
_LOGS = "logs"


def write_study_page(study: Study, luck: StudyLuck, target: Path, folds: Sequence[FoldLine] = ()) -> Path:
    """Write the page of a study and return where it is; StoreError if it cannot be written."""
    return write_whole(study_html(study_data(study, luck, folds)), target)


def study_html(data: Mapping[str, Any]) -> str:
    """Return the page of a study as HTML, as :func:`~reports.page.frozen_page.page_html` makes pages."""
    return page_html(str(data["study"]["title"]), data, _FORM)


def usual_place(study: Study, logs: str | None = None) -> Path:
    """Return where the page of a study is written where nothing else is said."""
    return Path(_LOGS if logs is None else logs, FOLDER, f"study_{study.id}.html")
