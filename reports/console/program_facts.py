"""What a result says about the calls of a user's program, as facts."""

from collections.abc import Mapping

from msgspec import UNSET

from reports.console.facts import Fact, Section
from reports.console.number_text import count, one_line
from runs.documents.run_result import RunResult


def program(result: RunResult) -> Section:
    """Return how often what woke the program, what it decided, and its problems; nothing where there is none."""
    told = result.program
    if told is UNSET:
        return Section("Program", [])
    woken = f"{count(told.signal_triggers)} by pools, {count(told.scheduled_triggers)} by the schedule"
    facts = [
        Fact("Program calls", f"{count(told.calls)}: {woken}"),
        Fact("Program decisions", _counted(told.decisions)),
    ]
    if told.problems:
        facts.append(Fact("Program problems", _counted(told.problems)))
    if not told.success:
        facts.append(Fact("Program halted", f"{told.halted_at}: {one_line(told.error)}", "loss"))
    return Section("Program", facts)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count(many)}" for name, many in counts.items()) or "none"
