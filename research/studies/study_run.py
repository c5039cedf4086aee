"""Makes the trials of a study: asks the sampler, answers what is known, runs the rest, keeps each as it comes.

A batch of points is asked, the later while the first are run, all of them are answered, and then the sampler is told in
order of the trials. What it is asked and told depends on nothing but the plan, so a study that was interrupted asks and
tells again what the store has and goes on where it ended; the same seed gives the same trials in any number of
processes.
"""

import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec
from sqlalchemy.exc import IntegrityError

from backtests.many.prepared_runs import Variation
from backtests.many.run_many import VariationResult
from core.errors import ConfigurationError
from core.settings_problem import shown
from research.objectives.objective import Objective
from research.samplers.listed_samplers import RandomSampler
from research.samplers.sampler import Proposal, Sampler
from research.samplers.sampler_choice import LEARNING, MOST_POINTS, sampler_of
from research.studies.judged_trials import Judge
from research.studies.study_base import Candidate, Candidates
from research.studies.study_plan import StudyPlan
from research.studies.told_values import ToldValues
from runs.store.run_store import RunStore
from runs.store.store_rows import Trial

REFUSED_IN_A_ROW = 10_000
"""Points after which a search that finds none that may be tried is stopped."""
_REFUSED_OF_ONE_WHO_LEARNS = 50
"""Points after which a sampler that learns is given one that was drawn evenly: where it is, there may be none."""
_BATCH_OF_THE_DEAF = 128
"""The batch of samplers that learn nothing: what they are told changes nothing."""


class StudyTaken(ConfigurationError):
    """Another process makes the trials of the same study."""


class Runs(Protocol):
    """What makes runs: :class:`~backtests.many.run_many.ManyRuns`, or what gives the same results in the same order."""

    def run(self, variations: Iterator[Variation] | Sequence[Variation]) -> Iterator[VariationResult]:
        """Run the variations; yield what each came to, in their order."""


