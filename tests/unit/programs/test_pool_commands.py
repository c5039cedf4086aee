"""``python -m programs pools``."""

import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import yaml
from sqlalchemy import delete

from runs.store.run_store import open_store
from runs.store.tables import POOL
from tests.support.config_tree import write_config
from tests.support.runs.backtest_runs import called_command

MINE = """\
# Mine.
name: Mine
all:
  - {feature: rsi(14), op: "<", value: 35}
"""


class PoolCommands(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(place.cleanup)
        cls.folder = Path(place.name)
        cls.pools = cls.folder / "programs" / "pools"
        cls.pools.mkdir(parents=True)
        url = f"sqlite:///{cls.folder / 'runs.sqlite'}"
        cls.enterClassContext(mock.patch.dict(os.environ, {"HARNESS_STORE_URL": url}))
        open_store(url).close()

    def setUp(self) -> None:
        (self.pools / "mine.yaml").write_text(MINE)
        with open_store() as store, store.database.writing() as connection:
            connection.execute(delete(POOL))

    def said(self, *arguments: object, code: int = 0) -> str:
        done = called_command("pools", *arguments, cwd=self.folder, module="programs.__main__")
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        if code:
            self.assertEqual("", done.stdout)
            return done.stderr
        return done.stdout

    def test_pools_are_listed_wherever_they_are(self) -> None:
        listed = json.loads(self.said("list", "--json"))
        self.assertLessEqual({"mine", "rsi_oversold"}, {one["id"] for one in listed})
        self.assertEqual("programs/pools/mine.yaml", next(one["where"] for one in listed if one["id"] == "mine"))
        self.said("save", "mine")
        broken = self.pools / "broken.yaml"
        self.addCleanup(broken.unlink)
        broken.write_text("name: x")
        done = called_command("pools", "list", "--pools", self.pools, cwd=self.folder, module="programs.__main__")
        self.assertRegex(done.stderr, "^warning: .*broken.yaml: all: neither all nor any is there")
        self.assertRegex(done.stdout, r"mine +Mine +rsi\(14\) < 35 +\S+mine.yaml")
        self.assertRegex(done.stdout, r"mine +Mine +rsi\(14\) < 35 +run store, version 1 of 2")

    def test_a_pool_is_saved_changed_written_back_and_deleted(self) -> None:
        self.assertRegex(self.said("save", "mine"), "^pool mine: version 1 of ")
        (self.pools / "mine.yaml").write_text(MINE.replace("35", "20"))
        self.assertRegex(self.said("save", "mine"), "^pool mine: version 2 of ")
        self.assertIn("there already, nothing was written; --force replaces it", self.said("write", "mine", code=2))
        self.assertIn("20", (self.pools / "mine.yaml").read_text())
        self.said("write", "mine", "--version", 1, "--force")
        self.assertEqual(yaml.safe_load(MINE), yaml.safe_load((self.pools / "mine.yaml").read_text()))
        self.assertEqual(yaml.safe_load(MINE), yaml.safe_load(self.said("show", "mine", "--stored", 1)))
        self.assertEqual(20, yaml.safe_load(self.said("show", "mine", "--stored"))["all"][0]["value"])
        self.assertIn("deleted as version 3", self.said("delete", "mine"))
        self.assertIn("was deleted as version 3 — allowed: version 1, 2", self.said("show", "mine", "--stored", code=2))
        self.assertEqual(yaml.safe_load(MINE), yaml.safe_load(self.said("show", "mine")))

    def test_a_pool_is_tested_on_history(self) -> None:
        config = write_config(self.folder, live={"exchange": "practice", "symbols": ["BTC/USDT"], "timeframe": "1h"})
        window = ("--start", "2024-01-01", "--end", "2024-02-01", "--config", config)
        text = self.said("test", "mine", *window, "--limit", 3)
        plain = json.loads(self.said("test", "mine", *window, "--json"))
        count = plain["count"]
        self.assertGreater(count, 5)
        self.assertIn("Mine (mine)\nwakes when: rsi(14) < 35\nmode: edge\n", text)
        self.assertRegex(text, rf"triggers: {count} \([\d.]+ % of the candles\)\nby symbol: BTC/USDT {count}\n")
        self.assertIn(f"earlier triggers: {count - 3} ", text)
        for one in plain["triggers"][-3:]:
            self.assertIn(f"{one['time'][:16]}  BTC/USDT", text)
        mean = plain["outcomes"][0]["mean"]
        self.assertRegex(text, rf"\n +1 +{count} +{100 * mean:.2f} ")

    def test_what_is_wrong_is_one_line(self) -> None:
        for arguments, line in (
            (("test", "mine", "--start", "2024-01-01"), "the following arguments are required: --end"),
            (
                ("test", "mine", "--start", "2024", "--end", "2025", "--symbols", "A,"),
                "argument --symbols: 'A,' — al",
            ),
            (("test", "nine", "--start", "2024", "--end", "2025"), r"pool nine: .*\(did you mean mine\?\)"),
            (("show", "../mine"), r"'\.\./mine' is no id of a pool"),
            (("show", "mine", "--pools", "nowhere"), "--pools nowhere: there is no such folder"),
            (("show", "mine", "--stored", "0"), "'0' — allowed: a whole number from 1"),
            (("write", "mine"), "pool mine: there is none in the run store"),
            (("tset", "mine"), "invalid choice: 'tset'"),
            ((), "required: ACTION"),
        ):
            with self.subTest(arguments):
                found = self.said(*arguments, code=2)
                self.assertRegex(found, line)
                self.assertEqual(1, found.count("\n"), found)


if __name__ == "__main__":
    unittest.main()
