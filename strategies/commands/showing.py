"""``show``: what a strategy does, its parameters, features and warm-up."""

import inspect
from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from core.command_line import say
from core.errors import ConfigurationError
from core.settings_problem import shown
from core.timeframe import timeframe_ms
from indicators.features.feature import Feature
from strategies.strategy_registry import build_strategy, canonical_strategy, params_model, strategy_class

_SYMBOL = "BTC/USDT"


def show_strategy(name: str, timeframe: str) -> None:
    """Print what is known of a strategy with its defaults, deciding on candles of ``timeframe``.

    Raises
    ------
    ConfigurationError, StrategyError
        If there is no such strategy, or it cannot be built with its defaults.
    """
    try:
        timeframe_ms(timeframe)
    except ValueError as error:
        raise ConfigurationError(f"--timeframe: {error}") from error
    found, model = strategy_class(name), params_model(name)
    declared = build_strategy(name, {})
    features: Mapping[str, Feature] = getattr(declared, "declared", {})
    others = [feature.symbol for feature in features.values() if feature.symbol is not None]
    built = build_strategy(name, {}, timeframe, list(dict.fromkeys([_SYMBOL, *others])))
    say(f"{canonical_strategy(name)}  {found.__name__}", "")
    text = inspect.cleandoc(found.__doc__ or "It says nothing of itself.")
    say(*(f"  {line}" if line else "" for line in text.split("\n")), "")
    say("Parameters", *_parameters(model), "")
    say("Features", *(_table((key, _feature_text(feature)) for key, feature in features.items())), "")
    say(f"Warm-up on {timeframe}: {built.warmup_candles:,} candles")


def _parameters(model: type[BaseModel] | None) -> list[str]:
    if model is None:
        return ["  its constructor reads them; it has no params_model that declares them"]
    return _table(
        (
            key,
            "needed" if field.is_required() else shown(field.get_default(call_default_factory=True)),
            field.description or "",
        )
        for key, field in model.model_fields.items()
    )


def _table(rows: Iterator[tuple[str, ...]]) -> list[str]:
    """Return rows as lines with their columns below each other; a line that says so where there is none."""
    found = list(rows)
    if not found:
        return ["  none declared"]
    widths = [max(map(len, column)) for column in zip(*found, strict=True)]
    return [
        "  " + "  ".join(f"{one:<{width}}" for one, width in zip(row, widths, strict=True)).rstrip() for row in found
    ]


def _feature_text(feature: Feature) -> str:
    """Return what a feature is computed of, and what of its declaration is not the default."""
    words = [str(feature.of) if isinstance(feature.of, str) else repr(feature.of)]
    if feature.timeframe is not None:
        words.append(f"on {feature.timeframe}")
    if feature.symbol is not None:
        words.append(f"of {feature.symbol}")
    if feature.require_whole:
        words.append("whole candles only")
    if feature.source == "exchange":
        words.append("the exchange's own candles")
    return ", ".join(words)
