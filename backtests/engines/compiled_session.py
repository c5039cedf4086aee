"""A compiled run as results read a session: its counts, its account and its outputs."""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

import numpy as np

from compiled.codes import (
    BOUNDS,
    CANCELED,
    CLOSING,
    DECISION,
    ENTRY_ROLE,
    EXPIRED,
    FILLED,
    GAP_NOTE,
    HALT_NOTE,
    LIQUIDATION,
    MOVE,
    NO_REASON,
    OPENING,
    PAYING,
    REASONS,
    REJECTED,
    STOP_ROLE,
)
from compiled.driving.compiled_run import CompiledRun
from compiled.driving.kept_events import Columns, rows_of
from core.candle_columns import Float64Array, Int64Array
from core.events import CandleMove
from core.exact import EXACT, ZERO
from core.instrument import Instrument
from core.reasons import FillReason
from engine.kernel_rules import KernelRules
from engine.renderer import SessionOutputs
from engine.session_statistics import SessionStatistics
from execution.money.account_totals import AccountTotals, Costs, TradeTotals
from execution.money.holding import Holding
from execution.money.performance import performance_summary

EXACT_FLOATS = 1 << 53
"""Whole numbers below it are float64 as they are."""


class CompiledAccount:
    """The account of a compiled run at its end: all positions are closed."""

    def __init__(self, run: CompiledRun, symbols: Sequence[str], transitions: Columns) -> None:
        self._symbols = symbols
        self._tags = run.tags
        self._record = run.core.account[0]
        self._money = int(run.core.rules[0]["money_decimals"])
        self._decimals = [(int(one["price_decimals"]), int(one["quantity_decimals"])) for one in run.core.symbols]
        self._scales = run.core.symbols["cost_scale"]
        self._fills = run.fills.columns()
        self._closing = self._fills["opens"] == CLOSING
        self.holdings: Mapping[str, Holding] = {}
        rungs = transitions["rung"]
        self.rung_fills = Counter(rungs[(transitions["event"] == FILLED) & (rungs > 0)].tolist())
        self.max_drawdown = float(self._record["max_drawdown"])
        self.peak_equity = float(self._record["account_peak"])
        self.starting_balance = self._amount(int(self._record["starting_balance"]))
        self.balance = self._amount(int(self._record["balance"]))
        self.funding_net = self._amount(int(self._record["funding_net"]))
        self.funding_paid = self._amount(int(self._record["funding_paid"]))
        self.exits = _counted(self._fills["reason"][self._closing])

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

    @functools.cached_property
    def totals(self) -> AccountTotals:
        """What all fills and closed trades add up to."""
        found = AccountTotals()
        fills = rows_of(self._fills, self._fills["opens"] != PAYING)
        found.costs, found.fills = self._costs(), len(fills["opens"])
        self._take_trades(found.trades)
        if self.rung_fills:
            self._take_fills(found, fills)
            return found
        closing, funding = fills["opens"] == CLOSING, fills["funding"]
        for place, symbol in enumerate(self._symbols):
            own, of_symbol = fills["symbol"] == place, found.of(symbol)
            of_symbol.fills, of_symbol.exits = int(own.sum()), _counted(fills["reason"][own & closing])
            of_symbol.funding = self._amount(_sum(funding[own & closing]))
        return found

    def _take_trades(self, found: TradeTotals) -> None:
        """Take all round trips, in the order in which they closed."""
        trips = rows_of(self._fills, self._closing & (self._fills["whole"] != 0))
        results = trips["trade_result"]
        amounts = _floats(results, self._money)
        found.take_all(amounts, trips["time_ms"] - trips["entry_time_ms"])
        found.all.take_all(amounts, self._amount(_sum(results)))
        for place, symbol in enumerate(self._symbols):
            own = trips["symbol"] == place
            if own.any():
                found.of_symbol(symbol).take_all(amounts[own], self._amount(_sum(results[own])))
        for place, tag in enumerate(self._tags):
            own = trips["tag"] == place
            if tag and own.any():
                found.of_tag(tag).take_all(amounts[own], self._amount(_sum(results[own])))
        ambiguous = trips["trade_ambiguous"] != 0
        found.ambiguous = int(ambiguous.sum())
        found.ambiguous_bound = self._amount(_sum(trips["trade_best"][ambiguous]) - _sum(results[ambiguous]))

    def _take_fills(self, found: AccountTotals, fills: Columns) -> None:
        """Take every fill, oldest first, as the rungs of ladders are added up."""
        names = ("symbol", "opens", "quantity", "reason", "rung", "realized_pnl", "funding")
        columns = (fills[name].tolist() for name in names)
        for symbol, opens, units, reason, rung, result, funding in zip(*columns, strict=True):
            of_symbol, quantity = found.of(self._symbols[symbol]), self._amount(units, self._decimals[symbol][1])
            if opens == OPENING:
                of_symbol.enter(quantity)
            else:
                why = cast(FillReason, REASONS[reason])
                of_symbol.leave(quantity, why, rung, self._amount(result), self._amount(funding))

    def _costs(self) -> Costs:
        """What all fills have cost."""
        fills = self._fills
        scale = self._scales[fills["symbol"]]
        slippage = np.abs(fills["price"] - fills["reference"]) * fills["quantity"] * scale
        fees = _sum(fills["commission"][fills["reason"] == LIQUIDATION])
        return Costs(self._amount(_sum(fills["commission"])), self._amount(_sum(slippage)), self._amount(fees))

    def _amount(self, units: int, decimals: int | None = None) -> Decimal:
        return EXACT.scaleb(Decimal(units), -(self._money if decimals is None else decimals))


