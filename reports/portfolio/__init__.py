"""Several systems on one account: what is said of a run of them, and its page."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from reports.portfolio.portfolio_page import write_portfolio_report

__all__ = ["write_portfolio_report"]

_HOMES = {"reports.portfolio.portfolio_page": "write_portfolio_report"}

__getattr__ = lazy_names(__name__, _HOMES)
