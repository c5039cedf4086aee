"""The safety monitor: limits that refuse entries or halt trading, whatever the strategy says."""

import math
import os
from collections.abc import Callable
from typing import Any

from core.errors import HarnessError
from core.orders import OrderRequest, OrderSide
from core.reasons import HaltReason, SafetyRefusal
from core.tolerance import TOLERANCE
from execution.positive_number import positive_number
from execution.safety.recorded_positions import RecordedPositions
from execution.safety.safety_limits import SafetyLimits

_WHILE_HALTED: dict[HaltReason, SafetyRefusal] = {
    "account_blown": "halted_account_blown",
    "drawdown": "halted_drawdown",
    "daily_loss": "halted_daily_loss",
}
_ENGAGED_WORDS = {"1", "true", "yes", "on", "stop", "engaged"}


SharedLimit = Callable[["SafetyMonitor", OrderRequest, float], None]
"""Judges an order of one account, and its value, by limits on several in all; raises a SafetyViolation."""


class SafetyViolation(HarnessError):
    """An order that a safety limit refuses. ``reason`` is one word, the message says the numbers."""

    def __init__(self, reason: SafetyRefusal, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def environment_kill_switch(variable: str) -> Callable[[], bool]:
    """Return a kill switch that reads an environment variable each time it is asked."""

    def engaged() -> bool:
        return os.environ.get(variable, "").strip().lower() in _ENGAGED_WORDS  # noqa: TID251 - the default switch

    return engaged


class SafetyMonitor:
    """Watches equity against daily loss and drawdown, and judges every order before it is accepted.

    A daily-loss halt ends with its UTC day; a drawdown halt stays, and so does that of an account whose equity was used
    up. Equity is float quote currency. The book (how many positions, what exposure) is that of the positions it was
    told of (:meth:`record_position_open`), or what a session last showed (:meth:`observe_book`). ``shared`` judges
    what its own limits let pass, where the account is one of several.

    Parameters
    ----------
    limits
        The limits; fractions.
    starting_equity
        Equity at the start: first peak and first day's equity.
    kill_switch
        Asked whenever an order is judged; by default it reads ``limits.kill_switch_env_var``.
    """

    def __init__(
        self, limits: SafetyLimits, starting_equity: float, kill_switch: Callable[[], bool] | None = None
    ) -> None:
        self.limits = limits
        equity = float(starting_equity)
        self.starting_equity = equity
        self.current_equity = equity
        self.peak_equity = equity
        self.day_start_equity = equity
        self.recorded = RecordedPositions()
        self._observed: tuple[int, float] | None = None
        self._kill_switch = kill_switch or environment_kill_switch(limits.kill_switch_env_var)
        self._daily_loss_halt = False
        self._drawdown_halt = False
        self._blown = False
        self.shared: SharedLimit | None = None
        self.halted_symbols: dict[str, SafetyRefusal] = {}

    @property
    def open_positions(self) -> dict[str, dict[str, Any]]:
        """The positions it was told of, by symbol: ``symbol, quantity, entry_price, side`` as plain values."""
        return self.recorded.to_dict()

    @property
    def open_trades(self) -> int:
        """How many positions, and in a session waiting entries, there are."""
        return len(self.recorded) if self._observed is None else self._observed[0]

    @property
    def total_exposure(self) -> float:
        """Their value in quote currency, without one all the same 0.0."""
        return self.recorded.exposure if self._observed is None else self._observed[1]

    @property
    def daily_pnl(self) -> float:
        """Equity less the day's first equity, unrealised included."""
        return self.current_equity - self.day_start_equity

    @property
    def daily_loss(self) -> float:
        """Loss of the day as a fraction of its first equity; negative for a gain, 0.0 when there was none to lose."""
        if self.day_start_equity <= 0.0:
            return 0.0
        return (self.day_start_equity - self.current_equity) / self.day_start_equity

    @property
    def drawdown(self) -> float:
        """Fall from peak equity as a fraction of it; 0.0 when there was none to fall from."""
        if self.peak_equity <= 0.0:
            return 0.0
        return (self.peak_equity - self.current_equity) / self.peak_equity

    @property
    def trading_halted(self) -> bool:
        """Whether a limit, or an account without equity, has halted trading."""
        return self._drawdown_halt or self._daily_loss_halt or self._blown

    @property
    def halts(self) -> tuple[HaltReason, ...]:
        """What halts trading now, of ``account_blown``, ``drawdown`` and ``daily_loss``, the lasting ones first."""
        if not self.trading_halted:
            return ()
        standing: tuple[tuple[HaltReason, bool], ...] = (
            ("account_blown", self._blown),
            ("drawdown", self._drawdown_halt),
            ("daily_loss", self._daily_loss_halt),
        )
        return tuple(name for name, stands in standing if stands)

    @property
    def halt_reason(self) -> HaltReason | None:
        """``account_blown``, ``drawdown``, ``daily_loss`` or None."""
        return next(iter(self.halts), None)

    def kill_switch_engaged(self) -> bool:
        """Return whether the kill switch is engaged now."""
        return self._kill_switch()

    def check_post_trade(self, new_equity: float) -> bool:
        """Take an equity value; return whether trading is halted after it."""
        self.current_equity = new_equity
        if new_equity > self.peak_equity:
            self.peak_equity = new_equity
        limits = self.limits
        # Asked this way round, an equity that is no number halts instead of passing.
        if not self.drawdown <= limits.max_drawdown_pct * TOLERANCE:
            self._drawdown_halt = True
        if not self.daily_loss <= limits.max_daily_loss_pct * TOLERANCE:
            self._daily_loss_halt = True
        if new_equity <= 0.0:
            self._blown = True
        return self._drawdown_halt or self._daily_loss_halt or self._blown

    def reset_daily_limits(self, new_starting_equity: float | None = None) -> None:
        """Begin a day, and lift a daily-loss halt.

        Its first equity is the current one; ``new_starting_equity`` sets both, and ``starting_equity``.

        Raises
        ------
        ValueError
            If it is not positive and finite: no loss could be measured against it.
        """
        if new_starting_equity is not None:
            equity = positive_number(new_starting_equity, "new_starting_equity")
            self.starting_equity = self.current_equity = equity
            self.peak_equity = max(self.peak_equity, self.current_equity)
        self.day_start_equity = self.current_equity
        self._daily_loss_halt = False

    def halt_symbol(self, symbol: str, reason: SafetyRefusal) -> None:
        """Refuse every entry of one symbol from now on, for good."""
        self.halted_symbols[symbol] = reason

    def check_pre_trade(self, order: OrderRequest, risk_amount: float, position_value: float) -> None:
        """Judge an opening order.

        Parameters
        ----------
        order
            The order asked for.
        risk_amount
            Quote currency lost if its stop is hit, costs aside.
        position_value
            Its value in quote currency.

        Raises
        ------
        SafetyViolation
            Naming the first that refuses it: kill switch, halt, halt of its symbol, open trades, risk, exposure, and
            what holds for several accounts in all.
        """
        limits, equity = self.limits, self.current_equity
        if self.kill_switch_engaged():
            raise SafetyViolation("kill_switch", f"{order.symbol}: the kill switch is engaged")
        for halt in self.halts[:1]:
            raise SafetyViolation(_WHILE_HALTED[halt], f"{order.symbol}: trading is halted: {halt}")
        if order.symbol in self.halted_symbols:
            reason = self.halted_symbols[order.symbol]
            raise SafetyViolation(reason, f"{order.symbol}: entries of the symbol are halted: {reason}")
        if self.open_trades >= limits.max_open_trades:
            raise SafetyViolation(
                "max_open_trades", f"{order.symbol}: {self.open_trades} open trades of {limits.max_open_trades}"
            )
        if not risk_amount <= limits.max_risk_per_trade_pct * equity * TOLERANCE:
            raise SafetyViolation(
                "max_risk_per_trade",
                f"{order.symbol}: risk {risk_amount:.2f} is above {limits.max_risk_per_trade_pct:g} "
                f"of equity {equity:.2f}",
            )
        if not self.total_exposure + position_value <= limits.max_exposure_pct * equity * TOLERANCE:
            raise SafetyViolation(
                "max_exposure",
                f"{order.symbol}: exposure {self.total_exposure:.2f} + {position_value:.2f} is above "
                f"{limits.max_exposure_pct:g} of equity {equity:.2f}",
            )
        if self.shared is not None:
            self.shared(self, order, position_value)

    def take_transfer(self, equity: float, factor: float) -> None:
        """Take the equity that cash from another account has left, and by what it was multiplied.

        What losses are measured from changes likewise: losses so far stay the same fractions.
        """
        self.current_equity = equity
        self.peak_equity *= factor
        self.day_start_equity *= factor

    def observe_book(self, open_trades: int, total_exposure: float) -> None:
        """Take a session's own book: positions and waiting entries, and their value in quote currency.

        From then on it stands in the place of the positions told one by one.
        """
        self._observed = open_trades, total_exposure

    def record_position_open(self, symbol: str, quantity: float, entry_price: float, side: OrderSide | str) -> None:
        """Count a position, or what was added to one; quantity in base units, price in quote currency.

        One that an engine traded is known already (:class:`~execution.scripting.execution_engine.ExecutionEngine`), and
        does not count twice.

        Raises
        ------
        ValueError
            If a number is not positive and finite, or the side is none.
        """
        told = positive_number(quantity, "quantity"), positive_number(entry_price, "entry_price"), OrderSide(side)
        if symbol not in self.recorded.followed:
            self.recorded.add(symbol, *told)

    def record_position_close(self, symbol: str, exit_price: float, pnl: float) -> None:
        """Count a position no longer, and take its result into the equity that the limits are held against.

        ``check_post_trade`` sets that equity as a whole, for whoever knows it. What an engine traded is known already.

        Raises
        ------
        ValueError
            If the price is not positive and finite, or the result not finite.
        """
        positive_number(exit_price, "exit_price")
        if not math.isfinite(pnl):
            raise ValueError(f"pnl: a finite number is needed, got {pnl!r}")
        if symbol in self.recorded.followed:
            return
        self.recorded.reduce(symbol, 0.0)
        self.check_post_trade(self.current_equity + float(pnl))

    def get_status(self) -> dict[str, Any]:
        """Return the whole state as plain values: every name that ends in ``_pct`` is per cent, the limits' too."""
        equity, limits = self.current_equity, self.limits.model_dump()
        return {
            "starting_equity": self.starting_equity,
            "current_equity": equity,
            "daily_pnl": self.daily_pnl,
            "daily_loss_pct": 100.0 * max(self.daily_loss, 0.0),
            "trading_halted": self.trading_halted,
            "halt_reason": self.halt_reason,
            "kill_switch_engaged": self.kill_switch_engaged(),
            "open_positions": self.open_trades,
            "total_exposure": self.total_exposure,
            "exposure_pct": 100.0 * self.total_exposure / equity if equity else 0.0,
            "peak_equity": self.peak_equity,
            "limits": {name: 100.0 * value if name.endswith("_pct") else value for name, value in limits.items()},
        }
