"""What a sampler is told of trials: what they are worth, and of one that is not ranked the worst there was until then.

So it learns to stay away from where nothing trades or everything fails, whatever the figure; a trial that would be told
before any is ranked is told as failed. What is told of a trial depends on those before it alone.
"""

from collections.abc import Sequence

from research.objectives.objective import Objective


class ToldValues:
    """The values that a sampler is told, trial by trial.

    Parameters
    ----------
    objectives
        What is looked for.
    """

    def __init__(self, objectives: Sequence[Objective]) -> None:
        self._objectives = objectives
        self._worst: list[float] | None = None

    def of(self, values: Sequence[float] | None) -> Sequence[float] | None:
        """Return what is told of the next trial; None where there is nothing to learn yet."""
        if values is None:
            return self._worst
        if self._worst is None:
            self._worst = list(values)
        else:
            pairs = zip(self._objectives, self._worst, values, strict=True)
            self._worst = [new if one.better(old, new) else old for one, old, new in pairs]
        return values
