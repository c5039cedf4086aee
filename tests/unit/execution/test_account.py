"""The account: rows, closed trades and the ledger's journal of every kind of event, to the digit."""

import unittest
from decimal import Decimal

from core.events import Fill
from core.orders import OrderType
from execution.matching.venue_rules import PerpetualRules
from execution.money.margin import MarginTable
from execution.orders.order import Order
from tests.support.runs.paper_venue import SYMBOL, PaperVenue, rungs

PERPETUAL = PerpetualRules({SYMBOL: Decimal(3)}, {SYMBOL: MarginTable.flat(Decimal("0.01"))}, Decimal("0.01"))


def body(venue: PaperVenue, since: int = 0) -> list[str]:
    """Return the journal's rows without time, symbol and the columns that do not change, from a transaction on."""
    lines = []
    for line in venue.ledger_text.splitlines()[1:]:
        _, number, event, order_id, _, account, amount, balance = line.split(",")
        if int(number) >= since:
            lines.append(f"{number} {event} {order_id} {account} {amount} {balance}")
    return lines


def fill(sign: int, quantity: int, price: str, time_ms: int) -> Fill:
    """Return a fill without costs."""
    return Fill(SYMBOL, sign, Decimal(quantity), Decimal(price), Decimal(price), Decimal(0), time_ms)


def leaving(quantity: int) -> Order:
    """Return an order that sells."""
    return Order(SYMBOL, -1, OrderType.MARKET, Decimal(quantity), "order", order_id="9", exit_reason="t")


