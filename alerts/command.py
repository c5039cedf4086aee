"""The command ``python -m alerts``: try the channels, or check the file that names them."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.command_line import CommandParser, exit_code_of, failed, say
from core.errors import ConfigurationError

if TYPE_CHECKING:
    from alerts.alert_settings import AlertSettings
    from alerts.channel import Channel

ALERTS_FILE = "config/alerts.yaml"
EXAMPLES = """\
examples:
  python -m alerts check
      read config/alerts.yaml and the environment, and say who is told what
  python -m alerts test
      send one message to every channel, and say what came of it
  python -m alerts test --channel phone
      to that one alone

exit codes: 0 done, 1 a message was not delivered, 2 bad arguments or configuration
"""


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed arguments; raises ConfigurationError on bad ones, exits with 0 after ``--help``."""
    parser = CommandParser(
        prog="python -m alerts",
        description="Messages to people: what happens in sessions and jobs, told to the services they read.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("verb", choices=("check", "test"), help="what to do")
    parser.add_argument("--channel", metavar="NAME", help="with test: this channel alone")
    parser.add_argument("--config", metavar="FILE", default=ALERTS_FILE, help="default: %(default)s")
    asked = parser.parse_args(arguments)
    if asked.channel is not None and asked.verb != "test":
        parser.error("--channel goes with test alone")
    return asked


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return exit_code_of(lambda: _run(parse_arguments(arguments)))


def _run(asked: argparse.Namespace) -> int:
    from alerts.loading import load_plan
    from alerts.trial import try_channels

    if not Path(asked.config).exists():
        raise ConfigurationError(f"{asked.config}: there is no such file — docs/alerts.md says what it holds")
    plan = load_plan(asked.config)
    if plan is None:
        if asked.verb == "test":
            raise ConfigurationError(f"{asked.config}: channels: there is none to test — docs/alerts.md has examples")
        say(f"{asked.config}: no channels, nobody is told anything")
        return 0
    if asked.verb == "check":
        count = len(plan.channels)
        say(f"{asked.config}: {count} {'channel' if count == 1 else 'channels'}", *_told(plan.settings, plan.channels))
        return 0
    lines = []
    for one in try_channels(plan, asked.channel):
        line = f"{one.name}: {one.target}: {one.detail} after {one.took_ms} ms, id {one.id}"
        if one.delivered:
            say(line)
        else:
            lines.append(line)
    return failed("\n".join(lines), 1) if lines else 0


def _told(settings: "AlertSettings", channels: "Mapping[str, Channel]") -> Iterator[str]:
    """Yield a line for each channel: where its messages go, and which."""
    for one in settings.channels:
        filters = {
            "sessions": one.sessions,
            "systems": one.systems,
            "symbols": one.symbols,
            "strategies": one.strategies,
        }
        kinds = ", ".join(one.kinds) or "all kinds"
        only = "".join(f", {name} {' '.join(wanted)}" for name, wanted in filters.items() if wanted)
        source = "" if one.url_env is None else f" (from {one.url_env})"
        target = channels[one.name].target
        yield f"  {one.name}: {target}{source}: {kinds}, severity {one.severity} and above{only}"
