import asyncio
import unittest

from engine.journal_records import CommandRecord, MissingRecord
from live.intake.candle_lane import Note, ReceivedCandle
from live.views.session_updates import ConnectionChange, FormingCandle, SessionUpdate, StepDone
from live.views.view_guard import GuardedViews
from tests.support.candles import candle
from tests.support.times import MINUTE_MS
from tests.support.waiting import until

UPDATES = (
    FormingCandle("BTC/USDT", candle(0, 1.0)),
    ConnectionChange("connected", ""),
    StepDone(None, 0.001),
    Note("late", "BTC/USDT", ReceivedCandle(candle(0, 1.0), "rest"), ""),
    MissingRecord("mark", "BTC/USDT", MINUTE_MS),
    CommandRecord("kill", "file"),
)


class Recorder:
    """Notes the name of everything it is told; raises from all of it when broken."""

    def __init__(self, name: str = "", order: list[str] | None = None, *, broken: bool = False) -> None:
        self.told: list[object] = []
        self._name, self._order, self._broken = name, order, broken

    def take(self, update: SessionUpdate) -> None:
        self._note(update)

    def refresh(self) -> None:
        self._note("refresh")

    def close(self) -> None:
        self._note("close")

    def _note(self, what: object) -> None:
        self.told.append(what)
        if self._order is not None:
            self._order.append(f"{self._name} {what}")
        if self._broken:
            raise RuntimeError(f"{what} of a broken view")


def tell_everything(views: GuardedViews) -> None:
    for update in UPDATES:
        views.take(update)
    views.refresh()


class GuardedViewsTest(unittest.TestCase):
    def test_a_view_that_always_raises_disturbs_nobody_and_is_logged_once(self) -> None:
        broken, sound = Recorder(broken=True), Recorder()
        with self.assertLogs("live.views", "ERROR") as caught:
            views = GuardedViews([broken, sound])
            tell_everything(views)
            tell_everything(views)
        self.assertEqual(len(caught.records), 1)
        self.assertIn("view=Recorder", caught.output[0])
        self.assertEqual(sound.told, 2 * [*UPDATES, "refresh"])
        self.assertEqual(broken.told, sound.told)

    def test_each_broken_view_is_logged(self) -> None:
        with self.assertLogs("live.views", "ERROR") as caught:
            tell_everything(GuardedViews([Recorder(broken=True), Recorder(broken=True)]))
        self.assertEqual(len(caught.records), 2)

    def test_views_are_refreshed_at_most_four_times_a_second_and_closed_in_reverse(self) -> None:
        order: list[str] = []
        first, second = Recorder("first", order), Recorder("second", order)

        async def live() -> float:
            async with GuardedViews([first, second]):
                begun = asyncio.get_running_loop().time()
                await until(lambda: first.told.count("refresh") >= 4)
                return asyncio.get_running_loop().time() - begun

        self.assertGreaterEqual(asyncio.run(live()), 3 * 0.25 - 0.01)
        self.assertEqual(order[-2:], ["second close", "first close"])

    def test_a_failure_of_the_session_still_closes_the_views(self) -> None:
        view = Recorder()

        async def live() -> None:
            async with GuardedViews([view]):
                raise ValueError("the session failed")

        with self.assertRaises(ValueError):
            asyncio.run(live())
        self.assertEqual(view.told[-1], "close")


if __name__ == "__main__":
    unittest.main()
