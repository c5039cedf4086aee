"""Proves that a session's outputs are those of its journal, and compares the session with a backtest of its window.

``python -m backtests.parity --help`` describes the command; docs/parity_command.md says what counts as a difference.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.command_line import INTERRUPTED, READER_GONE, CommandParser, drop_output, failed, say, say_text, warn
from core.errors import DataUnavailableError, HarnessError, ParityError, StoreError
from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from backtests.proof.parity_check import check_parity
    from backtests.proof.parity_report import ParityReport

__all__ = ["ParityReport", "check_parity", "main"]

__getattr__ = lazy_names(__name__, {"backtests.proof.parity_check": "ParityReport check_parity"})

REPORT = "parity.json"

DESCRIPTION = """\
Check a session. journal: replay its journal and compare trades.csv, equity.csv and decisions.jsonl byte for byte.
history: backtest its window on candles of the store or the exchange, and trace every trade that differs to its cause.
"""

EPILOG = """\
examples:
  python -m backtests.parity logs/live/2024-04-01T12-00-00
      both parts; candles that are not stored are fetched
  python -m backtests.parity logs/live/2024-04-01T12-00-00 --only journal
      needs no market data

the last line reads "journal: equal · history: 0 differences" when both hold; everything is in parity.json of the
session's folder
exit codes: 0 what was asked holds, 4 it does not, 2 bad arguments or no session's folder, 3 history's candles are not
available, 1 a damaged journal or a file that cannot be read, 130 interrupted
"""


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser(
        prog="python -m backtests.parity",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("session", metavar="SESSION", help="folder of a session, below logs/live")
    parser.add_argument("--only", choices=["journal", "history"], help="check one part alone")
    parser.add_argument("--data-dir", metavar="DIR", help="candle store instead of data.cache_dir of the session")
    parser.add_argument("--offline", action="store_true", help="use what is stored; never the network")
    parser.add_argument(
        "--engine",
        choices=("auto", "reference", "compiled"),
        default="auto",
        help="which rules prove it: compiled ones where they cover the session and it is long (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON, nothing else")
    return parser.parse_args(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    asked = _parse(arguments)

    import msgspec

    from backtests.backtest_command import tell_of_compiling
    from backtests.config_backtest import wall_clock_ms
    from backtests.portfolio.portfolio_parity import check_portfolio, is_portfolio
    from backtests.proof.parity_alert import tell_of_broken_parity
    from backtests.proof.parity_check import check_parity
    from backtests.proof.report_lines import report_lines
    from market_data.store.atomic_files import write_atomically

    if is_portfolio(asked.session):
        found = check_portfolio(
            asked.session, asked.only, data_dir=asked.data_dir, offline=asked.offline, now_ms=wall_clock_ms()
        )
        name, verdict = found.session, found.verdict
        text, code = msgspec.json.format(msgspec.json.encode(found)).decode(), found.exit_code
        lines, unavailable = found.lines(), found.unavailable
    else:
        if not asked.json:
            tell_of_compiling(asked.engine)
        report = check_parity(
            asked.session,
            asked.only,
            data_dir=asked.data_dir,
            offline=asked.offline,
            engine=asked.engine,
            now_ms=wall_clock_ms(),
        )
        name, verdict = report.session, report.verdict
        text, code = report.json(), report.exit_code
        lines, unavailable = list(report_lines(report)), report.unavailable
    try:
        write_atomically(Path(asked.session) / REPORT, text.encode())
    except StoreError as error:
        # What was found stands, whether or not it can be kept.
        warn(error)
    if asked.json:
        say_text(text)
    else:
        say(*lines)
    sys.stdout.flush()
    if code == ParityError.exit_code:
        tell_of_broken_parity(name, verdict, wall_clock_ms())
    if code == DataUnavailableError.exit_code:
        failed(unavailable or "", code)
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code, as ``--help`` lists them."""
    try:
        return _run(arguments)
    except HarnessError as error:
        return failed(str(error), error.exit_code)
    except KeyboardInterrupt:
        return failed("interrupted; nothing was found out", INTERRUPTED)
    except BrokenPipeError:
        drop_output()
        return READER_GONE


if __name__ == "__main__":
    sys.exit(main())
