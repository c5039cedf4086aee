"""Opinions that a strategy gives as columns, judged and recorded without asking for each."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from backtests.engines.said_so_far import NO_SIGNAL, SaidSoFar
from compiled.codes import ANY_POSITION, LONG_HELD, SHORT_HELD, UNHELD
from compiled.driving.compiled_run import OpinionRows
from compiled.driving.opinion_rows import WordedRows
from compiled.layout import SIGNAL_ROW, Records
from compiled.text.signal_rows import SignalRows
from compiled.text.words import TextRows
from core.candle_columns import Float64Array
from core.errors import Uncovered
from core.trading_signal import SIGNAL_WORDS, At
from engine.deciding.signal_check import signal_fault
from engine.kernel_rules import KernelRules
from strategies.features.signal_columns import SignalColumns, SignalKind
from strategies.meaningless_metadata import may_be_judged

_HELD = np.array((ANY_POSITION, UNHELD, LONG_HELD, SHORT_HELD))
_DISTANCES = ("sl_distance", "tp_distance", "atr")
_JUDGED_ALIKE = frozenset(
    ("target_r", "targets", "size", "notional", "fraction", "tag", "cancel_entry", "entry", "entry_expiry")
)
"""Words that are sound at every row or at none, where all say the same."""


class Heard(NamedTuple):
    """Opinions about one symbol's candles, and how they are told."""

    rows: Records
    told: OpinionRows


def heard_at_once(
    said: SignalColumns, close: Float64Array, rules: KernelRules, made_by: WordedRows, *, told: bool
) -> Heard:
    """Return opinions as records; ``close`` is that of every candle that their rows count.

    Without ``told`` nothing is kept of how they are told.

    Raises
    ------
    Uncovered
        If one is none, or has what the records have no room for.
    """
    if not np.isfinite(said.numbers).all():
        raise Uncovered("the strategy gives numbers that are not finite")
    held = _HELD[said.held]
    if not all(_judged_at_once(kind, rules) for kind in said.kinds):
        taken = SaidSoFar(rules, made_by, told=told)
        for place, row in enumerate(said.rows.tolist()):
            taken.take(row, said.signal(place), close[row].item(), held[place].item())
        return Heard(np.array(taken.rows, SIGNAL_ROW), TextRows(taken.texts))
    if not len(said.rows):
        return Heard(np.empty(0, SIGNAL_ROW), TextRows(()))
    found = _records(said, close, rules, made_by)
    found["row"], found["held"] = said.rows, held
    return Heard(found, SignalRows.of(said) if told else TextRows(()))


def _records(said: SignalColumns, close: Float64Array, rules: KernelRules, made_by: WordedRows) -> Records:
    """Return opinions as records of which row and position are not filled in yet."""
    found = np.zeros(len(said.rows), SIGNAL_ROW)
    alike = np.array([made_by.row(0, kind.signal) for kind in said.kinds], SIGNAL_ROW)
    for name in SIGNAL_ROW.names or ():
        each = alike[name]
        found[name] = each[0] if (each == each[0]).all() else each[said.kind]
    for at, word in {(at, word) for kind in said.kinds for at, (word, _) in enumerate(kind.columns)}:
        if word in _DISTANCES:
            having = np.array([kind.columns[at : at + 1] == ((word, ""),) for kind in said.kinds])
            np.copyto(found[word], said.numbers[at], where=True if having.all() else having[said.kind])
    for number, kind in enumerate(said.kinds):
        of_kind = said.kind == number
        place = int(of_kind.argmax())
        if not of_kind[place]:
            continue
        first = said.signal(place)
        if signal_fault(first, close[said.rows[place]].item(), rules) is not None:
            raise Uncovered(NO_SIGNAL)
        columns = {
            word: said.numbers[at][of_kind]
            for at, (word, _) in enumerate(kind.columns)
            if word not in ("metadata", *_DISTANCES)
        }
        if columns:
            _require_sound(columns, close[said.rows[of_kind]], 1 if first.direction == "LONG" else -1)
            found["words"][of_kind] = made_by.words_of_each(kind.signal, columns)
    return found


def _judged_at_once(kind: SignalKind, rules: KernelRules) -> bool:
    """Return whether all opinions of a kind are sound where the first is and what differs is looked at."""
    signal = kind.signal
    words = {word for word, unsaid in SIGNAL_WORDS.items() if getattr(signal, word) != unsaid}
    columns = {word for word, _ in kind.columns} - {"metadata"}
    at_market = (signal.entry or rules.entry_order) == "market"
    return (
        words <= _JUDGED_ALIKE
        and columns <= {*_DISTANCES, "size", *(("target_price",) if at_market else ())}
        and not any(isinstance(level, At) for _, level in signal.targets)
        and not may_be_judged([*signal.metadata, *(name for _, name in kind.columns)])
    )


def _require_sound(columns: Mapping[str, Float64Array], closes: Float64Array, sign: int) -> None:
    """Refuse shares that are none, and targets on the side where an entry at the market loses."""
    size, target = columns.get("size"), columns.get("target_price")
    if size is not None and not ((size > 0.0) & (size <= 1.0)).all():
        raise Uncovered(NO_SIGNAL)
    if target is not None and not ((target > 0.0) & ((target - closes) * sign >= 0.0)).all():
        raise Uncovered(NO_SIGNAL)
