"""Alerts on their way to a service that is slow, refuses, asks for patience or breaks off: they arrive, known by id."""

import socket
import statistics
import tempfile
import time
import unittest
from pathlib import Path

from alerts.alert import Alert, Origin
from alerts.alert_settings import ChannelSettings
from alerts.backoff import Backoff
from alerts.loading import AlertPlan, open_post, open_shared_post
from alerts.outbox import Attempted, Outbox, Recorded, read_entries
from alerts.post import Post, wants
from core.errors import ConfigurationError
from tests.support.alert_services import NOON_MS, AlertService, Answer, alert, plan_for
from tests.support.exchanges.loopback import closed_port
from tests.support.waiting import PATIENCE_S, wait_until


class Delivery(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.file = self.folder / "alerts.jsonl"
        self.service = self.enterContext(AlertService())

    def told(self, *alerts: Alert, plan: AlertPlan | None = None) -> None:
        """Tell alerts, and wait until the service has them."""
        with open_post(plan or plan_for(self.service.url), self.file) as post:
            assert post is not None
            for one in alerts:
                post.put(one)
            wait_until(lambda: set(self.service.ids) >= {one.id for one in alerts})
            wait_until(lambda: post.health()[0].waiting == 0, lambda: str(post.health()))

    def attempts(self) -> list[tuple[str, int]]:
        entries = read_entries(self.file)
        return [(one.result, one.attempts) for one in entries if isinstance(one, Attempted)]

    def test_a_message_is_json_with_its_alerts_and_an_id_that_is_a_function_of_them(self) -> None:
        self.told(alert(7, symbol="BTC/USDT"))
        (taken,) = self.service.taken
        self.assertEqual("/hook/s3cr3t-t0ken-0001", taken.path)
        self.assertEqual(taken.body["id"], taken.headers["idempotency-key"])
        self.assertEqual(("fill", "fill 7", "text 7", "s1", 1, 0), tuple(
            taken.body[name] for name in ("kind", "title", "text", "session", "count", "lost")))  # fmt: skip
        self.assertEqual("2024-01-01T12:00:00.007Z", taken.body["time"])
        self.assertEqual({"price": "7"}, taken.body["alerts"][0]["facts"])
        self.assertEqual(alert(7).id, alert(7, symbol="other").id)
        elsewhere, earlier = Origin("s2", NOON_MS + 7, 7), Origin("s1", NOON_MS, 7)
        others = {Alert.of("fill", "info", one, "").id for one in (elsewhere, earlier)}
        self.assertEqual(5, len({alert(7).id, alert(8).id, alert(7, "halt").id, *others}))

    def test_what_fails_is_tried_again_until_it_arrives_and_the_waits_are_those_of_its_id(self) -> None:
        self.service.script = [Answer(500), Answer(cut=True), Answer(503), Answer(429), Answer(200)]
        self.told(alert(1))
        self.assertEqual([alert(1).id] * 5, self.service.ids)
        self.assertEqual(
            [("failed", 1), ("failed", 2), ("failed", 3), ("failed", 4), ("delivered", 5)], self.attempts()
        )
        waits = [Backoff(1.0, 60.0).seconds("a", attempt) for attempt in range(1, 9)]
        self.assertEqual(waits, [Backoff(1.0, 60.0).seconds("a", attempt) for attempt in range(1, 9)])
        for wait, whole in zip(waits, (1, 2, 4, 8, 16, 32, 60, 60), strict=True):
            self.assertTrue(whole / 2 <= wait <= whole)
        self.assertNotEqual(waits[0], Backoff(1.0, 60.0).seconds("b", 1))

    def test_a_service_that_asks_for_patience_gets_it(self) -> None:
        dated = ("Date: Mon, 01 Jan 2024 00:00:00 GMT", "Retry-After: Mon, 01 Jan 2024 00:00:01 GMT")
        self.service.script = [Answer(429, ("Retry-After: 1",)), Answer(503, dated)]
        begun = time.monotonic()
        self.told(alert(1))
        self.assertGreaterEqual(time.monotonic() - begun, 2.0)
        self.assertEqual(3, len(self.service.taken))

    def test_a_service_that_does_not_answer_in_time_is_left_also_one_that_drips(self) -> None:
        self.service.script = [Answer(wait_seconds=1.5), Answer(drip=True)]
        self.told(alert(1), plan=plan_for(self.service.url, timeout_seconds=0.3))
        entries = [one for one in read_entries(self.file) if isinstance(one, Attempted)]
        self.assertEqual(["no answer within 0.3 s"] * 2, [one.detail for one in entries if one.result == "failed"][:2])

    def test_a_refusal_is_not_repeated_before_the_next_start_and_redirects_are_not_followed(self) -> None:
        self.service.script = [Answer(403), Answer(302, ("Location: /elsewhere",))]
        with open_post(plan_for(self.service.url), self.file) as post:
            assert post is not None
            post.put(alert(1))
            wait_until(lambda: post.health()[0].trouble == "answered 403")
            post.put(alert(2, "halt"))
            wait_until(lambda: "redirects are not followed" in post.health()[0].trouble)
        self.assertEqual([alert(1).id, alert(2, "halt").id], self.service.ids)
        self.told(plan=plan_for(self.service.url))
        wait_until(lambda: len(self.service.ids) == 4)
        self.assertEqual({alert(1).id, alert(2, "halt").id}, set(self.service.ids[2:]))

    def test_what_a_dead_process_did_not_send_is_sent_by_the_next_one_and_nothing_confirmed_twice(
        self,
    ) -> None:
        dead = plan_for(f"http://127.0.0.1:{closed_port()}/", {"close_seconds": 0.0})
        with open_post(dead, self.file) as post:
            assert post is not None
            post.put(alert(1))
            wait_until(lambda: post.health()[0].trouble)
        with self.file.open("ab") as file:
            file.write(b'{"record":"alert","al')  # As a kill in the middle of a line leaves it.
        self.told(alert(1), alert(2))
        self.assertEqual({alert(1).id, alert(2).id}, set(self.service.ids))
        self.told(alert(1), alert(3))
        self.assertEqual(sorted(alert(number).id for number in (1, 2, 3)), sorted(self.service.ids))
        recorded = [one.alert for one in read_entries(self.file) if isinstance(one, Recorded)]
        self.assertEqual([alert(1), alert(2), alert(3)], recorded)

    def test_an_outbox_has_one_owner_and_processes_of_one_name_have_one_each(self) -> None:
        plan = plan_for(self.service.url, {"directory": str(self.folder)})
        with Outbox(self.file), self.assertRaisesRegex(ConfigurationError, "another process tells its alerts there"):
            Outbox(self.file)
        with open_shared_post(plan, "jobs"), open_shared_post(plan, "jobs"):
            self.assertEqual(["jobs-1.jsonl", "jobs-2.jsonl"], sorted(one.name for one in self.folder.glob("jobs-*")))
        self.assertEqual(0o600, self.file.stat().st_mode & 0o777)


class Gathering(unittest.TestCase):
    def setUp(self) -> None:
        self.file = Path(self.enterContext(tempfile.TemporaryDirectory())) / "alerts.jsonl"
        self.service = self.enterContext(AlertService())

    def test_many_of_one_kind_become_one_message_with_counts_and_what_is_grave_does_not_wait_for_it(self) -> None:
        with open_post(plan_for(self.service.url, coalesce_seconds=1.0), self.file) as post:
            assert post is not None
            for number in range(25):
                post.put(alert(number, symbol="BTC/USDT" if number % 5 else "ETH/USDT"))
            post.put(alert(99, "halt", "critical"))
            wait_until(lambda: len(self.service.taken) == 2)
        grave, fills = (one.body for one in self.service.taken)
        self.assertEqual(("halt", "critical"), (grave["kind"], grave["severity"]))
        self.assertEqual("s1: 25 fills (BTC/USDT 20, ETH/USDT 5)", fills["title"])
        lines = fills["text"].split("\n")
        self.assertEqual(("fill 0: text 0", "and 5 more", 21), (lines[0], lines[-1], len(lines)))
        self.assertEqual(25, len({one["id"] for one in fills["alerts"]}))

    def test_the_rate_is_kept_and_what_exceeds_it_is_gathered(self) -> None:
        with open_post(plan_for(self.service.url, most_per_minute=2), self.file) as post:
            assert post is not None
            for number in range(6):
                post.put(alert(number))
                wait_until(lambda count=number: len(self.service.ids) >= min(count + 1, 2))
            wait_until(lambda: post.health()[0].waiting == 4)
            self.assertEqual(2, len(self.service.taken))
        counts = [len(one.body["alerts"]) for one in self.service.taken]
        self.assertEqual([1, 1, 4], counts, "the end waits for no rate")

    def test_what_does_not_fit_is_counted_and_told_in_the_next_message(self) -> None:
        plan = plan_for(self.service.url, {"queue_size": 10})
        with Outbox(self.file) as outbox:
            post = Post(plan.settings, plan.channels, outbox)  # Nobody takes from its queue yet.
            for number in range(13):
                post.put(alert(number))
            with post:
                wait_until(lambda: len(self.service.ids) == 10)
                self.assertEqual(3, post.health()[0].lost)
        self.assertEqual(3, sum(one.body["lost"] for one in self.service.taken))
        self.assertIn("3 before this were lost: too many waited", self.service.taken[0].body["text"])

    def test_a_service_out_of_reach_keeps_the_newest_and_a_full_channel_says_what_it_lost(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as deaf:  # It accepts and never answers.
            plan = plan_for(f"http://127.0.0.1:{deaf.getsockname()[1]}/", {"queue_size": 10, "close_seconds": 0.0})
            with open_post(plan, self.file) as post:
                assert post is not None
                post.put(alert(0))
                deaf.settimeout(PATIENCE_S)
                connection = self.enterContext(deaf.accept()[0])
                self.assertTrue(connection.recv(1))  # The first is on its way alone.
                for number in range(1, 31):
                    post.put(alert(number))
                    wait_until(lambda count=number: len(list(read_entries(self.file))) > count)
                wait_until(lambda: [(one.waiting, one.lost) for one in post.health()] == [(11, 20)])

    def test_telling_costs_microseconds_and_no_io_whatever_the_service_does(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            plan = plan_for(f"http://127.0.0.1:{deaf.getsockname()[1]}/", {"queue_size": 100_000, "close_seconds": 0.0})
            with open_post(plan, self.file) as post:
                assert post is not None
                made, taken = [alert(number) for number in range(2_000)], []
                for one in made:
                    begun = time.perf_counter()
                    post.put(one)
                    taken.append(time.perf_counter() - begun)
        self.assertLess(statistics.median(taken), 100e-6)


class Filters(unittest.TestCase):
    def test_a_channel_is_told_what_it_asked_for(self) -> None:
        def channel(**keys: object) -> ChannelSettings:
            return ChannelSettings.from_dict({"name": "ops", "url_env": "OPS", **keys})

        fill = alert(1, symbol="BTC/USDT", system="trend", strategy="ema")
        for keys, told in (
            ({}, True),
            ({"kinds": ["halt"]}, False),
            ({"kinds": ["halt", "fill"]}, True),
            ({"severity": "warning"}, False),
            ({"symbols": ["ETH*"]}, False),
            ({"symbols": ["BTC*"], "systems": ["tr*"], "strategies": ["ema"], "sessions": ["s?"]}, True),
            ({"sessions": ["s2"]}, False),
            ({"strategies": ["rsi"]}, False),
        ):
            self.assertEqual(told, wants(channel(**keys), fill), keys)
        self.assertTrue(wants(channel(symbols=["ETH*"]), alert(2, "halt", "critical")), "it belongs to no symbol")


if __name__ == "__main__":
    unittest.main()
