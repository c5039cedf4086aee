"""Files of a run that were changed after it: whatever reading stumbles over is told as one error."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from tokenize import TokenError

from core.errors import StoreError

_STUMBLES = (ValueError, ArithmeticError, LookupError, TypeError, SyntaxError, TokenError, MemoryError)
"""What columns, numbers and documents raise that are not what the program wrote; numpy reads headers as Python."""


@contextlib.contextmanager
def told_as_damage(folder: Path) -> Iterator[None]:
    """Turn what the files of a run make reading and measuring stumble over into a StoreError that names the folder.

    Errors of the program that name a file themselves pass through.
    """
    try:
        yield
    except StoreError:
        raise
    except _STUMBLES as error:
        words = " ".join(str(error).split()) or "no reason given"
        raise StoreError(f"{folder}: its files do not agree ({type(error).__name__}: {words})", path=folder) from error
