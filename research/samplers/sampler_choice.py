"""Which sampler a search has: chosen by name, checked against the space and the objectives before anything runs."""

import importlib.util
from collections.abc import Sequence

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shown
from research.objectives.objective import Objective
from research.samplers.listed_samplers import GridSampler, RandomSampler
from research.samplers.sampler import Sampler
from research.spaces.space import Space

SAMPLERS = ("grid", "random", "qmc", "tpe", "cmaes", "nsga2", "genetic")
LEARNING = SAMPLERS[2:]
"""Those that need Optuna."""
LIBRARIES = {"cmaes": ("optuna", "cmaes")}
MOST_POINTS = 1_000_000
"""Points of a grid above which the number of trials has to be said."""
_ONE_OBJECTIVE = ("cmaes", "genetic")


def require_sampler(name: str, space: Space, objectives: Sequence[Objective], trials: int | None) -> None:
    """Refuse a sampler that does not fit.

    Raises
    ------
    ConfigurationError
        If there is none of the name, its library is not installed, the space has no grid or one that is too large, the
        number of trials is missing, or it knows one objective only.
    """
    if name not in SAMPLERS:
        raise ConfigurationError(
            f"sampler {shown(name)}{did_you_mean(name, SAMPLERS)} — allowed: {', '.join(SAMPLERS)}"
        )
    for library in LIBRARIES.get(name, ("optuna",) if name in LEARNING else ()):
        if importlib.util.find_spec(library) is None:
            raise ConfigurationError(
                f"sampler {name}: {library} is not installed — allowed: grid and random without it; or install the "
                "extra `research` (pip install -r requirements-research.txt)"
            )
    if name in _ONE_OBJECTIVE and len(objectives) > 1:
        allowed = ", ".join(one for one in SAMPLERS if one not in _ONE_OBJECTIVE)
        raise ConfigurationError(f"sampler {name}: knows one objective, of {len(objectives)} — allowed: {allowed}")
    if name != "grid":
        if trials is None:
            raise ConfigurationError(f"sampler {name}: the number of trials is not said — allowed: --trials N")
        return
    endless = [one.name for one in space.parameters if one.count is None]
    if endless:
        raise ConfigurationError(
            f"sampler grid: {', '.join(endless)} has no step — allowed: a step (LOW..HIGH:STEP), or another sampler"
        )
    if trials is None and (space.size or 0) > MOST_POINTS:
        raise ConfigurationError(
            f"sampler grid: the grid has {space.size:,} points, above {MOST_POINTS:,} — allowed: --trials N, which "
            "takes so many of them by chance, or larger steps"
        )


def sampler_of(
    name: str, space: Space, objectives: Sequence[Objective], seed: int, *, in_order: bool = False
) -> Sampler:
    """Return a sampler at its beginning; a grid goes ``in_order`` where all of it is tried."""
    if name == "grid":
        return GridSampler(space, None if in_order else seed)
    if name == "random":
        return RandomSampler(space, seed)
    from research.samplers.learning_sampler import LearningSampler  # Only these need its library.

    return LearningSampler(name, space, objectives, seed)
