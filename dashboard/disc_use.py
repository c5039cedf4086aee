"""What a server's folders take of the disc: measured beside the requests, for a folder may have very many files."""

import os
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

FRESH_SECONDS = 60.0


class DiscUse(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes: of each folder by its name, None until they are counted; and those that are free where they lie."""

    folders: dict[str, int | None]
    free: int | None
    total: int | None


class DiscMeter:
    """Counts what folders take; whoever asks gets what was counted last, and sees to it that it is counted anew.

    Parameters
    ----------
    folders
        By the names under which they are told.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = dict(folders)
        self._lock = threading.Lock()
        self._sizes: dict[str, int | None] = dict.fromkeys(folders)
        self._counted_at: float | None = None
        self._counting: threading.Thread | None = None

    def use(self) -> DiscUse:
        """Return what is known now."""
        with self._lock:
            idle = self._counting is None or not self._counting.is_alive()
            stale = self._counted_at is None or time.monotonic() - self._counted_at > FRESH_SECONDS
            if idle and stale:
                self._counting = threading.Thread(target=self._count, name="disc use", daemon=True)
                self._counting.start()
            sizes = dict(self._sizes)
        place = next((one for one in self._folders.values() if one.is_dir()), Path())
        try:
            disc = shutil.disk_usage(place)
        except OSError:
            return DiscUse(folders=sizes, free=None, total=None)
        return DiscUse(folders=sizes, free=disc.free, total=disc.total)

    def _count(self) -> None:
        sizes: dict[str, int | None] = {name: sum(_sizes(one)) for name, one in self._folders.items()}
        with self._lock:
            self._sizes, self._counted_at = sizes, time.monotonic()


def _sizes(folder: Path) -> Iterator[int]:
    """Yield the sizes of all files below a folder; what goes away meanwhile counts nothing."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for one in entries:
        try:
            if one.is_dir(follow_symlinks=False):
                yield from _sizes(Path(one.path))
            elif one.is_file(follow_symlinks=False):
                yield one.stat(follow_symlinks=False).st_size
        except OSError:
            continue
