"""What a signal asks of a symbol's position and waiting entry: a table, without any deed."""

from compiled.codes import (
    ADDS,
    CLOSE,
    CLOSE_WAITING,
    CLOSES,
    ENTER,
    ENTRY_WAITING,
    IGNORE,
    NO_REASON,
    OPPOSITE_IGNORED,
    POSITION_OPEN,
    REFUSES,
    REVERSES,
    WITHDRAWS,
)
from compiled.compiler import kernel


@kernel
def plan(held: int, closing: bool, waiting: int, sign: int, policy: int, may_add: bool) -> tuple[int, bool, int]:
    """Return what a signal of a side asks for, whether the waiting entry is cancelled, and why it is refused.

    ``held`` and ``waiting`` are the signs of the position and of the waiting entry, 0 without one; ``may_add`` says
    that a signal in the position's direction may add to it.
    """
    if held == 0:
        if waiting == 0:
            return ENTER, False, NO_REASON
        if waiting == sign or policy == IGNORE:
            return REFUSES, False, ENTRY_WAITING
        return (WITHDRAWS if policy == CLOSE else ENTER), True, NO_REASON
    if held == sign:
        # An entry against the position was to follow a close that is still under way.
        if not may_add or closing:
            return REFUSES, waiting == -sign, CLOSE_WAITING if may_add else POSITION_OPEN
        return (ADDS, False, NO_REASON) if waiting == 0 else (REFUSES, False, ENTRY_WAITING)
    if policy == IGNORE:
        return REFUSES, False, OPPOSITE_IGNORED
    if closing:
        return REFUSES, False, CLOSE_WAITING
    if waiting == sign:
        return REFUSES, False, ENTRY_WAITING
    return (CLOSES if policy == CLOSE else REVERSES), waiting != 0, NO_REASON