class LedgerJournal(unittest.TestCase):
    def test_a_spot_round_trip(self) -> None:
        venue = PaperVenue(taker="0.001")
        venue.enter("BUY", 2.0)
        venue.submit("SELL", "MARKET", 2.0)
        venue.flat(110.0)
        self.assertEqual(
            [
                "1 start  cash 10000 10000",
                "1 start  capital -10000 -10000",
                "2 open 1 commission 0.2 0.2",
                "2 open 1 accrued:A/USDT -0.2 -0.2",
                "3 close 2 cash 20 10020",
                "3 close 2 realized_pnl -20 -20",
                "3 close 2 commission 0.22 0.42",
                "3 close 2 cash -0.22 10019.78",
                "3 close 2 accrued:A/USDT 0.2 0",
                "3 close 2 cash -0.2 10019.58",
            ],
            body(venue),
        )
        self.assertEqual(Decimal("10019.58"), venue.trader.account.ledger.balance)
        first = venue.ledger_text.splitlines()[:3]
        self.assertEqual("timestamp,transaction,event,order_id,symbol,account,amount,balance", first[0])
        self.assertEqual("1970-01-01T00:00:00.000Z,1,start,,,cash,10000,10000", first[1])

    def test_a_leveraged_position_with_funding_and_parts(self) -> None:
        venue = PaperVenue(taker="0.001", perpetual=PERPETUAL, ladder=rungs(("0.5", "1"), ("0.5", "2")))
        venue.enter("BUY", 1.0, stop_distance=5.0)
        venue.trader.account.fund(SYMBOL, Decimal(100), Decimal("0.0001"), venue.now_ms)
        venue.play(100, 106, 100, 106)
        self.assertEqual(
            [
                # 100 / 3 and 0.1
                "2 open 1 margin:A/USDT 33.33333333 33.33333333",
                "2 open 1 cash -33.33333333 9966.66666667",
                "2 open 1 commission 0.1 0.1",
                "2 open 1 accrued:A/USDT -0.1 -0.1",
                "3 funding  accrued:A/USDT -0.01 -0.11",
                "3 funding  funding 0.01 0.01",
                # Half at 105: margin 16.666666665 to the even digit, gross 2.5, entry's 0.05, funding -0.005.
                "4 close 2 margin:A/USDT -16.66666666 16.66666667",
                "4 close 2 cash 16.66666666 9983.33333333",
                "4 close 2 cash 2.5 9985.83333333",
                "4 close 2 realized_pnl -2.5 -2.5",
                "4 close 2 accrued:A/USDT 0.05 -0.06",
                "4 close 2 cash -0.05 9985.78333333",
                "4 close 2 accrued:A/USDT 0.005 -0.055",
                "4 close 2 cash -0.005 9985.77833333",
            ],
            body(venue, 2),
        )
        row = venue.trader.account.rows[-1]
        self.assertEqual(
            (Decimal("2.445"), Decimal("10002.445"), '{"funding":"-0.005","rung":1}'),
            (row.realized_pnl, row.balance, row.metadata),
        )
        venue.play(106, 111, 106, 111)
        balances = venue.trader.account.postings.balances
        self.assertEqual((0, 0), (balances[f"margin:{SYMBOL}"], balances[f"accrued:{SYMBOL}"]))
        # 10000 + 2.5 + 5 - 0.1 - 0.01
        self.assertEqual(Decimal("10007.39"), balances["cash"])

    def test_an_add_sets_aside_its_own_margin(self) -> None:
        venue = PaperVenue(perpetual=PERPETUAL)
        venue.enter("SELL", 1.0)
        venue.enter("SELL", 1.0, at=101.0)
        self.assertEqual(
            [
                "3 open 2 margin:A/USDT 33.66666667 67",
                "3 open 2 cash -33.66666667 9933",
            ],
            body(venue, 3),
        )

    def test_funding_that_is_received_and_a_rebate_have_the_other_sign(self) -> None:
        venue = PaperVenue(maker="-0.001", perpetual=PERPETUAL)
        venue.submit("SELL", "LIMIT", 1.0, price=101.0)
        venue.play(100, 102, 100, 101)
        venue.trader.account.fund(SYMBOL, Decimal(100), Decimal("0.0001"), venue.now_ms)
        self.assertEqual(
            [
                "2 open 1 commission -0.101 -0.101",
                "2 open 1 accrued:A/USDT 0.101 0.101",
                "3 funding  accrued:A/USDT 0.01 0.111",
                "3 funding  funding -0.01 -0.01",
            ],
            body(venue, 2)[2:],
        )
        self.assertEqual(
            (Decimal("0.01"), Decimal(0)),
            (venue.trader.account.funding_net, venue.trader.account.funding_paid),
        )

    def test_the_start_is_posted_once(self) -> None:
        venue = PaperVenue()
        venue.trader.account.begin(0)
        venue.enter("BUY")
        venue.trader.account.begin(5)
        self.assertEqual(2, venue.ledger_text.count(",start,"))


class Rows(unittest.TestCase):
    def test_equity_is_at_the_own_fill_until_a_close_marks_the_position(self) -> None:
        venue = PaperVenue(slippage="0.01")
        venue.submit("BUY", "MARKET", 2.0)
        venue.play(100, 120, 100, 120)
        venue.submit("BUY", "MARKET", 1.0)
        venue.flat(120.0)
        rows = venue.trader.account.rows
        # Bought at 101: unrealised 0 there; at the mark of 120 the two and the added one at 121.2 count.
        self.assertEqual([Decimal(0), Decimal("36.8")], [row.unrealized_pnl for row in rows])
        self.assertEqual([Decimal(10_000), Decimal("10036.8")], [row.equity for row in rows])
        # |101 - 100| x 2 and |121.2 - 120|
        self.assertEqual([Decimal(2), Decimal("1.2")], [row.slippage for row in rows])

    def test_marks_of_what_is_left_stay(self) -> None:
        venue = PaperVenue()
        venue.enter("BUY", 2.0)
        venue.flat(110.0)
        venue.submit("SELL", "MARKET", 1.0)
        venue.flat(105.0)
        row = venue.trader.account.rows[-1]
        # 5 realised; the other one at the mark of the close before, 110.
        self.assertEqual((Decimal(5), Decimal(10), Decimal(10_015)), (row.realized_pnl, row.unrealized_pnl, row.equity))

    def test_funding_is_in_the_result_and_named_only_when_it_is_not_zero(self) -> None:
        for rate, result, metadata in (("0.001", "-0.1", '{"funding":"-0.1"}'), ("0", "0", "{}")):
            venue = PaperVenue(perpetual=PERPETUAL)
            venue.enter("BUY", 1.0)
            venue.trader.account.fund(SYMBOL, Decimal(100), Decimal(rate), venue.now_ms)
            self.assertEqual(Decimal(10_000), venue.trader.account.ledger.balance)
            venue.submit("SELL", "MARKET", 1.0)
            venue.flat()
            row = venue.trader.account.rows[-1]
            self.assertEqual((Decimal(result), metadata), (row.realized_pnl, row.metadata))


