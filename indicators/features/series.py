"""All features of one series of candles, computed together: as the candles come, or on their columns at once.

Both have the same row: for every group of features on candles of one length its values in order, then how many parts
its last candle lacks.
"""

import math
from collections.abc import Hashable, Mapping
from typing import NamedTuple, Protocol

import numpy as np

from core.candle import Candle
from core.candle_columns import CandleColumns, Float64Array, Int64Array
from indicators.features.feature import Feature
from indicators.features.joined_candles import CandleJoiner, joined_columns
from indicators.forms.column_form import node_columns
from indicators.forms.nodes import Node
from indicators.forms.streaming_form import StreamingRow


class Group(NamedTuple):
    """Features on candles of one length."""

    length_ms: int
    require_whole: bool
    nodes: tuple[Node, ...]


_MISSING = "missing parts"


class Place(NamedTuple):
    """Where in the row a feature's outputs stand, and the missing parts of its candles."""

    first: int
    outputs: tuple[str, ...]
    missing: int


class SeriesPlan:
    """What is computed on one series of candles.

    Parameters
    ----------
    features
        By name; their ``symbol`` and ``source`` do not count here.
    timeframe_ms
        Length of the series' candles.
    """

    def __init__(self, features: Mapping[str, Feature], timeframe_ms: int) -> None:
        self.timeframe_ms = timeframe_ms
        grouped: dict[tuple[int, bool], list[str]] = {(timeframe_ms, False): []}
        for name, feature in features.items():
            length = feature.length_ms(timeframe_ms)
            whole = feature.require_whole and length != timeframe_ms
            grouped.setdefault((length, whole), []).append(name)
        self.groups: list[Group] = []
        self.places: dict[str, Place] = {}
        self.width = 0
        for (length, whole), names in grouped.items():
            nodes: list[Node] = []
            missing = self.width + sum(len(features[name].outputs) for name in names)
            for name in names:
                self.places[name] = Place(self.width + len(nodes), features[name].outputs, missing)
                nodes += features[name].nodes()
            self.groups.append(Group(length, whole, tuple(nodes)))
            self.width = missing + 1


class SeriesStream:
    """A series' row after each candle, having seen none; ``row`` is what the last candle left."""

    __slots__ = ("_joined", "_later", "_own", "row")

    def __init__(self, plan: SeriesPlan) -> None:
        own, *longer = plan.groups
        self._own = StreamingRow(own.nodes).take
        self._joined = [
            (CandleJoiner(plan.timeframe_ms, one.length_ms, require_whole=one.require_whole), StreamingRow(one.nodes))
            for one in longer
        ]
        self._later = [(math.nan,) * (len(one.nodes) + 1) for one in longer]
        self.row: tuple[float, ...] = (math.nan,) * plan.width

    def take(self, candle: Candle) -> tuple[float, ...]:
        """Take the next candle and return its row."""
        values = (candle.open_time_ms, candle.open, candle.high, candle.low, candle.close, candle.volume)
        row = self._own(values, 0.0)
        if self._joined:
            for number, (joiner, nodes) in enumerate(self._joined):
                for joined in joiner.take(values):
                    self._later[number] = nodes.take(joined.values, float(joined.missing))
            for later in self._later:
                row += later
        self.row = row
        return row


class KeptColumns(Protocol):
    """Columns that were computed before, by what they were computed of."""

    def get(self, key: Hashable) -> Float64Array | None:
        """Return a column; None where it is not kept."""

    def put(self, key: Hashable, column: Float64Array) -> None:
        """Keep a column, which nobody changes any more."""


def series_columns(
    plan: SeriesPlan,
    candles: CandleColumns,
    segment_starts: Int64Array,
    *,
    compiled: bool = True,
    kept: KeptColumns | None = None,
    of: Hashable = None,
) -> list[Float64Array]:
    """Return the row as columns over all candles, each of shape (n,); everything starts anew at ``segment_starts``.

    Parameters
    ----------
    compiled
        Whether loading a compiler is worth its while; it changes no bit.
    kept
        Columns that others have computed, and where new ones are put.
    of
        Tells the candles from others by which columns are kept.
    """
    columns = []
    for group in plan.groups:
        wanted = [(of, group.length_ms, group.require_whole, one) for one in (*group.nodes, _MISSING)]
        found = [None if kept is None else kept.get(key) for key in wanted]
        lacking = group._replace(
            nodes=tuple(one for one, column in zip(group.nodes, found[:-1], strict=True) if column is None)
        )
        if lacking.nodes or found[-1] is None:
            computed = iter(_group_columns(lacking, plan.timeframe_ms, candles, segment_starts, compiled))
            for place, (key, column) in enumerate(zip(wanted, found, strict=True)):
                if column is None or place == len(group.nodes):
                    found[place] = column = next(computed)
                    column.setflags(write=False)
                    if kept is not None:
                        kept.put(key, column)
        columns += [column for column in found if column is not None]
    return columns


def _group_columns(
    group: Group, timeframe_ms: int, candles: CandleColumns, segment_starts: Int64Array, compiled: bool
) -> list[Float64Array]:
    """Return the columns of a group's nodes, then that of the missing parts."""
    if group.length_ms == timeframe_ms:
        return [*node_columns(group.nodes, candles, segment_starts, compiled=compiled), np.zeros(candles.rows)]
    joined = joined_columns(candles, timeframe_ms, group.length_ms, segment_starts, require_whole=group.require_whole)
    there = joined.visible >= 0
    columns = []
    for value in (*node_columns(group.nodes, joined.candles, joined.segment_starts, compiled=compiled), joined.missing):
        column = np.full(candles.rows, np.nan)
        column[there] = value[joined.visible[there]]
        columns.append(column)
    return columns


def segment_starts(open_time_ms: Int64Array, longest_distance_ms: int) -> Int64Array:
    """Return the rows at which a segment begins: row 0, and each whose open lies further from the one before."""
    far = np.flatnonzero(np.diff(open_time_ms) > longest_distance_ms) + 1
    return np.append(np.zeros(min(len(open_time_ms), 1), np.int64), far)
