"""The double-entry journal of the paper account: every posting, and the balance of every account after it."""

from decimal import Decimal
from typing import Literal

from core.errors import InvariantError
from core.exact import EXACT, ZERO, plain
from core.instants import format_ms
from execution.money.hashed_text import HashedText, Sink, quoted

COLUMNS = ("timestamp", "transaction", "event", "order_id", "symbol", "account", "amount", "balance")
CAPITAL = "capital"
CASH = "cash"
COMMISSION = "commission"
FUNDING = "funding"
REALIZED_PNL = "realized_pnl"


class _Names:
    """Text of a symbol and the names of its two accounts, made once."""

    __slots__ = ("accrued", "margin", "symbol")

    def __init__(self, symbol: str) -> None:
        self.symbol = quoted(symbol)
        self.margin = f"margin:{symbol}"
        self.accrued = f"accrued:{symbol}"


class Postings(HashedText):
    """Writes transactions to a sink as CSV rows and keeps the accounts and the running hash.

    An amount is a debit where positive, a credit where negative; the amounts of a transaction add up to 0. The
    accounts are ``capital``, ``cash``, ``commission``, ``funding``, ``realized_pnl`` and, by symbol, ``margin:`` (what
    a position holds of the cash) and ``accrued:`` (commission and funding that its close will settle). Cash and
    margins together are the balance of the trade log. An amount of 0 has no row; a transaction without rows has no
    number. ``balances`` holds every account's sum.

    Parameters
    ----------
    sink
        Receives the header, then the rows of each transaction together, as bytes; None only hashes.
    """

    def __init__(self, sink: Sink | None = None) -> None:
        super().__init__(sink)
        self.balances: dict[str, Decimal] = {}
        self._count = 0
        self._names: dict[str, _Names] = {}
        self.append(",".join(COLUMNS) + "\n")

    def restart(self) -> None:
        """Forget every balance, for an account that begins anew; what is written stands."""
        self.balances.clear()

    def start(self, time_ms: int, balance: Decimal) -> None:
        """Post the starting balance."""
        self._post(time_ms, "start", "", "", ((CASH, CAPITAL, balance),))

    def opened(self, time_ms: int, order_id: str, symbol: str, margin: Decimal, commission: Decimal) -> None:
        """Post an entry fill: its margin is set aside (0 without leverage), its commission accrues until the close."""
        names = self._names_of(symbol)
        moves = ((names.margin, CASH, margin), (COMMISSION, names.accrued, commission))
        self._post(time_ms, "open", order_id, names.symbol, moves)

    def funded(self, time_ms: int, symbol: str, amount: Decimal) -> None:
        """Post a funding payment, positive where it is received; it accrues until the close."""
        names = self._names_of(symbol)
        self._post(time_ms, "funding", "", names.symbol, ((names.accrued, FUNDING, amount),))

    def closed(
        self,
        time_ms: int,
        event: Literal["close", "liquidation"],
        order_id: str,
        symbol: str,
        *,
        gross: Decimal,
        commission: Decimal,
        entry_commission: Decimal,
        funding: Decimal,
        margin: Decimal,
    ) -> None:
        """Post the close of a position or of a part of it.

        Parameters
        ----------
        gross
            Profit at the filled prices, before costs.
        commission
            Of this fill.
        entry_commission, funding, margin
            What falls on the closed part of the entries' commission, of the funding received, of the margin.
        """
        names = self._names_of(symbol)
        moves = (
            (names.margin, CASH, EXACT.minus(margin)),
            (CASH, REALIZED_PNL, gross),
            (COMMISSION, CASH, commission),
            (names.accrued, CASH, entry_commission),
            (names.accrued, CASH, EXACT.minus(funding)),
        )
        self._post(time_ms, event, order_id, names.symbol, moves)

    def require_flat(self, symbol: str) -> None:
        """Raise InvariantError unless nothing is left on the symbol's own accounts, as after its whole close."""
        names = self._names_of(symbol)
        for account in (names.margin, names.accrued):
            if self.balances.get(account):
                raise InvariantError(f"{symbol} is closed, but {account} holds {plain(self.balances[account])}")

    def _post(
        self, time_ms: int, event: str, order_id: str, symbol: str, moves: tuple[tuple[str, str, Decimal], ...]
    ) -> None:
        """Write one transaction; a move debits its first account and credits its second."""
        postings = []
        for debited, credited, amount in moves:
            if amount:
                postings.append((debited, amount))
                postings.append((credited, EXACT.minus(amount)))
        if not postings:
            return
        total = ZERO
        for _, amount in postings:
            total = EXACT.add(total, amount)
        if total:
            raise InvariantError(f"{event} of {symbol or CASH} at {format_ms(time_ms)}: the postings add up to {total}")
        self._count += 1
        start = f"{format_ms(time_ms)},{self._count},{event},{quoted(order_id)},{symbol},"
        balances = self.balances
        lines = []
        for account, amount in postings:
            balance = balances[account] = EXACT.add(balances.get(account, ZERO), amount)
            lines.append(f"{start}{quoted(account)},{plain(amount)},{plain(balance)}\n")
        self.append("".join(lines))

    def _names_of(self, symbol: str) -> _Names:
        names = self._names.get(symbol)
        if names is None:
            names = self._names[symbol] = _Names(symbol)
        return names
