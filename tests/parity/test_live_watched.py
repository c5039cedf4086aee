"""A live session that watches series it does not trade, under faults: what a backtest of its candles writes.

Every decision rests on all watched candles (their number, the last one, their sum), so that one more, less, later or
other changes the bytes.
"""

from pathlib import Path
from typing import Any

from backtests.config_backtest import ConfigBacktestRunner
from backtests.parity import check_parity
from backtests.proof.report_lines import report_lines
from core.instants import to_datetime
from practice.faults.fault_script import (
    DropConnections,
    DuplicateFinals,
    FailRest,
    PublishLate,
    ReorderFinals,
    Restart,
    ReviseCandle,
    ScriptedFault,
    SkipCandle,
    Stall,
)
from runs.documents.watched_input import watched_warnings
from runs.figures.session_window import SessionWindow
from runs.folder.file_names import DERIVED
from tests.support.sessions.both_engines import replayed_by_both
from tests.support.sessions.live_case import LiveCase
from tests.support.sessions.live_sessions import LiveRun
from tests.support.sessions.session_outputs import journal_outputs, received_outputs, truth_outputs
from tests.support.times import JANUARY_MS, MINUTE_MS, at

BTC, ETH, SOL = "BTC/USDT", "ETH/USDT", "SOL/USDT"
WATCHING: dict[str, object] = {
    "type": "tests.support.watching_strategy:WatchingStrategy",
    "params": {"series": [[BTC, "5m", 4], [ETH, "15m", 2]]},
}
CANDLES = 60
NOW_MS = at(100_000)


class WatchedParity(LiveCase):
    def live(self, *faults: ScriptedFault, **options: Any) -> LiveRun:
        live = {"watch": [BTC], "strategy": WATCHING, **options.pop("live", {})}
        return super().live(*faults, **{"symbols": (ETH, SOL), "candles": CANDLES, "live": live, **options})

    def expect_parity(self, run: LiveRun, *, true: bool = True) -> None:
        """Hold the session's files against its journal, against a backtest of what it received, and of the truth."""
        self.assertGreater(run.outputs["trades.csv"].count(b"\n"), 10, "a session without trades proves nothing")
        self.assertEqual(run.outputs, journal_outputs(run, self.base / f"{run.path.parent.name}-journal"))
        self.assertEqual(run.outputs, received_outputs(run))
        if true:
            self.assertEqual(run.outputs, truth_outputs(run))


def watched_opens(run: LiveRun, place: int) -> list[tuple[int, list[int]]]:
    """Return (minute of the step, minutes of the opens shown with it) of a watched series, steps that show some."""

    def minute(time_ms: int) -> int:
        return (time_ms - JANUARY_MS) // MINUTE_MS

    return [
        (minute(record.time_ms), [minute(candle[0]) for candle in record.watched[place]])
        for record in run.step_records
        if record.watched and record.watched[place]
    ]


class Undisturbed(WatchedParity):
    def test_a_quiet_session_shows_each_candle_with_the_step_that_closes_it(self) -> None:
        run = self.live()
        self.expect_parity(run)
        self.assertEqual(
            [(one.symbol, one.timeframe) for one in run.head.watched_series], [(BTC, "1m"), (BTC, "5m"), (ETH, "15m")]
        )
        self.assertEqual([len(one.warmup) for one in run.head.watched_series], [3, 4, 3])
        self.assertEqual(watched_opens(run, 0), [(one, [one - 1]) for one in range(1, CANDLES + 1)])
        self.assertEqual(watched_opens(run, 1), [(one, [one - 5]) for one in range(5, CANDLES + 1, 5)])
        self.assertEqual(watched_opens(run, 2), [(one, [one - 15]) for one in range(15, CANDLES + 1, 15)])
        self.assertEqual("", replayed_by_both(run.path, self.base / "both")[2], "the compiled rules cover it")

    def test_a_start_before_the_last_watched_candle_is_published_begins_one_candle_earlier(self) -> None:
        run = self.live(SkipCandle(at="1m", symbols=(BTC,), where="everywhere"))
        self.assertEqual(run.head.start_ms, at(-1))
        # The long candle that was open at that start is part of the session.
        self.assertEqual([one.warmup[-1][0] for one in run.head.watched_series], [at(-2), at(-10), at(-30)])
        self.assertEqual((watched_opens(run, 0)[0], watched_opens(run, 1)[0]), ((0, [-1]), (0, [-5])))
        self.expect_parity(run, true=False)

    def test_it_is_the_backtest_that_the_command_runs(self) -> None:
        # Both begin inside a candle of the longer series, which is known at its close.
        run = self.live(start_ms=at(7))
        start, end = to_datetime(at(7)), to_datetime(at(7 + CANDLES))
        runner = ConfigBacktestRunner(run.settings.files.live, start, end, output_dir=self.base / "out")
        found = runner.run_typed()
        for name in DERIVED:
            path = Path(found.log_file) if name == "trades.csv" else Path(found.output_dir) / name
            self.assertEqual(path.read_bytes(), run.outputs[name], name)
        counts = {name: (one.candles, one.warmup_candles) for name, one in found.watched.items()}
        self.assertEqual(counts, {f"{BTC} 1m": (60, 3), f"{BTC} 5m": (12, 4), f"{ETH} 15m": (4, 3)})


