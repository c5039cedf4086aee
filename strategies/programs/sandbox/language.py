"""What of Python a program may say: what the interpreter has not, modules to import, names that are not for it."""

import ast
import unicodedata
from collections.abc import Iterator

from core.settings_problem import did_you_mean
from strategies.programs.sandbox.finding import Finding
from strategies.programs.sandbox.prelude import PRIVATE
from strategies.programs.sandbox.program_text import in_order, written

READ_ONLY_MODULES = frozenset(
    {
        "math",
        "statistics",
        "json",
        "datetime",
        "re",
        "collections",
        "itertools",
        "functools",
        "bisect",
        "typing",
        "copy",
    }
)
MODULES = (*sorted(READ_ONLY_MODULES | {"dataclasses", "decimal"}),)
"""What a program may import; ``dataclass`` changes the class that it is called with, which may be one of a call's."""
_NOT_IN_MODULES = {
    "random": "chance is not the same on each run; what a call is given is all that it may decide by",
    "time": "a program has no clock; trigger.time_ms and market.time are the moment",
    "numpy": "lists, sum, min, max and math",
    "pandas": "lists, sum, min, max and math",
    "talib": 'market.get_indicator(symbol, "rsi(14)", "1h")',
}
_ALLOWED_MODULES = f"allowed: {', '.join(MODULES)}"
_CODE = ("eval", "exec", "compile", "__import__")
"""What makes code of text, under whatever meaning."""
_NO_NAMES = {
    **dict.fromkeys(_CODE, "say it as a statement: no text becomes code"),
    **dict.fromkeys(("open", "input", "breakpoint", "exit", "quit"), "nothing: a program has no files and no terminal"),
    "hash": "the value itself, also as a key of a dict: a hash of an object says where it lies, and means nothing",
    **dict.fromkeys(("globals", "locals", "vars", "dir", "id"), "names and keys that the text says"),
    **dict.fromkeys(("super", "property", "staticmethod", "classmethod"), "plain functions and plain classes"),
    **dict.fromkeys(("object", "memoryview", "issubclass", "callable"), "isinstance, and plain functions"),
}
_DYNAMIC = ("getattr", "setattr", "delattr")
_CLOCKS = ("now", "utcnow", "today")
_MISSING: tuple[tuple[type | tuple[type, ...], str, str], ...] = (
    ((ast.Yield, ast.YieldFrom), "yield", "a list that is returned"),
    (ast.Delete, "del", "another name, or a list or dict built without the part; d.pop(key)"),
    ((ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await), "async", "plain functions: nothing waits"),
    (ast.With, "with", "try … finally"),
    (ast.TryStar, "except*", "except"),
    (getattr(ast, "TypeAlias", ()), "a type alias", "the type itself"),
    (getattr(ast, "TemplateStr", ()), "a template string", "f-strings"),
)


def private_finding(text: str) -> Finding | None:
    """Return what is wrong with a text that has a name of the harness's own, in any spelling of it."""
    for number, line in enumerate(text.split("\n"), start=1):
        if PRIVATE in unicodedata.normalize("NFKC", line):
            column = line.find(PRIVATE) + 1 or 1
            return Finding(number, column, f"{PRIVATE} is a name of the sandbox's own", "allowed: any other name")
    return None


def language_findings(tree: ast.Module) -> Iterator[Finding]:
    """Yield what of a text's Python the sandbox has not, or does not allow, in the order of the text."""
    own = _own_names(tree)
    for node in in_order(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _of_import(node)
        elif isinstance(node, ast.ClassDef):
            yield from _of_class(node)
        elif isinstance(node, ast.Name) and (node.id in _CODE or node.id not in own):
            yield from _of_name(node)
        elif isinstance(node, ast.Attribute):
            yield from _of_attribute(node)
        elif isinstance(node, ast.Global) and node.names != ["memory"]:
            names = ", ".join(node.names)
            text = f"global {names}: what it holds is gone after the call"
            yield _at(node, text, f'allowed: memory["{node.names[0]}"], which is kept', warning=True)
        else:
            for kinds, what, instead in _MISSING:
                if isinstance(node, kinds):
                    yield _at(node, f"{what}: the sandbox has none", f"allowed: {instead}")


def _own_names(tree: ast.Module) -> set[str]:
    """Return the names that a text gives a meaning of its own, as ``open`` may be a price."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return names


def _of_import(node: ast.Import | ast.ImportFrom) -> Iterator[Finding]:
    if isinstance(node, ast.ImportFrom):
        names = ["." * node.level + (node.module or "")]
        if any(one.name == "*" for one in node.names):
            yield _at(node, f"from {names[0]} import *: the sandbox has none", "allowed: the names that are wanted")
    else:
        names = [one.name for one in node.names]
    for name in names:
        if name not in MODULES:
            instead = _NOT_IN_MODULES.get(name.partition(".")[0])
            hint = f"allowed: {instead}" if instead else f"{_ALLOWED_MODULES}{did_you_mean(name, MODULES)}"
            yield _at(node, f"import {name}: no such module in a program", hint)


def _of_class(node: ast.ClassDef) -> Iterator[Finding]:
    if node.bases or node.keywords:
        yield _at(node, f"class {node.name}: the sandbox has no inheritance", "allowed: a class of its own, or a dict")
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef) and inner.decorator_list:
            word = written(inner.decorator_list[0])[:40]
            yield _at(inner, f"@{word} on a method: the sandbox has none", "allowed: plain methods")
        elif isinstance(inner, ast.ClassDef):
            yield _at(inner, "a class inside a class: the sandbox has none", "allowed: classes beside one another")


def _of_name(node: ast.Name) -> Iterator[Finding]:
    if node.id in _NO_NAMES:
        yield _at(node, f"{node.id}: not in a program", f"allowed: {_NO_NAMES[node.id]}")
    elif node.id in _DYNAMIC:
        yield _at(node, f"{node.id}: not in a program", "allowed: the attribute itself, or a key of a dict")
    elif node.id.startswith("__") and node.id != "__name__":
        yield _at(node, f"{node.id}: not in a program", "allowed: names of the text's own")


def _of_attribute(node: ast.Attribute) -> Iterator[Finding]:
    if node.attr.startswith("__"):
        yield _at(node, f".{node.attr}: the inside of objects is not for programs", "allowed: their plain attributes")
    elif node.attr in _CLOCKS:
        allowed = "allowed: trigger.time_ms or market.time (milliseconds, UTC)"
        yield _at(node, f".{node.attr}: a program has no clock", allowed)


def _at(node: ast.AST, what: str, allowed: str, *, warning: bool = False) -> Finding:
    level = "warning" if warning else "error"
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
    return Finding(line, column, what, allowed, "warning" if level == "warning" else "error")
