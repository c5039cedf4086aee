"""Decisions as they are told: what each gate saw and said. A stop 40 away makes an entry 2.5 at 100, 20 away 5."""

import unittest
from decimal import Decimal

from core.candle import Step
from core.errors import StrategyError
from core.instrument import Instrument
from core.trading_signal import Signal
from tests.support.candles import candle
from tests.support.runs.kernel_runs import columns
from tests.support.runs.stepped_session import SteppedSession, session_of_minutes
from tests.support.times import MINUTE_MS, stamp

A, B = "A", "B"
LONG, SHORT = Signal("LONG", sl_distance=40.0), Signal("SHORT", sl_distance=40.0)


class DecisionCase(unittest.TestCase):
    def play(self, session: SteppedSession, minutes: range, price: float = 100.0) -> None:
        """Play flat candles of every symbol."""
        for minute in minutes:
            session.play(*(candle(minute, price) for _ in session.symbols))

    def decision(self, session: SteppedSession, symbol: str = A) -> dict[str, object]:
        """Return the last decision about a symbol."""
        return [one for one in session.run.told("decision") if one["symbol"] == symbol][-1]

    def inputs(self, session: SteppedSession, gate: str, symbol: str = A) -> dict[str, float]:
        """Return what a gate saw in the last decision about a symbol."""
        (found,) = [one for one in self.decision(session, symbol)["gates"] if one["gate"] == gate]
        return found["inputs"]


class TheBook(DecisionCase):
    """What an entry is judged beside: positions and waiting entries, and their value at 100."""

    def test_what_adds_to_a_position_is_no_further_trade(self) -> None:
        session = session_of_minutes({A: {0: LONG, 2: LONG}, B: {2: LONG}}, max_entries=2, max_open_trades=2)
        self.play(session, range(3))
        self.assertEqual((1, 500.0), self.seen(session, B))
        self.assertIsNone(self.decision(session, B)["reason"])

    def seen(self, session: SteppedSession, symbol: str) -> tuple[float, float]:
        told = self.inputs(session, "safety", symbol)
        return told["open_trades"], told["exposure"]

    def test_the_position_that_is_added_to_is_no_other_trade_and_leaves_what_a_position_may_still_have(self) -> None:
        session = session_of_minutes({A: {0: LONG, 2: LONG}, B: {}}, max_entries=2, max_open_trades=1)
        self.play(session, range(3))
        self.assertEqual((0, 250.0), self.seen(session, A))
        told = self.inputs(session, "risk")
        # 500 that a position may have, less its 250; 2,000 that all may have, less 250.
        self.assertEqual((250.0, 250.0), (told["exposure"], told["room"]))
        self.assertEqual(0, session.session.safety.open_trades)

    def test_the_account_may_leave_less_room_than_the_position(self) -> None:
        session = session_of_minutes({A: {0: LONG, 2: LONG}, B: {0: LONG}}, max_entries=2, max_exposure_pct=0.06)
        self.play(session, range(3))
        self.assertEqual(100.0, self.inputs(session, "risk")["room"])

    def test_a_waiting_entry_counts_as_a_trade_at_the_price_it_was_decided_at(self) -> None:
        session = session_of_minutes({A: {0: LONG}, B: {0: SHORT}})
        self.play(session, range(1))
        self.assertEqual((1, 250.0), self.seen(session, B))

    def test_a_position_counts_at_its_last_mark_and_on_either_side(self) -> None:
        session = session_of_minutes({A: {0: SHORT}, B: {1: LONG}})
        self.play(session, range(1))
        session.play(candle(1, close=104.0), candle(1))
        self.assertEqual((1, 260.0), self.seen(session, B))

    def test_a_reversing_entry_is_judged_without_the_position_that_closes_and_others_see_both(self) -> None:
        session = session_of_minutes({A: {0: LONG, 2: SHORT}, B: {2: LONG}}, on_opposite_signal="reverse")
        self.play(session, range(3))
        self.assertEqual((0, 0.0), self.seen(session, A))
        self.assertEqual((2, 500.0), self.seen(session, B))

    def test_of_two_positions_the_one_that_closes_alone_is_left_out(self) -> None:
        session = session_of_minutes({A: {0: LONG}, B: {0: LONG, 2: SHORT}}, on_opposite_signal="reverse")
        self.play(session, range(3))
        self.assertEqual((1, 250.0), self.seen(session, B))

    def test_risk_and_value_are_those_of_the_quantity(self) -> None:
        session = session_of_minutes({A: {0: LONG}})
        self.play(session, range(1), 102.0)
        told = self.inputs(session, "safety")
        # 2.5 x 40.02, the distance and two ticks; 2.5 x 102
        self.assertEqual((2.5 * 40.02, 255.0), (told["risk"], told["value"]))


