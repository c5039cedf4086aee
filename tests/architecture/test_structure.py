"""The structure that the design page draws: floors, words, sizes, clocks and imports."""

import ast
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KERNEL = ("core", "indicators", "strategies", "risk_management", "execution", "engine")
PACKAGES = (*KERNEL, "metrics", "market_data", "validation", "practice", "reports", "backtests", "live")
LONGEST_KERNEL_FILE = 250


def files_of(*packages: str) -> list[Path]:
    """Return the source files of packages."""
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def imported_names(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


class Structure(unittest.TestCase):
    def test_the_floors_hold(self) -> None:
        done = subprocess.run(
            [Path(sys.executable).parent / "lint-imports", "--no-cache"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(0, done.returncode, done.stdout)

    def test_files_of_the_kernel_are_short(self) -> None:
        for path in files_of(*KERNEL):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            self.assertLessEqual(lines, LONGEST_KERNEL_FILE, path.relative_to(ROOT))

    def test_the_kernel_does_not_know_where_its_candles_come_from(self) -> None:
        words = re.compile(r"\b(live|replay|backtest)\b", re.IGNORECASE)
        for path in files_of(*KERNEL):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                # Names of settings objects and files are not words about the mode.
                bare = re.sub(r"settings\.live\b|live\.(yaml|[a-z_]+)|\blive, mode\b|plan\.settings\.live", "", line)
                with self.subTest(f"{path.relative_to(ROOT)}:{number}"):
                    self.assertIsNone(words.search(bare), line)

    def test_the_kernel_has_no_clock_no_chance_and_no_surroundings(self) -> None:
        banned = {"time", "random", "secrets", "uuid", "asyncio", "threading", "socket"}
        for path in files_of(*KERNEL):
            names = imported_names(path)
            with self.subTest(str(path.relative_to(ROOT))):
                self.assertEqual(set(), {name.split(".")[0] for name in names} & banned)
                if path.name != "safety_monitor.py":
                    self.assertNotRegex(path.read_text(encoding="utf-8"), r"os\.environ|getenv")

    def test_the_ledger_is_typed_without_floats(self) -> None:
        tree = ast.parse((ROOT / "execution" / "money" / "ledger.py").read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            for argument in (*function.args.args, *function.args.kwonlyargs):
                if argument.annotation is not None:
                    self.assertNotRegex(ast.unparse(argument.annotation), r"\b(float|Any)\b", function.name)

    def test_async_lives_in_the_shell_only(self) -> None:
        for path in files_of(*PACKAGES):
            place = path.relative_to(ROOT).as_posix()
            if place.startswith(("market_data/feeds/", "practice/", "live/")):
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found = [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]
            self.assertEqual([], found, place)

    def test_no_file_is_named_like_a_module_of_the_standard_library(self) -> None:
        for path in files_of(*PACKAGES):
            if path.name in ("__init__.py", "__main__.py"):
                continue
            self.assertNotIn(path.stem, sys.stdlib_module_names, path.relative_to(ROOT))

    def test_asserts_are_for_tests(self) -> None:
        for path in files_of(*PACKAGES):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            self.assertFalse(any(isinstance(node, ast.Assert) for node in ast.walk(tree)), path.relative_to(ROOT))

    def test_importing_a_package_loads_no_heavy_library(self) -> None:
        heavy = "{'numpy', 'pandas', 'duckdb', 'pyarrow', 'ccxt', 'pydantic', 'rich', 'aiohttp', 'websockets'}"
        for package in PACKAGES:
            if package == "indicators":
                continue  # Its batch forms are numpy.
            code = f"import sys, {package}; print(sorted({heavy} & set(sys.modules)))"
            done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
            self.assertEqual("[]\n", done.stdout, package)


if __name__ == "__main__":
    unittest.main()
