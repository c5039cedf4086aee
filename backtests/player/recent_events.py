"""The last things that a session did, as states show them; told by the session, and made ready when they are read."""

from collections import Counter, deque
from collections.abc import Callable, Collection
from typing import Generic, Literal, TypeVar, get_args

from backtests.player.amount import Amount
from backtests.player.states import RECENT, BacktestFill, BacktestSignal, BacktestTrade
from backtests.replay import Interrupt
from core.event_lines import details_of
from core.events import Decision, Event, Halt, TradeRow
from engine.session import Session
from execution.money.closed_trade import ClosedTrade

Happening = Literal["signal", "refusal", "fill", "trade", "halt", "day"]
"""What a run can be stopped at: a signal, a refused one, a fill, a position that closes, a broken limit, a UTC day."""

HAPPENINGS: tuple[Happening, ...] = get_args(Happening)


class RecentEvents:
    """Listens to a session from now on.

    ``happened`` is what the session did since :meth:`watch`.

    Parameters
    ----------
    session
        The session; it has done nothing yet.
    """

    def __init__(self, session: Session) -> None:
        self._account = session.account
        self._last_trade = session.account.last_trade
        self._signals = _Last(signal_of)
        self._refusals = _Last(signal_of)
        self._fills = _Last(fill_of)
        self._trades = _Last(trade_of)
        self._tell: Callable[[Decision | ClosedTrade | TradeRow], object] | None = None
        self._brake = Interrupt()
        self._breaks: Collection[str] = ()
        self.happened: Counter[Happening] = Counter()
        session.subscribe(self._take)

    def watch(self, breaks: Collection[Happening], brake: Interrupt) -> None:
        """Forget what has happened so far, and pull a brake when one of these does."""
        self.happened.clear()
        self._breaks, self._brake = breaks, brake

    def tell(self, listener: "Callable[[Decision | ClosedTrade | TradeRow], object]") -> None:
        """Let one be told of every signal, fill and closed position."""
        self._tell = listener

    @property
    def signals(self) -> tuple[BacktestSignal, ...]:
        """The last signals, oldest first."""
        return self._signals.shown()

    @property
    def refusals(self) -> tuple[BacktestSignal, ...]:
        """The last signals that were refused, oldest first."""
        return self._refusals.shown()

    @property
    def fills(self) -> tuple[BacktestFill, ...]:
        """The last fills, oldest first."""
        return self._fills.shown()

    @property
    def trades(self) -> tuple[BacktestTrade, ...]:
        """The positions that closed last, oldest first."""
        return self._trades.shown()

    def _take(self, event: Event) -> None:
        if isinstance(event, Decision):
            self._signals.add(event)
            self._happen("signal")
            if event.reason is not None:
                self._refusals.add(event)
                self._happen("refusal")
            self._told(event)
        elif isinstance(event, TradeRow):
            self._fills.add(event)
            self._happen("fill")
            self._told(event)
            trade = self._account.last_trade
            if trade is not None and trade is not self._last_trade:
                self._last_trade = trade
                self._trades.add(trade)
                self._happen("trade")
                self._told(trade)
        elif isinstance(event, Halt):
            self._happen("halt")

    def _told(self, event: Decision | ClosedTrade | TradeRow) -> None:
        if self._tell is not None:
            self._tell(event)

    def _happen(self, kind: Happening) -> None:
        self.happened[kind] += 1
        if kind in self._breaks:
            self._brake.asked = True


Raw = TypeVar("Raw")
Ready = TypeVar("Ready")


class _Last(Generic[Raw, Ready]):
    """The last of some kind; each is made ready once, when somebody looks."""

    def __init__(self, made: Callable[[Raw], Ready]) -> None:
        self._made = made
        self._fresh: deque[Raw] = deque(maxlen=RECENT)
        self._shown: tuple[Ready, ...] = ()
        self.add = self._fresh.append

    def shown(self) -> tuple[Ready, ...]:
        """Return them, oldest first."""
        if self._fresh:
            self._shown = (*self._shown, *map(self._made, self._fresh))[-RECENT:]
            self._fresh.clear()
        return self._shown


def signal_of(decision: Decision) -> BacktestSignal:
    """Return a decision as states show it."""
    details, refusal, signal = details_of(decision), decision.refusal, decision.signal
    return BacktestSignal(
        time_ms=decision.time_ms,
        symbol=decision.symbol,
        direction=signal.direction,
        reason=signal.reason,
        inputs=decision.inputs,
        gates=tuple(details["gates"]),
        refused_by=None if refusal is None else refusal.gate,
        refusal=None if refusal is None else refusal.reason,
        entry_order_id=decision.entry_order_id,
        close_order_id=decision.close_order_id,
        sl_distance=signal.sl_distance,
        tp_distance=signal.tp_distance,
        tag=signal.tag,
    )


def fill_of(row: TradeRow) -> BacktestFill:
    """Return a row of the trade log as states show it."""
    return BacktestFill(
        time_ms=row.time_ms,
        order_id=row.order_id,
        symbol=row.symbol,
        action=row.action,
        side=row.side,
        price=Amount(row.price),
        quantity=Amount(row.quantity),
        commission=Amount(row.commission),
        slippage=Amount(row.slippage),
        realized_pnl=Amount(row.realized_pnl),
        balance=Amount(row.balance),
        reason=row.reason,
    )


def trade_of(trade: ClosedTrade) -> BacktestTrade:
    """Return a closed position as states show it."""
    return BacktestTrade(
        symbol=trade.symbol,
        side=trade.side.value,
        quantity=Amount(trade.quantity),
        entry_time_ms=trade.entry_time_ms,
        exit_time_ms=trade.exit_time_ms,
        entry_price=Amount(trade.entry_price),
        exit_price=Amount(trade.exit_price),
        gross_pnl=Amount(trade.gross_pnl),
        realized_pnl=Amount(trade.realized_pnl),
        reason=trade.reason,
        ambiguous=trade.ambiguous,
        strategy=trade.strategy_name or "",
        tag=trade.tag,
    )
