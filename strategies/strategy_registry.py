"""Strategies by name, without importing them: the names, the model of their parameters, and how to build one.

A class of one's own is named ``package.module:ClassName`` and must be importable from the working directory, or
``path/to/file.py:ClassName``; with one strategy in the file its class may be left out. Its
parameters are handed to its constructor as one dict; they are checked first if the class has a ``params_model`` (a
pydantic model).
"""

import hashlib
import importlib
import operator
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from core.errors import ConfigurationError, StrategyError
from core.settings_problem import did_you_mean, shortly, shown
from strategies.own_code import at_place_of, failure_in_one_line, require_arity
from strategies.params_check import checked_params
from strategies.read_parameters import ReadParameters
from strategies.strategy import Strategy, StreamingStrategy
from strategies.strategy_file import file_class, is_file_name, module_of, normal_file_name
from strategies.strategy_source import load_module, source_files, strategy_sha256


class StrategyIdentity(NamedTuple):
    """Who decides: a hash of the strategy's name, parameters and source, and the hash of each file of the source.

    A registered strategy has no files here: its source is part of the code version. A program has its text.
    """

    sha256: str
    files: dict[str, str]


class RegisteredStrategy(NamedTuple):
    """Where a strategy and the model of its parameters are, as ``module:ClassName`` and ``module:ClassName.Params``."""

    strategy: str
    params: str


STRATEGIES: Mapping[str, RegisteredStrategy] = {
    "scalping_ema_rsi": RegisteredStrategy(
        "strategies.scalping_ema_rsi:ScalpingEMARSI", "strategies.scalping_params:ScalpingParams"
    ),
    "btc_regime": RegisteredStrategy(
        "strategies.examples.btc_regime:BtcRegime", "strategies.examples.btc_regime:BtcRegimeParams"
    ),
    "confluence": RegisteredStrategy(
        "strategies.examples.confluence:Confluence", "strategies.examples.confluence:ConfluenceParams"
    ),
    "donchian_breakout": RegisteredStrategy(
        "strategies.examples.donchian_breakout:DonchianBreakout",
        "strategies.examples.donchian_breakout:DonchianBreakoutParams",
    ),
    "rsi_reversion": RegisteredStrategy(
        "strategies.examples.rsi_reversion:RsiReversion", "strategies.examples.rsi_reversion:RsiReversionParams"
    ),
    "trend_filter": RegisteredStrategy(
        "strategies.examples.trend_filter:TrendFilter", "strategies.examples.trend_filter:TrendFilterParams"
    ),
    "vwap_reversion": RegisteredStrategy(
        "strategies.examples.vwap_reversion:VwapReversion", "strategies.examples.vwap_reversion:VwapReversionParams"
    ),
}
"""The registered strategies by their one name."""

PROGRAM = "program"
"""The name of the strategy that calls a user's program; it cannot be built without one."""
_KNOWN: Mapping[str, RegisteredStrategy] = {
    **STRATEGIES,
    PROGRAM: RegisteredStrategy(
        "strategies.programs.program_strategy:ProgramStrategy", "strategies.programs.program_params:ProgramParams"
    ),
}

_IGNORED = str.maketrans("", "", "_- ")
FORMS = (
    "features and decide",
    "stream",
    "add_indicators and generate_signal",
    "add_indicators and generate_signals",
)


def strategy_names() -> list[str]:
    """Return the registered names, sorted."""
    return sorted(STRATEGIES)


def canonical_strategy(name: str) -> str:
    """Return the one name of a registered strategy for any spelling of it, or a class path as it is.

    Case and the signs ``_ -`` and blanks do not count: ``ScalpingEMARSI`` is ``scalping_ema_rsi``.

    Raises
    ------
    ConfigurationError
        If the name is neither registered nor of the form ``package.module:ClassName`` or ``path/to/file.py:ClassName``.
    """
    if is_file_name(name):
        return normal_file_name(name)
    if isinstance(name, str) and name in _KNOWN:
        return name
    by_key = {_key(known): known for known in _KNOWN}
    if isinstance(name, str) and _key(name) in by_key:
        return by_key[_key(name)]
    if _is_class_path(name):
        return name
    raise ConfigurationError(f"strategy {shown(name)}{did_you_mean(name, _KNOWN)} — {allowed_strategies()}")


