"""Live sessions with detail candles and of perpetual contracts write what the exchange's truth gives the kernel.

The truth is read from the exchange after its end and put together candle by candle by
``tests.support.sessions.live_truth``.
"""

import csv
import io
import unittest
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from core.candle import Step
from engine.journal_records import MissingRecord, SessionRecord, step_of
from practice.faults.fault_script import (
    DelayFinals,
    DropConnections,
    FailRest,
    LateFunding,
    OrderCloses,
    ReviseCandle,
    ScriptedFault,
    SkipCandle,
    Stall,
)
from practice.faults.random_faults import BOUNDARIES, LOSSLESS, random_faults
from practice.faults.rest_faults import FaultKind
from tests.support.scale import SEED, scaled
from tests.support.sessions.live_case import LiveCase
from tests.support.sessions.live_sessions import BUSY_PARAMS, LiveRun
from tests.support.sessions.live_truth import kernel_outputs, true_steps
from tests.support.sessions.session_outputs import journal_outputs, received_outputs
from tests.support.times import HOUR_MS, JANUARY_MS, MINUTE_MS, at

SYMBOLS = ("BTC/USDT", "ETH/USDT")
BTC, ETH = SYMBOLS

EXITS = {
    "ladder": [{"fraction": 0.4, "distance": 0.5}, {"fraction": 0.6, "distance": 1.5}],
    "break_even_after": 1,
}
COSTS = {"slippage": 0.0005, "commission_rate": 0.0005}
DETAIL: Mapping[str, Any] = {
    "timeframe": "5m",
    "detail_interval": "1m",
    "execution": {**COSTS, "intrabar": "detail"},
}
PERPETUAL: Mapping[str, Any] = {
    "timeframe": "5m",
    "execution": {**COSTS, "exits": EXITS, "perpetual": {"leverage": 5, "leverages": {ETH: 20}}},
}
BOTH: Mapping[str, Any] = {**PERPETUAL, "detail_interval": "1m"}


class LiveVenue(LiveCase):
    """Runs a session in a folder of its own and holds it against the truth and its own journal."""

    def live(self, live: Mapping[str, Any], *faults: ScriptedFault, **options: Any) -> LiveRun:
        return super().live(*faults, live=live, **{"symbols": SYMBOLS, **options})

    def expect_folds(self, run: LiveRun, *, trades: int = 10, backtest: bool = True) -> None:
        """Hold the files against a kernel and a backtest that are given what the session was, and the books."""
        self.assertGreater(run.outputs["trades.csv"].count(b"\n"), trades, "a session without trades proves nothing")
        self.assertEqual(kernel_outputs(run, run.steps), run.outputs)
        self.assertEqual(journal_outputs(run, self.base / f"{run.path.parent.name}-journal"), run.outputs)
        if backtest:
            self.assertEqual(received_outputs(run), run.outputs)
        amounts = [Decimal(row["amount"]) for row in rows_of(run, "ledger.csv")]
        self.assertGreater(len(amounts), trades)
        self.assertEqual(0, sum(amounts))

    def expect_truth(self, run: LiveRun, *, trades: int = 10) -> None:
        """Hold steps and files against the exchange's truth."""
        self.assertEqual([], run.noted)
        self.assertEqual([], run.view.missing)
        truth = true_steps(run)
        self.assertEqual(truth, run.steps)
        self.assertEqual(kernel_outputs(run, truth), run.outputs)
        self.expect_folds(run, trades=trades)


def rows_of(run: LiveRun, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(run.outputs[name].decode())))


def without(steps: list[Step], **parts: tuple[()]) -> list[Step]:
    """Return steps with some of their parts taken out."""
    return [msgspec.structs.replace(step, **parts) for step in steps]


