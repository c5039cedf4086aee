"""The slow model on cases worked by hand, and the drawn cases on what they must make happen."""

import decimal
import unittest
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings

from core.candle import Candle
from core.instrument import Instrument
from core.trading_signal import Signal
from tests.support.base_settings import BASE_SETTINGS
from tests.support.oracles.market_cases import MONDAY_MS, cases
from tests.support.oracles.slow_model import Case, ModelResult, run_model, trades_csv
from tests.support.scale import scaled
from tests.support.times import HOUR_MS, MINUTE_MS

NOON = MONDAY_MS + 12 * HOUR_MS
"""2024-03-04T12:00Z: slot 0 of every case that says nothing else."""

Row = tuple[int, float, float, float, float]


def case_of(
    candles: dict[str, Sequence[Row]],
    signals: dict[str, dict[int, Signal]],
    *,
    tick: str = "0.01",
    lot: str = "0.001",
    warmup: int = 0,
    start: int = NOON,
    min_notional: str = "0",
    min_quantity: str = "0",
    kill_switch: bool = False,
    **changed: float | int | str | bool,
) -> Case:
    """Build a case of 1m candles (slot, open, high, low, close), slots counted from the start, negative ones stored."""
    return Case(
        settings={**BASE_SETTINGS, **changed},
        timeframe_ms=MINUTE_MS,
        start_ms=start,
        symbols=tuple(candles),
        instruments={
            symbol: Instrument(symbol, Decimal(tick), Decimal(lot), Decimal(min_notional), Decimal(min_quantity))
            for symbol in candles
        },
        candles={
            symbol: [Candle(start + slot * MINUTE_MS, *prices, 1.0) for slot, *prices in rows]
            for symbol, rows in candles.items()
        },
        signals={
            symbol: {start + slot * MINUTE_MS: signal for slot, signal in opinions.items()}
            for symbol, opinions in signals.items()
        },
        warmup_candles=warmup,
        kill_switch=kill_switch,
    )


def long(stop: float, target: float | None = None) -> Signal:
    return Signal("LONG", sl_distance=stop, tp_distance=target)


def short(stop: float, target: float | None = None) -> Signal:
    return Signal("SHORT", sl_distance=stop, tp_distance=target)


def flat_rows(slots: Sequence[int], price: float = 100.0) -> list[Row]:
    """Candles in which nothing moves."""
    return [(slot, price, price, price, price) for slot in slots]


def picked(result: ModelResult, *columns: str) -> list[tuple[str, ...]]:
    return [tuple(row[column] for column in columns) for row in result.rows]


def at(slot: int, start: int = NOON) -> int:
    return start + slot * MINUTE_MS


