"""The paper venue's account: exact fills, positions and ledger, written to the trade log as they happen."""

import json
from collections.abc import Iterable
from decimal import Decimal

from core.exact import EXACT, ONE, ZERO, received
from core.instants import to_datetime
from core.orders import OrderRequest, OrderSide
from execution.closed_trade import ClosedTrade
from execution.execution_result import ExecutionResult
from execution.fill_pricing import FillPricing
from execution.holding import Holding, levels_of
from execution.ledger import Ledger
from execution.order_fill import OrderFill
from execution.position import Position
from execution.protection import LevelHit
from execution.trade_log import TradeLog, TradeRow

INSUFFICIENT_BALANCE = "Insufficient balance"
_BALANCE_TOLERANCE = EXACT.add(ONE, Decimal("1e-9"))


class Account:
    """Positions and money of one paper account; the caller decides when and from which reference price a fill happens.

    ``holdings`` are the open positions by symbol, ``closed`` the round trips, ``rows`` what the trade log was given.
    """

    def __init__(
        self,
        starting_balance: Decimal,
        pricing: FillPricing,
        trade_log: TradeLog | None,
    ) -> None:
        self.pricing = pricing
        self._trade_log = trade_log
        self.trailing_fraction: Decimal | None = None
        self.ledger = Ledger(starting_balance)
        self.holdings: dict[str, Holding] = {}
        self.closed: list[ClosedTrade] = []
        self.rows: list[TradeRow] = []
        self._order_count = 0

    def next_order_id(self) -> str:
        """Return the next order id; ids are one counter over accepted orders and protective exits."""
        self._order_count += 1
        return str(self._order_count)

    def unrealized_of_log(self) -> Decimal:
        """Return the exact gross profit of the trade log: at closes taken since each entry, else at its own fill."""
        return _total(holding.exact_unrealized() for holding in self.holdings.values() if holding.marked)

    def unrealized_of_marks(self) -> Decimal:
        """Return the exact gross profit at the marks of every position that was part of the last equity."""
        return _total(holding.exact_unrealized() for holding in self.holdings.values() if holding.counted)

    def affordable(self, price: Decimal, quantity: Decimal, equity: Decimal) -> bool:
        """Return whether ``equity`` carries the open entries, one more entry and its commission."""
        needed = EXACT.add(EXACT.multiply(price, quantity), self.pricing.commission(price, quantity))
        for holding in self.holdings.values():
            needed = EXACT.add(needed, holding.entry.notional())
        return needed <= EXACT.multiply(equity, _BALANCE_TOLERANCE)

    def open_position(
        self, order: OrderRequest, reference: Decimal, time_ms: int, equity: Decimal, *, mark: float | None = None
    ) -> ExecutionResult:
        """Fill an opening order with slippage from ``reference``, or reject it when ``equity`` cannot carry it.

        Parameters
        ----------
        order
            Its quantity is on the lot already.
        equity
            What the entries are held against, in quote currency.
        mark
            Price at which the position counts until its symbol's next close; its own fill when None.
        """
        quantity = received(order.quantity)
        price = self.pricing.market_price(order.symbol, reference, buying=order.side is OrderSide.LONG)
        if price <= 0 or not self.affordable(price, quantity, equity):
            return ExecutionResult.failure_result(INSUFFICIENT_BALANCE, order.order_id)
        order_id = order.order_id or self.next_order_id()
        commission = self.pricing.commission(price, quantity)
        entry = self.ledger.open(order.symbol, order.side.sign, quantity, price, commission)
        levels = levels_of(order, price, self.pricing.rules(order.symbol).tick_size, self.trailing_fraction)
        position = Position(
            order.symbol,
            order.side,
            order.quantity,
            float(price),
            to_datetime(time_ms),
            None if levels.stop is None else float(levels.stop),
            None if levels.target is None else float(levels.target),
            strategy_name=order.strategy_name,
            metadata=dict(order.metadata),
        )
        holding = Holding(entry, levels, position, time_ms, float(price) if mark is None else mark)
        self.holdings[order.symbol] = holding
        return self._record(
            holding,
            "OPEN",
            order_id,
            time_ms,
            price,
            reference,
            quantity,
            commission,
            ZERO,
            "signal",
            holding.levels_json(),
        )

    def close_position(
        self,
        symbol: str,
        reference: Decimal,
        time_ms: int,
        reason: str,
        *,
        order_id: str | None = None,
        slips: bool = True,
        instead: Decimal | None = None,
        quantity: Decimal | None = None,
    ) -> ExecutionResult:
        """Close a position, or ``quantity`` of it, from a reference price; a limit's fill does not slip.

        ``instead`` is the price of the target that the same candle may have reached first; the trade is then ambiguous.
        """
        holding = self.holdings[symbol]
        amount = holding.entry.quantity if quantity is None else quantity
        buying = holding.sign < 0
        price_of = self.pricing.market_price if slips else self.pricing.limit_price
        price = price_of(symbol, reference, buying=buying)
        commission = self.pricing.commission(price, amount)
        entry = holding.entry
        result = self.ledger.close(symbol, amount, price, commission)
        rest = self.ledger.entries.get(symbol)
        if rest is None:
            del self.holdings[symbol]
        else:
            holding.resize(rest)
        best_case = result
        if instead is not None:
            better = EXACT.subtract(entry.gross(instead, amount), entry.gross(price, amount))
            saved = EXACT.subtract(commission, self.pricing.commission(instead, amount))
            best_case = EXACT.add(result, EXACT.add(better, saved))
        self.closed.append(
            ClosedTrade(
                symbol=symbol,
                side=holding.position.side,
                quantity=amount,
                entry_time_ms=holding.opened_ms,
                exit_time_ms=time_ms,
                entry_price=entry.price,
                exit_price=price,
                gross_pnl=entry.gross(price, amount),
                realized_pnl=result,
                reason=reason,
                best_case_pnl=best_case,
                ambiguous=instead is not None,
                strategy_name=holding.position.strategy_name,
            )
        )
        metadata = json.dumps({"ambiguous": True}, separators=(",", ":")) if instead is not None else "{}"
        return self._record(
            holding,
            "CLOSE",
            order_id or self.next_order_id(),
            time_ms,
            price,
            reference,
            amount,
            commission,
            result,
            reason,
            metadata,
        )

    def close_at_level(self, symbol: str, hit: LevelHit, time_ms: int) -> ExecutionResult:
        """Close a position at a protective level that the market reached."""
        return self.close_position(symbol, hit.reference, time_ms, hit.reason, slips=hit.slips, instead=hit.instead)

    def _record(
        self,
        holding: Holding,
        action: str,
        order_id: str,
        time_ms: int,
        price: Decimal,
        reference: Decimal,
        quantity: Decimal,
        commission: Decimal,
        result: Decimal,
        reason: str,
        metadata: str,
    ) -> ExecutionResult:
        """Write the row of a fill that has happened and return its result."""
        slippage = EXACT.multiply(EXACT.abs(EXACT.subtract(price, reference)), quantity)
        unrealized = self.unrealized_of_log()
        position = holding.position
        row = TradeRow(
            time_ms,
            order_id,
            position.symbol,
            action,
            position.side.value,
            price,
            quantity,
            commission,
            slippage,
            self.ledger.balance,
            EXACT.add(self.ledger.balance, unrealized),
            result,
            unrealized,
            position.strategy_name or "",
            reason,
            metadata,
        )
        self.rows.append(row)
        if self._trade_log is not None:
            self._trade_log.write(row)
        fill = OrderFill(
            order_id,
            position.symbol,
            position.side if action == "OPEN" else position.side.opposite,
            float(quantity),
            float(price),
            to_datetime(time_ms),
            float(commission),
            float(slippage),
            metadata={"reason": reason},
        )
        return ExecutionResult.success_result(order_id, fill)


def _total(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
