"""What a real worker makes for a real server: backtests, searches, fetched candles and recommendations.

Each is held against the plain run of the same, and what cannot be is refused at once in the words of the command.
"""

import hashlib
import json
import shutil
import socket
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import psutil

import research
from backtests.config_backtest import ConfigBacktestRunner
from backtests.settled_run import run_settled
from core.instants import format_ms, parse_instant
from core.time_range import TimeRange
from market_data.store.candle_store import CandleStore
from market_data.store.store_layout import LAST_TIME_MS
from programs import backtest_pool
from research.recommendations.system_now import SystemNow
from runs.reading.run_folder import read_run
from runs.reading.run_settings import settings_of_run
from strategies.programs.sandbox.program_check import check_program
from strategies.programs.triggers.pool_settings import pool_of
from systems.catalogue import read_system
from systems.life_cycle.epoch_tracker import wall_clock_ms
from systems.life_cycle.system_runners import placed
from systems.places import Places
from tests.support.asked_dashboards import CONFIG, AskedDashboard
from tests.support.histories import drawn_returns, windows_of, write_study
from tests.support.program_tricks import REFUSED
from tests.support.runs.tried_tricks import (
    CALLS,
    POOLS,
    REFUSED_TEXT,
    by_time,
    expected,
    nothing_left,
    text_of,
    told_problem,
)
from tests.support.studies import store_in
from tests.support.system_files import write_system
from tests.support.waiting import wait_until
from tests.support.warm_starts import COLD

SEARCH: dict[str, Any] = {
    "system": "practice-scalping", "window": "january", "parameter_ranges": {"ema_fast": "5..8:3", "rsi_period": [14]},
    "sampler": "grid", "best": 0, "processes": 1,
}  # fmt: skip
SEARCHES, RECOMMENDATIONS = "/api/backtest/optimize", "/api/backtest/recommendations"
FETCH = {"exchange": "practice", "symbols": ["BTCUSDT", "ETH/USDT"], "timeframe": "1h", "start_date": "2024-01-01",
         "end_date": "2024-02-03"}  # fmt: skip
HOUR_MS = 3_600_000
POINTS = [(fast, stop) for fast in range(3, 9) for stop in (1, 2, 3)]
GRID = {"ema_fast": "3..8", "sl_atr_multiple": "1,2,3"}
NOW, BEST = (5, 2), (7, 3)
PROGRAM = """\
def decide(market, account, trigger):
    symbol = trigger.symbol
    if trigger.trigger_type == "scheduled":
        return Decision("close", reason="a day is enough") if symbol in account.positions else None
    rsi = market.get_indicator(symbol, "rsi(14)", "1h")["value"]
    price = market.get_current_prices()[symbol]
    return Decision("buy", size=0.5, stop=price * 0.98, targets=[price * 1.03], reason="oversold")
"""
POOL = {"name": "tried", "all": [{"feature": "rsi(14)", "op": "<", "value": 35.0}], "cooldown": "4h"}


class Worked(AskedDashboard):
    """One server for all, whose system ``mine`` has synthetic studies that speak for another point than its own."""

    environment = COLD

    @classmethod
    def prepare(cls) -> None:
        shutil.copytree(CONFIG, cls.folder / "config")
        cls.config, cls.systems = cls.folder / "config", cls.folder / "config" / "systems"
        write_system(
            cls.folder, "mine", base="config/practice.yaml", windows={"first": "2024-01"},
            overrides={"strategy": {"params": {"ema_fast": NOW[0]}}},
        )  # fmt: skip
        (cls.config / "other.py").write_text("def decide(market, account, trigger):\n    print('other')\n")
        practice = (CONFIG / "practice.yaml").read_text()
        own = practice.replace("type: scalping_ema_rsi", "type: program\n  file: other.py\n  schedule: 1h")
        (cls.config / "program.yaml").write_text(own)
        system = SystemNow(read_system("mine", str(cls.systems)), Places(str(cls.systems)))
        (cls.folder / "data").mkdir()
        with store_in(cls.folder / "data") as store:
            for number, window in enumerate(windows_of(6)):
                returns = drawn_returns([1, number], 30, POINTS, {BEST: 0.004})
                write_study(store, system, window, GRID, returns, returns[NOW])


def setUpModule() -> None:
    Worked.begin(unittest.enterModuleContext)


