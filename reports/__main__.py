"""``python -m reports``: pages and pictures of runs that were made."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from core.command_line import CommandParser, exit_code_of, file_named, say
from core.errors import ConfigurationError

EXAMPLES = """\
examples:
  python -m reports html latest
      the page of the run that was made last
  python -m reports png logs/live/practice_15m_20240101T000000 --out share.png
      one picture of a live session
  python -m reports html 1f0c9a7d 8be21c04
      two runs compared, by the beginnings of their ids

a run is its id or the beginning of one, its folder, its name, or latest
"""
_SUFFIXES = {"html": {".html", ".htm"}, "png": {".png"}, "pdf": {".pdf"}}
FOLDER = Path("logs/reports")
"""Where what shows several runs is written."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; what goes wrong is one line on standard error."""
    return exit_code_of(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    asked = _parse(arguments)
    say(_written(asked.verb, asked.runs, None if asked.out is None else Path(asked.out), asked.data_dir))
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser(
        prog="python -m reports",
        description="Pages and pictures of runs, backtests and live sessions alike; several are compared.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("verb", choices=("html", "png", "pdf"), help="a page, a picture to share, or a document")
    parser.add_argument("runs", metavar="RUN", nargs="+", help="one run, or those to compare")
    parser.add_argument("--out", metavar="FILE", help="file (default: in the run's folder; of several, logs/reports)")
    parser.add_argument("--data-dir", metavar="DIR", help="candle store instead of the one that the run used")
    return parser.parse_args(arguments)


def _written(form: str, names: Sequence[str], out: Path | None, data_dir: str | None) -> Path:
    """Write the runs in one form and return where."""
    from reports.page.page_file import write_page
    from runs.folder.file_names import PORTFOLIO
    from runs.reading.run_candles import candles_of
    from runs.reading.run_folder import read_run
    from runs.reading.run_names import find_run

    folders = [find_run(name) for name in names]
    if form == "html" and len(folders) == 1 and (folders[0] / PORTFOLIO).is_file():
        from reports.portfolio.portfolio_page import write_portfolio_report

        return write_portfolio_report(folders[0], None if out is None else file_named("--out", out, "report.html"))
    runs = [read_run(folder) for folder in folders]
    if out is not None and any(out.suffix.lower() in _SUFFIXES[other] for other in _SUFFIXES if other != form):
        raise ConfigurationError(f"--out {out}: is no name of a {form} — allowed: {out.with_suffix(f'.{form}')}")
    if out is not None:
        out = file_named("--out", out, f"report.{form}")
    else:
        together = FOLDER / f"{'_'.join(run.run_id for run in runs)[:120]}.{form}"
        out = together if len(runs) > 1 else runs[0].folder / f"report.{form}"
    candles = [candles_of(run, data_dir) for run in runs]
    if form == "html":
        return write_page(runs, out, candles=candles)
    from reports.tear_sheet.sheet_file import write_sheet

    return write_sheet(runs, out, form, candles=candles)


if __name__ == "__main__":
    sys.exit(main())