def allowed_strategies() -> str:
    """Return in words what names a strategy."""
    own = "package.module:ClassName or path/to/file.py:ClassName of a class of your own"
    return f"allowed: {', '.join((*strategy_names(), PROGRAM))}, or {own}"


def registered_params_model(name: str) -> type[BaseModel] | None:
    """Return the model of a registered strategy's parameters; None for any other name, whose class is not loaded."""
    model = _imported(_KNOWN[name].params) if name in _KNOWN else None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def params_model(name: str) -> type[BaseModel] | None:
    """Return the model of a strategy's parameters; None for a class of one's own without ``params_model``.

    Raises
    ------
    ConfigurationError
        If the strategy is unknown, or its class cannot be imported or is no strategy.
    """
    canonical = canonical_strategy(name)
    return registered_params_model(canonical) if canonical in _KNOWN else _own_model(name, strategy_class(canonical))


def strategy_class(name: str) -> type:
    """Return the class of a strategy.

    Raises
    ------
    ConfigurationError
        If the strategy is unknown, or its class cannot be imported or has neither form of a strategy.
    """
    canonical = canonical_strategy(name)
    if is_file_name(canonical):
        return file_class(canonical, lambda one: isinstance(one, type) and has_form(one), " or with ".join(FORMS))
    own = canonical not in _KNOWN
    found = _imported_own(canonical) if own else _imported(_KNOWN[canonical].strategy)
    if not isinstance(found, type) or not has_form(found):
        raise ConfigurationError(f"strategy {shown(name)} is not a class with {' or with '.join(FORMS)}")
    return found


def has_form(strategy: object) -> bool:
    """Return whether a class, or an object, has the methods of one of the forms of a strategy."""
    return any(all(callable(getattr(strategy, method, None)) for method in form.split(" and ")) for form in FORMS)


def strategy_identity(name: str, params: Mapping[str, object], found: str | None = None) -> StrategyIdentity:
    """Return who decides under a strategy's name and parameters; nothing is loaded anew.

    ``found`` is the name with the place of its file in it, where it has one; ``name`` alone is hashed. The files are
    those that the class was last loaded from, whatever they hold by now: what runs was built from them.

    Raises
    ------
    ConfigurationError
        If the strategy is unknown, or its class cannot be imported.
    """
    canonical = canonical_strategy(name)
    if is_file_name(canonical):
        files = source_files(module_of(found or canonical))
    else:
        files = _files_of(canonical, params)
    return StrategyIdentity(strategy_sha256(canonical, params, files), files)


def build_strategy(
    name: str, params: Mapping[str, object], timeframe: str | None = None, symbols: Sequence[str] = ()
) -> Strategy | StreamingStrategy:
    """Return a strategy with the given parameters; what is left out has its default.

    ``timeframe`` and ``symbols`` are those of the session: a strategy with ``prepare_features`` is given them.

    A class of one's own without a ``name`` goes by the name of the class.

    Raises
    ------
    ConfigurationError
        If the strategy is unknown or a parameter is wrong, or a class of one's own that declares none has not read one
        and cannot any more.
    StrategyError
        If the constructor of a class of one's own raises, or it has no usable ``warmup_candles``.
    """
    canonical, found = canonical_strategy(name), strategy_class(name)
    model = registered_params_model(canonical) if canonical in _KNOWN else _own_model(name, found)
    if model is not None:
        checked, problems = checked_params(model, params, "params.")
        if checked is None:
            raise ConfigurationError(*(problem.line(f"strategy {name}") for problem in problems))
        params = checked.model_dump()
    given = ReadParameters(params)
    try:
        strategy: Strategy | StreamingStrategy = found(given if model is None else dict(params))
    except (Exception, SystemExit) as error:  # The user's code may raise anything; what it raised is the cause.
        raise StrategyError(f"strategy {name} cannot be built: {failure_in_one_line(error)}", strategy=name) from error
    ready_strategy(name, strategy)
    if timeframe is not None and callable(prepare := getattr(strategy, "prepare_features", None)):
        _prepared(name, prepare, timeframe, symbols)
    if model is not None:
        return strategy
    unread = ", ".join(f"{key}{did_you_mean(key, _never_given(given))}" for key in given.unread)
    kept = weakref.ref(given)
    del given
    if unread and kept() is None:
        raise ConfigurationError(f"strategy {name}: params: {unread}: unknown to it, its constructor reads it nowhere")
    return strategy


