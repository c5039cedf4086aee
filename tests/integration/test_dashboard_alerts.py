"""Alerts in the dashboard of a real server: listed with where they arrived, streamed as they come, tried at will."""

import json
import unittest
import urllib.request
from typing import Any

import msgspec

from alerts.outbox import Attempted, Outbox, wall_clock_ms
from runs.jobs.job_queue import JobQueue
from runs.store.run_store import open_store
from tests.support.alert_services import AlertService, Answer, alert
from tests.support.asked_dashboards import AskedDashboard
from tests.support.browser import browser, needs_browser
from tests.support.waiting import PATIENCE_S, wait_until

HOSTILE = "<img src=x onerror=alert(1)>"


class DashboardAlerts(AskedDashboard):
    service: AlertService

    @classmethod
    def prepare(cls) -> None:
        cls.service = cls.enterClassContext(AlertService())
        cls.config = cls.folder / "config"
        cls.config.mkdir()
        channel = {"name": "ops", "url_env": "OPS_HOOK", "allow_private": True, "coalesce_seconds": 0}
        (cls.config / "alerts.yaml").write_text(json.dumps({"channels": [channel]}), encoding="utf-8")
        cls.environment = {"OPS_HOOK": cls.service.url}

    def test_a_test_message_is_sent_and_its_outcome_told_and_no_answer_has_the_address(self) -> None:
        self.service.script = [Answer(200), Answer(403)]
        status, told = self.ask("/api/alerts/test", "POST", {})
        self.assertEqual((200, [True]), (status, [one["delivered"] for one in told]))
        status, again = self.ask("/api/alerts/test", "POST", {"channel": "ops"})
        self.assertEqual((200, False, "answered 403"), (status, again[0]["delivered"], again[0]["detail"]))
        status, problem = self.ask("/api/alerts/test", "POST", {"channel": "op"})
        self.assertEqual((404, "'op' is no channel (did you mean ops?) — allowed: ops"), (status, problem["detail"]))
        self.assertEqual(422, self.ask("/api/alerts/test", "POST", {"url": "http://127.0.0.1/"})[0])
        status, channels = self.ask("/api/alerts/channels")
        self.assertEqual([("ops", "webhook")], [(one["name"], one["type"]) for one in channels])
        for answer in (told, again, problem, channels):
            self.assertNotIn(self.service.url.rpartition("/")[2], json.dumps(answer))

    def test_what_sessions_told_is_listed_with_its_state_and_streamed_while_it_is_written(self) -> None:
        streaming = self.server.request("/api/events?topics=alerts", headers={"Accept": "text/event-stream"})
        with urllib.request.urlopen(streaming, timeout=PATIENCE_S) as stream:
            with Outbox(self.folder / "logs" / "live" / "s1" / "alerts.jsonl") as outbox:
                first, second = alert(1, symbol=HOSTILE), alert(2, "halt", "critical")
                outbox.record([(first, ("ops", "phone")), (second, ("ops",))])
                delivered = Attempted("ops", (first.id,), "delivered", "answered 200", 1, wall_clock_ms())
                outbox.attempted(delivered)
                outbox.attempted(Attempted("ops", (second.id,), "failed", "answered 500", 3, wall_clock_ms()))
            heard = [self.next_event(stream) for _ in range(4)]
        self.assertEqual(["alert", "alert", "delivery", "delivery"], [kind for kind, _ in heard])
        self.assertEqual([first.id, second.id], [told["data"]["id"] for kind, told in heard if kind == "alert"])
        self.assertEqual([second.id], heard[3][1]["data"]["ids"])
        status, page = self.ask("/api/alerts?session=s1")
        self.assertEqual((200, 2), (status, page["total"]))
        found = {one["id"]: one for one in page["items"]}
        self.assertEqual(HOSTILE, found[first.id]["symbol"], "as it is: the pages make text of it")
        states = [(one["channel"], one["state"], one["attempts"]) for one in found[first.id]["deliveries"]]
        self.assertEqual([("ops", "delivered", 1), ("phone", "waiting", 0)], states)
        (failing,) = found[second.id]["deliveries"]
        self.assertEqual(("failing", "answered 500"), (failing["state"], failing["detail"]))
        for query, count in (("kind=halt", 1), ("severity=warning&session=s1", 1), ("session=s9", 0)):
            self.assertEqual(count, self.ask(f"/api/alerts?{query}")[1]["total"], query)
        self.assertEqual(422, self.ask("/api/alerts?kind=nonsense")[0])

    @needs_browser
    def test_the_page_lists_what_was_told_and_sends_a_test_message(self) -> None:
        with Outbox(self.folder / "logs" / "live" / "s2" / "alerts.jsonl") as outbox:
            told = msgspec.structs.replace(alert(3, "feed_lost", "info", symbol=HOSTILE), session="s2")
            outbox.record([(told, ("ops",))])
            outbox.attempted(Attempted("ops", (told.id,), "failed", "answered 500", 3, wall_clock_ms()))
        self.service.script = [Answer(200), Answer(403)]
        with browser() as window:
            window.look(width=390, dark=True)
            window.go(self.server.entrance)
            window.run("delete document.body.dataset.ready; location.hash = '#/alerts?session=s2'")
            window.wait("return document.body.dataset.ready !== undefined")
            said = window.run("return document.querySelector('#told').textContent")
            for words in ("Feed lost", told.title, "ops: failing", "3 attempts", "answered 500", "1 alert"):
                self.assertIn(words, said)
            for outcome in ("delivered", "not delivered"):
                window.press("#channels button", "Send a test message")
                window.wait(f"return document.querySelector('#came-of-it').textContent.startsWith({outcome!r})")
            self.assertEqual(390, window.run("return document.documentElement.scrollWidth"))
            self.assertEqual([], window.logged())
            window.picture("dashboard-alerts-told-390-dark")

    def test_a_job_that_ends_is_told_by_its_worker(self) -> None:
        with open_store(f"sqlite:///{self.folder}/data/runs.sqlite") as store:
            job = JobQueue(store).submit("backtest", "nothing sound", {})
            wait_until(lambda: self.ask("/api/alerts?session=jobs")[1]["total"])
        (told,) = self.ask("/api/alerts?session=jobs")[1]["items"]
        self.assertEqual(("job_failed", "warning", str(job.id)), (told["kind"], told["severity"], told["facts"]["job"]))
        self.assertEqual(f"job {job.id} has failed: nothing sound", told["title"])
        wait_until(lambda: told["id"] in self.service.ids)

    def next_event(self, stream: Any) -> tuple[str, Any]:
        kind = ""
        while True:
            line = stream.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            if line.startswith("data: "):
                return kind, json.loads(line.removeprefix("data: "))


if __name__ == "__main__":
    unittest.main()
