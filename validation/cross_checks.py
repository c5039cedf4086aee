"""Checks that need more than one section: the exchange, the strategy, and the three files against each other."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from core.errors import ConfigurationError
from core.settings_file import Plain
from core.settings_problem import SettingsProblem, did_you_mean, shown
from core.settings_section import section_or_problems
from core.symbol_spelling import same_symbols
from core.timeframe import timeframe_ms
from execution.execution_settings import TradingModeSettings
from market_data.data_settings import DataSettings
from market_data.exchanges.exchange_names import canonical_exchange, known_exchanges, misspelled, timeframes_of
from market_data.store.store_layout import exchange_folder
from risk_management.risk_config import RiskConfig
from strategies.strategy_file import is_file_name
from strategies.strategy_registry import (
    PROGRAM,
    allowed_strategies,
    canonical_strategy,
    registered_params_model,
    strategy_names,
)
from strategies.strategy_settings import DEFAULT_STRATEGY, StrategySettings
from validation.composed_settings import SettingsFiles
from validation.live_settings import LiveSettings
from validation.program_section import Surroundings, with_program, without_program
from validation.symbol_rules import ADD_PERPETUAL, PERPETUALS_ONLY, configured_leverages

_ONE_FACT = (("default_slippage", "slippage"), ("base_account_size", "starting_balance"))
"""Keys of risk.json and of the execution section that name one thing; the execution section rules."""


def of_exchange(values: Mapping[str, Plain]) -> tuple[str | None, list[SettingsProblem]]:
    """Return the one name of the exchange, and what is wrong with it and with the two timeframes.

    An exchange is known by name, or because the candle store holds a folder of that name. Exchanges with known facts
    must serve the timeframe and the detail interval; a stored set may have any that the grid holds. An exchange that
    has nothing but perpetual contracts needs the section for them.
    """
    name = values.get("exchange", LiveSettings.model_fields["exchange"].default)
    if not isinstance(name, str):
        return None, _timeframe_problems(values, None)
    try:
        known = canonical_exchange(name)
    except ConfigurationError:
        problems = _timeframe_problems(values, None)
        stored = stored_sets(values)
        if name in stored:
            return name, problems
        return None, [_unknown_exchange(name, values, stored), *problems]
    return known, _spot_problems(values, known) + _timeframe_problems(values, known)


def _unknown_exchange(name: str, values: Mapping[str, Plain], stored: Sequence[str]) -> SettingsProblem:
    """Hint at what a name is a misspelling of; of any other, say why no set is stored, and how one is imported."""
    words = f"practice, one of the {len(known_exchanges()) - 1} exchanges of ccxt (binanceus, binance, kraken, …)"
    near = list(dict.fromkeys([*misspelled(name, known_exchanges()), *misspelled(name, stored)]))
    if near:
        wrong = f"{shown(name)} (did you mean {' or '.join(near)}?)"
        return SettingsProblem("exchange", wrong, f"allowed: {words}, or a set in the candle store")
    command = f"python -m market_data import --exchange {_storable(name)} FILE..."
    allowed = f"allowed: {words}, or a set in the candle store, imported with `{command}`"
    wrong = f"{shown(name)} is no exchange, and {_store_in_words(values, stored)}"
    return SettingsProblem("exchange", wrong, allowed)


def _storable(name: str) -> str:
    try:
        return exchange_folder(name)
    except ConfigurationError:
        return "NAME"


def _store_in_words(values: Mapping[str, Plain], stored: Sequence[str]) -> str:
    """Say why the candle store has no set of a name: it does not exist, is no folder, is empty or holds others."""
    folder = _store_folder(values)
    if folder is None:
        return "no candle store is named"
    path = ascii(str(folder))[1:-1]
    try:
        if not folder.exists():
            return f"the folder {path} of the candle store does not exist"
        if not folder.is_dir():
            return f"{path}, which should be the candle store, is not a folder"
    except (OSError, ValueError):
        return f"the folder {path} of the candle store cannot be read"
    if not stored:
        return f"the candle store {path} is empty"
    more = f" and {len(stored) - 5} more" if len(stored) > 5 else ""
    return f"the candle store {path} holds {', '.join(stored[:5])}{more}"


def _spot_problems(values: Mapping[str, Plain], exchange: str) -> list[SettingsProblem]:
    execution = values.get("execution")
    perpetual = execution.get("perpetual") if isinstance(execution, dict) else None
    if exchange not in PERPETUALS_ONLY or perpetual is not None:
        return []
    return [SettingsProblem("exchange", f"{exchange} has only perpetual contracts", f"allowed: with {ADD_PERPETUAL}")]


def stored_sets(values: Mapping[str, Plain]) -> list[str]:
    """Return the names of the folders in the candle store that ``data.cache_dir`` names, sorted."""
    folder = _store_folder(values)
    try:
        entries = [] if folder is None else [entry for entry in folder.iterdir() if entry.is_dir()]
    except (OSError, ValueError):
        return []
    return sorted(entry.name for entry in entries if entry.name.isprintable())


def _store_folder(values: Mapping[str, Plain]) -> Path | None:
    data = values.get("data", {})
    folder = data.get("cache_dir", DataSettings().cache_dir) if isinstance(data, dict) else None
    return Path(folder) if isinstance(folder, str) else None


def _timeframe_problems(values: Mapping[str, Plain], exchange: str | None) -> list[SettingsProblem]:
    served = timeframes_of(exchange) if exchange is not None else []
    problems = []
    for key in ("timeframe", "detail_interval"):
        timeframe = values.get(key, LiveSettings.model_fields[key].default)
        if not isinstance(timeframe, str):
            continue
        try:
            timeframe_ms(timeframe)
        except ConfigurationError:
            words = ", ".join(served) or "a number and s, m, h up to one day, 1d, or 1w (1m, 15m, 4h, 1d)"
            problems.append(SettingsProblem(key, shown(timeframe), f"allowed: {words}"))
            continue
        if served and timeframe not in served:
            wrong = f"{exchange} has no {timeframe} candles"
            problems.append(SettingsProblem(key, wrong, f"allowed: {', '.join(served)}"))
    return problems


def with_strategy(
    section: Plain, default_strategy: str | None, around: Surroundings | None = None
) -> tuple[StrategySettings | None, list[SettingsProblem]]:
    """Return the strategy with its one name and all its parameters, and what is wrong with either.

    A class of one's own is not loaded; its parameters stay as they are written. ``default_strategy`` of the trading
    mode serves where the section names no type; its problems have the key ``default_strategy``. ``around`` is where
    the files of a program are looked for, and what it trades.
    """
    if not isinstance(section, dict):
        return None, []
    problems = _default_strategy_problems(default_strategy)
    written = section.get("type", default_strategy if not problems and default_strategy else DEFAULT_STRATEGY)
    params = section.get("params", {})
    if not isinstance(written, str) or not isinstance(params, dict):
        return None, problems
    try:
        name = canonical_strategy(written)
    except ConfigurationError:
        hint = did_you_mean(written, (*strategy_names(), PROGRAM))
        return None, [*problems, SettingsProblem("strategy.type", shown(written) + hint, allowed_strategies())]
    if is_file_name(name) and PurePath(name).is_absolute():
        absolute = f"{shown(written)} begins at the root of this machine"
        allowed = "allowed: a path from the configuration's folder, such as ../ideas/my_idea.py:MyIdea"
        return None, [*problems, SettingsProblem("strategy.type", absolute, allowed)]
    if name == PROGRAM:
        program, wrong = with_program(section, around or Surroundings())
        return program, problems + wrong
    problems += without_program(section, name)
    model = registered_params_model(name)
    if model is None:
        wrong = _plain_problems("strategy.params", params)
        complete: dict[str, object] = dict(params)
    else:
        checked, wrong = section_or_problems(model, params, "strategy.params.")
        complete = checked.model_dump(mode="json") if checked is not None else {}
    strategy = None if wrong else StrategySettings(type=name, params=complete)
    return strategy, problems + wrong


def _default_strategy_problems(name: str | None) -> list[SettingsProblem]:
    if name is None:
        return []
    try:
        canonical_strategy(name)
    except ConfigurationError as error:
        return [SettingsProblem("default_strategy", str(error))]
    return []


def _plain_problems(key: str, value: Plain) -> list[SettingsProblem]:
    """Name what an unchecked parameter must not be, so that it can be hashed and written as JSON."""
    if isinstance(value, dict):
        return [problem for name, inner in value.items() for problem in _plain_problems(f"{key}.{name}", inner)]
    if isinstance(value, list):
        return [problem for place, inner in enumerate(value) for problem in _plain_problems(f"{key}[{place}]", inner)]
    if isinstance(value, float) and not math.isfinite(value):
        return [SettingsProblem(key, shown(value), "allowed: finite numbers")]
    return []


def across_files(
    live: LiveSettings, risk: RiskConfig, mode: TradingModeSettings, files: SettingsFiles
) -> tuple[RiskConfig, list[SettingsProblem]]:
    """Return the risk settings in agreement with the execution section, and every contradiction."""
    found: list[SettingsProblem] = []

    def contradiction(file: str, key: str, wrong: str, allowed: str) -> None:
        found.append(SettingsProblem(key, wrong, f"allowed: {allowed}", file))

    agreed = risk
    for risk_key, execution_key in _ONE_FACT:
        written, ruling = getattr(risk, risk_key), getattr(live.execution, execution_key)
        if risk_key not in risk.model_fields_set:
            agreed = agreed.model_copy(update={risk_key: ruling})
        elif written != ruling:
            contradiction(
                files.risk,
                risk_key,
                shown(written),
                f"{shown(ruling)}, as execution.{execution_key} of {files.live}, which rules; or leave this key out",
            )
    within = risk_within_limits(risk, mode, files.risk, files.trading_mode)
    found += [problem for problem in within if problem.key == "default_risk_per_trade"]
    found += _borrowed(live, risk, mode, files)
    return agreed, found + [problem for problem in within if problem.key != "default_risk_per_trade"]


def risk_within_limits(
    risk: RiskConfig, mode: TradingModeSettings, risk_file: str, mode_file: str
) -> list[SettingsProblem]:
    """Return what risk settings ask for beyond the safety limits; the files are named in the problems."""
    found = []
    for key, limit in (("default_risk_per_trade", "max_risk_per_trade_pct"), ("max_exposure", "max_exposure_pct")):
        asked, most = getattr(risk, key), getattr(mode, limit)
        if asked is not None and asked > most:
            allowed = f"allowed: at most {limit} of {mode_file} ({shown(most)})"
            found.append(SettingsProblem(key, shown(asked), allowed, risk_file))
    return found


def _borrowed(
    live: LiveSettings, risk: RiskConfig, mode: TradingModeSettings, files: SettingsFiles
) -> list[SettingsProblem]:
    """Return each exposure that could not be held: above the equity, or above it times the leverage."""
    perpetual = live.execution.perpetual
    if perpetual is None:
        largest, words = 1.0, f"at most 1 without leverage (section execution.perpetual of {files.live})"
    else:
        largest = max(perpetual.leverage_of(symbol) for symbol in live.symbols)
        words = f"at most {shown(largest)}, the largest leverage in execution.perpetual of {files.live}"
    exposures = (
        (files.risk, "max_exposure", risk.max_exposure),
        (files.trading_mode, "max_exposure_pct", mode.max_exposure_pct),
    )
    return [
        SettingsProblem(key, shown(exposure), f"allowed: {words}", file)
        for file, key, exposure in exposures
        if exposure is not None and exposure > largest
    ]


def with_leverages(live: LiveSettings) -> LiveSettings:
    """Return the settings with the leverages under the symbols' configured spelling and in their order."""
    perpetual = live.execution.perpetual
    if perpetual is None or not perpetual.leverages:
        return live
    leverages, _ = configured_leverages(perpetual.leverages, live.symbols)
    perpetual = perpetual.model_copy(update={"leverages": leverages})
    return live.model_copy(update={"execution": live.execution.model_copy(update={"perpetual": perpetual})})


def without_other_leverages(values: dict[str, Plain], selected: Sequence[str]) -> None:
    """Drop, in place, the leverages of symbols that the file configures and the arguments leave out."""
    execution, configured = values.get("execution"), values.get("symbols")
    perpetual = execution.get("perpetual") if isinstance(execution, dict) else None
    leverages = perpetual.get("leverages") if isinstance(perpetual, dict) else None
    if not isinstance(leverages, dict) or not isinstance(configured, list):
        return
    written = [symbol for symbol in configured if isinstance(symbol, str)]
    for name in list(leverages):
        if same_symbols(name, written) and not same_symbols(name, selected):
            del leverages[name]
