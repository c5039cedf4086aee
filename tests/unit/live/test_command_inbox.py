import tempfile
import unittest
from pathlib import Path

from core.errors import StoreError
from engine.journal_records import CommandRecord
from execution.execution_settings import TradingModeSettings
from live.life.command_inbox import CommandInbox, leave_command
from live.life.kill_switch_watch import KillSwitchWatch
from live.life.operator_commands import OperatorCommands


class CommandInboxTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.now = 0.0
        self.commands = OperatorCommands(
            KillSwitchWatch(TradingModeSettings()), ["BTC/USDT"], lambda: self.now, CommandInbox(self.folder)
        )

    def due(self, *, killed: bool = False) -> list[CommandRecord]:
        self.now += 1.0
        return list(self.commands.due(killed))

    def waiting(self) -> int:
        return len(list((self.folder / "commands").iterdir()))

    def test_commands_of_another_process_are_obeyed_in_the_order_in_which_they_were_left(self) -> None:
        self.assertEqual([], self.due())
        left = [CommandRecord("pause", "a"), CommandRecord("close", "b", "BTC/USDT"), CommandRecord("kill", "c")]
        for one in left:
            leave_command(self.folder, one)
        self.assertEqual(left, self.due())
        self.assertEqual((0, []), (self.waiting(), self.due(killed=True)))
        leave_command(self.folder, CommandRecord("release", "d"))
        self.assertEqual([CommandRecord("release", "d")], self.due(killed=True))

    def test_a_command_stays_until_what_it_asks_for_is_journalled(self) -> None:
        leave_command(self.folder, CommandRecord("pause", "a"))
        self.now += 1.0
        asked = self.commands.due(False)
        next(asked)
        self.assertEqual(1, self.waiting(), "a session that dies here finds it again")
        asked.close()
        self.assertEqual([CommandRecord("pause", "a")], self.due())
        self.assertEqual(0, self.waiting())

    def test_what_is_no_command_or_cannot_be_obeyed_is_taken_away_with_a_word_in_the_log(self) -> None:
        leave_command(self.folder, CommandRecord("pause", "a"))
        leave_command(self.folder, CommandRecord("close", "b", "DOGE/USDT"))
        for number, text in enumerate(("", "{}", '{"record":"command","command":"close","by":"x"}', "\x00")):
            (self.folder / "commands" / f"9{number}.json").write_text(text)
        with self.assertLogs("live.session", "WARNING") as logged:
            self.assertEqual([CommandRecord("pause", "a")], self.due())
        self.assertEqual((5, 0), (len(logged.output), self.waiting()))
        self.assertIn("the session trades BTC/USDT", "".join(logged.output))

    def test_a_command_that_cannot_be_left_is_an_error(self) -> None:
        with self.assertRaises(StoreError):
            leave_command(self.folder / "nothing", CommandRecord("pause", "a"))


if __name__ == "__main__":
    unittest.main()
