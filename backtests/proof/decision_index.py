"""Decisions of a run by what a parity check asks for: the entry order, or the time and symbol."""

from collections.abc import Container
from pathlib import Path

import msgspec


class Decision(msgspec.Struct, frozen=True):
    """What became of one opinion; ``reason`` is that of a refusal, ``entry_order_id`` that of an accepted entry."""

    time: str
    symbol: str
    reason: str | None
    entry_order_id: str | None


class _Line(msgspec.Struct):
    """What a check reads of a line of ``decisions.jsonl``; it has more fields, and other events have fewer."""

    event: str
    time: str
    symbol: str | None = None
    reason: str | None = None
    order_id: str | None = None
    entry_order_id: str | None = None


class DecisionIndex:
    """The decisions of a ``decisions.jsonl``, and the orders that were cancelled."""

    def __init__(self, decisions: Path) -> None:
        self._by_order: dict[str, Decision] = {}
        self._by_time: dict[tuple[str, str], Decision] = {}
        self._cancelled: dict[str, str | None] = {}
        with decisions.open("rb") as lines:
            for line in map(msgspec.json.Decoder(_Line).decode, lines):
                if line.event == "decision" and line.symbol is not None:
                    self._add(Decision(line.time, line.symbol, line.reason, line.entry_order_id))
                elif line.event == "order_cancelled" and line.order_id is not None:
                    self._cancelled[line.order_id] = line.reason

    def _add(self, decision: Decision) -> None:
        self._by_time[decision.time, decision.symbol] = decision
        if decision.entry_order_id is not None:
            self._by_order[decision.entry_order_id] = decision

    def of_entry(self, order_id: str) -> Decision | None:
        """Return the decision that submitted an entry."""
        return self._by_order.get(order_id)

    def at(self, time: str, symbol: str) -> Decision | None:
        """Return the decision on a symbol in a step; None where its strategy was silent."""
        return self._by_time.get((time, symbol))

    def not_entered(self, reasons: Container[str]) -> dict[tuple[str, str], str]:
        """Return the decisions, by time and symbol, that led to no position for one of some reasons, with it."""
        why = {place: self.why_not_entered(decision) for place, decision in self._by_time.items()}
        return {place: reason for place, reason in why.items() if reason is not None and reason in reasons}

    def why_not_entered(self, decision: Decision) -> str | None:
        """Return the reason for which a decision led to no position: refused, or accepted and cancelled."""
        if decision.entry_order_id is not None:
            return self._cancelled.get(decision.entry_order_id)
        return decision.reason
