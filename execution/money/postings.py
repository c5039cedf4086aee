"""The double entries of the paper account: every transaction, and the balance of every account after it."""

from decimal import Decimal
from typing import Literal

from core.errors import InvariantError
from core.events import Fill, Listener, Posting, Transaction
from core.exact import ZERO, add, negated, plain, subtract
from core.instants import format_ms
from execution.money.ledger import ClosedPart

CAPITAL = "capital"
CASH = "cash"
COMMISSION = "commission"
FUNDING = "funding"
REALIZED_PNL = "realized_pnl"

TransactionEvent = Literal["start", "open", "close", "liquidation", "funding", "transfer_in", "transfer_out"]
Moves = tuple[tuple[str, str, Decimal], ...]
"""Each debits its first account and credits its second, so that they add up to 0."""


class Postings:
    """Makes transactions and keeps the balance of every account.

    An amount is a debit where positive, a credit where negative; the amounts of a transaction add up to 0. The
    accounts are ``capital``, ``cash``, ``commission``, ``funding``, ``realized_pnl`` and, by symbol, ``margin:`` (what
    a position holds of the cash) and ``accrued:`` (commission and funding that its close will settle). Cash and
    margins together are the balance of the trade log. An amount of 0 has no posting; a transaction without postings
    does not happen. ``balances`` holds every account's sum.

    Parameters
    ----------
    recorder
        Is told each transaction.
    """

    def __init__(self, recorder: Listener) -> None:
        self.balances: dict[str, Decimal] = {}
        self._recorder = recorder
        self._count = 0
        self._of_symbol: dict[str, tuple[str, str]] = {}

    def reset(self) -> None:
        """Forget every balance, for an account that begins anew; transactions are numbered on."""
        self.balances.clear()

    def start(self, time_ms: int, balance: Decimal) -> None:
        """Post the starting balance."""
        self._post(time_ms, "start", "", "", ((CASH, CAPITAL, balance),))

    def opened(self, fill: Fill, order_id: str, margin: Decimal) -> None:
        """Post an entry fill: its margin is set aside (0 without leverage), its commission accrues until the close."""
        held, accrued = self._names(fill.symbol)
        moves = (held, CASH, margin), (COMMISSION, accrued, fill.commission)
        self._post(fill.time_ms, "open", order_id, fill.symbol, moves)

    def funded(self, time_ms: int, symbol: str, amount: Decimal) -> None:
        """Post a funding payment, positive where it is received; it accrues until the close."""
        self._post(time_ms, "funding", "", symbol, ((self._names(symbol)[1], FUNDING, amount),))

    def closed(
        self, fill: Fill, order_id: str, part: ClosedPart, event: Literal["close", "liquidation"] = "close"
    ) -> None:
        """Post the close of a position or of a part of it, with what the part carries."""
        margin, accrued = self._names(fill.symbol)
        moves = (
            (margin, CASH, negated(part.margin)),
            (CASH, REALIZED_PNL, part.gross),
            (COMMISSION, CASH, fill.commission),
            (accrued, CASH, part.entry_commission),
            (accrued, CASH, negated(part.funding)),
        )
        self._post(fill.time_ms, event, order_id, fill.symbol, moves)

    def transferred(self, time_ms: int, amount: Decimal) -> None:
        """Post cash that came from another account (went to one, where negative): it is capital, never profit."""
        self._post(time_ms, "transfer_in" if amount > 0 else "transfer_out", "", "", ((CASH, CAPITAL, amount),))

    def require_flat(self, symbol: str) -> None:
        """Raise InvariantError unless nothing is left on the symbol's own accounts, as after its whole close."""
        for account in self._names(symbol):
            if self.balances.get(account):
                raise InvariantError(f"{symbol} is closed, but {account} holds {plain(self.balances[account])}")

    def _names(self, symbol: str) -> tuple[str, str]:
        """Return the symbol's own accounts: its margin, and what its close will settle."""
        names = self._of_symbol.get(symbol)
        if names is None:
            names = self._of_symbol[symbol] = f"margin:{symbol}", f"accrued:{symbol}"
        return names

    def _post(self, time_ms: int, event: TransactionEvent, order_id: str, symbol: str, moves: Moves) -> None:
        for _, _, amount in moves:
            if not amount.is_finite():
                raise InvariantError(f"{event} of {symbol or CASH} at {format_ms(time_ms)}: {amount} is no amount")
        balances, postings = self.balances, []
        for debited, credited, amount in moves:
            if amount:
                balance = balances[debited] = add(balances.get(debited, ZERO), amount)
                postings.append(Posting(debited, amount, balance))
                balance = balances[credited] = subtract(balances.get(credited, ZERO), amount)
                postings.append(Posting(credited, negated(amount), balance))
        if postings:
            self._count += 1
            self._recorder(Transaction(time_ms, self._count, event, order_id, symbol, tuple(postings)))
