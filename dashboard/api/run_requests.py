"""Turns what a request says of a run into what a job is asked for."""

from collections.abc import Iterable, Mapping
from typing import Any

from core.errors import ConfigurationError
from core.settings_problem import shown
from dashboard.api.backtest_models import RunRequest
from dashboard.dashboard_settings import DashboardSettings
from dashboard.folders import configuration
from research.jobs.backtest_job import BacktestRequest
from strategies.strategy_registry import STRATEGIES, canonical_strategy, strategy_names
from validation.overrides import expanded

DEFAULT_CONFIG = "live.yaml"
_OF_CONFIGURATIONS = (
    "config", "exchange", "symbols", "timeframe", "start_date", "end_date", "strategy", "strategy_params",
    "initial_capital", "position_size", "risk_per_trade", "costs",
)  # fmt: skip
_OF_STRATEGIES = ("type", "params")
"""What a request may say of a strategy: the rest are files of programs and pools."""
_OF_FILES = {
    "risk": {"config_file"},
    "data": {"cache_dir"},
    "logging": {"directory"},
    "trading_mode": {"kill_switch_file", "kill_switch_env_var", "default_strategy"},
}


def job_of(asked: RunRequest, settings: DashboardSettings) -> BacktestRequest:
    """Return the job that a request asks for.

    Raises
    ------
    ConfigurationError
        If it asks for two things at once, names code that is not the program's own, or a file elsewhere.
    """
    if asked.system is not None:
        given = [name for name in (*_OF_CONFIGURATIONS, "overrides") if getattr(asked, name)]
        if given:
            raise ConfigurationError(f"system and {given[0]} are both given — allowed: system and window, or the rest")
        return BacktestRequest(
            name=asked.name,
            system=asked.system,
            window=asked.window,
            places=settings.places,
            offline=asked.offline,
        )
    if asked.window is not None:
        raise ConfigurationError("window: no system is named that has it — allowed: start_date and end_date")
    overrides: Any = expanded(overrides_of(asked))
    require_own(overrides)
    return BacktestRequest(
        name=asked.name,
        config=configuration(settings.config, asked.config or DEFAULT_CONFIG),
        overrides=overrides,
        start=asked.start_date,
        end=asked.end_date,
        places=settings.places,
        offline=asked.offline,
    )


def overrides_of(asked: RunRequest) -> dict[str, Any]:
    """Return the keys of the configuration that a request has values for."""
    found: dict[str, Any] = {key: dict(one) if isinstance(one, dict) else one for key, one in asked.overrides.items()}
    for key, value in (("exchange", asked.exchange), ("symbols", asked.symbols), ("timeframe", asked.timeframe)):
        if value is not None:
            found[key] = value
    _put(found, "strategy", "type", asked.strategy)
    _put(found, "strategy", "params", asked.strategy_params)
    _put(found, "execution", "starting_balance", None if asked.initial_capital is None else _number(asked))
    if asked.costs is not None:
        _put(found, "execution", "commission_rate", asked.costs.commission)
        _put(found, "execution", "slippage", asked.costs.slippage)
    _put(found, "risk", "max_exposure", asked.position_size)
    _put(found, "risk", "default_risk_per_trade", asked.risk_per_trade)
    return found


def require_own(overrides: Mapping[str, Any]) -> None:
    """Refuse what would let a request load code, or name a file: a server does neither at a request's word.

    Keys are as sections, or dotted.

    Raises
    ------
    ConfigurationError
        If the strategy is not a registered one, or a key is one of files, folders or the environment.
    """
    sections: Any = expanded(overrides)
    named = _below(sections, "strategy").get("type")
    if named is not None and (not isinstance(named, str) or not _is_registered(named)):
        raise ConfigurationError(
            f"strategy: {shown(named)} is not registered — allowed: {', '.join(strategy_names())}; one of your own is "
            "named in a configuration or a system"
        )
    closed = {"strategy": _below(sections, "strategy").keys() - {*_OF_STRATEGIES}, **_OF_FILES}
    for section, keys in closed.items():
        for key in keys & _below(sections, section).keys():
            raise ConfigurationError(
                f"overrides: {section}.{key} is not a request's to say — allowed: in a configuration"
            )


def require_own_ranges(ranges: Iterable[str]) -> None:
    """Refuse to vary what loads code or names a file, as :func:`require_own` does for one run."""
    for name in ranges:
        section, _, key = (part.strip() for part in name.partition("."))
        of_strategy = section == "strategy" and key.partition(".")[0].strip() != "params"
        closed = _OF_FILES.get(section, set())
        if of_strategy or key in closed or (closed and not key):
            raise ConfigurationError(f"parameter {shown(name)}: is not a request's to vary — allowed: in a system")


def _is_registered(name: str) -> bool:
    try:
        return canonical_strategy(name) in STRATEGIES
    except ConfigurationError:
        return False


def _below(sections: object, section: str) -> Mapping[str, Any]:
    found = sections.get(section) if isinstance(sections, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _put(found: dict[str, Any], section: str, key: str, value: object) -> None:
    if value is None:
        return
    below = found.setdefault(section, {})
    if not isinstance(below, dict):
        raise ConfigurationError(f"overrides: {section} is a section — allowed: a mapping")
    below[key] = value


def _number(asked: RunRequest) -> float:
    try:
        return float(asked.initial_capital)  # type: ignore[arg-type]
    except ValueError:
        raise ConfigurationError(
            f'initial_capital: {shown(asked.initial_capital)} — allowed: an amount such as 10000 or "2500.50"'
        ) from None
