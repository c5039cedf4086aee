"""A compiled run as results read a session: its counts, its account and its outputs."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from backtests.engines.compiled_totals import CompiledTotals
from compiled.layout import Core
from core.exact import EXACT, ZERO
from core.instrument import Instrument
from engine.kernel_rules import KernelRules
from engine.renderer import SessionOutputs
from execution.money.holding import Holding
from execution.money.performance import performance_summary


class CompiledAccount:
    """The account of a compiled run at its end: all positions are closed."""

    def __init__(self, core: Core, totals: CompiledTotals) -> None:
        record = core.account[0]
        self.holdings: Mapping[str, Holding] = {}
        self.totals = totals.account
        self.exits = totals.exits
        self.rung_fills = totals.rung_fills
        self.funding_net = totals.amount(int(record["funding_net"]))
        self.funding_paid = totals.amount(int(record["funding_paid"]))
        self.max_drawdown = float(record["max_drawdown"])
        self.peak_equity = float(record["account_peak"])
        self.starting_balance = totals.amount(int(record["starting_balance"]))
        self.balance = totals.amount(int(record["balance"]))

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
