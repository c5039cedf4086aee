"""One decision: an opinion, every gate's verdict on it with its inputs, and what came of it."""

from collections.abc import Mapping
from typing import Any

from core.trading_signal import Signal
from strategies.plain_metadata import plain_metadata


class DecisionRecord:
    """Collects the verdicts on one signal; ``reason`` is that of the refusal, None when nothing was refused."""

    __slots__ = (
        "_gates",
        "_signal",
        "close_order_id",
        "entry_order_id",
        "reason",
        "refuse_entries",
        "symbol",
        "time_ms",
    )

    def __init__(self, time_ms: int, symbol: str, signal: Signal, refuse_entries: str | None = None) -> None:
        self.refuse_entries = refuse_entries
        self.time_ms = time_ms
        self.symbol = symbol
        self._signal = signal
        self._gates: list[dict[str, Any]] = []
        self.reason: str | None = None
        self.entry_order_id: str | None = None
        self.close_order_id: str | None = None

    def approve(self, gate: str, inputs: Mapping[str, Any]) -> None:
        """Note that a gate let the signal pass."""
        self._gates.append({"gate": gate, "verdict": "approved", "inputs": inputs})

    def refuse(self, gate: str, reason: str, inputs: Mapping[str, Any]) -> None:
        """Note that a gate refused the entry."""
        self.reason = reason
        self._gates.append({"gate": gate, "verdict": "refused", "reason": reason, "inputs": inputs})

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON-able values."""
        signal = self._signal
        return {
            "signal": {
                "direction": signal.direction,
                "sl_distance": signal.sl_distance,
                "tp_distance": signal.tp_distance,
                "atr": signal.atr,
                "reason": signal.reason,
                "inputs": plain_metadata(signal.metadata),
            },
            "gates": self._gates,
            "reason": self.reason,
            "entry_order_id": self.entry_order_id,
            "close_order_id": self.close_order_id,
        }
