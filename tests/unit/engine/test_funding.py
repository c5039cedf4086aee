"""Funding around entries and exits, worked by hand: 5 contracts at 100, so a rate of 0.01 on a mark of 100 is 5."""

import csv
import gzip
import unittest
from collections.abc import Sequence
from decimal import Decimal

from core.candle import Candle, FundingRate
from core.instants import format_ms
from core.instrument import Instrument
from core.trading_signal import Signal
from tests.support.candles import candle, candle_at
from tests.support.runs.kernel_runs import columns, run_kernel
from tests.support.runs.stepped_session import SteppedSession
from tests.support.shared import CANDLES, needs_shared
from tests.support.times import HOUR_MS, MINUTE_MS

A, B = "A", "B"
PERPETUAL = {"perpetual": {"leverage": 1.0}}
DIRECTIONS = {"LONG": 1, "SHORT": -1}


def rate(time_ms: int, value: float = 0.01, mark: float | None = 100.0) -> FundingRate:
    return FundingRate(time_ms, value, mark)


def session_of(
    direction: str = "LONG",
    decided_open_ms: int = 0,
    *,
    symbols: Sequence[str] = (A,),
    timeframe: str = "1m",
    target: float | None = None,
    stop: float = 20.0,
    again_ms: int | None = None,
    **flat: object,
) -> SteppedSession:
    """A session whose signal comes with the candle opened at a time; 5 contracts at 100 are 500 of 10,000."""
    instruments = {symbol: Instrument(symbol, Decimal("0.01"), Decimal("0.001")) for symbol in symbols}
    opinion = Signal(direction, sl_distance=stop, tp_distance=target)
    decided = {decided_open_ms: opinion} if again_ms is None else {decided_open_ms: opinion, again_ms: opinion}
    signals = dict.fromkeys(symbols, decided)
    return SteppedSession({**PERPETUAL, **flat}, instruments, signals, timeframe=timeframe)


def paid(session: SteppedSession) -> list[tuple[str, str, float]]:
    """Return (due, symbol, amount) of every payment settled."""
    return columns(session.run.told("funding"), "due", "symbol", "amount")


class Sentinels(unittest.TestCase):
    """Positions opened one millisecond before a payment, at it, and after it."""

    DUE = 10 * MINUTE_MS

    def amounts(self, direction: str, value: float, shift: int) -> list[float]:
        # The decision's candle and the entry's open `shift` milliseconds from the minute of the payment.
        session = session_of(direction, self.DUE - MINUTE_MS + shift)
        opens = [self.DUE - MINUTE_MS + shift, self.DUE + shift, self.DUE + MINUTE_MS + shift]
        for number, open_ms in enumerate(opens):
            time_ms = open_ms + MINUTE_MS
            due = (rate(self.DUE, value),) if time_ms >= self.DUE and (number == 0 or opens[number] < self.DUE) else ()
            session.step(time_ms, candle_at(open_ms), funding=(due,) if due else ())
        self.assertEqual(self.DUE + shift, session.holding().opened_ms)
        return [amount for _, _, amount in paid(session)]

    def test_only_the_one_opened_before_it_is_charged_or_credited(self) -> None:
        for direction, sign in DIRECTIONS.items():
            for value in (0.01, -0.01):
                for shift in (-1, 0, 1):
                    with self.subTest(direction=direction, rate=value, opened=shift):
                        # Opened a millisecond before: the payment falls inside its first candle.
                        self.assertEqual(
                            [-sign * 5 * 100 * value] if shift < 0 else [], self.amounts(direction, value, shift)
                        )

    def test_a_stamp_some_milliseconds_late_is_due_at_its_minute(self) -> None:
        for late in (0, 1, 16, 59_999):
            session = session_of()
            session.play(candle(0))
            session.play(candle(1), funding=((rate(2 * MINUTE_MS + late),),))
            self.assertEqual([(format_ms(2 * MINUTE_MS), A, -5.0)], paid(session))
            # Opened at its minute, not at the stamp: nothing.
            session = session_of()
            session.play(candle(0), funding=((rate(MINUTE_MS + late),),))
            session.play(candle(1))
            self.assertEqual([], paid(session))


