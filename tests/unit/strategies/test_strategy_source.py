"""A strategy of one's own is told by its files, and is loaded as they are."""

import hashlib
import importlib
import os
import sys
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from strategies import strategy_source
from strategies.strategy_registry import build_strategy, strategy_identity
from strategies.strategy_source import own_files

KIND = "trial_strategy:Trial"
STRATEGY = """
import json
import numpy
from trial_package import sizes
from trial_folder import parts
from core.candle import Candle


class Trial:
    warmup_candles = {warmup}

    def __init__(self, config):
        from trial_lazy import NAME
        self.name = NAME

    def stream(self, symbol): ...
"""


class StrategySource(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.write("trial_strategy.py", STRATEGY.format(warmup=3))
        self.write("trial_package/__init__.py", "")
        self.write("trial_package/sizes.py", "from . import steps\n")
        self.write("trial_package/steps.py", "STEP = 1\n")
        self.write("trial_folder/parts.py", "PARTS = 2\n")  # A folder without a file of its own is a package too.
        self.write("trial_lazy.py", "NAME = 'one'\n")
        sys.path.insert(0, str(self.folder))
        self.addCleanup(sys.path.remove, str(self.folder))
        self.addCleanup(self.forget)

    def forget(self) -> None:
        for name in [name for name in sys.modules if name.startswith("trial_")]:
            del sys.modules[name]
        strategy_source._loaded.pop("trial_strategy", None)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        os.utime(path, (1_700_000_000, 1_700_000_000))  # Every edit within one second: no time stamp tells of it.

    def identity(self, **params: object) -> tuple[str, dict[str, str]]:
        return strategy_identity(KIND, params)

    def test_its_module_and_what_it_imports_of_its_own_are_hashed(self) -> None:
        _, files = self.identity()
        package = [f"trial_package/{name}.py" for name in ("__init__", "sizes", "steps")]
        self.assertEqual(["trial_folder/parts.py", "trial_lazy.py", *package, "trial_strategy.py"], list(files))
        for name, found in files.items():
            self.assertEqual(hashlib.sha256((self.folder / name).read_bytes()).hexdigest(), found)

    def test_an_edited_file_is_loaded_anew_and_changes_the_hash(self) -> None:
        first = build_strategy(KIND, {})
        before = self.identity()
        self.write("trial_strategy.py", STRATEGY.format(warmup=4))
        self.assertEqual(before, self.identity(), "what runs is what was loaded")
        self.assertEqual((3, 4), (first.warmup_candles, build_strategy(KIND, {}).warmup_candles))
        after = self.identity()
        self.assertNotEqual(before[0], after[0])
        self.assertEqual({"trial_strategy.py"}, {name for name in after[1] if after[1][name] != before[1][name]})

    def test_an_edited_import_is_loaded_anew_too(self) -> None:
        self.assertEqual("one", build_strategy(KIND, {}).name)
        self.write("trial_lazy.py", "NAME = 'two'\n")
        self.assertEqual("two", build_strategy(KIND, {}).name)

    def test_a_module_that_others_imported_before_an_edit_is_not_the_old_one(self) -> None:
        importlib.import_module("trial_strategy")
        self.write("trial_strategy.py", STRATEGY.format(warmup=40))
        self.assertEqual(40, build_strategy(KIND, {}).warmup_candles)

    def test_a_class_that_is_unchanged_stays_the_same(self) -> None:
        self.assertIs(type(build_strategy(KIND, {})), type(build_strategy(KIND, {})))

    def test_its_files_are_searched_for_again_where_that_would_find_others_and_not_otherwise(self) -> None:
        importing = STRATEGY.replace("import json", "import trial_more").format(warmup=3)
        changes: tuple[Callable[[], object], ...] = (
            lambda: self.write("trial_more.py", ""),
            lambda: self.write("trial_package/steps/__init__.py", ""),
            lambda: self.write("trial_more/__init__.py", ""),
            lambda: self.write("first/trial_lazy.py", "NAME = 'first'\n"),
            (self.folder / "first" / "trial_lazy.py").unlink,
            lambda: sys.path.insert(0, str(self.folder / "second")),
            lambda: (self.folder / "trial_folder").rename(self.folder / "trial_another"),
        )
        for name in ("second/trial_lazy.py", "first/empty.py"):
            self.write(name, "NAME = 'else'\n")
        self.enterContext(patch.object(sys, "path", [str(self.folder / "first"), *sys.path]))
        self.write("trial_strategy.py", importing)
        for number, change in enumerate(changes):
            before = own_files("trial_strategy")
            with patch.object(importlib, "invalidate_caches", side_effect=AssertionError):
                self.assertEqual(before, own_files("trial_strategy"))
            change()
            after = own_files("trial_strategy")
            strategy_source._found.clear()
            with self.subTest(number):
                self.assertEqual(own_files("trial_strategy"), after)
                self.assertNotEqual(before, after)

    def test_parameters_are_part_of_it_and_a_registered_strategy_has_no_files(self) -> None:
        self.assertNotEqual(self.identity(a=1)[0], self.identity(a=2)[0])
        registered = strategy_identity("scalping_ema_rsi", {})
        self.assertEqual({}, registered.files)
        self.assertNotEqual(registered.sha256, strategy_identity("scalping_ema_rsi", {"ema_fast": 2}).sha256)


if __name__ == "__main__":
    unittest.main()
