"""Writes the page: the front end, the library that draws, and the data of runs, in one file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.candle_columns import CandleColumns
from reports.page.chart_library import chart_library
from reports.page.frozen_page import PageForm, page_html, write_whole
from reports.page.run_data import compared_data, run_data
from runs.reading.run_candles import candles_of
from runs.reading.run_folder import StoredRun, read_run

FORMAT = "report 1"
"""Name of the form of the page's data; another number says that a reader of the old form would misread it."""

PAGE = "report.html"
"""Name of a run's page in its folder."""


def write_report(folder: str | Path) -> Path:
    """Write the page of a run beside its other files, and return where it is; errors as of :func:`write_page`."""
    run = read_run(folder)
    return write_page([run], run.folder / PAGE)


def write_page(
    runs: Sequence[StoredRun], target: Path, *, candles: Sequence[Mapping[str, CandleColumns]] | None = None
) -> Path:
    """Write the page of a run, or one that compares several, and return where it is.

    Parameters
    ----------
    runs
        One, or those to compare.
    target
        The file; folders above it are made. It is written beside and renamed.
    candles
        Of each run's symbols, for price charts, MAE and MFE; None takes what is at hand without a network.

    Raises
    ------
    StoreError
        If a run cannot be read, the charts' library is not installed, or the page cannot be written.
    """
    return write_whole(page_text(page_data(runs, candles)), target)


def page_data(
    runs: Sequence[StoredRun], candles: Sequence[Mapping[str, CandleColumns]] | None = None
) -> dict[str, Any]:
    """Return what the page of runs holds."""
    lived = [candles_of(run) for run in runs] if candles is None else candles
    told = run_data if len(runs) == 1 else compared_data
    return {"format": FORMAT, "runs": [told(run, one) for run, one in zip(runs, lived, strict=True)]}


def page_text(data: Mapping[str, Any]) -> str:
    """Return the page of runs as HTML, as :func:`~reports.page.frozen_page.page_html` makes pages."""
    names = [str(run["name"]) for run in data["runs"]]
    form = PageForm(entry="page.js", opens="openPage", library=chart_library())
    return page_html(" · ".join(names), data, form)
