"""What is kept of events that are written, for the figures of a result: some of their fields, a column each."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from compiled.layout import Records

Columns = dict[str, npt.NDArray[Any]]
"""Equally long columns by the names of fields."""


class KeptEvents:
    """Takes events batch by batch.

    Parameters
    ----------
    names
        The fields that are kept.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._parts: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in names}

    def take(self, events: Records) -> None:
        """Take the next events, whose records are used for others then."""
        for name, parts in self._parts.items():
            parts.append(events[name].copy())

    def columns(self) -> Columns:
        """Return what was kept of all events, in order; there was a batch at least."""
        return {name: np.concatenate(parts) for name, parts in self._parts.items()}


def rows_of(columns: Columns, chosen: npt.NDArray[np.bool_]) -> Columns:
    """Return some of the rows."""
    return {name: column[chosen] for name, column in columns.items()}
