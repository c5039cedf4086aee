"""Of several processes that need the same rules at once, one compiles them."""

import fcntl
import importlib.util
import sys
import unittest
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from numba import int64
from numba.core.registry import CPUDispatcher

from compiled.compiling.parts import Whole, whole
from tests.support.waiting import wait_until

DOUBLED = "def doubled(number):\n    return 2 * number\n"
FORKS = get_context("fork")


def tell(connection: Connection, made: Whole) -> None:
    """Tell what another process waits for; one that fails closes the connection."""
    with connection:
        connection.send(counted(made))


def counted(made: Whole) -> tuple[int, int, int]:
    """Call a rule; return what it gives, how often it was read and how often compiled."""
    result = made(21)
    return result, sum(made.stats.cache_hits.values()), sum(made.stats.cache_misses.values())


class CompiledOnce(unittest.TestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        file = Path(folder.name) / "doubling.py"
        file.write_text(DOUBLED)
        spec = importlib.util.spec_from_file_location("doubling", file)
        module = importlib.util.module_from_spec(spec)
        sys.modules["doubling"] = module
        self.addCleanup(sys.modules.pop, "doubling")
        spec.loader.exec_module(module)
        self.folder, self.made = file.parent / "__pycache__", whole(module.doubled, kept=True)

    def test_a_process_waits_for_the_one_that_compiles_and_reads_what_it_has_kept(self) -> None:
        answers, theirs = FORKS.Pipe()
        other = FORKS.Process(target=tell, args=(theirs, self.made))
        with self.made.kept.held():
            other.start()
            theirs.close()
            self.addCleanup(other.join)
            self.addCleanup(other.kill)
            wait_until(lambda: answers.poll() or waits_for_a_lock(other.pid), "the other process does nothing")
            self.assertFalse(answers.poll(), "it has not waited")
            self.assertEqual([], list(self.folder.glob("*.nbi")))
            CPUDispatcher.compile(self.made, (int64,))
        self.assertEqual((42, 1, 0), answers.recv())

    def test_what_was_left_by_a_process_that_ended_is_no_obstacle(self) -> None:
        with self.made.kept.held():
            pass
        (lock,) = self.folder.glob("*.lock")
        self.assertEqual((42, 0, 1), counted(self.made))
        with lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def test_where_no_lock_can_be_each_compiles(self) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / f"{self.made.kept._impl.filename_base}.lock").mkdir()
        self.assertEqual((42, 0, 1), counted(self.made))


def waits_for_a_lock(process: int | None) -> bool:
    """Whether a process waits until another lets go of a file."""
    waiting = (line.split() for line in Path("/proc/locks").read_text().splitlines() if "->" in line)
    return any(str(process) in words for words in waiting)


if __name__ == "__main__":
    unittest.main()
