"""The double-entry journal: rows by hand, and the balances of random accounts read back from the text."""

import csv
import hashlib
import io
import unittest
from collections import defaultdict
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvariantError
from core.events import Fill
from engine.renderer import SessionOutputs
from execution.money.ledger import ClosedPart
from execution.money.postings import Postings
from tests.support.scale import scaled

ZERO = Decimal(0)
HEADER = "timestamp,transaction,event,order_id,symbol,account,amount,balance"
MONEY = st.decimals(-(10**6), 10**6, places=8)
Row = dict[str, str]


def fill(time_ms: int, symbol: str, commission: Decimal) -> Fill:
    """Return a fill of which only what is posted counts."""
    return Fill(symbol, 1, Decimal(1), Decimal(1), Decimal(1), commission, time_ms)


class Book:
    """A journal and the bytes it wrote."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.outputs = SessionOutputs(ledger=self.written.append)
        self.postings = Postings(self.outputs.render)

    def text(self) -> str:
        return b"".join(self.written).decode()

    def rows(self) -> list[Row]:
        return list(csv.DictReader(io.StringIO(self.text(), newline="")))

    def close(self, time_ms: int = 0, symbol: str = "S", **amounts: str) -> None:
        names = ("gross", "entry_commission", "funding", "margin")
        part = ClosedPart(**{name: Decimal(amounts.get(name, 0)) for name in names}, cost=ZERO, result=ZERO)
        self.postings.closed(fill(time_ms, symbol, Decimal(amounts.get("commission", 0))), "9", part)

    def open(self, time_ms: int, order_id: str, symbol: str, margin: Decimal, commission: Decimal) -> None:
        self.postings.opened(fill(time_ms, symbol, commission), order_id, margin)


class RowsByHand(unittest.TestCase):
    def test_a_leveraged_round_trip_with_funding(self) -> None:
        book = Book()
        book.postings.start(0, Decimal(1000))
        book.open(60_000, "1", "BTC/USDT", Decimal(200), Decimal("0.5"))
        book.postings.funded(120_000, "BTC/USDT", Decimal("-0.1"))
        book.close(
            180_000, "BTC/USDT", gross="12.3", commission="0.55", entry_commission="0.5", funding="-0.1", margin="200"
        )
        # cash at the end: 1000 + 12.3 − 0.55 − 0.5 − 0.1 = 1011.15
        expected = f"""{HEADER}
