"""What fills cost under a program's settings: a view of the kernel's own pricing."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from core.candle import Candle
from core.exact import as_float, computed, multiply, received
from core.instrument import Instrument
from execution.costs.fill_pricing import FillPricing, build_pricing
from execution.execution_settings import ExecutionSettings
from execution.matching.typical_price import typical_price
from programs.backtest_config import ENTRY_FILLS, ExecutionPrice

Side = Literal["buy", "sell"]


class SimulatedFill(msgspec.Struct, frozen=True):
    """What a market order would fill at; ``price`` has the slippage in it, ``fee`` is in quote currency."""

    side: Side
    quantity: float
    reference: float
    price: float
    slippage: float
    fee: float


class ExecutionSimulator:
    """Prices market orders as the kernel's venue does, to the last digit; it has no rules of its own.

    Stops, targets and everything else that happens between two calls of a program are orders at that venue: they act on
    every candle, and nothing has to be asked for it.

    Parameters
    ----------
    settings
        The section ``execution`` of a run.
    instruments
        Trading rules by symbol; prices of symbols that have none are not rounded.
    """

    def __init__(self, settings: ExecutionSettings, instruments: Mapping[str, Instrument] | None = None) -> None:
        self._settings = settings
        self._pricing: FillPricing = build_pricing(settings, instruments or {}, tuple(instruments or {}))

    @property
    def slippage_percent(self) -> float:
        """Per cent of the price that a market fill is worse by."""
        return _per_cent(self._settings.slippage)

    @property
    def fee_rate(self) -> float:
        """Per cent of the notional that each fill costs."""
        return _per_cent(self._settings.commission_rate)

    @property
    def execution_price(self) -> ExecutionPrice:
        """Where market entries fill, as :class:`~programs.backtest_config.BacktestConfig` has it."""
        return next(name for name, fill in ENTRY_FILLS.items() if fill == self._settings.entry_fill)

    def reference_price(self, decided: Candle, following: Candle) -> float:
        """Return what an entry is measured from that is decided at a candle's close, given the candle after it."""
        if self.execution_price == "close":
            return decided.close
        return following.open if self.execution_price == "open" else as_float(typical_price(following))

    def market_fill(
        self, symbol: str, side: Side, quantity: float, reference: float, time_ms: int = 0
    ) -> SimulatedFill:
        """Return what a market order fills at where the price stands at ``reference``.

        Parameters
        ----------
        symbol
            As the settings spell it.
        side
            ``buy`` or ``sell``.
        quantity
            In base currency, above 0.
        reference
            The price before spread and slippage.
        time_ms
            When, in UTC milliseconds: commissions may have tiers of the volume of days.
        """
        exact, at = computed(quantity), received(reference)
        price = self._pricing.market_price(symbol, at, exact, buying=side == "buy")
        fee = self._pricing.commission(price, exact, time_ms)
        worse = multiply(abs(price - at), exact)
        return SimulatedFill(side, quantity, reference, as_float(price), as_float(worse), as_float(fee))


def _per_cent(fraction: float) -> float:
    return float(received(fraction) * Decimal(100))
