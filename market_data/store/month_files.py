"""What lies in the folders of the store: names, and the month files of a series, read while others may write."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from core.errors import StoreError
from market_data.store.atomic_files import folder_lock
from market_data.store.store_layout import is_month, month_of

_UNLOCKED_READS = 5
_SUFFIX = ".parquet"

_Read = TypeVar("_Read")


def names_in(folder: Path) -> list[str]:
    """Return the sorted names in a folder but hidden ones; none if there is no such folder."""
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))  # noqa: PTH208
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{folder}: cannot be read as a folder ({error.strerror or error})", path=folder) from error


def folders_in(folder: Path) -> list[str]:
    """Return the sorted names of the folders in a folder."""
    return [name for name in names_in(folder) if (folder / name).is_dir()]


def month_file(folder: Path, month: str) -> Path:
    """Return the file of a month ``YYYY-MM``."""
    return folder / f"{month}{_SUFFIX}"


def is_month_file(name: str) -> bool:
    """Tell whether a file's name is that of a month file."""
    return name.endswith(_SUFFIX) and is_month(name.removesuffix(_SUFFIX))


def month_files(folder: Path, start_ms: int, end_ms: int) -> list[Path]:
    """Return the month files that may hold rows with a time in ``[start_ms, end_ms)``, in order of time."""
    first, last = month_of(start_ms), month_of(end_ms - 1)
    files = []
    for name in names_in(folder):
        path = folder / name
        if not name.endswith(_SUFFIX):
            continue
        if not is_month_file(name):
            raise StoreError(f"{path}: is no month file YYYY-MM.parquet of this store; move it away", path=path)
        if first <= path.stem <= last:
            files.append(path)
    return files


def read_settled(folder: Path, start_ms: int, end_ms: int, read: Callable[[list[Path]], _Read]) -> _Read:
    """Read a range so that no file of it is replaced meanwhile; after a few turns, with the writers held back."""
    for _ in range(_UNLOCKED_READS):
        before = _identities(folder, start_ms, end_ms)
        failure: StoreError | None = None
        try:
            found = read(list(before))
        except StoreError as error:
            failure = error
        if _identities(folder, start_ms, end_ms) == before:
            if failure is not None:
                raise failure
            return found
    with folder_lock(folder):
        return read(month_files(folder, start_ms, end_ms))


def _identities(folder: Path, start_ms: int, end_ms: int) -> dict[Path, tuple[int, int, int]]:
    found = {}
    for file in month_files(folder, start_ms, end_ms):
        with contextlib.suppress(FileNotFoundError):
            status = file.stat()
            found[file] = (status.st_ino, status.st_mtime_ns, status.st_size)
    return found
