"""Writes tear sheets, as pictures and as documents."""

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from core.candle_columns import CandleColumns
from core.errors import StoreError
from reports.tear_sheet.compared_sheet import compared_sheet
from reports.tear_sheet.run_sheet import run_sheet, trades_sheet
from runs.reading.run_folder import StoredRun

_DOTS_PER_INCH = 120


def write_sheet(
    runs: Sequence[StoredRun], target: Path, form: str, *, candles: Sequence[Mapping[str, CandleColumns]]
) -> Path:
    """Write runs as a picture (``png``) or a document (``pdf``), and return where it is.

    Several are compared; a document has a sheet of each after the comparison, and its trades on a second. The same runs
    give the same bytes.

    Raises
    ------
    StoreError
        If a run cannot be read, or the file cannot be written.
    """
    work = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            # A name in a script that the font lacks is drawn as boxes.
            warnings.filterwarnings("ignore", "Glyph", UserWarning)
            _draw(runs, work, form, candles)
        work.replace(target)
    except OSError as error:
        work.unlink(missing_ok=True)
        raise StoreError.of("write", target, error) from error
    return target


def _draw(runs: Sequence[StoredRun], work: Path, form: str, candles: Sequence[Mapping[str, CandleColumns]]) -> None:
    if form == "png":
        first = run_sheet(runs[0], candles[0]) if len(runs) == 1 else compared_sheet(runs, candles)
        first.savefig(work, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    else:
        with PdfPages(work, metadata={"CreationDate": None}) as document:
            for sheet in _sheets(runs, candles):
                document.savefig(sheet)


def _sheets(runs: Sequence[StoredRun], candles: Sequence[Mapping[str, CandleColumns]]) -> list[Figure]:
    sheets = [compared_sheet(runs, candles)] if len(runs) > 1 else []
    for run, lived in zip(runs, candles, strict=True):
        sheets += [run_sheet(run, lived), trades_sheet(run, lived)]
    return sheets
