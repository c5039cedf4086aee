"""Paper sessions over the interface of a real server: real processes on practice exchanges of their own."""

import json
import os
import signal
import unittest
from collections.abc import Callable
from typing import Any

from runs.folder.file_names import DERIVED
from tests.support.asked_dashboards import AskedDashboard
from tests.support.dashboards import Dashboard, dashboard
from tests.support.sessions.live_processes import LiveProcess, session_config
from tests.support.streams import Listener
from tests.support.waiting import wait_until

REHEARSED = {"start": "2024-01-01", "speed": 3_000}
PROGRAM = """\
def decide(market, account, trigger):
    symbol = trigger.symbol
    if symbol in account.positions:
        return Decision("close", reason="in turns")
    price = market.get_current_prices()[symbol]
    return Decision("buy", size=0.5, stop=price * 0.98, reason=trigger.trigger_type)
"""
DIP = {"name": "a dip", "all": [{"feature": "rsi(14)", "op": "<", "value": 45.0}]}


class Client:
    """Asks a server."""

    def __init__(self, server: Dashboard) -> None:
        self.server, self.ask = server, server.ask

    def start(self, **asked: Any) -> str:
        status, told = self.ask("/api/sessions", "POST", {"config": "live.yaml", "rehearsal": REHEARSED, **asked})
        if status != 201:
            raise AssertionError(told)
        return str(told["id"])

    def order(self, name: str, what: str, **asked: Any) -> tuple[int, Any]:
        return self.ask(f"/api/sessions/{name}/{what}", "POST", asked)

    def shown(self, name: str) -> dict[str, Any]:
        status, told = self.ask(f"/api/sessions/{name}")
        if status != 200:
            raise AssertionError(told)
        return dict(told)

    def wait(self, name: str, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        found: dict[str, Any] = {}

        def holds() -> bool:
            found.clear()
            found.update(self.shown(name))
            return bool(condition(found))

        wait_until(holds, lambda: str({**found, "journal": "", "equity_curve": ""}), seconds=0.1)
        return found


def running(told: dict[str, Any]) -> bool:
    return told["state"] == "running" and bool(told["steps"])


class Sessions(AskedDashboard):
    """One configuration of three symbols of minutes, whose strategy trades all the time."""

    client: Client

    @classmethod
    def prepare(cls) -> None:
        cls.live = session_config(cls.folder)
        cls.config = cls.live.parent

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.client = Client(cls.server)

    def journal(self, name: str) -> list[dict[str, Any]]:
        lines = (self.folder / "logs" / "live" / name / "journal.jsonl").read_text().splitlines()
        return [json.loads(one) for one in lines]

    def test_one_is_started_watched_told_to_hold_and_stopped_and_its_parity_is_exact(self) -> None:
        client = self.client
        name = client.start(name="watched")
        self.assertEqual("watched", name)
        with Listener(self.server, f"sessions,session:{name}") as heard:
            shown = client.wait(name, lambda told: running(told) and told["fills"])
            self.assertEqual(("practice", "1m", "live.yaml"), (
                shown["exchange"], shown["timeframe"], shown["started_with"]["config"]
            ))  # fmt: skip
            self.assertTrue(shown["healthy"])
            self.assertIn(name, [one["id"] for one in client.ask("/api/backtest/summary")[1]["sessions"]])
            self.assertEqual(409, client.order(name, "stop")[0], "it closes positions")
            self.assertEqual(409, client.order(name, "stop", confirm="another")[0])
            self.assertEqual(409, client.order(name, "resume")[0])
            self.assertEqual(409, client.ask("/api/sessions", "POST", {"config": "live.yaml", "name": name})[0])

            status, held = client.order(name, "pause", paused=True)
            self.assertEqual(200, status, held)
            client.wait(name, lambda told: told["paused"])
            self.assertEqual(200, client.order(name, "pause", paused=False)[0])
            client.wait(name, lambda told: told["paused"] is False)
            status, killed = client.order(name, "kill-switch", engaged=True)
            self.assertEqual(200, status, killed)
            shown = client.wait(name, lambda told: told["kill_switch"])
            self.assertEqual("dashboard", shown["kill_switch_by"])
            self.assertEqual(200, client.order(name, "kill-switch", engaged=False)[0])
            self.assertEqual(422, client.order(name, "cancel", symbol="BTC/USDC")[0])
            commands = [one["command"] for one in self.journal(name) if one["record"] == "command"]
            self.assertEqual(["pause", "resume", "kill", "release"], commands)

            self.assertEqual(202, client.order(name, "stop", confirm=name)[0])
            ended = client.wait(name, lambda told: told["state"] == "ended" and told["run"])
            heard.wait_for("session", lambda one: one["state"] == "ended")
            heard.wait_for("health", lambda one: one["state"] == "ended" and "feeds" in one)
        self.assertEqual(0, ended["positions"])
        self.assertEqual("end", ended["journal"][0]["record"])
        kinds = heard.kinds(f"session:{name}")
        self.assertLessEqual({"gap", "step", "fill", "decision", "command", "health", "end", "session"}, kinds)
        self.assertEqual(sorted(heard.numbers), heard.numbers)
        rows = (self.folder / "logs" / "live" / name / "trades.csv").read_text().splitlines()
        standing = [one for one in heard.data("health") if "feeds" in one][-1]
        self.assertEqual({**standing, "heartbeat_age_seconds": None}, {
            name: None if name == "heartbeat_age_seconds" else ended[name] for name in standing
        })  # fmt: skip
        fills = heard.data("fill")
        self.assertEqual(rows[-1].split(",")[:6], list(fills[-1].values())[:6])
        self.assertEqual(len({tuple(one.values()) for one in fills}), len(fills), "nothing twice")

        status, listed = client.ask(f"/api/backtest/results/{ended['run']}")
        self.assertEqual((200, "live", "COMPLETED"), (status, listed["kind"], listed["status"]))
        status, job = client.order(name, "parity")
        self.assertEqual((202, "parity"), (status, job["kind"]))
        made = self.ended(f"/api/jobs/{job['id']}")
        # What the operator held back history does not know of; those differences are told apart.
        self.assertEqual(("COMPLETED", "exact"), (made["status"], made["outcome"]["parity"]), made)
        self.assertTrue(made["outcome"]["verdict"].startswith("journal: equal · history: 0 differences"), made)
        self.assertEqual(made["outcome"]["verdict"], client.shown(name)["parity"]["verdict"])

    def test_its_bytes_are_those_of_one_started_by_hand(self) -> None:
        spoken = {"start": "2024-01-01", "speed": 20_000, "duration": "40m"}
        name = self.client.start(rehearsal=spoken)
        self.assertEqual("practice_1m_20240101T000000", name)
        self.client.wait(name, lambda told: told["state"] == "ended")
        more = ("--practice-start", "2024-01-01", "--speed", "20000", "--for", "40m")
        with LiveProcess(self.live, None, more) as process:
            self.assertEqual(0, process.ended(), process.errors)
            for one in DERIVED:
                ours = (self.folder / "logs" / "live" / name / one).read_bytes()
                self.assertEqual((process.folder / one).read_bytes(), ours, one)

    def test_it_goes_on_without_the_server_and_the_next_one_finds_and_stops_it(self) -> None:
        places = ("--config", str(self.config), "--systems", str(self.systems))
        with dashboard(self.folder, *places, "--workers", "0") as first:
            name = Client(first).start(name="orphan")
            Client(first).wait(name, running)
            first.process.kill()
            first.process.wait()
        before = len(self.journal(name))
        wait_until(lambda: len(self.journal(name)) > before)
        shown = self.client.wait(name, lambda told: running(told) and told["healthy"])
        self.assertEqual(name, shown["id"])
        self.assertEqual(202, self.client.order(name, "stop", confirm=name)[0])
        self.client.wait(name, lambda told: told["state"] == "ended")

    def test_one_that_is_killed_is_dead_and_goes_on_when_asked(self) -> None:
        name = self.client.start(name="killed")
        shown = self.client.wait(name, running)
        self.assertEqual(200, self.client.order(name, "kill-switch", engaged=True)[0])
        os.kill(shown["pid"], signal.SIGKILL)
        dead = self.client.wait(name, lambda told: told["state"] == "dead")
        self.assertFalse(dead["healthy"])
        self.assertEqual(409, self.client.order(name, "stop", confirm=name)[0])
        self.assertEqual(409, self.client.order(name, "pause")[0])
        self.assertEqual(202, self.client.order(name, "resume")[0])
        shown = self.client.wait(name, lambda told: running(told) and told["pid"] != shown["pid"])
        os.kill(shown["pid"], signal.SIGKILL)
        self.client.wait(name, lambda told: told["state"] == "dead")
        # As one that was started by hand has none: what it trades is found by its settings.
        (self.folder / "logs" / "live" / name / "start.json").unlink()
        self.assertEqual(202, self.client.order(name, "resume", speed=3_000, duration="10m")[0])
        ended = self.client.wait(name, lambda told: told["state"] == "ended")
        self.assertTrue(ended["kill_switch"], "what an operator engaged stays engaged")
        self.assertEqual(2, [one["record"] for one in self.journal(name)].count("resume"))
        self.assertEqual("live.yaml", ended["started_with"]["config"])

    def test_one_of_a_kept_program_goes_on_and_is_checked_when_program_and_pools_are_gone(self) -> None:
        ask = self.client.ask
        kept = ask("/api/programs/turns", "PUT", {"text": PROGRAM})[1]
        self.assertEqual(200, ask("/api/pools/dip", "PUT", {"pool": DIP})[0])
        asked = {"config": "live.yaml", "pools": ["dip"], "schedule": "5m", "symbols": ["BTC/USDT"],
                 "initial_capital": "5000", "rehearsal": REHEARSED, "name": "of-a-text"}  # fmt: skip
        for more, said in (
            ({"pools": [], "schedule": None}, "nothing wakes it"),
            ({"overrides": {"strategy.file": "/etc/passwd"}}, "strategy is the program"),
            ({"schedule": "1s"}, "schedule"),
            ({"name": "../up"}, "name"),
            ({"version": 9}, "version"),
            ({"duration": "1h", "rehearsal": {"duration": "1h"}}, "given twice"),
        ):
            with self.subTest(said):
                status, told = ask("/api/programs/turns/sessions", "POST", {**asked, **more})
                self.assertIn(status, (404, 422), told)
                self.assertIn(said, told["detail"])
        self.assertFalse((self.folder / "logs" / "live" / "of-a-text").exists())
        status, told = ask("/api/programs/turns/sessions", "POST", asked)
        self.assertEqual((201, ["program turns, version 1"]), (status, told.get("traded_as")), told)
        self.assertEqual(("turns", 1, "live.yaml"),
                         tuple(told["started_with"][one] for one in ("program", "version", "config")))  # fmt: skip
        for path in ("programs/turns", "pools/dip"):
            self.assertEqual(200, ask(f"/api/{path}", "DELETE")[0], "the session has copies")
        shown = self.client.wait("of-a-text", lambda told: running(told) and told["fills"])
        os.kill(shown["pid"], signal.SIGKILL)
        self.client.wait("of-a-text", lambda told: told["state"] == "dead")
        self.assertEqual(202, self.client.order("of-a-text", "resume", speed=20_000, duration="1h")[0])
        ended = self.client.wait("of-a-text", lambda told: told["state"] == "ended" and told["run"])
        manifest = json.loads((self.folder / "logs" / "live" / "of-a-text" / "manifest.json").read_text())
        params = manifest["settings"]["live"]["strategy"]["params"]
        self.assertEqual((kept["text"], ["dip"]), (params["code"], [one["id"] for one in params["pools"]]))
        self.assertEqual(5_000, manifest["settings"]["live"]["execution"]["starting_balance"])
        log = ask(f"/api/backtest/results/{ended['run']}/triggers?page_size=500")[1]
        self.assertGreater(log["signals"] * log["scheduled"], 0)
        self.assertEqual({"dip"}, set(log["pools"]))
        job = self.client.order("of-a-text", "parity")[1]
        made = self.ended(f"/api/jobs/{job['id']}")
        self.assertEqual(("COMPLETED", "exact"), (made["status"], made["outcome"]["parity"]), made)

    def test_a_portfolio_is_rehearsed_and_one_that_cannot_begin_says_why(self) -> None:
        ask = self.client.ask
        wrong: tuple[tuple[dict[str, Any], str], ...] = (
            ({"config": "../live.yaml"}, "is no configuration"),
            ({}, "0 of config, system and portfolio"),
            ({"config": "live.yaml", "system": "practice-scalping"}, "2 of config, system and portfolio"),
            ({"system": "/etc/passwd"}, "there is none of that id"),
            ({"portfolio": "../x"}, "there is none of that id"),
            ({"system": "binanceus-scalping", "rehearsal": {}}, "practice exchange"),
            ({"config": "live.yaml", "duration": "soon"}, "is no duration"),
            ({"config": "live.yaml", "rehearsal": {"start": "yesterday"}}, "is not a date"),
            ({"config": "live.yaml", "name": "../up"}, "name"),
        )
        for asked, said in wrong:
            with self.subTest(said):
                status, told = ask("/api/sessions", "POST", asked)
                self.assertEqual(422, status, told)
                self.assertIn(said, told["detail"])
        self.live.with_name("unlisted.yaml").write_text(self.live.read_text().replace("SOL/", "NOTHING/"))
        name = self.client.start(config="unlisted.yaml", name="unlisted")
        failed = self.client.wait(name, lambda told: told["state"] == "failed")
        self.assertIn("NOTHING/USDT", failed["failure"], "the sentence of the command")
        for path in ("nothing", "..", "%2e%2e%2fdata", "config"):
            self.assertEqual(404, ask(f"/api/sessions/{path}")[0], path)
        brief = {"start": "2024-01-01", "speed": 20_000, "duration": "2h"}
        self.assertEqual((200, ["practice-pair"]), ask("/api/portfolios"))
        name = self.client.start(config=None, portfolio="practice-pair", rehearsal=brief, name="of-a-portfolio")
        ended = self.client.wait(name, lambda told: told["state"] in ("ended", "failed"))
        self.assertEqual("ended", ended["state"], ended)
        self.assertEqual(set(ended["members"]), set(ended["equity_curve"]))
        listed = ask("/api/sessions?state=ended&page_size=500")[1]["items"]
        self.assertIn("of-a-portfolio", {one["id"] for one in listed})


if __name__ == "__main__":
    unittest.main()
