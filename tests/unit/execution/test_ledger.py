"""The ledger: exact results, and nothing but decimals and integers."""

import math
import unittest
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvariantError
from execution.ledger import Entry, Ledger
from execution.trade_result import apply_trade_result
from tests.support.scale import scaled

NO_EXACT_NUMBERS = (0.5, 1.0, math.nan, "1", None, Fraction(1, 2), Decimal("NaN"), Decimal("Infinity"))

QUANTITIES = st.decimals(Decimal("0.00000001"), 10_000, places=8)
PRICES = st.decimals(Decimal("0.01"), 100_000, places=4)
COSTS = st.decimals(0, 100, places=8)


class LedgerByHand(unittest.TestCase):
    def test_opening_does_not_change_the_balance(self) -> None:
        ledger = Ledger(Decimal(10_000))
        ledger.open("BTC/USDT", 1, Decimal(2), Decimal(100), Decimal("0.1"))
        self.assertEqual((Decimal(10_000), Decimal(0)), (ledger.balance, ledger.realized_pnl))

    def test_a_long_closes_at_gross_profit_less_both_commissions(self) -> None:
        ledger = Ledger(Decimal(10_000))
        ledger.open("BTC/USDT", 1, Decimal(2), Decimal("100.1"), Decimal("0.1001"))
        # (110 - 100.1) x 2 - 0.1001 - 0.11 = 19.8 - 0.2101
        self.assertEqual(Decimal("19.5899"), ledger.close("BTC/USDT", Decimal(2), Decimal(110), Decimal("0.11")))
        self.assertEqual(Decimal("10019.5899"), ledger.balance)
        self.assertEqual({}, ledger.entries)

    def test_a_short_gains_when_the_price_falls(self) -> None:
        ledger = Ledger(Decimal(10_000))
        ledger.open("BTC/USDT", -1, Decimal("0.5"), Decimal(200), Decimal("0.05"))
        # (200 - 180) x 0.5 - 0.05 - 0.045
        self.assertEqual(Decimal("9.905"), ledger.close("BTC/USDT", Decimal("0.5"), Decimal(180), Decimal("0.045")))

    def test_a_part_carries_its_share_of_the_entry_commission_and_the_rest_stays(self) -> None:
        ledger = Ledger(Decimal(1_000))
        ledger.open("BTC/USDT", 1, Decimal(3), Decimal(100), Decimal("0.00000001"))
        # A third of 1e-8 rounds to 0; two thirds of what is left, 0.5e-8 of 1e-8 for one of two, rounds half-even to 0.
        self.assertEqual(Decimal(1), ledger.close("BTC/USDT", Decimal(1), Decimal(101), Decimal(0)))
        self.assertEqual(Decimal(1), ledger.close("BTC/USDT", Decimal(1), Decimal(101), Decimal(0)))
        self.assertEqual(Decimal("0.99999999"), ledger.close("BTC/USDT", Decimal(1), Decimal(101), Decimal(0)))
        self.assertEqual(Decimal("1002.99999999"), ledger.balance)

    def test_thirty_digits_do_not_round(self) -> None:
        ledger = Ledger(Decimal("1000000000000000"))
        ledger.open("SHIB/USDT", 1, Decimal("0.00000000000001"), Decimal("0.00000001"), Decimal(0))
        ledger.close("SHIB/USDT", Decimal("0.00000000000001"), Decimal("0.00000002"), Decimal(0))
        self.assertEqual("1000000000000000.0000000000000000000001", str(ledger.balance))

    def test_what_cannot_happen_is_an_invariant_error_and_changes_nothing(self) -> None:
        ledger = Ledger(Decimal(1_000))
        ledger.open("BTC/USDT", 1, Decimal(2), Decimal(100), Decimal(0))
        before = dict(ledger.entries)
        for symbol, sign, quantity in (("BTC/USDT", 1, 1), ("ETH/USDT", 0, 1), ("ETH/USDT", 2, 1), ("ETH/USDT", 1, 0)):
            with self.subTest(symbol, sign=sign, quantity=quantity), self.assertRaises(InvariantError):
                ledger.open(symbol, sign, Decimal(quantity), Decimal(100), Decimal(0))
        for quantity in (Decimal(0), Decimal(-1), Decimal("2.00000001")):
            with self.subTest(quantity=quantity), self.assertRaises(InvariantError):
                ledger.close("BTC/USDT", quantity, Decimal(100), Decimal(0))
        self.assertEqual((before, Decimal(1_000)), (ledger.entries, ledger.balance))


