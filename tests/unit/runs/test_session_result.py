import datetime as dt
import json
import tempfile
import unittest
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from core.candle import FundingRate, OpenInterest, Step
from core.instrument import Instrument
from engine.assembly import build_safety_monitor, build_session
from engine.journal_records import (
    CandleRecord,
    MissingRecord,
    ResumeRecord,
    SessionRecord,
    StepRecord,
    fields_of,
    step_record,
)
from engine.kill_switch import KillSwitch
from engine.renderer import SessionOutputs
from live.views.account_lines import account_figures
from reports import render, to_json
from runs.documents.run_result import RunResult
from runs.documents.symbol_result import CandleCounts
from runs.figures.account_figures import Period, performance_of
from runs.figures.session_input import session_input
from runs.figures.session_window import SessionWindow
from runs.result_builder import OutputPlaces, build_result
from tests.support.candles import candle
from tests.support.runs.kernel_runs import settings_from
from tests.support.scripted_strategy import Script, ScriptedStrategy
from tests.support.sessions.watched_session import LONG
from tests.support.times import DAY_MS, MINUTE_MS
from validation.composed_settings import Settings

CANONICAL = {"BTCUSDT": "BTC/USDT", "ETHUSDT": "ETH/USDT"}
FIRST = SessionRecord("s", "h", "v", {}, {}, {"BTCUSDT": [fields_of(candle(8, 1.0))] * 2, "ETHUSDT": []}, False)


def record(step: Step, *, missed: bool = False) -> StepRecord:
    return StepRecord(step.time_ms, tuple(fields_of(one) for one in step.candles), "", missed=missed)


class SessionWindowTest(unittest.TestCase):
    def test_before_a_step_nothing_is_known(self) -> None:
        window = SessionWindow(CANONICAL, MINUTE_MS)
        self.assertIsNone(window.start_ms)
        self.assertIsNone(window.end_ms)
        self.assertIsNone(window.held_return("BTCUSDT"))
        self.assertEqual(window.candle_counts("BTCUSDT", 0).missing_candles, 0)

    def test_it_covers_the_first_candles_open_to_the_last_step(self) -> None:
        window = SessionWindow(CANONICAL, MINUTE_MS).take_all(
            [
                FIRST,
                record(Step(11 * MINUTE_MS, (candle(10, 100.0), candle(10, 50.0)))),
                record(Step(12 * MINUTE_MS, (candle(11, 100.0), None))),
                record(Step(15 * MINUTE_MS, (candle(14, 100.0, close=120.0), None)), missed=True),
                CandleRecord("late", "ETH/USDT", fields_of(candle(11, 50.0)), "websocket"),
                CandleRecord("revised", "BTC/USDT", fields_of(candle(11, 101.0)), "rest"),
                ResumeRecord(12 * MINUTE_MS, "exits_only"),
            ]
        )
        self.assertEqual((window.start_ms, window.end_ms), (10 * MINUTE_MS, 15 * MINUTE_MS))
        self.assertEqual(list(window.step_times_ms), [11 * MINUTE_MS, 12 * MINUTE_MS, 15 * MINUTE_MS])
        self.assertEqual(window.missed_steps, 1)
        self.assertAlmostEqual(window.held_return("BTCUSDT"), 0.2)
        self.assertEqual(
            window.candle_counts("BTCUSDT", 5),
            CandleCounts(
                canonical="BTC/USDT",
                candles=3,
                warmup_candles=2,
                warmup_missing=3,
                missing_candles=2,
                candles_from="1970-01-01T00:10:00.000Z",
                candles_to="1970-01-01T00:15:00.000Z",
                missing_before=0,
                missing_after=0,
                quality={"revised": 1},
            ),
        )
        self.assertIsNone(window.ends_of("BTCUSDT").warning())
        facts = window.candle_counts("ETHUSDT", 0)
        self.assertEqual((facts.missing_candles, facts.missing_before, facts.missing_after), (0, 0, 4))
        self.assertRegex(window.ends_of("ETHUSDT").warning(), "only up to 1970-01-01T00:11:00.000Z: 4 missing after")
        self.assertEqual(window.candle_counts("ETHUSDT", 0).quality, {"late": 1})


