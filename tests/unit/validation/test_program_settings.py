"""The strategy section of a program: what it resolves to, and a line for every mistake in it."""

import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

from engine.assembly import build_strategy_of, strategy_identity_of
from strategies.programs.program_strategy import ProgramStrategy
from tests.support.config_tree import write_config
from validation.composed_settings import Settings
from validation.config_error import ConfigValidationError
from validation.loading import load_settings
from validation.resolved_settings import settings_from_resolved
from validation.settings_difference import settings_differences
from validation.varied_settings import varied_settings

TEXT = """def decide(market, account, trigger):
    market.get_indicator(trigger.symbol, "rsi(14)", "1h")
    return None
"""
LOW = {"name": "Low", "all": [{"feature": "rsi(14)", "op": "<", "value": 30}]}


class ProgramSettings(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.write("programs/x.py", TEXT)
        self.write("programs/pools/low.yaml", json.dumps(LOW))
        self.write("programs/pools/high.yaml", json.dumps({**LOW, "name": "High"}))

    def write(self, name: str, text: str) -> None:
        path = self.base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def loaded(self, **strategy: Any) -> Settings:
        section = {"type": "program", "file": "programs/x.py", "pools": ["low"], **strategy}
        section = {key: value for key, value in section.items() if value is not None}
        live = {"exchange": "practice", "symbols": ["BTC/USDT"], "timeframe": "15m", "strategy": section}
        return load_settings(write_config(self.base, live=live))

    def problem(self, **strategy: Any) -> str:
        with self.assertRaises(ConfigValidationError) as raised:
            self.loaded(**strategy)
        self.assertEqual(1, len(raised.exception.problems), raised.exception.problems)
        return raised.exception.problems[0].partition("live.yaml: ")[2]

    def test_text_pools_and_schedule_are_parameters_once_they_are_read(self) -> None:
        settings = self.loaded(pools=["low", "high"], schedule="30 8 * * 1-5", halt_after=3)
        chosen = settings.live.strategy
        self.assertEqual(("program", None, ()), (chosen.type, chosen.file, chosen.pools))
        self.assertEqual(TEXT, chosen.params["code"])
        self.assertEqual(["low", "high"], [one["id"] for one in chosen.params["pools"]])
        self.assertEqual(
            ("x", "30 8 * * 1-5", 3), tuple(chosen.params[key] for key in ("name", "schedule", "halt_after"))
        )
        (self.base / "programs" / "x.py").unlink()
        again = settings_from_resolved(json.loads(json.dumps(settings.resolved(), sort_keys=True)))
        self.assertEqual(settings.settings_sha256, again.settings_sha256)
        strategy: object = build_strategy_of(again)
        self.assertIsInstance(strategy, ProgramStrategy)
        self.assertEqual(("low", "high"), tuple(one.id for one in strategy.watch_of(("BTC/USDT",)).pools))

    def test_the_identity_covers_the_text_the_pools_their_order_and_the_schedule(self) -> None:
        known = {}
        for called, change in {
            "as it is": {}, "schedule": {"schedule": "4h"}, "order": {"pools": ["high", "low"]},
            "other order": {"pools": ["low", "high"]}, "halt": {"halt_after": 7},
        }.items():  # fmt: skip
            settings = self.loaded(**change)
            known[called] = (settings.settings_sha256, strategy_identity_of(settings).sha256)
        self.write("programs/x.py", TEXT + "# more\n")
        known["text"] = (self.loaded().settings_sha256, strategy_identity_of(self.loaded()).sha256)
        for column in zip(*known.values(), strict=True):
            self.assertEqual(len(known), len(set(column)))
        self.assertEqual(["x.py"], list(strategy_identity_of(self.loaded()).files))

    def test_a_text_that_differs_far_behind_is_said_to_be_another(self) -> None:
        before = self.loaded()
        self.write("programs/x.py", TEXT + "# more\n" * 100)
        long = self.loaded(schedule="1h")
        self.write("programs/x.py", TEXT + "# more\n" * 101)
        self.assertEqual(
            ["strategy.params.code is another text"], settings_differences(long, self.loaded(schedule="1h"))
        )
        self.assertIn('strategy.params.schedule was null, is "1h"', settings_differences(before, long))

    def test_a_file_is_found_from_three_folders_and_pools_beside_it_go_first(self) -> None:
        self.write("config/own/x.py", TEXT + "# nearer\n")
        self.write("config/own/pools/low.yaml", json.dumps({**LOW, "name": "Nearer"}))
        params = self.loaded(file="own/x.py").live.strategy.params
        self.assertIn("# nearer", params["code"])
        self.assertEqual("Nearer", params["pools"][0]["name"])
        self.assertEqual(
            ["volume_surge"], [one["id"] for one in self.loaded(pools=["volume_surge"]).live.strategy.params["pools"]]
        )

    def test_a_variation_changes_the_schedule_and_another_type_leaves_everything_behind(self) -> None:
        base = self.loaded()
        for key in ("strategy.schedule", "strategy.params.schedule"):
            self.assertEqual("4h", varied_settings(base, {key: "4h"}, "one").live.strategy.params["schedule"])
        other = varied_settings(base, {"strategy.type": "scalping_ema_rsi"}, "one").live.strategy
        self.assertEqual(("scalping_ema_rsi", ()), (other.type, other.pools))
        self.assertNotIn("code", other.params)

    def test_every_mistake_is_one_line(self) -> None:
        self.write("programs/broken.py", "def decide(market, account, trigger):\n    return (\n")
        self.write("programs/none.py", "x = 1\n")
        self.write("programs/half.py", TEXT.replace("rsi(14)", "rsi(14.5)"))
        self.write(
            "programs/short.py", f"{TEXT}\n\ndef more(market):\n    return market.get_klines('BTC/USDT', '1s')\n"
        )
        self.write("programs/unread.py", TEXT.replace("rsi(14)", "rsj(14)"))
        self.write(
            "programs/pools/wrong.yaml", json.dumps({**LOW, "all": [{"feature": "rsi(14)", "op": "<<", "value": 1}]})
        )
        low = json.dumps(LOW["all"][0])
        self.write(
            "programs/pools/foreign.yaml",
            f"name: x\nall:\n  - {low}\n  - {json.dumps({**LOW['all'][0], 'symbol': 'SOL/USDT'})}\n",
        )
        self.write("programs/pools/odd.yaml", json.dumps({**LOW, "all": [{**LOW["all"][0], "period": "7m"}]}))
        self.write("programs/pools/other.yaml", json.dumps({**LOW, "symbols": ["SOL/USDT"]}))
        for strategy, *expected in (
            ({"pools": ["lowe"]}, "strategy.pools: ", "pool lowe", "did you mean low?"),
            ({"pools": ["low", "low"]}, "strategy.pools: ", "pool low stands twice"),
            ({"pools": ["../low"]}, "strategy.pools: ", "../low"),
            ({"pools": ["wrong"]}, "strategy.pools: ", "wrong.yaml", "op", "<<"),
            ({"pools": ["other"]}, "programs/pools/other.yaml:1: symbols: 'SOL/USDT' is not traded"),
            (
                {"pools": ["foreign"]},
                "strategy.pools: ",
                "programs/pools/foreign.yaml:4: all[1].symbol: 'SOL/USDT' is neither traded nor watched — allowed: BTC",
            ),
            ({"pools": ["odd"]}, "programs/pools/odd.yaml:1: all[0].period: timeframe '7m' is no multiple of"),
            ({"pools": [3]}, "strategy.pools[0]: 3"),
            ({"params": {"pools": [LOW]}, "pools": None}, "strategy.pools: pool 1: id: is missing"),
            ({"file": None}, "strategy.file: is missing"),
            ({"file": "programs/y.py"}, "strategy.file: 'programs/y.py' names no file", "looked for"),
            ({"file": "/programs/x.py"}, "begins at the root of this machine"),
            ({"file": "programs/broken.py"}, "strategy.file: programs/broken.py:2", "syntax"),
            ({"file": "programs/none.py"}, "strategy.file: programs/none.py", "decide"),
            ({"file": "programs/unread.py"}, "strategy.file: unread.py:2: get_indicator: ", "rsj", "did you mean rsi?"),
            ({"file": "programs/half.py"}, "half.py:2: get_indicator: rsi(14.5): period is 14.5 — allowed: a whole n"),
            ({"file": "programs/short.py"}, "short.py:7: get_klines: timeframe '1s' is no multiple of the strategy's"),
            ({"pools": None}, "strategy.pools: nothing wakes the program", "pools, a schedule, or both"),
            ({"schedule": "5m"}, "schedule", "wakes every 5m"),
            ({"schedule": "hourly"}, "schedule", "'hourly' cannot be understood"),
            ({"schedule": 4}, "strategy.schedule: 4"),
            ({"halt_after": 0}, "strategy.halt_after: 0"),
            ({"params": {"speed": 1}}, "speed: unknown key"),
            (
                {"type": "scalping_ema_rsi", "pools": None},
                "strategy.file: 'programs/x.py' means nothing beside type scalping_ema_rsi",
            ),
            ({"type": "scalping_ema_rsi", "file": None}, "strategy.pools: ", "means nothing beside type"),
            ({"type": "programm"}, "did you mean program?"),
        ):
            with self.subTest(strategy):
                said = self.problem(**strategy)
                for part in expected:
                    self.assertIn(part, said)
                # No word stands twice, and none is missing, where a line is put together of two.
                self.assertNotRegex(said, r"(\b[\w.]+): \1:|: :|^:|strategy: program")


if __name__ == "__main__":
    unittest.main()
