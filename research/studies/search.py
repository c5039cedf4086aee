"""Searches for parameters: begins studies and goes on with those that were interrupted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypedDict, Unpack

import msgspec

from backtests.many.run_base import Base
from backtests.many.run_many import ManyRuns
from core.errors import ConfigurationError, HarnessError, InvariantError
from core.settings_problem import did_you_mean, shown
from engine.renderer import OutputsKept
from market_data.history.fetch_progress import open_progress
from metrics.equity_curve import DailyCloses
from metrics.metric_settings import MetricSettings
from research.objectives.objective import Function, Objective, objectives_of
from research.objectives.trial_figures import figures_of
from research.samplers.sampler_choice import require_sampler
from research.spaces.parameter import Parameter
from research.spaces.ranges import parameter_of
from research.studies.judged_trials import Judge, equity_bytes
from research.studies.optimise_section import OptimiseSection, section_of
from research.studies.study import Study
from research.studies.study_base import Candidates, StudyBase, base_of_runs, base_of_system
from research.studies.study_plan import BaseHashes, StudyPlan, goals_of, plan_of, versions_of
from research.studies.study_run import StudyRun
from research.studies.verification import Verifier
from runs.identity.code_version import code_version
from runs.store.run_store import RunStore, open_store
from runs.store.store_rows import Optimisation, Trial
from systems.catalogue import read_system
from systems.life_cycle.epoch_tracker import wall_clock_ms
from systems.places import Places

Metric = str | Function | Objective | Sequence[str | Function | Objective]


class Surroundings(TypedDict, total=False):
    """Where and how trials are made; nothing of it changes one."""

    processes: int
    places: Places
    store: RunStore
    offline: bool
    show_progress: bool | None
    outputs: OutputsKept


class Options(Surroundings, total=False):
    """What else :func:`optimise` may be told."""

    window: str | None
    sampler: str | None
    trials: int | None
    metric: Metric | None
    seed: int | None
    batch: int | None
    conditions: Sequence[str]
    min_trades: int | None
    best: int | None


def optimise(
    system: str | Base, parameters: Mapping[str, Any] | Sequence[Parameter] | None = None, **options: Unpack[Options]
) -> Study:
    """Search the parameters of a system, or of any base of many runs, and return the study.

    What is left out is what the ``optimise`` section of the system's file says.

    Parameters
    ----------
    system
        The id of a system; or a ``ConfigBacktestRunner``, its plan, or a ``MemoryBacktest``.
    parameters
        By name a range (``"5..20"``), choices (``[14, 20]``) or a mapping with ``low``, ``high``, ``step`` and ``log``.
    **options
        ``window`` of the system; ``sampler``: grid, random, qmc, tpe, cmaes, nsga2 or genetic; ``trials``; ``metric``:
        a figure, an expression, ``composite``, a function of a result that gives a number or None, or several of these;
        ``seed``; ``batch``; ``conditions`` such as ``"ema_fast < ema_slow"``; ``min_trades``; ``best``, how many are
        run again. Beside them ``processes``, ``places``, ``store`` (None is that of ``config/store.yaml``),
        ``offline``, ``show_progress``, and ``outputs`` that functions need of a result.

    Raises
    ------
    ConfigurationError, DataUnavailableError
        If an argument is wrong, or the base cannot be run; nothing was tried then.
    HarnessError
        If all trials failed.

    Examples
    --------
    >>> from backtests import MemoryBacktest
    >>> import tempfile; from runs.store.run_store import open_store
    >>> rows = [(60_000 * n, 10.0, 11.0, 9.0, 10.0 + n % 2, 1.0) for n in range(50)]
    >>> base = MemoryBacktest(rows, strategy="scalping_ema_rsi")
    >>> with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/runs.sqlite") as store:
    ...     study = optimise(base, {"ema_fast": "5..8"}, sampler="grid", store=store, processes=1)
    >>> [trial.params["ema_fast"] for trial in study.trials]
    [5, 6, 7, 8]
    """
    for name in options:
        if name not in Options.__annotations__:
            raise TypeError(f"optimise has no option {name}{did_you_mean(name, Options.__annotations__)}")
    begun = search_of(system, parameters, options)
    with OpenedSurroundings(options) as opened:
        return begin_study(begun, opened)


def resume(
    study: str | int, *, trials: int | None = None, base: Base | None = None, metric: Metric | None = None,
    **surroundings: Unpack[Surroundings],
) -> Study:  # fmt: skip
    """Go on with a study where it ended: nothing that was tried is run again.

    Parameters
    ----------
    study
        Its number, or ``latest``.
    trials
        As many in all; None are those that it was begun with.
    base
        What it varies, where that is no system.
    metric
        Its metric again, where that is a function.
    **surroundings
        As of :func:`optimise`.

    Raises
    ------
    ConfigurationError
        If there is no such study, or its settings, candles, code or library are no longer those it was begun with.
    """
    with OpenedSurroundings(surroundings) as opened:
        row = study_row(opened.store, study)
        return go_on_with_study(row, _continued(row, trials, base, metric, opened), opened)


def read_study(study: str | int, store: RunStore) -> Study:
    """Return a study as the store has it, by its number or ``latest``; ConfigurationError where there is none."""
    row = study_row(store, study)
    plan = plan_of(row)
    objectives = tuple(Objective(one.text, one.direction) for one in plan.goals)
    return Study(row, plan, objectives, store.records(Trial, optimisation=row.id))


def study_row(store: RunStore, study: str | int) -> Optimisation:
    """Return the row of a study, by its number or ``latest``; ConfigurationError where there is none."""
    text = str(study)
    if text == "latest" or (text.isascii() and text.isdecimal()):
        rows = store.records(Optimisation) if text == "latest" else store.records(Optimisation, id=int(text[:18]))
        rows = [one for one in rows if one.code_version is not None]
        if rows:
            return rows[-1]
    last = [one.id for one in store.records(Optimisation) if one.code_version is not None][-1:]
    allowed = f"allowed: latest, or a number up to {last[0]}" if last else "the store has none yet"
    raise ConfigurationError(f"study {shown(text)}: there is no such study — {allowed}")


class Search(NamedTuple):
    """A study that is about to be made: everything that can be checked before anything is run has been."""

    plan: StudyPlan
    base: StudyBase
    objectives: tuple[Objective, ...]

    @property
    def judge(self) -> Judge:
        """What says what trials are worth."""
        return Judge(self.objectives, self.plan.min_trades, self.plan.window, conventions(self.base))


def begin_study(
    search: Search, opened: "OpenedSurroundings", told: Callable[[int], None] = lambda study: None
) -> Study:
    """Make a study; ``told`` hears its number before anything is tried. Errors as of :func:`optimise`."""
    with _runs_of(search, opened) as runs:
        hashes, figures, daily = _base_run(search, runs)
        row = search.plan.row(hashes, search.base.market, wall_clock_ms())
        row = msgspec.structs.replace(
            row,
            settings={**(row.settings or {}), "base": figures},
            first_day=int(daily.first_day),
            daily_equity=equity_bytes(daily),
        )
        row = msgspec.structs.replace(row, id=opened.store.record(row))
        told(int(row.id or 0))
        return _made(row, search, hashes, opened, runs)


def go_on_with_study(row: Optimisation, search: Search, opened: "OpenedSurroundings") -> Study:
    """Make what is missing of the study that a row is; errors as of :func:`resume`."""
    with _runs_of(search, opened) as runs:
        hashes, _, _ = _base_run(search, runs)
        _require_same(row, hashes, search.plan)
        row = msgspec.structs.replace(
            row, status="RUNNING", settings={**(row.settings or {}), "trials": search.plan.trials}
        )
        opened.store.record(row)
        return _made(row, search, hashes, opened, runs)


class OpenedSurroundings:
    """The surroundings of studies, the store open; one that was opened here is closed at the end."""

    def __init__(self, given: Surroundings | Options) -> None:
        self.processes = given.get("processes", 2)
        if not isinstance(self.processes, int) or isinstance(self.processes, bool) or self.processes < 1:
            raise ConfigurationError(f"processes: {shown(self.processes)} — allowed: a whole number at least 1")
        self.places = given.get("places", Places())
        self.offline = given.get("offline", False)
        self.show_progress = given.get("show_progress", False)
        self.outputs: OutputsKept = given.get("outputs", "none")
        self._given = given.get("store")
        self.store = self._given if self._given is not None else open_store()

    def __enter__(self) -> "OpenedSurroundings":
        return self

    def __exit__(self, *raised: object) -> None:
        if self._given is None:
            self.store.close()


def search_of(system: str | Base, parameters: Any, options: Options) -> Search:
    """Return what :func:`optimise` would make; errors as of it."""
    given: dict[str, Any] = {key: value for key, value in options.items() if value is not None}
    section = OptimiseSection()
    name = window_name = None
    if isinstance(system, str):
        places = given.get("places", Places())
        found = read_system(system, places.systems)
        section = section_of(found)
        name, window_name = found.id, given.get("window", section.window)
        window_name = next(iter(found.windows), None) if window_name is None else window_name
        if window_name is None:
            raise ConfigurationError(f"{found.file}: names no window — allowed: windows: {{train: 2024-01..2024-06}}")
        window = found.window(window_name, wall_clock_ms())
        base = base_of_system(
            found, window, places, offline=given.get("offline", False), show_progress=given.get("show_progress", False)
        )
    else:
        if "window" in given:
            raise ConfigurationError("window: the base has its own — allowed: with the id of a system")
        base = base_of_runs(system)
    objectives = objectives_of(given.get("metric", section.metric))
    wanted, conditions = _parameters(parameters, given.get("conditions"), section)
    space = base.names.space(wanted, conditions)
    sampler, trials = given.get("sampler", section.sampler), given.get("trials", section.trials)
    plan = StudyPlan(
        system=name,
        window_name=window_name,
        window=base.window,
        space=space,
        goals=goals_of(objectives),
        sampler=sampler,
        seed=given.get("seed", section.seed),
        trials=trials,
        batch=given.get("batch", section.batch),
        in_order=sampler == "grid" and (trials is None or (space.size is not None and trials >= space.size)),
        min_trades=given.get("min_trades", section.min_trades),
        verified=given.get("best", section.best),
    )
    require_sampler(sampler, space, objectives, trials)
    base.require_possible(space)
    return Search(plan, base, objectives)


def _parameters(
    given: Any, conditions: Sequence[str] | None, section: OptimiseSection
) -> tuple[tuple[Parameter, ...], tuple[str, ...]]:
    """Return parameters and conditions: those that are given, and the section's only where none are."""
    if given is None:
        return (
            tuple(parameter_of(name, one) for name, one in section.parameters.items()),
            (*section.conditions, *(conditions or ())),
        )
    several = given.items() if isinstance(given, Mapping) else None
    wanted = tuple(given) if several is None else tuple(parameter_of(name, one) for name, one in several)
    return wanted, tuple(conditions or ())


