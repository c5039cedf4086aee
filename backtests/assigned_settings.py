"""The settings of a runner whose public attributes a script may assign, or change in place, before the run."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import ConfigurationError
from core.settings_problem import shown
from engine.assembly import with_own_strategy
from validation.composed_settings import Settings
from validation.loading import load_settings


class Assigned(NamedTuple):
    """What a script sees of the settings: the live configuration as plain values, and two of its keys by themselves."""

    config: Any
    symbols: Any
    interval: Any

    @classmethod
    def of(cls, settings: Settings) -> "Assigned":
        """Return what the attributes say as long as nobody assigns them."""
        live = settings.live
        return cls(live.model_dump(mode="json"), list(live.symbols), live.timeframe)


def settled(config_path: str | Path, before: Settings, now: Assigned) -> Settings:
    """Return the settings that assigned attributes ask for, checked as those of a file; ``before`` where none was.

    Parameters
    ----------
    config_path
        The live.yaml in whose place the assigned configuration stands; the other files are found from there.
    before
        The settings that the attributes were set from.
    now
        The attributes as they are.

    Raises
    ------
    ConfigurationError
        If a value is wrong, or an attribute and the configuration say two things.
    """
    then = Assigned.of(before)
    if now == then:
        return before
    if not isinstance(now.config, Mapping):
        raise ConfigurationError(f"config: {shown(now.config)} — allowed: a mapping with the keys of live.yaml")
    config = copy.deepcopy(dict(now.config))
    symbols = _one("symbols", now.symbols, "symbols", then.symbols, config)
    interval = _one("interval", now.interval, "timeframe", then.interval, config)
    return with_own_strategy(load_settings(config_path, live=config, symbols=symbols, interval=interval))


def _one(name: str, assigned: Any, key: str, before: Any, config: Mapping[str, Any]) -> Any:
    """Return an attribute that was assigned, for load_settings; None where the configuration rules."""
    if _same(assigned, before) or _same(assigned, config.get(key)):
        return None
    if not _same(config.get(key), before):
        raise ConfigurationError(
            f"{name}: {_in_words(assigned)} is assigned, and config[{key!r}] says {_in_words(config.get(key))} — "
            "allowed: one of the two"
        )
    return assigned


def _same(one: Any, other: Any) -> bool:
    """Return whether two values are equal; lists and tuples of the same are."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return list(one) == list(other)
    return type(one) is type(other) and bool(one == other)


def _in_words(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(shown, value))
    return shown(value)
