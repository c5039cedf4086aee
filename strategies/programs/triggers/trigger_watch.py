"""Looks at every step and says what wakes the program there: pools in their order, then the schedule."""

import math
import re
from collections.abc import Callable, Mapping, Sequence

from core.errors import ConfigurationError
from core.instants import format_ms
from core.settings_problem import SettingsProblem, in_two, shown
from core.symbol_spelling import nearest_symbol, same_symbols
from core.timeframe import timeframe_name
from indicators.features.feature import Feature
from strategies.programs.triggers.feature_text import feature_of
from strategies.programs.triggers.regime import regime_features, regime_of
from strategies.programs.triggers.schedule import Schedule
from strategies.programs.triggers.signal_pool import Comparison, Condition, SignalPool, in_words
from strategies.programs.triggers.trigger_event import TriggeredSignal, TriggerEvent

ValueOf = Callable[[str, str], float]
"""Gives a feature's value by name, as the symbol that is looked at reads it at the step's close (of another symbol's
candles too); nan while it is undefined."""

PREFIX = "trigger_"
_COMPARED: Mapping[Comparison, Callable[[float, float, float, float], bool]] = {
    "<": lambda one, other, _one, _other: one < other,
    "<=": lambda one, other, _one, _other: one <= other,
    ">": lambda one, other, _one, _other: one > other,
    ">=": lambda one, other, _one, _other: one >= other,
    "crosses_above": lambda one, other, one_before, other_before: one > other and one_before <= other_before,
    "crosses_below": lambda one, other, one_before, other_before: one < other and one_before >= other_before,
}
"""Of a value and what it is compared with, now and at the last look; nothing holds of nan."""


class _Term:
    """A condition with the names of the features that it reads."""

    __slots__ = ("compared", "condition", "feature", "symbol", "threshold", "threshold_feature")

    def __init__(self, condition: Condition, feature: str, threshold_feature: str | None, symbol: str) -> None:
        self.condition = condition
        self.feature = feature
        self.threshold_feature = threshold_feature
        self.threshold = condition.value if isinstance(condition.value, float | int) else math.nan
        self.compared = _COMPARED[condition.op]
        self.symbol = symbol

    def values(self, symbol: str, value_of: ValueOf) -> tuple[float, float]:
        """Return both sides at the close of a symbol's candle."""
        one = value_of(symbol, self.feature)
        other = self.threshold if self.threshold_feature is None else value_of(symbol, self.threshold_feature)
        return one, other

    def signal(self, symbol: str, values: tuple[float, float]) -> TriggeredSignal:
        """Return the condition as met."""
        condition = self.condition
        return TriggeredSignal(condition.feature, condition.period, self.symbol or symbol, condition.op, *values)


class _Looks:
    """What a pool saw of one symbol at the last look, and until when it is quiet."""

    __slots__ = ("met", "quiet_until_ms", "values")

    def __init__(self) -> None:
        self.met: bool | None = None
        self.values: list[tuple[float, float]] | None = None
        self.quiet_until_ms = -1


class _PoolWatch:
    """One pool over its symbols."""

    def __init__(self, pool: SignalPool, terms: Sequence[_Term], symbols: Sequence[str], timeframe_ms: int) -> None:
        self._pool = pool
        self._terms = terms
        self._quiet_ms = pool.quiet_ms(timeframe_ms)
        self.looks = {symbol: _Looks() for symbol in symbols}
        self.count_anew()

    def count_anew(self) -> None:
        """Count looks from now on, of them those at which the pool was met, and its triggers."""
        self.looked = self.met = self.quiet = self.woken = 0
        self.defined = [False] * len(self._terms)

    def silence(self, own: str) -> str:
        """Return why it has never woken anybody since counting began; candles are ``own`` long."""
        pool, looked = self._pool, f"{self.looked:,} candles of {own} that were looked at"
        if not self.looked:
            return f"pool {pool.id}: none of its symbols had a candle that could be looked at"
        undefined = [one.condition for one, known in zip(self._terms, self.defined, strict=True) if not known]
        if not self.met and undefined and (pool.logic == "all" or len(undefined) == len(self._terms)):
            told = ", ".join(map(in_words, undefined))
            return f"pool {pool.id}: {told} could not be told at any of {looked}, since a value of it is undefined"
        if not self.met:
            return f"pool {pool.id}: was met at none of {looked}"
        why = "it became met in a cool-down alone" if self.quiet else "it never became so: mode: level wakes at each"
        return f"pool {pool.id}: was met at {self.met:,} of {looked}, and {why}"

    def at(self, time_ms: int, symbol: str, value_of: ValueOf) -> tuple[TriggeredSignal, ...] | None:
        """Return the conditions by which the pool wakes at a symbol's candle; None where it does not."""
        pool, looks = self._pool, self.looks[symbol]
        values = [term.values(symbol, value_of) for term in self._terms]
        before = looks.values or [(math.nan, math.nan)] * len(values)
        holds = [term.compared(*now, *last) for term, now, last in zip(self._terms, values, before, strict=True)]
        met = all(holds) if pool.logic == "all" else any(holds)
        was_met = looks.met
        looks.values, looks.met = values, met
        self.looked += 1
        self.met += met
        if False in self.defined:
            self.defined = [known or now == now for known, now in zip(self.defined, map(sum, values), strict=True)]
        if not met or (pool.mode == "edge" and was_met is not False):
            return None
        if time_ms < looks.quiet_until_ms:
            self.quiet += 1
            return None
        looks.quiet_until_ms = time_ms + self._quiet_ms
        self.woken += 1
        return tuple(
            term.signal(symbol, now) for term, now, hold in zip(self._terms, values, holds, strict=True) if hold
        )


