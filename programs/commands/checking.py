"""``python -m programs check``: what is wrong with a program, and what comes of one call of it."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from core.command_line import say
from core.errors import ConfigurationError
from core.instants import format_ms
from core.settings_problem import in_two
from programs.backtest_config import PRACTICE_CONFIG
from programs.commands.market_arguments import add_market, add_moment, market_of, moment_of
from programs.commands.verb_arguments import explain
from programs.moment import Moment, Tried, woken_by
from programs.program_choice import ProgramChoice, pool_folders, read_pools, told_triggers
from programs.program_run import program_settings
from programs.read_findings import read_findings
from runs.commands.opened_store import print_json
from strategies.programs.known_interest import INTEREST_FLOWS
from strategies.programs.sandbox.decision import ProgramDecision
from strategies.programs.sandbox.finding import Finding
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_check import DECIDE, check_program
from strategies.programs.sandbox.program_text import ProgramText, parsed
from strategies.programs.sandbox.reads import TRIGGERS_NAME, line_of_read
from strategies.programs.triggers.pool_files import pools_of
from validation.config_error import ConfigValidationError

_EXAMPLES = """\
A text without an error is called once for each pool and for the schedule of its TRIGGERS, at one moment; nothing is
traded. Each line has file, line and column, what is there, and what is allowed instead.

examples:
  python -m programs check my_program.py
  python -m programs check my_program.py --at 2024-01-15T12:00 --symbol ETH/USDT
  python -m programs check my_program.py --config config/my.yaml --offline
exit codes: 0 sound, 1 an error was found, 2 bad arguments or configuration, 3 data not available
"""
_PLACE = re.compile(r"(?P<file>[^:]*):(?P<line>\d+): ")
"""How a line begins that says of which line of a text it is."""
_OF_CONTRACTS = ("funding", *INTEREST_FLOWS)
"""The flows that only perpetual contracts have."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    explain(parser, _EXAMPLES)
    parser.add_argument("file", metavar="FILE", help="the program")
    add_market(parser)
    add_moment(parser)
    parser.add_argument("--json", action="store_true", help="print the findings as JSON, nothing else")


def run(asked: argparse.Namespace) -> int:
    """Print what is found, a line each; return 1 where it keeps the program from running."""
    path = Path(asked.file)
    text = ProgramText.read(path)
    findings = [*check_program(text.text), *read_findings(text)]
    moment, tried = moment_of(asked), list[Tried]()
    if not _errors(findings):
        findings += _of_triggers(text, path, asked)
    if not _errors(findings):
        tried = _called(text, path, moment)
        findings += _problems(text, tried)
    errors = len(_errors(findings))
    if asked.json:
        print_json({"file": asked.file, "sound": not errors, "findings": msgspec.to_builtins(findings)})
        return 1 if errors else 0
    say(*(one.said(asked.file) for one in findings))
    if errors:
        say(f"{asked.file}: {errors} error{'' if errors == 1 else 's'}")
        return 1
    # On the embedded market it is always the same one.
    when = f" at {format_ms(moment.at_ms)}" if asked.at is None and asked.config != PRACTICE_CONFIG else ""
    say(f"{asked.file}: sound: {_in_words(tried, when)}")
    return 0


def _errors(findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.level == "error"]


def _of_triggers(text: ProgramText, path: Path, asked: argparse.Namespace) -> Iterator[Finding]:
    """Yield what is wrong with what a program says that wakes it, and with what it reads on the candles of the market.

    What is wrong with the configuration itself is raised.
    """
    try:
        wanted = told_triggers(text)
        pools, files = read_pools(wanted.pools, pool_folders(path))
        schedule = wanted.schedule if wanted.schedule is not None or pools else "1w"
        choice = ProgramChoice(path.stem, text.text, pools, schedule, pool_files=files)
        settings = program_settings(choice, market_of(asked))
    except ConfigurationError as error:
        own = f"program {path.stem}"
        strangers = [one for one in error.facts if one.file not in ("", own)]
        if isinstance(error, ConfigValidationError) and strangers:
            raise type(error).of(*strangers) from None
        for line in str(error).splitlines():
            line = line.removeprefix(f"{own}: ")
            place = _PLACE.match(line)
            named = place is not None and place["file"] in (text.name, f"{path.stem}.py")
            number = int(place["line"]) if place is not None and named else _line_of(text, TRIGGERS_NAME)
            what, allowed = in_two(line[place.end() if place is not None and named else 0 :])
            yield Finding(number, 1, what, allowed or "allowed: another one")
        return
    if settings.live.execution.perpetual is None:
        yield from _of_contracts_alone(text, asked.config)


def _of_contracts_alone(text: ProgramText, config: str) -> Iterator[Finding]:
    """Yield what a program reads of perpetual contracts, for a configuration that trades none."""
    tree = parsed(text.text)
    if isinstance(tree, ProgramProblem):
        return
    for metric, period in text.reads.flows:
        if metric in _OF_CONTRACTS:
            line = line_of_read(tree, "get_flow", metric, period) or 1
            what = f"get_flow: only perpetual contracts have {metric}, and {config} trades none"
            yield Finding(line, 1, what, "allowed: --config FILE with execution.perpetual", "warning")


def _line_of(text: ProgramText, beginning: str) -> int:
    lines = enumerate(text.text.splitlines(), 1)
    return next((number for number, line in lines if line.startswith(beginning)), 1)


def _called(text: ProgramText, path: Path, moment: Moment) -> list[Tried]:
    """Call a program as each of its pools and its schedule would wake it, at a moment of history."""
    wanted = told_triggers(text)
    pools = pools_of(wanted.pools, pool_folders(path))
    return moment.call(text, woken_by(pools, scheduled=wanted.schedule is not None))


def _problems(text: ProgramText, tried: list[Tried]) -> list[Finding]:
    """Return the problems of calls, each once; what has no line of its own stands at that of ``decide``."""
    found = dict.fromkeys(one.judged for one in tried if isinstance(one.judged, ProgramProblem))
    return [Finding(one.line or _line_of(text, f"def {DECIDE}("), 1, *_parted(one.text)) for one in found]


def _parted(text: str) -> tuple[str, str]:
    what, _, allowed = text.partition(" — ")
    return f"called once: {what}", allowed or "allowed: a call without a problem"


def _in_words(tried: list[Tried], when: str) -> str:
    decided = dict.fromkeys(one.judged.action for one in tried if isinstance(one.judged, ProgramDecision))
    return f"called {'once' if len(tried) == 1 else f'{len(tried)} times'}{when}, decided {', '.join(decided)}"
