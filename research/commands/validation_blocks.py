"""A cross-validation as it is shown: its searches, and the distribution of its paths."""

from core.command_line import warn
from core.timeframe import timeframe_name
from research.commands.search_words import left_out_words, searched_facts, titled
from research.folds.cross_validation_result import CrossValidation, Distribution
from research.spaces.parameter import value_text
from runs.commands.text_blocks import UNDEFINED, Facts, Grid, number, show

_NAMES = {"return_pct": "return %", "max_drawdown_pct": "max DD %"}


def validation_title(found: CrossValidation) -> str:
    """Return what a cross-validation is called where it is shown."""
    plan = found.plan
    return titled(f"Cross-validation {found.id}", str(plan.system), plan.window_name, plan.window)


def validation_facts(found: CrossValidation) -> list[tuple[str, str]]:
    """Return what was searched, and how, as label and value."""
    plan, scheme = found.plan, found.scheme
    beside = left_out_words(scheme.purge_ms, scheme.embargo_ms)
    return [
        ("groups", f"{scheme.groups} of {timeframe_name(found.groups[0].length_ms)}, {scheme.test_groups} left out at "
                   f"a time{beside}: {scheme.splits} searches, {scheme.paths} paths"),
        *searched_facts(plan, f"{found.tried:,} points"),
        ("paths that lost", UNDEFINED if found.losing is None else f"{number(100.0 * found.losing, 1)} %"),
    ]  # fmt: skip


def show_validation(found: CrossValidation) -> None:
    """Print a cross-validation; searches without a best go to standard error."""
    rows = [[_NAMES.get(name, name), *_cells(one)] for name, one in found.distributions.items()]
    header = ("over paths", "paths", "mean", "lowest", "5 %", "25 %", "median", "75 %", "95 %", "highest")
    show(Facts(validation_title(found), validation_facts(found)), _splits(found), Grid(header, rows, 1))
    idle = [one for one in found.splits if one.trial is None]
    if idle:
        warn(f"no point is ranked in {len(idle)} of {len(found.splits)} searches: paths through them have no figures")


def _splits(found: CrossValidation) -> Grid:
    names = [one.name for one in found.plan.space.parameters]
    rows = [
        [
            str(one.split.number + 1),
            ", ".join(str(group + 1) for group in one.split.tests),
            *(UNDEFINED if one.params is None else value_text(one.params[name]) for name in names),
            number(one.in_value, 4),
            number(one.out_value, 4),
            number(one.out_figures.get("performance.total_return_pct")),
        ]
        for one in found.splits
    ]
    return Grid(("search", "left out", *names, "in", "out", "out %"), rows, 2 + len(names))


def _cells(one: Distribution) -> list[str]:
    middle = one.quantiles or (None,) * 5
    return [number(one.paths), *(number(value) for value in (one.mean, one.lowest, *middle, one.highest))]
