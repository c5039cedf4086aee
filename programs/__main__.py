"""``python -m programs``: check a program, run it, try expressions, look after the pools that wake it."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any

from core.command_line import CommandParser, exit_code_of

VERBS = {
    "check": ("checking", "say what is wrong with a program, and call it once"),
    "run": ("running", "backtest a program: its triggers, its trades, and what it came to"),
    "shell": ("shell", "try expressions against a moment of history"),
    "pools": ("pool_verbs", "list signal pools, show one, test it on history, or keep it in the run store"),
}
"""The verbs: the module of ``programs.commands`` that has each, and what it does."""

EPILOG = """\
examples:
  python -m programs check examples/programs/rsi_pool.py
  python -m programs run examples/programs/rsi_pool.py --start 2024-01-01 --end 2024-02-01
      a month on the embedded practice market; needs no network
  python -m programs run my.py --pools rsi_oversold,volume_surge --schedule 4h --window 2024-01 --trace
      what wakes it is said here, and every call is shown with what it read
  python -m programs run my.py --config examples/binance-1m.yaml --interval 1h --offline --window 2024-04..2024-05
      recorded candles, never the network
  python -m programs shell --at 2024-01-15T12:00 --symbol BTC/USDT
  echo 'market.get_indicator("BTC/USDT", "rsi(14)")' | python -m programs shell
  python -m programs pools list

times are UTC; an end is exclusive
exit codes: 0 done, 1 check found an error, or the program was halted, 2 bad arguments or configuration, 3 data not
available, 130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; what goes wrong is one line on standard error."""
    return exit_code_of(lambda: _run(sys.argv[1:] if arguments is None else list(arguments)))


def _run(arguments: list[str]) -> int:
    # Only the verb that is asked for is imported.
    wanted = next((one for one in arguments if one in VERBS), None)
    module: Any = None if wanted is None else importlib.import_module(f"programs.commands.{VERBS[wanted][0]}")
    parser = CommandParser(
        prog="python -m programs",
        description="Programs of a user: called at trigger events, run in a sandbox, through the same kernel.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=CommandParser)
    for name, (_, words) in VERBS.items():
        verb = verbs.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.", allow_abbrev=False)
        if name == wanted:
            module.add_arguments(verb)
    asked = parser.parse_args(arguments)
    code: int = module.run(asked)
    return code


if __name__ == "__main__":
    sys.exit(main())
