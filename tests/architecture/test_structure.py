"""The structure that the design page draws: floors, words, sizes, clocks and imports."""

import ast
import importlib
import re
import subprocess
import sys
import unittest
from pathlib import Path

from runs.identity.code_version import KERNEL
from strategies.strategy_source import PROGRAM
from tests.architecture.source_tree import PACKAGES, PYPROJECT, files_of, nodes_of, place_of
from tests.support.shared import REPOSITORY

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60
MOST_FILES_OF_A_ROOM = 25
STOPWATCH = "strategies/programs/sandbox/stopwatch.py"
NO_WORDS = re.compile(
    r"(live=)?settings\.(files\.)?live\b|live\.(yaml|[a-z_]+)|\blive, mode\b|plan\.settings\.live|[a-z_]+/[a-z_]+\.py"
    r'|^ +"live",$'
)
"""Names of settings objects and files: no words about where candles come from."""


def imported_names(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it."""
    names: set[str] = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def long_functions(path: Path) -> set[str]:
    """Return the names of a file's functions above the limit, signature and docstring counted."""
    functions = (one for one in nodes_of(path) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
    return {one.name for one in functions if one.end_lineno - one.lineno >= MOST_LINES_OF_A_FUNCTION}


class Structure(unittest.TestCase):
    def test_no_type_is_looked_at_for_the_first_time_where_a_file_is_decoded(self) -> None:
        found = [
            f"{path.relative_to(REPOSITORY)}:{node.lineno}"
            for package in PACKAGES
            for path in files_of(package)
            for node in nodes_of(path)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "decode"
            and any(one.arg == "type" for one in node.keywords)
        ]
        self.assertEqual([], found, "two threads that do so may end the process: docs/developing.md")

    def test_the_floors_hold(self) -> None:
        done = subprocess.run(
            [Path(sys.executable).parent / "lint-imports", "--no-cache"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(0, done.returncode, done.stdout)

    def test_the_list_of_packages_is_that_of_the_floors_and_of_the_disk(self) -> None:
        layers = [one for one in PYPROJECT["tool"]["importlinter"]["contracts"] if one["type"] == "layers"]
        (floors,) = (one for one in layers if "containers" not in one)
        drawn = [package for floor in floors["layers"] for package in floor.split(" | ")]
        self.assertEqual(sorted(PACKAGES), sorted(drawn))
        left_out = {name.rstrip("*") for name in PYPROJECT["tool"]["setuptools"]["packages"]["find"]["exclude"]}
        on_the_disk = {path.parent.name for path in REPOSITORY.glob("*/__init__.py")}
        self.assertEqual(set(PACKAGES), on_the_disk - left_out)
        # Whatever else lies beside them is a user's, and part of what his strategy is made of.
        self.assertEqual(set(PACKAGES), PROGRAM)

    def test_every_folder_of_a_package_is_a_package(self) -> None:
        for folder in {path.parent for path in files_of(*PACKAGES)}:
            self.assertTrue((folder / "__init__.py").is_file(), folder)

    def test_the_distribution_has_every_file_that_its_packages_read(self) -> None:
        data = PYPROJECT["tool"]["setuptools"]["package-data"]
        declared = {path for name, kinds in data.items() for kind in kinds
                    for path in (REPOSITORY / name.replace(".", "/")).glob(kind)}  # fmt: skip
        others = {path for package in PACKAGES for path in (REPOSITORY / package).rglob("*")
                  if path.is_file() and path.parent.name != "__pycache__"}  # fmt: skip
        self.assertEqual(declared, {path for path in others if path.suffix != ".py"})
        for module in PYPROJECT["tool"]["setuptools"]["py-modules"]:
            self.assertTrue((REPOSITORY / f"{module}.py").is_file(), module)

    def test_the_distribution_finds_its_version_and_its_requirements(self) -> None:
        dynamic = PYPROJECT["tool"]["setuptools"]["dynamic"]
        module, _, name = dynamic["version"]["attr"].rpartition(".")
        self.assertRegex(getattr(importlib.import_module(module), name), r"\A\d+\.\d+\.\d+\Z")
        self.assertEqual(sorted(PYPROJECT["project"]["dynamic"]), sorted(dynamic))
        extras = dynamic["optional-dependencies"].values()
        for file in [*dynamic["dependencies"]["file"], *(file for extra in extras for file in extra["file"])]:
            self.assertTrue((REPOSITORY / file).is_file(), file)

    def test_no_file_is_long(self) -> None:
        for path in files_of(*PACKAGES):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            self.assertLessEqual(lines, MOST_LINES_OF_A_FILE, place_of(path))

    def test_a_room_has_no_more_files_than_a_reader_can_hold(self) -> None:
        for folder in {path.parent for path in files_of(*PACKAGES)}:
            modules = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
            self.assertLessEqual(len(modules), MOST_FILES_OF_A_ROOM, place_of(folder))

    def test_no_two_modules_of_a_package_have_one_name_or_differ_by_a_plural(self) -> None:
        for package in PACKAGES:
            names = [path.stem for path in files_of(package) if path.stem not in ("__init__", "__main__")]
            with self.subTest(package):
                self.assertEqual(sorted(set(names)), sorted(names))
                self.assertEqual(set(), {f"{name}s" for name in names} & set(names))

    def test_no_function_is_long(self) -> None:
        for path in files_of(*PACKAGES):
            self.assertEqual(set(), long_functions(path), place_of(path))

    def test_the_kernel_does_not_know_where_its_candles_come_from(self) -> None:
        words = re.compile(r"\b(live|replay|backtest)\b", re.IGNORECASE)
        for path in files_of(*KERNEL):
            lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            found = [(number, line) for number, line in lines if words.search(NO_WORDS.sub("", line))]
            self.assertEqual([], found, place_of(path))

    def test_the_kernel_has_no_clock_no_chance_and_no_surroundings(self) -> None:
        banned = {"time", "random", "secrets", "uuid", "asyncio", "threading", "socket"}
        # A program that does not end is ended by the clock; its answer is then one that may differ.
        for path in (one for one in files_of(*KERNEL) if place_of(one) != STOPWATCH):
            names = imported_names(path)
            with self.subTest(place_of(path)):
                self.assertEqual(set(), {name.split(".")[0] for name in names} & banned)
                if path.name != "safety_monitor.py":
                    self.assertNotRegex(path.read_text(encoding="utf-8"), r"os\.environ|getenv")

    def test_the_ledger_is_typed_without_floats(self) -> None:
        nodes = nodes_of(REPOSITORY / "execution" / "money" / "ledger.py")
        for function in (node for node in nodes if isinstance(node, ast.FunctionDef)):
            for argument in (*function.args.args, *function.args.kwonlyargs):
                if argument.annotation is not None:
                    self.assertNotRegex(ast.unparse(argument.annotation), r"\b(float|Any)\b", function.name)

    def test_async_lives_in_the_shell_only(self) -> None:
        for path in files_of(*PACKAGES):
            place = place_of(path)
            # Beside the shell one generator, which yields the states of a backtest.
            shell = ("market_data/feeds/", "practice/", "live/", "dashboard/", "backtests/player/backtest_engine.py")
            if place.startswith(shell):
                continue
            found = [node for node in nodes_of(path) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]
            self.assertEqual([], found, place)

    def test_no_file_is_named_like_a_module_of_the_standard_library(self) -> None:
        for path in files_of(*PACKAGES):
            if path.name in ("__init__.py", "__main__.py"):
                continue
            self.assertNotIn(path.stem, sys.stdlib_module_names, place_of(path))

    def test_a_length_of_time_and_the_tolerance_stand_once(self) -> None:
        homes = {
            "core/timeframe.py": (60_000, 3_600_000, 86_400_000, 604_800_000),
            "core/tolerance.py": (1e-9, 1.0 + 1e-9, "1e-9", "1.000000001"),
        }
        for path in files_of(*PACKAGES):
            elsewhere = {value for home, values in homes.items() if place_of(path) != home for value in values}
            constants = (one for one in nodes_of(path) if isinstance(one, ast.Constant))
            found = [(one.lineno, one.value) for one in constants if one.value in elsewhere]
            self.assertEqual([], found, place_of(path))

    def test_asserts_are_for_tests(self) -> None:
        for path in files_of(*PACKAGES):
            self.assertFalse(any(isinstance(node, ast.Assert) for node in nodes_of(path)), place_of(path))

    def test_importing_a_package_loads_no_heavy_library(self) -> None:
        heavy = "{'numpy', 'pandas', 'duckdb', 'pyarrow', 'ccxt', 'pydantic', 'rich', 'aiohttp', 'websockets'}"
        for package in PACKAGES:
            if package == "indicators":
                continue  # Its batch forms are numpy.
            code = f"import sys, {package}; print(sorted({heavy} & set(sys.modules)))"
            done = subprocess.run(
                [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
            )
            self.assertEqual("[]\n", done.stdout, package)


if __name__ == "__main__":
    unittest.main()
