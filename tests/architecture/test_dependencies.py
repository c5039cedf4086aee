"""What is asked for is locked with hashes, the locks agree, and the page of dependencies names every package."""

import importlib.metadata
import re
import unittest

from tests.architecture.source_tree import PYPROJECT
from tests.support.shared import REPOSITORY

PAGE = REPOSITORY / "docs" / "dependencies.md"
OPTIONAL = {
    name: f"requirements-{name}"
    for name in ("compiled", "charts", "postgres", "research", "cluster", "dashboard", "alerts", "programs")
}
EXTRAS = ("requirements", *OPTIONAL.values(), "requirements-dev", "requirements-tools")
PEERS = "requirements-peers"
"""Programs that are measured beside this one, which uses none of them."""
SECTIONS = (
    "Base",
    "Compiled",
    "Charts",
    "PostgreSQL",
    "Research",
    "Cluster",
    "Dashboard",
    "Alerts",
    "Programs",
    "Tests and checks",
    "Tools",
)

_PIN = re.compile(r"([\w.-]+)==([\w.]+)( ; [^\\]+)?")
_ROW = re.compile(r"^\| ([\w.-]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def normal(name: str) -> str:
    """Return a package's name as the locks write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def asked(extra: str) -> dict[str, str]:
    """Return name -> version of what a file of requirements asks for, and those that it includes."""
    found: dict[str, str] = {}
    for line in (REPOSITORY / f"{extra}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found |= asked(line.removeprefix("-r ").removesuffix(".txt"))
        elif not line.startswith("#"):
            name, version = line.split("==")
            found[normal(name.partition("[")[0])] = version
    return found


def locked(extra: str) -> dict[str, str]:
    """Return name -> version of a lock; any line that is neither a pin nor a hash of one is an error."""
    found: dict[str, str] = {}
    text = (REPOSITORY / f"{extra}.lock").read_text(encoding="utf-8").replace("\\\n", "")
    for line in text.splitlines():
        pin, *hashes = re.split(r"\s+--hash=", line.rstrip())
        match = _PIN.fullmatch(pin.strip())
        if match is None or not hashes or not all(re.fullmatch("sha256:[0-9a-f]{64}", one) for one in hashes):
            raise AssertionError(f"{extra}.lock: {line[:80]!r} is no version with its hashes")
        found[normal(match[1])] = match[2]
    return found


class Locks(unittest.TestCase):
    def test_everything_that_is_asked_for_is_locked_at_that_version(self) -> None:
        for extra in (*EXTRAS, PEERS):
            with self.subTest(extra):
                self.assertLessEqual(asked(extra).items(), locked(extra).items())

    def test_what_is_installed_together_is_one_version(self) -> None:
        together = locked("requirements-dev")
        for extra in ("requirements", *(OPTIONAL[name] for name in OPTIONAL if name != "charts")):
            with self.subTest(extra):
                self.assertLessEqual(locked(extra).items(), together.items())

    def test_the_base_asks_for_nothing_of_the_extras(self) -> None:
        own = {
            "compiled": {"numba", "llvmlite"},
            "postgres": {"psycopg"},
            "research": {"optuna"},
            "cluster": {"dask"},
            "dashboard": {"fastapi", "uvicorn"},
            "alerts": {"apprise"},
            "programs": {"pydantic-monty"},
        }
        for extra, packages in own.items():
            with self.subTest(extra):
                self.assertLessEqual(packages, locked(OPTIONAL[extra]).keys())
                self.assertFalse(packages & locked("requirements").keys())
        extras = PYPROJECT["tool"]["setuptools"]["dynamic"]["optional-dependencies"]
        self.assertEqual({name: {"file": [f"{stem}.txt"]} for name, stem in OPTIONAL.items()}, extras)

    def test_of_the_charts_nothing_but_the_wheel_that_carries_them_is_installed(self) -> None:
        self.assertEqual({"lightweight-charts"}, locked("requirements-charts").keys())
        self.assertFalse({"lightweight-charts", "pywebview"} & locked("requirements-dev").keys())

    def test_make_installs_from_the_locks_alone(self) -> None:
        text = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
        self.assertEqual(1, text.count("pip install"))
        self.assertRegex(text, r"INSTALL := -m pip install .*--require-hashes")
        installed = re.findall(r"-r (\S+)", text)
        self.assertEqual({f"{extra}.lock" for extra in (*EXTRAS, PEERS)}, set(installed))


class PageOfDependencies(unittest.TestCase):
    def setUp(self) -> None:
        parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
        self.sections = {title: _ROW.findall(body) for title, body in zip(parts[1::2], parts[2::2], strict=True)}

    def test_every_locked_package_has_its_line_where_it_is_first_needed_and_no_other_has(self) -> None:
        self.assertEqual(list(SECTIONS), list(self.sections))
        before: set[str] = set()
        for extra, title in zip(EXTRAS, SECTIONS, strict=True):
            with self.subTest(title):
                here = locked(extra).keys() - before
                rows = [name for name, _, _ in self.sections[title] if name != "package"]
                self.assertEqual(sorted(here), rows)
                before |= here

    def test_licences_are_those_that_the_installed_packages_declare(self) -> None:
        compared = 0
        for name, licence, _ in (row for rows in self.sections.values() for row in rows):
            try:
                declared = importlib.metadata.metadata(name).get("License-Expression")
            except importlib.metadata.PackageNotFoundError:
                continue
            if declared:
                compared += 1
                self.assertEqual(declared, licence, name)
        self.assertGreater(compared, 20)


if __name__ == "__main__":
    unittest.main()
