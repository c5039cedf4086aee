"""A fault script set against an exchange's start, symbols and timeframe: what happens at which instant."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from core.errors import ConfigurationError
from core.instants import parse_instant
from core.timeframe import ceil_to_grid, timeframe_ms
from market_data.instruments.symbols import resolve_symbol
from practice.faults.candle_treatment import ORDINARY, Treatment, treatment
from practice.faults.fault_script import (
    CandleFault,
    DropConnections,
    FailRest,
    FaultScript,
    HalfFrame,
    LateFunding,
    LateOpenInterest,
    OrderCloses,
    Restart,
    ScriptedFault,
    SendGarbage,
    Stall,
    WrongClock,
)
from practice.faults.rest_faults import Fault, FaultKind
from practice.messages.binance_messages import INTERVALS, market_id
from practice.spans import Span, span_ms

Action = DropConnections | Stall | SendGarbage | Restart
"""Faults that the exchange carries out at one instant."""

_USUAL_ORDER = OrderCloses()
_FOR_EVER_MS = 2**62
_MOST_CANDLES = 100_000


class TimedAction(msgspec.Struct, frozen=True):
    """An action at its instant; ``ends`` is true for the end of a stall or restart."""

    at_ms: int
    action: Action
    ends: bool = False


class _RestWindow:
    """REST faults of one line of the script: while it lasts, or so many times."""

    def __init__(self, from_ms: int, until_ms: int, faults: list[Fault], times: int | None) -> None:
        self.from_ms = from_ms
        self.until_ms = until_ms
        self.faults = faults
        self.left = times


class _LateWindow(NamedTuple):
    """What is published late: due from one instant to another, of some symbols (empty: all), by so much."""

    from_ms: int
    until_ms: int
    symbols: tuple[str, ...]
    by_ms: int


class CompiledScript:
    """The script by time.

    ``by_timeframe`` holds what befalls single candles, by timeframe and then by symbol and open time.

    Parameters
    ----------
    script
        What goes wrong.
    start_ms
        The exchange's start.
    symbols
        Its unified symbols.
    timeframe
        The exchange's own timeframe, used where the script names none.

    Raises
    ------
    ConfigurationError
        If a fault names an unknown symbol or timeframe, or a time that cannot be read.
    """

    def __init__(self, script: FaultScript, start_ms: int, symbols: Sequence[str], timeframe: str) -> None:
        self.timeframe = script.timeframe or timeframe
        self.actions: list[TimedAction] = []
        self._start_ms = start_ms
        self._symbols = list(symbols)
        _served(self.timeframe)
        self._windows: list[_RestWindow] = []
        self._offsets: list[tuple[int, int, int]] = []
        self._orders: list[tuple[int, int, OrderCloses]] = []
        self._funding: list[_LateWindow] = []
        self._interest: list[_LateWindow] = []
        by_candle: dict[str, dict[tuple[str, int], list[CandleFault]]] = {}
        for number, fault in enumerate(script.faults, start=1):
            try:
                self._place(fault, by_candle)
            except ConfigurationError as error:
                raise ConfigurationError(f"fault {number} of the script: {error}") from None
        self.by_timeframe: Mapping[str, Mapping[tuple[str, int], Treatment]] = {
            name: {key: treatment(faults) for key, faults in candles.items()} for name, candles in by_candle.items()
        }

    def treatment(self, symbol: str, timeframe: str, open_time_ms: int) -> Treatment:
        """Return what becomes of a candle."""
        return self.by_timeframe.get(timeframe, {}).get((symbol, open_time_ms), ORDINARY)

    @property
    def treatments(self) -> Mapping[tuple[str, int], Treatment]:
        """What befalls candles of the script's own timeframe, by symbol and open time."""
        return self.by_timeframe.get(self.timeframe, {})

    def order_of_closes(self, at_ms: int) -> OrderCloses:
        """Return in which order the finals of an instant are sent; of several scripted orders the last one counts."""
        scripted = [order for from_ms, until_ms, order in self._orders if from_ms <= at_ms < until_ms]
        return scripted[-1] if scripted else _USUAL_ORDER

    def funding_delay_ms(self, symbol: str, due_ms: int, usual_ms: int) -> int:
        """Return how long after its stamp a payment is published: ``usual_ms`` unless it is scripted to be late."""
        return _delay_ms(self._funding, symbol, due_ms, usual_ms)

    def open_interest_delay_ms(self, symbol: str, stamp_ms: int, usual_ms: int) -> int:
        """Return how long after its stamp open interest is published; longer than any run where it never is."""
        return _delay_ms(self._interest, symbol, stamp_ms, usual_ms)

    def told_offset_ms(self, now_ms: int) -> int:
        """Return by how much the exchange tells the time wrongly at an instant."""
        return sum(by_ms for from_ms, until_ms, by_ms in self._offsets if from_ms <= now_ms < until_ms)

    def take_rest_fault(self, now_ms: int, path: str, symbol: str | None) -> Fault | None:
        """Return the fault that befalls a REST request now, counting it."""
        for window in self._windows:
            if not window.from_ms <= now_ms < window.until_ms or window.left == 0:
                continue
            for fault in window.faults:
                if fault.matches(path, symbol):
                    if window.left is not None:
                        window.left -= 1
                    return fault
        return None

    def _place(self, fault: ScriptedFault, by_candle: dict[str, dict[tuple[str, int], list[CandleFault]]]) -> None:
        at_ms = self._instant(fault)
        match fault:
            case FailRest():
                self._place_rest(fault, at_ms)
            case WrongClock():
                by_ms = span_ms(fault.by, "by", negative=True)
                self._offsets.append((at_ms, _end(at_ms, fault.duration), by_ms))
            case DropConnections() | SendGarbage():
                self.actions.append(TimedAction(at_ms, fault))
            case OrderCloses():
                self._orders.append((at_ms, _end(at_ms, fault.duration), fault))
            case LateFunding() | LateOpenInterest():
                symbols = tuple(self._resolved(symbol) for symbol in fault.symbols)
                by_ms = _FOR_EVER_MS if fault.by is None else span_ms(fault.by, "by")
                late = self._funding if isinstance(fault, LateFunding) else self._interest
                late.append(_LateWindow(at_ms, _end(at_ms, fault.duration), symbols, by_ms))
            case Restart() | Stall():
                self._place_outage(fault, at_ms)
            case _:
                treatment([fault])  # refuses a wrong length of time before the exchange starts
                candles = by_candle.setdefault(fault.timeframe or self.timeframe, {})
                length = self._length_of(fault)
                # A candle that closed at the start was there before the exchange was.
                first_ms = ceil_to_grid(max(at_ms, self._start_ms + 1), length)
                for symbol in self._named(fault):
                    for place in range(_count(fault.count)):
                        close_ms = first_ms + place * length
                        candles.setdefault((symbol, close_ms - length), []).append(fault)

    def _place_outage(self, fault: Restart | Stall, at_ms: int) -> None:
        self.actions.append(TimedAction(at_ms, fault))
        if fault.duration is not None:
            end_ms = _end(at_ms, fault.duration)
            self.actions.append(TimedAction(end_ms, fault, ends=True))
            if isinstance(fault, Stall) and fault.rest:
                self._windows.append(_RestWindow(at_ms, end_ms, [Fault(FaultKind.STALL)], None))
        elif isinstance(fault, Stall) and fault.rest:
            raise ConfigurationError("a stall of REST needs a duration")

    def _place_rest(self, fault: FailRest, at_ms: int) -> None:
        if fault.duration is None and fault.times is None:
            raise ConfigurationError("a fault of REST needs a duration or a number of times")
        markets: list[str | None] = [market_id(self._resolved(symbol)) for symbol in fault.symbols]
        faults = [
            Fault(fault.form, path=fault.path, symbol=market, status=fault.status, retry_after_s=fault.retry_after_s)
            for market in markets or [None]
        ]
        self._windows.append(_RestWindow(at_ms, _end(at_ms, fault.duration), faults, fault.times))

    def _instant(self, fault: ScriptedFault) -> int:
        if fault.final is not None:
            if fault.final < 1 or fault.at != 0:
                raise ConfigurationError("'final' counts from 1 and stands instead of 'at'")
            length = self._length_of(fault)
            return ceil_to_grid(self._start_ms, length) + _first_close(fault.final, self._start_ms, length)
        if isinstance(fault.at, str) and "-" in fault.at[1:]:
            at_ms = parse_instant(fault.at, name="at")
            if at_ms < self._start_ms:
                raise ConfigurationError(f"at {fault.at!r} lies before the exchange's start")
            return at_ms
        return self._start_ms + span_ms(fault.at, "at")

    def _length_of(self, fault: ScriptedFault) -> int:
        """Return the length of a fault's own timeframe, else of the script's."""
        return _served(fault.timeframe or self.timeframe if isinstance(fault, CandleFault) else self.timeframe)

    def _named(self, fault: CandleFault) -> list[str]:
        if not fault.symbols:
            return self._symbols[:1] if isinstance(fault, HalfFrame) else self._symbols
        return [self._resolved(symbol) for symbol in fault.symbols]

    def _resolved(self, symbol: str) -> str:
        return resolve_symbol(symbol, self._symbols, where="the practice exchange")


