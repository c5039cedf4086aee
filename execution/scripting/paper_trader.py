"""The paper trader: a script's view of a paper venue, where it trades by direct calls and by candles it plays."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from core.candle import Candle, FundingRate
from core.events import Event, Recorder
from core.exact import add, received
from core.instants import to_ms
from core.instrument import Instrument
from core.orders import OrderRequest
from core.plain_text import escaped
from execution.costs.fill_pricing import fraction_pricing
from execution.matching.paper_venue import PaperVenue
from execution.matching.venue_rules import VenueRules
from execution.money.account import Account
from execution.money.balance_change import Number, apply_trade_result
from execution.orders.order_book import OrderBook
from execution.orders.symbol_orders import SymbolOrders
from execution.orders.trailing import trailing_fraction_of
from execution.positive_number import positive_number
from execution.scripting.direct_orders import DirectOrders
from execution.scripting.execution_result import ExecutionResult
from execution.scripting.position import Position
from execution.scripting.step_result import StepResult
from execution.scripting.trade_file import TradeFile

DEFAULT_LOG_FILE = Path("logs/paper_trades.csv")

PriceProvider = Mapping[str, float] | Callable[[str], float]


class _Played(NamedTuple):
    """A symbol whose candle a script plays."""

    symbol: str
    orders: SymbolOrders


class PaperTrader:
    """A paper account that fills at given prices, with slippage and commission.

    Direct calls act at once at the price given. The venue has no clock: a direct fill carries its order's
    ``timestamp``, or that of the last order that had one. :meth:`at` gives a script a venue with other costs.

    Parameters
    ----------
    starting_balance, slippage, commission_rate
        Quote currency; a fraction of the price; a fraction of the filled value.
    allow_shorting
        Whether an order may open a short.
    log_trades, log_file
        Whether fills are written to a CSV file, and to which (default ``logs/paper_trades.csv``, begun anew).
    instruments
        Trading rules per symbol; prices and quantities are rounded only for symbols that have some.

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
        instruments: Mapping[str, Instrument] | None = None,
    ) -> None:
        positive_number(starting_balance, "starting_balance")
        listeners = [TradeFile(log_file or DEFAULT_LOG_FILE)] if log_trades else []
        pricing = fraction_pricing(slippage, commission_rate, instruments)
        self._stand_at(
            PaperVenue(
                received(starting_balance), pricing, VenueRules(), Recorder(*listeners), allow_shorting=allow_shorting
            )
        )

    @classmethod
    def at(cls, venue: PaperVenue) -> "PaperTrader":
        """Return a trader at a venue that exists."""
        trader = cls.__new__(cls)
        trader._stand_at(venue)
        return trader

    def _stand_at(self, venue: PaperVenue) -> None:
        self.venue = venue
        self._orders = DirectOrders(venue)
        self._time_ms = 0
        self._trailing_stop_pct = 0.0
        self._events: list[Event] | None = None
        self._listens = False

    def reset(self) -> None:
        """Return to the starting balance, without positions, orders, trades or a peak; log files go on.

        The account, the order book and the venue stay the objects they are.
        """
        self.venue.reset()
        self._time_ms = 0

    @property
    def account(self) -> Account:
        """Positions and exact money."""
        return self.venue.account

    @property
    def book(self) -> OrderBook:
        """The working orders."""
        return self.venue.book

    @property
    def allow_shorting(self) -> bool:
        """Whether an order may open a short."""
        return self.venue.book.allow_shorting

    @property
    def starting_balance(self) -> float:
        """Cash at the start."""
        return float(self.account.ledger.starting_balance)

    @property
    def balance(self) -> float:
        """Cash after closed trades."""
        return float(self.account.ledger.balance)

    @property
    def realized_pnl(self) -> float:
        """Results of closed trades, net of commissions."""
        return float(self.account.ledger.realized_pnl)

    @property
    def peak_equity(self) -> float:
        """The highest equity so far."""
        return self.account.peak_equity

    @property
    def max_drawdown(self) -> float:
        """The largest fall from a peak so far, a fraction of the peak."""
        return self.account.max_drawdown

    @property
    def positions(self) -> dict[str, Position]:
        """Open positions by symbol, in the order they were opened."""
        return {symbol: holding.position for symbol, holding in self.account.holdings.items()}

    def get_balance(self) -> float:
        """Return cash after closed trades."""
        return self.balance

    def get_equity(self) -> float:
        """Return balance plus unrealised profit at the last marks."""
        return float(add(self.account.ledger.balance, self.account.unrealized_of_log()))

    def get_open_positions(self) -> dict[str, Position]:
        """Return the open positions by symbol, in the order they were opened."""
        return self.positions

    def get_closed_trades(self) -> list[dict[str, Any]]:
        """Return the closed round trips as plain values, oldest first."""
        return [trade.to_dict() for trade in self.account.closed]

    def get_trade_history(self) -> list[dict[str, Any]]:
        """Return every fill as plain values by the trade log's columns, oldest first."""
        return [row.to_dict() for row in self.account.rows]

    def get_performance_summary(self) -> dict[str, Any]:
        """Return balances, returns and trade counts; percentages are per cent, a win is above 0 net of costs."""
        return self.account.performance

    @staticmethod
    def apply_trade_result(
        balance: Number, realized_pnl: Number, commission: Number | int = 0, slippage: Number | int = 0
    ) -> Number:
        """Return balance + realized_pnl − commission − slippage, in the type given."""
        return apply_trade_result(balance, realized_pnl, commission, slippage)

    def set_risk_config(self, risk_config: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Take ``enable_trailing_stop`` and ``trailing_stop_pct`` (a fraction in (0, 1)) for positions to come.

        They are read from a mapping, or from a ``RiskConfig``.
        """
        values = dict(risk_config)
        self.venue.matching.settlement.protection.trail_at(trailing_fraction_of(values))
        self._trailing_stop_pct = float(values.get("trailing_stop_pct", self._trailing_stop_pct))

    @property
    def enable_trailing_stop(self) -> bool:
        """Whether the stops of positions to come follow."""
        return self.venue.matching.settlement.protection.trailing_fraction is not None

    @property
    def trailing_stop_pct(self) -> float:
        """The fraction of the price at which they follow, or would; 0.0 where none was ever named."""
        fraction = self.venue.matching.settlement.protection.trailing_fraction
        return self._trailing_stop_pct if fraction is None else float(fraction)

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
            self.account.note_equity(self.get_equity())
        return result

    def process_candle(
        self,
        symbol: str,
        candle: Candle,
        timeframe_ms: int,
        mark: Candle | None = None,
        funding: Sequence[FundingRate] = (),
    ) -> StepResult:
        """Let a candle meet a symbol's orders and mark its position; return what happened.

        For scripts that play candles themselves, without gates and gaps. ``mark`` is the mark price's candle, if known,
        ``funding`` are payments that became known with the candle.
        """
        events = self._events = []
        if not self._listens:
            self._listens = True
            self.venue.recorder.subscribe(self._take)
        close_ms = candle.open_time_ms + timeframe_ms
        self.book.expire(symbol, candle.open_time_ms, close_ms)
        if funding:
            self.venue.funding.add(symbol, funding)
        self.venue.match([(_Played(symbol, self.book.symbol_orders(symbol)), candle, mark or candle)], close_ms)
        self._time_ms = close_ms
        holding = self.account.holdings.get(symbol)
        if holding is not None:
            holding.count()
        self.account.pricing.observe(symbol, candle)
        self.book.last_closes[symbol] = candle.close
        self.account.note_equity(self.get_equity())
        self._events = None
        return StepResult(tuple(events))

    def update_positions(self, prices: Mapping[str, float]) -> None:
        """Mark positions at the prices given, let trailing stops follow, and note peak equity and drawdown."""
        holdings = self.account.holdings
        for symbol, price in _positive({one: price for one, price in prices.items() if one in holdings}).items():
            holdings[symbol].set_mark(price)
            holdings[symbol].count()
            self.venue.matching.after_close(symbol, holdings[symbol].mark, self._time_ms)
        self.account.note_equity(self.get_equity())

    def check_exit_conditions(self, prices: Mapping[str, float]) -> list[str]:
        """Return the symbols whose stop, target or trailing stop the price given reaches; nothing is closed.

        What they are closed at is for the script to say (:meth:`submit_order`), or for :meth:`close_exits`.
        """
        quoted = _positive(prices).items()
        return [symbol for symbol, price in quoted if self._orders.reached(symbol, price, self._time_ms)]

    def close_exits(self, prices: Mapping[str, float]) -> list[ExecutionResult]:
        """Close every position whose stop, target or trailing stop the price given reaches; return the fills.

        A stop fills at the price given with slippage, a target at the price given without.
        """
        results: list[ExecutionResult] = []
        for symbol, price in _positive(prices).items():
            exits = self._orders.exits_at(symbol, price, self._time_ms)
            if exits:
                self.account.note_equity(self.get_equity())
            results += exits
        return results

    def close_all_positions(self, price_provider: PriceProvider | None = None) -> list[ExecutionResult]:
        """Close every position at the provider's price (a mapping, or a function of the symbol), with slippage.

        Every position is closed, whatever the provider does: where it raises, or knows no price that is positive and
        finite, the position's last mark is used. The result's metadata then has ``price_from`` "last_mark", and
        ``provider`` says what the provider did.
        """
        results = []
        for symbol, holding in list(self.account.holdings.items()):
            price, failure = _asked(price_provider, symbol)
            reference = received(holding.mark if price is None else price)
            result = self._orders.close(symbol, reference, self._time_ms, "end")
            told = {"price_from": "provider"} if price is not None else {"price_from": "last_mark", "provider": failure}
            results.append(msgspec.structs.replace(result, metadata={**result.metadata, **told}))
            self.account.note_equity(self.get_equity())
        return results

    def _take(self, event: Event) -> None:
        if self._events is not None:
            self._events.append(event)


def _positive(prices: Mapping[str, float]) -> dict[str, float]:
    """Return prices, all of which are positive and finite; ValueError before anything is done with one of them."""
    return {symbol: positive_number(price, symbol) for symbol, price in prices.items()}


def _asked(provider: PriceProvider | None, symbol: str) -> tuple[float | None, str]:
    """Return a provider's price; None, and what was wrong, where it has none that a fill could have."""
    if provider is None:
        return None, "no provider"
    try:
        answer = provider(symbol) if callable(provider) else provider[symbol]
        return positive_number(answer, symbol), ""
    except Exception as error:  # noqa: BLE001 - a script's code may raise anything, and a flatten may not fail for it
        return None, escaped(f"{type(error).__name__}: {error}")
