"""``python -m strategies``: list the registered strategies, show one, begin one of your own."""

import sys
from collections.abc import Sequence
from pathlib import Path

from core.command_line import CommandParser, exit_code_of
from strategies.commands.listing import list_strategies
from strategies.commands.new_strategy import new_strategy
from strategies.commands.showing import show_strategy


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; what goes wrong is one line on standard error."""
    return exit_code_of(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parser = CommandParser(prog="python -m strategies", description="Strategies: what is there, and one of your own.")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    verbs.add_parser("list", help="the registered strategies, a line each")
    show = verbs.add_parser("show", help="what a strategy does, its parameters, features and warm-up")
    show.add_argument("name", metavar="NAME", help="as strategy.type has it; a path begins in the working directory")
    show.add_argument("--timeframe", default="15m", metavar="T", help="candles that it decides on, default 15m")
    new = verbs.add_parser("new", help="write a strategy to start from, its test and a configuration; none is replaced")
    new.add_argument("name", metavar="NAME", help="small letters, digits and _, such as my_idea")
    new.add_argument("--folder", default=".", metavar="FOLDER", help="where it is written, default here")
    asked = parser.parse_args(arguments)
    if asked.verb == "list":
        list_strategies()
    elif asked.verb == "show":
        show_strategy(asked.name, asked.timeframe)
    else:
        new_strategy(asked.name, Path(asked.folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