class WindowOfFinerCandles(unittest.TestCase):
    """Two five-minute candles with minutes inside, of a session that began at minute 10 and was told a payment late."""

    def setUp(self) -> None:
        first = msgspec.structs.replace(FIRST, settings={"live": {"detail_interval": "1m"}})
        self.window = SessionWindow(CANONICAL, 5 * MINUTE_MS)
        self.window.take(first)
        whole = candle(10, 100.0, close=110.0)
        for number in range(10, 20):
            fine = (candle(number, 100.0), None if number == 13 else candle(number, 50.0))
            step = Step(
                (number + 1) * MINUTE_MS,
                (whole, None) if number == 14 else (None, None),
                fine,
                (candle(number, 100.0), None),
                ((FundingRate(14 * MINUTE_MS, 1e-4),), ()) if number == 15 else (),
            )
            self.window.take(step_record(step, ""))
        self.window.take(MissingRecord("funding", "BTC/USDT", 14 * MINUTE_MS))
        self.window.take(MissingRecord("mark", "ETH/USDT", 14 * MINUTE_MS))

    def test_the_window_begins_with_the_first_candle_by_which_orders_are_matched(self) -> None:
        self.assertEqual((self.window.start_ms, self.window.end_ms), (10 * MINUTE_MS, 20 * MINUTE_MS))
        self.assertEqual(len(self.window.step_times_ms), 10)

    def test_candles_of_both_lengths_are_counted_apart(self) -> None:
        found = self.window.candle_counts("BTCUSDT", 0)
        ends = (found.missing_before, found.missing_after)
        self.assertEqual((found.candles, found.missing_candles, *ends), (1, 0, 0, 1))
        self.assertEqual((found.detail_candles, found.missing_detail_candles), (10, 0))
        self.assertEqual(self.window.candle_counts("ETHUSDT", 0).missing_detail_candles, 1)
        self.assertAlmostEqual(self.window.held_return("BTCUSDT"), 0.1)

    def test_open_interest_is_counted_where_a_session_is_fed_it(self) -> None:
        window = SessionWindow(CANONICAL, 5 * MINUTE_MS)
        window.take(msgspec.structs.replace(FIRST, open_interest=["1h", "4h"]))
        rows = (OpenInterest(0, 1.0), OpenInterest(5 * MINUTE_MS, 2.0, 3.0))
        for number, shown in enumerate(((rows, ()), (rows[:1], rows[1:]))):
            step = Step((number + 10) * MINUTE_MS, (candle(number + 9, 100.0), None), open_interest=shown)
            window.take(step_record(step, ""))
        window.take(MissingRecord("open_interest", "ETH/USDT", 0))
        window.take(MissingRecord("open_interest", "ETH/USDT", 60 * MINUTE_MS, "", 180 * MINUTE_MS))
        for symbol, expected in (("BTCUSDT", (3, 0)), ("ETHUSDT", (1, 4))):
            found = window.contract_input(symbol)
            self.assertEqual("open-interest-1h of the exchange", found["open_interest"])
            self.assertEqual(expected, (found["open_interest_rows"], found["open_interest_missing"]))
            self.assertEqual([], found["funding_late"])

    def test_marks_and_payments_are_counted_and_late_ones_named(self) -> None:
        self.assertEqual(
            self.window.contract_input("BTCUSDT"),
            {
                "mark": "mark candles of the exchange",
                "mark_candles": 10,
                "funding_rates": 1,
                "funding_late": ["1970-01-01T00:14:00.000Z"],
            },
        )
        other = self.window.contract_input("ETHUSDT")
        self.assertEqual(self.window.missing_marks("BTCUSDT"), (0, 10))
        self.assertEqual(self.window.missing_marks("ETHUSDT"), (9, 9))
        self.assertEqual((other["mark"], other["mark_candles"], other["funding_late"]), ("last price", 0, []))


