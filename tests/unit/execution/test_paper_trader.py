"""Direct calls of the paper trader, worked by hand."""

import datetime as dt
import json
import math
import tempfile
import unittest
from decimal import Decimal
from pathlib import Path

from core.candle import Candle, FundingRate
from core.events import Recorder
from core.instants import to_ms
from core.instrument import Instrument
from core.orders import OrderRequest, OrderSide, OrderType
from execution.costs.fill_pricing import fraction_pricing
from execution.matching.paper_venue import PaperVenue
from execution.matching.venue_rules import PerpetualRules, VenueRules
from execution.money.account_view import AccountView
from execution.money.margin import MarginTable
from execution.orders.order_status import OrderStatus
from execution.safety.safety_limits import SafetyLimits
from execution.safety.safety_monitor import SafetyMonitor
from execution.scripting.execution_engine import ExecutionEngine
from execution.scripting.paper_trader import PaperTrader
from execution.scripting.step_result import StepResult
from risk_management.risk_config import RiskConfig

BTC, ETH = "BTC/USDT", "ETH/USDT"
NOON = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)


def order(side: str, quantity: float, symbol: str = BTC, **more: object) -> OrderRequest:
    return OrderRequest(symbol, OrderSide(side), OrderType.MARKET, quantity, **more)  # type: ignore[arg-type]


def free_trader(balance: float = 10_000.0, **more: object) -> PaperTrader:
    """A trader without costs."""
    return PaperTrader(balance, 0.0, 0.0, **more)  # type: ignore[arg-type]


