"""Outputs of a replay in files of a folder, with an index that tells in which step each byte was written."""

import bisect
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from core.errors import StoreError
from engine.renderer import SessionOutputs
from runs.folder.file_names import DERIVED


class StepIndex(msgspec.Struct, frozen=True):
    """Finds the step in which a byte of an output was written.

    ``times_ms`` are steps that wrote something, in order; ``sizes`` has, by file name, the file's size after each.
    """

    times_ms: list[int]
    sizes: dict[str, list[int]]

    def step_at(self, name: str, offset: int) -> int | None:
        """Return the time of the step that wrote the byte at ``offset``; None where none did (the header)."""
        place = bisect.bisect_right(self.sizes[name], offset)
        if place < len(self.times_ms):
            return self.times_ms[place]
        return None


class IndexedOutputs:
    """Writes a session's outputs into a folder and keeps their :class:`StepIndex`; closed by ``with``.

    Raises
    ------
    StoreError
        If a file cannot be written.
    """

    def __init__(self, directory: str | Path) -> None:
        self._directory = Path(directory)
        self._files: dict[str, BinaryIO] = {}
        self._sizes = dict.fromkeys(DERIVED, 0)
        self.index = StepIndex([], {name: [] for name in DERIVED})
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            for name in DERIVED:
                self._files[name] = (self._directory / name).open("wb")
        except OSError as error:
            self._close()
            raise StoreError.of("write into", self._directory, error) from error
        self.outputs = SessionOutputs(*(self._sink(name) for name in DERIVED))
        self._marked = dict(self._sizes)

    def mark(self, time_ms: int | None) -> None:
        """Note that what was written since the last mark belongs to the step at ``time_ms``."""
        if time_ms is None or self._sizes == self._marked:
            return
        self._marked = dict(self._sizes)
        self.index.times_ms.append(time_ms)
        for name, size in self._sizes.items():
            self.index.sizes[name].append(size)

    def _sink(self, name: str) -> Callable[[bytes | memoryview], object]:
        file = self._files[name]

        def write(data: bytes | memoryview) -> None:
            self._sizes[name] += len(data)
            try:
                file.write(data)
            except OSError as error:
                raise StoreError.of("write", self._directory / name, error) from error

        return write

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        for name, file in self._files.items():
            try:
                file.close()
            except OSError as error:
                raise StoreError.of("write", self._directory / name, error) from error
