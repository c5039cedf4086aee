"""Runs every test, several modules at once, with XML reports: ``python -m tests.support.run_tests [--output FOLDER]``.

Each module of tests is a process of its own, forked from this one, which has imported it and whatever the others
needed: nothing is imported twice, and none sees what another did. The program's commands that tests start are forked
from a process that has imported the program (``warm_starts``). Those modules that take longest begin first, and two
more run than there are cores, two for one where they wait, so that tests which wait for sockets and processes do not
hold up those that compute. The last lines count everything, by folder and in all.

A module has passed when its process says so at its end: one that dies, whatever its exit code, one without a test, one
that leaves a thread which does not end, and one that hangs, of which it is said where, have failed.
"""

import argparse
import atexit
import compileall
import contextlib
import ctypes
import faulthandler
import functools
import gc
import importlib
import mmap
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
import types
import unittest
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from tests.support.scale import scaled
from tests.support.warm_starts import LATER, PLACE, Starter, begin_warm

TESTS = Path(__file__).resolve().parents[1]
MEMORY = Path("/dev/shm")
LEAST_BYTES = 4 << 30
"""Room that the tests' folders may take in memory; where there is less they are where the system puts them."""
LONG = dict(
    (*line.split(), "computes")[:2] for line in (TESTS / "support/long_modules.txt").read_text("utf-8").splitlines()
)
"""Modules that take long, about the longest first, and whether it is because they compute or because they wait.

In a fresh checkout the first of all compiles the rules, for a minute: those that need them too begin later, or they
would compile them as well.
"""

HANGS_S = scaled(1_800, 28_800)
ENDS_S = 60.0
"""After so many seconds a module hangs, and the end of its process."""


_LATER = (*LATER, "arch.bootstrap", "xml.dom.minidom", "backtests.result_plot", "research.samplers.learning_sampler")
"""What is imported only where it is needed, by the program and by its tests."""
_MEMORY_KEPT = {-1: 256 << 20, -3: 32 << 20}
"""M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of the C library, where it has them."""


class Running(NamedTuple):
    """A module whose tests are run, where what they print goes, and what its process tells at its end.

    ``told`` is memory of both processes: how many tests were run and skipped, and whether all is well.
    """

    module: str
    printed: IO[bytes]
    told: memoryview
    begun: float

    def fault(self, code: int) -> str:
        """Say why its process, which ended with an exit code, is no success; empty where it is one."""
        tests, skipped, well = self.told
        if code < 0:
            return f"ended by {signal.Signals(-code).name}"
        if code:
            return "failed"
        if not well:
            return "ended before its tests were done"
        return "" if tests or skipped else "has no tests"


class Totals:
    """What became of the modules that are done."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.tests = self.skipped = 0
        self.seconds: Counter[str] = Counter()
        self.computed: Counter[str] = Counter()

    def add(self, one: Running, code: int, computed: float) -> None:
        """Count a module that took ``computed`` seconds of the processor, and print what it printed where it failed."""
        seconds = time.monotonic() - one.begun
        one.printed.seek(0)
        output = one.printed.read().decode(errors="replace")
        one.printed.close()
        tests, skipped, _ = one.told
        self.tests += tests
        self.skipped += skipped
        folder = one.module.rpartition(".")[0] or "."
        self.seconds[folder] += seconds
        self.computed[folder] += computed
        fault = one.fault(code)
        if fault:
            self.failed.append(one.module)
            fault = f", {fault}\n{output}"
        took = f"{tests} tests in {seconds:.1f} s, {computed:.1f} s computing"
        print(f"tests.{one.module}: {took}{fault}", flush=True)


def modules(begin: Sequence[str] = ()) -> list[str]:
    """Return the modules of tests whose names begin so, or all, once each, those that take long first."""
    found = {".".join(path.relative_to(TESTS).with_suffix("").parts) for path in TESTS.rglob("test_*.py")}
    if gone := LONG.keys() - found:
        raise SystemExit(f"tests/support/long_modules.txt names modules that are not there: {', '.join(sorted(gone))}")
    ordered = [*LONG, *sorted(found - LONG.keys())]
    if none := [one for one in begin if not any(f"tests.{name}".startswith(one) for name in ordered)]:
        raise SystemExit(f"no module begins with {', '.join(none)}; allowed: tests.FOLDER, tests.FOLDER.MODULE")
    return [name for name in ordered if not begin or f"tests.{name}".startswith(tuple(begin))]


def weight_of(module: str) -> float:
    """Return how much of a core a module takes."""
    return 0.5 if LONG.get(module) == "waits" else 1.0


def next_of(queue: Sequence[str], room: float) -> str | None:
    """Return the first module for which there is room."""
    return next((one for one in queue if weight_of(one) <= room), None)


def begin(module: str, output: Path, hangs: float) -> tuple[int, Running]:
    """Run a module's tests in a process of its own, which hangs after so many seconds; return its number."""
    # What cannot be imported is told by its own run.
    with contextlib.suppress(Exception, SystemExit):
        importlib.import_module(f"tests.{module}")
    # What is here already is no child's garbage: its collections pass over it.
    gc.freeze()
    printed = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is counted
    one = Running(module, printed, memoryview(mmap.mmap(-1, 24)).cast("q"), time.monotonic())
    process = os.fork()
    if process:
        return process, one
    code = 1
    try:
        for stream in (1, 2):
            os.dup2(printed.fileno(), stream)
        code = _run(one, output, hangs)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _run(one: Running, output: Path, hangs: float) -> int:
    """Run a module's tests and what is to be done at the end of a process; return its exit code.

    The process then ends at once: to take apart what it was forked with would cost more than most modules' tests.
    """
    import xmlrunner

    # Processes that a test spawns begin with the main module of this one: they need nothing of it.
    sys.modules["__main__"] = types.ModuleType("__main__")
    begin_warm()
    faulthandler.dump_traceback_later(hangs, exit=True)
    runner = xmlrunner.XMLTestRunner(output=str(output))
    result = unittest.main(None, argv=["xmlrunner", f"tests.{one.module}"], testRunner=runner, exit=False).result
    faulthandler.dump_traceback_later(min(hangs, ENDS_S), exit=True)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    one.told[:] = memoryview(array("q", (result.testsRun, len(result.skipped), result.wasSuccessful())))
    return int(not result.wasSuccessful())


