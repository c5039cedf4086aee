"""What a file is judged by as a whole: order, spacing, years, a constant offset, and how much of it is lost."""

import tempfile
import unittest
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from market_data.files.candle_import import ImportWishes, import_files
from market_data.files.import_report import describe
from market_data.files.whole_file import duration
from market_data.series_names import Series
from market_data.store.candle_store import CandleStore
from tests.support.candle_tables import APRIL, minutes, row_at, rows_of
from tests.support.scale import scaled
from tests.support.shared import CANDLES, CASES, needs_shared
from tests.support.times import DAY_MS, MINUTE_MS

HOUR_MS = 60 * MINUTE_MS
LATER = APRIL + 400 * DAY_MS


class WholeFileCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.store = CandleStore(self.folder / "store")

    def file(self, times, rows=None):
        path = self.folder / "x.csv"
        lines = [",".join(map(repr, row)) for row in (rows or [row_at(time_ms) for time_ms in times])]
        path.write_text("\n".join(["timestamp,open,high,low,close,volume", *lines, ""]))
        return path

    def take(self, path, timeframe="1m", off_grid=None, symbol="BTC/USDT", **wishes):
        (imported,) = import_files(
            self.store,
            [path],
            exchange="e",
            symbol=symbol,
            timeframe=timeframe,
            off_grid=off_grid,
            now_ms=LATER,
            wishes=ImportWishes(**wishes),
        )
        return imported

    def refused(self, said, path, timeframe="1m", **wishes):
        with self.assertRaisesRegex(ConfigurationError, said) as caught:
            self.take(path, timeframe, **wishes)
        self.assertNotIn("\n", str(caught.exception))
        self.assertFalse((self.folder / "store").exists(), "something was stored")

    def stored(self, timeframe="1m"):
        return rows_of(self.store.read("e", "BTC/USDT", timeframe, 0, 2**60))


class Order(WholeFileCase):
    def test_newest_first_is_turned_round_and_said_with_the_rows_of_the_file(self):
        times = minutes(APRIL, 300)[::-1]
        rows = [row_at(time_ms) for time_ms in times]
        rows[10] = row_at(times[10], 90_000.0)
        imported = self.take(self.file(times, rows))
        self.assertEqual(self.stored(), rows[::-1])
        self.assertEqual(imported.file.read_as[-1], "newest first")
        moved = next(line for line in describe(imported) if "redenomination" in line)
        # The candle after it moves as far, back again.
        self.assertRegex(moved, r": 2, first row 11 2024-04-01T04:49.*; row 10 2024-04-01T04:50")

    def test_times_in_no_order_are_an_error_with_the_counts_and_nothing_is_stored(self):
        days = [minutes(APRIL + day * DAY_MS, 1440)[::-1] for day in range(3)]
        shuffled = [time_ms for day in days for time_ms in day]
        self.refused(
            r"only 1,440 of its 4,320 rows .*\(out_of_order 2,880\); nothing is stored. --allow-partial",
            self.file(shuffled),
        )

    def test_the_loss_that_is_allowed_is_a_twentieth_beside_one_row_that_was_not_closed(self):
        for bad, taken in ((5, True), (6, False)):
            rows = [row_at(time_ms) if place >= bad else (time_ms, -1.0, 1.0, 1.0, 1.0, 1.0)
                    for place, time_ms in enumerate(minutes(APRIL, 100))]  # fmt: skip
            with self.subTest(bad):
                if taken:
                    self.assertEqual(self.take(self.file((), rows)).report.accepted, 95)
                else:
                    with self.assertRaisesRegex(ConfigurationError, "only 94 of its 100 rows .*bad_price 6"):
                        self.take(self.file((), rows))
        self.assertEqual(self.take(self.file([LATER - MINUTE_MS, LATER])).report.refused, {"unclosed": 1})

    def test_a_partial_import_is_possible_on_purpose_but_nothing_of_nothing(self):
        rows = [(APRIL, -1.0, 1.0, 1.0, 1.0, 1.0), row_at(APRIL + MINUTE_MS), row_at(APRIL + 2 * MINUTE_MS)]
        self.assertEqual(self.take(self.file((), rows), allow_partial=True).report.accepted, 2)
        with self.assertRaisesRegex(ConfigurationError, "none of its 1 rows can be taken"):
            self.take(self.file((), rows[:1]), allow_partial=True)


