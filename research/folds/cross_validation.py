"""Combinatorial purged cross-validation: the best of a search on part of the past, tried on the rest, in all ways.

Every range that is searched is a study of its own over runs that see nothing from before it: they warm up inside it,
so that no candle of a group that is left out, and none that purge and embargo take away, reaches a search. In a test
the candles before it warm up, as they do in every run. Each run begins with the starting balance and ends with its
positions closed by the rule for ends of runs.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack, cast

import msgspec

from backtests.many.run_base import Base
from core.errors import ConfigurationError
from core.settings_problem import shown
from research.folds.combinations import GroupScheme
from research.folds.cross_validation_result import CrossValidation
from research.folds.folded_search import KeptSearch, planned
from research.folds.joined_runs import joined_names
from research.folds.lengths import NOTHING, length_ms
from research.folds.validation_rows import METHOD, ValidationPlan, keep_splits
from research.folds.validation_run import ValidationRun
from research.spaces.parameter import Parameter
from research.studies.planned_search import Options, Search, require_length, search_of
from research.studies.search_rows import row_of
from research.studies.surroundings import OpenedSurroundings, Surroundings, require_known, store_of
from runs.store.store_rows import Optimisation

LISTED = ("grid", "random", "qmc")
"""Samplers that learn nothing: the points that they try are the same on every range."""


class ValidationOptions(Options, total=False):
    """What else :func:`cross_validate` may be told."""

    purge: str
    embargo: str


def cross_validate(
    system: str | Base,
    parameters: Mapping[str, Any] | Sequence[Parameter] | None = None,
    *,
    groups: int = 6,
    test_groups: int = 2,
    **options: Unpack[ValidationOptions],
) -> CrossValidation:
    """Search a window in all ways to leave groups of it out, try the best of each there, and return the paths.

    Parameters
    ----------
    system, parameters
        As of :func:`research.optimise`.
    groups, test_groups
        N parts of equal length, and k that are left out at a time: N choose k searches, k / N · (N choose k) paths, of
        which each has every group once.
    **options
        ``purge`` is not searched on either side of a group that is left out, ``embargo`` beyond that after it; all
        others as of :func:`research.optimise`. The sampler is ``grid``, ``random`` or ``qmc``: one that learns would
        try other points on every range.

    Raises
    ------
    ConfigurationError, DataUnavailableError
        If an argument is wrong, or a range cannot be run.
    HarnessError
        If all trials of a range failed, or the run of a test.
    """
    search, plan = planned_validation(system, parameters, (groups, test_groups), options)
    with OpenedSurroundings(options) as opened:
        return _made(plan.recorded(search, opened.store, "RUNNING"), plan, search, opened)


def begin_cross_validation(
    system: str,
    parameters: Mapping[str, Any] | Sequence[Parameter] | None = None,
    *,
    groups: int = 6,
    test_groups: int = 2,
    **options: Unpack[ValidationOptions],
) -> Optimisation:
    """Record one of a system without making a run: :func:`resume_cross_validation` makes it, anywhere.

    Arguments and errors are those of :func:`cross_validate`.
    """
    search, plan = planned_validation(system, parameters, (groups, test_groups), options)
    with store_of(options.get("store")) as store:
        return plan.recorded(search, store, "PENDING")


def resume_cross_validation(
    validation: str | int, *, base: Base | None = None, **surroundings: Unpack[Surroundings]
) -> CrossValidation:
    """Go on with a cross-validation where it ended, in the middle of a search too; what is done is not made again.

    Parameters
    ----------
    validation
        Its number, or ``latest``.
    base
        What it varies where that is no system.
    **surroundings
        As of :func:`research.optimise`.

    Raises
    ------
    ConfigurationError
        If there is none, or its settings, candles, code or library are no longer those it was begun with.
    """
    require_known(surroundings, Surroundings, "resume_cross_validation")
    with OpenedSurroundings(surroundings) as opened:
        row = row_of(METHOD, validation, opened.store)
        plan = ValidationPlan.of(row)
        return _made(row, plan, plan.again(row, opened, base=base), opened)


def planned_validation(
    system: str | Base, parameters: Any, shape: tuple[int, int], options: ValidationOptions
) -> tuple[Search, ValidationPlan]:
    """Return the search over the whole window, and the plan: what cannot be is refused before anything is run.

    ``shape`` is how many groups there are, and how many of them are left out at a time; errors are those of
    :func:`cross_validate`.
    """
    require_known(options, ValidationOptions, "cross_validate")
    given = {name: one for name, one in options.items() if name in Options.__annotations__}
    search = search_of(system, parameters, cast("Options", {**given, "best": 0}))
    _require_joinable(search)
    facts = planned(search)
    candle_ms = facts.candle_ms
    groups, test_groups = shape
    plan = ValidationPlan(
        **msgspec.structs.asdict(facts),
        scheme=GroupScheme(
            groups=groups,
            test_groups=test_groups,
            purge_ms=length_ms("purge", options.get("purge", NOTHING), candle_ms, least=0),
            embargo_ms=length_ms("embargo", options.get("embargo", NOTHING), candle_ms, least=0),
        ),
    )
    for one in plan.splits:
        left_out = f"the search without groups {', '.join(str(group + 1) for group in one.tests)}"
        require_length(search, one.train, left_out, "a longer window, or a smaller test_groups")
    return search, plan


def _require_joinable(search: Search) -> None:
    """Refuse what joined runs do not have, and a sampler that learns."""
    if search.plan.sampler not in LISTED:
        raise ConfigurationError(
            f"sampler {shown(search.plan.sampler)}: learns, and would try other points on every range — allowed: "
            f"{', '.join(LISTED)}"
        )
    if len(search.objectives) > 1:
        raise ConfigurationError(f"metric: {len(search.objectives)} objectives — allowed: one")
    [objective] = search.objectives
    missing = [one for one in objective.figures if one not in joined_names()]
    if objective.function is not None or missing:
        raise ConfigurationError(
            f"metric {objective.text}: {', '.join(missing) or 'a function'} is not known of runs that are joined — "
            "allowed: figures of performance and risk_adjusted, max_drawdown, win_rate, profit_factor, trades"
        )


def _made(row: Optimisation, plan: ValidationPlan, search: Search, opened: OpenedSurroundings) -> CrossValidation:
    """Make what is missing, and keep how it ended."""
    with KeptSearch(row, plan, opened.store) as kept:
        found = ValidationRun(kept, plan, search, opened).made()
        kept.keep(keep_splits(found, opened.store))
    return found
