"""Values that are laid over those of the three files before they are checked."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from core.settings_file import Plain
from core.settings_problem import SettingsProblem

RISK, TRADING_MODE = "risk", "trading_mode"


class Overrides(NamedTuple):
    """Some keys of live.yaml; under ``risk`` some of risk.json, under ``trading_mode`` some of trading_mode.yaml.

    A section is laid over the file's key by key, any other value takes the place of the file's. Where another strategy
    is named, the parameters of the file's strategy go with it. ``source`` is what the values were read from, and
    ``key`` where in it they stand.
    """

    values: Mapping[str, Plain]
    source: str
    key: str = "overrides"

    def live(self, below: dict[str, Plain]) -> dict[str, Plain]:
        """Return what live.yaml holds with the overrides over it."""
        own = {key: value for key, value in self.values.items() if key not in (RISK, TRADING_MODE)}
        return laid_over(below, own)

    def section(self, name: str, below: dict[str, Plain]) -> dict[str, Plain] | Plain:
        """Return what another file holds with the overrides over it."""
        own = self.values.get(name, {})
        return laid_over(below, own) if isinstance(own, Mapping) else own

    def placed(self, problem: SettingsProblem, sections: Mapping[str, tuple[str, ...]]) -> SettingsProblem:
        """Name the overrides instead of the file where the key of a problem stands in them.

        ``sections`` has, by file, where in the overrides its keys are; a problem of another file stays as it is.
        """
        # A key that begins or ends with a dot is no path, but how an unknown key is spelt.
        if problem.file not in sections or not (problem.key and problem.key == problem.key.strip(".")):
            return problem
        parts = (*sections[problem.file], *re.findall(r"[^.\[\]]+", problem.key))
        value: object = self.values
        for part in parts:
            if not isinstance(value, Mapping):
                break  # An entry of a list, or a key of a section that something else took the place of.
            if part not in value:
                return problem
            value = value[part]
        return problem._replace(key=".".join(one for one in (self.key, *parts) if one), file=self.source)


def laid_over(below: Mapping[str, Plain], above: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return one mapping with another over it, sections key by key; the parameters of another strategy go."""
    merged: dict[str, Plain] = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            if key == "strategy" and value.get("type", under.get("type")) != under.get("type"):
                under = {}
            merged[key] = laid_over(under, value)
        else:
            merged[key] = value
    return merged


def expanded(value: object) -> object:
    """Return overrides with a dotted key (``execution.slippage``) as the sections that it names."""
    if not isinstance(value, Mapping):
        return value
    nested: dict[str, Any] = {}
    for key, one in value.items():
        *sections, last = str(key).split(".")
        target = nested
        for section in sections:
            inner = target.setdefault(section, {})
            target[section] = target = dict(inner) if isinstance(inner, Mapping) else {}
        inner = target.get(last)
        target[last] = {**inner, **one} if isinstance(inner, Mapping) and isinstance(one, Mapping) else one
    return nested
