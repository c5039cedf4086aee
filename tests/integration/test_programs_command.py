"""``python -m programs``: what it says of programs that are wrong, and of arguments that are."""

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from market_data.__main__ import main as import_candles
from programs.__main__ import main
from tests.support.shared import CANDLES, REPOSITORY, needs_shared

HOLDS = 'TRIGGERS = {"schedule": "4h"}\n\n\ndef decide(market, account, trigger):\n    return None\n'
RANGE = ("--start", "2024-01-03", "--end", "2024-01-04", "--symbols", "BTC/USDT")


def body(*lines: str, wakes: str = '{"schedule": "4h"}') -> str:
    inside = "\n".join(f"    {line}" for line in lines)
    return f"TRIGGERS = {wakes}\n\n\ndef decide(market, account, trigger):\n{inside}\n"


class Command(unittest.TestCase):
    def setUp(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.addCleanup(os.chdir, Path.cwd())
        os.chdir(folder)
        shutil.copytree(REPOSITORY / "config", "config")

    def called(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        """Return exit code, output and errors of a command."""
        out, wrong = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(wrong),
            patch.object(sys, "stdin", io.StringIO(typed)),
        ):
            code = main(arguments)
        return code, out.getvalue(), wrong.getvalue()

    def program(self, text: str, name: str = "mine.py") -> str:
        Path(name).write_text(text)
        return name


class Check(Command):
    def test_what_only_a_call_shows_is_a_finding_with_its_line(self) -> None:
        for lines, said in (
            (["x = {}", "return x['no']"], "mine.py:6:1: error: called once: KeyError: no"),
            (["return {'action': 'b' + 'uy', 'size': 2}"], "mine.py:1:1: error: called once: decision: size: 2"),
            (["return Decision('buy', stop=-1.0)"], "decision: stop: -1.0"),
            # What only the price of the moment shows, as a run has it: BTC/USDT is at some 43,000.
            (["return Decision('buy', stop=90000.0)"], "called once: decision: stop 90000.0 is above the close 4"),
            (["return Decision('sell', stop=9.0)"], "called once: decision: stop 9.0 is below the close 4"),
            (["return Decision('buy', targets=[9.0])"], "called once: decision: target 9.0 is below the close 4"),
            (["return Decision('sell', targets=[9.0, 90000.0])"], "decision: target 2 90000.0 is above the close 4"),
            (
                ["return Decision('buy', stop_distance=5.0, leverage=3.0)"],
                "decision: leverage: 3.0 — allowed: 1.0, the session's own (execution.perpetual.leverage), or none",
            ),
        ):
            with self.subTest(said):
                code, out, _ = self.called("check", self.program(body(*lines)))
                self.assertEqual(1, code)
                self.assertIn(said, out)
                self.assertTrue(out.endswith("mine.py: 1 error\n"), out)

    def test_a_program_is_called_as_each_of_its_pools_and_its_schedule_would(self) -> None:
        lines = [
            "if trigger.trigger_type == 'signal':",
            "    return Decision('close') if trigger.signals[0]['value'] == 30 else None",
        ]
        text = body(*lines, "return 1 / 0", wakes='{"pools": ["rsi_oversold"], "schedule": "1d"}')
        code, out, _ = self.called("check", self.program(text), "--json")
        told = json.loads(out)
        self.assertEqual((1, False), (code, told["sound"]))
        self.assertEqual([7], [one["line"] for one in told["findings"]])
        self.assertIn("ZeroDivisionError", told["findings"][0]["what"])

    def test_reads_that_are_none_are_findings_with_their_places(self) -> None:
        lines = ['market.get_indicator(trigger.symbol, "atrr(14)")', 'market.get_flow(trigger.symbol, metric="fundng")']
        text = 'READS = {"indicators": [["rsii(14)", ""]], "flows": [["oi", ""]]}\n' + body(*lines)
        code, out, _ = self.called("check", self.program(text))
        self.assertEqual(1, code)
        for place, what in (
            ("1:26", "indicator 'rsii(14)': there is no indicator 'rsii' (did you mean rsi?)"),
            ("1:55", "flow 'oi': there is no such flow"),
            ("6:42", "indicator 'atrr(14)': there is no indicator 'atrr' (did you mean atr?)"),
            ("7:44", "flow 'fundng': there is no such flow (did you mean funding?)"),
        ):
            self.assertIn(f"mine.py:{place}: error: {what} — allowed: ", out)
        self.assertTrue(out.endswith("mine.py: 4 errors\n"), out)

    def test_what_wakes_it_is_looked_at(self) -> None:
        for wakes, said in (
            ('{"pools": ["no_such_pool"]}', "no_such_pool"),
            ('{"pools": "rsi_oversold"}', "TRIGGERS: pools are no list of ids"),
            ("{1: 2}", "TRIGGERS: has other keys"),
        ):
            with self.subTest(wakes):
                code, out, _ = self.called("check", self.program(body("return None", wakes=wakes)))
                self.assertEqual(1, code)
                self.assertIn(said, out)


class Run(Command):
    def test_arguments_that_are_wrong_are_a_line_and_nothing_is_written(self) -> None:
        mine, asleep, torn = (
            self.program(HOLDS),
            self.program("def decide(market, account, trigger):\n    pass\n", "asleep.py"),
            self.program(HOLDS + "x = (\n", "torn.py"),
        )
        for arguments, said in (
            (("run", *RANGE), "allowed: the FILE of a program, or --decisions FILE"),
            (("run", "nowhere.py", *RANGE), "program nowhere.py: cannot be read"),
            (("run", asleep, *RANGE), "asleep.py: nothing wakes it — allowed: --pools"),
            (("run", torn, *RANGE), "syntax: "),
            (("run", mine), "no range is named"),
            (("run", mine, *RANGE, "--window", "2024-01"), "name two ranges"),
            (("run", mine, *RANGE, "--schedule", "1m"), "wakes every 1m"),
            (("run", mine, *RANGE, "--pools", "no_such_pool"), "no_such_pool"),
            (("run", mine, *RANGE, "--config", "config/none.yaml"), "config/none.yaml"),
            (("run", "--decisions", "none.jsonl", "--schedule", "4h", *RANGE), "none.jsonl: cannot be read"),
            (("run", mine, *RANGE, "--rows", "-1"), "allowed: a whole number"),
            (("shell", "--at", "soon"), "--at 'soon' is not a date"),
            (("shell", "--config", "config/live.yaml"), "--at TIME is needed"),
        ):
            with self.subTest(said):
                code, out, wrong = self.called(*arguments)
                self.assertEqual((2, ""), (code, out))
                self.assertEqual(1, len(wrong.splitlines()), wrong)
                self.assertIn(said, wrong)
        self.assertFalse(Path("logs").exists())

    def test_a_text_that_check_refuses_is_refused_with_its_findings(self) -> None:
        code, _, wrong = self.called("run", self.program(body("import os", "return None")), *RANGE)
        self.assertEqual(2, code)
        self.assertIn("mine.py:5: import os", wrong)

    def test_a_halted_program_is_told_with_its_line_and_fails_the_command(self) -> None:
        code, out, wrong = self.called("run", self.program(body("return [][0]")), *RANGE, "--trace", "--rows", "1")
        self.assertEqual(1, code)
        self.assertIn("  problem  error: line 5: IndexError", out)
        self.assertIn("Problems: 5, the first: line 5: IndexError", out)
        self.assertIn("error: program mine: halted at 2024-01-03T20:00:00.000Z", wrong)

    def test_a_record_gets_its_name_only_when_the_run_is_made(self) -> None:
        mine = self.program(HOLDS)
        self.assertEqual(2, self.called("run", mine, *RANGE, "--record", "a.jsonl", "--schedule", "1m")[0])
        self.assertFalse(Path("a.jsonl").exists())
        self.assertEqual(0, self.called("run", mine, *RANGE, "--record", "a.jsonl", "--quiet")[0])
        self.assertEqual(7, len(Path("a.jsonl").read_text().splitlines()))
        self.assertEqual([], [one.name for one in Path().iterdir() if one.name.endswith(".part")])
        lines = Path("a.jsonl").read_text().splitlines()
        Path("a.jsonl").write_text("\n".join([*lines[:3], lines[3].replace("BTC/USDT", "BTCUSDT"), *lines[5:]]) + "\n")
        again = ("run", "--decisions", "a.jsonl", "--schedule", "4h", *RANGE, "--quiet")
        code, _, wrong = self.called(*again)
        self.assertEqual(0, code)
        self.assertIn("a.jsonl:4: is of no trigger of this run\n", wrong)
        self.assertIn("a.jsonl: 2 of 6 triggers have no line there, and hold", wrong)


@needs_shared
class OnRecordedCandles(Command):
    def test_the_example_runs_on_imported_candles_without_a_network(self) -> None:
        shutil.copy(REPOSITORY / "examples" / "binance-1m.yaml", "config/binance.yaml")
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(
                0, import_candles(["import", "--exchange", "binance", str(CANDLES / "binance/BTC-USDT/1h.csv.gz")])
            )
        example = str(REPOSITORY / "examples" / "programs" / "rsi_pool.py")
        on = ("--config", "config/binance.yaml", "--symbols", "BTCUSDT", "--interval", "1h", "--offline")
        code, out, wrong = self.called("run", example, *on, "--start", "2024-04-05", "--end", "2024-06-01", "--json")
        self.assertEqual((0, ""), (code, wrong))
        told = json.loads(out)
        self.assertGreater(told["signal_triggers"], 20)
        self.assertGreater(told["total_trades"], 2)
        entries = {one["number"]: one for one in told["trigger_log"] if one["wish"]["action"] == "buy"}
        self.assertEqual(told["total_trades"], sum(one["outcome"] == "closed" for one in entries.values()))
        self.assertAlmostEqual(told["total_pnl"], sum(one["pnl"] for one in entries.values()))


class Shell(Command):
    def test_lines_go_on_after_one_that_is_wrong(self) -> None:
        typed = "x = 2\nx * y\nimport os\nx +\nprint(x)\nx * 21; 1\nx * 21\n"
        code, out, wrong = self.called("shell", typed=typed)
        self.assertEqual(1, code)
        self.assertEqual(["2", "None", "42"], out.splitlines())
        self.assertEqual(4, len(wrong.splitlines()), wrong)
        self.assertIn("NameError", wrong)


if __name__ == "__main__":
    unittest.main()
