"""Errors that go from one process to another."""

from core.errors import HarnessError, InvariantError
from strategies.own_code import failure_in_one_line


def sendable(error: Exception) -> HarnessError:
    """Return an error that can be sent: one of the program's with its sentence, any other as a defect."""
    if isinstance(error, HarnessError):
        return type(error)(str(error))
    return InvariantError(failure_in_one_line(error))
