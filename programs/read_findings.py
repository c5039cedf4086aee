"""What a program's text reads that nobody computes: indicators, flows, periods and counts, each with its place."""

import ast
from collections.abc import Generator, Iterator

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, in_two, shortly
from core.timeframe import DAY_MS, timeframe_ms
from strategies.programs.known_interest import INTEREST_FLOWS, interest_period
from strategies.programs.program_reads import FLOWS
from strategies.programs.sandbox.finding import Finding, Level, first_findings
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_text import ProgramText, in_order, parsed
from strategies.programs.sandbox.reads import MOST_CANDLES, READ_PARAMETERS, READS_NAME
from strategies.programs.triggers.feature_text import feature_of, with_text

_ALLOWED_FLOWS = f"allowed: {', '.join(FLOWS)}"
_ALLOWED_COUNT = f"allowed: a whole number from 1 to {MOST_CANDLES:,}"
_NEEDED = {"get_klines": 1, "get_indicator": 2, "get_flow": 2, "get_regime": 1}
"""How many arguments a read needs."""


def read_findings(text: ProgramText) -> list[Finding]:
    """Return what is wrong with the literal reads of a text, in its order; nothing where it cannot be parsed."""
    tree = parsed(text.text)
    if isinstance(tree, ProgramProblem):
        return []
    found = [*first_findings(_of_calls(tree)), *first_findings(_of_declared(tree))]
    return list(first_findings(sorted(found, key=lambda one: (one.line, one.column))))


def _of_calls(tree: ast.Module) -> Iterator[Finding]:
    for node in in_order(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name = node.func.attr
        if name not in READ_PARAMETERS:
            continue
        given = yield from _taken(name, node)
        if name == "get_indicator":
            yield from _indicator(given.get("indicator"), given.get("period"))
        elif name == "get_flow":
            yield from _flow(given.get("metric"), given.get("period"))
        else:
            yield from _period(given.get("period"))
            yield from _count(given.get("count"))


def _taken(name: str, call: ast.Call) -> Generator[Finding, None, dict[str, ast.expr]]:
    """Return what is given for each parameter, having told of what is missing or too much."""
    names = READ_PARAMETERS[name]
    given = dict(zip(names, call.args, strict=False))
    given |= {one.arg: one.value for one in call.keywords if one.arg in names}
    starred = any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords)
    if starred or (isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "self"):
        return {}
    strangers = [one.arg for one in call.keywords if one.arg not in names]
    missing = [one for one in names[: _NEEDED[name]] if one not in given]
    wrong = ""
    if len(call.args) > len(names):
        wrong = f"{len(call.args)} arguments"
    elif strangers:
        wrong = f"it has no {strangers[0]}{did_you_mean(strangers[0], names)}"
    elif missing:
        wrong = f"{missing[0]} is missing"
    if wrong:
        place = call.func
        yield Finding(place.lineno, place.col_offset + 1, f"{name}: {wrong}", f"allowed: {name}({', '.join(names)})")
    return given


def _of_declared(tree: ast.Module) -> Iterator[Finding]:
    for statement in tree.body:
        if not isinstance(statement, ast.Assign) or [ast.unparse(one) for one in statement.targets] != [READS_NAME]:
            continue
        if isinstance(statement.value, ast.Dict):
            for key, rows in zip(statement.value.keys, statement.value.values, strict=True):
                kind = _text(key)
                for row in getattr(rows, "elts", ()):
                    pair: list[ast.expr | None] = [*getattr(row, "elts", ()), None, None]
                    first = pair[0]
                    yield from _indicator(first, pair[1]) if kind == "indicators" else ()
                    yield from _flow(first, pair[1]) if kind == "flows" else ()


def _indicator(node: ast.expr | None, period: ast.expr | None) -> Iterator[Finding]:
    text = _text(node)
    yield from _no_text(node, "an indicator such as 'rsi(14)'")
    yield from _period(period)
    if node is None or text is None:
        return
    try:
        feature = feature_of(text)
        feature.rows_of(feature.length_ms(DAY_MS))
    except ConfigurationError as error:
        what, allowed = in_two(str(error))
        yield _finding(node, f"indicator {with_text(text, what)}", allowed)


def _period(node: ast.expr | None) -> Iterator[Finding]:
    text = _text(node)
    yield from _no_text(node, "text such as '1h', or '' for the session's own candles")
    if node is None or not text:
        return
    try:
        timeframe_ms(text)
    except ConfigurationError as error:
        yield _finding(node, *in_two(str(error)))


def _count(node: ast.expr | None) -> Iterator[Finding]:
    if node is None:
        return
    try:
        count = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        yield _finding(node, f"count is {shortly(count)}", _ALLOWED_COUNT)
    elif count > MOST_CANDLES:
        yield _finding(
            node, f"count is {count:,}, of which the last {MOST_CANDLES:,} are given", _ALLOWED_COUNT, "warning"
        )


def _no_text(node: ast.expr | None, allowed: str) -> Iterator[Finding]:
    """Yield what a literal is that should be text."""
    if isinstance(node, ast.Constant) and not isinstance(node.value, str):
        yield _finding(node, f"{shortly(node.value)} is no text", f"allowed: {allowed}")


def _finding(node: ast.expr, what: str, allowed: str, level: Level = "error") -> Finding:
    return Finding(node.lineno, node.col_offset + 1, what, allowed or "allowed: another one", level)


def _flow(node: ast.expr | None, period: ast.expr | None) -> Iterator[Finding]:
    text = _text(node)
    if node is not None and text is not None and text not in FLOWS:
        hint = did_you_mean(text, FLOWS)
        yield Finding(node.lineno, node.col_offset + 1, f"flow {text!r}: there is no such flow{hint}", _ALLOWED_FLOWS)
    length = _text(period)
    if text in INTEREST_FLOWS and period is not None and length is not None:
        try:
            interest_period(length, DAY_MS)
        except ConfigurationError as error:
            yield _finding(period, *in_two(str(error)))


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
