"""The module ``statistics`` of programs, which the interpreter has not: its usual functions, exact as CPython's.

Sums are those of integers, so that no order of values and no size of them loses a digit; each result is rounded once.
It is a text of the interpreter's own Python.
"""

import ast

from strategies.programs.sandbox.prelude import PRIVATE

MODULE = "statistics"
FUNCTIONS = (
    "mean",
    "fmean",
    "median",
    "median_low",
    "median_high",
    "mode",
    "variance",
    "pvariance",
    "stdev",
    "pstdev",
)
_OBJECT = f"{PRIVATE}_{MODULE}"


def with_statistics(text: str, tree: ast.Module) -> tuple[str, str]:
    """Return what has to stand before a program, and the program with its imports of ``statistics`` taken from there.

    Lines stay where they are. Both are as they were where the program does not import it.
    """
    lines = [line.encode() for line in text.split("\n")]
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) and imports_it(node)]
    for node in sorted(found, key=lambda one: (one.lineno, one.col_offset), reverse=True):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        before, after = lines[first][: node.col_offset], lines[last][node.end_col_offset or 0 :]
        lines[first : last + 1] = [before + _instead(node).encode() + after, *[b""] * (last - first)]
    return (_TEXT if found else ""), b"\n".join(lines).decode()


def imports_it(node: ast.Import | ast.ImportFrom) -> bool:
    """Return whether a statement imports ``statistics``."""
    if isinstance(node, ast.ImportFrom):
        return node.module == MODULE and not node.level
    return any(one.name == MODULE for one in node.names)


def _instead(node: ast.Import | ast.ImportFrom) -> str:
    if isinstance(node, ast.ImportFrom):
        return "; ".join(f"{one.asname or one.name} = {_OBJECT}.{one.name}" for one in node.names)
    own = [f"{one.asname or one.name} = {_OBJECT}" for one in node.names if one.name == MODULE]
    others = [
        f"import {one.name}" + (f" as {one.asname}" if one.asname else "") for one in node.names if one.name != MODULE
    ]
    return "; ".join([*others, *own])


_TEXT = f"""
from math import frexp as {PRIVATE}_frexp, isqrt as {PRIVATE}_isqrt
from math import fsum as {PRIVATE}_fsum, isfinite as {PRIVATE}_finite
{PRIVATE}_taken = (len, list, sum, all, sorted, min, int, float, isinstance, bin)
class {PRIVATE}_Statistics:
    def __init__(self, taken):
        (self._len, self._list, self._sum, self._all, self._sorted, self._min, self._int, self._float,
         self._is, self._bin) = taken
    def _values(self, data, least, name):
        values = self._list(data)
        for one in values:
            if not self._is(one, (self._int, self._float)):
                raise TypeError(name + ": allowed: numbers")
        if self._len(values) < least:
            raise ValueError(name + " requires at least " + ("one data point" if least == 1 else "two data points"))
        return values
    def _integers(self, values):
        parts = []
        for one in values:
            if self._is(one, self._float):
                share, power = {PRIVATE}_frexp(one)
                parts.append((self._int(share * 9007199254740992.0), power - 53))
            else:
                parts.append((self._int(one), 0))
        lowest = self._min([0] + [power for _, power in parts])
        return [whole << (power - lowest) for whole, power in parts], 1 << -lowest
    def _value(self, above, below, values):
        if above % below == 0 and not self._sum([1 for one in values if self._is(one, self._float)]):
            return above // below
        return above / below
    def _finite(self, values):
        return self._all([{PRIVATE}_finite(one) for one in values if self._is(one, self._float)])
    def _squares(self, data, name, less):
        values = self._values(data, 1 + less, name)
        if not self._finite(values):
            return None, None, values
        whole, scale = self._integers(values)
        count = self._len(values)
        total = self._sum(whole)
        above = count * self._sum([one * one for one in whole]) - total * total
        return above, count * scale * scale * (count - less), values
    def _root(self, above, below):
        if above == 0:
            return 0.0
        shift = (self._len(self._bin(above)) - self._len(self._bin(below)) - 109) // 2
        if shift < 0:
            above = above << (-2 * shift)
        else:
            below = below << (2 * shift)
        root = {PRIVATE}_isqrt(above // below)
        if root * root * below != above:
            root = root | 1
        if shift < 0:
            return root / (1 << -shift)
        return self._float(root << shift)
    def mean(self, data):
        values = self._values(data, 1, "mean")
        if not self._finite(values):
            return self._sum(values) / self._len(values)
        whole, scale = self._integers(values)
        return self._value(self._sum(whole), scale * self._len(values), values)
    def fmean(self, data):
        values = self._values(data, 1, "fmean")
        return {PRIVATE}_fsum(values) / self._len(values)
    def median(self, data):
        values = self._sorted(self._values(data, 1, "median"))
        half = self._len(values) // 2
        if self._len(values) % 2:
            return values[half]
        return (values[half - 1] + values[half]) / 2
    def median_low(self, data):
        values = self._sorted(self._values(data, 1, "median_low"))
        return values[(self._len(values) - 1) // 2]
    def median_high(self, data):
        values = self._sorted(self._values(data, 1, "median_high"))
        return values[self._len(values) // 2]
    def mode(self, data):
        counts = {{}}
        for one in data:
            counts[one] = counts.get(one, 0) + 1
        if not counts:
            raise ValueError("mode requires at least one data point")
        most = [None, 0]
        for one, count in counts.items():
            if count > most[1]:
                most = [one, count]
        return most[0]
    def variance(self, data):
        above, below, values = self._squares(data, "variance", 1)
        return self._float("nan") if above is None else self._value(above, below, values)
    def pvariance(self, data):
        above, below, values = self._squares(data, "pvariance", 0)
        return self._float("nan") if above is None else self._value(above, below, values)
    def stdev(self, data):
        above, below, values = self._squares(data, "stdev", 1)
        return self._float("nan") if above is None else self._root(above, below)
    def pstdev(self, data):
        above, below, values = self._squares(data, "pstdev", 0)
        return self._float("nan") if above is None else self._root(above, below)
{_OBJECT} = {PRIVATE}_Statistics({PRIVATE}_taken)
"""
