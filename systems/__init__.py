"""Named systems: a configuration with its windows and criteria, run, judged and promoted by name."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from systems.commands.new_system import new_system, new_version
    from systems.operations import (
        archive_system,
        check_systems,
        list_systems,
        promote_system,
        run_system,
        show_system,
        smoke_systems,
    )
    from systems.places import Places

__all__ = [
    "Places",
    "archive_system",
    "check_systems",
    "list_systems",
    "new_system",
    "new_version",
    "promote_system",
    "run_system",
    "show_system",
    "smoke_systems",
]

_HOMES = {
    "systems.commands.new_system": "new_system new_version",
    "systems.operations": (
        "archive_system check_systems list_systems promote_system run_system show_system smoke_systems"
    ),
    "systems.places": "Places",
}

__getattr__ = lazy_names(__name__, _HOMES)