class AtTheClose(unittest.TestCase):
    def entered(self, **more: object) -> SteppedSession:
        session = session_of(**more)
        session.play(candle(0))
        session.play(candle(1))
        return session

    def test_an_exit_inside_the_candle_that_ends_at_the_payment_does_not_pay(self) -> None:
        for low, amounts in ((80.0, []), (80.01, [-5.0])):
            session = self.entered()
            session.play(candle(2, low=low), funding=((rate(3 * MINUTE_MS),),))
            self.assertEqual(amounts, [amount for *_, amount in paid(session)])

    def test_an_exit_at_the_open_of_the_payment_has_paid_before_it(self) -> None:
        session = self.entered()
        session.play(candle(2), funding=((rate(3 * MINUTE_MS),),))
        session.play(candle(3, 70.0))
        (close,) = session.run.rows[1:]
        # (70 - 100) x 5 - 5
        self.assertEqual(
            ("-155", '{"funding":"-5"}', "9845"), (close["realized_pnl"], close["metadata"], close["balance"])
        )

    def test_without_a_mark_it_is_on_this_candles_close(self) -> None:
        session = self.entered()
        session.play(candle(2, close=110.0), funding=((rate(3 * MINUTE_MS, mark=None),),))
        # 5 x 110 x 0.01
        self.assertEqual([-5.5], [amount for *_, amount in paid(session)])

    def test_without_a_mark_it_is_on_the_mark_candles_close_where_there_is_one(self) -> None:
        session = self.entered()
        session.play(
            candle(2, close=110.0),
            marks=(candle(2, close=120.0),),
            funding=((rate(3 * MINUTE_MS, mark=None),),),
        )
        self.assertEqual([-6.0], [amount for *_, amount in paid(session)])

    def test_equity_and_balance_do_not_move_before_the_close(self) -> None:
        session = self.entered()
        session.play(candle(2), funding=((rate(3 * MINUTE_MS),),))
        self.assertEqual(10_000.0, session.session.outputs.curve[-1])
        self.assertEqual(Decimal(-5), session.holding().entry.funding)


