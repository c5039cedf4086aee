"""What a run was fed, as every kind of run tells it: from stored candles, or from a session's journal."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from core.candle_columns import Int64Array
from runs.documents.symbol_result import SymbolInput
from runs.documents.watched_input import WatchedInput


class FedSymbol(NamedTuple):
    """One symbol's part of the input.

    ``held_return`` is what holding it from its first open to its last close returned, a fraction; None without a
    candle. ``warnings`` are what a reader must know, each without the symbol's name.
    """

    told: SymbolInput
    held_return: float | None
    warnings: Sequence[str]


class RunInput(NamedTuple):
    """The market as a run saw it, its symbols as configured and in configured order.

    ``start_ms`` and ``end_ms`` (exclusive) are its window in UTC milliseconds, None before there is one.
    ``step_times_ms`` are the steps of the window, increasing; a run that was cut short did not come to the last.
    ``data_sha256`` is the hash of all that the market told, left out where a journal holds it. ``warnings`` are what a
    reader must know of the input as a whole. ``watched`` are the series that were not traded, by name.
    """

    start_ms: int | None
    end_ms: int | None
    step_times_ms: Int64Array
    symbols: Mapping[str, FedSymbol]
    data_sha256: str | UnsetType = UNSET
    warnings: Sequence[str] = ()
    watched: Mapping[str, WatchedInput] = MappingProxyType({})