class _Asked:
    """A batch that is asked: its points so far, the trials that are known of them, and what ended it early."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.points: list[tuple[Proposal, Candidate]] = []
        self.known: dict[int, Trial] = {}
        self.wrong: ConfigurationError | None = None


class StudyRun:
    """The trials of a study, as far as they are.

    Parameters
    ----------
    plan
        What they follow from.
    objectives
        Of the plan, with their functions.
    candidates
        Which points are tried.
    judge
        What they are worth.
    store
        Where they are kept.
    study
        The id of the study in it.
    """

    def __init__(
        self,
        plan: StudyPlan,
        objectives: Sequence[Objective],
        candidates: Candidates,
        judge: Judge,
        store: RunStore,
        study: int,
    ) -> None:
        self._plan, self._candidates, self._judge = plan, candidates, judge
        self._store, self._study = store, study
        self._told = ToldValues(objectives)
        self._sampler: Sampler = sampler_of(plan.sampler, plan.space, objectives, plan.seed, in_order=plan.in_order)
        # A grid has an end, and one who draws evenly does so already.
        self._own = _REFUSED_OF_ONE_WHO_LEARNS if plan.sampler in LEARNING else 2**62
        # Of a grid that can be gone through, every point is looked at.
        whole = plan.sampler == "grid" and (plan.space.size or 0) <= MOST_POINTS
        self._most_refused = MOST_POINTS + 1 if whole else REFUSED_IN_A_ROW
        self._evenly = RandomSampler(plan.space, plan.seed)
        self._kept = {one.number: one for one in store.records(Trial, optimisation=study)}
        self._by_print: dict[str, Trial] = {}
        self.trials: list[Trial] = []
        self.refused: Counter[str] = Counter()

    def make(self, runs: Runs, told: Callable[[Trial], None]) -> None:
        """Make what is missing; ``told`` hears each trial, those that were kept too.

        Raises
        ------
        ConfigurationError
            If conditions leave no point, the sampler proposes others than those that were kept, or another process
            makes the same study.
        """
        learns = self._plan.sampler in LEARNING and self._plan.sampler != "qmc"
        batch = self._plan.batch if learns else max(self._plan.batch, _BATCH_OF_THE_DEAF)
        while len(self.trials) < self._plan.total:
            wanted = min(batch, self._plan.total - len(self.trials))
            asked = _Asked(wanted)
            for trial in self._answers(asked, runs):
                self.trials.append(trial)
                told(trial)
            if asked.wrong is not None:
                raise asked.wrong
            made = self.trials[len(self.trials) - len(asked.points) :]
            for (proposal, _), trial in zip(asked.points, made, strict=True):
                self._sampler.tell(proposal, self._told.of(trial.objectives))
            if len(made) < wanted:
                break
        if not self.trials:
            raise ConfigurationError(f"no point may be tried: all {self.refused.total()} were refused{self._why()}")

    def _next(self) -> tuple[Proposal, Candidate] | None:
        """Return the next point that may be tried; None where there is none left."""
        refused = 0
        while (proposal := self._asked(refused)) is not None:
            found = self._candidates.of(proposal.point)
            if isinstance(found, Candidate):
                return proposal if refused < self._own else self._sampler.take(found.point), found
            self.refused[found.reason] += 1
            if refused < self._own:
                self._sampler.refuse(proposal)
            refused += 1
            if refused >= self._most_refused:
                raise ConfigurationError(f"{refused:,} points in a row may not be tried{self._why()}")
        return None

    def _asked(self, refused: int) -> Proposal | None:
        """Return what is proposed after so many in a row that were refused."""
        return self._sampler.ask() if refused < self._own else self._evenly.ask()

    def _why(self) -> str:
        (reason, count), *_ = self.refused.most_common(1) or [("nothing was asked", 0)]
        return f", {count} by {shown(reason)} — allowed: wider ranges, or fewer conditions"

    def _answers(self, asked: _Asked, runs: Runs) -> Iterator[Trial]:
        """Yield the trials of a batch in order; what is not yet asked is while the first of them are run."""
        first = len(self.trials)
        made, early = runs.run(self._due(asked, first)), deque[VariationResult]()
        for place in itertools.count():
            while place >= len(asked.points) and (result := next(made, None)) is not None:
                early.append(result)
            if place >= len(asked.points):
                return
            number, (_, one) = first + place, asked.points[place]
            trial = asked.known.get(number)
            if trial is None and one.fingerprint in self._by_print:
                trial = self._judge.again(self._by_print[one.fingerprint], one, number, self._study)
            if trial is None:
                trial = self._judge.judged(early.popleft() if early else next(made), one, number, self._study)
            if trial.id is None:
                trial = self._keep(trial)
            self._by_print.setdefault(one.fingerprint, trial)
            yield trial

    def _due(self, asked: _Asked, first: int) -> Iterator[Variation]:
        """Ask for the points of a batch, one when the one before it is under way; yield those that nobody has tried."""
        coming: set[str] = set()
        for number in range(first, first + asked.wanted):
            try:
                found = self._next()
                known = None if found is None else self._known(number, found[1])
            except ConfigurationError as error:
                asked.wrong = error  # Told when what was asked before it is answered.
                return
            if found is None:
                return
            asked.points.append(found)
            one = found[1]
            if known is None and one.fingerprint not in self._by_print and one.fingerprint not in coming:
                known = self._elsewhere(one, number)
                if known is None:
                    yield one.variation
            if known is not None:
                asked.known[number] = known
            coming.add(one.fingerprint)

    def _known(self, number: int, one: Candidate) -> Trial | None:
        """Return the trial of a number that was kept; None where there is none."""
        return self._require_same(self._kept[number], one) if number in self._kept else None

    def _elsewhere(self, one: Candidate, number: int) -> Trial | None:
        """Return the answer of another study that ran the same over the same candles by the same code."""
        if self._plan.system is None or not self._candidates.on_one_market:
            return None
        for known in self._store.records(Trial, fingerprint=one.fingerprint):
            if known.optimisation != self._study:
                trial = self._judge.again(known, one, number, self._study)
                if trial is not None:
                    return trial
        return None

    def _require_same(self, kept: Trial, asked: Candidate) -> Trial:
        if kept.fingerprint == asked.fingerprint and kept.params == asked.point:
            return kept
        raise ConfigurationError(
            f"study {self._study}: trial {kept.number} was {kept.params}, and {self._plan.sampler} proposes "
            f"{asked.point} now: its library is of another version — allowed: that version, or a study of its own"
        )

    def _keep(self, trial: Trial) -> Trial:
        try:
            return msgspec.structs.replace(trial, id=self._store.record(trial))
        except IntegrityError:
            raise StudyTaken(
                f"study {self._study}: trial {trial.number} is there already: another process makes this study — "
                "allowed: wait for it, or end it"
            ) from None
