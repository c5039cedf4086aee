"""Counts of the calls of a user's program."""

from collections import Counter
from collections.abc import Callable, Sequence

from core.programs.program_call import ProgramCall, ProgramFault


class ProgramCounts:
    """What the calls of a program came to: triggers by type, decisions by action, problems by kind.

    ``halted_ms`` is when it was halted, ``last_fault`` the problem that was told last; None where there is none.

    Parameters
    ----------
    unwoken
        Says why the program was never called.
    """

    __slots__ = ("actions", "calls", "halted_ms", "last_fault", "problems", "triggers", "unwoken")

    def __init__(self, unwoken: Callable[[], Sequence[str]] = tuple) -> None:
        self.unwoken = unwoken
        self.calls = 0
        self.triggers: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()
        self.problems: Counter[str] = Counter()
        self.halted_ms: int | None = None
        self.last_fault: ProgramFault | None = None

    def count(self, call: ProgramCall) -> None:
        """Count a call."""
        self.calls += 1
        self.triggers[call.trigger.type] += 1
        if call.fault is None:
            self.actions[call.wish.action] += 1
        else:
            self.actions["hold"] += 1
            self.problems[call.fault.kind] += 1
            self.last_fault = call.fault
        if call.halted and self.halted_ms is None:
            self.halted_ms = call.time_ms
