"""What a session tells whoever listens: everything, in order, and enough to write its outputs anew."""

import hashlib
import json
import unittest
from decimal import Decimal

import msgspec

from core.candle import FundingRate
from core.event_lines import decision_line, details_of
from core.events import (
    CommandTaken,
    Decision,
    EquityPoint,
    Event,
    FundingPayment,
    Gap,
    Halt,
    HaltLifted,
    KillSwitchChange,
    OrderTransition,
    RulesChange,
    TradeRow,
    Transaction,
)
from core.instants import format_ms
from core.instrument import Instrument
from core.trading_signal import Signal
from core.verdicts import (
    ExecutionVerdict,
    LevelVerdict,
    PositionVerdict,
    RiskVerdict,
    SafetyVerdict,
    SessionVerdict,
    WarmupVerdict,
)
from engine.renderer import SessionOutputs
from tests.support.candles import candle
from tests.support.runs.stepped_session import SteppedSession, session_of_minutes
from tests.support.times import MINUTE_MS

A, B = "A", "B"
LONG, SHORT = Signal("LONG", sl_distance=5.0, tp_distance=4.0), Signal("SHORT", sl_distance=5.0)


def eventful_session() -> tuple[SteppedSession, list[Event], SessionOutputs]:
    """Return a session in which everything happens that can be told, what was told, and a second set of outputs."""
    told: list[Event] = []
    replica = SessionOutputs()
    session = session_of_minutes(
        {A: {0: LONG, 4: SHORT, 20: LONG, 21: LONG, 1441: LONG, 1443: LONG}, B: {0: SHORT, 1: SHORT}},
        perpetual={"leverage": 2.0},
        exits={"ladder": [{"fraction": 0.5, "distance": 0.5}, {"fraction": 0.5, "distance": 1.0}]},
        max_gap=3,
        max_order_wait=3,
        max_daily_loss_pct=0.001,
        commission_rate=0.001,
        on_halt="flatten",
    )
    session.session.subscribe(told.append)
    session.session.subscribe(replica.render)
    session.session.schedule_rules(0, [Instrument(A, Decimal("0.5"), Decimal("0.001"), as_of_ms=3 * MINUTE_MS)])
    session.play(candle(0), candle(0))
    session.play(candle(1), candle(1))
    session.play(
        candle(2, 100.0, 103.0, 100.0, 103.0), candle(2), funding=((FundingRate(3 * MINUTE_MS, 0.01, 100.0),), ())
    )
    session.play(candle(3, 103.0, 103.0, 94.0, 95.0), candle(3))
    session.play(candle(4, 95.0), candle(4))
    session.play(candle(20, 95.0), candle(20))
    session.play(candle(21, 95.0), candle(21))
    session.session.set_paused(True)
    session.session.set_kill_switch(True)
    session.session.set_kill_switch(False)
    session.session.set_paused(False)
    session.play(candle(1441, 95.0), candle(1441))
    session.session.close_position(A)
    session.session.finish()
    return session, told, replica