class EntriesAndExits(unittest.TestCase):
    def test_an_entry_fills_at_the_next_open_and_its_target_needs_a_trade_through_it(self):
        # Size: risk 10000 x 0.01 / 2 = 50, cap 10000 x 0.05 / 100 = 5, room 20: 5. Fill 101, stop 99, target 104.
        # Slot 1 touches 104 and does not fill it; slot 2 trades at 104.5. PnL (104 - 101) x 5 = 15.
        rows = [(0, 100.0, 101.0, 99.0, 100.0), (1, 101.0, 104.0, 100.0, 103.0), (2, 103.0, 104.5, 102.0, 104.25)]
        result = run_model(case_of({"A": rows}, {"A": {0: long(2.0, 3.0)}}))
        self.assertEqual(
            picked(result, "timestamp", "action", "price", "quantity", "reason", "metadata"),
            [
                ("2024-03-04T12:01:00.000Z", "OPEN", "101", "5", "signal", '{"stop":"99","target":"104"}'),
                ("2024-03-04T12:03:00.000Z", "CLOSE", "104", "5", "target", "{}"),
            ],
        )
        # Equity at B: flat, then 10000 + (103 - 101) x 5, then flat with 15 won, and once more after the end.
        self.assertEqual(result.equity_curve, [10_000.0, 10_010.0, 10_015.0, 10_015.0])
        self.assertEqual(result.final_balance, Decimal(10_015))

    def test_a_gap_through_a_shorts_stop_fills_at_the_open_with_costs_to_the_last_digit(self):
        # p = 200.3: cap 500 / 200.3 = 2.4962 -> lot 0.1 -> 2.4. Sell 200.3 x 0.9995 = 200.19985 -> down to 200.1.
        # Commission 200.1 x 2.4 x 0.001 = 0.48024; slippage (200.3 - 200.1) x 2.4 = 0.48. Stop 205.1, target 195.1.
        # Open 206: buy 206 x 1.0005 = 206.103 -> up to 206.2; commission 206.2 x 2.4 x 0.001 = 0.49488.
        # Net (200.1 - 206.2) x 2.4 - 0.48024 - 0.49488 = -14.64 - 0.97512 = -15.61512.
        rows = [(0, 200.3, 200.3, 200.3, 200.3), (1, 200.3, 204.0, 200.0, 203.0), (2, 206.0, 207.0, 205.0, 206.0)]
        result = run_model(
            case_of(
                {"B/USDT": rows},
                {"B/USDT": {0: short(5.0, 5.0)}},
                tick="0.1",
                lot="0.1",
                slippage=0.0005,
                commission_rate=0.001,
            )
        )
        self.assertEqual(
            trades_csv(result).decode(),
            "timestamp,order_id,symbol,action,side,price,quantity,commission,slippage,balance,equity,realized_pnl,"
            "unrealized_pnl,strategy,reason,metadata\n"
            "2024-03-04T12:01:00.000Z,1,B/USDT,OPEN,SHORT,200.1,2.4,0.48024,0.48,10000,10000,0,0,scripted,signal,"
            '"{""stop"":""205.1"",""target"":""195.1""}"\n'
            "2024-03-04T12:02:00.000Z,2,B/USDT,CLOSE,SHORT,206.2,2.4,0.49488,0.48,9984.38488,9984.38488,-15.61512,0,"
            "scripted,stop,{}\n",
        )

    def test_stop_and_target_in_one_candle_is_the_stop_and_is_flagged_as_ambiguous(self):
        # Fill 100, stop 98, target 102; the candle spans 97 to 103: stop at 98, loss 2 x 5.
        rows = [*flat_rows([0]), (1, 100.0, 103.0, 97.0, 100.0)]
        result = run_model(case_of({"A": rows}, {"A": {0: long(2.0, 2.0)}}))
        self.assertEqual(
            picked(result, "price", "reason", "metadata", "realized_pnl")[1],
            ("98", "stop", '{"ambiguous":true}', "-10"),
        )
        self.assertEqual(result.ambiguous, 1)

    def test_a_touch_fills_a_stop_on_either_side(self):
        # Fill 100, stop 2 away, touched exactly by the extreme of the entry candle.
        for signal, row in ((long(2.0), (1, 100.0, 101.0, 98.0, 99.0)), (short(2.0), (1, 100.0, 102.0, 99.0, 101.0))):
            with self.subTest(signal.direction):
                result = run_model(case_of({"A": [*flat_rows([0]), row]}, {"A": {0: signal}}))
                self.assertEqual(picked(result, "timestamp", "reason")[1], ("2024-03-04T12:02:00.000Z", "stop"))

    def test_a_target_passed_by_the_open_fills_at_the_open_without_slippage(self):
        # Buy 100 x 1.01 = 101, target 102; open 103 is beyond it: sold at 103, reference 103, slippage 0.
        rows = [*flat_rows([0, 1]), (2, 103.0, 103.0, 101.0, 101.0)]
        result = run_model(case_of({"A": rows}, {"A": {0: long(5.0, 1.0)}}, slippage=0.01))
        self.assertEqual(
            picked(result, "timestamp", "price", "slippage", "reason"),
            [("2024-03-04T12:01:00.000Z", "101", "5", "signal"), ("2024-03-04T12:02:00.000Z", "103", "0", "target")],
        )

    def test_an_open_exactly_at_the_target_does_not_fill_it(self):
        rows = [*flat_rows([0, 1]), (2, 102.0, 102.0, 101.0, 101.0)]
        result = run_model(case_of({"A": rows}, {"A": {0: long(5.0, 2.0)}}))
        self.assertEqual(picked(result, "reason"), [("signal",), ("end",)])

    def test_a_stop_beyond_the_open_of_its_own_entry_candle_fills_there_at_that_open(self):
        # Buy 100 x 1.01 = 101, stop 101 - 0.5 = 100.5, above the open 100: sold at 100 x 0.99 = 99, stamped with T.
        # The target 102 is traded through later in the candle and changes nothing: the stop decided at the open.
        rows = [*flat_rows([0]), (1, 100.0, 104.0, 100.0, 104.0)]
        result = run_model(case_of({"A": rows}, {"A": {0: long(0.5, 1.0)}}, slippage=0.01))
        self.assertEqual(
            picked(result, "timestamp", "price", "reason", "metadata")[1],
            ("2024-03-04T12:02:00.000Z", "99", "stop", "{}"),
        )

    def test_levels_round_away_from_the_fill_on_a_coarse_tick(self):
        # Tick 0.5, distances 1.3: long fill 100, stop 98.7 -> 98.5, target 101.3 -> 101.5; short: 101.3 -> 101.5, 98.5.
        for signal, levels in ((long(1.3, 1.3), ("98.5", "101.5")), (short(1.3, 1.3), ("101.5", "98.5"))):
            with self.subTest(signal.direction):
                result = run_model(case_of({"A": flat_rows([0, 1])}, {"A": {0: signal}}, tick="0.5"))
                self.assertEqual(result.rows[0]["metadata"], '{{"stop":"{}","target":"{}"}}'.format(*levels))

    def test_a_trailing_stop_acts_from_the_next_candle_and_is_never_loosened(self):
        # Fill 100, stop 95. Closes 104 and 103 trail to 101.92 and 100.94: 101.92 stands. The candle that set it has a
        # low of 99 and is past; slot 3 touches 101.92. PnL 1.92 x 5 = 9.6.
        rows = [
            *flat_rows([0]),
            (1, 100.0, 104.5, 99.0, 104.0),
            (2, 104.0, 104.0, 102.0, 103.0),
            (3, 103.0, 103.0, 101.92, 102.5),
        ]
        result = run_model(case_of({"A": rows}, {"A": {0: long(5.0)}}, enable_trailing_stop=True))
        self.assertEqual(
            picked(result, "timestamp", "price", "reason", "realized_pnl", "metadata"),
            [
                ("2024-03-04T12:01:00.000Z", "100", "signal", "0", '{"stop":"95"}'),
                ("2024-03-04T12:04:00.000Z", "101.92", "trailing_stop", "9.6", "{}"),
            ],
        )

    def test_a_shorts_trailing_stop_rounds_up_to_the_tick(self):
        # Fill 100, stop 105. Close 96.03 x 1.02 = 97.9506 -> 97.96, touched by slot 2. PnL 2.04 x 5 = 10.2.
        rows = [*flat_rows([0]), (1, 100.0, 100.0, 96.0, 96.03), (2, 96.03, 97.96, 96.0, 96.0)]
        result = run_model(case_of({"A": rows}, {"A": {0: short(5.0)}}, enable_trailing_stop=True))
        self.assertEqual(picked(result, "price", "reason", "realized_pnl")[1], ("97.96", "trailing_stop", "10.2"))


