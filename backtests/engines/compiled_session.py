"""A compiled run as results read a session: its counts, its account and its outputs."""

import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, cast

import numpy as np

from compiled.codes import (
    BOUNDS,
    CANCELED,
    DECISION,
    ENTRY_ROLE,
    EXPIRED,
    FILLED,
    GAP_NOTE,
    HALT_NOTE,
    MOVE,
    NO_REASON,
    NONE,
    PARTIALLY_FILLED,
    REASONS,
    REJECTED,
    STOP_ROLE,
)
from compiled.driving.compiled_run import CompiledRun
from compiled.layout import Records
from core.candle_columns import Int64Array
from core.events import CandleMove, TradeRow
from core.exact import EXACT, ZERO, average
from core.instrument import Instrument
from core.orders import OrderSide
from core.reasons import FillReason
from engine.kernel_rules import KernelRules
from engine.renderer import SessionOutputs
from engine.session_statistics import SessionStatistics
from execution.money.account_view import Costs, PartClosed
from execution.money.closed_trade import ClosedTrade
from execution.money.holding import Holding
from execution.money.performance import performance_summary

_ENDED = (REJECTED, EXPIRED, CANCELED)


class _RoundTrip(NamedTuple):
    """What the row that closes the last of a position tells of its round trip, in whole units."""

    symbol: int
    sign: int
    entry_time_ms: int
    time_ms: int
    entry_price: int
    price: int
    reason: int
    parts: int
    tag: int
    trade_quantity: int
    trade_cost: int
    trade_proceeds: int
    trade_gross: int
    trade_result: int
    trade_best: int
    trade_ambiguous: int


class _RungRow(NamedTuple):
    """A fill as the figures of a ladder's rungs read it."""

    symbol: str
    action: str
    rung: int
    quantity: Decimal
    realized_pnl: Decimal


class CompiledAccount:
    """The account of a compiled run at its end: all positions are closed."""

    def __init__(self, run: CompiledRun, symbols: Sequence[str], strategy_name: str) -> None:
        self._symbols = symbols
        self._strategy = strategy_name
        self._tags = run.tags
        self._record = run.core.account[0]
        self._money = int(run.core.rules[0]["money_decimals"])
        self._decimals = [(int(one["price_decimals"]), int(one["quantity_decimals"])) for one in run.core.symbols]
        self._scales = run.core.symbols["cost_scale"]
        self._fills = np.concatenate(run.fills)
        self.holdings: Mapping[str, Holding] = {}
        filled = np.concatenate(run.transitions)
        filled = filled[(filled["event"] == FILLED) & (filled["rung"] > 0)]
        self.rung_fills = Counter(filled["rung"].tolist())
        self.funding_net = self.funding_paid = ZERO
        self.max_drawdown = float(self._record["max_drawdown"])
        self.peak_equity = float(self._record["account_peak"])
        self.starting_balance = self._amount(int(self._record["starting_balance"]))
        self.balance = self._amount(int(self._record["balance"]))
        closes = self._fills[self._fills["opens"] == 0]
        self.exits = _counted(closes["reason"])
        self._closes = closes
        trips = closes[closes["whole"] != 0]
        self.closed = [
            self._trade(trip)
            for trip in map(_RoundTrip._make, zip(*(trips[name].tolist() for name in _RoundTrip._fields), strict=True))
        ]

    @property
    def ledger(self) -> "CompiledAccount":
        """Cash at the start and now."""
        return self

    @property
    def realized_pnl(self) -> Decimal:
        """Results of closed trades, net of all costs."""
        return EXACT.subtract(self.balance, self.starting_balance)

    def unrealized_of_log(self) -> Decimal:
        """Return the gross profit of what is open: nothing."""
        return ZERO

    @property
    def performance(self) -> dict[str, Any]:
        """Balances, returns and trade counts as plain figures; percentages are per cent."""
        return performance_summary(cast(Any, self))

    @property
    def parts_closed(self) -> Iterator[PartClosed]:
        """Every closing fill, oldest first."""
        of_symbol, reasons = self._closes["symbol"].tolist(), self._closes["reason"].tolist()
        for symbol, reason in zip(of_symbol, reasons, strict=True):
            yield PartClosed(self._symbols[symbol], cast(FillReason, REASONS[reason]), ZERO)

    @functools.cached_property
    def rows(self) -> Sequence[TradeRow]:
        """Every fill, oldest first, as far as rungs are told by it."""
        fills = self._fills
        names = ("symbol", "opens", "rung", "quantity", "realized_pnl")
        return cast(
            Sequence[TradeRow],
            [
                _RungRow(
                    self._symbols[symbol],
                    "OPEN" if opens else "CLOSE",
                    rung,
                    self._amount(quantity, self._decimals[symbol][1]),
                    self._amount(result),
                )
                for symbol, opens, rung, quantity, result in zip(*(fills[name].tolist() for name in names), strict=True)
            ],
        )

    @functools.cached_property
    def costs(self) -> Costs:
        """What all fills have cost."""
        fills = self._fills
        scale = self._scales[fills["symbol"]]
        slippage = np.abs(fills["price"] - fills["reference"]) * fills["quantity"] * scale
        return Costs(self._amount(_sum(fills["commission"])), self._amount(_sum(slippage)), ZERO)

    def _amount(self, units: int, decimals: int | None = None) -> Decimal:
        return EXACT.scaleb(Decimal(units), -(self._money if decimals is None else decimals))

    def _trade(self, trip: _RoundTrip) -> ClosedTrade:
        prices, quantities = self._decimals[trip.symbol]
        quantity, entry_price = self._amount(trip.trade_quantity, quantities), self._amount(trip.entry_price, prices)
        cost, price = self._amount(trip.trade_cost), self._amount(trip.price, prices)
        if trip.entry_price == NONE or cost != EXACT.multiply(entry_price, quantity):
            entry_price = average(cost, quantity)
        return ClosedTrade(
            self._symbols[trip.symbol],
            OrderSide.SHORT if trip.sign > 0 else OrderSide.LONG,
            quantity,
            trip.entry_time_ms,
            trip.time_ms,
            entry_price,
            price if trip.parts == 1 else average(self._amount(trip.trade_proceeds), quantity),
            self._amount(trip.trade_gross),
            self._amount(trip.trade_result),
            cast(FillReason, REASONS[trip.reason]),
            self._amount(trip.trade_best),
            bool(trip.trade_ambiguous),
            self._strategy,
            trip.parts,
            self._tags[trip.tag],
        )


