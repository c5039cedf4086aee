"""Phase C: strategy, risk, safety and execution decide, symbol by symbol, on the equity of phase B."""

import math
from typing import Any

from core.candle import Candle
from core.errors import StrategyError
from core.instants import format_ms
from core.orders import OrderSide
from core.trading_signal import Signal
from engine.components import Components
from engine.decision_record import DecisionRecord
from engine.entry_orders import entry_order
from engine.symbol_state import PresentCandles, SymbolState
from execution.money.holding import Holding
from execution.safety.safety_monitor import SafetyViolation
from execution.scripting.execution_engine import OrderRefused
from risk_management.entry_sizing import Refusal
from strategies.own_code import failure_in_one_line


def decide(parts: Components, present: PresentCandles, time_ms: int, refuse_entries: str | None = None) -> None:
    """Ask the strategy about every candle and put each opinion that is not FLAT through the gates.

    With ``refuse_entries`` every entry is refused for that reason; closes still act.
    """
    warmup_candles = parts.rules.warmup_candles
    pricing = parts.account.pricing
    observes = pricing.observes
    for state, candle, _ in present:
        try:
            signal = state.stream.update(candle)
            direction = signal.direction
        except Exception as error:
            raise strategy_failure(parts, state, candle, error) from error
        may_order = state.candles_seen >= warmup_candles
        state.candles_seen += 1
        if direction != "FLAT":
            _check_signal(parts, state, candle, signal)
            parts.statistics.signals_generated += 1
            record = DecisionRecord(time_ms, state.symbol, signal, refuse_entries)
            _judge(parts, state, candle, signal, record, may_order=may_order)
            parts.outputs.decisions.write(time_ms, state.symbol, "decision", record.to_dict())
            if record.reason is not None:
                parts.statistics.refusals[record.reason] += 1
        if observes:
            pricing.observe(state.symbol, candle)


def _judge(
    parts: Components,
    state: SymbolState,
    candle: Candle,
    signal: Signal,
    record: DecisionRecord,
    *,
    may_order: bool,
) -> None:
    """Put one opinion through the gates in order; the first that refuses ends it."""
    needed = {"candles_before": state.candles_seen - 1, "warmup_candles": parts.rules.warmup_candles}
    if not may_order:
        record.refuse("warmup", "warming_up", needed)
        return
    record.approve("warmup", needed)
    side = OrderSide.from_signal(signal.direction)
    holding = parts.account.holdings.get(state.symbol)
    waiting = parts.book.entries.get(state.symbol)
    policy = parts.rules.on_opposite_signal
    adding = False
    if holding is not None:
        inputs = {"position": holding.position.side.value, "on_opposite_signal": policy}
        adding = holding.position.side is side and holding.entries < parts.rules.max_entries
        if waiting is not None and waiting.sign != side.sign and holding.position.side is side and policy != "ignore":
            # The entry was to follow a close that is still under way.
            parts.cancel_entry(state.symbol, record.time_ms, "opposite_signal")
            waiting = None
        if holding.position.side is side and not adding:
            record.refuse("position", "position_open", inputs)
            return
        if not adding and policy == "ignore":
            record.refuse("position", "opposite_ignored", inputs)
            return
        if state.symbol in parts.book.closes:
            record.refuse("position", "close_waiting", inputs)
            return
    if waiting is not None:
        inputs = {"waiting": waiting.client_order_id, "on_opposite_signal": policy}
        if waiting.sign == side.sign or policy == "ignore":
            record.refuse("position", "entry_waiting", inputs)
            return
        parts.cancel_entry(state.symbol, record.time_ms, "opposite_signal")
    if (holding is not None and not adding) or waiting is not None:
        record.approve("position", inputs)
    if holding is not None and not adding:
        record.close_order_id = parts.queue_close(state.symbol, record.time_ms, "opposite_signal")
    if policy == "close" and (waiting is not None or (holding is not None and not adding)):
        return
    held = holding if adding else None
    _enter(parts, state, candle, signal, side, record, reversing=holding is not None and not adding, held=held)