class WaitingAndGaps(unittest.TestCase):
    def test_an_entry_fills_at_an_open_exactly_at_its_deadline(self):
        # Accepted at slot 1, two waits: the open of slot 3 may fill it, though that candle closes after the deadline.
        candles = {"A": flat_rows([0, 3]), "B": flat_rows([0, 1, 2, 3, 4])}
        result = run_model(case_of(candles, {"A": {0: long(2.0)}}, max_order_wait=2))
        self.assertEqual(picked(result, "timestamp", "action")[0], ("2024-03-04T12:03:00.000Z", "OPEN"))
        self.assertEqual(result.order_events, [])

    def test_an_entry_without_a_candle_expires_before_anything_else_and_frees_its_place(self):
        # Accepted at slot 1, deadline slot 3. B is refused at T = slot 3 and accepted at T = slot 4, the first step
        # later than the deadline; it fills at the open of slot 4.
        candles = {"A": flat_rows([0, 4]), "B": flat_rows([0, 1, 2, 3, 4])}
        signals = {"A": {0: long(2.0)}, "B": {2: long(2.0), 3: long(2.0)}}
        result = run_model(case_of(candles, signals, max_order_wait=2, max_open_trades=1))
        self.assertEqual(result.order_events, [(at(3), "A", "expired", "max_order_wait")])
        self.assertEqual(result.refused, [(at(3), "B", "max_open_trades")])
        self.assertEqual(picked(result, "timestamp", "order_id", "symbol")[0], ("2024-03-04T12:04:00.000Z", "2", "B"))

    def test_a_waiting_close_outlives_a_hole_that_is_no_gap(self):
        # Entry at slot 1; the opposite signal of slot 1 waits from slot 2 on; the next open is that of slot 5 (gap 3).
        result = run_model(
            case_of(
                {"A": [*flat_rows([0, 1]), (5, 101.0, 101.0, 101.0, 101.0)], "B": flat_rows(range(6))},
                {"A": {0: long(2.0), 1: short(2.0)}},
                max_gap=3,
                max_order_wait=1,
                on_opposite_signal="close",
            )
        )
        self.assertEqual(
            picked(result, "timestamp", "order_id", "price", "reason")[1],
            ("2024-03-04T12:05:00.000Z", "2", "101", "opposite_signal"),
        )
        self.assertEqual((result.order_events, result.refused), ([], []))

    def test_the_gap_rule_replaces_a_waiting_close_and_the_strategy_starts_empty(self):
        # Stored slots -2 and -1 warm slot 0. Position from slot 1, close waiting from slot 2; slot 6 follows a hole of
        # four candles: closed at its open with a number of its own. Slots 6 and 7 have fewer than two candles of the
        # segment before them; slot 8 has two and may order.
        rows = [*flat_rows([-2, -1, 0, 1]), *flat_rows([6, 7, 8, 9], 90.0)]
        signals = {"A": {0: long(20.0), 1: short(2.0), 6: long(2.0), 7: long(2.0), 8: long(2.0)}}
        result = run_model(case_of({"A": rows}, signals, warmup=2, max_gap=3, on_opposite_signal="close"))
        # The close that it replaces is cancelled where A1 stands in time: at the open of slot 6.
        self.assertEqual(result.order_events, [(at(6), "A", "cancelled", "gap")])
        self.assertEqual(result.refused, [(at(7), "A", "warming_up"), (at(8), "A", "warming_up")])
        self.assertEqual(
            picked(result, "timestamp", "order_id", "action", "price", "reason")[1:3],
            [
                ("2024-03-04T12:06:00.000Z", "3", "CLOSE", "90", "gap"),
                ("2024-03-04T12:09:00.000Z", "4", "OPEN", "90", "signal"),
            ],
        )

    def test_a_hole_of_exactly_max_gap_is_no_gap(self):
        rows = flat_rows([0, 1, 5, 6])
        result = run_model(case_of({"A": rows}, {"A": {0: long(2.0)}}, max_gap=3))
        self.assertEqual(picked(result, "reason"), [("signal",), ("end",)])

    def test_warm_up_counts_stored_candles_of_the_unbroken_segment_only(self):
        # Needs three before it: slots -1 and 0 count for slot 1, and with slot 1 they are three for slot 2. The candle
        # at -9 lies before a gap and does not count.
        rows = flat_rows([-9, -1, 0, 1, 2, 3])
        signals = {"A": {slot: long(2.0) for slot in (0, 1, 2)}}
        result = run_model(case_of({"A": rows}, signals, warmup=3, max_gap=3))
        self.assertEqual(result.refused, [(at(1), "A", "warming_up"), (at(2), "A", "warming_up")])
        self.assertEqual(result.rows[0]["timestamp"], "2024-03-04T12:03:00.000Z")


