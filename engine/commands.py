"""What an operator asks between two steps, told with what came of it."""

from collections.abc import Sequence

from core.errors import InvariantError
from core.events import CommandTaken
from core.reasons import CommandRefusal
from engine.deciding.gates import Gates
from execution.matching.paper_venue import PaperVenue


class Commands:
    """Obeys an operator.

    ``paused`` says that every new entry is to be refused. A command before the first step, which has no time yet, is
    not told, and there is nothing for it to act on.

    Parameters
    ----------
    symbols, venue, gates
        Of the session.
    """

    def __init__(self, symbols: Sequence[str], venue: PaperVenue, gates: Gates) -> None:
        self.paused = False
        self._symbols = symbols
        self._venue = venue
        self._gates = gates

    def pause(self, paused: bool, time_ms: int | None) -> None:
        """Refuse every entry decided from now on, or let the gates decide again."""
        if paused != self.paused:
            self.paused = paused
            if time_ms is not None:
                self._venue.recorder(CommandTaken(time_ms, "pause" if paused else "resume"))

    def close_position(self, symbol: str, time_ms: int | None) -> None:
        """Queue a market close of a position for its symbol's next open; one that waits already stands."""
        self._require(symbol, "close")
        if time_ms is None:
            return
        holdings, closes, order_id = self._venue.account.holdings, self._venue.book.closes, None
        reason: CommandRefusal | None = (
            "no_position" if symbol not in holdings else "close_waiting" if symbol in closes else None
        )
        if reason is None:
            order_id = self._gates.queue_close(symbol, time_ms, "operator")
        self._venue.recorder(CommandTaken(time_ms, "close", symbol, order_id, reason))

    def cancel_entry(self, symbol: str, time_ms: int | None) -> None:
        """Cancel the entry that waits or rests."""
        self._require(symbol, "cancel")
        if time_ms is None:
            return
        entry = self._venue.book.entries.get(symbol)
        told = CommandTaken(time_ms, "cancel", symbol, reason="no_entry_waiting")
        self._venue.recorder(told if entry is None else CommandTaken(time_ms, "cancel", symbol, entry.order_id))
        self._venue.book.cancel_entry(symbol, time_ms, "operator")

    def _require(self, symbol: str, command: str) -> None:
        if symbol not in self._symbols:
            raise InvariantError(f"the command {command} names {symbol}, which is no symbol of the session")
