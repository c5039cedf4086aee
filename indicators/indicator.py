"""What an indicator is: frozen parameters, named outputs, and two executions that are equal to the last bit."""

import difflib
import functools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import msgspec
import numpy as np

from core.candle_columns import CandleColumns, Float64Array, Int64Array
from indicators.forms.column_form import node_columns
from indicators.forms.nodes import RAW, TIME, Node, RawPrice, RowWise, in_order
from indicators.forms.streaming_form import StreamingNodes

PRICES = ("open", "high", "low", "close", "volume", "hl2", "hlc3", "ohlc4")
"""What an indicator may be taken of by name: ``hl2`` = (high + low) / 2, ``hlc3`` and ``ohlc4`` likewise."""

_UNREAD: Float64Array = np.empty(0)


class Indicator(msgspec.Struct, frozen=True):
    """A definition; equal parameters make equal indicators.

    An output is an attribute (``MACD(12, 26, 9).signal``) and, like a whole indicator with one output, may be what
    another indicator is taken of: ``EMA(9, of=RSI(14))``.
    """

    outputs: ClassVar[tuple[str, ...]] = ("value",)

    def nodes(self) -> tuple[Node, ...]:
        """Return what computes each output."""
        raise NotImplementedError

    @property
    def inputs(self) -> tuple[str, ...]:
        """The candle's fields that it reads, in the order in which its streaming form takes them."""
        names = {node.name for node in in_order(self.nodes()) if isinstance(node, RawPrice)}
        return tuple(name for name in RAW if name in names)

    @property
    def forgets_after(self) -> int:
        """Candles until the start is forgotten: exactly for windows, to a millionth for recursions.

        :data:`~indicators.forms.nodes.NEVER` or more for what never does.
        """
        return max(node.forgets_after for node in self.nodes())

    @property
    def forgets_after_ms(self) -> int:
        """Length of time needed beside ``forgets_after``: a day for what starts anew with the UTC day, else 0."""
        return max(node.forgets_after_ms for node in self.nodes())

    def streaming(self) -> "StreamingIndicator":
        """Return the streaming form, having seen no candle; after a gap a fresh one is taken."""
        return StreamingIndicator(self.nodes(), self.inputs)

    def columns(self, candles: CandleColumns, segment_starts: Int64Array | None = None) -> dict[str, Float64Array]:
        """Return output -> column: shape (n,), nan where undefined; anew at every row of ``segment_starts``."""
        return dict(zip(self.outputs, node_columns(self.nodes(), candles, segment_starts), strict=True))

    def on(self, frame: Mapping[str, Any]) -> Float64Array:
        """Return the column over a frame of candles without a gap, as frame strategies have one.

        Parameters
        ----------
        frame
            A DataFrame, or a mapping, with the columns that are named by ``inputs``; n rows, oldest first.

        Returns
        -------
        ndarray
            Shape (n,), nan where undefined.

        Raises
        ------
        ValueError
            If it has several outputs and none is named: ``MACD().signal.on(frame)``.
        KeyError
            If a column is not there.
        """
        nodes, names = _plan_on_frame(self)
        prices = {name: np.asarray(frame[name], np.float64) for name in names if name != TIME}
        if TIME in names:
            times = np.asarray(frame["timestamp"].to_numpy("datetime64[ms]"), np.int64)
        else:
            times = np.zeros(len(next(iter(prices.values()))), np.int64)
        candles = CandleColumns(times, *(prices.get(name, _UNREAD) for name in RAW if name != TIME))
        return node_columns(nodes, candles)[0]

    def __getattr__(self, name: str) -> "Output":
        if name in type(self).outputs:
            return Output(self, name)
        raise AttributeError(f"{type(self).__name__} has no {name!r}{_nearest(name, self.outputs)}")


class Output(Indicator, frozen=True):
    """One output of an indicator, itself an indicator with the output ``value``."""

    indicator: Indicator
    name: str

    def nodes(self) -> tuple[Node, ...]:
        """Return what computes the output."""
        return (self.indicator.nodes()[self.indicator.outputs.index(self.name)],)


Source = str | Indicator
"""A price by name, an indicator with one output, or one output of another."""


class StreamingIndicator:
    """Streaming form of one indicator."""

    __slots__ = ("_count", "_nodes", "take")

    def __init__(self, nodes: Sequence[Node], inputs: Sequence[str]) -> None:
        self._nodes = StreamingNodes(nodes, inputs)
        self._count = len(nodes)
        self.take = self._nodes.take
        """Take the next candle's ``inputs`` without computing what is not asked for."""

    @property
    def value(self) -> float | tuple[float, ...]:
        """The output, or all of them in order; nan while undefined."""
        read = self._nodes.read
        return read(0) if self._count == 1 else tuple(read(place) for place in range(self._count))

    def update(self, values: Sequence[float]) -> float | tuple[float, ...]:
        """Take the next candle's ``inputs`` and return the output, or all of them in order."""
        self._nodes.take(values)
        return self.value


def node_of(source: Source) -> Node:
    """Return the node of what an indicator is taken of.

    Raises
    ------
    ValueError
        If a price is unknown, or an indicator has several outputs and none is named.
    """
    if isinstance(source, Indicator):
        if len(source.outputs) > 1:
            allowed = ", ".join(source.outputs)
            raise ValueError(f"of: {type(source).__name__} has several outputs; name one of {allowed}")
        return source.nodes()[0]
    if source not in PRICES:
        raise ValueError(f"of: {source!r} is no price{_nearest(str(source), PRICES)}")
    if source in RAW:
        return RawPrice(source)
    return RowWise(_mean, tuple(RawPrice(name) for name in _FIELDS[source]))


@functools.lru_cache(maxsize=256)
def _plan_on_frame(indicator: Indicator) -> tuple[tuple[Node, ...], tuple[str, ...]]:
    """Return the node of its one output and the fields of a candle that it reads."""
    node = node_of(indicator)
    return (node,), indicator.inputs


def checked_period(period: int, least: int = 1, name: str = "period") -> int:
    """Return the period; ValueError when it is no whole number of at least ``least``."""
    if isinstance(period, bool) or not isinstance(period, int) or period < least:
        raise ValueError(f"{name} must be at least {least}, got {period!r}")
    return period


_FIELDS = {
    "hl2": ("high", "low"),
    "hlc3": ("high", "low", "close"),
    "ohlc4": ("open", "high", "low", "close"),
}


def _mean(*prices: Any) -> Any:
    sum_of_prices = prices[0]
    for price in prices[1:]:
        sum_of_prices = sum_of_prices + price
    return sum_of_prices / len(prices)


def _nearest(name: str, allowed: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, allowed, 1)
    return f"{f'; did you mean {near[0]!r}?' if near else ''}; allowed: {', '.join(allowed)}"
