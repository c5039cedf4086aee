"""Opinions as records of :data:`~compiled.layout.SIGNAL_ROW`, and what they say beyond an entry and its distances."""

import math
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from compiled import layout
from compiled.codes import ANY_POSITION, AS_DISTANCE, AS_PRICE, IN_STOPS, LIMIT, MARKET, STOP_MARKET
from compiled.driving.scaled_market import decimals_of, shares_of, whole
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
_NOTHING = (0, 0, 0, 0, 0, 0, 0, 0, 0, math.nan, 1.0, math.nan, math.nan)


class SaidWords(NamedTuple):
    """What all opinions of a run say beyond entries and distances: records of WORDS and TARGET_ROW, and the tags."""

    words: layout.Records
    targets: layout.Records
    tags: tuple[str, ...]


class WordedRows:
    """Makes records of opinions; what many of them say alike is kept once."""

    def __init__(self) -> None:
        self._words: dict[tuple[object, ...], int] = {("",): 0}
        self._records: list[tuple[float, ...]] = [_NOTHING]
        self._targets: list[tuple[int, ...]] = []
        self._tags: dict[str, int] = {"": 0}

    @property
    def said(self) -> SaidWords:
        """What was said beyond entries and distances."""
        words, targets = np.array(self._records, layout.WORDS), np.array(self._targets, layout.TARGET_ROW)
        return SaidWords(words, targets, tuple(self._tags))

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

    def _words_of(self, signal: Signal) -> int:
        """Return the number of what a signal says beyond an entry and its distances."""
        targets = exit_targets(signal)
        exits = signal.direction == "EXIT"
        key = (
            exits, signal.cancel_entry, signal.tag, targets, signal.fraction, signal.stop_price, signal.size,
            signal.move_stop, signal.move_target,
        )  # fmt: skip
        number = self._words.get(key)
        if number is None:
            number = self._words[key] = len(self._records)
            rungs = own_rungs(targets, ZERO, 1, ONE)
            whole_position = bool(rungs) and closes_all(rungs)
            share, unit = (0, 0) if signal.fraction == 1.0 else _share(computed(signal.fraction))
            prices = (signal.stop_price, signal.size, signal.move_stop, signal.move_target)
            self._records.append(
                (
                    exits,
                    signal.cancel_entry,
                    self._tags.setdefault(signal.tag, len(self._tags)),
                    len(self._targets),
                    len(targets),
                    bool(rungs) and not (len(rungs) == 1 and whole_position),
                    whole_position,
                    share,
                    unit,
                    *(math.nan if one is None else float(one) for one in prices),
                )
            )
            self._targets += [
                target_row(target.measure, computed(target.value), rung.fraction)
                for target, rung in zip(targets, rungs, strict=True)
            ]
        return number


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
