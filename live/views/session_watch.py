"""What is known of a running session: gathered from what the driver tells and from the session itself."""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.candle import Candle
from core.instants import format_ms
from engine.journal_records import CommandRecord, MissingRecord
from engine.session import Session
from execution.money.holding import Holding
from live.intake.barrier import Barrier, ClosedStep
from live.intake.candle_lane import Note
from live.life.delays import Delays
from live.views.account_lines import order_lines, position_line
from live.views.session_events import SessionEvent, SessionEvents
from live.views.session_picture import (
    AccountFigures,
    ConnectionState,
    FeedHealth,
    OrderLine,
    PositionLine,
    SessionPicture,
    StepHealth,
)

if TYPE_CHECKING:
    from live.intake.perpetual_inputs import PerpetualInputs
    from validation.composed_settings import Settings

REMEMBERED_EVENTS = 100
CURVE_POINTS = 400


class SessionWatch:
    """Keeps what views show. It reads the session and never changes it.

    Parameters
    ----------
    folder
        The session's folder; its name is the session's.
    settings
        Those the session runs with.
    session, barrier
        The kernel and what makes its steps.
    canonical
        Configured spelling -> unified symbol, in configured order.
    exchange_ms
        Tells the exchange's time in UTC milliseconds, None while it is not known.
    monotonic
        Seconds that only grow.
    inputs
        Where closed steps wait for marks and funding rates; None where they need none.
    """

    def __init__(
        self,
        folder: Path,
        settings: "Settings",
        session: Session,
        barrier: Barrier,
        canonical: Mapping[str, str],
        exchange_ms: Callable[[], int | None],
        monotonic: Callable[[], float] = time.monotonic,
        inputs: "PerpetualInputs | None" = None,
    ) -> None:
        self.name = folder.name
        self._settings = settings
        self._by_touch = settings.live.execution.limit_fill == "touch"
        self.session = session
        self._barrier = barrier
        self._inputs = inputs
        self._canonical = dict(canonical)
        self._exchange_ms = exchange_ms
        self._monotonic = monotonic
        self._begun_at = monotonic()
        self._source = SessionEvents(session.account, folder / "decisions.jsonl", recent=True)
        self._events: deque[SessionEvent] = deque(maxlen=REMEMBERED_EVENTS)
        self._forming: dict[str, Candle] = {}
        self._delays = Delays()
        self._last_delay: float | None = None
        self._noted: Counter[str] = Counter()
        self._connection: ConnectionState = "connecting"
        self._connected_at: float | None = None
        self._message_at: float | None = None
        self._lost = False
        self._reconnects = 0
        self._trouble = ""
        self._kill_switch_by = "start" if session.kill_switch_engaged else ""

    def candle_forming(self, symbol: str, candle: Candle) -> None:
        """Take the running state of a candle."""
        self._forming[symbol] = candle
        self._message_came()

    def connection_changed(self, event: str, detail: str) -> None:
        """Take a change of the connection."""
        if event == "connected":
            self._connection, self._connected_at = "connected", self._monotonic()
            self._reconnects += self._lost
            self._lost = False
            return
        if event == "disconnected":
            self._connection, self._lost = "disconnected", True
        elif event == "stale":
            self._connection = "stale"
        elif event == "unreadable":
            self._noted["unreadable"] += 1
        self._trouble = f"{event}: {detail}" if detail else event

    def step_done(self, closed: ClosedStep, delay_seconds: float) -> None:
        """Take a processed step."""
        self._last_delay = delay_seconds
        # Delays measures from the last candle to now; counted from 0 that is the delay itself.
        self._delays.received(0.0)
        self._delays.step_written(delay_seconds)
        for symbol, candle in list(self._forming.items()):
            if candle.open_time_ms < closed.step.time_ms:
                del self._forming[symbol]
        if "websocket" in closed.sources or "websocket" in closed.detail_sources:
            self._message_came()
        self._take_events()

    def noted(self, note: Note) -> None:
        """Take a candle that did not become part of a step."""
        self._noted[note.kind] += 1

    def gone_without(self, missing: MissingRecord) -> None:
        """Take a mark candle or funding rate that a step goes on without."""
        self._noted["missing"] += 1
        self._trouble = f"no {missing.kind} of {missing.symbol} at {format_ms(missing.time_ms)}"

    def commanded(self, command: CommandRecord) -> None:
        """Take what an operator asked for, once it has been done."""
        if command.command in ("kill", "release"):
            self._kill_switch_by = command.by
        self._take_events()

    def refresh(self) -> None:
        """Take what has happened outside a step."""
        self._take_events()

    def close(self) -> None:
        """Hold nothing."""

    def picture(self) -> SessionPicture:
        """Return the session as it is now, in values that do not change any more."""
        session, live = self.session, self._settings.live
        return SessionPicture(
            session=self.name,
            strategy=session.rules.strategy_name,
            mode=self._settings.mode.mode,
            exchange=live.exchange,
            timeframe=live.timeframe,
            exchange_ms=self._now_ms(),
            uptime_seconds=self._monotonic() - self._begun_at,
            feed=self._feed(),
            steps=self._steps(),
            account=self._account(),
            positions=[self._position(holding) for holding in self._holdings()],
            waiting=self._orders(),
            events=tuple(self._events),
            refusals=session.statistics.refusals.most_common(5),
            curve=_thinned(session.outputs.curve, CURVE_POINTS),
            halts=session.safety.halts,
            kill_switch=session.kill_switch_engaged,
            kill_switch_by=self._kill_switch_by,
            paused=self.session.paused,
        )

    def vital_signs(self) -> dict[str, object]:
        """Return what a supervisor wants to know, as plain values; delays in seconds, money in quote currency."""
        feed, steps, account = self._feed(), self._steps(), self._account()
        now_ms, orders = self._now_ms(), self._orders()
        return {
            "session": self.name,
            "last_step": None if steps.last_ms is None else format_ms(steps.last_ms),
            "steps": steps.steps,
            "open_boundaries": steps.open_boundaries,
            "exchange_time": None if now_ms is None else format_ms(now_ms),
            "connection": feed.state,
            "connected_seconds": feed.since_seconds,
            "message_age_seconds": feed.message_age_seconds,
            "reconnects": feed.reconnects,
            "processing_delay_seconds": steps.delay_seconds,
            "processing_delay_p99_seconds": steps.delay_p99_seconds,
            "balance": account.balance,
            "equity": account.equity,
            "positions": [
                {
                    "symbol": one.symbol,
                    "side": one.side,
                    "quantity": one.quantity,
                    "entry_price": one.entry,
                    "mark": one.mark,
                    "forming": one.forming,
                    "unrealized_pnl": one.pnl,
                    "stop": one.stop,
                    "targets": list(one.targets),
                    "liquidation_price": one.liquidation,
                    "margin": one.margin,
                    "funding": one.funding,
                }
                for one in map(self._position, self._holdings())
            ],
            "waiting_orders": len(orders),
            "orders": [
                {
                    "symbol": one.symbol,
                    "order_id": one.order_id,
                    "what": one.what,
                    "type": one.order_type,
                    "quantity": one.quantity,
                    "price": one.price,
                    "stop_price": one.stop_price,
                }
                for one in orders
            ],
            "halts": list(self.session.safety.halts),
            "kill_switch": self.session.kill_switch_engaged,
        }

    def _now_ms(self) -> int | None:
        """Return the exchange's time, which is never before the last step (a rehearsal's runs faster)."""
        known = [at for at in (self._exchange_ms(), self.session.last_step_ms) if at is not None]
        return max(known, default=None)

    def _message_came(self) -> None:
        self._message_at = self._monotonic()
        if self._connection == "stale":
            self._connection = "connected"

    def _take_events(self) -> None:
        self._events.extend(self._source.fresh())

    def _feed(self) -> FeedHealth:
        now, noted = self._monotonic(), self._noted
        return FeedHealth(
            state=self._connection,
            since_seconds=None if self._connected_at is None else now - self._connected_at,
            message_age_seconds=None if self._message_at is None else now - self._message_at,
            reconnects=self._reconnects,
            unreadable=noted["unreadable"],
            late=noted["late"],
            revised=noted["revised"],
            duplicate=noted["duplicate"],
            refused=noted["refused"],
            trouble=self._trouble,
            missing=noted["missing"],
        )

    def _steps(self) -> StepHealth:
        statistics = self.session.statistics
        return StepHealth(
            last_ms=self.session.last_step_ms,
            delay_seconds=self._last_delay,
            delay_p99_seconds=self._delays.percentile(0.99),
            steps=statistics.steps,
            candles=statistics.candles_processed,
            open_boundaries=self._barrier.open_boundaries + len(self._inputs or ()),
        )

    def _account(self) -> AccountFigures:
        safety, account = self.session.safety, self.session.account
        balance = float(account.balance)
        holdings = self._holdings()
        lines = [self._position(one) for one in holdings]
        forming = any(line.forming for line in lines)
        closed, perpetual = account.closed, self._settings.live.execution.perpetual is not None
        return AccountFigures(
            balance=balance,
            equity=balance + sum(one.unrealized() for one in holdings),
            live_equity=balance + sum(line.pnl for line in lines) if forming else None,
            realized_pnl=float(account.realized_pnl),
            daily_pnl=safety.daily_pnl,
            daily_loss=max(0.0, safety.daily_loss),
            max_daily_loss=safety.limits.max_daily_loss_pct,
            drawdown=safety.drawdown,
            max_drawdown=safety.limits.max_drawdown_pct,
            trades=len(closed),
            won=sum(trade.realized_pnl > 0 for trade in closed),
            margin=sum(float(one.entry.margin) for one in holdings) if perpetual else None,
            funding=float(account.funding_net) if perpetual else None,
        )

    def _holdings(self) -> list[Holding]:
        holdings = self.session.account.holdings
        found = (holdings.get(symbol) for symbol in self.session.instruments)
        return [holding for holding in found if holding is not None]

    def _forming_of(self, symbol: str) -> Candle | None:
        """Return the running candle after the last step; None where nothing is known of it."""
        candle, last_ms = self._forming.get(self._canonical[symbol]), self.session.last_step_ms
        return None if candle is None or (last_ms is not None and candle.open_time_ms < last_ms) else candle

    def _position(self, holding: Holding) -> PositionLine:
        return position_line(holding, self._forming_of(holding.position.symbol), by_touch=self._by_touch)

    def _orders(self) -> list[OrderLine]:
        return list(order_lines(self.session, self._forming_of))


def _thinned(curve: Sequence[float], points: int) -> tuple[float, ...]:
    """Return about ``points`` values spread evenly over the curve, the last one among them."""
    stride = max(1, -(-len(curve) // points))
    kept = tuple(curve[::stride])
    return kept if not curve or (len(curve) - 1) % stride == 0 else (*kept, curve[-1])
