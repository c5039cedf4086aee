"""A test case that runs live sessions, each in a folder of its own."""

import tempfile
import unittest
from pathlib import Path
from typing import Any

from practice.faults.fault_script import FaultScript, ScriptedFault
from tests.support.sessions.live_sessions import LiveRun, run_live


class LiveCase(unittest.TestCase):
    """Runs sessions; the folders go with the test."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.runs = 0

    def live(self, *faults: ScriptedFault, **options: Any) -> LiveRun:
        """Run a session against the practice exchange with faults; options as of ``run_live``."""
        self.runs += 1
        base = self.base / str(self.runs)
        base.mkdir()
        return run_live(base, FaultScript(faults=faults), **options)
