"""Replacing a file as a whole, and letting one writer at a time into a folder."""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from core.errors import StoreError

LOCK_FILE = ".lock"
LOCK_TIMEOUT_SECONDS = 120.0
_TEMPORARY_SUFFIX = ".tmp"


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path in the folder of ``path``; what is written there takes the place of ``path`` as a whole.

    The bytes are on the disk before the file is renamed. When the block raises, or the disk is full, ``path`` stays
    as it was.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}{_TEMPORARY_SUFFIX}")
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror or error}); what was there before stands", path=path
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file's content as a whole; raises StoreError and keeps the old content if it cannot be written."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def remove(path: Path) -> None:
    """Remove a file; StoreError if that is impossible."""
    try:
        path.unlink()
    except OSError as error:
        raise StoreError(f"{path}: cannot be removed ({error.strerror or error})", path=path) from error


def make_folder(folder: Path) -> None:
    """Create a folder and its parents; raises StoreError if that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made a folder ({error.strerror or error})", path=folder) from error


@contextlib.contextmanager
def folder_lock(folder: Path, timeout_seconds: float = LOCK_TIMEOUT_SECONDS) -> Iterator[None]:
    """Hold a folder for writing; temporary files that a killed writer left in it are removed.

    Raises
    ------
    StoreError
        If the folder cannot be locked, or another process holds it for longer than ``timeout_seconds``.
    """
    # Loaded here: most programs only read.
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK_FILE, timeout=timeout_seconds, fallback_to_soft=False, preserve_lock_file=True)
    try:
        lock.acquire()
    except Timeout:
        raise StoreError(
            f"{folder}: another process has been writing here for {timeout_seconds:.0f} s; try again", path=folder
        ) from None
    except (OSError, NotImplementedError) as error:
        raise StoreError(f"{folder}: cannot be locked for writing ({error})", path=folder) from error
    try:
        for leftover in folder.glob(f".*{_TEMPORARY_SUFFIX}"):
            # Only the holder of the lock writes here, so a temporary file found now has lost its writer.
            with contextlib.suppress(OSError):
                leftover.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