class Backtests(Worked):
    def made(self, **asked: Any) -> dict[str, Any]:
        status, started = self.ask("/api/backtest/run", "POST", {"config": "practice.yaml", **asked})
        self.assertEqual(202, status, started)
        self.assertEqual("PENDING", started["status"])
        return self.ended(f"/api/backtest/results/{started['backtest_id']}")

    def test_a_run_is_that_of_the_command_with_its_figures_curve_and_trades(self) -> None:
        asked = {"symbols": ["BTC/USDT"], "start_date": "2024-01-01", "end_date": "2024-01-08"}
        made = self.made(**asked, name="a week", strategy_params={"ema_fast": 7}, initial_capital="5000")
        runner = ConfigBacktestRunner(
            CONFIG / "practice.yaml", "2024-01-01", "2024-01-08", symbols=["BTC/USDT"],
            data_dir=self.folder / "plain_data", output_dir=self.folder / "plain",
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
        self.assertEqual(200, status)
        self.assertIn(made["id"], [one["id"] for one in listed["items"]])
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
        asked = f"backtest/results/{made['id']}/decisions?symbol=BTC/USDT&time=2024-01-01&until=2024-01-08"
        every, turned = self.told(asked), []
        while found := self.told(f"{asked}&most=7&offset={len(turned)}"):
            turned += found
        self.assertEqual(every, turned)
        self.assertGreater(len(every), 14)
        self.assertEqual(404, self.ask(f"/api/backtest/results/{made['id']}/candles?symbol=DOGE/USDT")[0])

        status, changed = self.ask(f"/api/backtest/results/{made['id']}", "PATCH", {"tags": ["mine"], "note": "look"})
        self.assertEqual((200, ["mine"], "look"), (status, changed["tags"], changed["note"]))
        self.assertEqual(1, self.ask("/api/backtest/results?tag=mine")[1]["total"])

        self.what_lacks_a_file_is_told_of_that_run(made["id"])
        self.assertEqual(409, self.ask(f"/api/backtest/results/{made['id']}", "DELETE")[0])
        self.assertEqual(200, self.ask(f"/api/backtest/results/{made['id']}?files=true", "DELETE")[0])
        self.assertEqual(404, self.ask(f"/api/backtest/results/{made['id']}")[0])

    def what_lacks_a_file_is_told_of_that_run(self, run: str) -> None:
        folder = next(one for one in self.folder.glob(f"logs/backtests/**/{run}") if not one.is_symlink())
        asked = f"/api/backtest/results/{run}"
        for missing in (["result.json"], ["manifest.json"], ["result.json", "manifest.json"], ["equity.npy"]):
            with self.subTest(missing=missing):
                for name in missing:
                    (folder / name).rename(folder / f"{name}.away")
                for path, method, body in (
                    (f"{asked}/page", "GET", None), ("/api/playbacks", "POST", {"run": run}),
                ):  # fmt: skip
                    if missing == ["equity.npy"] and method == "POST":
                        continue  # A playback needs the settings and the window alone.
                    status, told = self.ask(path, method, body)
                    self.assertEqual(422, status, told)
                    self.assertIn(f"run {run}: ", told["detail"])
                    self.assertIn(missing[0], told["detail"])
                for name in missing:
                    (folder / f"{name}.away").rename(folder / name)
        self.assertEqual(200, self.ask(f"{asked}/page")[0])

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
            ({**span, "strategy": "program"}, "is not registered"),
            (
                {**span, "config": "program.yaml", "overrides": {"strategy.file": "../o.py"}},
                "strategy.file is not a req",
            ),
            (
                {**span, "config": "program.yaml", "overrides": {"strategy": {"pools": ["x"]}}},
                "strategy.pools is not a",
            ),
            ({**span, "overrides": {"strategy": {"type": "/tmp/own.py"}}}, "is not registered"),
            ({**span, "overrides": {"strategy.type": "/tmp/own.py"}}, "is not registered"),
            ({**span, "overrides": {"data.cache_dir": "/"}}, "data.cache_dir is not a request's to say"),
            ({**span, "overrides": {"strategy.file": "x.py"}}, "strategy.file is not a request's to say"),
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
        def workers() -> list[psutil.Process]:
            return [one for one in psutil.Process(self.server.process.pid).children() if "worker" in one.cmdline()]

        wait_until(workers)
        for one in workers():
            one.kill()
        made = self.made(symbols=["ETH/USDT"], start_date="2024-01-01", end_date="2024-01-02")
        self.assertEqual("COMPLETED", made["status"])


class Programs(Worked):
    def answered(self, path: str, asked: dict[str, Any]) -> Any:
        """Return what a trial answers as soon as it is through."""
        told = self.ended(f"/api/trials/{self.told(path, 'POST', asked)['id']}")
        self.assertEqual("COMPLETED", told["status"], told)
        return told["result"]

    def named(self, name: str) -> str:
        """Return the name of a program that is kept."""
        self.assertEqual(200, self.ask(f"/api/programs/{name}", "PUT", {"text": PROGRAM})[0])
        return name

    def test_a_text_is_checked_kept_with_its_versions_and_taken_out(self) -> None:
        status, wrong = self.ask("/api/programs/check", "POST", {"text": "import os\n" + PROGRAM})
        self.assertEqual((200, False), (status, wrong["sound"]))
        self.assertEqual((1, "error"), (wrong["findings"][0]["line"], wrong["findings"][0]["level"]))
        self.assertEqual([["rsi(14)", "1h"]], wrong["reads"]["indicators"])
        findings = check_program("import os\n" + PROGRAM)
        self.assertEqual([one.what for one in findings], [one["what"] for one in wrong["findings"]])

        unfinished = {"text": "def decide(", "note": "to be gone on with"}
        status, first = self.ask("/api/programs/drafted", "PUT", unfinished)
        self.assertEqual((200, 1, False, "to be gone on with"),
                         (status, first["version"], first["sound"], first["note"]))  # fmt: skip
        second = self.ask("/api/programs/drafted", "PUT", {"text": PROGRAM.replace("\n", "\r\n")})[1]
        self.assertEqual((2, True, PROGRAM), (second["version"], second["sound"], second["text"]))
        self.assertEqual(hashlib.sha256(PROGRAM.encode()).hexdigest(), second["sha256"])
        self.assertEqual(2, self.ask("/api/programs/drafted", "PUT", {"text": PROGRAM})[1]["version"])
        self.assertEqual("def decide(", self.ask("/api/programs/drafted?version=1")[1]["text"])
        self.assertEqual([2, 1], [one["version"] for one in second["versions"]])
        meanwhile = {"text": PROGRAM + "# elsewhere\n", "after": 1}
        status, refused = self.ask("/api/programs/drafted", "PUT", meanwhile)
        self.assertEqual(409, status)
        self.assertIn("program drafted: version 2 was kept meanwhile, and this rests on version 1", refused["detail"])
        listed = {one["name"]: one for one in self.ask("/api/programs")[1]}
        self.assertEqual((2, 7), (listed["drafted"]["version"], listed["drafted"]["lines"]))
        self.assertEqual(200, self.ask("/api/programs/drafted", "DELETE")[0])
        for path, method in (("drafted", "GET"), ("drafted", "DELETE"), ("drafted?version=9", "GET"), ("none", "GET")):
            self.assertEqual(404, self.ask(f"/api/programs/{path}", method)[0], path)
        self.assertNotIn("drafted", [one["name"] for one in self.ask("/api/programs")[1]])
        status, refused = self.ask("/api/programs/drafted", "PUT", {"text": PROGRAM, "after": 2})
        self.assertIn("it was removed meanwhile, and this rests on version 2", refused["detail"])
        self.assertEqual(4, self.ask("/api/programs/drafted", "PUT", {"text": PROGRAM, "after": 0})[1]["version"])
        self.assertEqual(200, self.ask("/api/programs/drafted", "DELETE")[0])

    def test_a_run_has_its_text_and_pools_in_its_own_folder_and_is_made_again_of_that(self) -> None:
        name = self.named("dip")
        for id_ in ("z-first", "a-second"):
            self.assertEqual(200, self.ask(f"/api/pools/{id_}", "PUT", {"pool": POOL})[0])
        # The configuration has a program of its own, in a file: it gives way.
        asked = {"pools": ["z-first", "a-second"], "schedule": "1d", "config": "program.yaml", "name": "of a text",
                 "symbols": ["BTC/USDT"], "start_date": "2024-01-01", "end_date": "2024-01-06",
                 "initial_capital": "5000"}  # fmt: skip
        status, started = self.ask(f"/api/programs/{name}/run", "POST", asked)
        self.assertEqual((202, "PENDING"), (status, started.get("status")), started)
        for path in (f"programs/{name}", "pools/z-first", "pools/a-second"):
            self.assertEqual(200, self.ask(f"/api/{path}", "DELETE")[0], "the job has copies")
        made = self.ended(f"/api/backtest/results/{started['backtest_id']}")
        self.assertEqual(("COMPLETED", "of a text", "5000"), (made["status"], made["name"], made["initial_capital"]))

        job = self.ended(f"/api/jobs/{started['job']}")
        run = read_run(shutil.copytree(self.folder / job["outcome"]["folder"], self.folder / "elsewhere"))
        params = run.manifest.settings["live"]["strategy"]["params"]
        self.assertEqual(PROGRAM, params["code"])
        again = run_settled(
            placed(settings_of_run(run), Places(data_dir=str(self.folder / "data" / "backtest_cache"))),
            TimeRange(*run.window), wall_clock_ms(), output_dir=self.folder / "again",
        )  # fmt: skip
        self.assertEqual(again.trades_sha256, made["hashes"]["trades_sha256"])
        self.assertGreater(made["metrics"]["total_trades"], 0)

        log = self.ask(f"/api/backtest/results/{started['backtest_id']}/triggers?page_size=500")[1]
        lines = [json.loads(one) for one in (run.folder / "decisions.jsonl").read_text().splitlines()]
        calls = [one for one in lines if one["event"] == "program"]
        self.assertEqual((len(calls), len(calls)), (log["total"], len(log["items"])))
        for call, shown in zip(calls, log["items"], strict=True):
            self.assertEqual((call["call"], call["time"]), (shown["number"], shown["time"]))
            for told, of in ((call["trigger"], shown["trigger"]), (call["decision"], shown["decision"])):
                self.assertEqual(told, {name: of[name] for name in told})
        self.assertEqual((5, False), (log["scheduled"], log["halted"]))
        self.assertEqual((log["problems"], log["problems"]), tuple(log["pools"].values()))
        # Both wake at once, in the order in which they were named: there is nothing left to say for the second one.
        self.assertEqual({"a-second"}, {one["trigger"]["pool"] for one in log["items"] if one["problem"]})
        self.assertEqual(log["signals"], sum(log["pools"].values()))
        paid = {(one["exit_time"], one["profit_loss"]) for one in log["items"] if one["outcome"] == "closed"}
        trades = {(one["exit_time"], float(one["profit_loss"])) for one in made["trades"]}
        self.assertEqual(trades, paid)
        self.assertEqual(404, self.ask("/api/backtest/results/nothing/triggers")[0])

    def test_a_pool_is_kept_before_that_of_the_folder_and_tried_as_the_command_tries_it(self) -> None:
        known = {one["id"]: one for one in self.ask("/api/pools")[1]}
        self.assertEqual((None, "<"), (known["rsi_oversold"]["version"], known["rsi_oversold"]["pool"]["all"][0]["op"]))
        self.assertEqual(409, self.ask("/api/pools/rsi_oversold", "DELETE")[0], "a file stays")
        status, kept = self.ask("/api/pools/rsi_oversold", "PUT", {"pool": POOL})
        self.assertEqual((200, 1, "tried"), (status, kept["version"], kept["pool"]["name"]))
        self.assertEqual(409, self.ask("/api/pools/rsi_oversold", "PUT", {"pool": POOL | {"name": "b"}, "after": 0})[0])
        self.assertEqual(200, self.ask("/api/pools/rsi_oversold", "DELETE")[0])
        self.assertEqual("RSI oversold", self.ask("/api/pools/rsi_oversold")[1]["pool"]["name"])
        self.assertEqual(404, self.ask("/api/pools/none")[0])

        asked = {"pool": POOL, "config": "practice.yaml", "symbols": ["BTC/USDT", "ETH/USDT"],
                 "start_date": "2024-01-01", "end_date": "2024-01-06"}  # fmt: skip
        told = self.answered("pools/test", asked)
        plain = backtest_pool(
            pool_of(POOL, "tried", "pool"), ["BTC/USDT", "ETH/USDT"], "2024-01-01", "2024-01-06",
            config=str(CONFIG / "practice.yaml"), data_dir=str(self.folder / "plain_data"),
        )  # fmt: skip
        self.assertGreater(plain.count, 1)
        self.assertEqual((plain.count, plain.candles), (told["total"], told["candles"]))
        self.assertEqual([format_ms(one.event.time_ms) for one in plain.triggers][::-1],
                         [one["time"] for one in told["triggers"]])  # fmt: skip
        self.assertEqual([one.candles for one in plain.outcomes], [1, 4, 24])
        for one, shown in zip(plain.outcomes, told["forward"], strict=True):
            self.assertAlmostEqual(100.0 * (one.mean or 0.0), shown["mean_pct"])

    def test_a_text_is_called_once_at_a_moment_and_whatever_it_does_is_told(self) -> None:
        asked = {"text": PROGRAM, "config": "practice.yaml", "symbols": ["BTC/USDT"], "pools": ["rsi_oversold"],
                 "schedule": "1d", "at": "2024-01-05T12:07:00Z"}  # fmt: skip
        told = self.answered("programs/try", asked)
        first, second = told
        plain = ConfigBacktestRunner(
            CONFIG / "practice.yaml", "2024-01-05T11:45", "2024-01-05T12:00", symbols=["BTC/USDT"],
            data_dir=self.folder / "plain_data", output_dir=self.folder / "one",
        )  # fmt: skip
        candles = plain.data_provider.fetch_ohlcv("BTC/USDT", "15m", plain.start_date, plain.end_date)
        close = float(candles["close"].iloc[-1])
        self.assertEqual(("2024-01-05T12:00:00.000Z", "rsi_oversold", "buy"),
                         (first["time"], first["pool"], first["decision"]["action"]))  # fmt: skip
        self.assertEqual(
            (close * 0.98, [[1.0, close * 1.03]]), (first["decision"]["stop"], first["decision"]["targets"])
        )
        self.assertEqual(["get_indicator", "get_current_prices"], [one["name"] for one in first["reads"]])
        self.assertEqual(("scheduled", "hold"), (second["woken_by"], second["decision"]["action"]))
        # The process of the trial waits for the next one; where it is gone another one makes it.
        for one in psutil.Process(self.server.process.pid).children():
            if "spawn_main" in " ".join(one.cmdline()):
                one.kill()
        self.assertEqual(told, self.answered("programs/try", {**asked, "config": "program.yaml"}))
        raises = "def decide(market, account, trigger):\n    print(trigger.symbol)\n    return 1 / 0\n"
        [one] = self.answered("programs/try", {**asked, "text": raises, "pools": []})
        self.assertEqual((None, ["BTC/USDT"], "error", 3),
                         (one["decision"], one["printed"], one["problem"]["kind"], one["problem"]["line"]))  # fmt: skip
        for more, said in (
            ({"text": "import os"}, "import os"),
            ({"at": "2124-01-01"}, "not of the future"),
            ({"at": "0001-01-01"}, "since 1970"),
            ({"symbol": "DOGE/USDT"}, "is not traded"),
            ({"schedule": "99 * * * *"}, "schedule: "),
            ({"config": "../practice.yaml"}, "is no configuration"),
        ):
            status, told = self.ask("/api/programs/try", "POST", {**asked, **more})
            if status == 200:  # It was not through within two seconds.
                told["detail"] = self.ended(f"/api/trials/{told['id']}")["failure"]
            else:
                self.assertEqual(422, status, told)
            self.assertIn(said, told["detail"])

    def test_a_long_trial_is_watched_and_ended_and_others_are_answered_meanwhile(self) -> None:
        asked = {"pool": POOL, "config": "practice.yaml", "symbols": ["BTC/USDT"], "timeframe": "1m",
                 "start_date": "2022-10-01", "end_date": "2023-11-01"}  # fmt: skip
        with ThreadPoolExecutor(3) as clients:
            began = list(clients.map(lambda _: self.told("pools/test", "POST", asked), range(3)))
        self.assertEqual([("pool", None)] * 3, [(one["kind"], one["result"]) for one in began])
        self.assertEqual(["PENDING", "RUNNING", "RUNNING"], sorted(one["status"] for one in began))
        for _ in range(50):  # More than the server has threads for requests.
            self.assertEqual(200, self.ask("/api/version")[0])
        by_state = sorted(began, key=lambda one: str(one["status"]))
        for one in by_state:
            self.assertEqual(one["status"], self.told(f"trials/{one['id']}")["status"])
        for one in by_state:
            told = self.told(f"trials/{one['id']}/cancel", "POST")
            self.assertEqual(one["status"] == "PENDING", told["status"] == "CANCELLED", "it had not begun")
        for one in began:
            self.assertEqual("CANCELLED", self.ended(f"/api/trials/{one['id']}")["status"])
        self.assertEqual(404, self.ask("/api/trials/nothing")[0])
        # Who goes while he waits leaves nothing behind.
        gone = self.left_alone(asked)
        wait_until(lambda: self.listed()[gone] == "CANCELLED")

    def left_alone(self, asked: dict[str, Any]) -> str:
        """Return the id of a trial that a client has begun who is gone by now."""
        known = self.listed()
        body = json.dumps(asked).encode()
        with socket.create_connection(("127.0.0.1", self.server.port)) as client:
            client.sendall(
                f"POST /api/pools/test HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\n"
                f"Authorization: Bearer {self.server.token}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            found: set[str] = set()
            wait_until(lambda: found.update(self.listed().keys() - known) or found)
        return found.pop()

    def listed(self) -> dict[str, str]:
        """Return the states of the trials; none of them lives on for it."""
        return {one["id"]: one["status"] for one in self.told("trials")}

    def test_the_tricks_of_hostile_programs_are_contained_in_every_way_to_run_a_text(self) -> None:
        with nothing_left(self, self.folder) as said:
            status, told = self.ask("/api/programs/check", "POST", {"text": REFUSED_TEXT})
            self.assertEqual((200, False), (status, told["sound"]))
            self.assertGreater(len(told["findings"]), len(REFUSED))
            said.append(json.dumps(told, ensure_ascii=False))

            known = expected()
            tried = text_of("int(trigger.pool_id[1:])", *POOLS[:10])
            for id_ in POOLS[:10]:
                self.assertEqual(200, self.ask(f"/api/pools/{id_}", "PUT", {"pool": POOL})[0])
            span = {"config": "practice.yaml", "symbols": ["BTC/USDT"]}
            told = self.answered("programs/try", {**span, "text": tried, "at": "2024-01-05T12:00:00Z"})
            self.assertEqual(10, len(told), told)
            self.assertEqual([known[number] for number in range(10)], [told_problem(one["problem"]) for one in told])
            said.append(json.dumps(told, ensure_ascii=False))

            self.assertEqual(200, self.ask("/api/programs/hostile", "PUT", {"text": text_of(by_time(15 * 60_000))})[0])
            asked = {**span, "schedule": "15m", "start_date": "2024-01-03", "end_date": "2024-01-04"}
            status, started = self.ask("/api/programs/hostile/run", "POST", asked)
            self.assertEqual(202, status, started)
            path = f"/api/backtest/results/{started['backtest_id']}"
            self.assertEqual("COMPLETED", self.ended(path)["status"])
            log = self.ask(f"{path}/triggers?page_size=500")[1]
            self.assertEqual(96, log["total"])
            for one in log["items"]:
                number = parse_instant(one["time"]) // (15 * 60_000) % CALLS
                self.assertEqual(known[number], told_problem(one["problem"]))
            said.append(json.dumps(log, ensure_ascii=False))

    def test_what_is_wrong_is_said_at_once_in_the_words_of_the_command(self) -> None:
        name = self.named("sound")
        self.ask("/api/programs/unsound", "PUT", {"text": "def decide("})
        span = {"config": "practice.yaml", "start_date": "2024-01-01", "end_date": "2024-01-02"}
        tried, run = {**span, "pool": POOL}, f"programs/{name}/run"
        for path, asked, said in (
            (run, span, "nothing wakes it"),
            (run, {**span, "schedule": "7 minutes"}, "schedule"),
            (run, {**span, "schedule": "1m"}, "15m"),
            (run, {**span, "pools": ["rsi_oversol"]}, "did you mean rsi_oversold"),
            (run, {**span, "pools": ["../../etc/passwd"]}, "there is none"),
            (run, {**span, "pools": ["rsi_oversold"] * 2}, "stands twice"),
            (run, {**span, "schedule": "1h", "overrides": {"strategy.file": "/etc/passwd"}}, "strategy is the program"),
            (run, {**span, "schedule": "1h", "overrides": {"data.cache_dir": "/"}}, "data.cache_dir"),
            (run, {**span, "schedule": "1h", "config": "../practice.yaml"}, "is no configuration"),
            ("programs/unsound/run", {**span, "schedule": "1h"}, "unsound.py:1"),
            ("pools/test", {**tried, "pool": {"name": "none"}}, "neither all nor any"),
            ("pools/test", {**tried, "end_date": "2023-01-01"}, "no candle of 15m fits"),
            ("pools/test", {**tried, "timeframe": "1m", "end_date": "2025-01-01"}, "allowed: up to 600,000"),
        ):
            with self.subTest(said):
                status, told = self.ask(f"/api/{path}", "POST", asked)
                self.assertEqual(422, status, told)
                self.assertIn(said, told["detail"])
        for path, asked, said in (
            ("programs/..", {"text": PROGRAM}, "is no name of a program"),
            ("programs/Upper", {"text": PROGRAM}, "is no name of a program"),
            ("programs/long", {"text": "x" * 65_537}, "text"),
            ("pools/wrong", {"pool": {**POOL, "all": [{"feature": "rsi(14", "op": "<", "value": 1}]}}, "pool wrong: "),
            ("pools/a.b", {"pool": POOL}, "is no id of a pool"),
        ):
            with self.subTest(said):
                status, told = self.ask(f"/api/{path}", "PUT", asked)
                self.assertEqual(422, status, told)
                self.assertIn(said, told["detail"])


class Searches(Worked):
    def started(self, **asked: Any) -> dict[str, Any]:
        started: dict[str, Any]
        status, started = self.ask(SEARCHES, "POST", {**SEARCH, **asked})
        self.assertEqual((202, "PENDING"), (status, started.get("status")), started)
        return started

    def test_a_search_is_that_of_the_command_and_its_second_one_is_estimated(self) -> None:
        started = self.started()
        self.assertEqual((2, 2), (started["total_combinations"], started["trials"]))
        self.assertIsNone(started["estimated_time_minutes"])
        asked = f"{SEARCHES}/{started['optimization_id']}"
        found = self.ended(asked)
        self.assertEqual("COMPLETED", found["status"], found)
        with store_in(str(self.folder)) as store:
            same = research.optimise(
                "practice-scalping", SEARCH["parameter_ranges"], window="january", sampler="grid", best=0, processes=1,
                places=Places(str(CONFIG / "systems"), str(self.folder / "own"), str(self.folder / "data")),
                store=store,
            )  # fmt: skip
        best = found["best"]
        self.assertEqual([one.number for one in same.ranked], [one["number"] for one in best])
        self.assertEqual([one.objectives for one in same.ranked], [one["objectives"] for one in best])
        self.assertEqual({"ema_fast": "5..8:3", "rsi_period": "14"}, found["parameters"])
        self.assertTrue(found["sentences"])
        self.assertEqual(2, found["progress"]["done"])
        status, page = self.ask(f"{asked}/page")
        self.assertEqual((200, found["study"], 2), (status, page["study"]["id"], page["study"]["counts"]["trials"]))
        listed = self.ask(SEARCHES)[1]["items"]
        self.assertIn(started["optimization_id"], [one["optimization_id"] for one in listed])
        self.assertEqual(found["study"], self.ask(f"{SEARCHES}/{found['study']}")[1]["study"])
        again = self.started(seed=1)
        self.assertGreater(again["estimated_time_minutes"], 0.0)
        self.assertEqual(200, self.ask(f"/api/jobs/{again['job']}/cancel", "POST")[0])

    def test_a_walk_forward_is_made_fold_by_fold(self) -> None:
        started = self.started(metric="roi", walk_forward={"train": "10d", "test": "10d"})
        self.assertEqual((2, 4), (started["total_combinations"], started["trials"]))
        found = self.ended(f"{SEARCHES}/{started['optimization_id']}")
        self.assertEqual(
            ("COMPLETED", "walk-forward", 2), (found["status"], found["kind"], len(found["result"]["folds"]))
        )
        status, page = self.ask(f"{SEARCHES}/{started['optimization_id']}/page")
        self.assertEqual((200, 2), (status, len(page["study"]["folds"])))

    def test_what_is_wrong_is_said_at_once_in_the_words_of_the_command(self) -> None:
        fold, groups = {"train": "10d", "test": "10d"}, {"groups": 3, "test_groups": 1}
        for asked, said in (
            ({"walk_forward": fold, "cross_validation": groups}, "a search is made by one"),
            ({"cross_validation": {"groups": 3, "test_groups": 3}}, "test_groups"),
            ({"cross_validation": groups, "sampler": "tpe"}, "would try other points on every range"),
            ({"parameter_ranges": {"ema_fsat": "5..8"}}, "did you mean ema_fast"),
            ({"parameter_ranges": {"ema_fast": "8..5"}}, "is empty"),
            ({"parameter_ranges": {"ema_fast": None}}, "ema_fast"),
            ({"parameter_ranges": {"strategy.type": ["os:system"]}}, "is not a request's to vary"),
            ({"parameter_ranges": {"trading_mode.kill_switch_file": ["/x"]}}, "is not a request's to vary"),
            ({"parameter_ranges": {"data.cache_dir": ["/x"]}}, "is not a request's to vary"),
            ({"parameter_ranges": {"strategy.file": ["../x.py"]}}, "is not a request's to vary"),
            ({"system": "../practice-scalping"}, "practice-scalping"),
            ({"window": "janury"}, "january"),
            ({"sampler": "luck"}, "luck"),
            ({"metric": "beauty"}, "beauty"),
            ({"seed": -1}, "seed"),
            ({"walk_forward": {"train": "a while", "test": "10d"}}, "is no length"),
            ({"unknown": 1}, "unknown"),
        ):
            with self.subTest(said):
                status, told = self.ask(SEARCHES, "POST", {**SEARCH, **asked})
                self.assertEqual(422, status, told)
                self.assertIn(said, told["detail"])
        for name in ("o99999", "99999", "o0", "nothing"):
            self.assertEqual(404, self.ask(f"{SEARCHES}/{name}")[0])


class Data(Worked):
    def test_what_is_fetched_is_listed_and_its_holes_and_outliers_are_shown(self) -> None:
        status, started = self.ask("/api/data/fetch", "POST", FETCH)
        self.assertEqual((202, "PENDING"), (status, started.get("status")), started)
        job = self.ended(f"/api/jobs/{started['job']}")
        self.assertEqual("COMPLETED", job["status"], job)
        said = " ".join(one["text"] for one in job["log"])
        self.assertIn("BTCUSDT 1h: 792 candles", said.replace("BTC/USDT", "BTCUSDT"))
        found = {one["symbol"]: one for one in self.ask("/api/data")[1]["series"] if one["timeframe"] == "1h"}
        self.assertEqual(
            (792, 0, "2024-01-01T00:00:00.000Z"), tuple(found["BTC/USDT"][name] for name in ("rows", "holes", "first"))
        )
        self.assertEqual({"BTC/USDT", "ETH/USDT"}, found.keys())

        store = CandleStore(self.folder / "data" / "backtest_cache")
        of = ("practice", "ETH/USDT", "1h")
        candles = store.read(*of, 0, LAST_TIME_MS)
        first = int(candles.open_time_ms[0])
        store.forget(*of, first + 30 * HOUR_MS, first + 33 * HOUR_MS, at_ms=0)
        high = candles.high.copy()
        high[100] *= 3.0
        store.forget(*of, first + 100 * HOUR_MS, first + 101 * HOUR_MS, at_ms=0)
        store.write(*of, candles._replace(high=high).slice(100, 101), source="a test")
        status, shown = self.ask("/api/data/practice/1h?symbol=ethusdt")
        self.assertEqual(200, status, shown)
        self.assertEqual(
            (1, 3, "2024-01-02T05:00:00.000Z", "2024-01-02T09:00:00.000Z", False),
            (
                shown["gaps_total"],
                *(shown["gaps"][0][name] for name in ("missing", "last_before", "first_after", "known")),
            ),
        )
        self.assertEqual((1, "2024-01-05T04:00:00.000Z"), (shown["outliers_total"], shown["outliers"][0]["time"]))
        self.assertAlmostEqual(high[100] / min(candles.low[100], candles.close[99]), shown["outliers"][0]["factor"])
        coverage = shown["coverage"]
        self.assertEqual(("day", 33, [24, 21, 24]), (coverage["by"], len(coverage["start"]), coverage["rows"][:3]))
        self.assertEqual([24] * 33, coverage["due"])
        months = self.ask("/api/data/practice/1h?symbol=ETH/USDT&by=month")[1]["coverage"]
        self.assertEqual(([741, 48], [744, 48]), (months["rows"], months["due"]))
        self.assertEqual(int(np.sum(coverage["rows"])), shown["rows"])

    def test_what_cannot_be_had_is_told_in_the_words_of_the_command(self) -> None:
        for asked, said in (
            ({"exchange": "binanse"}, "did you mean binance"),
            ({"timeframe": "7x"}, "timeframe"),
            ({"start_date": "yesterday"}, "start_date"),
            ({"end_date": "2023-01-01"}, "is not before"),
            ({"symbols": [" "]}, "symbols"),
            ({"data_dir": "/"}, "data_dir"),
            ({"symbols": ["\ud800"]}, "half of a character"),
            ({"symbols": ["BTC\0USDT"]}, "a NUL"),
        ):
            with self.subTest(said):
                status, told = self.ask("/api/data/fetch", "POST", {**FETCH, **asked})
                self.assertEqual(422, status, told)
                self.assertIn(said, told["detail"])
        started = self.ask("/api/data/fetch", "POST", {**FETCH, "symbols": ["NOTHING/USDT"]})[1]
        job = self.ended(f"/api/jobs/{started['job']}")
        self.assertEqual("FAILED", job["status"])
        self.assertIn("NOTHING", job["failure"])
        listed = self.ask("/api/jobs?kind=fetch")[1]["items"]
        self.assertEqual((started["job"], {"fetch"}), (listed[0]["id"], {one["kind"] for one in listed}))
        self.assertEqual(422, self.ask("/api/backtest/results/%00")[0])
        for path in ("nowhere/1h?symbol=BTC/USDT", "practice/1h?symbol=DOGE/USDT", "practice/nothing?symbol=BTC/USDT",
                     "../1h?symbol=x"):  # fmt: skip
            self.assertEqual(404, self.ask(f"/api/data/{path}")[0], path)


class Recommendations(Worked):
    def test_what_is_true_is_recommended_accepted_and_reviewed(self) -> None:
        self.assertEqual(422, self.ask(RECOMMENDATIONS, "POST", {"system": "yours"})[0])
        status, started = self.ask(RECOMMENDATIONS, "POST", {"system": "mine"})
        self.assertEqual(202, status, started)
        job = self.ended(f"/api/jobs/{started['job']}")
        self.assertEqual(("COMPLETED", [1]), (job["status"], job["outcome"]["recommendations"]), job)
        [row] = self.ask(f"{RECOMMENDATIONS}?status=pending&system=mine")[1]["items"]
        recommended = {"strategy.params.ema_fast": 7, "strategy.params.sl_atr_multiple": 3}
        self.assertEqual(("pending", recommended), (row["status"], row["recommended"]))
        change = row["expected_change"]
        self.assertTrue(change["low"] < 0.004 < change["high"], change)
        self.assertEqual(0, self.ask(f"{RECOMMENDATIONS}?status=rejected")[1]["total"])
        self.assertEqual(0, self.ask(f"{RECOMMENDATIONS}?system=yours")[1]["total"])

        self.assertEqual(409, self.ask(f"{RECOMMENDATIONS}/1/apply", "POST", {})[0], "nothing is accepted yet")
        self.assertEqual(409, self.ask(f"{RECOMMENDATIONS}/1/review", "POST", {})[0])
        status, accepted = self.ask(f"{RECOMMENDATIONS}/1/accept", "POST", {"note": "looks right"})
        self.assertEqual((200, "accepted", "mine-r1", "looks right"),
                         (status, accepted["status"], accepted["version"], accepted["note"]))  # fmt: skip
        params = read_system("mine-r1", str(self.systems)).settings.live.strategy.params
        self.assertEqual((7, 3.0), (params["ema_fast"], params["sl_atr_multiple"]))
        for action in ("accept", "reject"):
            status, told = self.ask(f"{RECOMMENDATIONS}/1/{action}", "POST", {})
            self.assertEqual(409, status)
            self.assertIn("is accepted already (mine-r1)", told["detail"])
        started = self.ask(f"{RECOMMENDATIONS}/1/review", "POST")[1]
        job = self.ended(f"/api/jobs/{started['job']}")
        self.assertIn("0 of 30 days", job["outcome"]["reviewed"][0]["waits"])
        self.assertEqual("applied", self.ask(f"{RECOMMENDATIONS}/1/apply", "POST", {})[1]["status"])
        self.assertEqual(5, len(self.ask(f"{RECOMMENDATIONS}/1")[1]["evidence"]["windows"]))
        for path in ("2", "2/accept", "99999999999/reject"):
            self.assertIn(self.ask(f"{RECOMMENDATIONS}/{path}", "GET" if path == "2" else "POST", None)[0], (404, 422))


if __name__ == "__main__":
    unittest.main()
