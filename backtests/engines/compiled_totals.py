"""What the events of a compiled run add up to, taken batch by batch: none of them has to be kept for it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

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
    PARTIALLY_FILLED,
    PAYING,
    REASONS,
    REJECTED,
    STOP_ROLE,
)
from compiled.driving.compiled_run import Events
from compiled.layout import Core, Records
from core.candle_columns import Float64Array, Int64Array
from core.events import CandleMove
from core.exact import EXACT
from engine.session_statistics import SessionStatistics
from execution.money.account_totals import AccountTotals, Costs, FillTotals, RungSum

_EXACT_FLOATS = 1 << 53
_OF_FILLS = (
    "time_ms", "symbol", "opens", "price", "quantity", "reference", "commission", "realized_pnl", "reason", "funding",
    "entry_time_ms", "rung", "tag", "whole", "trade_result", "trade_best", "trade_ambiguous",
)  # fmt: skip

Columns = dict[str, Int64Array]
"""Fields of fills, a column each."""


class CompiledTotals:
    """Figures and counts of a compiled run, as a session has them of its account and its events.

    Parameters
    ----------
    core
        The records of the run.
    symbols, tags
        The names behind the numbers in its events.
    """

    def __init__(self, core: Core, symbols: Sequence[str], tags: Sequence[str]) -> None:
        self._core = core
        self.symbols = symbols
        self._tags = tags
        self._decimals = int(core.rules[0]["money_decimals"])
        self._unit = 10**self._decimals
        self._scales = core.symbols["cost_scale"]
        self._flat = np.ones(len(symbols), np.bool_)
        self._funding = [0] * len(symbols)
        self._commission = self._slippage = self._fees = self._ambiguous_bound = 0
        self.account = AccountTotals()
        self.statistics = SessionStatistics()
        self.exits: Counter[str] = Counter()
        self.rung_fills: Counter[int] = Counter()
        self.candle_moves: list[CandleMove] = []

    def take(self, events: Events) -> None:
        """Take the next events."""
        fills = {name: events.fills[name].copy() for name in _OF_FILLS}
        whole, paying = fills["whole"] != 0, fills["opens"] == PAYING
        self._take_trades(_rows(fills, whole))
        self._take_fills(_rows(fills, ~paying) if paying.any() else fills)
        self._take_notes(events.notes)
        self._take_transitions(events.transitions)

    def finish(self) -> None:
        """Complete the figures, after the last events."""
        record, statistics, totals = self._core.account[0], self.statistics, self.account
        for name in ("steps", "steps_with_position", "candles_processed", "orders_submitted"):
            setattr(statistics, name, int(record[name]))
        statistics.funding_payments = int(record["payments"])
        totals.costs = Costs(*map(self.amount, (self._commission, self._slippage, self._fees)))
        totals.trades.ambiguous_bound = self.amount(self._ambiguous_bound)
        for symbol, units in zip(self.symbols, self._funding, strict=True):
            totals.of(symbol).funding = self.amount(units)

    def amount(self, units: int) -> Decimal:
        """Return whole units of money as a decimal number."""
        return EXACT.scaleb(Decimal(units), -self._decimals)

    def _take_fills(self, fills: Columns) -> None:
        totals, of_symbol = self.account, fills["symbol"]
        scales = self._scales[of_symbol]
        totals.fills += len(of_symbol)
        self._commission += _sum(fills["commission"])
        self._fees += _sum(fills["commission"][fills["reason"] == LIQUIDATION])
        self._slippage += _sum(np.abs(fills["price"] - fills["reference"]) * fills["quantity"] * scales)
        self.exits.update(_counted(fills["reason"][fills["opens"] == CLOSING]))
        for s, own in _by(of_symbol, len(self.symbols)):
            self._take_symbol(s, fills if own is None else _rows(fills, own))

    def _take_symbol(self, s: int, fills: Columns) -> None:
        found, opens = self.account.of(self.symbols[s]), fills["opens"] == OPENING
        found.fills += len(opens)
        found.exits.update(_counted(fills["reason"][~opens]))
        self._funding[s] += _sum(fills["funding"][~opens])
        # A position begins where none was open before.
        begins = opens & np.concatenate((self._flat[s : s + 1], fills["whole"][:-1] != 0))
        positions = found.positions + np.cumsum(begins)
        for place in np.flatnonzero(fills["rung"]).tolist():
            rung, quantity, result = (int(fills[name][place]) for name in ("rung", "quantity", "realized_pnl"))
            self._take_rung(found, _RungFill(rung, quantity, result), int(positions[place]), s)
        found.positions, self._flat[s] = int(positions[-1]), bool(fills["whole"][-1])

    def _take_rung(self, found: FillTotals, fill: "_RungFill", position: int, s: int) -> None:
        rung = found.rungs.setdefault(fill.rung, RungSum())
        rung.fills += 1
        if rung.last_position != position:
            rung.last_position = position
            rung.positions += 1
        decimals = int(self._core.symbols[s]["quantity_decimals"])
        rung.quantity = EXACT.add(rung.quantity, EXACT.scaleb(Decimal(fill.quantity), -decimals))
        rung.realized = EXACT.add(rung.realized, self.amount(fill.result))

    def _take_trades(self, closes: Columns) -> None:
        """Take the fills that each close the last of a position."""
        trades, results = self.account.trades, closes["trade_result"]
        amounts = self._floats(results)
        trades.take_all(amounts, closes["time_ms"] - closes["entry_time_ms"])
        trades.all.take_all(amounts, self.amount(_sum(results)))
        if not len(results):
            return
        for s, own in _by(closes["symbol"], len(self.symbols)):
            chosen = slice(None) if own is None else own
            trades.of_symbol(self.symbols[s]).take_all(amounts[chosen], self.amount(_sum(results[chosen])))
        for number, own in _by(closes["tag"], len(self._tags)):
            if self._tags[number]:
                chosen = slice(None) if own is None else own
                trades.of_tag(self._tags[number]).take_all(amounts[chosen], self.amount(_sum(results[chosen])))
        ambiguous = closes["trade_ambiguous"] != 0
        trades.ambiguous += int(ambiguous.sum())
        self._ambiguous_bound += _sum((closes["trade_best"] - results)[ambiguous])

    def _floats(self, units: Int64Array) -> Float64Array:
        """Return amounts as the floats nearest to them."""
        if len(units) and np.abs(units).max() >= _EXACT_FLOATS:
            return np.array([one / self._unit for one in units.tolist()])
        return units / float(self._unit)

    def _take_notes(self, notes: Records) -> None:
        found, kinds = self.statistics, np.bincount(notes["kind"], minlength=MOVE + 1)
        found.signals_generated += int(kinds[DECISION])
        found.gaps += int(kinds[GAP_NOTE])
        found.halts += int(kinds[HALT_NOTE])
        found.candle_moves += int(kinds[MOVE])
        decisions = notes["kind"] == DECISION
        refused = np.flatnonzero(decisions & (notes["reason"] != NO_REASON))
        reasons = notes["reason"][refused]
        found.refusals.update(_counted(reasons))
        for code, first in zip(*np.unique(reasons, return_index=True), strict=True):
            note = notes[refused[first]]
            found.first_refused.setdefault(REASONS[code], (int(note["time_ms"]), self.symbols[note["symbol"]]))
        entered = np.flatnonzero(decisions & (notes["entry_id"] != 0))
        found.sizes_bound_by.update(_counted(notes["bound"][entered], BOUNDS))
        found.risks_taken.frombytes((notes["risk_taken"][entered] / notes["equity"][entered]).tobytes())
        if kinds[MOVE]:
            self.candle_moves += map(self._moved, notes[notes["kind"] == MOVE])

    def _moved(self, note: np.void) -> CandleMove:
        prices = (float(note[name]) for name in ("close_before", "high", "low", "factor"))
        return CandleMove(int(note["time_ms"]), self.symbols[note["symbol"]], int(note["opened_ms"]), *prices)

    def _take_transitions(self, told: Records) -> None:
        found, filled = self.statistics, told["event"] == FILLED
        self.rung_fills.update(Counter(told["rung"][filled & (told["rung"] > 0)].tolist()))
        entries = told["role"] == ENTRY_ROLE
        found.partial_fills += int((entries & (told["event"] == PARTIALLY_FILLED)).sum())
        # One that has filled in part may end otherwise than by its last fill.
        ended = filled | (np.isin(told["event"], (REJECTED, EXPIRED, CANCELED)) & (told["filled"] > 0))
        found.entries_filled += int((entries & ended).sum())
        # One that was never accepted counts as a refusal of its decision.
        own = (told["role"] < STOP_ROLE) & (told["order_id"] != 0)
        for event, counter in ((REJECTED, found.rejected), (EXPIRED, found.expired), (CANCELED, found.cancelled)):
            counter.update(_counted(told["reason"][own & (told["event"] == event)]))


class _RungFill(NamedTuple):
    """A fill of a ladder's rung, in whole units."""

    rung: int
    quantity: int
    result: int


def _rows(columns: Columns, chosen: npt.NDArray[np.bool_]) -> Columns:
    """Return some of the rows."""
    return {name: column[chosen] for name, column in columns.items()}


def _by(numbers: Int64Array, kinds: int) -> Iterator[tuple[int, npt.NDArray[np.bool_] | None]]:
    """Yield which rows have each number that occurs; None is all of them."""
    if kinds == 1 and len(numbers):
        yield 0, None
        return
    for number in np.unique(numbers).tolist():
        yield number, numbers == number


def _sum(amounts: Int64Array) -> int:
    """Return a sum that may be longer than 64 bits."""
    high, low = amounts >> 32, amounts & 0xFFFFFFFF
    return (int(high.sum()) << 32) + int(low.sum())


def _counted(codes: np.ndarray[Any, Any], names: Sequence[str] = REASONS) -> dict[str, int]:
    """Count words by their codes."""
    numbers = np.bincount(codes, minlength=len(names)).tolist()
    return {name: number for name, number in zip(names, numbers, strict=True) if number}
