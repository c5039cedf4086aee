"""A strategy is named by its file, and told by its files alone, wherever they lie."""

import hashlib
import os
import sys
import tempfile
import unittest
from pathlib import Path

from core.errors import ConfigurationError
from engine.assembly import build_strategy_of, strategy_identity_of, with_own_strategy
from strategies import strategy_source
from strategies.strategy_registry import build_strategy, canonical_strategy, strategy_class, strategy_identity
from tests.support.config_tree import write_config
from validation.loading import load_settings

ONE = """
from levels import LEVEL

class Mine:
    warmup_candles = LEVEL

    def __init__(self, config):
        from late import NAME
        self.name = NAME

    def stream(self, symbol): ...

Also = Mine
"""
TWO = """
class Mine:
    warmup_candles = 0
    def stream(self, symbol): ...

class Other(Mine): ...

class Nothing: ...
"""


class StrategyFolder(unittest.TestCase):
    """A folder of strategies; what loading one does to the process is undone."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        path = list(sys.path)
        self.addCleanup(lambda: sys.path.__setitem__(slice(None), path))
        self.addCleanup(strategy_source._folders.clear)
        for name in ("levels", "late"):
            self.addCleanup(sys.modules.pop, name, None)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def ideas(self, folder: str, level: int) -> str:
        self.write(f"{folder}/levels.py", f"LEVEL = int('{level}')\n")
        self.write(f"{folder}/late.py", f"NAME = 'of {folder}'\n")
        return str(self.write(f"{folder}/idea.py", ONE))


class StrategyFile(StrategyFolder):
    def test_it_and_what_lies_beside_it_are_loaded_and_hashed_by_their_names(self) -> None:
        path = self.ideas("here", 3)
        self.assertEqual(3, build_strategy(f"{path}:Mine", {}).warmup_candles)
        found = strategy_identity("here/idea.py:Mine", {}, f"{path}:Mine")
        expected = {
            name: hashlib.sha256((self.folder / "here" / name).read_bytes()).hexdigest()
            for name in ("idea.py", "late.py", "levels.py")
        }
        self.assertEqual(expected, found.files)

    def test_files_of_the_same_names_in_two_folders_are_not_taken_for_each_other(self) -> None:
        first, second = self.ideas("first", 1), self.ideas("second", 2)
        for path, level, name in ((first, 1, "of first"), (second, 2, "of second"), (first, 1, "of first")):
            with self.subTest(path):
                sys.modules.pop("late", None)
                built = build_strategy(f"{path}:Mine", {})
                self.assertEqual((level, name), (built.warmup_candles, built.name))
        self.assertNotEqual(
            strategy_identity("idea.py", {}, first).sha256, strategy_identity("idea.py", {}, second).sha256
        )

    def test_an_edit_beside_it_is_loaded_and_changes_the_hash(self) -> None:
        path = self.ideas("here", 3)
        build_strategy(path, {})
        before = strategy_identity("idea.py", {}, path)
        self.ideas("here", 4)
        self.assertEqual(before, strategy_identity("idea.py", {}, path))
        self.assertEqual(4, build_strategy(path, {}).warmup_candles)
        self.assertNotEqual(before.sha256, strategy_identity("idea.py", {}, path).sha256)

    def test_the_only_strategy_of_a_file_needs_no_name(self) -> None:
        self.assertEqual("Mine", strategy_class(self.ideas("here", 3)).__name__)

    def test_every_path_has_one_spelling(self) -> None:
        self.assertEqual("ideas/my.py:Mine", canonical_strategy("./ideas//x/../my.py:Mine"))

    def test_what_is_wrong_is_one_line_with_file_and_class(self) -> None:
        two = self.write("two.py", TWO)
        broken = self.write("broken.py", "\nraise ValueError('no\\nway')\n")
        empty = self.write("empty.py", "")
        for name, *words in (
            (f"{self.folder}/none.py:Mine", "none.py does not exist", "Mine"),
            (f"{self.folder}/brokn.py:Mine", "brokn.py does not exist (did you mean broken.py?)", "Mine"),
            (f"{self.folder}:Mine", "is no python file", "Mine"),
            (f"{self.folder}/two.txt:Mine", "two.txt is no python file", "Mine"),
            (str(two), "two.py has 2 strategies (Mine, Other)", "two.py:ClassName"),
            (str(empty), "empty.py has none", "decide"),
            (f"{two}:Mien", "two.py has no class Mien (did you mean Mine?)", "Mine, Other"),
            (f"{two}:Nothing", "Nothing of", "two.py is not a class with", "decide"),
            (f"{two}:1", "'1' is no name of a class"),
            (f"{broken}:Mine", "ValueError: no way (broken.py:2)", "broken.py:Mine"),
        ):
            with self.subTest(name):
                with self.assertRaises(ConfigurationError) as caught:
                    strategy_class(name)
                for word in words:
                    self.assertIn(word, str(caught.exception))
                self.assertEqual(1, len(str(caught.exception).splitlines()))


class InAConfiguration(StrategyFolder):
    def configured(self, place: str, name: str) -> Path:
        """Return a live.yaml that names a strategy."""
        strategy = {"type": name, "params": {}}
        live = {"exchange": "practice", "symbols": ["BTC/USDT"], "strategy": strategy}
        return write_config(self.folder / place, live)

    def test_the_path_begins_in_its_folder_and_no_identity_holds_where_that_is(self) -> None:
        identities = set()
        for place in ("project", "moved"):
            self.ideas(f"{place}/ideas", 3)
            self.write(f"{place}/ideas/late.py", "NAME = 'the same'\n")
            settings = with_own_strategy(load_settings(self.configured(place, "../ideas/idea.py:Mine")))
            self.assertEqual("the same", build_strategy_of(settings).name)
            self.assertNotIn(str(self.folder), str(settings.resolved()))
            identities.add((strategy_identity_of(settings).sha256, settings.settings_sha256))
        self.assertEqual(1, len(identities))

    def test_a_path_from_the_root_of_the_machine_is_refused(self) -> None:
        live = self.configured("project", f"{self.ideas('here', 3)}:Mine")
        with self.assertRaisesRegex(ConfigurationError, "strategy.type: .*begins at the root of this machine"):
            load_settings(live)

    def test_it_is_found_from_any_working_directory(self) -> None:
        self.ideas("project/config", 3)
        live = self.configured("project", "idea.py")
        self.addCleanup(os.chdir, Path.cwd())
        for place in (self.folder, self.folder / "project", Path("/")):
            os.chdir(place)
            settings = load_settings(os.path.relpath(live))
            self.assertEqual("of project/config", build_strategy_of(settings).name)


if __name__ == "__main__":
    unittest.main()
