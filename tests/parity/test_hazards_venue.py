"""Hazards of parity in the venue: the order of evaluation inside a candle, fills, costs and perpetual contracts."""

import json
import unittest
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from core.candle import Candle, FundingRate
from core.instrument import Instrument
from core.orders import OrderRequest, OrderSide, OrderType
from core.trading_signal import Signal
from engine.assembly import build_safety_monitor, build_session
from engine.kill_switch import KillSwitch
from engine.renderer import SessionOutputs
from execution.scripting.paper_trader import PaperTrader
from tests.support.runs.kernel_runs import KernelRun, run_kernel, settings_from, steps_of
from tests.support.scripted_strategy import ScriptedStrategy
from tests.support.times import JANUARY_MS, MINUTE_MS

CENT = Instrument("AAA", Decimal("0.01"), Decimal("0.001"))
FLAT = (100.0, 100.0, 100.0, 100.0)
Prices = Mapping[int, Sequence[float]]


def candles_of(prices: Prices) -> dict[str, list[Candle]]:
    """Return candles of AAA by the minute of their open; the volume is 1 where none is given."""
    opens = {JANUARY_MS + at * MINUTE_MS: told for at, told in prices.items()}
    return {"AAA": [Candle(open_ms, *told, *(1.0,) * (5 - len(told))) for open_ms, told in opens.items()]}


def signals_of(told: Mapping[int, Signal]) -> dict[str, dict[int, Signal]]:
    return {"AAA": {JANUARY_MS + at * MINUTE_MS: signal for at, signal in told.items()}}


LONG = Signal("LONG", sl_distance=3.0, tp_distance=10.0)
SHORT = Signal("SHORT", sl_distance=3.0, tp_distance=10.0)


def run(
    prices: Prices,
    settings: Mapping[str, object] | None = None,
    *,
    said: Mapping[int, Signal] | None = None,
    marks: Prices | None = None,
    detail: Prices | None = None,
    funding: Sequence[FundingRate] = (),
    **more: Any,
) -> KernelRun:
    """Run a scripted session on candles of AAA; the first candle says LONG unless ``said`` tells otherwise."""
    return run_kernel(
        settings or {},
        ["AAA"],
        candles_of(prices),
        signals_of(said or {0: LONG}),
        {"AAA": CENT},
        marks=None if marks is None else candles_of(marks),
        detail=None if detail is None else candles_of(detail),
        funding={"AAA": list(funding)},
        **more,
    )


def fills(finished: KernelRun) -> list[tuple[str, str, str, str]]:
    """Return (minute, action, price, reason) of every fill."""
    return [(row["timestamp"][14:16], row["action"], row["price"], row["reason"]) for row in finished.rows]


