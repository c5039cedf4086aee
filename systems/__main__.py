"""``python -m systems``: list, show, check, run and promote named systems; a menu on a terminal."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from core.command_line import CommandParser, exit_code_of
from core.errors import ConfigurationError
from systems.places import DEFAULT_FOLDER, Places

EPILOG = """\
examples:
  python -m systems
      a menu, on a terminal
  python -m systems run practice-scalping --window january
      a backtest of that window; it is kept as evidence
  python -m systems run practice-scalping --window january --epoch demo --for 2d
      two days of it rehearsed on the practice exchange, and the parity of the session
  python -m systems run practice-scalping --epoch live --for 8h
      eight hours on paper against its exchange
  python -m systems promote practice-scalping
      the ledger of its evidence; it goes on where every criterion holds
  python -m systems --smoke
      every system on a short window of the practice market

exit codes: 0 done, 1 not promoted or a smoke run failed, 2 bad arguments or a bad file, 3 data not available,
130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; what goes wrong is one line on standard error."""
    return exit_code_of(lambda: _run(_parse(arguments)))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser(
        prog="python -m systems",
        description="Named systems: a configuration with its windows, and what it must prove to go on.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--smoke", action="store_true", help="run every system on a short window of the practice market"
    )
    _add_places(parser)
    common = CommandParser(add_help=False)
    _add_places(common, default=argparse.SUPPRESS)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")

    def verb(name: str, words: str) -> argparse.ArgumentParser:
        return verbs.add_parser(name, help=words, parents=[common], allow_abbrev=False)

    verb("list", "the systems, a line each")
    verb("show", "what a system resolves to").add_argument("id", metavar="ID")
    verb("check", "read systems and name all that is wrong").add_argument("ids", metavar="ID", nargs="*")
    new = verb("new", "write the file of a system; none is replaced")
    new.add_argument("id", metavar="ID")
    new.add_argument("--base", default="config/practice.yaml", metavar="BASE", help="default: %(default)s")
    run = verb("run", "run a system and keep what came of it as evidence")
    run.add_argument("id", metavar="ID")
    run.add_argument("--window", metavar="NAME", help="a window of its file")
    run.add_argument("--epoch", default="backtest", metavar="EPOCH", help="backtest (default), demo or live")
    run.add_argument("--for", dest="duration", metavar="TIME", help="length of a demo or live session, such as 8h")
    run.add_argument("--speed", type=float, metavar="N", help="exchange seconds a second of a demo, default 20000")
    run.add_argument("--offline", action="store_true", help="of a backtest: use what is stored, never the network")
    run.add_argument("--report", action="store_true", help="write the run's page too")
    promote = verb("promote", "show the ledger of evidence, and promote where every criterion holds")
    promote.add_argument("id", metavar="ID")
    promote.add_argument("--dry", action="store_true", help="record nothing")
    promote.add_argument("--archive", action="store_true", help="record that it has ended; needs no evidence")
    verb("sync", "index the runs of all epochs in the store of runs")
    return parser.parse_args(arguments)


def _add_places(parser: argparse.ArgumentParser, **default: Any) -> None:
    given = {"default": DEFAULT_FOLDER, **default}
    parser.add_argument("--systems", metavar="DIR", help=f"folder of systems (default: {DEFAULT_FOLDER})", **given)
    parser.add_argument("--logs", metavar="DIR", help="instead of logging.directory", **default)
    parser.add_argument("--data-dir", metavar="DIR", help="candle store instead of data.cache_dir", **default)
    parser.add_argument("--json", action="store_true", help="print plain data as JSON", **default)


def _run(asked: argparse.Namespace) -> int:
    places = Places(asked.systems, asked.logs, asked.data_dir)
    if asked.verb is None and not asked.smoke:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise ConfigurationError(
                "without a terminal there is no menu — allowed: list, show, check, new, run, promote, sync or --smoke "
                "(see python -m systems --help)"
            )
        from systems.commands.system_menu import menu

        beside = [word for name in ("systems", "logs", "data_dir") if (given := getattr(asked, name)) is not None
                  for word in (f"--{name.replace('_', '-')}", given)]  # fmt: skip
        return menu(places, lambda words: main([*words, *beside]))

    if asked.verb == "sync":
        from systems.commands.epoch_sync import sync_epochs

        return sync_epochs(asked, places)
    from systems.commands.system_verbs import VERBS

    return VERBS["smoke" if asked.smoke else asked.verb](asked, places)


if __name__ == "__main__":
    sys.exit(main())
