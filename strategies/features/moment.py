"""What a feature strategy sees: ``now`` and the candles before it."""

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, Protocol

from core.candle import Candle
from core.instants import to_datetime
from core.settings_problem import did_you_mean
from strategies.features.session_facts import AccountNow, PositionNow

FIELDS = ("open", "high", "low", "close", "volume")


class Slot(NamedTuple):
    """Where a feature's value is: the series among those that its symbol reads, its place there, and that of the number
    of missing parts; ``outputs`` makes one value of several, None where there is one."""

    series: int
    place: int
    missing: int
    size: int
    outputs: Callable[..., Any] | None


class Reader(Protocol):
    """Reads one symbol's candles and features backwards from its last one; it shows nothing later."""

    def candle(self, ago: int) -> Candle | None:
        """Return the candle so many before the last; None where the segment does not reach back so far."""
        ...

    def value(self, series: int, place: int, ago: int) -> float:
        """Return a value as it was at that candle; nan where there is none."""
        ...


class CandleTime(NamedTuple):
    """A candle's interval, in UTC."""

    open: dt.datetime
    close: dt.datetime


class View(NamedTuple):
    """What the moments of one symbol read with: ``slots`` by feature, how far they may look back, and the length of a
    candle."""

    reader: Reader
    slots: Mapping[str, Slot]
    lookback: int
    timeframe_ms: int


class Moment:
    """A candle of one symbol and the features at its close: ``open, high, low, close, volume``, and each by name.

    A feature is nan while it is undefined, and everything is where there is no such candle.
    """

    __slots__ = ("_ago", "_view")

    def __init__(self, view: View, ago: int = 0) -> None:
        self._view = view
        self._ago = ago

    def __getattr__(self, name: str) -> Any:
        view = self._view
        slot = view.slots.get(name)
        if slot is None:
            self._unknown(name)
        read, ago = view.reader.value, self._ago
        if slot.outputs is None:
            return read(slot.series, slot.place, ago)
        return slot.outputs(*(read(slot.series, slot.place + one, ago) for one in range(slot.size)))

    @property
    def open(self) -> float:
        """First price."""
        candle = self._view.reader.candle(self._ago)
        return math.nan if candle is None else candle.open

    @property
    def high(self) -> float:
        """Highest price."""
        candle = self._view.reader.candle(self._ago)
        return math.nan if candle is None else candle.high

    @property
    def low(self) -> float:
        """Lowest price."""
        candle = self._view.reader.candle(self._ago)
        return math.nan if candle is None else candle.low

    @property
    def close(self) -> float:
        """Last price."""
        candle = self._view.reader.candle(self._ago)
        return math.nan if candle is None else candle.close

    @property
    def volume(self) -> float:
        """Volume in base units."""
        candle = self._view.reader.candle(self._ago)
        return math.nan if candle is None else candle.volume

    @property
    def time(self) -> CandleTime | None:
        """Open and close of the candle, aware UTC; None where there is no such candle."""
        candle = self._view.reader.candle(self._ago)
        if candle is None:
            return None
        opened = candle.open_time_ms
        return CandleTime(to_datetime(opened), to_datetime(opened + self._view.timeframe_ms))

    @property
    def ready(self) -> bool:
        """Whether every feature has a value."""
        view, read = self._view, self._view.reader.value
        return not any(
            math.isnan(read(slot.series, slot.place + one, self._ago))
            for slot in view.slots.values()
            for one in range(slot.size)
        )

    def missing(self, feature: str) -> int:
        """Return how many parts the candle that a feature of a longer timeframe was last computed on lacks."""
        slot = self._view.slots.get(feature)
        if slot is None:
            self._unknown(feature)
        count = self._view.reader.value(slot.series, slot.missing, self._ago)
        return 0 if math.isnan(count) else int(count)

    def ago(self, candles: int) -> "Moment":
        """Return the moment so many candles before this one, of the same unbroken segment."""
        back = self._ago + candles
        if candles < 0 or back > self._view.lookback:
            raise ValueError(
                f"ago({candles}): a strategy looks back {self._view.lookback} candles at most; its class attribute "
                "lookback says how many"
            )
        return Moment(self._view, back)

    @property
    def before(self) -> "Moment":
        """The moment one candle before."""
        return self.ago(1)

    def _unknown(self, name: str) -> NoReturn:
        slots = self._view.slots
        raise AttributeError(
            f"there is no feature {name!r}{did_you_mean(name, slots)}; features: {', '.join(slots) or 'none'}"
        )


class SymbolMoment(Moment):
    """Another symbol's last closed candle and its features at that close."""

    __slots__ = ("age",)

    def __init__(self, view: View, time_ms: int) -> None:
        super().__init__(view)
        candle = view.reader.candle(0)
        closed_ms = None if candle is None else candle.open_time_ms + view.timeframe_ms
        self.age = dt.timedelta.max if closed_ms is None else dt.timedelta(milliseconds=time_ms - closed_ms)
        """How long ago it closed: 0 for one that closes now, the longest there is where none came yet."""


class Surroundings(Protocol):
    """What a strategy sees besides its symbol."""

    def position(self, symbol: str) -> PositionNow | None: ...

    def account(self) -> AccountNow: ...

    def moment_of(self, symbol: str) -> SymbolMoment: ...

    @property
    def symbols(self) -> Sequence[str]: ...


class Symbols(Mapping[str, SymbolMoment]):
    """The last closed candles of all symbols that are traded or watched, by symbol."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def __getitem__(self, symbol: str) -> SymbolMoment:
        names = self._around.symbols
        if symbol not in names:
            raise LookupError(
                f"there is no symbol {symbol!r}{did_you_mean(symbol, names)}; symbols: {', '.join(names)}"
            )
        return self._around.moment_of(symbol)

    def __iter__(self) -> Iterator[str]:
        return iter(self._around.symbols)

    def __len__(self) -> int:
        return len(self._around.symbols)


class Now(Moment):
    """The candle that closes now, and what the strategy may know at its close.

    ``symbol`` is that of the candle, ``params`` are the strategy's.
    """

    __slots__ = ("_around", "params", "symbol")

    def __init__(self, view: View, symbol: str, params: Any, around: Surroundings) -> None:
        super().__init__(view)
        self.symbol = symbol
        self.params = params
        self._around = around

    @property
    def time(self) -> CandleTime:
        """Open and close of the candle, aware UTC."""
        time = super().time
        if time is None:
            raise LookupError("there is no candle yet")
        return time

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


RESERVED = frozenset(name for name in dir(Now) if not name.startswith("_"))
"""Names that a feature cannot have."""
