"""What is known of a running session: gathered from what the driver tells and from the session itself."""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from alerts.lane import ChannelHealth
from core.candle import Candle
from core.timeframe import floor_to_grid, timeframe_ms
from engine.journal_records import CommandRecord, MissingRecord
from engine.portfolio.portfolio_session import PortfolioSession
from live.intake.candle_lane import Note
from live.intake.session_inputs import Intake
from live.views.account_lines import Shown, account_figures, order_lines, parts_of, position_lines
from live.views.feed_watch import FeedWatch
from live.views.session_events import REMEMBERED_EVENTS, SessionEvent, SessionEvents
from live.views.session_picture import FeedHealth, PositionLine, PriceLine, SessionPicture, StepHealth, WatchedLine
from live.views.session_updates import ConnectionChange, FormingCandle, SessionUpdate, StepDone
from validation.composed_settings import Settings

REMEMBERED_DELAYS = 10_000
CURVE_POINTS = 400
WAITED_SECONDS = 10.0
"""How long a step must have lacked the same before it is said."""


class Watched(NamedTuple):
    """What is watched: a session by its folder and settings, its kernel and its intake.

    ``recent`` has listened to it from its first record on, as far back as views remember. ``canonical`` maps configured
    spellings to unified symbols, in configured order.
    """

    folder: Path
    settings: Settings
    session: Shown
    recent: SessionEvents
    intake: Intake
    canonical: Mapping[str, str]

    @property
    def name(self) -> str:
        """The strategy's, or that of the portfolio."""
        if isinstance(self.session, PortfolioSession):
            return f"portfolio of {', '.join(self.session.by_name)}"
        return self.session.rules.strategy_name


