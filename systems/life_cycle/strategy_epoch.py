"""The epochs of a strategy's life, in order."""

from enum import StrEnum

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shown


class StrategyEpoch(StrEnum):
    """Where in its life a strategy is; it compares equal to its text."""

    IDEA = "idea"
    CREATION = "creation"
    BACKTEST = "backtest"
    DEMO = "demo"
    LIVE = "live"
    ARCHIVED = "archived"

    @property
    def next(self) -> "StrategyEpoch | None":
        """The epoch after this one; None after the last."""
        order = list(StrategyEpoch)
        at = order.index(self) + 1
        return order[at] if at < len(order) else None


def epoch_named(name: object) -> StrategyEpoch:
    """Return an epoch by itself or by its name in any case; raises ConfigurationError if there is none."""
    if isinstance(name, str) and name.lower() in set(StrategyEpoch):
        return StrategyEpoch(name.lower())
    hint = did_you_mean(name, list(StrategyEpoch))
    raise ConfigurationError(f"epoch {shown(name)} is none{hint} — allowed: {', '.join(StrategyEpoch)}")
