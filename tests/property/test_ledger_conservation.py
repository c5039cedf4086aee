"""Conservation of money: in the account itself, and on drawn markets read from the logs' text alone."""

import csv
import decimal
import io
import itertools
import unittest
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.candle import FundingRate
from core.events import Fill, Recorder
from core.orders import OrderType
from execution.costs.commission import FractionCommission
from execution.costs.fill_pricing import FillPricing
from execution.costs.slippage import FractionSlippage
from execution.costs.spread import NoSpread
from execution.matching.venue_rules import PerpetualRules
from execution.money.account import Account
from execution.money.margin import MarginTable
from execution.orders.order import Order
from tests.property.test_kernel_against_slow_model import run_kernel_on
from tests.support.oracles.market_cases import cases
from tests.support.oracles.slow_model import Case
from tests.support.runs.kernel_runs import KernelRun
from tests.support.scale import scaled

ZERO = Decimal(0)
SYMBOLS = ("A", "B")


@dataclass(frozen=True)
class Event:
    """Something that happens to a symbol: an entry, a part closed, a payment; each kind reads what it needs."""

    kind: str
    symbol: str
    sign: int
    quantity: Decimal
    price: Decimal
    cost: Decimal
    share: int


EVENTS = st.builds(
    Event,
    kind=st.sampled_from(("enter", "enter", "leave", "fund")),
    symbol=st.sampled_from(SYMBOLS),
    sign=st.sampled_from((1, -1)),
    quantity=st.decimals(Decimal("0.00000001"), 1_000, places=8),
    price=st.decimals(Decimal("0.0001"), 100_000, places=4),
    cost=st.decimals(Decimal("-0.05"), 5, places=8),
    share=st.integers(1, 10),
)


def fill_of(event: Event, sign: int, quantity: Decimal, time_ms: int) -> Fill:
    """Return the fill of an event."""
    return Fill(event.symbol, sign, quantity, event.price, event.price, event.cost, time_ms)


class AccountConservation(unittest.TestCase):
    """Random entries, adds, parts and funding on an account with margin, and on one without."""

    @settings(max_examples=scaled(80, 5_000), deadline=None)
    @given(st.lists(EVENTS, max_size=25), st.sampled_from((None, "1", "3", "7")))
    def test_every_account_adds_up_after_every_event_and_nothing_stays_where_nothing_is_open(
        self, events: list[Event], leverage: str | None
    ) -> None:
        account = self.account(leverage)
        realized, paid, received = ZERO, ZERO, ZERO
        with decimal.localcontext() as exact:
            exact.prec = 200
            for number, event in enumerate([*events, *(self.last(symbol) for symbol in SYMBOLS)]):
                holding = account.holdings.get(event.symbol)
                if event.kind == "enter":
                    sign = event.sign if holding is None else holding.sign
                    order = Order(
                        event.symbol, sign, OrderType.MARKET, event.quantity, "order", client_order_id=str(number)
                    )
                    account.enter(fill_of(event, sign, event.quantity, number), order)
                    paid += event.cost
                elif holding is None:
                    continue
                elif event.kind == "fund":
                    received += account.fund(event.symbol, event.price, event.cost, number)
                else:
                    held = holding.entry.quantity
                    part = held if event.share == 10 else min(held, event.quantity)
                    sign = -holding.sign
                    order = Order(event.symbol, sign, OrderType.MARKET, part, "order", order_id=str(number))
                    row = account.leave(fill_of(event, sign, part, number), order)
                    realized += row.realized_pnl
                    paid += event.cost
                self.check(account, realized, paid, received)
            self.assertEqual({}, account.holdings)
            self.assertEqual(realized, sum((trade.realized_pnl for trade in account.closed), ZERO))
            gross = sum((trade.gross_pnl for trade in account.closed), ZERO)
            self.assertEqual(gross - paid + received, realized)

    def account(self, leverage: str | None) -> Account:
        perpetual = None
        if leverage is not None:
            table = MarginTable.flat(Decimal("0.01"))
            perpetual = PerpetualRules(dict.fromkeys(SYMBOLS, Decimal(leverage)), dict.fromkeys(SYMBOLS, table))
        pricing = FillPricing(FractionCommission(ZERO), FractionSlippage(ZERO), NoSpread(), {})
        account = Account(Decimal(10_000), pricing, Recorder(), perpetual)
        account.begin(0)
        return account

    def last(self, symbol: str) -> Event:
        """The whole close with which every sequence ends."""
        return Event("leave", symbol, 1, Decimal(1), Decimal(100), Decimal("0.1"), 10)

    def check(self, account: Account, realized: Decimal, paid: Decimal, received: Decimal) -> None:
        balances, ledger = account.postings.balances, account.ledger
        self.assertEqual(0, sum(balances.values(), ZERO))
        self.assertEqual(Decimal(10_000) + realized, ledger.balance)
        margins = sum((balances.get(f"margin:{symbol}", ZERO) for symbol in SYMBOLS), ZERO)
        self.assertEqual(ledger.balance, balances["cash"] + margins)
        self.assertEqual((paid, -received), (balances.get("commission", ZERO), balances.get("funding", ZERO)))
        for symbol in SYMBOLS:
            entry = ledger.entries.get(symbol)
            held = (ZERO, ZERO) if entry is None else (entry.margin, entry.funding - entry.commission)
            self.assertEqual(held, (balances.get(f"margin:{symbol}", ZERO), balances.get(f"accrued:{symbol}", ZERO)))


