"""The ledger: exact results, and nothing but decimals and integers."""

import math
import unittest
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvariantError
from execution.money.balance_change import apply_trade_result
from execution.money.ledger import ClosedPart, Entry, Ledger
from tests.support.scale import scaled

NO_EXACT_NUMBERS = (0.5, 1.0, math.nan, "1", None, Fraction(1, 2), Decimal("NaN"), Decimal("Infinity"))

QUANTITIES = st.decimals(Decimal("0.00000001"), 10_000, places=8)
PRICES = st.decimals(Decimal("0.01"), 100_000, places=4)
COSTS = st.decimals(0, 100, places=8)


def to_1e8(value: Fraction) -> Fraction:
    return Fraction(round(value * 10**8), 10**8)


class LedgerByHand(unittest.TestCase):
    def test_opening_does_not_change_the_balance(self) -> None:
        ledger = Ledger(Decimal(10_000))
        ledger.open("BTC/USDT", 1, Decimal(2), Decimal(100), Decimal("0.1"))
        ledger.open("BTC/USDT", 1, Decimal(2), Decimal(101), Decimal("0.1"), Decimal(40))
        self.assertEqual((Decimal(10_000), Decimal(0)), (ledger.balance, ledger.realized_pnl))

    def test_a_long_closes_at_gross_profit_less_both_commissions(self) -> None:
        ledger = Ledger(Decimal(10_000))
        ledger.open("BTC/USDT", 1, Decimal(2), Decimal("100.1"), Decimal("0.1001"))
        # (110 - 100.1) x 2 - 0.1001 - 0.11 = 19.8 - 0.2101
        part = ledger.close("BTC/USDT", Decimal(2), Decimal(110), Decimal("0.11"))
        self.assertEqual(
            (Decimal("19.8"), Decimal("0.1001"), Decimal("19.5899")), (part.gross, part.entry_commission, part.result)
        )
        self.assertEqual(Decimal("10019.5899"), ledger.balance)
        self.assertEqual({}, ledger.entries)

    def test_a_short_gains_when_the_price_falls(self) -> None:
        ledger = Ledger(Decimal(10_000))
        ledger.open("BTC/USDT", -1, Decimal("0.5"), Decimal(200), Decimal("0.05"))
        # (200 - 180) x 0.5 - 0.05 - 0.045
        part = ledger.close("BTC/USDT", Decimal("0.5"), Decimal(180), Decimal("0.045"))
        self.assertEqual(Decimal("9.905"), part.result)

    def test_a_part_carries_its_share_of_the_entry_commission_and_the_rest_stays(self) -> None:
        ledger = Ledger(Decimal(1_000))
        ledger.open("BTC/USDT", 1, Decimal(3), Decimal(100), Decimal("0.00000001"))
        # A third of 1e-8 rounds to 0; two thirds of what is left, 0.5e-8 of 1e-8 for one of two, rounds half-even to 0.
        results = [ledger.close("BTC/USDT", Decimal(1), Decimal(101), Decimal(0)).result for _ in range(3)]
        self.assertEqual([Decimal(1), Decimal(1), Decimal("0.99999999")], results)
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
        for symbol, sign, quantity in (
            ("BTC/USDT", -1, 1),
            ("BTC/USDT", 1, 0),
            ("BTC/USDT", 1, -1),
            ("ETH/USDT", 0, 1),
            ("ETH/USDT", 2, 1),
            ("ETH/USDT", 1, 0),
        ):
            with self.subTest(symbol, sign=sign, quantity=quantity), self.assertRaises(InvariantError):
                ledger.open(symbol, sign, Decimal(quantity), Decimal(100), Decimal(0))
        for quantity in (Decimal(0), Decimal(-1), Decimal("2.00000001")):
            with self.subTest(quantity=quantity), self.assertRaises(InvariantError):
                ledger.close("BTC/USDT", quantity, Decimal(100), Decimal(0))
        self.assertEqual((before, Decimal(1_000)), (ledger.entries, ledger.balance))


