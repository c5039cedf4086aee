"""The command ``python run_live.py``: arguments, and errors as one line each."""

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from core.command_line import INTERRUPTED, CommandParser, failed, require_open_files
from core.errors import ConfigurationError, HarnessError
from core.settings_file import read_settings_file
from core.timeframe import UNIT_MS

if TYPE_CHECKING:
    from validation.composed_settings import Settings

EXAMPLES = """\
examples:
  python run_live.py
      trade config/live.yaml on paper until Ctrl-C
  python run_live.py --dry-start
      check the configuration, connect, warm up, print, leave
  python run_live.py --portfolio practice-pair --practice-start 2024-01-01 --speed 20000 --for 2d
      several systems on one account, here on the embedded practice exchange
  python run_live.py --system practice-scalping --practice-start 2024-01-01 --speed 20000 --for 2d
      one system, with its own settings
  python run_live.py --for 8h
      stop by itself after eight hours
  python run_live.py --resume logs/live/binanceus_15m_20260101T000000
      go on with a session after a stop or a crash, until Ctrl-C; it keeps its candles and positions, not its arguments
  python run_live.py --config config/practice.yaml --practice-start 2024-01-01 --speed 600 --for 8h
      rehearse eight hours on the embedded practice exchange in under a minute, without network

Ctrl-C or SIGTERM ends the session: positions are closed at their last marks, or kept (session.on_shutdown);
a second Ctrl-C leaves at once, and --resume goes on
exit codes: 0 done, 1 a file cannot be written, 2 bad arguments or configuration, 3 exchange out of reach,
4 the journal and its outputs disagree, 130 left at once
"""

SettingsReader = Callable[[str, str, str | None], "Settings"]
"""Reads the settings of something by its name, the folder of systems, and a candle store in the place of its own."""

OPEN_FILES = 64
"""A session with its own exchange, marks and funding has some 40 files and connections open at once."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DURATION = re.compile(r"([1-9][0-9]*)(s|m|h|d)")


def duration_ms(text: str) -> int:
    """Return the milliseconds of a duration such as ``90s``, ``30m``, ``2h`` or ``7d``."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ConfigurationError(f"--for {text!r} is no duration; allowed: a number and s, m, h or d, for example 2h")
    return int(match[1]) * UNIT_MS[match[2]]


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed arguments; raises ConfigurationError on bad ones, exits with 0 after ``--help``."""
    parser = CommandParser(
        prog="python run_live.py",
        description="Trade the configuration on paper against a live exchange, with the kernel that backtests it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--config", metavar="FILE", default="config/live.yaml", help="default: %(default)s")
    parser.add_argument(
        "--overrides",
        metavar="FILE",
        help="keys of live.yaml, with risk and trading_mode as sections, over --config",
    )
    parser.add_argument(
        "--portfolio", metavar="NAME", help="trade a portfolio: its id (config/portfolios/ID.yaml) or file"
    )
    parser.add_argument("--system", metavar="ID", help="trade a system by its id")
    parser.add_argument(
        "--systems", metavar="DIR", default="config/systems", help="folder of the systems (default: %(default)s)"
    )
    parser.add_argument(
        "--resume",
        metavar="SESSION",
        help="folder of a session to go on with; beside it --config, --speed and --for are given again",
    )
    parser.add_argument("--dry-start", action="store_true", help="validate, connect, warm up, print, leave")
    parser.add_argument(
        "--for", dest="duration", metavar="TIME", help="stop after this much exchange time from now, e.g. 2h"
    )
    parser.add_argument("--out", metavar="DIR", help="folder of the sessions (default: logs/live)")
    parser.add_argument("--name", metavar="NAME", help="the session's folder (default: of exchange, timeframe, time)")
    parser.add_argument("--data-dir", metavar="DIR", help="candle store instead of data.cache_dir")
    parser.add_argument("--report", action="store_true", help="at the end, write report.html into the session's folder")
    parser.add_argument("--plain", action="store_true", help="log lines instead of the terminal view")
    parser.add_argument("--quiet", action="store_true", help="without a terminal, print only log lines that warn")
    parser.add_argument("--rest-url", metavar="URL", help="address instead of the exchange's REST interface")
    parser.add_argument("--stream-url", metavar="URL", help="address instead of the exchange's websocket")
    rehearsal = parser.add_argument_group("rehearsal, with exchange: practice")
    rehearsal.add_argument("--speed", type=float, default=1.0, metavar="N", help="exchange seconds a second, default 1")
    rehearsal.add_argument("--practice-start", metavar="TIME", help="exchange time at the start, default now")
    rehearsal.add_argument("--faults", metavar="FILE", help="fault script of the practice exchange")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None, readers: Mapping[str, SettingsReader] | None = None) -> int:
    """Run the command; return its exit code. ``readers`` read what is traded by ``--portfolio`` and ``--system``."""
    try:
        asked = parse_arguments(arguments)
        require_open_files(OPEN_FILES, "a session")
        _check(asked)
        settings = _named_settings(asked, readers or {})

        from live.intake.exchange_access import Addresses
        from live.life.live_session import LiveOptions, run_session
        from live.life.rehearsal import Rehearsal

        return run_session(
            LiveOptions(
                config=asked.config,
                resume=asked.resume,
                dry_start=asked.dry_start,
                duration_ms=None if asked.duration is None else duration_ms(asked.duration),
                sessions=asked.out,
                name=asked.name,
                data_dir=asked.data_dir,
                plain=asked.plain,
                quiet=asked.quiet,
                report=asked.report,
                addresses=Addresses(asked.rest_url, asked.stream_url),
                settings=settings,
                rehearsal=Rehearsal(asked.speed, asked.practice_start, asked.faults),
            )
        )
    except HarnessError as error:
        return failed(str(error), error.exit_code)
    except KeyboardInterrupt as interrupted:
        return failed(str(interrupted) or "interrupted before the session ran", INTERRUPTED)


def _check(asked: argparse.Namespace) -> None:
    """Refuse arguments that do not go together, or name no folder."""
    if asked.portfolio is not None and asked.system is not None:
        raise ConfigurationError("--portfolio and --system are both given — allowed: one of the two")
    if asked.overrides is not None and (asked.portfolio or asked.system):
        raise ConfigurationError("--overrides are over a configuration — allowed: --config, and neither of the others")
    if asked.name is None:
        return
    if asked.resume is not None:
        raise ConfigurationError("--name and --resume are both given — allowed: one of the two")
    if not _NAME.fullmatch(asked.name):
        raise ConfigurationError(
            f"--name {asked.name!r} — allowed: letters, digits, dots, - and _, at most 100, the first a letter or digit"
        )


def _named_settings(asked: argparse.Namespace, readers: Mapping[str, SettingsReader]) -> "Settings | None":
    """Return the settings of what is named in the place of a configuration, or laid over it; None where nothing is."""
    if asked.overrides is not None:
        from engine.assembly import with_own_strategy
        from validation.loading import load_settings
        from validation.overrides import Overrides

        over = Overrides(read_settings_file(asked.overrides), asked.overrides, "")
        return with_own_strategy(load_settings(asked.config, data_dir=asked.data_dir, overrides=over))
    for kind in ("portfolio", "system"):
        name = getattr(asked, kind)
        if name is not None:
            if kind not in readers:
                raise ConfigurationError(f"--{kind} is not known here — allowed: python run_live.py --{kind} NAME")
            return readers[kind](name, asked.systems, asked.data_dir)
    return None
