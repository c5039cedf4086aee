"""What a strategy asks of a position and a waiting entry beside entering: exits, moved levels, cancelled entries."""

import math

from compiled.codes import (
    AS_PRICE,
    BELOW_LOT_SIZE,
    CLOSE_ROLE,
    CLOSE_WAITING,
    EXIT_ROLE,
    EXIT_SIGNAL,
    MARKET,
    NO_ENTRY_WAITING,
    NO_POSITION,
    NO_REASON,
    REPLACED,
    SIGNAL,
    STOP_NOT_TIGHTER,
    STOP_PASSED,
    STOP_ROLE,
    TARGET_PASSED,
    TARGET_ROLE,
)
from compiled.compiler import routine
from compiled.integers import float_of, long_quotient
from compiled.layout import Core, Record
from compiled.named_prices import difference, named_number, on_tick
from compiled.order_book import cancel_close, cancel_entry, close_all, submit_close, tell_entry
from compiled.protective_orders import move_stop, move_target


@routine
def obey(core: Core, s: int, signal: Record, shown: Record, time_ms: int) -> None:
    """Cancel, move and close what a signal asks for, in this order; what is refused hinders nothing else."""
    said = core.words[signal.words]
    if said.cancel_entry:
        cancel_waiting(core, s, signal.sign == 0, shown, time_ms)
    if not math.isnan(said.move_stop):
        shown.stop_gate, shown.stop_wanted, shown.stop_stood, shown.stop_waiting = 1, said.move_stop, math.nan, 0
        shown.stop_level_reason = stop_to(core, s, said.move_stop, shown, time_ms)
    if not math.isnan(said.move_target):
        shown.target_gate, shown.target_wanted, shown.target_stood = 1, said.move_target, math.nan
        shown.target_waiting = 0
        shown.target_level_reason = target_to(core, s, said.move_target, shown, time_ms)
    if said.exits:
        shown.exit_gate, shown.exit_position, shown.exit_quantity = 1, core.holdings[s].sign, math.nan
        shown.exit_reason = leave_by_signal(core, s, said, shown, time_ms)


@routine
def cancel_waiting(core: Core, s: int, alone: bool, shown: Record, time_ms: int) -> None:
    """Cancel the waiting entry; before another entry there need be none."""
    order = core.entries[s]
    if order.working:
        shown.cancel_gate, shown.cancel_waiting, shown.cancel_reason = 1, order.order_id, NO_REASON
        cancel_entry(core, s, time_ms, SIGNAL)
    elif alone:
        shown.cancel_gate, shown.cancel_waiting, shown.cancel_reason = 1, 0, NO_ENTRY_WAITING


@routine
def leave_by_signal(core: Core, s: int, said: Record, shown: Record, time_ms: int) -> int:
    """Queue a close of the position, or of a fraction of it, down to the lot; return why there is none.

    A whole one takes the place of one of a part, and cancels what would add to the position.
    """
    holding, lot = core.holdings[s], core.symbols[s].lot
    if holding.sign == 0:
        return NO_POSITION
    part = holding.quantity
    if said.fraction:
        lots, _ = long_quotient(holding.quantity, said.fraction, said.fraction_unit * lot)
        part = lots * lot
    in_part = part < holding.quantity
    if core.exits[s, CLOSE_ROLE].working or (in_part and core.exits[s, EXIT_ROLE].working):
        return CLOSE_WAITING
    if part == 0:
        return BELOW_LOT_SIZE
    shown.exit_quantity = float(part) / core.symbols[s].quantity_unit
    if in_part:
        shown.close_id = submit_close(core, s, EXIT_ROLE, part, time_ms, EXIT_SIGNAL)
        return NO_REASON
    cancel_entry(core, s, time_ms, EXIT_SIGNAL)
    cancel_close(core, s, time_ms, EXIT_SIGNAL)
    shown.close_id = close_all(core, s, time_ms, EXIT_SIGNAL)
    return NO_REASON


@routine
def stop_to(core: Core, s: int, price: float, shown: Record, time_ms: int) -> int:
    """Move the stop of the position, or the one that the waiting entry will have; return why it stays."""
    order, symbol, holding = core.entries[s], core.symbols[s], core.holdings[s]
    digits, decimals = named_number(core, price)
    if holding.sign != 0:
        shown.stop_stood = float_of(core.exits[s, STOP_ROLE].stop_price, symbol.price_unit)
        return move_stop(core, s, on_tick(core, s, digits, decimals, holding.sign < 0), time_ms)
    if not order.working:
        return NO_POSITION
    expected, long = expected_units(core, s), order.sign > 0
    if math.isnan(order.stop_level):
        away = order.stop_digits if long else -order.stop_digits
        at, at_decimals = difference(core, expected, symbol.price_decimals, away, order.stop_decimals)
    else:
        at, at_decimals = named_number(core, order.stop_level)
    stood, level = on_tick(core, s, at, at_decimals, not long), on_tick(core, s, digits, decimals, not long)
    shown.stop_stood, shown.stop_waiting = float_of(stood, symbol.price_unit), order.order_id
    if not (level > stood if long else level < stood):
        return STOP_NOT_TIGHTER
    if level >= expected if long else level <= expected:
        return STOP_PASSED
    order.stop_level = price
    tell_entry(core, s, REPLACED, SIGNAL, time_ms)
    return NO_REASON


@routine
def target_to(core: Core, s: int, price: float, shown: Record, time_ms: int) -> int:
    """Move the one target of the position, or of the waiting entry, or place it; return why it is not done."""
    order, symbol, holding = core.entries[s], core.symbols[s], core.holdings[s]
    digits, decimals = named_number(core, price)
    if holding.sign != 0:
        if holding.targets and not holding.ladder:
            shown.target_stood = float_of(core.exits[s, TARGET_ROLE].price, symbol.price_unit)
        return move_target(core, s, on_tick(core, s, digits, decimals, holding.sign > 0), time_ms)
    if not order.working:
        return NO_POSITION
    expected, long = expected_units(core, s), order.sign > 0
    shown.target_waiting = order.order_id
    level = on_tick(core, s, digits, decimals, long)
    if level <= expected if long else level >= expected:
        return TARGET_PASSED
    order.first_target, order.targets, order.ladder = core.rules[0].rungs + s, 1, 0
    target = core.targets[order.first_target]
    target.measure, target.digits, target.decimals = AS_PRICE, digits, decimals
    tell_entry(core, s, REPLACED, SIGNAL, time_ms)
    return NO_REASON


@routine
def expected_units(core: Core, s: int) -> int:
    """Return the price at which the waiting entry is expected to fill."""
    order = core.entries[s]
    return order.decision_units if order.acts == MARKET else order.price
