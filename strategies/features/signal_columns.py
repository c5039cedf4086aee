"""Opinions of many candles at once: entries with distances, as columns."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.candle_columns import Float64Array, Int64Array
from core.trading_signal import Signal


class SignalColumns(NamedTuple):
    """What is said at some rows of a symbol's candles, in order; everywhere else it is FLAT.

    ``long`` says LONG, else SHORT. A distance that is nan is left to the settings. ``reasons`` are the words, of which
    ``reason`` has the number in each row. ``metadata`` are the inputs of the decision by name.
    """

    rows: Int64Array
    long: npt.NDArray[np.bool_]
    sl_distance: Float64Array
    tp_distance: Float64Array
    atr: Float64Array
    reason: Int64Array
    reasons: Sequence[str]
    metadata: Mapping[str, Float64Array]

    def from_row(self, row: int) -> "SignalColumns":
        """Return what is said from a row on."""
        first = int(np.searchsorted(self.rows, row))
        return self._replace(
            rows=self.rows[first:],
            long=self.long[first:],
            sl_distance=self.sl_distance[first:],
            tp_distance=self.tp_distance[first:],
            atr=self.atr[first:],
            reason=self.reason[first:],
            metadata={name: column[first:] for name, column in self.metadata.items()},
        )

    def signal(self, place: int) -> Signal:
        """Return one of the opinions as a signal."""
        stop, target, atr = (column[place].item() for column in (self.sl_distance, self.tp_distance, self.atr))
        return Signal(
            "LONG" if self.long[place] else "SHORT",
            sl_distance=None if np.isnan(stop) else stop,
            tp_distance=None if np.isnan(target) else target,
            atr=None if np.isnan(atr) else atr,
            reason=self.reasons[self.reason[place]],
            metadata={name: column[place].item() for name, column in self.metadata.items()},
        )
