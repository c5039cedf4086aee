"""A file that another process appends lines to, and now and then writes anew with the same beginning."""

import os
from pathlib import Path

from core.errors import StoreError

LOOK_BYTES = 512_000
"""At most so much is read at one look."""


class GrowingFile:
    """Hands out each whole line once, from where the file ends now, or from its beginning.

    A session that is resumed rebuilds its outputs from its journal: byte for byte what was there, and what its process
    did not come to write. The place therefore stays good when another file bears the name.

    Parameters
    ----------
    path
        The file; it may come later.
    whole
        Begin with the first line.
    """

    def __init__(self, path: Path, *, whole: bool = False) -> None:
        self._path = path
        self._place = 0
        self._inside_line = False
        if not whole:
            self.skip_to_end()

    def skip_to_end(self) -> int:
        """Go on from where the file ends now; return how many bytes are passed over."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - 1))
                self._inside_line = size > 0 and file.read(1) != b"\n"
        except FileNotFoundError:
            size, self._inside_line = 0, False
        except OSError as error:
            raise StoreError.of("read", self._path, error) from error
        passed, self._place = size - self._place, size
        return passed

    def behind(self) -> int:
        """Return how many bytes are there that were not handed out."""
        try:
            return max(0, self._path.stat().st_size - self._place)
        except OSError:
            return 0

    def lines(self) -> list[bytes]:
        """Return the lines that are whole by now, without their ends; StoreError if they cannot be read."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._place)
                data = file.read(LOOK_BYTES)
                while data and b"\n" not in data:
                    more = file.read(LOOK_BYTES)
                    if not more:
                        return []  # Its end is still to come.
                    data += more
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError.of("read", self._path, error) from error
        if not data:
            return []
        end = data.rindex(b"\n") + 1
        self._place += end
        lines = data[: end - 1].split(b"\n")
        if self._inside_line:
            self._inside_line = False
            return lines[1:]
        return lines
