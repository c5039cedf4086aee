"""Pools in files: what they hold, what is said of what they hold, and where they are looked for."""

import re
import tempfile
import unittest
from pathlib import Path

import yaml

from core.errors import ConfigurationError
from strategies.programs.triggers.pool_files import SHIPPED, pool_folders, pool_ids, pools_of, read_pool
from strategies.programs.triggers.pool_settings import pool_of
from strategies.programs.triggers.signal_pool import Condition, SignalPool

RSI = {"feature": "rsi(14)", "op": "<", "value": 30}
WHOLE = """\
name: Dip
any:
  - {feature: rsi(14), op: "<", value: 30, period: 1h, symbol: BTC/USDT}
  - {feature: close, op: crosses_below, value: ema(50)}
symbols: [ETH/USDT]
mode: level
cooldown: 90m
"""
DIP = SignalPool(
    "dip",
    "Dip",
    "any",
    (Condition("rsi(14)", "<", 30.0, "1h", "BTC/USDT"), Condition("close", "crosses_below", "ema(50)")),
    ("ETH/USDT",),
    "level",
    cooldown_ms=5_400_000,
)


class PoolFiles(unittest.TestCase):
    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = Path(place.name)

    def file(self, text: str, name: str = "dip.yaml") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def test_a_file_holds_a_pool(self) -> None:
        self.assertEqual(DIP, read_pool(self.file(WHOLE)))

    def test_a_pool_written_out_reads_back_as_itself(self) -> None:
        plain = pool_of({"name": "x", "all": [RSI], "cooldown": 7}, "dip", "x")
        for pool in (DIP, plain):
            self.assertEqual(pool, read_pool(self.file(yaml.safe_dump(pool.to_dict()))))
        self.assertEqual({"name": "x", "all": [RSI], "cooldown": 7}, plain.to_dict())

    def test_a_cool_down_in_candles_is_as_long_as_they_are(self) -> None:
        for cooldown, length in ((None, 0), (0, 0), (5, 5 * 900_000), ("2h", 7_200_000)):
            pool = pool_of({"name": "x", "all": [RSI], "cooldown": cooldown}, "x", "x")
            self.assertEqual(length, pool.quiet_ms(900_000))

    def test_every_problem_is_a_line_with_file_and_key(self) -> None:
        for text, *lines in (
            ("name: x\nall: []", "yaml:2: all: a list of 0 — allowed: a list of conditions, 1 to 50"),
            ("all: [{feature: close, op: '<', value: 1}]", "yaml: name: is missing — allowed"),
            (
                "name: x\n# Two.\nall:\n  - {feature: low, op: <, value: 1}\n  - feature: low\n    op: =\n    value: 1",
                r"yaml:6: all\[1\].op: '='",
            ),
            ("name: x\nany:\n  - {feature: close, op: <}", r"yaml:3: any\[0\].value: is missing"),
            (
                "name: x\nany: [{feature: close, op: <, value: '30%'}]",
                "value: '30%' cannot .* — allowed: a number w",
            ),
            (
                "name: x\nany: [{feature: close, op: <, value: '30'}]",
                "value: 30 is a number, .* — allowed: a number w",
            ),
            ("name: x\nany: [{feature: 3, op: <, value: 3}]", r"any\[0\].feature: 3 — allowed: an indicator such as"),
            (
                "name: x\nany: [{feature: rsi(1.5), op: <, value: 3}]",
                r"feature: rsi\(1.5\): period is 1.5 — allow",
            ),
            ("name: x", "yaml: all: neither all nor any is there — allowed: one of the two"),
            (
                "name: x\nall: [{feature: close, op: <, value: 1}]\nany: [{feature: close, op: <, value: 1}]",
                "all: all and any stand beside each other",
            ),
            (
                "name: x\nall: [{feature: rsl(14), op: '=<', value: 1}]\nmood: edge",
                r"all\[0\].op: '=<' \(did you mean <\?\) — allowed: <, <=, >, >=, crosses_above or crosses_below",
                r"mood: unknown key \(did you mean mode\?\)",
            ),
            ("name: x\nany: [{feature: rsl(14), op: <, value: 1}]", r"any\[0\].feature: there is no indicator 'rsl'"),
            ("name: x\nany: [{feature: close, op: <, value: emma(3)}]", r"any\[0\].value: there is no indicator"),
            ("name: x\nany: [{feature: close, op: <, value: true}]", r"any\[0\].value: true — allowed: a number, or a"),
            ("name: x\nany: [{feature: close, op: <, value: .inf}]", r"any\[0\].value: inf — allowed: a finite"),
            ("name: x\nany: [{feature: close, op: <}]", r"any\[0\].value: is missing"),
            ("name: x\nany: [{feature: macd(), op: <, value: 1}]", r"feature: macd\(\) has several values — allowed: "),
            ("name: x\nany: [{feature: obv(), op: <, value: 1}]", r"feature: obv\(\) never forgets the first candle"),
            ("name: x\nany: [{feature: close, op: <, value: 1, period: 7q}]", r"any\[0\].period: timeframe '7q'"),
            ("name: x\nany: [{feature: close, op: <, value: 1}]\ncooldown: 4x", "cooldown: '4x' — allowed: a length"),
            ("name: x\nany: [{feature: close, op: <, value: 1}]\ncooldown: -1", "cooldown: -1 — allowed: a length"),
            ("name: x\nany: [{feature: close, op: <, value: 1}]\ncooldown: 400d", "cooldown: '400d' — allowed"),
            ("name: x\nany: [{feature: close, op: <, value: 1}]\nsymbols: [A, A]", "symbols: 'A' stands twice"),
            ("name: [x", "line 2, column 1: "),
        ):
            path = self.file(text)
            with self.subTest(text), self.assertRaises(ConfigurationError) as caught:
                read_pool(path)
            found = str(caught.exception).split("\n")
            self.assertEqual(len(lines), len(found), found)
            for line, expected in zip(found, lines, strict=True):
                self.assertTrue(re.match(rf"{re.escape(path.as_posix())}:(\d+:)? ", line), line)
                self.assertRegex(line, expected)

    def test_pools_come_in_the_order_in_which_they_are_named_from_the_first_folder_that_has_them(self) -> None:
        for name in ("b", "a"):
            self.file(WHOLE.replace("Dip", name), f"{name}.yaml")
        second = self.folder / "second"
        second.mkdir()
        (second / "a.yaml").write_text("not looked at")
        (second / "c.yaml").write_text(WHOLE)
        (second / "other.yml").write_text(WHOLE)
        folders = (self.folder, second, self.folder / "not there")
        self.assertEqual(["b", "a", "Dip"], [pool.name for pool in pools_of(["b", "a", "c"], folders)])
        self.assertEqual(["a", "b", "c"], list(pool_ids(folders)))
        for ids, said in (
            (["a", "a"], "pool a stands twice"),
            (["bb"], r"pool bb: there is none in .* \(did you mean b\?\) — allowed: a, b, c"),
            (["../a"], r"'../a' is no id of a pool — allowed: the name of its file without \.yaml, of small"),
            (["b.yaml"], "'b.yaml' is no id of a pool — allowed: the name of its file without"),
            (["other"], r"pool other: there is none in .* \(.*/other\.yml is not called other\.yaml\) — allowed: a, b"),
            (["A"], "'A' is no id"),
        ):
            with self.subTest(ids), self.assertRaisesRegex(ConfigurationError, said):
                pools_of(ids, folders)

    def test_those_that_are_shipped_are_sound_and_say_what_they_are(self) -> None:
        ids = list(pool_ids([SHIPPED]))
        self.assertLessEqual({"rsi_oversold", "trend_pullback", "range_breakout"}, set(ids))
        for pool in pools_of(ids, [SHIPPED]):
            self.assertEqual(pool, pool_of(pool.to_dict(), pool.id, "again"))
            self.assertTrue((SHIPPED / f"{pool.id}.yaml").read_text().startswith("# "))

    def test_a_folder_of_ones_own_comes_before_that_of_the_shipped_ones(self) -> None:
        own = self.folder / "programs" / "pools"
        own.mkdir(parents=True)
        self.assertEqual((own, SHIPPED), pool_folders(self.folder))
        (own / "rsi_oversold.yaml").write_text(WHOLE)
        mine, shipped = pools_of(["rsi_oversold", "trend_pullback"], pool_folders(self.folder))
        self.assertEqual(("Dip", "Pullback in a rising market"), (mine.name, shipped.name))


if __name__ == "__main__":
    unittest.main()