def ready_strategy(name: str, strategy: Strategy | StreamingStrategy) -> Strategy | StreamingStrategy:
    """Return a strategy that has a name, by default that of its class.

    Raises
    ------
    StrategyError
        If it has no usable ``warmup_candles``, or a method that cannot be called as it will be.
    """
    # That of declared features follows from them, once their timeframes have a meaning.
    declares = callable(getattr(strategy, "prepare_features", None))
    warmup: object = 0 if declares else getattr(strategy, "warmup_candles", None)
    if not isinstance(warmup, int) or isinstance(warmup, bool) or warmup < 0:
        wrong = f"warmup_candles is {shortly(warmup)} — allowed: a whole number at least 0"
        raise StrategyError(f"strategy {name}: {wrong}{at_place_of(type(strategy))}", strategy=name)
    require_arity(name, strategy)
    if not isinstance(getattr(strategy, "name", None), str):
        strategy.name = type(strategy).__name__
    return strategy


def _files_of(canonical: str, params: Mapping[str, object]) -> dict[str, str]:
    """Return the hashes of the source of a strategy that is named otherwise than by its file."""
    if canonical == PROGRAM:
        return {f"{params.get('name', PROGRAM)}.py": hashlib.sha256(str(params.get("code", "")).encode()).hexdigest()}
    return {} if canonical in STRATEGIES else source_files(canonical.partition(":")[0])


def _own_model(name: str, found: type) -> type[BaseModel] | None:
    """Return the model of the parameters of a class of one's own, where it has one."""
    model = getattr(found, "params_model", None)
    if model is not None and not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise ConfigurationError(f"strategy {shown(name)}: its params_model must be a pydantic model")
    return model


def _prepared(name: str, prepare: Callable[[str, Sequence[str]], None], timeframe: str, symbols: Sequence[str]) -> None:
    """Let a strategy have the session's timeframe and symbols; what it declares may be impossible with them."""
    try:
        prepare(timeframe, symbols)
    except ConfigurationError as error:
        raise ConfigurationError(f"strategy {name}: {error}") from error
    except (Exception, SystemExit) as error:  # The user's code may raise anything; what it raised is the cause.
        raise StrategyError(f"strategy {name} cannot be built: {failure_in_one_line(error)}", strategy=name) from error


def _never_given(parameters: ReadParameters) -> list[str]:
    """Return the names that were asked for and are not there: what an unread one may have been meant for."""
    return [name for name in parameters.asked if isinstance(name, str) and not dict.__contains__(parameters, name)]


def _key(name: str) -> str:
    return name.translate(_IGNORED).casefold()


def _is_class_path(name: object) -> bool:
    if not isinstance(name, str) or name.count(":") != 1:
        return False
    module, class_name = name.split(":")
    return class_name.isidentifier() and all(part.isidentifier() for part in module.split("."))


def _imported(path: str) -> object:
    module, name = path.split(":")
    return operator.attrgetter(name)(importlib.import_module(module))


def _imported_own(path: str) -> object:
    """Import a user's class; with a console script the working directory is not on the path yet."""
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.append(here)
    module, name = path.split(":")
    try:
        loaded = load_module(module)
    except (Exception, SystemExit) as error:  # Importing runs the user's code, which may raise anything.
        raise ConfigurationError(f"strategy {shown(path)} cannot be imported: {failure_in_one_line(error)}") from error
    if not hasattr(loaded, name):
        classes = [one for one, value in vars(loaded).items() if isinstance(value, type) and has_form(value)]
        hint, has = did_you_mean(name, classes), ", ".join(sorted(classes)) or "none"
        raise ConfigurationError(f"strategy {shown(path)}: {module} has no class {name}{hint} — its strategies: {has}")
    return getattr(loaded, name)
