"""Which series of candles a strategy's features are computed on, and where each symbol finds them."""

from collections.abc import Callable, Mapping, Sequence
from keyword import iskeyword
from typing import Any, NamedTuple

from core.errors import ConfigurationError
from core.settings_problem import shortly, shown
from core.symbol_spelling import nearest_symbol, same_symbols
from indicators.features.feature import Feature
from indicators.features.series import SeriesPlan
from indicators.indicator import Indicator
from strategies.features.moment import RESERVED, Slot
from strategies.features.several_values import several_values

SeriesKey = tuple[str, int]
"""A symbol, and the length of its candles in milliseconds."""


class Layout(NamedTuple):
    """The series that a symbol reads, its own first, and where among them each feature is."""

    series: tuple[SeriesKey, ...]
    slots: Mapping[str, Slot]


class FeaturePlan:
    """Features resolved for the symbols of a session.

    Parameters
    ----------
    features
        By name.
    timeframe_ms
        Of the strategy.
    symbols
        All that are traded or watched.

    Raises
    ------
    ConfigurationError
        If a feature has an impossible timeframe, or a symbol that is neither traded nor watched.
    """

    def __init__(self, features: Mapping[str, Feature], timeframe_ms: int, symbols: Sequence[str]) -> None:
        self.timeframe_ms = timeframe_ms
        self.symbols = tuple(symbols)
        self._features = features
        wanted: dict[SeriesKey, dict[str, Feature]] = {(symbol, timeframe_ms): {} for symbol in symbols}
        for symbol in symbols:
            for name, feature in features.items():
                wanted.setdefault(self._key(name, feature, symbol), {})[name] = feature
        self.series = {key: SeriesPlan(chosen, key[1]) for key, chosen in wanted.items()}
        self._outputs: dict[str, Callable[..., Any] | None] = {
            name: several_values(name, feature.outputs) if len(feature.outputs) > 1 else None
            for name, feature in features.items()
        }
        self.layouts = {symbol: self._layout(symbol) for symbol in symbols}

    @property
    def several(self) -> bool:
        """Whether a symbol reads series besides its own."""
        return any(len(layout.series) > 1 for layout in self.layouts.values())

    def _key(self, name: str, feature: Feature, symbol: str) -> SeriesKey:
        where = symbol if feature.symbol is None else self._named(name, feature.symbol)
        try:
            length = feature.length_ms(self.timeframe_ms)
        except ConfigurationError as error:
            raise ConfigurationError(f"feature {name!r}: {error}") from error
        return where, length if feature.source == "exchange" else self.timeframe_ms

    def _named(self, name: str, spelling: object) -> str:
        """Return the symbol that a feature's spelling of it names, as the session spells it."""
        named = same_symbols(spelling, self.symbols) if isinstance(spelling, str) else []
        if len(named) != 1:
            several = f"may be {' or '.join(named)}" if named else "is neither traded nor watched"
            hint = "" if named else nearest_symbol(spelling, self.symbols)
            raise ConfigurationError(
                f"feature {name!r}: symbol {shown(spelling)}{hint} {several} — allowed: {', '.join(self.symbols)}, or "
                "another one that is added under watch"
            )
        return named[0]

    def _layout(self, symbol: str) -> Layout:
        keys: list[SeriesKey] = [(symbol, self.timeframe_ms)]
        slots = {}
        for name, feature in self._features.items():
            key = self._key(name, feature, symbol)
            if key not in keys:
                keys.append(key)
            place = self.series[key].places[name]
            slots[name] = Slot(keys.index(key), place.first, place.missing, len(place.outputs), self._outputs[name])
        return Layout(tuple(keys), slots)


def checked_features(declared: object) -> dict[str, Feature]:
    """Return what a strategy declared, each as a feature.

    Raises
    ------
    ConfigurationError
        If it is no mapping of names to features, indicators or prices, or a name is taken or cannot be an attribute.
    """
    if not isinstance(declared, Mapping):
        raise ConfigurationError(
            f"features returned {shortly(declared)} — allowed: a mapping such as {{'fast': EMA(9)}}"
        )
    checked = {}
    for name, feature in declared.items():
        if not isinstance(name, str) or not name.isidentifier() or iskeyword(name) or name.startswith("_"):
            raise ConfigurationError(f"feature {shortly(name)}: allowed: a name as of a variable")
        if name in RESERVED:
            raise ConfigurationError(f"feature {name!r}: the name is taken by now.{name} — allowed: any other name")
        if isinstance(feature, str | Indicator):
            feature = Feature(feature)
        if not isinstance(feature, Feature):
            raise ConfigurationError(
                f"feature {name!r} is {shortly(feature)} — allowed: an indicator such as EMA(9), a price's name, or "
                "Feature(EMA(9), timeframe='1h')"
            )
        try:
            feature.nodes()
        except ValueError as error:
            raise ConfigurationError(f"feature {name!r}: {error}") from error
        checked[name] = feature
    return checked
