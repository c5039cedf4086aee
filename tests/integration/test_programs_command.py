"""``python -m programs``: what it says of programs that are wrong, and of arguments that are."""

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
            (["return {'action': 'b' + 'uy', 'size': 2}"], "mine.py:4:1: error: called once: decision: size: 2"),
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
        lines = [
            'market.get_indicator(trigger.symbol, "atrr(14)")',
            'market.get_flow(trigger.symbol, metric="fundng")',
            'market.get_indicator(trigger.symbol, "rsi(14.5)")',
            "market.get_indicator(trigger.symbol, 14)",
            "market.get_indicator(trigger.symbol)",
            'market.get_klines(trigger.symbol, "4q", -1)',
            "market.get_klines(trigger.symbol, cuont=3)",
            'market.get_klines(trigger.symbol, "1h", 5_000)',
            "market.get_regime(trigger.symbol, 3)",
            'market.get_flow(trigger.symbol, "open_interest", "7h")',
        ]
        flows = '[["oi", ""], ["open_interest", "3m"]]'
        text = f'READS = {{"indicators": [["rsii(14)", ""]], "flows": {flows}}}\n' + body(*lines)
        code, out, _ = self.called("check", self.program(text))
        self.assertEqual(1, code)
        for place, what in (
            ("1:26", "indicator 'rsii(14)': there is no indicator 'rsii' (did you mean rsi?)"),
            ("1:55", "flow 'oi': there is no such flow"),
            ("6:42", "indicator 'atrr(14)': there is no indicator 'atrr' (did you mean atr?)"),
            ("7:44", "flow 'fundng': there is no such flow (did you mean funding?)"),
            ("8:42", "indicator rsi(14.5): period is 14.5"),
            ("9:42", "14 is no text"),
            ("10:5", "get_indicator: indicator is missing"),
            ("11:39", "timeframe '4q' is not understood"),
            ("11:45", "count is -1"),
            ("12:5", "get_klines: it has no cuont (did you mean count?)"),
            ("14:39", "3 is no text"),
            ("1:84", "period '3m' is none of open interest"),
            ("15:54", "period '7h' is none of open interest"),
        ):
            self.assertIn(f"mine.py:{place}: error: {what} — allowed: ", out)
        self.assertIn("mine.py:13:45: warning: count is 5,000, of which the last 1,000 are given — allowed: ", out)
        self.assertTrue(out.endswith("mine.py: 13 errors\n"), out)

    def test_what_wakes_it_is_looked_at(self) -> None:
        Path("pools").mkdir()
        Path("pools/far.yaml").write_text("name: x\nall:\n  - {feature: close, op: '>', value: 1, period: 20m}\n")
        Path("pools/half.yaml").write_text("name: x\nall:\n  - {feature: rsi(1.5), op: '>', value: 1}\n")
        for wakes, said in (
            ('{"pools": ["no_such_pool"]}', "no_such_pool"),
            ('{"pools": "rsi_oversold"}', "TRIGGERS: pools are no list of ids"),
            ("{1: 2}", "TRIGGERS: has other keys"),
            ('{"schedule": "1x"}', "mine.py:1:1: error: schedule: '1x' is no length"),
            ('{"schedule": "1m"}', "mine.py:1:1: error: schedule: '1m' wakes every 1m, and candles are 15m long"),
            ('{"pools": ["far"]}', "mine.py:1:1: error: pools/far.yaml:3: all[0].period: timeframe '20m' is no mult"),
            ('{"pools": ["half"]}', "mine.py:1:1: error: pools/half.yaml:3: all[0].feature: rsi(1.5): period is 1.5"),
        ):
            with self.subTest(wakes):
                code, out, _ = self.called("check", self.program(body("return None", wakes=wakes)))
                self.assertEqual(1, code)
                self.assertIn(said, out)


