"""Phase A4 and its exceptions: funding payments of perpetual positions.

A payment due at F falls on positions opened strictly before F and open at F; what fills inside the candle that ends at
F was opened before it. One due at the end of the candle is settled after the exits inside it. One due at or before the
open, that no candle has settled, comes before everything else. Of one due inside the candle nobody knows which came
first: a cost falls on every position that existed in the candle, a credit only on one that is still open at its end.
"""

from collections.abc import Sequence

from core.candle import Candle, FundingRate
from core.events import FundingPayment, Listener
from core.exact import received
from execution.money.account import Account
from execution.money.holding import Holding


class FundingDues:
    """The payments that are known and that no candle has settled yet, by symbol.

    Parameters
    ----------
    account
        Whose positions pay and receive.
    recorder
        Is told each payment that falls on a position.
    """

    def __init__(self, account: Account, recorder: Listener) -> None:
        self._account = account
        self._recorder = recorder
        self.waiting: dict[str, list[FundingRate]] = {}
        self._inside: dict[str, tuple[list[FundingRate], float]] = {}

    def reset(self) -> None:
        """Forget every payment."""
        self.waiting.clear()
        self._inside.clear()

    def add(self, symbol: str, rates: Sequence[FundingRate]) -> None:
        """Keep payments that became known until a candle of their symbol settles them."""
        self.waiting[symbol] = sorted([*self.waiting.get(symbol, ()), *rates], key=lambda rate: rate.time_ms)

    def settle_before(self, symbol: str, candle: Candle, mark: Candle) -> None:
        """Settle what was due at or before a candle's open and no candle has settled."""
        for rate in self._taken(symbol, candle.open_time_ms):
            at_open = mark is not candle and rate.due_ms == candle.open_time_ms
            self._settle(symbol, rate, mark.open if at_open else None)

    def settle_costs(self, symbol: str, candle: Candle, time_ms: int) -> None:
        """Let the position that exists after the open pay what is due inside the candle."""
        inside = [rate for rate in self.waiting.get(symbol, ()) if candle.open_time_ms < rate.due_ms < time_ms]
        if inside:
            self._inside[symbol] = inside, candle.open
            holding = self._account.holdings.get(symbol)
            if holding is not None:
                self.entered(holding)

    def entered(self, holding: Holding) -> None:
        """Let a position pay the costs that are due inside the candle that is being matched."""
        rates, price = self._inside.get(holding.entry.symbol, ((), 0.0))
        for rate in rates:
            if holding.sign * rate.rate > 0:
                self._pay(holding.entry.symbol, rate, price)

    def settle_after(self, symbol: str, candle: Candle, mark: Candle, time_ms: int) -> None:
        """Settle what is due at the end of a candle, and what a position that is still open receives inside it."""
        self._inside.pop(symbol, None)
        for rate in self._taken(symbol, time_ms):
            inside = rate.due_ms < time_ms
            holding = self._account.holdings.get(symbol)
            if holding is not None and not (inside and holding.sign * rate.rate > 0):
                self._settle(symbol, rate, candle.open if inside else mark.close)

    def settle_due(self, symbol: str, time_ms: int) -> None:
        """Settle whatever is due before the position is closed at its last mark."""
        for rate in self._taken(symbol, time_ms):
            self._settle(symbol, rate)

    def _taken(self, symbol: str, time_ms: int) -> list[FundingRate]:
        """Return what is due by a time, and wait for the rest alone."""
        rates = self.waiting.get(symbol)
        if not rates:
            return []
        due = [rate for rate in rates if rate.due_ms <= time_ms]
        rest = rates[len(due) :]
        if rest:
            self.waiting[symbol] = rest
        else:
            del self.waiting[symbol]
        return due

    def _settle(self, symbol: str, rate: FundingRate, price: float | None = None) -> None:
        """Settle a payment with the position that was opened before it, at a price where its mark is not known."""
        holding = self._account.holdings.get(symbol)
        if holding is not None and holding.entered_ms < rate.due_ms:
            self._pay(symbol, rate, holding.mark if price is None else price)

    def _pay(self, symbol: str, rate: FundingRate, price: float) -> None:
        mark = price if rate.mark_price is None else rate.mark_price
        amount = self._account.fund(symbol, received(mark), received(rate.rate), rate.due_ms)
        self._recorder(FundingPayment(rate.due_ms, symbol, rate.rate, mark, amount))
