"""Whether a program can change a dict that it is shown.

One that provably cannot may be shown the same dict in many calls; any other gets a copy each time, which is slower. A
doubt counts as yes.
"""

import ast
import builtins

from strategies.programs.sandbox.given_names import MAKE_NAMES, given_names

_CHANGING_METHODS = frozenset({"update", "pop", "popitem", "clear", "setdefault"})
"""What changes a dict beside giving a value to a key of it."""
_MODULES = frozenset({"math", "statistics", "json", "re", "datetime"})
"""Modules of which nothing holds a dict that it is handed, to change it under another name."""
_MEMORY = "memory"
_FRESH = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)


def changes_nothing_shown(tree: ast.Module) -> bool:
    """Return whether nothing in a program changes a dict, beside its memory and what it made itself.

    It is asked of programs that :func:`~strategies.programs.sandbox.kept_state.keeps_nothing`, which have no class and
    give no attribute a value.
    """
    own = _made_on_the_spot(tree)
    return not any(_may_change(node, own) for node in ast.walk(tree))


def _may_change(node: ast.AST, own: frozenset[str]) -> bool:
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return not _is_one_of(node.value, own)
    if isinstance(node, ast.Attribute):
        return node.attr in _CHANGING_METHODS and not _is_one_of(node.value, own)
    if isinstance(node, ast.MatchClass):
        return not _CHANGING_METHODS.isdisjoint(node.kwd_attrs)
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, ast.BitOr)
    if isinstance(node, ast.Import):
        return not {one.name for one in node.names} <= _MODULES
    if isinstance(node, ast.ImportFrom):
        return node.module not in _MODULES
    if isinstance(node, ast.Name):
        return node.id in MAKE_NAMES
    return isinstance(node, ast.ClassDef)


def _is_one_of(node: ast.expr, names: frozenset[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _made_on_the_spot(tree: ast.Module) -> frozenset[str]:
    """Return the names that mean, wherever the text gives them a meaning, a list, set or dict that it makes there."""
    found = {_MEMORY}
    sound: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, _FRESH):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [one for one in targets if isinstance(one, ast.Name)]
            found.update(one.id for one in names)
            sound.update(map(id, names))
    otherwise = {name for name, node in given_names(tree) if id(node) not in sound}
    # A name that one function gives a meaning is that of a built-in function in another.
    return frozenset(found.difference(otherwise, dir(builtins)))