class Run(Command):
    def test_arguments_that_are_wrong_are_a_line_and_nothing_is_written(self) -> None:
        Path("empty.py").write_text("\n")
        Path("odd.py").write_bytes(b"# 1\n# \xe9\n")
        Path("pools").mkdir()
        Path("pools/foreign.yaml").write_text(
            "name: x\nall:\n  - {feature: close, op: '>', value: 1, symbol: SOL/USDT}\n"
        )
        mine, asleep, torn = (
            self.program(HOLDS),
            self.program("def decide(market, account, trigger):\n    pass\n", "asleep.py"),
            self.program(HOLDS + "x = (\n", "torn.py"),
        )
        for arguments, said in (
            (("run", *RANGE), "no program is named — allowed: the FILE of a program, or --decisions FILE"),
            (("run", mine, "--decisions", "a.jsonl", *RANGE), "mine.py and --decisions are both named — allowed: "),
            (("run", "empty.py", *RANGE, "--schedule", "4h"), "empty.py: is empty — allowed: a program, with def"),
            (("run", "odd.py", *RANGE, "--schedule", "4h"), "program odd.py: is no text in UTF-8, from line 2 on"),
            (("run", "nowhere.py", *RANGE), "program nowhere.py: cannot be read"),
            (("run", asleep, *RANGE), "asleep.py: nothing wakes it — allowed: --pools"),
            (("run", torn, *RANGE), "syntax: "),
            (("run", mine), "no range is named"),
            (("run", mine, *RANGE, "--trace", "--json"), "--trace and --json are both given — allowed: one"),
            (("run", mine, "--start", "2024-01-03"), "--end is missing — allowed: --start TIME and --end TIME"),
            (("run", mine, "--end", "2024-01-03"), "--start is missing — allowed: "),
            (("run", mine, "--start", "2525-01-01", "--end", "2525-01-02"), "has not begun; it is 20"),
            (("run", mine, "--start", "2024-01-03", "--end", "2024-01-03T00:14"), "no candle of 15m fits — allowed:"),
            (("run", mine, *RANGE, "--window", "2024-01"), "name two ranges"),
            (("run", mine, *RANGE, "--schedule", "1m"), "wakes every 1m"),
            (("run", mine, *RANGE, "--pools", "no_such_pool"), "no_such_pool"),
            (("run", mine, *RANGE, "--config", "config/none.yaml"), "config/none.yaml"),
            (("run", "--decisions", "none.jsonl", "--schedule", "4h", *RANGE), "none.jsonl: cannot be read"),
            (("run", mine, *RANGE, "--rows", "-1"), "allowed: a whole number"),
            (("run", mine, *RANGE, "--pools", "foreign"), "pools/foreign.yaml:3: all[0].symbol: 'SOL/USDT' is neither"),
            (("run", mine, *RANGE, "--pools", ","), "argument --pools: ',' — allowed: names with one comma"),
            (("run", mine, *RANGE, "--pools", ""), "argument --pools: '' — allowed: "),
            (("run", mine, *RANGE, "--pools", "rsi_oversold,,volume_surge"), "argument --pools: 'rsi_oversold,,vol"),
            (("run", mine, *RANGE, "--pools", "foreign,foreign"), "pool foreign stands twice — allowed: each pool"),
            (("run", mine, *RANGE[:4], "--symbols", ""), "argument --symbols: '' — allowed: "),
            (("run", mine, *RANGE, "--record", "config"), "--record config: is a folder — allowed: a file, such as"),
            (("run", mine, *RANGE, "--record", mine), "--record mine.py: is there already — allowed: the name of"),
            (("run", mine, *RANGE, "--record", "no/a.jsonl"), "--record no/a.jsonl: there is no folder no — allowed:"),
            (("run", mine, *RANGE, "--record", "/proc/a.jsonl"), "--record /proc/a.jsonl: cannot be written: "),
            (("shell", "--at", "soon"), "--at 'soon' is not a date"),
            (("shell", "--at", "2525-01-01"), "--at 2525-01-01: has not been; it is 20"),
            (("check", mine, "--config", "config/none.yaml"), "error: config/none.yaml: there is no such file"),
        ):
            with self.subTest(said):
                code, out, wrong = self.called(*arguments)
                self.assertEqual((2, ""), (code, out))
                self.assertEqual(1, len(wrong.splitlines()), wrong)
                self.assertIn(said, wrong)
                # No word stands twice, and none is missing, where a line is put together of two.
                self.assertNotRegex(wrong, r"(\b[\w.]+): \1:|: :|^:|strategy: program")
        self.assertFalse(Path("logs").exists())
        self.assertEqual(HOLDS, Path(mine).read_text())

    def test_where_nothing_is_stored_and_nothing_may_be_fetched_no_moment_is_asked_for(self) -> None:
        mine = self.program(HOLDS)
        for verb in (("check", mine), ("shell",)):
            code, out, wrong = self.called(*verb, "--config", "config/live.yaml", "--offline", typed="1\n")
            self.assertEqual((3, ""), (code, out))
            self.assertRegex(wrong, r"^error: BTC/USDT: no candle of 15m is stored in .* — allowed: .*import.*\n$")

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

    def test_a_run_that_woke_nobody_says_why(self) -> None:
        Path("pools").mkdir()
        for name, op in (("never", "<"), ("always", ">")):
            Path(f"pools/{name}.yaml").write_text(f"name: x\nall:\n  - {{feature: close, op: '{op}', value: 1}}\n")
        wakes = ("--pools", "never,always", "--schedule", "0 0 29 2 *")
        code, out, _ = self.called("run", self.program(HOLDS), *RANGE, *wakes)
        why = (
            "pool never: was met at none of 96 candles of 15m that were looked at",
            "pool always: was met at 96 of 96 candles of 15m that were looked at, and it never became so: mode: level "
            "wakes at each",
            "schedule 0 0 29 2 *: none of its instants lies in the candles from 2024-01-03T00:00:00.000Z to "
            "2024-01-04T00:00:00.000Z",
        )
        self.assertEqual(0, code)
        self.assertIn("\n".join(["Triggers: 0", *(f"Why none: {one}" for one in why), "Decisions: none\n"]), out)
        self.assertIn("\n".join([f"Warning: the program was never called; {'; '.join(why)}\n"]), out)
        folder = re.search("^Output folder: (.*)$", out, re.MULTILINE)
        told = json.loads(Path(folder[1] if folder else "", "result.json").read_text())
        self.assertEqual(list(why), told["program"]["unwoken"])
        _, out, _ = self.called("run", "mine.py", *RANGE, *wakes, "--json")
        self.assertEqual(list(why), json.loads(out)["unwoken"])

    def test_what_did_something_is_shown_first_and_the_rest_is_counted(self) -> None:
        lines = ["if trigger.time_ms % 43_200_000:", "    return None"]
        busy = body(*lines, "return Decision('buy', stop_distance=2000.0)")
        _, out, _ = self.called("run", self.program(busy), *RANGE)
        self.assertRegex(out, r"^Triggers: 6 \(schedule 6\)\nDecisions: buy 2, hold 4\nOutcomes: .*held 4.*\n")
        self.assertRegex(out, r"\nCalls that did something: 2\n\ntime .*\n2024-01-03 12:00 .*\n2024-01-04 00:00 .*\n\n")
        _, out, _ = self.called("run", self.program(HOLDS), *RANGE, "--rows", "2")
        self.assertIn("Calls, of which none did anything: 6, the first 2\n", out)

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
        code, out, wrong = self.called("check", self.program(HOLDS), *on)
        self.assertEqual((0, ""), (code, wrong))
        self.assertRegex(out, r"mine.py: sound: called once at 2024-\d\d-\d\dT\d\d:00:00.000Z, decided hold\n")
        code, out, wrong = self.called("run", example, *on, "--start", "2024-04-05", "--end", "2024-06-01", "--json")
        self.assertEqual((0, ""), (code, wrong))
        told = json.loads(out)
        self.assertGreater(told["signal_triggers"], 20)
        self.assertGreater(told["total_trades"], 2)
        entries = {one["number"]: one for one in told["trigger_log"] if one["wish"]["action"] == "buy"}
        self.assertEqual(told["total_trades"], sum(one["outcome"] == "closed" for one in entries.values()))
        self.assertAlmostEqual(told["total_pnl"], sum(one["pnl"] for one in entries.values()))


