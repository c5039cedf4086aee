"""Tables of a terminal that is too narrow for them."""

import contextlib
import io
import re
import unittest
from unittest.mock import patch

from runs.commands.text_blocks import Facts, Grid, cut, show

HEADS = ("trial", "ema_fast", "rsi_period", "sl_atr_multiple", "tp_atr_multiple", "sharpe", "trades", "return %",
         "max DD %", "PF", "PSR", "DSR", "a note")  # fmt: skip
ROW = ("98", "4", "10", "3.5", "8", "-1.7058", "1,083", "-0.9863", "12.72", "0.86", "0.311", "0.012")
TITLE = "Study 1: practice-scalping, january: 2024-01-01T00:00:00.000Z to 2024-02-01T00:00:00.000Z"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(columns: int, *blocks: Facts | Grid) -> list[str]:
    """Return the lines that a terminal of so many columns is given, without colours."""
    stream = Terminal()
    with patch.dict("os.environ", COLUMNS=str(columns), TERM="xterm"), contextlib.redirect_stdout(stream):
        show(*blocks)
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()).splitlines()


class NarrowTerminal(unittest.TestCase):
    def test_heads_and_words_are_broken_and_numbers_never(self) -> None:
        rows = [(*ROW, "held: as was expected of it after thirty days"), (*ROW, "-")]
        for columns in (88, 100, 160):
            with self.subTest(columns):
                lines = shown(columns, Grid(HEADS, rows, 5))
                self.assertLessEqual(max(map(len, lines)), columns)
                self.assertEqual(2, sum(line.split()[: len(ROW)] == list(ROW) for line in lines))
        self.assertRegex(" ".join(shown(80, Grid(HEADS, rows, 5))), r"ema_ .*fast")
        self.assertIn("sl_atr_multiple", shown(160, Grid(HEADS, rows, 5))[0])

    def test_where_nothing_more_gives_way_lines_are_longer_than_the_terminal(self) -> None:
        self.assertIn(list(ROW), [line.split() for line in shown(40, Grid(HEADS[:-1], [ROW], 5))])

    def test_a_title_is_one_line(self) -> None:
        self.assertEqual([TITLE, "status: completed"], shown(60, Facts(TITLE, [("status", "completed")])))


class LongTexts(unittest.TestCase):
    def test_a_text_as_long_as_a_hash_is_whole_and_that_of_a_program_one_short_line(self) -> None:
        digest, program = "0123456789abcdef" * 4, "def decide(market, account, trigger):\n    return None\n" * 30
        self.assertEqual(digest, cut(digest))
        said = cut(program)
        self.assertTrue(said.startswith("def decide(market, account, trigger): return None"), said)
        self.assertTrue(said.endswith("… (1,620 characters)"), said)
        self.assertLess(len(said), 80)


if __name__ == "__main__":
    unittest.main()