class Faults(WatchedParity):
    def test_what_loses_nothing_leaves_the_truth(self) -> None:
        for faults in (
            (DropConnections(at="10m"), DropConnections(at="30m", how="close")),
            (Stall(at="10m", duration="8m"),),
            (Restart(at="12m", duration="6m"),),
            (SkipCandle(at="9m", symbols=(BTC,), count=2), SkipCandle(at="29m", symbols=(ETH,))),
            (ReorderFinals(at="10m"), DuplicateFinals(at="20m", symbols=(BTC,))),
            (SkipCandle(at="19m", symbols=(BTC,)), FailRest(at="19m", duration="10m", times=4)),
        ):
            with self.subTest(faults=faults):
                self.expect_parity(self.live(*faults))

    def test_a_watched_candle_that_does_not_exist_is_waited_for_and_then_gone_without(self) -> None:
        run = self.live(SkipCandle(at="21m", symbols=(BTC,), where="everywhere", count=2))
        self.expect_parity(run)
        shown = [opened for _, opens in watched_opens(run, 0) for opened in opens]
        self.assertEqual(shown, [one for one in range(CANDLES) if one not in (20, 21)])
        window = SessionWindow({ETH: ETH, SOL: SOL}, MINUTE_MS).take_all(run.records)
        counts = [(name, one.candles, one.missing_candles) for name, one in window.watched_inputs().items()]
        self.assertEqual(counts, [(f"{BTC} 1m", 58, 2), (f"{BTC} 5m", 12, 0), (f"{ETH} 15m", 4, 0)])
        self.assertEqual(len(watched_warnings(window.watched_inputs())), 1)

    def test_candles_that_close_while_no_traded_symbol_has_one_come_with_the_next_step_in_order(self) -> None:
        run = self.live(SkipCandle(at="24m", symbols=(ETH, SOL), where="everywhere", count=4))
        self.expect_parity(run)
        self.assertEqual(
            [step.time_ms for step in run.steps], [at(one) for one in range(1, 61) if one not in range(24, 28)]
        )
        self.assertIn((28, [23, 24, 25, 26, 27]), watched_opens(run, 0))
        self.assertIn((28, [20]), watched_opens(run, 1))

    def test_a_watched_candle_published_late_or_revised_is_noted_and_changes_nothing(self) -> None:
        run = self.live(
            PublishLate(at="21m", symbols=(BTC,), by="90s"),
            ReviseCandle(at="41m", symbols=(BTC,), after="90s"),
        )
        self.expect_parity(run, true=False)
        self.assertIn(("late", BTC, 20), run.noted)
        self.assertIn(("revised", BTC, 40), run.noted)
        report = check_parity(run.path, now_ms=NOW_MS)
        self.assertTrue(report.journal.equal)
        named = {(one.symbol, one.open_time[14:16], one.series, one.why) for one in report.history.candles}
        self.assertEqual(
            {one for one in named if one[2] == "watched 1m"},
            {(BTC, "20", "watched 1m", "late"), (BTC, "40", "watched 1m", "revised")},
        )
        self.assertEqual(report.exit_code, 4)
        self.assertLessEqual({one.root for one in report.history.trades}, {"candles"})
        self.assertEqual({one.cause for one in report.history.outputs}, {"candles"})
        self.assertIn("    BTC/USDT 1m 2024-01-01T00:20:00.000Z: late", "\n".join(report_lines(report)))


class HistoryParity(WatchedParity):
    def test_a_session_that_got_everything_has_no_difference_in_either_part(self) -> None:
        report = check_parity(self.live().path, now_ms=NOW_MS)
        self.assertEqual((report.exit_code, report.journal.watched, report.history.differences), (0, 76, 0))
        self.assertEqual(report.history.compared["watched"], 76)
        self.assertEqual(report.warnings + report.history.warnings, [])
