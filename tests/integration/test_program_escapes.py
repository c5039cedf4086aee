"""The tricks of hostile programs in each way that a text can come in: each is contained, and nothing is left behind."""

import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from core.instants import parse_instant as at_ms
from programs.__main__ import main
from tests.support.program_tricks import AT_THE_TOP, ESCAPED, REFUSED, TRIED, Trick
from tests.support.runs.tried_tricks import (
    BY_POOL,
    CALLS,
    POOLS,
    REFUSED_TEXT,
    by_time,
    expected,
    nothing_left,
    text_of,
    told_problem,
)
from tests.support.sessions.live_sessions import run_live
from tests.support.shared import REPOSITORY
from tests.support.times import MINUTE_MS

OF_15_MINUTES = 15 * MINUTE_MS
DAY = ("--symbols", "BTC/USDT", "--start", "2024-01-03")
GOOD_AFTER = ["1 + 1", "len(market.get_klines(trigger.symbol))", "memory"]

ESCAPES = r'"\u001b]0;title\u0007\u001b[2J", "\ud800", "\u202e"'
HOSTILE = (
    *(json.dumps({"action": one.text}) for one in TRIED[:6]),
    *(json.dumps({"action": "buy", "symbol": one.text}) for one in TRIED[:6]),
    *(f'{{"action": "buy", "stop": 1, "{key}": {value}}}' for key, value in (
        ("size", "1e999"), ("size", "NaN"), ("size", "-Infinity"), ("size", "9" * 4000), ("size", '"1"'),
        ("stop_distance", "-1e-320"), ("leverage", "1e400"), ("targets", "[[[]]]"), ("targets", '{"a": 1}'),
        ("reason", "[" * 500 + "]" * 500), ("__class__", "1"), ("quote", "true"),
    )),
    '"buy"', "[" * 400 + "]" * 400, "1e999", "NaN", '{"action": "\\u001b]0;title\\u0007"}', '{"\\ud800": 1}',
)  # fmt: skip
"""Decisions that are none, as a file may have them, of a reader that takes what is no JSON too."""


