"""``python -m programs check``: what is wrong with a program, and what comes of one call of it."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from backtests.config_backtest import wall_clock_ms
from core.command_line import say
from core.errors import ConfigurationError
from programs.commands.market_arguments import add_market, add_moment, market_of, moment_of
from programs.moment import Moment, Tried, woken_by
from programs.program_choice import pool_folders, told_triggers
from programs.read_findings import read_findings
from runs.commands.opened_store import print_json
from strategies.programs.sandbox.decision import ProgramDecision
from strategies.programs.sandbox.finding import Finding
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_check import check_program
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.sandbox.reads import TRIGGERS_NAME
from strategies.programs.triggers.pool_files import pools_of

_PLACE = re.compile(r"[^:]*:(\d+): ")
"""How a line begins that says of which line of a text it is."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("file", metavar="FILE", help="the program")
    add_market(parser)
    add_moment(parser)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON, nothing else")


def run(asked: argparse.Namespace) -> int:
    """Print what is found, a line each; return 1 where it keeps the program from running."""
    path = Path(asked.file)
    text = ProgramText.read(path)
    findings = [*check_program(text.text), *read_findings(text)]
    tried: list[Tried] = []
    if not _errors(findings):
        findings += _of_triggers(text, path)
    if not _errors(findings):
        tried = _called(text, path, asked)
        findings += _problems(tried)
    errors = len(_errors(findings))
    if asked.json:
        print_json({"file": asked.file, "sound": not errors, "findings": msgspec.to_builtins(findings)})
        return 1 if errors else 0
    say(*(one.said(asked.file) for one in findings))
    if errors:
        say(f"{asked.file}: {errors} error{'' if errors == 1 else 's'}")
        return 1
    say(f"{asked.file}: sound: {_in_words(tried)}")
    return 0


def _errors(findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.level == "error"]


def _of_triggers(text: ProgramText, path: Path) -> Iterator[Finding]:
    """Yield what is wrong with what a program says that wakes it."""
    try:
        pools_of(told_triggers(text).pools, pool_folders(path))
    except ConfigurationError as error:
        for line in str(error).splitlines():
            place = _PLACE.match(line)
            what, _, allowed = line[place.end() if place else 0 :].partition(" — ")
            yield Finding(
                int(place[1]) if place else _line_of_triggers(text), 1, what, allowed or "allowed: pools that are there"
            )


def _line_of_triggers(text: ProgramText) -> int:
    lines = enumerate(text.text.splitlines(), 1)
    return next((number for number, line in lines if line.startswith(TRIGGERS_NAME)), 1)


def _called(text: ProgramText, path: Path, asked: argparse.Namespace) -> list[Tried]:
    """Call a program as each of its pools and its schedule would wake it, at a moment of history."""
    wanted = told_triggers(text)
    pools = pools_of(wanted.pools, pool_folders(path))
    moment = Moment(market_of(asked), moment_of(asked), wall_clock_ms(), asked.symbol, offline=asked.offline)
    return moment.call(text, woken_by(pools, scheduled=wanted.schedule is not None))


def _problems(tried: list[Tried]) -> list[Finding]:
    """Return the problems of calls, each once."""
    found = dict.fromkeys(one.judged for one in tried if isinstance(one.judged, ProgramProblem))
    return [Finding(one.line or 1, 1, *_parted(one.text)) for one in found]


def _parted(text: str) -> tuple[str, str]:
    what, _, allowed = text.partition(" — ")
    return f"called once: {what}", allowed or "allowed: a call without a problem"


def _in_words(tried: list[Tried]) -> str:
    decided = dict.fromkeys(one.judged.action for one in tried if isinstance(one.judged, ProgramDecision))
    return f"called {'once' if len(tried) == 1 else f'{len(tried)} times'}, decided {', '.join(decided)}"