class Gates(DecisionCase):
    def reasons(self, session: SteppedSession) -> list[str]:
        return [reason for *_, reason in session.run.refused]

    def gates(self, session: SteppedSession) -> list[tuple[object, ...]]:
        return columns(self.decision(session)["gates"], "gate", "verdict")

    def test_a_candle_may_order_once_the_warm_up_came_before_it(self) -> None:
        session = session_of_minutes({A: {1: LONG, 2: LONG}}, warmup_candles=2)
        self.play(session, range(3))
        self.assertEqual(["warming_up"], self.reasons(session))
        first, second = (one["gates"][0] for one in session.run.told("decision"))
        self.assertEqual({"candles_before": 1, "warmup_candles": 2}, first["inputs"])
        self.assertEqual({"candles_before": 2, "warmup_candles": 2}, second["inputs"])

    def test_each_gate_is_told_in_order_and_the_position_gate_only_where_something_is_there(self) -> None:
        session = session_of_minutes({A: {0: LONG, 1: SHORT, 2: SHORT}}, on_opposite_signal="reverse")
        self.play(session, range(1))
        passed = [("warmup", "approved"), ("risk", "approved"), ("safety", "approved"), ("execution", "approved")]
        self.assertEqual(passed, self.gates(session))
        self.play(session, range(1, 2))
        self.assertEqual([passed[0], ("position", "approved"), *passed[1:]], self.gates(session))
        self.play(session, range(2, 3))
        self.assertEqual([passed[0], ("position", "refused")], self.gates(session))

    def test_a_same_sided_signal_finds_the_position_open_or_the_entry_waiting(self) -> None:
        session = session_of_minutes({A: {0: LONG, 3: LONG}}, entry_order="limit", entry_offset=0.01)
        session.play(candle(0))
        session.play(candle(1, low=98.9))
        self.play(session, range(2, 4))
        self.assertEqual(["position_open"], self.reasons(session))
        waiting = session_of_minutes({A: {0: LONG, 1: LONG}}, entry_order="limit", entry_offset=0.01)
        self.play(waiting, range(2))
        self.assertEqual(["entry_waiting"], self.reasons(waiting))
        told = {"waiting": "1-entry", "on_opposite_signal": "ignore"}
        self.assertEqual(told, {**self.inputs(waiting, "position"), "waiting": "1-entry"})

    def test_what_an_opposite_signal_does_to_a_position(self) -> None:
        for policy, refused, orders in (("ignore", ["opposite_ignored"], 1), ("close", [], 2), ("reverse", [], 3)):
            session = session_of_minutes({A: {0: LONG, 2: SHORT}}, on_opposite_signal=policy)
            self.play(session, range(3))
            self.assertEqual((refused, orders), (self.reasons(session), session.session.statistics.orders_submitted))
            told = self.decision(session)
            self.assertEqual(policy != "ignore", told["close_order_id"] is not None)
            self.assertEqual(policy == "reverse", told["entry_order_id"] is not None)
            position = {"position": "LONG", "on_opposite_signal": policy}
            self.assertEqual(position, self.inputs(session, "position"))

    def test_what_an_opposite_signal_does_to_a_waiting_entry(self) -> None:
        limit = {"entry_order": "limit", "entry_offset": 0.01}
        for policy, cancelled, entry in (("ignore", 0, False), ("close", 1, False), ("reverse", 1, True)):
            session = session_of_minutes({A: {0: LONG, 1: SHORT}}, on_opposite_signal=policy, **limit)
            self.play(session, range(2))
            told = session.run.told("order_cancelled")
            self.assertEqual([("entry", "opposite_signal")] * cancelled, columns(told, "order", "reason"))
            verdict = "refused" if policy == "ignore" else "approved"
            self.assertIn(("position", verdict), self.gates(session))
            self.assertEqual(entry, self.decision(session)["entry_order_id"] is not None)

    def test_a_second_opposite_signal_finds_the_close_waiting(self) -> None:
        session = session_of_minutes({A: {0: LONG, 2: SHORT, 4: SHORT}, B: {}}, on_opposite_signal="close")
        self.play(session, range(2))
        session.play(candle(2), candle(2))
        session.play(None, candle(3))
        self.assertEqual([], self.reasons(session))
        self.assertEqual([A], list(session.session.account.holdings))

    def test_an_entry_that_was_to_follow_a_close_goes_when_the_signal_turns_back(self) -> None:
        # Latency lets the close and the entry of the reversal wait two candles.
        session = session_of_minutes({A: {0: LONG, 3: SHORT, 4: LONG}}, on_opposite_signal="reverse", latency_ms=60_000)
        self.play(session, range(5))
        self.assertEqual(["position_open"], self.reasons(session))
        told = session.run.told("order_cancelled")
        self.assertEqual([("entry", "opposite_signal")], columns(told, "order", "reason"))

    def test_beside_a_position_that_may_grow(self) -> None:
        """Entries of at most two parts: a second one waits, 1 % away, when the signal under test comes."""
        rules = {"max_entries": 2, "entry_order": "limit", "entry_offset": 0.01, "entry_expiry": 9}
        for policy, signal, refused, cancelled, orders, gate in (
            ("ignore", LONG, ["entry_waiting"], 0, 2, "waiting"),
            ("reverse", LONG, ["entry_waiting"], 0, 2, "waiting"),
            ("ignore", SHORT, ["opposite_ignored"], 0, 2, "position"),
            ("close", SHORT, [], 1, 3, "waiting"),
            ("reverse", SHORT, [], 1, 4, "waiting"),
        ):
            session = session_of_minutes({A: {0: LONG, 2: LONG, 3: signal}}, on_opposite_signal=policy, **rules)
            session.play(candle(0))
            session.play(candle(1, low=98.9))
            self.play(session, range(2, 4))
            told = session.run.told("order_cancelled")
            self.assertEqual((refused, cancelled), (self.reasons(session), len(told)), (policy, signal))
            self.assertEqual(orders, session.session.statistics.orders_submitted)
            self.assertEqual({gate, "on_opposite_signal"}, set(self.inputs(session, "position")))

    def test_an_opposite_signal_to_a_position_that_may_grow_reverses_it_whole(self) -> None:
        session = session_of_minutes({A: {0: LONG, 2: SHORT}}, max_entries=2, on_opposite_signal="reverse")
        self.play(session, range(4))
        told = [("LONG", "OPEN"), ("LONG", "CLOSE"), ("SHORT", "OPEN")]
        self.assertEqual(told, columns(session.run.rows, "side", "action"))

    def test_an_entry_waits_for_its_own_side_whatever_the_policy(self) -> None:
        for policy in ("ignore", "close", "reverse"):
            session = session_of_minutes(
                {A: {0: LONG, 1: LONG}}, on_opposite_signal=policy, entry_order="limit", entry_offset=0.01
            )
            self.play(session, range(2))
            self.assertEqual(["entry_waiting"], self.reasons(session))

    def test_a_session_that_refuses_entries_still_closes(self) -> None:
        session = session_of_minutes({A: {0: LONG, 2: SHORT}, B: {2: LONG}}, on_opposite_signal="reverse")
        self.play(session, range(2))
        session.session.set_paused(True)
        self.play(session, range(2, 4))
        self.assertEqual([(A, "paused"), (B, "paused")], [refused[1:] for refused in session.run.refused])
        self.assertEqual(
            ("session", {}), (self.decision(session)["gates"][-1]["gate"], self.inputs(session, "session"))
        )
        self.assertEqual("opposite_signal", session.run.rows[-1]["reason"])

    def test_a_step_may_come_with_a_reason_to_refuse_entries_which_wins_over_a_pause(self) -> None:
        session = session_of_minutes({A: {0: LONG, 1: LONG}})
        session.session.process(Step(MINUTE_MS, (candle(0),)), refuse_entries="missed_step")
        session.session.set_paused(True)
        session.session.process(Step(2 * MINUTE_MS, (candle(1),)), refuse_entries="missed_step")
        self.assertEqual(["missed_step", "missed_step"], self.reasons(session))

    def test_the_bound_of_the_size_and_the_risk_beside_the_risk_asked_are_told(self) -> None:
        # A stop 40 away: by risk 100 / 40 = 2.5, by the cap 500 / 100 = 5, by room (n - 0) / 100; at worst 40.02 each.
        for flat, bound, quantity in (
            ({}, "risk", 2.5),
            ({"max_exposure": 0.02}, "position_cap", 2.0),
            ({"max_exposure_pct": 0.01}, "exposure_room", 1.0),
            ({"max_risk_per_trade_pct": 0.01}, "rounding", 2.498),  # 100 / 40.02 = 2.4987...
        ):
            with self.subTest(bound):
                session = session_of_minutes({A: {0: LONG}}, **flat)
                self.play(session, range(1))
                told = self.inputs(session, "risk")
                self.assertEqual((bound, quantity), (told["bound"], told["quantity"]))
                self.assertEqual((100.0, quantity * 40.0), (told["risk_asked"], told["risk_taken"]))
                self.assertEqual(quantity * 40.02, self.inputs(session, "safety")["risk"])

    def test_what_adds_and_has_no_more_room_than_its_position_leaves_is_bound_by_the_cap(self) -> None:
        session = session_of_minutes({A: {0: LONG, 2: LONG}}, max_entries=2, max_exposure=0.04)
        self.play(session, range(3))
        added = session.run.told("decision")[-1]["gates"][1]["inputs"]
        # 400 of 10,000 less 2.5 x 100
        self.assertEqual(("position_cap", 1.5), (added["bound"], added["quantity"]))
        self.assertEqual({"risk": 1, "position_cap": 1}, dict(session.session.statistics.sizes_bound_by))
        self.assertEqual([0.01, 0.006], list(session.session.statistics.risks_taken))

    def test_a_trailing_stop_in_atr_needs_one(self) -> None:
        for atr, refused in (
            (None, ["trailing_distance"]),
            (0.0, ["trailing_distance"]),
            (-1.0, ["trailing_distance"]),
            (1.0, []),
        ):
            signal = Signal("LONG", sl_distance=40.0, tp_distance=10.0, atr=atr)
            session = session_of_minutes({A: {0: signal}}, enable_trailing_stop=True, trailing_stop_atr=2.0)
            self.play(session, range(1))
            self.assertEqual(refused, self.reasons(session))
            if refused:
                self.assertNotIn("quantity", self.inputs(session, "risk"))

    def test_a_gate_that_refuses_is_the_last_one_told(self) -> None:
        for flat, gate, reason in (
            ({"max_exposure_pct": 0.03, "min_position_size_usd": 51.0}, "risk", "below_min_position_size"),
            ({"max_open_trades": 1}, "safety", "max_open_trades"),
        ):
            session = session_of_minutes({B: {0: LONG}, A: {0: LONG}}, **flat)
            self.play(session, range(1))
            self.assertEqual((gate, "refused"), self.gates(session)[-1])
            told = self.decision(session)
            self.assertEqual(
                (reason, reason, None), (told["reason"], told["gates"][-1]["reason"], told["entry_order_id"])
            )
        session = session_of_minutes({A: {0: SHORT}}, allow_shorting=False)
        self.play(session, range(1))
        self.assertEqual([("safety", "approved"), ("execution", "refused")], self.gates(session)[-2:])
        self.assertEqual(["shorting_disabled"], self.reasons(session))

    def test_an_entry_at_the_close_fills_there_and_its_level_acts_from_the_next_candle(self) -> None:
        session = session_of_minutes({A: {0: LONG}, B: {0: LONG}}, entry_fill="close")
        session.play(candle(0, close=101.0), candle(0))
        self.assertEqual(
            [(stamp(1), A, "101"), (stamp(1), B, "100")], columns(session.run.rows, "timestamp", "symbol", "price")
        )
        self.assertEqual(
            (1, 252.5), tuple(self.inputs(session, "safety", B)[name] for name in ("open_trades", "exposure"))
        )

    def test_a_volume_cap_holds_for_an_entry_at_the_close(self) -> None:
        session = session_of_minutes({A: {0: LONG}}, entry_fill="close", volume_cap=0.5)
        session.play(candle(0, volume=2.0))
        self.assertEqual([(stamp(1), "1")], columns(session.run.rows, "timestamp", "quantity"))

    def test_the_entry_of_a_reversal_waits_where_others_fill_at_the_close(self) -> None:
        session = session_of_minutes({A: {0: LONG, 2: SHORT}}, entry_fill="close", on_opposite_signal="reverse")
        self.play(session, range(3))
        self.assertEqual(1, len(session.run.rows))
        self.play(session, range(3, 4), 101.0)
        told = [("LONG", "OPEN", "100"), ("LONG", "CLOSE", "101"), ("SHORT", "OPEN", "101")]
        self.assertEqual(told, columns(session.run.rows, "side", "action", "price"))


