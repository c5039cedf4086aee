"""The account as everybody reads it who does not trade on it: reports, views, tests."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from core.events import TradeRow
from execution.matching.paper_venue import PaperVenue
from execution.money.account_totals import AccountTotals
from execution.money.cash_transfer import CashTransfer
from execution.money.closed_trade import ClosedTrade
from execution.money.holding import Holding
from execution.orders.order import Order


class AccountView:
    """Reads a paper account and its orders; it cannot change them, and shows them as they are when it is asked.

    Money is exact.
    """

    def __init__(self, venue: PaperVenue) -> None:
        self._account = venue.account
        self._book = venue.book

    @property
    def starting_balance(self) -> Decimal:
        """Cash at the start."""
        return self._account.ledger.starting_balance

    @property
    def balance(self) -> Decimal:
        """Cash after closed trades."""
        return self._account.ledger.balance

    @property
    def realized_pnl(self) -> Decimal:
        """Results of closed trades, net of all costs."""
        return self._account.ledger.realized_pnl

    @property
    def holdings(self) -> Mapping[str, Holding]:
        """Open positions by symbol, in the order they were opened."""
        return MappingProxyType(self._account.holdings)

    @property
    def open_funding(self) -> Mapping[str, Decimal]:
        """What each open position has received in funding so far (below 0: paid), by symbol."""
        return {symbol: holding.entry.funding for symbol, holding in self._account.holdings.items()}

    @property
    def closed(self) -> Sequence[ClosedTrade]:
        """The closed round trips, oldest first, where the account keeps them."""
        return self._account.closed

    @property
    def rows(self) -> Sequence[TradeRow]:
        """Every fill as the trade log has it, oldest first, where the account keeps them."""
        return self._account.rows

    @property
    def totals(self) -> AccountTotals:
        """What all fills and closed trades add up to."""
        return self._account.totals

    @property
    def last_trade(self) -> ClosedTrade | None:
        """The round trip that closed last; None before the first."""
        return self._account.last_trade

    @property
    def transfers(self) -> Sequence[CashTransfer]:
        """Cash that came from other accounts or went to them, oldest first."""
        return self._account.transfers

    @property
    def exits(self) -> Mapping[str, int]:
        """Number of closing fills by reason; 0 for a reason that never came."""
        return self._account.exits

    @property
    def rung_fills(self) -> Mapping[int, int]:
        """Number of filled rungs of the take-profit ladder by their number."""
        return self._account.rung_fills

    @property
    def funding_net(self) -> Decimal:
        """Sum of all funding payments, below 0 where more was paid than received."""
        return self._account.funding_net

    @property
    def funding_paid(self) -> Decimal:
        """Sum of the payments that were costs, not below 0."""
        return self._account.funding_paid

    @property
    def ledger_accounts(self) -> Mapping[str, Decimal]:
        """What the double entries have come to on every account of the ledger, by the account's name."""
        return MappingProxyType(self._account.postings.balances)

    @property
    def waiting_entries(self) -> Mapping[str, Order]:
        """The entry that waits for each symbol, where one does."""
        return MappingProxyType(self._book.entries)

    @property
    def waiting_closes(self) -> Mapping[str, Order]:
        """The market close that waits for each symbol, where one does."""
        return MappingProxyType(self._book.closes)

    def orders_of(self, symbol: str) -> Sequence[Order]:
        """Return the symbol's working orders, protective ones included, in order of acceptance."""
        return self._book.orders_of(symbol)

    def working_of(self, symbol: str) -> Sequence[Order]:
        """Return the symbol's working orders: the list itself, which is theirs for as long as the account lasts."""
        return self._book.symbol_orders(symbol).working

    @property
    def peak_equity(self) -> float:
        """The highest equity so far."""
        return self._account.peak_equity

    @property
    def max_drawdown(self) -> float:
        """The largest loss from a peak of equity so far, as a fraction of it."""
        return self._account.max_drawdown

    @property
    def performance(self) -> dict[str, Any]:
        """Balances, returns and trade counts as plain figures; percentages are per cent."""
        return self._account.performance
