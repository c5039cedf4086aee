"""Backtests over the interface of a real server, made by real workers, against the plain run of the same."""

import json
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from backtests.config_backtest import ConfigBacktestRunner
from tests.support.dashboards import Dashboard, dashboard
from tests.support.shared import REPOSITORY
from tests.support.waiting import wait_until

CONFIG = REPOSITORY / "config"


class Backtests(unittest.TestCase):
    server: Dashboard
    folder: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.server = cls.enterClassContext(
            dashboard(cls.folder, "--config", str(CONFIG), "--systems", str(CONFIG / "systems"), "--workers", "1")
        )

    def ask(self, path: str, method: str = "GET", body: Any = None) -> tuple[int, Any]:
        request = self.server.request(path, method=method, body=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                self.assertEqual("application/problem+json", error.headers["content-type"])
                return error.code, json.load(error)

    def made(self, **asked: Any) -> dict[str, Any]:
        status, started = self.ask("/api/backtest/run", "POST", {"config": "practice.yaml", **asked})
        self.assertEqual(202, status, started)
        self.assertEqual("PENDING", started["status"])
        found: dict[str, Any] = {}

        def through() -> bool:
            found.update(self.ask(f"/api/backtest/results/{started['backtest_id']}")[1])
            return found["status"] not in ("PENDING", "RUNNING")

        wait_until(through, lambda: str(found))
        return found

    def test_a_run_is_that_of_the_command_with_its_figures_curve_and_trades(self) -> None:
        asked = {"symbols": ["BTC/USDT"], "start_date": "2024-01-01", "end_date": "2024-01-08"}
        made = self.made(**asked, name="a week", strategy_params={"ema_fast": 7}, initial_capital="5000")
        runner = ConfigBacktestRunner(
            CONFIG / "practice.yaml", "2024-01-01", "2024-01-08", symbols=["BTC/USDT"],
            data_dir=self.folder / "data", output_dir=self.folder / "plain",
        )  # fmt: skip
        runner.config["strategy"]["params"]["ema_fast"] = 7
        runner.config["execution"]["starting_balance"] = 5000
        plain = runner.run()
        self.assertEqual(("COMPLETED", "a week"), (made["status"], made["name"]))
        self.assertEqual(plain["trades_sha256"], made["hashes"]["trades_sha256"])
        performance = plain["performance"]
        self.assertEqual(performance["total_trades"], made["metrics"]["total_trades"])
        self.assertAlmostEqual(performance["total_return_pct"], made["metrics"]["roi"])
        self.assertEqual(performance["total_trades"], len(made["trades"]))
        paid = sum(float(one["profit_loss"]) for one in made["trades"])
        self.assertAlmostEqual(performance["realized_pnl"], paid, places=6)
        self.assertAlmostEqual(performance["equity"], made["equity_curve"]["equity"][-1])
        self.assertEqual("5000", made["initial_capital"])

        status, listed = self.ask("/api/backtest/results?symbol=BTCUSDT&min_trades=1&sort=-roi")
        self.assertEqual((200, 1), (status, listed["total"]))
        self.assertEqual(made["id"], listed["items"][0]["id"])
        self.assertEqual(0, self.ask("/api/backtest/results?text=nothing+like+that")[1]["total"])

        status, page = self.ask(f"/api/backtest/results/{made['id']}/page")
        self.assertEqual((200, made["id"]), (status, page["runs"][0]["id"]))
        self.assertEqual(performance["total_trades"], page["runs"][0]["trades"]["rows"])
        status, candles = self.ask(
            f"/api/backtest/results/{made['id']}/candles?symbol=BTCUSDT&start=2024-01-02&end=2024-01-03"
        )
        self.assertEqual((200, 96, 900_000), (status, candles["time_ms"]["rows"], candles["length_ms"]))
        few = self.ask(f"/api/backtest/results/{made['id']}/candles?symbol=BTC/USDT&most=60")[1]
        self.assertEqual((42, 4 * 3_600_000), (few["time_ms"]["rows"], few["length_ms"]))
        entered = made["trades"][0]["entry_time"]
        status, decided = self.ask(f"/api/backtest/results/{made['id']}/decisions?symbol=BTC/USDT&time={entered}")
        self.assertEqual(
            (200, "decision", "approved"), (status, decided[0]["event"], decided[0]["gates"][-1]["verdict"])
        )
        self.assertIn("ema_fast", decided[0]["signal"]["inputs"])
        self.assertEqual(404, self.ask(f"/api/backtest/results/{made['id']}/candles?symbol=DOGE/USDT")[0])

        status, changed = self.ask(f"/api/backtest/results/{made['id']}", "PATCH", {"tags": ["mine"], "note": "look"})
        self.assertEqual((200, ["mine"], "look"), (status, changed["tags"], changed["note"]))
        self.assertEqual(1, self.ask("/api/backtest/results?tag=mine")[1]["total"])

        self.assertEqual(409, self.ask(f"/api/backtest/results/{made['id']}", "DELETE")[0])
        self.assertEqual(200, self.ask(f"/api/backtest/results/{made['id']}?files=true", "DELETE")[0])
        self.assertEqual(404, self.ask(f"/api/backtest/results/{made['id']}")[0])

    def test_what_is_wrong_is_said_at_once_in_the_words_of_the_command(self) -> None:
        span = {"config": "practice.yaml", "start_date": "2024-01-01", "end_date": "2024-01-02"}
        for asked, said in (
            (
                {**span, "strategy_params": {"ema_fsat": 7}},
                ": strategy.params.ema_fsat: unknown key (did you mean ema_fast?)",
            ),
            ({**span, "timeframe": "7x"}, "timeframe"),
            ({**span, "symbols": []}, "symbols"),
            ({**span, "unknown": 1}, "unknown"),
            ({**span, "config": "../config/practice.yaml"}, "is no configuration"),
            ({**span, "config": "practise.yaml"}, "did you mean practice.yaml"),
            ({**span, "strategy": "os:system"}, "is not registered"),
            ({**span, "overrides": {"strategy": {"type": "/tmp/own.py"}}}, "is not registered"),
            ({**span, "overrides": {"strategy.type": "/tmp/own.py"}}, "is not registered"),
            ({**span, "overrides": {"data.cache_dir": "/"}}, "data.cache_dir is not a request's to say"),
            ({**span, "overrides": {"data": {"cache_dir": "/"}}}, "data.cache_dir is not a request's to say"),
            ({**span, "overrides": {"logging": {"directory": "/"}}}, "logging.directory"),
            ({**span, "overrides": {"trading_mode": {"kill_switch_file": "/x"}}}, "kill_switch_file"),
            ({**span, "initial_capital": "much"}, "initial_capital"),
            ({**span, "end_date": "2023-01-01"}, "no candle of 15m fits"),
            ({"system": "practice-scalping"}, "which of its windows"),
            ({"system": "practice-scalping", "window": "january", "timeframe": "1h"}, "both given"),
            ({"system": "../practice-scalping", "window": "january"}, "practice-scalping"),
            ({"window": "january"}, "no system is named"),
        ):
            with self.subTest(said):
                status, told = self.ask("/api/backtest/run", "POST", asked)
                self.assertEqual(422, status, told)
                self.assertIn(said, told["detail"])
        self.assertEqual(404, self.ask("/api/backtest/results/b99")[0])
        self.assertEqual(404, self.ask("/api/backtest/results/nothing")[0])
        self.assertEqual(422, self.ask("/api/backtest/results?sort=beauty")[0])

    def test_a_worker_that_is_killed_is_replaced_and_its_job_is_made(self) -> None:
        children = psutil.Process(self.server.process.pid).children
        wait_until(children)
        for one in children():
            one.kill()
        made = self.made(symbols=["ETH/USDT"], start_date="2024-01-01", end_date="2024-01-02")
        self.assertEqual("COMPLETED", made["status"])


if __name__ == "__main__":
    unittest.main()