class ScalingIn(unittest.TestCase):
    def test_an_entry_of_the_same_sign_is_added_to_and_keeps_the_exact_cost(self) -> None:
        ledger = Ledger(Decimal(10_000))
        ledger.open("A", 1, Decimal(1), Decimal(100), Decimal("0.1"), Decimal(20))
        entry = ledger.open("A", 1, Decimal(2), Decimal(101), Decimal("0.202"), Decimal("40.4"))
        # 1 x 100 + 2 x 101
        self.assertEqual(
            Entry("A", 1, Decimal(3), None, Decimal(302), Decimal("0.302"), Decimal(0), Decimal("60.4")), entry
        )
        self.assertEqual("100.666666667", str(entry.average_price()))

    def test_entries_at_one_price_stay_exact_whatever_the_quantities(self) -> None:
        ledger = Ledger(Decimal(10_000))
        ledger.open("A", 1, Decimal(1), Decimal("100.01"), Decimal(0))
        ledger.open("A", 1, Decimal("0.0003"), Decimal("100.01"), Decimal(0))
        part = ledger.close("A", Decimal("0.000100001"), Decimal("100.02"), Decimal(0))
        # 0.01 x 0.000100001, all of its digits
        self.assertEqual(Decimal("0.00000100001"), part.result)
        self.assertEqual(Decimal("100.01"), ledger.entries["A"].average_price())

    def test_an_inexact_average_is_rounded_half_even_and_the_rest_stays_with_the_rest(self) -> None:
        for sign, results in ((1, ("9.33333333", "18.66666667")), (-1, ("-9.33333333", "-18.66666667"))):
            ledger = Ledger(Decimal(10_000))
            ledger.open("A", sign, Decimal(1), Decimal(100), Decimal(0))
            ledger.open("A", sign, Decimal(2), Decimal(101), Decimal(0))
            # 302 / 3 = 100.666666666..., rounded 100.66666667; 201.33333333 stays with the other two.
            first = ledger.close("A", Decimal(1), Decimal(110), Decimal(0))
            self.assertEqual((Decimal("100.66666667"), Decimal(results[0])), (first.cost, first.result))
            self.assertEqual(Decimal("201.33333333"), ledger.entries["A"].cost)
            last = ledger.close("A", Decimal(2), Decimal(110), Decimal(0))
            self.assertEqual((Decimal("201.33333333"), Decimal(results[1])), (last.cost, last.result))
            # 330 - 302
            self.assertEqual(28 * sign, ledger.realized_pnl)

    def test_halves_of_the_eighth_digit_of_a_cost_go_to_the_even_one(self) -> None:
        # Half of 0.00000003 is 1.5e-8: to 2e-8. Half of 0.00000005 is 2.5e-8: to 2e-8.
        for first, second, cost in (("1", "2", "0.00000002"), ("2", "3", "0.00000002")):
            ledger = Ledger(Decimal(1))
            for price in (first, second):
                ledger.open("A", 1, Decimal(1), Decimal(f"{price}E-8"), Decimal(0))
            self.assertEqual(Decimal(cost), ledger.close("A", Decimal(1), Decimal(1), Decimal(0)).cost)

    def test_gross_of_a_part_does_not_change_the_entry(self) -> None:
        ledger = Ledger(Decimal(10_000))
        ledger.open("A", -1, Decimal(1), Decimal(100), Decimal(0))
        entry = ledger.open("A", -1, Decimal(2), Decimal(101), Decimal(0))
        # 302 - 3 x 99, and 100.66666667 - 99
        self.assertEqual(
            (Decimal(5), Decimal("1.66666667")),
            (entry.gross(Decimal(99), Decimal(3)), entry.gross(Decimal(99), Decimal(1))),
        )
        self.assertIs(entry, ledger.entries["A"])


