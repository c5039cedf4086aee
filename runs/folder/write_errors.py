"""Failures of the operating system, as errors that name the file."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from core.errors import StoreError


@contextlib.contextmanager
def store_errors(path: Path, advice: str = "") -> Iterator[None]:
    """Turn a failure to write into a StoreError that names the file; ``advice`` says what to do."""
    try:
        yield
    except OSError as error:
        raise StoreError.of("write", path, error, advice) from error
