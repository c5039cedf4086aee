"""The streaming form: nodes that take a candle at a time."""

import math
from collections import deque
from collections.abc import Callable, Sequence

from indicators.forms.nodes import RAW, Node, Part, RawPrice, Recursion, RowWise, Windowed, in_order

_Run = Callable[[], object]
_Read = Callable[[], float]


class StreamingNodes:
    """The values of several nodes after each candle; what they share is computed once.

    A window that no other node reads is added up only when it is asked for.

    Parameters
    ----------
    nodes
        What is wanted.
    inputs
        The fields of a candle that :meth:`take` is given, in its order.
    """

    __slots__ = ("_cells", "_count", "_places", "_reads", "_runs")

    def __init__(self, nodes: Sequence[Node], inputs: Sequence[str] = RAW) -> None:
        order = in_order(tuple(nodes))
        self._count = len(inputs)
        self._cells: list[float] = [math.nan] * self._count
        self._places: dict[Node, int] = {}
        self._runs: list[_Run] = []
        later: dict[Node, _Read] = {}
        read_by_others = {one for node in order for one in node.inputs}
        for node in order:
            if isinstance(node, RawPrice):
                self._places[node] = tuple(inputs).index(node.name)
                continue
            if isinstance(node, Part):
                self._places[node] = self._places[node.recursion] + node.place
                continue
            self._places[node] = len(self._cells)
            self._cells += [math.nan] * (node.outs if isinstance(node, Recursion) else 1)
            places = [self._places[one] for one in node.inputs]
            if isinstance(node, Windowed):
                run, read = _window(node, self._cells, places, self._places[node], node in read_by_others)
                if read is not None:
                    later[node] = read
            else:
                run = self._row(node, places)
            self._runs.append(run)
        self._reads = [later.get(node) or _cell(self._cells, self._places[node]) for node in nodes]

    def take(self, values: Sequence[float]) -> None:
        """Take the next candle's fields."""
        self._cells[: self._count] = values
        for run in self._runs:
            run()

    def read(self, place: int) -> float:
        """Return the value of the node that stands at a place of those wanted; nan while it is undefined."""
        return self._reads[place]()

    def _row(self, node: Node, places: list[int]) -> _Run:
        place = self._places[node]
        if isinstance(node, Recursion):
            if len(places) == 1 and node.outs == 1:
                return _recursion_of_one(node, self._cells, places[0], place)
            return _recursion(node, self._cells, places, place)
        if isinstance(node, RowWise):
            return _row_wise(node, self._cells, places, place)
        raise TypeError(f"no streaming form for {type(node).__name__}")


def _cell(cells: list[float], place: int) -> _Read:
    return lambda: cells[place]


def _row_wise(node: RowWise, cells: list[float], places: list[int], place: int) -> _Run:
    function, parameters = node.function, node.parameters

    def run() -> None:
        taken = [cells[one] for one in places]
        for value in taken:
            if value != value:
                cells[place] = math.nan
                return
        cells[place] = function(*taken, *parameters)

    return run


def _recursion_of_one(node: Recursion, cells: list[float], source: int, place: int) -> _Run:
    step, state, parameters = node.step, list(node.start), node.parameters

    def run() -> None:
        value = cells[source]
        cells[place] = step(state, *parameters, value) if value == value else math.nan

    return run


def _recursion(node: Recursion, cells: list[float], places: list[int], place: int) -> _Run:
    step, state, parameters = node.step, list(node.start), node.parameters
    rows = slice(place, place + node.outs)
    undefined = [math.nan] * node.outs

    def run() -> None:
        taken = [cells[one] for one in places]
        for value in taken:
            if value != value:
                cells[rows] = undefined
                return
        result = step(state, *parameters, *taken)
        cells[rows] = result if isinstance(result, tuple) else (result,)

    return run


def _window(
    node: Windowed, cells: list[float], places: list[int], place: int, read_by_others: bool
) -> tuple[_Run, _Read | None]:
    """Return what takes the row, and what reads the value later; None when it is computed at once."""
    function, length, parameters = node.function, node.length, node.parameters
    windows: list[deque[float]] = [deque(maxlen=length) for _ in places]
    pairs = list(zip(windows, places, strict=True))
    first = windows[0]
    taken = [False]

    def take() -> bool:
        for one in places:
            if cells[one] != cells[one]:
                taken[0] = False
                return False
        for window, one in pairs:
            window.append(cells[one])
        taken[0] = True
        return True

    def value() -> float:
        if not taken[0] or len(first) < length:
            return math.nan
        result: float = function(*windows, *parameters)
        return result

    def take_and_compute() -> None:
        take()
        cells[place] = value()

    return (take_and_compute, None) if read_by_others else (take, value)