class EveryMode(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.expected = expected()

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.addCleanup(os.chdir, Path.cwd())
        os.chdir(self.folder)
        shutil.copytree(REPOSITORY / "config", "config")
        self.said = self.enterContext(nothing_left(self, self.folder))

    def called(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        """Return exit code, output and errors of a command."""
        out, wrong = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(wrong),
            patch.object(sys, "stdin", io.StringIO(typed)),
        ):
            code = main(arguments)
        self.said += [out.getvalue(), wrong.getvalue()]
        return code, out.getvalue(), wrong.getvalue()

    def assert_refused(self, said: str) -> None:
        """Hold what is said of a refused text to a line at least for each of its tricks."""
        told = set(map(int, re.findall(r"mine\.py:(\d+):", said)))
        first = 1
        for trick in REFUSED:
            count = trick.text.count("\n")
            # Of the names of the harness a text is told the first.
            if "harness" not in trick.name or trick.name == "a name of the harness":
                self.assertTrue(told & set(range(first, first + count)), trick.name)
            first += count + 1

    def test_a_backtest(self) -> None:
        Path("mine.py").write_text(text_of(by_time(OF_15_MINUTES)))
        minutes = 15 * CALLS
        end = f"2024-01-03T{minutes // 60:02}:{minutes % 60:02}"
        code, out, wrong = self.called("run", "mine.py", *DAY, "--end", end, "--schedule", "15m", "--json")
        self.assertEqual((0, ""), (code, wrong))
        told = json.loads(out)
        self.assertEqual((CALLS, 0), (len(told["trigger_log"]), told["total_trades"]))
        good = 0
        for one in told["trigger_log"]:
            number = one["time_ms"] // OF_15_MINUTES % CALLS
            self.assertEqual(self.expected[number], told_problem(one["problem"]))
            good += number % 2
            self.assertEqual(f"good {good} of 3" if number % 2 else "", one["wish"]["reason"])
        Path("mine.py").write_text(REFUSED_TEXT)
        code, out, wrong = self.called("run", "mine.py", *DAY, "--end", end, "--schedule", "15m")
        self.assertEqual((2, ""), (code, out))
        self.assert_refused(wrong)

    def test_a_check(self) -> None:
        Path("mine.py").write_text(text_of(BY_POOL))
        Path("pools").mkdir()
        pool = {"name": "trick", "all": [{"feature": "close", "op": ">", "value": 0}]}
        for name in POOLS:
            Path(f"pools/{name}.yaml").write_text(json.dumps(pool))
        code, out, _ = self.called("check", "mine.py", "--json")
        told = json.loads(out)
        self.assertEqual((1, False), (code, told["sound"]))
        problems = [one for one in self.expected.values() if one is not None]
        decide = 1 + text_of(BY_POOL).split("\n").index("def decide(market, account, trigger):")
        self.assertEqual(
            {(one.line or decide, f"called once: {one.text}".partition(" — ")[0]) for one in problems},
            {(one["line"], one["what"]) for one in told["findings"]},
        )
        for trick in AT_THE_TOP:
            Path("mine.py").write_text(trick.text)
            code, out, _ = self.called("check", "mine.py")
            self.assertEqual(1, code)
            self.assertIn("called once: ", out, trick.name)
        Path("mine.py").write_text(REFUSED_TEXT)
        code, out, _ = self.called("check", "mine.py")
        self.assertEqual(1, code)
        self.assert_refused(out)

    def test_lines_of_the_shell(self) -> None:
        tricks = [one for one in (*REFUSED, *TRIED) if _lines(one) and "ring" not in one.name][::3]
        self.assertGreater(len(tricks), 15)
        typed = "\n".join([*(line for one in tricks for line in _lines(one)), *GOOD_AFTER])
        code, out, wrong = self.called("shell", "--at", "2024-01-03", "--symbol", "BTC/USDT", typed=typed)
        self.assertEqual((1, ["2", "50", "{}"]), (code, out.splitlines()))
        self.assertGreaterEqual(len(wrong.splitlines()), len(tricks), wrong)

    def test_decisions_on_record(self) -> None:
        wide = ("run", *DAY, "--end", "2024-01-04", "--schedule", "15m", "--decisions", "mine.jsonl")
        records = []
        for number, decision in enumerate([one for hostile in HOSTILE for one in (hostile, '{"action": "hold"}')], 1):
            minutes = 15 * number
            about = f'"time": "2024-01-03T{minutes // 60:02}:{minutes % 60:02}:00Z", "symbol": "BTC/USDT"'
            records.append(f'{{{about}, "decision": {decision}, "printed": [{ESCAPES}]}}')
        Path("mine.jsonl").write_text("\n".join(records))
        code, out, wrong = self.called(*wide, "--json")
        without = f"{96 - len(records)} of 96 triggers have no line there, and hold"
        self.assertEqual((0, f"warning: mine.jsonl: {without}\n"), (code, wrong))
        log = [one for one in json.loads(out)["trigger_log"] if one["number"] <= len(records)]
        self.assertEqual(["problem", "held"] * len(HOSTILE), [one["outcome"] for one in log])
        self.assertEqual({"nonsense"}, {one["problem"]["kind"] for one in log if one["problem"]})
        self.called(*wide, "--trace")
        for text in (b"\xff\xfe", b"[" * 100_000, b"{" + b'"a":{' * 100_000, b"9" * 100_000, b"null", b'"x"', b"\0"):
            Path("mine.jsonl").write_bytes(text)
            code, out, wrong = self.called(*wide)
            self.assertEqual((2, "", 1), (code, out, len(wrong.splitlines())), wrong)

    def test_a_live_session(self) -> None:
        (self.folder / "programs").mkdir()
        (self.folder / "programs" / "mine.py").write_text(text_of(by_time(MINUTE_MS)))
        strategy = {"type": "program", "file": "programs/mine.py", "schedule": "1m"}
        run = run_live(self.folder, candles=CALLS, symbols=("BTC/USDT",), live={"strategy": strategy})
        lines = [json.loads(line) for line in run.outputs["decisions.jsonl"].decode().splitlines()]
        told = {at_ms(one["time"]) // MINUTE_MS % CALLS: one for one in lines if one["event"] == "program"}
        self.assertEqual(set(range(CALLS)), set(told))
        for number, one in told.items():
            self.assertEqual(self.expected[number], told_problem(one.get("problem")))
            self.assertEqual(bool(number % 2), one["decision"].get("reason", "").startswith("good "))


def _lines(trick: Trick) -> list[str]:
    """Return the statements of a trick, where each is a line, without the last, which only says that it escaped."""
    lines = [line[4:] for line in trick.text.splitlines()[1:]]
    simple = not any(line.startswith((" ", "return [")) or line.endswith(":") for line in lines)
    return [line for line in lines if line != ESCAPED] if simple and ESCAPED in lines else []


if __name__ == "__main__":
    unittest.main()