class OpeningAndClosing(unittest.TestCase):
    def setUp(self) -> None:
        self.trader = PaperTrader(10_000.0, slippage=0.001, commission_rate=0.0005)

    def test_a_long_pays_the_price_with_slippage_at_once(self) -> None:
        result = self.trader.submit_order(order("BUY", 2.0, timestamp=NOON), 100.0)
        self.assertTrue(result.success)
        self.assertIs(OrderStatus.FILLED, result.status)
        fill = result.fill
        self.assertIsNotNone(fill)
        # 100 x 1.001; commission 100.1 x 2 x 0.0005; slippage 0.1 x 2
        self.assertEqual((100.1, 2.0, 0.1001, 0.2), (fill.fill_price, fill.quantity, fill.commission, fill.slippage))
        self.assertEqual((NOON, OrderSide.LONG, 2.0), (fill.fill_time, fill.side, result.filled_quantity))
        self.assertEqual((200.2, 200.2 + 0.1001), (fill.fill_value, fill.total_cost))

    def test_a_short_gets_the_price_less_slippage_and_its_cover_pays_it_again(self) -> None:
        opened = self.trader.submit_order(order("SELL", 1.0), 200.0)
        self.assertEqual(199.8, opened.fill.fill_price)
        closed = self.trader.submit_order(order("BUY", 1.0), 190.0)
        self.assertEqual((190.19, OrderSide.LONG), (closed.fill.fill_price, closed.fill.side))
        # gross 199.8 - 190.19 = 9.61; commissions 0.0999 and 0.095095
        self.assertEqual(9.415005, self.trader.realized_pnl)
        self.assertEqual(10_009.415005, self.trader.balance)

    def test_opening_does_not_change_balance_or_equity(self) -> None:
        self.trader.submit_order(order("BUY", 2.0), 100.0)
        self.assertEqual((10_000.0, 10_000.0), (self.trader.get_balance(), self.trader.get_equity()))

    def test_marks_move_equity_only(self) -> None:
        self.trader.submit_order(order("BUY", 2.0), 100.0)
        self.trader.update_positions({BTC: 110.0, "DOGE/USDT": 1.0})
        # (110 - 100.1) x 2
        self.assertEqual((10_000.0, 10_019.8), (self.trader.get_balance(), self.trader.get_equity()))
        position = self.trader.positions[BTC]
        self.assertEqual(
            (110.0, 110.0, 220.0), (position.current_price, position.highest_price, position.position_value)
        )
        self.assertAlmostEqual(19.8, position.unrealized_pnl, places=9)
        self.assertAlmostEqual(100 * 19.8 / 200.2, position.unrealized_pnl_pct, places=9)

    def test_an_opposite_order_closes_a_part_and_then_no_more_than_is_open(self) -> None:
        self.trader.submit_order(order("BUY", 2.0), 100.0)
        self.trader.update_positions({BTC: 110.0})
        part = self.trader.submit_order(order("SELL", 0.5), 110.0)
        self.assertEqual((0.5, 109.89), (part.filled_quantity, part.fill.fill_price))
        # gross (109.89 - 100.1) x 0.5 = 4.895; a quarter of 0.1001 = 0.025025; exit 109.89 x 0.5 x 0.0005 = 0.0274725
        self.assertEqual(10_004.8425025, self.trader.balance)
        self.assertEqual(1.5, self.trader.positions[BTC].quantity)
        # 9.9 x 1.5 of it are still open
        self.assertEqual(10_019.6925025, self.trader.get_equity())
        rest = self.trader.submit_order(order("SELL", 5.0), 120.0)
        self.assertEqual((1.5, 119.88), (rest.filled_quantity, rest.fill.fill_price))
        # gross 19.78 x 1.5 = 29.67; entry 0.075075; exit 119.88 x 1.5 x 0.0005 = 0.08991
        self.assertEqual(10_034.3475175, self.trader.balance)
        self.assertEqual({}, self.trader.positions)
        self.assertEqual(self.trader.balance, self.trader.get_equity())

    def test_a_same_side_order_is_rejected_and_changes_nothing(self) -> None:
        for side in ("BUY", "SELL"):
            trader = free_trader()
            trader.submit_order(order(side, 1.0), 100.0)
            again = trader.submit_order(order(side, 1.0), 100.0)
            self.assertEqual((False, OrderStatus.REJECTED), (again.success, again.status))
            self.assertIsNone(again.fill)
            self.assertIn("already", again.error)
            self.assertEqual((1.0, 1), (trader.positions[BTC].quantity, len(trader.get_trade_history())))

    def test_an_order_that_only_reduces_closes_and_never_opens(self) -> None:
        trader = free_trader()
        refused = trader.submit_order(order("SELL", 1.0, reduce_only=True), 100.0)
        self.assertEqual((False, f"{BTC}: reduce_only", {}), (refused.success, refused.error, trader.positions))
        trader.submit_order(order("BUY", 1.0), 100.0)
        self.assertFalse(trader.submit_order(order("BUY", 1.0, reduce_only=True), 100.0).success)
        self.assertTrue(trader.submit_order(order("SELL", 2.0, reduce_only=True), 100.0).success)
        self.assertEqual({}, trader.positions)

    def test_shorts_are_refused_without_allow_shorting_but_longs_close(self) -> None:
        trader = free_trader(allow_shorting=False)
        refused = trader.submit_order(order("SELL", 1.0), 100.0)
        self.assertEqual((False, OrderStatus.REJECTED, {}), (refused.success, refused.status, trader.positions))
        trader.submit_order(order("BUY", 1.0), 100.0)
        self.assertTrue(trader.submit_order(order("SELL", 1.0), 101.0).success)
        self.assertEqual(10_001.0, trader.balance)
        self.assertTrue(PaperTrader().allow_shorting)

    def test_impossible_prices_are_value_errors(self) -> None:
        for price in (0.0, -1.0, math.nan, math.inf):
            with self.subTest(price):
                with self.assertRaises(ValueError):
                    self.trader.submit_order(order("BUY", 1.0), price)
                self.trader.submit_order(order("BUY", 1.0), 100.0)
                with self.assertRaises(ValueError):
                    self.trader.update_positions({BTC: price})
                with self.assertRaises(ValueError):
                    self.trader.check_exit_conditions({BTC: price})
                with self.assertRaises(ValueError):
                    self.trader.close_exits({BTC: price})
                self.trader.reset()

    def test_one_impossible_price_of_several_closes_and_marks_nothing(self) -> None:
        for symbol in (BTC, ETH):
            self.trader.submit_order(order("BUY", 1.0, symbol, stop_loss=90.0), 100.0)
        prices = {BTC: 80.0, ETH: math.nan}
        for call in (self.trader.close_exits, self.trader.update_positions, self.trader.check_exit_conditions):
            with self.assertRaisesRegex(ValueError, ETH):
                call(prices)
        self.assertEqual({BTC: 100.1, ETH: 100.1}, {s: one.current_price for s, one in self.trader.positions.items()})

    def test_a_provider_that_fails_in_hostile_words_is_quoted_on_one_line(self) -> None:
        def provider(symbol: str) -> float:
            raise OSError("\x1b[2J\n\u2028done")

        self.trader.submit_order(order("BUY", 1.0), 100.0)
        (closed,) = self.trader.close_all_positions(provider)
        self.assertEqual("OSError: \\u001b[2J\\n\\u2028done", closed.metadata["provider"])

    def test_impossible_settings_are_value_errors(self) -> None:
        for arguments in (
            {"starting_balance": 0},
            {"starting_balance": math.nan},
            {"slippage": 1.0},
            {"slippage": -0.1},
        ):
            with self.subTest(arguments), self.assertRaises(ValueError):
                PaperTrader(**arguments)
        for rate in (-0.0001, 1.0, math.nan):
            with self.subTest(rate), self.assertRaises(ValueError):
                PaperTrader(commission_rate=rate)

    def test_a_fill_without_a_timestamp_carries_that_of_the_last_order(self) -> None:
        self.trader.submit_order(order("BUY", 1.0, timestamp=NOON), 100.0)
        (closed,) = self.trader.close_all_positions({BTC: 100.0})
        self.assertEqual(NOON, closed.fill.fill_time)