class SessionWatch:
    """Keeps what views show. It reads the session and never changes it.

    ``monotonic`` tells seconds that only grow, ``alerts`` how the channels fare through which people are told.
    """

    def __init__(
        self,
        watched: Watched,
        monotonic: Callable[[], float] = time.monotonic,
        alerts: Callable[[], Sequence[ChannelHealth]] = tuple,
    ) -> None:
        self.session = watched.session
        self._watched = watched
        self._monotonic = monotonic
        self._alerts = alerts
        self._begun_at = monotonic()
        self._events: deque[SessionEvent] = deque(maxlen=REMEMBERED_EVENTS)
        self._forming: dict[str, Candle] = {}
        self._closes: dict[str, float] = {}
        self._delays: deque[float] = deque(maxlen=REMEMBERED_DELAYS)
        self._feed = FeedWatch(monotonic)
        self._lacks, self._lacks_since = "", monotonic()
        self.kill_switch_by = "start" if self.session.kill_switch_engaged else ""

    def take(self, update: SessionUpdate) -> None:
        """Take what the driver tells."""
        match update:
            case FormingCandle(symbol, candle):
                self._forming[symbol] = candle
                self._feed.message_came()
            case StepDone():
                self._step_done(update)
            case ConnectionChange():
                self._feed.changed(update)
            case Note():
                self._feed.noted(update)
            case MissingRecord():
                self._feed.gone_without(update)
            case CommandRecord():
                if update.command in ("kill", "release"):
                    self.kill_switch_by = update.by
                self.refresh()

    def refresh(self) -> None:
        """Take what has happened outside a step."""
        self._events.extend(self._watched.recent.fresh())
        lacks = self._watched.intake.waits_for()
        if lacks != self._lacks:
            self._lacks, self._lacks_since = lacks, self._monotonic()

    @property
    def waits_for(self) -> str:
        """What the next step has lacked for a while; empty where it lacks nothing."""
        return self._lacks if self._monotonic() - self._lacks_since >= WAITED_SECONDS else ""

    @property
    def exchange_ms(self) -> int | None:
        """The exchange's time, never before the last step; None while it is unknown."""
        # A rehearsal's time runs faster than the clock that is read.
        known = (self._watched.intake.clock.now_ms(), self.session.last_step_ms)
        return max((at for at in known if at is not None), default=None)

    @property
    def feed_health(self) -> FeedHealth:
        """How the connection fares."""
        return self._feed.health()

    def close(self) -> None:
        """Hold nothing."""

    def touched(self) -> tuple[str, ...]:
        """Return what the forming candles have reached so far, by symbol and level."""
        return tuple(f"{one.symbol} {one.touched}" for one in self._positions() if one.touched)

    def picture(self) -> SessionPicture:
        """Return the session as it is now, in values that do not change any more."""
        session, settings, intake = self.session, self._watched.settings, self._watched.intake
        execution, statistics = settings.live.execution, session.statistics
        positions = self._positions()
        length_ms = timeframe_ms(settings.live.timeframe)
        exchange_ms = self.exchange_ms
        return SessionPicture(
            session=self._watched.folder.name,
            strategy=self._watched.name,
            mode=settings.mode.mode,
            exchange=settings.live.exchange,
            timeframe=settings.live.timeframe,
            exchange_ms=exchange_ms,
            uptime_seconds=self._monotonic() - self._begun_at,
            feed=self._feed.health(),
            steps=StepHealth(
                last_ms=session.last_step_ms,
                delay_seconds=self._delays[-1] if self._delays else None,
                delay_p99_seconds=_percentile(self._delays, 0.99),
                steps=statistics.steps,
                candles=statistics.candles_processed,
                open_boundaries=intake.open_boundaries,
                waits_for=self.waits_for,
            ),
            account=account_figures(session, positions, perpetual=execution.perpetual is not None),
            positions=positions,
            waiting=list(order_lines(session, self._forming_of)),
            events=tuple(self._events),
            refusals=sum((one.statistics.refusals for _, one in parts_of(session)), Counter[str]()).most_common(5),
            curve=_thinned(session.outputs.curve, CURVE_POINTS),
            halts=_halts(session),
            kill_switch=session.kill_switch_engaged,
            kill_switch_by=self.kill_switch_by,
            paused=session.paused,
            watched=_watched_lines(session),
            alerts=self._alerts(),
            prices=[self._price_line(symbol) for symbol in self._watched.canonical],
            next_close_ms=None if exchange_ms is None else floor_to_grid(exchange_ms, length_ms) + length_ms,
        )

    def _positions(self) -> list[PositionLine]:
        by_touch = self._watched.settings.live.execution.limit_fill == "touch"
        return position_lines(self.session, self._forming_of, by_touch=by_touch)

    def _step_done(self, done: StepDone) -> None:
        closed = done.closed
        self._delays.append(done.delay_seconds)
        for candles in (closed.step.detail, closed.step.candles):
            found = zip(self._watched.canonical, candles, strict=bool(candles))
            self._closes.update({symbol: one.close for symbol, one in found if one is not None})
        for symbol, candle in list(self._forming.items()):
            if candle.open_time_ms < closed.step.time_ms:
                del self._forming[symbol]
        if "websocket" in closed.sources or "websocket" in closed.detail_sources:
            self._feed.message_came()
        self.refresh()

    def _price_line(self, symbol: str) -> PriceLine:
        candle = self._forming_of(symbol)
        price = self._closes.get(symbol) if candle is None else candle.close
        return PriceLine(symbol, price, candle is not None)

    def _forming_of(self, symbol: str) -> Candle | None:
        """Return the running candle after the last step; None where nothing is known of it."""
        candle, last_ms = self._forming.get(self._watched.canonical[symbol]), self.session.last_step_ms
        return None if candle is None or (last_ms is not None and candle.open_time_ms < last_ms) else candle


def _halts(session: Shown) -> tuple[str, ...]:
    """Return what halts the session, or the whole of a portfolio and each of its members."""
    own = [f"portfolio {one}" for one in session.safety.halts] if isinstance(session, PortfolioSession) else []
    for name, part in parts_of(session):
        own += [f"{name}{one}" for one in part.safety.halts]
        own += [f"{name}candle_move of {symbol}" for symbol in part.safety.halted_symbols]
    return tuple(own)


def _watched_lines(session: Shown) -> tuple[WatchedLine, ...]:
    watched = session.watched
    return tuple(
        WatchedLine(one.name, None, None)
        if last is None
        else WatchedLine(one.name, last.close, last.open_time_ms + one.length_ms)
        for one, last in zip(watched.series, watched.last, strict=True)
    )


def _percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value that ``share`` of all do not exceed; None without any."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def _thinned(curve: Sequence[float], points: int) -> tuple[float, ...]:
    """Return about ``points`` values spread evenly over the curve, the last one among them."""
    stride = max(1, -(-len(curve) // points))
    kept = tuple(curve[::stride])
    return kept if not curve or (len(curve) - 1) % stride == 0 else (*kept, curve[-1])