class InsideACoarseCandle(unittest.TestCase):
    """Hour candles: the entry at 01:00, payments at 01:30 or 02:30."""

    def test_a_cost_falls_on_what_existed_in_the_candle_and_a_credit_on_what_is_open_after_it(self) -> None:
        for direction, sign in DIRECTIONS.items():
            exits = {"LONG": {"low": 80.0}, "SHORT": {"high": 120.0}}[direction]
            for value in (0.01, -0.01):
                cost = sign * value > 0
                for stopped in (False, True):
                    session = session_of(direction, timeframe="1h")
                    session.play(candle(0))
                    session.play(candle_at(HOUR_MS))
                    inside = rate(2 * HOUR_MS + 30 * MINUTE_MS, value)
                    session.play(candle_at(2 * HOUR_MS, **(exits if stopped else {})), funding=((inside,),))
                    expected = [-sign * 500 * value] if cost or not stopped else []
                    with self.subTest(direction=direction, rate=value, stopped=stopped):
                        self.assertEqual(expected, [amount for *_, amount in paid(session)])
                        self.assertEqual(stopped, session.holding() is None)

    def test_what_was_closed_at_the_open_did_not_exist_in_it(self) -> None:
        session = session_of(timeframe="1h")
        session.play(candle(0))
        session.play(candle_at(HOUR_MS))
        session.play(candle_at(2 * HOUR_MS, 75.0), funding=((rate(2 * HOUR_MS + 30 * MINUTE_MS),),))
        self.assertEqual(([], None), (paid(session), session.holding()))

    def test_an_entry_at_the_open_pays_and_receives_what_comes_after_it(self) -> None:
        for value in (0.01, -0.01):
            session = session_of(timeframe="1h")
            session.play(candle(0))
            session.play(candle_at(HOUR_MS), funding=((rate(HOUR_MS + 30 * MINUTE_MS, value),),))
            self.assertEqual([-500 * value], [amount for *_, amount in paid(session)])

    def test_an_entry_inside_pays_a_cost_once_and_receives_no_credit(self) -> None:
        for value, low, amounts in ((0.01, 98.0, [-5.0]), (0.01, 70.0, [-5.0]), (-0.01, 98.0, [])):
            session = session_of(timeframe="1h", entry_order="limit", entry_offset=0.01)
            session.play(candle(0))
            session.play(candle_at(HOUR_MS, low=low), funding=((rate(HOUR_MS + 30 * MINUTE_MS, value),),))
            self.assertEqual("99", session.run.rows[0]["price"])
            self.assertEqual(amounts, [amount for *_, amount in paid(session)])
            self.assertEqual(low == 70.0, session.holding() is None)

    def test_without_a_mark_it_is_on_the_candles_open(self) -> None:
        for value in (0.01, -0.01):
            session = session_of(timeframe="1h")
            session.play(candle(0))
            session.play(candle_at(HOUR_MS))
            unknown = rate(2 * HOUR_MS + 30 * MINUTE_MS, value, mark=None)
            session.play(candle_at(2 * HOUR_MS, 98.0, close=110.0), funding=((unknown,),))
            # 5 x 98 x 0.01
            self.assertEqual([-490 * value], [amount for *_, amount in paid(session)])

    def test_an_add_inside_the_candle_does_not_make_the_position_pay_again(self) -> None:
        limits = {"entry_order": "limit", "entry_offset": 0.01, "max_entries": 2, "max_exposure": 0.1}
        session = session_of(timeframe="1h", again_ms=HOUR_MS, **limits)
        session.play(candle(0))
        session.play(candle_at(HOUR_MS, 98.0, close=100.0))
        session.play(candle_at(2 * HOUR_MS, low=98.0), funding=((rate(2 * HOUR_MS + 30 * MINUTE_MS),),))
        self.assertEqual(2, session.holding().entries)
        self.assertEqual([-5.0], [amount for *_, amount in paid(session)])

    def test_several_at_once_are_settled_one_by_one(self) -> None:
        # A cost before A3, a credit and one at the close after it: -5, +2.5 and -1 on marks of 100.
        session = session_of(timeframe="1h")
        session.play(candle(0))
        session.play(candle_at(HOUR_MS))
        due = (rate(2 * HOUR_MS + 10 * MINUTE_MS, -0.005), rate(2 * HOUR_MS + 20 * MINUTE_MS), rate(3 * HOUR_MS, 0.002))
        session.play(candle_at(2 * HOUR_MS), funding=(due,))
        self.assertEqual([-5.0, 2.5, -1.0], [amount for *_, amount in paid(session)])
        account = session.session.account
        self.assertEqual((Decimal("-3.5"), Decimal(6)), (account.funding_net, account.funding_paid))
        self.assertEqual(3, session.session.statistics.funding_payments)