class Decisions(unittest.TestCase):
    def test_an_exit_frees_the_place_for_an_entry_of_the_same_step(self):
        # B is stopped inside slot 2 (A3); A, before it in the order of symbols, decides at the same T (C).
        candles = {"A": flat_rows([0, 1, 2, 3]), "B": [*flat_rows([0, 1]), (2, 100.0, 100.0, 97.0, 99.0)]}
        signals = {"A": {1: long(2.0), 2: long(2.0)}, "B": {0: long(2.0)}}
        result = run_model(case_of(candles, signals, max_open_trades=1))
        self.assertEqual(result.refused, [(at(2), "A", "max_open_trades")])
        self.assertEqual(
            picked(result, "symbol", "action"), [("B", "OPEN"), ("B", "CLOSE"), ("A", "OPEN"), ("A", "CLOSE")]
        )

    def test_a_reverse_closes_first_and_opens_at_the_same_open(self):
        # The gates see the account without the closing position: max_open_trades 1 does not refuse the new side.
        rows = [*flat_rows([0, 1]), (2, 102.0, 102.0, 102.0, 102.0)]
        signals = {"A": {0: long(5.0), 1: short(5.0)}}
        result = run_model(case_of({"A": rows}, signals, on_opposite_signal="reverse", max_open_trades=1))
        # Second entry: equity at B 10000, p = 100: 5 again. Long +10, short sold at 102 and bought back at 102.
        self.assertEqual(
            picked(result, "order_id", "action", "side", "price", "quantity", "reason", "balance"),
            [
                ("1", "OPEN", "LONG", "100", "5", "signal", "10000"),
                ("2", "CLOSE", "LONG", "102", "5", "opposite_signal", "10010"),
                ("3", "OPEN", "SHORT", "102", "5", "signal", "10010"),
                ("4", "CLOSE", "SHORT", "102", "5", "end", "10010"),
            ],
        )

    def test_a_reverse_entry_has_the_room_of_the_position_that_it_closes(self):
        # Exposure limit 0.05: the long fills it alone, and its reverse is sized 5 again.
        signals = {"A": {0: long(5.0), 1: short(5.0)}}
        result = run_model(
            case_of({"A": flat_rows([0, 1, 2])}, signals, on_opposite_signal="reverse", max_exposure_pct=0.05)
        )
        self.assertEqual(result.refused, [])
        self.assertEqual(picked(result, "action", "side", "quantity")[2], ("OPEN", "SHORT", "5"))

    def test_a_refused_reverse_entry_leaves_the_close_standing(self):
        signals = {"A": {0: long(5.0), 1: short(5.0)}}
        result = run_model(
            case_of({"A": flat_rows([0, 1, 2])}, signals, on_opposite_signal="reverse", allow_shorting=False)
        )
        self.assertEqual(result.refused, [(at(2), "A", "shorting_disabled")])
        self.assertEqual(picked(result, "action", "reason"), [("OPEN", "signal"), ("CLOSE", "opposite_signal")])

    def test_signals_at_an_open_position_are_refused_by_name(self):
        signals = {"A": {0: long(5.0), 1: long(5.0), 2: short(5.0)}}
        result = run_model(case_of({"A": flat_rows([0, 1, 2, 3])}, signals))
        self.assertEqual(result.refused, [(at(2), "A", "position_open"), (at(3), "A", "opposite_ignored")])

    def test_a_fill_at_the_close_is_seen_by_later_symbols_and_sized_by_the_room_it_leaves(self):
        # Room 8 % of 10000 = 800: A takes 5 x 100, B 300 / 100 = 3, C finds none. Fills stand at T, in order.
        rows = flat_rows([0, 1])
        result = run_model(
            case_of(
                {"A": rows, "B": rows, "C": rows},
                {symbol: {0: long(5.0)} for symbol in "ABC"},
                entry_fill="close",
                max_exposure_pct=0.08,
            )
        )
        self.assertEqual(
            picked(result, "timestamp", "symbol", "quantity")[:2],
            [("2024-03-04T12:01:00.000Z", "A", "5"), ("2024-03-04T12:01:00.000Z", "B", "3")],
        )
        self.assertEqual(result.refused, [(at(1), "C", "no_exposure_room")])

    def test_a_position_filled_at_the_close_is_marked_at_its_own_fill_until_its_symbol_has_a_candle(self):
        # A buys 5 at 101 (100 with 1 %) at T = slot 1 and has no candle at slot 1; B opens at the close of slot 1.
        # Trade log: A still at its own fill, equity 10000. Equity at B of that step: A at the last close, -5.
        candles = {"A": flat_rows([0, 2]), "B": flat_rows([0, 1, 2])}
        signals = {"A": {0: long(5.0)}, "B": {1: long(5.0)}}
        result = run_model(case_of(candles, signals, entry_fill="close", slippage=0.01, lot="1"))
        self.assertEqual(
            picked(result, "symbol", "equity", "unrealized_pnl")[:2], [("A", "10000", "0"), ("B", "10000", "0")]
        )
        self.assertEqual(result.equity_curve[:2], [10_000.0, 9_995.0])

    def test_every_minimum_refuses_with_its_own_reason(self):
        # 5 units, worth 500, in all cases: a minimum of just that is met, one above it is not.
        rows = {"A": flat_rows([0, 1])}
        signals = {"A": {0: long(5.0)}}
        self.assertEqual(run_model(case_of(rows, signals, lot="6")).refused, [(at(1), "A", "below_lot_size")])
        self.assertEqual(
            run_model(case_of(rows, signals, min_quantity="5.1")).refused, [(at(1), "A", "below_min_quantity")]
        )
        self.assertEqual(
            run_model(case_of(rows, signals, min_position_size_usd=500.1)).refused,
            [(at(1), "A", "below_min_position_size")],
        )
        self.assertEqual(
            run_model(case_of(rows, signals, min_notional="500.1")).refused, [(at(1), "A", "below_min_notional")]
        )
        self.assertEqual(run_model(case_of(rows, signals, min_notional="500", min_quantity="5")).refused, [])

    def test_a_distance_that_is_not_above_zero_is_refused_before_any_sizing(self):
        rows = {"A": flat_rows([0, 1, 2])}
        signals = {"A": {0: long(0.0), 1: long(1.0, -1.0)}}
        result = run_model(case_of(rows, signals, kill_switch=True))
        self.assertEqual(result.refused, [(at(1), "A", "stop_distance"), (at(2), "A", "target_distance")])

    def test_the_kill_switch_refuses_entries_before_the_other_safety_gates(self):
        result = run_model(
            case_of({"A": flat_rows([0, 1])}, {"A": {0: short(5.0)}}, kill_switch=True, allow_shorting=False)
        )
        self.assertEqual(result.refused, [(at(1), "A", "kill_switch")])

    def test_a_size_whose_worst_loss_is_above_the_limit_of_risk_is_reduced_to_it(self):
        # Risk 10000 x 0.01 = 100: quantity 4 at a distance of 25; with the tick at 0.01 at worst 4 x 25.02 = 100.08.
        rows = {"A": flat_rows([0, 1])}
        signals = {"A": {0: long(25.0)}}
        for limit, quantity, bound in ((0.010008, "4", "risk"), (0.01, "3.996", "rounding")):
            result = run_model(case_of(rows, signals, max_risk_per_trade_pct=limit))
            self.assertEqual(
                (result.refused, result.rows[0]["quantity"], result.sizes_bound_by), ([], quantity, [bound])
            )

    def test_a_stop_distance_below_one_tick_is_refused(self):
        rows = {"A": flat_rows([0, 1, 2])}
        result = run_model(case_of(rows, {"A": {0: long(0.0099), 1: long(0.01)}}))
        self.assertEqual(result.refused, [(at(1), "A", "stop_within_tick")])


