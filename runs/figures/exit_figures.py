"""How positions were left, as plain figures: reasons, ladder rungs, liquidations and funding."""

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from core.events import TradeRow
from core.exact import EXACT, ZERO
from execution.money.closed_trade import ClosedTrade
from runs.documents.symbol_result import Rung, TagResult
from runs.ended_session import EndedAccount


class Exits(msgspec.Struct, frozen=True, kw_only=True):
    """How positions were left, by the names of ``RunStatistics``."""

    exits: dict[str, int]
    liquidations: int
    break_even_exits: int
    time_stops: int
    ladder: list[Rung]
    tags: list[TagResult] | UnsetType
    funding_received: float
    funding_paid: float


class SymbolExits(msgspec.Struct, frozen=True, kw_only=True):
    """How positions of one symbol were left, by the names of ``SymbolResult``."""

    exits: dict[str, int]
    liquidations: int
    ladder: list[Rung]
    funding_net: float


class _RungSum:
    """What one rung of the ladder came to so far."""

    def __init__(self) -> None:
        self.fills = 0
        self.positions: set[int] = set()
        self.quantity = self.realized = ZERO


def exits_of(account: EndedAccount) -> Exits:
    """Return counts of exits, the figures of the ladder's rungs that filled, and what funding came and went."""
    exits = account.exits
    return Exits(
        exits=dict(sorted(exits.items())),
        liquidations=exits["liquidation"],
        break_even_exits=exits["break_even"],
        time_stops=exits["time_stop"],
        ladder=_ladder(account.rows) if account.rung_fills else [],
        tags=_tags(account.closed) or UNSET,
        funding_received=float(EXACT.add(account.funding_net, account.funding_paid)),
        funding_paid=float(account.funding_paid),
    )


def exits_by_symbol(account: EndedAccount, symbols: Iterable[str]) -> dict[str, SymbolExits]:
    """Return each symbol's closing fills by reason, liquidations, rungs, and the funding received (below 0: paid)."""
    exits: dict[str, Counter[str]] = {symbol: Counter() for symbol in symbols}
    funding = dict.fromkeys(exits, ZERO)
    for part in account.parts_closed:
        exits[part.symbol][part.reason] += 1
        funding[part.symbol] = EXACT.add(funding[part.symbol], part.funding)
    rows: dict[str, list[TradeRow]] = {symbol: [] for symbol in exits}
    for row in account.rows if account.rung_fills else ():
        rows[row.symbol].append(row)
    for symbol, holding in account.holdings.items():
        funding[symbol] = EXACT.add(funding[symbol], holding.entry.funding)
    return {
        symbol: SymbolExits(
            exits=dict(sorted(counts.items())),
            liquidations=counts["liquidation"],
            ladder=_ladder(rows[symbol]) if account.rung_fills else [],
            funding_net=float(funding[symbol]),
        )
        for symbol, counts in exits.items()
    }


def _tags(closed: Sequence[ClosedTrade]) -> list[TagResult]:
    """Return the figures of every tag, by name; trades without one are left out."""
    results: dict[str, list[Decimal]] = {}
    for trade in closed:
        if trade.tag:
            results.setdefault(trade.tag, []).append(trade.realized_pnl)
    return [
        TagResult(
            tag=tag,
            trades=len(own),
            winning_trades=sum(result > 0 for result in own),
            realized_pnl=float(functools.reduce(EXACT.add, own)),
        )
        for tag, own in sorted(results.items())
    ]


def _ladder(rows: Sequence[TradeRow]) -> list[Rung]:
    """Return each rung's figures; a position counts from its first entry, whatever is added to it."""
    rungs: dict[int, _RungSum] = {}
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
        if row.rung:
            rung = rungs.setdefault(row.rung, _RungSum())
            rung.fills += 1
            rung.positions.add(position[row.symbol])
            rung.quantity = EXACT.add(rung.quantity, row.quantity)
            rung.realized = EXACT.add(rung.realized, row.realized_pnl)
    return [
        Rung(
            rung=number,
            fills=rung.fills,
            reached_pct=100.0 * len(rung.positions) / entered,
            quantity=float(rung.quantity),
            realized_pnl=float(rung.realized),
        )
        for number, rung in sorted(rungs.items())
    ]
