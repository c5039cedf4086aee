"""Proves that a session's outputs are those of its journal, and compares the session with a backtest of its window.

``python -m backtests.parity --help`` describes the command; docs/parity_command.md says what counts as a difference.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.command_line import INTERRUPTED, READER_GONE, CommandParser, drop_output, failed, say, say_text, warn
from core.errors import DataUnavailableError, HarnessError
from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from backtests.proof.parity_check import check_parity
    from backtests.proof.parity_report import ParityReport

__all__ = ["ParityReport", "check_parity", "main"]

__getattr__ = lazy_names(__name__, {"backtests.proof.parity_check": "ParityReport check_parity"})

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

    from backtests.backtest_command import tell_of_compiling
    from backtests.config_backtest import wall_clock_ms
    from backtests.portfolio.portfolio_parity import is_portfolio
    from backtests.portfolio.session_parity import check_session

    if not asked.json and not is_portfolio(asked.session):
        tell_of_compiling(asked.engine)
    found = check_session(
        asked.session,
        asked.only,
        data_dir=asked.data_dir,
        offline=asked.offline,
        engine=asked.engine,
        now_ms=wall_clock_ms(),
    )
    if found.not_kept is not None:
        warn(found.not_kept)
    if asked.json:
        say_text(found.text)
    else:
        say(*found.lines)
    sys.stdout.flush()
    if found.exit_code == DataUnavailableError.exit_code:
        failed(found.unavailable or "", found.exit_code)
    return found.exit_code


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
