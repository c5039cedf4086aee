"""docs/recommendations.md against the program: it prints what the page shows, and the page names all there is."""

import argparse
import contextlib
import io
import os
import re
import shlex
import shutil
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from research.__main__ import main
from research.commands import (
    accepting,
    recommendation_listing,
    recommendation_making,
    recommendation_reviewing,
    rejecting,
)
from research.recommendations.binding_settings import REFUSALS, SIZES
from research.recommendations.change import KINDS
from runs.store.store_rows import DECISIONS
from tests.support.shared import REPOSITORY

PAGE = (REPOSITORY / "docs" / "recommendations.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```\n\$ python -m research (.*)\n((?:.*\n)*?)```", PAGE)
SYSTEM, VERSION = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
SEARCH = re.search(r"```bash\npython -m research (.*)\n```", PAGE)[1]


def printed(command: str) -> tuple[int, str]:
    """Return exit code and output of a command, without the ids of runs, which hold the code."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        # In how many processes changes no result, as the tests of searches hold; others would load all anew.
        alone = ["--processes", "1"] if command.startswith(("optimise ", "recommend ")) else []
        code = main([*shlex.split(command), *alone])
    return code, re.sub(r"[0-9a-f]{16}", "#", output.getvalue())


class Page(unittest.TestCase):
    maxDiff = None

    def test_the_commands_print_what_the_page_shows(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, Path.cwd())
        shutil.copytree(REPOSITORY / "config", Path(folder.name) / "config")
        os.chdir(folder.name)
        systems = Path("config/systems")
        (systems / "eager.yaml").write_text(SYSTEM, encoding="utf-8")
        with patch.dict(os.environ, HARNESS_STORE_URL=f"sqlite:///{folder.name}/runs.sqlite"):
            self.assertEqual(0, printed(SEARCH)[0])
            self.assertEqual(4, len(COMMANDS))
            for command, shown in COMMANDS:
                with self.subTest(command):
                    self.assertEqual((0, re.sub(r"[0-9a-f]{16}", "#", shown)), printed(command))
        self.assertEqual(VERSION, (systems / "eager-r1.yaml").read_text(encoding="utf-8"))
        self.assertEqual(SYSTEM, (systems / "eager.yaml").read_text(encoding="utf-8"))

    def test_every_type_status_setting_and_option_is_explained(self) -> None:
        for word in (*KINDS, *DECISIONS):
            self.assertRegex(PAGE, rf"(?m)^\| `{word}` \|")
        for one in (*REFUSALS.values(), *SIZES.values()):
            self.assertIn(f"`{one.key.rpartition('.')[2].removesuffix('_usd')}", PAGE)
        elsewhere = {"--processes", "--offline", "--systems", "--logs", "--data-dir", "--cluster", "--cluster-folder"}
        for verb in (accepting, recommendation_listing, recommendation_making, recommendation_reviewing, rejecting):
            parser = argparse.ArgumentParser(add_help=False)
            verb.add_arguments(parser)
            options = {one.option_strings[0] for one in parser._actions if one.option_strings}
            for option in options - elsewhere:
                self.assertIn(option, PAGE)


if __name__ == "__main__":
    unittest.main()
