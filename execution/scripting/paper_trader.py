"""The paper trader: a paper account that scripts can call directly and a session drives with its own timing."""

import copy
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.candle import Candle
from core.exact import EXACT, received
from core.instants import to_ms
from core.instrument import Instrument
from core.orders import OrderRequest
from execution.costs.fill_pricing import FillPricing, fraction_pricing
from execution.matching.immediate_fills import ImmediateFills
from execution.matching.matching_engine import MatchingEngine
from execution.matching.venue_rules import VenueRules
from execution.money.account import Account
from execution.money.balance_change import Number, apply_trade_result
from execution.money.hashed_text import file_sink
from execution.money.postings import Postings
from execution.money.trade_log import TradeLog, TradeRow
from execution.orders.order_book import OrderBook
from execution.orders.order_log import OrderLog
from execution.orders.trailing import trailing_fraction_of
from execution.scripting.direct_orders import DirectOrders
from execution.scripting.execution_result import ExecutionResult
from execution.scripting.performance import performance_summary
from execution.scripting.position import Position
from execution.scripting.positive_number import positive_number

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
    pricing
        Cost models and trading rules instead of the two fractions and ``instruments``.
    venue
        How orders meet candles, and margin; the defaults when None.
    order_log, postings
        Where transitions of orders and the ledger's double entries are written.

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
        pricing: FillPricing | None = None,
        venue: VenueRules | None = None,
        order_log: OrderLog | None = None,
        postings: Postings | None = None,
    ) -> None:
        positive_number(starting_balance, "starting_balance")
        if log_trades and trade_log is None:
            trade_log = TradeLog(file_sink(log_file or DEFAULT_LOG_FILE))
        self.allow_shorting = allow_shorting
        self._starting_balance = received(starting_balance)
        self._models = pricing or fraction_pricing(slippage, commission_rate, instruments)
        self._venue = venue or VenueRules()
        self._trade_log = trade_log
        self._order_log = order_log or OrderLog()
        self._postings = postings
        self._trailing_fraction: Decimal | None = None
        self.reset()

    def reset(self) -> None:
        """Return to the starting balance, without positions, orders, trades or a peak; log files go on."""
        # A copy, because volume tiers and market conditions are part of what a reset forgets.
        if self._postings is not None:
            self._postings.restart()
        self._pricing = copy.deepcopy(self._models)
        self.account = Account(
            self._starting_balance, self._pricing, self._trade_log, self._postings, self._venue.perpetual
        )
        self.account.trailing_fraction = self._trailing_fraction
        self.book = OrderBook(self.account, self._venue, self._order_log, allow_shorting=self.allow_shorting)
        self.matching = MatchingEngine(self.book, lambda: received(self.get_equity()))
        self.immediate = ImmediateFills(self.book, self.matching.fills)
        self._orders = DirectOrders(self.book, self.matching, self.immediate)
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
        """Take ``enable_trailing_stop`` and ``trailing_stop_pct`` (a fraction in (0, 1)) for positions to come."""
        self._trailing_fraction = self.account.trailing_fraction = trailing_fraction_of(risk_config)

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
        held = order.symbol in self.account.holdings
        result = self._orders.submit(order, reference, self._time_ms)
        if held and result.fill is not None:
            self.note_equity(self.get_equity())
        return result

    def process_candle(
        self, symbol: str, candle: Candle, timeframe_ms: int, mark: Candle | None = None
    ) -> list[TradeRow]:
        """Let a candle meet a symbol's orders and mark its position; return the rows of the fills.

        For scripts that play candles themselves, without gates and gaps. ``mark`` is the mark price's candle, if known.
        """
        before, close_ms, marks = len(self.account.rows), candle.open_time_ms + timeframe_ms, mark or candle
        self.book.expire(symbol, candle.open_time_ms, close_ms)
        self.matching.exits_at_open(symbol, candle, marks)
        self.matching.entries_at_open(symbol, candle, marks)
        self.matching.inside(symbol, candle, marks, close_ms)
        self._time_ms = close_ms
        holding = self.account.holdings.get(symbol)
        if holding is not None:
            holding.set_mark(candle.close)
            holding.count()
        self.matching.after_close(symbol, candle.close, close_ms)
        self._pricing.observe(symbol, candle)
        self.book.last_closes[symbol] = candle.close
        self.note_equity(self.get_equity())
        return self.account.rows[before:]

    def update_positions(self, prices: Mapping[str, float]) -> None:
        """Mark positions at the prices given, let trailing stops follow, and note peak equity and drawdown."""
        for symbol, price in prices.items():
            holding = self.account.holdings.get(symbol)
            if holding is not None:
                holding.set_mark(positive_number(price, symbol))
                self.matching.after_close(symbol, holding.mark, self._time_ms)
        self.note_equity(self.get_equity())

    def check_exit_conditions(self, prices: Mapping[str, float]) -> list[ExecutionResult]:
        """Close every position whose stop or target the price given has passed; return the fills."""
        results: list[ExecutionResult] = []
        for symbol, price in prices.items():
            quoted = positive_number(price, symbol)
            exits = self._orders.exits_at(symbol, quoted, self._time_ms)
            if exits:
                self.note_equity(self.get_equity())
            results += exits
        return results

    def close_all_positions(self, price_provider: PriceProvider) -> list[ExecutionResult]:
        """Close every position at the provider's price (a mapping, or a function of the symbol), with slippage."""
        price_of = price_provider if callable(price_provider) else price_provider.__getitem__
        results = []
        for symbol in list(self.account.holdings):
            reference = received(positive_number(price_of(symbol), symbol))
            results.append(self._orders.close(symbol, reference, self._time_ms, "end"))
            self.note_equity(self.get_equity())
        return results
