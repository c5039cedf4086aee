"""A formula as users write it: parsed by Python's own grammar, checked node by node, evaluated by walking over it.

Nothing is executed: of the grammar there are numbers, words in quotes, names, arithmetic, comparisons, ``and``, ``or``,
``not``, and the functions ``min``, ``max`` and ``abs``. ``**`` is left out, whose result may be of any size.
"""

import ast
import operator
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from core.errors import ConfigurationError
from core.settings_problem import shown

Kind = Literal["number", "condition"]

LONGEST = 500
_DEEPEST = 50
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"min": min, "max": max, "abs": abs}
_ALLOWED = {
    "number": "allowed: names, numbers, + - * / // % ( ), min, max and abs",
    "condition": "allowed: names, numbers, + - * / // % ( ), min, max, abs, < <= > >= == !=, and, or, not",
}
_EXAMPLES = {"number": "0.6*sharpe - 0.4*max_drawdown_pct/10", "condition": "ema_fast < ema_slow"}


class Formula:
    """A formula over named values.

    Parameters
    ----------
    text
        As it is written.
    kind
        ``number`` for one that is a number, ``condition`` for one that holds or does not.
    called
        What it is, for the line that says that it cannot be understood: ``condition``, ``metric``.

    Raises
    ------
    ConfigurationError
        If it cannot be understood; says what is allowed.

    Examples
    --------
    >>> Formula("a < 2*b", "condition", "condition").value({"a": 3, "b": 2})
    True
    >>> Formula("a / b", "number", "metric").value({"a": 3.0, "b": 0.0}) is None
    True
    """

    def __init__(self, text: str, kind: Kind, called: str) -> None:
        self.text = " ".join(text.split()) if isinstance(text, str) else ""
        self._kind, self._called = kind, called
        if not isinstance(text, str) or not self.text:
            raise self._not_understood(shown(text))
        if len(text) > LONGEST:
            raise self._wrong(f"has {len(text)} characters, of at most {LONGEST}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._tree = ast.parse(self.text, mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise self._not_understood(shown(self.text)) from None
        self._check(self._tree, 0)
        decides = _decides(self._tree)
        if decides != (kind == "condition"):
            raise self._wrong(f"{shown(self.text)} {'compares nothing' if kind == 'condition' else 'is no number'}")

    @property
    def names(self) -> tuple[str, ...]:
        """The names in it, each once, in their order."""
        return tuple(dict.fromkeys(_names(self._tree)))

    def value(self, values: Mapping[str, Any]) -> Any:
        """Return its value; None where a value that it needs is None, it divides by 0, or it is beyond what a float is.

        Raises
        ------
        KeyError
            If a name has no value.
        """
        found = self._of(self._tree, values)
        return None if isinstance(found, int | float) and not abs(found) <= sys.float_info.max else found

    def _of(self, node: ast.expr, values: Mapping[str, Any]) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if (name := _dotted(node)) is not None:
            return values[name]
        if isinstance(node, ast.BoolOp):
            return _joined(isinstance(node.op, ast.And), [self._of(one, values) for one in node.values])
        if isinstance(node, ast.UnaryOp):
            one = self._of(node.operand, values)
            if one is None or isinstance(node.op, ast.Not):
                return None if one is None else not one
            if not isinstance(one, int | float):
                raise self._wrong(f"{shown(self.text)}: {shown(one)} is not a number")
            return -one if isinstance(node.op, ast.USub) else one
        if isinstance(node, ast.Compare):
            return self._compared(node, values)
        given = node.args if isinstance(node, ast.Call) else [node.left, node.right]  # type: ignore[attr-defined]
        found = [self._of(one, values) for one in given]
        if None in found:
            return None
        if not all(isinstance(one, int | float) for one in found):
            raise self._wrong(f"{shown(self.text)}: {' and '.join(map(shown, found))} are not numbers")
        try:
            if isinstance(node, ast.Call):
                return _FUNCTIONS[node.func.id](*found)  # type: ignore[attr-defined]
            return _ARITHMETIC[type(node.op)](*found)  # type: ignore[attr-defined]
        except (ZeroDivisionError, OverflowError):
            return None

    def _compared(self, node: ast.Compare, values: Mapping[str, Any]) -> bool | None:
        found = [self._of(one, values) for one in (node.left, *node.comparators)]
        if None in found:
            return None
        try:
            pairs = zip(node.ops, found, found[1:], strict=False)
            return all(_COMPARISONS[type(one)](left, right) for one, left, right in pairs)
        except TypeError:
            raise self._wrong(f"{shown(self.text)}: {' and '.join(map(shown, found))} have no order") from None

    def _check(self, node: ast.expr, depth: int) -> None:
        """Refuse what is not of the language."""
        if depth > _DEEPEST:
            raise self._wrong(f"{shown(self.text)} has too many brackets")
        inner: list[ast.expr] = []
        if isinstance(node, ast.Constant):
            sound = isinstance(node.value, int | float | str) and (isinstance(node.value, str) is False or self._words)
        elif isinstance(node, ast.BinOp):
            sound, inner = type(node.op) in _ARITHMETIC, [node.left, node.right]
        elif isinstance(node, ast.UnaryOp):
            sound, inner = isinstance(node.op, ast.UAdd | ast.USub | ast.Not), [node.operand]
        elif isinstance(node, ast.BoolOp):
            sound, inner = True, node.values
        elif isinstance(node, ast.Compare):
            sound, inner = all(type(one) in _COMPARISONS for one in node.ops), [node.left, *node.comparators]
        elif isinstance(node, ast.Call):
            known = isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
            least = 1 if known and ast.unparse(node.func) == "abs" else 2
            most = 1 if least == 1 else LONGEST
            sound, inner = known and not node.keywords and least <= len(node.args) <= most, node.args
        else:
            sound = _dotted(node) is not None
        if not sound:
            raise self._not_understood(f"{shown(self.text)}: {shown(ast.unparse(node))}")
        logic = isinstance(node, ast.BoolOp) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
        for one in inner:
            if _decides(one) != logic:
                raise self._not_understood(f"{shown(self.text)}: {shown(ast.unparse(one))}")
            self._check(one, depth + 1)

    @property
    def _words(self) -> bool:
        return self._kind == "condition"

    def _not_understood(self, wrong: str) -> ConfigurationError:
        return self._wrong(f"{wrong} cannot be understood")

    def _wrong(self, wrong: str) -> ConfigurationError:
        example = f"such as {_EXAMPLES[self._kind]}"
        return ConfigurationError(f"{self._called} {wrong} — {_ALLOWED[self._kind]}, {example}")


def _joined(every: bool, found: list[Any]) -> bool | None:
    """Return what ``and`` or ``or`` makes of its parts: one that is undefined matters only where it could decide."""
    if any(one is not None and bool(one) is not every for one in found):
        return not every
    return None if None in found else every


def _decides(node: ast.expr) -> bool:
    """Whether a node is true or false, and no number."""
    negates = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return negates or isinstance(node, ast.Compare | ast.BoolOp)


def _dotted(node: ast.expr) -> str | None:
    """Return the name that a node is, dotted perhaps; None for any other node."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)) is not None:
        return f"{before}.{node.attr}"
    return None


def _names(node: ast.expr) -> Iterator[str]:
    name = _dotted(node)
    if name is not None:
        yield name
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr) and not (isinstance(node, ast.Call) and child is node.func):
            yield from _names(child)