class Spacing(WholeFileCase):
    def test_rows_of_another_timeframe_are_refused_with_theirs(self):
        for length, timeframe, said in (
            (MINUTE_MS, "1h", "its rows are 1m apart, not 1h as those of 1h"),
            (5 * MINUTE_MS, "1m", "its rows are 5m apart, not 1m"),
            (HOUR_MS, "1m", "its rows are 1h apart, not 1m"),
            (HOUR_MS, "4h", "its rows are 1h apart, not 4h"),
            (DAY_MS, "1w", "its rows are 1d apart, not 7d as those of 1w"),
            (4 * HOUR_MS, "1h", "its rows are 4h apart, not 1h"),
        ):
            start = APRIL - 0 * DAY_MS
            with self.subTest(said):
                self.refused(said, self.file([start + place * length for place in range(40)]), timeframe)

    def test_a_few_odd_steps_do_not_hide_another_timeframe(self):
        times = [APRIL + place * HOUR_MS for place in range(100)]
        times.insert(50, times[49] + MINUTE_MS)
        self.refused("its rows are 1h apart, not 1m", self.file(times))

    @settings(max_examples=scaled(60, 1_000), deadline=None)
    @given(st.sets(st.integers(0, 400), min_size=60, max_size=200))
    def test_holes_are_no_other_timeframe(self, places):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.csv"
            rows = "".join(f"{APRIL + place * MINUTE_MS},1,1,1,1,1\n" for place in sorted(places | {0, 1, 2}))
            path.write_text(f"timestamp,open,high,low,close,volume\n{rows}")
            store = CandleStore(Path(folder) / "store")
            (taken,) = import_files(store, [path], exchange="e", symbol="A/B", timeframe="1m")
        self.assertEqual(taken.report.refused_rows, 0)

    def test_lengths_are_said_in_the_largest_unit_that_is_whole(self):
        table = {1_500: "1.5s", MINUTE_MS: "1m", 90 * MINUTE_MS: "90m", 25 * HOUR_MS: "25h", 7 * DAY_MS: "7d"}
        table[DAY_MS - 1] = "86399.999s"
        self.assertEqual({length: duration(length) for length in table}, table)


class Years(WholeFileCase):
    def test_times_before_there_was_anything_to_trade_are_refused(self):
        self.refused(
            "line 2, time: 0 is not a time between 2009", self.file([place * MINUTE_MS for place in range(50)])
        )
        rows = [row_at(time_ms) for time_ms in minutes(APRIL, 99)]
        imported = self.take(self.file((), [*rows, row_at(7 * MINUTE_MS)]))
        self.assertEqual(imported.report.refused, {"bad_time": 1})

    def test_times_after_tomorrow_are_refused(self):
        self.refused(r"none of its 50 rows .*\(unclosed 50\)", self.file(minutes(LATER + DAY_MS, 50)))
        self.refused(r"only 40 of its 50 rows .*\(unclosed 10\)", self.file(minutes(LATER - 40 * MINUTE_MS, 50)))


class Offsets(WholeFileCase):
    def test_a_constant_offset_of_a_time_zone_is_named_and_shifted_only_on_purpose(self):
        times = [APRIL + place * HOUR_MS + 30 * MINUTE_MS for place in range(50)]
        self.refused(
            "all open 30m after a boundary of 1h: they are of another time zone.*--utc-offset", self.file(times), "1h"
        )
        self.refused("all open 30m after", self.file(times), "1h", off_grid="snap")
        self.refused("all open 30m after", self.file(times), "1h", off_grid="refuse")
        imported = self.take(self.file(times), "1h", utc_offset_ms=5 * HOUR_MS + 30 * MINUTE_MS)
        self.assertEqual([row[0] for row in self.stored("1h")], [time_ms - 330 * MINUTE_MS for time_ms in times])
        self.assertEqual(imported.report.snapped, 0)

    def test_days_of_another_zone_are_named(self):
        self.refused(
            "all open 16h after a boundary of 1d",
            self.file([APRIL + place * DAY_MS + 16 * HOUR_MS for place in range(9)]),
            "1d",
        )

    def test_days_and_hours_of_a_zone_with_daylight_saving_are_no_jitter(self):
        # Midnights of Berlin, 23h and 22h after those of UTC, and of London, half the year those of UTC.
        for winter, summer in ((23, 22), (0, 23)):
            times = [APRIL + day * DAY_MS + (summer if day >= 40 else winter) * HOUR_MS for day in range(100)]
            self.refused("of its 100 rows open (22h or 23h|23h) after .* daylight saving", self.file(times), "1d")
        days = [APRIL + day * DAY_MS + (day == 50) * HOUR_MS for day in range(100)]
        self.assertEqual(self.take(self.file(days), "1d").report.snapped, 1)

    def test_weeks_begin_on_monday(self):
        sundays = [APRIL + place * 7 * DAY_MS - DAY_MS for place in range(20)]
        self.refused("open 6d after a boundary of 1w, as weeks that do not begin on Monday", self.file(sundays), "1w")

    def test_times_of_closes_are_told(self):
        for early in (1, 1_000):
            times = [time_ms + MINUTE_MS - early for time_ms in minutes(APRIL, 50)]
            self.refused("these are the times of their closes", self.file(times))

    def test_an_odd_offset_throughout_is_taken_only_when_it_is_said(self):
        times = [time_ms + 20_799 for time_ms in minutes(APRIL, 50)]
        self.refused("all open 20.799s after a boundary of 1m; --off-grid snap takes them", self.file(times))
        self.assertEqual(self.take(self.file(times), off_grid="snap").report.snapped, 50)

    def test_jitter_is_snapped(self):
        times = [time_ms + place % 7 for place, time_ms in enumerate(minutes(APRIL, 50))]
        self.assertEqual(self.take(self.file(times)).report.snapped, 42)

    def test_times_that_say_their_offset_are_not_shifted(self):
        path = self.folder / "x.csv"
        path.write_text("timestamp,open,high,low,close,volume\n2024-04-01T02:00:00+02:00,1,1,1,1,1\n")
        self.refused("say themselves how far they are from UTC", path, utc_offset_ms=HOUR_MS)