class LedgerConservation(unittest.TestCase):
    @settings(max_examples=scaled(70, 5_000), deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases())
    def test_every_digit_of_every_balance_follows_from_the_rows(self, case: Case) -> None:
        run = run_kernel_on(case)
        with decimal.localcontext() as exact:
            exact.prec = 200
            self._follow(case, run)

    def _follow(self, case: Case, run: KernelRun) -> None:
        rows = list(csv.DictReader(io.StringIO(run.trades.decode())))
        start = balance = Decimal(repr(float(case.settings["starting_balance"])))
        held: dict[str, dict[str, str]] = {}
        left: dict[str, tuple[Decimal, Decimal]] = {}
        last_time: dict[str, str] = {}
        for row in rows:
            symbol, price, quantity = row["symbol"], Decimal(row["price"]), Decimal(row["quantity"])
            self.assertGreaterEqual(row["timestamp"], last_time.get(symbol, ""))
            last_time[symbol] = row["timestamp"]
            if row["action"] == "OPEN":
                self.assertNotIn(symbol, held)
                self.assertEqual("0", row["realized_pnl"])
                held[symbol], left[symbol] = row, (quantity, Decimal(row["commission"]))
            else:
                entry, (rest, paid) = held[symbol], left[symbol]
                self.assertEqual(entry["side"], row["side"])
                self.assertLessEqual(quantity, rest)
                # A part carries its share of the entry's commission, rounded half-even; the last one what is left.
                share = paid if quantity == rest else (paid * quantity / rest).quantize(Decimal("1e-8"))
                left[symbol] = rest - quantity, paid - share
                if quantity == rest:
                    del held[symbol]
                gross = (price - Decimal(entry["price"])) * quantity * (1 if row["side"] == "LONG" else -1)
                result = gross - share - Decimal(row["commission"])
                self.assertEqual(result, Decimal(row["realized_pnl"]))
                balance += result
            # Opening moves no cash; closing moves exactly the result.
            self.assertEqual(balance, Decimal(row["balance"]))
            self.assertEqual(Decimal(row["equity"]), balance + Decimal(row["unrealized_pnl"]))
            if not held:
                self.assertEqual(balance, Decimal(row["equity"]))
        self.assertEqual({}, held, "an OPEN without its CLOSE")
        self.assertEqual(balance - start, sum((Decimal(row["realized_pnl"]) for row in rows), Decimal(0)))
        self.assertEqual(balance, run.session.account.balance)
        opened = [row["order_id"] for row in rows]
        self.assertEqual(len(opened), len(set(opened)))


LADDERS = (
    (),
    ({"fraction": 0.5, "distance": 0.5}, {"fraction": 0.5, "distance": 1.0}),
    ({"fraction": 0.3, "distance": 0.5}, {"fraction": 0.3, "distance": 1.0}, {"fraction": 0.2, "distance": 2.0}),
)

