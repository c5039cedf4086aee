"""Clocks that are wrong: the exchange's steps by an hour, this machine's says anything at all."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from engine.journal_records import ConnectionRecord
from practice.faults.fault_script import DropConnections, FaultScript, ScriptedFault, SkipCandle, WrongClock
from runs.folder.file_names import DERIVED
from tests.support.runs.backtest_runs import command_environment
from tests.support.sessions.live_sessions import SYMBOLS, LiveRun, run_live, write_live_config
from tests.support.sessions.session_outputs import journal_outputs, received_outputs, truth_outputs
from tests.support.shared import REPOSITORY

_COMMAND = """
import itertools, sys, time
import live.life.live_session
from live.life.live_command import main
clock, jumps, arguments = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
live.life.live_session.wall_clock_ms = lambda: clock
calls = itertools.count()
time.time = lambda: clock / 1000 + jumps * (next(calls) % 3)
sys.exit(main(arguments))
"""

STEPS = [
    WrongClock(at="10m", by="1h", duration="10m"),
    WrongClock(at="20m", by="-1h", duration="10m"),
    WrongClock(at="35m", by="-1h", duration="2m"),
    WrongClock(at="40m", by="1h", duration="1m"),
    WrongClock(at="50m", by="1h"),
    WrongClock(at="60m", by="-2h", duration="5m"),
]
"""The hour is put on, taken off and more, with the right time between, and stays on at the end."""


class ExchangeClock(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def expect_truth(self, *faults: ScriptedFault) -> None:
        for pace in ("driven", "read"):
            with self.subTest(pace):
                base = self.base / pace
                base.mkdir()
                run = run_live(base, FaultScript(faults=(*STEPS, *faults)), pace=pace)
                self.assertEqual(run.noted, [])
                self.assertEqual(run.steps, run.truth_steps)
                self.assertEqual(run.outputs, truth_outputs(run))
                self.assertEqual(run.outputs, received_outputs(run))
                self.assertEqual(run.outputs, journal_outputs(run, base / "journal"))
                self.expect_forward(run)

    def expect_forward(self, run: LiveRun) -> None:
        times = [record.ingress_ms for record in run.records if isinstance(record, ConnectionRecord)]
        self.assertEqual(times, sorted(times))

    def test_steps_of_an_hour_back_and_forth_change_nothing(self) -> None:
        self.expect_truth()

    def test_connections_lost_while_the_hour_is_wrong_lose_no_candle_and_finish_none(self) -> None:
        self.expect_truth(*(DropConnections(at=f"{minute}.5m") for minute in (12, 25, 36, 40, 55, 62, 70)))

    def test_finals_skipped_while_the_hour_is_wrong_come_from_rest(self) -> None:
        self.expect_truth(
            *(SkipCandle(at=f"{minute}m", symbols=(SYMBOLS[minute % 3],)) for minute in (12, 25, 36, 41, 55, 62, 70)),
            SkipCandle(at="64m", symbols=(SYMBOLS[0],), where="everywhere"),
        )


class LocalClock(unittest.TestCase):
    def test_the_local_wall_clock_decides_nothing(self) -> None:
        """Three decades, one of them with a clock that jumps by hours between readings: the same bytes."""
        with tempfile.TemporaryDirectory() as name:
            written = [
                self.session(Path(name) / str(place), clock_ms, jumps_s)
                for place, (clock_ms, jumps_s) in enumerate(
                    ((1_704_067_200_000, 0), (946_684_800_000, 3_600), (4_070_908_800_000, -7_200))
                )
            ]
        self.assertGreater(len(written[0][0]["trades.csv"].splitlines()), 20)
        for outputs, inputs in written[1:]:
            self.assertEqual(outputs, written[0][0])
            self.assertEqual(inputs, written[0][1])

    def session(self, base: Path, clock_ms: int, jumps_s: int) -> tuple[dict[str, bytes], list[object]]:
        """Run the command with a local clock; return its outputs, and from its journal what the kernel saw."""
        base.mkdir()
        config = write_live_config(base, SYMBOLS[:2])
        arguments = ["--config", config, "--practice-start", "2024-01-01", "--speed", "3000", "--for", "60m"]
        arguments += ["--out", base / "out", "--data-dir", base / "data", "--plain"]
        subprocess.run(
            [sys.executable, "-c", _COMMAND, str(clock_ms), str(jumps_s), *map(str, arguments)],
            cwd=REPOSITORY,
            env=command_environment({"TZ": "America/St_Johns"}),
            check=True,
            capture_output=True,
            timeout=60,
        )
        (folder,) = (base / "out").iterdir()
        records = [json.loads(line) for line in (folder / "journal.jsonl").read_bytes().splitlines()]
        steps = [(one["time_ms"], one["candles"]) for one in records if one["record"] == "step"]
        return {name: (folder / name).read_bytes() for name in DERIVED}, [records[0]["warmup"], steps]


if __name__ == "__main__":
    unittest.main()