@needs_shared
class SharedCases(WholeFileCase):
    def test_04_minutes_are_no_hours_and_hours_no_minutes(self):
        self.refused("its rows are 1m apart, not 1h", CASES / "04-one-minute-rows.csv", "1h")
        self.refused("its rows are 1h apart, not 1m", CASES / "04-true-1h-rows.csv", "1m")
        self.assertEqual(self.take(CASES / "04-true-1h-rows.csv", "1h").result.added, 5)

    def test_05_an_unconfirmed_last_row_is_refused_and_the_later_file_brings_it(self):
        early = self.take(CASES / "05-exported-mid-candle-1m.csv")
        self.assertEqual((early.result.added, early.report.refused), (299, {"unclosed": 1}))
        later = self.take(CASES / "05-exported-later-1m.csv")
        self.assertEqual((later.result.added, later.result.known, later.result.revised), (1, 299, 0))
        self.assertEqual(self.stored()[-1][2], 42426.41)

    def test_05_a_half_open_last_row_that_was_taken_is_completed_by_a_later_file_and_kept(self):
        text = (CASES / "05-exported-mid-candle-1m.csv").read_text().splitlines()
        without_flag = self.folder / "early.csv"
        without_flag.write_text("\n".join(line.rpartition(",")[0] for line in text) + "\n")
        self.assertEqual(self.take(without_flag).result.added, 300)
        half = self.stored()[-1]
        imported = self.take(CASES / "05-exported-later-1m.csv")
        self.assertEqual((imported.result.added, imported.result.completed, imported.result.revised), (0, 1, 0))
        self.assertIn(
            "completed: the last candle of an earlier import, which was not closed then; at 2024-01-01T04:59",
            "\n".join(describe(imported)),
        )
        self.assertEqual(self.stored()[-1][1:], (42387.89, 42426.41, 42387.43, 42405.73, 18.04881))
        (kept,) = self.store.revisions("e", "BTC/USDT", "1m")
        self.assertEqual((kept.at_ms, kept.change, rows_of(kept.rows)), (LATER, "completed", [half]))
        # The early file again is the one that differs now.
        self.assertEqual(self.take(without_flag).result.revised, 1)
        self.assertEqual(self.stored()[-1][2], 42426.41)

    def test_06_newest_first_is_whole(self):
        imported = self.take(CASES / "06-newest-first-1m.csv")
        self.assertEqual((imported.report.accepted, imported.report.rows), (300, 300))
        self.take(CASES / "04-one-minute-rows.csv")
        self.assertEqual(len(self.stored()), 300)

    def test_07_dates_without_separators_are_read(self):
        self.assertEqual(self.take(CASES / "07-yyyymmdd-1d.csv", "1d").report.accepted, 60)
        self.assertEqual(self.stored("1d")[0][0], 1704067200000)
        imported = self.take(CASES / "07-date-and-hhmm-1m.csv", symbol="ETH/USDT")
        self.assertEqual(imported.file.read_as, ("columns by name", "dates as YYYYMMDD, taken as UTC"))
        minutes_there = rows_of(self.store.read("e", "ETH/USDT", "1m", 0, 2**60))
        self.take(CASES / "04-one-minute-rows.csv")
        self.assertEqual(minutes_there, self.stored())

    def test_the_real_weeks_off_the_grid_are_still_taken(self):
        (imported,) = import_files(self.store, [CANDLES / "binance@2017-2019" / "ETH-USDT" / "1m.csv.gz"], exchange="e")
        self.assertEqual((imported.series, imported.report.accepted), (Series("e", "ETH/USDT", "1m"), 108_619))


if __name__ == "__main__":
    unittest.main()
