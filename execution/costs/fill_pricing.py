"""What a fill costs: its price on the tick, with spread and slippage, and its commission."""

import copy
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from core.candle import Candle
from core.exact import ONE, ZERO, add, ceil_to, floor_to, multiply, received, subtract
from core.instrument import Instrument
from execution.costs.commission import CommissionModel, FractionCommission, build_commission
from execution.costs.market_conditions import MarketConditions, build_conditions
from execution.costs.slippage import FractionSlippage, SlippageModel, build_slippage
from execution.costs.spread import NoSpread, SpreadModel, build_spread

if TYPE_CHECKING:
    from execution.execution_settings import ExecutionSettings

_UNKNOWN_RULES = Instrument("", tick_size=ZERO, lot_size=ZERO)


class FillPricing:
    """Cost models and trading rules of one venue. Buys are rounded up to the tick, sells down.

    ``observes`` says whether any model looks at closed candles, ``counts_fills`` whether one looks at fills; without
    them :meth:`observe` and :meth:`note_fill` need not be called.

    Parameters
    ----------
    commission, slippage, spread
        The cost models.
    instruments
        Trading rules by symbol; prices are rounded only for symbols that have some.
    conditions
        What is measured of each symbol's market; None where no model needs it.
    """

    def __init__(
        self,
        commission: CommissionModel,
        slippage: SlippageModel,
        spread: SpreadModel,
        instruments: Mapping[str, Instrument],
        conditions: dict[str, MarketConditions] | None = None,
    ) -> None:
        self._given = commission, dict(instruments), conditions
        self.observes = conditions is not None
        self.counts_fills = not isinstance(commission, FractionCommission)
        self._slippage = slippage
        self._spread = spread
        self.reset()
        self._constant: tuple[Decimal, Decimal] | None = None
        if slippage.constant is not None and spread.constant is not None:
            self._constant = _factors(add(spread.constant, slippage.constant))

    def reset(self) -> None:
        """Forget what fills and candles have taught the models, and rules that came into force since."""
        self._commission, self._instruments, self._conditions = copy.deepcopy(self._given)

    def rules(self, symbol: str) -> Instrument:
        """Return the symbol's trading rules; without a grid when none are known."""
        return self._instruments.get(symbol, _UNKNOWN_RULES)

    def set_rules(self, symbol: str, instrument: Instrument) -> None:
        """Replace the symbol's trading rules from now on."""
        self._instruments[symbol] = instrument

    def market_price(self, symbol: str, reference: Decimal, quantity: Decimal, *, buying: bool) -> Decimal:
        """Return the price of a market fill: the reference worse by half the spread and the slippage, on the tick.

        However large the two are, a sell's price is never below 0.
        """
        up, down = self._constant or self._factors_of(symbol, quantity)
        return self.limit_price(symbol, multiply(reference, up if buying else down), buying=buying)

    def _factors_of(self, symbol: str, quantity: Decimal) -> tuple[Decimal, Decimal]:
        conditions = None if self._conditions is None else self._conditions.get(symbol)
        half_spread = self._spread.half_spread(conditions)
        return _factors(add(half_spread, self._slippage.fraction(quantity, conditions)))

    def limit_price(self, symbol: str, price: Decimal, *, buying: bool) -> Decimal:
        """Return the price of a fill without spread and slippage, on the tick."""
        tick = self.rules(symbol).tick_size
        return ceil_to(price, tick) if buying else floor_to(price, tick)

    def commission(self, price: Decimal, quantity: Decimal, time_ms: int, *, maker: bool = False) -> Decimal:
        """Return the commission of a fill, in quote currency; ``maker`` says that a resting limit order filled."""
        return self._commission.commission(price, quantity, time_ms, maker=maker)

    def note_fill(self, time_ms: int, notional: Decimal) -> None:
        """Count a fill that has happened, after its own commission was found."""
        self._commission.note_fill(time_ms, notional)

    def observe(self, symbol: str, candle: Candle) -> None:
        """Let the models see a closed candle of the strategy's timeframe."""
        if self._conditions is not None and symbol in self._conditions:
            self._conditions[symbol].update(candle)

    def restart(self, symbol: str) -> None:
        """Forget what was observed of a symbol, after a gap in its candles."""
        if self._conditions is not None and symbol in self._conditions:
            self._conditions[symbol].restart()


def _factors(fraction: Decimal) -> tuple[Decimal, Decimal]:
    """Return what a reference price is multiplied by for a buy and for a sell."""
    return add(ONE, fraction), max(subtract(ONE, fraction), ZERO)


def fraction_pricing(
    slippage: float, commission_rate: float, instruments: Mapping[str, Instrument] | None = None
) -> FillPricing:
    """Return pricing by two fixed fractions, of the price and of the filled value.

    Raises
    ------
    ValueError
        If a fraction is not in [0, 1).
    """
    for name, fraction in (("slippage", slippage), ("commission_rate", commission_rate)):
        if not 0.0 <= fraction < 1.0:
            raise ValueError(f"{name} is a fraction in [0, 1), got {fraction!r}")
    return FillPricing(
        FractionCommission(received(commission_rate)),
        FractionSlippage(received(slippage)),
        NoSpread(),
        instruments or {},
    )


def build_pricing(
    settings: "ExecutionSettings", instruments: Mapping[str, Instrument], symbols: Iterable[str]
) -> FillPricing:
    """Return the pricing that the settings describe, observing ``symbols`` where a model needs it."""
    return FillPricing(
        build_commission(received(settings.commission_rate), settings.commission),
        build_slippage(received(settings.slippage), settings.slippage_model),
        build_spread(settings.spread),
        instruments,
        build_conditions(symbols, settings.spread, settings.slippage_model),
    )