class FundingAndMargin(unittest.TestCase):
    def test_funding_stays_with_the_entry_until_its_close(self) -> None:
        ledger = Ledger(Decimal(10_000))
        ledger.open("A", 1, Decimal(3), Decimal(100), Decimal("0.3"), Decimal(100))
        ledger.fund("A", Decimal("-0.1"))
        entry = ledger.fund("A", Decimal("0.00000001"))
        self.assertEqual((Decimal("-0.09999999"), Decimal(10_000)), (entry.funding, ledger.balance))
        # A third of everything: funding -0.03333333 (-0.0333333300), commission 0.1, margin 33.33333333.
        part = ledger.close("A", Decimal(1), Decimal(110), Decimal("0.11"))
        self.assertEqual(
            ClosedPart(
                gross=Decimal(10),
                entry_commission=Decimal("0.1"),
                funding=Decimal("-0.03333333"),
                margin=Decimal("33.33333333"),
                cost=Decimal(100),
                result=Decimal("9.75666667"),
            ),
            part,
        )
        rest = ledger.entries["A"]
        self.assertEqual((Decimal("-0.06666666"), Decimal("66.66666667")), (rest.funding, rest.margin))
        # 20 - 0.2 - 0.06666666 - 0.22
        self.assertEqual(Decimal("19.51333334"), ledger.close("A", Decimal(2), Decimal(110), Decimal("0.22")).result)
        self.assertEqual(Decimal("10029.27000001"), ledger.balance)

    def test_an_add_keeps_the_funding(self) -> None:
        ledger = Ledger(Decimal(10_000))
        ledger.open("A", 1, Decimal(1), Decimal(100), Decimal(0))
        ledger.fund("A", Decimal(5))
        self.assertEqual(5, ledger.open("A", 1, Decimal(1), Decimal(100), Decimal(0)).funding)
        self.assertEqual(Decimal("2.5"), ledger.close("A", Decimal(1), Decimal(100), Decimal(0)).result)

    def test_only_an_open_entry_is_funded_or_closed(self) -> None:
        ledger = Ledger(Decimal(10_000))
        with self.assertRaises(KeyError):
            ledger.fund("A", Decimal(1))
        with self.assertRaises(KeyError):
            ledger.close("A", Decimal(1), Decimal(1), Decimal(0))


