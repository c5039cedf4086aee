"""Strategies that a program has built itself: a function of a candle, or an object in one of the forms."""

import copy
import hashlib
import inspect
import marshal
import pickle
from collections.abc import Callable, Mapping
from typing import Any

from backtests.engines.kept_answers import KeptAnswers
from core.candle import Candle
from core.errors import ConfigurationError, StrategyError, Uncovered
from core.settings_problem import shortly
from core.trading_signal import FLAT, Signal
from strategies.features.feature_strategy import FeatureStrategy
from strategies.own_code import place_of
from strategies.plain_metadata import plain_metadata
from strategies.strategy import Strategy, StreamingStrategy
from strategies.strategy_registry import FORMS, has_form, ready_strategy
from strategies.strategy_settings import StrategySettings
from strategies.strategy_source import hand_over

SignalGenerator = Callable[[Candle], Signal | Mapping[str, Any] | None]


class FunctionStrategy:
    """Asks a function about every candle; what it remembers is its own affair.

    Parameters
    ----------
    generators
        By symbol.
    name, warmup_candles
        As of any strategy.
    """

    def __init__(self, generators: Mapping[str, SignalGenerator], name: str, warmup_candles: int) -> None:
        self._generators = generators
        self.name = name
        self.warmup_candles = warmup_candles
        self.told_at = place_of(next(iter(generators.values())))

    def stream(self, symbol: str) -> "_FunctionStream":
        """Return a stream that asks the symbol's function."""
        return _FunctionStream(self._generators[symbol])


class _FunctionStream:
    def __init__(self, generator: SignalGenerator) -> None:
        self._generator = generator

    def update(self, candle: Candle) -> Signal:
        """Ask the function; None is FLAT."""
        answer = self._generator(candle)
        if answer is None:
            return FLAT
        if isinstance(answer, Signal):
            return answer
        if isinstance(answer, Mapping):
            from strategies.frame_stream import signal_from_mapping  # Only for this answer is pandas loaded.

            return signal_from_mapping(answer)
        raise StrategyError(
            f"signal_generator returned {shortly(answer)}; expected a Signal, a mapping as of generate_signal, or None"
        )


def function_strategy(
    given: SignalGenerator | Mapping[str, SignalGenerator], symbols: tuple[str, ...], warmup_candles: int
) -> FunctionStrategy:
    """Return the strategy of a function, or of one for each symbol.

    Raises
    ------
    ConfigurationError
        If it is no function, or a symbol has none.
    """
    generators = {**given} if isinstance(given, Mapping) else dict.fromkeys(symbols, given)
    for symbol in symbols:
        if not callable(generators.get(symbol)):
            wrong = shortly(generators.get(symbol))
            raise ConfigurationError(f"signal_generator for {symbol} is {wrong} — allowed: a function of a candle")
    first = generators[symbols[0]]
    return FunctionStrategy(generators, str(getattr(first, "__name__", type(first).__name__)), warmup_candles)


def own_strategy(given: object) -> Strategy | StreamingStrategy:
    """Return a strategy object that a program has built.

    Raises
    ------
    ConfigurationError
        If it is a class, or has none of the forms.
    StrategyError
        If it has no usable ``warmup_candles``.
    """
    if isinstance(given, type):
        raise ConfigurationError(f"strategy is the class {given.__name__} — allowed: an object of it, or its name")
    if not has_form(given):
        raise ConfigurationError(f"strategy {shortly(given)} is no object with {' or with '.join(FORMS)}")
    strategy: Any = given
    return ready_strategy(type(given).__name__, strategy)


def identity_of(strategy: Strategy | StreamingStrategy) -> StrategySettings:
    """Return the settings under which such a strategy goes; its source and its plain attributes are its identity."""
    module = _known_by(_source_digest(strategy))
    attributes = {} if isinstance(strategy, FunctionStrategy) else getattr(strategy, "__dict__", {})
    if isinstance(strategy, FeatureStrategy):
        attributes = strategy.params.model_dump(mode="json")  # What else it keeps follows from them.
    name = "".join(sign if sign.isalnum() and sign.isascii() else "_" for sign in strategy.name)
    return StrategySettings(type=f"{module}:s_{name}", params=plain_metadata(attributes))


