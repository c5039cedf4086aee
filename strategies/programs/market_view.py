"""What a program sees of the market at one moment: what has closed, what was stamped, and nothing later."""

import inspect
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from core.candle import FundingRate, OpenInterest
from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, in_two, shortly
from core.symbol_spelling import KnownSymbols, nearest_symbol
from strategies.features.moment import Rows
from strategies.programs.known_interest import INTEREST_FLOWS, NO_INTEREST_WATCHED, KnownInterest, interest_period
from strategies.programs.program_reads import FLOWS, ProgramReads, ReadFeature
from strategies.programs.sandbox.reads import indicator_text, read_key
from strategies.programs.sandbox.refusal import Refusal
from strategies.programs.seen_candles import SeenCandles
from strategies.programs.triggers.regime import regime_of

_PARTS = ("klines", "indicators", "flows", "regimes", "data")
"""What a call is given by symbol."""


class Place(NamedTuple):
    """Where a feature's first value stands in the rows that a symbol reads, and how many it has."""

    series: int
    first: int
    size: int


class Source(Protocol):
    """Where the values of features come from."""

    def rows(self, symbol: str) -> Rows:
        """Return a symbol's rows as they are at the moment."""
        ...

    def place(self, symbol: str, feature: str) -> Place:
        """Return where in them a feature stands."""
        ...


