"""Why a trade of the session differs from history's: the candles, a missed step, the operator, or an earlier trade.

Differences are judged in order of the step in which the two runs part. What the session's own records say comes first
(an entry refused as a missed step, an exit or refusal by the kill switch); then the candles of the trade's symbol that
differ and belong to no earlier difference of that symbol; then the nearest earlier difference, which this one follows
from; then the candles of other symbols, whose marks are part of the equity that sizes orders. A difference with none
of these is unexplained: the two runs had the same input.
"""

import bisect
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import msgspec

from backtests.candle_matching import CandleDifference
from backtests.decision_index import Decision, DecisionIndex
from backtests.trade_matching import ENTRY_FIELDS, RoundTrip, TradeMatch, Verdict
from core.instants import format_ms, parse_instant

Cause = Literal["candles", "missed_step", "operator", "propagated", "unexplained"]

_OWN_RECORDS: dict[str | None, Cause] = {"missed_step": "missed_step", "kill_switch": "operator"}


def _step_of(candle: CandleDifference) -> int:
    return candle.step_ms


class CandleName(msgspec.Struct, frozen=True):
    """A candle by symbol and open time."""

    symbol: str
    open_time: str


class TradeDifference(msgspec.Struct, frozen=True):
    """A trade that is missing, extra or different, and why.

    ``step_ms`` is the step in which the runs part. ``candles`` names the candles of cause ``candles``; ``follows`` is
    the number (from 0, in this order) of the difference that a propagated one follows from, and ``root`` the cause at
    the end of that chain.
    """

    verdict: Verdict
    symbol: str
    side: str
    entry_time: str
    fields: tuple[str, ...]
    session: RoundTrip | None
    history: RoundTrip | None
    step_ms: int
    step: str
    cause: Cause
    root: Cause
    candles: tuple[CandleName, ...] = ()
    follows: int | None = None


class DifferenceJudge:
    """Finds the cause of every trade difference.

    Parameters
    ----------
    symbols
        In configured order.
    candles
        All candles that differ, in order of time.
    session, history
        The decisions of both runs.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        candles: Sequence[CandleDifference],
        session: DecisionIndex,
        history: DecisionIndex,
    ) -> None:
        self._order = {symbol: place for place, symbol in enumerate(symbols)}
        self._candles = candles
        self._of_symbol: dict[str, list[CandleDifference]] = defaultdict(list)
        for one in self._candles:
            self._of_symbol[one.symbol].append(one)
        self._session = session
        self._history = history

    def judge(self, matches: Sequence[TradeMatch]) -> list[TradeDifference]:
        """Return the differences among the matches, in order of the step at which the runs part."""
        parted = [(self._parts_at(match), match) for match in matches if match.verdict != "matched"]
        parted.sort(key=lambda one: (one[0], self._order[one[1].trade.symbol], one[1].trade.entry_time))
        judged: list[TradeDifference] = []
        for step_ms, match in parted:
            judged.append(self._judged(match, step_ms, judged))
        return judged

    def _judged(self, match: TradeMatch, step_ms: int, earlier: Sequence[TradeDifference]) -> TradeDifference:
        trade = match.trade
        cause: Cause | None = self._of_own_records(match)
        candles: Sequence[CandleDifference] = ()
        follows: int | None = None
        if cause is None:
            same = [number for number, one in enumerate(earlier) if one.symbol == trade.symbol]
            after_ms = earlier[same[-1]].step_ms if same else None
            candles = self._candles_of(trade.symbol, after_ms, step_ms)
            if candles:
                cause = "candles"
            elif earlier:
                cause, follows = "propagated", same[-1] if same else len(earlier) - 1
            else:
                candles = self._candles[: bisect.bisect_right(self._candles, step_ms, key=_step_of)]
                cause = "candles" if candles else "unexplained"
        return TradeDifference(
            match.verdict,
            trade.symbol,
            trade.side,
            trade.entry_time,
            match.fields,
            match.session,
            match.history,
            step_ms,
            format_ms(step_ms),
            cause,
            cause if follows is None else earlier[follows].root,
            tuple(CandleName(one.symbol, one.open_time) for one in candles),
            follows,
        )

    def _candles_of(self, symbol: str, after_ms: int | None, step_ms: int) -> list[CandleDifference]:
        found = self._of_symbol[symbol]
        start = 0 if after_ms is None else bisect.bisect_right(found, after_ms, key=_step_of)
        return found[start : bisect.bisect_right(found, step_ms, key=_step_of)]

    def _of_own_records(self, match: TradeMatch) -> Cause | None:
        """Return the cause that the session's own records name, None where they name none."""
        if match.verdict == "different" and match.session is not None and not set(match.fields) & set(ENTRY_FIELDS):
            history_ms = None if match.history is None else match.history.exit_step_ms
            closed_ms = match.session.exit_step_ms
            first = closed_ms is not None and (history_ms is None or closed_ms <= history_ms)
            return "operator" if first and match.session.reason == "kill_switch" else None
        if match.verdict == "missing":
            decision = self._other_decision(match)
            if decision is not None:
                return _OWN_RECORDS.get(self._session.why_not_entered(decision))
        return None

    def _other_decision(self, match: TradeMatch) -> Decision | None:
        """Return what the run without the trade decided where the other one decided to enter."""
        mine, other = (self._session, self._history) if match.session is not None else (self._history, self._session)
        decision = mine.of_entry(match.trade.order_id)
        return None if decision is None else other.at(decision.time, decision.symbol)

    def _parts_at(self, match: TradeMatch) -> int:
        """Return the step in which the two runs part over a trade."""
        session, history = match.session, match.history
        if session is None or history is None:
            return self._entry_parts_at(match)
        if "entry_price" in match.fields:
            return min(session.entry_step_ms, history.entry_step_ms)
        if "quantity" in match.fields:
            decision = self._session.of_entry(session.order_id)
            return session.entry_step_ms if decision is None else parse_instant(decision.time)
        steps = [one.exit_step_ms for one in (session, history) if one.exit_step_ms is not None]
        return min(steps)

    def _entry_parts_at(self, match: TradeMatch) -> int:
        """Return the decision's step, or the fill's where both runs accepted the entry."""
        mine = self._session if match.session is not None else self._history
        decision, other = mine.of_entry(match.trade.order_id), self._other_decision(match)
        if decision is None or (other is not None and other.entry_order_id is not None):
            return match.trade.entry_step_ms
        return parse_instant(decision.time)
