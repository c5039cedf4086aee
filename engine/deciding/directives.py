"""What a strategy asks of a position and a waiting entry beside entering: exits, moved levels, cancelled entries."""

import msgspec

from core.exact import computed, floor_to, multiply, received, subtract
from core.orders import ExitTarget, OrderRequest
from core.reasons import LevelRefusal
from core.trading_signal import Signal
from core.verdicts import LevelVerdict, PositionVerdict, Verdict
from engine.deciding.gates import Gates
from execution.matching.paper_venue import PaperVenue
from execution.orders.order import Order
from execution.orders.target_ladder import stop_on_tick, target_on_tick


class Directives:
    """Carries out what a signal says beside an entry; nothing here can open a position.

    Parameters
    ----------
    venue, gates
        Of the session.
    """

    def __init__(self, venue: PaperVenue, gates: Gates) -> None:
        self._venue = venue
        self._gates = gates
        self._holdings = venue.account.holdings
        self._protection = venue.matching.settlement.protection

    def obey(self, symbol: str, signal: Signal, time_ms: int, verdicts: list[Verdict]) -> str | None:
        """Cancel, move and close what a signal asks for, in this order; return the id of the close. Verdicts are added.

        What is refused hinders nothing else.
        """
        if signal.cancel_entry:
            self._cancel_entry(symbol, signal, time_ms, verdicts)
        if signal.move_stop is not None:
            verdicts.append(self._move_stop(symbol, signal.move_stop, time_ms))
        if signal.move_target is not None:
            verdicts.append(self._move_target(symbol, signal.move_target, time_ms))
        return self._exit(symbol, signal, time_ms, verdicts) if signal.direction == "EXIT" else None

    def _cancel_entry(self, symbol: str, signal: Signal, time_ms: int, verdicts: list[Verdict]) -> None:
        """Cancel the waiting entry; before another entry there need be none."""
        entry = self._venue.book.entries.get(symbol)
        if entry is not None:
            verdicts.append(PositionVerdict(waiting=entry.client_order_id))
            self._venue.book.cancel_entry(symbol, time_ms, "signal")
        elif signal.direction in ("EXIT", "ADJUST"):
            verdicts.append(PositionVerdict(reason="no_entry_waiting"))

    def _exit(self, symbol: str, signal: Signal, time_ms: int, verdicts: list[Verdict]) -> str | None:
        """Queue a close of the position, or of a fraction of it, down to the lot, for the next open.

        A whole one takes the place of one of a part, and cancels what would add to the position.
        """
        book, holding = self._venue.book, self._holdings.get(symbol)
        if holding is None:
            verdicts.append(PositionVerdict(reason="no_position"))
            return None
        side, held = holding.position.side.value, holding.entry.quantity
        lot = self._venue.account.pricing.rules(symbol).lot_size
        part = held if signal.fraction == 1.0 else floor_to(multiply(held, computed(signal.fraction)), lot)
        if symbol in book.closes or (part < held and symbol in book.exits):
            verdicts.append(PositionVerdict(position=side, reason="close_waiting"))
            return None
        if not part:
            verdicts.append(PositionVerdict(position=side, reason="below_lot_size"))
            return None
        verdicts.append(PositionVerdict(position=side, quantity=float(part)))
        if part < held:
            return self._gates.queue_close(symbol, time_ms, "exit_signal", part)
        book.cancel_entry(symbol, time_ms, "exit_signal")
        book.cancel_close(symbol, time_ms, "exit_signal")
        return self._gates.queue_close(symbol, time_ms, "exit_signal")

    def _move_stop(self, symbol: str, price: float, time_ms: int) -> LevelVerdict:
        holding, entry = self._holdings.get(symbol), self._venue.book.entries.get(symbol)
        if holding is not None:
            stood = None if holding.stop is None else holding.stop.stop_price
            refusal = self._protection.move_stop(holding, price, time_ms)
            return LevelVerdict("stop", price, None if stood is None else float(stood), reason=refusal)
        if entry is None or entry.request is None:
            return LevelVerdict("stop", price, reason="no_position")
        return self._move_waiting_stop(entry, entry.request, price, time_ms)

    def _move_waiting_stop(self, entry: Order, request: OrderRequest, price: float, time_ms: int) -> LevelVerdict:
        """Move the stop that a waiting entry will have; one at a distance is where it would be at the entry's price."""
        expected, long = entry.level or received(entry.decision_price), entry.sign > 0
        tick = self._venue.account.pricing.rules(entry.symbol).tick_size
        if request.stop_level is not None:
            stood = computed(request.stop_level)
        else:
            stood = subtract(expected, multiply(entry.sign, computed(request.stop_distance or 0.0)))
        level, stood = (stop_on_tick(one, tick, long=long) for one in (computed(price), stood))
        refusal: LevelRefusal | None = None
        if not (level > stood if long else level < stood):
            refusal = "stop_not_tighter"
        elif level >= expected if long else level <= expected:
            refusal = "stop_passed"
        else:
            moved = msgspec.structs.replace(request, stop_level=price)
            self._venue.book.rewrite_levels(entry, moved, time_ms)
        return LevelVerdict("stop", price, float(stood), entry.client_order_id, refusal)

    def _move_target(self, symbol: str, price: float, time_ms: int) -> LevelVerdict:
        holding, entry = self._holdings.get(symbol), self._venue.book.entries.get(symbol)
        if holding is not None:
            stood = None if holding.ladder or not holding.targets else holding.targets[0].price
            refusal = self._protection.move_target(holding, price, time_ms)
            return LevelVerdict("target", price, None if stood is None else float(stood), reason=refusal)
        if entry is None or entry.request is None:
            return LevelVerdict("target", price, reason="no_position")
        expected, long = entry.level or received(entry.decision_price), entry.sign > 0
        level = target_on_tick(computed(price), self._venue.account.pricing.rules(symbol).tick_size, long=long)
        if level <= expected if long else level >= expected:
            return LevelVerdict("target", price, waiting=entry.client_order_id, reason="target_passed")
        moved = msgspec.structs.replace(entry.request, targets=(ExitTarget(1.0, "price", price),))
        self._venue.book.rewrite_levels(entry, moved, time_ms)
        return LevelVerdict("target", price, waiting=entry.client_order_id)
