"""What a program's backtest is asked to do, under the names that users of such engines know."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec

from core.errors import ConfigurationError
from core.instants import Instant
from core.settings_problem import shown
from validation.overrides import expanded, laid_over

ExecutionPrice = Literal["close", "open", "vwap"]

ENTRY_FILLS: Mapping[ExecutionPrice, str] = {"close": "close", "open": "next_open", "vwap": "next_typical"}
"""What ``execution.entry_fill`` is for each execution price."""

PRACTICE_CONFIG = "config/practice.yaml"
"""The configuration that stands below where none is named: the embedded practice market, which needs no network."""


class BacktestConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A program, what wakes it, and on what it is run.

    Everything that it does not say is as the configuration file says: the exchange, the store of candles, the risk of a
    position and the limits that keep an account safe.

    Parameters
    ----------
    code
        The text of the program.
    signal_pool_ids
        The pools that wake it, in their order; each is a file of ``pool_folder``.
    symbols
        Which are traded; none are those of the configuration.
    start_time, end_time
        Text, date, datetime or UTC milliseconds; the end is exclusive.
    scheduled_interval
        When the clock wakes it: ``1h``, ``4h``, ``1d``, or five fields of cron in UTC. None is never.
    initial_balance
        In quote currency.
    slippage_percent, fee_rate
        Per cent of the price, and of the notional of each fill: 0.05 is 0.0005 of it.
    execution_price
        Where a market entry fills: ``close`` at the close that decided it, ``open`` at the next candle's open, ``vwap``
        inside the next candle at (high + low + close) / 3, an approximation of its volume-weighted price. Closes that a
        program asks for always fill at the next open; stops and targets fill where the price meets them.
    interval
        Length of the candles that it runs on; None is that of the configuration.
    name
        What trade logs and messages call the program.
    config_path
        The configuration that stands below.
    pool_folder
        Where the pools are; None is ``programs/pools`` as commands find it.
    offline, data_dir, output_dir
        As of :class:`~backtests.config_backtest.ConfigBacktestRunner`.
    further
        Any other keys of the configuration, dotted or as sections, with those of risk.json under ``risk`` and those of
        trading_mode.yaml under ``trading_mode``.

    Raises
    ------
    ConfigurationError
        If a number or the execution price is none that is allowed.

    Examples
    --------
    >>> BacktestConfig(code="", start_time="2024-01-01", end_time="2024-02-01").execution()
    {'starting_balance': 10000.0, 'slippage': 0.0005, 'commission_rate': 0.00035, 'entry_fill': 'close'}
    """

    code: str
    start_time: Instant | int
    end_time: Instant | int
    signal_pool_ids: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    scheduled_interval: str | None = None
    initial_balance: float = 10_000.0
    slippage_percent: float = 0.05
    fee_rate: float = 0.035
    execution_price: ExecutionPrice = "close"
    interval: str | None = None
    name: str = "program"
    config_path: str = PRACTICE_CONFIG
    pool_folder: str | None = None
    offline: bool = False
    data_dir: str | None = None
    output_dir: str | None = None
    further: dict[str, Any] = {}

    def __post_init__(self) -> None:
        if self.execution_price not in ENTRY_FILLS:
            _refuse("execution_price", self.execution_price, f"one of {', '.join(ENTRY_FILLS)}")
        for name in ("slippage_percent", "fee_rate"):
            if not _is_number(getattr(self, name)) or not 0.0 <= getattr(self, name) < 10.0:
                _refuse(name, getattr(self, name), "a number of per cent, at least 0 and below 10: 0.05 is 0.05 %")
        ids: object = self.signal_pool_ids
        if isinstance(ids, str):
            _refuse("signal_pool_ids", ids, f"a tuple of ids: ({ids!r},)")
        if not _is_number(self.initial_balance) or not self.initial_balance > 0:
            _refuse("initial_balance", self.initial_balance, "a number above 0")

    def execution(self) -> dict[str, Any]:
        """Return what it says in the words of the section ``execution``, whose costs are fractions."""
        return {
            "starting_balance": self.initial_balance,
            "slippage": fraction_of(self.slippage_percent),
            "commission_rate": fraction_of(self.fee_rate),
            "entry_fill": ENTRY_FILLS[self.execution_price],
        }

    def overrides(self) -> dict[str, Any]:
        """Return the keys of a configuration that it sets, without those of the strategy."""
        below: Any = expanded(self.further)
        return laid_over(below, {"execution": self.execution()})


def fraction_of(per_cent: float) -> float:
    """Return the fraction that a number of per cent is: the nearest to what its text says, so that 0.035 is 0.00035."""
    return float(Decimal(repr(float(per_cent))) / 100)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refuse(name: str, value: object, allowed: str) -> None:
    raise ConfigurationError(f"{name}: {shown(value)} — allowed: {allowed}")
