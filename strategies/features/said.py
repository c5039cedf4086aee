"""What a feature strategy says, in words that read well; it only makes signals, whose sense the session judges."""

import re
import weakref
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple, TypedDict, TypeVar, Unpack

from core.settings_problem import did_you_mean, shortly
from core.trading_signal import FLAT, EntryKind, Level, Signal, r_multiple


class EntryWords(TypedDict, total=False):
    """What else an entry may say, as :class:`~core.trading_signal.Signal` has it.

    ``entry``, ``entry_price`` and ``entry_expiry`` are how it enters, ``size`` the share of what risk allows,
    ``notional`` the most that the entry may be worth in quote currency, ``cancel_entry`` replaces an entry that waits,
    ``atr`` is what the risk settings' multiples and an ATR trail are measured in. ``tag`` and ``reason`` are for
    people, ``metadata`` holds the inputs of the decision.
    """

    size: float
    notional: float
    entry: EntryKind
    entry_price: float
    entry_expiry: int
    cancel_entry: bool
    atr: float
    tag: str
    reason: str
    metadata: dict[str, Any]


class MoveWords(TypedDict, total=False):
    """What else an adjustment may say."""

    cancel_entry: bool
    tag: str
    reason: str
    metadata: dict[str, Any]


class StopWords(MoveWords, total=False):
    """What else a move of the target may say."""

    move_stop: float


class TargetWords(MoveWords, total=False):
    """What else a move of the stop may say."""

    move_target: float


class ExitWords(StopWords, total=False):
    """What else an exit may say, of the rest of the position."""

    move_target: float


Held = Literal["nothing", "LONG", "SHORT"]
"""What a symbol's position is; ``nothing`` is none."""


class SignalWhere(NamedTuple):
    """A signal whose numbers may be columns, as booleans the rows that say it, and beside what that is held."""

    rows: Any
    signal: Signal
    held: Held | None = None


Method = TypeVar("Method", bound=Callable[..., Any])

_row_by_row: weakref.WeakSet[Callable[..., Any]] = weakref.WeakSet()


def row_by_row(signals: Method) -> Method:
    """Declare that ``signals`` says of each row what the columns, ``before`` and ``ago`` have in that row alone.

    It may then be asked about some rows at a time, whose columns fit a cache. One that overrides it declares it anew.
    """
    _row_by_row.add(signals)
    return signals


def is_row_by_row(signals: Callable[..., Any]) -> bool:
    """Return whether a class's ``signals`` is declared so."""
    return signals in _row_by_row


class Says:
    """The words of a strategy; a price is absolute, a distance is from the fill."""

    def long(
        self,
        *,
        stop: float | None = None,
        stop_distance: float | None = None,
        target: float | str | None = None,
        target_distance: float | None = None,
        targets: Iterable[tuple[float, Level]] = (),
        **words: Unpack[EntryWords],
    ) -> Signal:
        """Ask for a long position; what is left out comes from the risk settings.

        Parameters
        ----------
        stop, stop_distance
            Where the stop is, or how far from the fill.
        target, target_distance
            Where the target is, or how far from the fill; ``"2R"`` is twice the stop's distance.
        targets
            A ladder instead: each a fraction of the position, and a distance or ``"2R"``.
        **words
            As :class:`EntryWords` has them.
        """
        return _entry("LONG", Levels(stop, stop_distance, target, target_distance, _rungs(targets)), words)

    def short(
        self,
        *,
        stop: float | None = None,
        stop_distance: float | None = None,
        target: float | str | None = None,
        target_distance: float | None = None,
        targets: Iterable[tuple[float, Level]] = (),
        **words: Unpack[EntryWords],
    ) -> Signal:
        """Ask for a short position, in the words of :meth:`long`."""
        return _entry("SHORT", Levels(stop, stop_distance, target, target_distance, _rungs(targets)), words)

    def exit(self, fraction: float = 1.0, **words: Unpack[ExitWords]) -> Signal:
        """Ask for a close of the position, or of a fraction of it, at the next open."""
        return Signal("EXIT", fraction=fraction, **words)

    def move_stop(self, price: float, **words: Unpack[TargetWords]) -> Signal:
        """Move the stop to a price; a looser one is refused."""
        return Signal("ADJUST", move_stop=price, **words)

    def move_target(self, price: float, **words: Unpack[StopWords]) -> Signal:
        """Move the target to a price."""
        return Signal("ADJUST", move_target=price, **words)

    def cancel_entry(self, reason: str = "") -> Signal:
        """Cancel the entry that waits."""
        return Signal("ADJUST", cancel_entry=True, reason=reason)

    def where(self, rows: Any, signal: Signal, *, held: Held | None = None) -> SignalWhere:
        """Say a signal of many candles at once, for ``signals``.

        Parameters
        ----------
        rows
            Booleans of shape (n,).
        signal
            As :meth:`long`, :meth:`short` and :meth:`exit` make it; each of its numbers may be a column, float64 of
            shape (n,).
        held
            Beside what it is said: ``"nothing"``, ``"LONG"`` or ``"SHORT"``; None is beside anything.
        """
        return SignalWhere(rows, signal, held)

    def flat(self, reason: str = "") -> Signal:
        """Say nothing, and why."""
        return Signal("FLAT", reason=reason) if reason else FLAT


def as_said(text: str) -> str:
    """Return what is wrong with a signal in the words of :class:`Says`."""
    return _SIGNALS_WORD.sub(lambda found: _SAID[found[0]], text)


_SAID = {
    "sl_distance": "stop_distance",
    "tp_distance": "target_distance",
    "stop_price": "stop",
    "target_price": "target",
    "target_r": "target",
}
_SIGNALS_WORD = re.compile(rf"\b({'|'.join(_SAID)})\b")


class Levels(NamedTuple):
    """Where an entry's stop and targets are."""

    stop: float | None
    stop_distance: float | None
    target: float | str | None
    target_distance: float | None
    targets: tuple[tuple[float, Level], ...]


def _entry(direction: Literal["LONG", "SHORT"], levels: Levels, words: EntryWords) -> Signal:
    for word in words:
        if word not in EntryWords.__annotations__:
            allowed = (*Levels._fields, *EntryWords.__annotations__)
            said = f"self.{direction.lower()} has no {word!r}{did_you_mean(word, allowed)}"
            raise TypeError(f"{said}; allowed: {', '.join(allowed)}")
    return Signal(
        direction,
        sl_distance=levels.stop_distance,
        tp_distance=levels.target_distance,
        stop_price=levels.stop,
        target_price=None if isinstance(levels.target, str) else levels.target,
        target_r=_multiple(levels.target) if isinstance(levels.target, str) else None,
        targets=levels.targets,
        **words,
    )


def _rungs(targets: Iterable[tuple[float, Level]]) -> tuple[tuple[float, Level], ...]:
    rungs = tuple(targets)
    for rung in rungs:
        if not isinstance(rung, tuple | list) or len(rung) != 2:
            raise ValueError(f"targets has {shortly(rung)}; allowed: pairs, as in targets=[(0.5, '1R'), (0.5, '3R')]")
    return tuple((fraction, level) for fraction, level in rungs)


def _multiple(text: str) -> float:
    multiple = r_multiple(text)
    if multiple is None:
        raise ValueError(f"target {text!r}; allowed: a price, or multiples of the stop's distance such as '2R'")
    return multiple
