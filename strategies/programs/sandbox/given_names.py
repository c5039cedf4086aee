"""The names that a program's text gives a meaning, wherever it does."""

import ast
from collections.abc import Iterator

MAKE_NAMES = frozenset(
    {
        *("getattr", "hasattr", "setattr", "delattr", "vars", "dir", "globals", "locals", "type"),
        *("eval", "exec", "compile", "format", "format_map"),
    }
)
"""The words with which a text could get at something that no word of it names; most of them the check refuses anyway.

What is proven of a text by its words is proven of one alone that has none of these.
"""


def given_names(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield each name that a text gives a meaning with the part of it that does, in no order.

    Parameters of functions, names of functions, classes and imports, and what ``except``, ``case``, ``for`` and ``:=``
    catch are among them.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                yield node.id, node
        elif isinstance(node, ast.arg):
            yield node.arg, node
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0], node
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            if node.name:
                yield node.name, node
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest, node
