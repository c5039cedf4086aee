"""Searches for parameters: begins studies and goes on with those that were interrupted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

import msgspec

from backtests.many.run_base import Base
from backtests.many.run_many import ManyRuns
from core.errors import ConfigurationError, HarnessError, InvariantError
from core.settings_problem import shown
from market_data.history.fetch_progress import open_progress
from metrics.equity_curve import DailyCloses
from research.executors.executor_pool import ExecutorLost
from research.executors.machines import Machines
from research.objectives.objective import Objective
from research.objectives.trial_figures import figures_of
from research.spaces.parameter import Parameter
from research.studies.judged_trials import equity_bytes
from research.studies.planned_search import (
    Metric,
    Options,
    Search,
    conventions,
    require_kept_metric,
    search_again,
    search_of,
)
from research.studies.search_rows import require_same
from research.studies.study import Study
from research.studies.study_base import Candidates
from research.studies.study_plan import BaseHashes, StudyPlan, plan_of, versions_of
from research.studies.study_run import StudyRun, StudyTaken
from research.studies.surroundings import OpenedSurroundings, Surroundings, require_known, store_of
from research.studies.verification import Verifier
from runs.identity.code_version import code_version
from runs.store.run_store import RunStore
from runs.store.store_rows import Optimisation, Status, Trial
from systems.life_cycle.epoch_tracker import wall_clock_ms


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
        run again. Beside them what makes the trials: ``processes``, or ``cluster`` (the address of a scheduler), or an
        ``executor`` of ``concurrent.futures``; ``places``, ``store`` (None is that of ``config/store.yaml``),
        ``offline``, ``show_progress``, ``outputs`` that functions need of a result, and ``watch``, who is told.

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
    ...     study = optimise(base, {"ema_fast": "5..8"}, sampler="grid", metric="roi", store=store, processes=1)
    >>> [trial.params["ema_fast"] for trial in study.trials]
    [5, 6, 7, 8]
    """
    require_known(options, Options, "optimise")
    search = search_of(system, parameters, options)
    with OpenedSurroundings(options) as opened:
        return begin_study(search, opened)


def begin(
    system: str, parameters: Mapping[str, Any] | Sequence[Parameter] | None = None, **options: Unpack[Options]
) -> Optimisation:
    """Record a study of a system without making a trial of it: :func:`resume` makes them, here or anywhere.

    Arguments and errors are those of :func:`optimise`.
    """
    require_known(options, Options, "begin")
    search = search_of(system, parameters, options)
    require_kept_metric(search)
    with (
        store_of(options.get("store")) as store,
        Machines(1).runs(search.base, search.judge.outputs, search.plan.total) as runs,
    ):
        return _recorded(search, store, runs, "PENDING")[0]


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
    require_known(surroundings, Surroundings, "resume")
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
        found = store.records(Optimisation) if text == "latest" else store.records(Optimisation, id=int(text[:18]))
        rows = [one for one in found if one.code_version is not None]
        if rows:
            return rows[-1]
        if found and text != "latest":
            raise ConfigurationError(
                f"study {shown(text)}: is a {found[0].method} — allowed: the number of a study; or python -m research "
                f"show {text}"
            )
    last = [one.id for one in store.records(Optimisation) if one.code_version is not None][-1:]
    allowed = f"allowed: latest, or a number up to {last[0]}" if last else "the store has none yet"
    raise ConfigurationError(f"study {shown(text)}: there is no such study — {allowed}")


def begin_study(search: Search, opened: OpenedSurroundings, told: Callable[[int], None] = lambda study: None) -> Study:
    """Make a study; ``told`` hears its number before anything is tried. Errors as of :func:`optimise`."""
    with _runs_of(search, opened) as runs:
        row, hashes = _recorded(search, opened.store, runs, "RUNNING")
        told(int(row.id or 0))
        return _made(row, search, hashes, opened, runs)


def go_on_with_study(row: Optimisation, search: Search, opened: OpenedSurroundings) -> Study:
    """Make what is missing of the study that a row is; errors as of :func:`resume`."""
    with _runs_of(search, opened) as runs:
        hashes, _, _ = _base_run(search, runs)
        _require_same(row, hashes, search.plan)
        row = msgspec.structs.replace(
            row, status="RUNNING", settings={**(row.settings or {}), "trials": search.plan.trials}
        )
        opened.store.record(row)
        return _made(row, search, hashes, opened, runs)


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