def _continued(
    row: Optimisation, trials: int | None, base: Base | None, metric: Metric | None, opened: OpenedSurroundings
) -> Search:
    plan = plan_of(row)
    if trials is not None:
        if plan.in_order or trials < (plan.trials or 0):
            allowed = "its whole grid" if plan.in_order else f"at least {plan.trials}, with which it was begun"
            raise ConfigurationError(f"trials: {trials} — allowed: {allowed}")
        plan = msgspec.structs.replace(plan, trials=trials)
    return search_again(plan, f"study {row.id}", opened, base=base, metric=metric)


def search_again(
    plan: StudyPlan, called: str, opened: OpenedSurroundings, *, base: Base | None = None, metric: Metric | None = None
) -> Search:
    """Return the search of a plan that was kept; what cannot be kept, a base of no system and a function, is given.

    Raises
    ------
    ConfigurationError
        If it is not given, or is another; ``called`` is what messages say it is of.
    """
    if plan.system is None and base is None:
        raise ConfigurationError(f"{called}: is of no system — allowed: to resume it with base=…")
    if base is not None:
        found = base_of_runs(base)
    else:
        system = read_system(str(plan.system), opened.places.systems)
        found = base_of_system(
            system, plan.window, opened.places, offline=opened.offline, show_progress=opened.show_progress
        )
    objectives = tuple(Objective(one.text, one.direction) for one in plan.goals)
    if any(one.is_function for one in plan.goals):
        if metric is None:
            raise ConfigurationError(f"{called}: its metric is a function — allowed: to resume it with metric=…")
        objectives = objectives_of(metric)
        if goals_of(objectives) != plan.goals:
            known = ", ".join(one.text for one in plan.goals)
            raise ConfigurationError(f"{called}: its metric is another — allowed: {known}")
    return Search(plan, found, objectives)


