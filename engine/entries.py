"""Waiting entries: their expiry before everything else, and phase A2, their fill at the open."""

from core.candle import Step
from core.exact import received
from engine.components import Components
from engine.symbol_state import PresentCandles, SymbolState
from execution.waiting_orders import WaitingEntry


def expire_entries(parts: Components, step: Step) -> None:
    """Expire the entries whose deadline lies before this step and that no candle of the step can fill any more."""
    entries = parts.waiting.entries
    for state, candle in zip(parts.states, step.candles, strict=True):
        entry = entries.get(state.symbol)
        if entry is None or step.time_ms <= entry.deadline_ms:
            continue
        if candle is not None and candle.open_time_ms <= entry.deadline_ms:
            continue
        del entries[state.symbol]
        parts.statistics.orders_expired += 1
        parts.outputs.decisions.write(
            entry.deadline_ms,
            state.symbol,
            "order_expired",
            {"order_id": entry.order.order_id, "reason": "max_order_wait"},
        )


def entries_at_open(parts: Components, present: PresentCandles) -> None:
    """Phase A2: fill the waiting entries of the symbols that have a candle, at its open."""
    entries = parts.waiting.entries
    for state, candle in present:
        entry = entries.pop(state.symbol, None)
        if entry is not None:
            fill_entry(parts, state, entry, candle.open, candle.open_time_ms)


def fill_entry(
    parts: Components, state: SymbolState, entry: WaitingEntry, price: float, time_ms: int, *, mark: float | None = None
) -> None:
    """Fill an accepted entry from a price, or reject it when the balance cannot carry it; it is never resized."""
    result = parts.account.open_position(entry.order, received(price), time_ms, parts.spendable(), mark=mark)
    if result.success:
        parts.statistics.entries_filled += 1
        return
    parts.statistics.orders_rejected += 1
    parts.outputs.decisions.write(
        time_ms,
        state.symbol,
        "order_rejected",
        {
            "order_id": entry.order.order_id,
            "reason": "insufficient_balance",
            "price": price,
            "quantity": entry.order.quantity,
        },
    )
