"""Random order streams on random candles: the order book and account against the slow model, after every event."""

import functools
import unittest
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.candle import Candle
from core.events import TradeRow
from core.orders import OrderRequest
from execution.orders.order import Order
from tests.support.oracles.venue_model import ModelFill, ModelOrder, amend, cancel, equity, play_candle, submit
from tests.support.oracles.venue_model_orders import faults
from tests.support.oracles.venue_model_streams import (
    FIRST_PRICE,
    OFFSETS,
    START_MS,
    SYMBOLS,
    Draft,
    Setup,
    Shape,
    drafts,
    model_venue,
    paper_trader,
    setups,
    shapes,
)
from tests.support.scale import scaled
from tests.support.times import MINUTE_MS

GAPS = st.sampled_from((0, 0, 0, 1, 3))
ENDED_UNFILLED = ("REJECTED", "CANCELED", "EXPIRED")
exact = functools.lru_cache(maxsize=4096)(Fraction)
"""The same numbers stand in many orders, which are compared after every event."""
OrderState = tuple[str, str, str | None, Fraction, Fraction, Fraction | None, Fraction | None]


@dataclass(frozen=True)
class Asked:
    """One submitted order on both sides, and how many rows the trade log had then."""

    request: OrderRequest
    time_ms: int
    rows_before: int
    order: Order
    expected: ModelOrder


