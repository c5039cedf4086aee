"""Hypothesis strategies for order streams, and both venues built from one drawn setup.

Prices are whole units around 100 and every level is a few units from the last close, so that touches, equalities and
gaps are common. Each drawn value shrinks to the plainest one: a market order, a flat candle, no flag.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from core.candle import Candle
from core.events import Recorder
from core.exact import received
from core.instrument import Instrument, MarginTier
from core.orders import OrderRequest
from execution.costs.commission import LiquidityCommission
from execution.costs.fill_pricing import FillPricing
from execution.costs.slippage import FractionSlippage
from execution.costs.spread import FixedSpread
from execution.matching.paper_venue import PaperVenue
from execution.matching.venue_rules import PerpetualRules, Rung, VenueRules
from execution.money.margin import MarginTable
from execution.scripting.paper_trader import PaperTrader
from tests.support.oracles.venue_model import ModelRules, ModelTier, Venue
from tests.support.times import MINUTE_MS

START_MS = 1_709_510_400_000
"""2024-03-04T00:00Z."""
SYMBOLS = ("A/USDT", "B/USDT")
FIRST_PRICE = 100
BALANCE = 10_000

Ladder = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Setup:
    """One venue as drawn; fractions as text, so that both sides read the same number.

    ``typical`` says that a session's market entries fill at the typical price of a candle.
    """

    intrabar: str
    limit_fill: str
    volume_cap: str | None
    latency_ms: int
    slippage: str
    spread: str
    maker: str
    taker: str
    tick: str
    lot: str
    min_notional: str
    bands: tuple[str, str]
    ladder: Ladder
    break_even_after: int | None
    leverage: str | None
    liquidation_fee: str
    typical: bool = False

    def instruments(self) -> dict[str, Instrument]:
        """Return the same trading rules for every symbol."""
        return {
            symbol: Instrument(
                symbol,
                tick_size=Decimal(self.tick),
                lot_size=Decimal(self.lot),
                min_notional=Decimal(self.min_notional),
                max_quantity=Decimal(600),
                band_down=Decimal(self.bands[0]),
                band_up=Decimal(self.bands[1]),
            )
            for symbol in SYMBOLS
        }


TIERS = (("600", "0.01", "0", "20"), ("3000", "0.02", "6", "10"), ("1000000000", "0.05", "96", "4"))
"""Cap, rate, amount, highest leverage: 600 x 0.01 = 6, 3000 x 0.03 = 90 and 6."""


def model_venue(setup: Setup) -> Venue:
    """Return the model's venue of a setup."""
    rules = ModelRules(
        intrabar=setup.intrabar,
        limit_fill=setup.limit_fill,
        limit_fill_probability=0.5,
        limit_fill_seed=7,
        volume_cap=None if setup.volume_cap is None else Fraction(setup.volume_cap),
        latency_ms=setup.latency_ms,
        slippage=Fraction(setup.slippage),
        half_spread=Fraction(setup.spread) / 2,
        maker=Fraction(setup.maker),
        taker=Fraction(setup.taker),
        ladder=tuple((Fraction(share), Fraction(distance)) for share, distance in setup.ladder),
        break_even_after=setup.break_even_after,
        leverage=None if setup.leverage is None else Fraction(setup.leverage),
        tiers=tuple(ModelTier(*(Fraction(value) for value in tier)) for tier in TIERS),
        liquidation_fee=Fraction(setup.liquidation_fee),
    )
    return Venue(rules, setup.instruments(), Fraction(BALANCE))


