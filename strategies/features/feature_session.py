"""One session's run of a feature strategy over all its symbols."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from core.candle import Candle
from core.errors import InvariantError, StrategyError
from core.settings_problem import shortly
from core.timeframe import timeframe_ms
from core.trading_signal import FLAT, Signal
from indicators.features.feature import Feature
from strategies.features.column_stream import ColumnStream
from strategies.features.feature_columns import FeatureColumns
from strategies.features.feature_plan import FeaturePlan
from strategies.features.feature_sources import KnownFeatures, RunningFeatures
from strategies.features.moment import Now, Reader, Shape, Slot, SymbolMoment, explain_missing
from strategies.features.readers import TableReader
from strategies.features.running_stream import RunningStream
from strategies.features.said import SignalWhere, is_row_by_row
from strategies.features.session_facts import AccountNow, FillNow, PositionNow, SessionFacts, TradeNow
from strategies.features.signal_columns import SignalColumns, signal_columns
from strategies.known_candles import KnownCandles
from strategies.own_code import failure_in_one_line, place_of
from strategies.strategy import SignalStream

ROWS_AT_ONCE = 50_000
"""How many candles ``signals`` is asked about together where it may be: their columns fit a cache."""


class Decider(Protocol):
    """What a session runs of a feature strategy."""

    params: Any
    lookback: ClassVar[int]

    @property
    def declared(self) -> Mapping[str, Feature]: ...

    @property
    def timeframe_ms(self) -> int: ...

    @property
    def wants_news(self) -> bool: ...

    def decide(self, now: Now) -> Signal | None: ...

    def candidates(self, columns: FeatureColumns) -> Any: ...

    def signals(self, columns: FeatureColumns) -> Sequence[SignalWhere] | None: ...

    def on_fill(self, now: Now, fill: FillNow) -> None: ...

    def on_close(self, now: Now, trade: TradeNow) -> None: ...


class FeatureSession:
    """Computes a strategy's features, shows them to it, and tells it fills and trades.

    Parameters
    ----------
    strategy
        Decides.
    symbols
        All that are traded or watched.
    known
        Candles that lie ready, where they do; they spare work and change nothing.
    longest_open_distance_ms
        Two opens of a watched series further apart belong to different segments; given for the strategy's timeframe.
    """

    def __init__(
        self,
        strategy: Decider,
        symbols: Sequence[str],
        known: KnownCandles | None = None,
        longest_open_distance_ms: int | None = None,
    ) -> None:
        own_ms = strategy.timeframe_ms
        self.symbols = tuple(symbols)
        self.strategy = strategy
        self.plan = FeaturePlan(strategy.declared, own_ms, self.symbols)
        self._longest = (longest_open_distance_ms or 1 << 62) // own_ms
        self._source: KnownFeatures | RunningFeatures
        if known is not None and KnownFeatures.covers(self.plan, known):
            self._source = KnownFeatures(self.plan, known)
        else:
            self._source = RunningFeatures(self.plan, strategy.lookback)
        shared: dict[tuple[tuple[str, Slot], ...], Shape] = {}
        self.shapes: dict[str, Shape] = {}
        for symbol, layout in self.plan.layouts.items():
            features = tuple(layout.slots.items())
            if features not in shared:
                shared[features] = Shape(layout.slots, strategy.lookback, own_ms, held=self._source.takes_candles)
            self.shapes[symbol] = shared[features]
        self._streams: dict[str, SignalStream] = {}
        self.news: dict[str, list[FillNow | TradeNow]] = {symbol: [] for symbol in self.symbols}
        self._facts: SessionFacts | None = None
        self._account: AccountNow | None = None
        self._time_ms = 0

    @property
    def takes_candles(self) -> bool:
        """Whether it has to be shown every candle of an instant; else they lie ready."""
        return self._source.takes_candles

    @property
    def wants_news(self) -> bool:
        """Whether the strategy looks at fills or trades."""
        return self.strategy.wants_news

    @property
    def params(self) -> Any:
        """The strategy's parameters."""
        return self.strategy.params

    def connect(self, facts: SessionFacts) -> None:
        """Take what shows position and account."""
        self._facts = facts

    def signals(self, symbol: str, *, told: bool = True, rows_at_once: int = ROWS_AT_ONCE) -> SignalColumns | None:
        """Return all that the strategy says of a symbol, where it offers that and the candles lie ready.

        Where it is not ``told``, numbers that nothing but telling reads are left out. ``rows_at_once`` changes nothing
        of what is said.

        Raises
        ------
        StrategyError
            If it fails, or what it says is none.
        """
        if not isinstance(self._source, KnownFeatures):
            return None
        table = self._source.table(symbol)
        each = rows_at_once if is_row_by_row(type(self.strategy).signals) else max(1, table.rows)
        blocks = []
        try:
            for first in range(0, max(1, table.rows), each):
                rows = slice(first, min(first + each, table.rows))
                answer = self.strategy.signals(FeatureColumns(symbol, table, self.plan, rows=rows))
                if answer is None:
                    return None
                blocks.append(signal_columns(answer, rows.stop - rows.start, told=told))
        except (Exception, SystemExit) as error:
            what = failure_in_one_line(error, self.place_of("signals"))
            raise StrategyError(f"the strategy's signals about {symbol}: {what}", symbol=symbol) from error
        return SignalColumns.joined(blocks, each)

    def answer_at(self, symbol: str, row: int) -> Signal:
        """Return what the strategy decides at a row of candles that lie ready, from their end where it is below 0."""
        if not isinstance(self._source, KnownFeatures):
            raise InvariantError(f"{symbol}: its candles do not lie ready")
        table = self._source.table(symbol)
        return self.answer(self.now(symbol, TableReader(table, row % table.series[0].candles.rows)))

    def forget(self, symbol: str) -> None:
        """Let go of features of which all is said."""
        if isinstance(self._source, KnownFeatures) and not self.plan.several:
            self._source.forget(symbol)

    def open(self, symbol: str) -> SignalStream:
        """Return a symbol's stream; asked again, after a gap, its features start empty."""
        self._source.restart(symbol)
        stream = self._streams.get(symbol)
        if stream is None:
            source = self._source
            if isinstance(source, KnownFeatures):
                stream = ColumnStream(self, source, symbol)
            else:
                stream = RunningStream(self, source, symbol)
            self._streams[symbol] = stream
        return stream

    def begin(self, time_ms: int, present: Sequence[tuple[str, Candle]] = (), *, freeze: bool = False) -> None:
        """Begin an instant: the features of all symbols are updated before any is decided about.

        With ``freeze`` the account that is shown does not change while the instant is decided on.
        """
        self._time_ms = time_ms
        self._account = self._facts.account() if freeze and self._facts is not None else None
        self._source.begin(present)

    def watch(self, symbol: str, timeframe: str, candle: Candle) -> None:
        """Take a watched series' candle of the instant that begins next, or from before the first."""
        key = symbol, timeframe_ms(timeframe)
        if key in self.plan.series:
            self._source.watch(key, candle, self._longest * key[1])

    def tell(self, news: FillNow | TradeNow) -> None:
        """Keep what happened to a symbol until the next decision about it."""
        self.news[news.symbol].append(news)

    def now(self, symbol: str, reader: Reader) -> Now:
        """Return what the strategy sees of a symbol with a reader of its last candle."""
        shape = self.shapes[symbol]
        return shape.now(shape, reader, symbol, self)

    def inform(self, now: Now) -> None:
        """Tell the strategy what happened to the symbol since the last decision about it."""
        news = self.news[now.symbol]
        told = tuple(news)
        news.clear()
        try:
            for one in told:
                if isinstance(one, FillNow):
                    self.strategy.on_fill(now, one)
                else:
                    self.strategy.on_close(now, one)
        except AttributeError as error:
            explain_missing(error)
            raise

    def answer(self, now: Now) -> Signal:
        """Return what the strategy decides.

        Raises
        ------
        StrategyError
            If it is neither a signal nor None.
        """
        try:
            answer: object = self.strategy.decide(now)
        except AttributeError as error:
            explain_missing(error)
            raise
        if answer is None:
            return FLAT
        if not isinstance(answer, Signal):
            raise StrategyError(
                f"decide returned {shortly(answer)}; allowed: self.long(…), self.short(…), self.exit(…), another "
                f"Signal, or None ({self.place_of('decide')})"
            )
        return answer

    def place_of(self, method: str) -> str:
        """Return file and line of a method of the strategy."""
        return place_of(getattr(type(self.strategy), method))

    def position(self, symbol: str) -> PositionNow | None:
        """Return a symbol's open position; None without one, or outside a session."""
        return None if self._facts is None else self._facts.position(symbol, self._time_ms)

    def account(self) -> AccountNow:
        """Return the account as it stands at this instant's marks."""
        if self._account is None:
            if self._facts is None:
                raise LookupError("there is no account outside a session")
            self._account = self._facts.account()
        return self._account

    def moment_of(self, symbol: str) -> SymbolMoment:
        """Return a symbol's last closed candle and its features."""
        shape = self.shapes[symbol]
        return shape.of_symbol(shape, self._source.reader(symbol, self._time_ms), symbol, self._time_ms)