class DetailSession(LiveVenue):
    def test_a_day_of_detail_candles_gives_the_truth(self) -> None:
        run = self.live(DETAIL, candles=scaled(240, 2_880), pace="read")
        self.expect_truth(run)
        self.assertEqual(run.end_ms, run.steps[-1].time_ms)
        self.assertEqual(scaled(240, 2_880), len(run.steps))
        self.assertTrue(all(any(step.candles) == (step.time_ms % (5 * MINUTE_MS) == 0) for step in run.steps))
        opens = run.view.forming[BTC]
        self.assertEqual(sorted(opens), opens, "only the finest candles are shown as they form")
        exits = {row["timestamp"][14:16] for row in rows_of(run, "trades.csv") if row["reason"] == "stop"}
        self.assertTrue(any(int(minute) % 5 for minute in exits), "a stop is booked within its minute")

    def test_the_order_in_which_the_series_close_changes_nothing(self) -> None:
        outputs = set()
        for order in (
            OrderCloses(at=0, by="timeframe", coarse_first=True),
            OrderCloses(at=0, coarse_first=True, last_symbol_first=True),
            OrderCloses(at=0, by="timeframe", last_symbol_first=True),
        ):
            run = self.live(DETAIL, order, candles=90)
            self.expect_truth(run)
            outputs.add(run.outputs["trades.csv"])
        self.assertEqual(1, len(outputs))

    def test_what_the_streams_miss_comes_from_rest_in_either_timeframe(self) -> None:
        run = self.live(
            DETAIL,
            SkipCandle(at="12m", timeframe="1m", symbols=(BTC,), count=2),
            SkipCandle(at="20m", timeframe="5m"),
            DelayFinals(at="31m", timeframe="1m", by="40s", symbols=(ETH,)),
            DropConnections(at="50m"),
            Stall(at="70m", duration="12m"),
            candles=100,
        )
        self.expect_truth(run)
        sources = {source for record in run.step_records for source in record.detail_sources}
        self.assertEqual({"websocket", "rest"}, sources)

    def test_a_candle_that_rest_denies_is_missing_in_its_own_series_only(self) -> None:
        run = self.live(
            DETAIL,
            SkipCandle(at="33m", timeframe="1m", symbols=(ETH,), where="everywhere"),
            SkipCandle(at="50m", timeframe="5m", symbols=(BTC,), where="everywhere"),
            SkipCandle(at="61m", timeframe="1m", symbols=(BTC,), where="everywhere", count=5),
            candles=90,
        )
        self.expect_truth(run)
        steps = {(step.time_ms - JANUARY_MS) // MINUTE_MS: step for step in run.steps}
        self.assertEqual([True, False], [one is not None for one in steps[33].detail])
        self.assertEqual([False, True], [one is not None for one in steps[50].candles])
        self.assertNotIn(None, steps[50].detail)

    def test_a_start_between_two_strategy_candles_begins_on_the_strategys_grid(self) -> None:
        run = self.live({**DETAIL, "timeframe": "15m"}, start_ms=at(37), candles=60)
        self.assertEqual(at(30), run.head.start_ms)
        self.assertEqual(at(31), run.steps[0].time_ms)
        self.expect_truth(run, trades=2)

    def test_a_revised_detail_candle_is_noted_with_its_series(self) -> None:
        run = self.live(DETAIL, ReviseCandle(at="33m", timeframe="1m", symbols=(ETH,)), candles=90)
        noted = [one for one in run.records if getattr(one, "kind", "") == "revised"]
        self.assertEqual({("detail", at(32))}, {(one.series, one.candle[0]) for one in noted})
        self.expect_folds(run)


SWITCHES: Mapping[str, tuple[Mapping[str, Any], str, bytes]] = {
    "limit entries": ({"entry_order": "limit", "entry_offset": 0.0005}, "orders.csv", b",LIMIT,GTD,FILLED,"),
    "limit entries that expire": (
        {"entry_order": "limit", "entry_offset": 0.002, "entry_time_in_force": "GTD", "entry_expiry": 2},
        "orders.csv",
        b",EXPIRED,",
    ),
    "immediate or cancel": (
        {"entry_order": "limit", "entry_offset": 0.0, "entry_time_in_force": "IOC"},
        "orders.csv",
        b",ioc",
    ),
    "post only": (
        {"entry_order": "limit", "entry_offset": 0.0, "post_only": True},
        "orders.csv",
        b",would_take",
    ),
    "stop entries": ({"entry_order": "stop", "entry_offset": 0.0005}, "orders.csv", b",STOP_MARKET,GTD,FILLED,"),
    "ladder": ({"exits": EXITS}, "trades.csv", b'""rung"":1'),
    "break-even": ({"exits": EXITS}, "trades.csv", b",break_even,"),
    "time stop": ({"exits": {"max_holding": 3}}, "trades.csv", b",time_stop,"),
    "several entries": ({"max_entries": 3}, "orders.csv", b",REPLACED,NEW,"),
    "optimistic": ({"intrabar": "optimistic"}, "trades.csv", b",target,"),
    "ohlc": ({"intrabar": "ohlc"}, "trades.csv", b",stop,"),
    "olhc": ({"intrabar": "olhc"}, "trades.csv", b",stop,"),
    "a touch fills": ({"limit_fill": "touch"}, "trades.csv", b",target,"),
    "a touch fills by chance": (
        {"limit_fill": "probability", "limit_fill_probability": 0.5, "limit_fill_seed": 3},
        "trades.csv",
        b",target,",
    ),
    "volume cap": ({"volume_cap": 0.0005}, "orders.csv", b",PARTIALLY_FILLED,"),
    "estimated spread": (
        {"spread": {"model": "corwin_schultz", "fraction": 0.0004, "candles": 10}},
        "trades.csv",
        b",stop,",
    ),
    "volatility slippage": ({"slippage_model": {"model": "volatility", "candles": 10}}, "trades.csv", b",stop,"),
    "square-root slippage": ({"slippage_model": {"model": "square_root", "candles": 10}}, "trades.csv", b",stop,"),
    "commission tiers": (
        {
            "commission": {
                "maker": 0.0002,
                "taker": 0.0005,
                "tiers": [{"volume": 1_000, "maker": 0.0001, "taker": 0.0004}],
            }
        },
        "trades.csv",
        b",stop,",
    ),
    "latency": ({"latency_ms": 60_000}, "orders.csv", b",FILLED,"),
    "stops by the mark": ({"perpetual": {"leverage": 5, "stop_trigger": "mark"}}, "trades.csv", b",stop,"),
    "liquidations": (
        {"perpetual": {"leverage": 125, "maintenance_rate": 0.005, "liquidation_fee": 0.001}},
        "trades.csv",
        b",liquidation,",
    ),
    "trailing by range": ({}, "trades.csv", b",trailing_stop,"),
}
"""Settings of ``execution``, and the text in one of the files that shows that they did something."""

RISKS: Mapping[str, Mapping[str, Any]] = {
    "several entries": {"default_risk_per_trade": 0.00002},
    "trailing by range": {"enable_trailing_stop": True, "trailing_stop_atr": 1.0},
}
PARAMS: Mapping[str, Mapping[str, Any]] = {"liquidations": {"sl_atr_multiple": 30.0, "tp_atr_multiple": 30.0}}


class EachSwitch(LiveVenue):
    def test_a_session_with_any_one_of_them_gives_the_truth_its_journal_and_its_backtest(self) -> None:
        for name, (execution, file, shown) in SWITCHES.items():
            with self.subTest(name):
                strategy = {"type": "scalping_ema_rsi", "params": {**BUSY_PARAMS, **PARAMS.get(name, {})}}
                live = {"execution": {**COSTS, **execution}, "strategy": strategy}
                # Of orders that expire few become trades.
                candles = 240 if name == "limit entries that expire" else scaled(120, 240)
                run = self.live(live, candles=candles, pace="read", risk=RISKS.get(name))
                self.expect_truth(run, trades=4)
                self.assertIn(shown, run.outputs[file])


class PerpetualSession(LiveVenue):
    def test_a_day_of_perpetual_contracts_gives_the_truth(self) -> None:
        run = self.live(PERPETUAL, candles=scaled(1_000, 4_320), pace="read")
        self.expect_truth(run)
        paid = [step.time_ms - JANUARY_MS for step in run.steps if step.funding]
        self.assertEqual([8 * HOUR_MS, 16 * HOUR_MS], paid[:2])
        self.assertTrue(all(None not in step.marks and len(step.marks) == 2 for step in run.steps))
        self.assertIn(b'"event":"funding"', run.outputs["decisions.jsonl"])
        self.assertIn(b"margin:", run.outputs["ledger.csv"])
        self.assertIn(b'"rung":1', run.outputs["trades.csv"].replace(b'""', b'"'))

    def test_both_together_give_the_truth(self) -> None:
        run = self.live(BOTH, start_ms=JANUARY_MS + 7 * HOUR_MS, candles=scaled(90, 1_440))
        self.expect_truth(run, trades=4)
        self.assertEqual([JANUARY_MS + 8 * HOUR_MS], [step.time_ms for step in run.steps if step.funding][:1])

    def test_without_funding_and_marks_nothing_of_the_kind_is_asked(self) -> None:
        execution = {**COSTS, "perpetual": {"leverage": 5, "funding": False, "mark_price": False}}
        run = self.live({"timeframe": "5m", "execution": execution}, start_ms=JANUARY_MS + 7 * HOUR_MS, candles=150)
        self.expect_truth(run, trades=4)
        self.assertEqual(run.steps, without(run.steps, marks=(), funding=()))
        asked = {request.path.rpartition("/")[2] for request in run.exchange.requests}
        self.assertLessEqual(asked & {"fundingRate", "premiumIndex", "markPriceKlines"}, set())

    def test_a_rate_published_late_is_noted_and_settled_with_a_later_step(self) -> None:
        late = LateFunding(at="30m", duration="2h", by="17m", symbols=(ETH,))
        run = self.live(PERPETUAL, late, start_ms=JANUARY_MS + 7 * HOUR_MS, candles=90)
        delivered = [
            (step.time_ms - JANUARY_MS - 8 * HOUR_MS, [len(one) for one in step.funding]) for step in run.steps
        ]
        self.assertEqual([(0, [1, 0]), (20 * MINUTE_MS, [0, 1])], [one for one in delivered if one[1]])
        self.assertEqual([("funding", ETH, JANUARY_MS + 8 * HOUR_MS)], missing_of(run))
        self.assertEqual(without(true_steps(run), funding=()), without(run.steps, funding=()))
        # A backtest of these rates gives each with the step at its due time, so that it is another run.
        self.expect_folds(run, trades=4, backtest=False)

    def test_rest_out_of_reach_at_a_payment_holds_up_the_steps_and_loses_nothing(self) -> None:
        faults = (
            Stall(at="57m", duration="9m", rest=True),
            FailRest(at="57m", duration="9m", path="fundingRate"),
            FailRest(at="57m", duration="9m", path="premiumIndex"),
            FailRest(at="57m", duration="9m", path="markPriceKlines", status=418),
            FailRest(at="57m", duration="9m", form=FaultKind.DROPPED),
        )
        for fault in faults[: scaled(3, 5)]:
            with self.subTest(fault=fault):
                run = self.live(PERPETUAL, fault, start_ms=JANUARY_MS + 7 * HOUR_MS, candles=80)
                self.expect_truth(run, trades=4)

    def test_a_mark_that_rest_denies_is_left_out_and_noted(self) -> None:
        # An answer without rows for a while: the exchange's truth has the marks, the session went on without.
        fault = FailRest(at="40m", duration="10m", form=FaultKind.EMPTY, path="markPriceKlines", symbols=(ETH,))
        run = self.live(PERPETUAL, fault, start_ms=JANUARY_MS + 7 * HOUR_MS, candles=90, patience_s=2.0)
        lacking = [
            (step.time_ms - JANUARY_MS - 7 * HOUR_MS) // MINUTE_MS for step in run.steps if step.marks[1] is None
        ]
        self.assertEqual([40, 45], lacking)
        self.assertEqual([("mark", ETH, JANUARY_MS + 7 * HOUR_MS + 40 * MINUTE_MS)], missing_of(run))
        truth = true_steps(run)
        self.assertEqual([step.marks[0] for step in truth], [step.marks[0] for step in run.steps])
        self.assertEqual(without(truth, marks=()), without(run.steps, marks=()))
        self.expect_folds(run, trades=4)

    def test_mixtures_of_faults_that_lose_nothing_give_the_truth(self) -> None:
        kinds = (*LOSSLESS, *(kind for kind in BOUNDARIES if kind != "late_funding"))
        for seed in range(SEED, SEED + scaled(1, 60)):
            drawn = random_faults(
                seed, duration_ms=70 * MINUTE_MS, symbols=SYMBOLS, count=6, kinds=kinds, timeframes=("1m", "5m")
            )
            # The first candles are left alone: while they are missing, REST does not call the last warm-up one final.
            faults = [msgspec.structs.replace(one, at=one.at + 5 * MINUTE_MS) for one in drawn.faults]
            with self.subTest(seed=seed, script=[repr(one) for one in faults]):
                run = self.live(BOTH, *faults, start_ms=JANUARY_MS + 7 * HOUR_MS, candles=90)
                self.expect_truth(run, trades=4)


class JournalOfPlainSessions(LiveVenue):
    def test_lines_of_sessions_without_detail_and_contracts_hold_nothing_of_them(self) -> None:
        run = self.live({}, candles=30)
        for record in run.step_records:
            line = msgspec.json.decode(msgspec.json.encode(record))
            self.assertEqual({"record", "time_ms", "candles", "digest", "sources"}, set(line))

    def test_a_record_read_back_is_the_step_that_was_written(self) -> None:
        run = self.live(BOTH, start_ms=JANUARY_MS + 7 * HOUR_MS + 50 * MINUTE_MS, candles=15)
        self.assertIsInstance(run.records[0], SessionRecord)
        self.assertEqual(true_steps(run), [step_of(record) for record in run.step_records])
        self.assertTrue(any(step.funding for step in run.steps))


def missing_of(run: LiveRun) -> list[tuple[str, str, int]]:
    return [(one.kind, one.symbol, one.time_ms) for one in run.records if isinstance(one, MissingRecord)]


if __name__ == "__main__":
    unittest.main()
