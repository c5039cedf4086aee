"""The exact ledger: cash, open entries and realised results. It accepts decimals and integers only."""

import decimal
from decimal import Decimal

import msgspec

from core.errors import InvariantError
from core.exact import EXACT, commission_share
from execution.trade_result import apply_trade_result


class Entry(msgspec.Struct, frozen=True):
    """The open part of a position: ``sign`` is +1 for a long, −1 for a short; ``commission`` what opening cost."""

    symbol: str
    sign: int
    quantity: Decimal
    price: Decimal
    commission: Decimal

    def __post_init__(self) -> None:
        _require_exact(sign=self.sign, quantity=self.quantity, price=self.price, commission=self.commission)

    def gross(self, price: Decimal, quantity: Decimal) -> Decimal:
        """Return the gross profit of ``quantity`` at a price."""
        return EXACT.multiply(EXACT.multiply(self.sign, EXACT.subtract(price, self.price)), quantity)

    def notional(self) -> Decimal:
        """Return the entry value, price × quantity."""
        return EXACT.multiply(self.price, self.quantity)


class Ledger:
    """Cash and entries of one account in one quote currency.

    Opening does not change the balance. Closing does, once, by the gross profit at the filled prices less the
    commissions of entry and exit. The sum of all results equals the change of balance to the last digit.

    Raises
    ------
    InvariantError
        From every method, for a number that is no finite decimal or integer, before anything is changed.
    """

    def __init__(self, starting_balance: Decimal) -> None:
        _require_exact(starting_balance=starting_balance)
        self.starting_balance = starting_balance
        self.balance = starting_balance
        self.entries: dict[str, Entry] = {}

    @property
    def realized_pnl(self) -> Decimal:
        """Sum of all results, net of commissions."""
        return EXACT.subtract(self.balance, self.starting_balance)

    def open(self, symbol: str, sign: int, quantity: Decimal, price: Decimal, commission: Decimal) -> Entry:
        """Record an entry; one per symbol."""
        if symbol in self.entries:
            raise InvariantError(f"{symbol}: an entry is open already")
        entry = Entry(symbol, sign, quantity, price, commission)
        if quantity <= 0 or sign not in (1, -1):
            raise InvariantError(f"{symbol}: entry of quantity {quantity} and sign {sign}")
        self.entries[symbol] = entry
        return entry

    def close(self, symbol: str, quantity: Decimal, price: Decimal, commission: Decimal) -> Decimal:
        """Close ``quantity`` of an entry and return its result net of both commissions.

        A part carries its share of the entry's commission, rounded half-even to 1e-8; the rest stays with the rest.
        """
        _require_exact(quantity=quantity, price=price, commission=commission)
        entry = self.entries[symbol]
        if not 0 < quantity <= entry.quantity:
            raise InvariantError(f"{symbol}: closing {quantity} of {entry.quantity}")
        share = entry.commission
        if quantity == entry.quantity:
            del self.entries[symbol]
        else:
            share = commission_share(entry.commission, quantity, entry.quantity)
            rest = EXACT.subtract(entry.quantity, quantity)
            self.entries[symbol] = Entry(symbol, entry.sign, rest, entry.price, EXACT.subtract(entry.commission, share))
        with decimal.localcontext(EXACT):
            before = self.balance
            self.balance = apply_trade_result(before, entry.gross(price, quantity), share + commission)
            return self.balance - before


def _require_exact(**numbers: Decimal | int) -> None:
    for name, value in numbers.items():
        if not isinstance(value, Decimal | int) or not Decimal(value).is_finite():
            raise InvariantError(f"the ledger takes finite decimals and integers only, {name} is {value!r}")
