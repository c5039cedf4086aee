"""How a session stops: signals, a full disk, a second process on its folder. Every session is a process of its own."""

import json
import random
import signal
import tempfile
import time
import unittest
from pathlib import Path

from engine.fold import SessionFold
from engine.journal import read_journal
from engine.renderer import SessionOutputs
from market_data.practice.practice_market import PracticeMarket
from practice.exchange import PracticeExchange
from practice.exchange_options import ExchangeOptions
from practice.faults.fault_script import FaultScript, Stall
from tests.support.scale import SEED, scaled
from tests.support.sessions.live_processes import (
    OUTPUTS,
    LiveProcess,
    journal_records,
    last_step_ms,
    outputs_of,
    session_config,
)
from tests.support.times import JANUARY_MS, at
from tests.support.waiting import LONG_S
from validation.loading import load_settings

NEVER_ENDS = """
import time
from live.life.session_driver import SessionDriver
SessionDriver.end = lambda self, mode: (print("the end has begun", flush=True), time.sleep(60))
"""


def exchange(steps: int, speed: float = 3_000.0, **more: object) -> PracticeExchange:
    """Return an exchange of so many minutes; it stands until three streams are subscribed to."""
    end_ms = at(steps)
    return PracticeExchange(
        PracticeMarket(),
        ExchangeOptions(start_ms=JANUARY_MS, end_ms=end_ms, speed=speed, streams_before_start=3, **more),
    )


class StoppingTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.live: dict[str, object] = {}

    def config(self, name: str = ".") -> Path:
        return session_config(self.base / name, live=self.live)

    def started(self, running: PracticeExchange, *more: str | Path, **options: object) -> LiveProcess:
        process = LiveProcess(self.config(), running, more, **options)
        self.addCleanup(process.close)
        return process

    def whole(self, steps: int) -> dict[str, bytes]:
        """Return the outputs of a session that nothing happens to."""
        config = self.config("whole")
        with exchange(steps, 20_000.0) as running, LiveProcess(config, running, ["--for", f"{steps}m"]) as process:
            self.assertEqual(0, process.ended(), process.errors)
            return outputs_of(process.folder)

    def finished(self, running: PracticeExchange, folder: Path, steps: int) -> dict[str, bytes]:
        """Resume a session, end it after its last step, and return its outputs."""
        process = self.started(running, "--resume", folder)
        process.wait_until_connected()
        process.wait_for_step(at(steps))
        process.send(signal.SIGTERM)
        self.assertEqual(0, process.ended(), process.errors)
        return outputs_of(folder)

    def test_a_signal_closes_the_positions_and_leaves_a_report(self) -> None:
        with exchange(45) as running:
            process = self.started(running)
            process.wait_for_step(at(45))
            process.send(signal.SIGINT)
            self.assertEqual((0, []), (process.ended(), process.errors))
        folder = process.folder
        self.assertEqual({"record": "end", "mode": "flatten"}, journal_records(folder)[-1])
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        self.assertEqual(0, result["performance"]["open_positions"])
        self.assertIn("Steps: 45", process.output)

    def test_a_second_interrupt_leaves_at_once_and_the_session_can_be_resumed(self) -> None:
        expected = self.whole(40)
        with exchange(40) as running:
            process = self.started(running, before=NEVER_ENDS)
            process.wait_for_step(at(20))
            process.send(signal.SIGINT)
            process.wait_until(lambda: "event=stopping signal=SIGINT" in process.log, "the signal was not seen")
            process.wait_until(lambda: "the end has begun" in process.output, "the end has not begun")
            process.send(signal.SIGINT)
            begun = time.monotonic()
            self.assertEqual(130, process.ended())
            self.assertLess(time.monotonic() - begun, LONG_S)
            self.assertEqual(1, len(process.errors), process.errors)
            self.assertIn(f"go on with --resume {process.folder}", process.errors[0])
            self.assertNotIn("end", {record["record"] for record in journal_records(process.folder)})
            self.assertEqual(expected, self.finished(running, process.folder, 40))

    def test_a_signal_ends_a_session_whose_exchange_has_fallen_silent(self) -> None:
        script = FaultScript((Stall(at=600_000, duration=6 * 3_600_000, pings=False, rest=True),))
        with exchange(400, script=script) as running:
            process = self.started(running)
            process.wait_for_step(at(9))
            time.sleep(1.5)
            begun = time.monotonic()
            process.send(signal.SIGTERM)
            self.assertEqual((0, []), (process.ended(), process.errors))
            self.assertLess(time.monotonic() - begun, LONG_S)

    def test_a_signal_ends_a_session_of_contracts_that_waits_for_marks_and_funding(self) -> None:
        script = FaultScript((Stall(at="5m", duration="6h", pings=True, rest=True),))
        self.live = {"execution": {"perpetual": {"leverage": 5}}}
        with PracticeExchange(
            PracticeMarket(), ExchangeOptions(start_ms=at(475), speed=600.0, streams_before_start=3, script=script)
        ) as running:
            process = self.started(running)
            process.wait_for_step(at(479))
            time.sleep(1.0)
            begun = time.monotonic()
            process.send(signal.SIGTERM)
            self.assertEqual((0, []), (process.ended(), process.errors))
            self.assertLess(time.monotonic() - begun, LONG_S)
        self.assertEqual({"record": "end", "mode": "flatten"}, journal_records(process.folder)[-1])

    def test_resumed_contracts_end_though_the_exchange_s_time_stands_within_a_minute_of_the_last_close(self) -> None:
        # At 07:00 no payment falls, and nothing but a minute of patience says so to a session that goes on at 06:58.
        self.live = {"execution": {"perpetual": {"leverage": 5}}}
        options = {"speed": 600.0, "streams_before_start": 3}
        with PracticeExchange(PracticeMarket(), ExchangeOptions(start_ms=at(410), **options)) as running:
            killed = self.started(running)
            killed.wait_for_step(at(417))
            killed.kill()
        again = ExchangeOptions(start_ms=at(419), end_ms=at(420) + 500, **options)
        with PracticeExchange(PracticeMarket(), again) as running:
            process = self.started(running, "--resume", killed.folder, "--for", "1m")
            self.assertEqual((0, []), (process.ended(), process.errors))
        self.assertEqual(at(420), last_step_ms(killed.folder))

    def test_a_time_that_is_over_without_its_last_step_is_said_with_what_that_lacks(self) -> None:
        hurried = """
from live.life.live_session import _LiveSession
_LiveSession._until = lambda self, step_ms, now_ms: (now_ms - now_ms % step_ms + 3 * step_ms, 4.0)
"""
        script = FaultScript((Stall(at=90_000, duration="6h", pings=True, rest=True),))
        with exchange(400, 120.0, script=script) as running:
            process = self.started(running, before=hurried)
            self.assertEqual(0, process.ended(), process.errors)
            (line,) = process.errors
            self.assertRegex(line, r"^warning: the time is over, and the steps up to \S+00:03:00\S+ are not done: ")

    def test_a_second_process_on_the_folder_is_refused_and_the_first_goes_on(self) -> None:
        with exchange(60) as running:
            first = self.started(running)
            first.wait_for_step(at(5))
            second = self.started(running, "--resume", first.folder)
            self.assertEqual(2, second.ended())
            self.assertEqual(1, len(second.errors), second.errors)
            self.assertIn("another process runs this session", second.errors[0])
            first.wait_for_step(at(60))
            first.send(signal.SIGTERM)
            self.assertEqual((0, []), (first.ended(), first.errors))

    def decide_always(self, steps: int, warmup_candles: int) -> None:
        """Have a decision in every step, so that one that is not journalled shows."""
        always = {str(at(number)): "LONG" for number in range(steps)}
        params = {"signals": {"BTC/USDT": always, "ETH/USDT": always}, "stop": 0.001, "target": 0.001}
        strategy = {"type": "tests.support.timed_strategy:TimedStrategy"}
        self.live = {"strategy": {**strategy, "params": {**params, "warmup_candles": warmup_candles}}}

    def test_a_full_disk_stops_trading_and_with_room_again_the_session_goes_on_to_the_same_bytes(self) -> None:
        # Many warm-up candles let the journal be the largest file, which fills the disk first.
        self.decide_always(90, warmup_candles=400)
        expected = self.whole(90)
        for number in range(scaled(1, 20)):
            seed = SEED + number
            with self.subTest(seed=seed), exchange(90) as running:
                folder = self.starved(running, "journal.jsonl", random.Random(seed))
                self.assertEqual(b"\n", (folder / "journal.jsonl").read_bytes()[-1:], "half a record is cut off")
                self.assertEqual(self.folded(folder), outputs_of(folder), "a decision was not journalled")
                self.assertEqual(expected, self.finished(running, folder, 90))

    def test_a_disk_that_is_full_for_the_outputs_loses_nothing_that_a_resume_does_not_bring_back(self) -> None:
        self.decide_always(90, warmup_candles=0)
        expected = self.whole(90)
        with exchange(90) as running:
            folder = self.starved(running, "decisions.jsonl", random.Random(SEED))
            for name, data in self.folded(folder).items():
                written = (folder / name).read_bytes()
                self.assertEqual(data[: len(written)], written)
            self.assertEqual(expected, self.finished(running, folder, 90))

    def starved(self, running: PracticeExchange, name: str, chance: random.Random) -> Path:
        """Run a session that finds the disk full in the middle of a line of a file; return its folder."""
        process = self.started(running)
        step = chance.randrange(5, 30)
        process.wait_for_step(at(step))
        file = process.folder / name
        # The limit holds for every file, so that it is the largest one that meets it.
        while max(process.folder.iterdir(), key=lambda one: one.stat().st_size) != file:
            step += 1
            process.wait_for_step(at(step))
        process.limit_files(file.stat().st_size + chance.randrange(1, 3_000))
        self.assertEqual(1, process.ended())
        self.assertEqual(1, len(process.errors), process.errors)
        self.assertIn("cannot write", process.errors[0])
        self.assertIn(str(file), process.errors[0])
        return process.folder

    def folded(self, folder: Path) -> dict[str, bytes]:
        """Return what a session's journal makes the kernel write."""
        lines = [line.record for line in read_journal(folder / "journal.jsonl")]
        written = {name: bytearray() for name in OUTPUTS}
        fold = SessionFold(
            lines[0], load_settings(self.config()), SessionOutputs(*(one.extend for one in written.values()))
        )
        for record in lines[1:]:
            fold.apply(record)
        return {name: bytes(one) for name, one in written.items()}

    def test_a_disk_that_is_full_at_the_start_begins_no_session(self) -> None:
        with exchange(10) as running:
            process = self.started(
                running, before="import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))"
            )
            self.assertEqual(1, process.ended())
            self.assertEqual(1, len(process.errors), process.errors)
            self.assertIn("cannot write", process.errors[0])
            self.assertIsNone(last_step_ms(process.folder))


if __name__ == "__main__":
    unittest.main()