def _floats(units: Int64Array, decimals: int) -> Float64Array:
    """Return amounts as the nearest float64, as that of their decimals is."""
    unit = 10**decimals
    if len(units) and np.abs(units).max() >= EXACT_FLOATS:
        return np.array([one / unit for one in units.tolist()])
    return units / float(unit)


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
        transitions = run.transitions.columns()
        self.account = CompiledAccount(run, symbols, transitions)
        self.last_step_ms: int | None = int(record["time_ms"]) if record["steps"] else None
        self.statistics = _statistics(record, symbols, run.notes.columns(), transitions)
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


def _statistics(account: np.void, symbols: Sequence[str], notes: Columns, transitions: Columns) -> SessionStatistics:
    """Return the counts that a session's events come to."""
    found = SessionStatistics()
    found.steps, found.steps_with_position = int(account["steps"]), int(account["steps_with_position"])
    found.candles_processed, found.orders_submitted = (
        int(account["candles_processed"]),
        int(account["orders_submitted"]),
    )
    kind, deciding = notes["kind"], notes["kind"] == DECISION
    found.signals_generated = int(deciding.sum())
    refused = rows_of(notes, deciding & (notes["reason"] != NO_REASON))
    found.refusals = _counted(refused["reason"])
    for code, first in zip(*np.unique(refused["reason"], return_index=True), strict=True):
        found.first_refused[REASONS[code]] = int(refused["time_ms"][first]), symbols[refused["symbol"][first]]
    entered = rows_of(notes, deciding & (notes["entry_id"] != 0))
    found.sizes_bound_by = _counted(entered["bound"], BOUNDS)
    found.risks_taken.frombytes((entered["risk_taken"] / entered["equity"]).tobytes())
    found.funding_payments = int(account["payments"])
    found.gaps = int((kind == GAP_NOTE).sum())
    found.halts = int((kind == HALT_NOTE).sum())
    found.candle_moves = int((kind == MOVE).sum())
    event, role = transitions["event"], transitions["role"]
    found.entries_filled = int(((event == FILLED) & (role == ENTRY_ROLE)).sum())
    # One that was never accepted counts as a refusal of its decision.
    own = (role < STOP_ROLE) & (transitions["order_id"] != 0)
    for code, counter in ((REJECTED, "rejected"), (EXPIRED, "expired"), (CANCELED, "cancelled")):
        setattr(found, counter, _counted(transitions["reason"][own & (event == code)]))
    return found