class VenueStreams(RuleBasedStateMachine):
    """Plays one order stream on both venues and compares them after each event."""

    perpetual = False

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = START_MS
        self.last: dict[str, float] = dict.fromkeys(SYMBOLS, float(FIRST_PRICE))
        self.asked: list[Asked] = []
        self.candles: dict[tuple[str, int], Candle] = {}
        self.compared_rows = 0

    def build(self, setup: Setup) -> None:
        self.setup = setup
        self.model = model_venue(setup)
        self.trader = paper_trader(setup)

    @initialize(setup=setups())
    def open_the_venue(self, setup: Setup) -> None:
        self.build(setup)

    @rule(draft=drafts())
    def submit(self, draft: Draft) -> None:
        last = self.last[draft.symbol]
        position = self.model.positions.get(draft.symbol)
        held = 0 if position is None else position.sign
        request = draft.request(last, held, self.now_ms, f"c{len(self.asked) + 1}")
        rows = len(self.trader.account.rows)
        expected = submit(self.model, request, self.now_ms, last)
        expected.inside = self.enters_inside(expected)
        role = "entry" if expected.inside else "order"
        order = self.trader.book.submit(request, self.now_ms, last_price=last, role=role)
        if order.reason in faults(self.model, expected):
            expected.reason = order.reason
        self.asked.append(Asked(request, self.now_ms, rows, order, expected))

    def enters_inside(self, order: ModelOrder) -> bool:
        """Return whether an accepted order is one as a session's market entries are, one at a time for each symbol."""
        plain = order.living and order.kind == "MARKET" and order.tif == "GTC" and not order.reduce_only
        waits = any(other.inside for other in self.model.living(order.symbol))
        return self.setup.typical and plain and not waits and not self.model.reduces(order)

    @precondition(lambda self: self.asked)
    @rule(back=st.integers(0, 5))
    def cancel(self, back: int) -> None:
        asked = self.asked[-1 - back % len(self.asked)]
        got = self.trader.book.cancel(asked.order, self.now_ms)
        assert got == cancel(self.model, asked.expected, self.now_ms), "cancel"

    @precondition(lambda self: self.asked)
    @rule(
        back=st.integers(0, 5),
        quantity=st.sampled_from((None, 1.0, 4.0, 0.5, 0.0004)),
        limit=st.sampled_from((None, *OFFSETS)),
        stop=st.sampled_from((None, *OFFSETS)),
    )
    def amend(self, back: int, quantity: float | None, limit: float | None, stop: float | None) -> None:
        asked = self.asked[-1 - back % len(self.asked)]
        last = self.last[asked.request.symbol]
        # Levels that the order does not have now are left alone: a triggered stop-limit has no stop any more.
        changes = {
            "quantity": quantity,
            "price": None if limit is None or asked.request.price is None else last + limit,
            "stop_price": None
            if stop is None or asked.request.stop_price is None or asked.expected.acts != "stop"
            else last + stop,
        }
        got = self.trader.book.amend(asked.order, self.now_ms, **changes)
        assert got == amend(self.model, asked.expected, self.now_ms, **changes), f"amend {changes}: got {got}"

    @rule(wanted=st.lists(drafts(), min_size=1, max_size=4), first=shapes(), second=st.none() | shapes(), gap=GAPS)
    def submit_and_play(self, wanted: list[Draft], first: Shape, second: Shape | None, gap: int) -> None:
        for draft in wanted:
            self.submit(draft)
            self.after_every_event()
        self.step((first, second), gap)

    @rule(first=st.none() | shapes(), second=st.none() | shapes(), gap=GAPS)
    def play(self, first: Shape | None, second: Shape | None, gap: int) -> None:
        self.step((first, second), gap)

    @rule()
    def mark(self) -> None:
        """Play candles of one price each: marks move nothing but what follows the close."""
        still = Shape(gap=0, body=0, up=0, down=0, volume=20.0, mark=None)
        self.step((still, still), 0)

    def step(self, drawn: Iterable[Shape | None], gap: int) -> None:
        open_ms = self.now_ms + gap * MINUTE_MS
        for symbol, shape in zip(SYMBOLS, drawn, strict=True):
            if shape is not None:
                candle = shape.candle(open_ms, self.last[symbol])
                mark = shape.mark_candle(candle)
                self.candles[symbol, open_ms] = candle
                self.trader.process_candle(symbol, candle, MINUTE_MS, mark)
                play_candle(self.model, symbol, candle, MINUTE_MS, mark)
                self.last[symbol] = candle.close
        self.now_ms = open_ms + MINUTE_MS

    @invariant()
    def after_every_event(self) -> None:
        if hasattr(self, "trader"):
            self.both_venues_agree()
            self.money_is_conserved()
            self.no_order_fills_beyond_what_was_asked()
            self.every_fill_has_its_place()
            self.compared_rows = len(self.trader.account.rows)

    def both_venues_agree(self) -> None:
        rows, fills = self.trader.account.rows, self.model.fills
        got = [row_values(row) for row in rows[self.compared_rows :]]
        expected = [fill_values(fill) for fill in fills[self.compared_rows :]]
        assert_same("fills", expected, got)
        for row, fill in zip(rows[self.compared_rows :], fills[self.compared_rows :], strict=True):
            assert not fill.reason or row.reason == fill.reason, f"{fill.reason} expected: {row}"
        for asked in self.asked:
            assert_same(asked.request, model_state(asked.expected), order_state(asked.order))
        assert_same("balance", self.model.balance, Fraction(self.trader.account.ledger.balance))
        held = {
            symbol: (float(position.sign * position.quantity), round(float(position.cost / position.quantity), 6))
            for symbol, position in self.model.positions.items()
        }
        positions = {
            symbol: (position.side.sign * position.quantity, round(position.entry_price, 6))
            for symbol, position in self.trader.positions.items()
        }
        assert_same("positions", held, positions)
        assert abs(float(equity(self.model)) - self.trader.get_equity()) < 1e-6, "equity"

    def money_is_conserved(self) -> None:
        balances = {name: Fraction(value) for name, value in self.trader.account.postings.balances.items()}
        assert sum(balances.values()) == 0, f"double entries do not balance: {balances}"
        if not balances:
            return  # Nothing is posted before the first fill.
        margins = sum(value for name, value in balances.items() if name.startswith("margin:"))
        assert_same("cash + margins", Fraction(self.trader.account.ledger.balance), balances["cash"] + margins)
        for symbol in SYMBOLS:
            if symbol not in self.trader.positions:
                left = [balances.get(f"{account}:{symbol}", 0) for account in ("accrued", "margin")]
                assert left == [0, 0], f"{symbol} is flat and its accounts hold {left}"

    def no_order_fills_beyond_what_was_asked(self) -> None:
        for asked in self.asked:
            order = asked.order
            assert 0 <= order.filled <= order.quantity, f"{order.filled} of {order.quantity}: {asked.request}"
            assert order.remaining >= 0, f"{order.remaining} remain of {asked.request}"

    def every_fill_has_its_place(self) -> None:
        """Not before the order existed, not outside the candle but for costs, never opening for reduce-only orders."""
        by_id = {asked.order.order_id: asked for asked in self.asked if asked.order.order_id is not None}
        rows = self.trader.account.rows
        for row in rows[self.compared_rows :]:
            self.check_place(row, by_id.get(row.order_id))
        self.check_groups(rows, by_id)

    def check_place(self, row: TradeRow, asked: Asked | None) -> None:
        at_open = self.candles.get((row.symbol, row.time_ms))
        candle = self.candles.get((row.symbol, row.time_ms - MINUTE_MS))
        if candle is None or (at_open is not None and row.time_ms == self.now_ms - MINUTE_MS):
            candle = at_open
        assert candle is not None, f"a fill without a candle of its symbol: {row}"
        if asked is not None:
            assert candle.open_time_ms >= asked.time_ms + self.setup.latency_ms, f"filled before it existed: {row}"
            if asked.request.reduce_only or asked.request.order_type.name == "TAKE_PROFIT":
                assert row.action == "CLOSE", f"a reduce-only order opened: {row}"
        if row.reason != "liquidation":
            buys = (row.side == "LONG") == (row.action == "OPEN")
            slipped = Fraction(row.slippage) / Fraction(row.quantity)
            references = [Fraction(row.price) - slipped, Fraction(row.price) + slipped]
            low, high = Fraction(repr(candle.low)), Fraction(repr(candle.high))
            assert any(low <= price <= high for price in references), f"outside {candle}: {row}"
            worst = Fraction(self.setup.slippage) + Fraction(self.setup.spread) / 2
            tick = Fraction(self.setup.tick)
            if buys:
                assert low <= Fraction(row.price) <= high * (1 + worst) + tick, f"outside {candle}: {row}"
            else:
                assert low * (1 - worst) - tick <= Fraction(row.price) <= high, f"outside {candle}: {row}"

    def check_groups(self, rows: list[TradeRow], by_id: dict[str, Asked]) -> None:
        first_fill: dict[str, int] = {}
        for index, row in enumerate(rows):
            first_fill.setdefault(row.order_id, index)
        members = [
            (asked, first_fill[order_id])
            for order_id, asked in by_id.items()
            if asked.request.oco_group is not None and order_id in first_fill
        ]
        for one, filled in members:
            for other, filled_later in members:
                same_group = group_of(one) == group_of(other)
                if same_group and one is not other and filled < filled_later:
                    assert other.rows_before > filled, f"both filled: {one.request} and {other.request}"


