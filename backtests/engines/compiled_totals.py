"""What the events of a compiled run add up to, taken batch by batch: none of them has to be kept for it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

import numpy as np

from compiled.adding.events import add_events
from compiled.adding.sums import no_sums
from compiled.codes import (
    BOUNDS,
    CANCELED,
    DECISION,
    EXPIRED,
    GAP_NOTE,
    HALT_NOTE,
    MOVE,
    REASONS,
    REJECTED,
)
from compiled.driving.core_builder import as_rules_read
from compiled.layout import Core, Record
from core.candle_columns import Int64Array
from core.events import CandleMove
from core.exact import EXACT
from engine.session_statistics import SessionStatistics
from execution.money.account_totals import AccountTotals, Costs, ResultSum, RungSum
from metrics.holding_times import HoldingTime
from metrics.streaks import LongestStreaks, Streaks


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
        self._sums = as_rules_read(no_sums(core, len(tags)))
        self.account = AccountTotals()
        self.statistics = SessionStatistics()
        self.exits: Counter[str] = Counter()
        self.rung_fills: Counter[int] = Counter()
        self.candle_moves: list[CandleMove] = []

    def take(self) -> None:
        """Take the events that have happened since the last were taken."""
        core, sums, moved_before = self._core, self._sums, self._sums.notes[MOVE]
        add_events(core, sums)
        self.statistics.risks_taken.frombytes(sums.risks[: sums.total[0]["risks"]].tobytes())
        if sums.notes[MOVE] > moved_before:
            notes = core.notes[: core.account[0]["decisions"]]
            self.candle_moves += map(self._moved, notes[notes["kind"] == MOVE])

    def finish(self) -> None:
        """Complete the figures, after the last events."""
        total, sums = self._sums.total[0], self._sums
        self.account.fills = int(total["fills"])
        self.account.costs = Costs(*(self._amount_of(total, name) for name in ("commission", "slippage", "fees")))
        self.exits.update(_counted(sums.exits.sum(axis=0)))
        self.rung_fills.update({n: count for n, count in enumerate(sums.rungs_filled.tolist()) if count})
        for s in range(len(self.symbols)):
            self._finish_symbol(s)
        self._finish_trades(total)
        self._finish_statistics(total)

    def amount(self, units: int) -> Decimal:
        """Return whole units of money as a decimal number."""
        return EXACT.scaleb(Decimal(units), -self._decimals)

    def _amount_of(self, record: Record, name: str) -> Decimal:
        return self.amount(_whole(record, name))

    def _finish_symbol(self, s: int) -> None:
        found, sums = self.account.of(self.symbols[s]), self._sums.symbols[s]
        found.fills, found.positions = int(sums["fills"]), int(sums["positions"])
        found.exits.update(_counted(self._sums.exits[s]))
        found.funding = self._amount_of(sums, "funding")
        decimals = int(self._core.symbols[s]["quantity_decimals"])
        for number, of_rung in enumerate(self._sums.rungs[s]):
            if of_rung["fills"]:
                rung = found.rungs[number] = RungSum()
                rung.fills, rung.positions = int(of_rung["fills"]), int(of_rung["positions"])
                rung.quantity = EXACT.scaleb(Decimal(_whole(of_rung, "quantity")), -decimals)
                rung.realized = self._amount_of(of_rung, "realized")

    def _finish_trades(self, total: Record) -> None:
        trades, (first, *others) = self.account.trades, self._sums.results
        self._finish_result(trades.all, first)
        # What has no tag is none of a tag's.
        names = [*((trades.by_symbol, name) for name in self.symbols), *((trades.by_tag, name) for name in self._tags)]
        for (sums, name), result in zip(names, others, strict=True):
            if name and result["trades"]:
                sums[name] = ResultSum()
                self._finish_result(sums[name], result)
        trades.ambiguous, trades.ambiguous_bound = int(total["ambiguous"]), self._amount_of(total, "bound")
        won, lost = float(total["won"]), float(total["lost"])
        trades.profit_factor.gross_profit, trades.profit_factor.gross_loss = won, -lost
        trades.expectancy.count, trades.expectancy.total = trades.all.trades, float(total["results"])
        trades.average_win.count, trades.average_win.total = trades.all.won, won
        losses = trades.all.trades - trades.all.won - trades.all.even
        trades.average_loss.count, trades.average_loss.total = losses, lost
        trades.streaks = LongestStreaks(Streaks(int(total["wins"]), int(total["losses"])))
        times = (int(total[name]) for name in ("shortest_ms", "longest_ms", "held_ms"))
        trades.held = HoldingTime(trades.all.trades, *times)

    def _finish_result(self, found: ResultSum, result: Record) -> None:
        found.trades, found.won, found.even = (int(result[name]) for name in ("trades", "won", "even"))
        found.realized = self._amount_of(result, "realized")

    def _finish_statistics(self, total: Record) -> None:
        found, sums, record = self.statistics, self._sums, self._core.account[0]
        for name in ("steps", "steps_with_position", "candles_processed", "orders_submitted"):
            setattr(found, name, int(record[name]))
        found.funding_payments = int(record["payments"])
        found.entries_filled, found.partial_fills = int(total["entries_filled"]), int(total["partial_fills"])
        found.signals_generated = int(sums.notes[DECISION])
        found.gaps, found.halts, found.candle_moves = (int(sums.notes[kind]) for kind in (GAP_NOTE, HALT_NOTE, MOVE))
        for event, counter in ((REJECTED, found.rejected), (EXPIRED, found.expired), (CANCELED, found.cancelled)):
            counter.update(_counted(sums.ends[event]))
        found.sizes_bound_by.update(_counted(sums.bounds, BOUNDS))
        found.refusals.update(_counted(sums.refusals["count"]))
        for code in np.flatnonzero(sums.refusals["count"]).tolist():
            first = sums.refusals[code]
            found.first_refused[REASONS[code]] = int(first["first_ms"]), self.symbols[first["first_symbol"]]

    def _moved(self, note: Record) -> CandleMove:
        prices = (float(note[name]) for name in ("close_before", "high", "low", "factor"))
        return CandleMove(int(note["time_ms"]), self.symbols[note["symbol"]], int(note["opened_ms"]), *prices)


def _whole(record: Record, name: str) -> int:
    """Return a sum that may be longer than 64 bits."""
    return (int(record[f"{name}_above"]) << 32) + int(record[name])


def _counted(counts: Int64Array, names: Iterable[str] = REASONS) -> dict[str, int]:
    """Return how often each word was, of those that were."""
    return {name: count for name, count in zip(names, counts.tolist(), strict=True) if count}
