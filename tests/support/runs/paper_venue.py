"""A paper venue of one symbol, played candle by candle, with its logs as rows of text."""

import csv
import io
from collections.abc import Mapping
from decimal import Decimal

from core.candle import Candle
from core.events import Recorder
from core.exact import received
from core.instrument import Instrument
from core.orders import OrderRequest, OrderSide, OrderType
from engine.renderer import SessionOutputs
from execution.costs.commission import LiquidityCommission
from execution.costs.fill_pricing import FillPricing
from execution.costs.slippage import FractionSlippage
from execution.costs.spread import NoSpread
from execution.matching import paper_venue
from execution.matching.venue_rules import Rung, VenueRules
from execution.money.holding import Holding
from execution.orders.order import Order
from execution.scripting.paper_trader import PaperTrader
from tests.support.times import MINUTE_MS

SYMBOL = "A/USDT"
Fill = tuple[str, str, str, str]
"""Action, price, quantity and reason of a row of the trade log, as text."""


def plain(value: Decimal) -> str:
    """Return a decimal without exponent and trailing zeros."""
    return f"{value.normalize():f}"


def rungs(*ladder: tuple[str, str]) -> tuple[Rung, ...]:
    """Return a ladder from (fraction, distance) texts."""
    return tuple(Rung(Decimal(fraction), Decimal(distance)) for fraction, distance in ladder)


class PaperVenue:
    """Candles are a minute long and follow each other; orders are submitted between two candles.

    Parameters
    ----------
    slippage, maker, taker
        Fractions as text.
    instrument
        Fields of the trading rules beside tick (0.01) and lot (0.001).
    rules
        Fields of `VenueRules`.
    """

    def __init__(
        self,
        *,
        balance: float = 10_000.0,
        slippage: str = "0",
        maker: str = "0",
        taker: str = "0",
        allow_shorting: bool = True,
        instrument: Mapping[str, Decimal] | None = None,
        **rules: object,
    ) -> None:
        self._orders, self._ledger = io.StringIO(), io.StringIO()
        grid = {"tick_size": Decimal("0.01"), "lot_size": Decimal("0.001"), **(instrument or {})}
        outputs = SessionOutputs(
            orders=lambda data: self._orders.write(data.decode()), ledger=lambda data: self._ledger.write(data.decode())
        )
        pricing = FillPricing(
            LiquidityCommission(Decimal(maker), Decimal(taker)),
            FractionSlippage(Decimal(slippage)),
            NoSpread(),
            {SYMBOL: Instrument(SYMBOL, **grid)},
        )
        self.trader = PaperTrader.at(
            paper_venue.PaperVenue(
                received(balance),
                pricing,
                VenueRules(**rules),  # type: ignore[arg-type]
                Recorder(outputs.render),
                allow_shorting=allow_shorting,
            )
        )
        self.minute = 0
        self.last = 100.0

    @property
    def now_ms(self) -> int:
        """Close of the last candle and open of the next."""
        return self.minute * MINUTE_MS

    @property
    def holding(self) -> Holding | None:
        """The open position."""
        return self.trader.account.holdings.get(SYMBOL)

    def submit(self, side: str, kind: str, quantity: float = 1.0, **more: object) -> Order:
        """Submit an order now, beside the last close."""
        request = OrderRequest(SYMBOL, OrderSide(side), OrderType(kind), quantity, **more)  # type: ignore[arg-type]
        return self.trader.book.submit(request, self.now_ms, last_price=self.last)

    def play(
        self, opened: float, high: float, low: float, close: float, *, volume: float = 1e6, mark: Candle | None = None
    ) -> list[Fill]:
        """Play the next candle; return its fills."""
        candle = Candle(self.now_ms, float(opened), float(high), float(low), float(close), volume)
        rows = self.trader.process_candle(SYMBOL, candle, MINUTE_MS, mark).fills
        self.minute += 1
        self.last = float(close)
        return [(row.action, plain(row.price), plain(row.quantity), row.reason) for row in rows]

    def flat(self, price: float = 100.0, **more: float) -> list[Fill]:
        """Play a candle of one price."""
        return self.play(price, price, price, price, **more)

    def enter(self, side: str = "BUY", quantity: float = 1.0, at: float = 100.0, **more: object) -> Holding:
        """Open a position at the open of a candle of one price and return it."""
        self.submit(side, "MARKET", quantity, **more)
        self.flat(at)
        holding = self.holding
        if holding is None:
            raise ValueError("the entry was not filled")
        return holding

    def mark(self, opened: float, high: float, low: float, close: float) -> Candle:
        """Return the mark price's candle beside the next candle."""
        return Candle(self.now_ms, float(opened), float(high), float(low), float(close), 0.0)

    @property
    def order_rows(self) -> list[dict[str, str]]:
        """Rows of the order log so far."""
        return list(csv.DictReader(io.StringIO(self._orders.getvalue())))

    def events(self, *columns: str, client: str | None = None) -> list[tuple[str, ...]]:
        """Return columns (event and reason when none are named) of every transition, or of one order's."""
        return [
            tuple(row[column] for column in columns or ("event", "reason"))
            for row in self.order_rows
            if client is None or row["client_order_id"] == client
        ]

    @property
    def ledger_text(self) -> str:
        """The ledger's journal so far."""
        return self._ledger.getvalue()
