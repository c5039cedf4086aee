"""Walk-forward: parameters are searched in one stretch of time and traded in the next, again and again.

One account goes through all tests: each begins with what the one before left, its positions closed at the test's end by
the rule for ends of runs (at their last marks, with costs, ``reason=end``). Beside its balance nothing goes from one
test to the next: limits on losses and draw-down begin anew, as they do with a session.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack, cast

import msgspec

from backtests.many.run_base import Base
from core.errors import ConfigurationError
from research.folds.fold_run import BALANCE, FoldRun
from research.folds.fold_times import FoldScheme
from research.folds.folded_search import KeptSearch, planned
from research.folds.lengths import NOTHING, length_ms
from research.folds.walk_forward_result import WalkForward
from research.folds.walk_plan import METHOD, WalkPlan, folds_done
from research.spaces.parameter import Parameter
from research.studies.planned_search import (
    Metric,
    Options,
    Search,
    require_kept_metric,
    require_length,
    search_of,
)
from research.studies.search_rows import row_of
from research.studies.surroundings import OpenedSurroundings, PartWatch, Surroundings, require_known, store_of
from runs.store.run_store import RunStore
from runs.store.store_rows import Optimisation


class WalkOptions(Options, total=False):
    """What else :func:`walk_forward` may be told."""

    purge: str
    embargo: str
    anchored: bool


def walk_forward(
    system: str | Base,
    parameters: Mapping[str, Any] | Sequence[Parameter] | None = None,
    *,
    train: str,
    test: str,
    **options: Unpack[WalkOptions],
) -> WalkForward:
    """Search parameters fold by fold, trade the best of each in the test that follows, and return what it came to.

    Parameters
    ----------
    system, parameters
        As of :func:`research.optimise`.
    train, test
        Lengths, such as ``90d`` or ``2000c`` (candles): what each search is given, and the test after it. The next fold
        begins a test later, so that the tests follow one another.
    **options
        ``purge`` is taken off the end of what the search is given, ``embargo`` lies between that and the test;
        ``anchored`` lets every search begin where the first does. All others as of :func:`research.optimise`; ``best``
        is 0 where nothing else is said: every test is a run with all outputs anyway.

    Raises
    ------
    ConfigurationError, DataUnavailableError
        If an argument is wrong, or a fold cannot be run.
    HarnessError
        If all trials of a search failed.

    Examples
    --------
    >>> from backtests import MemoryBacktest
    >>> import tempfile; from runs.store.run_store import open_store
    >>> rows = [(60_000 * n, 10.0, 11.0, 9.0, 10.0 + n % 2, 1.0) for n in range(50)]
    >>> base = MemoryBacktest(rows, strategy="scalping_ema_rsi")
    >>> with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/runs.sqlite") as store:
    ...     walk = walk_forward(base, {"ema_fast": "5..6"}, train="20c", test="10c", sampler="grid", metric="roi",
    ...                         store=store, processes=1)
    >>> len(walk.folds)
    3
    """
    search, plan = planned_walk(system, parameters, train, test, options)
    with OpenedSurroundings(options) as opened:
        return _made(plan.recorded(search, opened.store, "RUNNING"), plan, search, opened)


def begin_walk_forward(
    system: str,
    parameters: Mapping[str, Any] | Sequence[Parameter] | None = None,
    *,
    train: str,
    test: str,
    **options: Unpack[WalkOptions],
) -> Optimisation:
    """Record a walk-forward of a system without making a fold: :func:`resume_walk_forward` makes them, anywhere.

    Arguments and errors are those of :func:`walk_forward`.
    """
    search, plan = planned_walk(system, parameters, train, test, options)
    require_kept_metric(search)
    with store_of(options.get("store")) as store:
        return plan.recorded(search, store, "PENDING")


def resume_walk_forward(
    walk: str | int, *, base: Base | None = None, metric: Metric | None = None, **surroundings: Unpack[Surroundings]
) -> WalkForward:
    """Go on with a walk-forward where it ended, in the middle of a fold too; what is done is not made again.

    Parameters
    ----------
    walk
        Its number, or ``latest``.
    base, metric
        What it varies where that is no system, and its metric where that is a function.
    **surroundings
        As of :func:`research.optimise`.

    Raises
    ------
    ConfigurationError
        If there is none, or its settings, candles, code or library are no longer those it was begun with.
    """
    require_known(surroundings, Surroundings, "resume_walk_forward")
    with OpenedSurroundings(surroundings) as opened:
        row = row_of(METHOD, walk, opened.store)
        plan = WalkPlan.of(row)
        return _made(row, plan, plan.again(row, opened, base=base, metric=metric), opened)


def read_walk_forward(walk: str | int, store: RunStore) -> WalkForward:
    """Return a walk-forward of the store, by its number or ``latest``; ConfigurationError where there is none."""
    row = row_of(METHOD, walk, store)
    return WalkForward(row, folds_done(row, store))


def planned_walk(
    system: str | Base, parameters: Any, train: str, test: str, options: WalkOptions
) -> tuple[Search, WalkPlan]:
    """Return the search over the whole window, and the plan: what cannot be is refused before anything is run.

    Arguments and errors are those of :func:`walk_forward`.
    """
    require_known(options, WalkOptions, "walk_forward")
    given = {name: one for name, one in options.items() if one is not None and name in Options.__annotations__}
    search = search_of(system, parameters, cast("Options", {"best": 0, **given}))
    if any(one.key == BALANCE for one in search.plan.space.parameters):
        raise ConfigurationError(f"parameter {BALANCE}: is what one fold hands to the next — allowed: other parameters")
    facts = planned(search)
    candle_ms = facts.candle_ms
    plan = WalkPlan(
        **msgspec.structs.asdict(facts),
        scheme=FoldScheme(
            train_ms=length_ms("train", train, candle_ms),
            test_ms=length_ms("test", test, candle_ms),
            purge_ms=length_ms("purge", options.get("purge", NOTHING), candle_ms, least=0),
            embargo_ms=length_ms("embargo", options.get("embargo", NOTHING), candle_ms, least=0),
            anchored=options.get("anchored", False),
        ),
        starting_balance=search.base.settings.live.execution.starting_balance,
    )
    for fold in plan.folds:
        require_length(search, [fold.train], f"the search of fold {fold.number}", "a longer train")
    return search, plan


def _made(row: Optimisation, plan: WalkPlan, search: Search, opened: OpenedSurroundings) -> WalkForward:
    """Make the folds that are missing, in order, and keep how it ended."""
    run, watch, count = FoldRun(row, plan, search, opened), opened.watch, len(plan.folds)
    done = folds_done(row, opened.store)
    with KeptSearch(row, plan, opened.store) as kept:
        for fold in plan.folds[len(done) :]:
            if done and FoldRun.is_ruined(done[-1]):
                break
            if watch is not None:
                opened.watch = PartWatch(watch, len(done), count)
            kept.doing = f"fold {fold.number} of {count}"
            opened.progress_title = kept.doing.capitalize()
            done.append(run.make(fold, done[-1] if done else None))
    return WalkForward(kept.row, done)
