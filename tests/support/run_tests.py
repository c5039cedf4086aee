"""Runs every test, several folders at once, with XML reports: ``python -m tests.support.run_tests [--output FOLDER]``.

Each folder of tests is a process of its own (``xmlrunner``), those that take long are several, and one more runs than
there are cores, so that tests which wait for sockets and processes do not hold up those that compute. What a process
prints is shown when it is done; the last line counts everything.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

TESTS = Path("tests")
PARTS = {"parity": 4, "integration": 4, "property": 2, "unit/market_data": 1, "contract": 1}
"""Folders that take long, and into how many processes their modules are dealt; they begin first."""

_COUNTS = re.compile(r"^Ran (\d+) tests? in", re.MULTILINE)


class Done(NamedTuple):
    """What became of one folder."""

    name: str
    code: int
    output: str
    seconds: float

    @property
    def tests(self) -> int:
        """How many tests it ran."""
        return sum(int(number) for number in _COUNTS.findall(self.output))


class Part(NamedTuple):
    """Test modules that run in one process; ``name`` is their folder."""

    name: str
    modules: list[str]


def parts() -> list[Part]:
    """Return every test module once, by folders; those that take long first, the first of each folder before the rest.

    ``.`` is the root.
    """
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        found.setdefault(path.parent.relative_to(TESTS).as_posix(), []).append(".".join(path.with_suffix("").parts))
    slow = [
        Part(name, found[name][place :: PARTS[name]])
        for place in range(max(PARTS.values()))
        for name in PARTS
        if place < PARTS[name]
    ]
    return [*slow, *(Part(name, modules) for name, modules in sorted(found.items()) if name not in PARTS)]


def run(part: Part, output: Path) -> Done:
    """Run the modules of one part."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "xmlrunner", "--output", str(output), *part.modules],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Done(part.name, done.returncode, done.stdout, time.monotonic() - begun)


def main() -> int:
    """Run all folders; return 1 if any test failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("test-results"), help="folder of the XML reports")
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    # A job in the background inherits ignored interrupts, and the commands under test would from it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    begun = time.monotonic()
    tests, failed = 0, []
    with ThreadPoolExecutor(max(3, min(5, (os.cpu_count() or 2) + 1))) as pool:
        for future in as_completed([pool.submit(run, part, output) for part in parts()]):
            done = future.result()
            tests += done.tests
            if done.code:
                failed.append(done.name)
            print(f"== tests/{done.name} ({done.seconds:.0f} s)\n{done.output}", flush=True)
    words = f"failed in {', '.join(sorted(set(failed)))}" if failed else "OK"
    print(f"Ran {tests} tests in {time.monotonic() - begun:.0f} s: {words}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