class CandleMoves(unittest.TestCase):
    def test_a_candle_that_moves_too_far_while_a_position_is_open_halts_its_symbol(self):
        # From the close of 100 to the low of 50 is a factor of 2.
        rows = [*flat_rows([0, 1]), (2, 100.0, 100.0, 50.0, 100.0), *flat_rows([3])]
        for limit, moved in ((2.0, []), (1.99, [(at(3), "A")])):
            result = run_model(case_of({"A": rows}, {"A": {0: long(60.0), 3: short(1.0)}}, max_candle_move=limit))
            self.assertEqual(result.moved, moved)
        idle = run_model(case_of({"A": rows}, {"A": {3: long(60.0)}}, max_candle_move=1.5))
        self.assertEqual((idle.moved, idle.refused), ([], []))

    def test_the_symbol_takes_no_entries_from_then_on_and_others_do(self):
        moving = [*flat_rows([0, 1]), (2, 10.0, 10.0, 10.0, 10.0), *flat_rows([3, 4], 10.0)]
        signals = {"A": {0: long(20.0), 3: long(1.0)}, "B": {3: long(20.0)}}
        result = run_model(case_of({"A": moving, "B": flat_rows(range(5))}, signals))
        self.assertEqual((result.moved, result.refused), ([(at(3), "A")], [(at(4), "A", "halted_candle_move")]))
        self.assertEqual([row["symbol"] for row in result.rows if row["action"] == "OPEN"], ["A", "B"])