class StopsThatMove(unittest.TestCase):
    """Rows 25, 26 and 30: a stop follows closes, after the stop was looked at, and acts from the next candle."""

    TRAILING: Mapping[str, object] = {"enable_trailing_stop": True, "trailing_stop_pct": 0.02}

    def test_a_high_inside_the_candle_does_not_move_the_stop_its_close_does(self) -> None:
        # 2 % below the high of 110 is 107.8, 2 % below the close of 102 is 99.96.
        prices = {
            0: FLAT,
            1: (100.0, 109.0, 100.0, 102.0),
            2: (102.0, 103.0, 100.0, 101.0),
            3: (101.0, 101.0, 99.0, 99.0),
        }
        self.assertEqual(("04", "CLOSE", "99.96", "trailing_stop"), fills(run(prices, self.TRAILING))[-1])

    def test_detail_candles_move_the_stop_at_their_closes_and_not_at_their_highs(self) -> None:
        prices = {0: FLAT, 5: (100.0, 109.0, 99.0, 100.0)}
        minutes = {5: (100.0, 109.0, 100.0, 102.0), 6: (102.0, 102.0, 100.0, 100.0), 7: (100.0, 100.0, 99.0, 99.0)}
        settings = {**self.TRAILING, "detail_interval": "1m"}
        finished = run(prices, settings, detail=minutes, timeframe="5m", timeframe_ms=5 * MINUTE_MS)
        self.assertEqual(("08", "CLOSE", "99.96", "trailing_stop"), fills(finished)[-1])

    def test_a_candle_is_held_against_the_stop_before_its_own_close_moves_it(self) -> None:
        # Its close would put the stop at 102.9; the candle meets the 97 that stood when it opened.
        prices = {0: FLAT, 1: FLAT, 2: (100.0, 105.0, 96.0, 105.0)}
        self.assertEqual(
            ("03", "CLOSE", "97", "stop"), fills(run(prices, {**self.TRAILING, "trailing_stop_pct": 0.05}))[-1]
        )

    def test_a_trailing_stop_does_not_fire_on_the_candle_that_moved_it(self) -> None:
        prices = {0: FLAT, 1: FLAT, 2: (100.0, 104.0, 99.0, 104.0), 3: (104.0, 104.0, 101.0, 102.0)}
        self.assertEqual(("04", "CLOSE", "101.92", "trailing_stop"), fills(run(prices, self.TRAILING))[-1])

    def test_a_break_even_stop_does_not_fire_on_the_candle_that_moved_it(self) -> None:
        ladder = [{"fraction": 0.5, "distance": 1.0}, {"fraction": 0.5, "distance": 3.0}]
        # The high, and with it the rung, comes before the low that is beyond the entry.
        settings = {"exits": {"ladder": ladder, "break_even_after": 1}, "intrabar": "ohlc"}
        prices = {0: FLAT, 1: FLAT, 2: (100.0, 103.5, 99.0, 101.0), 3: (101.0, 101.0, 99.5, 100.0)}
        expected = [("03", "CLOSE", "103", "target"), ("04", "CLOSE", "100", "break_even")]
        self.assertEqual(expected, fills(run(prices, settings))[1:])


class OneCandleOfBothLevels(unittest.TestCase):
    """Rows 27, 28 and 29: what a candle does not tell is assumed against the position, flagged, counted and bounded."""

    BOTH: ClassVar[Prices] = {0: FLAT, 5: FLAT, 10: (100.0, 110.5, 96.5, 101.0)}
    FIVE: ClassVar[Mapping[str, Any]] = {"timeframe": "5m", "timeframe_ms": 5 * MINUTE_MS}

    def test_tight_levels_in_every_candle_are_flagged_counted_and_bounded_by_the_other_path(self) -> None:
        prices: dict[int, Sequence[float]] = dict.fromkeys(range(12), (100.0, 101.0, 99.0, 100.0))
        tight = {at: Signal("LONG" if at % 4 else "SHORT", sl_distance=0.2, tp_distance=0.3) for at in range(0, 10, 2)}
        worst, best = (
            run(prices, {"intrabar": path, "slippage": 0.0001}, said=tight) for path in ("pessimistic", "optimistic")
        )
        trades = worst.closed
        self.assertEqual([5, 5, 5], [len(trades), worst.ambiguous, best.ambiguous])
        for trade, other in zip(trades, best.closed, strict=True):
            self.assertEqual(("stop", "target"), (trade.reason, other.reason))
            self.assertLess(trade.realized_pnl, 0)
            # Without commission the target's distance bounds it, and the other path brought as much.
            self.assertEqual(Decimal("0.3") * trade.quantity, trade.best_case_pnl)
            self.assertEqual(Decimal("0.3") * other.quantity, other.realized_pnl)

    def test_the_stop_comes_first_unless_finer_candles_say_otherwise(self) -> None:
        self.assertEqual("stop", run(self.BOTH, **self.FIVE).rows[-1]["reason"])
        settings = {"detail_interval": "1m", "intrabar": "detail"}
        up, down = (100.0, 110.5, 100.0, 109.0), (100.0, 101.0, 96.5, 100.0)
        for first, second, reason in ((up, down, "target"), (down, up, "stop")):
            with self.subTest(reason):
                finished = run(self.BOTH, settings, detail={10: first, 11: second}, **self.FIVE)
                self.assertEqual(("11", "CLOSE", reason), fills(finished)[-1][:2] + fills(finished)[-1][3:])
                self.assertEqual(0, finished.ambiguous)

    def test_an_entry_inside_a_candle_meets_its_stop_there_and_never_its_target(self) -> None:
        settings = {"entry_order": "limit", "entry_offset": 0.01}
        both = run({0: FLAT, 1: (100.0, 110.0, 95.0, 105.0)}, settings)
        self.assertEqual([("02", "OPEN", "99", "signal"), ("02", "CLOSE", "96", "stop")], fills(both))
        target_only = run({0: FLAT, 1: (100.0, 110.0, 98.0, 105.0)}, settings)
        self.assertEqual([("02", "OPEN", "99", "signal"), ("02", "CLOSE", "105", "end")], fills(target_only))

    def test_an_entry_at_the_open_has_its_whole_candle_before_it(self) -> None:
        self.assertEqual(("02", "CLOSE", "97", "stop"), fills(run({0: FLAT, 1: (100.0, 111.0, 96.0, 105.0)}))[-1])
        self.assertEqual(("02", "CLOSE", "110", "target"), fills(run({0: FLAT, 1: (100.0, 111.0, 98.0, 105.0)}))[-1])


