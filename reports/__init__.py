"""What a run came to, for people and for programs; the same for every kind of run."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from reports.console.console_report import print_report, render
    from reports.console.progress import ReplayProgress
    from runs.documents.result_text import to_json

__all__ = ["ReplayProgress", "print_report", "render", "to_json"]

_HOMES = {
    "reports.console.console_report": "print_report render",
    "reports.console.progress": "ReplayProgress",
    "runs.documents.result_text": "to_json",
}

__getattr__ = lazy_names(__name__, _HOMES)
