"""What a hostile program may try: each trick is contained, and what runs programs goes on."""

import itertools
import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

import msgspec
import pydantic_monty

from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.sandbox.sandbox import CallAnswer
from strategies.programs.sandbox.worker import Session, Worker
from tests.support.program_tricks import ESCAPED, SLOW, TRICKS
from tests.support.programs import Bench, given, program

LIMITS = ProgramLimits(
    call_seconds=5,
    memory_mb=8,
    output_bytes=2000,
    printed_bytes=1000,
    recursion=100,
    host_calls=20,
    state_bytes=2000,
)
GOOD = program('return Decision("buy", size=0.5, stop=market.get_klines(trigger.symbol, "1h")[-1]["low"])')


class Escapes(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.bench = Bench(LIMITS)
        cls.addClassCleanup(cls.bench.worker.end)

    def assert_contained(self, answer: CallAnswer, kind: str) -> None:
        """Hold an answer to a kind of problem of one printable line, and to nothing bought."""
        self.assertIsNone(answer.decision)
        self.assertEqual({}, answer.memory)
        self.assertEqual(kind, answer.problem.kind, answer.problem)
        self.assertTrue(answer.problem.text.isprintable())
        self.assertLessEqual(len(answer.problem.text), 400)
        self.assertNotRegex(answer.problem.text, r"0x[0-9a-f]|/(root|home|work|tmp|usr)\b")

    def test_sixty_tricks_and_more_are_contained_and_end_the_same_each_time(self) -> None:
        self.assertGreaterEqual(len({trick.text for trick in (*TRICKS, *SLOW)}), 60)
        self.assertEqual(len(TRICKS), len({trick.name for trick in TRICKS}))
        pid = self.pid()
        for trick in TRICKS:
            with self.subTest(trick.name):
                first, second = self.bench.calls(trick.text, given(), given())
                self.assert_contained(first, trick.kind)
                self.assertEqual(first, second)
        self.assert_works()
        self.assertEqual(pid, self.pid(), "a trick has ended the process")
        self.assertFalse(Path("/tmp/escaped").exists())

    def test_the_interpreter_contains_them_where_no_check_has_looked(self) -> None:
        for trick in TRICKS:
            if trick.raw is not None:
                with self.subTest(trick.name):
                    (answer,) = self.bench.calls(trick.text, given(), checked=False)
                    decision = answer.decision or {}
                    self.assertNotEqual("escaped", decision.get("reason"), trick.text)
                    self.assertIn(answer.problem.kind, ("error", "syntax", "limit", "refused"))
        self.assert_works()
        self.assertFalse(Path("/tmp/escaped").exists())

    def test_the_clock_stands_and_chance_is_the_same_where_no_check_has_looked(self) -> None:
        text = program(
            "import time, random",
            "from datetime import datetime, date",
            "time.sleep(1000)",
            "now = [str(datetime.now()), str(date.today()), time.time(), time.perf_counter(), time.process_time()]",
            "return {'action': [*now, random.random(), random.Random().random()]}",
        )
        (first,) = self.bench.calls(text, given(), checked=False)
        self.bench.worker.end()
        (second,) = self.bench.calls(text, given(), checked=False)
        self.assertEqual(
            ["1970-01-01 00:00:00", "1970-01-01", 0.0, 0.0, 0.0], first.decision["action"][:5], first.problem
        )
        self.assertEqual(first, second)

    def test_what_never_ends_is_ended_and_the_next_program_runs(self) -> None:
        bench = Bench(msgspec.structs.replace(LIMITS, call_seconds=0.04))
        self.addCleanup(bench.worker.end)
        for trick in SLOW:
            with self.subTest(trick.name):
                (answer,) = bench.calls(trick.text, given())
                self.assert_contained(answer, trick.kind)
                if trick.kind == "machine":
                    self.assertEqual("time: the call took more than 0.04 s of processor time", answer.problem.text)
                self.assertIsNone(bench.calls(program("return None"), given())[0].problem)

    def test_a_text_that_never_ends_at_its_top_is_read_no_more_once_it_has_had_its_time(self) -> None:
        bench = Bench(ProgramLimits(call_seconds=0.01, memory_mb=64))
        self.addCleanup(bench.worker.end)
        text = ProgramText.of("while True:\n    pass\n" + GOOD)
        answers = []
        with bench.opened(text) as calling, patch.object(bench.worker, "session", wraps=bench.worker.session) as begun:
            # How much of a busy processor it has had is for the test to say.
            for told, tries in ((None, 1), (0.039, 2), (0.041, 3), (0.041, 3)):
                clock = itertools.cycle((None, None) if told is None else (7.0, 7.0 + told))
                with patch.object(Session, "processor_seconds", lambda self, clock=clock: next(clock)):
                    answers.append(calling.call(given()))
                self.assertEqual(tries, begun.call_count, told)
        self.assert_contained(answers[0], "machine")
        self.assertEqual("time: the call took more than 0.01 s of processor time", answers[0].problem.text)
        self.assertEqual([answers[0]] * 4, answers)

    def test_an_interpreter_that_does_not_notice_its_time_is_killed_and_another_goes_on(self) -> None:
        bench = Bench(ProgramLimits(call_seconds=0.04, memory_mb=64))
        self.addCleanup(bench.worker.end)
        with bench.worker.session(None, 5) as session:
            process = Path(f"/proc/{session._session.worker_pid}")
        text = program("x = 7", "for i in range(40):", "    x = x * x", ESCAPED)
        (answer,) = bench.calls(text, given())
        self.assert_contained(answer, "machine")
        self.assertFalse(process.exists())
        self.assertIsNone(bench.calls(GOOD, given())[0].problem)

    def test_memory_of_which_the_interpreter_loses_count_ends_the_process_the_same_way_each_time(self) -> None:
        text = program("import re", "re.match('((((a{0,99}){0,99}){0,99}){0,99}){0,99}', 'a')", ESCAPED)
        first, second = self.bench.calls(text, given(), given())
        self.assert_contained(first, "limit")
        self.assertEqual(first, second)
        self.assert_works()

    def assert_works(self) -> None:
        """Hold the worker to a good program's answer."""
        (answer,) = self.bench.calls(GOOD, given())
        self.assertIsNone(answer.problem)
        self.assertEqual(("buy", 0.5, 148.25), tuple(answer.decision[key] for key in ("action", "size", "stop")))

    def pid(self) -> int:
        """Return the process of the worker."""
        with self.bench.worker.session(None, 5) as session:
            return session._session.worker_pid


@unittest.skipUnless(Path("/proc/self/limits").exists(), "the system does not show the limits of a process")
class LimitsOfTheProcess(unittest.TestCase):
    def setUp(self) -> None:
        self.worker = Worker(ProgramLimits(memory_mb=1))
        self.addCleanup(self.worker.end)

    def test_the_system_holds_the_process_to_memory_and_time_and_it_has_no_environment(self) -> None:
        with self.worker.session(None, 5) as session:
            process = Path(f"/proc/{session._session.worker_pid}")
            lines = (process / "limits").read_text().splitlines()[1:]
            limits = {line[:25].strip(): line[26:46].strip() for line in lines}
            self.assertEqual(str(257 * 1024 * 1024), limits["Max address space"])
            self.assertLess(int(limits["Max cpu time"]), 10_000)
            self.assertEqual(("0", "0"), (limits["Max file size"], limits["Max core file size"]))
            self.assertEqual(b"", (process / "environ").read_bytes())
            self.assertEqual("/dev/null", str((process / "fd" / "2").readlink()))

    def test_memory_that_the_interpreter_does_not_refuse_the_system_does(self) -> None:
        pool = self.worker._opened()
        grows = "x = []\nwhile True:\n    x.append('a' * 1_000_000)"
        with self.assertRaises(pydantic_monty.MontyError), pool.checkout() as session:
            session.feed_run(grows)

    def test_an_ended_worker_leaves_neither_process_nor_files(self) -> None:
        with self.worker.session(None, 5) as session:
            process = Path(f"/proc/{session._session.worker_pid}")
            (script,) = [one for one in map(Path, (process / "cmdline").read_text().split("\0")) if one.is_absolute()]
        self.assertTrue(process.exists())
        self.worker.end()
        self.worker.end()
        self.assertFalse(process.exists())
        self.assertTrue(script.exists(), "the interpreter itself stays")

    @unittest.skipUnless(sys.platform == "linux", "what starts the interpreter is kept in memory on Linux alone")
    def test_nothing_is_left_of_it_however_this_process_ends_for_it_makes_no_file(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        before = len(list(Path("/proc/self/fd").iterdir()))
        with patch.object(tempfile, "tempdir", folder), self.worker.session(None, 5):
            self.assertEqual([], list(Path(folder).iterdir()))
        self.worker.end()
        self.assertEqual(before, len(list(Path("/proc/self/fd").iterdir())))

    @unittest.skipUnless(sys.platform == "linux", "what starts the interpreter is kept in memory on Linux alone")
    def test_where_memory_is_not_to_be_run_a_file_stands_in_and_is_gone_at_the_end(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        refusing = patch.object(os, "memfd_create", side_effect=PermissionError)
        with refusing, patch.object(tempfile, "tempdir", folder), self.worker.session(None, 5) as session:
            self.assertEqual(1, len(list(Path(folder).iterdir())))
            self.assertEqual(b"", Path(f"/proc/{session._session.worker_pid}/environ").read_bytes())
        self.worker.end()
        self.assertEqual([], list(Path(folder).iterdir()))


if __name__ == "__main__":
    unittest.main()
