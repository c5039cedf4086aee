import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from engine.journal_records import CommandRecord, ConnectionRecord
from execution.execution_settings import TradingModeSettings
from live.life.kill_switch_watch import KillSwitchWatch, operator_hold
from tests.support.shared import REPOSITORY
from tests.support.waiting import PATIENCE_S

VARIABLE = "KILL_SWITCH_OF_A_TEST"


class KillSwitchWatchTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "STOP"
        self.mode = TradingModeSettings(kill_switch_env_var=VARIABLE, kill_switch_file=str(self.file))

    def test_nothing_engages_it_by_itself(self) -> None:
        self.assertEqual(KillSwitchWatch(self.mode)(), (False, "start"))

    def test_the_environment_at_the_start_engages_until_a_signal_releases(self) -> None:
        with mock.patch.dict(os.environ, {VARIABLE: "on"}):
            watch = KillSwitchWatch(self.mode)
        with watch:
            self.assertEqual(watch(), (True, f"environment {VARIABLE}"))
            os.kill(os.getpid(), signal.SIGUSR2)
            self.assertEqual(watch(), (False, "signal SIGUSR2"))

    def test_a_file_engages_for_as_long_as_it_exists(self) -> None:
        watch = KillSwitchWatch(self.mode)
        self.file.touch()
        self.assertEqual(watch(), (True, f"file {self.file}"))
        self.file.unlink()
        self.assertEqual(watch(), (False, f"file {self.file}"))
        self.file.symlink_to("nowhere")
        self.assertTrue(watch()[0])

    def test_a_file_that_cannot_be_looked_at_counts_as_thrown(self) -> None:
        mode = TradingModeSettings(kill_switch_file=str(self.file.parent / ("x" * 300)))
        engaged, by = KillSwitchWatch(mode)()
        self.assertTrue(engaged)
        self.assertIn("cannot be looked at", by)

    def test_signals_engage_and_release_and_the_file_outweighs_a_release(self) -> None:
        with KillSwitchWatch(self.mode) as watch:
            os.kill(os.getpid(), signal.SIGUSR1)
            self.assertEqual(watch(), (True, "signal SIGUSR1"))
            self.file.touch()
            os.kill(os.getpid(), signal.SIGUSR2)
            self.assertEqual(watch(), (True, f"file {self.file}"))
            self.file.unlink()
            self.assertFalse(watch()[0])

    def test_a_signal_stays_in_force_when_a_file_comes_and_goes(self) -> None:
        with KillSwitchWatch(self.mode) as watch:
            os.kill(os.getpid(), signal.SIGUSR1)
            self.file.touch()
            self.assertTrue(watch()[0])
            self.file.unlink()
            self.assertEqual(watch(), (True, "signal SIGUSR1"))

    def test_the_handlers_that_were_there_come_back(self) -> None:
        before = signal.getsignal(signal.SIGUSR1), signal.getsignal(signal.SIGUSR2)
        with KillSwitchWatch(self.mode):
            self.assertNotEqual(signal.getsignal(signal.SIGUSR1), before[0])
        self.assertEqual((signal.getsignal(signal.SIGUSR1), signal.getsignal(signal.SIGUSR2)), before)

    def test_a_restart_does_not_undo_a_signal(self) -> None:
        records = [
            ConnectionRecord("connected", "", None),
            CommandRecord("kill", "signal SIGUSR1"),
            ConnectionRecord("disconnected", "", None),
        ]
        self.assertEqual(operator_hold(records), "signal SIGUSR1")
        self.assertTrue(KillSwitchWatch(self.mode, held_by="signal SIGUSR1")()[0])
        self.assertIsNone(operator_hold([*records, CommandRecord("release", "signal SIGUSR2")]))

    def test_after_a_restart_file_and_environment_are_asked_again(self) -> None:
        self.assertIsNone(operator_hold([CommandRecord("kill", f"file {self.file}")]))
        self.assertIsNone(operator_hold([]))

    def test_a_process_that_waits_in_an_event_loop_sees_a_signal_from_outside(self) -> None:
        program = (
            "import asyncio\n"
            "from execution.execution_settings import TradingModeSettings\n"
            "from live.life.kill_switch_watch import KillSwitchWatch\n"
            "async def wait(watch):\n"
            "    print('ready', flush=True)\n"
            "    while not watch()[0]:\n"
            "        await asyncio.sleep(0.05)\n"
            "    print(watch()[1], flush=True)\n"
            "with KillSwitchWatch(TradingModeSettings()) as watch:\n"
            "    asyncio.run(asyncio.wait_for(wait(watch), 60))\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        ) as process:
            self.assertEqual(process.stdout.readline(), "ready\n")
            process.send_signal(signal.SIGUSR1)
            self.assertEqual(process.stdout.readline(), "signal SIGUSR1\n")
            self.assertEqual(process.wait(PATIENCE_S), 0)


if __name__ == "__main__":
    unittest.main()
