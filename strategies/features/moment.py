"""What a feature strategy sees: ``now`` and the candles before it."""

import datetime as dt
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from core.candle import Candle
from core.instants import to_datetime
from core.settings_problem import did_you_mean
from core.symbol_spelling import nearest_symbol, same_symbols
from strategies.features.session_facts import AccountNow, PositionNow

Kind = TypeVar("Kind", bound="Moment")


class Slot(NamedTuple):
    """Where a feature's value is: the series among those that its symbol reads, its place there, and that of the number
    of missing parts; ``outputs`` makes one value of several, None where there is one."""

    series: int
    place: int
    missing: int
    size: int
    outputs: Callable[..., Any] | None


class Row(Protocol):
    """The values of one series at one candle, by place."""

    def __getitem__(self, place: int, /) -> float: ...


class Rows(Protocol):
    """The rows of the series that a symbol reads, as they were at one of its candles."""

    def __getitem__(self, series: int, /) -> Row: ...


class Reader(Protocol):
    """Reads one symbol's candles and features backwards from its last one; it shows nothing later."""

    def candle(self, ago: int) -> Candle | None:
        """Return the candle so many before the last; None where the segment does not reach back so far."""
        ...

    def rows(self, ago: int) -> Rows:
        """Return the values as they were at that candle; nan where there is none."""
        ...


class CandleTime(NamedTuple):
    """A candle's interval, in UTC."""

    open: dt.datetime
    close: dt.datetime


class Shape:
    """What the moments of one symbol have in common: features by name, how far they look back, a candle's length.

    ``held`` says that a row is at hand as numbers: a moment takes them when it is made, which costs less than asking
    for one. Else each is read when it is asked for.
    """

    __slots__ = ("lookback", "moment", "now", "of_symbol", "slots", "timeframe_ms")

    def __init__(self, slots: Mapping[str, Slot], lookback: int, timeframe_ms: int, *, held: bool = False) -> None:
        self.slots = slots
        self.lookback = lookback
        self.timeframe_ms = timeframe_ms
        self.moment = _with_features(Moment, slots, held=held)
        self.now = _with_features(Now, slots, held=held)
        self.of_symbol = _with_features(SymbolMoment, slots)


class Moment:
    """A candle of one symbol and the features at its close: ``open, high, low, close, volume``, and each by name.

    A feature is nan while it is undefined, and everything is where there is no such candle.
    """

    __slots__ = ("_ago", "_reader", "_rows", "_shape")

    # Features are attributes of a class that is made for them: see _with_features. A __getattr__ would slow down every
    # attribute; explain_missing tells of unknown ones.
    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, shape: Shape, reader: Reader, ago: int = 0) -> None:
        self._shape = shape
        self._reader = reader
        self._ago = ago
        self._rows = reader.rows(ago)

    @property
    def open(self) -> float:
        """First price."""
        candle = self._reader.candle(self._ago)
        return math.nan if candle is None else candle.open

    @property
    def high(self) -> float:
        """Highest price."""
        candle = self._reader.candle(self._ago)
        return math.nan if candle is None else candle.high

    @property
    def low(self) -> float:
        """Lowest price."""
        candle = self._reader.candle(self._ago)
        return math.nan if candle is None else candle.low

    @property
    def close(self) -> float:
        """Last price."""
        candle = self._reader.candle(self._ago)
        return math.nan if candle is None else candle.close

    @property
    def volume(self) -> float:
        """Volume in base units."""
        candle = self._reader.candle(self._ago)
        return math.nan if candle is None else candle.volume

    @property
    def time(self) -> CandleTime | None:
        """Open and close of the candle, aware UTC; None where there is no such candle."""
        candle = self._reader.candle(self._ago)
        if candle is None:
            return None
        opened = candle.open_time_ms
        return CandleTime(to_datetime(opened), to_datetime(opened + self._shape.timeframe_ms))

    @property
    def ready(self) -> bool:
        """Whether every feature has a value."""
        rows = self._rows
        places = ((slot.series, slot.place + one) for slot in self._shape.slots.values() for one in range(slot.size))
        return not any(math.isnan(rows[series][place]) for series, place in places)

    def missing(self, feature: str) -> int:
        """Return how many parts the candle that a feature of a longer timeframe was last computed on lacks."""
        slot = self._shape.slots.get(feature)
        if slot is None:
            raise AttributeError(no_feature(feature, self._shape.slots))
        count = self._rows[slot.series][slot.missing]
        return 0 if math.isnan(count) else int(count)

    def ago(self, candles: int) -> "Moment":
        """Return the moment so many candles before this one, of the same unbroken segment."""
        shape, back = self._shape, self._ago + candles
        if candles < 0:
            raise ValueError(f"ago({candles}): what comes later is not known; ago(1) is the candle before")
        if back > shape.lookback:
            raise ValueError(
                f"ago({candles}): a strategy looks back {shape.lookback} candles at most; its class attribute "
                "lookback says how many"
            )
        return shape.moment(shape, self._reader, back)

    @property
    def before(self) -> "Moment":
        """The moment one candle before."""
        shape, back = self._shape, self._ago + 1
        return shape.moment(shape, self._reader, back) if back <= shape.lookback else self.ago(1)