class SessionResultTest(unittest.TestCase):
    """A long of BTC decided at minute 10, entered at 100, stopped at 95 in minute 12; nothing else happens.

    1 % of 10,000 over a stop distance of 5 would be 20 coins, but max_exposure 5 % of 10,000 allows 500 / 100 = 5.
    Entry 5 x 100 at 0.1 % costs 0.5, exit 5 x 95 costs 0.475; gross -25, net -25.975.
    """

    def setUp(self, script: Script | None = None, lows: Mapping[int, float] | None = None, rate: float = 0.001) -> None:
        settings, switch = settings_from({"commission_rate": rate}, tuple(CANONICAL)), KillSwitch()
        self.session = build_session(
            settings,
            ScriptedStrategy({"BTCUSDT": {10 * MINUTE_MS: LONG}} if script is None else script),
            {symbol: Instrument(symbol) for symbol in CANONICAL},
            SessionOutputs(),
            switch,
            build_safety_monitor(settings, switch),
        )
        self.settings = settings
        self.window = SessionWindow(CANONICAL, MINUTE_MS)
        self.window.take(FIRST)
        lows = {12: 94.0} if lows is None else lows
        for number in range(10, 14):
            step = Step((number + 1) * MINUTE_MS, (candle(number, 100.0, low=lows.get(number)), candle(number, 50.0)))
            self.window.take(record(step))
            self.session.process(step)

    def result(self, settings: Settings | None = None, **options) -> RunResult:
        used = settings or self.settings
        return build_result(self.session, used, session_input(self.window, self.session, used), **options)

    def test_the_figures_are_those_worked_by_hand(self) -> None:
        self.session.finish()
        result = self.result()
        performance = result.performance
        self.assertAlmostEqual(performance.realized_pnl, -25.975)
        self.assertAlmostEqual(performance.current_balance, 9_974.025)
        self.assertAlmostEqual(performance.commission_paid, 0.975)
        self.assertEqual((performance.total_trades, performance.winning_trades), (1, 0))
        self.assertEqual(performance.profit_factor, 0.0)
        self.assertAlmostEqual(performance.average_holding_minutes, 2.0)
        self.assertEqual(performance.buy_and_hold_return_pct, 0.0)
        self.assertEqual(result.statistics.candles_processed, 8)
        self.assertEqual(result.symbols["BTCUSDT"].trades, 1)
        self.assertEqual(result.symbols["ETHUSDT"].trades, 0)
        self.assertEqual(result.symbols["BTCUSDT"].canonical, "BTC/USDT")

    def test_a_trade_that_breaks_even_is_neither_won_nor_lost(self) -> None:
        """Entered and, at the end, closed at 100 without costs."""
        self.setUp(lows={}, rate=0.0)
        self.session.finish()
        performance, shown = self.result().performance, account_figures(self.session, [], perpetual=False)
        self.assertEqual(
            (1, 0, 0, 1),
            (
                performance.total_trades,
                performance.winning_trades,
                performance.losing_trades,
                performance.even_trades,
            ),
        )
        self.assertEqual((0, 0), (performance.longest_winning_streak, performance.longest_losing_streak))
        self.assertIsNone(performance.average_loss)
        self.assertEqual((1, 0, 1), (shown.trades, shown.won, shown.even))
        self.assertIn("Trades: 1 (0 won, 0 lost, 1 even)", render(self.result(), rich_output=False))

    def test_the_sizes_and_the_risk_beside_the_risk_asked_are_told(self) -> None:
        # 5 x 5 of 10,000 are lost at the stop: a quarter of the per cent that was asked.
        statistics = self.result().statistics
        self.assertEqual({"position_cap": 1}, statistics.sizes_bound_by)
        self.assertEqual((1.0, 0.25), (statistics.risk_asked_pct, statistics.risk_taken_pct))
        lines = render(self.result(), rich_output=False).splitlines()
        for line in (
            "Risk asked: 1.00 % of equity",
            "Risk taken (median): 0.25 % of equity",
            "Size set by position cap: 1 (100.00 %)",
        ):
            self.assertIn(line, lines)

    def test_the_window_is_the_period(self) -> None:
        config = self.result().config
        for name, minute in (("start_date", 10), ("end_date", 14)):
            moment = dt.datetime.fromtimestamp(60 * minute, dt.UTC)
            self.assertEqual(dt.datetime.fromisoformat(getattr(config, name)), moment)

    def test_a_session_that_goes_on_has_figures_too_and_can_go_on(self) -> None:
        self.assertEqual(self.result().performance.total_trades, 1)
        self.session.process(Step(15 * MINUTE_MS, (candle(14, 100.0), candle(14, 50.0))))

    def test_a_session_that_an_operator_has_paused_says_so(self) -> None:
        self.session.set_paused(True)
        self.assertIn("an operator has paused the session: every entry is refused", self.result().warnings)

    def test_a_run_that_was_cut_short_is_judged_by_the_time_it_covers(self) -> None:
        """25.475 lost in two days, and in twenty: the loss per year is ten times smaller, and so is its ratio."""
        fed = session_input(self.window, self.session, self.settings)
        long = fed._replace(start_ms=fed.end_ms - 2 * DAY_MS, end_ms=fed.end_ms + 18 * DAY_MS)
        short = long._replace(end_ms=fed.end_ms)
        calmars = [
            build_result(self.session, self.settings, one, partial=partial).performance.calmar_ratio
            for one, partial in ((long, True), (short, True), (short, False), (long, False))
        ]
        self.assertEqual(calmars[0], calmars[1])
        self.assertEqual(calmars[1], calmars[2])
        self.assertGreater(calmars[3], calmars[2])

    def test_the_last_day_ends_with_what_the_closing_at_the_end_left(self) -> None:
        """Four steps, a day each; a long bought in the last is closed at the end at 100, paying 0.1 % twice."""
        self.setUp({"BTCUSDT": {12 * MINUTE_MS: LONG}}, {})
        self.session.finish()
        curve = list(self.session.outputs.curve)
        self.assertEqual((len(curve), round(curve[4], 4)), (5, 9999.0))
        days = np.arange(1, 5) * DAY_MS
        found = performance_of(self.session, Period(0, 4 * DAY_MS, days), [])
        returns = [curve[0] / 10_000 - 1, curve[1] / curve[0] - 1, curve[2] / curve[1] - 1, curve[4] / curve[2] - 1]
        mean = sum(returns) / 4
        deviation = (sum((one - mean) ** 2 for one in returns) / 3) ** 0.5
        self.assertAlmostEqual(found.sharpe_ratio, mean / deviation * 365**0.5)

    def test_stops_on_marks_that_did_not_come_are_warned_of(self) -> None:
        contract = {"perpetual": {"stop_trigger": "mark"}}
        settings = settings_from(contract, tuple(CANONICAL))
        warnings = self.result(settings).warnings
        self.assertEqual(len([text for text in warnings if "stop_trigger is mark, and there are no mark" in text]), 2)

    def test_reports_can_print_it(self) -> None:
        self.session.finish()
        result = self.result(places=OutputPlaces(Path("logs/live/s/trades.csv"), Path("logs/live/s")))
        text = render(result, rich_output=False)
        for line in ("Trades: 1 (0 won, 1 lost)", "Output folder: logs/live/s", "Trade log: logs/live/s/trades.csv"):
            self.assertIn(line, text)
        self.assertTrue(render(result, rich_output=True, width=100))
        self.assertEqual(json.loads(to_json(result))["config"]["symbols"], list(CANONICAL))

    def test_a_session_without_a_step_has_a_result(self) -> None:
        self.window = SessionWindow(CANONICAL, MINUTE_MS)
        result = self.result(partial=True)
        self.assertIsNone(result.config.start_date)
        self.assertIsNone(result.performance.sharpe_ratio)
        self.assertIn("BTCUSDT: no candle came in; it took no part", result.warnings)
        self.assertTrue(any(warning.startswith("PARTIAL") for warning in result.warnings))

    def test_it_has_the_keys_that_a_backtest_has(self) -> None:
        from backtests.config_backtest import run_config_backtest
        from tests.support.config_tree import write_config

        with tempfile.TemporaryDirectory() as folder:
            path = write_config(Path(folder))
            backtest = run_config_backtest(
                "2024-01-01",
                "2024-01-02",
                config_path=path,
                data_dir=Path(folder) / "data",
                output_dir=Path(folder) / "out",
                show_progress=False,
            )
        live = self.result(places=OutputPlaces(Path("y"), Path("x"))).to_dict()
        self.assertEqual(set(backtest) - set(live), {"data_sha256", "run_id"})
        for section in ("config", "statistics", "performance"):
            self.assertEqual(set(live[section]), set(backtest[section]), section)
        symbol = next(iter(backtest["symbols"].values()))
        self.assertEqual(set(live["symbols"]["BTCUSDT"]), set(symbol))


if __name__ == "__main__":
    unittest.main()
