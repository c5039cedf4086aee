"""Why a trade of the session differs from history's: its input, a missed step, the operator, or an earlier trade.

Differences are judged in order of the step in which the two runs part. What the runs' own records say comes first (an
entry that one of them refused as a missed step, what an operator refused, cancelled or closed); then the input of the
trade's symbol that differs and belongs to no earlier difference of that symbol: candles, detail candles, watched
candles, mark candles, funding payments and open interest (watched candles and open interest are every symbol's input),
the first kind of which any differs giving the cause its name; then the nearest earlier difference, which this one
follows from; then the input of other symbols, whose marks are part of the equity that sizes orders; then an entry that
one run alone was refused earlier, whose order may have waited without a fill and kept others out. A difference with
none of these is unexplained: the two runs had the same input.
"""

import bisect
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from backtests.proof.candle_comparison import CandleDifference
from backtests.proof.decision_index import Decision, DecisionIndex
from backtests.proof.funding_comparison import FundingDifference
from backtests.proof.open_interest_comparison import OpenInterestDifference
from backtests.proof.trade_matching import ENTRY_FIELDS, RoundTrip, TradeMatch, TradePart, Verdict, first_difference
from core.instants import format_ms, parse_instant
from core.watched_series import WATCHED

Cause = Literal["candles", "marks", "funding", "open_interest", "missed_step", "operator", "propagated", "unexplained"]
InputDifference = CandleDifference | FundingDifference | OpenInterestDifference

_OPERATOR_EXITS = ("kill_switch", "operator")
_OWN_RECORDS: dict[str, Cause] = {
    "missed_step": "missed_step",
    "kill_switch": "operator",
    "paused": "operator",
    "operator": "operator",
}


def step_of(one: InputDifference) -> int:
    """Return the step that a difference of the input belongs to."""
    return one.step_ms


def cause_of(inputs: Iterable[InputDifference]) -> Cause | None:
    """Return the cause that differences of the input make; None where there is none."""
    kinds = {_series_of(one) for one in inputs}
    if kinds - {"mark", "funding", "open_interest"}:
        return "candles"
    if "mark" in kinds:
        return "marks"
    if "funding" in kinds:
        return "funding"
    return "open_interest" if kinds else None


def is_of_all(one: InputDifference) -> bool:
    """Return whether a difference is the input of every symbol: a program sees it whatever symbol it decides about."""
    if isinstance(one, CandleDifference):
        return one.series.startswith(WATCHED)
    return isinstance(one, OpenInterestDifference)


def _series_of(one: InputDifference) -> str:
    if isinstance(one, CandleDifference):
        return one.series
    return "funding" if isinstance(one, FundingDifference) else "open_interest"


class CandleName(msgspec.Struct, frozen=True):
    """A candle by symbol and open time, a payment by due time, or open interest by stamp; ``series`` tells which."""

    symbol: str
    open_time: str
    series: str = "strategy"

    @classmethod
    def of(cls, one: InputDifference) -> "CandleName":
        """Return the name of what differs."""
        if isinstance(one, FundingDifference):
            return cls(one.symbol, one.due, "funding")
        if isinstance(one, OpenInterestDifference):
            return cls(one.symbol, one.stamp, "open_interest")
        return cls(one.symbol, one.open_time, one.series)