class WhenAndHowOrdersFill(unittest.TestCase):
    """Rows 31, 40, 41 and 43."""

    def test_no_kind_of_entry_fills_in_the_candle_that_caused_it(self) -> None:
        wide, narrow = (100.0, 120.0, 80.0, 100.0), (100.0, 100.5, 99.5, 100.0)
        for kind in ("limit", "stop"):
            settings = {"entry_order": kind, "entry_offset": 0.01, "entry_time_in_force": "GTC"}
            with self.subTest(kind):
                self.assertEqual([], run({0: wide, 1: narrow, 2: narrow}, settings).rows)
                self.assertEqual("03", fills(run({0: wide, 1: narrow, 2: wide}, settings))[0][0])
        self.assertEqual("01", fills(run({0: wide, 1: narrow}))[0][0])

    def test_a_limit_needs_a_trade_through_it_by_a_tick_at_least(self) -> None:
        settings = {"entry_order": "limit", "entry_offset": 0.01}
        for low, filled in ((99.0, 0), (98.99, 1)):
            with self.subTest(low):
                rows = run({0: FLAT, 1: (100.0, 100.0, low, 100.0)}, settings).rows
                self.assertEqual(filled, sum(row["action"] == "OPEN" for row in rows))
        for high, reason in ((110.0, "end"), (110.01, "target")):
            with self.subTest(high):
                self.assertEqual(reason, run({0: FLAT, 1: FLAT, 2: (100.0, high, 100.0, 105.0)}).rows[-1]["reason"])

    def test_latency_moves_an_entry_and_a_close_to_the_first_open_that_is_late_enough(self) -> None:
        prices = {at: (100.0 + at, 100.0 + at, 100.0 + at, 100.0 + at) for at in range(6)}
        said = {
            0: Signal("LONG", sl_distance=50.0, tp_distance=90.0),
            3: Signal("SHORT", sl_distance=50.0, tp_distance=90.0),
        }
        for latency_ms, expected in (
            (0, ["101", "104"]),
            (1, ["102", "105"]),
            (60_000, ["102", "105"]),
            (60_001, ["103", "105"]),
        ):
            settings = {"latency_ms": latency_ms, "on_opposite_signal": "close"}
            with self.subTest(latency_ms):
                self.assertEqual(expected, [row["price"] for row in run(prices, settings, said=said).rows])

    def test_a_script_that_plays_the_candles_gets_the_fills_of_the_session(self) -> None:
        prices = {0: FLAT, 1: (100.0, 101.0, 98.5, 99.0), 2: (99.0, 99.5, 95.0, 96.0)}
        settings = {"entry_order": "limit", "entry_offset": 0.01, "slippage": 0.001, "commission_rate": 0.0005}
        session = run(prices, settings)
        trader = PaperTrader(10_000.0, 0.001, 0.0005, instruments={"AAA": CENT})
        for candle in candles_of(prices)["AAA"]:
            trader.process_candle("AAA", candle, MINUTE_MS)
            if candle.open_time_ms == JANUARY_MS:
                request = OrderRequest(
                    "AAA", OrderSide.BUY, OrderType.LIMIT, 5.0, 99.0, stop_distance=3.0, target_distance=10.0
                )
                trader.book.submit(request, JANUARY_MS + MINUTE_MS, last_price=candle.close)
        told = (
            "order_id",
            "action",
            "side",
            "price",
            "quantity",
            "commission",
            "slippage",
            "balance",
            "realized_pnl",
            "reason",
        )
        rows = [{name: row[name] for name in told} for row in session.rows]
        played = [row.to_dict() for row in trader.account.rows]
        self.assertEqual(2, len(rows))
        numbers = set(told) - {"order_id", "action", "side", "reason"}
        self.assertEqual(
            [{name: float(row[name]) if name in numbers else row[name] for name in told} for row in rows],
            [{name: row[name] for name in told} for row in played],
        )


