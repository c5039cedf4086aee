"""The command line of ``python -m runs``."""

import argparse
import importlib
from collections.abc import Callable, Sequence
from pathlib import Path

from core.command_line import CommandParser
from core.errors import ConfigurationError
from core.instants import parse_instant
from core.settings_problem import shown
from core.timeframe import DAY_MS, UNIT_MS

_STATUSES = ("PENDING", "RUNNING", "COMPLETED", "FAILED", "PARTIAL", "CANCELLED")
_DIGITS = 18
_RUN = "an id or its beginning, a name, a folder, or latest"
_EXAMPLES = """\
examples:
  python -m runs list
  python -m runs list --symbol BTC/USDT --since 7d --sort sharpe
  python -m runs show latest
  python -m runs compare 1f0c9a7d 88e1b2c4
  python -m runs tag latest candidate
  python -m runs note latest "stops twice as far away"
  python -m runs export runs.csv --status COMPLETED
  python -m runs dataset latest --horizons 1,4,16
  python -m runs rm 1f0c9a7d
  python -m runs jobs show latest

a run is named by its id or the beginning of it, by its name or its folder, or as `latest`
exit codes: 0 done, 1 a store or file cannot be used, 2 bad arguments, 130 interrupted
"""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed command line, its verb as ``verb_of``; ConfigurationError where it cannot be understood."""
    return _parser().parse_args(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="python -m runs",
        description="List, compare, name, export and remove the runs whose folders are on this machine.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=CommandParser)

    def verb(name: str, place: str, text: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=f"{text}.", allow_abbrev=False)
        added.set_defaults(verb_of=_verb(*place.split(":")))
        return added

    _add_filters(_with_json(verb("list", "listing:list_runs", "list runs, the newest first")))
    one = _with_json(verb("show", "showing:show_run", "show what one run was made of and what it came to"))
    one.add_argument("run", metavar="RUN", help=_RUN)
    several = _with_json(verb("compare", "comparing:compare_runs", "show where runs differ, in settings and figures"))
    several.add_argument("runs", metavar="RUN", nargs="+", help=f"two or more: {_RUN}")
    tags = verb("tag", "noting:tag_run", "put tags on a run, or take them off")
    tags.add_argument("run", metavar="RUN", help=_RUN)
    tags.add_argument("tags", metavar="TAG", nargs="*", help="tags to put on")
    tags.add_argument("--remove", metavar="TAG", action="append", default=[], help="a tag to take off")
    note = verb("note", "noting:note_run", "say something of a run, or show what was said")
    note.add_argument("run", metavar="RUN", help=_RUN)
    note.add_argument("text", metavar="TEXT", nargs="?", help="what to say, in place of what was said")
    note.add_argument("--clear", action="store_true", help="take the note away")
    removed = verb("rm", "removing:remove_runs", "remove runs with their folders")
    removed.add_argument("runs", metavar="RUN", nargs="+", help=_RUN)
    removed.add_argument("--yes", action="store_true", help="do not ask")
    again = verb("sync", "syncing:sync_runs", "read the folders of runs again where they have changed")
    again.add_argument("folders", metavar="FOLDER", nargs="*", help="further folders below which runs lie")
    _with_json(again)
    exported = verb("export", "exporting:export_runs", "write runs with all their figures to a file")
    exported.add_argument("file", metavar="FILE", type=Path, help="file to write: .csv, .json or .parquet")
    exported.add_argument("--what", choices=("runs", "trades", "points"), default="runs",
                          help="runs, or of each run its trades or its account over time (default: runs)")  # fmt: skip
    exported.add_argument("--force", action="store_true", help="replace a file that is there")
    _add_filters(exported)
    text = "write features, decisions and what followed at each candle of a run as Parquet"
    table = _with_json(verb("dataset", "dataset_writing:write_run_dataset", text))
    table.add_argument("run", metavar="RUN", help=_RUN)
    table.add_argument(
        "--out", metavar="FILE", type=Path, help="file to write (default: dataset.parquet in its folder)"
    )
    table.add_argument("--force", action="store_true", help="replace a file named by --out that is there")
    table.add_argument("--horizons", metavar="N,N", default="1,5,15,60",
                       help="how many candles ahead outcomes look (default: %(default)s)")  # fmt: skip
    table.add_argument("--data-dir", metavar="DIR", type=Path, help="candle store, in place of the one that it used")
    queue = _with_json(verb("jobs", "job_verbs:jobs", "list jobs, show one with its log, or cancel one"))
    queue.add_argument("action", metavar="ACTION", nargs="?", choices=("list", "show", "cancel"), default="list",
                       help="list, show or cancel (default: list)")  # fmt: skip
    queue.add_argument("job", metavar="JOB", nargs="?", help="its number, or latest")
    return parser


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--symbol", help="only runs that traded it, in any spelling")
    parser.add_argument("--strategy", help="only runs of a strategy")
    parser.add_argument("--since", metavar="TIME", help="only runs made since: 7d, 12h, 6M, or YYYY-MM-DD[THH:MM], UTC")
    parser.add_argument("--status", type=str.upper, choices=_STATUSES, metavar="STATUS", help=", ".join(_STATUSES))
    parser.add_argument("--kind", choices=("backtest", "live"), help="only backtests, or only live sessions")
    parser.add_argument("--tag", help="only runs with a tag")
    parser.add_argument("--sort", metavar="WHAT", default="started", help="started, name, trades, sharpe or any figure")
    parser.add_argument("--reverse", action="store_true", help="turn the order round")
    parser.add_argument(
        "--limit", type=_count, metavar="N", help="at most so many; 0 for all (default: 50, of JSON and exports all)"
    )


def _with_json(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--json", action="store_true", help="print JSON for scripts")
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise argparse.ArgumentTypeError(f"{shown(text)} is no number of runs; allowed: 0 (all), 1, 2, …")
    return int(text)


def _verb(module: str, name: str) -> Callable[[argparse.Namespace], int]:
    """Return a verb that is imported when it is run, so that bad arguments are told at once."""

    def run(asked: argparse.Namespace) -> int:
        chosen: Callable[[argparse.Namespace], int] = getattr(importlib.import_module(f"runs.commands.{module}"), name)
        return chosen(asked)

    return run


def since_ms(text: str, now_ms: int) -> int:
    """Return the instant that ``--since`` names: a time, or so long before now.

    Raises
    ------
    ConfigurationError
        If it names none.
    """
    lengths = {**UNIT_MS, "M": 30 * DAY_MS, "y": 365 * DAY_MS}
    count, unit = text[:-1], text[-1:]
    if unit in lengths and count.isascii() and count.isdecimal():
        return now_ms - int(count) * lengths[unit]
    try:
        return parse_instant(text, name="--since")
    except ConfigurationError as error:
        raise ConfigurationError(f"{error}, or a length of time before now: 90m, 12h, 7d, 2w, 6M, 1y") from None
