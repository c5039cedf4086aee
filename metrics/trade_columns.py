"""Closed positions as columns: what the figures of trades are computed from."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from core.candle_columns import Float64Array, Int64Array

BoolArray = npt.NDArray[np.bool]

_TEXTS = ("symbol", "side", "reason", "tag")
_TIMES = ("entry_time_ms", "exit_time_ms", "entry_seen_ms", "exit_seen_ms")


class TradeColumns(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Positions that were closed entirely, a row each, in order of their exits.

    Money is in quote currency. ``side`` is LONG or SHORT. Times are UTC milliseconds of the fills; ``entry_seen_ms``
    and ``exit_seen_ms`` are the steps that first show entry and exit: the end of the candle in which they happened,
    later than the fill where that was at the candle's open.

    Prices are averages, slippage and spread included. ``realized_pnl`` is net of everything, ``gross_pnl`` the result
    at the filled prices, before commission and funding. ``slippage`` and ``spread`` are in the prices already
    (``spread`` is 0 where it is not told apart), ``funding`` is what was received, below 0 where it was paid.
    ``risk`` is what the stops of the entries would lose, ``liquidation_price`` that of the last entry; nan where there
    is none. ``ambiguous`` rests on the assumed path inside a candle, ``bound`` is what the other path would have
    brought more, nan where it is not known. ``mae`` and ``mfe`` are the largest loss and profit on the way, neither
    below 0; nan where no candles are at hand.
    """

    symbol: Sequence[str]
    side: Sequence[str]
    entry_time_ms: Int64Array
    exit_time_ms: Int64Array
    entry_seen_ms: Int64Array
    exit_seen_ms: Int64Array
    entry_price: Float64Array
    exit_price: Float64Array
    quantity: Float64Array
    realized_pnl: Float64Array
    gross_pnl: Float64Array
    commission: Float64Array
    slippage: Float64Array
    spread: Float64Array
    funding: Float64Array
    risk: Float64Array
    liquidation_price: Float64Array
    reason: Sequence[str]
    tag: Sequence[str]
    ambiguous: BoolArray
    bound: Float64Array
    mae: Float64Array
    mfe: Float64Array

    @classmethod
    def of(cls, **columns: Any) -> "TradeColumns":
        """Return columns from plain lists; those that are left out are empty of meaning.

        ``symbol``, ``side``, ``entry_time_ms``, ``exit_time_ms``, ``entry_price``, ``exit_price``, ``quantity`` and
        ``realized_pnl`` are needed. Without the others a fill is seen at its own time, ``gross_pnl`` is
        ``realized_pnl``, costs are 0, texts are empty, and ``risk``, ``liquidation_price``, ``mae`` and ``mfe`` nan.

        Raises
        ------
        ValueError
            If columns differ in length.
        """
        rows = len(columns["symbol"])
        given = {
            "entry_seen_ms": columns["entry_time_ms"],
            "exit_seen_ms": columns["exit_time_ms"],
            "gross_pnl": columns["realized_pnl"],
            **{name: [""] * rows for name in ("reason", "tag")},
            **{name: [0.0] * rows for name in ("commission", "slippage", "spread", "funding", "bound")},
            **{name: [np.nan] * rows for name in ("risk", "liquidation_price", "mae", "mfe")},
            "ambiguous": [False] * rows,
            **columns,
        }
        for name, column in given.items():
            if len(column) != rows:
                raise ValueError(f"{name} has {len(column)} rows, symbol has {rows}")
        kinds = {**dict.fromkeys(_TIMES, np.int64), "ambiguous": np.bool}
        typed: dict[str, Any] = {
            name: tuple(column) if name in _TEXTS else np.asarray(column, kinds.get(name, np.float64))
            for name, column in given.items()
        }
        return cls(**typed)

    @classmethod
    def empty(cls) -> "TradeColumns":
        """Return columns without a row."""
        return cls.of(**{name: [] for name in cls.__struct_fields__})

    @property
    def rows(self) -> int:
        """Number of trades."""
        return len(self.symbol)

    @property
    def sign(self) -> Float64Array:
        """+1 for a long, −1 for a short."""
        return np.array([1.0 if side == "LONG" else -1.0 for side in self.side], np.float64)

    @property
    def held_ms(self) -> Int64Array:
        """Time from entry to exit."""
        return self.exit_time_ms - self.entry_time_ms