class TradeDifference(msgspec.Struct, frozen=True):
    """A trade that is missing, extra or different, and why.

    ``step_ms`` is the step in which the runs part. ``candles`` names what differs in the input that is the cause, the
    candles of cause ``candles``, say; ``follows`` is
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
    inputs
        Everything that differs in the input, in order of its steps.
    session, history
        The decisions of both runs.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        inputs: Sequence[InputDifference],
        session: DecisionIndex,
        history: DecisionIndex,
    ) -> None:
        self._order = {symbol: place for place, symbol in enumerate(symbols)}
        self._inputs = inputs
        self._of_symbol: dict[str, list[InputDifference]] = defaultdict(list)
        for one in self._inputs:
            for symbol in symbols if is_of_all(one) else (one.symbol,):
                self._of_symbol[symbol].append(one)
        self._session = session
        self._history = history
        mine, theirs = session.not_entered(_OWN_RECORDS), history.not_entered(_OWN_RECORDS)
        alone = {**theirs, **mine}
        self._refused_alone = sorted(
            (parse_instant(time), _OWN_RECORDS[reason])
            for (time, symbol), reason in alone.items()
            if mine.get((time, symbol)) != theirs.get((time, symbol))
        )

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
        inputs: Sequence[InputDifference] = ()
        follows: int | None = None
        if cause is None:
            same = [number for number, one in enumerate(earlier) if one.symbol == trade.symbol]
            after_ms = earlier[same[-1]].step_ms if same else None
            inputs = self._inputs_of(trade.symbol, after_ms, step_ms)
            if inputs:
                cause = cause_of(inputs)
            elif earlier:
                cause, follows = "propagated", same[-1] if same else len(earlier) - 1
            else:
                inputs = self._inputs[: bisect.bisect_right(self._inputs, step_ms, key=step_of)]
                cause = cause_of(inputs) or self._refused_before(step_ms)
        cause = cause or "unexplained"
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
            tuple(map(CandleName.of, inputs)),
            follows,
        )

    def _inputs_of(self, symbol: str, after_ms: int | None, step_ms: int) -> list[InputDifference]:
        found = self._of_symbol[symbol]
        start = 0 if after_ms is None else bisect.bisect_right(found, after_ms, key=step_of)
        return found[start : bisect.bisect_right(found, step_ms, key=step_of)]

    def _of_own_records(self, match: TradeMatch) -> Cause | None:
        """Return the cause that the runs' own records name, None where they name none."""
        session, history = match.session, match.history
        if session is None or history is None:
            without = self._session if session is None else self._history
            return self._why_without(without, self._other_decision(match))
        if set(match.fields) & set(ENTRY_FIELDS):
            return None
        mine, theirs = first_difference(session.exits, history.exits)
        added = first_difference(session.added, history.added)
        added_at = self._added_parts_at(*added)
        exits_at = min((one.step_ms for one in (mine, theirs) if one is not None), default=None)
        if added_at is not None and (exits_at is None or added_at <= exits_at):
            return self._why_not_added(*added)
        first = mine is not None and (theirs is None or mine.step_ms <= theirs.step_ms)
        return "operator" if first and mine is not None and mine.reason in _OPERATOR_EXITS else None

    def _why_not_added(self, mine: TradePart | None, theirs: TradePart | None) -> Cause | None:
        """Return why one run alone added to a trade, if its own records say so."""
        part = theirs if mine is None else mine
        if part is None or (mine is not None and theirs is not None):
            return None
        within, without = (self._session, self._history) if mine is not None else (self._history, self._session)
        decision = within.of_entry(part.order_id)
        return None if decision is None else self._why_without(without, without.at(decision.time, decision.symbol))

    def _why_without(self, without: DecisionIndex, decision: Decision | None) -> Cause | None:
        reason = None if decision is None else without.why_not_entered(decision)
        return None if reason is None else _OWN_RECORDS.get(reason)

    def _refused_before(self, step_ms: int) -> Cause | None:
        """Return why the latest entry up to a step was refused that was refused in one run alone."""
        found = bisect.bisect_right(self._refused_alone, step_ms, key=lambda one: one[0])
        return self._refused_alone[found - 1][1] if found else None

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
        steps = [self._added_parts_at(*first_difference(session.added, history.added))]
        steps += [one.step_ms for one in first_difference(session.exits, history.exits) if one is not None]
        return min(step for step in steps if step is not None)

    def _added_parts_at(self, mine: TradePart | None, theirs: TradePart | None) -> int | None:
        """Return the step in which the runs part over an addition: its decision, unless it was filled elsewhere."""
        if mine is None and theirs is None:
            return None
        filled = [one.step_ms for one in (mine, theirs) if one is not None]
        if mine is not None and theirs is not None and (mine.time, mine.price) != (theirs.time, theirs.price):
            return min(filled)
        index, part = (self._session, mine) if mine is not None else (self._history, theirs)
        decision = None if part is None else index.of_entry(part.order_id)
        return min(filled) if decision is None else parse_instant(decision.time)

    def _entry_parts_at(self, match: TradeMatch) -> int:
        """Return the decision's step, or the fill's where both runs accepted the entry."""
        mine = self._session if match.session is not None else self._history
        decision, other = mine.of_entry(match.trade.order_id), self._other_decision(match)
        if decision is None or (other is not None and other.entry_order_id is not None):
            return match.trade.entry_step_ms
        return parse_instant(decision.time)
