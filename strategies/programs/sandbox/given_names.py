"""The names that a program's text gives a meaning, wherever it does."""

import ast
from collections.abc import Iterator


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
