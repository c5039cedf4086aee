"""Runs every test, several folders at once, with XML reports: ``python -m tests.support.run_tests [--output FOLDER]``.

Each folder of tests is a process of its own (``xmlrunner``), so that tests which wait for sockets and processes do not
hold up those that compute. What a folder prints is shown when it is done; the last line counts everything.
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
LONGEST_FIRST = ("parity", "integration", "property", "unit/market_data", "unit/live", "unit/practice")
"""Folders that take long; they begin first."""

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


def folders() -> list[str]:
    """Return every folder that holds test modules itself, those that take long first; ``.`` is the root."""
    found = {path.parent.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")}
    slow = [name for name in LONGEST_FIRST if name in found]
    return [*slow, *sorted(found - set(slow))]


def run(name: str, output: Path) -> Done:
    """Run the test modules of one folder."""
    modules = sorted((TESTS / name).glob("test_*.py"))
    dotted = [".".join(module.with_suffix("").parts) for module in modules]
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "xmlrunner", "--output", str(output), *dotted],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Done(name, done.returncode, done.stdout, time.monotonic() - begun)


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
    with ThreadPoolExecutor(max(2, min(4, os.cpu_count() or 2))) as pool:
        for future in as_completed([pool.submit(run, name, output) for name in folders()]):
            done = future.result()
            tests += done.tests
            if done.code:
                failed.append(done.name)
            print(f"== tests/{done.name} ({done.seconds:.0f} s)\n{done.output}", flush=True)
    words = f"failed in {', '.join(sorted(failed))}" if failed else "OK"
    print(f"Ran {tests} tests in {time.monotonic() - begun:.0f} s: {words}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
