"""What a run was fed, as every kind of run tells it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec import UnsetType

from market_data.candle_columns import Int64Array
from runs.documents.symbol_result import SymbolInput


class FedSymbol(NamedTuple):
    """One symbol's part of the input.

    ``held_return`` is what holding it from its first open to its last close returned, a fraction; None without a
    candle. ``warnings`` are what a reader must know, each without the symbol's name.
    """

    told: SymbolInput
    held_return: float | None
    warnings: Sequence[str]


class RunInput(Protocol):
    """The market as a run saw it: from stored candles, or from a session's journal."""

    @property
    def start_ms(self) -> int | None:
        """Start of the window in UTC milliseconds; None before there is one."""
        ...

    @property
    def end_ms(self) -> int | None:
        """End of the window in UTC milliseconds, exclusive; None before there is one."""
        ...

    @property
    def step_times_ms(self) -> Int64Array:
        """Times of the steps in the window, increasing; a run that was cut short did not come to the last."""
        ...

    @property
    def data_sha256(self) -> str | UnsetType:
        """Hash of all that the market told; left out where a journal holds it."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """What a reader must know of the input as a whole."""
        ...

    def fed(self, symbol: str) -> FedSymbol:
        """Return what the run was fed of a symbol, as configured."""
        ...
