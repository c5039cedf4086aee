"""Limits on several accounts in all: how many trades, how much exposure, how much may be lost."""

from collections.abc import Callable

from pydantic import Field

from core.orders import OrderRequest
from core.reasons import HaltReason, SafetyRefusal
from core.settings_section import SettingsSection
from execution.safety.safety_limits import SafetyLimits
from execution.safety.safety_monitor import SafetyMonitor, SafetyViolation

Book = Callable[[], tuple[int, float]]
"""Tells how many positions and waiting entries an account has now, and their value in quote currency."""

_IN_ALL: dict[SafetyRefusal, SafetyRefusal] = {
    "halted_account_blown": "portfolio_halted_account_blown",
    "halted_drawdown": "portfolio_halted_drawdown",
    "halted_daily_loss": "portfolio_halted_daily_loss",
    "max_open_trades": "portfolio_max_open_trades",
    "max_exposure": "portfolio_max_exposure",
}
HALTS_IN_ALL: dict[HaltReason, HaltReason] = {
    "drawdown": "portfolio_drawdown",
    "daily_loss": "portfolio_daily_loss",
}
"""What a halt of the whole is called where it reaches each account."""


class PortfolioLimits(SettingsSection):
    """Limits on the members of a portfolio in all; what is left out does not limit. Values are fractions."""

    max_daily_loss_pct: float | None = Field(
        None, gt=0, le=1, description="Loss of a UTC day, as a fraction of the whole account, above which all halt"
    )
    max_drawdown_pct: float | None = Field(
        None, gt=0, le=1, description="Fall of the whole account from its peak, as a fraction, above which all halt"
    )
    max_exposure_pct: float | None = Field(
        None, gt=0, le=1000, description="Largest value of all positions and waiting entries as a fraction of the whole"
    )
    max_open_trades: int | None = Field(
        None, ge=1, le=10_000, description="Most positions and waiting entries of all members at one time"
    )

    def of_the_whole(self) -> SafetyLimits:
        """Return the limits as a safety monitor takes them; those that are left out are the loosest there are."""
        loosest = {
            "max_daily_loss_pct": 1.0,
            "max_drawdown_pct": 1.0,
            "max_exposure_pct": 1000.0,
            "max_open_trades": 10_000,
        }
        return SafetyLimits.model_validate(
            {**loosest, **self.model_dump(exclude_none=True), "max_risk_per_trade_pct": 1.0}
        )


class SharedLimits:
    """Judges entries of several accounts by what they have in all. ``whole`` watches the equity of them together.

    Parameters
    ----------
    limits, capital
        Of the whole; capital is its equity at the start, in quote currency.
    """

    def __init__(self, limits: PortfolioLimits, capital: float) -> None:
        # The accounts' own monitors ask the kill switch.
        self.whole = SafetyMonitor(limits.of_the_whole(), capital, kill_switch=lambda: False)
        self._books: list[tuple[SafetyMonitor, Book]] = []

    def join(self, safety: SafetyMonitor, book: Book) -> None:
        """Let an account be judged with those before; ``safety`` judges it alone, first."""
        self._books.append((safety, book))
        safety.shared = self._judge

    def _judge(self, asking: SafetyMonitor, order: OrderRequest, value: float) -> None:
        """Refuse an order that would break a limit in all; what its own account has is what ``asking`` was shown."""
        trades, exposure = asking.open_trades, asking.total_exposure
        for safety, book in self._books:
            if safety is not asking:
                count, held = book()
                trades, exposure = trades + count, exposure + held
        self.whole.observe_book(trades, exposure)
        try:
            self.whole.check_pre_trade(order, 0.0, value)
        except SafetyViolation as violation:
            raise SafetyViolation(_IN_ALL[violation.reason], f"in all, {violation}") from violation
