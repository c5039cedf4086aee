"""A compiled run as results read a session: its counts, its account and its outputs."""

from collections.abc import Mapping, Sequence

import numpy as np

from backtests.engines.compiled_totals import CompiledTotals
from compiled.layout import Core
from core.instrument import Instrument
from engine.kernel_rules import KernelRules
from engine.renderer import SessionOutputs
from execution.money.cash_transfer import CashTransfer
from execution.money.performance import performance_summary


class CompiledAccount:
    """The account of a compiled run at its end, whether it closes its positions or keeps them."""

    def __init__(self, core: Core, totals: CompiledTotals) -> None:
        record, held = core.account[0], np.flatnonzero(core.holdings["sign"]).tolist()
        self.open_funding = {totals.symbols[s]: totals.amount(int(core.holdings[s]["funding"])) for s in held}
        self.totals = totals.account
        self.exits = totals.exits
        self.rung_fills = totals.rung_fills
        self.funding_net = totals.amount(int(record["funding_net"]))
        self.funding_paid = totals.amount(int(record["funding_paid"]))
        self.transfers: Sequence[CashTransfer] = ()
        self.performance = performance_summary(
            totals.amount(int(record["starting_balance"])),
            totals.amount(int(record["balance"])),
            self.totals,
            self.transfers,
            unrealized=totals.amount(sum(_profit(core, s) for s in held)),
            open_positions=len(held),
            max_drawdown=float(record["max_drawdown"]),
            peak_equity=float(record["account_peak"]),
        )


def _profit(core: Core, s: int) -> int:
    """Return the gross profit of a position at its mark; at its own fill it is none."""
    holding, scale = core.holdings[s], int(core.symbols[s]["cost_scale"])
    sign, marked, price, quantity, cost = (
        int(holding[name]) for name in ("sign", "marked", "mark_units", "quantity", "cost")
    )
    return sign * (price * quantity * scale - cost) if marked else 0


class CompiledSession:
    """What results read of a session, of a compiled run that has ended."""

    paused = False

    def __init__(
        self,
        core: Core,
        totals: CompiledTotals,
        rules: KernelRules,
        instruments: Mapping[str, Instrument],
        outputs: SessionOutputs,
        *,
        kill_switch_engaged: bool,
    ) -> None:
        record = core.account[0]
        self.rules = rules
        self.instruments = dict(instruments)
        self.outputs = outputs
        self.kill_switch_engaged = kill_switch_engaged
        self.account = CompiledAccount(core, totals)
        self.last_step_ms: int | None = int(record["time_ms"]) if record["steps"] else None
        self.statistics = totals.statistics
        self.candle_moves = totals.candle_moves