class PerpetualStreams(VenueStreams):
    """The same on isolated margin, with mark candles that differ from the last price's."""

    perpetual = True

    @initialize(setup=setups(perpetual=True))
    def open_the_venue(self, setup: Setup) -> None:
        self.build(setup)

    @rule(
        wanted=st.lists(drafts(), min_size=1, max_size=4),
        first=shapes(marks=True),
        second=st.none() | shapes(marks=True),
        gap=GAPS,
    )
    def submit_and_play(self, wanted: list[Draft], first: Shape, second: Shape | None, gap: int) -> None:
        super().submit_and_play(wanted, first, second, gap)

    @rule(first=st.none() | shapes(marks=True), second=st.none() | shapes(marks=True), gap=GAPS)
    def play(self, first: Shape | None, second: Shape | None, gap: int) -> None:
        self.step((first, second), gap)


def group_of(asked: Asked) -> tuple[str, str | None]:
    """Return the symbol and name of an order's group."""
    return asked.request.symbol, asked.request.oco_group


def row_values(row: TradeRow) -> tuple[Any, ...]:
    """Return what is compared of a row of the trade log, readable."""
    numbers = (row.price, row.quantity, row.commission, row.slippage, row.balance, row.realized_pnl)
    return (
        (row.time_ms - START_MS) / MINUTE_MS,
        row.order_id,
        row.symbol,
        row.action,
        row.side,
        *(Fraction(number) for number in numbers),
    )


def fill_values(fill: ModelFill) -> tuple[Any, ...]:
    """Return the same of a fill of the model; maker and taker show in the commission."""
    return (
        (fill.time_ms - START_MS) / MINUTE_MS,
        str(fill.order_id),
        fill.symbol,
        fill.action,
        "LONG" if fill.side > 0 else "SHORT",
        fill.price,
        fill.quantity,
        fill.commission,
        abs(fill.price - fill.reference) * fill.quantity,
        fill.balance,
        fill.realized,
    )


def order_state(order: Order) -> OrderState:
    """Return what is compared of an order; its levels while it works."""
    levels = (None if level is None else exact(level) for level in (order.price, order.stop_price))
    if not order.status.working:
        levels = (None, None)
    return (
        order.status.value,
        order.reason if order.status.value in ENDED_UNFILLED else "",
        order.client_order_id,
        exact(order.quantity),
        exact(order.filled),
        *levels,
    )


def model_state(order: ModelOrder) -> OrderState:
    """Return the same of an order of the model."""
    levels = (order.price, order.stop) if order.living else (None, None)
    reason = order.reason if order.status in ENDED_UNFILLED else ""
    return (order.status, reason, order.client_id, order.quantity, order.filled, *levels)


def assert_same(what: object, expected: object, got: object) -> None:
    """Raise AssertionError with both sides under each other."""
    assert expected == got, f"{what}\n  model:   {expected}\n  program: {got}"


COUNTS = settings(
    max_examples=scaled(110, 6_000),
    stateful_step_count=scaled(30, 50),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


class OrderBookAgainstVenueModel(VenueStreams.TestCase):
    settings = COUNTS


class PerpetualBookAgainstVenueModel(PerpetualStreams.TestCase):
    settings = COUNTS


if __name__ == "__main__":
    unittest.main()
