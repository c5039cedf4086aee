"""A live session under every fault of the practice exchange writes what a backtest of its candles writes."""

import subprocess
import sys
import unittest
from collections.abc import Callable, Collection
from typing import Any

import msgspec

from core.candle import Candle
from core.candle_columns import CandleColumns
from practice.faults.compiled_script import CompiledScript
from practice.faults.fault_script import (
    GARBAGE_FORMS,
    DelayFinals,
    DropConnections,
    DuplicateFinals,
    FailRest,
    FaultScript,
    HalfFrame,
    PublishLate,
    ReorderFinals,
    Restart,
    ReviseCandle,
    ScriptedFault,
    SendGarbage,
    SkipCandle,
    Stall,
    WrongClock,
)
from practice.faults.random_faults import ALTERING, LOSSLESS, random_faults
from practice.faults.rest_faults import FaultKind
from practice.market.candle_sources import ColumnsSource
from practice.market.wide_market import practice_source
from runs.folder.file_names import DERIVED
from tests.support.runs.backtest_runs import command_environment
from tests.support.scale import SEED, scaled
from tests.support.sessions.live_case import LiveCase
from tests.support.sessions.live_sessions import SYMBOLS, LiveRun
from tests.support.sessions.session_outputs import journal_outputs, received_outputs, truth_outputs
from tests.support.shared import REPOSITORY
from tests.support.times import JANUARY_MS, MINUTE_MS, at

BTC, ETH, SOL = SYMBOLS
Named = tuple[str, int]


class LiveParity(LiveCase):
    """Runs a session in a folder of its own and holds it against its journal, its candles and the truth."""

    def live(self, *faults: ScriptedFault, **options: Any) -> LiveRun:
        """Run a session of an hour, where no other length is said."""
        return super().live(*faults, **{"candles": 60, **options})

    def expect_parity(self, run: LiveRun, *, differs: Collection[Named] = ()) -> None:
        """Hold the session's files against every independent way to them.

        ``differs`` names the candles, by symbol and number from the start, that the session has otherwise than REST
        has them at the end.
        """
        self.expect_ordered(run)
        self.assertGreater(run.outputs["trades.csv"].count(b"\n"), 20, "a session without trades proves nothing")
        self.assertEqual(run.outputs, journal_outputs(run, self.base / f"{run.path.parent.name}-journal"))
        self.assertEqual(run.outputs, received_outputs(run))
        self.assertEqual(differing(run), set(differs))
        if not differs:
            self.assertEqual(run.steps, run.truth_steps)
            self.assertEqual(run.outputs, truth_outputs(run))

    def expect_ordered(self, run: LiveRun) -> None:
        times = [step.time_ms for step in run.steps]
        self.assertEqual(times, sorted(set(times)))
        for step in run.steps:
            self.assertTrue(any(step.candles))
            for candle in step.candles:
                if candle is not None:
                    self.assertEqual(candle.open_time_ms, step.time_ms - MINUTE_MS)

    def expect_unharmed(self, *faults: ScriptedFault, **options: Any) -> LiveRun:
        """Run under faults that lose nothing: the truth, and nothing noted, with both paces."""
        self.expect_clean(self.live(*faults, pace="read", **options))
        run = self.live(*faults, **options)
        self.expect_clean(run)
        return run

    def expect_clean(self, run: LiveRun) -> None:
        self.assertEqual(run.noted, [])
        self.expect_parity(run)


def differing(run: LiveRun) -> set[Named]:
    """Return the candles of the session's window that journal and truth do not have alike."""
    journalled = by_name(run, run.steps)
    true = by_name(run, run.truth_steps)
    return {name for name in journalled.keys() | true.keys() if journalled.get(name) != true.get(name)}


