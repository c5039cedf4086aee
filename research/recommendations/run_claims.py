"""Claims about where a system trades: the symbols and the timeframe on which it earns out of sample."""

from collections.abc import Sequence

import msgspec
import numpy as np

from core.timeframe import DAY_MS
from research.recommendations.change import Claim, Pair
from research.recommendations.judged_claims import Evidence, Finding
from research.recommendations.searched_windows import SearchedWindow
from research.recommendations.system_now import SystemNow
from research.recommendations.unsearched_runs import (
    UnsearchedRun,
    daily_returns,
    earned_by_symbol,
    runs_with,
    unsearched_runs,
)
from runs.store.run_store import RunStore

SYMBOLS, TIMEFRAME = "symbols", "timeframe"


def symbol_evidence(system: SystemNow, windows: Sequence[SearchedWindow], store: RunStore) -> list[Evidence]:
    """Return a claim for each symbol: that the system does better without it, or with it where it has it not.

    What a symbol brought is the result of its trades by day of exit, as a share of the capital; what others would have
    made of the room that it took is not in it. A symbol that the system has not is seen in runs of the same settings
    with other symbols.
    """
    live = system.system.settings.live
    own = list(live.symbols)
    pairs: dict[str, list[Pair]] = {symbol: [] for symbol in own}
    for one in unsearched_runs(system, windows, store):
        for symbol, pair in _by_symbol(one, store).items():
            if symbol in own:
                lost = msgspec.structs.replace(pair, differences=-pair.differences)
                pairs[symbol].append(lost)
    for one in _with_other_symbols(system, windows, store):
        for symbol, pair in _by_symbol(one, store).items():
            if symbol not in own:
                pairs.setdefault(symbol, []).append(pair)
    found = []
    for symbol, seen in pairs.items():
        recommended = [one for one in own if one != symbol] if symbol in own else [*own, symbol]
        claim = Claim(
            kind="symbols",
            system=system.id,
            current={SYMBOLS: own},
            recommended={SYMBOLS: recommended},
            because=f"{'without' if symbol in own else 'with'} {symbol}",
        )
        if recommended:
            found.append(Evidence(claim=claim, own=seen))
    return found


def together(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings with those about symbols of one system made one, which changes all of them.

    What the symbols bring adds up day by day, and so do the ends of their intervals: all of them hold at once. Of a
    system that loses on every symbol nothing is left to recommend: it goes.
    """
    found = [one for one in findings if one.claim.kind != "symbols"]
    systems = dict.fromkeys(one.claim.system for one in findings if one.claim.kind == "symbols")
    for system in systems:
        several = [one for one in findings if one.claim.kind == "symbols" and one.claim.system == system]
        own = several[0].claim.current[SYMBOLS]
        kept = [one for one in own if all(one in finding.claim.recommended[SYMBOLS] for finding in several)]
        added = [one for finding in several for one in finding.claim.recommended[SYMBOLS] if one not in own]
        if not kept + added:
            continue
        first = several[0]
        claim = msgspec.structs.replace(
            first.claim,
            recommended={SYMBOLS: kept + added},
            because=", ".join(one.claim.because for one in several),
        )
        found.append(
            msgspec.structs.replace(
                first,
                claim=claim,
                change=msgspec.structs.replace(first.change, mean=sum(one.change.mean for one in several)),
                low=sum(one.low for one in several),
                high=sum(one.high for one in several),
                probability=min(one.probability for one in several),
                better=min(one.better for one in several),
                pairs=[pair for one in several for pair in one.pairs],
            )
        )
    return found


def timeframe_evidence(system: SystemNow, windows: Sequence[SearchedWindow], store: RunStore) -> list[Evidence]:
    """Return a claim for each timeframe on which the system was run with all else the same, over the same ranges."""
    own = system.system.settings.live.timeframe
    others = {row.timeframe for row in store.runs() if row.strategy and row.timeframe not in (None, own)}
    known = {one.window: one for one in unsearched_runs(system, windows, store) if not one.fold}
    found = []
    for other in sorted(str(one) for one in others):
        pairs = []
        for one in runs_with(system, system.settings_with({TIMEFRAME: other}), windows, store):
            if one.window in known:
                pairs.append(_between(one, known[one.window], store))
        if pairs:
            claim = Claim(
                kind="timeframe",
                system=system.id,
                current={TIMEFRAME: own},
                recommended={TIMEFRAME: other},
                because=f"runs on {other} beside those on {own}",
            )
            found.append(Evidence(claim=claim, own=pairs))
    return found


def _with_other_symbols(system: SystemNow, windows: Sequence[SearchedWindow], store: RunStore) -> list[UnsearchedRun]:
    own = system.system.settings.live.symbols
    lists = {tuple(row.symbols) for row in store.runs() if not set(row.symbols) <= set(own)}
    return [
        run
        for symbols in sorted(lists)
        for run in runs_with(system, system.settings_with({SYMBOLS: list(symbols)}), windows, store)
    ]


def _by_symbol(one: UnsearchedRun, store: RunStore) -> dict[str, Pair]:
    first = one.window.start_ms // DAY_MS
    return {
        symbol: Pair(
            window=one.window,
            days=first + np.arange(len(earned), dtype=np.int64),
            differences=earned,
            trades=trades,
            market=symbol,
            runs=(one.row.run_id,),
        )
        for symbol, (earned, trades) in earned_by_symbol(one.row, store).items()
    }


def _between(changed: UnsearchedRun, now: UnsearchedRun, store: RunStore) -> Pair:
    with_it, without = daily_returns(changed.row, store), daily_returns(now.row, store)
    days, differences = with_it.less(without)
    before = float(np.std(without.returns)) if len(without.returns) else 0.0
    return Pair(
        window=changed.window,
        days=days,
        differences=differences,
        trades=changed.row.trades or 0,
        market=str(changed.row.timeframe),
        runs=(changed.row.run_id, now.row.run_id),
        risk=float(np.std(with_it.returns)) / before if before > 0.0 else None,
    )
