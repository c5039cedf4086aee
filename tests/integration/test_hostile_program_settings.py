"""Configurations of programs that are wrong in every field: a line that says what and where, and nothing hangs."""

import contextlib
import io
import json
import os
import tempfile
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path

from backtests.config_backtest import ConfigBacktestRunner, main
from core.errors import ConfigurationError
from live.life.live_command import main as live_main
from tests.support.runs.backtest_runs import run_command
from tests.support.sessions.live_processes import LiveProcess, session_config
from tests.support.waiting import LONG_S

TEXT = 'def decide(market, account, trigger):\n    market.get_indicator(trigger.symbol, "rsi(14)")\n    return None\n'
POOL = {"name": "Low", "all": [{"feature": "rsi(14)", "op": "<", "value": 30}]}
FILE, POOLS, SCHEDULE = "strategy.file: ", "strategy.pools: ", "strategy.schedule: "
A_NUMBER = "allowed: a number above 0 and at most 60"
ROWS: tuple[tuple[dict[str, object], str, str], ...] = (
    ({"file": "programs/none.py"}, FILE, "'programs/none.py' names no file"),
    ({"file": "programs/folder.py"}, FILE, "names no file"),
    ({"file": "programs/pipe.py"}, FILE, "names no file"),
    ({"file": "programs/ring.py"}, FILE, "names no file"),
    ({"file": "programs/endless.py"}, FILE, "names no file"),
    ({"file": "programs/gone.py"}, FILE, "names no file"),
    ({"file": "programs/good.py/x"}, FILE, "names no file"),
    ({"file": "a" * 5000}, FILE, "cannot be looked for (File name too long)"),
    ({"file": "programs/empty.py"}, FILE, "'programs/empty.py' is empty"),
    ({"file": "programs/binary.py"}, FILE, "is no text in UTF-8"),
    ({"file": "programs/zero.py"}, FILE, "is no text"),
    ({"file": "programs/large.py"}, FILE, "more than 131072 bytes — allowed: at most 65536"),
    ({"file": "programs/deep.py"}, FILE, "programs/deep.py:1: syntax: too many nested parentheses"),
    ({"file": "programs/wrong.py"}, FILE, "programs/wrong.py:1: import os: no such module"),
    ({"file": "/etc/passwd"}, FILE, "begins at the root of this machine"),
    *(({"file": one}, FILE, "allowed: the path of a file") for one in ("", "\0", 5, True, 1.5, ["x"], {"x": 1})),
    ({"file": None}, FILE, "is missing"),
    ({"pools": ["none"]}, POOLS, "pool none: there is none"),
    ({"pools": ["folder"]}, POOLS, "folder.yaml: is not a file"),
    ({"pools": ["pipe"]}, POOLS, "pipe.yaml: is not a file"),
    ({"pools": ["ring"]}, POOLS, "ring.yaml: cannot be read"),
    ({"pools": ["endless"]}, POOLS, "endless.yaml: is not a file"),
    ({"pools": ["binary"]}, POOLS, "binary.yaml: line 1 is not UTF-8 text"),
    ({"pools": ["large"]}, POOLS, "large.yaml: is larger than 1,000,000 bytes"),
    ({"pools": ["deep"]}, POOLS, "is nested deeper than 20 levels"),
    ({"pools": ["empty"]}, POOLS, "empty.yaml: the file is empty"),
    ({"pools": ["rows"]}, POOLS, "rows.yaml: holds no keys"),
    ({"pools": ["alias"]}, POOLS, "an alias (*name) is not understood"),
    ({"pools": ["low", "low"]}, POOLS, "pool low stands twice"),
    ({"pools": ["low"] * 101}, POOLS, "allowed: a list of at most 100 ids of pools"),
    *(({"pools": [one]}, POOLS, "is no id of a pool") for one in ("../low", "low.yaml", "LOW", ".", "a" * 3000)),
    *(
        ({"pools": [one]}, "strategy.pools[0]: ", "allowed: printable text")
        for one in ("", " low", "\0", 5, None, ["low"], {})
    ),
    *(({"pools": one}, POOLS, "ids of pools") for one in ("low", 5, True, {"low": 1})),
    ({"pools": []}, POOLS, "nothing wakes the program"),
    *(({"schedule": one}, SCHEDULE, "cannot be understood") for one in ("x", "-1h", "1e9h", "@daily", "1h 4h", "٤h")),
    *(({"schedule": one}, SCHEDULE, "is no length that") for one in ("0h", "1y", "9" * 500 + "h")),
    *(({"schedule": one}, SCHEDULE, "allowed: a length such as") for one in ("", 5, -5, True, [], {}, "0 " * 2000)),
    ({"schedule": "1m"}, SCHEDULE, "wakes every 1m"),
    ({"schedule": "60 * * * *"}, SCHEDULE, "allowed: 0 to 59"),
    ({"schedule": "0 0 31 2 *"}, SCHEDULE, "a day that no month has"),
    ({"schedule": "*/0 * * * *"}, SCHEDULE, "has a step of 0"),
    *(({"halt_after": one}, "strategy.halt_after: ", "allowed: ") for one in (0, -1, 1.5, "5", True, 10**30, [])),
    *(({"call_seconds": one}, "strategy.call_seconds: ", A_NUMBER) for one in (0, -1, 61, "x", True, float("nan"), [])),
    ({"params": 5}, "strategy.params: ", "allowed: a section"),
    ({"params": {"schedule": -1}}, "strategy.schedule: ", "allowed: "),
    ({"decisions": "programs/answers.jsonl"}, "strategy.decisions: ", "stands beside a file"),
    ({"file": None, "decisions": "programs/pipe.jsonl"}, "strategy.decisions: ", "names no file"),
    ({"file": None, "decisions": "programs/binary.jsonl"}, "strategy.decisions: ", "is no text in UTF-8"),
    ({"file": None, "decisions": "programs/deep.jsonl"}, "strategy.decisions: ", "programs/deep.jsonl:1: is no JSON"),
    ({"pool": ["low"]}, "strategy.pool: ", "did you mean pools?"),
    ({"type": "programs"}, "strategy.type: ", "did you mean program?"),
)
NO_FILES = {"pipe": os.mkfifo, "folder": os.mkdir}
ENGINES = ("auto", "reference", "compiled")


