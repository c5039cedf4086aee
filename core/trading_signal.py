"""The signal: what a strategy says about one symbol at the close of one candle; not an order."""

import operator
from typing import Any, Literal

import msgspec

Direction = Literal["LONG", "SHORT", "EXIT", "ADJUST", "FLAT"]
EntryKind = Literal["market", "limit", "stop"]


class At(msgspec.Struct, frozen=True):
    """An absolute price, where a number alone would be a distance."""

    price: float


Level = float | str | At
"""Where a target stands: a distance from the fill, multiples of the stop's distance (``"2R"``), or :class:`At`."""


class Signal(msgspec.Struct, frozen=True):
    """What a strategy says at one candle's close.

    ``LONG`` and ``SHORT`` ask for an entry, ``EXIT`` for a close of the position, or of a ``fraction`` of it, at the
    next open, ``ADJUST`` for no more than its ``move_stop``, ``move_target`` or ``cancel_entry``, ``FLAT`` for nothing.

    ``sl_distance`` and ``tp_distance`` are price distances from the fill; None leaves the level to the risk settings
    (their ATR multiples times ``atr``) or, for a target without ``atr``, to none. ``reason`` says why in a word,
    ``metadata`` holds the inputs of the decision.

    Instead of distances an entry may have a ``stop_price``, and a ``target_price``, ``target_r`` (in distances of the
    stop) or a ladder of ``targets``, each a fraction of the position and its level. ``size`` is the share of what risk
    allows. ``entry`` says how it enters (None: as the settings say), a limit or stop order at ``entry_price`` for
    ``entry_expiry`` candles. ``tag`` names the trade in the trade log and in reports.

    ``notional`` is the most that the entry may be worth, in quote currency; what risk allows may be less.

    ``move_stop`` and ``move_target`` are prices to which the levels of the position, or of the waiting entry, are moved
    (a stop is only ever tightened); with ``cancel_entry`` the waiting entry is cancelled first.
    """

    direction: Direction
    sl_distance: float | None = None
    tp_distance: float | None = None
    atr: float | None = None
    reason: str = ""
    metadata: dict[str, Any] = {}
    stop_price: float | None = None
    target_price: float | None = None
    target_r: float | None = None
    targets: tuple[tuple[float, Level], ...] = ()
    size: float = 1.0
    entry: EntryKind | None = None
    entry_price: float | None = None
    entry_expiry: int | None = None
    fraction: float = 1.0
    move_stop: float | None = None
    move_target: float | None = None
    cancel_entry: bool = False
    tag: str = ""
    notional: float | None = None


FLAT = Signal("FLAT")
"""No opinion; streaming strategies return this one object whenever they have nothing to say."""

SIGNAL_WORDS: dict[str, Any] = {one.name: one.default for one in msgspec.structs.fields(Signal)[6:]}
"""What a signal may say beyond direction, distances, reason and metadata, each with what leaves it unsaid."""

_said_words = operator.attrgetter(*SIGNAL_WORDS)
_UNSAID = tuple(SIGNAL_WORDS.values())


def is_plain(signal: Signal) -> bool:
    """Return whether a signal says none of :data:`SIGNAL_WORDS`, as most do."""
    return bool(_said_words(signal) == _UNSAID)


def r_multiple(text: str) -> float | None:
    """Return how many distances of the stop a text like ``"2R"`` names; None where it is no such text."""
    number, letter = text.strip()[:-1], text.strip()[-1:]
    try:
        return float(number) if letter in ("R", "r") else None
    except ValueError:
        return None
