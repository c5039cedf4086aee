"""docs/systems.md against the program: its commands and programs print what it shows, and it names every key."""

import contextlib
import io
import os
import re
import shlex
import shutil
import tempfile
import unittest
from pathlib import Path

from systems.__main__ import main
from systems.system_file import SystemFile
from tests.support.shared import REPOSITORY

PAGE = (REPOSITORY / "docs" / "systems.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```\n(\$ .*?)```|```python\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL)
CHANGES = (
    (r"[0-9a-f]{12,64}", "#"),  # Ids of records and runs, which hold the time and the code.
    (r"\d{8}T\d{6}Z", "TIME"),
    (r"(?m)^  recent .*$", "  recent"),
    (r"\d+\.\d\d s\b", "N s"),
)


def settled(text: str) -> str:
    """Return a text without what differs from one day, or one version of the code, to the next."""
    for pattern, word in CHANGES:
        text = re.sub(pattern, word, text)
    return text


def printed(run, *arguments: object) -> str:
    """Return what a call prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        run(*arguments)
    return output.getvalue()


class Page(unittest.TestCase):
    def test_commands_and_programs_print_what_the_page_shows(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, Path.cwd())
        shutil.copytree(REPOSITORY / "config", Path(folder.name) / "config")
        os.chdir(folder.name)
        self.assertGreater(len(BLOCKS), 9)
        for commands, program, expected in BLOCKS:
            for command, shown in re.findall(r"\$ python -m systems (.*)\n((?:(?!\$ ).*\n)*)", commands):
                verb, _, tail = command.partition(" | tail -")
                with self.subTest(command):
                    lines = printed(main, shlex.split(verb)).splitlines(keepends=True)
                    self.assertEqual(settled(shown), settled("".join(lines[-int(tail) :] if tail else lines)))
            if program:
                with self.subTest(program):
                    self.assertEqual(settled(expected), settled(printed(exec, program, {"__name__": "__main__"})))

    def test_every_key_and_verb_is_explained(self) -> None:
        for key in SystemFile.model_fields:
            self.assertRegex(PAGE, rf"\| `{key}` \|")
        help_text = io.StringIO()
        with contextlib.redirect_stdout(help_text), self.assertRaises(SystemExit):
            main(["--help"])
        for verb in re.findall(r"(?m)^    (\w+) {2,}", help_text.getvalue()):
            self.assertRegex(PAGE, rf"\| `{verb}[ `]")


if __name__ == "__main__":
    unittest.main()