def _recorded(search: Search, store: RunStore, runs: ManyRuns, status: Status) -> tuple[Optimisation, BaseHashes]:
    """Keep a study that begins, or waits; return it with what its base is."""
    hashes, figures, daily = _base_run(search, runs)
    row = search.plan.row(hashes, search.base.market, wall_clock_ms())
    row = msgspec.structs.replace(
        row,
        status=status,
        settings={**(row.settings or {}), "base": figures},
        first_day=int(daily.first_day),
        daily_equity=equity_bytes(daily),
    )
    return msgspec.structs.replace(row, id=store.record(row)), hashes


def _runs_of(search: Search, opened: OpenedSurroundings) -> ManyRuns:
    """Return what makes the runs of a study."""
    outputs = max(search.judge.outputs, opened.outputs, key=("none", "trades", "full").index)
    return opened.machines.runs(search.base, outputs, search.plan.total)


def _base_run(search: Search, runs: ManyRuns) -> tuple[BaseHashes, dict[str, Any], DailyCloses]:
    """Run the base as it stands: what is wrong with it is told before anything is tried."""
    base = search.base
    (made,) = runs.run([{}])
    done = made.required()
    result, daily = done.result, done.daily_closes
    if not isinstance(result.data_sha256, str):
        raise InvariantError("a backtest without a hash of its candles")
    figures = figures_of(result, daily, base.window, conventions(base))
    return BaseHashes(result.settings_sha256, result.data_sha256, code_version()), figures, daily


def _require_same(row: Optimisation, hashes: BaseHashes, plan: StudyPlan) -> None:
    """Refuse to mix trials of other settings, candles, code or libraries."""
    libraries = (row.settings or {}).get("libraries", {})
    now = (
        ("settings of the system", row.settings_sha256, hashes.settings),
        ("candles of the window", row.data_sha256, hashes.data),
        ("code of the program", row.code_version, hashes.code),
        ("libraries of the sampler", libraries, versions_of(plan.sampler)),
    )
    require_same(f"study {row.id}", now, "a study of its own")


def _made(row: Optimisation, search: Search, hashes: BaseHashes, opened: OpenedSurroundings, runs: ManyRuns) -> Study:
    """Make the trials that are missing, run the best again, and keep how it ended."""
    plan, base, store, id_ = search.plan, search.base, opened.store, int(row.id or 0)
    judge = search.judge
    run = StudyRun(plan, search.objectives, Candidates(base, plan.space, hashes), judge, store, id_)
    progress = open_progress(opened.progress_title, plan.total, opened.show_progress, "trials")
    status: Status | None = "PARTIAL"
    trials = run.trials
    try:

        def told(trial: Trial) -> None:
            progress.advance(1)
            if opened.watch is not None:
                opened.watch.made(len(run.trials), plan.total)

        with progress:
            run.make(runs, told)
        runs.close()
        if all(one.status == "FAILED" for one in run.trials):
            status = "FAILED"
            raise HarnessError(f"study {id_}: all {len(run.trials)} trials failed; the first: {run.trials[0].failure}")
        study = Study(row, plan, search.objectives, trials)
        verifier = Verifier(base, plan.space, judge, store)
        best = {one.id: one for one in verifier.verified(study.best, opened.machines.processes)}
        trials = [best.get(one.id, one) for one in trials]
        status = "COMPLETED"
    except StudyTaken:
        status = None  # How it ends is told by who makes it.
        raise
    except ConfigurationError:
        status = "PARTIAL" if run.trials else "FAILED"  # No point may be tried.
        raise
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; {_kept(run, id_)}") from None
    except ExecutorLost as error:
        raise ExecutorLost(error.why, _kept(run, id_)) from None
    finally:
        if status is not None:
            settings = {**(row.settings or {}), "refused": dict(run.refused.most_common(20))}
            row = msgspec.structs.replace(row, status=status, ended_ms=wall_clock_ms(), settings=settings)
            store.record(row)
    return Study(row, plan, search.objectives, trials)


def _kept(run: StudyRun, study: int) -> str:
    return f"{len(run.trials)} trials are kept: python -m research optimise --resume {study}"