def by_name(run: LiveRun, steps: list[Any]) -> dict[Named, Candle]:
    return {
        (symbol, (candle.open_time_ms - JANUARY_MS) // MINUTE_MS): candle
        for step in steps
        for symbol, candle in zip(run.settings.live.symbols, step.candles, strict=True)
        if candle is not None
    }


class Undisturbed(LiveParity):
    def test_a_quiet_session_equals_the_backtest_of_its_window(self) -> None:
        run = self.expect_unharmed()
        self.assertEqual(run.connection_events, ["connected"])

    def test_a_start_before_the_last_warm_up_candle_is_published_begins_one_candle_earlier(self) -> None:
        run = self.live(SkipCandle(at="1m", symbols=(ETH,), where="everywhere"))
        self.assertEqual(run.head.start_ms, JANUARY_MS - MINUTE_MS)
        self.assertEqual({fields[-1][0] for fields in run.head.warmup.values()}, {JANUARY_MS - 2 * MINUTE_MS})
        self.assertEqual(run.steps[0].time_ms, JANUARY_MS)
        self.assertNotIn(None, run.steps[0].candles)
        self.expect_ordered(run)
        self.assertEqual(run.outputs, received_outputs(run))
        self.assertEqual(run.steps, run.truth_steps)

    def test_a_session_for_a_while_ends_there_whatever_has_come_in_since(self) -> None:
        run = self.live(stop_after=40, pace="read")
        self.assertEqual(run.steps[-1].time_ms, at(40))
        self.expect_clean(run)

    def test_a_session_ends_before_a_step_beyond_its_time(self) -> None:
        run = self.live(SkipCandle(at="40m", where="everywhere"), stop_after=40, pace="read")
        self.assertEqual(run.steps[-1].time_ms, at(39))
        self.expect_clean(run)

    def test_the_parity_command_replays_the_journal_in_a_process_of_its_own(self) -> None:
        run = self.live(SkipCandle(at="20m", symbols=(ETH,), where="everywhere"))
        subprocess.run(
            [sys.executable, "-m", "backtests.journal_replay", str(run.path), "--out", str(self.base / "replayed")],
            cwd=REPOSITORY,
            env=command_environment({"PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu"}),
            check=True,
            capture_output=True,
        )
        for name in DERIVED:
            self.assertEqual((self.base / "replayed" / name).read_bytes(), run.outputs[name])


class Connection(LiveParity):
    def test_a_dropped_connection_loses_nothing(self) -> None:
        for how in ("reset", "close"):
            with self.subTest(how):
                run = self.expect_unharmed(
                    DropConnections(at="10m", how=how),
                    DropConnections(at="11m", how=how),
                    DropConnections(at="50500ms"),
                )
                self.assertEqual(run.connection_events, ["connected", *["disconnected", "connected"] * 3])

    def test_a_stall_of_the_stream_is_filled_from_rest(self) -> None:
        run = self.expect_unharmed(Stall(at="10m", duration="8m"), Stall(at="40m", duration="3m", pings=False))
        self.assertIn("rest", sources(run))

    def test_a_stall_of_stream_and_rest_is_filled_when_rest_answers_again(self) -> None:
        self.expect_unharmed(Stall(at="10m", duration="5m", rest=True))

    def test_a_connection_that_falls_silent_for_good_is_renewed(self) -> None:
        for pings in (True, False):
            with self.subTest(pings=pings):
                run = self.expect_unharmed(Stall(at="30m", pings=pings))
                self.assertIn("stale", run.connection_events)

    def test_a_frame_cut_in_half_loses_nothing(self) -> None:
        run = self.expect_unharmed(HalfFrame(at="15m", symbols=(ETH,)), HalfFrame(at="15m", symbols=(SOL,), count=2))
        self.assertIn("disconnected", run.connection_events)

    def test_a_restart_of_the_exchange_loses_nothing(self) -> None:
        self.expect_unharmed(Restart(at="10m", duration="30s"), Restart(at="30m", duration="6m"))

    def test_a_long_outage_is_filled_from_rest_page_by_page(self) -> None:
        # More candles than one window of the catch-up (500) and one page of REST (1,000) hold.
        run = self.live(Restart(at="20m", duration="19h"), candles=1_220, pace="read")
        self.expect_clean(run)
        self.assertGreater(sources(run).count("rest"), 3_000)

    def test_a_long_outage_with_a_candle_that_does_not_exist_is_filled_in_order(self) -> None:
        run = self.live(
            Restart(at="20m", duration="40m"),
            SkipCandle(at="30m", symbols=(BTC,), where="everywhere", count=3),
            SkipCandle(at="45m", where="everywhere"),
            candles=70,
        )
        self.expect_clean(run)
        self.assertEqual(len(run.steps), 69)


class Rest(LiveParity):
    def test_what_the_stream_skips_comes_from_rest(self) -> None:
        run = self.expect_unharmed(
            SkipCandle(at="12m", symbols=(BTC,), count=3), SkipCandle(at="40m"), SkipCandle(at="58m", symbols=(SOL,))
        )
        self.assertIn("rest", sources(run))

    def test_the_step_stays_open_while_rest_does_not_answer(self) -> None:
        forms = (
            *((FaultKind.STATUS, status) for status in (429, 418, 500, 503)),
            *((kind, 200) for kind in (FaultKind.TRUNCATED_BODY, FaultKind.DROPPED, FaultKind.BROKEN_JSON)),
            *((kind, 200) for kind in (FaultKind.WRONG_JSON, FaultKind.HTML_PAGE)),
        )
        for place, (form, status) in enumerate(forms):
            # Every second form leaves the exchange's clock alone, so that only the candles cannot be had.
            path = "klines" if place % 2 == 0 else None
            with self.subTest(form=form, status=status, path=path):
                run = self.live(
                    SkipCandle(at="20m", symbols=(ETH,)),
                    FailRest(at="20m", form=form, status=status, duration="30m", times=4, path=path),
                    candles=40,
                )
                self.expect_clean(run)
                self.assertIn(form, [request.fault for request in run.exchange.requests])

    def test_the_last_candle_before_a_hole_is_had_from_rest_long_after(self) -> None:
        self.expect_clean(
            self.live(
                SkipCandle(at="20m", symbols=(ETH,)),
                SkipCandle(at="21m", symbols=(ETH,), where="everywhere", count=2),
                FailRest(at="20m", duration="6m"),
                candles=40,
            )
        )

    def test_the_last_candle_before_a_market_stands_still_is_had_from_rest_meanwhile(self) -> None:
        self.expect_clean(
            self.live(
                SkipCandle(at="20m", symbols=(ETH,)),
                SkipCandle(at="21m", where="everywhere", count=10),
                FailRest(at="20m", duration="4m"),
            )
        )

    def test_a_rest_interface_that_hangs_is_waited_for(self) -> None:
        self.expect_clean(
            self.live(
                SkipCandle(at="20m", symbols=(ETH,)),
                FailRest(at="20m", form=FaultKind.STALL, duration="30m", times=2),
                candles=40,
            )
        )

    def test_rows_in_disorder_or_pages_that_are_short_are_understood(self) -> None:
        for form in (FaultKind.SHUFFLED_ROWS, FaultKind.DUPLICATED_ROWS, FaultKind.SHORT_PAGE, FaultKind.OTHER_TIME):
            with self.subTest(form=form):
                self.expect_clean(
                    self.live(
                        Stall(at="20m", duration="6m"),
                        FailRest(at="20m", form=form, duration="30m", times=4, path="klines"),
                        candles=40,
                    )
                )

    def test_a_candle_that_exists_nowhere_delays_its_step_and_nothing_else(self) -> None:
        run = self.expect_unharmed(
            SkipCandle(at="12m", symbols=(BTC,), where="everywhere", count=2),
            SkipCandle(at="30m", symbols=(ETH, SOL), where="everywhere"),
        )
        holes = [step.time_ms for step in run.steps if not all(step.candles)]
        self.assertEqual(holes, [at(number) for number in (12, 13, 30)])

    def test_a_step_that_no_symbol_has_a_candle_for_does_not_exist(self) -> None:
        run = self.expect_unharmed(SkipCandle(at="25m", where="everywhere", count=2))
        self.assertEqual(len(run.steps), 58)


class Finals(LiveParity):
    def test_a_final_that_comes_twice_counts_once(self) -> None:
        run = self.expect_unharmed(DuplicateFinals(at="10m", count=5), DuplicateFinals(at="40m", times=4))
        self.assertEqual({note.kind for note in run.view.notes}, {"duplicate"})
        # A final that REST was asked for meanwhile comes once more.
        self.assertGreaterEqual(len(run.view.notes), 3 * (5 + 3))

    def test_finals_out_of_order_make_steps_in_order(self) -> None:
        self.expect_unharmed(ReorderFinals(at="10m"), ReorderFinals(at="30m", symbols=(ETH,), count=2))

    def test_a_final_that_is_delayed_is_had_from_rest_and_then_known(self) -> None:
        run = self.expect_unharmed(
            DelayFinals(at="10m", symbols=(ETH,), by="5m", count=2), DelayFinals(at="40m", by="20s")
        )
        self.assertEqual({note.kind for note in run.view.notes}, {"duplicate"})

    def test_garbage_is_counted_and_passed_over(self) -> None:
        garbage = [SendGarbage(at=f"{20 + place}m", form=form, count=2) for place, form in enumerate(GARBAGE_FORMS)]
        run = self.expect_unharmed(*garbage)
        unreadable = [reason for event, reason in run.view.connections if event == "unreadable"]
        self.assertEqual(len(unreadable), 2 * len(GARBAGE_FORMS))

    def test_a_revised_candle_is_noted_once_and_changes_nothing(self) -> None:
        for pace in ("driven", "read"):
            with self.subTest(pace):
                run = self.live(
                    ReviseCandle(at="20m", symbols=(ETH,), after="20s", change=0.01), pace=pace, patience_s=10.0
                )
                self.assertEqual(run.noted, [("revised", ETH, 19)])
                self.expect_parity(run, differs=[(ETH, 19)])

    def test_a_revision_that_only_rest_shows_is_not_seen(self) -> None:
        run = self.live(ReviseCandle(at="20m", symbols=(ETH,), after="20s", change=0.01, stream=False), patience_s=10.0)
        self.assertEqual(run.noted, [])
        self.expect_parity(run, differs=[(ETH, 19)])

    def test_a_candle_revised_before_it_was_received_counts_as_it_is(self) -> None:
        # The stream never had the first version, REST has only the second.
        run = self.live(
            SkipCandle(at="20m", symbols=(ETH,)), ReviseCandle(at="20m", symbols=(ETH,), after=1, change=0.01)
        )
        self.expect_clean(run)

    def test_a_candle_published_after_rest_denied_it_is_late(self) -> None:
        run = self.live(PublishLate(at="20m", symbols=(ETH,), by="10m", count=2), patience_s=10.0)
        self.assertEqual(run.noted, [("late", ETH, 19), ("late", ETH, 20)])
        self.expect_parity(run, differs=[(ETH, 19), (ETH, 20)])

    def test_a_candle_published_late_in_rest_only_is_never_received(self) -> None:
        run = self.live(PublishLate(at="20m", symbols=(ETH,), by="10m", stream=False), patience_s=10.0)
        self.assertEqual(run.noted, [])
        self.expect_parity(run, differs=[(ETH, 19)])

    def test_a_candle_that_makes_no_sense_is_refused_and_missing(self) -> None:
        market = practice_source(1, SYMBOLS)
        columns = {
            (symbol, "1m"): market.candles(symbol, "1m", JANUARY_MS - 600 * MINUTE_MS, at(200)) for symbol in SYMBOLS
        }
        spoilt = columns[(ETH, "1m")]
        columns[(ETH, "1m")] = spoilt._replace(
            high=changed(spoilt, spoilt.high, 19, 0.5), low=changed(spoilt, spoilt.low, 30, 2.0)
        )
        run = self.live(source=ColumnsSource(columns, market.markets()))
        self.assertEqual(
            {(kind, symbol, number) for kind, symbol, number in run.noted}, {("refused", ETH, 19), ("refused", ETH, 30)}
        )
        self.expect_parity(run, differs=[(ETH, 19), (ETH, 30)])


class Clock(LiveParity):
    def test_an_exchange_that_tells_the_time_an_hour_wrong_loses_nothing(self) -> None:
        for by in ("1h", "-1h"):
            with self.subTest(by):
                self.expect_unharmed(WrongClock(at="20m", by=by, duration="15m"))

    def test_an_hour_wrong_and_a_skipped_final_lose_nothing(self) -> None:
        for by in ("1h", "-1h"):
            with self.subTest(by):
                self.expect_unharmed(WrongClock(at="20m", by=by, duration="15m"), SkipCandle(at="25m", symbols=(ETH,)))

    def test_a_candle_that_a_clock_set_back_does_not_call_closed_is_waited_for(self) -> None:
        self.expect_clean(
            self.live(
                WrongClock(at="20m", by="-1h", duration="15m"),
                SkipCandle(at="25m", symbols=(ETH,)),
                SkipCandle(at="26m", symbols=(ETH,), where="everywhere", count=2),
            )
        )

    def test_an_hour_wrong_and_a_lost_connection_lose_nothing(self) -> None:
        for by in ("1h", "-1h"):
            with self.subTest(by):
                self.expect_unharmed(WrongClock(at="20m", by=by, duration="15m"), DropConnections(at="25.5m"))


class Mixtures(LiveParity):
    def test_mixtures_that_lose_nothing_give_the_truth(self) -> None:
        self.each_mixture(scaled(3, 300), LOSSLESS, self.expect_clean)

    def test_mixtures_of_everything_differ_where_the_script_says(self) -> None:
        self.each_mixture(scaled(3, 200), LOSSLESS + ALTERING + ALTERING, self.expect_only_the_scripted)

    def each_mixture(self, count: int, kinds: tuple[str, ...], expect: Callable[[LiveRun], None]) -> None:
        for seed in range(SEED, SEED + count):
            drawn = random_faults(seed, duration_ms=50 * MINUTE_MS, symbols=SYMBOLS, count=6, kinds=kinds)
            # The first candle is left alone: while it is missing, REST does not call the last of the warm-up final.
            script = FaultScript(tuple(msgspec.structs.replace(one, at=one.at + MINUTE_MS) for one in drawn.faults))
            with self.subTest(seed=seed, script=script.to_dict()):
                run = self.live(*script.faults, pace="read" if seed % 3 == 0 else "driven")
                expect(run)

    def expect_only_the_scripted(self, run: LiveRun) -> None:
        treatments = CompiledScript(run.script, JANUARY_MS, SYMBOLS, "1m").treatments
        revised = {named(key) for key, treatment in treatments.items() if treatment.revised_ms is not None}
        late = {named(key) for key, treatment in treatments.items() if treatment.published_ms}
        for kind, symbol, number in run.noted:
            self.assertIn((symbol, number), {"revised": revised, "late": late}[kind])
        differs = differing(run)
        self.assertLessEqual(differs, revised | late)
        self.expect_parity(run, differs=differs)


def named(key: tuple[str, int]) -> Named:
    return key[0], (key[1] - JANUARY_MS) // MINUTE_MS


def changed(columns: CandleColumns, values: Any, number: int, factor: float) -> Any:
    """Return a column with one candle's value multiplied."""
    place = columns.open_time_ms.tolist().index(at(number))
    values = values.copy()
    values[place] *= factor
    return values


def sources(run: LiveRun) -> list[str | None]:
    """Return where each candle of each step came from."""
    return [source for record in run.step_records for source in record.sources]


if __name__ == "__main__":
    unittest.main()