class Affordability(unittest.TestCase):
    def test_the_commission_must_fit_too(self) -> None:
        trader = PaperTrader(1_000.0, 0.0, 0.0005)
        # 1000 + 0.5 of commission
        refused = trader.submit_order(order("BUY", 10.0), 100.0)
        self.assertEqual(
            (False, "Insufficient balance", OrderStatus.REJECTED), (refused.success, refused.error, refused.status)
        )
        # 999.5 + 0.49975
        self.assertTrue(trader.submit_order(order("BUY", 9.995), 100.0).success)

    def test_reaching_the_limit_is_allowed_and_a_billionth_of_it_is_tolerated(self) -> None:
        for quantity, success in ((10.0, True), (10.00000001, True), (10.000000011, False)):
            with self.subTest(quantity):
                self.assertEqual(success, free_trader(1_000.0).submit_order(order("BUY", quantity), 100.0).success)

    def test_open_entries_and_unrealised_losses_count(self) -> None:
        trader = free_trader(1_000.0)
        trader.submit_order(order("BUY", 6.0), 100.0)
        self.assertFalse(trader.submit_order(order("BUY", 4.1, ETH), 100.0).success)
        trader.update_positions({BTC: 50.0})
        # equity 700 against 600 held
        self.assertFalse(trader.submit_order(order("SELL", 1.1, ETH), 100.0).success)
        self.assertTrue(trader.submit_order(order("SELL", 1.0, ETH), 100.0).success)

    def test_a_lost_account_can_close_but_not_open(self) -> None:
        trader = free_trader(1_000.0)
        trader.submit_order(order("SELL", 10.0), 100.0)
        trader.update_positions({BTC: 250.0})
        self.assertEqual(-500.0, trader.get_equity())
        self.assertEqual("Insufficient balance", trader.submit_order(order("BUY", 0.001, ETH), 1.0).error)
        self.assertTrue(trader.submit_order(order("BUY", 10.0), 250.0).success)
        self.assertEqual(-500.0, trader.balance)
        summary = trader.get_performance_summary()
        self.assertEqual((-150.0, 150.0), (summary["total_return_pct"], summary["max_drawdown_pct"]))


class RoundingOfDirectCalls(unittest.TestCase):
    def test_prices_quantities_and_levels_are_rounded_only_for_known_instruments(self) -> None:
        rules = Instrument(BTC, tick_size=Decimal("0.5"), lot_size=Decimal("0.1"))
        trader = PaperTrader(10_000.0, 0.001, 0.0, instruments={BTC: rules})
        known = trader.submit_order(order("BUY", 1.27, stop_loss=95.3, take_profit=105.1), 100.2)
        # 100.2 x 1.001 = 100.3002: up to the tick for a buy; 1.27 down to the lot
        self.assertEqual((100.5, 1.2), (known.fill.fill_price, known.filled_quantity))
        position = trader.positions[BTC]
        self.assertEqual((95.0, 105.5), (position.stop_loss, position.take_profit))
        unknown = trader.submit_order(order("BUY", 1.27, ETH, stop_loss=95.3), 100.2)
        self.assertEqual((100.3002, 1.27), (unknown.fill.fill_price, unknown.filled_quantity))
        self.assertEqual(95.3, trader.positions[ETH].stop_loss)
        # 100.2 x 0.999 = 100.0998: down to the tick for a sell
        self.assertEqual(100.0, trader.submit_order(order("SELL", 1.2), 100.2).fill.fill_price)

    def test_less_than_one_lot_is_rejected(self) -> None:
        trader = free_trader(instruments={BTC: Instrument(BTC, lot_size=Decimal(1))})
        self.assertIn("below one lot", trader.submit_order(order("BUY", 0.9), 100.0).error)

    def test_a_stop_distance_is_kept_from_the_fill(self) -> None:
        trader = PaperTrader(10_000.0, 0.001, 0.0)
        trader.submit_order(order("BUY", 1.0, stop_distance=5.0, target_distance=10.0, stop_loss=1.0), 100.0)
        self.assertEqual((95.1, 110.1), (trader.positions[BTC].stop_loss, trader.positions[BTC].take_profit))


