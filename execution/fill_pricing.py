"""What a fill costs: its price on the tick, with slippage, and its commission."""

from collections.abc import Mapping
from decimal import Decimal

from core.exact import ZERO, ceil_to, floor_to
from core.instrument import Instrument
from execution.commission import CommissionModel
from execution.slippage import SlippageModel

_UNKNOWN_RULES = Instrument("", tick_size=ZERO, lot_size=ZERO)


class FillPricing:
    """Cost models and trading rules of one venue. Buys are rounded up to the tick, sells down."""

    def __init__(
        self, commission: CommissionModel, slippage: SlippageModel, instruments: Mapping[str, Instrument]
    ) -> None:
        self._commission = commission
        self._slippage = slippage
        self._instruments = instruments

    def rules(self, symbol: str) -> Instrument:
        """Return the symbol's trading rules; without a grid when none are known."""
        return self._instruments.get(symbol, _UNKNOWN_RULES)

    def market_price(self, symbol: str, reference: Decimal, *, buying: bool) -> Decimal:
        """Return the price of a market fill: slipped from the reference, on the tick."""
        return self.limit_price(symbol, self._slippage.slipped(reference, buying=buying), buying=buying)

    def limit_price(self, symbol: str, price: Decimal, *, buying: bool) -> Decimal:
        """Return the price of a fill without slippage, on the tick."""
        tick = self.rules(symbol).tick_size
        return ceil_to(price, tick) if buying else floor_to(price, tick)

    def commission(self, price: Decimal, quantity: Decimal) -> Decimal:
        """Return the commission of a fill, in quote currency."""
        return self._commission.commission(price, quantity)
