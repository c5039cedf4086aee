"""The kill switch of a running session in each of its forms: environment, file, signals; and what it does on arrival.

The exchange moves only when it is told to, so that each change of the switch falls between two known steps.
"""

import csv
import io
import json
import os
import signal
import tempfile
import time
import unittest
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest import mock

from backtests import journal_replay
from core.instants import format_ms
from market_data.practice.practice_market import PracticeMarket
from practice.exchange import PracticeExchange
from practice.exchange_options import ExchangeOptions
from tests.support.sessions.live_processes import OUTPUTS, LiveProcess, journal_records, outputs_of, session_config
from tests.support.times import JANUARY_MS, MINUTE_MS

SEEN_WITHIN_S = 10.0
BTC, ETH, SOL = "BTC/USDT", "ETH/USDT", "SOL/USDT"


class KillSwitchTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.file = self.base / "stop-trading"
        self.exchange = PracticeExchange(PracticeMarket(), ExchangeOptions(start_ms=JANUARY_MS, pace="driven"))
        self.exchange.start()
        self.addCleanup(self.exchange.stop)

    def config(self, signals: Mapping[str, Mapping[int, str]], on_kill: str) -> Path:
        """Write a configuration that signals at candles by number, with levels that are never reached."""
        timed = {
            name: {str(JANUARY_MS + at * MINUTE_MS): word for at, word in one.items()} for name, one in signals.items()
        }
        strategy = {
            "type": "tests.support.timed_strategy:TimedStrategy",
            "params": {"signals": timed, "stop": 0.2, "target": 0.2},
        }
        mode = {"on_kill": on_kill, "kill_switch_file": str(self.file), "kill_switch_env_var": "STOP_TRADING"}
        return session_config(self.base, live={"strategy": strategy}, mode=mode)

    def started(self, config: Path, *more: str | Path, **environment: str) -> LiveProcess:
        process = LiveProcess(config, self.exchange, more, environment=environment)
        self.addCleanup(process.close)
        before = len(self.records(process.folder, "connection"))
        process.wait_until(lambda: len(self.records(process.folder, "connection")) > before, "no connection")
        self.exchange.wait_for_streams(3)
        return process

    def advance(self, process: LiveProcess, candles: int) -> int:
        """Let so many candles close; return the time of the last step, which is done."""
        self.exchange.advance(candles)
        process.wait_for_step(self.exchange.now_ms)
        time.sleep(0.1)
        return self.exchange.now_ms

    def switch(self, process: LiveProcess, act: Callable[[], object], engaged: bool, by: str) -> None:
        """Change the switch and expect the journal to say so in time, as its last record."""
        before = len(self.records(process.folder, "command"))
        begun = time.monotonic()
        act()
        process.wait_until(lambda: len(self.records(process.folder, "command")) > before, "not seen")
        self.assertLess(time.monotonic() - begun, SEEN_WITHIN_S)
        self.assertEqual(
            {"record": "command", "command": "kill" if engaged else "release", "by": by},
            journal_records(process.folder)[-1],
        )
        time.sleep(0.1)

    @staticmethod
    def records(folder: Path, kind: str) -> list[dict[str, object]]:
        return [record for record in journal_records(folder) if record["record"] == kind]

    @staticmethod
    def trades(folder: Path) -> list[tuple[str, ...]]:
        rows = csv.DictReader(io.StringIO(outputs_of(folder)["trades.csv"].decode()))
        return [(row["symbol"], row["action"], row["reason"], row["timestamp"]) for row in rows]

    @staticmethod
    def decisions(folder: Path) -> list[tuple[object, ...]]:
        lines = map(json.loads, outputs_of(folder)["decisions.jsonl"].splitlines())
        return [(one.get("symbol"), one["event"], one.get("reason"), one["time"]) for one in lines]

    def check_replay(self, folder: Path) -> None:
        """Replay the journal with every switch thrown: the bytes are the session's all the same."""
        self.file.touch()
        with (
            mock.patch.dict(os.environ, {"STOP_TRADING": "1", "TRADING_KILL_SWITCH": "1"}),
            mock.patch("sys.stdout", io.StringIO()),
        ):
            self.assertEqual(0, journal_replay.main([str(folder), "--out", str(self.base / "replay")]))
        for name in OUTPUTS:
            self.assertEqual((folder / name).read_bytes(), (self.base / "replay" / name).read_bytes(), name)

    def test_a_file_and_signals_flatten_between_two_steps_and_outlive_the_process(self) -> None:
        config = self.config({BTC: {2: "LONG"}, ETH: {5: "LONG"}, SOL: {7: "LONG", 9: "SHORT", 12: "LONG"}}, "flatten")
        process = self.started(config)
        folder = process.folder
        at = self.advance(process, 6)
        self.assertEqual([(BTC, "OPEN", "signal", format_ms(JANUARY_MS + 3 * MINUTE_MS))], self.trades(folder))
        self.switch(process, self.file.touch, True, f"file {self.file}")
        self.assertEqual((BTC, "CLOSE", "kill_switch", format_ms(at)), self.trades(folder)[-1])
        self.assertEqual((None, "kill_switch", None, format_ms(at)), self.decisions(folder)[-2])
        self.assertEqual((ETH, "order_cancelled", "kill_switch", format_ms(at)), self.decisions(folder)[-1])
        at = self.advance(process, 2)
        self.assertEqual((SOL, "decision", "kill_switch", format_ms(at)), self.decisions(folder)[-1])
        self.assertEqual(2, len(self.trades(folder)))
        self.switch(process, self.file.unlink, False, f"file {self.file}")
        self.advance(process, 3)
        self.assertEqual((SOL, "OPEN", "signal", format_ms(JANUARY_MS + 10 * MINUTE_MS)), self.trades(folder)[-1])
        self.switch(process, lambda: process.send(signal.SIGUSR1), True, "signal SIGUSR1")
        self.assertEqual((SOL, "CLOSE", "kill_switch", format_ms(JANUARY_MS + 11 * MINUTE_MS)), self.trades(folder)[-1])
        process.kill()
        process = self.started(config, "--resume", folder)
        self.assertEqual(3, len(self.records(folder, "command")), "a restart does not undo what an operator did")
        at = self.advance(process, 2)
        self.assertEqual((SOL, "decision", "kill_switch", format_ms(at)), self.decisions(folder)[-1])
        self.switch(process, lambda: process.send(signal.SIGUSR2), False, "signal SIGUSR2")
        process.send(signal.SIGTERM)
        self.assertEqual((0, []), (process.ended(), process.errors))
        self.assertEqual(4, len(self.trades(folder)))
        self.check_replay(folder)

    def test_the_environment_counts_at_the_start_and_hold_leaves_positions_to_their_exits(self) -> None:
        config = self.config({BTC: {1: "LONG", 3: "LONG"}, ETH: {6: "SHORT"}}, "hold")
        process = self.started(config, STOP_TRADING="1")
        folder = process.folder
        self.assertTrue(journal_records(folder)[0]["kill_switch"])
        at = self.advance(process, 2)
        self.assertEqual([(BTC, "decision", "kill_switch", format_ms(at))], self.decisions(folder))
        self.switch(process, lambda: process.send(signal.SIGUSR2), False, "signal SIGUSR2")
        at = self.advance(process, 5)
        self.assertEqual([(BTC, "OPEN", "signal", format_ms(JANUARY_MS + 4 * MINUTE_MS))], self.trades(folder))
        self.switch(process, lambda: process.send(signal.SIGUSR1), True, "signal SIGUSR1")
        self.assertEqual((ETH, "order_cancelled", "kill_switch", format_ms(at)), self.decisions(folder)[-1])
        self.advance(process, 2)
        self.assertEqual(1, len(self.trades(folder)), "the position is held, the waiting entry is gone")
        process.send(signal.SIGTERM)
        self.assertEqual((0, []), (process.ended(), process.errors))
        self.assertEqual((BTC, "CLOSE", "end", format_ms(JANUARY_MS + 9 * MINUTE_MS)), self.trades(folder)[-1])
        self.check_replay(folder)


if __name__ == "__main__":
    unittest.main()
