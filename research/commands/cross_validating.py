"""``python -m research cross-validate``: search in all ways to leave groups out, and try the best of each there."""

import argparse

from core.command_line import warn
from core.errors import ConfigurationError
from core.instants import format_ms
from core.timeframe import timeframe_name
from research.commands.optimising import (
    add_search_arguments,
    add_surroundings,
    count,
    search_options,
    surroundings_of,
)
from research.folds.cross_validation import cross_validate
from research.folds.cross_validation_result import CrossValidation, Distribution
from runs.commands.opened_store import print_json
from runs.commands.text_blocks import UNDEFINED, Facts, Grid, number, show

_NAMES = {"return_pct": "return %", "max_drawdown_pct": "max DD %"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--groups", metavar="N", type=count, default=6, help="parts of the window (default: 6)")
    parser.add_argument("--test-groups", metavar="K", type=count, default=2, help="left out at a time (default: 2)")
    parser.add_argument("--purge", metavar="LENGTH", default="0c",
                        help="not searched on either side of a group left out: 2d, or 20c (candles)")  # fmt: skip
    parser.add_argument("--embargo", metavar="LENGTH", default="0c", help="not searched beyond that after the group")
    add_search_arguments(parser)
    add_surroundings(parser)


def run(asked: argparse.Namespace) -> int:
    """Make the cross-validation and show it."""
    if asked.system is None:
        raise ConfigurationError("which system? — allowed: --system ID (see python -m systems list)")
    found = cross_validate(
        asked.system,
        **search_options(asked),
        groups=asked.groups,
        test_groups=asked.test_groups,
        purge=asked.purge,
        embargo=asked.embargo,
        **surroundings_of(asked),
    )
    if asked.json:
        print_json(found.to_dict())
    else:
        _show(found)
    return 0


def _show(found: CrossValidation) -> None:
    plan, scheme = found.plan, found.scheme
    window = f"{plan.window_name}: " if plan.window_name else ""
    span = f"{format_ms(plan.window.start_ms)} to {format_ms(plan.window.end_ms)}"
    lengths = [("purge", scheme.purge_ms), ("embargo", scheme.embargo_ms)]
    beside = "".join(f", {name} {timeframe_name(length)}" for name, length in lengths if length)
    facts = [
        ("groups", f"{scheme.groups} of {timeframe_name(found.groups[0].length_ms)}, {scheme.test_groups} left out at "
                   f"a time{beside}: {scheme.splits} searches, {scheme.paths} paths"),
        ("searched", "; ".join(f"{one.name} {one.text}" for one in plan.space.parameters)),
        ("sampler", f"{plan.sampler}, seed {plan.seed}, {found.tried:,} points"),
        ("metric", f"{plan.goals[0].text} ({plan.goals[0].direction}d)"),
        ("paths that lost", UNDEFINED if found.losing is None else f"{number(100.0 * found.losing, 1)} %"),
    ]  # fmt: skip
    rows = [[_NAMES.get(name, name), *_cells(one)] for name, one in found.distributions.items()]
    header = ("over paths", "paths", "mean", "lowest", "5 %", "25 %", "median", "75 %", "95 %", "highest")
    show(Facts(f"Cross-validation: {plan.system}, {window}{span}", facts), _splits(found), Grid(header, rows, 1))
    idle = [one for one in found.splits if one.trial is None]
    if idle:
        warn(f"no point is ranked in {len(idle)} of {len(found.splits)} searches: paths through them have no figures")


def _splits(found: CrossValidation) -> Grid:
    names = [one.name for one in found.plan.space.parameters]
    rows = [
        [
            str(one.split.number + 1),
            ", ".join(str(group + 1) for group in one.split.tests),
            *(UNDEFINED if one.params is None else _plain(one.params[name]) for name in names),
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


def _plain(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
