"""Opinions as records of :data:`~compiled.layout.SIGNAL_ROW`, and what they say beyond an entry and its distances."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import msgspec
import numpy as np

from compiled import layout
from compiled.codes import ANY_POSITION, AS_DISTANCE, AS_PRICE, IN_STOPS, LIMIT, MARKET, NONE, STOP_MARKET
from compiled.compiler import entry
from compiled.driving.scaled_market import decimals_of, shares_of, whole
from compiled.integers import twelve_digits
from core.candle_columns import Float64Array, Int64Array
from core.errors import Uncovered
from core.exact import ONE, ZERO, computed
from core.trading_signal import Signal, is_plain
from execution.orders.target_ladder import closes_all, own_rungs
from risk_management.entry_sizing import exit_targets

Row = tuple[int, int, int, int, int, int, float, float, float, float]

_ENTRIES = {None: 0, "market": 1 + MARKET, "limit": 1 + LIMIT, "stop": 1 + STOP_MARKET}
_MEASURES = {"r": IN_STOPS, "distance": AS_DISTANCE, "price": AS_PRICE}
_LONGEST_EXPIRY = 1_000_000
_MOST_DECIMALS = 18
_LARGEST = 10**15
_NOTHING = (0, 0, 0, 0, 0, 0, 0, 0, 0, math.nan, 1.0, math.nan, math.nan, math.nan)


class SaidWords(NamedTuple):
    """What all opinions of a run say beyond entries and distances: records of WORDS and TARGET_ROW, and the tags."""

    words: layout.Records
    targets: layout.Records
    tags: tuple[str, ...]


class _Rows:
    """Records of a kind, added one after the other."""

    def __init__(self, kind: np.dtype[np.void]) -> None:
        self._parts: list[layout.Records] = [np.empty(0, kind)]
        self.count = 0

    def add(self, records: layout.Records) -> int:
        """Add records; return the number of the first."""
        self._parts.append(records)
        self.count += len(records)
        return self.count - len(records)

    @property
    def all(self) -> layout.Records:
        """All that was added."""
        return np.concatenate(self._parts)


class WordedRows:
    """Makes records of opinions; what many of them say alike is kept once."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[object, ...], int] = {}
        self._words, self._targets = _Rows(layout.WORDS), _Rows(layout.TARGET_ROW)
        self._words.add(np.array([_NOTHING], layout.WORDS))
        self._tags: dict[str, int] = {"": 0}

    @property
    def said(self) -> SaidWords:
        """What was said beyond entries and distances."""
        return SaidWords(self._words.all, self._targets.all, tuple(self._tags))

    def row(self, row: int, signal: Signal, held: int = ANY_POSITION) -> Row:
        """Return a signal that is not FLAT, said at a row beside a position, as a record.

        Raises
        ------
        Uncovered
            If its numbers are none of the records'.
        """
        numbers = (signal.sl_distance, signal.tp_distance, signal.atr, signal.entry_price)
        told = (*numbers, signal.move_stop, signal.move_target)
        if not all(one is None or isinstance(one, float) for one in told):
            raise Uncovered("the strategy gives distances that are whole numbers")
        expiry = signal.entry_expiry or 0
        if expiry > _LONGEST_EXPIRY:
            raise Uncovered("the strategy gives an entry too many candles")
        stop, target, atr, price = (math.nan if one is None else one for one in numbers)
        sign = {"LONG": 1, "SHORT": -1}.get(signal.direction, 0)
        words = 0 if sign and is_plain(signal) else self._words_of(signal)
        return row, sign, int(_ENTRIES[signal.entry]), expiry, words, int(held), stop, target, atr, price

    def words_of_each(self, signal: Signal, columns: Mapping[str, Float64Array]) -> Int64Array:
        """Return the numbers of what signals say that differ in ``size`` or ``target_price`` alone, which are columns.

        Raises
        ------
        Uncovered
            As :func:`target_row`.
        """
        first = {name: column[0].item() for name, column in columns.items()}
        words, target = self._records_of(msgspec.structs.replace(signal, **first))
        records = np.repeat(words, len(next(iter(columns.values()))))
        if "size" in columns:
            records["share"] = columns["size"]
        if "target_price" in columns:
            digits, decimals = (np.empty(len(records), np.int64) for _ in range(2))
            put_digits(columns["target_price"], digits, decimals)
            if (digits == NONE).any() or (decimals > _MOST_DECIMALS).any():
                raise Uncovered("a target has too many digits for 64 bits")
            targets = np.repeat(target, len(records))
            targets["digits"], targets["decimals"] = digits, decimals
            records["first_target"] = self._targets.add(targets) + np.arange(len(records))
        elif len(target):
            records["first_target"] = self._targets.add(target)
        return self._words.add(records) + np.arange(len(records))

    def _words_of(self, signal: Signal) -> int:
        """Return the number of what a signal says beyond an entry and its distances."""
        key = (
            signal.direction == "EXIT", signal.cancel_entry, signal.tag, exit_targets(signal), signal.fraction,
            signal.stop_price, signal.size, signal.notional, signal.move_stop, signal.move_target,
        )  # fmt: skip
        number = self._numbers.get(key)
        if number is None:
            words, targets = self._records_of(signal)
            words["first_target"] = self._targets.add(targets)
            number = self._numbers[key] = self._words.add(words)
        return number

    def _records_of(self, signal: Signal) -> tuple[layout.Records, layout.Records]:
        """Return the record of what a signal says beyond an entry and its distances, and those of its targets."""
        targets = exit_targets(signal)
        rungs = own_rungs(targets, ZERO, 1, ONE)
        whole_position = bool(rungs) and closes_all(rungs)
        share, unit = (0, 0) if signal.fraction == 1.0 else _share(computed(signal.fraction))
        prices = (signal.stop_price, signal.size, signal.notional, signal.move_stop, signal.move_target)
        words = (
            signal.direction == "EXIT",
            signal.cancel_entry,
            self._tags.setdefault(signal.tag, len(self._tags)),
            0,
            len(targets),
            bool(rungs) and not (len(rungs) == 1 and whole_position),
            whole_position,
            share,
            unit,
            *(math.nan if one is None else float(one) for one in prices),
        )
        rows = [
            target_row(target.measure, computed(target.value), rung.fraction)
            for target, rung in zip(targets, rungs, strict=True)
        ]
        return np.array([words], layout.WORDS), np.array(rows, layout.TARGET_ROW)