class OpinionsThatAreNone(DecisionCase):
    def test_they_stop_the_run_and_name_strategy_symbol_and_candle(self) -> None:
        nan = float("nan")
        for signal, words in (
            (Signal("UP", sl_distance=1.0), "unknown direction 'UP'"),
            (Signal("LONG", sl_distance=nan), "sl_distance is nan"),
            (Signal("LONG", sl_distance=1.0, tp_distance=float("inf")), "tp_distance is inf"),
            (Signal("LONG", sl_distance=1.0, atr="2"), "atr is '2'"),
        ):
            session = session_of_minutes({A: {1: signal}})
            self.play(session, range(1))
            where = f"strategy scripted failed on A at the candle opened {stamp(1)}: {words}"
            with self.assertRaisesRegex(StrategyError, where.replace(".", r"\.")):
                self.play(session, range(1, 2))
            self.assertEqual(2, len(session.session.outputs.curve))

    def test_an_answer_that_is_no_signal_is_named(self) -> None:
        for answer, words in (
            (None, "update returned None; a Signal is needed, such as core.trading_signal.FLAT or Signal"),
            ("LONG", "update returned 'LONG'; a Signal is needed"),
            ({"signal": "FLAT"}, "update returned {'signal': 'FLAT'} as generate_signal does; a Signal is needed"),
            (("LONG", 5.0), r"update returned \('LONG', 5.0\); a Signal"),
        ):
            session = session_of_minutes({A: {0: answer}})
            place = "failed on A at the candle opened 1970-01-01T00:00:00.000Z: "
            with self.subTest(words), self.assertRaisesRegex(StrategyError, place + words):
                self.play(session, range(1))

    def test_a_strategy_that_ends_the_program_is_a_strategy_that_failed(self) -> None:
        class Leaving(dict[int, Signal]):
            def get(self, *_: object) -> Signal:
                raise SystemExit(0)

        rules = {A: Instrument(A, Decimal("0.01"), Decimal("0.001"))}
        with self.assertRaisesRegex(StrategyError, "failed on A at the candle opened 1970-01-01T.*: SystemExit: 0"):
            self.play(SteppedSession({}, rules, {A: Leaving()}), range(1))

    def test_metadata_that_is_no_mapping_is_named(self) -> None:
        session = session_of_minutes({A: {0: Signal("LONG", sl_distance=5.0, metadata=[1])}})
        with self.assertRaisesRegex(StrategyError, r"metadata is \[1\]; a mapping is needed"):
            self.play(session, range(1))

    def test_metadata_that_would_be_passed_over_stops_the_run(self) -> None:
        for metadata, words in (
            (
                {"stop_loss": 95.0},
                "metadata 'stop_loss' means nothing: a stop is a distance from the fill, 'sl_distance'",
            ),
            ({"sl_dist": 5.0}, "metadata 'sl_dist' means nothing; a stop's distance is 'sl_distance'"),
            ({"position_size": 3.0}, "metadata 'position_size' means nothing: sizes come from the risk settings"),
            (
                {"entry_price": 99.0},
                "metadata 'entry_price' is 99.0, and the close 100.0: entries fill at the market's",
            ),
        ):
            session = session_of_minutes({A: {0: Signal("LONG", atr=5.0, metadata=metadata)}})
            with self.subTest(words), self.assertRaisesRegex(StrategyError, words):
                self.play(session, range(1))

    def test_an_entry_goes_without_a_target_where_the_settings_say_so(self) -> None:
        session = session_of_minutes({A: {0: Signal("LONG", atr=5.0)}}, default_tp_atr_mult=None)
        self.play(session, range(2))
        holding = session.holding(A)
        self.assertEqual((92.5, None), (holding.position.stop_loss, holding.position.take_profit))


if __name__ == "__main__":
    unittest.main()
