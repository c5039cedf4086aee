"""What a hostile program may try: each trick is contained, and what runs programs goes on."""

import os
import sys
import tempfile
import unittest
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import msgspec
import pydantic_monty

from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.sandbox import CallAnswer
from strategies.programs.sandbox.worker import Worker
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
ESCAPED = 'return Decision("buy", reason="escaped")'


class Trick(NamedTuple):
    """A program that buys if it escapes: the kind of problem that it ends with, "" where it only comes to nothing.

    ``raw`` is what it ends with where its text is run without having been checked, if that is of another kind.
    """

    name: str
    kind: str
    text: str
    raw: str | None = None


def walk(name: str, *lines: str) -> Trick:
    """Return a trick that the check refuses, and at which the interpreter raises."""
    return Trick(name, "syntax", program(*lines, ESCAPED), "error")


def bomb(name: str, kind: str, *lines: str) -> Trick:
    """Return a trick that passes the check and meets a limit."""
    return Trick(name, kind, program(*lines, ESCAPED))


TRICKS = (
    # Walks to the built-in names and to the classes of everything.
    walk("class of a tuple", "x = ().__class__.__bases__[0].__subclasses__()"),
    walk("order of a list's classes", "x = [].__class__.__mro__[1]"),
    walk("class of a class", "class A:", "    pass", "x = A.__class__.__subclasses__(A)"),
    walk("base of the decision", "x = Decision.__base__.__subclasses__()"),
    walk("globals of a function", "x = decide.__globals__['__builtins__']"),
    walk("globals of a method", "x = market.get_klines.__func__.__globals__"),
    walk("code of a function", "x = decide.__code__.co_consts"),
    walk("closure of a function", "x = decide.__closure__[0].cell_contents"),
    walk("defaults of a function", "x = decide.__defaults__[0]"),
    walk("built-ins by name", "x = __builtins__['open']"),
    walk("module of built-ins", "import builtins", "builtins.open('/etc/passwd')"),
    walk("import by function", "x = __import__('os').listdir('/')"),
    walk("import by library", "import importlib", "importlib.import_module('os').listdir('/')"),
    walk("loader of a module", "import math", "x = math.__loader__.load_module('os').listdir('/')"),
    walk("spec of a module", "import math", "x = math.__spec__.loader"),
    walk("dict of an object", "x = market.__dict__['_given']"),
    walk("method of a number", "x = (1).__class__.__init__.__globals__"),
    walk("globals()", "x = globals()['__builtins__']"),
    walk("vars()", "x = vars(market)['x']"),
    walk("getattr with a joined name", "x = getattr((), '__cl' + 'ass__').__bases__"),
    walk("getattr with a default", "x = getattr(decide, '__glob' + 'als__')['x']"),
    walk("subclass hook", "class A(Decision):", "    pass"),
    walk("metaclass", "class A(metaclass=type):", "    pass"),
    walk("a reducing object", "class A:", "    pass", "x = A().__reduce_ex__(2)[0].__globals__"),
    # Text that becomes code or attributes.
    walk("eval", "x = eval('().__class__')"),
    walk("exec", "exec('import os\\nos.listdir(\"/\")')"),
    walk("compile", "x = compile('1', 'x', 'eval').co_consts"),
    Trick(
        "a format that walks",
        "error",
        program("x = '{0.__class__.__mro__}'.format(market)", ESCAPED),
    ),
    Trick("a format of a method", "error", program("x = '{0.get_klines.__globals__}'.format(market)", ESCAPED)),
    Trick("a format by mapping", "error", program("x = '{m.__init__}'.format(m=account)", "x.x", ESCAPED)),
    walk("an f-string that walks", "x = f'{().__class__.__bases__}'"),
    # Frames of generators, coroutines and exceptions.
    walk("a generator's frame", "def g():", "    yield 1", "x = g().gi_frame.f_back.f_globals"),
    Trick("a comprehension's frame", "error", program("x = (i for i in [1]).gi_frame.f_back", ESCAPED)),
    walk("a coroutine's frame", "async def f():", "    return 1", "x = f().cr_frame.f_globals"),
    walk("an exception's traceback", "try:", "    1 / 0", "except Exception as e:", "    e.__traceback__.tb_frame"),
    walk("an exception's cause", "try:", "    1 / 0", "except Exception as e:", "    e.__context__.tb_frame"),
    walk("the frames of the interpreter", "import sys", "sys._getframe(1).f_globals"),
    walk("the inspection of frames", "import inspect", "inspect.stack()[0].frame.f_globals"),
    # Names that look like others.
    walk("wide letters", "x = ｅｖａｌ('().__class__')"),
    walk("wide underscores of an attribute", "x = ()._＿class_＿.__bases__"),
    walk("mathematical letters", "x = 𝒆𝒙𝒆𝒄('import os')", "x.x"),
    walk("a name of the harness", "x = _harness_serve('get_klines', '[1]')"),
    walk("a wide name of the harness", "x = _ｈａｒｎｅｓｓ_serve('get_klines', '[1]')"),
    walk("the harness's own data", "x = market._harness_given['x']"),
    # The machine: files, network, processes, clock, chance, memory of others.
    walk("open a file", "x = open('/etc/passwd').read()"),
    walk("write a file", "open('/tmp/escaped', 'w').write('x')"),
    walk("a path", "from pathlib import Path", "x = Path('/etc/passwd').read_text()"),
    walk("the folder", "import os", "x = os.listdir('/')"),
    walk("the environment", "import os", "x = os.environ['PATH']"),
    walk("a shell", "import os", "os.system('touch /tmp/escaped')"),
    walk("a process", "import subprocess", "subprocess.run(['touch', '/tmp/escaped'])"),
    walk("a socket", "import socket", "socket.create_connection(('127.0.0.1', 80))"),
    walk("a web page", "import urllib.request", "urllib.request.urlopen('http://127.0.0.1')"),
    walk("a thread", "import threading", "threading.Thread(target=decide).start()"),
    walk("foreign code", "import ctypes", "ctypes.string_at(0)"),
    walk("unpickling", "import pickle", "pickle.loads(b'cos\\nsystem\\n.')"),
    walk("garbage", "import gc", "x = gc.get_objects()"),
    walk("input", "x = input()"),
    walk("the debugger", "breakpoint()"),
    Trick("an exit", "error", program("raise SystemExit(3)")),
    Trick("an interrupt", "error", program("raise KeyboardInterrupt()")),
    # Bombs.
    bomb("a huge integer", "limit", "x = 1 << (1 << 40)"),
    bomb("a power", "limit", "x = 10 ** (10 ** 9)"),
    bomb("a huge text", "limit", "x = 'a' * 10 ** 10"),
    bomb("a huge list", "limit", "x = [0] * 10 ** 10"),
    bomb("a wide format", "limit", "x = f'{1:>9999999999}'"),
    bomb("a padded text", "limit", "x = 'a'.ljust(10 ** 10)"),
    bomb("a replaced text", "limit", "x = ('a' * 10 ** 4).replace('a', 'b' * 10 ** 5)"),
    bomb("growing memory", "limit", "x = []", "while True:", "    x.append('a' * 1000)"),
    bomb("memory that is caught", "limit", "try:", "    x = [0] * 10 ** 10", "except MemoryError:", "    pass"),
    bomb("doubling", "limit", "x = ['a']", "while True:", "    x = x + x"),
    bomb("all permutations", "limit", "import itertools", "x = list(itertools.permutations(range(20)))"),
    bomb("endless counting", "limit", "import itertools", "x = list(itertools.count())"),
    bomb("recursion", "limit", "decide(market, account, trigger)"),
    bomb("recursion of two", "limit", "def f(n):", "    return g(n)", "def g(n):", "    return f(n)", "f(1)"),
    bomb("digits", "error", "x = int('9' * 100000)"),
    bomb("a deep JSON text", "error", "import json", "x = json.loads('[' * 100000)"),
    bomb("a ring as JSON", "error", "import json", "x = []", "x.append(x)", "json.dumps(x)"),
    bomb("reads without end", "refused", "while True:", "    try:", "        market.get_flow('a', 'b')",
         "    except LookupError:", "        pass"),
    # Results that are hostile.
    Trick("a function as decision", "nonsense", program("return decide")),
    Trick("a class as decision", "nonsense", program("return Decision")),
    Trick("a ring as decision", "nonsense", program("x = {'action': 'buy'}", "x['reason'] = x", "return x")),
    Trick("a deep list as decision", "nonsense", program("x = []", "for i in range(5000):", "    x = [x]", "return x")),
    Trick("a huge decision", "limit", program("return {'action': 'hold', 'reason': 'a' * 100000}")),
    Trick("a shared list as decision", "limit", program("x = [1] * 99", "y = [x] * 99", "return [y] * 9")),
    Trick("bytes as decision", "nonsense", program("return {'action': b'buy'}")),
    Trick("a decision with objects", "nonsense", program("return Decision('buy', reason=market)")),
    Trick("a memory with functions", "nonsense", program("memory['x'] = decide")),
    Trick("a huge memory", "limit", program("memory['x'] = 'a' * 100000")),
    Trick("a memory that is none", "nonsense", program("global memory", "memory = [1]")),
    Trick("a memory with no number", "nonsense", program("memory['x'] = float('inf')")),
    # Other meanings for what the harness uses.
    Trick(
        "another Decision",
        "nonsense",
        "class Decision:\n    def __init__(self, action, reason):\n        self.action = 'buy'\n" + program(ESCAPED),
    ),
    Trick(
        "another len and another type",
        "limit",
        "def len(x):\n    return 1\ndef isinstance(x, y):\n    return True\n"
        + program("return {'action': 'hold', 'reason': 'a' * 100000}"),
    ),
    Trick("other errors", "nonsense", "TypeError = ValueError = RecursionError = 3\n" + program("return decide")),
    Trick(
        "another method of the market",
        "error",
        program("Market.get_klines = lambda self, symbol: 1 / 0", "market.get_klines('x')", ESCAPED),
    ),
)  # fmt: skip

SLOW = (
    bomb("a print without end", "limit", "while True:", "    print('a' * 100)"),
    bomb("a loop", "machine", "while True:", "    pass"),
    bomb("a loop that is caught", "machine", "while True:", "    try:", "        while True:", "            pass",
         "    except BaseException:", "        pass"),
    bomb("a sum", "machine", "sum(range(10 ** 12))"),
    bomb("a greatest number", "machine", "max(range(10 ** 12))"),
)  # fmt: skip
"""What only its time ends."""

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
