"""The execution engine: the gate of direct calls, and orders made from signals and risk outputs."""

import math
import unittest
from decimal import Decimal

from core.candle import Candle
from core.instrument import Instrument
from core.orders import OrderRequest, OrderSide, OrderType
from execution.orders.order_status import OrderStatus
from execution.safety.safety_limits import SafetyLimits
from execution.safety.safety_monitor import SafetyMonitor, SafetyViolation
from execution.scripting.execution_engine import ExecutionEngine, OrderRefused
from execution.scripting.paper_trader import PaperTrader
from risk_management.risk_config import RiskConfig
from risk_management.risk_engine import RiskEngine

BTC, ETH = "BTC/USDT", "ETH/USDT"


def order(side: str, quantity: float, symbol: str = BTC, **more: object) -> OrderRequest:
    return OrderRequest(symbol, OrderSide(side), OrderType.MARKET, quantity, **more)  # type: ignore[arg-type]


class EngineTest(unittest.TestCase):
    def setUp(self) -> None:
        self.switch = False
        self.trader = PaperTrader(10_000.0, 0.0, 0.0)
        limits = SafetyLimits(max_exposure_pct=0.5, max_risk_per_trade_pct=0.02, max_open_trades=2)
        self.monitor = SafetyMonitor(limits, 10_000.0, lambda: self.switch)
        self.engine = ExecutionEngine("paper", paper_trader=self.trader, safety_monitor=self.monitor)

    def book(self) -> tuple[int, float]:
        return self.monitor.open_trades, self.monitor.total_exposure