class MoneyAndHalts(unittest.TestCase):
    def test_a_fill_that_equity_cannot_carry_is_rejected_and_one_that_takes_all_of_it_is_not(self):
        # Exposure 1: 10000 / 100 = 100 units. At 100 they cost all of 10000, at 100.01 they cost 10001.
        for opened, events in ((100.0, []), (100.01, [(at(1), "A", "rejected", "insufficient_balance")])):
            with self.subTest(opened):
                rows = [*flat_rows([0]), (1, opened, opened, 100.0, 100.0)]
                changed = {"max_exposure": 1.0, "max_exposure_pct": 1.0, "default_risk_per_trade": 0.5}
                result = run_model(case_of({"A": rows}, {"A": {0: long(50.0)}}, max_risk_per_trade_pct=0.6, **changed))
                self.assertEqual(result.order_events, events)
                self.assertEqual(len(result.rows), 0 if events else 2)

    def test_a_daily_loss_halts_cancels_flattens_and_is_lifted_on_the_next_day(self):
        # Start 23:57. A: 5 units from slot 1 at 100. Slot 2 ends at T = 00:00, the old day still: close 97 is -15 of
        # 10000 = 0.0015 > 0.001: halt, B's waiting entry is cancelled, A's close waits. A's signal of that candle and
        # of no later one is refused; at T = 00:01 the day has rolled and B may order again.
        start = MONDAY_MS - 3 * MINUTE_MS
        candles = {
            "A": [*flat_rows([0, 1]), (2, 100.0, 100.0, 97.0, 97.0), (3, 96.0, 96.0, 96.0, 96.0)],
            "B": flat_rows([1, 3, 4]),
        }
        signals = {"A": {0: long(20.0), 2: short(5.0)}, "B": {1: long(5.0), 3: long(5.0)}}
        result = run_model(
            case_of(
                candles, signals, start=start, max_daily_loss_pct=0.001, on_halt="flatten", on_opposite_signal="close"
            )
        )
        self.assertEqual(result.halts, [(at(3, start), "daily_loss")])
        self.assertEqual(result.order_events, [(at(3, start), "B", "cancelled", "halt")])
        self.assertEqual(result.refused, [(at(3, start), "A", "close_waiting")])
        # Ids: A's entry 1, B's cancelled entry 2, the halt's close 3, B's entry 4, its close at the end 5.
        self.assertEqual(
            picked(result, "timestamp", "order_id", "symbol", "action", "price", "reason", "balance"),
            [
                ("2024-03-03T23:58:00.000Z", "1", "A", "OPEN", "100", "signal", "10000"),
                ("2024-03-04T00:00:00.000Z", "3", "A", "CLOSE", "96", "halt", "9980"),
                ("2024-03-04T00:01:00.000Z", "4", "B", "OPEN", "100", "signal", "9980"),
                ("2024-03-04T00:02:00.000Z", "5", "B", "CLOSE", "100", "end", "9980"),
            ],
        )

    def test_a_halt_queues_no_second_close_where_one_waits(self):
        # A's close waits from slot 2 on (id 3) and A has no candle at slot 2; B loses 5 x 3 there and halts at slot 3:
        # only B gets a close (id 4). Both act at slot 3, A for its own reason.
        candles = {"A": flat_rows([0, 1, 3]), "B": [*flat_rows([0, 1]), (2, 100.0, 100.0, 97.0, 97.0), *flat_rows([3])]}
        signals = {"A": {0: long(20.0), 1: short(20.0)}, "B": {0: long(20.0)}}
        result = run_model(
            case_of(candles, signals, max_daily_loss_pct=0.001, on_halt="flatten", on_opposite_signal="close")
        )
        self.assertEqual(
            picked(result, "order_id", "symbol", "reason")[2:], [("3", "A", "opposite_signal"), ("4", "B", "halt")]
        )
        self.assertEqual((len(result.rows), result.order_events), (4, []))

    def test_a_loss_that_only_reaches_the_limit_halts_nothing(self):
        # 5 units from 100 to 98 lose 10 of 10000: exactly 0.001.
        rows = [*flat_rows([0]), (1, 100.0, 100.0, 98.0, 98.0), (2, 98.0, 98.0, 97.9, 97.9)]
        result = run_model(case_of({"A": rows}, {"A": {0: long(20.0)}}, max_daily_loss_pct=0.001))
        self.assertEqual(result.halts, [(at(3), "daily_loss")])

    def test_a_drawdown_halt_keeps_exits_working_and_stays_over_midnight(self):
        # 5 units from 100 to 97: 15 / 10000 = 0.0015 > 0.001. Held; target 105 still works at slot 2; entries refused.
        start = MONDAY_MS - 2 * MINUTE_MS
        rows = [*flat_rows([0]), (1, 100.0, 100.0, 97.0, 97.0), (2, 97.0, 106.0, 97.0, 106.0), *flat_rows([3], 106.0)]
        signals = {"A": {0: long(20.0, 5.0), 2: long(5.0)}}
        result = run_model(case_of({"A": rows}, signals, start=start, max_drawdown_pct=0.001))
        self.assertEqual(result.halts, [(at(2, start), "drawdown")])
        self.assertEqual(result.refused, [(at(3, start), "A", "halted_drawdown")])
        self.assertEqual(picked(result, "price", "reason")[1], ("105", "target"))

    def test_the_end_cancels_what_waits_and_closes_at_last_marks_with_costs(self):
        # A: cap 500 / 100 = 5 units, bought at 100 x 1.001 = 100.1; last close 102 at slot 2 while B goes on
        # to slot 4: sold at 102 x 0.999 = 101.898 -> 101.89. Commissions 100.1 x 5 x 0.0005 = 0.25025 and
        # 101.89 x 5 x 0.0005 = 0.254725. Net 1.79 x 5 - 0.504975 = 8.445025.
        candles = {"A": [*flat_rows([0, 1]), (2, 100.0, 102.0, 100.0, 102.0)], "B": flat_rows(range(5))}
        signals = {"A": {0: long(20.0)}, "B": {4: long(5.0)}}
        result = run_model(case_of(candles, signals, slippage=0.001, commission_rate=0.0005))
        self.assertEqual(result.order_events, [(at(5), "B", "cancelled", "end")])
        self.assertEqual(
            picked(result, "timestamp", "price", "commission", "slippage", "realized_pnl", "reason")[1],
            ("2024-03-04T12:05:00.000Z", "101.89", "0.254725", "0.55", "8.445025", "end"),
        )
        # Steps 1 (first), 2 (opened), 5 (last) and the row after the end; marks 100, then 102 against 100.1.
        self.assertEqual(
            result.equity_rows,
            [
                (at(1), "10000", "10000"),
                (at(2), "10000", "9999.5"),
                (at(5), "10000", "10009.5"),
                (at(5), "10008.445025", "10008.445025"),
            ],
        )

    def test_the_account_has_a_row_at_the_last_step_of_each_day(self):
        start = MONDAY_MS - 3 * MINUTE_MS
        result = run_model(case_of({"A": flat_rows(range(6))}, {}, start=start))
        self.assertEqual([time for time, _, _ in result.equity_rows], [at(slot, start) for slot in (1, 3, 6, 6)])

    def test_a_window_without_candles_has_no_steps_and_no_rows(self):
        result = run_model(case_of({"A": flat_rows([-2, -1])}, {"A": {-1: long(2.0)}}))
        self.assertEqual((result.rows, result.equity_curve, result.equity_rows), ([], [], []))
        self.assertEqual(result.final_balance, Decimal(10_000))


