"""What a run is at one moment, as plain values that never change: for pages, callbacks and scripts.

Every number is a float, money and prices among them exact ones (:class:`~backtests.player.amount.Amount`): as JSON
(:func:`state_json`) they are their exact text, in :meth:`Shown.to_dict` floats. Times are UTC milliseconds here, and
aware datetimes in ``to_dict``.
"""

from typing import Any, Literal

import msgspec

from backtests.player.amount import exact_text
from core.candle import Candle
from core.instants import to_datetime

Status = Literal["RUNNING", "COMPLETED", "STOPPED", "FAILED"]

RECENT = 10
"""How many of the last signals, trades, fills and refusals a state has."""

_encode = msgspec.json.Encoder(enc_hook=exact_text).encode


def state_json(state: "Shown") -> bytes:
    """Return a state, or a part of one, as JSON: money as exact text, times in milliseconds."""
    return _encode(state)


class Shown(msgspec.Struct, frozen=True, gc=False):
    """A state, or a part of one."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values: floats, text, and times as aware UTC datetimes (``time_ms`` as ``time``)."""
        plain: dict[str, Any] = _plain(self)
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        fields = ((name, getattr(value, name)) for name in value.__struct_fields__)
        return {
            name.removesuffix("_ms"): _in_time(one) if name.endswith("_ms") else _plain(one) for name, one in fields
        }
    if isinstance(value, float):
        return float(value)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value


def _in_time(time_ms: Any) -> Any:
    if isinstance(time_ms, tuple):
        return [to_datetime(one) for one in time_ms]
    return None if time_ms is None else to_datetime(time_ms)


class BacktestSignal(Shown, frozen=True):
    """What the strategy said at a candle's close, and what became of it.

    ``inputs`` are the numbers that it gave for it, ``gates`` what each gate answered with what it was asked with;
    ``refused_by`` and ``refusal`` are the first that refused, None where none did.
    """

    time_ms: int
    symbol: str
    direction: str
    reason: str
    inputs: dict[str, Any]
    gates: tuple[dict[str, Any], ...]
    refused_by: str | None
    refusal: str | None
    entry_order_id: str | None
    close_order_id: str | None
    sl_distance: float | None
    tp_distance: float | None
    tag: str


class BacktestFill(Shown, frozen=True):
    """A row of the trade log."""

    time_ms: int
    order_id: str
    symbol: str
    action: str
    side: str
    price: float
    quantity: float
    commission: float
    slippage: float
    realized_pnl: float
    balance: float
    reason: str


class BacktestTrade(Shown, frozen=True):
    """A closed position, from its first entry to its last exit; ``realized_pnl`` is net of all costs."""

    symbol: str
    side: str
    quantity: float
    entry_time_ms: int
    exit_time_ms: int
    entry_price: float
    exit_price: float
    gross_pnl: float
    realized_pnl: float
    reason: str
    ambiguous: bool
    strategy: str
    tag: str


class BacktestPosition(Shown, frozen=True):
    """An open position at the last close of its symbol, and the levels at which it is left.

    ``trailed`` says that the stop was moved since the entry.
    """

    symbol: str
    side: str
    quantity: float
    entry_time_ms: int
    entry_price: float
    mark: float
    unrealized_pnl: float
    stop: float | None
    targets: tuple[float, ...]
    trailed: bool
    liquidation: float | None
    funding: float
    tag: str


class BacktestOrder(Shown, frozen=True):
    """An order that waits or rests at the venue, protective ones included.

    ``role`` is what it is for (entry, close, exit, stop, target), ``deadline_ms`` the latest open at which a market
    entry may fill, or the end of an order that is good till a date.
    """

    order_id: str | None
    client_order_id: str
    symbol: str
    role: str
    side: str
    order_type: str
    status: str
    quantity: float
    filled: float
    price: float | None
    stop_price: float | None
    accepted_ms: int
    deadline_ms: int | None
    rung: int


class BacktestMetrics(Shown, frozen=True):
    """Figures so far; percentages are per cent, what is undefined is None.

    ``equity_curve`` are the points ``(time_ms, equity)`` that came since the state that the same reader was given
    before; the first of them is number ``equity_curve_from`` of the whole, and what the reader has from there on is
    replaced.
    """

    starting_balance: float
    total_return: float
    total_return_pct: float
    realized_pnl: float
    unrealized_pnl: float
    total_trades: int
    winning_trades: int
    losing_trades: int
    even_trades: int
    win_rate: float
    profit_factor: float | None
    expectancy: float | None
    average_win: float | None
    average_loss: float | None
    max_drawdown_pct: float
    peak_equity: float
    commission_paid: float
    slippage_paid: float
    funding_net: float
    candles_processed: int
    signals_generated: int
    signals_refused: int
    orders_submitted: int
    equity_curve_from: int = 0
    equity_curve: tuple[tuple[int, float], ...] = ()


class BacktestState(Shown, frozen=True):
    """A run after a step.

    ``index`` is how many steps are done, ``total`` how many there are; a step is all candles that close at one instant.
    ``total`` and ``progress_percent`` are None where nobody knows yet. ``candles`` are those of the step by symbol.
    ``current_capital`` is the cash after closed trades, ``equity`` with open ones at their marks.
    """

    status: Status
    time_ms: int | None
    index: int
    total: int | None
    progress_percent: float | None
    candles: dict[str, Candle]
    current_capital: float
    equity: float
    open_trades: tuple[BacktestPosition, ...]
    signals: tuple[BacktestSignal, ...]
    trades: tuple[BacktestTrade, ...]
    metrics: BacktestMetrics

    @property
    def current_candle(self) -> Candle | None:
        """The step's candle, of several symbols the first that has one."""
        return next(iter(self.candles.values()), None)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, ``current_candle`` among them."""
        candle = self.current_candle
        return {**super().to_dict(), "current_candle": None if candle is None else _plain(candle)}