class SubmittedOrders(EngineTest):
    def test_an_order_fills_at_once_and_counts(self) -> None:
        result = self.engine.submit_order(order("BUY", 10.0), 100.0)
        self.assertEqual((True, OrderStatus.FILLED, 100.0), (result.success, result.status, result.fill.fill_price))
        self.assertEqual((1, 1_000.0), self.book())
        position = self.engine.get_open_positions()[BTC]
        self.assertEqual((BTC, 10.0), (position.symbol, position.quantity))
        told = {"symbol": BTC, "quantity": 10.0, "entry_price": 100.0, "side": "LONG"}
        self.assertEqual({BTC: told}, self.monitor.open_positions)

    def refused(self, wrong: OrderRequest, price: float = 100.0, engine: ExecutionEngine | None = None) -> str | None:
        """Assert that an order is answered as rejected, in words; return the reason."""
        result = (engine or self.engine).submit_order(wrong, price)
        self.assertEqual((False, OrderStatus.REJECTED, None), (result.success, result.status, result.fill))
        self.assertTrue(result.error)
        self.assertEqual((result.metadata["reason"], price), (result.reason, result.metadata["price"]))
        return result.reason

    def test_every_limit_is_a_rejection_and_nothing_is_filled(self) -> None:
        # Risk: 10 x (100 - 79) = 210 of 200; exposure: 5,001 of 5,000.
        for wrong, reason in (
            (order("BUY", 10.0, stop_loss=79.0), "max_risk_per_trade"),
            (order("BUY", 10.0, stop_distance=21.0), "max_risk_per_trade"),
            (order("SELL", 10.0, stop_loss=121.0), "max_risk_per_trade"),
            (order("BUY", 50.01), "max_exposure"),
        ):
            with self.subTest(reason):
                self.assertEqual(reason, self.refused(wrong))
        self.switch = True
        self.assertEqual("kill_switch", self.refused(order("BUY", 1.0)))
        self.assertEqual(([], (0, 0.0)), (self.trader.get_trade_history(), self.book()))

    def test_the_risk_of_an_order_is_the_worst_that_the_tick_can_make_of_it(self) -> None:
        # A stop 15.3 away on a tick of 5: up to 20, and two ticks. At 30 each 6.6 lose 198 of 200, 6.7 lose 201.
        trader = PaperTrader(10_000.0, 0.0, 0.0, instruments={BTC: Instrument(BTC, tick_size=Decimal(5))})
        engine = ExecutionEngine("paper", paper_trader=trader, safety_monitor=self.monitor)
        for stop in ({"stop_loss": 84.7}, {"stop_distance": 15.3}):
            with self.subTest(stop):
                self.assertEqual("max_risk_per_trade", self.refused(order("BUY", 6.7, **stop), engine=engine))
        self.assertTrue(engine.submit_order(order("BUY", 6.6, stop_loss=84.7), 100.0).success)

    def test_open_trades_are_counted_over_symbols(self) -> None:
        self.engine.submit_order(order("BUY", 1.0), 100.0)
        self.engine.submit_order(order("SELL", 1.0, ETH), 100.0)
        self.assertEqual("max_open_trades", self.refused(order("BUY", 1.0, "SUI/USDT")))
        self.engine.submit_order(order("SELL", 1.0), 100.0)
        self.assertTrue(self.engine.submit_order(order("BUY", 1.0, "SUI/USDT"), 100.0).success)

    def test_closes_are_never_refused(self) -> None:
        self.engine.submit_order(order("BUY", 10.0), 100.0)
        self.monitor.check_post_trade(1.0)
        self.switch = True
        self.assertTrue(self.monitor.trading_halted)
        self.assertTrue(self.engine.submit_order(order("SELL", 4.0), 90.0).success)
        self.assertTrue(self.engine.submit_order(order("SELL", 100.0), 90.0).success)
        self.assertEqual({}, self.engine.get_open_positions())
        self.assertEqual("kill_switch", self.refused(order("SELL", 1.0), 90.0))

    def test_closes_act_also_where_shorts_are_not_allowed(self) -> None:
        engine = ExecutionEngine(paper_trader=PaperTrader(allow_shorting=False))
        self.assertEqual("shorting_disabled", self.refused(order("SELL", 1.0), engine=engine))
        engine.submit_order(order("BUY", 1.0), 100.0)
        self.assertTrue(engine.submit_order(order("SELL", 1.0), 100.0).success)

    def test_exposure_is_the_entry_value_of_what_is_open_whatever_the_exit_price(self) -> None:
        for price in (50.0, 100.0, 150.0):
            with self.subTest(price):
                self.engine.submit_order(order("BUY", 10.0), 100.0)
                self.engine.submit_order(order("BUY", 3.0, ETH), 70.0)
                self.engine.submit_order(order("SELL", 4.0), price)
                self.assertEqual((2, 810.0), self.book())  # 6 x 100 + 3 x 70
                self.engine.submit_order(order("SELL", 6.0), price)
                self.assertEqual((1, 210.0), self.book())
                self.engine.submit_order(order("SELL", 3.0, ETH), 70.0)
                self.assertEqual((0, 0.0), self.book())
                self.monitor.reset_daily_limits()

    def test_a_close_shows_equity_to_the_monitor(self) -> None:
        self.engine.submit_order(order("BUY", 10.0), 100.0)
        self.engine.submit_order(order("SELL", 10.0), 70.0)
        self.assertEqual(9_700.0, self.monitor.current_equity)
        self.assertEqual("daily_loss", self.monitor.halt_reason)

    def test_a_rejected_order_does_not_count(self) -> None:
        engine = ExecutionEngine(
            paper_trader=PaperTrader(100.0, 0.0, 0.0), safety_monitor=SafetyMonitor(SafetyLimits(), 10_000.0, bool)
        )
        result = engine.submit_order(order("BUY", 10.0), 100.0)
        self.assertEqual((False, "Insufficient balance"), (result.success, result.error))
        self.assertEqual({}, engine.safety_monitor.open_positions)
        self.engine.submit_order(order("BUY", 1.0), 100.0)
        self.assertFalse(self.engine.submit_order(order("BUY", 1.0), 100.0).success)
        self.assertEqual((1, 100.0), self.book())

    def test_empty_and_unknown_symbols_and_impossible_prices_are_value_errors(self) -> None:
        for symbol in ("", "  ", "UNKNOWN", "unknown", " Unknown ", None, 5):
            with self.subTest(symbol), self.assertRaises(ValueError):
                self.engine.submit_order(order("BUY", 1.0, symbol), 100.0)
        for price in (0.0, -1.0, math.nan, math.inf):
            with self.subTest(price), self.assertRaises(ValueError):
                self.engine.submit_order(order("BUY", 1.0), price)

    def test_a_decided_order_waits_in_the_book_and_then_has_an_id_and_no_fill(self) -> None:
        result = self.engine.submit_order(order("BUY", 1.0), 100.0, decided_ms=60_000, wait_until_ms=180_000)
        self.assertEqual(
            (True, OrderStatus.NEW, "1", None), (result.success, result.status, result.order_id, result.fill)
        )
        waiting = self.engine.book.entries[BTC]
        self.assertEqual(
            ("1", 100.0, 60_000, 180_000, 100.0, "entry"),
            (
                waiting.order_id,
                waiting.decision_price,
                waiting.active_ms,
                waiting.last_open_ms,
                waiting.exposure(),
                waiting.role,
            ),
        )
        self.assertEqual(({}, (0, 0.0)), (self.engine.get_open_positions(), self.book()))

    def test_a_decided_order_against_a_position_is_an_entry_and_is_judged(self) -> None:
        self.engine.submit_order(order("BUY", 10.0), 100.0)
        result = self.engine.submit_order(order("SELL", 4.0), 100.0, decided_ms=60_000)
        self.assertEqual((OrderStatus.NEW, None), (result.status, result.fill))
        self.assertEqual(-1, self.engine.book.entries[BTC].sign)
        self.switch = True
        with self.assertRaises(SafetyViolation):
            self.engine.submit_order(order("SELL", 4.0), 100.0, decided_ms=60_000)

    def test_a_resting_entry_that_the_venue_rejects_is_refused_with_its_reason(self) -> None:
        rules = Instrument(BTC, Decimal("0.01"), Decimal(1), min_notional=Decimal(500))
        engine = ExecutionEngine(paper_trader=PaperTrader(instruments={BTC: rules}), safety_monitor=self.monitor)
        for quantity, reason in ((0.5, "below_lot_size"), (4.0, "below_min_notional")):
            limit = OrderRequest(BTC, OrderSide.BUY, OrderType.LIMIT, quantity, price=99.0)
            with self.subTest(reason), self.assertRaises(OrderRefused) as caught:
                engine.submit_order(limit, 100.0, decided_ms=60_000)
            self.assertEqual(reason, caught.exception.reason)
        self.assertEqual(({}, []), (engine.book.entries, engine.book.orders_of(BTC)))

    def test_a_close_waits_in_the_book_whatever_the_limits_say(self) -> None:
        self.engine.submit_order(order("BUY", 10.0), 100.0)
        self.switch = True
        order_id = self.engine.submit_close(BTC, 60_000, "opposite_signal")
        waiting = self.engine.book.closes[BTC]
        self.assertEqual(
            ("2", "2", -1, 10, True, "opposite_signal"),
            (
                order_id,
                waiting.order_id,
                waiting.sign,
                waiting.quantity,
                waiting.reduce_only,
                waiting.exit_reason,
            ),
        )

    def test_a_resting_order_of_a_direct_call_goes_to_the_book_and_counts_when_it_has_filled_nowhere(self) -> None:
        limit = OrderRequest(BTC, OrderSide.BUY, OrderType.LIMIT, 2.0, price=99.0)
        result = self.engine.submit_order(limit, 100.0)
        self.assertEqual((True, OrderStatus.NEW, None), (result.success, result.status, result.fill))
        (working,) = self.engine.book.orders_of(BTC)
        self.assertEqual(("order", result.order_id, (0, 0.0)), (working.role, working.order_id, self.book()))
        self.switch = True
        self.assertEqual("kill_switch", self.refused(limit))

    def test_a_resting_order_against_a_position_is_never_refused_by_the_limits(self) -> None:
        self.engine.submit_order(order("BUY", 10.0), 100.0)
        self.switch = True
        target = OrderRequest(BTC, OrderSide.SELL, OrderType.TAKE_PROFIT, 10.0, price=110.0)
        self.assertTrue(self.engine.submit_order(target, 100.0).success)
        wrong = OrderRequest(ETH, OrderSide.SELL, OrderType.TAKE_PROFIT, 10.0, price=110.0)
        self.switch = False
        self.assertEqual(f"{ETH}: reduce_only", self.engine.submit_order(wrong, 100.0).error)

    def test_monitor_mode_judges_and_accepts_no_entry(self) -> None:
        engine = ExecutionEngine("monitor", self.trader, self.monitor)
        self.assertEqual("monitor_mode", self.refused(order("BUY", 1.0), engine=engine))
        self.assertEqual("max_exposure", self.refused(order("BUY", 1_000.0), engine=engine))
        with self.assertRaises(ValueError):
            ExecutionEngine("real")

    def test_defaults_trade_on_paper_from_the_traders_equity(self) -> None:
        engine = ExecutionEngine(paper_trader=PaperTrader(500.0))
        self.assertEqual(("paper", 500.0), (engine.execution_mode, engine.safety_monitor.starting_equity))
        self.assertEqual((500.0, 500.0), (engine.get_balance(), engine.get_equity()))
        self.assertEqual(engine.paper_trader.get_performance_summary(), engine.get_performance_summary())

    def test_answers_are_counted(self) -> None:
        names = ("total_orders", "successful_orders", "rejected_orders")
        self.assertEqual(dict.fromkeys(names, 0), self.engine.get_statistics())
        for asked in (order("BUY", 1.0), order("BUY", 1.0), order("BUY", 51.0, ETH), order("SELL", 1.0)):
            self.engine.submit_order(asked, 100.0)
        self.assertEqual(dict(zip(names, (4, 2, 2), strict=True)), self.engine.get_statistics())


