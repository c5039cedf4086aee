"""What the fills and trades of an account add up to, taken as they happen: none of them has to be kept for it."""

from collections import Counter
from decimal import Decimal
from typing import NamedTuple

from core.events import TradeRow
from core.exact import ZERO, add, subtract
from core.reasons import FillReason
from execution.money.closed_trade import ClosedTrade
from metrics.holding_times import HoldingTime
from metrics.streaks import LongestStreaks
from metrics.trade_results import AverageLoss, AverageWin, Expectancy, ProfitFactor


class Costs(NamedTuple):
    """What the fills of an account have cost, in quote currency; slippage is part of their prices already."""

    commission: Decimal = ZERO
    slippage: Decimal = ZERO
    liquidation_fees: Decimal = ZERO


class ResultSum:
    """How many of some trades there were, how many of them won, were even, and what they came to."""

    __slots__ = ("even", "realized", "trades", "won")

    def __init__(self) -> None:
        self.trades = self.won = self.even = 0
        self.realized = ZERO

    @property
    def win_rate_pct(self) -> float:
        """Share of wins in [0, 100] per cent; 0.0 without a trade."""
        return 100.0 * self.won / self.trades if self.trades else 0.0

    def take(self, result: Decimal) -> None:
        """Take a trade's result."""
        self.trades += 1
        if result > 0:
            self.won += 1
        elif not result:
            self.even += 1
        self.realized = add(self.realized, result)


class TradeTotals:
    """Figures of the closed trades, in the order in which they closed; of all, by symbol, and by tag where one is."""

    def __init__(self) -> None:
        self.all = ResultSum()
        self.by_symbol: dict[str, ResultSum] = {}
        self.by_tag: dict[str, ResultSum] = {}
        self.profit_factor = ProfitFactor()
        self.expectancy = Expectancy()
        self.average_win = AverageWin()
        self.average_loss = AverageLoss()
        self.streaks = LongestStreaks()
        self.held = HoldingTime()
        self.ambiguous = 0
        self.ambiguous_bound = ZERO
        """What ambiguous trades would have brought more, had their targets come first."""

    def take(self, trade: ClosedTrade) -> None:
        """Take the next closed trade."""
        result = trade.realized_pnl
        self.all.take(result)
        _of(self.by_symbol, trade.symbol).take(result)
        if trade.tag:
            _of(self.by_tag, trade.tag).take(result)
        amount = float(result)
        self.profit_factor.add(amount)
        self.expectancy.add(amount)
        self.streaks.add(amount)
        if amount:
            (self.average_win if amount > 0.0 else self.average_loss).add(amount)
        self.held.add(trade.exit_time_ms - trade.entry_time_ms)
        if trade.ambiguous:
            self.ambiguous += 1
            self.ambiguous_bound = add(self.ambiguous_bound, subtract(trade.best_case_pnl, result))


def _of(sums: dict[str, ResultSum], name: str) -> ResultSum:
    found = sums.get(name)
    if found is None:
        found = sums[name] = ResultSum()
    return found


class RungSum:
    """What one rung of a symbol's ladders came to: fills, the positions that they were of, quantity, result."""

    __slots__ = ("fills", "last_position", "positions", "quantity", "realized")

    def __init__(self) -> None:
        self.fills = self.positions = self.last_position = 0
        self.quantity = self.realized = ZERO


class FillTotals:
    """What the fills of one symbol add up to: closing ones by reason, their funding, and the rungs of ladders.

    ``fills`` counts all of them, ``positions`` those that began one: a position counts from its first entry, whatever
    is added to it.
    """

    __slots__ = ("_held", "exits", "fills", "funding", "positions", "rungs")

    def __init__(self) -> None:
        self.fills = self.positions = 0
        self.exits: Counter[str] = Counter()
        self.funding = ZERO
        self.rungs: dict[int, RungSum] = {}
        self._held = ZERO

    def enter(self, quantity: Decimal) -> None:
        """Take a fill that opens a position or adds to it."""
        self.fills += 1
        if not self._held:
            self.positions += 1
        self._held = add(self._held, quantity)

    def leave(self, quantity: Decimal, reason: FillReason, rung: int, result: Decimal, funding: Decimal) -> None:
        """Take a fill that closes a position or a part of it."""
        self.fills += 1
        self._held = subtract(self._held, quantity)
        self.exits[reason] += 1
        if funding:
            self.funding = add(self.funding, funding)
        if rung:
            found = self.rungs.setdefault(rung, RungSum())
            found.fills += 1
            if found.last_position != self.positions:
                found.last_position = self.positions
                found.positions += 1
            found.quantity = add(found.quantity, quantity)
            found.realized = add(found.realized, result)


class AccountTotals:
    """What all fills and trades of an account add up to; ``fills`` counts them."""

    def __init__(self) -> None:
        self.fills = 0
        self.trades = TradeTotals()
        self.by_symbol: dict[str, FillTotals] = {}
        self.costs = Costs()

    def of(self, symbol: str) -> FillTotals:
        """Return the totals of a symbol's fills, which may be none."""
        found = self.by_symbol.get(symbol)
        if found is None:
            found = self.by_symbol[symbol] = FillTotals()
        return found

    def take(self, row: TradeRow) -> None:
        """Take the next fill as the account has booked it."""
        self.fills += 1
        fill = row.fill
        commission, slippage, fees = self.costs
        if row.reason == "liquidation":
            fees = add(fees, fill.commission)
        slipped = fill.slippage
        if slipped:
            slippage = add(slippage, slipped)
        self.costs = Costs(add(commission, fill.commission), slippage, fees)
        if row.action == "OPEN":
            self.of(fill.symbol).enter(fill.quantity)
        else:
            self.of(fill.symbol).leave(fill.quantity, row.reason, row.rung, row.realized_pnl, row.funding)
