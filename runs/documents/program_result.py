"""What the calls of a user's program came to, in the result of its run."""

import msgspec
from msgspec import UNSET, UnsetType

from core.instants import format_ms
from engine.program_counts import ProgramCounts


class ProgramResult(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of a program's calls.

    ``success`` is false where it was halted after too many problems in a row, at ``halted_at``; ``error`` is the last
    of them then, else None. ``signal_triggers`` and ``scheduled_triggers`` add up to ``calls``, and so do
    ``decisions``, by action; a call with a problem is a ``hold``. ``problems`` are by kind. ``unwoken`` says why there
    was no call, where there was none.
    """

    success: bool
    error: str | None
    halted_at: str | None
    calls: int
    signal_triggers: int
    scheduled_triggers: int
    decisions: dict[str, int]
    problems: dict[str, int]
    unwoken: list[str] | UnsetType = UNSET


def program_result(counts: ProgramCounts) -> ProgramResult:
    """Return counts as a result has them."""
    halted, last = counts.halted_ms is not None, counts.last_fault
    return ProgramResult(
        success=not halted,
        error=last.said() if halted and last is not None else None,
        halted_at=None if counts.halted_ms is None else format_ms(counts.halted_ms),
        calls=counts.calls,
        signal_triggers=counts.triggers["signal"],
        scheduled_triggers=counts.triggers["scheduled"],
        decisions=dict(sorted(counts.actions.items())),
        problems=dict(sorted(counts.problems.items())),
        unwoken=UNSET if counts.calls else list(counts.unwoken()),
    )


def program_warnings(told: ProgramResult) -> list[str]:
    """Return what the reader of a result must know of its program's calls."""
    warnings = []
    if told.unwoken is not UNSET:
        warnings.append("; ".join(["the program was never called", *told.unwoken]))
    if not told.success:
        warnings.append(f"the program was halted at {told.halted_at}, after too many problems in a row: {told.error}")
    elif told.problems:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in told.problems.items())
        warnings.append(f"calls of the program had problems ({kinds}), which decisions.jsonl tells one by one")
    if told.problems.get("machine"):
        warnings.append(
            f"{told.problems['machine']:,} calls of the program ran out of time or lost their worker: on another "
            "machine, or another day, the run may come to something else"
        )
    return warnings
