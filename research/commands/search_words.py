"""The words in which searches are shown, whatever they are: what was searched, how, and over which time."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.command_line import say
from core.instants import format_ms
from core.time_range import TimeRange
from core.timeframe import timeframe_name
from research.studies.study_plan import StudyPlan
from runs.commands.opened_store import print_json
from runs.commands.text_blocks import Grid, show


def titled(called: str, name: str, window_name: str | None, window: TimeRange) -> str:
    """Return the title of a search: what it is, of what, and over which time."""
    span = f"{format_ms(window.start_ms)} to {format_ms(window.end_ms)}"
    return f"{called}: {name}, {f'{window_name}: ' if window_name else ''}{span}"


def searched_facts(plan: StudyPlan, beside: str) -> list[tuple[str, str]]:
    """Return what is searched and how; ``beside`` is said of the sampler too."""
    return [
        ("searched", "; ".join(f"{one.name} {one.text}" for one in plan.space.parameters)),
        *([("conditions", "; ".join(plan.space.conditions))] if plan.space.conditions else []),
        ("sampler", f"{plan.sampler}, seed {plan.seed}, {beside}"),
        ("metric", ", ".join(f"{one.text} ({one.direction}d)" for one in plan.goals)),
    ]


def left_out_words(purge_ms: int, embargo_ms: int) -> str:
    """Return what purge and embargo leave out, to follow other words; nothing where they are nothing."""
    lengths = (("purge", purge_ms), ("embargo", embargo_ms))
    return "".join(f", {name} {timeframe_name(length)}" for name, length in lengths if length)


def show_listed(rows: Sequence[Mapping[str, Any]], none: str, *, as_json: bool) -> None:
    """Print rows of the same columns as a table, all of words, or as plain data; ``none`` is said of no row."""
    if as_json:
        print_json(list(rows))
    elif not rows:
        say(none)
    else:
        header = list(rows[0])
        show(Grid(header, [[str(cell) for cell in one.values()] for one in rows], len(header)))
