"""docs/research.md against the program: its command and its program print what it shows, and it names every key."""

import argparse
import contextlib
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

import yaml

from execution.safety.shared_limits import PortfolioLimits
from research.__main__ import main
from research.commands import cross_validating, optimising, portfolio_running, walking_forward
from research.samplers.sampler_choice import SAMPLERS
from research.spaces.ranges import parameter_of
from research.studies.optimise_section import OptimiseSection
from systems.portfolio_file import PortfolioFile
from tests.support.shared import REPOSITORY
from tests.unit.validation.test_configuration_page import row

PAGE = (REPOSITORY / "docs" / "research.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```\n\$ python -m research (.*)\n((?:.*\n)*?)```", PAGE)
PROGRAM, PRINTED = re.search(r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL).groups()


def settled(text: str) -> str:
    """Return a text without the ids of runs, which hold the code, and without what tells the page of a store."""
    return re.sub(r"[0-9a-f]{16}|(?<=study_1_)[0-9a-f]{8}", "#", text)


class Page(unittest.TestCase):
    maxDiff = None

    def test_the_command_and_the_program_print_what_the_page_shows(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, Path.cwd())
        shutil.copytree(REPOSITORY / "config", Path(folder.name) / "config")
        os.chdir(folder.name)
        url = f"sqlite:///{folder.name}/runs.sqlite"
        with patch.dict(os.environ, HARNESS_STORE_URL=url):
            shown_all = "".join(shown for _, shown in COMMANDS)
            for run, shown in ((self.run_all, shown_all), (lambda: exec(PROGRAM, {}), PRINTED)):
                output = io.StringIO()
                with contextlib.redirect_stdout(output):
                    run()
                self.assertEqual(settled(shown), settled(output.getvalue()))

    def run_all(self) -> None:
        for command, shown in COMMANDS:
            # In how many processes changes no result, as the tests of searches hold; others would load all anew.
            alone = [] if command.startswith("portfolio") else ["--processes", "1"]
            refused = shown.startswith("error: ")
            with contextlib.redirect_stderr(sys.stdout if refused else sys.stderr):
                self.assertEqual(2 if refused else 0, main([*shlex.split(command), *alone]))

    def test_every_key_option_and_sampler_is_explained(self) -> None:
        for key in OptimiseSection.model_fields:
            self.assertRegex(PAGE, rf"\| `{key}` \|")
        for sampler in SAMPLERS:
            self.assertRegex(PAGE, rf"\| `{sampler}` \|")
        places = {"--offline", "--systems", "--logs", "--data-dir", "--rows"}
        for verb in (optimising, walking_forward, cross_validating, portfolio_running):
            parser = argparse.ArgumentParser(add_help=False)
            verb.add_arguments(parser)
            for option in {one.option_strings[0] for one in parser._actions if one.option_strings} - places:
                self.assertRegex(PAGE, rf"{option}[ `=]")

    def test_the_keys_of_a_portfolio_have_their_defaults_meanings_and_what_is_allowed(self) -> None:
        told = [("", name, PortfolioFile) for name in PortfolioFile.model_fields if name != "limits"]
        told += [("limits.", name, PortfolioLimits) for name in PortfolioLimits.model_fields]
        rows = {row(prefix, section, name) for prefix, name, section in told}
        section = PAGE[PAGE.index("### Its file") : PAGE.index("### How it runs")]
        self.assertEqual(rows, {line for line in section.splitlines() if line.startswith("| `")})
        shown = yaml.safe_load(re.search(r"```\n(id: .*?)```", section, re.DOTALL)[1])
        PortfolioFile.from_dict(shown)

    def test_the_sections_that_are_written_are_ones(self) -> None:
        shown = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])["optimise"]
        shipped = yaml.safe_load((REPOSITORY / "config/systems/practice-scalping.yaml").read_text())["optimise"]
        for section in (shown, shipped):
            for name, one in OptimiseSection.from_dict(section).parameters.items():
                parameter_of(name, one)


if __name__ == "__main__":
    unittest.main()
