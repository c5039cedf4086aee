"""What a run came to, for people and for programs; the same for every kind of run."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reports.console.console_report import print_report, render
    from reports.console.progress import ReplayProgress
    from runs.documents.result_text import to_json

__all__ = ["ReplayProgress", "print_report", "render", "to_json"]

_HOMES = {
    "ReplayProgress": "reports.console.progress",
    "print_report": "reports.console.console_report",
    "render": "reports.console.console_report",
    "to_json": "runs.documents.result_text",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