OFTEN = (
    "OPEN signal LONG", "OPEN signal SHORT", "CLOSE stop LONG", "CLOSE stop SHORT", "CLOSE target LONG",
    "CLOSE target SHORT", "CLOSE trailing_stop LONG", "CLOSE trailing_stop SHORT", "CLOSE gap LONG", "CLOSE gap SHORT",
    "CLOSE opposite_signal LONG", "CLOSE opposite_signal SHORT", "CLOSE end LONG", "CLOSE end SHORT", "ambiguous",
    "expired max_order_wait", "cancelled end", "halt daily_loss", "halt drawdown", "position_open",
    "opposite_ignored", "warming_up", "stop_distance", "stop_within_tick", "target_distance", "no_exposure_room",
    "below_lot_size", "below_min_quantity", "below_min_position_size", "below_min_notional", "halted_drawdown",
    "halted_daily_loss", "max_open_trades", "shorting_disabled", "bound risk", "bound position_cap",
    "bound exposure_room", "bound rounding", "halted_candle_move", "moved",
)  # fmt: skip
SELDOM = (
    "CLOSE halt LONG", "CLOSE halt SHORT", "cancelled gap", "cancelled halt", "rejected insufficient_balance",
    "close_waiting", "kill_switch",
)  # fmt: skip