def paper_trader(setup: Setup) -> PaperTrader:
    """Return the program's venue of a setup."""
    perpetual = None
    if setup.leverage is not None:
        table = MarginTable(tuple(MarginTier(*(Decimal(value) for value in tier)) for tier in TIERS))
        perpetual = PerpetualRules(
            {symbol: Decimal(setup.leverage) for symbol in SYMBOLS},
            dict.fromkeys(SYMBOLS, table),
            Decimal(setup.liquidation_fee),
        )
    pricing = FillPricing(
        LiquidityCommission(Decimal(setup.maker), Decimal(setup.taker)),
        FractionSlippage(Decimal(setup.slippage)),
        FixedSpread(Decimal(setup.spread)),
        setup.instruments(),
    )
    rules = VenueRules(
        intrabar=setup.intrabar,
        limit_fill=setup.limit_fill,
        limit_fill_probability=0.5,
        limit_fill_seed=7,
        volume_cap=None if setup.volume_cap is None else Decimal(setup.volume_cap),
        latency_ms=setup.latency_ms,
        ladder=tuple(Rung(Decimal(share), Decimal(distance)) for share, distance in setup.ladder),
        break_even_after=setup.break_even_after,
        perpetual=perpetual,
        enters_at_typical=setup.typical,
    )
    return PaperTrader.at(PaperVenue(received(BALANCE), pricing, rules, Recorder()))


LADDERS: tuple[Ladder, ...] = (
    (),
    (),
    (("0.5", "1"), ("0.5", "2")),
    (("0.3", "0.5"), ("0.3", "1"), ("0.2", "1.5")),
)


def setups(*, perpetual: bool = False) -> st.SearchStrategy[Setup]:
    """Draw a venue."""
    return st.builds(
        Setup,
        intrabar=st.sampled_from(("pessimistic", "optimistic", "ohlc", "olhc")),
        limit_fill=st.sampled_from(("through", "touch", "probability")),
        volume_cap=st.sampled_from((None, None, "0.5", "0.1")),
        latency_ms=st.sampled_from((0, 0, 1, MINUTE_MS)),
        slippage=st.sampled_from(("0", "0.01", "0.001")),
        spread=st.sampled_from(("0", "0.004")),
        maker=st.sampled_from(("0.0002", "-0.0001")),
        taker=st.sampled_from(("0.0005",)),
        tick=st.sampled_from(("1", "0.5", "0.01", "2")),
        lot=st.sampled_from(("0.1", "1", "0.001")),
        min_notional=st.sampled_from(("0", "50")),
        bands=st.sampled_from((("0", "0"), ("0.96", "1.04"))),
        ladder=st.sampled_from(LADDERS),
        break_even_after=st.sampled_from((None, 1)),
        leverage=st.sampled_from(("10", "3", "20")) if perpetual else st.none(),
        liquidation_fee=st.sampled_from(("0", "0.01")) if perpetual else st.just("0"),
        typical=st.booleans(),
    ).filter(lambda setup: setup.ladder or setup.break_even_after is None)


@dataclass(frozen=True)
class Draft:
    """An order as drawn: levels in units from the last close, the expiry in half minutes from now."""

    symbol: str
    side: str
    kind: str
    quantity: float
    limit: float
    stop: float
    lacks: str
    tif: str
    expires: int
    post_only: bool
    reduce_only: bool
    group: str | None
    stop_distance: float | None
    target_distance: float | None
    trailing: float

    def request(self, last_price: float, held: int, now_ms: int, client_id: str) -> OrderRequest:
        """Return the request that the draft comes to at a price and a time.

        ``held`` is the sign of the position (0: none). A reduce-only order is drawn against it; without a position it
        becomes one that opens, unless that is what the draft lacks.
        """
        reduces = self.reduce_only or self.kind in OPENS_INSTEAD
        if reduces and not held and self.lacks != "position":
            kind = OPENS_INSTEAD.get(self.kind, self.kind)
            return replace(self, kind=kind, reduce_only=False).request(last_price, held, now_ms, client_id)
        limited = self.kind in ("LIMIT", "STOP_LIMIT", "TAKE_PROFIT") and self.lacks != "price"
        stopped = self.kind in ("STOP_MARKET", "STOP_LIMIT") and self.lacks != "stop"
        trails = self.kind == "TRAILING_STOP"
        return OrderRequest(
            symbol=self.symbol,
            side=("SELL" if held > 0 else "BUY") if held and reduces else self.side,
            order_type=self.kind,
            quantity=self.quantity,
            price=last_price + self.limit if limited else None,
            stop_price=last_price + self.stop if stopped else None,
            time_in_force=self.tif,
            expires_ms=now_ms + self.expires * MINUTE_MS // 2 if self.tif == "GTD" else None,
            post_only=self.post_only and self.kind in ("LIMIT", "TAKE_PROFIT"),
            reduce_only=self.reduce_only,
            oco_group=self.group,
            stop_distance=self.stop_distance,
            target_distance=self.target_distance,
            trailing_fraction=self.trailing if trails and self.trailing < 1 else None,
            trailing_distance=self.trailing if trails and self.trailing >= 1 else None,
            order_id=client_id,
        )


