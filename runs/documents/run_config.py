"""What a run was asked to do: its range, its symbols, and the settings of the venue that are not the usual ones."""

import functools
from typing import TYPE_CHECKING, Any

from core.instants import format_ms
from runs.documents.run_result import RunConfig

if TYPE_CHECKING:
    from core.settings_section import SettingsSection
    from validation.live_settings import LiveSettings

_RESTING = ("entry_offset", "entry_time_in_force", "entry_expiry", "post_only")
_SAID_ALREADY = {"starting_balance", "entry_fill", "entry_order", *_RESTING}


def run_config(
    live: "LiveSettings", strategy: str, start_ms: int | None, end_ms: int | None, ran_to_ms: int | None
) -> RunConfig:
    """Return what a run was asked to do; times are UTC milliseconds, None where they are not known."""
    fills = live.execution
    resting = _RESTING if fills.entry_order != "market" else ()
    return RunConfig(
        start_date=_text(start_ms),
        end_date=_text(end_ms),
        ran_to=_text(ran_to_ms),
        interval=live.timeframe,
        detail_interval=live.detail_interval,
        symbols=list(live.symbols),
        starting_balance=fills.starting_balance,
        exchange=live.exchange,
        strategy=strategy,
        entry_order=fills.entry_order,
        entry_fill=fills.entry_fill,
        venue={name: value for name, value in changed_settings(fills).items() if name not in _SAID_ALREADY},
        **{name: getattr(fills, name) for name in resting},
    )


def changed_settings(section: "SettingsSection") -> dict[str, Any]:
    """Return the settings of a section that differ from their defaults, as plain values, sections inside it too."""
    usual, own = _usual(type(section)), section.model_dump(mode="json")
    changed: dict[str, Any] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        if value != getattr(usual, name):
            changed[name] = changed_settings(value) if hasattr(type(value), "model_fields") else own[name]
    return changed


@functools.cache
def _usual(kind: "type[SettingsSection]") -> "SettingsSection":
    return kind()


def _text(time_ms: int | None) -> str | None:
    return None if time_ms is None else format_ms(time_ms)
