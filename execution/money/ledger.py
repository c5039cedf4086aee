"""The exact ledger: cash, open entries and realised results. It accepts decimals and integers only."""

from decimal import Decimal

import msgspec

from core.errors import InvariantError
from core.exact import ZERO, add, average, multiply, negated, share_of, subtract
from execution.money.balance_change import apply_trade_result


class Entry(msgspec.Struct, frozen=True, gc=False):
    """The open part of a position: ``sign`` is +1 for a long, −1 for a short.

    ``cost`` is the sum of price × quantity of its entries, ``commission`` what they cost, ``funding`` what was received
    (paid, where negative) since, ``margin`` what is set aside for it. ``price`` is the price of every entry, None where
    they differ.
    """

    symbol: str
    sign: int
    quantity: Decimal
    price: Decimal | None
    cost: Decimal
    commission: Decimal
    funding: Decimal = ZERO
    margin: Decimal = ZERO

    def cost_of(self, part: Decimal) -> Decimal:
        """Return the cost that ``part`` of the quantity carries: exact, or rounded to 1e-8 where prices differ."""
        if part == self.quantity:
            return self.cost
        if self.price is not None:
            return multiply(self.price, part)
        return share_of(self.cost, part, self.quantity)

    def gross(self, price: Decimal, part: Decimal) -> Decimal:
        """Return the gross profit of ``part`` of the quantity at a price."""
        value = subtract(multiply(price, part), self.cost_of(part))
        return value if self.sign > 0 else negated(value)

    def average_price(self) -> Decimal:
        """Return the price of the entries, their average to twelve significant digits where they differ."""
        return self.price if self.price is not None else average(self.cost, self.quantity)


class ClosedPart(msgspec.Struct, frozen=True, gc=False):
    """What closing a part of a position came to; ``result`` is net of all that the part carries."""

    gross: Decimal
    entry_commission: Decimal
    funding: Decimal
    margin: Decimal
    cost: Decimal
    result: Decimal


class Ledger:
    """Cash and entries of one account in one quote currency.

    Opening does not change the balance. Closing does, once, by the gross profit at the filled prices less the
    commissions of entry and exit, and with the funding. The sum of all results equals the change of balance to the last
    digit, but for what was ``transferred`` to it from other accounts (from it, where negative).

    Raises
    ------
    InvariantError
        From every method, for a number that is no finite decimal or integer, before anything is changed.
    """

    def __init__(self, starting_balance: Decimal) -> None:
        _require_exact(starting_balance=starting_balance)
        self.starting_balance = starting_balance
        self.balance = starting_balance
        self.transferred = ZERO
        self.entries: dict[str, Entry] = {}

    @property
    def realized_pnl(self) -> Decimal:
        """Sum of all results, net of commissions."""
        return subtract(subtract(self.balance, self.starting_balance), self.transferred)

    def open(
        self, symbol: str, sign: int, quantity: Decimal, price: Decimal, commission: Decimal, margin: Decimal = ZERO
    ) -> Entry:
        """Record an entry; where one of the same sign is open it is added to."""
        if type(sign) is not int or not _are_exact(quantity, price, commission, margin):
            _require_exact(sign=sign, quantity=quantity, price=price, commission=commission, margin=margin)
        if quantity <= 0 or sign not in (1, -1):
            raise InvariantError(f"{symbol}: an entry of quantity {quantity} and sign {sign}")
        held = self.entries.get(symbol)
        cost = multiply(price, quantity)
        if held is None:
            entry = Entry(symbol, sign, quantity, price, cost, commission, ZERO, margin)
        elif held.sign != sign:
            raise InvariantError(f"{symbol}: an entry against the open one")
        else:
            entry = Entry(
                symbol,
                sign,
                add(held.quantity, quantity),
                price if held.price == price else None,
                add(held.cost, cost),
                add(held.commission, commission),
                held.funding,
                add(held.margin, margin),
            )
        self.entries[symbol] = entry
        return entry

    def fund(self, symbol: str, amount: Decimal) -> Entry:
        """Let an entry receive a funding payment (pay it, where negative); it reaches the balance at the close."""
        _require_exact(amount=amount)
        held = self.entries[symbol]
        entry = msgspec.structs.replace(held, funding=add(held.funding, amount))
        self.entries[symbol] = entry
        return entry

    def transfer(self, amount: Decimal) -> None:
        """Take cash from another account, or give it to one where the amount is negative."""
        _require_exact(amount=amount)
        if add(self.balance, amount) < 0:
            raise InvariantError(f"a transfer of {amount} leaves less than nothing of {self.balance}")
        self.balance = add(self.balance, amount)
        self.transferred = add(self.transferred, amount)

    def close(self, symbol: str, quantity: Decimal, price: Decimal, commission: Decimal) -> ClosedPart:
        """Close ``quantity`` of an entry and return what it came to.

        A part carries its share of the entry's commission, funding and margin, rounded half-even to 1e-8; the rest
        stays with the rest.
        """
        if not _are_exact(quantity, price, commission):
            _require_exact(quantity=quantity, price=price, commission=commission)
        entry = self.entries[symbol]
        if not 0 < quantity <= entry.quantity:
            raise InvariantError(f"{symbol}: closing {quantity} of {entry.quantity}")
        paid, funding, margin, cost = entry.commission, entry.funding, entry.margin, entry.cost
        if quantity == entry.quantity:
            del self.entries[symbol]
        else:
            paid, funding, margin = (share_of(one, quantity, entry.quantity) for one in (paid, funding, margin))
            cost = entry.cost_of(quantity)
            self.entries[symbol] = Entry(
                symbol,
                entry.sign,
                subtract(entry.quantity, quantity),
                entry.price,
                subtract(entry.cost, cost),
                subtract(entry.commission, paid),
                subtract(entry.funding, funding),
                subtract(entry.margin, margin),
            )
        gross = entry.gross(price, quantity)
        before = self.balance
        self.balance = apply_trade_result(before, add(gross, funding), add(paid, commission))
        return ClosedPart(gross, paid, funding, margin, cost, subtract(self.balance, before))


def _are_exact(*numbers: Decimal) -> bool:
    """Return whether all are finite decimals; what is not may still be an integer."""
    for value in numbers:  # noqa: SIM110 - a generator would cost more than all of it
        if type(value) is not Decimal or not value.is_finite():
            return False
    return True


def _require_exact(**numbers: Decimal | int) -> None:
    for name, value in numbers.items():
        if not isinstance(value, Decimal | int) or not Decimal(value).is_finite():
            raise InvariantError(f"the ledger takes finite decimals and integers only, {name} is {value!r}")
