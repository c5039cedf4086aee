"""What comes from outside is shown on one line, without a character that drives a terminal."""

import contextlib
import io
import json
import pickle
import unittest

from core.command_line import failed, say, say_text, warn
from core.errors import ConfigurationError, FeedError, HarnessError, InvariantError
from core.plain_text import escaped

HOSTILE = [
    *map(chr, (*range(0x20), *range(0x7F, 0xA0))),
    *map(chr, (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029, 0xFEFF)),
    "\U000e0041", "\udc80", "\ud800",
]  # fmt: skip
"""C0, DEL and C1; what turns the direction; separators; tags; bytes that are no text."""


class Escaped(unittest.TestCase):
    def test_every_control_character_is_written_out_as_json_writes_it(self) -> None:
        for one in HOSTILE:
            with self.subTest(hex(ord(one))):
                shown = escaped(f"a{one}b")
                self.assertTrue(shown.isprintable() and shown.isascii())
                self.assertEqual(f"a{one}b", json.loads(f'"{shown}"'))
                self.assertEqual(shown, escaped(shown))

    def test_what_people_write_stays(self) -> None:
        for text in ("", "BTC/USDT", "größer — 1 % \\n", "日本語", "→ “quoted”"):
            self.assertEqual(text, escaped(text))


class Errors(unittest.TestCase):
    def test_what_an_error_quotes_begins_no_line(self) -> None:
        for one in HOSTILE:
            for error in (FeedError(f"refused: x{one}error: y"), ConfigurationError(f"x{one}y"), InvariantError(one)):
                self.assertTrue(str(error).isprintable(), repr(error))

    def test_its_own_lines_stay_lines_also_across_processes(self) -> None:
        error: HarnessError = ConfigurationError("first\x1b[2J", "second\nerror: third")
        for one in (error, pickle.loads(pickle.dumps(error))):
            self.assertEqual("first\\u001b[2J\nsecond\\nerror: third", str(one))


class Printed(unittest.TestCase):
    def test_every_line_begins_as_the_program_says(self) -> None:
        errors, output = io.StringIO(), io.StringIO()
        with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(output):
            self.assertEqual(3, failed("one\rtwo\nthree\u2028four", 3))
            warn(OSError("five\nsix"))
            say("seven\neight", "nine\x9b2J")
            say_text(json.dumps({"name": "ten\x9b\u202e"}, ensure_ascii=False, indent=1) + "\n")
        self.assertEqual("error: one\\rtwo\nerror: three\\u2028four\nwarning: five\\nsix\n", errors.getvalue())
        said, beside, *document = output.getvalue().split("\n")
        self.assertEqual(["seven\\neight", "nine\\u009b2J"], [said, beside])
        self.assertEqual({"name": "ten\x9b\u202e"}, json.loads("\n".join(document)))
        self.assertTrue("".join(document).isprintable())


if __name__ == "__main__":
    unittest.main()
