"""The column form: nodes computed over all candles at once, segment by segment."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from core.candle_columns import CandleColumns, Float64Array, Int64Array, read_only
from indicators.forms.nodes import Node, Part, RawPrice, Recursion, RowWise, Windowed, in_order

_BLOCK = 16_384
"""Rows of a window that are computed together: long enough to hide the cost of a call, short enough for a cache."""


def node_columns(
    nodes: Sequence[Node], candles: CandleColumns, segment_starts: Int64Array | None = None, *, compiled: bool = True
) -> list[Float64Array]:
    """Return each node's column.

    Parameters
    ----------
    nodes
        What is wanted; what they share is computed once.
    candles
        n candles.
    segment_starts
        Rows at which a segment begins, rising; what is left out is row 0. Everything starts anew there.
    compiled
        Whether loops may run compiled: it takes half a second to load the compiler, and changes no bit.

    Returns
    -------
    list of ndarray
        Shape (n,) each, nan where undefined.
    """
    order = in_order(tuple(nodes))
    rows = candles.rows
    starts = {0, *(() if segment_starts is None else np.asarray(segment_starts).tolist())}
    bounds = [*sorted(start for start in starts if 0 <= start < rows), rows]
    with np.errstate(all="ignore"):
        if len(bounds) == 2:
            values = _segment(order, candles, slice(0, rows), compiled)
            return [values[node].copy() if isinstance(node, RawPrice) else values[node] for node in nodes]
        columns = [np.full(rows, np.nan) for _ in nodes]
        for start, stop in pairwise(bounds):
            values = _segment(order, candles, slice(start, stop), compiled)
            for column, node in zip(columns, nodes, strict=True):
                column[start:stop] = values[node]
    return columns


def _segment(order: Sequence[Node], candles: CandleColumns, rows: slice, compiled: bool) -> dict[Node, Float64Array]:
    values: dict[Node, Float64Array] = {}
    outputs: dict[Node, list[Float64Array]] = {}
    whole: set[Node] = set()
    for node in order:
        columns = [values[one] for one in node.inputs if one in values]
        defined = whole.issuperset(node.inputs)
        if isinstance(node, RawPrice):
            values[node] = column = np.ascontiguousarray(getattr(candles, node.name)[rows], np.float64)
            if not np.isnan(column.min(initial=0.0)):
                whole.add(node)
        elif isinstance(node, RowWise):
            values[node] = _row_wise(node, columns)
        elif isinstance(node, Windowed):
            (values[node],) = _where_defined(columns, 1, _windowed(node, compiled), defined=defined)
        elif isinstance(node, Recursion):
            outputs[node] = _where_defined(columns, node.outs, _recursion(node, compiled), defined=defined)
            if node.outs == 1:
                (values[node],) = outputs[node]
        elif isinstance(node, Part):
            values[node] = outputs[node.recursion][node.place]
    return values


def _row_wise(node: RowWise, columns: Sequence[Float64Array]) -> Float64Array:
    column: Float64Array = node.function(*columns, *node.parameters)
    for one in columns:
        column[one != one] = np.nan
    return column


Compute = Callable[[Sequence[Float64Array], list[Float64Array]], None]
"""Fills columns of every row from others that are defined on each."""


def _where_defined(
    columns: Sequence[Float64Array], outs: int, compute: Compute, *, defined: bool
) -> list[Float64Array]:
    """Compute on the rows on which every input is defined, known to be all or not; the others stay nan."""
    rows = len(columns[0])
    results = [np.empty(rows) for _ in range(outs)]
    if defined and rows:
        compute(columns, results)
        return results
    missing = np.isnan(columns[0])
    for one in columns[1:]:
        missing |= np.isnan(one)
    first = int(np.argmin(missing)) if rows else 0
    begun = rows > 0 and not missing[first]
    for result in results:
        result[: first if begun else rows] = np.nan
    if not begun:
        return results
    if not missing[first:].any():
        compute([one[first:] for one in columns], [one[first:] for one in results])
        return results
    there = ~missing
    packed = [np.empty(int(there.sum())) for _ in range(outs)]
    compute([one[there] for one in columns], packed)
    for result, column in zip(results, packed, strict=True):
        result[missing] = np.nan
        result[there] = column
    return results


def _windowed(node: Windowed, compiled: bool) -> Compute:
    def compute(columns: Sequence[Float64Array], outs: list[Float64Array]) -> None:
        length, (out,) = node.length, outs
        count = len(out) - length + 1
        out[: length - 1] = np.nan
        if count <= 0:
            return
        loop = node.loop.compiled() if compiled and node.loop is not None else None
        if loop is not None:
            loop(*map(read_only, columns), *node.parameters, out)
            return
        for begin in range(0, count, _BLOCK):
            end = min(begin + _BLOCK, count)
            windows = [[one[begin + age : end + age] for age in range(length)] for one in columns]
            out[begin + length - 1 : end + length - 1] = node.function(*windows, *node.parameters)

    return compute


def _recursion(node: Recursion, compiled: bool) -> Compute:
    def compute(columns: Sequence[Float64Array], outs: list[Float64Array]) -> None:
        loop = node.loop.compiled() if compiled else None
        if loop is not None:
            loop(np.array(node.start), *node.parameters, *map(read_only, columns), *outs)
            return
        plain = [[np.nan] * len(out) for out in outs]
        node.loop.plain(list(node.start), *node.parameters, *(one.tolist() for one in columns), *plain)
        for out, done in zip(outs, plain, strict=True):
            out[:] = done

    return compute