class LedgerTakesNoFloat(unittest.TestCase):
    def test_every_number_of_every_method_is_refused_unless_it_is_a_finite_decimal_or_integer(self) -> None:
        for wrong in NO_EXACT_NUMBERS:
            with self.subTest(wrong=wrong):
                with self.assertRaises(InvariantError):
                    Ledger(wrong)  # type: ignore[arg-type]
                ledger = Ledger(Decimal(1_000))
                ledger.open("BTC/USDT", 1, Decimal(1), Decimal(100), Decimal(0))
                before = dict(ledger.entries)
                numbers = [1, Decimal(1), Decimal(100), Decimal(0), Decimal(0)]
                for place in range(5):
                    given = [*numbers[:place], wrong, *numbers[place + 1 :]]
                    for symbol in ("BTC/USDT", "ETH/USDT"):
                        with self.assertRaises(InvariantError):
                            ledger.open(symbol, *given)  # type: ignore[arg-type]
                    if 0 < place < 4:
                        with self.assertRaises(InvariantError):
                            ledger.close("BTC/USDT", *given[1:4])  # type: ignore[arg-type]
                with self.assertRaises(InvariantError):
                    ledger.fund("BTC/USDT", wrong)  # type: ignore[arg-type]
                self.assertEqual((before, Decimal(1_000)), (ledger.entries, ledger.balance))

    def test_integers_are_exact(self) -> None:
        ledger = Ledger(Decimal(1_000))
        ledger.open("BTC/USDT", 1, Decimal(3), Decimal(100), Decimal(0))
        self.assertEqual(30, ledger.close("BTC/USDT", 3, 110, 0).result)  # type: ignore[arg-type]


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
            results.append(ledger.close("BTC/USDT", closed, exit_price, exit_cost).result)
            expected += sign * (Fraction(exit_price) - Fraction(entry)) * Fraction(closed) - Fraction(exit_cost)
            share = to_1e8(Fraction(cost) * Fraction(closed) / Fraction(quantity))
            expected -= share
            self.assertEqual(expected, Fraction(ledger.balance))
            if closed < quantity:
                results.append(ledger.close("BTC/USDT", quantity - closed, entry, Decimal(0)).result)
                expected -= Fraction(cost) - share
                self.assertEqual(expected, Fraction(ledger.balance))
        self.assertEqual(Fraction(ledger.realized_pnl), sum(map(Fraction, results), Fraction(0)))

    @settings(max_examples=scaled(100, 5_000), deadline=None)
    @given(
        st.sampled_from((1, -1)),
        st.lists(st.tuples(QUANTITIES, PRICES, COSTS, COSTS), min_size=1, max_size=4),
        st.lists(st.tuples(QUANTITIES, PRICES, COSTS, st.decimals(-5, 5, places=8)), min_size=1, max_size=4),
    )
    def test_parts_of_what_was_added_up_carry_everything_and_no_more(self, sign: int, adds: list, parts: list) -> None:
        ledger = Ledger(Decimal(10_000))
        for quantity, price, cost, margin in adds:
            ledger.open("A", sign, quantity, price, cost, margin)
        held = sum(Fraction(quantity) for quantity, *_ in adds)
        cost = sum(Fraction(quantity) * Fraction(price) for quantity, price, *_ in adds)
        paid = sum(Fraction(one) for *_, one, _ in adds)
        margin = sum(Fraction(one) for *_, one in adds)
        same_price = len({price for _, price, *_ in adds}) == 1
        funding = Fraction(0)
        for quantity, price, commission, amount in parts:
            if "A" not in ledger.entries:
                break
            ledger.fund("A", amount)
            funding += Fraction(amount)
            closed = min(quantity, ledger.entries["A"].quantity)
            share = Fraction(closed) / held
            whole = share == 1
            part = ledger.close("A", closed, price, commission)
            for got, all_of_it in ((part.entry_commission, paid), (part.funding, funding), (part.margin, margin)):
                self.assertEqual(all_of_it if whole else to_1e8(all_of_it * share), Fraction(got))
            self.assertEqual(cost * share if whole or same_price else to_1e8(cost * share), Fraction(part.cost))
            gross = sign * (Fraction(price) * Fraction(closed) - Fraction(part.cost))
            self.assertEqual(gross, Fraction(part.gross))
            carried = Fraction(part.funding) - Fraction(part.entry_commission) - Fraction(commission)
            self.assertEqual(gross + carried, Fraction(part.result))
            held, cost = held - Fraction(closed), cost - Fraction(part.cost)
            paid, funding = paid - Fraction(part.entry_commission), funding - Fraction(part.funding)
            margin -= Fraction(part.margin)
            rest = ledger.entries.get("A")
            kept = (
                (0, 0, 0, 0, 0)
                if rest is None
                else (rest.quantity, rest.cost, rest.commission, rest.funding, rest.margin)
            )
            self.assertEqual([held, cost, paid, funding, margin], [Fraction(one) for one in kept])


class TradeResults(unittest.TestCase):
    def test_the_type_given_is_the_type_returned(self) -> None:
        for kind in (float, int, Decimal):
            result = apply_trade_result(kind(100), kind(7), kind(2), kind(1))
            self.assertEqual((kind(104), kind), (result, type(result)))
            self.assertEqual(kind(107), apply_trade_result(kind(100), kind(7)))
        self.assertEqual(Decimal("103.5"), apply_trade_result(Decimal(100), Decimal("4.5"), 1))

    def test_a_decimal_balance_loses_no_digit(self) -> None:
        exact = Decimal("99999999999999999999.99999999999999999999")
        self.assertEqual(exact, apply_trade_result(Decimal("1e20"), Decimal(0), Decimal("1e-20")))


if __name__ == "__main__":
    unittest.main()
