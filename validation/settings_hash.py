"""One hash for everything in the settings that can change a result."""

import hashlib
import json

from core.settings_file import Plain
from execution.execution_settings import ExecutionSettings, TradingModeSettings
from risk_management.risk_config import RiskConfig
from validation.live_settings import LiveSettings

_NEWER = {"max_candle_move"}
"""Keys that count where they are not the default: configurations of before them keep their hash."""
_KILL_SWITCH = {"kill_switch_env_var", "kill_switch_file"}


def settings_hash(live: LiveSettings, risk: RiskConfig, mode: TradingModeSettings) -> str:
    """Return the SHA-256, as hexadecimal text, of the canonical JSON of :func:`hashed_settings`.

    Canonical: keys sorted, no blanks, ASCII, floats by their shortest text and zero without a sign.
    """
    values = hashed_settings(live, risk, mode)
    text = _canonical(values)
    if "-0.0" in text:
        text = _canonical(_unsigned_zeros(values))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _canonical(values: Plain) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def hashed_settings(live: LiveSettings, risk: RiskConfig, mode: TradingModeSettings) -> dict[str, Plain]:
    """Return what the hash covers.

    Left out are logging, folders, file paths and conventions of figures, and where the kill switch is looked for: a
    kill switch is an input, recorded as such. ``default_strategy`` and ``allow_live_trading`` have had their effect
    already.
    """
    return {
        "exchange": live.exchange,
        "symbols": list(live.symbols),
        **({"watch": list(live.watch)} if live.watch else {}),
        "timeframe": live.timeframe,
        "detail_interval": live.detail_interval,
        "strategy": live.strategy.model_dump(mode="json"),
        "execution": _without_newer_defaults(live.execution),
        "off_grid": live.data.off_grid,
        "risk": risk.model_dump(mode="json"),
        "trading_mode": mode.model_dump(mode="json", exclude=_KILL_SWITCH | {"default_strategy", "allow_live_trading"}),
    }


def _without_newer_defaults(execution: ExecutionSettings) -> dict[str, Plain]:
    default = {name: field.default for name, field in ExecutionSettings.model_fields.items()}
    unchanged = {name for name in _NEWER if getattr(execution, name) == default[name]}
    return execution.model_dump(mode="json", exclude=unchanged)


def _unsigned_zeros(value: Plain) -> Plain:
    if isinstance(value, dict):
        return {key: _unsigned_zeros(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unsigned_zeros(inner) for inner in value]
    return value + 0.0 if isinstance(value, float) else value
