"""How positions were left, as plain figures: reasons, ladder rungs, liquidations and funding."""

import functools
from collections.abc import Collection, Iterable, Mapping

import msgspec
from msgspec import UNSET, UnsetType

from core.exact import EXACT
from execution.money.account_totals import FillTotals, ResultSum, RungSum
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


def exits_of(account: EndedAccount) -> Exits:
    """Return counts of exits, the figures of the ladder's rungs that filled, and what funding came and went."""
    exits = account.exits
    return Exits(
        exits=dict(sorted(exits.items())),
        liquidations=exits["liquidation"],
        break_even_exits=exits["break_even"],
        time_stops=exits["time_stop"],
        ladder=_ladder(account.totals.by_symbol.values()),
        tags=_tags(account.totals.trades.by_tag) or UNSET,
        funding_received=float(EXACT.add(account.funding_net, account.funding_paid)),
        funding_paid=float(account.funding_paid),
    )


def exits_by_symbol(account: EndedAccount, symbols: Iterable[str]) -> dict[str, SymbolExits]:
    """Return each symbol's closing fills by reason, liquidations, rungs, and the funding received (below 0: paid)."""
    found = {symbol: account.totals.by_symbol.get(symbol, FillTotals()) for symbol in symbols}
    funding = {symbol: one.funding for symbol, one in found.items()}
    for symbol, received in account.open_funding.items():
        funding[symbol] = EXACT.add(funding[symbol], received)
    return {
        symbol: SymbolExits(
            exits=dict(sorted(one.exits.items())),
            liquidations=one.exits["liquidation"],
            ladder=_ladder([one]),
            funding_net=float(funding[symbol]),
        )
        for symbol, one in found.items()
    }


def _tags(by_tag: Mapping[str, ResultSum]) -> list[TagResult]:
    """Return the figures of every tag, by name."""
    return [
        TagResult(tag=tag, trades=one.trades, winning_trades=one.won, realized_pnl=float(one.realized))
        for tag, one in sorted(by_tag.items())
    ]


def _ladder(symbols: Collection[FillTotals]) -> list[Rung]:
    """Return each rung's figures, over some symbols."""
    entered = sum(one.positions for one in symbols)
    rungs: dict[int, list[RungSum]] = {}
    for one in symbols:
        for number, rung in one.rungs.items():
            rungs.setdefault(number, []).append(rung)
    return [
        Rung(
            rung=number,
            fills=sum(one.fills for one in own),
            reached_pct=100.0 * sum(one.positions for one in own) / entered,
            quantity=float(functools.reduce(EXACT.add, (one.quantity for one in own))),
            realized_pnl=float(functools.reduce(EXACT.add, (one.realized for one in own))),
        )
        for number, own in sorted(rungs.items())
    ]
