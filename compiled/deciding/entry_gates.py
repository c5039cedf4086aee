"""An entry that a signal asks for: sized by risk, shown to safety, submitted to execution."""

from compiled.codes import (
    ADDS,
    CAP_BOUND,
    MONITOR_MODE,
    NO_REASON,
    REVERSES,
    ROOM_BOUND,
    SHORTING_DISABLED,
    TRAILING_DISTANCE,
)
from compiled.compiler import routine
from compiled.deciding.entry_orders import form_order, refusal_of
from compiled.deciding.entry_sizing import size_entry
from compiled.layout import Core, Record
from compiled.named_prices import computed_steps
from compiled.order_book import accept_entry, reject_entry
from compiled.safety_monitor import check_pre_trade


@routine
def enter_by_signal(core: Core, s: int, signal: Record, shown: Record, wanted: int) -> None:
    """Put an entry through the gates; what they answer, and its id, stand in the decision.

    A reversing entry sees the account without the position that is closing; one that adds is no further trade.
    """
    rules, account, order = core.rules[0], core.account[0], core.entries[s]
    equity, price = account.current_equity, core.close[core.states[s].row]
    count_book(core, shown, s if wanted == REVERSES else -1)
    shown.risk_gate, shown.equity, shown.price = 1, equity, price
    shown.room, shown.room_of = rules.max_exposure_pct * equity - shown.exposure, ROOM_BOUND
    if wanted == ADDS:
        shown.open_trades -= 1
        # What its position leaves of the exposure that a position may have.
        left = rules.max_exposure * equity - core.holdings[s].quantity_float * core.holdings[s].mark
        if left < shown.room:
            shown.room, shown.room_of = left, CAP_BOUND
    shown.risk_reason = size_entry(core, s, signal, shown, rules.max_risk_per_trade_pct * equity)
    if shown.risk_reason == NO_REASON and rules.trail_by_atr and not signal.atr > 0.0:
        shown.risk_reason = TRAILING_DISTANCE
    if shown.risk_reason != NO_REASON:
        return
    shown.risk_asked = equity * rules.risk_per_trade * core.words[signal.words].share
    shown.safety_gate = 1
    shown.safety_reason = check_pre_trade(core, s, shown)
    if shown.safety_reason != NO_REASON:
        return
    shown.execution_gate, shown.execution_reason = 1, NO_REASON
    if signal.sign < 0 and not rules.allow_shorting:
        shown.execution_reason = SHORTING_DISABLED
    elif rules.monitor:
        shown.execution_reason = MONITOR_MODE
    if shown.execution_reason != NO_REASON:
        return
    form_order(core, s, signal)
    shown.execution_reason = refusal_of(core, s)
    if shown.execution_reason != NO_REASON:
        reject_entry(core, s, account.time_ms, shown.execution_reason)
        return
    if rules.trail_by_atr:
        order.trail_units = trail_units_of(core, s, signal.atr)
    shown.entry_id = accept_entry(core, s, account.time_ms)
    account.orders_submitted += 1


@routine
def trail_units_of(core: Core, s: int, atr: float) -> int:
    """Return the distance at which a stop follows in ATR, in price units, rounded up: levels are rounded away."""
    return computed_steps(core, atr * core.rules[0].trailing_atr, core.symbols[s].price_decimals, 1, True)


@routine
def count_book(core: Core, shown: Record, without: int) -> None:
    """Count positions and waiting entries and their value, without one symbol's position."""
    count, exposure = 0, 0.0
    for s in range(core.holdings.shape[0]):
        holding, order = core.holdings[s], core.entries[s]
        if holding.sign != 0 and s != without:
            count += 1
            exposure += holding.quantity_float * holding.mark
        if order.working:
            if holding.sign != order.sign:
                count += 1
            exposure += float(order.quantity - order.filled) / core.symbols[s].quantity_unit * order.decision_price
    shown.open_trades, shown.exposure = count, exposure
