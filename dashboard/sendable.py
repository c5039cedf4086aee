"""Errors that go from one process to another."""

from core.errors import HarnessError, InvariantError
from strategies.own_code import failure_in_one_line

_SIMPLE = ("core.errors", "dashboard.problems")
"""Modules whose errors are made of their lines alone; those of others may want more than that."""


def sendable(error: Exception) -> HarnessError:
    """Return an error that can be sent: one of the program's with its lines, any other as a defect."""
    if isinstance(error, HarnessError):
        kind: type[HarnessError] = next(one for one in type(error).__mro__ if one.__module__ in _SIMPLE)
        return kind(*map(str, error.args))
    return InvariantError(failure_in_one_line(error))