class Listening(unittest.TestCase):
    def test_a_listener_can_write_the_outputs_anew_to_the_last_byte(self) -> None:
        session, told, replica = eventful_session()
        kinds = {type(event) for event in told}
        every = {TradeRow, OrderTransition, Transaction, FundingPayment, Gap, RulesChange, Halt, HaltLifted, Decision}
        self.assertEqual(every | {CommandTaken, KillSwitchChange, EquityPoint}, kinds)
        self.assertEqual(session.session.outputs.digest(), replica.digest())
        again = SessionOutputs()
        for event in told:
            again.render(event)
        self.assertEqual(replica.digest(), again.digest())

    def test_rows_that_are_gathered_are_the_same_bytes_and_hashes(self) -> None:
        _, told, replica = eventful_session()
        for at_once in (2, 7, 10_000):
            written: list[bytes] = []
            gathered = SessionOutputs(ledger=written.append, at_once=at_once)
            for event in told:
                gathered.render(event)
            gathered.flush()
            self.assertEqual(replica.digest(), gathered.digest())
            self.assertEqual(replica.ledger.sha256, hashlib.sha256(b"".join(written)).hexdigest())

    def test_a_decision_s_line_is_what_is_told_of_it_as_json(self) -> None:
        verdicts = (
            WarmupVerdict(3, 2),
            PositionVerdict("ignore", "LONG", "7", quantity=1e-7),
            LevelVerdict("stop", float("nan"), 1e22),
            SessionVerdict("paused"),
            RiskVerdict(1.0, -0.0, 2.5, float("inf"), 3, 0.1, "risk"),
            SafetyVerdict(1, 2.0, 3.0, 4.0, "max_exposure"),
            ExecutionVerdict(),
        )
        for signal in (Signal("LONG", 1.5, None, 2, '\u00e9 "x"\n'), Signal("SHORT", stop_price=3.0, tag="t")):
            for inputs in ({}, {"b": [1, None], "a": {"z": True}}):
                told = Decision(60_000, "\u20bf/USDT", signal, inputs, verdicts, "4", None)
                whole = {"time": format_ms(60_000), "event": "decision", "symbol": told.symbol, **details_of(told)}
                line = json.dumps(whole, sort_keys=True, separators=(",", ":")) + "\n"
                self.assertEqual(line, decision_line(told))

    def test_events_are_values_that_nobody_changes(self) -> None:
        _, told, _ = eventful_session()
        for event in told:
            with self.assertRaises(AttributeError):
                event.time_ms = 0  # type: ignore[misc]
            self.assertEqual(event, msgspec.structs.replace(event))
            self.assertIs(type(event.time_ms), int)

    def test_who_comes_later_is_told_what_comes_later(self) -> None:
        session = session_of_minutes({A: {0: LONG}})
        early: list[Event] = []
        late: list[Event] = []
        session.session.subscribe(early.append)
        session.play(candle(0))
        session.session.subscribe(late.append)
        session.play(candle(1))
        self.assertEqual(early[-len(late) :], late)
        self.assertIn("OPEN", [event.action for event in late if isinstance(event, TradeRow)])
        self.assertFalse(any(isinstance(event, Decision) for event in late))

    def test_an_entry_is_told_in_the_order_in_which_it_happens(self) -> None:
        session = session_of_minutes({A: {0: LONG}})
        session.play(candle(0))
        told: list[Event] = []
        session.session.subscribe(told.append)
        session.play(candle(1))
        names = [getattr(event, "event", type(event).__name__) for event in told]
        # The money, the order, its stop and target; then the row, and the account at the end of the step.
        self.assertEqual(["FILLED", "NEW", "NEW", "TradeRow", "EquityPoint"], names)
        self.assertEqual({MINUTE_MS, 2 * MINUTE_MS}, {event.time_ms for event in told})


class WhatDecisionsTell(unittest.TestCase):
    def test_a_positions_own_orders_end_with_it_and_are_not_told(self) -> None:
        session = session_of_minutes({A: {0: LONG}})
        session.play(candle(0))
        session.play(candle(1))
        session.play(candle(2, 100.0, 100.0, 94.0, 95.0))
        self.assertIn("oco", [row["reason"] for row in session.run.order_rows])
        self.assertEqual(["decision"], [one["event"] for one in session.run.events])
        self.assertEqual({}, session.session.statistics.cancelled)

    def test_what_is_left_of_a_stop_that_filled_in_part_is_not_told_either(self) -> None:
        session = session_of_minutes({A: {0: LONG}}, volume_cap=0.5, on_kill="flatten")
        session.play(candle(0))
        session.play(candle(1, volume=100.0))
        session.play(candle(2, 100.0, 100.0, 94.0, 95.0, volume=4.0))
        session.session.set_kill_switch(True)
        ended = [
            (row["event"], row["order_id"]) for row in session.run.order_rows if row["client_order_id"] == "1-stop"
        ]
        self.assertEqual([("NEW", ""), ("PARTIALLY_FILLED", "2"), ("CANCELED", "2")], ended)
        self.assertEqual(["decision", "kill_switch"], [one["event"] for one in session.run.events])
        self.assertEqual({}, session.session.statistics.cancelled)

    def test_an_entry_that_is_never_accepted_is_a_refusal_and_no_rejection(self) -> None:
        band = Instrument(A, Decimal("0.01"), Decimal("0.001"), band_down=Decimal("0.95"))
        flat = {"entry_order": "limit", "entry_offset": 0.1}
        session = SteppedSession(flat, {A: band}, {A: {0: LONG}})
        session.play(candle(0))
        (refused,) = session.run.events
        self.assertEqual(("decision", "percent_price"), (refused["event"], refused["reason"]))
        statistics = session.session.statistics
        self.assertEqual(({"percent_price": 1}, {}), (statistics.refusals, statistics.rejected))
        self.assertEqual([("REJECTED", "")], [(row["event"], row["order_id"]) for row in session.run.order_rows])

    def test_a_command_to_the_whole_account_has_no_order_and_no_reason(self) -> None:
        session = session_of_minutes({A: {}})
        session.play(candle(0))
        session.session.set_paused(True)
        told = {"command": "pause", "event": "command", "time": "1970-01-01T00:01:00.000Z"}
        self.assertEqual([told], session.run.events)

    def test_what_closing_costs_at_the_end_is_part_of_the_largest_drawdown(self) -> None:
        session = session_of_minutes({A: {0: LONG}}, commission_rate=0.01)
        session.play(candle(0))
        session.play(candle(1))
        session.session.finish()
        # Bought and sold at 100 for 500: twice 5 of 10,000.
        self.assertAlmostEqual(0.1, session.session.account.performance["max_drawdown_pct"])


if __name__ == "__main__":
    unittest.main()