def _sum(amounts: Int64Array) -> int:
    """Return a sum that may be longer than 64 bits."""
    high, low = amounts >> 32, amounts & 0xFFFFFFFF
    return (int(high.sum()) << 32) + int(low.sum())


class CompiledSession:
    """What results read of a session, of a compiled run that has ended."""

    paused = False

    def __init__(
        self,
        run: CompiledRun,
        rules: KernelRules,
        instruments: Mapping[str, Instrument],
        outputs: SessionOutputs,
        *,
        kill_switch_engaged: bool,
    ) -> None:
        record, symbols = run.core.account[0], tuple(instruments)
        self.rules = rules
        self.instruments = dict(instruments)
        self.outputs = outputs
        self.kill_switch_engaged = kill_switch_engaged
        self.account = CompiledAccount(run, symbols, rules.strategy_name)
        self.last_step_ms: int | None = int(record["time_ms"]) if record["steps"] else None
        self.statistics = _statistics(record, symbols, np.concatenate(run.notes), np.concatenate(run.transitions))
        self.candle_moves = [
            CandleMove(
                int(one["time_ms"]),
                symbols[one["symbol"]],
                int(one["opened_ms"]),
                *(float(one[name]) for name in ("close_before", "high", "low", "factor")),
            )
            for one in np.concatenate(run.moves)
        ]


def _counted(codes: np.ndarray[Any, Any], names: Sequence[str] = REASONS) -> Counter[str]:
    """Count words by their codes."""
    numbers = np.bincount(codes, minlength=len(names)).tolist()
    return Counter({name: number for name, number in zip(names, numbers, strict=True) if number})


def _statistics(account: np.void, symbols: Sequence[str], notes: Records, transitions: Records) -> SessionStatistics:
    """Return the counts that a session's events come to."""
    found = SessionStatistics()
    found.steps, found.steps_with_position = int(account["steps"]), int(account["steps_with_position"])
    found.candles_processed, found.orders_submitted = (
        int(account["candles_processed"]),
        int(account["orders_submitted"]),
    )
    decisions = notes[notes["kind"] == DECISION]
    found.signals_generated = len(decisions)
    refused = decisions[decisions["reason"] != NO_REASON]
    found.refusals = _counted(refused["reason"])
    for code, first in zip(*np.unique(refused["reason"], return_index=True), strict=True):
        found.first_refused[REASONS[code]] = int(refused["time_ms"][first]), symbols[refused["symbol"][first]]
    entered = decisions[decisions["entry_id"] != 0]
    found.sizes_bound_by = _counted(entered["bound"], BOUNDS)
    found.risks_taken.frombytes((entered["risk_taken"] / entered["equity"]).tobytes())
    found.gaps = int((notes["kind"] == GAP_NOTE).sum())
    found.halts = int((notes["kind"] == HALT_NOTE).sum())
    found.candle_moves = int((notes["kind"] == MOVE).sum())
    own = transitions[transitions["role"] < STOP_ROLE]
    entries = own[own["role"] == ENTRY_ROLE]
    found.partial_fills = int((entries["event"] == PARTIALLY_FILLED).sum())
    # One that has filled in part may end otherwise than by its last fill.
    ended = (entries["event"] == FILLED) | (np.isin(entries["event"], _ENDED) & (entries["filled"] > 0))
    found.entries_filled = int(ended.sum())
    # One that was never accepted counts as a refusal of its decision.
    own = own[own["order_id"] != 0]
    for event, counter in zip(_ENDED, ("rejected", "expired", "cancelled"), strict=True):
        setattr(found, counter, _counted(own["reason"][own["event"] == event]))
    return found