class Exits(unittest.TestCase):
    def test_stops_act_at_their_price_with_slippage_and_targets_beyond_theirs_without(self) -> None:
        table = (
            ("BUY", 95.0, 110.0, 95.01, None),
            ("BUY", 95.0, 110.0, 95.0, ("stop", 94.905)),
            ("BUY", 95.0, 110.0, 90.0, ("stop", 89.91)),
            ("BUY", 95.0, 110.0, 110.0, None),
            ("BUY", 95.0, 110.0, 110.01, ("target", 110.01)),
            ("SELL", 105.0, 90.0, 104.99, None),
            ("SELL", 105.0, 90.0, 105.0, ("stop", 105.105)),
            ("SELL", 105.0, 90.0, 90.0, None),
            ("SELL", 105.0, 90.0, 89.99, ("target", 89.99)),
        )
        for side, stop, target, price, expected in table:
            with self.subTest(side, price=price):
                trader = PaperTrader(10_000.0, 0.001, 0.0)
                trader.submit_order(order(side, 1.0, stop_loss=stop, take_profit=target), 100.0)
                reached = trader.check_exit_conditions({BTC: price, ETH: 1.0})
                self.assertEqual([] if expected is None else [BTC], reached)
                self.assertIn(BTC, trader.positions)
                results = trader.close_exits({BTC: price, ETH: 1.0})
                got = [(result.fill.metadata["reason"], result.fill.fill_price) for result in results]
                self.assertEqual([] if expected is None else [expected], got)
                self.assertEqual(expected is None, BTC in trader.positions)

    def test_trailing_stops_follow_marks_on_both_sides(self) -> None:
        # Long: 110 x 0.98 = 107.8; 105 does not loosen it. Short: 90 x 1.02 = 91.8; 95 does not loosen it.
        for side, marks, before, at in (("BUY", (110.0, 105.0), 107.81, 107.8), ("SELL", (90.0, 95.0), 91.79, 91.8)):
            with self.subTest(side):
                trader = free_trader()
                trader.set_risk_config({"enable_trailing_stop": True, "trailing_stop_pct": 0.02})
                trader.submit_order(order(side, 1.0), 100.0)
                for mark in marks:
                    trader.update_positions({BTC: mark})
                self.assertEqual(at, trader.positions[BTC].stop_loss)
                self.assertEqual([], trader.check_exit_conditions({BTC: before}))
                self.assertEqual([BTC], trader.check_exit_conditions({BTC: at}))
                self.assertEqual([BTC], list(trader.positions))
                (result,) = trader.close_exits({BTC: at})
                self.assertEqual(("trailing_stop", at), (result.fill.metadata["reason"], result.fill.fill_price))

    def test_trailing_can_be_turned_off_and_needs_a_fraction(self) -> None:
        trader = free_trader()
        for fraction in (0, 1, 2, -0.1, math.nan):
            with self.subTest(fraction), self.assertRaises(ValueError):
                trader.set_risk_config({"enable_trailing_stop": True, "trailing_stop_pct": fraction})
        trader.set_risk_config({"enable_trailing_stop": True, "trailing_stop_pct": 0.02})
        trader.set_risk_config({"enable_trailing_stop": False, "trailing_stop_pct": 0.02})
        trader.submit_order(order("BUY", 1.0), 100.0)
        trader.update_positions({BTC: 110.0})
        self.assertIsNone(trader.positions[BTC].stop_loss)

    def test_the_trailing_stop_can_be_read(self) -> None:
        trader = free_trader()
        self.assertEqual((False, 0.0), (trader.enable_trailing_stop, trader.trailing_stop_pct))
        trader.set_risk_config({"enable_trailing_stop": True, "trailing_stop_pct": 0.03})
        self.assertEqual((True, 0.03), (trader.enable_trailing_stop, trader.trailing_stop_pct))
        trader.set_risk_config(RiskConfig(enable_trailing_stop=True, trailing_stop_pct=0.04))
        self.assertEqual((True, 0.04), (trader.enable_trailing_stop, trader.trailing_stop_pct))
        trader.set_risk_config({"enable_trailing_stop": False})
        self.assertEqual((False, 0.04), (trader.enable_trailing_stop, trader.trailing_stop_pct))

    def test_telling_exits_changes_nothing(self) -> None:
        trader = free_trader()
        trader.submit_order(order("BUY", 1.0, stop_loss=95.0, take_profit=110.0), 100.0)

        def state() -> tuple[object, ...]:
            position = trader.positions[BTC].to_dict()
            return trader.get_trade_history(), trader.balance, position, trader.book.orders_of(BTC)

        before = state()
        for price in (94.0, 95.0, 100.0, 110.0, 111.0):
            trader.check_exit_conditions({BTC: price})
        self.assertEqual(before, state())
        # The script closes by itself, once, and nothing is left to close.
        self.assertEqual([BTC], trader.check_exit_conditions({BTC: 94.0}))
        trader.submit_order(order("SELL", 1.0), 94.0)
        self.assertEqual(([], []), (trader.check_exit_conditions({BTC: 94.0}), trader.close_exits({BTC: 94.0})))
        self.assertEqual((1, 9_994.0), (len(trader.get_closed_trades()), trader.balance))

    def test_a_flatten_closes_everything_whatever_the_provider_does(self) -> None:
        def fails(symbol: str) -> float:
            raise ConnectionError("no network")

        class Odd:
            pass

        failures = (
            (fails, "ConnectionError: no network"),
            ({}, "KeyError: 'ETH/USDT'"),
            (lambda symbol: None, "TypeError: "),
            (lambda symbol: math.nan, "ValueError: ETH/USDT: a positive finite number is needed, got nan"),
            (lambda symbol: 0.0, "ValueError: "),
            (lambda symbol: "dear", "ValueError: "),
            (Odd(), "TypeError: "),
            (None, "no provider"),
        )
        for provider, words in failures:
            with self.subTest(words):
                trader = free_trader()
                trader.submit_order(order("BUY", 1.0), 100.0)
                trader.submit_order(order("SELL", 1.0, ETH), 50.0)
                trader.update_positions({BTC: 105.0})
                results = trader.close_all_positions(provider)
                self.assertEqual({}, trader.positions)
                # The last mark of BTC, and the own fill of ETH, which was never marked.
                self.assertEqual([105.0, 50.0], [result.fill.fill_price for result in results])
                self.assertEqual(["last_mark"] * 2, [result.metadata["price_from"] for result in results])
                self.assertIn(words, results[1].metadata["provider"])
        trader = free_trader()
        trader.submit_order(order("BUY", 1.0), 100.0)
        trader.submit_order(order("SELL", 1.0, ETH), 50.0)
        results = trader.close_all_positions({BTC: 101.0})
        self.assertEqual(["provider", "last_mark"], [result.metadata["price_from"] for result in results])

    def test_all_positions_close_by_a_mapping_or_a_function(self) -> None:
        prices = {BTC: 110.0, ETH: 40.0}
        for provider in (prices, prices.__getitem__, lambda symbol: prices[symbol]):
            trader = PaperTrader(10_000.0, 0.001, 0.0)
            trader.submit_order(order("BUY", 1.0), 100.0)
            trader.submit_order(order("SELL", 2.0, ETH), 50.0)
            results = trader.close_all_positions(provider)
            # 110 x 0.999 and 40 x 1.001
            self.assertEqual([109.89, 40.04], [result.fill.fill_price for result in results])
            # 109.89 - 100.1 = 9.79 and (49.95 - 40.04) x 2 = 19.82
            self.assertEqual((10_029.61, {}), (trader.balance, trader.positions))
            self.assertEqual([], trader.close_all_positions(provider))


