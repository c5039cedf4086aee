"""Failures of the operating system, as errors that name the file."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from core.errors import StoreError


def write_error(path: Path, error: OSError, advice: str = "") -> StoreError:
    """Return the error of a file that cannot be written; ``advice`` says what to do."""
    return StoreError(f"cannot write {path}: {error.strerror or error}{advice}")


@contextlib.contextmanager
def store_errors(path: Path, advice: str = "") -> Iterator[None]:
    """Turn a failure to write into a StoreError that names the file."""
    try:
        yield
    except OSError as error:
        raise write_error(path, error, advice) from error
