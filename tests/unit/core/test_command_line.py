"""What every command does alike."""

import sys
import unittest
from unittest import mock

from core.command_line import exit_code_of, say
from core.settings_problem import SettingsProblem, in_two


class Streams(unittest.TestCase):
    def test_a_command_without_streams_writes_into_nothing(self) -> None:
        def work() -> int:
            say("a line")
            print("an error", file=sys.stderr)
            return len(sys.stdin.read())

        with mock.patch.multiple(sys, stdin=None, stdout=None, stderr=None):
            code = exit_code_of(work)
            for one in (sys.stdin, sys.stdout, sys.stderr):
                one.close()
        self.assertEqual(0, code)


class Lines(unittest.TestCase):
    def test_what_is_empty_is_left_out_of_a_line(self) -> None:
        for problem, line in (
            (SettingsProblem("", "is wrong"), "is wrong"),
            (SettingsProblem("key", "is wrong", "allowed: right"), "key: is wrong — allowed: right"),
            (SettingsProblem("key", "is wrong", "", "file"), "file: key: is wrong"),
            (SettingsProblem("", "is wrong", "", "file"), "file: is wrong"),
        ):
            self.assertEqual(line, problem.line())

    def test_a_sentence_is_parted_where_it_says_what_is_allowed(self) -> None:
        for sentence, parts in (
            ("a; b — c; allowed: d — e", ("a; b — c", "allowed: d — e")),
            ("a — allowed: b; allowed: c", ("a", "allowed: b; allowed: c")),
            ("a — b", ("a — b", "")),
        ):
            self.assertEqual(parts, in_two(sentence))


if __name__ == "__main__":
    unittest.main()
