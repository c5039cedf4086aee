"""A program's configuration against the settings that it means, and its costs against the kernel's."""

import unittest
from decimal import Decimal

from core.candle import Candle
from core.errors import ConfigurationError
from core.instrument import Instrument
from execution.execution_settings import ExecutionSettings
from programs import BacktestConfig, ExecutionSimulator, VirtualAccount

RANGE = {"start_time": "2024-01-01", "end_time": "2024-01-02"}


class Configuration(unittest.TestCase):
    def test_per_cent_become_the_fractions_that_their_text_says(self) -> None:
        config = BacktestConfig(code="", **RANGE, slippage_percent=0.07, fee_rate=0.035)
        self.assertEqual(0.0007, config.execution()["slippage"])
        self.assertEqual(0.00035, config.execution()["commission_rate"])  # In floats 0.035 / 100 is another number.

    def test_execution_prices_are_entry_fills(self) -> None:
        for price, fill in (("close", "close"), ("open", "next_open"), ("vwap", "next_typical")):
            with self.subTest(price):
                config = BacktestConfig(code="", **RANGE, execution_price=price)
                settings = ExecutionSettings(**config.execution())
                self.assertEqual(fill, settings.entry_fill)
                self.assertEqual(price, ExecutionSimulator(settings).execution_price)

    def test_further_keys_stand_below_what_the_fields_say(self) -> None:
        further = {"execution.allow_shorting": False, "execution": {"slippage": 0.5}, "risk.max_exposure": 0.3}
        config = BacktestConfig(code="", **RANGE, further=further)
        over = config.overrides()
        self.assertEqual((False, 0.0005), (over["execution"]["allow_shorting"], over["execution"]["slippage"]))
        self.assertEqual({"max_exposure": 0.3}, over["risk"])

    def test_what_cannot_be_is_refused_with_what_is_allowed(self) -> None:
        for name, value, said in (
            ("execution_price", "twap", "execution_price: 'twap' — allowed: one of close, open, vwap"),
            ("slippage_percent", -0.1, "slippage_percent: -0.1 — allowed"),
            ("fee_rate", float("nan"), "fee_rate: nan — allowed"),
            ("fee_rate", True, "fee_rate: true — allowed"),
            ("signal_pool_ids", "low", r"signal_pool_ids: 'low' — allowed: a tuple of ids: \('low',\)"),
            ("initial_balance", 0, "initial_balance: 0 — allowed: a number above 0"),
        ):
            with self.subTest(said), self.assertRaisesRegex(ConfigurationError, said):
                BacktestConfig(code="", **RANGE, **{name: value})


class Simulator(unittest.TestCase):
    def test_fills_and_fees_are_worked_by_hand(self) -> None:
        settings = ExecutionSettings(slippage=0.0005, commission_rate=0.00035, entry_fill="close")
        rules = {"A/USDT": Instrument("A/USDT", Decimal("0.01"), Decimal("0.001"))}
        simulator = ExecutionSimulator(settings, rules)
        self.assertEqual((0.05, 0.035), (simulator.slippage_percent, simulator.fee_rate))
        # 100.03 × 1.0005 = 100.080015, up to 100.09; fee 100.09 × 2 × 0.00035 = 0.070063.
        bought = simulator.market_fill("A/USDT", "buy", 2.0, 100.03)
        self.assertEqual((100.09, 0.070063), (bought.price, bought.fee))
        self.assertAlmostEqual(0.12, bought.slippage)
        # 100.03 × 0.9995 = 99.979985, down to 99.97.
        self.assertEqual(99.97, simulator.market_fill("A/USDT", "sell", 2.0, 100.03).price)
        # Without trading rules nothing is rounded.
        self.assertEqual(100.080015, ExecutionSimulator(settings).market_fill("B", "buy", 2.0, 100.03).price)

    def test_the_reference_is_the_close_the_next_open_or_the_next_typical_price(self) -> None:
        decided = Candle(0, 1.0, 4.0, 1.0, 2.0, 1.0)
        following = Candle(60_000, 3.0, 9.0, 3.0, 6.0, 1.0)
        found = [
            ExecutionSimulator(ExecutionSettings(entry_fill=fill)).reference_price(decided, following)
            for fill in ("close", "next_open", "next_typical")
        ]
        self.assertEqual([2.0, 3.0, 6.0], found)


class Account(unittest.TestCase):
    def test_it_shows_what_a_program_was_shown(self) -> None:
        shown = {
            "balance": 100.0, "equity": 103.5, "trades_today": 1, "halted": False, "open_orders": [{"symbol": "A"}],
            "positions": {"A": {"side": "LONG", "quantity": 1.0, "entry_price": 9.0, "unrealized_pnl": 3.5, "stop": 8.0,
                                "targets": [12.0], "opened_at": 60_000, "candles_held": 2}},
        }  # fmt: skip
        account = VirtualAccount.seen(shown)
        self.assertEqual(
            (3.5, "LONG", 8.0), (account.unrealized_pnl, account.position("A").side, account.position("A").stop)
        )
        self.assertIsNone(account.position("B"))
        with self.assertRaisesRegex(ConfigurationError, "account: .*allowed"):
            VirtualAccount.seen({"balance": "much", "equity": 1.0})


if __name__ == "__main__":
    unittest.main()