def _compile_modules() -> None:
    """Compile all modules once, and let no process that a test starts write what it has compiled.

    There are hundreds of them, and to compile what one imports takes longer than most of what they do. One that may
    write little, as on a full disk, would leave half of a compiled module behind, and Python reads it as a whole one.
    """
    for folder in {path.parent for path in Path.cwd().glob("*/__init__.py")}:
        compileall.compile_dir(folder, quiet=2, workers=2)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True


def _write_to_memory() -> None:
    """Let temporary folders be in memory: a journal waits for the disk at every step."""
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK):
        free = os.statvfs(MEMORY)
        if free.f_bavail * free.f_frsize >= LEAST_BYTES:
            os.environ["TMPDIR"] = str(MEMORY)
            tempfile.tempdir = None


def _begin_fast() -> None:
    """Let hundreds of processes need less: no thread for every core, and memory that is given back once.

    A library of linear algebra starts the threads. Memory that a test has given back to the system would be asked for
    again by the next, page by page.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with contextlib.suppress(AttributeError):
        for option, value in _MEMORY_KEPT.items():
            ctypes.CDLL(None).mallopt(option, value)


@functools.cache
def _import_later() -> None:
    """Import what many modules would, each for itself, and make the tables of a store: both take long."""
    for name in _LATER if _has_program() else ():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    if _has_program():
        importlib.import_module("tests.support.studies").empty_store()


def _load_rules() -> bool:
    """Load the compiled rules where one of the tests has compiled them; return whether that was so."""
    if not _has_program():
        return True
    with contextlib.suppress(ImportError):
        if not importlib.import_module("compiled.compiling.sources").is_compiled():
            return False
        importlib.import_module("backtests.many.short_run").make_short_run()
    return True


def _has_program() -> bool:
    return (TESTS.parent / "run_live.py").is_file()


@contextlib.contextmanager
def _starter() -> Iterator[Starter | None]:
    """Begin what starts the program's commands for the tests; None where there is no program."""
    if not _has_program():
        yield None
        return
    # One that removes itself at the end of a process would at that of every module's.
    folder = tempfile.mkdtemp()
    try:
        started = Starter(folder)
        os.environ[PLACE] = started.place
        yield started
    finally:
        shutil.rmtree(folder)


def main() -> int:
    """Run all modules; return 1 if any test failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("test-results"), help="folder of the XML reports")
    parser.add_argument("--hangs", type=float, default=HANGS_S, metavar="SECONDS", help="after which a module is ended")
    parser.add_argument("begin", nargs="*", metavar="MODULE", help="only modules whose names begin so: tests.parity")
    asked = parser.parse_args()
    output = asked.output
    output.mkdir(parents=True, exist_ok=True)
    # A job in the background inherits ignored interrupts, and the commands under test would from it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Libraries count what is left of them at the end.
    atexit.register(gc.unfreeze)
    _compile_modules()
    _write_to_memory()
    _begin_fast()
    with _starter() as started:
        return _run_all(asked.begin, output, asked.hangs, started)


def _run_all(chosen: Sequence[str], output: Path, hangs: float, started: Starter | None) -> int:
    """Run modules whose names begin so, or all; return 1 if any test failed."""
    begun, totals, loaded = time.monotonic(), Totals(), False
    queue, running = modules(chosen), dict[int, Running]()
    room = max(4, min(6, (os.cpu_count() or 2) + 2))
    while queue or running:
        while fitting := next_of(queue, room - sum(weight_of(one.module) for one in running.values())):
            queue.remove(fitting)
            process, one = begin(fitting, output, hangs)
            running[process] = one
        # Those that take longest are under way, and do without.
        _import_later()
        loaded = loaded or _load_rules()
        process, status, used = os.wait4(-1, 0)
        if process not in running:
            raise SystemExit("what starts the program's commands has ended")
        totals.add(running.pop(process), os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime)
    for folder, seconds in sorted(totals.seconds.items()):
        print(f"tests/{folder.replace('.', '/')}: {seconds:.0f} s, {totals.computed[folder]:.0f} s computing")
    if started:
        print(f"commands that were started beside the tests: {started.end():.0f} s computing")
    words = f"failed in {', '.join(sorted(totals.failed))}" if totals.failed else "OK"
    print(f"Ran {totals.tests} tests, {totals.skipped} skipped, in {time.monotonic() - begun:.0f} s: {words}")
    return 1 if totals.failed else 0


if __name__ == "__main__":
    sys.exit(main())