class MarketView:
    """Answers what a program asks about the market, as it is known at a moment.

    The same object shows every moment; :meth:`set_current_time` moves it, and what it answers rests on what was
    shown up to then alone. What calls have asked for before has no part in it: a call is given the same, and asks for
    the same, in whichever session of whichever process.

    Parameters
    ----------
    reads
        What the program declares that it reads.
    seen
        The candles that have closed.
    source
        Gives the values of features.
    others
        The symbols of which the program reads beside the one that wakes it: calls are given what concerns these, too;
        None for all of them.
    watched
        The symbols that are not traded.
    """

    def __init__(
        self,
        reads: ProgramReads,
        seen: SeenCandles,
        source: Source,
        *,
        others: Collection[str] | None,
        watched: Collection[str] = (),
    ) -> None:
        self._reads = reads
        self._seen = seen
        self._source = source
        self._symbols = seen.symbols
        self._known = KnownSymbols(self._symbols)
        self._plain = frozenset(one for one in self._symbols if len(self._known.named(one)) == 1)
        self._funding: dict[str, FundingRate] = {}
        self._interest = KnownInterest(reads.interest_periods)
        self._others = others
        self._watched = frozenset(watched)
        self._time_ms = 0
        self._snapshots: dict[str, dict[str, Any]] = {}
        self._parts: dict[str, dict[str, object]] = {}
        self._answers: Mapping[str, Callable[..., object]] = {
            "get_klines": self.get_klines,
            "get_indicator": self.get_indicator,
            "get_flow": self.get_flow,
            "get_regime": self.get_regime,
            "get_current_prices": self.get_current_prices,
            "get_market_data": self.get_market_data,
        }
        self._taken = {name: inspect.signature(answer) for name, answer in self._answers.items()}

    def set_current_time(self, time_ms: int) -> None:
        """Move to a moment: the close of a step, whose candles have been shown."""
        self._time_ms = time_ms
        self._snapshots.clear()
        self._parts.clear()

    def fund(self, symbol: str, rates: Sequence[FundingRate]) -> None:
        """Take funding rates that became known."""
        self._funding[symbol] = rates[-1]

    def interest(self, symbol: str, rows: Sequence[OpenInterest]) -> None:
        """Take open interest that became known."""
        self._interest.take(symbol, rows)

    def snapshot(self, symbol: str) -> dict[str, Any]:
        """Return all that the program declares, of the symbol that woke it and of others of which it reads."""
        others = self._others
        key = "" if others is None else symbol
        known = self._snapshots.get(key)
        if known is None:
            shown = [one for one in self._symbols if others is None or one == symbol or one in others]
            known = self._snapshots[key] = self._shown(shown)
        return known

    def serve(self, name: str, arguments: Sequence[Any]) -> object:
        """Answer a read that is not in the snapshot.

        Raises
        ------
        Refusal
            Where there is no answer; says why, and what to do.
        """
        answer = self._answers.get(name)
        if answer is None:
            raise Refusal(f"market has no {name}{did_you_mean(name, self._answers)}")
        try:
            self._taken[name].bind(*arguments)
        except TypeError:
            raise Refusal(f"market.{name}: the arguments are not those that it takes") from None
        return answer(*arguments)

    def get_klines(self, symbol: str, period: str = "", count: int = 50) -> list[list[float]]:
        """Return the last closed candles, oldest first, each time, open, high, low, close and volume."""
        own = self._symbol(symbol)
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise Refusal(f"market.get_klines: count is {shortly(count)} — allowed: a whole number above 0")
        length, most = self._reads.klines_of(str(period))
        if most <= 0:
            self._require_period("get_klines", period)
            raise Refusal(
                f"market.get_klines: no {period or 'own'} candles are kept — declare them: "
                f'READS = {{"klines": {{"{period}": {count}}}}}'
            )
        return self._seen.last(own, length, min(count, most))

    def get_indicator(self, symbol: str, indicator: str, period: str = "") -> dict[str, object]:
        """Return an indicator's value, on how many closed candles it rests, and whether it has forgotten its start."""
        own = self._symbol(symbol)
        feature = self._reads.indicators.get(read_key(str(indicator), str(period)))
        if feature is None:
            self._require_period("get_indicator", period)
            raise Refusal(
                f"market.get_indicator: {indicator} of {period or 'own'} candles is not computed — declare it: "
                f'READS = {{"indicators": [["{indicator_text(str(indicator))}", "{period}"]]}}'
            )
        return self._indicator(own, feature)

    def get_flow(self, symbol: str, metric: str, period: str = "") -> dict[str, object]:
        """Return a flow's value as it was known, or None with the reason why there is none."""
        own, metric = self._symbol(symbol), str(metric)
        if metric not in FLOWS:
            raise Refusal(
                f"market.get_flow: {metric} is no flow{did_you_mean(metric, FLOWS)} — allowed: {', '.join(FLOWS)}"
            )
        if metric in INTEREST_FLOWS:
            return self._interest_flow(own, metric, period)
        rate = self._funding.get(own) if metric == "funding" else None
        if rate is None:
            return {"value": None, "reason": FLOWS[metric]}
        return {"value": rate.rate, "time": rate.time_ms, "reason": None}

    def get_regime(self, symbol: str, period: str = "") -> dict[str, object]:
        """Return a symbol's regime with its measures; None where it is undefined."""
        own = self._symbol(symbol)
        names = self._reads.regimes.get(str(period))
        if names is None:
            self._require_period("get_regime", period)
            raise Refusal(
                f"market.get_regime: the regime of {period or 'own'} candles is not computed — declare it: "
                f'READS = {{"regimes": ["{period}"]}}'
            )
        return regime_of(lambda measure: self.value(own, names[measure])).to_dict()

    def get_current_prices(self, symbols: Sequence[str] | None = None) -> dict[str, float]:
        """Return the last closes by symbol; of symbols without a candle yet there is none."""
        closes = self._seen.closes()
        if symbols is None:
            return dict(closes)
        if not isinstance(symbols, list | tuple):
            raise Refusal("market.get_current_prices: symbols — allowed: a list of symbols, or none for all")
        return {one: closes[own] for one in symbols if (own := self._symbol(one)) in closes}

    def get_market_data(self, symbol: str) -> dict[str, object]:
        """Return a symbol's last closed candle, and how many milliseconds ago it closed; None before the first."""
        own = self._symbol(symbol)
        rows = self._seen.last(own, self._reads.own_ms, 1)
        if not rows:
            return {"symbol": own, "price": None, "time": None, "age": None}
        opened, first, high, low, close, volume = rows[0]
        candle = {"open": first, "high": high, "low": low, "close": close, "volume": volume}
        closed = int(opened) + self._reads.own_ms
        return {"symbol": own, "price": close, "time": opened, "age": self._time_ms - closed, **candle}

    def value(self, symbol: str, feature: str) -> float:
        """Return a symbol's value of a feature by name; the first of several. nan while it is undefined."""
        place = self._source.place(symbol, feature)
        return self._source.rows(symbol)[place.series][place.first]

    def _shown(self, symbols: Sequence[str]) -> dict[str, Any]:
        parts = {symbol: self._parts.get(symbol) or self._parts_of(symbol) for symbol in symbols}
        return {
            "time": self._time_ms,
            "symbols": list(self._symbols),
            "prices": dict(self._seen.closes()),
            **{name: {symbol: mine[name] for symbol, mine in parts.items()} for name in _PARTS},
        }

    def _parts_of(self, symbol: str) -> dict[str, object]:
        """Return what the program declares of one symbol, which all calls of the moment are given that read of it."""
        reads = self._reads
        found = self._parts[symbol] = {
            "klines": {one: self._seen.last(symbol, length, most) for one, (length, most) in reads.klines.items()},
            "indicators": {key: self._indicator(symbol, feature) for key, feature in reads.indicators.items()},
            "flows": {read_key(metric, one): self.get_flow(symbol, metric, one) for metric, one in reads.flows},
            "regimes": {one: self.get_regime(symbol, one) for one in reads.regimes},
            "data": self.get_market_data(symbol),
        }
        return found

    def _indicator(self, symbol: str, feature: ReadFeature) -> dict[str, object]:
        place = self._source.place(symbol, feature.name)
        row = self._source.rows(symbol)[place.series]
        values = [_defined(row[place.first + one]) for one in range(place.size)]
        rests_on = self._seen.count(symbol, feature.length_ms)
        return {
            "value": values[0] if len(feature.outputs) == 1 else dict(zip(feature.outputs, values, strict=True)),
            "candles": rests_on,
            "settled": rests_on >= feature.settles_after,
        }

    def _interest_flow(self, symbol: str, metric: str, period: object) -> dict[str, object]:
        """Return what is known of open interest; refuse a period of which none is kept."""
        try:
            name = interest_period(period if isinstance(period, str) else repr(period), self._reads.own_ms)
        except ConfigurationError as error:
            raise Refusal(f"market.get_flow: {metric}: {' — '.join(in_two(str(error)))}") from None
        if name not in self._reads.interest_periods:
            raise Refusal(
                f"market.get_flow: no {metric} of {name} is kept — declare it: "
                f'READS = {{"flows": [["{metric}", "{name}"]]}}'
            )
        if symbol in self._watched:
            return {"value": None, "reason": NO_INTEREST_WATCHED}
        answer = self._interest.amount if metric == "open_interest" else self._interest.change
        return answer(symbol, name, self._time_ms)

    def _require_period(self, name: str, period: object) -> None:
        """Refuse what is no length of candles that the program could declare."""
        if not isinstance(period, str):
            allowed = "text such as '1h', or '' for the session's own candles"
            raise Refusal(f"market.{name}: period is {shortly(period)} — allowed: {allowed}")
        try:
            self._reads.length_of(period)
        except ConfigurationError as error:
            raise Refusal(f"market.{name}: {' — '.join(in_two(str(error)))}") from None

    def _symbol(self, symbol: object) -> str:
        """Return the symbol that a program means."""
        if isinstance(symbol, str) and symbol in self._plain:
            return symbol
        named = self._known.named(symbol) if isinstance(symbol, str) else []
        if len(named) != 1:
            hint = nearest_symbol(symbol, self._symbols)
            raise Refusal(f"market: {symbol} is neither traded nor watched{hint} — allowed: {', '.join(self._symbols)}")
        return named[0]


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value
