"""The paper trader: a paper account that scripts can call directly and a session drives with its own timing."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.exact import EXACT, floor_to, received
from core.instants import to_ms
from core.instrument import Instrument
from core.orders import OrderRequest, OrderSide
from execution.account import Account
from execution.commission import CommissionModel, FractionCommission
from execution.execution_result import ExecutionResult
from execution.fill_pricing import FillPricing
from execution.performance import performance_summary
from execution.position import Position
from execution.positive_number import positive_number
from execution.slippage import FractionSlippage, SlippageModel
from execution.trade_log import TradeLog, file_sink
from execution.trade_result import Number, apply_trade_result

DEFAULT_LOG_FILE = Path("logs/paper_trades.csv")

PriceProvider = Mapping[str, float] | Callable[[str], float]


class PaperTrader:
    """A paper account that fills at given prices, with slippage and commission.

    Direct calls act at once at the price given. The venue has no clock: a direct fill carries its order's
    ``timestamp``, or that of the last order that had one. A session times its fills itself, through ``account``.

    Parameters
    ----------
    starting_balance, slippage, commission_rate
        Quote currency; a fraction of the price; a fraction of the filled value.
    allow_shorting
        Whether an order may open a short.
    log_trades, log_file
        Whether fills are written to a CSV file, and to which (default ``logs/paper_trades.csv``, begun anew).
    trade_log
        A log to write to instead of a file.
    instruments
        Trading rules per symbol; prices and quantities are rounded only for symbols that have some.
    commission_model, slippage_model
        Cost models instead of the two fractions.

    Raises
    ------
    ValueError
        If the balance is not positive or a fraction is not in [0, 1).
    """

    def __init__(
        self,
        starting_balance: float = 10_000.0,
        slippage: float = 0.0005,
        commission_rate: float = 0.0005,
        allow_shorting: bool = True,
        log_trades: bool = False,
        log_file: str | Path | None = None,
        *,
        trade_log: TradeLog | None = None,
        instruments: Mapping[str, Instrument] | None = None,
        commission_model: CommissionModel | None = None,
        slippage_model: SlippageModel | None = None,
    ) -> None:
        positive_number(starting_balance, "starting_balance")
        for name, fraction in (("slippage", slippage), ("commission_rate", commission_rate)):
            if not 0.0 <= fraction < 1.0:
                raise ValueError(f"{name} is a fraction in [0, 1), got {fraction!r}")
        if log_trades and trade_log is None:
            trade_log = TradeLog(file_sink(log_file or DEFAULT_LOG_FILE))
        self.allow_shorting = allow_shorting
        self._starting_balance = received(starting_balance)
        self._pricing = FillPricing(
            commission_model or FractionCommission(received(commission_rate)),
            slippage_model or FractionSlippage(received(slippage)),
            dict(instruments or {}),
        )
        self._trade_log = trade_log
        self._trailing_fraction: Decimal | None = None
        self.reset()

    def reset(self) -> None:
        """Return to the starting balance, without positions, trades or a peak; a log file goes on."""
        self.account = Account(self._starting_balance, self._pricing, self._trade_log)
        self.account.trailing_fraction = self._trailing_fraction
        self._time_ms = 0
        self.peak_equity = float(self._starting_balance)
        self.max_drawdown = 0.0

    @property
    def starting_balance(self) -> float:
        """Cash at the start."""
        return float(self._starting_balance)

    @property
    def balance(self) -> float:
        """Cash after closed trades."""
        return float(self.account.ledger.balance)

    @property
    def realized_pnl(self) -> float:
        """Results of closed trades, net of commissions."""
        return float(self.account.ledger.realized_pnl)

    @property
    def positions(self) -> dict[str, Position]:
        """Open positions by symbol, in the order they were opened."""
        return {symbol: holding.position for symbol, holding in self.account.holdings.items()}

    def get_balance(self) -> float:
        """Return cash after closed trades."""
        return self.balance

    def get_equity(self) -> float:
        """Return balance plus unrealised profit at the last marks."""
        return float(EXACT.add(self.account.ledger.balance, self.account.unrealized_of_log()))

    def get_open_positions(self) -> list[Position]:
        """Return the open positions in the order they were opened."""
        return list(self.positions.values())

    def get_closed_trades(self) -> list[dict[str, Any]]:
        """Return the closed round trips as plain values, oldest first."""
        return [trade.to_dict() for trade in self.account.closed]

    def get_trade_history(self) -> list[dict[str, Any]]:
        """Return every fill as plain values by the trade log's columns, oldest first."""
        return [row.to_dict() for row in self.account.rows]

    def get_performance_summary(self) -> dict[str, Any]:
        """Return balances, returns and trade counts; percentages are per cent, a win is above 0 net of costs."""
        return performance_summary(self.account, self.starting_balance, self.peak_equity, self.max_drawdown)

    @staticmethod
    def apply_trade_result(
        balance: Number, realized_pnl: Number, commission: Number | int = 0, slippage: Number | int = 0
    ) -> Number:
        """Return balance + realized_pnl − commission − slippage, in the type given."""
        return apply_trade_result(balance, realized_pnl, commission, slippage)

    def set_risk_config(self, risk_config: Mapping[str, Any]) -> None:
        """Take ``enable_trailing_stop`` and ``trailing_stop_pct`` (a fraction) for positions opened from now on.

        Raises
        ------
        ValueError
            If trailing is enabled with a fraction outside (0, 1).
        """
        self._trailing_fraction = None
        if risk_config.get("enable_trailing_stop", False):
            fraction = float(risk_config.get("trailing_stop_pct", 0.0))
            if not 0.0 < fraction < 1.0:
                raise ValueError(f"trailing_stop_pct is a fraction between 0 and 1, got {fraction!r}")
            self._trailing_fraction = received(fraction)
        self.account.trailing_fraction = self._trailing_fraction

    def note_equity(self, equity: float) -> None:
        """Take an equity value into peak equity and the largest drawdown."""
        if equity > self.peak_equity:
            self.peak_equity = equity
        else:
            drawdown = (self.peak_equity - equity) / self.peak_equity
            if drawdown > self.max_drawdown:
                self.max_drawdown = drawdown

    def submit_order(self, order: OrderRequest, current_price: float) -> ExecutionResult:
        """Fill an order at once at ``current_price`` with slippage.

        An opposite order closes the open position, up to its quantity; a same-side one, a short without
        ``allow_shorting`` and one that equity cannot carry ("Insufficient balance") are rejected.

        Raises
        ------
        ValueError
            If the price is not positive and finite.
        """
        reference = received(positive_number(current_price, "current_price"))
        if order.timestamp is not None:
            self._time_ms = to_ms(order.timestamp)
        holding = self.account.holdings.get(order.symbol)
        if holding is not None and holding.position.side is order.side:
            return ExecutionResult.failure_result(f"{order.symbol}: a {order.side.value} position is open already")
        quantity = floor_to(received(order.quantity), self._pricing.rules(order.symbol).lot_size)
        if not quantity:
            return ExecutionResult.failure_result(f"{order.symbol}: quantity {order.quantity!r} is below one lot")
        if holding is not None:
            part = min(quantity, holding.entry.quantity)
            result = self.account.close_position(
                order.symbol, reference, self._time_ms, "opposite_signal", order_id=order.order_id, quantity=part
            )
            self.note_equity(self.get_equity())
            return result
        if order.side is OrderSide.SHORT and not self.allow_shorting:
            return ExecutionResult.failure_result(f"{order.symbol}: shorting is not allowed")
        return self.account.open_position(
            order.with_quantity(float(quantity)), reference, self._time_ms, received(self.get_equity())
        )

    def update_positions(self, prices: Mapping[str, float]) -> None:
        """Mark positions at the prices given, let trailing stops follow, and note peak equity and drawdown."""
        for symbol, price in prices.items():
            holding = self.account.holdings.get(symbol)
            if holding is not None:
                holding.set_mark(positive_number(price, symbol))
                holding.ratchet(holding.mark)
        self.note_equity(self.get_equity())

    def check_exit_conditions(self, prices: Mapping[str, float]) -> list[ExecutionResult]:
        """Close every position whose stop or target the price given has passed; return the fills."""
        results = []
        for symbol, price in prices.items():
            holding = self.account.holdings.get(symbol)
            hit = holding.levels.passed_by(positive_number(price, symbol)) if holding is not None else None
            if hit is not None:
                results.append(self.account.close_at_level(symbol, hit, self._time_ms))
                self.note_equity(self.get_equity())
        return results

    def close_all_positions(self, price_provider: PriceProvider) -> list[ExecutionResult]:
        """Close every position at the provider's price (a mapping, or a function of the symbol), with slippage."""
        price_of = price_provider if callable(price_provider) else price_provider.__getitem__
        results = []
        for symbol in list(self.account.holdings):
            reference = received(positive_number(price_of(symbol), symbol))
            results.append(self.account.close_position(symbol, reference, self._time_ms, "end"))
            self.note_equity(self.get_equity())
        return results
