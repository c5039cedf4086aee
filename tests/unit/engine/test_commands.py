"""Commands of an operator: what each does between two steps, and that folding them gives the same bytes."""

import json
import tempfile
import unittest
from pathlib import Path

import msgspec

from core.errors import InvariantError, StoreError
from engine.fold import SessionFold
from engine.journal import JournalWriter, read_journal
from engine.journal_records import CommandRecord
from engine.renderer import SessionOutputs
from runs.folder.file_names import DERIVED
from tests.support.sessions.session_folders import (
    BTC,
    ETH,
    Recording,
    practice_recording,
    record_session,
    timed_settings,
)

SIGNALS = {BTC: {2: "LONG", 12: "SHORT", 16: "LONG"}, ETH: {5: "LONG", 14: "SHORT"}}


class Commands(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def recording(self) -> Recording:
        """A session whose positions reach neither stop nor target."""
        return practice_recording(timed_settings(self.base, SIGNALS, stop=0.2, target=0.2), 24)

    def run_session(self) -> Path:
        return record_session(self.base / "session", self.given)

    def decisions(self, folder: Path) -> list[dict[str, object]]:
        lines = (folder / "decisions.jsonl").read_text().splitlines()
        return [record for record in map(json.loads, lines) if record["event"] != "decision"]

    def trades(self, folder: Path) -> list[tuple[str, ...]]:
        rows = [line.split(",") for line in (folder / "trades.csv").read_text().splitlines()[1:]]
        return [(row[0][14:16], row[2], row[3], next(one for one in row if one in REASONS)) for row in rows]

    def test_a_close_fills_at_the_next_open_and_a_second_one_changes_nothing(self) -> None:
        self.given = self.recording()
        self.given.command(8, "close", BTC)
        self.given.command(8, "close", BTC)
        self.given.command(8, "close", ETH)
        self.given.command(10, "close", BTC)
        folder = self.run_session()
        self.assertEqual(
            self.trades(folder)[:4],
            [
                ("03", BTC, "OPEN", "signal"),
                ("06", ETH, "OPEN", "signal"),
                ("09", BTC, "CLOSE", "operator"),
                ("09", ETH, "CLOSE", "operator"),
            ],
        )
        at, later = "2024-01-01T00:09:00.000Z", "2024-01-01T00:11:00.000Z"
        told = {"event": "command", "command": "close"}
        self.assertEqual(
            self.decisions(folder)[:4],
            [
                {**told, "time": at, "symbol": BTC, "order_id": "3", "reason": None},
                {**told, "time": at, "symbol": BTC, "order_id": None, "reason": "close_waiting"},
                {**told, "time": at, "symbol": ETH, "order_id": "4", "reason": None},
                {**told, "time": later, "symbol": BTC, "order_id": None, "reason": "no_position"},
            ],
        )

    def test_a_cancelled_entry_never_fills(self) -> None:
        self.given = self.recording()
        self.given.command(2, "cancel", BTC)
        self.given.command(2, "cancel", ETH)
        folder = self.run_session()
        self.assertEqual(self.trades(folder)[0], ("06", ETH, "OPEN", "signal"))
        at, told = "2024-01-01T00:03:00.000Z", {"event": "command", "command": "cancel"}
        self.assertEqual(
            self.decisions(folder)[:3],
            [
                {**told, "time": at, "symbol": BTC, "order_id": "1", "reason": None},
                {
                    "time": at,
                    "event": "order_cancelled",
                    "symbol": BTC,
                    "order": "entry",
                    "order_id": "1",
                    "reason": "operator",
                },
                {**told, "time": at, "symbol": ETH, "order_id": None, "reason": "no_entry_waiting"},
            ],
        )

    def test_a_pause_refuses_new_entries_until_it_is_lifted_and_leaves_what_waits(self) -> None:
        self.given = self.recording()
        for number, command in ((2, "pause"), (3, "pause"), (13, "resume"), (13, "resume")):
            self.given.command(number, command)
        folder = self.run_session()
        opened = [one for one in self.trades(folder) if one[2] == "OPEN"]
        self.assertEqual(opened, [("03", BTC, "OPEN", "signal"), ("15", ETH, "OPEN", "signal")])
        refused = [json.loads(line) for line in (folder / "decisions.jsonl").read_text().splitlines()]
        self.assertEqual(
            [(one["time"][14:16], one["symbol"]) for one in refused if one.get("reason") == "paused"], [("06", ETH)]
        )
        self.assertEqual(
            [(one["time"][14:16], one["command"]) for one in self.decisions(folder) if one["event"] == "command"],
            [("03", "pause"), ("14", "resume")],
        )

    def test_a_folded_journal_gives_the_same_bytes_whole_and_cut_anywhere(self) -> None:
        self.given = self.recording()
        for number, command, symbol in (
            (2, "cancel", BTC),
            (6, "close", ETH),
            (11, "pause", None),
            (14, "resume", None),
            (16, "kill", None),
            (17, "release", None),
        ):
            self.given.command(number, command, symbol)
        folder = self.run_session()
        lines = list(read_journal(folder / "journal.jsonl"))
        whole = {name: (folder / name).read_bytes() for name in DERIVED}
        for stop in range(1, len(lines) + 1):
            written = {name: bytearray() for name in DERIVED}
            outputs = SessionOutputs(*(written[name].extend for name in DERIVED))
            fold = SessionFold(lines[0].record, self.given.settings, outputs)
            for line in lines[1:stop]:
                fold.apply(line.record)
            for name in DERIVED:
                self.assertTrue(whole[name].startswith(bytes(written[name])), (stop, name))
            given = [line.record.command for line in lines[1:stop] if isinstance(line.record, CommandRecord)]
            self.assertEqual(fold.session.paused, given[-1:] == ["pause"])
        self.assertEqual(whole, {name: bytes(data) for name, data in written.items()})

    def test_before_the_first_step_there_is_nothing_to_act_on_and_a_pause_counts(self) -> None:
        settings = self.recording().settings
        folder = record_session(self.base / "session", Recording(settings, {BTC: [], ETH: []}, end=None))
        (line,) = read_journal(folder / "journal.jsonl")
        outputs = SessionOutputs()
        before = outputs.digest()
        fold = SessionFold(line.record, settings, outputs)
        for command, symbol in (("close", BTC), ("cancel", BTC), ("pause", None)):
            fold.apply(CommandRecord(command, "test", symbol))
        self.assertEqual(outputs.digest(), before)
        self.assertTrue(fold.session.paused)
        with self.assertRaises(InvariantError):
            fold.apply(CommandRecord("close", "test", "XRP/USDT"))

    def test_after_the_end_there_is_nobody_to_command(self) -> None:
        self.given = self.recording()
        lines = list(read_journal(self.run_session() / "journal.jsonl"))
        fold = SessionFold(lines[0].record, self.given.settings, SessionOutputs())
        for line in lines[1:]:
            fold.apply(line.record)
        with self.assertRaisesRegex(InvariantError, "after the session's end"):
            fold.apply(CommandRecord("pause", "test"))

    def test_a_command_names_a_symbol_where_it_concerns_one_and_nowhere_else(self) -> None:
        for command, symbol in (("close", None), ("cancel", None), ("pause", BTC), ("kill", BTC)):
            with self.assertRaises(ValueError):
                CommandRecord(command, "test", symbol)
        path = self.base / "journal.jsonl"
        with JournalWriter(path) as journal:
            journal.append(CommandRecord("pause", "test"))
        path.write_bytes(b'{"record":"command","command":"close","by":"test"}\n' + path.read_bytes())
        with self.assertRaisesRegex(StoreError, "line 1 .*close needs a symbol"):
            list(read_journal(path))
        self.assertEqual(
            msgspec.json.encode(CommandRecord("close", "test", BTC)),
            b'{"record":"command","command":"close","by":"test","symbol":"BTC/USDT"}',
        )


REASONS = ("signal", "operator", "end", "kill_switch")

if __name__ == "__main__":
    unittest.main()
