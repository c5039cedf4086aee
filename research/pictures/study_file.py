"""Writes the page of a study: the front end and the data of the study, in one file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reports.page.frozen_page import PageForm, page_html, write_whole
from research.pictures.fold_line import WalkLines
from research.pictures.study_data import study_data
from research.spaces.space import fingerprint
from research.studies.study import Study
from research.studies.study_luck import StudyLuck
from runs.store.store_rows import Optimisation

FOLDER = "reports"
"""Where pages of studies are written, in the folder of logs."""

_FORM = PageForm(entry="study/study_page.js", opens="openStudy", styles=("style.css", "study/study.css"))
LOGS = "logs"
_MARK = 8


def write_study_page(study: Study, luck: StudyLuck, target: Path, walk: WalkLines | None = None) -> Path:
    """Write the page of a study, or of the walk-forward whose last search it is, and return where it is.

    StoreError if it cannot be written.
    """
    return write_whole(study_html(study_data(study, luck, walk)), target)


def study_html(data: Mapping[str, Any]) -> str:
    """Return the page of a study as HTML, as :func:`~reports.page.frozen_page.page_html` makes pages."""
    return page_html(str(data["study"]["title"]), data, _FORM)


def usual_place(row: Optimisation, logs: str | None = None, kind: str = "study") -> Path:
    """Return where the page of a study or a walk-forward is written where nothing else is said.

    Numbers begin at 1 in every store: what tells it from that of another store goes along.
    """
    began = (row.created_ms, row.name, row.method, row.space, row.start_ms, row.end_ms, row.seed, row.data_sha256)
    mark = fingerprint(*began)[:_MARK]
    return Path(LOGS if logs is None else logs, FOLDER, f"{kind}_{row.id}_{mark}.html")
