"""Runs tests in a copy of the program in which one thing is wrong.

The copy is a tree of its own, so that processes which tests begin have the same thing wrong, and nothing of this one
changes.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path

import msgspec

from tests.support.shared import REPOSITORY, SHARED

_LEFT_BEHIND = {"logs", "data", "build", "test-results"}
_HANGS_S = 1_800.0


class Mutant(msgspec.Struct, frozen=True):
    """A module in which one piece of text is another; ``tests`` are names of unittest that must notice."""

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


class MutantTree:
    """A copy of the program.

    Parameters
    ----------
    folder
        Where it is made.
    """

    def __init__(self, folder: Path) -> None:
        self._root = folder / REPOSITORY.name
        shutil.copytree(REPOSITORY, self._root, ignore=_left_behind)
        self._written = int(time.time())

    def is_noticed(self, mutant: Mutant) -> bool:
        """Whether a test of a mutant fails, or hangs, with it."""
        path = self._root / mutant.file
        text = path.read_text(encoding="utf-8")
        stamp = path.stat()
        path.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")
        # Bytecode is known by the second and the size of its source.
        self._written += 1
        os.utime(path, (self._written, self._written))
        try:
            return bool(self.failure(mutant.tests))
        finally:
            path.write_text(text, encoding="utf-8")
            os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

    def failure(self, tests: Collection[str]) -> str:
        """What tests print that do not pass; empty where they do."""
        command = [sys.executable, "-W", "error", "-m", "unittest", "--failfast", *tests]
        given = {**os.environ, "HARNESS_SHARED": str(SHARED), "HARNESS_TEST_SCALE": "short"}
        try:
            done = subprocess.run(
                command, cwd=self._root, env=given, capture_output=True, text=True, timeout=_HANGS_S, check=False
            )
        except subprocess.TimeoutExpired:
            return f"not done after {_HANGS_S:.0f} s"
        return "" if done.returncode == 0 else done.stderr or f"ended by {done.returncode}"


def _left_behind(folder: str, names: list[str]) -> set[str]:
    top = Path(folder) == REPOSITORY
    return {one for one in names if top and (one.startswith(".") or one in _LEFT_BEHIND)}
