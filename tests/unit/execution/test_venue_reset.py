"""A venue that was reset trades as one that has just begun: nothing of what it has seen is left."""

import unittest
from decimal import Decimal

from core.candle import Candle, FundingRate
from core.events import Event, OrderTransition, Recorder, TradeRow
from core.instrument import Instrument
from core.orders import OrderRequest, OrderSide, OrderType
from execution.costs.commission import CommissionTier, LiquidityCommission
from execution.costs.fill_pricing import FillPricing
from execution.costs.market_conditions import MarketConditions
from execution.costs.slippage import FractionSlippage
from execution.costs.spread import CorwinSchultzSpread
from execution.matching.paper_venue import PaperVenue
from execution.matching.venue_rules import PerpetualRules, Rung, VenueRules
from execution.money.account_view import AccountView
from execution.money.margin import MarginTable
from execution.scripting.paper_trader import PaperTrader
from tests.support.times import DAY_MS, MINUTE_MS

A = "A"
BAND = Instrument(A, Decimal("0.01"), Decimal("0.1"), band_up=Decimal("1.2"), band_down=Decimal("0.8"))


def venue() -> PaperVenue:
    """Return a venue of which every part learns something."""
    rung = Rung(Decimal("0.5"), Decimal(1))
    return PaperVenue(
        Decimal(100_000),
        FillPricing(
            LiquidityCommission(Decimal(0), Decimal("0.001"), (CommissionTier(Decimal(500), Decimal(0), Decimal(0)),)),
            FractionSlippage(Decimal(0)),
            CorwinSchultzSpread(Decimal(0)),
            {A: BAND},
            {A: MarketConditions(2, 2)},
        ),
        VenueRules(
            volume_cap=Decimal("0.1"),
            ladder=(rung, rung),
            perpetual=PerpetualRules({A: Decimal(5)}, {A: MarginTable.flat(Decimal("0.01"))}),
        ),
        Recorder(),
    )


def play(trader: PaperTrader, first_ms: int, price: float) -> None:
    """Enter with a ladder, meet its first rung, and leave an order, a budget and a payment behind."""
    wanted = OrderRequest(A, OrderSide.BUY, OrderType.MARKET, 8.0, stop_distance=2.0)
    trader.book.submit(wanted, first_ms, last_price=price)
    for minute, high in enumerate((price, price + 3.0, price)):
        start_ms = first_ms + minute * MINUTE_MS
        due = (FundingRate(start_ms + 90_000, 0.01, price),) if minute == 2 else ()
        trader.process_candle(A, Candle(start_ms, price, high, price - 1.0, price, 60.0), MINUTE_MS, None, due)
    resting = OrderRequest(A, OrderSide.SELL, OrderType.LIMIT, 1.0, price=price * 1.1)
    order = trader.book.submit(resting, first_ms + 3 * MINUTE_MS, last_price=price)
    trader.book.amend(order, first_ms + 3 * MINUTE_MS, price=price * 1.15)


class Reset(unittest.TestCase):
    maxDiff = None

    def test_after_a_reset_the_same_orders_and_candles_do_what_they_do_at_a_new_venue(self) -> None:
        told: list[list[Event]] = []
        counts = []
        for used in (False, True):
            trader = PaperTrader.at(venue())
            if used:
                # Another price, and candles that open at the same times, two days before and at the very times.
                play(trader, 0, 200.0)
                play(trader, 2 * DAY_MS - 3 * MINUTE_MS, 200.0)
                trader.reset()
            events: list[Event] = []
            trader.venue.recorder.subscribe(events.append)
            play(trader, 2 * DAY_MS, 100.0)
            told.append([one for one in events if isinstance(one, TradeRow | OrderTransition)])
            view = AccountView(trader.venue)
            counts.append((dict(view.exits), dict(view.rung_fills), view.funding_net, dict(view.ledger_accounts)))
        self.assertEqual(told[0], told[1])
        self.assertEqual(counts[0], counts[1])
        self.assertIn("target", counts[0][0])

    def test_a_volume_that_was_shared_out_before_is_whole_again(self) -> None:
        trader = PaperTrader.at(venue())
        for _ in range(2):
            trader.reset()
            wanted = OrderRequest(A, OrderSide.BUY, OrderType.MARKET, 20.0)
            trader.book.submit(wanted, 0, last_price=100.0)
            (fill,) = trader.process_candle(A, Candle(0, 100.0, 100.0, 100.0, 100.0, 60.0), MINUTE_MS).fills
            self.assertEqual(6, fill.quantity)

    def test_an_amended_price_is_judged_by_no_close_from_before(self) -> None:
        trader = PaperTrader.at(venue())
        play(trader, 0, 200.0)
        trader.reset()
        resting = OrderRequest(A, OrderSide.SELL, OrderType.LIMIT, 1.0, price=110.0)
        order = trader.book.submit(resting, 0, last_price=100.0)
        # The band ends at 1.2 x 100, not at 1.2 x 200.
        self.assertFalse(trader.book.amend(order, 0, price=125.0))

    def test_a_payment_that_was_waiting_is_forgotten(self) -> None:
        trader = PaperTrader.at(venue())
        quiet = Candle(0, 100.0, 100.0, 100.0, 100.0, 60.0)
        trader.process_candle(A, quiet, MINUTE_MS, None, (FundingRate(5 * MINUTE_MS, 0.01, 100.0),))
        trader.reset()
        trader.book.submit(OrderRequest(A, OrderSide.BUY, OrderType.MARKET, 1.0), 0, last_price=100.0)
        trader.process_candle(A, quiet, MINUTE_MS)
        late = Candle(6 * MINUTE_MS, 100.0, 100.0, 100.0, 100.0, 60.0)
        self.assertEqual([], trader.process_candle(A, late, MINUTE_MS).funding)


class PaymentsInsideACandle(unittest.TestCase):
    def test_what_was_due_inside_one_candle_is_not_paid_by_an_entry_inside_the_next(self) -> None:
        trader = PaperTrader.at(venue())
        five_ms = 5 * MINUTE_MS
        first = Candle(0, 100.0, 100.0, 100.0, 100.0, 60.0)
        trader.process_candle(A, first, five_ms, None, (FundingRate(2 * MINUTE_MS, 0.01, 100.0),))
        trader.book.submit(OrderRequest(A, OrderSide.BUY, OrderType.LIMIT, 1.0, price=99.0), five_ms, last_price=100.0)
        result = trader.process_candle(A, Candle(five_ms, 100.0, 100.0, 98.0, 100.0, 60.0), five_ms)
        self.assertEqual((["OPEN"], []), ([fill.action for fill in result.fills], result.funding))


if __name__ == "__main__":
    unittest.main()