OPENS_INSTEAD = {"TAKE_PROFIT": "LIMIT", "TRAILING_STOP": "STOP_MARKET"}
QUANTITIES = (1.0, 2.0, 3.0, 1.7, 5.0, 0.3, 2.345, 20.0, 1.0, 2.0, 4.0, 1.0)
OFFSETS = (0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, -0.5, 5.0, -5.0)


def drafts() -> st.SearchStrategy[Draft]:
    """Draw an order."""
    kinds = ("MARKET", "LIMIT", "STOP_MARKET", "STOP_LIMIT", "TAKE_PROFIT", "TRAILING_STOP", "MARKET", "LIMIT")
    return st.builds(
        Draft,
        symbol=st.sampled_from((*SYMBOLS, *SYMBOLS[:1] * 3)),
        side=st.sampled_from(("BUY", "SELL")),
        kind=st.sampled_from(kinds),
        quantity=st.sampled_from((*QUANTITIES, *QUANTITIES, *QUANTITIES, 500.0, 700.0, 0.0004)),
        limit=st.sampled_from(OFFSETS),
        stop=st.sampled_from(OFFSETS),
        lacks=st.sampled_from(("",) * 21 + ("price", "stop", "position")),
        tif=st.sampled_from(("GTC", "GTC", "GTD", "IOC")),
        expires=st.sampled_from((2, 4, 1, 3, 8)),
        post_only=st.sampled_from((False, False, True)),
        reduce_only=st.sampled_from((False, False, False, True)),
        group=st.sampled_from((None, None, "g", "g", "h")),
        stop_distance=st.sampled_from((None, 2.0, 1.0, 4.0)),
        target_distance=st.sampled_from((None, 2.0, 1.0, 4.0)),
        trailing=st.sampled_from((2.0, 1.0, 0.02)),
    )


@dataclass(frozen=True)
class Shape:
    """A candle as drawn, in units: the open from the last close, the close from the open, the wicks, the volume."""

    gap: int
    body: int
    up: int
    down: int
    volume: float
    mark: tuple[int, int] | None

    def candle(self, open_ms: int, last_close: float) -> Candle:
        """Return the candle after a close; prices stay between 60 and 160."""
        opened = min(max(last_close + self.gap, 60.0), 160.0)
        close = min(max(opened + self.body, 60.0), 160.0)
        return Candle(open_ms, opened, max(opened, close) + self.up, min(opened, close) - self.down, close, self.volume)

    def mark_candle(self, candle: Candle) -> Candle | None:
        """Return the mark price's candle: the last price's, its open moved and its range wider or narrower."""
        if self.mark is None:
            return None
        shift, wider = self.mark
        opened = candle.open + shift
        high, low = max(opened, candle.high + wider), min(opened, candle.low - wider)
        return Candle(candle.open_time_ms, opened, high, low, opened, 0.0)


def shapes(*, marks: bool = False) -> st.SearchStrategy[Shape]:
    """Draw a candle."""
    return st.builds(
        Shape,
        gap=st.sampled_from((0, 0, 1, -1, 2, -2, 4, -4, 9, -9) if marks else (0, 0, 0, 1, -1, 2, -2, 4, -4)),
        body=st.sampled_from((0, 1, -1, 2, -2, 3, -3)),
        up=st.sampled_from((0, 1, 2, 3, 6)),
        down=st.sampled_from((0, 1, 2, 3, 6)),
        volume=st.sampled_from((20.0, 100.0, 5.0, 7.3, 0.0)),
        mark=st.sampled_from((None, (0, 0), (1, 2), (-1, 2), (4, 5), (-4, 5), (0, -9))) if marks else st.none(),
    )
