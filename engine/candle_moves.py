"""Candles that move by a factor no market moves by, while a position is open: the symbol takes no more entries."""

from collections.abc import Sequence
from typing import NamedTuple

from core.candle_move import candle_move
from core.events import CandleMove
from core.tolerance import TOLERANCE
from engine.deciding.gates import Gates
from engine.kernel_rules import KernelRules
from engine.symbol_state import PresentCandles
from execution.matching.paper_venue import PaperVenue


class Moved(NamedTuple):
    """A candle that moves too far; whether its symbol had a position before it, and how many fills it had had."""

    move: CandleMove
    held: bool
    fills_before: int


class CandleMoves:
    """Halts the entries of a symbol whose candle moved too far: a redenomination, or a fault of its source.

    ``told`` are the candles that did. The position's exits go on working; other symbols take no notice.

    Parameters
    ----------
    rules, venue, gates
        Of the session.
    """

    def __init__(self, rules: KernelRules, venue: PaperVenue, gates: Gates) -> None:
        self.told: list[CandleMove] = []
        self._limit = rules.max_candle_move * TOLERANCE
        self._venue = venue
        self._safety = gates.safety

    def beyond(self, matched: PresentCandles, time_ms: int) -> Sequence[Moved]:
        """Return the candles that move too far, of symbols that have a position or may get one in them."""
        found = []
        holdings, entries = self._venue.account.holdings, self._venue.book.entries
        for state, candle, _ in matched:
            symbol, before = state.symbol, state.last_close
            if before is not None and (symbol in holdings or symbol in entries):
                factor = candle_move(before, candle.high, candle.low)
                if factor > self._limit:
                    opened = candle.open_time_ms
                    move = CandleMove(time_ms, symbol, opened, before, candle.high, candle.low, factor)
                    found.append(Moved(move, symbol in holdings, self._fills(symbol)))
        return found

    def act(self, moved: Sequence[Moved]) -> None:
        """Halt the entries of each symbol that had a position in its candle, now that the candles are matched."""
        venue = self._venue
        for move, held, fills_before in moved:
            # A position may have begun and ended in the candle.
            if held or self._fills(move.symbol) > fills_before:
                self.told.append(move)
                venue.recorder(move)
                self._safety.halt_symbol(move.symbol, "halted_candle_move")
                venue.book.cancel_entry(move.symbol, move.time_ms, "halt")

    def _fills(self, symbol: str) -> int:
        return self._venue.account.totals.of(symbol).fills
