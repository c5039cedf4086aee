"""Round trips read back from two trade logs, and which of them are the same trade.

Trades are matched on symbol, side and entry time, never on order ids: one trade more shifts every id after it.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from backtests.indexed_outputs import StepIndex
from backtests.recorded_session import TRADES
from core.errors import InvariantError

Verdict = Literal["matched", "missing", "extra", "different"]

ENTRY_FIELDS = ("entry_price", "quantity")
EXIT_FIELDS = ("exit_time", "exit_price", "reason")
COMPARED = (*ENTRY_FIELDS, *EXIT_FIELDS)


class RoundTrip(msgspec.Struct, frozen=True):
    """A position from its entry to its exit, in the exact texts of the trade log.

    The exit is None while the position is open. ``entry_step_ms`` and ``exit_step_ms`` are the steps in which the rows
    were written: a fill at an open has the open's time and is known one candle later.
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

    @property
    def key(self) -> tuple[str, str, str]:
        """What a trade is matched on."""
        return self.symbol, self.side, self.entry_time


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
    offset = 0
    with trade_log.open("rb") as file:
        columns = next(csv.reader([file.readline().decode()]))
        offset = file.tell()
        for line in file:
            row = dict(zip(columns, next(csv.reader([line.decode()])), strict=True))
            step_ms = index.step_at(TRADES, offset)
            offset += len(line)
            if step_ms is None:
                raise InvariantError(f"{trade_log.name}: a row that no step wrote: {line!r}")
            if row["action"] == "OPEN":
                open_at[row["symbol"]] = len(trips)
                trips.append(_opened(row, step_ms))
            else:
                place = open_at.pop(row["symbol"])
                trips[place] = _closed(trips[place], row, step_ms)
    return trips


def _opened(row: Mapping[str, str], step_ms: int) -> RoundTrip:
    return RoundTrip(
        row["symbol"], row["side"], row["timestamp"], row["price"], row["quantity"], row["order_id"], step_ms
    )


def _closed(trip: RoundTrip, row: Mapping[str, str], step_ms: int) -> RoundTrip:
    return msgspec.structs.replace(
        trip,
        exit_time=row["timestamp"],
        exit_price=row["price"],
        reason=row["reason"],
        realized_pnl=row["realized_pnl"],
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
    fields = tuple(name for name in COMPARED if getattr(session, name) != getattr(history, name))
    return TradeMatch("different" if fields else "matched", session, history, fields)