class LedgerTakesNoFloat(unittest.TestCase):
    def test_every_number_of_every_method_is_refused_unless_it_is_a_finite_decimal_or_integer(self) -> None:
        for wrong in NO_EXACT_NUMBERS:
            with self.subTest(wrong=wrong):
                with self.assertRaises(InvariantError):
                    Ledger(wrong)  # type: ignore[arg-type]
                ledger = Ledger(Decimal(1_000))
                ledger.open("BTC/USDT", 1, Decimal(1), Decimal(100), Decimal(0))
                before = dict(ledger.entries)
                numbers = [Decimal(1), Decimal(100), Decimal(0)]
                for place in range(3):
                    given = [*numbers[:place], wrong, *numbers[place + 1 :]]
                    with self.assertRaises(InvariantError):
                        ledger.open("ETH/USDT", 1, *given)  # type: ignore[arg-type]
                    with self.assertRaises(InvariantError):
                        ledger.close("BTC/USDT", *given)  # type: ignore[arg-type]
                self.assertEqual((before, Decimal(1_000)), (ledger.entries, ledger.balance))
                with self.assertRaises(InvariantError):
                    Entry("BTC/USDT", wrong, Decimal(1), Decimal(1), Decimal(0))  # type: ignore[arg-type]

    def test_integers_are_exact(self) -> None:
        ledger = Ledger(Decimal(1_000))
        ledger.open("BTC/USDT", 1, Decimal(3), Decimal(100), Decimal(0))
        self.assertEqual(30, ledger.close("BTC/USDT", 3, 110, 0))  # type: ignore[arg-type]


class LedgerAgainstFractions(unittest.TestCase):
    @settings(max_examples=scaled(100, 5_000), deadline=None)
    @given(
        st.lists(
            st.tuples(st.sampled_from((1, -1)), QUANTITIES, PRICES, COSTS, QUANTITIES, PRICES, COSTS),
            min_size=1,
            max_size=8,
        )
    )
    def test_the_balance_is_the_sum_of_all_results_to_the_last_digit(self, trades: list) -> None:
        ledger = Ledger(Decimal("10000.5"))
        expected, results = Fraction("10000.5"), []
        for sign, quantity, entry, cost, part, exit_price, exit_cost in trades:
            ledger.open("BTC/USDT", sign, quantity, entry, cost)
            closed = min(part, quantity)
            results.append(ledger.close("BTC/USDT", closed, exit_price, exit_cost))
            expected += sign * (Fraction(exit_price) - Fraction(entry)) * Fraction(closed) - Fraction(exit_cost)
            share = Fraction(cost) * Fraction(closed) / Fraction(quantity)
            expected -= Fraction(round(share * 10**8), 10**8)
            self.assertEqual(expected, Fraction(ledger.balance))
            if closed < quantity:
                results.append(ledger.close("BTC/USDT", quantity - closed, entry, Decimal(0)))
                expected -= Fraction(cost) - Fraction(round(share * 10**8), 10**8)
                self.assertEqual(expected, Fraction(ledger.balance))
        self.assertEqual(Fraction(ledger.realized_pnl), sum(map(Fraction, results), Fraction(0)))


class TradeResults(unittest.TestCase):
    def test_the_type_given_is_the_type_returned(self) -> None:
        for kind in (float, int, Decimal):
            result = apply_trade_result(kind(100), kind(7), kind(2), kind(1))
            self.assertEqual((kind(104), kind), (result, type(result)))
            self.assertEqual(kind(107), apply_trade_result(kind(100), kind(7)))
        self.assertEqual(Decimal("103.5"), apply_trade_result(Decimal(100), Decimal("4.5"), 1))


if __name__ == "__main__":
    unittest.main()