class CommissionsAddUp(unittest.TestCase):
    """Row 46: one model charges every fill, with its sign, in a column and in the ledger."""

    def test_every_fill_pays_its_own_rate_and_results_are_net_of_what_the_column_says(self) -> None:
        prices = {0: FLAT, 1: (100.0, 101.0, 98.5, 99.0), 2: (99.0, 99.5, 95.0, 96.0)}
        for maker in (0.0002, -0.0001):
            settings = {
                "entry_order": "limit",
                "entry_offset": 0.01,
                "commission_rate": 0.0005,
                "commission": {"maker": maker, "taker": 0.0005},
            }
            with self.subTest(maker):
                finished = run(prices, settings)
                entry, exit_ = finished.rows
                self.assertEqual(Decimal("495") * Decimal(repr(maker)), Decimal(entry["commission"]))
                self.assertEqual(Decimal("480") * Decimal("0.0005"), Decimal(exit_["commission"]))
                charged = Decimal(entry["commission"]) + Decimal(exit_["commission"])
                self.assertEqual(Decimal(-15) - charged, Decimal(exit_["realized_pnl"]))
                self.assertEqual(charged, finished.session.account.ledger_accounts["commission"])
                self.assertEqual(Decimal(10_000) - 15 - charged, Decimal(exit_["balance"]))


def rate_at(minute: float, rate: float = 0.001, mark: float | None = 100.0) -> FundingRate:
    return FundingRate(JANUARY_MS + round(minute * MINUTE_MS), rate, mark)


