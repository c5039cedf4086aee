"""``python -m programs shell``: expressions of a program's language, against a moment of history, in the sandbox."""

import argparse
import ast
import re
import sys
import textwrap
from collections.abc import Iterator

from core.command_line import failed, say
from core.errors import ConfigurationError, DataUnavailableError, HarnessError
from core.instants import format_ms
from core.settings_problem import shown
from programs.commands.market_arguments import add_market, add_moment, moment_of
from programs.commands.verb_arguments import explain
from programs.moment import Moment
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.sandbox.sandbox import CallAnswer

_NAME = "shell"
_EXAMPLES = """\
Each line is an expression, or a statement whose names the next lines know; market, account, trigger and memory are
there, as a program has them. Lines of a pipe are read to their end, those that begin with # are passed over.

examples:
  python -m programs shell --at 2024-01-15T12:00 --symbol BTC/USDT
  echo 'market.get_indicator("BTC/USDT", "rsi(14)")' | python -m programs shell
exit codes: 0 done, 1 a line of a pipe went wrong, 2 bad arguments or configuration, 3 data not available
"""
_PLACE = re.compile(rf"^{_NAME}\.py:[0-9]+: ")
_PROMPT = "> "
_ONE_LINE = "an expression, or one statement that fits a line, such as def f(x): return 2 * x"
_WORDS = "market, account, trigger and memory are there; an empty line or Ctrl-D ends it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    explain(parser, _EXAMPLES)
    add_market(parser)
    add_moment(parser)


def run(asked: argparse.Namespace) -> int:
    """Read lines, evaluate each, print what it is; return 1 where lines came from a pipe and one went wrong."""
    moment, typed = moment_of(asked), sys.stdin.isatty()
    when, symbol = format_ms(moment.at_ms), moment.symbol
    if typed:
        say(f"{when}, {symbol} of {asked.config}; {_WORDS}")
    trials, worst = Trials(moment), 0
    for line in _lines(typed):
        try:
            say(*trials.answer(line))
        except DataUnavailableError:
            raise  # No other line fares better.
        except HarnessError as error:
            worst = failed(str(error), 1)
    return 0 if typed else worst


def _lines(typed: bool) -> Iterator[str]:
    """Yield what is typed up to an empty line, or all lines of a pipe that say something."""
    if not typed:
        yield from (line for line in sys.stdin.read().splitlines() if line.strip() and not line.startswith("#"))
        return
    while True:
        try:
            line = input(_PROMPT)
        except EOFError:
            return
        if not line.strip():
            return
        yield line


class _NoPlainData(ConfigurationError):
    """What a line is cannot be shown as it is."""


class Trials:
    """Answers lines one after the other; names that one gives are known to those after it.

    Parameters
    ----------
    moment
        Where they are evaluated, each in a call of its own.
    """

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._kept: list[str] = []

    def answer(self, line: str) -> list[str]:
        """Return what a line prints, and what it is, as text.

        Raises
        ------
        HarnessError
            If it is no line of a program, or its call has a problem.
        """
        statement = _statement(line)
        if not isinstance(statement, ast.Expr):
            answer = self._called(f"{line}\nreturn None")
            self._kept.append(line)
            return list(answer.printed)
        asked, as_text = ast.unparse(statement.value), False
        try:
            answer = self._called(f"return [{asked}]")
        except _NoPlainData:
            answer, as_text = self._called(f"return [repr({asked})]"), True
        [value] = answer.decision if isinstance(answer.decision, list) else [None]
        return [*answer.printed, str(value) if as_text else repr(value)]

    def _called(self, last: str) -> CallAnswer:
        body = textwrap.indent("\n".join([*self._kept, last]), "    ")
        text = ProgramText.of(f"def decide(market, account, trigger):\n{body}\n", _NAME)
        try:
            [tried] = self._moment.call(text)
        except ConfigurationError as error:
            # The lines of what was made of it are nobody's.
            raise ConfigurationError(*(_PLACE.sub("", one) for one in error.args)) from None
        problem = tried.answer.problem
        if problem is not None:
            raise (_NoPlainData if problem.kind == "nonsense" else ConfigurationError)(problem.text)
        return tried.answer


def _statement(line: str) -> ast.stmt:
    """Return the one statement of a line.

    Raises
    ------
    ConfigurationError
        If it is none, or several.
    """
    written = line.strip()
    try:
        found = ast.parse(written).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        wrong = f"{shown(written)}: {getattr(error, 'msg', error)}"
        raise ConfigurationError(f"{wrong} — allowed: {_ONE_LINE}") from None
    if len(found) != 1 or isinstance(found[0], ast.Return):
        wrong = "returns" if len(found) == 1 else f"{len(found)} statements"
        raise ConfigurationError(f"{shown(written)}: {wrong} — allowed: {_ONE_LINE}")
    return found[0]
