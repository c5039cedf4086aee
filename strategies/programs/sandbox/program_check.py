"""The check of a program's text: what would go wrong, line by line, before it is ever run."""

import ast
from collections.abc import Collection, Iterator

from core.settings_problem import did_you_mean, shortly
from strategies.programs.sandbox.decision import ACTIONS, KEYS
from strategies.programs.sandbox.finding import Finding, first_findings
from strategies.programs.sandbox.language import language_findings, private_finding
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_text import in_order, parsed, written
from strategies.programs.sandbox.reads import READS_NAME, Reads, WrongReads, open_reads, reads_of

DECIDE = "decide"
_PARAMETERS = ("market", "account", "trigger")
_SHOWN: dict[str, tuple[str, ...]] = {
    "market": (
        "get_klines",
        "get_indicator",
        "get_flow",
        "get_regime",
        "get_current_prices",
        "get_market_data",
        "time",
        "symbols",
    ),
    "account": (
        "balance",
        "equity",
        "positions",
        "open_orders",
        "trades_today",
        "today_pnl",
        "exposure",
        "halted",
    ),
    "trigger": ("time_ms", "trigger_type", "symbol", "pool_id", "pool_name", "logic", "signals", "regime"),
}
"""What the program's objects have."""
_KIND_OF_READ = {"get_indicator": "indicators", "get_flow": "flows", "get_regime": "regimes"}


def check_program(text: str) -> tuple[Finding, ...]:
    """Return what is wrong with a program's text, in the order of the text; nothing of it is executed.

    Of many mistakes the first are told, as :func:`~strategies.programs.sandbox.finding.first_findings` counts them.
    """
    tree = parsed(text)
    if isinstance(tree, ProgramProblem):
        return (Finding(tree.line or 1, 1, tree.text, "allowed: Python"),)
    kinds = (_refused(text, tree), _reads(tree), _decisions(tree), _attributes(tree))
    found = {one for kind in kinds for one in first_findings(kind)}
    return tuple(first_findings(sorted(found, key=lambda one: (one.line, one.column, one.what))))


def first_problem(text: str) -> ProgramProblem | None:
    """Return why a text is not run at all; None for one that may be."""
    tree = parsed(text)
    if isinstance(tree, ProgramProblem):
        return tree
    wrong = sorted((one for one in _refused(text, tree) if one.level == "error"), key=lambda one: one.line)
    return ProgramProblem("syntax", f"{wrong[0].what} — {wrong[0].allowed}", wrong[0].line) if wrong else None


def _refused(text: str, tree: ast.Module) -> Iterator[Finding]:
    private = private_finding(text)
    if private is not None:
        yield private
    yield from first_findings(language_findings(tree))
    try:
        reads_of(tree)
    except WrongReads as error:
        what, _, allowed = str(error).partition(" — ")
        yield Finding(error.line, error.column, what, allowed)
    asked = f"allowed: def {DECIDE}({', '.join(_PARAMETERS)}):"
    function = _decide(tree)
    if function is None:
        yield _without_decide(tree, asked)
    elif _out_of_order(function.args):
        shown = f"{DECIDE}({written(function.args)}) has its parameters in another order"
        yield Finding(function.lineno, function.col_offset + 1, shown, asked)
    elif not _takes_three(function.args):
        shown = f"{DECIDE}({written(function.args)})"
        yield Finding(function.lineno, function.col_offset + 1, f"{shown[:80]} takes other parameters", asked)


def _reads(tree: ast.Module) -> Iterator[Finding]:
    try:
        reads = reads_of(tree)
    except WrongReads:
        reads = Reads()
    declared = {"indicators": reads.indicators, "flows": reads.flows, "regimes": reads.regimes}
    for one in open_reads(tree):
        what = f"{one.name}: {one.argument} is no literal"
        if one.name == "get_klines":
            yield Finding(
                one.line,
                one.column,
                f"{what}: such candles are asked for one call at a time, which is slower",
                f'allowed: a literal, or {READS_NAME} = {{"klines": {{"1h": 50}}}}',
                "warning",
            )
        else:
            kind = _KIND_OF_READ[one.name]
            yield Finding(
                one.line,
                one.column,
                f"{what}: what it will be has to be known before",
                f'allowed: a literal, or its line in {READS_NAME} = {{"{kind}": […]}}',
                "warning" if declared[kind] else "error",
            )