class FundingSentinels(unittest.TestCase):
    """Row 47: whom a payment falls on, once, with the right sign."""

    PERPETUAL: Mapping[str, object] = {"perpetual": {"leverage": 1.0}}
    CALM: ClassVar[Prices] = dict.fromkeys(range(6), FLAT)

    def result(self, *rates: FundingRate, said: Mapping[int, Signal] | None = None) -> Decimal:
        finished = run(self.CALM, self.PERPETUAL, said=said, funding=rates)
        self.assertEqual(Decimal(0), sum(finished.session.account.ledger_accounts.values()))
        return Decimal(finished.rows[-1]["balance"]) - 10_000

    def test_a_position_pays_from_the_first_time_after_its_entry_on(self) -> None:
        # Entered at the open of minute 1.
        for minute, paid in ((0.5, "0"), (1, "0"), (2, "-0.5"), (3, "-0.5"), (6, "-0.5")):
            with self.subTest(minute):
                self.assertEqual(Decimal(paid), self.result(rate_at(minute)))

    def test_an_entry_inside_the_candle_that_ends_at_the_payment_was_there_before_it(self) -> None:
        prices = {**self.CALM, 1: (100.0, 100.0, 98.5, 99.0)}
        settings = {"entry_order": "limit", "entry_offset": 0.01, **self.PERPETUAL}
        for minute, rate, told in ((2, 0.001, "-0.5"), (2, -0.001, "0.5"), (3, 0.001, "-0.5"), (1, 0.001, None)):
            with self.subTest(minute=minute, rate=rate):
                row = run(prices, settings, funding=[rate_at(minute, rate)]).rows[-1]
                self.assertEqual(told, json.loads(row["metadata"]).get("funding"))

    def test_a_stamp_that_comes_milliseconds_late_belongs_to_its_minute(self) -> None:
        late = 7 / MINUTE_MS
        self.assertEqual(Decimal(0), self.result(rate_at(1 + late)))
        self.assertEqual(Decimal("-0.5"), self.result(rate_at(2 + late)))

    def test_what_longs_pay_shorts_receive_and_a_negative_rate_turns_it_round(self) -> None:
        for rate in (0.001, -0.001):
            long, short = (self.result(rate_at(2, rate), said={0: said}) for said in (LONG, SHORT))
            with self.subTest(rate):
                self.assertEqual(Decimal(0), long + short)
                self.assertEqual(Decimal("-0.5") if rate > 0 else Decimal("0.5"), long)

    def test_every_payment_counts_once_whatever_the_interval(self) -> None:
        eight_then_four = [rate_at(minute) for minute in (2, 4, 5, 6)]
        self.assertEqual(Decimal("-2"), self.result(*eight_then_four))
        halves = [*eight_then_four[:2], rate_at(4.5), *eight_then_four[2:]]
        self.assertEqual(Decimal("-2.5"), self.result(*halves))

    def test_a_position_closed_at_the_open_of_the_payment_has_paid_and_one_stopped_before_it_has_not(self) -> None:
        closing = {"on_opposite_signal": "close", **self.PERPETUAL}
        finished = run(self.CALM, closing, said={0: LONG, 1: SHORT}, funding=[rate_at(2)])
        self.assertEqual(("02", "CLOSE", "100", "opposite_signal"), fills(finished)[1])
        self.assertEqual(Decimal("-0.5"), Decimal(finished.rows[1]["realized_pnl"]))
        stopped = run({**self.CALM, 1: (100.0, 100.0, 96.0, 100.0)}, self.PERPETUAL, funding=[rate_at(2)])
        self.assertEqual(Decimal("-15"), Decimal(stopped.rows[1]["realized_pnl"]))


