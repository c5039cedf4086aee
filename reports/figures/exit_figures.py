"""How positions were left, as plain figures: reasons, ladder rungs, liquidations and funding."""

import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from core.events import TradeRow
from core.exact import EXACT, ZERO
from engine.session import Session


class _Rung:
    """What one rung of the ladder came to."""

    def __init__(self) -> None:
        self.fills = 0
        self.positions: set[int] = set()
        self.quantity = self.realized = ZERO


def exit_statistics(session: Session) -> dict[str, Any]:
    """Return counts of exits, the ladder's figures and the funding that was paid and received.

    Returns
    -------
    dict
        ``exits`` counts closing fills by reason; ``liquidations``, ``break_even_exits`` and ``time_stops`` are among
        them. ``ladder`` has an entry for every rung that filled: its number ``rung``, ``fills``, ``reached_pct`` (per
        cent of all positions entered), ``quantity`` in base units and ``realized_pnl``. ``funding_received`` and
        ``funding_paid`` are sums of what came and of what went, neither below 0.
    """
    account = session.account
    exits = account.exits
    return {
        "exits": dict(sorted(exits.items())),
        "liquidations": exits["liquidation"],
        "break_even_exits": exits["break_even"],
        "time_stops": exits["time_stop"],
        "ladder": _ladder(account.rows) if account.rung_fills else [],
        "funding_received": float(EXACT.add(account.funding_net, account.funding_paid)),
        "funding_paid": float(account.funding_paid),
    }


def exits_by_symbol(session: Session) -> dict[str, dict[str, Any]]:
    """Return each symbol's closing fills by reason, liquidations, rungs, and the funding received (below 0: paid)."""
    account = session.account
    exits: dict[str, Counter[str]] = {symbol: Counter() for symbol in session.instruments}
    funding = dict.fromkeys(exits, ZERO)
    rows: dict[str, list[TradeRow]] = {symbol: [] for symbol in exits}
    for row in account.rows:
        rows[row.symbol].append(row)
        if row.action == "CLOSE":
            exits[row.symbol][row.reason] += 1
            if '"funding"' in row.metadata:
                amount = Decimal(json.loads(row.metadata)["funding"])
                funding[row.symbol] = EXACT.add(funding[row.symbol], amount)
    for symbol, holding in account.holdings.items():
        funding[symbol] = EXACT.add(funding[symbol], holding.entry.funding)
    return {
        symbol: {
            "exits": dict(sorted(counts.items())),
            "liquidations": counts["liquidation"],
            "ladder": _ladder(rows[symbol]) if account.rung_fills else [],
            "funding_net": float(funding[symbol]),
        }
        for symbol, counts in exits.items()
    }


def _ladder(rows: Sequence[TradeRow]) -> list[dict[str, Any]]:
    """Return each rung's figures; a position counts from its first entry, whatever is added to it."""
    rungs: dict[int, _Rung] = {}
    held: dict[str, Decimal] = {}
    position: dict[str, int] = {}
    entered = 0
    for row in rows:
        before = held.get(row.symbol, ZERO)
        if row.action == "OPEN":
            held[row.symbol] = EXACT.add(before, row.quantity)
            if not before:
                entered += 1
                position[row.symbol] = entered
            continue
        held[row.symbol] = EXACT.subtract(before, row.quantity)
        if '"rung"' in row.metadata:
            rung = rungs.setdefault(json.loads(row.metadata)["rung"], _Rung())
            rung.fills += 1
            rung.positions.add(position[row.symbol])
            rung.quantity = EXACT.add(rung.quantity, row.quantity)
            rung.realized = EXACT.add(rung.realized, row.realized_pnl)
    return [
        {
            "rung": number,
            "fills": rung.fills,
            "reached_pct": 100.0 * len(rung.positions) / entered,
            "quantity": float(rung.quantity),
            "realized_pnl": float(rung.realized),
        }
        for number, rung in sorted(rungs.items())
    ]
