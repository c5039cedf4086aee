"""Samplers that learn from what they are told: those of Optuna, asked and told one by one, its storage in memory.

Its own parallel search (``n_jobs``) gives other trials each time; asked and told in batches of a fixed size, in order,
it gives the same in any number of processes.

References
----------
T. Akiba et al., Optuna: A Next-generation Hyperparameter Optimization Framework, KDD (2019).
J. Bergstra et al., Algorithms for Hyper-Parameter Optimization, NeurIPS (2011): TPE.
N. Hansen, The CMA Evolution Strategy: A Tutorial, arXiv:1604.00772.
K. Deb et al., A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II, IEEE Trans. Evol. Comp. (2002).
"""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, CmaEsSampler, NSGAIISampler, QMCSampler, TPESampler
from optuna.study import StudyDirection
from optuna.trial import TrialState

from research.objectives.objective import Objective
from research.samplers.sampler import Proposal
from research.spaces.parameter import Parameter, Value
from research.spaces.space import Point, Space

POPULATION = 20
"""Trials of a generation of the genetic samplers; fixed, so that a longer study begins as a shorter one."""

_REFUSED_FOR_ONE = 8
"""Refused points that TPE is told of for each that was made."""

_DIRECTIONS = {"maximise": StudyDirection.MAXIMIZE, "minimise": StudyDirection.MINIMIZE}
_MADE: dict[str, Callable[[int], BaseSampler]] = {
    "qmc": lambda seed: QMCSampler(
        scramble=True,
        seed=seed,
        independent_sampler=optuna.samplers.RandomSampler(seed),
        warn_independent_sampling=False,
    ),
    "tpe": lambda seed: TPESampler(seed=seed),
    "cmaes": lambda seed: CmaEsSampler(
        seed=seed, independent_sampler=optuna.samplers.RandomSampler(seed), warn_independent_sampling=False
    ),
    "nsga2": lambda seed: NSGAIISampler(seed=seed, population_size=POPULATION),
    "genetic": lambda seed: NSGAIISampler(seed=seed, population_size=POPULATION),
}


class LearningSampler:
    """One of Optuna's samplers.

    Parameters
    ----------
    name
        ``qmc``, ``tpe``, ``cmaes``, ``nsga2`` or ``genetic``.
    space
        What is searched.
    objectives
        Their directions are told to it.
    seed
        Of all that it draws.
    """

    def __init__(self, name: str, space: Space, objectives: Sequence[Objective], seed: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sampler = _MADE[name](seed)
        self._study = optuna.create_study(
            sampler=sampler, directions=[_DIRECTIONS[one.direction] for one in objectives]
        )
        self._fixed = {one.name: one.ends[0] for one in space.parameters if one.count == 1}
        self._varied = {one.name: one for one in space.parameters if one.count != 1}
        self._distributions = {name: _distribution(one) for name, one in self._varied.items()}
        self._names = [one.name for one in space.parameters]
        self._name, self._made, self._refused = name, 0, 0

    def ask(self) -> Proposal:
        """Return the next point."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trial = self._study.ask(self._distributions)
        point = {
            name: _value(self._varied[name], trial.params[name]) if name in self._varied else self._fixed[name]
            for name in self._names
        }
        return Proposal(point, trial)

    def take(self, point: Point) -> Proposal:
        """Return a point that was chosen elsewhere; the sampler learns from it as from its own."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._study.enqueue_trial({name: _drawn(one, point[name]) for name, one in self._varied.items()})
        return self.ask()

    def refuse(self, proposal: Proposal) -> None:
        """Take that a point may not be tried: TPE keeps away from where such points are.

        It takes the best tenth of all points for good, and of those that were refused as many as are missing to that:
        it is told of no more than leave a tenth that were made. The others do not ask for what was refused.
        """
        if self._name == "tpe" and self._refused < _REFUSED_FOR_ONE * self._made:
            self._refused += 1
            proposal.ticket.set_constraint("may be tried", 1.0)
            self._study.tell(proposal.ticket, state=TrialState.PRUNED)
        else:
            self._study.tell(proposal.ticket, state=TrialState.FAIL)

    def tell(self, proposal: Proposal, values: Sequence[float] | None) -> None:
        """Take what a point is worth."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if values is None or not all(map(math.isfinite, values)):
                self._study.tell(proposal.ticket, state=TrialState.FAIL)
            else:
                self._study.tell(proposal.ticket, list(values))
                self._made += 1


def _distribution(one: Parameter) -> BaseDistribution:
    """Return what Optuna draws a parameter from: where it has steps, the number of its value, which is exact."""
    count = one.count
    if count is None:
        return FloatDistribution(float(one.low), float(one.high), log=one.log)
    if one.log:
        return IntDistribution(int(one.low), int(one.high), log=True)
    return IntDistribution(0, count - 1) if one.ordered else CategoricalDistribution(list(range(count)))


def _value(one: Parameter, drawn: Any) -> Value:
    if one.count is None:
        return float(drawn)
    return int(drawn) if one.log else one.value_at(int(drawn))


def _drawn(one: Parameter, value: Value) -> Any:
    """Return what stands for a value in Optuna: the opposite of :func:`_value`."""
    return value if one.count is None or one.log else one.place_of(value)
