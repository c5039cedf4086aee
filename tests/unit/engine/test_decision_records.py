"""Every field of every kind of record in ``decisions.jsonl``, whole, on figures worked by hand.

``tests/unit/engine/test_commands.py`` has those of an operator's commands.
"""

import json
import unittest
from decimal import Decimal

from core.candle import FundingRate
from core.instrument import Instrument
from core.trading_signal import At, Signal
from tests.support.candles import candle
from tests.support.runs.stepped_session import SteppedSession, session_of_minutes
from tests.support.times import MINUTE_MS, stamp

A, B = "A", "B"
LONG = Signal("LONG", sl_distance=40.0)
APPROVED = {"verdict": "approved"}


class DecisionRecords(unittest.TestCase):
    maxDiff = None

    def session(self, **flat: object) -> SteppedSession:
        """A session that has decided a long of A at the close of minute 0, 2.5 at 100."""
        session = session_of_minutes({A: {0: LONG}, B: {}}, **flat)
        session.play(candle(0), candle(0))
        return session

    def only(self, session: SteppedSession, event: str) -> dict[str, object]:
        (record,) = session.run.told(event)
        return record

    def test_an_accepted_entry_shows_signal_gates_and_order(self) -> None:
        signal = Signal("SHORT", 40.0, 20.0, 2.5, "cross_down", {"rsi": 70.25, "word": "x"})
        session = session_of_minutes({A: {1: signal}}, warmup_candles=1)
        session.play(candle(0, 100.0))
        session.play(candle(1, 100.0))
        self.assertEqual(
            {
                "time": stamp(2),
                "event": "decision",
                "symbol": A,
                "signal": {
                    "direction": "SHORT",
                    "sl_distance": 40.0,
                    "tp_distance": 20.0,
                    "atr": 2.5,
                    "reason": "cross_down",
                    "inputs": {"rsi": 70.25, "word": "x"},
                },
                "gates": [
                    {"gate": "warmup", **APPROVED, "inputs": {"candles_before": 1, "warmup_candles": 1}},
                    {
                        "gate": "risk",
                        **APPROVED,
                        "inputs": {
                            "equity": 10_000.0,
                            "price": 100.0,
                            "exposure": 0.0,
                            "room": 2_000.0,
                            "quantity": 2.5,
                            "stop_distance": 40.0,
                            "bound": "risk",
                            "risk_asked": 100.0,
                            "risk_taken": 100.0,
                        },
                    },
                    {
                        "gate": "safety",
                        **APPROVED,
                        "inputs": {"open_trades": 0, "exposure": 0.0, "risk": 2.5 * 40.02, "value": 250.0},
                    },
                    {"gate": "execution", **APPROVED, "inputs": {}},
                ],
                "reason": None,
                "entry_order_id": "1",
                "close_order_id": None,
            },
            self.only(session, "decision"),
        )

    def test_what_else_a_signal_says_stands_beside_it(self) -> None:
        targets = ((0.5, "1R"), (0.5, At(160.0)))
        entry = {"entry": "limit", "entry_price": 99.0, "tag": "dip"}
        long = Signal("LONG", stop_price=59.0, targets=targets, size=0.5, **entry)
        session = session_of_minutes({A: {0: long}})
        session.play(candle(0))
        unsaid = {"sl_distance": None, "tp_distance": None, "atr": None, "reason": "", "inputs": {}}
        told = self.only(session, "decision")
        self.assertEqual(
            {
                **unsaid,
                "direction": "LONG",
                "stop_price": 59.0,
                "targets": [[0.5, "1R"], [0.5, {"price": 160.0}]],
                "size": 0.5,
                "entry": "limit",
                "entry_price": 99.0,
                "tag": "dip",
            },
            told["signal"],
        )
        risk = told["gates"][1]["inputs"]
        # 100 / (99 − 59) = 2.5, of which half is asked for.
        sizes = [risk[name] for name in ("quantity", "stop_distance", "risk_asked", "risk_taken")]
        self.assertEqual([1.25, 40.0, 50.0, 50.0], sizes)

    def test_exits_and_moved_levels_show_what_they_found(self) -> None:
        exit_half = Signal("EXIT", fraction=0.5, move_stop=50.0, move_target=120.0)
        session = session_of_minutes({A: {0: LONG, 1: exit_half}})
        session.play(candle(0))
        session.play(candle(1))
        *_, told = session.run.told("decision")
        levels = {"gate": "levels"}
        self.assertEqual(
            [
                {
                    **levels,
                    "verdict": "refused",
                    "reason": "stop_not_tighter",
                    "inputs": {"level": "stop", "wanted": 50.0, "stood": 60.0},
                },
                {**levels, **APPROVED, "inputs": {"level": "target", "wanted": 120.0}},
                {"gate": "position", **APPROVED, "inputs": {"position": "LONG", "quantity": 1.25}},
            ],
            told["gates"][1:],
        )
        self.assertEqual(("stop_not_tighter", "2"), (told["reason"], told["close_order_id"]))

    def test_what_refuses_entries_refuses_no_exit(self) -> None:
        session = session_of_minutes({A: {0: LONG, 1: Signal("EXIT", move_stop=70.0)}})
        session.play(candle(0))
        session.session.set_paused(True)
        session.play(candle(1))
        *_, told = session.run.told("decision")
        self.assertEqual((None, "2"), (told["reason"], told["close_order_id"]))

    def test_a_refused_reversal_shows_the_close_and_the_refusal(self) -> None:
        session = session_of_minutes({A: {0: LONG, 2: Signal("SHORT")}}, on_opposite_signal="reverse")
        for minute in range(3):
            session.play(candle(minute))
        *_, told = session.run.told("decision")
        unknown = {"sl_distance": None, "tp_distance": None, "atr": None, "reason": "", "inputs": {}}
        self.assertEqual({"direction": "SHORT", **unknown}, told["signal"])
        self.assertEqual(
            [
                {"gate": "warmup", **APPROVED, "inputs": {"candles_before": 2, "warmup_candles": 0}},
                {"gate": "position", **APPROVED, "inputs": {"position": "LONG", "on_opposite_signal": "reverse"}},
                {
                    "gate": "risk",
                    "verdict": "refused",
                    "reason": "stop_distance",
                    "inputs": {"equity": 10_000.0, "price": 100.0, "exposure": 0.0, "room": 2_000.0},
                },
            ],
            told["gates"],
        )
        self.assertEqual(("stop_distance", None, "2"), (told["reason"], told["entry_order_id"], told["close_order_id"]))

    def test_a_record_is_one_line_of_sorted_keys_without_blanks(self) -> None:
        session = self.session(max_gap=3)
        session.play(candle(9), candle(9))
        line = session.run.decisions.splitlines()[-1]
        self.assertEqual(f'{{"event":"gap","missing_candles":8,"symbol":"B","time":"{stamp(9)}"}}'.encode(), line)
        self.assertEqual(list(json.loads(line)), sorted(json.loads(line)))

    def test_a_rejected_entry_is_told_with_the_price_that_was_refused(self) -> None:
        # 2.5 at 5,000 are more than the account has; with slippage it would have paid 5,005.
        session = self.session(slippage=0.001)
        session.play(candle(1, 5_000.0))
        self.assertEqual(
            {
                "time": stamp(1),
                "event": "order_rejected",
                "symbol": A,
                "order_id": "1",
                "price": 5_005.0,
                "quantity": 2.5,
                "reason": "insufficient_balance",
            },
            self.only(session, "order_rejected"),
        )

    def test_an_expired_entry_is_told_at_its_deadline(self) -> None:
        session = self.session(max_order_wait=2)
        session.play(None, candle(5))
        self.assertEqual(
            {"time": stamp(3), "event": "order_expired", "symbol": A, "order_id": "1", "reason": "max_order_wait"},
            self.only(session, "order_expired"),
        )

    def test_a_cancelled_entry_and_a_cancelled_close(self) -> None:
        session = self.session(max_gap=3, entry_order="limit", entry_offset=0.1, entry_time_in_force="GTC")
        session.play(candle(9), candle(9))
        cancelled = {"time": stamp(9), "event": "order_cancelled", "symbol": A, "order_id": "1", "reason": "gap"}
        self.assertEqual({**cancelled, "order": "entry"}, self.only(session, "order_cancelled"))
        session = self.session(max_gap=3, exits={"max_holding": 1})
        session.play(candle(1), candle(1))
        session.play(candle(9), candle(9))
        self.assertEqual({**cancelled, "order": "close", "order_id": "2"}, self.only(session, "order_cancelled"))

    def test_a_halt_and_its_end(self) -> None:
        # 2.5 at 100: at 104 the peak is 10,010, at 60 equity 9,900: more than 0.9 % below the day's 10,000.
        last = 24 * 60 - 1
        session = session_of_minutes({A: {last - 3: LONG}}, max_daily_loss_pct=0.009)
        for minute, close in ((last - 3, 100.0), (last - 2, 104.0), (last - 1, 61.0), (last, 60.5), (last + 1, 60.5)):
            session.play(candle(minute, 100.0, close=close))
        equity = {"equity": 9_902.5, "peak_equity": 10_010.0, "day_start_equity": 10_000.0}
        self.assertEqual(
            {"time": stamp(last), "event": "halt", "reason": "daily_loss", **equity}, self.only(session, "halt")
        )
        self.assertEqual(
            {"time": stamp(last + 2), "event": "halt_lifted", "reason": "daily_loss"}, self.only(session, "halt_lifted")
        )

    def test_a_kill_switch(self) -> None:
        session = self.session()
        session.session.set_kill_switch(True)
        self.assertEqual({"time": stamp(1), "event": "kill_switch", "engaged": True}, self.only(session, "kill_switch"))

    def test_a_funding_payment(self) -> None:
        # Stamped 7 ms late, due at 00:02: 2.5 x 104 x 0.01.
        session = self.session(perpetual={"leverage": 1.0})
        session.play(candle(1), candle(1), funding=((FundingRate(2 * MINUTE_MS + 7, 0.01, 104.0),), ()))
        due = {"due": stamp(2), "rate": 0.01, "mark": 104.0, "amount": -2.6}
        self.assertEqual({"time": stamp(2), "event": "funding", "symbol": A, **due}, self.only(session, "funding"))

    def test_a_change_of_trading_rules(self) -> None:
        session = self.session()
        later = Instrument(B, Decimal("0.5"), Decimal(1), as_of_ms=MINUTE_MS + 1, source="market list")
        session.session.schedule_rules(1, [later])
        session.play(candle(1), candle(1))
        self.assertEqual(
            {"time": stamp(2), "event": "rules", "symbol": B, "as_of_ms": MINUTE_MS + 1, "source": "market list"},
            self.only(session, "rules"),
        )


if __name__ == "__main__":
    unittest.main()
