"""The safety monitor as everybody reads it who does not ask it to judge."""

from collections.abc import Mapping
from typing import Protocol

from core.reasons import HaltReason, SafetyRefusal
from execution.safety.safety_limits import SafetyLimits


class SafetyStatus(Protocol):
    """What the safety monitor knows now; :class:`~execution.safety.safety_monitor.SafetyMonitor` says what each is."""

    @property
    def limits(self) -> SafetyLimits: ...

    @property
    def current_equity(self) -> float: ...

    @property
    def daily_pnl(self) -> float: ...

    @property
    def daily_loss(self) -> float: ...

    @property
    def drawdown(self) -> float: ...

    @property
    def halted_symbols(self) -> Mapping[str, SafetyRefusal]: ...

    @property
    def halts(self) -> tuple[HaltReason, ...]: ...
