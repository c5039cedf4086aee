"""What else could have come of a run: its days and trades drawn again, reordered, left out or made dearer."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from research.monte_carlo.monte_carlo_report import monte_carlo, monte_carlo_blocks
    from research.monte_carlo.monte_carlo_settings import MonteCarloSettings

__all__ = ["MonteCarloSettings", "monte_carlo", "monte_carlo_blocks"]

_HOMES = {
    "research.monte_carlo.monte_carlo_report": "monte_carlo monte_carlo_blocks",
    "research.monte_carlo.monte_carlo_settings": "MonteCarloSettings",
}

__getattr__ = lazy_names(__name__, _HOMES)