VENUES = st.fixed_dictionaries(
    {
        "intrabar": st.sampled_from(("pessimistic", "optimistic", "ohlc", "olhc")),
        "limit_fill": st.sampled_from(("through", "touch", "probability")),
        "volume_cap": st.sampled_from((None, 0.01, 0.5)),
        "max_entries": st.sampled_from((1, 3)),
        "exits": st.fixed_dictionaries({"ladder": st.sampled_from(LADDERS), "max_holding": st.sampled_from((None, 5))}),
        "perpetual": st.none()
        | st.fixed_dictionaries({"leverage": st.sampled_from((1.0, 5.0, 20.0)), "liquidation_fee": st.just(0.005)}),
        "commission": st.sampled_from(({}, {"maker": -0.0001})),
    }
)
RATES = st.lists(st.tuples(st.integers(0, 40), st.sampled_from((0.0001, -0.0003, 0.02))), max_size=6)


class VenueConservation(unittest.TestCase):
    """The same with everything the venue can do: parts, adds, partial fills, margin, funding, liquidation."""

    @settings(max_examples=scaled(70, 5_000), deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases(), VENUES, RATES)
    def test_trades_and_journal_tell_one_story_to_the_last_digit(
        self, case: Case, venue: dict[str, object], rates: list[tuple[int, float]]
    ) -> None:
        flat = {**case.settings, **venue}
        if flat["limit_fill"] == "probability":
            flat["limit_fill_seed"] = 3
        due = [FundingRate(case.start_ms + slot * case.timeframe_ms, rate) for slot, rate in sorted(rates)]
        funding = None if venue["perpetual"] is None else {case.symbols[0]: due}
        run = run_kernel_on(case, flat, funding)
        with decimal.localcontext() as exact:
            exact.prec = 200
            start = Decimal(repr(float(case.settings["starting_balance"])))
            self.follow_trades(run, start)
            self.follow_journal(run, start)

    def follow_trades(self, run: KernelRun, balance: Decimal) -> None:
        held: dict[str, Decimal] = {}
        sides: dict[str, str] = {}
        for row in run.rows:
            symbol, quantity = row["symbol"], Decimal(row["quantity"])
            self.assertGreater(quantity, 0)
            if row["action"] == "OPEN":
                self.assertEqual(row["side"], sides.setdefault(symbol, row["side"]))
                self.assertEqual("0", row["realized_pnl"])
                held[symbol] = held.get(symbol, ZERO) + quantity
            else:
                self.assertEqual(row["side"], sides[symbol])
                held[symbol] -= quantity
                self.assertGreaterEqual(held[symbol], 0)
                if not held[symbol]:
                    del held[symbol], sides[symbol]
            balance += Decimal(row["realized_pnl"])
            self.assertEqual(balance, Decimal(row["balance"]))
            self.assertEqual(Decimal(row["equity"]), balance + Decimal(row["unrealized_pnl"]))
        self.assertEqual({}, held)
        self.assertEqual(balance, run.session.account.balance)

    def follow_journal(self, run: KernelRun, start: Decimal) -> None:
        accounts: dict[str, Decimal] = {}
        fills = iter(run.rows)
        for number, (_, group) in enumerate(itertools.groupby(run.postings, key=lambda row: row["transaction"]), 1):
            rows = list(group)
            self.assertEqual({str(number)}, {row["transaction"] for row in rows})
            self.assertEqual(0, sum((Decimal(row["amount"]) for row in rows), ZERO))
            for row in rows:
                self.assertNotEqual("0", row["amount"])
                accounts[row["account"]] = accounts.get(row["account"], ZERO) + Decimal(row["amount"])
                self.assertEqual(accounts[row["account"]], Decimal(row["balance"]))
            if rows[0]["event"] not in ("start", "funding"):
                # A fill that moves no money (no costs, no profit) has no transaction.
                moved = (rows[0]["order_id"], rows[0]["timestamp"])
                fill = next(one for one in fills if (one["order_id"], one["timestamp"]) == moved)
                margins = sum((value for name, value in accounts.items() if name.startswith("margin:")), ZERO)
                self.assertEqual(Decimal(fill["balance"]), accounts["cash"] + margins)
        self.assertEqual(0, sum(accounts.values(), ZERO))
        for name, value in accounts.items():
            if name.startswith(("margin:", "accrued:")):
                self.assertEqual(0, value, name)
        if accounts:
            self.assertEqual(-start, accounts["capital"])
            self.assertEqual(run.session.account.balance, accounts["cash"])


if __name__ == "__main__":
    unittest.main()