class TriggerWatch:
    """Makes the trigger events of a session's steps, in order: time, pools as they are given, symbols as configured.

    What it remembers follows from the calls of :meth:`at` alone: made again, they give the same events. An edge is a
    candle at which a pool is met and at the look before was not; the first look at a symbol is none, since what was
    before is not known. An undefined value meets no condition. During a cool-down edges pass unseen. The schedule wakes
    at the first candle of a symbol at or after an instant, once where several have passed; instants in the first
    candle that is looked at count.

    Parameters
    ----------
    pools
        In the order in which their events come.
    schedule
        None for a program that no clock wakes.
    symbols
        All that are traded, in the configured order.
    timeframe_ms
        Length of the session's candles.
    watched
        Symbols whose candles a condition may read beside them; None where that is looked at elsewhere.

    Raises
    ------
    ConfigurationError
        If two pools have one id, a pool names a symbol that is not traded or one of its conditions one whose candles do
        not come, a period is no multiple of the candles' length, or the schedule is finer than they are. Its facts name
        ``pool ID`` as their file, and the condition.
    """

    def __init__(
        self,
        pools: Sequence[SignalPool],
        schedule: Schedule | None,
        symbols: Sequence[str],
        timeframe_ms: int,
        watched: Sequence[str] | None = None,
    ) -> None:
        self.pools = tuple(pools)
        self.schedule = schedule
        self.symbols = tuple(symbols)
        self._readable = None if watched is None else (*symbols, *(one for one in watched if one not in symbols))
        self._timeframe_ms = timeframe_ms
        if schedule is not None:
            schedule.require_coarser(timeframe_ms)
        twice = [pool.id for pool in self.pools if sum(pool.id == other.id for other in self.pools) > 1]
        if twice:
            raise ConfigurationError(f"pool {twice[0]} stands twice — allowed: each pool once")
        self._features: dict[str, Feature] = {
            f"{PREFIX}regime_{name}": feature for name, feature in regime_features().items()
        }
        self._watches = [self._watch(pool) for pool in self.pools]
        self._last_ms: dict[str, int] = {}
        self._scheduled = 0
        self._looked: tuple[int, int] | None = None

    def features(self) -> Mapping[str, Feature]:
        """Return what has to be computed, by the names under which values are asked for."""
        return dict(self._features)

    def at(self, time_ms: int, present: Sequence[str], value_of: ValueOf) -> tuple[TriggerEvent, ...]:
        """Return the events of a step, in order.

        Parameters
        ----------
        time_ms
            The step; later than every one before.
        present
            The traded symbols whose candles close at it, in any order; of others nothing is looked at.
        value_of
            Gives the values at that close.
        """
        self._looked = (time_ms - self._timeframe_ms if self._looked is None else self._looked[0], time_ms)
        there = set(present)
        now = [symbol for symbol in self.symbols if symbol in there]
        events = []
        for pool, watch in zip(self.pools, self._watches, strict=True):
            for symbol in now:
                signals = watch.at(time_ms, symbol, value_of) if symbol in watch.looks else None
                if signals is not None:
                    regime = self._regime(symbol, value_of)
                    events.append(
                        TriggerEvent(time_ms, "signal", symbol, pool.id, pool.name, pool.logic, signals, regime)
                    )
        if self.schedule is not None:
            for symbol in now:
                last_ms = self._last_ms.get(symbol, time_ms - self._timeframe_ms)
                self._last_ms[symbol] = time_ms
                if self.schedule.due_between(last_ms, time_ms) is not None:
                    self._scheduled += 1
                    events.append(TriggerEvent(time_ms, "scheduled", symbol, regime=self._regime(symbol, value_of)))
        return tuple(events)

    def symbols_of(self, pool: SignalPool) -> tuple[str, ...]:
        """Return the traded symbols that one of its pools looks at."""
        return tuple(self._watches[self.pools.index(pool)].looks)

    def count_anew(self) -> None:
        """Begin to count what :meth:`silence` tells of."""
        self._scheduled, self._looked = 0, None
        for watch in self._watches:
            watch.count_anew()

    def silence(self) -> tuple[str, ...]:
        """Return why it made no event since it was made, or since counting began anew: a sentence for each pool that
        woke nobody, and one for such a schedule."""
        own = timeframe_name(self._timeframe_ms)
        found = [watch.silence(own) for watch in self._watches if not watch.woken]
        if self.schedule is not None and not self._scheduled and self._looked is not None:
            span = " to ".join(map(format_ms, self._looked))
            found.append(f"schedule {self.schedule.text}: none of its instants lies in the candles from {span}")
        return tuple(found)

    def restart(self, symbol: str) -> None:
        """Forget the last look at a symbol, whose features start empty after a gap; cool-downs stay."""
        for watch in self._watches:
            if symbol in watch.looks:
                watch.looks[symbol].met = watch.looks[symbol].values = None

    def _regime(self, symbol: str, value_of: ValueOf) -> str | None:
        return regime_of(lambda name: value_of(symbol, f"{PREFIX}regime_{name}")).regime

    def _watch(self, pool: SignalPool) -> _PoolWatch:
        symbols = self.symbols
        if pool.symbols:
            wanted = {self._traded(pool, spelling) for spelling in pool.symbols}
            symbols = tuple(symbol for symbol in symbols if symbol in wanted)
        terms = [self._checked_term(pool, place, one) for place, one in enumerate(pool.conditions)]
        return _PoolWatch(pool, terms, symbols, self._timeframe_ms)

    def _traded(self, pool: SignalPool, spelling: str) -> str:
        named = same_symbols(spelling, self.symbols)
        if len(named) != 1:
            wrong = f"{shown(spelling)}{nearest_symbol(spelling, self.symbols)} is not traded"
            raise _refused(pool, "symbols", wrong, f"allowed: {', '.join(self.symbols)}, or none for all")
        return named[0]

    def _checked_term(self, pool: SignalPool, place: int, condition: Condition) -> _Term:
        key, readable = f"{pool.logic}[{place}]", self._readable
        if condition.symbol and readable is not None and len(same_symbols(condition.symbol, readable)) != 1:
            hint = nearest_symbol(condition.symbol, readable)
            wrong = f"{shown(condition.symbol)}{hint} is neither traded nor watched"
            allowed = f"allowed: {', '.join(readable)}, or another one that is added under watch"
            raise _refused(pool, f"{key}.symbol", wrong, allowed)
        try:
            return self._term(condition)
        except ConfigurationError as error:
            raise _refused(pool, f"{key}.period", *in_two(str(error))) from error

    def _term(self, condition: Condition) -> _Term:
        named = same_symbols(condition.symbol, self.symbols) if condition.symbol else []
        symbol = named[0] if len(named) == 1 else condition.symbol
        feature = self._name(condition.feature, condition.period, symbol)
        threshold = condition.value
        other = self._name(threshold, condition.period, symbol) if isinstance(threshold, str) else None
        return _Term(condition, feature, other, symbol)

    def _name(self, text: str, period: str, symbol: str) -> str:
        """Return the name of a feature, which equal ones share."""
        read = feature_of(text, period)
        feature = Feature(read.of, read.timeframe, symbol or None)
        feature.length_ms(self._timeframe_ms)
        for name, other in self._features.items():
            if other == feature:
                return name
        words = re.sub(r"[^0-9a-z]+", "_", f"{text} {period} {symbol}".casefold()).strip("_")
        name, number = f"{PREFIX}{words}", 1
        while name in self._features:
            number += 1
            name = f"{PREFIX}{words}_{number}"
        self._features[name] = feature
        return name


def _refused(pool: SignalPool, key: str, wrong: str, allowed: str) -> ConfigurationError:
    return ConfigurationError.of(SettingsProblem(key, wrong, allowed, file=named_pool(pool.id)))


def named_pool(id_: str) -> str:
    """Return what problems name a pool by, of which it is not said where it was read."""
    return f"pool {id_}"
