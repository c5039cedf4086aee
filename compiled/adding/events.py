"""Adds up events as they happen: what fills and trades come to, and how often everything was."""

from compiled.adding.sums import Sums
from compiled.codes import (
    CANCELED,
    DECISION,
    ENTRY_ROLE,
    EXPIRED,
    FILLED,
    LIQUIDATION,
    NO_REASON,
    OPENING,
    PARTIALLY_FILLED,
    PAYING,
    REJECTED,
    STOP_ROLE,
)
from compiled.compiler import entry, kernel
from compiled.integers import float_of
from compiled.layout import Core, Record

_BITS, _LOWEST = 32, 0xFFFFFFFF


@entry
def add_events(core: Core, sums: Sums) -> None:
    """Add the events of a batch."""
    account, total = core.account[0], sums.total[0]
    total.risks = 0
    for number in range(account.fills):
        row = core.fills[number]
        if row.opens != PAYING:
            add_fill(core, sums, row)
            if row.whole:
                add_trade(core, sums, row)
    for number in range(account.transitions):
        add_transition(sums, core.transitions[number])
    for number in range(account.decisions):
        add_note(sums, core.notes[number])


@kernel
def add_fill(core: Core, sums: Sums, row: Record) -> None:
    """Add a fill."""
    total, found = sums.total[0], sums.symbols[row.symbol]
    total.fills += 1
    total.commission += row.commission & _LOWEST
    total.commission_above += row.commission >> _BITS
    slipped = abs(row.price - row.reference) * row.quantity * core.symbols[row.symbol].cost_scale
    total.slippage += slipped & _LOWEST
    total.slippage_above += slipped >> _BITS
    if row.reason == LIQUIDATION:
        total.fees += row.commission & _LOWEST
        total.fees_above += row.commission >> _BITS
    found.fills += 1
    if row.opens == OPENING:
        # A position begins where none was open before.
        if not found.holds:
            found.positions += 1
    else:
        sums.exits[row.symbol, row.reason] += 1
        found.funding += row.funding & _LOWEST
        found.funding_above += row.funding >> _BITS
    if row.rung:
        add_rung(sums.rungs[row.symbol, row.rung], row, found.positions)
    found.holds = 0 if row.whole else 1


@kernel
def add_rung(found: Record, row: Record, position: int) -> None:
    """Add a fill of a ladder's rung, of a symbol's so manieth position."""
    found.fills += 1
    if found.last_position != position:
        found.last_position = position
        found.positions += 1
    found.quantity += row.quantity & _LOWEST
    found.quantity_above += row.quantity >> _BITS
    found.realized += row.realized_pnl & _LOWEST
    found.realized_above += row.realized_pnl >> _BITS


@kernel
def add_trade(core: Core, sums: Sums, row: Record) -> None:
    """Add the trade that a fill has closed the last of; amounts one after the other, as the kernel does."""
    total, result = sums.total[0], row.trade_result
    amount = float_of(result, core.rules[0].money_unit)
    held_ms = row.time_ms - row.entry_time_ms
    all_trades = sums.results[0]
    if all_trades.trades == 0 or held_ms < total.shortest_ms:
        total.shortest_ms = held_ms
    if held_ms > total.longest_ms:
        total.longest_ms = held_ms
    total.held_ms += held_ms
    add_result(all_trades, result)
    add_result(sums.results[1 + row.symbol], result)
    add_result(sums.results[1 + sums.symbols.shape[0] + row.tag], result)
    total.results += amount
    if result > 0:
        total.won += amount
        total.wins_now, total.losses_now = total.wins_now + 1, 0
        total.wins = max(total.wins, total.wins_now)
    elif result < 0:
        total.lost += amount
        total.wins_now, total.losses_now = 0, total.losses_now + 1
        total.losses = max(total.losses, total.losses_now)
    else:
        total.wins_now = total.losses_now = 0
    if row.trade_ambiguous:
        total.ambiguous += 1
        total.bound += (row.trade_best - result) & _LOWEST
        total.bound_above += (row.trade_best - result) >> _BITS


@kernel
def add_result(found: Record, result: int) -> None:
    """Add what a trade came to."""
    found.trades += 1
    if result > 0:
        found.won += 1
    elif result == 0:
        found.even += 1
    found.realized += result & _LOWEST
    found.realized_above += result >> _BITS


@kernel
def add_transition(sums: Sums, told: Record) -> None:
    """Add what became of an order."""
    total, event = sums.total[0], told.event
    ends = event in (REJECTED, EXPIRED, CANCELED)
    if event == FILLED and told.rung > 0:
        sums.rungs_filled[told.rung] += 1
    if told.role == ENTRY_ROLE:
        if event == PARTIALLY_FILLED:
            total.partial_fills += 1
        # One that has filled in part may end otherwise than by its last fill.
        if event == FILLED or (ends and told.filled > 0):
            total.entries_filled += 1
    # One that was never accepted counts as a refusal of its decision.
    if ends and told.role < STOP_ROLE and told.order_id != 0:
        sums.ends[event, told.reason] += 1


@kernel
def add_note(sums: Sums, note: Record) -> None:
    """Add a line of the decisions; of an accepted entry, what bound its size and what it risks."""
    sums.notes[note.kind] += 1
    if note.kind != DECISION:
        return
    if note.reason != NO_REASON:
        refused = sums.refusals[note.reason]
        if refused.count == 0:
            refused.first_ms, refused.first_symbol = note.time_ms, note.symbol
        refused.count += 1
    if note.entry_id != 0:
        total = sums.total[0]
        sums.bounds[note.bound] += 1
        sums.risks[total.risks] = note.risk_taken / note.equity
        total.risks += 1
