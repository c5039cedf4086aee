"""What tests of research begin with: stores of their own, and a system whose verbs are run in this process."""

import contextlib
import io
import os
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest.mock import patch

from research.__main__ import main
from runs.store.run_store import RunStore, open_store
from runs.store.store_rows import Trial
from tests.support.studies import store_in, write_empty_store
from tests.support.system_files import system_places, write_system


class Interrupted(RunStore):
    """A store that is interrupted before it keeps its so-many-eth trial."""

    left = 0

    def record(self, record: Any) -> int:
        if isinstance(record, Trial):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
        return super().record(record)


class StoreCase(unittest.TestCase):
    """A folder, and stores in it that are closed at the end."""

    maxDiff = None

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.stores = 0

    def opened(self, name: str | None = None) -> RunStore:
        """Return the store of a name, or another one."""
        self.stores += 1
        store = store_in(self.folder, f"store{self.stores}" if name is None else name)
        self.addCleanup(store.close)
        return store


class SystemCase(StoreCase):
    """The system ``mine``, with what ``system`` says of it, in a folder of its own."""

    system: dict[str, Any]

    def setUp(self) -> None:
        super().setUp()
        self.places = system_places(self.folder)
        self.write()

    def write(self, **changes: Any) -> None:
        """Write the system; ``changes`` are keys beside those of ``system``."""
        write_system(self.folder, "mine", **{**self.system, **changes})


class CommandCase(SystemCase):
    """The system's verbs, with a store that they use."""

    def setUp(self) -> None:
        super().setUp()
        self.where = ["--systems", self.places.systems, "--logs", str(self.places.logs), "--data-dir",
                      str(self.places.data_dir)]  # fmt: skip
        self.url = f"sqlite:///{self.folder}/runs.sqlite"
        write_empty_store(self.folder / "runs.sqlite")
        self.enterContext(patch.dict(os.environ, HARNESS_STORE_URL=self.url))

    def store(self, url: str | None = None) -> RunStore:
        store = open_store(self.url if url is None else url)
        self.addCleanup(store.close)
        return store

    def command(self, *arguments: str) -> tuple[int, str, str]:
        """Run a verb in this process; return exit code, standard output and standard error."""
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main(list(arguments))
        return code, output.getvalue(), errors.getvalue()