class SymbolMoment(Moment):
    """Another symbol's last closed candle and its features at that close; ``symbol`` is as the settings spell it."""

    __slots__ = ("age", "symbol")

    def __init__(self, shape: Shape, reader: Reader, symbol: str, time_ms: int) -> None:
        super().__init__(shape, reader)
        self.symbol = symbol
        candle = reader.candle(0)
        closed_ms = None if candle is None else candle.open_time_ms + shape.timeframe_ms
        self.age = dt.timedelta.max if closed_ms is None else dt.timedelta(milliseconds=time_ms - closed_ms)
        """How long ago it closed: 0 for one that closes now, the longest there is where none came yet."""


class Surroundings(Protocol):
    """What a strategy sees besides its symbol."""

    def position(self, symbol: str) -> PositionNow | None: ...

    def account(self) -> AccountNow: ...

    def moment_of(self, symbol: str) -> SymbolMoment: ...

    @property
    def symbols(self) -> Sequence[str]: ...

    @property
    def params(self) -> Any: ...


class Symbols(Mapping[str, SymbolMoment]):
    """The last closed candles of all symbols that are traded or watched, by symbol, however that is spelt."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def __getitem__(self, symbol: str) -> SymbolMoment:
        names = self._around.symbols
        if symbol in names:
            return self._around.moment_of(symbol)
        named = same_symbols(symbol, names) if isinstance(symbol, str) else []
        if len(named) != 1:
            raise LookupError(
                f"there is no symbol {symbol!r}{nearest_symbol(symbol, names)}; symbols: {', '.join(names)}"
            )
        return self._around.moment_of(named[0])

    def __contains__(self, symbol: object) -> bool:
        return isinstance(symbol, str) and len(same_symbols(symbol, self._around.symbols)) == 1

    def __iter__(self) -> Iterator[str]:
        return iter(self._around.symbols)

    def __len__(self) -> int:
        return len(self._around.symbols)


class Now(Moment):
    """The candle that closes now, and what the strategy may know at its close.

    ``symbol`` is that of the candle.
    """

    __slots__ = ("_around", "symbol")

    def __init__(self, shape: Shape, reader: Reader, symbol: str, around: Surroundings) -> None:
        super().__init__(shape, reader)
        self.symbol = symbol
        self._around = around

    @property
    def time(self) -> CandleTime:
        """Open and close of the candle, aware UTC."""
        time = super().time
        if time is None:
            raise LookupError("there is no candle yet")
        return time

    @property
    def params(self) -> Any:
        """The strategy's parameters."""
        return self._around.params

    @property
    def position(self) -> PositionNow | None:
        """The symbol's open position; None without one."""
        return self._around.position(self.symbol)

    @property
    def account(self) -> AccountNow:
        """The account at the marks of this instant."""
        return self._around.account()

    @property
    def symbols(self) -> Symbols:
        """The last closed candles of all symbols, this one's included."""
        return Symbols(self._around)


def _with_features(kind: type[Kind], slots: Mapping[str, Slot], *, held: bool = False) -> type[Kind]:
    """Return a kind of moment that has the features as attributes: they are read often, and so in a hurry."""
    numbers = {name: slot for name, slot in slots.items() if held and slot.outputs is None}
    read = {name: _attribute(slot) for name, slot in slots.items() if name not in numbers}
    own = {"__init__": _holding(kind, numbers)} if numbers else {}
    return type(kind.__name__, (kind,), {"__slots__": tuple(numbers), **read, **own})


def _holding(kind: type[Kind], numbers: Mapping[str, Slot]) -> Callable[..., None]:
    """Return the kind's ``__init__``, written out with an assignment for each feature."""
    lines = _INIT_OF[kind].split("\n")
    lines += [f"row{series} = rows[{series}]" for series in sorted({slot.series for slot in numbers.values()})]
    lines += [f"self.{name} = row{slot.series}[{slot.place}]" for name, slot in numbers.items()]
    names: dict[str, Any] = {}
    exec(compile("\n    ".join(lines), "<moment>", "exec"), names)
    init: Callable[..., None] = names["__init__"]
    return init


def _attribute(slot: Slot) -> property:
    series, place, outputs = slot.series, slot.place, slot.outputs

    def value(moment: Moment) -> float:
        return moment._rows[series][place]

    if outputs is None:
        return property(value)
    places = range(place, place + slot.size)

    def values(moment: Moment) -> Any:
        row = moment._rows[series]
        return outputs(*(row[one] for one in places))

    return property(values)


_INIT_OF: dict[type[Moment], str] = {
    kind: f"""def __init__(self, shape, reader, {arguments}ago=0):
self._shape = shape
self._reader = reader
self._ago = ago
self._rows = rows = reader.rows(ago)
{more}"""
    for kind, arguments, more in (
        (Moment, "", ""),
        (Now, "symbol, around, ", "self.symbol = symbol\nself._around = around"),
    )
}


def no_feature(name: str, features: Collection[str]) -> str:
    """Return what is said of a name that is no feature."""
    return f"there is no feature {name!r}{did_you_mean(name, features)}; features: {', '.join(features) or 'none'}"


def explain_missing(error: AttributeError) -> None:
    """Let an error say which features there are, where it is a moment that was asked for something else."""
    if isinstance(error.obj, Moment):
        error.args = (no_feature(str(error.name), error.obj._shape.slots),)


RESERVED = frozenset(name for name in dir(Now) if not name.startswith("_")) | {"is_of", "open_time_ms"}
"""Names that a feature cannot have: those of what ``now`` shows, and of columns."""