class BeforeTheOpen(unittest.TestCase):
    def entered(self, **more: object) -> SteppedSession:
        session = session_of(**more)
        session.play(candle(0))
        session.play(candle(1, close=102.0))
        return session

    def test_after_missing_candles_it_is_settled_first_on_the_close_before(self) -> None:
        # The stop is passed at the open of the next candle there is: the payment is settled before. What the mark price
        # is then says nothing of the time it was due.
        for marks in ((), (candle(9, 104.0),)):
            session = self.entered()
            unknown = rate(4 * MINUTE_MS, mark=None)
            session.play(candle(9, 70.0), marks=marks, funding=((unknown,),))
            # 5 x 102 x 0.01, then (70 - 100) x 5
            self.assertEqual([(format_ms(4 * MINUTE_MS), A, -5.1)], paid(session))
            self.assertEqual("-155.1", session.run.rows[-1]["realized_pnl"])

    def test_it_comes_before_the_gap_rule(self) -> None:
        session = self.entered(max_gap=3)
        session.play(candle(9, 70.0), funding=((rate(4 * MINUTE_MS),),))
        self.assertEqual(("gap", "-155"), tuple(session.run.rows[-1][name] for name in ("reason", "realized_pnl")))

    def test_one_due_at_the_open_falls_on_what_was_open_before_it(self) -> None:
        session = self.entered()
        session.play(candle(3, 70.0), funding=((rate(3 * MINUTE_MS),),))
        self.assertEqual(([-5.0], None), ([amount for *_, amount in paid(session)], session.holding()))

    def test_at_the_open_without_a_mark_it_is_on_the_open_of_a_mark_candle_that_opens_at_it(self) -> None:
        for marks, amount in (((), -5.1), ((candle(3, 104.0),), -5.2)):
            session = self.entered()
            unknown = rate(3 * MINUTE_MS, mark=None)
            session.play(candle(3, 90.0), marks=marks, funding=((unknown,),))
            self.assertEqual([amount], [one for *_, one in paid(session)])

    def test_one_that_is_told_late_falls_on_the_position_that_was_open_then(self) -> None:
        session = self.entered()
        session.play(candle(2))
        session.play(candle(3), funding=((rate(2 * MINUTE_MS),),))
        self.assertEqual([(format_ms(2 * MINUTE_MS), A, -5.0)], paid(session))

    def test_one_that_is_told_late_does_not_fall_on_a_position_opened_after_it(self) -> None:
        for due, amounts in ((MINUTE_MS, []), (MINUTE_MS + 1, []), (2 * MINUTE_MS, [-5.0])):
            session = self.entered()
            session.play(candle(2), funding=((rate(due),),))
            self.assertEqual(amounts, [amount for *_, amount in paid(session)])

    def test_while_a_symbol_has_no_candle_its_payment_waits(self) -> None:
        session = session_of(symbols=(A, B))
        session.play(candle(0), candle(0))
        session.play(candle(1), candle(1))
        session.play(
            candle(2),
            None,
            funding=((rate(3 * MINUTE_MS),), (rate(3 * MINUTE_MS, 0.02),)),
        )
        self.assertEqual([(format_ms(3 * MINUTE_MS), A, -5.0)], paid(session))
        session.play(candle(3), candle(3))
        self.assertEqual([(format_ms(3 * MINUTE_MS), A, -5.0), (format_ms(3 * MINUTE_MS), B, -10.0)], paid(session))

    def test_what_is_due_is_settled_before_positions_are_closed_at_their_last_marks(self) -> None:
        for end in ("finish", "kill"):
            session = session_of(symbols=(A, B), on_kill="flatten")
            session.play(candle(0), candle(0))
            session.play(candle(1), candle(1, close=110.0))
            session.play(candle(2), None, funding=((), (rate(3 * MINUTE_MS, mark=None),)))
            if end == "finish":
                session.session.finish()
            else:
                session.session.set_kill_switch(True)
            # On B's last close of 110: 5 x 110 x 0.01
            self.assertEqual([(format_ms(3 * MINUTE_MS), B, -5.5)], paid(session))
            self.assertEqual('{"funding":"-5.5"}', session.run.rows[-1]["metadata"])


class Switches(unittest.TestCase):
    def test_funding_can_be_left_out(self) -> None:
        session = session_of(perpetual={"leverage": 1.0, "funding": False})
        session.play(candle(0))
        session.play(candle(1), funding=((rate(2 * MINUTE_MS),),))
        self.assertEqual([], paid(session))

    def test_without_perpetuals_rates_mean_nothing(self) -> None:
        session = session_of(perpetual=None)
        session.play(candle(0))
        session.play(candle(1), funding=((rate(2 * MINUTE_MS),),))
        self.assertEqual([], paid(session))

    def test_a_rate_of_zero_is_settled_and_moves_nothing(self) -> None:
        session = session_of()
        session.play(candle(0))
        session.play(candle(1), funding=((rate(2 * MINUTE_MS, 0.0),),))
        self.assertEqual([0.0], [abs(amount) for *_, amount in paid(session)])
        self.assertNotIn(b",funding,", session.run.ledger)


