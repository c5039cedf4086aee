"""Processes that a server keeps, real ones: none makes another wait."""

import os
import signal
import tempfile
import threading
import time
import unittest
from multiprocessing import active_children
from pathlib import Path
from unittest.mock import patch

from backtests.run_plan import RunPlan
from core.instants import parse_instant
from dashboard import worker_processes
from dashboard.playback.playbacks import Playbacks
from dashboard.streams.event_hub import EventHub
from dashboard.worker_processes import WorkerProcesses
from tests.support.shared import REPOSITORY
from tests.support.waiting import PATIENCE_S, wait_until
from validation.loading import load_settings

STUBBORN = "import os, signal, time; signal.signal(15, signal.SIG_IGN); open(str(os.getpid()), 'x'); time.sleep(600)"
WORKERS = 5
TOGETHER_S = 2.0


class KeptProcesses(unittest.TestCase):
    def test_workers_that_do_not_end_are_killed_after_one_time_for_all(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(
            patch.object(worker_processes, "COMMAND", ("-c", f"import os; os.chdir('{folder}'); {STUBBORN}"))
        )
        self.enterContext(patch.object(worker_processes, "END_SECONDS", TOGETHER_S))
        with WorkerProcesses(WORKERS, folder / "log.txt"):
            wait_until(lambda: len(_pids(folder)) == WORKERS)
            begun = time.monotonic()
        self.assertLess(time.monotonic() - begun, TOGETHER_S * (WORKERS - 1))
        for pid in _pids(folder):
            self.assertRaises(ProcessLookupError, os.kill, pid, 0)

    def test_a_playback_is_opened_while_another_still_loads(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        settings = load_settings(REPOSITORY / "config" / "practice.yaml", symbols=["BTC/USDT"], data_dir=folder)
        first_ms = parse_instant("2024-01-01", name="start")
        plan = RunPlan(settings=settings, start_ms=first_ms, end_ms=first_ms + 86_400_000, output_dir=None)
        with Playbacks(EventHub()) as playbacks:
            before = set(active_children())
            slow = threading.Thread(target=playbacks.open, args=("slow", plan))
            slow.start()
            wait_until(lambda: set(active_children()) - before)
            (loading,) = set(active_children()) - before
            assert loading.pid is not None
            os.kill(loading.pid, signal.SIGSTOP)
            try:
                quick = threading.Thread(target=playbacks.open, args=("quick", plan))
                quick.start()
                wait_until(lambda: [one.title for one in playbacks.listed()] == ["quick"])
            finally:
                os.kill(loading.pid, signal.SIGCONT)
            for one in (slow, quick):
                one.join(PATIENCE_S)
            self.assertEqual({"slow", "quick"}, {one.title for one in playbacks.listed()})


def _pids(folder: Path) -> list[int]:
    return [int(one.name) for one in folder.iterdir() if one.name.isdigit()]