def _served(timeframe: str) -> int:
    """Return the length of a timeframe; ConfigurationError for one that the exchange does not send."""
    if timeframe not in INTERVALS:
        raise ConfigurationError(f"timeframe {timeframe!r} is not served; allowed: {', '.join(INTERVALS)}")
    return timeframe_ms(timeframe)


def _first_close(number: int, start_ms: int, length: int) -> int:
    """Return the distance of the n-th close after the start from the start's own place on the grid, rounded up."""
    on_grid = start_ms == ceil_to_grid(start_ms, length)
    return (number if on_grid else number - 1) * length


def _end(at_ms: int, duration: Span | None) -> int:
    return _FOR_EVER_MS if duration is None else at_ms + span_ms(duration, "duration")


def _delay_ms(late: Sequence[_LateWindow], symbol: str, due_ms: int, usual_ms: int) -> int:
    """Return the longest delay that is scripted for what is due at an instant, else the usual one."""
    scripted = [
        window.by_ms
        for window in late
        if window.from_ms <= due_ms < window.until_ms and symbol in (window.symbols or (symbol,))
    ]
    return max(scripted, default=usual_ms)


def _count(count: int) -> int:
    if not 1 <= count <= _MOST_CANDLES:
        raise ConfigurationError(f"count {count} is not allowed; allowed: 1 to {_MOST_CANDLES}")
    return count
