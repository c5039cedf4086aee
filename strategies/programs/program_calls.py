"""What a program is called with, and what a call of it comes to: a signal, or a problem that says why there is none."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple, Protocol

from core.candle import Candle
from core.instants import to_ms
from core.programs.program_call import MetCondition, ProgramFault, ProgramTrigger, ProgramWish
from core.trading_signal import At, Signal
from strategies.features.program_port import SignalFault
from strategies.features.said import as_said
from strategies.features.session_facts import AccountNow, OrderNow, PositionNow
from strategies.programs.sandbox.decision import ProgramDecision
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.sandbox import CallAnswer
from strategies.programs.triggers.trigger_event import TriggerEvent


class Tracer(Protocol):
    """Is told every call: what woke the program, what it answered with its reads, and what came of it."""

    def __call__(self, event: TriggerEvent, answer: CallAnswer, wish: ProgramWish, fault: ProgramFault | None) -> None:
        """Take a call."""
        ...


class Desk(NamedTuple):
    """What decisions of a step are judged by: the symbols that are traded, and the candles of the step by symbol."""

    traded: Collection[str]
    candles: Mapping[str, Candle]
    leverage: Callable[[str], float]
    fault: SignalFault


def signal_of(decision: ProgramDecision, desk: Desk, decided: Collection[str]) -> Signal | ProgramProblem | None:
    """Return what the kernel is told of a decision, None for ``hold``, or why it cannot be.

    Parameters
    ----------
    decision
        Sound in itself.
    desk
        What it is judged by.
    decided
        The symbols about which something is decided in this step already.
    """
    if decision.action == "hold":
        return None
    symbol = decision.symbol
    if symbol not in desk.candles:
        return _refused(f"{symbol} has no candle in this step — allowed: a symbol whose candle closes now")
    if symbol in decided:
        return _refused(f"{symbol} is decided about already in this step — allowed: one decision a symbol and a step")
    if decision.leverage is not None and decision.leverage != desk.leverage(symbol):
        allowed = f"allowed: {desk.leverage(symbol)!r}, the session's own (execution.perpetual.leverage), or none"
        return _refused(f"leverage: {decision.leverage!r} — {allowed}")
    signal = _signal(decision)
    wrong = desk.fault(signal, desk.candles[symbol].close)
    return signal if wrong is None else ProgramProblem("nonsense", f"decision: {as_said(wrong)}")


def _signal(decision: ProgramDecision) -> Signal:
    if decision.action == "close":
        return Signal("EXIT", fraction=decision.size, reason=decision.reason)
    targets = decision.targets
    single = len(targets) == 1 and targets[0].fraction == 1.0
    return Signal(
        "LONG" if decision.action == "buy" else "SHORT",
        sl_distance=decision.stop_distance,
        tp_distance=decision.target_distance,
        reason=decision.reason,
        stop_price=decision.stop,
        target_price=targets[0].price if single else None,
        targets=() if single else tuple((one.fraction, At(one.price)) for one in targets),
        size=decision.size,
        notional=decision.quote,
    )


def _refused(text: str) -> ProgramProblem:
    return ProgramProblem("refused", f"decision: {text}")


def told_trigger(event: TriggerEvent) -> ProgramTrigger:
    """Return what woke the program as outputs tell it."""
    met = tuple(
        MetCondition(one.feature, one.period, one.symbol, one.op, one.value, one.threshold) for one in event.signals
    )
    return ProgramTrigger(event.trigger_type, event.pool_id, event.pool_name, event.logic, met, event.regime)


def told_wish(decision: ProgramDecision) -> ProgramWish:
    """Return a decision as outputs tell it."""
    return ProgramWish(
        decision.action,
        decision.symbol,
        decision.size,
        decision.quote,
        decision.leverage,
        decision.stop,
        decision.stop_distance,
        decision.target_distance,
        tuple((one.fraction, one.price) for one in decision.targets),
        decision.reason,
    )


def told_fault(problem: ProgramProblem) -> ProgramFault:
    """Return a problem as outputs tell it."""
    return ProgramFault(problem.kind, problem.text, problem.line)


def shown_position(position: PositionNow) -> dict[str, Any]:
    """Return a position as a program sees it; the time it was opened in UTC milliseconds."""
    return {
        "side": position.side,
        "quantity": position.quantity,
        "entry_price": position.entry_price,
        "unrealized_pnl": position.unrealized_pnl,
        "stop": position.stop,
        "targets": list(position.targets),
        "opened_at": to_ms(position.opened_at),
        "candles_held": position.candles_held,
    }


def shown_account(
    account: AccountNow, positions: Mapping[str, PositionNow], orders: Collection[OrderNow], trades_today: int
) -> dict[str, Any]:
    """Return the account as a program sees it, in quote currency."""
    return {
        "balance": account.balance,
        "equity": account.equity,
        "positions": {symbol: shown_position(one) for symbol, one in positions.items()},
        "open_orders": [
            {
                "symbol": one.symbol,
                "side": one.side,
                "role": one.role,
                "type": one.order_type,
                "quantity": one.quantity,
                "price": one.price,
                "stop_price": one.stop_price,
            }
            for one in orders
        ],
        "trades_today": trades_today,
        "today_pnl": account.today_pnl,
        "exposure": account.exposure,
        "halted": account.halted,
    }
