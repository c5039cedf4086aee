"""The records that events are added up in.

A sum of amounts that may need more than 64 bits is kept in two: that of what is above their lowest 32 bits, and that of
these.
"""

from typing import NamedTuple

import numpy as np

from compiled.codes import BOUNDS, FUNDING_NOTE, PARTIALLY_FILLED, REASONS
from compiled.compiling.pointers import by_pointer
from compiled.layout import Core, Records, record_dtype
from core.candle_columns import Float64Array, Int64Array

TOTAL = record_dtype(
    "fills commission commission_above slippage slippage_above fees fees_above ambiguous bound bound_above "
    "entries_filled partial_fills risks wins losses wins_now losses_now shortest_ms longest_ms held_ms",
    "results won lost",
)
"""Of all fills and trades; ``bound`` is what ambiguous trades would have brought more, ``risks`` counts entries."""
RESULT = record_dtype("trades won even realized realized_above")
"""What some trades came to."""
OF_SYMBOL = record_dtype("fills positions holds funding funding_above")
RUNG = record_dtype("fills positions last_position quantity quantity_above realized realized_above")
REFUSAL = record_dtype("count first_ms first_symbol")
"""What a reason has refused, and the first of it."""


@by_pointer
class Sums(NamedTuple):
    """What the events of a run add up to.

    ``results`` are those of all trades, of each symbol's, and of each tag's, the first of which is none. ``exits``
    counts closing fills by symbol and reason, ``ends`` what became of orders by event and reason, ``notes`` the notes
    by kind, ``bounds`` what set the sizes of entries. ``rungs`` are by symbol and number, ``rungs_filled`` counts them
    by number. ``risks`` are the fractions of equity that the entries of a batch risk.
    """

    total: Records
    results: Records
    symbols: Records
    rungs: Records
    refusals: Records
    exits: Int64Array
    ends: Int64Array
    notes: Int64Array
    bounds: Int64Array
    rungs_filled: Int64Array
    risks: Float64Array


def no_sums(core: Core, tags: int) -> Sums:
    """Return the sums of no events, of a run with so many tags."""
    symbols, rungs, reasons = len(core.symbols), core.levels.shape[1] + 1, len(REASONS)
    return Sums(
        total=np.zeros(1, TOTAL),
        results=np.zeros(1 + symbols + tags, RESULT),
        symbols=np.zeros(symbols, OF_SYMBOL),
        rungs=np.zeros((symbols, rungs), RUNG),
        refusals=np.zeros(reasons, REFUSAL),
        exits=np.zeros((symbols, reasons), np.int64),
        ends=np.zeros((PARTIALLY_FILLED + 1, reasons), np.int64),
        notes=np.zeros(FUNDING_NOTE + 1, np.int64),
        bounds=np.zeros(len(BOUNDS), np.int64),
        rungs_filled=np.zeros(rungs, np.int64),
        risks=np.empty(len(core.notes), np.float64),
    )
