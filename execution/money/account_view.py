"""The account as everybody reads it who does not trade on it: reports, views, tests."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from execution.money.closed_trade import ClosedTrade
from execution.money.holding import Holding
from execution.money.trade_log import TradeRow
from execution.orders.order import Order

if TYPE_CHECKING:
    from execution.scripting.paper_trader import PaperTrader


class AccountView:
    """Reads a paper account and its orders; it cannot change them, and shows them as they are when it is asked.

    Money is exact.
    """

    def __init__(self, trader: "PaperTrader") -> None:
        self._trader = trader

    @property
    def starting_balance(self) -> Decimal:
        """Cash at the start."""
        return self._trader.account.ledger.starting_balance

    @property
    def balance(self) -> Decimal:
        """Cash after closed trades."""
        return self._trader.account.ledger.balance

    @property
    def realized_pnl(self) -> Decimal:
        """Results of closed trades, net of all costs."""
        return self._trader.account.ledger.realized_pnl

    @property
    def unrealized_pnl(self) -> Decimal:
        """Gross profit at the marks of all that was part of the last equity."""
        return self._trader.account.unrealized_of_marks()

    @property
    def holdings(self) -> Mapping[str, Holding]:
        """Open positions by symbol, in the order they were opened."""
        return MappingProxyType(self._trader.account.holdings)

    @property
    def closed(self) -> Sequence[ClosedTrade]:
        """The closed round trips, oldest first."""
        return self._trader.account.closed

    @property
    def rows(self) -> Sequence[TradeRow]:
        """Every fill as the trade log has it, oldest first."""
        return self._trader.account.rows

    @property
    def exits(self) -> Mapping[str, int]:
        """Number of closing fills by reason; 0 for a reason that never came."""
        return self._trader.account.exits

    @property
    def rung_fills(self) -> Mapping[int, int]:
        """Number of filled rungs of the take-profit ladder by their number."""
        return self._trader.account.rung_fills

    @property
    def funding_net(self) -> Decimal:
        """Sum of all funding payments, below 0 where more was paid than received."""
        return self._trader.account.funding_net

    @property
    def funding_paid(self) -> Decimal:
        """Sum of the payments that were costs, not below 0."""
        return self._trader.account.funding_paid

    @property
    def ledger_accounts(self) -> Mapping[str, Decimal]:
        """What the double entries have come to on every account of the ledger, by the account's name."""
        return MappingProxyType(self._trader.account.postings.balances)

    @property
    def waiting_entries(self) -> Mapping[str, Order]:
        """The entry that waits for each symbol, where one does."""
        return MappingProxyType(self._trader.book.entries)

    @property
    def waiting_closes(self) -> Mapping[str, Order]:
        """The market close that waits for each symbol, where one does."""
        return MappingProxyType(self._trader.book.closes)

    def orders_of(self, symbol: str) -> Sequence[Order]:
        """Return the symbol's working orders, protective ones included, in order of acceptance."""
        return self._trader.book.orders_of(symbol)

    @property
    def performance(self) -> dict[str, Any]:
        """Balances, returns and trade counts as plain figures; percentages are per cent."""
        return self._trader.get_performance_summary()