class Wrong(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.base = Path(folder.name)
        pools = cls.base / "programs" / "pools"
        pools.mkdir(parents=True)
        binary, deep = bytes([0xFF, 0xFE, 0, 1]) * 50, b"[" * 60_000
        for suffix, place, files in (
            (".py", pools.parent, {"good": TEXT, "large": "# x\n" * 50_000, "wrong": "import os\n" + TEXT,
                                   "zero": TEXT + "\0", "deep": b"x = " + deep}),
            (".yaml", pools, {"low": json.dumps(POOL), "large": "a: 1\n" * 300_000, "rows": "[1]", "deep": deep,
                              "alias": "name: x\nall: &a [*a]\n"}),
            (".jsonl", pools.parent, {"answers": "", "deep": deep}),
        ):  # fmt: skip
            for name, text in {"empty": "", "binary": binary, **files}.items():
                (place / f"{name}{suffix}").write_bytes(text if isinstance(text, bytes) else text.encode())
            for name, make in NO_FILES.items():
                make(place / f"{name}{suffix}")
            (place / f"ring{suffix}").symlink_to(f"ring{suffix}")
            (place / f"endless{suffix}").symlink_to("/dev/zero")
            (place / f"gone{suffix}").symlink_to("nowhere")

    def config(self, **changes: object) -> Path:
        section = {"type": "program", "file": "programs/good.py", "pools": ["low"], **changes}
        return session_config(self.base, live={"symbols": ["BTC/USDT"], "timeframe": "15m", "strategy": section})

    def backtest(self, config: Path, *more: object) -> list[str]:
        return ["--config", str(config), "--start", "2024-01-12", "--end", "2024-01-13", *map(str, more)]

    def assert_told(self, code: object, output: str, errors: str, *expected: str) -> None:
        """Hold a command's end to one line that says all of this, and nothing written."""
        self.assertEqual((2, ""), (code, output), errors)
        lines = errors.splitlines()
        self.assertEqual(1, len(lines), errors)
        self.assertTrue(lines[0].startswith("error: ") and lines[0].isprintable(), errors)
        self.assertLess(len(lines[0]), 2000)
        for part in expected:
            self.assertIn(part, lines[0])
        self.assertEqual([], [one.name for one in self.base.iterdir() if one.name in ("logs", "sessions")])

    def test_every_field_that_is_wrong_is_one_line_of_both_commands(self) -> None:
        for changes, place, expected in ROWS:
            with self.subTest(str(changes)[:80]):
                config = self.config(**changes)
                ended = called(main, self.backtest(config))
                self.assert_told(*ended, f"{config}: {place}", expected)
                self.assertEqual(
                    ended, called(live_main, ["--config", str(config), "--out", str(self.base / "sessions")])
                )

    def test_processes_end_at_once(self) -> None:
        config = self.config(file="programs/pipe.py", pools=["pipe"])
        done = run_command(*self.backtest(config), timeout=LONG_S)
        self.assertEqual((2, ""), (done.returncode, done.stdout))
        self.assertEqual(2, len(done.stderr.splitlines()), done.stderr)
        with LiveProcess(config, None) as process:
            self.assertEqual(2, process.ended())
            self.assertEqual(done.stderr.splitlines(), process.errors)
            self.assertFalse(process.sessions.exists())

    def test_whichever_engine_is_asked_for_the_line_is_the_same_and_a_sound_program_has_but_one(self) -> None:
        wrong, sound = self.config(schedule="-1h"), ["--engine", "compiled", "--quiet"]
        for engine in ENGINES:
            for more in ([], ["--verify-engine"]):
                ended = called(main, self.backtest(wrong, "--engine", engine, *more))
                self.assert_told(*ended, "strategy.schedule: '-1h' cannot be understood")
        self.assert_told(
            *called(main, self.backtest(self.config(), *sound)), "--engine compiled: the strategy is a program"
        )
        code, output, errors = called(main, self.backtest(self.config(), "--engine", "quick"))
        self.assertEqual((2, ""), (code, output))
        self.assertIn("invalid choice: 'quick'", errors)
        with self.assertRaisesRegex(ConfigurationError, "quick"):
            ConfigBacktestRunner(str(self.config()), "2024-01-12", "2024-01-13", engine="quick").run()


def called(command: Callable[[list[str]], int], words: list[str]) -> tuple[object, str, str]:
    """Run a command in this process; return its exit code, its output and its errors."""
    with captured() as (output, errors):
        try:
            code: object = command(words)
        except SystemExit as end:
            code = end.code
    return code, output.getvalue(), errors.getvalue()


@contextlib.contextmanager
def captured() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """Take what is written to both streams."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        yield output, errors


if __name__ == "__main__":
    unittest.main()
