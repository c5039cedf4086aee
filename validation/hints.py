"""Hints that need more than one file's model: a key that belongs in another file, and how an interval is written."""

from pydantic import BaseModel

from core.settings_allowed import path_of_key
from core.settings_problem import SettingsProblem
from execution.execution_settings import TradingModeSettings
from risk_management.risk_config import RiskConfig
from validation.live_settings import LiveSettings

_FILES: tuple[tuple[str, type[BaseModel]], ...] = (
    ("live.yaml", LiveSettings),
    ("risk.json", RiskConfig),
    ("trading_mode.yaml", TradingModeSettings),
)


def with_hint(problem: SettingsProblem, model: type[BaseModel]) -> SettingsProblem:
    """Return a problem of a file, of which ``model`` is the form, with what the reader may have meant."""
    if problem.wrong.startswith("unknown key"):
        return _placed(problem, model)
    if problem.key == "detail_interval" and problem.wrong.replace(".", "").isdecimal():
        return problem._replace(allowed=f"{problem.allowed}; written like 1m or 15m")
    return problem


def _placed(problem: SettingsProblem, model: type[BaseModel]) -> SettingsProblem:
    """Name the file and the place of a key that this file has nowhere."""
    name = problem.key.rpartition(".")[2]
    if _path(model, name) is not None:
        return problem
    for file, other in _FILES:
        path = _path(other, name)
        if path is not None:
            return problem._replace(wrong=f"unknown key (did you mean {path} of {file}?)")
    return problem


def _path(model: type[BaseModel], name: str) -> str | None:
    return name if name in model.model_fields else path_of_key(model, name)