def asked_twice(
    given: Strategy | StreamingStrategy,
) -> tuple[Strategy | StreamingStrategy, Callable[[], Strategy | StreamingStrategy]]:
    """Return a strategy object as the first of two engines asks it that make one run, and what gives it to the second.

    In the streaming form every candle is asked once: it may remember what no copy would reach. In the others what it
    keeps follows from what it was shown, and the second engine has a copy that has been shown nothing.

    Raises
    ------
    Uncovered
        If it cannot be copied.
    """
    streaming: object = given
    if isinstance(streaming, StreamingStrategy) and not isinstance(streaming, FeatureStrategy):
        answers = KeptAnswers(streaming)
        return answers, answers.begin
    try:
        unasked = copy.deepcopy(given)
    except Exception as error:
        raise Uncovered("the strategy cannot be copied") from error
    return given, lambda: unasked


def packed(strategy: Strategy | StreamingStrategy) -> bytes:
    """Return a strategy object so that it can be had anew, also in another process.

    Raises
    ------
    ConfigurationError
        If it cannot be taken apart.
    """
    if isinstance(strategy, FunctionStrategy):
        raise ConfigurationError(
            "signal_generator is a function, which may remember one run in the next — allowed: strategy=… for many runs"
        )
    try:
        return pickle.dumps((_source_digest(strategy), strategy))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        wrong = f"strategy {strategy.name} cannot be copied for each run: {' '.join(str(error).split())}"
        raise ConfigurationError(f"{wrong} — allowed: an object that can be pickled") from error


def unpacked(strategy: bytes, params: Mapping[str, object]) -> Strategy | StreamingStrategy:
    """Return the strategy that :func:`packed` took apart, with these parameters.

    Raises
    ------
    ConfigurationError
        If its class is not to be had here, or refuses a parameter.
    """
    try:
        digest, found = pickle.loads(strategy)
    except (AttributeError, ImportError) as error:
        wrong = f"the strategy is not to be had in another process: {' '.join(str(error).split())}"
        raise ConfigurationError(f"{wrong} — allowed: a class of a module, or processes=1") from error
    _known_by(digest)
    return with_params(found, params)


def with_params(strategy: Strategy | StreamingStrategy, params: Mapping[str, object]) -> Strategy | StreamingStrategy:
    """Return a strategy with these parameters.

    Raises
    ------
    ConfigurationError
        If it has others and no form in which they can be replaced, or its class refuses one.
    """
    own: object = strategy
    if isinstance(own, FeatureStrategy):
        if own.params.model_dump(mode="json") == params:
            return strategy
        return type(own)(params)
    if identity_of(strategy).params != params:
        wrong = f"strategy.params of {strategy.name}, an object that has been built"
        raise ConfigurationError(f"{wrong} — allowed: in the feature form, or by the name of its class")
    return strategy


def _source_digest(strategy: Strategy | StreamingStrategy) -> str:
    parts = [*strategy._generators.values()] if isinstance(strategy, FunctionStrategy) else [type(strategy)]
    return hashlib.sha256(b"\0".join(map(_source, parts))).hexdigest()


def _known_by(digest: str) -> str:
    """Return the module as which the source of a strategy goes, and let its hash be known in this process."""
    module = f"in_memory.source_{digest[:16]}"
    hand_over(module, {"source": digest})
    return module


def _source(part: object) -> bytes:
    """Return a function's or a class's text, or what it was compiled to, with the plain values that it closes over."""
    try:
        text = inspect.getsource(part).encode()  # type: ignore[arg-type]
    except (OSError, TypeError):
        code = getattr(part, "__code__", None)
        text = repr(type(part)).encode() if code is None else marshal.dumps(code)
    cells = getattr(part, "__closure__", None) or ()
    values = [cell.cell_contents for cell in cells if isinstance(cell.cell_contents, int | float | str | bool)]
    return text + repr(values).encode()
