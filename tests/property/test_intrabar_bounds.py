"""What the path rules promise of each other: bounds for a trade taken alone, and the mirrored market.

For a position entered at an open, with a stop, targets and nothing else, a candle decides only where it reaches both
the stop and a target. Pessimistic then takes the stop alone, optimistic the targets in reach and then the stop, and
either way the position is gone at the candle's end; in every other candle all rules do the same. Hence pessimistic <=
optimistic, to the last digit of net PnL, for one target and for ladders, moved stops included. A long's high comes
first on `ohlc` and its low first on `olhc`, so these two *are* the two bounds (a short's the other way round).

None of this is a theorem for an entry inside the candle: pessimistic leaves a position open whose target optimistic
fills, and a later candle may pay more; and a fixed path may pass the stop before the entry, which both bounds let it
meet after.
"""

import unittest
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from core.candle import Candle
from core.events import TradeRow
from core.orders import OrderRequest
from execution.scripting.paper_trader import PaperTrader
from tests.support.oracles.venue_model_streams import LADDERS, START_MS, SYMBOLS, Setup, Shape, paper_trader, shapes
from tests.support.scale import scaled
from tests.support.times import MINUTE_MS

SYMBOL = SYMBOLS[0]
PLAIN = Setup(
    intrabar="pessimistic",
    limit_fill="through",
    volume_cap=None,
    latency_ms=0,
    slippage="0",
    spread="0",
    maker="0",
    taker="0",
    tick="0.25",
    lot="0.1",
    min_notional="0",
    bands=("0", "0"),
    ladder=(),
    break_even_after=None,
    leverage=None,
    liquidation_fee="0",
)
COUNTS = settings(max_examples=scaled(250, 10_000), deadline=None, suppress_health_check=list(HealthCheck))


def candles_of(drawn: Sequence[Shape], first_price: float = 100.0) -> list[Candle]:
    """Return the drawn candles one after the other."""
    candles: list[Candle] = []
    for index, shape in enumerate(drawn):
        last = candles[-1].close if candles else first_price
        candles.append(shape.candle(START_MS + index * MINUTE_MS, last))
    return candles


@dataclass(frozen=True)
class Trade:
    """One market entry and its protection."""

    side: str
    quantity: float
    stop_distance: float
    target_distance: float

    def request(self) -> OrderRequest:
        """Return its request."""
        return OrderRequest(
            SYMBOL,
            self.side,
            "MARKET",
            self.quantity,
            stop_distance=self.stop_distance,
            target_distance=self.target_distance,
        )


TRADES = st.builds(
    Trade,
    side=st.sampled_from(("BUY", "SELL")),
    quantity=st.sampled_from((1.0, 2.0, 0.7, 3.3)),
    stop_distance=st.sampled_from((2.0, 1.0, 3.0, 0.5, 1.5)),
    target_distance=st.sampled_from((2.0, 1.0, 3.0, 4.0, 1.3)),
)
COSTS = st.builds(
    replace,
    st.just(PLAIN),
    slippage=st.sampled_from(("0", "0.001", "0.02")),
    spread=st.sampled_from(("0", "0.002")),
    maker=st.sampled_from(("0", "0.0002")),
    taker=st.sampled_from(("0.0005", "0.001")),
    tick=st.sampled_from(("0.25", "1", "0.01", "0.3")),
    limit_fill=st.sampled_from(("through", "touch", "probability")),
    ladder=st.sampled_from(LADDERS),
)


def result(setup: Setup, intrabar: str, trade: Trade, candles: Sequence[Candle]) -> Fraction:
    """Return the net PnL of one trade alone: what is realised and, of what is still open, what the last close makes it.

    The commission of the entry counts in full.
    """
    trader = paper_trader(replace(setup, intrabar=intrabar))
    trader.book.submit(trade.request(), START_MS, last_price=100.0)
    for candle in candles:
        trader.process_candle(SYMBOL, candle, MINUTE_MS)
    rows = trader.account.rows
    assert rows and rows[0].action == "OPEN"
    cash = sum((cash_flow(row) for row in rows), Fraction(0))
    held = sum((signed(row) for row in rows), Fraction(0))
    return cash + held * Fraction(repr(candles[-1].close))


def signed(row: TradeRow) -> Fraction:
    """Return the quantity of a fill, positive where it buys."""
    buys = (row.side == "LONG") == (row.action == "OPEN")
    return Fraction(row.quantity) if buys else -Fraction(row.quantity)


def cash_flow(row: TradeRow) -> Fraction:
    """Return what a fill brings in, its commission taken off."""
    return -signed(row) * Fraction(row.price) - Fraction(row.commission)


class Bounds(unittest.TestCase):
    @COUNTS
    @given(COSTS, TRADES, st.lists(shapes(), min_size=1, max_size=8), st.booleans())
    def test_optimistic_is_never_below_pessimistic_and_the_fixed_paths_are_the_two_bounds(
        self, setup: Setup, trade: Trade, drawn: list[Shape], breaks_even: bool
    ) -> None:
        setup = replace(setup, break_even_after=1 if setup.ladder and breaks_even else None)
        candles = candles_of(drawn)
        results = {rule: result(setup, rule, trade, candles) for rule in ("pessimistic", "optimistic", "ohlc", "olhc")}
        note(str({rule: float(value) for rule, value in results.items()}))
        self.assertLessEqual(results["pessimistic"], results["optimistic"])
        best, worst = ("ohlc", "olhc") if trade.side == "BUY" else ("olhc", "ohlc")
        self.assertEqual(results["optimistic"], results[best])
        self.assertEqual(results["pessimistic"], results[worst])

    def test_the_bounds_differ_where_one_candle_reaches_both(self) -> None:
        # Long 1 at 100, stop 98, target 102, candle 97 to 103: -2 or +2. The drawn trades would pass without this.
        trade, candles = Trade("BUY", 1.0, 2.0, 2.0), [Candle(START_MS, 100.0, 103.0, 97.0, 100.0, 1.0)]
        self.assertEqual([result(PLAIN, rule, trade, candles) for rule in ("pessimistic", "optimistic")], [-2, 2])


