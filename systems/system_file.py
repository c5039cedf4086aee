"""The file of a system, as it is written: ``config/systems/<id>.yaml``."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from core.settings_problem import SettingsProblem, did_you_mean, shown
from core.settings_section import Allowed, PlainText, SettingsSection
from systems.life_cycle.strategy_epoch import StrategyEpoch
from validation.overrides import expanded

GATED = (StrategyEpoch.BACKTEST, StrategyEpoch.DEMO)
"""Epochs that are left by a promotion."""
ALL_GATES = "all"
"""Under which criteria of every promotion stand."""

ID_WORDS = "small letters, digits, - and _, such as practice-scalping"
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_WINDOW = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def is_system_id(name: str) -> bool:
    """Whether a text can be the id of a system."""
    return _ID.fullmatch(name) is not None


def _system_id(name: str) -> str:
    if not is_system_id(name):
        raise ValueError("is no id")
    return name


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _as_windows(value: object) -> object:
    """Let a year stand without quotes."""
    if not isinstance(value, Mapping):
        return value
    return {name: str(one) if type(one) is int else one for name, one in value.items()}


def _as_gates(value: object) -> object:
    """Return a list of criteria as those of every gate."""
    if isinstance(value, list):
        return {ALL_GATES: tuple(value)}
    return {key: _as_tuple(one) for key, one in value.items()} if isinstance(value, Mapping) else value


class SystemFile(SettingsSection):
    """Everything the file of a system holds."""

    id: Annotated[str, AfterValidator(_system_id), Allowed(f"the name of the file: {ID_WORDS}")] = Field(
        description="Names the system; the file is called so too"
    )
    description: PlainText = Field(description="What it is for, in a line")
    base: PlainText = Field(
        description="The configuration that it starts from: a live.yaml, or the id of another system"
    )
    overrides: Annotated[
        dict[str, Any],
        BeforeValidator(expanded),
        Allowed("keys of live.yaml; under risk those of risk.json, under trading_mode those of trading_mode.yaml"),
    ] = Field(default_factory=dict, description="What it says otherwise than its base")
    windows: Annotated[
        dict[str, Annotated[str, Allowed("a window such as 2024-01, 2024-01..2024-06 or last 90d")]],
        BeforeValidator(_as_windows),
        Allowed("a section with a window for each name"),
    ] = Field(default_factory=dict, description="Ranges of time by name; the first is the one that criteria speak of")
    tags: Annotated[tuple[PlainText, ...], BeforeValidator(_as_tuple), Allowed("a list of words")] = Field(
        (), description="Words to find it by"
    )
    promotion: Annotated[
        dict[str, tuple[str, ...]],
        BeforeValidator(_as_gates),
        Allowed("a list of criteria such as sharpe > 1, or lists under backtest (what leaves it), demo and all"),
    ] = Field(default_factory=dict, description="What must hold before it goes on to the next epoch")

    optimise: Annotated[dict[str, Any], Allowed("a section with parameters and their ranges, see docs/research.md")] = (
        Field(default_factory=dict, description="What a search varies where it is told nothing else")
    )

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield windows and gates whose names cannot be."""
        for name in self.windows:
            if _WINDOW.fullmatch(name) is None or name in set(StrategyEpoch):
                allowed = "allowed: small letters, digits, - and _, and not the name of an epoch"
                yield SettingsProblem(f"windows.{name}", f"{shown(name)} cannot be the name of a window", allowed)
        for name in self.promotion:
            gates = (*GATED, ALL_GATES)
            if name not in gates:
                wrong = f"is left by no promotion{did_you_mean(name, gates)}"
                yield SettingsProblem(f"promotion.{name}", wrong, f"allowed: {', '.join(gates)}")
