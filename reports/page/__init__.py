"""The report page: one file that holds a run, or several, and draws them without a network."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from reports.page.page_file import write_page, write_report

__all__ = ["write_page", "write_report"]

_HOMES = {"reports.page.page_file": "write_page write_report"}

__getattr__ = lazy_names(__name__, _HOMES)