def _decisions(tree: ast.Module) -> Iterator[Finding]:
    """Yield what decisions say that no decision may, as far as the text says it in so many words."""
    for node in in_order(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Decision":
            said = {one.arg: one.value for one in node.keywords if one.arg is not None}
            action = node.args[0] if node.args else said.get("action")
            starred = any(isinstance(one, ast.Starred) for one in node.args) or len(said) < len(node.keywords)
            if action is None and not starred:
                yield _finding(node, "Decision has no action", ACTIONS)
        elif isinstance(node, ast.Dict) and _is_decision(node):
            pairs = zip(node.keys, node.values, strict=True)
            said = {str(one.value): value for one, value in pairs if isinstance(one, ast.Constant)}
            action = said.get("action")
        else:
            continue
        if isinstance(action, ast.Constant) and action.value not in ACTIONS:
            hint = did_you_mean(action.value, ACTIONS)
            yield _finding(action, f"action {shortly(action.value)} is none{hint}", ACTIONS)
        for key, value in said.items():
            if key not in KEYS:
                yield _finding(value, f"a decision has no {shortly(key)}{did_you_mean(key, KEYS)}", KEYS)


def _is_decision(node: ast.Dict) -> bool:
    return any(isinstance(one, ast.Constant) and one.value == "action" for one in node.keys)


def _attributes(tree: ast.Module) -> Iterator[Finding]:
    """Yield attributes that the program's objects have not, under the names that ``decide`` gives them."""
    function = _decide(tree)
    if function is None or not _takes_three(function.args):
        return
    given = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    shown = {name: (kind, _SHOWN[kind]) for name, kind in zip(given, _PARAMETERS, strict=False)}
    for node in in_order(function):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in shown:
            kind, names = shown[node.value.id]
            if node.attr not in names:
                yield _finding(node, f"{kind} has no {node.attr}{did_you_mean(node.attr, names)}", names)


def _decide(tree: ast.Module) -> ast.FunctionDef | None:
    found = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == DECIDE]
    return found[-1] if found else None


def _without_decide(tree: ast.Module, asked: str) -> Finding:
    """Return what a text without the function has in its place, where there is something."""
    for node in in_order(tree):
        named = getattr(node, "name", None)
        if isinstance(node, ast.AsyncFunctionDef) and named == DECIDE:
            wrong = f"{DECIDE} is async, and nothing waits for it"
        elif isinstance(node, ast.ClassDef) and named == DECIDE:
            wrong = f"{DECIDE} is a class"
        elif isinstance(node, ast.FunctionDef) and named == DECIDE:
            wrong = f"{DECIDE} stands inside something else"
        elif isinstance(node, ast.FunctionDef) and str(named).casefold() == DECIDE:
            wrong = f"{named} is not {DECIDE}"
        elif isinstance(node, ast.Name) and node.id == DECIDE and isinstance(node.ctx, ast.Store):
            wrong = f"{DECIDE} is a name that something is given to"
        else:
            continue
        return Finding(node.lineno, node.col_offset + 1, f"the program has no {DECIDE}: {wrong}", asked)
    return Finding(1, 1, f"the program has no {DECIDE}", asked)


def _out_of_order(args: ast.arguments) -> bool:
    """Whether the three parameters have their names, and not their places."""
    names = [one.arg for one in (*args.posonlyargs, *args.args)]
    return sorted(names) == sorted(_PARAMETERS) and tuple(names) != _PARAMETERS


def _takes_three(args: ast.arguments) -> bool:
    given = len(args.posonlyargs) + len(args.args)
    needed = given - len(args.defaults)
    keywords = any(one is None for one in args.kw_defaults)
    return not keywords and needed <= len(_PARAMETERS) and (given >= len(_PARAMETERS) or args.vararg is not None)


def _finding(node: ast.expr, what: str, allowed: Collection[str]) -> Finding:
    return Finding(node.lineno, node.col_offset + 1, what, f"allowed: {', '.join(allowed)}")