def _runs_of(begun: Search, opened: OpenedSurroundings) -> ManyRuns:
    """Return what makes the runs of a study."""
    outputs = max(begun.judge.outputs, opened.outputs, key=("none", "trades", "full").index)
    return ManyRuns(begun.base, processes=opened.processes, outputs=outputs, runs=begun.plan.total)


def _base_run(begun: Search, runs: ManyRuns) -> tuple[BaseHashes, dict[str, Any], DailyCloses]:
    """Run the base as it stands: what is wrong with it is told before anything is tried."""
    base = begun.base
    (done,) = runs.run([{}])
    if done.result is None:
        raise done.error if isinstance(done.error, HarnessError) else InvariantError(str(done.error))
    result = done.result.result
    if not isinstance(result.data_sha256, str):
        raise InvariantError("a backtest without a hash of its candles")
    daily = done.result.daily_closes
    figures = figures_of(result, daily, base.window, conventions(base))
    return BaseHashes(result.settings_sha256, result.data_sha256, code_version()), figures, daily


def _require_same(row: Optimisation, hashes: BaseHashes, plan: StudyPlan) -> None:
    """Refuse to mix trials of other settings, candles, code or libraries."""
    libraries = (row.settings or {}).get("libraries", {})
    for what, before, now in (
        ("settings of the system", row.settings_sha256, hashes.settings),
        ("candles of the window", row.data_sha256, hashes.data),
        ("code of the program", row.code_version, hashes.code),
        ("libraries of the sampler", libraries, versions_of(plan.sampler)),
    ):
        if before != now:
            raise ConfigurationError(
                f"study {row.id}: the {what} are no longer those that it was begun with — allowed: a study of its own"
            )


