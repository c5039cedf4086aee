"""The paper venue: an account, its orders, and what lets candles meet them. The order of a candle's phases is here."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from core.candle import Candle
from core.events import Gap, Recorder
from core.exact import received
from core.instrument import Instrument
from execution.costs.fill_pricing import FillPricing
from execution.matching.funding_dues import FundingDues
from execution.matching.immediate_fills import ImmediateFills
from execution.matching.matching_engine import MatchingEngine
from execution.matching.venue_rules import VenueRules
from execution.money.account import Account
from execution.orders.order_book import OrderBook
from execution.orders.symbol_orders import SymbolOrders


class Traded(Protocol):
    """A symbol whose candle comes in: its name and its working orders."""

    @property
    def symbol(self) -> str:
        """The symbol as it is configured."""
        ...

    @property
    def orders(self) -> SymbolOrders:
        """Its orders in the venue's book."""
        ...


Present = tuple[Traded, Candle, Candle]
"""A symbol, its candle, and the one on which liquidation is judged; a bare tuple, for speed."""

_NO_GAPS: Mapping[str, Gap] = {}


class PaperVenue:
    """One account at one venue of paper: money, orders, and the rules by which candles meet them.

    Parameters
    ----------
    starting_balance
        Quote currency.
    pricing
        Cost models and trading rules; what they learn is this venue's.
    rules
        How orders meet candles, and margin.
    recorder
        Is told everything that happens.
    allow_shorting
        Whether an order may open a short.
    keeps_fills
        Whether the account keeps every fill and every closed trade; one whose outputs are written need not.
    """

    def __init__(
        self,
        starting_balance: Decimal,
        pricing: FillPricing,
        rules: VenueRules,
        recorder: Recorder,
        *,
        allow_shorting: bool = True,
        keeps_fills: bool = True,
    ) -> None:
        self.recorder = recorder
        self.account = Account(starting_balance, pricing, recorder, rules.perpetual, keeps_fills=keeps_fills)
        self.book = OrderBook(self.account, rules, recorder, allow_shorting=allow_shorting)
        self.funding = FundingDues(self.account, recorder)
        self.matching = MatchingEngine(self.book, self.funding)
        self.immediate = ImmediateFills(self.book, self.matching.settlement)

    def reset(self) -> None:
        """Return to the starting balance, without positions, orders or trades; who holds a part of it keeps it."""
        for part in (self.account, self.book, self.funding):
            part.reset()

    def match(self, present: Sequence[Present], time_ms: int, gaps: Mapping[str, Gap] = _NO_GAPS) -> None:
        """Let candles that close at one time meet the orders, each phase over all symbols before the next.

        Funding that is overdue, exits at the open (A1), entries at the open (A2), what the prices inside meet (A3),
        funding (A4), and the closes as marks, after which trailing stops follow (B).

        Parameters
        ----------
        present
            The symbols that have a candle, in configured order.
        time_ms
            When the candles close.
        gaps
            Before which candles too many are missing: the position is closed at the open, whatever else waits.
        """
        holdings, book, funding, matching = self.account.holdings, self.book, self.funding, self.matching
        funded = bool(funding.waiting)
        if funded:
            for one, candle, mark in present:
                funding.settle_before(one.symbol, candle, mark)
        if holdings or gaps:
            for one, candle, mark in present:
                if one.symbol in gaps:
                    self._close_at_gap(gaps[one.symbol], candle)
                opened, orders = candle.open, one.orders
                if not orders.lower < opened < orders.upper or (
                    mark is not candle and not orders.unharmed_at(mark.open)
                ):
                    matching.exits_at_open(one.symbol, candle, mark)
        if book.entries or book.scripted:
            for one, candle, mark in present:
                if book.scripted or one.symbol in book.entries:
                    matching.entries_at_open(one.symbol, candle, mark)
        if funded:
            for one, candle, _ in present:
                funding.settle_costs(one.symbol, candle, time_ms)
        if holdings or book.entries or book.scripted:
            for one, candle, mark in present:
                orders = one.orders
                if (
                    not orders.lower < candle.low
                    or not candle.high < orders.upper
                    or (mark is not candle and not (orders.unharmed_at(mark.low) and orders.unharmed_at(mark.high)))
                ):
                    matching.inside(one.symbol, candle, mark, time_ms)
        if funded:
            for one, candle, mark in present:
                funding.settle_after(one.symbol, candle, mark, time_ms)
        if holdings:
            for one, candle, _ in present:
                holding = holdings.get(one.symbol)
                if holding is not None:
                    holding.set_mark(candle.close)
                    if holding.moves_stop or book.scripted:
                        matching.after_close(one.symbol, candle.close, time_ms)

    def take_rules(self, symbol: str, instrument: Instrument) -> None:
        """Let trading rules come into force."""
        self.account.take_rules(symbol, instrument)
        self.book.bound(symbol)

    def _close_at_gap(self, gap: Gap, candle: Candle) -> None:
        symbol, open_ms = gap.symbol, candle.open_time_ms
        self.book.cancel_entry(symbol, open_ms, "gap")
        self.book.cancel_close(symbol, open_ms, "gap")
        if symbol in self.account.holdings:
            self.immediate.close(symbol, received(candle.open), open_ms, "gap")
        self.recorder(gap)
        self.account.pricing.restart(symbol)
