"""Phase A4 and its exceptions: funding payments of perpetual positions.

A payment due at F falls on positions opened strictly before F and open at F; what fills inside the candle that ends at
F was opened before it. One due at the end of the candle is settled after the exits inside it. One due at or before the
open, that no candle has settled, comes before everything else. Of one due inside the candle nobody knows which came
first: a cost falls on every position that existed in the candle, a credit only on one that is still open at its end.
"""

from core.candle import FundingRate, Step
from core.exact import received
from core.instants import format_ms
from engine.components import Components
from engine.symbol_state import Present, SymbolState


def take_rates(parts: Components, step: Step) -> None:
    """Keep the payments that became known with a step until a candle of their symbol settles them."""
    for state, rates in zip(parts.states, step.funding, strict=True):
        if rates:
            state.funding = sorted([*state.funding, *rates], key=lambda rate: rate.time_ms)


def settle_before(parts: Components, present: list[Present]) -> None:
    """Settle what was due at or before the candles' opens and no candle has settled."""
    for state, candle, mark in present:
        while state.funding and state.funding[0].due_ms <= candle.open_time_ms:
            rate = state.funding.pop(0)
            at_open = mark is not candle and rate.due_ms == candle.open_time_ms
            _settle(parts, state, rate, mark.open if at_open else None)


def settle_costs(parts: Components, present: list[Present], time_ms: int) -> None:
    """Let the positions that exist after the open pay what is due inside the candle."""
    for state, candle, _ in present:
        if state.funding:
            inside = [rate for rate in state.funding if candle.open_time_ms < rate.due_ms < time_ms]
            state.due_inside = (inside, candle.open) if inside else None
            _pay_costs(parts, state)


def settle_entry(parts: Components, state: SymbolState, time_ms: int) -> None:
    """Let a position that was just opened inside a candle pay what is due inside it."""
    holding = parts.account.holdings.get(state.symbol)
    if state.due_inside is not None and holding is not None and holding.opened_ms == time_ms:
        _pay_costs(parts, state)


def settle_after(parts: Components, present: list[Present], time_ms: int) -> None:
    """Settle what is due at the end of the candles, and what positions that are still open receive inside them."""
    for state, candle, mark in present:
        state.due_inside = None
        while state.funding and state.funding[0].due_ms <= time_ms:
            rate = state.funding.pop(0)
            inside = rate.due_ms < time_ms
            holding = parts.account.holdings.get(state.symbol)
            if holding is None or (inside and holding.sign * rate.rate > 0):
                continue
            _settle(parts, state, rate, candle.open if inside else mark.close)


def settle_due(parts: Components, time_ms: int) -> None:
    """Settle whatever is due before positions are closed at their last marks."""
    for state in parts.states:
        while state.funding and state.funding[0].due_ms <= time_ms:
            _settle(parts, state, state.funding.pop(0))


def _pay_costs(parts: Components, state: SymbolState) -> None:
    holding = parts.account.holdings.get(state.symbol)
    if holding is None or state.due_inside is None:
        return
    rates, price = state.due_inside
    for rate in rates:
        if holding.sign * rate.rate > 0:
            _pay(parts, state, rate, price)


def _settle(parts: Components, state: SymbolState, rate: FundingRate, price: float | None = None) -> None:
    """Settle a payment with the position that was opened before it, at a price where its mark is not known."""
    holding = parts.account.holdings.get(state.symbol)
    if holding is not None and holding.entered_ms < rate.due_ms:
        _pay(parts, state, rate, holding.mark if price is None else price)


def _pay(parts: Components, state: SymbolState, rate: FundingRate, price: float) -> None:
    mark = price if rate.mark_price is None else rate.mark_price
    amount = parts.account.fund(state.symbol, received(mark), received(rate.rate), rate.due_ms)
    parts.statistics.funding_payments += 1
    parts.outputs.decisions.write(
        rate.due_ms,
        state.symbol,
        "funding",
        {"due": format_ms(rate.due_ms), "rate": rate.rate, "mark": mark, "amount": float(amount)},
    )