class Records(unittest.TestCase):
    def trader_with_a_win_and_a_loss(self) -> PaperTrader:
        trader = free_trader()
        trader.submit_order(order("BUY", 1.0, strategy_name="mine"), 100.0)
        trader.submit_order(order("SELL", 1.0), 110.0)
        trader.submit_order(order("SELL", 1.0), 100.0)
        trader.submit_order(order("BUY", 1.0), 104.0)
        trader.submit_order(order("BUY", 2.0, ETH), 50.0)
        trader.update_positions({ETH: 49.0})
        return trader

    def test_the_summary_by_hand(self) -> None:
        # +10, -4, and an open loss of 2: the peak of 10010 stood after the first trade.
        expected = {
            "starting_balance": 10_000.0,
            "current_balance": 10_006.0,
            "equity": 10_004.0,
            "realized_pnl": 6.0,
            "unrealized_pnl": -2.0,
            "total_return": 4.0,
            "total_return_pct": 0.04,
            "total_trades": 2,
            "winning_trades": 1,
            "losing_trades": 1,
            "even_trades": 0,
            "win_rate": 50.0,
            "open_positions": 1,
            "max_drawdown_pct": 100.0 * 6.0 / 10_010.0,
            "peak_equity": 10_010.0,
        }
        summary = self.trader_with_a_win_and_a_loss().get_performance_summary()
        self.assertEqual(set(expected), set(summary))
        for name, value in expected.items():
            self.assertAlmostEqual(value, summary[name], places=9, msg=name)

    def test_a_trade_whose_costs_eat_its_gain_is_lost(self) -> None:
        trader = PaperTrader(10_000.0, 0.0, 0.001)
        trader.submit_order(order("BUY", 1.0), 100.0)
        trader.submit_order(order("SELL", 1.0), 100.2)  # 0.2 - 0.1 - 0.1002
        summary = trader.get_performance_summary()
        self.assertEqual((0, 1, 0.0), (summary["winning_trades"], summary["losing_trades"], summary["win_rate"]))

    def test_a_trade_whose_result_is_exactly_0_is_neither_won_nor_lost(self) -> None:
        paying = PaperTrader(10_000.0, 0.0, 0.001)
        # Bought at 99.9 for 0.0999 and sold at 100.1 for 0.1001: 0.2 gross, nothing is left. Then 1 - 0.1 - 0.101.
        for side, price in (("BUY", 99.9), ("SELL", 100.1), ("BUY", 100.0), ("SELL", 101.0)):
            paying.submit_order(order(side, 1.0), price)
        free = free_trader()
        for side, price in (("BUY", 100.0), ("SELL", 100.0), ("SELL", 100.0), ("BUY", 99.0)):
            free.submit_order(order(side, 1.0), price)
        names = ("total_trades", "winning_trades", "losing_trades", "even_trades", "win_rate")
        self.assertEqual((2, 1, 0, 1, 50.0), tuple(paying.get_performance_summary()[name] for name in names))
        self.assertEqual((2, 1, 0, 1, 50.0), tuple(free.get_performance_summary()[name] for name in names))

    def test_no_trades_give_no_division_by_zero(self) -> None:
        summary = PaperTrader().get_performance_summary()
        self.assertEqual((0, 0.0, 10_000.0), (summary["total_trades"], summary["win_rate"], summary["peak_equity"]))

    def test_peak_equity_follows_marks_and_closes(self) -> None:
        trader = free_trader()
        trader.submit_order(order("BUY", 1.0), 100.0)
        trader.update_positions({BTC: 120.0})
        trader.update_positions({BTC: 90.0})
        self.assertEqual((10_020.0, 20.0), (trader.peak_equity, trader.peak_equity - 10_000.0))
        for close in (
            lambda: trader.submit_order(order("SELL", 1.0), 150.0),
            lambda: trader.close_all_positions({BTC: 150.0}),
            lambda: trader.close_exits({BTC: 150.0}),
        ):
            trader.reset()
            trader.submit_order(order("BUY", 1.0, take_profit=149.0), 100.0)
            close()
            self.assertEqual((10_050.0, 10_050.0), (trader.balance, trader.peak_equity))

    def test_history_and_closed_trades_are_plain_values_oldest_first(self) -> None:
        trader = self.trader_with_a_win_and_a_loss()
        history, closed = trader.get_trade_history(), trader.get_closed_trades()
        self.assertEqual(["OPEN", "CLOSE", "OPEN", "CLOSE", "OPEN"], [row["action"] for row in history])
        self.assertEqual(["1", "2", "3", "4", "5"], [row["order_id"] for row in history])
        self.assertEqual(["mine", "mine", "", "", ""], [row["strategy"] for row in history])
        self.assertEqual([("LONG", 10.0), ("SHORT", -4.0)], [(one["side"], one["realized_pnl"]) for one in closed])
        self.assertEqual([10_000.0, 10_010.0, 10_010.0, 10_006.0, 10_006.0], [row["balance"] for row in history])
        json.dumps(
            [history, closed, [position.to_dict() for position in trader.get_open_positions().values()]], default=str
        )

    def test_reset_returns_to_the_start(self) -> None:
        trader = self.trader_with_a_win_and_a_loss()
        trader.set_risk_config({"enable_trailing_stop": True, "trailing_stop_pct": 0.02})
        trader.reset()
        self.assertEqual(PaperTrader().get_performance_summary(), trader.get_performance_summary())
        self.assertEqual(([], [], {}), (trader.get_trade_history(), trader.get_closed_trades(), trader.positions))
        trader.submit_order(order("BUY", 1.0), 100.0)
        trader.update_positions({BTC: 100.0})
        self.assertEqual(98.0, trader.positions[BTC].stop_loss)

    def test_a_log_file_has_the_bytes_worked_by_hand(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "trades.csv"
            trader = PaperTrader(10_000.0, 0.001, 0.0005, True, log_trades=True, log_file=path)
            trader.submit_order(order("BUY", 2.0, stop_loss=95.0, timestamp=NOON), 100.0)
            trader.update_positions({BTC: 110.0})
            trader.submit_order(order("SELL", 2.0, timestamp=NOON + dt.timedelta(minutes=1)), 110.0)
            # exit 109.89: gross 19.58, commission 0.10989, net 19.58 - 0.1001 - 0.10989 = 19.37001
            self.assertEqual(
                [
                    "2024-01-01T12:00:00.000Z,1,BTC/USDT,OPEN,LONG,100.1,2,0.1001,0.2,10000,10000,0,0,,signal,"
                    '"{""stop"":""95""}"',
                    "2024-01-01T12:01:00.000Z,2,BTC/USDT,CLOSE,LONG,109.89,2,0.10989,0.22,10019.37001,10019.37001,"
                    "19.37001,0,,opposite_signal,{}",
                ],
                path.read_text().splitlines()[1:],
            )

    def test_trade_results_keep_the_type_given(self) -> None:
        for kind in (float, int, Decimal):
            result = PaperTrader.apply_trade_result(kind(100), kind(7), kind(2), kind(1))
            self.assertEqual((kind(104), kind), (result, type(result)))
        self.assertEqual(107.0, PaperTrader.apply_trade_result(balance=100.0, realized_pnl=7.0))
        self.assertEqual(
            Decimal("104.0"), PaperTrader().apply_trade_result(Decimal(100), Decimal("7.0"), commission=Decimal(3))
        )


class RestingOrdersOfDirectCalls(unittest.TestCase):
    def limit(self, price: float | None, **more: object) -> OrderRequest:
        return OrderRequest(BTC, OrderSide.BUY, OrderType.LIMIT, 1.0, price=price, **more)  # type: ignore[arg-type]

    def test_anything_but_a_market_order_goes_to_the_book_with_the_time_of_the_last_order(self) -> None:
        trader = free_trader()
        result = trader.submit_order(self.limit(99.0, timestamp=NOON), 100.0)
        self.assertEqual(
            (True, OrderStatus.NEW, "1", None), (result.success, result.status, result.order_id, result.fill)
        )
        (working,) = trader.book.orders_of(BTC)
        self.assertEqual((to_ms(NOON), "order"), (working.active_ms, working.role))
        self.assertEqual({}, trader.positions)

    def test_what_the_venue_rejects_says_why(self) -> None:
        result = free_trader().submit_order(self.limit(None), 100.0)
        self.assertEqual((False, OrderStatus.REJECTED, f"{BTC}: price"), (result.success, result.status, result.error))


class Candles(unittest.TestCase):
    def test_a_candle_meets_orders_marks_the_position_and_returns_the_rows_of_its_fills(self) -> None:
        trader = free_trader()
        trader.submit_order(OrderRequest(BTC, OrderSide.BUY, OrderType.LIMIT, 1.0, price=99.0, stop_loss=95.0), 100.0)
        self.assertEqual([], trader.process_candle(BTC, Candle(0, 100.0, 101.0, 99.0, 100.0, 1.0), 60_000).fills)
        (bought,) = trader.process_candle(BTC, Candle(60_000, 100.0, 120.0, 98.0, 120.0, 1.0), 60_000).fills
        self.assertEqual(("OPEN", 120_000), (bought.action, bought.time_ms))
        self.assertEqual((10_021.0, 10_021.0), (trader.get_equity(), trader.peak_equity))
        (sold,) = trader.process_candle(BTC, Candle(120_000, 94.0, 94.0, 94.0, 94.0, 1.0), 60_000).fills
        self.assertEqual((("stop", Decimal(94)), 9_995.0), ((sold.reason, sold.price), trader.balance))
        summary = trader.get_performance_summary()
        self.assertAlmostEqual(100.0 * 26.0 / 10_021.0, summary["max_drawdown_pct"], places=9)

    def test_other_symbols_are_left_alone(self) -> None:
        trader = free_trader()
        trader.submit_order(order("BUY", 1.0, ETH, stop_loss=95.0), 100.0)
        self.assertEqual([], trader.process_candle(BTC, Candle(0, 50.0, 50.0, 50.0, 50.0, 1.0), 60_000).fills)
        self.assertIn(ETH, trader.positions)

    def test_a_direct_fill_after_a_candle_carries_its_close(self) -> None:
        trader = free_trader()
        trader.process_candle(BTC, Candle(0, 100.0, 100.0, 100.0, 100.0, 1.0), 60_000)
        result = trader.submit_order(order("BUY", 1.0), 100.0)
        self.assertEqual(60, result.fill.fill_time.timestamp())


class StepResults(unittest.TestCase):
    """What a candle did, with leverage 10 and maintenance of 1 %: 1 bought at 100 has a margin of 10."""

    def setUp(self) -> None:
        margin = PerpetualRules({BTC: Decimal(10)}, {BTC: MarginTable.flat(Decimal("0.01"))})
        rules = VenueRules(perpetual=margin)
        self.trader = PaperTrader.at(PaperVenue(Decimal(1_000), fraction_pricing(0.0, 0.001), rules, Recorder()))
        self.trader.submit_order(order("BUY", 1.0), 100.0)

    def play(self, minute: int, low: float, funding: tuple[FundingRate, ...] = ()) -> StepResult:
        """Play a candle that opens and closes at 100."""
        return self.trader.process_candle(
            BTC, Candle(minute * 60_000, 100.0, 100.0, low, 100.0, 1.0), 60_000, None, funding
        )

    def test_a_quiet_candle_has_nothing_to_tell(self) -> None:
        self.assertEqual((), self.play(0, 100.0).events)

    def test_funding_is_told_with_its_postings(self) -> None:
        result = self.play(0, 100.0, (FundingRate(60_000, 0.002, 99.0),))
        ((paid,), none) = result.funding, result.fills
        # 99 x 0.002
        self.assertEqual((60_000, Decimal("-0.198"), []), (paid.time_ms, paid.amount, none))
        self.assertEqual([Decimal("-0.198"), Decimal("0.198")], [one.amount for one in result.postings])

    def test_a_liquidation_is_a_fill_that_uses_up_the_margin(self) -> None:
        result = self.play(0, 90.0)
        (closed,) = result.fills
        self.assertEqual([closed], result.liquidations)
        self.assertEqual((Decimal(90), "liquidation"), (closed.price, closed.reason))
        self.assertEqual(0, sum(one.amount for one in result.postings))
        self.assertEqual(
            ["NEW", "liquidation", "TradeRow", "FILLED"],
            [getattr(one, "event", type(one).__name__) for one in result.events],
        )

    def test_what_direct_calls_did_between_two_candles_belongs_to_neither(self) -> None:
        self.play(0, 100.0)
        self.trader.submit_order(order("SELL", 1.0), 100.0)
        self.assertEqual((), self.play(1, 100.0).events)


class DirectCallsUnderAVolumeCap(unittest.TestCase):
    """A price that a script gives has no volume: the cap is one on candles."""

    def setUp(self) -> None:
        rules = VenueRules(volume_cap=Decimal("0.1"))
        self.trader = PaperTrader.at(PaperVenue(Decimal(10_000), fraction_pricing(0.0, 0.0), rules, Recorder()))
        self.trader.submit_order(order("BUY", 1.0, stop_loss=95.0), 100.0)
        self.trader.process_candle(BTC, Candle(0, 100.0, 100.0, 100.0, 100.0, 0.0), 60_000)

    def test_a_market_order_fills_at_once_whatever_the_last_candle_left(self) -> None:
        self.assertTrue(self.trader.submit_order(order("SELL", 1.0), 100.0).success)
        result = self.trader.submit_order(order("BUY", 7.0), 100.0)
        self.assertEqual((True, 7.0), (result.success, result.filled_quantity))

    def test_a_stop_that_a_quote_has_passed_closes(self) -> None:
        self.assertEqual([BTC], self.trader.check_exit_conditions({BTC: 94.0}))
        (result,) = self.trader.close_exits({BTC: 94.0})
        self.assertEqual(1.0, result.filled_quantity)

    def test_a_quote_takes_nothing_from_the_next_candle(self) -> None:
        self.assertEqual([], self.trader.close_exits({BTC: 99.0}))
        rows = self.trader.process_candle(BTC, Candle(60_000, 94.0, 94.0, 94.0, 94.0, 100.0), 60_000).fills
        self.assertEqual(["stop"], [row.reason for row in rows])


class ResetBooks(unittest.TestCase):
    def test_after_a_reset_the_journal_begins_anew_and_stays_balanced(self) -> None:
        trader = PaperTrader(10_000.0, 0.0, 0.001)
        trader.submit_order(order("BUY", 1.0), 100.0)
        trader.reset()
        self.assertEqual([], trader.book.orders_of(BTC))
        trader.submit_order(order("BUY", 1.0), 100.0)
        trader.submit_order(order("SELL", 1.0), 110.0)
        # 10 - 0.1 - 0.11
        self.assertEqual(Decimal("10009.79"), trader.account.postings.balances["cash"])

    def test_whoever_holds_a_part_of_the_venue_holds_the_one_that_trades_after_a_reset(self) -> None:
        trader = PaperTrader(10_000.0, 0.0, 0.0)
        engine = ExecutionEngine(paper_trader=trader, safety_monitor=SafetyMonitor(SafetyLimits(), 10_000.0, bool))
        view, book, account, venue = AccountView(trader.venue), trader.book, trader.account, trader.venue
        holdings, rows, entries = view.holdings, view.rows, book.entries
        resting = OrderRequest(BTC, OrderSide.BUY, OrderType.LIMIT, 1.0, price=90.0)
        orders = book.symbol_orders(BTC)
        trader.submit_order(order("BUY", 1.0), 100.0)
        trader.submit_order(order("SELL", 1.0), 90.0)
        book.submit(resting, 0, last_price=100.0)
        trader.reset()
        self.assertEqual((Decimal(10_000), {}, [], []), (view.balance, dict(view.holdings), view.rows, view.closed))
        self.assertEqual(([], 10_000.0), (book.orders_of(BTC), trader.peak_equity))
        self.assertEqual((-math.inf, math.inf), (orders.lower, orders.upper))
        self.assertIs(trader.book, engine.book)
        self.assertTrue(engine.submit_order(order("BUY", 2.0, stop_loss=95.0), 100.0).success)
        book.submit(resting, 0, last_price=100.0)
        self.assertEqual({BTC}, set(holdings))
        self.assertEqual(["1"], [row.order_id for row in rows])
        self.assertEqual(["2"], [one.order_id for one in orders.working if one.role == "order"])
        self.assertIs(entries, book.entries)
        (bought,) = trader.process_candle(BTC, Candle(0, 96.0, 96.0, 89.0, 96.0, 1.0), 60_000).fills[:1]
        self.assertEqual(("CLOSE", "stop"), (bought.action, bought.reason))
        self.assertIs(account, venue.account)
        self.assertEqual(Decimal(9_990), view.balance)


if __name__ == "__main__":
    unittest.main()