class Pools(Command):
    def test_a_pool_that_cannot_be_on_a_configuration_is_told_with_file_line_and_condition(self) -> None:
        Path("pools").mkdir()
        window = ("--start", "2024-01-03", "--end", "2024-01-04")  # Without a word it is the practice market.
        for more, said in (
            (
                "symbol: FOO/USDT",
                "pools/odd.yaml:3: all[0].symbol: 'FOO/USDT' is neither traded nor watched — allowed: B",
            ),
            (
                "period: 20m",
                "pools/odd.yaml:3: all[0].period: timeframe '20m' is no multiple of the strategy's own, 15m",
            ),
        ):
            Path("pools/odd.yaml").write_text(f"name: x\nall:\n  - {{feature: close, op: '<', value: 1, {more}}}\n")
            code, out, wrong = self.called("pools", "test", "odd", *window)
            self.assertEqual((2, "", 1), (code, out, len(wrong.splitlines())), wrong)
            self.assertTrue(wrong.startswith(f"error: {said}"), wrong)

    def test_those_of_files_are_listed_where_the_run_store_cannot_be_opened(self) -> None:
        with patch.dict(os.environ, {"HARNESS_STORE_URL": "sqlite:////proc/none/runs.sqlite"}):
            code, out, wrong = self.called("pools", "list")
        self.assertEqual(0, code)
        self.assertIn("rsi_oversold", out)
        self.assertRegex(wrong, "^warning: .*; the pools of the run store are left out\n$")


class Shell(Command):
    def test_what_is_no_data_is_shown_as_text(self) -> None:
        code, out, wrong = self.called("shell", typed="def f(x): return 2 * x\nmarket\nf(2)\n")
        self.assertEqual((0, ["<Market>", "4"], ""), (code, out.splitlines(), wrong))

    def test_what_is_no_line_of_its_own_is_refused(self) -> None:
        for typed, said in (
            ("return 3\n", "error: 'return 3': returns — allowed: an expression, or one statement that fits a line"),
            ("def f(x):\n", "error: 'def f(x):': expected an indented block"),
            ("x = 1; y = 2\n", "error: 'x = 1; y = 2': 2 statements — allowed: "),
        ):
            code, out, wrong = self.called("shell", typed=typed)
            self.assertEqual((1, ""), (code, out))
            self.assertIn(said, wrong)
        code, _, wrong = self.called("shell", "--symbol", "", typed="1\n")
        self.assertEqual(2, code)
        self.assertIn("symbol '' is not traded — allowed: BTC/USDT, ", wrong)

    def test_lines_go_on_after_one_that_is_wrong(self) -> None:
        typed = "x = 2\nx * y\nimport os\nx +\nprint(x)\nx * 21; 1\nx * 21\n"
        code, out, wrong = self.called("shell", typed=typed)
        self.assertEqual(1, code)
        self.assertEqual(["2", "None", "42"], out.splitlines())
        self.assertEqual(4, len(wrong.splitlines()), wrong)
        self.assertIn("NameError", wrong)


if __name__ == "__main__":
    unittest.main()