class Affordability(unittest.TestCase):
    def test_entries_weigh_by_their_cost_and_a_part_that_is_closed_no_more(self) -> None:
        venue = PaperVenue(balance=1_000.0)
        venue.enter("BUY", 6.0)
        self.assertEqual("NEW", venue.submit("BUY", "LIMIT", 4.01, price=100.5).status.value)
        venue.flat()
        self.assertEqual("insufficient_balance", venue.events()[-1][1])
        venue.submit("SELL", "MARKET", 1.0)
        venue.flat()
        # 5 x 100 and another 5 x 100 of 1,000
        self.assertEqual(10, venue.enter("BUY", 5.0).entry.quantity)

    def test_reaching_the_limit_is_allowed_and_a_billionth_of_it_is_tolerated(self) -> None:
        lots = {"lot_size": Decimal("0.000000001")}
        for quantity, status in ((10.0, "FILLED"), (10.00000001, "FILLED"), (10.000000011, "REJECTED")):
            venue = PaperVenue(balance=1_000.0, instrument=lots)
            order = venue.submit("BUY", "MARKET", quantity)
            venue.flat()
            self.assertEqual(status, order.status.value)


class EquityBetweenMarks(unittest.TestCase):
    """What was added since the last equity counts from the next one on."""

    def unrealized(self, venue: PaperVenue) -> Decimal:
        return venue.trader.account.unrealized_of_marks()

    def test_an_add_is_no_profit_at_the_mark_of_before(self) -> None:
        venue = PaperVenue()
        venue.enter("BUY", 2.0)
        account, book = venue.trader.account, venue.trader.book
        self.assertEqual(Decimal(0), self.unrealized(venue))
        added = Order(SYMBOL, 1, OrderType.MARKET, Decimal(3), "order", client_order_id="more")
        account.enter(fill(1, 3, "150", venue.now_ms), added)
        # 5 at 760: at the mark of 100 that is -260, of which the 3 at 150 are -150 and new.
        self.assertEqual(Decimal(0), self.unrealized(venue))
        # Two of five closed: 3 x 3 / 5 = 1.8 new ones are left, for 450 x 3 / 5 = 270 of the remaining cost.
        account.leave(fill(-1, 2, "100", venue.now_ms), leaving(2))
        cost = account.ledger.entries[SYMBOL].cost
        self.assertEqual(Decimal(100) * (Decimal(3) - Decimal("1.8")) - (cost - 270), self.unrealized(venue))
        venue.flat(100.0)
        self.assertEqual(Decimal(300) - cost, self.unrealized(venue))
        self.assertEqual({}, book.entries)

    def test_a_position_that_is_all_new_stays_so_when_a_part_closes(self) -> None:
        venue = PaperVenue()
        account = venue.trader.account
        order = Order(SYMBOL, 1, OrderType.MARKET, Decimal(3), "order", client_order_id="1")
        holding = account.enter(fill(1, 3, "33.33", venue.now_ms), order)
        holding.mark = 90.0
        account.leave(fill(-1, 1, "40", venue.now_ms), leaving(1))
        self.assertEqual(Decimal(0), self.unrealized(venue))


if __name__ == "__main__":
    unittest.main()