@entry
def put_digits(prices: Float64Array, digits: Int64Array, decimals: Int64Array) -> None:
    """Put prices as digits × 10 ** -decimals, of which there are twelve at most; NONE where that cannot be."""
    for row in range(prices.shape[0]):
        number, places = twelve_digits(prices[row])
        while places > 0 and number % 10 == 0:
            number //= 10
            places -= 1
        digits[row], decimals[row] = number, places


def target_row(measure: str, value: Decimal, fraction: Decimal) -> tuple[int, ...]:
    """Return a target of settings or a signal as a record of TARGET_ROW.

    Raises
    ------
    Uncovered
        If its numbers have too many digits.
    """
    decimals = decimals_of(value)
    if decimals > _MOST_DECIMALS or abs(value) >= _LARGEST or whole(abs(value), decimals) >= _LARGEST:
        raise Uncovered("a target has too many digits for 64 bits")
    return *_share(fraction), int(_MEASURES[measure]), whole(value, decimals), decimals


def _share(fraction: Decimal) -> tuple[int, int]:
    if decimals_of(fraction) > _MOST_DECIMALS - 3:
        raise Uncovered("a fraction of a position has too many digits for 64 bits")
    (share,) = shares_of(fraction)
    return share.number, share.unit


NO_WORDS = WordedRows().said
"""Of opinions that are entries with distances alone."""