def _made(row: Optimisation, begun: Search, hashes: BaseHashes, opened: OpenedSurroundings, runs: ManyRuns) -> Study:
    """Make the trials that are missing, run the best again, and keep how it ended."""
    plan, base, store, id_ = begun.plan, begun.base, opened.store, int(row.id or 0)
    judge = begun.judge
    run = StudyRun(plan, begun.objectives, Candidates(base, plan.space, hashes), judge, store, id_)
    progress = open_progress("Trials", plan.total, opened.show_progress, "trials")
    status, trials = "PARTIAL", run.trials
    try:
        with progress:
            run.make(runs, lambda trial: progress.advance(1))
        runs.close()
        if all(one.status == "FAILED" for one in run.trials):
            status = "FAILED"
            raise HarnessError(f"study {id_}: all {len(run.trials)} trials failed; the first: {run.trials[0].failure}")
        study = Study(row, plan, begun.objectives, trials)
        best = {one.id: one for one in Verifier(base, plan.space, judge, store).verified(study.best, opened.processes)}
        trials = [best.get(one.id, one) for one in trials]
        status = "COMPLETED"
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"interrupted; {len(run.trials)} trials are kept: python -m research optimise --resume {id_}"
        ) from None
    finally:
        settings = {**(row.settings or {}), "refused": dict(run.refused.most_common(20))}
        row = msgspec.structs.replace(row, status=status, ended_ms=wall_clock_ms(), settings=settings)
        store.record(row)
    return Study(row, plan, begun.objectives, trials)


def conventions(base: StudyBase) -> MetricSettings:
    """Return the conventions of the figures of a base."""
    return msgspec.convert(base.settings.live.metrics.model_dump(), MetricSettings)
