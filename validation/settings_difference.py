"""Which settings two configurations do not share, among those that can change a result."""

import json

from core.settings_file import Plain
from core.settings_problem import shown_key
from validation.composed_settings import Settings
from validation.settings_hash import hashed_settings

_LONGEST = 200
"""Most characters of a value that are shown; ten symbols are."""


def settings_differences(before: Settings, now: Settings) -> list[str]:
    """Return ``KEY was VALUE, is VALUE`` for every setting that differs, sorted by key.

    Keys of live.yaml stand as they are written there, those of the other files after ``risk.`` and ``trading_mode.``;
    values are JSON, for example ``execution.slippage was 0.0005, is 0.001``.
    """
    old, new = (_by_key(hashed_settings(one.live, one.risk, one.mode)) for one in (before, now))
    return [
        _told(key, _said(key, old), _said(key, new))
        for key in sorted(old.keys() | new.keys())
        if key not in old or key not in new or old[key] != new[key]
    ]


def _told(key: str, before: str, now: str) -> str:
    """Return what has become of a key; long texts may differ only behind what is shown of them."""
    if before == now:
        return f"{shown_key(key)} is another text"
    return f"{shown_key(key)} was {before}, is {now}"


def _by_key(settings: dict[str, Plain]) -> dict[str, Plain]:
    """Return the settings by dotted key; an empty section is a value like any other."""
    found: dict[str, Plain] = {}
    for key, value in settings.items():
        key = "data.off_grid" if key == "off_grid" else key
        if isinstance(value, dict) and value:
            found |= {f"{key}.{inner}": one for inner, one in _by_key(value).items()}
        else:
            found[key] = value
    return found


def _said(key: str, values: dict[str, Plain]) -> str:
    text = json.dumps(values[key]) if key in values else "left out"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
