"""Tells people what happens in a session: it listens where the views do, beside the session and after it."""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple

from alerts.alert import Alert, Kind, Origin, Severity
from alerts.post import Post
from core.events import CandleMove, Decision, Halt, HaltLifted, KillSwitchChange, TradeRow
from core.exact import plain
from core.instants import format_ms
from core.programs.program_call import ProgramCall, ProgramFault
from core.timeframe import DAY_MS, trading_day
from engine.portfolio.portfolio_session import PortfolioSession
from live.views.account_lines import parts_of
from live.views.session_events import HeardEvent, SessionEvents
from live.views.session_log import key_values
from live.views.session_updates import SessionFailed, SessionUpdate, StepDone
from live.views.session_watch import SessionWatch, Watched
from reports.console.number_text import amount

ORDINARY_REFUSAL = "position_open"
"""A strategy that goes on wanting what it has is no storm."""

MOST_OF_A_PROBLEM = 300
"""Letters of a program's problem that are told; what a program raises may be long."""

_IN_TITLES = {"action", "side", "price", "reason", "realized_pnl", "by"}

_log = logging.getLogger("live.session")


class _Standing(NamedTuple):
    """The account after a step."""

    equity: float
    change: float
    trades: int
    won: int


class AlertView:
    """Makes alerts of what a session does and puts them into the post, which costs it no I/O.

    Parameters
    ----------
    post
        Takes the alerts.
    watched
        The session. What it did in an earlier process and that process did not write down any more is told too.
    watch
        What is known of it; told before this view.
    """

    def __init__(
        self, post: Post, watched: Watched, watch: SessionWatch, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._post, self._watched, self._watch, self._monotonic = post, watched, watch, monotonic
        self._name = watched.folder.name
        self._begun = self._feed_told = False
        self._feed_bad_since: float | None = None
        self._failure = ""
        heard = post.heard
        self._resumed = heard is not None or watched.session.statistics.steps > 0
        missed = [] if heard is None else [one for one in watched.recent.waiting() if one.number > heard]
        self._events = SessionEvents(watched.session, first=watched.recent.heard)
        self._refused: deque[Counter[str]] = deque([Counter()], maxlen=post.settings.refusal_steps)
        self._storm = False
        self._halts = frozenset(watched.session.safety.halts)
        self._day: int | None = None
        self._standing = self._stands()
        self._troubles: dict[str, str] = {}
        self._problems: dict[str, ProgramFault] = {}
        for one in missed:
            self._tell_event(one)

    def take(self, update: SessionUpdate) -> None:
        """Tell what came of a step or a command."""
        match update:
            case StepDone():
                self._begin()
                self._step_done(update.closed.step.time_ms)
            case SessionFailed(reason):
                self._failure = reason

    def refresh(self) -> None:
        """Tell what happened outside a step, of the feed, and of channels that fail."""
        if self._watch.exchange_ms is not None:
            self._begin()
        self._tell_events()
        self._look_at_feed()
        for one in self._post.health():
            if one.trouble != self._troubles.get(one.name, ""):
                self._troubles[one.name] = one.trouble
                state = {"state": "failing", "detail": one.trouble} if one.trouble else {"state": "well"}
                _log.warning("%s", key_values(event="alerts", channel=one.name, **state))

    def close(self) -> None:
        """Tell that the session has ended, and how it stands."""
        self._begin()
        self._tell_events()
        # What the end has closed is booked after the last step.
        standing = self._stands(self._watch.picture().account.equity)
        if self._failure:
            self._tell("stop", "critical", "failed", self._failure, {"failure": self._failure})
        else:
            self._tell("stop", "info", "stopped", _standing_text(standing), _standing_facts(standing))

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            live = self._watched.settings.live
            what = f"{live.exchange} {live.timeframe}, {self._watched.name}, {self._watched.settings.mode.mode}"
            if self._watched.session.kill_switch_engaged:
                what += f"; the kill switch is engaged by {self._watch.kill_switch_by or '?'}"
            title = "resumed" if self._resumed else "started"
            self._tell("start", "info", title, f"{what}; {_standing_text(self._standing)}")

    def _step_done(self, time_ms: int) -> None:
        day = trading_day(time_ms)
        if self._day is not None and day != self._day:
            self._sum_up()
        self._day = day
        self._refused.append(Counter())
        self._tell_events()
        self._look_at_storm(time_ms)
        if isinstance(self._watched.session, PortfolioSession):
            halts = frozenset(self._watched.session.safety.halts)
            for one in sorted(halts - self._halts):
                self._tell("halt", "critical", f"the portfolio is halted: {one}", "no entries", {"reason": one})
            self._halts = halts
        self._standing = self._stands()

    def _sum_up(self) -> None:
        """Tell how the day went that the last step belonged to."""
        standing, begun_ms = self._standing, (self._day or 0) * DAY_MS
        title, facts = f"{format_ms(begun_ms)[:10]}: {amount(standing.change)}", _standing_facts(standing)
        self._tell("day_summary", "info", title, _standing_text(standing), facts, begun_ms + DAY_MS)

    def _tell_events(self) -> None:
        for one in self._events.taken():
            self._tell_event(one)

    def _tell_event(self, heard: HeardEvent) -> None:
        event = heard.event
        match event:
            case TradeRow():
                self._tell_fill(heard, event)
            case Decision():
                if event.reason is not None and event.reason != ORDINARY_REFUSAL:
                    self._refused[-1][str(event.reason)] += 1
            case Halt():
                facts = {"reason": event.reason, "equity": f"{event.equity:.2f}"}
                self._tell_heard(heard, "halt", "critical", f"halted: {event.reason}", facts)
            case HaltLifted():
                self._tell_heard(heard, "halt", "info", f"halt lifted: {event.reason}", {"reason": event.reason})
            case CandleMove():
                title = f"{event.symbol} halted: its candle moved by a factor of {event.factor:.3g}"
                self._tell_heard(heard, "halt", "warning", title, {"reason": "candle_move"})
            case ProgramCall():
                if event.fault is not None:
                    self._tell_problem(heard, event, event.fault)
            case KillSwitchChange():
                state = "engaged" if event.engaged else "released"
                by = self._watch.kill_switch_by
                severity: Severity = "critical" if event.engaged else "info"
                self._tell_heard(heard, "kill_switch", severity, f"kill switch {state} by {by or '?'}", {"by": by})

    def _tell_problem(self, heard: HeardEvent, call: ProgramCall, fault: ProgramFault) -> None:
        """Tell that a call of a program was a problem, once for one that is repeated, or that it is halted."""
        said = fault.said()
        text = said if len(said) <= MOST_OF_A_PROBLEM else f"{said[:MOST_OF_A_PROBLEM]}…"
        facts = {"reason": fault.kind, "detail": text}
        if call.halted:
            title = "the program is halted: no more calls, what it holds keeps its stops"
            self._tell_heard(heard, "program_halted", "critical", title, facts, symbol="")
        elif self._problems.get(heard.member) != fault:
            self._tell_heard(heard, "program_problem", "warning", f"a problem of the program at {call.symbol}", facts)
        self._problems[heard.member] = fault

    def _tell_fill(self, heard: HeardEvent, row: TradeRow) -> None:
        facts = {
            "action": row.action,
            "side": row.side,
            "quantity": plain(row.quantity),
            "price": plain(row.price),
            "reason": row.reason,
            "order_id": row.order_id,
            "balance": plain(row.balance),
            "equity": plain(row.equity),
        }
        title = f"{row.side} {row.symbol} {'opened' if row.action == 'OPEN' else 'closed'} at {facts['price']}"
        if row.action == "CLOSE":
            facts["realized_pnl"] = plain(row.realized_pnl)
            title += f" ({row.reason}): {facts['realized_pnl']}"
        self._tell_heard(heard, "fill", "info", title, facts)

    def _look_at_storm(self, time_ms: int) -> None:
        """Tell once that many decisions are refused, and again after it has abated."""
        refused, settings = sum(self._refused, Counter[str]()), self._post.settings
        count = refused.total()
        if self._storm:
            self._storm = count * 2 >= settings.refusals
            return
        if count >= settings.refusals:
            self._storm = True
            reasons = ", ".join(f"{reason} {number}" for reason, number in refused.most_common(5))
            steps = len(self._refused)
            facts = {"refusals": str(count), "steps": str(steps), "reason": refused.most_common(1)[0][0]}
            self._tell("refusal_storm", "warning", f"{count} refusals in {steps} steps", reasons, facts, time_ms)

    def _look_at_feed(self) -> None:
        """Tell that the feed is lost once it has been for a while, and that it is back."""
        feed, now = self._watch.feed_health, self._monotonic()
        if feed.state not in ("disconnected", "stale"):
            self._feed_bad_since = None
            if self._feed_told:
                self._feed_told = False
                self._tell("feed_back", "info", "the feed is back", "")
            return
        if self._feed_bad_since is None:
            self._feed_bad_since = now
        if not self._feed_told and now - self._feed_bad_since >= self._post.settings.feed_lost_seconds:
            self._feed_told = True
            self._tell("feed_lost", "warning", f"the feed is {feed.state}", feed.trouble, {"detail": feed.trouble})

    def _stands(self, equity: float | None = None) -> _Standing:
        """Return how the account stands at the equity of the last step, or at a later one."""
        session = self._watched.session
        results = [part.account.totals.trades.all for _, part in parts_of(session)]
        safety = session.safety
        trades, won = sum(one.trades for one in results), sum(one.won for one in results)
        now = safety.current_equity if equity is None else equity
        return _Standing(now, safety.daily_pnl + now - safety.current_equity, trades, won)

    def _tell_heard(
        self,
        heard: HeardEvent,
        kind: Kind,
        severity: Severity,
        title: str,
        facts: dict[str, str],
        *,
        symbol: str | None = None,
    ) -> None:
        """Tell of an event of the kernel: the same journal makes the same alert again, under the same id.

        The symbol is the event's where none is given; an empty one says that it concerns all of them.
        """
        event = heard.event
        origin = Origin(
            self._name,
            event.time_ms,
            heard.number,
            heard.member,
            getattr(event, "symbol", "") if symbol is None else symbol,
            getattr(event, "strategy", ""),
        )
        member = f"{heard.member}: " if heard.member else ""
        told = {name: value for name, value in facts.items() if name not in _IN_TITLES}
        text = "; ".join(value if name == "detail" else f"{name} {value}" for name, value in told.items())
        self._post.put(Alert.of(kind, severity, origin, f"{self._name}: {member}{title}", text, facts))

    def _tell(
        self,
        kind: Kind,
        severity: Severity,
        title: str,
        text: str,
        facts: dict[str, str] | None = None,
        time_ms: int | None = None,
    ) -> None:
        known_ms = self._watch.exchange_ms or self._watched.intake.barrier.last_closed_ms
        origin = Origin(self._name, known_ms if time_ms is None else time_ms, self._events.heard)
        self._post.put(Alert.of(kind, severity, origin, f"{self._name}: {title}", text, facts))


def _standing_text(standing: _Standing) -> str:
    trades = f"{standing.trades} {'trade' if standing.trades == 1 else 'trades'} so far, {standing.won} won"
    return f"equity {amount(standing.equity)}, {amount(standing.change)} today; {trades}"


def _standing_facts(standing: _Standing) -> dict[str, str]:
    return {
        "equity": f"{standing.equity:.2f}",
        "change": f"{standing.change:.2f}",
        "trades": str(standing.trades),
        "won": str(standing.won),
    }
