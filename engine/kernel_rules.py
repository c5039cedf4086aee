"""The rules of one session that its phases read."""

from typing import Literal

import msgspec


class KernelRules(msgspec.Struct, frozen=True):
    """Settings that decide when things happen; times are counted in multiples of ``timeframe_ms``."""

    timeframe_ms: int
    entry_fill: Literal["next_open", "close"]
    on_opposite_signal: Literal["ignore", "close", "reverse"]
    max_order_wait: int
    max_gap: int
    on_halt: Literal["hold", "flatten"]
    on_kill: Literal["hold", "flatten"]
    warmup_candles: int
    strategy_name: str

    @property
    def longest_open_distance_ms(self) -> int:
        """Largest distance between the opens of two candles of one segment."""
        return (self.max_gap + 1) * self.timeframe_ms

    @property
    def order_wait_ms(self) -> int:
        """How long after its acceptance an entry may still fill."""
        return self.max_order_wait * self.timeframe_ms
