"""Messages in the order of their numbers: from any thread, after any break, however slow the client."""

import asyncio
import json
import threading
import unittest
from decimal import Decimal

from dashboard.streams.event import Event
from dashboard.streams.event_hub import WAITING, WAITING_BYTES, EventHub
from dashboard.streams.looker import Looker


def data_of(events: list[Event]) -> list[object]:
    return [json.loads(one.text)["data"] for one in events]


async def heard(hub: EventHub, topics: list[str], after: str | None, until: int) -> list[Event]:
    """Return what a client hears until the message with a number."""
    found: list[Event] = []
    async for batch in hub.stream(topics, after):
        found += batch
        if found and found[-1].seq >= until:
            return found
    return found


class Hub(unittest.IsolatedAsyncioTestCase):
    async def test_a_message_says_what_it_was_given_money_as_text(self) -> None:
        hub = EventHub(now_ms=lambda: 1_704_067_200_000)
        hub.publish("jobs", "ended", {"id": 3, "paid": Decimal("0.10")})
        (event,) = await heard(hub, ["jobs"], f"{hub.start}-0", 1)
        told = {
            "id": f"{hub.start}-1", "seq": 1, "topic": "jobs", "kind": "ended", "time": "2024-01-01T00:00:00.000Z",
            "data": {"id": 3, "paid": "0.10"},
        }  # fmt: skip
        self.assertEqual(told, json.loads(event.text))

    async def test_only_the_topics_that_were_asked_for_and_all_that_begin_alike(self) -> None:
        hub = EventHub()
        for topic in ("jobs", "job:1", "job:22", "session:a", "jobless"):
            hub.publish(topic, "x", {"of": topic})
        begin = f"{hub.start}-0"
        self.assertEqual([{"of": "jobs"}], data_of(await self.all_until_now(hub, ["jobs"], begin)))
        self.assertEqual([{"of": "job:1"}, {"of": "job:22"}], data_of(await self.all_until_now(hub, ["job:*"], begin)))

    async def all_until_now(self, hub: EventHub, topics: list[str], after: str) -> list[Event]:
        stream = hub.stream(topics, after)
        found = await anext(stream)
        await stream.aclose()
        return found

    async def test_cut_at_every_message_a_client_misses_nothing_and_hears_nothing_twice(self) -> None:
        hub = EventHub()
        publisher = threading.Thread(target=lambda: [hub.publish("a", "n", {"n": n}) for n in range(150)])
        seen: list[int] = []
        after: str | None = f"{hub.start}-0"
        publisher.start()
        while len(seen) < 150:
            stream = hub.stream(["a"], after)
            batch = await anext(stream)
            await stream.aclose()
            # The client got only a part of what was on its way when it was cut.
            for event in batch[: 1 + len(seen) % 7]:
                seen.append(json.loads(event.text)["data"]["n"])
                after = event.mark
        publisher.join()
        self.assertEqual(list(range(150)), seen)

    async def test_many_threads_number_without_holes(self) -> None:
        hub = EventHub()
        hearing = asyncio.create_task(heard(hub, ["a"], f"{hub.start}-0", 800))
        threads = [threading.Thread(target=lambda: [hub.publish("a", "n", {}) for _ in range(200)]) for _ in range(4)]
        for one in threads:
            one.start()
        self.assertEqual(list(range(1, 801)), [one.seq for one in await hearing])
        for one in threads:
            one.join()

    async def test_what_is_not_kept_any_more_is_told_as_a_gap(self) -> None:
        hub = EventHub(kept=10)
        for n in range(30):
            hub.publish("a", "n", {"n": n})
        kept = await self.all_until_now(hub, ["a"], f"{hub.start}-20")
        self.assertEqual([{"n": n} for n in range(20, 30)], data_of(kept))
        for mark in (f"{hub.start}-19", "00000000-25", f"{hub.start}-31", "nonsense", f"{hub.start}--1"):
            (gap,) = await self.all_until_now(hub, ["a"], mark)
            self.assertEqual(("gap", 30), (gap.kind, gap.seq), mark)

    async def test_a_slow_client_gets_the_newest_state_and_every_event_or_is_told_of_a_gap(self) -> None:
        hub = EventHub(kept=10 * WAITING)
        stream = hub.stream(["a"], None)
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        for n in range(3 * WAITING):
            hub.publish("a", "state", {"n": n}, state=True)
            if n % 100 == 0:
                hub.publish("a", "fill", {"n": n})
        got = await first
        self.assertLessEqual(len(got), WAITING)
        fills = [one for one in got if one.kind == "fill"]
        self.assertEqual([{"n": n} for n in range(0, 3 * WAITING, 100)], data_of(fills))
        self.assertEqual({"n": 3 * WAITING - 1}, data_of([one for one in got if one.kind == "state"])[-1])
        following = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        for n in range(2 * WAITING):
            hub.publish("a", "fill", {"n": n})
        got = await following
        await stream.aclose()
        self.assertEqual("gap", got[0].kind)
        numbers = [one.seq for one in got]
        self.assertEqual(list(range(numbers[0], numbers[-1] + 1)), numbers)

    async def test_what_waits_for_a_client_is_bounded_in_size_too(self) -> None:
        hub = EventHub()
        stream = hub.stream(["a"], None)
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        for kind in ["state"] * 40 + ["fill"] * 40:
            hub.publish("a", kind, {"text": "x" * (WAITING_BYTES // 20)}, state=kind == "state")
        got = await first
        await stream.aclose()
        self.assertEqual("gap", got[0].kind)
        self.assertLessEqual(sum(len(one.text) for one in got), WAITING_BYTES)
        self.assertEqual(list(range(got[0].seq, 81)), [one.seq for one in got])

    async def test_a_state_is_not_wanted_where_nobody_listens(self) -> None:
        hub = EventHub()
        self.assertFalse(hub.has_listeners("a"))
        hearing = asyncio.create_task(heard(hub, ["a"], None, 1))
        await asyncio.sleep(0)
        self.assertTrue(hub.has_listeners("a"))
        hub.publish("a", "x", {})
        await hearing
        await asyncio.sleep(0)
        self.assertFalse(hub.has_listeners("a"))


class Looking(Looker):
    watched = "things"
    seconds = 0.001

    def __init__(self) -> None:
        super().__init__()
        self.looks, self.enough = 0, threading.Event()

    def begin(self) -> None:
        return

    def look(self) -> None:
        self.looks += 1
        if self.looks > 5:
            self.enough.set()
        raise ValueError("of the same kind")


class Lookers(unittest.TestCase):
    def test_a_defect_is_told_once_and_ends_no_look(self) -> None:
        with self.assertLogs("dashboard.streams.looker", "ERROR") as logged, Looking() as looking:
            self.assertTrue(looking.enough.wait(30))
        self.assertEqual(1, len(logged.records))


if __name__ == "__main__":
    unittest.main()
