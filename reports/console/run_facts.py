"""What a run was asked to do: its range, its symbols, and the settings of the venue that are not the usual ones."""

from typing import TYPE_CHECKING, Any

from core.instants import format_ms

if TYPE_CHECKING:
    from core.settings_section import SettingsSection
    from validation.live_settings import LiveSettings

_RESTING = ("entry_offset", "entry_time_in_force", "entry_expiry", "post_only")
_SAID_ALREADY = {"starting_balance", "entry_fill", "entry_order", *_RESTING}


def config_facts(
    live: "LiveSettings", strategy: str, start_ms: int | None, end_ms: int | None, ran_to_ms: int | None
) -> dict[str, Any]:
    """Return what a result holds under ``config``.

    Parameters
    ----------
    start_ms, end_ms
        The range in UTC milliseconds; None where it is not known.
    ran_to_ms
        Time of the last step; None before one.

    Returns
    -------
    dict
        ``venue`` holds the settings of ``execution`` that differ from their defaults, beyond those that have a key of
        their own. ``entry_offset``, ``entry_time_in_force``, ``entry_expiry`` and ``post_only`` are there for limit and
        stop entries alone.
    """
    fills = live.execution
    resting = _RESTING if fills.entry_order != "market" else ()
    return {
        "start_date": None if start_ms is None else format_ms(start_ms),
        "end_date": None if end_ms is None else format_ms(end_ms),
        "ran_to": None if ran_to_ms is None else format_ms(ran_to_ms),
        "interval": live.timeframe,
        "detail_interval": live.detail_interval,
        "symbols": list(live.symbols),
        "starting_balance": fills.starting_balance,
        "exchange": live.exchange,
        "strategy": strategy,
        "entry_order": fills.entry_order,
        "entry_fill": fills.entry_fill,
        **{name: getattr(fills, name) for name in resting},
        "venue": {name: value for name, value in changed_settings(fills).items() if name not in _SAID_ALREADY},
    }


def changed_settings(section: "SettingsSection") -> dict[str, Any]:
    """Return the settings of a section that differ from their defaults, as plain values, sections inside it too."""
    usual, own = type(section)(), section.model_dump(mode="json")
    changed: dict[str, Any] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        if value != getattr(usual, name):
            changed[name] = changed_settings(value) if hasattr(type(value), "model_fields") else own[name]
    return changed
