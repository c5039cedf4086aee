"""What an operator asks of one symbol between two steps, recorded with what came of it."""

from core.errors import InvariantError
from engine.components import Components


def close_position(parts: Components, symbol: str, time_ms: int | None) -> None:
    """Queue a market close of a position for its symbol's next open; one that waits already stands."""
    holdings, closes, order_id = parts.account.holdings, parts.book.closes, None
    reason = "no_position" if symbol not in holdings else "close_waiting" if symbol in closes else None
    if reason is None and time_ms is not None:
        order_id = parts.queue_close(symbol, time_ms, "operator")
    note_command(parts, time_ms, "close", symbol, order_id=order_id, reason=reason)


def cancel_entry(parts: Components, symbol: str, time_ms: int | None) -> None:
    """Cancel the entry that waits or rests."""
    entry = parts.book.entries.get(symbol)
    order_id, reason = (None, "no_entry_waiting") if entry is None else (entry.order_id, None)
    note_command(parts, time_ms, "cancel", symbol, order_id=order_id, reason=reason)
    if entry is not None and time_ms is not None:
        parts.cancel_entry(symbol, time_ms, "operator")


def note_command(
    parts: Components, time_ms: int | None, command: str, symbol: str | None = None, **outcome: str | None
) -> None:
    """Record a command at the time of the last step; before the first there is none, and nothing to act on."""
    if symbol is not None and all(state.symbol != symbol for state in parts.states):
        raise InvariantError(f"the command {command} names {symbol}, which is no symbol of the session")
    if time_ms is not None:
        parts.outputs.decisions.write(time_ms, symbol, "command", {"command": command, **outcome})
