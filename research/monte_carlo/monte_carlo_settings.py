"""How a run is drawn again."""

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import shown

MOST_PATHS = 100_000
"""Of each, equity is kept at a hundred points of its way for the bands."""


class MonteCarloSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How many paths are drawn, and of what.

    ``block`` is the mean number of days of a block, None the automatic one. ``missed`` is the probability with which a
    trade is left out, ``slippage`` the highest share of its value by which a fill is worse than it was, and ``ruin``
    the share of the starting equity that is lost when an account is called ruined.

    Raises
    ------
    ConfigurationError
        If one is impossible.
    """

    paths: int = 10_000
    seed: int = 0
    block: float | None = None
    missed: float = 0.1
    slippage: float = 0.001
    ruin: float = 0.5

    def __post_init__(self) -> None:
        whole_paths, whole_seed = isinstance(self.paths, int), isinstance(self.seed, int)
        allowed = {
            "paths": (whole_paths and 1 <= self.paths <= MOST_PATHS, f"a whole number from 1 to {MOST_PATHS}"),
            "seed": (whole_seed and 0 <= self.seed < 2**63, "a whole number from 0"),
            "block": (self.block is None or 1.0 <= self.block < 2**31, "a number of days, at least 1"),
            "missed": (0.0 <= self.missed <= 1.0, "a fraction from 0 to 1"),
            "slippage": (0.0 <= self.slippage <= 1.0, "a fraction from 0 to 1"),
            "ruin": (0.0 < self.ruin <= 1.0, "a fraction above 0, at most 1"),
        }
        for name, (holds, what) in allowed.items():
            if not holds:
                raise ConfigurationError(f"{name}: {shown(getattr(self, name))} — allowed: {what}")
