"""What indicators are made of: a graph of prices, row-wise functions, windows and recursions.

A node is a frozen value: equal nodes are one node, wherever they are declared, and are computed once. Every node has
one definition, which the streaming form runs on numbers and the column form on whole columns.

A row on which an input of a window or a recursion is undefined (nan) is not taken: the value is nan there, and the next
row follows the last one that was taken.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from indicators.forms.compiled_loop import CompiledLoop

TIME = "open_time_ms"
RAW = (TIME, "open", "high", "low", "close", "volume")
"""Fields of a candle."""

NEVER = 1 << 40
"""Length of what never forgets its start; no chain of indicators that do comes near it."""


class Node(msgspec.Struct, frozen=True):
    """A value a row."""

    @property
    def inputs(self) -> "tuple[Node, ...]":
        """The nodes it reads, each before it."""
        return ()

    @property
    def forgets_after(self) -> int:
        """Rows, its own included, after which its value does not depend on where the rows began."""
        return 1

    @property
    def forgets_after_ms(self) -> int:
        """The same as a length of time, for what starts anew with the day; 0 otherwise."""
        return max((one.forgets_after_ms for one in self.inputs), default=0)

    def _chain(self) -> int:
        return max((one.forgets_after for one in self.inputs), default=1)


class RawPrice(Node, frozen=True):
    """A field of the candle."""

    name: str


class RowWise(Node, frozen=True):
    """A function of the inputs' values on the same row; undefined where one of them is."""

    function: Callable[..., Any]
    of: tuple[Node, ...]
    parameters: tuple[float, ...] = ()

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The nodes it reads."""
        return self.of

    @property
    def forgets_after(self) -> int:
        """As long as the slowest input."""
        return self._chain()


class Windowed(Node, frozen=True):
    """A function of the inputs' last ``length`` values.

    ``function(*windows, *parameters)`` is given each window oldest to newest: numbers, or equally long columns that
    hold the values of one age for many rows. ``loop(column, *parameters, out)`` is a compiled form, where the function
    is slow on columns.
    """

    function: Callable[..., Any]
    of: tuple[Node, ...]
    length: int
    parameters: tuple[float, ...] = ()
    loop: CompiledLoop | None = None

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The nodes it reads."""
        return self.of

    @property
    def forgets_after(self) -> int:
        """Exactly when the window has passed."""
        return self._chain() + self.length - 1


class Recursion(Node, frozen=True):
    """A recursion with a state of numbers: ``step(state, *parameters, *inputs)`` changes it and returns the outputs.

    ``loop(state, *parameters, *columns, *outs)`` steps through columns. ``settles`` is the number of further rows after
    which the start is forgotten.
    """

    step: Callable[..., Any]
    loop: CompiledLoop
    of: tuple[Node, ...]
    start: tuple[float, ...]
    parameters: tuple[float, ...]
    settles: int
    outs: int = 1
    settles_ms: int = 0

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The nodes it reads."""
        return self.of

    @property
    def forgets_after(self) -> int:
        """The inputs' length and its own."""
        return self._chain() + self.settles

    @property
    def forgets_after_ms(self) -> int:
        """The inputs' length of time, or its own."""
        return max(self.settles_ms, *(one.forgets_after_ms for one in self.of))


class Part(Node, frozen=True):
    """One output of a recursion that has several."""

    recursion: Recursion
    place: int

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The recursion."""
        return (self.recursion,)

    @property
    def forgets_after(self) -> int:
        """As long as the recursion."""
        return self._chain()


def in_order(wanted: tuple[Node, ...]) -> list[Node]:
    """Return the nodes and all they are made of, each once, inputs first."""
    found: dict[Node, None] = {}

    def visit(node: Node) -> None:
        if node not in found:
            for one in node.inputs:
                visit(one)
            found[node] = None

    for node in wanted:
        visit(node)
    return list(found)
