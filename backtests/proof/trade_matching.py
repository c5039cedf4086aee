"""Round trips read back from two trade logs, and which of them are the same trade.

Trades are matched on symbol, side and entry time, never on order ids: one trade more shifts every id after it. A trade
may be entered and left in several parts; those of two trades that match are compared in their order.
"""

import csv
import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from backtests.proof.indexed_outputs import StepIndex
from core.errors import InvariantError
from core.event_lines import cell_text
from core.exact import EXACT, ZERO, plain
from runs.folder.file_names import TRADES

Verdict = Literal["matched", "missing", "extra", "different"]

ENTRY_FIELDS = ("entry_price", "quantity", "added")
EXIT_FIELDS = ("earlier_exits", "exit_time", "exit_price", "reason")
COMPARED = (*ENTRY_FIELDS, *EXIT_FIELDS)


class TradePart(msgspec.Struct, frozen=True):
    """One fill of a trade in the exact texts of the trade log, and the step in which its row was written."""

    time: str
    price: str
    quantity: str
    reason: str
    order_id: str
    step_ms: int

    @property
    def compared(self) -> tuple[str, str, str, str]:
        """What must be equal."""
        return self.time, self.price, self.quantity, self.reason


class RoundTrip(msgspec.Struct, frozen=True):
    """A position from its entry to its exit, in the exact texts of the trade log.

    The entry is the first fill, ``added`` are those that came to it. The exit is the fill that closed the position
    entirely, None while it is open; ``earlier_exits`` are those that closed a part. ``realized_pnl`` is that of all
    exits so far. ``entry_step_ms`` and ``exit_step_ms`` are the steps in which the rows were written: a fill at an open
    has the open's time and is known one candle later.
    """

    symbol: str
    side: str
    entry_time: str
    entry_price: str
    quantity: str
    order_id: str
    entry_step_ms: int
    exit_time: str | None = None
    exit_price: str | None = None
    reason: str | None = None
    realized_pnl: str | None = None
    exit_step_ms: int | None = None
    added: tuple[TradePart, ...] = ()
    earlier_exits: tuple[TradePart, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What a trade is matched on."""
        return self.symbol, self.side, self.entry_time

    @property
    def exits(self) -> tuple[TradePart, ...]:
        """All exits in order; the one that closed the position has what was left, and no quantity of its own."""
        if self.exit_time is None or self.exit_price is None or self.exit_step_ms is None:
            return self.earlier_exits
        last = TradePart(self.exit_time, self.exit_price, "", self.reason or "", "", self.exit_step_ms)
        return (*self.earlier_exits, last)

    def compared(self, field: str) -> object:
        """Return what must be equal of a field: of parts neither order ids nor steps."""
        value = getattr(self, field)
        return [part.compared for part in value] if isinstance(value, tuple) else value


class TradeMatch(msgspec.Struct, frozen=True):
    """A trade of the session, of history, or of both.

    ``missing`` has history alone, ``extra`` has the session alone; ``fields`` names what differs where both have it.
    """

    verdict: Verdict
    session: RoundTrip | None
    history: RoundTrip | None
    fields: tuple[str, ...] = ()

    @property
    def trade(self) -> RoundTrip:
        """The trade, the session's where both have it."""
        one = self.session or self.history
        if one is None:
            raise InvariantError("a match of no trade")
        return one


def first_difference(
    session: Sequence[TradePart], history: Sequence[TradePart]
) -> tuple[TradePart | None, TradePart | None]:
    """Return the first parts that differ, None where a run has no more of them; two None where all are equal."""
    for mine, theirs in itertools.zip_longest(session, history):
        if mine is None or theirs is None or mine.compared != theirs.compared:
            return mine, theirs
    return None, None


def read_round_trips(trade_log: Path, index: StepIndex) -> list[RoundTrip]:
    """Return the round trips of a trade log in order of their entries.

    Parameters
    ----------
    trade_log
        A whole log with its header, as a replay wrote it.
    index
        Tells in which step each row was written.
    """
    trips: list[RoundTrip] = []
    open_at: dict[str, int] = {}
    held: dict[str, Decimal] = {}
    offset = 0
    with trade_log.open("rb") as file:
        columns = next(csv.reader([file.readline().decode()]))
        offset = file.tell()
        for line in file:
            row = dict(zip(columns, map(cell_text, next(csv.reader([line.decode()]))), strict=True))
            step_ms = index.step_at(TRADES, offset)
            offset += len(line)
            if step_ms is None:
                raise InvariantError(f"{trade_log.name}: a row that no step wrote: {line!r}")
            symbol, quantity = row["symbol"], Decimal(row["quantity"])
            if symbol not in open_at:
                open_at[symbol] = len(trips)
                held[symbol] = quantity
                trips.append(_opened(row, step_ms))
                continue
            place = open_at[symbol]
            if row["action"] == "OPEN":
                held[symbol] = EXACT.add(held[symbol], quantity)
                trips[place] = _added(trips[place], row, step_ms)
                continue
            held[symbol] = EXACT.subtract(held[symbol], quantity)
            trips[place] = _closed(trips[place], row, step_ms, whole=not held[symbol])
            if not held[symbol]:
                del open_at[symbol]
    return trips


def _opened(row: Mapping[str, str], step_ms: int) -> RoundTrip:
    if row["action"] != "OPEN":
        raise InvariantError(f"{row['symbol']}: a position is closed at {row['timestamp']} that was never opened")
    return RoundTrip(
        row["symbol"], row["side"], row["timestamp"], row["price"], row["quantity"], row["order_id"], step_ms
    )


def _part(row: Mapping[str, str], step_ms: int) -> TradePart:
    return TradePart(row["timestamp"], row["price"], row["quantity"], row["reason"], row["order_id"], step_ms)


def _added(trip: RoundTrip, row: Mapping[str, str], step_ms: int) -> RoundTrip:
    return msgspec.structs.replace(trip, added=(*trip.added, _part(row, step_ms)))


def _closed(trip: RoundTrip, row: Mapping[str, str], step_ms: int, *, whole: bool) -> RoundTrip:
    before = ZERO if trip.realized_pnl is None else Decimal(trip.realized_pnl)
    realized = plain(EXACT.add(before, Decimal(row["realized_pnl"])))
    if not whole:
        parts = (*trip.earlier_exits, _part(row, step_ms))
        return msgspec.structs.replace(trip, realized_pnl=realized, earlier_exits=parts)
    return msgspec.structs.replace(
        trip,
        exit_time=row["timestamp"],
        exit_price=row["price"],
        reason=row["reason"],
        realized_pnl=realized,
        exit_step_ms=step_ms,
    )


def match_trades(session: Sequence[RoundTrip], history: Sequence[RoundTrip]) -> list[TradeMatch]:
    """Return every trade of either run, in order of entry time; of one time in the order of the logs.

    Trades with the same symbol, side and entry time are paired in the order of the logs.
    """
    waiting: dict[tuple[str, str, str], list[RoundTrip]] = defaultdict(list)
    for trip in history:
        waiting[trip.key].append(trip)
    matches = []
    for trip in session:
        partners = waiting[trip.key]
        matches.append(_matched(trip, partners.pop(0)) if partners else TradeMatch("extra", trip, None))
    matches += [TradeMatch("missing", None, trip) for partners in waiting.values() for trip in partners]
    return sorted(matches, key=lambda match: match.trade.entry_time)


def _matched(session: RoundTrip, history: RoundTrip) -> TradeMatch:
    fields = tuple(name for name in COMPARED if session.compared(name) != history.compared(name))
    return TradeMatch("different" if fields else "matched", session, history, fields)
