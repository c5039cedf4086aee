"""``python -m programs pools``: pools in files and in the run store, and what one would have woken."""

import argparse
import importlib
from collections.abc import Callable
from pathlib import Path

from core.command_line import CommandParser
from core.errors import ConfigurationError
from core.settings_problem import shown
from programs.backtest_config import PRACTICE_CONFIG
from programs.commands.verb_arguments import explain, listed
from programs.program_choice import pool_folders

_EXAMPLES = """\
examples:
  python -m programs pools list
  python -m programs pools show rsi_oversold
  python -m programs pools test rsi_oversold --start 2024-01-01 --end 2024-02-01
  python -m programs pools save rsi_oversold
docs/programs_pools.md says how a pool is written
"""
_FOLDER = "folder of pools, in place of pools and programs/pools of the working directory"
_STORED = "the one in the run store, by default its last version"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    explain(parser, _EXAMPLES)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=CommandParser)

    def action(name: str, place: str, text: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = actions.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
        )
        added.add_argument("--pools", metavar="DIR", type=Path, help=_FOLDER)
        added.set_defaults(action_of=_action(*place.split(":")))
        return added

    listing = action("list", "pool_keeping:list_pools", "list all pools, in files and in the run store")
    listing.add_argument("--json", action="store_true", help="print plain data as JSON")
    one = action("show", "pool_keeping:show_pool", "show a pool as its file has it")
    _add_id(one, stored=True)
    test = action("test", "pool_testing:test_pool", "say when a pool would have woken a program, and what followed")
    _add_id(test, stored=True)
    test.add_argument("--start", metavar="TIME", required=True, help="first candle's open: YYYY-MM-DD[THH:MM], UTC")
    test.add_argument("--end", metavar="TIME", required=True, help="end, exclusive")
    test.add_argument("--config", metavar="FILE", default=PRACTICE_CONFIG,
                      help="default: %(default)s, the embedded practice market")  # fmt: skip
    test.add_argument("--symbols", metavar="A,B", type=listed, help="in place of those of the configuration")
    test.add_argument("--interval", metavar="LENGTH", help="in place of the timeframe of the configuration")
    test.add_argument("--offline", action="store_true", help="use what is stored and never the network")
    test.add_argument("--data-dir", metavar="DIR", help="candle store, in place of that of the configuration")
    test.add_argument("--limit", metavar="N", type=_count, default=20,
                      help="show at most the last N triggers (default: %(default)s; JSON has all)")  # fmt: skip
    test.add_argument("--json", action="store_true", help="print plain data as JSON")
    _add_id(action("save", "pool_keeping:save", "keep the pool of a file in the run store, as its next version"))
    written = action("write", "pool_keeping:write", "write a pool of the run store to a file, where sessions read it")
    _add_id(written)
    written.add_argument("--version", metavar="N", type=_count, help="by default its last version")
    written.add_argument("--force", action="store_true", help="replace a file that is there")
    _add_id(action("delete", "pool_keeping:delete", "take a pool out of the run store; its versions stay readable"))


def run(asked: argparse.Namespace) -> int:
    """Do what is asked for."""
    code: int = asked.action_of(asked)
    return code


def _add_id(parser: argparse.ArgumentParser, *, stored: bool = False) -> None:
    parser.add_argument("pool", metavar="ID", help="its id: the name of its file without .yaml")
    if stored:
        parser.add_argument("--stored", metavar="VERSION", nargs="?", type=_count, const=0, help=_STORED)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text[:9]) > 0 and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{shown(text)} — allowed: a whole number from 1")
    return int(text)


def _action(module: str, name: str) -> Callable[[argparse.Namespace], int]:
    """Return an action that is imported when it is run, so that bad arguments are told at once."""

    def run(asked: argparse.Namespace) -> int:
        chosen: Callable[[argparse.Namespace], int] = getattr(
            importlib.import_module(f"programs.commands.{module}"), name
        )
        return chosen(asked)

    return run


def folders_of(asked: argparse.Namespace) -> tuple[Path, ...]:
    """Return the folders in which pools are looked for: as for a program that lies here, unless one is named.

    Raises
    ------
    ConfigurationError
        If the one that was named is not there.
    """
    if asked.pools is None:
        return tuple(pool_folders(Path("program.py")))
    if not asked.pools.is_dir():
        raise ConfigurationError(f"--pools {asked.pools}: there is no such folder — allowed: a folder of pools")
    return (asked.pools,)
