"""The streaming form: nodes that take a candle at a time.

The nodes are written out as one function, a statement or two each, in the order in which they read each other: a
candle costs what its arithmetic costs.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from indicators.forms.nodes import RAW, Node, Part, RawPrice, Recursion, RowWise, Windowed, in_order


class StreamingNodes:
    """The values of several nodes after each candle; what they share is computed once.

    A window that no other node reads is added up only when it is asked for.

    Parameters
    ----------
    nodes
        What is wanted.
    inputs
        The fields of a candle that :attr:`take` is given, in its order.
    """

    __slots__ = ("_reads", "take")

    def __init__(self, nodes: Sequence[Node], inputs: Sequence[str] = RAW) -> None:
        written = _Writing(nodes, inputs)
        self.take: Callable[[Sequence[float]], None] = written.function()
        """Take the next candle's fields."""
        self._reads = [written.reader(place) for place in range(len(nodes))]

    def read(self, place: int) -> float:
        """Return the value of the node that stands at a place of those wanted; nan while it is undefined."""
        return self._reads[place]()


class StreamingRow:
    """The values of several nodes after each candle, in a row: for a reader that wants all of them at every candle."""

    __slots__ = ("take",)

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.take: Callable[[Sequence[float], float], tuple[float, ...]] = _Writing(nodes, RAW, whole=True).function()
        """Take the next candle's fields and a number that ends the row; return the row, nan where undefined."""


class _Writing:
    """The function that takes a candle, as text, and the objects that it names.

    A ``whole`` one computes every window and returns the row; the other leaves in the cells what was computed.
    """

    def __init__(self, wanted: Sequence[Node], inputs: Sequence[str], *, whole: bool = False) -> None:
        self._whole = whole
        self._wanted = wanted
        self._inputs = tuple(inputs)
        self._cells: list[float] = [math.nan] * len(wanted)
        self._objects: dict[str, Any] = {"nan": math.nan, "cells": self._cells}
        order = in_order(tuple(wanted))
        self._computed = set(order) if whole else {one for node in order for one in node.inputs}
        self._names: dict[Node, str] = {}
        self._lines: list[str] = []
        for number, node in enumerate(order):
            self._names[node] = self._name(node, number)
            self._lines += self._statements(node, number)

    def function(self) -> Callable[..., Any]:
        """Return the function; where it returns nothing, the wanted values stand in the cells after it."""
        row = "".join(f"{self._names[node]}, " for node in self._wanted)
        lines = [
            f"({''.join(f'{name}, ' for name in self._inputs)}) = values",
            *self._lines,
            f"return ({row}end)" if self._whole else f"cells[:] = ({row})",
        ]
        text = "\n    ".join([f"def take(values{', end' if self._whole else ''}):", *lines])
        exec(compile(text, "<streaming form>", "exec"), self._objects)
        function: Callable[..., Any] = self._objects["take"]
        return function

    def reader(self, place: int) -> Callable[[], float]:
        """Return what reads a wanted value: a window that was not computed is computed now."""
        cells, node = self._cells, self._wanted[place]
        if not isinstance(node, Windowed) or node in self._computed:
            return lambda: cells[place]
        windows: list[deque[float]] = self._objects[f"windows_{self._names[node]}"]
        function, first, length, parameters = node.function, windows[0], node.length, node.parameters

        def read() -> float:
            # The cell tells whether the last candle was taken.
            if cells[place] != cells[place] or len(first) < length:
                return math.nan
            value: float = function(*windows, *parameters)
            return value

        return read

    def _name(self, node: Node, number: int) -> str:
        if isinstance(node, RawPrice):
            return node.name
        if isinstance(node, Part):
            return f"{self._names[node.recursion]}_{node.place}"
        return f"v{number}"

    def _statements(self, node: Node, number: int) -> Iterator[str]:
        """Yield what computes a node; a row on which an input is nan is not taken."""
        if isinstance(node, RawPrice | Part):
            return
        name = self._names[node]
        of = [self._names[one] for one in node.inputs]
        defined = " and ".join(f"{one} == {one}" for one in of)
        if isinstance(node, Windowed):
            yield from self._window(node, name, of, defined)
            return
        if not isinstance(node, Recursion | RowWise):
            raise TypeError(f"no streaming form for {type(node).__name__}")
        outs = [name]
        parameters = [repr(one) for one in node.parameters]
        if isinstance(node, Recursion):
            self._objects[f"f{number}"], self._objects[f"state{number}"] = node.step, list(node.start)
            arguments = [f"state{number}", *parameters, *of]
            if node.outs > 1:
                outs = [f"{name}_{place}" for place in range(node.outs)]
        else:
            self._objects[f"f{number}"] = node.function
            arguments = [*of, *parameters]
        yield f"if {defined}: {', '.join(outs)} = f{number}({', '.join(arguments)})"
        yield f"else: {' = '.join(outs)} = nan"

    def _window(self, node: Windowed, name: str, of: Sequence[str], defined: str) -> Iterator[str]:
        windows = [deque[float](maxlen=node.length) for _ in of]
        self._objects[f"windows_{name}"] = windows
        for place, window in enumerate(windows):
            self._objects[f"{name}_w{place}"] = window
            self._objects[f"{name}_add{place}"] = window.append
        yield f"if {defined}:"
        for place, one in enumerate(of):
            yield f"    {name}_add{place}({one})"
        if node not in self._computed:
            yield f"    {name} = 0.0"
        else:
            self._objects[f"{name}_function"] = node.function
            arguments = [f"{name}_w{place}" for place in range(len(of))] + [repr(one) for one in node.parameters]
            full = f"len({name}_w0) == {node.length}"
            yield f"    {name} = {name}_function({', '.join(arguments)}) if {full} else nan"
        yield f"else: {name} = nan"