MIRROR = 200
"""Prices p become 200 - p; the ticks of 0.25 fall on each other."""
MIRRORED_RULE = {"pessimistic": "pessimistic", "optimistic": "optimistic", "ohlc": "olhc", "olhc": "ohlc"}


@dataclass(frozen=True)
class Wish:
    """An order as drawn for a market and its mirror, submitted before a candle.

    Levels lie a quarter above whole units and candles on whole units, so that no two resting orders are at one distance
    from an open: there "down first" decides, which a mirror turns round.
    """

    before: int
    kind: str
    buys: bool
    quantity: float
    limit: int
    stop: int
    reduce_only: bool
    post_only: bool
    group: str | None
    stop_distance: float | None
    target_distance: float | None
    trailing: float

    def request(self, name: str, mirrored: bool) -> OrderRequest:
        """Return the request in the market or in its mirror."""
        limited, stopped = self.kind in ("LIMIT", "STOP_LIMIT"), self.kind in ("STOP_MARKET", "STOP_LIMIT")
        limit, stop = self.limit + 0.25, self.stop + 0.25
        return OrderRequest(
            SYMBOL,
            "BUY" if self.buys != mirrored else "SELL",
            self.kind,
            self.quantity,
            price=(MIRROR - limit if mirrored else limit) if limited else None,
            stop_price=(MIRROR - stop if mirrored else stop) if stopped else None,
            reduce_only=self.reduce_only,
            post_only=self.post_only and self.kind == "LIMIT",
            oco_group=self.group,
            stop_distance=self.stop_distance,
            target_distance=self.target_distance,
            trailing_distance=self.trailing if self.kind == "TRAILING_STOP" else None,
            order_id=name,
        )


WISHES = st.builds(
    Wish,
    before=st.integers(0, 7),
    kind=st.sampled_from(("MARKET", "LIMIT", "STOP_MARKET", "STOP_LIMIT", "TRAILING_STOP")),
    buys=st.booleans(),
    quantity=st.sampled_from((1.0, 2.0, 0.7)),
    limit=st.integers(95, 105),
    stop=st.integers(95, 105),
    reduce_only=st.sampled_from((False, False, True)),
    post_only=st.sampled_from((False, False, True)),
    group=st.sampled_from((None, None, "g")),
    stop_distance=st.sampled_from((None, 1.0, 2.0, 1.25)),
    target_distance=st.sampled_from((None, 1.0, 2.0, 1.25)),
    trailing=st.sampled_from((1.25, 2.25)),
)
RULES = st.builds(
    replace,
    st.just(PLAIN),
    intrabar=st.sampled_from(tuple(MIRRORED_RULE)),
    limit_fill=st.sampled_from(("through", "touch", "probability")),
    volume_cap=st.sampled_from((None, None, "0.1")),
    latency_ms=st.sampled_from((0, 0, 1)),
    ladder=st.sampled_from(LADDERS),
)


def reflection(candle: Candle) -> Candle:
    """Return a candle in the mirrored market."""
    return Candle(
        candle.open_time_ms,
        MIRROR - candle.open,
        MIRROR - candle.low,
        MIRROR - candle.high,
        MIRROR - candle.close,
        candle.volume,
    )


def played(setup: Setup, wishes: Sequence[Wish], candles: Sequence[Candle], mirrored: bool) -> PaperTrader:
    """Return the venue after the wishes and candles, in the market or in its mirror."""
    trader = paper_trader(setup)
    last = 100.0
    for index, candle in enumerate(candles):
        for number, wish in enumerate(wishes):
            if wish.before == index:
                trader.book.submit(wish.request(f"w{number}", mirrored), candle.open_time_ms, last_price=last)
        shown = reflection(candle) if mirrored else candle
        trader.process_candle(SYMBOL, shown, MINUTE_MS)
        last = shown.close
    return trader


class Reflection(unittest.TestCase):
    maxDiff = None

    @COUNTS
    @given(RULES, st.lists(WISHES, min_size=1, max_size=8), st.lists(shapes(), min_size=1, max_size=8))
    def test_a_mirrored_market_gives_mirrored_fills(self, setup: Setup, wishes: list[Wish], drawn: list[Shape]) -> None:
        candles = candles_of(drawn)
        straight = played(setup, wishes, candles, mirrored=False)
        mirror = played(replace(setup, intrabar=MIRRORED_RULE[setup.intrabar]), wishes, candles, mirrored=True)
        opposite = {"LONG": "SHORT", "SHORT": "LONG"}
        self.assertEqual(
            [(r.time_ms, r.order_id, r.action, opposite[r.side], MIRROR - r.price, r.quantity, r.reason)
             for r in straight.account.rows],
            [(r.time_ms, r.order_id, r.action, r.side, Decimal(r.price), r.quantity, r.reason)
             for r in mirror.account.rows],
        )  # fmt: skip
        if not straight.positions:
            self.assertEqual(straight.account.ledger.balance, mirror.account.ledger.balance)


if __name__ == "__main__":
    unittest.main()
