"""Which settings the parameters of a search are: names of the strategy's parameters, and dotted keys of everything."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shown
from research.spaces.parameter import Parameter
from research.spaces.space import Conditions, Space
from validation.composed_settings import Settings

PARAMS = "strategy.params."


class SettingsNames:
    """The names that settings have.

    Parameters
    ----------
    settings
        Checked, the parameters of the strategy complete.
    """

    def __init__(self, settings: Settings) -> None:
        plain: Any = settings.resolved()
        self._values = {
            **dict(_flat(plain["live"])),
            **dict(_flat(plain["risk"], "risk.")),
            **dict(_flat(plain["trading_mode"], "trading_mode.")),
        }
        self._params = {
            key.removeprefix(PARAMS): value for key, value in self._values.items() if key.startswith(PARAMS)
        }
        self._strategy = settings.live.strategy.type

    def space(self, parameters: tuple[Parameter, ...], conditions: tuple[str, ...]) -> Space:
        """Return the space with the keys of its parameters found, every name in it checked.

        Raises
        ------
        ConfigurationError
            If there are none, one stands twice, a name is unknown, or a condition cannot be understood.
        """
        if not parameters:
            raise ConfigurationError(
                "nothing is varied — allowed: --param NAME=RANGE, or an optimise section in the file of the system"
            )
        placed = tuple(msgspec.structs.replace(one, key=self.key_of(one.name)) for one in parameters)
        for keys, what in (([one.name for one in placed], "name"), ([one.key for one in placed], "key")):
            twice = next((one for one in keys if keys.count(one) > 1), None)
            if twice is not None:
                raise ConfigurationError(f"parameter {shown(twice)} stands twice — allowed: each {what} once")
        known = {one.name for one in placed} | self.values.keys()
        for name in Conditions(conditions, {}).names:
            if name not in known:
                raise ConfigurationError(
                    f"condition: there is no parameter {shown(name)}{did_you_mean(name, known)} — allowed: parameters "
                    "of the search, of the strategy, and dotted keys of the settings"
                )
        point = {one.name: one.ends[0] for one in placed}
        for one in conditions:  # What a condition compares has an order at all points, or at none.
            Conditions((one,), self.values).broken_by(point)
        return Space(placed, conditions)

    @property
    def values(self) -> Mapping[str, Any]:
        """All values by the names that conditions may use; a parameter of the strategy by its bare name too."""
        return {**self._values, **self._params}

    def key_of(self, name: str) -> str:
        """Return the dotted key that a name is; ConfigurationError with the nearest name where it is none."""
        if name in self._params:
            return f"{PARAMS}{name}"
        # A key that the settings leave out may still be one: the settings themselves say so when a value is tried.
        if name in self._values or "." in name:
            return name
        near = {key.rpartition(".")[2]: key for key in sorted(self._values, reverse=True)} | {
            one: one for one in self._params
        }
        hint = did_you_mean(name, near)
        meant = next((near[one] for one in near if hint == f" (did you mean {one}?)"), None)
        hint = f" (did you mean {meant}?)" if meant is not None else ""
        allowed = ", ".join(self._params) or "none"
        raise ConfigurationError(
            f"parameter {shown(name)}: {self._strategy} has no such parameter{hint} — allowed: {allowed}; or a dotted "
            "key of the settings, such as execution.slippage"
        )


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
