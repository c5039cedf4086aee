"""Arguments and printing of ``python -m backtests.config_backtest``."""

import argparse
import importlib.util
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.command_line import CommandParser
from core.errors import ConfigurationError
from core.time_range import WINDOW_FORMS

if TYPE_CHECKING:
    from pathlib import Path

    from runs.documents.run_result import RunResult

DESCRIPTION = "Backtest the live configuration on cached candles, through the same kernel that trades on paper."

EXAMPLES = """\
examples:
  python -m backtests.config_backtest
      the last 24 hours of config/live.yaml
  python -m backtests.config_backtest --config config/practice.yaml --start 2024-01-01 --end 2024-02-01
      January on the embedded practice market; needs no network
  python -m backtests.config_backtest --config config/practice.yaml --window 2024-01
      the same; --window 90d or 6M ends now, --window 2024-01..2024-06 has both months in it
  python -m backtests.config_backtest --start 2024-04-01T12:00 --end 2024-04-02 --symbols BTCUSDT,ETHUSDT --interval 5m
      half a day of two symbols on another timeframe
  python -m backtests.config_backtest --config examples/binance-1m.yaml --offline --start 2024-04-01 --end 2024-06-01
      imported candles, never the network

times are UTC; the end is exclusive
exit codes: 0 done, 2 bad arguments or configuration, 3 data not available, 4 --verify-engine found a
difference, 130 interrupted, 141 nobody reads the output, 1 anything else
"""


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed arguments; raises ConfigurationError on bad ones, exits with 0 after ``--help``."""
    parser = CommandParser(
        prog="python -m backtests.config_backtest",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--start", metavar="TIME", help="first candle's open: YYYY-MM-DD or YYYY-MM-DDTHH:MM[:SS]")
    parser.add_argument("--end", metavar="TIME", help="end, exclusive (default: now, on the timeframe's grid)")
    parser.add_argument("--window", metavar="RANGE", help=f"instead of --start and --end: {WINDOW_FORMS}")
    parser.add_argument("--interval", metavar="TF", help="timeframe instead of the configuration's, e.g. 1m, 15m, 4h")
    parser.add_argument("--config", metavar="FILE", default="config/live.yaml", help="default: %(default)s")
    parser.add_argument("--symbols", metavar="A,B", type=_symbols, help="symbols instead of the configuration's")
    parser.add_argument("--offline", action="store_true", help="use what is stored; never the network")
    parser.add_argument("--json", action="store_true", help="print the result as JSON, nothing else")
    parser.add_argument("--report", action="store_true", help="write the run's page, report.html, into its folder")
    parser.add_argument("--quiet", action="store_true", help="print errors alone, and that nothing was verified")
    parser.add_argument("--data-dir", metavar="DIR", help="candle store instead of data.cache_dir")
    parser.add_argument("--out", metavar="DIR", help="folder of the outputs (default: logs/backtests)")
    parser.add_argument(
        "--engine",
        choices=("auto", "reference", "compiled"),
        default="auto",
        help="which engine makes the run, to the same bytes: compiled rules where they cover it (default: %(default)s)",
    )
    parser.add_argument(
        "--verify-engine",
        action="store_true",
        help="run both engines and compare all they write; a warning says where only the kernel can make the run",
    )
    asked = parser.parse_args(arguments)
    if asked.window is not None and (asked.start, asked.end) != (None, None):
        raise ConfigurationError("--window and --start or --end name two ranges; allowed: one of the two")
    return asked


def _symbols(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def tell_of_compiling(engine: str) -> None:
    """Say on standard error that a run will compile its rules first, where it was asked for and will."""
    if engine == "compiled" and importlib.util.find_spec("numba") is not None:
        from compiled.compiling.sources import is_compiled

        if not is_compiled():
            print("compiling the rules, once on this machine: about a minute", file=sys.stderr)


def report(result: "RunResult", *, as_json: bool, quiet: bool, with_page: bool) -> None:
    """Print a result: as JSON, or as the console report; with its page written first.

    Where the page cannot be written the result is printed all the same.
    """
    page = None
    try:
        if with_page:
            from reports.page.page_file import write_report

            page = write_report(str(result.output_dir))
    finally:
        _print(result, page, as_json=as_json, quiet=quiet)


def _print(result: "RunResult", page: "Path | None", *, as_json: bool, quiet: bool) -> None:
    if as_json:
        from runs.documents.result_text import to_json

        sys.stdout.write(to_json(result))
    elif not quiet:
        from reports.console.console_report import print_report

        print_report(result, sys.stdout, page)
    sys.stdout.flush()