def _enter(
    parts: Components,
    state: SymbolState,
    candle: Candle,
    signal: Signal,
    side: OrderSide,
    record: DecisionRecord,
    *,
    reversing: bool,
    held: Holding | None,
) -> None:
    """Size the entry and submit it.

    A reversing entry sees the account without the position that is closing; one that adds to ``held`` is no further
    trade, and is sized by what that position leaves of the exposure a position may have.
    """
    if record.refuse_entries is not None:
        record.refuse("session", record.refuse_entries, {})
        return
    rules, safety, price = parts.rules, parts.safety, candle.close
    open_trades, exposure = _book(parts, without=state.symbol if reversing else None)
    safety.observe_book(open_trades, exposure)
    equity = safety.current_equity
    room = safety.limits.max_exposure_pct * equity - exposure
    if held is not None:
        open_trades -= 1
        safety.observe_book(open_trades, exposure)
        room = min(room, parts.risk.config.max_exposure * equity - held.exposure())
    sized = parts.risk.size_entry(signal, equity, price, room, state.instrument)
    inputs: dict[str, Any] = {"equity": equity, "price": price, "exposure": exposure, "room": room}
    if isinstance(sized, Refusal):
        record.refuse("risk", sized.reason, inputs)
        return
    if rules.trailing_atr is not None and not (signal.atr is not None and signal.atr > 0):
        record.refuse("risk", "trailing_distance", inputs)
        return
    quantity = float(sized.quantity)
    record.approve("risk", {**inputs, "quantity": quantity, "stop_distance": sized.stop_distance})
    order = entry_order(rules, state, side, candle, quantity, record.time_ms, sized, signal.atr)
    limits = {
        "open_trades": open_trades,
        "exposure": exposure,
        "risk": quantity * sized.stop_distance,
        "value": quantity * price,
    }
    deadline_ms = record.time_ms + rules.order_wait_ms if rules.entry_order == "market" else None
    try:
        accepted = parts.execution.submit_order(order, price, decided_ms=record.time_ms, wait_until_ms=deadline_ms)
    except SafetyViolation as violation:
        record.refuse("safety", violation.reason, limits)
        return
    except OrderRefused as refused:
        record.approve("safety", limits)
        record.refuse("execution", refused.reason, {})
        return
    record.approve("safety", limits)
    record.approve("execution", {})
    record.entry_order_id = accepted.order_id
    parts.statistics.orders_submitted += 1
    if rules.entry_fill == "close" and not reversing:
        # The one exception to "nothing fills inside the candle that caused it".
        entry = parts.book.entries[state.symbol]
        fine = state.last_fine if state.last_detail_ms >= candle.open_time_ms else None
        parts.immediate.enter_at_close(entry, candle.close, fine or candle, record.time_ms)


def _book(parts: Components, without: str | None) -> tuple[int, float]:
    """Return the number and the value of positions and waiting entries, without one symbol's position."""
    holdings, entries = parts.account.holdings, parts.book.entries
    count, exposure = 0, 0.0
    for state in parts.states:
        symbol = state.symbol
        holding = holdings.get(symbol)
        if holding is not None and symbol != without:
            count += 1
            exposure += holding.exposure()
        entry = entries.get(symbol)
        if entry is not None:
            # What adds to a position is no further trade.
            count += holding is None or holding.sign != entry.sign
            exposure += entry.exposure()
    return count, exposure


def _check_signal(parts: Components, state: SymbolState, candle: Candle, signal: Signal) -> None:
    """Stop at an opinion that is none: an unknown direction or a distance that is no finite number."""
    if signal.direction not in ("LONG", "SHORT"):
        problem = f"unknown direction {signal.direction!r}; allowed are LONG, SHORT and FLAT"
        raise strategy_failure(parts, state, candle, problem)
    for name in ("sl_distance", "tp_distance", "atr"):
        value = getattr(signal, name)
        if value is not None and not (isinstance(value, float | int) and math.isfinite(value)):
            raise strategy_failure(parts, state, candle, f"{name} is {value!r}; a finite number is needed")


def strategy_failure(parts: Components, state: SymbolState, candle: Candle, problem: Exception | str) -> StrategyError:
    """Return the error that names strategy, symbol and candle of a failure in the user's code."""
    if isinstance(problem, Exception):
        problem = failure_in_one_line(problem)
    return StrategyError(
        f"strategy {parts.rules.strategy_name} failed on {state.symbol} "
        f"at the candle opened {format_ms(candle.open_time_ms)}: {problem}",
        strategy=parts.rules.strategy_name,
        symbol=state.symbol,
        open_time_ms=candle.open_time_ms,
    )
