"""What can go wrong on the practice exchange, and when: the fault script.

Every fault says when it happens: ``at`` is a length of time from the exchange's start (``10m``, or whole milliseconds)
or an instant (``2024-01-01T00:10``); ``final: n`` stands for the close of the n-th interval of the script's timeframe
since the start. All times are the exchange's own. Faults of candles act on the candle that closes at that time, or else
on the next one to close, of each of their symbols (all symbols when none is named), ``count`` candles in a row. Those
candles, and the intervals that their ``final`` counts, are of the fault's own ``timeframe`` where it names one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self, get_args

import msgspec

from core.errors import ConfigurationError
from core.settings_file import read_settings_file
from core.settings_problem import did_you_mean, shown
from practice.faults.rest_faults import FaultKind
from practice.spans import Span

GarbageForm = Literal["text", "binary", "broken_json", "wrong_json", "unknown_event", "wrong_types", "empty"]
GARBAGE_FORMS: tuple[GarbageForm, ...] = get_args(GarbageForm)


class _Moment(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    at: Span = 0
    final: int | None = None


class _OfCandles(_Moment, frozen=True, kw_only=True):
    symbols: tuple[str, ...] = ()
    count: int = 1
    timeframe: str | None = None


class DropConnections(_Moment, frozen=True, kw_only=True, tag="drop"):
    """End every websocket: by a TCP reset, or with a close frame (``how: close``)."""

    how: Literal["reset", "close"] = "reset"


class Stall(_Moment, frozen=True, kw_only=True, tag="stall"):
    """Send nothing more, with the sockets left open.

    With a ``duration``, no client gets anything for that long, and what would have been sent is lost. Without one, the
    clients connected now never get anything again; those that come later do. ``pings: false`` leaves clients' pings
    unanswered too; ``rest: true`` (with a duration) makes REST requests hang as well.
    """

    duration: Span | None = None
    pings: bool = True
    rest: bool = False


class DelayFinals(_OfCandles, frozen=True, kw_only=True, tag="delay"):
    """Send finals later than they are due, by ``by``; REST has them in time."""

    by: Span


class DuplicateFinals(_OfCandles, frozen=True, kw_only=True, tag="duplicate"):
    """Send finals ``times`` times."""

    times: int = 2


class ReorderFinals(_OfCandles, frozen=True, kw_only=True, tag="reorder"):
    """Send finals right after the next final of their stream."""


class ReviseCandle(_OfCandles, frozen=True, kw_only=True, tag="revise"):
    """Change closed candles: some time ``after`` the final its close moves by the fraction ``change``.

    High and low are widened to hold it. REST gives the revised candle from then on; so does a second final, unless
    ``stream`` is false.
    """

    after: Span = "20s"
    change: float = 0.001
    stream: bool = True


class SkipCandle(_OfCandles, frozen=True, kw_only=True, tag="skip"):
    """Leave out finals on the websocket (``where: stream``; REST has them), or the whole candle (``everywhere``)."""

    where: Literal["stream", "everywhere"] = "stream"


class PublishLate(_OfCandles, frozen=True, kw_only=True, tag="publish_late"):
    """Publish closed candles late by ``by``: until then REST denies them; the final is sent then if ``stream``."""

    by: Span
    stream: bool = True


class SendGarbage(_Moment, frozen=True, kw_only=True, tag="garbage"):
    """Send ``count`` frames that are no message of this exchange to every client."""

    form: GarbageForm = "text"
    count: int = 1


class HalfFrame(_OfCandles, frozen=True, kw_only=True, tag="half_frame"):
    """End the connection in the middle of the frame of a final; of the first symbol when none is named."""


class FailRest(_Moment, frozen=True, kw_only=True, tag="rest"):
    """Answer REST requests wrongly for a ``duration``, or the next ``times`` of them.

    ``form`` is one of the REST server's faults; ``status`` and ``retry_after_s`` belong to ``status``. ``path``
    (``klines``) and ``symbols`` narrow it.
    """

    form: FaultKind = FaultKind.STATUS
    status: int = 503
    retry_after_s: int | None = None
    duration: Span | None = None
    times: int | None = None
    path: str | None = None
    symbols: tuple[str, ...] = ()


class WrongClock(_Moment, frozen=True, kw_only=True, tag="wrong_clock"):
    """Tell the time wrongly by ``by`` (``1h``, ``-1h``), in REST and in event times, for a ``duration`` or for good.

    Candles go on being made and closed by the right clock.
    """

    by: Span
    duration: Span | None = None


class OrderCloses(_Moment, frozen=True, kw_only=True, tag="order"):
    """Send the finals of one instant in another order for a ``duration``, or for good.

    Usually symbols come in the exchange's order and of each symbol the finer timeframes first. ``by: timeframe`` sends
    one timeframe of all symbols before the next one; ``coarse_first`` and ``last_symbol_first`` turn the orders round.
    """

    by: Literal["symbol", "timeframe"] = "symbol"
    coarse_first: bool = False
    last_symbol_first: bool = False
    duration: Span | None = None


class LateFunding(_Moment, frozen=True, kw_only=True, tag="late_funding"):
    """Publish funding rates late: those due within the ``duration`` (default: for good) are there ``by`` after it."""

    by: Span
    duration: Span | None = None
    symbols: tuple[str, ...] = ()


class LateOpenInterest(_Moment, frozen=True, kw_only=True, tag="late_open_interest"):
    """Publish open interest late: rows stamped within the ``duration`` are there ``by`` after it, without it never.

    A ``duration`` of one period, from a stamp on, is one row of that period; without one it is for good.
    """

    by: Span | None = None
    duration: Span | None = None
    symbols: tuple[str, ...] = ()


class Restart(_Moment, frozen=True, kw_only=True, tag="restart"):
    """Reset every connection, REST too, and listen no more for a ``duration``."""

    duration: Span = "1m"


CandleFault = DelayFinals | DuplicateFinals | ReorderFinals | ReviseCandle | SkipCandle | PublishLate | HalfFrame
"""Faults that act on single candles."""

ScriptedFault = (
    CandleFault
    | DropConnections
    | Stall
    | SendGarbage
    | FailRest
    | WrongClock
    | OrderCloses
    | LateFunding
    | LateOpenInterest
    | Restart
)

KINDS: tuple[str, ...] = tuple(sorted(str(fault.__struct_config__.tag) for fault in get_args(ScriptedFault)))
"""The words that ``kind`` may hold."""


class FaultScript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Faults, in any order; ``timeframe`` is that of the candles they act on (default: the exchange's own)."""

    faults: tuple[ScriptedFault, ...] = ()
    timeframe: str | None = None

    @classmethod
    def from_dict(cls, values: Mapping[str, object], source: str = "fault script") -> Self:
        """Return the script that plain values describe; ConfigurationError names what is wrong and where."""
        try:
            return msgspec.convert(values, cls)
        except msgspec.ValidationError as error:
            _require_known_kinds(values, source)
            raise ConfigurationError(f"{source}: {error}; see docs/practice_exchange.md for what is allowed") from None

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Return the script that a YAML or JSON file holds; ConfigurationError if it cannot be read or is wrong."""
        return cls.from_dict(read_settings_file(path), str(path))

    def to_dict(self) -> dict[str, object]:
        """Return the script as plain values, as ``from_dict`` reads them."""
        values: dict[str, object] = msgspec.to_builtins(self)
        return values


def _require_known_kinds(values: Mapping[str, object], source: str) -> None:
    """Name the first fault whose ``kind`` is none, with those that there are."""
    faults = values.get("faults")
    for at, fault in enumerate(faults if isinstance(faults, list | tuple) else ()):
        if not isinstance(fault, Mapping) or fault.get("kind") in KINDS:
            continue
        kind = fault.get("kind")
        wrong = f"{shown(kind)}{did_you_mean(kind, KINDS)}" if "kind" in fault else "is missing"
        raise ConfigurationError(f"{source}: faults[{at}].kind: {wrong} — allowed: {', '.join(KINDS)}")
