"""The rules of one session that its phases read."""

from decimal import Decimal
from typing import Literal

import msgspec

from core.candle_move import DEFAULT_MAX_CANDLE_MOVE
from core.exact import ZERO
from core.orders import TimeInForce


class KernelRules(msgspec.Struct, frozen=True):
    """Settings that decide when things happen and what signals become.

    Times are counted in multiples of ``timeframe_ms``; ``detail_ms`` is the length of the finer candles that orders are
    matched with, None where there are none. ``trailing_atr`` is the trailing stop's distance in ATR,
    ``marks`` says that liquidation is judged on mark prices.
    ``strategy_place`` is file and line of what decides, empty where it has none.
    ``max_candle_move`` is the factor above which a candle halts the entries of a symbol that has a position.
    """

    timeframe_ms: int
    entry_fill: Literal["next_open", "close", "next_typical"]
    on_opposite_signal: Literal["ignore", "close", "reverse"]
    max_order_wait: int
    max_gap: int
    on_halt: Literal["hold", "flatten"]
    on_kill: Literal["hold", "flatten"]
    warmup_candles: int
    strategy_name: str
    detail_ms: int | None = None
    entry_order: Literal["market", "limit", "stop"] = "market"
    entry_offset: Decimal = ZERO
    entry_time_in_force: TimeInForce = TimeInForce.GTD
    entry_expiry: int = 3
    post_only: bool = False
    max_entries: int = 1
    max_holding: int | None = None
    max_candle_move: float = DEFAULT_MAX_CANDLE_MOVE
    trailing_atr: float | None = None
    strategy_place: str = ""
    funding: bool = False
    marks: bool = False

    @property
    def longest_open_distance_ms(self) -> int:
        """Largest distance between the opens of two candles of one segment."""
        return (self.max_gap + 1) * self.timeframe_ms

    @property
    def order_wait_ms(self) -> int:
        """How long after its acceptance an entry may still fill."""
        return self.max_order_wait * self.timeframe_ms