class ExitsReachTheMonitor(EngineTest):
    """Whatever closes a position of the trader is known to the monitor: the book, and the equity that is left."""

    def held(self, quantity: float = 10.0) -> None:
        self.assertTrue(self.engine.submit_order(order("BUY", quantity, stop_loss=90.0), 100.0).success)

    def test_a_stop_that_a_quote_reaches(self) -> None:
        self.held()
        self.trader.close_exits({BTC: 70.0})
        self.assertEqual((0, 0.0), self.book())
        self.assertEqual(9_700.0, self.monitor.current_equity)
        self.assertEqual("daily_loss", self.monitor.halt_reason)
        answer = self.engine.submit_order(order("BUY", 1.0), 70.0)
        self.assertEqual((False, "halted_daily_loss"), (answer.success, answer.reason))

    def test_a_flatten_and_a_close_by_the_trader_itself(self) -> None:
        for close in (
            lambda: self.trader.close_all_positions({BTC: 99.0}),
            lambda: self.trader.submit_order(order("SELL", 10.0), 99.0),
            lambda: self.engine.submit_order(order("SELL", 10.0), 99.0),
        ):
            self.trader.reset()
            self.held()
            close()
            self.assertEqual(((0, 0.0), 9_990.0), (self.book(), self.monitor.current_equity))

    def test_a_candle_that_a_script_plays(self) -> None:
        self.held()
        self.trader.process_candle(BTC, Candle(0, 100.0, 100.0, 80.0, 95.0, 1.0), 60_000)
        self.assertEqual(((0, 0.0), 9_900.0), (self.book(), self.monitor.current_equity))

    def test_a_part_leaves_the_rest_at_its_entry_price(self) -> None:
        self.held()
        self.trader.submit_order(order("SELL", 4.0), 99.0)
        self.assertEqual((1, 600.0), self.book())
        # 4 x -1 are realised, 6 are worth their entry.
        self.assertEqual(9_996.0, self.monitor.current_equity)

    def test_an_entry_that_fills_in_a_candle_counts_from_then_on(self) -> None:
        limit = OrderRequest(BTC, OrderSide.BUY, OrderType.LIMIT, 2.0, price=99.0)
        self.engine.submit_order(limit, 100.0)
        self.assertEqual((0, 0.0), self.book())
        self.trader.process_candle(BTC, Candle(0, 100.0, 100.0, 98.0, 100.0, 1.0), 60_000)
        self.trader.process_candle(BTC, Candle(60_000, 100.0, 100.0, 98.0, 100.0, 1.0), 60_000)
        self.assertEqual((1, 198.0), self.book())

    def test_more_trades_than_may_be_open_at_once_can_follow_each_other(self) -> None:
        for _ in range(5):
            self.held()
            self.trader.close_exits({BTC: 90.0})
            self.monitor.reset_daily_limits()
        self.assertEqual((0, 0.0), self.book())
        self.held()

    def test_stops_that_use_up_an_account_halt_it(self) -> None:
        answers = []
        for _ in range(20):
            answers.append(self.engine.submit_order(order("BUY", 10.0, stop_loss=90.0), 100.0).reason)
            self.trader.close_exits({BTC: 90.0})
        # 100 lost each time: above 2 % of the day's 10,000 after the third.
        self.assertEqual([None] * 3 + ["halted_daily_loss"] * 17, answers)
        self.assertTrue(self.monitor.trading_halted)

    def test_what_a_trader_held_before_it_had_an_engine_counts(self) -> None:
        trader = PaperTrader(10_000.0, 0.0, 0.0)
        trader.submit_order(order("SELL", 3.0), 100.0)
        engine = ExecutionEngine(paper_trader=trader)
        told = {"symbol": BTC, "quantity": 3.0, "entry_price": 100.0, "side": "SHORT"}
        self.assertEqual({BTC: told}, engine.safety_monitor.open_positions)

    def test_a_script_that_tells_the_monitor_too_counts_nothing_twice(self) -> None:
        self.held()
        self.monitor.record_position_open(BTC, 10.0, 100.0, "LONG")
        self.assertEqual((1, 1_000.0), self.book())
        self.engine.submit_order(order("SELL", 10.0), 99.0)
        self.monitor.record_position_close(BTC, 99.0, -10.0)
        self.assertEqual(((0, 0.0), 9_990.0), (self.book(), self.monitor.current_equity))
        # What no engine trades is for the script to tell.
        self.monitor.record_position_open(ETH, 1.0, 50.0, "LONG")
        self.assertEqual((1, 50.0), self.book())
        self.monitor.record_position_close(ETH, 49.0, -1.0)
        self.assertEqual(((0, 0.0), 9_989.0), (self.book(), self.monitor.current_equity))

    def test_two_traders_share_a_monitor(self) -> None:
        other = ExecutionEngine(paper_trader=PaperTrader(10_000.0, 0.0, 0.0), safety_monitor=self.monitor)
        self.held()
        other.submit_order(order("BUY", 1.0, ETH), 50.0)
        self.assertEqual((2, 1_050.0), self.book())
        other.paper_trader.close_all_positions({ETH: 50.0})
        self.assertEqual((1, 1_000.0), self.book())


