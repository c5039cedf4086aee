"""The feature form of a strategy: declared indicators, and a decision that reads them by name."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel

from core.errors import ConfigurationError
from core.settings_section import SettingsSection
from core.timeframe import MINUTE_MS, timeframe_ms
from core.trading_signal import Signal
from core.watched_series import EVERY_SYMBOL, WatchedSeries
from indicators.features.feature import Feature
from indicators.indicator import Source
from strategies.features.feature_columns import FeatureColumns
from strategies.features.feature_plan import FeaturePlan, checked_features
from strategies.features.feature_session import FeatureSession
from strategies.features.moment import Now
from strategies.features.said import Says, SignalWhere
from strategies.features.session_facts import FillNow, TradeNow
from strategies.features.written_hooks import require_hooks
from strategies.known_candles import KnownCandles
from strategies.params_check import checked_params
from strategies.strategy import SignalStream
from strategies.warm_up_asked import AskedWarmUp

Declared = Mapping[str, Source | Feature]


class NoParams(SettingsSection):
    """The parameters of a strategy without any."""


class FeatureStrategy(Says):
    """A strategy that declares what it reads and decides at each candle's close.

    A class of one's own has :meth:`features` and :meth:`decide`, and ``Params``, a pydantic model of its parameters,
    where it has any. ``lookback`` is how many candles ``now.ago`` may reach back. What it keeps in attributes of its
    own must follow from what it was shown: candles, fills and trades.

    Parameters
    ----------
    params
        Values of ``Params`` by name, or one of them; what is left out has its default.

    Raises
    ------
    ConfigurationError
        If a parameter is unknown or impossible; all problems are named.
    """

    Params: ClassVar[type[BaseModel]] = NoParams
    params_model: ClassVar[type[BaseModel]] = NoParams
    name: str
    lookback: ClassVar[int] = 10

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.params_model = cls.Params

    def __init__(self, params: Mapping[str, Any] | BaseModel | None = None) -> None:
        self.params: Any = self.checked(params.model_dump() if isinstance(params, BaseModel) else params or {})
        if not isinstance(getattr(self, "name", None), str):
            self.name = type(self).__name__
        self._timeframe_ms: int | None = None
        self._features: dict[str, Feature] | None = None
        self._settles: tuple[int, int] | None = None

    @classmethod
    def checked(cls, params: Mapping[str, Any]) -> BaseModel:
        """Return the parameters as ``Params`` has them; one that it does not declare is refused."""
        found, problems = checked_params(cls.params_model, params, "params.")
        if found is None:
            raise ConfigurationError("\n".join(problem.line(cls.__name__) for problem in problems))
        return found

    def features(self, params: Any) -> Declared:
        """Return what is computed, by the name under which ``now`` has it."""
        return {}

    def decide(self, now: Now) -> Signal | None:
        """Return the opinion at a candle's close; None is FLAT."""
        raise NotImplementedError(f"{type(self).__name__} has no decide(now)")

    def candidates(self, columns: FeatureColumns) -> Any:
        """Return the rows at which :meth:`decide` may answer anything but FLAT, as booleans; None is all of them.

        It spares work and decides nothing: where columns are not at hand it is not asked. A strategy that has it keeps
        no count of the calls of ``decide``.
        """
        return None

    def signals(self, columns: FeatureColumns) -> Sequence[SignalWhere] | None:
        """Return what :meth:`decide` says at all rows at once, each a :meth:`where`; None leaves it to :meth:`decide`.

        For a strategy whose opinions follow from the columns, and from the side of what is held. Of several at a row
        the first is said; where none is, it is FLAT. It spares work and decides nothing: every row must say what
        :meth:`decide` says there. ``--verify-engine`` compares the two.
        """
        return None

    def on_fill(self, now: Now, fill: FillNow) -> None:
        """Take a fill of the symbol's order, before the next decision about it."""

    def on_close(self, now: Now, trade: TradeNow) -> None:
        """Take a closed round trip of the symbol, after its last fill."""

    @property
    def declared(self) -> dict[str, Feature]:
        """The features by name.

        Raises
        ------
        ConfigurationError
            If one is none.
        """
        if self._features is None:
            self._features = checked_features(self.features(self.params))
        return self._features

    def prepare_features(self, timeframe: str, symbols: Sequence[str]) -> None:
        """Take the length of the candles that are decided on, and the symbols that are traded or watched.

        Raises
        ------
        ConfigurationError
            If a feature is impossible with them, or the class lacks what it has to have.
        """
        if not hasattr(self, "_timeframe_ms"):
            raise ConfigurationError(f"{type(self).__name__}.__init__ must call super().__init__(params)")
        require_hooks(type(self), FeatureStrategy)
        self._timeframe_ms = timeframe_ms(timeframe)
        FeaturePlan(self.declared, self._timeframe_ms, symbols)
        _ = self.warmup_candles

    @property
    def timeframe_ms(self) -> int:
        """Length of the candles that are decided on.

        Raises
        ------
        ConfigurationError
            If a feature has a timeframe of its own and the strategy's is not known: see :meth:`prepare_features`.
        """
        if self._timeframe_ms is None:
            if any(feature.timeframe is not None for feature in self.declared.values()):
                raise ConfigurationError(
                    f"{self.name} has features with a timeframe: prepare_features(timeframe, symbols) first"
                )
            return MINUTE_MS
        return self._timeframe_ms

    @property
    def warmup_candles(self) -> int:
        """How many candles must come before the first that may order: every value that is read forgets its start."""
        length_ms = self.timeframe_ms
        if self._settles is None or self._settles[0] != length_ms:
            longest = 1
            for name, feature in self.declared.items():
                try:
                    longest = max(longest, feature.rows_to_settle(length_ms))
                except ConfigurationError as error:
                    raise ConfigurationError(f"feature {name!r}: {error}") from error
            self._settles = length_ms, longest
        return self._settles[1] + self.lookback

    @property
    def asked_warmup(self) -> AskedWarmUp | None:
        """The feature of a longer timeframe that asks for the longest warm-up; None where none asks for most."""
        length_ms = self.timeframe_ms
        wanted = {name: feature.rows_to_settle(length_ms) for name, feature in self.declared.items()}
        longest = max(wanted, key=lambda name: wanted[name], default=None)
        if longest is None or self.declared[longest].timeframe is None or wanted[longest] == 1:
            return None
        return AskedWarmUp(
            wanted[longest] + self.lookback, f"feature {longest!r} of {self.declared[longest].timeframe}"
        )

    @property
    def watched_series(self) -> tuple[WatchedSeries, ...]:
        """The series of the exchange's own candles that it reads."""
        return tuple(
            WatchedSeries(
                feature.symbol or EVERY_SYMBOL,
                feature.timeframe,
                feature.rows_of(timeframe_ms(feature.timeframe)) + self.lookback,
            )
            for feature in self.declared.values()
            if feature.source == "exchange" and feature.timeframe is not None
        )

    @property
    def wants_news(self) -> bool:
        """Whether it looks at fills or trades."""
        kind = type(self)
        return kind.on_fill is not FeatureStrategy.on_fill or kind.on_close is not FeatureStrategy.on_close

    def open_session(
        self,
        traded: Sequence[str],
        watched: Sequence[str] = (),
        known: KnownCandles | None = None,
        longest_open_distance_ms: int | None = None,
    ) -> FeatureSession:
        """Return what runs it in a session that trades some symbols and watches others.

        ``known`` and ``longest_open_distance_ms`` are those of a :class:`FeatureSession`.
        """
        return FeatureSession(self, (*traded, *watched), known, longest_open_distance_ms)

    def stream(self, symbol: str) -> SignalStream:
        """Return a stream outside a session: there is no position, no account and no other symbol."""
        return self.open_session((symbol,)).open(symbol)