def happenings(result: ModelResult) -> set[str]:
    """Return the kinds of things that happened in a run."""
    found = {f"{row['action']} {row['reason']} {row['side']}" for row in result.rows}
    found |= {reason for _, _, reason in result.refused}
    found |= {f"{event} {reason}" for _, _, event, reason in result.order_events}
    found |= {f"halt {reason}" for _, reason in result.halts}
    found |= {"moved" for _ in result.moved}
    found |= {f"bound {bound}" for bound in result.sizes_bound_by}
    return found | ({"ambiguous"} if result.ambiguous else set())


class DrawnCases(unittest.TestCase):
    def test_drawn_cases_make_everything_happen(self):
        seen: Counter[str] = Counter()

        @settings(max_examples=scaled(80, 1_200), derandomize=True, database=None, deadline=None)
        @given(cases())
        def look(case: Case) -> None:
            seen.update(happenings(run_model(case)))

        look()
        expected = OFTEN + (SELDOM if scaled(0, 1) else ())
        # Which of the rarer kinds a short run meets depends on its seed.
        self.assertLessEqual(len([kind for kind in expected if not seen[kind]]), scaled(4, 0))

    @settings(max_examples=scaled(25, 250), derandomize=True, database=None, deadline=None)
    @given(cases())
    def test_money_is_conserved_and_every_open_has_its_close(self, case: Case):
        result = run_model(case)
        with decimal.localcontext(prec=200):
            self._follow(case, result)

    def _follow(self, case: Case, result: ModelResult) -> None:
        start = Decimal(repr(float(case.settings["starting_balance"])))
        self.assertEqual(sum((Decimal(row["realized_pnl"]) for row in result.rows), start), result.final_balance)
        self.assertEqual(len({row["order_id"] for row in result.rows}), len(result.rows))
        balance, holding, left = start, {}, {}
        for row in result.rows:
            if row["action"] == "OPEN":
                self.assertEqual(Decimal(row["balance"]), balance)
                self.assertNotIn(row["symbol"], holding)
                holding[row["symbol"]], left[row["symbol"]] = row, Decimal(row["quantity"])
            else:
                opened = holding[row["symbol"]]
                left[row["symbol"]] -= Decimal(row["quantity"])
                self.assertEqual(row["side"], opened["side"])
                self.assertGreaterEqual(left[row["symbol"]], 0)
                if not left[row["symbol"]]:
                    del holding[row["symbol"]]
                self.assertLessEqual(opened["timestamp"], row["timestamp"])
            balance = Decimal(row["balance"])
            if not holding:
                self.assertEqual(Decimal(row["equity"]), balance)
        self.assertEqual(holding, {})
        if result.equity_curve:
            self.assertEqual(result.equity_curve[-1], float(result.final_balance))

    @settings(max_examples=scaled(12, 100), derandomize=True, database=None, deadline=None)
    @given(cases())
    def test_an_idle_symbol_with_steps_of_its_own_changes_no_trade_that_opens_at_an_open(self, case: Case):
        # A fill in C lies after the B of its step, so with `entry_fill: close` the next step of any symbol shows its
        # slippage to the safety limits: there an idle symbol may halt the account a step earlier.
        case = replace(case, settings={**case.settings, "entry_fill": "next_open"})
        opens = sorted(
            {c.open_time_ms for rows in case.candles.values() for c in rows if c.open_time_ms >= case.start_ms}
        )
        grid = range(opens[0], opens[-1] + 1, case.timeframe_ms) if opens else ()
        wider = replace(
            case,
            symbols=(*case.symbols, "IDLE/USDT"),
            instruments={**case.instruments, "IDLE/USDT": Instrument("IDLE/USDT")},
            candles={**case.candles, "IDLE/USDT": [Candle(open_ms, 7.0, 9.0, 5.0, 6.0, 1.0) for open_ms in grid]},
        )
        self.assertEqual(run_model(wider).rows, run_model(case).rows)