class MadeOrders(EngineTest):
    def test_from_a_signals_text_or_a_strategys_answer(self) -> None:
        made = self.engine.create_order_from_signal("LONG", BTC, 2.0, 95.0, 110.0, "mine")
        self.assertEqual(
            (BTC, OrderSide.LONG, OrderType.MARKET, 2.0, 95.0, 110.0, "mine"),
            (
                made.symbol,
                made.side,
                made.order_type,
                made.quantity,
                made.stop_loss,
                made.take_profit,
                made.strategy_name,
            ),
        )
        answer = {"signal": "SHORT", "metadata": {"entry_price": 100.0}}
        made = self.engine.create_order_from_signal(answer, BTC, 2.0)
        self.assertEqual((OrderSide.SHORT, {"entry_price": 100.0}), (made.side, made.metadata))

    def test_from_what_the_risk_engine_returns(self) -> None:
        risk = RiskEngine(RiskConfig(max_exposure=0.05))
        output = risk.apply_risk_to_signal("SHORT", 10_000.0, 100.0, atr=2.0, metadata={"symbol": ETH, "rsi": 55.0})
        made = self.engine.create_order_from_risk_output(output, "mine")
        # stop 100 + 1.5 x 2, target 100 - 3 x 2; size: 100 / 3 capped by 500 / 100
        self.assertEqual(
            (ETH, OrderSide.SHORT, 5.0, 103.0, 94.0, "mine"),
            (made.symbol, made.side, made.quantity, made.stop_loss, made.take_profit, made.strategy_name),
        )
        self.assertEqual(55.0, made.metadata["rsi"])
        self.assertEqual(BTC, self.engine.create_order_from_risk_output({**output, "symbol": BTC}).symbol)
        self.assertTrue(self.engine.submit_order(made, 100.0).success)

    def test_what_makes_no_order_is_a_value_error(self) -> None:
        output = {"side": "LONG", "position_size": 1.0, "symbol": BTC}
        for wrong in (
            {**output, "symbol": ""},
            {**output, "symbol": "UNKNOWN"},
            {"side": "LONG", "position_size": 1.0},
            {**output, "position_size": 0.0},
            {**output, "position_size": math.nan},
            {"side": "LONG", "symbol": BTC},
            {**output, "side": "FLAT"},
            {"position_size": 1.0, "symbol": BTC},
            None,
        ):
            with self.subTest(wrong), self.assertRaises(ValueError):
                self.engine.create_order_from_risk_output(wrong)
        for signal, symbol, quantity in (
            ("FLAT", BTC, 1.0),
            ("UP", BTC, 1.0),
            ("LONG", "", 1.0),
            ("LONG", "UNKNOWN", 1.0),
            ("LONG", BTC, 0.0),
            ({}, BTC, 1.0),
        ):
            with self.subTest(signal=signal, symbol=symbol, quantity=quantity), self.assertRaises(ValueError):
                self.engine.create_order_from_signal(signal, symbol, quantity)


if __name__ == "__main__":
    unittest.main()