class Liquidation(unittest.TestCase):
    """Rows 48, 49 and 50: the exchange's price, judged on the mark price's range."""

    FIVE: Mapping[str, object] = {
        "perpetual": {"leverage": 5.0, "maintenance_rate": 0.01},
        "default_risk_per_trade": 0.02,
    }
    FAR = Signal("LONG", sl_distance=30.0)

    def last(self, low: float, mark_low: float, settings: Mapping[str, object] | None = None) -> tuple[str, str]:
        prices = {0: FLAT, 1: FLAT, 2: (90.0, 90.0, low, 90.0)}
        marks = {0: FLAT, 1: FLAT, 2: (90.0, 90.0, mark_low, 90.0)}
        row = run(prices, settings or self.FIVE, said={0: self.FAR}, marks=marks).rows[-1]
        return row["reason"], row["price"]

    def test_it_comes_at_the_published_price_and_costs_the_margin(self) -> None:
        # (100 − 500) / (5 × 0.01 − 5) = 80.80808081; the margin is gone at (500 − 100) / 5 = 80.
        self.assertEqual(("end", "90"), self.last(81.0, 80.80808082))
        self.assertEqual(("liquidation", "80"), self.last(81.0, 80.80808081))

    def test_the_range_of_the_mark_price_decides_neither_its_close_nor_the_last_price(self) -> None:
        self.assertEqual(("liquidation", "80"), self.last(89.0, 80.5))
        self.assertEqual(("end", "90"), self.last(80.5, 89.0))

    def test_stops_follow_the_price_that_the_setting_names_and_the_setting_is_part_of_the_hash(self) -> None:
        tight, hashes, found = Signal("LONG", sl_distance=12.0), set(), []
        prices, marks = {0: FLAT, 1: FLAT, 2: (90.0, 90.0, 89.0, 90.0)}, {0: FLAT, 1: FLAT, 2: (90.0, 90.0, 87.0, 90.0)}
        for trigger in ("last", "mark"):
            perpetual = {"leverage": 5.0, "maintenance_rate": 0.01, "stop_trigger": trigger}
            settings = {**self.FIVE, "perpetual": perpetual}
            found.append(run(prices, settings, said={0: tight}, marks=marks).rows[-1]["reason"])
            hashes.add(settings_from(settings, ["AAA"]).settings_sha256)
        self.assertEqual((["end", "stop"], 2), (found, len(hashes)))


class RulesAndCapital(unittest.TestCase):
    """Rows 51 and 52: the trading rules of the time, and the capital of the settings."""

    def test_an_order_meets_the_rules_that_are_in_force_when_it_fills(self) -> None:
        coarse = Instrument(
            "AAA", Decimal("0.5"), Decimal(1), as_of_ms=JANUARY_MS + 3 * MINUTE_MS, source="market list"
        )
        prices = dict.fromkeys(range(7), (100.2, 100.2, 100.2, 100.2))
        said = {at: Signal("LONG", sl_distance=3.0, tp_distance=9.0) for at in (0, 3)} | {1: SHORT}
        settings = settings_from({"on_opposite_signal": "close", "slippage": 0.001}, ["AAA"])
        written = [bytearray() for _ in range(5)]
        session = build_session(
            settings,
            ScriptedStrategy(signals_of(said), 0),
            {"AAA": CENT},
            SessionOutputs(*(one.extend for one in written)),
            KillSwitch(False),
            build_safety_monitor(settings, KillSwitch(False)),
        )
        session.schedule_rules(0, [coarse])
        for step in steps_of(candles_of(prices), ["AAA"], MINUTE_MS):
            session.process(step)
        session.finish()
        finished = KernelRun(session, *(bytes(one) for one in written))
        opened = [(row["price"], row["quantity"]) for row in finished.rows if row["action"] == "OPEN"]
        # 100.2 × 1.001 = 100.3002: up to 100.31, and under the coarse rules to 100.5 and to whole lots of 500 / 100.2.
        self.assertEqual([("100.31", "4.99"), ("100.5", "4")], opened)
        self.assertEqual(1, sum(event["event"] == "rules" for event in finished.events))

    def test_a_run_starts_from_the_balance_of_its_settings_whatever_the_risk_file_says(self) -> None:
        prices = {0: FLAT, 1: FLAT, 2: (100.0, 104.0, 99.0, 103.0)}
        hashes = set()
        for balance in (10_000.0, 25_000.0):
            settings = {"starting_balance": balance}
            finished = run(prices, settings)
            hashes.add(settings_from(settings, ["AAA"]).settings_sha256)
            cash, capital = finished.postings[:2]
            self.assertEqual([f"{balance:.0f}", f"-{balance:.0f}"], [cash["amount"], capital["amount"]])
            # 5 % of the equity in the position: the size follows the balance.
            self.assertEqual(Decimal(repr(balance)) * 5 / 10_000, Decimal(finished.rows[0]["quantity"]))
        self.assertEqual(2, len(hashes))


if __name__ == "__main__":
    unittest.main()