1970-01-01T00:00:00.000Z,1,start,,,cash,1000,1000
1970-01-01T00:00:00.000Z,1,start,,,capital,-1000,-1000
1970-01-01T00:01:00.000Z,2,open,1,BTC/USDT,margin:BTC/USDT,200,200
1970-01-01T00:01:00.000Z,2,open,1,BTC/USDT,cash,-200,800
1970-01-01T00:01:00.000Z,2,open,1,BTC/USDT,commission,0.5,0.5
1970-01-01T00:01:00.000Z,2,open,1,BTC/USDT,accrued:BTC/USDT,-0.5,-0.5
1970-01-01T00:02:00.000Z,3,funding,,BTC/USDT,accrued:BTC/USDT,-0.1,-0.6
1970-01-01T00:02:00.000Z,3,funding,,BTC/USDT,funding,0.1,0.1
1970-01-01T00:03:00.000Z,4,close,9,BTC/USDT,margin:BTC/USDT,-200,0
1970-01-01T00:03:00.000Z,4,close,9,BTC/USDT,cash,200,1000
1970-01-01T00:03:00.000Z,4,close,9,BTC/USDT,cash,12.3,1012.3
1970-01-01T00:03:00.000Z,4,close,9,BTC/USDT,realized_pnl,-12.3,-12.3
1970-01-01T00:03:00.000Z,4,close,9,BTC/USDT,commission,0.55,1.05
1970-01-01T00:03:00.000Z,4,close,9,BTC/USDT,cash,-0.55,1011.75
1970-01-01T00:03:00.000Z,4,close,9,BTC/USDT,accrued:BTC/USDT,0.5,-0.1
1970-01-01T00:03:00.000Z,4,close,9,BTC/USDT,cash,-0.5,1011.25
1970-01-01T00:03:00.000Z,4,close,9,BTC/USDT,accrued:BTC/USDT,0.1,0
1970-01-01T00:03:00.000Z,4,close,9,BTC/USDT,cash,-0.1,1011.15
"""
        self.assertEqual(expected, book.text())
        book.postings.require_flat("BTC/USDT")

    def test_amounts_of_zero_have_no_row_and_their_transaction_no_number(self) -> None:
        book = Book()
        book.postings.start(0, Decimal(10))
        book.open(0, "1", "S", ZERO, ZERO)
        book.close(gross="0.0")
        book.open(0, "2", "S", ZERO, Decimal(1))
        self.assertEqual(
            [("1", "cash"), ("1", "capital"), ("2", "commission"), ("2", "accrued:S")],
            [(row["transaction"], row["account"]) for row in book.rows()],
        )

    def test_a_liquidation_is_named(self) -> None:
        book = Book()
        part = ClosedPart(Decimal(-5), ZERO, ZERO, ZERO, ZERO, ZERO)
        book.postings.closed(fill(0, "S", ZERO), "3", part, "liquidation")
        self.assertEqual(
            [("liquidation", "cash", "-5"), ("liquidation", "realized_pnl", "5")],
            [(row["event"], row["account"], row["amount"]) for row in book.rows()],
        )

    def test_a_rebate_is_a_credit_of_the_commission_account(self) -> None:
        book = Book()
        book.open(0, "1", "S", ZERO, Decimal("-0.25"))
        self.assertEqual({"commission": Decimal("-0.25"), "accrued:S": Decimal("0.25")}, book.postings.balances)

    def test_decimals_are_plain(self) -> None:
        book = Book()
        book.postings.start(0, Decimal("1E+3"))
        book.open(0, "1", "S", Decimal("1.50E-7"), ZERO)
        self.assertEqual(
            [("1000", "1000"), ("-1000", "-1000"), ("0.00000015", "0.00000015"), ("-0.00000015", "999.99999985")],
            [(row["amount"], row["balance"]) for row in book.rows()],
        )

    def test_names_that_need_quotes_are_quoted_as_the_csv_module_does(self) -> None:
        for symbol in ("A,B", 'say "hi"', "two\nlines", "BTC/USDT:USDT", "ä b"):
            book = Book()
            book.open(0, symbol, symbol, Decimal(2), ZERO)
            self.assertEqual([symbol] * 2, [row["order_id"] for row in book.rows()])
            fields = list(csv.reader(io.StringIO(book.text(), newline="")))
            again = io.StringIO()
            csv.writer(again, lineterminator="\n").writerows(fields)
            self.assertEqual(again.getvalue(), book.text())
            self.assertEqual(f"margin:{symbol}", fields[1][5])


class Writing(unittest.TestCase):
    def test_the_hash_is_that_of_the_bytes(self) -> None:
        book = Book()
        self.assertEqual(HEADER + "\n", book.text())
        for balance in (1, 2):
            book.postings.start(0, Decimal(balance))
            self.assertEqual(hashlib.sha256(book.text().encode()).hexdigest(), book.outputs.ledger.sha256)

    def test_without_a_sink_the_hash_is_the_same(self) -> None:
        book, silent = Book(), SessionOutputs()
        for postings in (book.postings, Postings(silent.render)):
            postings.opened(fill(0, "S", Decimal(1)), "1", Decimal(5))
        self.assertEqual(book.outputs.ledger.sha256, silent.ledger.sha256)

    def test_a_transaction_is_written_at_once(self) -> None:
        book = Book()
        book.open(0, "1", "S", Decimal(5), Decimal(1))
        self.assertEqual(2, len(book.written))


class Guards(unittest.TestCase):
    def test_what_is_no_number_is_an_invariant_broken_and_changes_nothing(self) -> None:
        book = Book()
        book.postings.start(0, Decimal(10))
        before = (book.text(), dict(book.postings.balances))
        with self.assertRaises(InvariantError):
            book.open(0, "1", "S", Decimal(1), Decimal("NaN"))
        self.assertEqual(before, (book.text(), book.postings.balances))

    def test_a_closed_position_with_something_left_is_an_invariant_broken(self) -> None:
        book = Book()
        book.postings.require_flat("S")
        book.open(0, "1", "S", Decimal(5), Decimal(1))
        book.close(margin="5", entry_commission="0.99999999")
        with self.assertRaisesRegex(InvariantError, r"accrued:S holds -0\.00000001"):
            book.postings.require_flat("S")
        book.close(entry_commission="0.00000001")
        book.postings.require_flat("S")
        book.open(0, "1", "S", Decimal(5), ZERO)
        with self.assertRaisesRegex(InvariantError, "margin:S holds 5"):
            book.postings.require_flat("S")


class RandomAccounts(unittest.TestCase):
    @settings(max_examples=scaled(60, 2_000), deadline=None)
    @given(
        st.lists(
            st.tuples(st.sampled_from(("opened", "funded", "closed")), st.sampled_from("AB"), *[MONEY] * 5), max_size=25
        )
    )
    def test_every_transaction_adds_up_to_zero_and_every_balance_is_its_accounts_sum(
        self, steps: list[tuple[str, str, Decimal, Decimal, Decimal, Decimal, Decimal]]
    ) -> None:
        book = Book()
        book.postings.start(0, Decimal(10_000))
        balance = Decimal(10_000)
        for kind, symbol, one, two, three, four, five in steps:
            if kind == "opened":
                book.open(0, "1", symbol, one, two)
            elif kind == "funded":
                book.postings.funded(0, symbol, one)
            else:
                part = ClosedPart(one, three, four, five, ZERO, ZERO)
                book.postings.closed(fill(0, symbol, two), "2", part)
                balance += one - two - three + four
        transactions: dict[str, Decimal] = defaultdict(Decimal)
        accounts: dict[str, Decimal] = defaultdict(Decimal)
        for row in book.rows():
            transactions[row["transaction"]] += Decimal(row["amount"])
            accounts[row["account"]] += Decimal(row["amount"])
            self.assertEqual(accounts[row["account"]], Decimal(row["balance"]))
            self.assertNotEqual(0, Decimal(row["amount"]))
        self.assertEqual({ZERO}, set(transactions.values()))
        self.assertEqual([str(number + 1) for number in range(len(transactions))], list(transactions))
        self.assertEqual(dict(accounts), book.postings.balances)
        # What the trade log calls the balance: cash and what positions hold of it.
        held = sum((amount for account, amount in accounts.items() if account.startswith("margin:")), ZERO)
        self.assertEqual(balance, accounts["cash"] + held)


if __name__ == "__main__":
    unittest.main()
