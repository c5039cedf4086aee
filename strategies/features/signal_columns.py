"""Opinions about many candles at once: what is said alike once, and the numbers that differ as columns."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from core.candle_columns import Float64Array, Int64Array
from core.errors import StrategyError
from core.settings_problem import shortly
from core.trading_signal import Signal
from strategies.features.said import Held, SignalWhere, as_said
from strategies.meaningless_metadata import may_be_judged

HELD: tuple[Held | None, ...] = (None, "nothing", "LONG", "SHORT")
"""Beside what that is held an opinion may be said; None is beside anything."""

_BESIDE = np.array((0b111, 0b001, 0b010, 0b100), np.uint8)
"""The same as bits, of nothing, a long and a short."""
_NUMBERS = frozenset(
    (
        *("sl_distance", "tp_distance", "atr", "stop_price", "target_price", "target_r", "size", "entry_price"),
        *("fraction", "move_stop", "move_target"),
    )
)
"""What of a signal may be a column."""

_WORDS = msgspec.structs.fields(Signal)

ColumnName = tuple[str, str]
"""A word of the signal, or ``metadata`` and a name in it."""


class SignalKind(NamedTuple):
    """A signal that many rows say alike, and which of its numbers each row has for itself.

    ``columns`` are in the order in which ``decisions.jsonl`` tells them.
    """

    signal: Signal
    columns: tuple[ColumnName, ...]

    def with_numbers(self, numbers: Sequence[float]) -> Signal:
        """Return the signal of a row."""
        words: dict[str, float] = {}
        metadata = dict(self.signal.metadata)
        for (word, name), number in zip(self.columns, numbers, strict=False):
            if word == "metadata":
                metadata[name] = number
            else:
                words[word] = number
        return msgspec.structs.replace(self.signal, metadata=metadata, **words)


class SignalColumns(NamedTuple):
    """What is said at some rows of a symbol's candles, in order; everywhere else it is FLAT.

    ``held`` is a place in :data:`HELD`, ``kind`` one in ``kinds``; ``numbers`` has a column for each opinion, from the
    top on those of its kind. At one row there is at most one opinion beside nothing, beside a long and beside a short.
    """

    rows: Int64Array
    held: Int64Array
    kind: Int64Array
    numbers: Float64Array
    kinds: tuple[SignalKind, ...]

    @classmethod
    def joined(cls, blocks: Sequence["SignalColumns"], rows_each: int) -> "SignalColumns":
        """Return what is said of blocks of so many rows, one behind the other."""
        kinds: dict[str, SignalKind] = {}
        places: dict[str, int] = {}
        numbered = []
        for one in blocks:
            # Told apart by their text: 1 and 1.0 are equal, and written differently.
            texts = [repr(kind) for kind in one.kinds]
            kinds |= zip(texts, one.kinds, strict=True)
            own = [places.setdefault(text, len(places)) for text in texts]
            numbered.append(np.array(own, np.int64)[one.kind])
        numbers = np.zeros((max(len(one.numbers) for one in blocks), sum(len(one.rows) for one in blocks)))
        end = 0
        for one in blocks:
            begin, end = end, end + len(one.rows)
            numbers[: len(one.numbers), begin:end] = one.numbers
        return cls(
            np.concatenate([one.rows + number * rows_each for number, one in enumerate(blocks)]),
            np.concatenate([one.held for one in blocks]),
            np.concatenate(numbered),
            numbers,
            tuple(kinds.values()),
        )

    def from_row(self, row: int) -> "SignalColumns":
        """Return what is said from a row on, its rows counted from there."""
        first = int(np.searchsorted(self.rows, row))
        rows, held, kind = (column[first:] for column in (self.rows, self.held, self.kind))
        return SignalColumns(rows - row, held, kind, self.numbers[:, first:], self.kinds)

    def signal(self, place: int) -> Signal:
        """Return one of the opinions as a signal."""
        kind: SignalKind = self.kinds[self.kind[place]]
        return kind.with_numbers(self.numbers[:, place].tolist())


class _Part(NamedTuple):
    """Opinions of one kind beside the same; ``columns`` are those of the kind, of all candles."""

    rows: Int64Array
    held: int
    kind: int
    columns: Sequence[Float64Array]


def signal_columns(said: object, candles: int, *, told: bool = True) -> SignalColumns:
    """Return what a strategy's ``signals`` returned about so many candles; at each row the first that holds is said.

    Where it is not ``told``, finite columns of metadata by which nothing is judged are a 0 of the signal instead.

    Raises
    ------
    StrategyError
        If it is no sequence of :class:`~strategies.features.said.SignalWhere`, or rows or numbers are none.
    """
    kinds: list[SignalKind] = []
    parts: list[_Part] = []
    spoken = np.zeros(candles, np.uint8)
    finite: dict[int, bool] = {}
    for one in _checked(said, candles):
        rows, beside = np.flatnonzero(one.rows), _BESIDE[HELD.index(one.held)]
        free = beside & ~spoken[rows]
        spoken[rows] |= beside
        if one.signal.direction == "FLAT" or not len(rows):
            continue
        signal = one.signal if told else _untold(one.signal, rows, finite)
        kind, columns = _kind_of(signal)
        for held, bits in enumerate(_BESIDE):
            chosen = free == bits if held == 0 else (free & bits != 0) & (free != _BESIDE[0])
            if chosen.any():
                parts.append(_Part(rows if chosen.all() else rows[chosen], held, len(kinds), columns))
        kinds.append(kind)
    return _joined(parts, kinds)


def _joined(parts: Sequence[_Part], kinds: Sequence[SignalKind]) -> SignalColumns:
    """Return the opinions of all parts in the order of their rows."""
    rows = np.concatenate([np.empty(0, np.int64), *(part.rows for part in parts)])
    order = np.argsort(rows, kind="stable")
    rows = rows[order]
    lengths = [len(part.rows) for part in parts]
    held, kind = (
        np.repeat(np.array([getattr(part, name) for part in parts], np.int64), lengths)[order]
        for name in ("held", "kind")
    )
    numbers = np.empty((max((len(part.columns) for part in parts), default=0), len(rows)))
    for number, own in enumerate(numbers):
        columns = [part.columns[number] if number < len(part.columns) else None for part in parts]
        if columns[0] is not None and all(column is columns[0] for column in columns):
            own[:] = columns[0][rows]
        else:
            each = zip(parts, columns, strict=True)
            taken = [np.zeros(len(part.rows)) if column is None else column[part.rows] for part, column in each]
            own[:] = np.concatenate(taken)[order]
    return SignalColumns(rows, held, kind, numbers, tuple(kinds))


def _untold(signal: Signal, rows: Int64Array, finite: dict[int, bool]) -> Signal:
    """Return a signal of some rows without the columns of its metadata; ``finite`` is known of columns, by ``id``."""
    metadata = dict(signal.metadata)
    if may_be_judged(metadata):
        return signal
    for name, column in metadata.items():
        if isinstance(column, np.ndarray):
            if id(column) not in finite:
                finite[id(column)] = bool(np.isfinite(column[rows[0] :]).all())
            if finite[id(column)]:
                metadata[name] = 0.0
    return msgspec.structs.replace(signal, metadata=metadata)


def _kind_of(signal: Signal) -> tuple[SignalKind, Sequence[Float64Array]]:
    """Return what a signal says at all rows alike, and its columns."""
    columns: dict[ColumnName, Float64Array] = {}
    unsaid = {}
    for field in _WORDS:
        value = getattr(signal, field.name)
        if isinstance(value, np.ndarray):
            columns[field.name, ""] = value
            unsaid[field.name] = field.default
    metadata = dict(signal.metadata)
    for name in [name for name, value in metadata.items() if isinstance(value, np.ndarray)]:
        columns["metadata", name] = metadata.pop(name)
    names = sorted(columns, key=lambda one: ("inputs" if one[0] == "metadata" else one[0], one[1]))
    alike = msgspec.structs.replace(signal, metadata=metadata, **unsaid)
    return SignalKind(alike, tuple(names)), [columns[name] for name in names]


def _checked(said: object, candles: int) -> Iterator[SignalWhere]:
    """Yield what was returned; where a share is a column, before it the rows that say the whole."""
    given = (said,) if isinstance(said, SignalWhere) else said
    if not isinstance(given, list | tuple) or not all(isinstance(one, SignalWhere) for one in given):
        raise StrategyError(
            f"signals returned {shortly(said)}; allowed: a list of self.where(rows, self.long(…)), or None"
        )
    for number, one in enumerate(given, 1):
        fault = _fault(one.rows, one.signal, one.held, candles)
        if fault is not None:
            raise StrategyError(f"signals returned as number {number} a signal whose {as_said(fault)}")
        # What is told of a signal leaves out a share of 1.
        for word in ("size", "fraction"):
            share = getattr(one.signal, word)
            if isinstance(share, np.ndarray):
                whole = one.rows & (share == 1.0)
                yield one._replace(rows=whole, signal=msgspec.structs.replace(one.signal, **{word: 1.0}))
        yield one


def _fault(rows: object, signal: object, held: object, candles: int) -> str | None:
    """Return which part of a :class:`SignalWhere` is none, and what is allowed."""
    if not isinstance(rows, np.ndarray) or rows.dtype != np.bool_ or rows.shape != (candles,):
        return f"rows are {_shown(rows)}; allowed: booleans of shape ({candles},)"
    if not isinstance(signal, Signal):
        return f"answer is {shortly(signal)}; allowed: self.long(…), self.short(…), self.exit(…), or another Signal"
    if held not in HELD:
        return f"held is {shortly(held)}; allowed: 'nothing', 'LONG', 'SHORT', or None, which is whatever is held"
    words = {name: getattr(signal, name) for name in Signal.__struct_fields__}
    numbers = {name: words[name] for name in _NUMBERS}
    numbers |= {f"metadata {name!r}": value for name, value in dict(signal.metadata).items()}
    for name, value in numbers.items():
        if isinstance(value, np.ndarray) and (value.dtype != np.float64 or value.shape != (candles,)):
            return f"{name} is {_shown(value)}; allowed: a number, or float64 of shape ({candles},)"
    several = [name for name in words if name not in _NUMBERS and isinstance(words[name], np.ndarray)]
    return f"{several[0]} is an array; allowed: one for all its rows" if several else None


def _shown(value: Any) -> str:
    return f"{value.dtype} of shape {value.shape}" if isinstance(value, np.ndarray) else shortly(value)
