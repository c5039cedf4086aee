import tempfile
import unittest
from pathlib import Path

from engine.journal_records import CommandRecord, MissingRecord
from live.intake.candle_lane import Note, ReceivedCandle
from live.views.heartbeat_view import vital_signs
from live.views.session_updates import ConnectionChange, FormingCandle, StepDone
from tests.support.candles import candle
from tests.support.sessions.watched_session import LONG, WatchedSession
from tests.support.times import MINUTE_MS


class SessionWatchTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def session(self, signals=None, **settings) -> WatchedSession:
        return WatchedSession(self.folder, signals, **settings)

    def with_position(self) -> WatchedSession:
        """A long of BTC entered at 100 with stop 95 and target 110; three steps are done."""
        watched = self.session({"BTCUSDT": {1: LONG}})
        for number in (0, 1, 2):
            watched.step(candle(number, 100.0), candle(number, 50.0))
        return watched

    def test_a_session_that_has_not_begun_shows_nothing_as_not_known(self) -> None:
        picture = self.session().watch().picture()
        self.assertEqual(picture.feed.state, "connecting")
        self.assertIsNone(picture.feed.since_seconds)
        self.assertIsNone(picture.feed.message_age_seconds)
        self.assertIsNone(picture.steps.last_ms)
        self.assertIsNone(picture.steps.delay_p99_seconds)
        self.assertIsNone(picture.account.live_equity)
        self.assertEqual(picture.account.equity, 10_000.0)
        self.assertEqual(picture.curve, ())

    def test_the_age_of_messages_and_of_the_connection_grow_with_time(self) -> None:
        watched = self.session()
        watch = watched.watch()
        watch.take(ConnectionChange("connected", "both streams"))
        watched.clock.now += 7.0
        watch.take(FormingCandle("BTC/USDT", candle(0, 100.0)))
        watched.clock.now += 3.0
        feed = watch.picture().feed
        self.assertEqual((feed.state, feed.since_seconds, feed.message_age_seconds), ("connected", 10.0, 3.0))

    def test_a_connection_that_follows_a_loss_is_a_reconnect_and_a_second_stream_is_none(self) -> None:
        watch = self.session().watch()
        for event in ("connected", "connected", "disconnected", "connected", "disconnected", "disconnected"):
            watch.take(ConnectionChange(event, "x"))
        self.assertEqual(watch.picture().feed.reconnects, 1)
        self.assertEqual(watch.picture().feed.state, "disconnected")
        watch.take(ConnectionChange("connected", "x"))
        self.assertEqual(watch.picture().feed.reconnects, 2)

    def test_a_message_ends_staleness_but_an_unreadable_one_does_not_change_the_connection(self) -> None:
        watch = self.session().watch()
        watch.take(ConnectionChange("connected", ""))
        watch.take(ConnectionChange("stale", "BTC/USDT silent for 90.0 s"))
        watch.take(ConnectionChange("unreadable", "half a frame"))
        self.assertEqual((watch.picture().feed.state, watch.picture().feed.unreadable), ("stale", 1))
        watch.take(FormingCandle("BTC/USDT", candle(0, 100.0)))
        self.assertEqual(watch.picture().feed.state, "connected")

    def test_a_stream_that_is_stale_after_a_loss_is_lost_all_the_same(self) -> None:
        watch = self.session().watch()
        for event in ("connected", "disconnected", "stale", "connected"):
            watch.take(ConnectionChange(event, "x"))
        self.assertEqual((watch.picture().feed.state, watch.picture().feed.reconnects), ("connected", 1))

    def test_a_step_of_streamed_candles_is_a_message_and_one_that_rest_supplied_is_none(self) -> None:
        watched = self.session()
        watch = watched.watch()
        closed = watched.step(candle(0, 100.0), None)
        watch.take(StepDone(closed._replace(sources=("rest", None)), 0.001))
        self.assertIsNone(watch.picture().feed.message_age_seconds)
        watch.take(StepDone(closed, 0.001))
        self.assertEqual(watch.picture().feed.message_age_seconds, 0.0)

    def test_last_prices_are_those_of_forming_candles_else_of_closed_ones(self) -> None:
        watched = self.session()
        watch = watched.watch()
        self.assertEqual([None, None], [one.price for one in watch.picture().prices])
        watch.take(StepDone(watched.step(candle(0, 100.0), candle(0, 50.0)), 0.001))
        watch.take(FormingCandle("BTC/USDT", candle(1, 101.0)))
        watched.exchange_ms = MINUTE_MS + 20_000
        picture = watch.picture()
        self.assertEqual([("BTCUSDT", 101.0, True), ("ETHUSDT", 50.0, False)], [tuple(one) for one in picture.prices])
        self.assertEqual(2 * MINUTE_MS, picture.next_close_ms)

    def test_what_a_step_has_lacked_for_ten_seconds_is_told(self) -> None:
        watched = self.session()
        watch = watched.watch()
        watched.barrier.take("BTC/USDT", ReceivedCandle(candle(0, 100.0), "websocket"), watched.clock.now)
        watch.refresh()
        watched.clock.now += 9.9
        watch.refresh()
        self.assertEqual("", watch.waits_for)
        watched.clock.now += 0.1
        self.assertIn("lacks candles of ETH/USDT", watch.picture().steps.waits_for)
        self.assertIn("lacks candles of ETH/USDT", vital_signs(watch.picture())["waits_for"])

    def test_a_pause_is_shown(self) -> None:
        watched = self.with_position()
        watched.session.set_paused(True)
        picture = watched.watch().picture()
        self.assertTrue(picture.paused)

    def test_candles_that_changed_nothing_are_counted_by_kind(self) -> None:
        watch = self.session().watch()
        for kind in ("late", "revised", "revised", "duplicate", "refused"):
            watch.take(Note(kind, "BTC/USDT", ReceivedCandle(candle(0, 1.0), "websocket"), ""))
        feed = watch.picture().feed
        self.assertEqual((feed.late, feed.revised, feed.duplicate, feed.refused), (1, 2, 1, 1))

    def test_the_p99_delay_is_that_which_one_step_in_a_hundred_exceeds(self) -> None:
        watched = self.session()
        watch = watched.watch()
        closed = watched.step(candle(0, 100.0), candle(0, 50.0))
        for number in range(1, 101):
            watch.take(StepDone(closed, number / 1_000))
        steps = watch.picture().steps
        self.assertAlmostEqual(steps.delay_p99_seconds, 0.100)
        self.assertAlmostEqual(steps.delay_seconds, 0.100)

    def test_a_position_is_marked_at_the_forming_close_and_says_so(self) -> None:
        watched = self.with_position()
        watch = watched.watch()
        (line,) = watch.picture().positions
        self.assertEqual((line.mark, line.forming, line.pnl), (100.0, False, 0.0))
        watch.take(FormingCandle("BTC/USDT", candle(3, 100.0, close=104.0)))
        picture = watch.picture()
        (line,) = picture.positions
        self.assertEqual((line.mark, line.forming), (104.0, True))
        self.assertAlmostEqual(line.pnl, 4.0 * line.quantity)
        self.assertAlmostEqual(picture.account.live_equity, 10_000.0 + line.pnl)
        self.assertEqual(picture.account.equity, 10_000.0)
        self.assertEqual((line.stop, line.targets, line.touched), (95.0, (110.0,), ""))

    def test_levels_touched_inside_the_forming_candle_are_named_and_not_acted_on(self) -> None:
        watched = self.with_position()
        watch = watched.watch()
        for running, touched in (
            (candle(3, 100.0, high=110.0), ""),
            (candle(3, 100.0, high=110.5), "target"),
            (candle(3, 100.0, high=110.5, low=95.0, close=101.0), "stop"),
            (candle(3, 94.0), "stop"),
            (candle(3, 111.0, low=94.0), "target"),
        ):
            watch.take(FormingCandle("BTC/USDT", running))
            self.assertEqual(watch.picture().positions[0].touched, touched)
        self.assertIn("BTCUSDT", watched.session.account.holdings)

    def test_a_forming_candle_that_the_last_step_has_overtaken_is_forgotten(self) -> None:
        watched = self.with_position()
        watch = watched.watch()
        watch.take(FormingCandle("BTC/USDT", candle(2, 100.0, close=300.0)))
        self.assertEqual(watch.picture().positions[0].mark, 100.0)
        watch.take(FormingCandle("BTC/USDT", candle(3, 100.0, close=104.0)))
        watch.take(StepDone(watched.step(candle(3, 100.0, close=101.0), None), 0.001))
        (line,) = watch.picture().positions
        self.assertEqual((line.mark, line.forming), (101.0, False))

    def test_an_order_that_waits_shows_the_open_it_will_fill_at_and_its_deadline(self) -> None:
        watched = self.session({"BTCUSDT": {1: LONG}})
        watch = watched.watch()
        for number in (0, 1):
            watch.take(StepDone(watched.step(candle(number, 100.0), candle(number, 50.0)), 0.001))
        (line,) = watch.picture().waiting
        self.assertEqual((line.symbol, line.what, line.open), ("BTCUSDT", "enter LONG", None))
        self.assertEqual(line.deadline_ms, 2 * MINUTE_MS + 3 * MINUTE_MS)
        watch.take(FormingCandle("BTC/USDT", candle(2, 99.0)))
        self.assertEqual(watch.picture().waiting[0].open, 99.0)

    def test_a_position_on_margin_shows_what_it_has_set_aside_and_where_it_ends(self) -> None:
        watched = self.session({"BTCUSDT": {1: LONG}}, perpetual={"leverage": 5})
        for number in (0, 1, 2):
            watched.step(candle(number, 100.0), candle(number, 50.0))
        picture = watched.watch().picture()
        (line,) = picture.positions
        self.assertAlmostEqual(line.margin, line.quantity * 100.0 / 5)
        self.assertEqual((picture.account.margin, picture.account.funding, line.funding), (line.margin, 0.0, 0.0))
        # Without tiers: 100 x (1 - 1/5) / (1 - 0.005).
        self.assertAlmostEqual(line.liquidation, 100.0 * 0.8 / 0.995, places=6)
        (sign,) = vital_signs(watched.watch().picture())["positions"]
        self.assertEqual((sign["stop"], sign["targets"], sign["margin"]), (95.0, [110.0], line.margin))

    def test_without_margin_there_is_none_of_it(self) -> None:
        picture = self.with_position().watch().picture()
        (line,) = picture.positions
        self.assertEqual((None, None, 0.0), (line.liquidation, line.margin, line.funding))
        self.assertEqual((None, None), (picture.account.margin, picture.account.funding))

    def test_an_entry_that_rests_shows_its_type_price_and_expiry(self) -> None:
        watched = self.session({"BTCUSDT": {1: LONG}}, entry_order="limit", entry_offset=0.02, entry_expiry=7)
        for number in (0, 1):
            watched.step(candle(number, 100.0), candle(number, 50.0))
        watch = watched.watch()
        watch.take(FormingCandle("BTC/USDT", candle(2, 99.0)))
        (line,) = watch.picture().waiting
        self.assertEqual(("LIMIT", 98.0, None, None), (line.order_type, line.price, line.stop_price, line.open))
        self.assertEqual(2 * MINUTE_MS + 7 * MINUTE_MS, line.deadline_ms)
        (order,) = vital_signs(watch.picture())["orders"]
        self.assertEqual(("LIMIT", 98.0, line.quantity), (order["type"], order["price"], order["quantity"]))

    def test_the_rungs_that_are_left_are_shown(self) -> None:
        ladder = [{"fraction": 0.5, "distance": 1.0}, {"fraction": 0.5, "distance": 2.0}]
        watched = self.session({"BTCUSDT": {1: LONG}}, exits={"ladder": ladder, "break_even_after": 1})
        for number in (0, 1, 2):
            watched.step(candle(number, 100.0), candle(number, 50.0))
        self.assertEqual((105.0, 110.0), watched.watch().picture().positions[0].targets)
        watched.step(candle(3, 100.0, high=106.0, close=104.0), candle(3, 50.0))
        (line,) = watched.watch().picture().positions
        self.assertEqual(((110.0,), 100.0, True), (line.targets, line.stop, line.trailed))

    def test_what_a_step_goes_on_without_is_counted_and_named(self) -> None:
        watch = self.session().watch()
        watch.take(MissingRecord("mark", "BTC/USDT", MINUTE_MS))
        feed = watch.picture().feed
        self.assertEqual((1, "no mark of BTC/USDT at 1970-01-01T00:01:00.000Z"), (feed.missing, feed.trouble))

    def test_a_boundary_that_waits_for_a_symbol_is_open(self) -> None:
        watched = self.session()
        watched.barrier.take("BTC/USDT", ReceivedCandle(candle(0, 100.0), "websocket"), 0.0)
        self.assertEqual(watched.watch().picture().steps.open_boundaries, 1)

    def test_recent_events_are_decisions_refusals_and_fills_in_order(self) -> None:
        watched = self.session({"BTCUSDT": {1: LONG, 3: LONG}})
        watch = watched.watch()
        for number in range(4):
            watch.take(StepDone(watched.step(candle(number, 100.0), candle(number, 50.0)), 0.001))
        names = [(event.time[14:16], event.name) for event in watch.picture().events]
        self.assertEqual(names, [("02", "accepted"), ("02", "open"), ("04", "refused")])
        self.assertEqual(watch.picture().events[-1].fields["reason"], "position_open")
        self.assertEqual(watch.picture().refusals, [("position_open", 1)])

    def test_a_watch_that_comes_later_still_knows_what_was_recent(self) -> None:
        watch = self.with_position().watch()
        watch.refresh()
        self.assertEqual([event.name for event in watch.picture().events], ["accepted", "open"])

    def test_the_kill_switch_and_halts_are_shown_with_their_cause(self) -> None:
        watched = self.with_position()
        watch = watched.watch()
        watched.kill(True)
        watch.take(CommandRecord("kill", "signal SIGUSR1"))
        picture = watch.picture()
        self.assertEqual((picture.kill_switch, picture.kill_switch_by), (True, "signal SIGUSR1"))
        self.assertEqual(picture.events[-1].name, "kill_switch")

    def test_a_long_curve_is_thinned_and_keeps_its_last_value(self) -> None:
        watched = self.session()
        curve = watched.session.outputs.curve
        curve.extend(float(number) for number in range(100_003))
        shown = watched.watch().picture().curve
        self.assertLessEqual(len(shown), 401)
        self.assertEqual((shown[0], shown[-1]), (0.0, 100_002.0))
        self.assertEqual(list(shown), sorted(shown))

    def test_the_exchanges_time_is_never_before_the_last_step(self) -> None:
        watched = self.with_position()
        watched.exchange_ms = MINUTE_MS
        self.assertEqual(watched.watch().picture().exchange_ms, 3 * MINUTE_MS)
        watched.exchange_ms = 5 * MINUTE_MS
        self.assertEqual(watched.watch().picture().exchange_ms, 5 * MINUTE_MS)

    def test_vital_signs_are_plain_values(self) -> None:
        import json

        watched = self.with_position()
        watched.exchange_ms = 3 * MINUTE_MS + 1
        signs = json.loads(json.dumps(vital_signs(watched.watch().picture())))
        self.assertEqual(signs["last_step"], "1970-01-01T00:03:00.000Z")
        self.assertEqual(signs["exchange_time"], "1970-01-01T00:03:00.001Z")
        self.assertEqual([one["symbol"] for one in signs["positions"]], ["BTCUSDT"])
        self.assertEqual((signs["equity"], signs["kill_switch"], signs["connection"]), (10_000.0, False, "connecting"))


if __name__ == "__main__":
    unittest.main()