class Journal(unittest.TestCase):
    def test_a_payment_is_posted_with_the_time_it_is_due(self) -> None:
        session = session_of("SHORT")
        session.play(candle(0))
        session.play(candle(1), funding=((rate(2 * MINUTE_MS + 7, 0.0001, 100.123),),))
        posted = [row for row in session.run.postings if row["event"] == "funding"]
        # 5 x 100.123 x 0.0001 = 0.0500615
        self.assertEqual(
            [
                ("1970-01-01T00:02:00.000Z", "A", "accrued:A", "0.0500615", "0.0500615"),
                ("1970-01-01T00:02:00.000Z", "A", "funding", "-0.0500615", "-0.0500615"),
            ],
            [tuple(row[name] for name in ("timestamp", "symbol", "account", "amount", "balance")) for row in posted],
        )


@needs_shared
class RealRates(unittest.TestCase):
    """LAYER in May 2025: the interval falls from four hours to one, two rates are -0.02, stamps are late."""

    HELD_FROM, HELD_TO = 1_746_489_600_000, 1_746_529_200_000  # 2025-05-06T00:00Z and 11:00Z

    def rows(self, name: str) -> list[dict[str, str]]:
        with gzip.open(CANDLES / "binance-perp" / "LAYER-USDT" / name, "rt") as lines:
            return list(csv.DictReader(lines))

    def test_every_payment_of_a_held_position_is_settled_with_its_sign(self) -> None:
        rates = [
            FundingRate(int(row["timestamp"]), float(row["rate"]))
            for row in self.rows("funding.csv.gz")
            if self.HELD_FROM - HOUR_MS <= int(row["timestamp"]) <= self.HELD_TO
        ]
        stored = {
            int(row["timestamp"]): Candle(
                int(row["timestamp"]), *(float(row[name]) for name in ("open", "high", "low", "close", "volume"))
            )
            for row in self.rows("1m.csv.gz")
            if self.HELD_FROM - 2 * MINUTE_MS <= int(row["timestamp"]) < self.HELD_TO
        }
        # 00:00 (at the entry), 04:00, 08:00, 09:00, 10:00, 11:00: four hours, then one.
        minutes = [one.due_ms for one in rates]
        self.assertEqual([0, 240, 480, 540, 600, 660], [(one - self.HELD_FROM) // MINUTE_MS for one in minutes])
        self.assertEqual([-0.02, -0.02], [one.rate for one in rates[2:4]])
        self.assertTrue(any(one.time_ms != one.due_ms for one in rates))
        for direction, sign in DIRECTIONS.items():
            # Stops so far away that no candle of these hours reaches them.
            run = run_kernel(
                {**PERPETUAL, "default_risk_per_trade": 0.02},
                [A],
                {A: list(stored.values())},
                {A: {self.HELD_FROM - MINUTE_MS: Signal(direction, sl_distance=3.0 if sign < 0 else 2.0)}},
                {A: Instrument(A, Decimal("0.0001"), Decimal("0.1"))},
                funding={A: rates},
            )
            with self.subTest(direction):
                (opened, closed) = run.rows
                self.assertEqual((format_ms(self.HELD_FROM), "end"), (opened["timestamp"], closed["reason"]))
                quantity = Decimal(opened["quantity"])
                expected = Decimal(0)
                for one in rates[1:]:
                    price = Decimal(repr(stored[one.due_ms - MINUTE_MS].close))
                    amount = -sign * quantity * price * Decimal(repr(one.rate))
                    expected += amount.quantize(Decimal("0.00000001"))
                self.assertIn(f'"funding":"{expected.normalize():f}"', closed["metadata"])
                self.assertEqual(sign > 0, expected > 0)
                self.assertEqual(5, run.session.statistics.funding_payments)


if __name__ == "__main__":
    unittest.main()
