"""The command ``python -m dashboard``: serves, or prints the description of the interface."""

import argparse
import importlib.util
import logging
import os
import sys
from collections.abc import Sequence

from core.command_line import CommandParser, exit_code_of, say, say_text
from core.errors import ConfigurationError
from systems.places import DEFAULT_FOLDER, Places

TOKEN = "HARNESS_DASHBOARD_TOKEN"
_NEEDED = ("fastapi", "uvicorn")

EXAMPLES = """\
examples:
  python -m dashboard
      serve this folder's runs, systems and sessions on this machine, and print the address with its token
  python -m dashboard --port 0 --read-only
      on a free port, and change nothing
  python -m dashboard openapi
      print the description of the interface

exit codes: 0 ended, 2 bad arguments, or the address cannot be served, 1 the store cannot be opened
"""


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed arguments; raises ConfigurationError on bad ones, exits with 0 after ``--help``."""
    parser = CommandParser(
        prog="python -m dashboard",
        description="Serve the dashboard: run, watch, play back, optimise and rehearse in a browser.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("verb", nargs="?", choices=("serve", "openapi"), default="serve", help="default: serve")
    parser.add_argument("--host", default="127.0.0.1", help=f"another one needs a token in {TOKEN}")
    parser.add_argument("--port", type=int, help="default: 8760; 0 takes a free one")
    parser.add_argument(
        "--name", action="append", default=[], metavar="HOST", help="a further name under which it is reached"
    )
    parser.add_argument("--read-only", action="store_true", help="refuse whatever would change something")
    parser.add_argument("--describe", action="store_true", help="serve /api/openapi.json")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="jobs at once (default: %(default)s)")
    parser.add_argument("--systems", default=DEFAULT_FOLDER, metavar="DIR", help="default: %(default)s")
    parser.add_argument("--config", default="config", metavar="DIR", help="configurations (default: %(default)s)")
    parser.add_argument("--pools", default="programs/pools", metavar="DIR", help="pools (default: %(default)s)")
    parser.add_argument("--sessions", default="logs/live", metavar="DIR", help="live sessions (default: %(default)s)")
    parser.add_argument(
        "--out", metavar="DIR", help="folder of logs, where runs are written, instead of each settings'"
    )
    parser.add_argument("--data-dir", metavar="DIR", help="candle store instead of data.cache_dir")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return exit_code_of(lambda: _run(parse_arguments(arguments)))


def _run(asked: argparse.Namespace) -> int:
    lacking = [one for one in _NEEDED if importlib.util.find_spec(one) is None]
    if lacking:
        raise ConfigurationError(
            f"{', '.join(lacking)}: not installed, and the dashboard stands on it — make dashboard"
        )
    from dashboard.dashboard_settings import PORT, DashboardSettings, token_for

    if asked.verb == "openapi":
        from dashboard.described_interface import interface_text

        say_text(interface_text())
        return 0
    if asked.port is not None and not 0 <= asked.port <= 65_535:
        raise ConfigurationError(f"--port {asked.port} — allowed: 0 to 65535")
    if asked.workers < 0:
        raise ConfigurationError(f"--workers {asked.workers} — allowed: 0 and more")
    settings = DashboardSettings(
        # A secret comes by no other way; taken out, so that no process of a session or a job inherits it.
        token=token_for(asked.host, os.environ.pop(TOKEN, None)),  # noqa: TID251
        host=asked.host,
        port=PORT if asked.port is None else asked.port,
        hosts=tuple(asked.name),
        read_only=asked.read_only,
        workers=asked.workers,
        describe=asked.describe,
        places=Places(systems=asked.systems, logs=asked.out, data_dir=asked.data_dir),
        sessions=asked.sessions,
        config=asked.config,
        pools=asked.pools,
    )
    from dashboard.serving import serve

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    serve(settings, _say)
    return 0


def _say(*lines: object) -> None:
    """Print lines at once: who reads them through a pipe waits for the address."""
    say(*lines)
    sys.stdout.flush()
