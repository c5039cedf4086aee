"""The double entries of the paper account: every transaction, and the balance of every account after it."""

from decimal import Decimal
from typing import Literal

from core.errors import InvariantError
from core.events import Fill, Listener, Posting, Transaction
from core.exact import EXACT, ZERO, plain
from core.instants import format_ms
from execution.money.ledger import ClosedPart

CAPITAL = "capital"
CASH = "cash"
COMMISSION = "commission"
FUNDING = "funding"
REALIZED_PNL = "realized_pnl"

TransactionEvent = Literal["start", "open", "close", "liquidation", "funding"]
Moves = tuple[tuple[str, str, Decimal], ...]
"""Each debits its first account and credits its second."""


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

    def reset(self) -> None:
        """Forget every balance, for an account that begins anew; transactions are numbered on."""
        self.balances.clear()

    def start(self, time_ms: int, balance: Decimal) -> None:
        """Post the starting balance."""
        self._post(time_ms, "start", "", "", ((CASH, CAPITAL, balance),))

    def opened(self, fill: Fill, order_id: str, margin: Decimal) -> None:
        """Post an entry fill: its margin is set aside (0 without leverage), its commission accrues until the close."""
        moves = ((f"margin:{fill.symbol}", CASH, margin), (COMMISSION, f"accrued:{fill.symbol}", fill.commission))
        self._post(fill.time_ms, "open", order_id, fill.symbol, moves)

    def funded(self, time_ms: int, symbol: str, amount: Decimal) -> None:
        """Post a funding payment, positive where it is received; it accrues until the close."""
        self._post(time_ms, "funding", "", symbol, ((f"accrued:{symbol}", FUNDING, amount),))

    def closed(
        self, fill: Fill, order_id: str, part: ClosedPart, event: Literal["close", "liquidation"] = "close"
    ) -> None:
        """Post the close of a position or of a part of it, with what the part carries."""
        margin, accrued = f"margin:{fill.symbol}", f"accrued:{fill.symbol}"
        moves = (
            (margin, CASH, EXACT.minus(part.margin)),
            (CASH, REALIZED_PNL, part.gross),
            (COMMISSION, CASH, fill.commission),
            (accrued, CASH, part.entry_commission),
            (accrued, CASH, EXACT.minus(part.funding)),
        )
        self._post(fill.time_ms, event, order_id, fill.symbol, moves)

    def require_flat(self, symbol: str) -> None:
        """Raise InvariantError unless nothing is left on the symbol's own accounts, as after its whole close."""
        for account in (f"margin:{symbol}", f"accrued:{symbol}"):
            if self.balances.get(account):
                raise InvariantError(f"{symbol} is closed, but {account} holds {plain(self.balances[account])}")

    def _post(self, time_ms: int, event: TransactionEvent, order_id: str, symbol: str, moves: Moves) -> None:
        amounts = []
        for debited, credited, amount in moves:
            if amount:
                amounts.append((debited, amount))
                amounts.append((credited, EXACT.minus(amount)))
        if not amounts:
            return
        total = ZERO
        for _, amount in amounts:
            total = EXACT.add(total, amount)
        if total:
            raise InvariantError(f"{event} of {symbol or CASH} at {format_ms(time_ms)}: the postings add up to {total}")
        self._count += 1
        balances, postings = self.balances, []
        for account, amount in amounts:
            balance = balances[account] = EXACT.add(balances.get(account, ZERO), amount)
            postings.append(Posting(account, amount, balance))
        self._recorder(Transaction(time_ms, self._count, event, order_id, symbol, tuple(postings)))
