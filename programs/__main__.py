"""``python -m programs``: what wakes programs, and what became of it."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any

from core.command_line import CommandParser, exit_code_of

VERBS = {
    "pools": ("pool_verbs", "list signal pools, show one, test it on history, or keep it in the run store"),
}
"""The verbs: the module of ``programs.commands`` that has each, and what it does."""

EPILOG = """\
examples:
  python -m programs pools list
  python -m programs pools show rsi_oversold
  python -m programs pools test rsi_oversold --config config/practice.yaml --start 2024-01-01 --end 2024-02-01
  python -m programs pools save rsi_oversold
  python -m programs pools write rsi_oversold --version 2 --force

exit codes: 0 done, 1 a store or file cannot be used, 2 bad arguments, 3 data not available, 130 interrupted
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
        description="Say what wakes programs, and what became of it.",
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
