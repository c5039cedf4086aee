"""What a program's text reads that nobody computes: indicators, flows and periods that are none, with their places."""

import ast
from collections.abc import Iterator

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean
from strategies.programs.program_reads import FLOWS
from strategies.programs.sandbox.finding import Finding, first_findings
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_text import ProgramText, in_order, parsed
from strategies.programs.sandbox.reads import READS_NAME
from strategies.programs.triggers.feature_text import feature_of

_ALLOWED_FLOWS = f"allowed: {', '.join(FLOWS)}"


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
        named = {one.arg: one.value for one in node.keywords}
        if node.func.attr == "get_indicator":
            yield from _indicator(_argument(node, named, 1, "indicator"), _argument(node, named, 2, "period"))
        elif node.func.attr == "get_flow":
            yield from _flow(_argument(node, named, 1, "metric"))


def _argument(call: ast.Call, named: dict[str | None, ast.expr], place: int, name: str) -> ast.expr | None:
    return call.args[place] if len(call.args) > place else named.get(name)


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
                    yield from _flow(first) if kind == "flows" else ()


def _indicator(node: ast.expr | None, period: ast.expr | None) -> Iterator[Finding]:
    text = _text(node)
    if node is None or text is None:
        return
    try:
        feature_of(text, _text(period) or "")
    except ConfigurationError as error:
        what, _, allowed = str(error).removeprefix(": ").partition(" — ")
        yield Finding(
            node.lineno, node.col_offset + 1, f"indicator {text!r}: {what}", allowed or "allowed: another one"
        )


def _flow(node: ast.expr | None) -> Iterator[Finding]:
    text = _text(node)
    if node is not None and text is not None and text not in FLOWS:
        hint = did_you_mean(text, FLOWS)
        yield Finding(node.lineno, node.col_offset + 1, f"flow {text!r}: there is no such flow{hint}", _ALLOWED_FLOWS)


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
