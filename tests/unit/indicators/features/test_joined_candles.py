"""Longer candles joined from shorter ones: by hand, against pandas on data whose future is cut away, in both forms."""

import random
import unittest
from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.candle_columns import CandleColumns
from indicators.features.joined_candles import CandleJoiner, JoinedColumns, joined_columns
from tests.support.scale import SEED, scaled
from tests.support.times import HOUR_MS, JANUARY_MS, MINUTE_MS

QUARTER_MS = 15 * MINUTE_MS
NAN = float("nan")
WHOLE = np.zeros(1, np.int64)


def clock(text: str) -> int:
    """Return milliseconds of ``hh:mm``."""
    hours, minutes = text.split(":")
    return int(hours) * HOUR_MS + int(minutes) * MINUTE_MS


# Quarters of an hour. The second hour lacks its last two parts, the third its second, the fourth all.
PARTS = CandleColumns.from_rows(
    [
        (clock("00:00"), 10.0, 12.0, 9.0, 11.0, 1.0),
        (clock("00:15"), 11.0, 15.0, 10.0, 14.0, 2.0),
        (clock("00:30"), 14.0, 14.0, 8.0, 9.0, 3.0),
        (clock("00:45"), 9.0, 11.0, 9.0, 10.0, 4.0),
        (clock("01:00"), 10.0, 20.0, 10.0, 18.0, 5.0),
        (clock("01:15"), 18.0, 19.0, 7.0, 8.0, 6.0),
        (clock("02:00"), 8.0, 9.0, 6.0, 7.0, 7.0),
        (clock("02:30"), 7.0, 8.0, 5.0, 6.0, 8.0),
        (clock("02:45"), 6.0, 7.0, 4.0, 5.0, 9.0),
        (clock("04:00"), 5.0, 6.0, 3.0, 4.0, 10.0),
        (clock("04:15"), 4.0, 5.0, 2.0, 3.0, 11.0),
    ]
)
FIRST = (clock("00:00"), 10.0, 15.0, 8.0, 10.0, 10.0)
SECOND = (clock("01:00"), 10.0, 20.0, 7.0, 8.0, 11.0)
THIRD = (clock("02:00"), 8.0, 9.0, 4.0, 5.0, 24.0)
SEEN = [
    None,
    None,
    None,
    (FIRST, 0),
    (FIRST, 0),
    (FIRST, 0),
    (SECOND, 2),
    (SECOND, 2),
    (THIRD, 1),
    (THIRD, 1),
    (THIRD, 1),
]


def seen_in_columns(joined: JoinedColumns) -> list[object]:
    """Return by row of the parts the joined candle that is visible, and how many of its parts are missing."""
    rows = list(zip(*(column.tolist() for column in joined.candles), strict=True))
    return [None if one < 0 else (rows[one], int(joined.missing[one])) for one in joined.visible.tolist()]


def seen_in_stream(
    parts: CandleColumns, length_ms: int, part_ms: int = QUARTER_MS, *, whole: bool = False
) -> list[object]:
    """Return the same of the parts taken one by one."""
    joiner, last, seen = CandleJoiner(part_ms, length_ms, require_whole=whole), None, []
    for values in zip(*(column.tolist() for column in parts), strict=True):
        for one in joiner.take(values):
            last = (one.values, one.missing)
        seen.append(last)
    return seen


class ByHandTest(unittest.TestCase):
    def test_a_joined_candle_is_seen_from_the_part_that_closes_it(self) -> None:
        self.assertEqual(SEEN, seen_in_stream(PARTS, HOUR_MS))
        self.assertEqual(SEEN, seen_in_columns(joined_columns(PARTS, QUARTER_MS, HOUR_MS, WHOLE)))

    def test_one_that_must_be_whole_is_hidden_with_a_part_missing(self) -> None:
        in_columns = seen_in_columns(joined_columns(PARTS, QUARTER_MS, HOUR_MS, WHOLE, require_whole=True))
        for seen in (seen_in_stream(PARTS, HOUR_MS, whole=True), in_columns):
            self.assertEqual(SEEN[:6], seen[:6])
            for values, missing in seen[6:]:
                self.assertGreater(missing, 0)
                self.assertTrue(all(map(np.isnan, values[1:])), values)

    def test_a_symbol_listed_in_the_middle_lacks_what_came_before(self) -> None:
        late = PARTS.slice(2, 5)
        expected = [
            None,
            ((clock("00:00"), 14.0, 14.0, 8.0, 10.0, 7.0), 2),
            ((clock("00:00"), 14.0, 14.0, 8.0, 10.0, 7.0), 2),
        ]
        self.assertEqual(expected, seen_in_stream(late, HOUR_MS))
        self.assertEqual(expected, seen_in_columns(joined_columns(late, QUARTER_MS, HOUR_MS, WHOLE)))

    def test_a_new_segment_knows_nothing_of_the_one_before(self) -> None:
        # The fifth row begins one: the hour that is open there is forgotten, and so is the one before it.
        joined = joined_columns(PARTS, QUARTER_MS, HOUR_MS, np.array([0, 5]))
        self.assertEqual(SEEN[:5], seen_in_columns(joined)[:5])
        alone = seen_in_stream(PARTS.slice(5, 11), HOUR_MS)
        self.assertEqual(alone, seen_in_columns(joined)[5:])
        self.assertIsNone(alone[0])

    def test_weeks_begin_on_monday(self) -> None:
        # 2024-01-01 is a Monday. Days of one week and a day: seen from the close of Sunday on.
        day = 24 * HOUR_MS
        days = CandleColumns.from_rows(
            (JANUARY_MS + n * day, 1.0 + n, 2.0 + n, 0.5 + n, 1.5 + n, 1.0) for n in range(8)
        )
        week = ((JANUARY_MS, 1.0, 8.0, 0.5, 7.5, 7.0), 0)
        self.assertEqual([None] * 6 + [week, week], seen_in_stream(days, 7 * day, day))
        self.assertEqual([None] * 6 + [week, week], seen_in_columns(joined_columns(days, day, 7 * day, WHOLE)))

    def test_nothing_at_all_joins_to_nothing(self) -> None:
        self.assertEqual([], seen_in_columns(joined_columns(CandleColumns.empty(), QUARTER_MS, HOUR_MS, WHOLE[:0])))


def random_parts(chance: random.Random, rows: int, part_ms: int) -> CandleColumns:
    """Return candles with holes; volumes are whole, so that their sum has one value."""
    times = [JANUARY_MS + number * part_ms for number in range(rows) if chance.random() < 0.8]
    prices = [[chance.uniform(50.0, 150.0) for _ in range(4)] for _ in times]
    return CandleColumns.from_rows(
        (time, own[0], max(own), min(own), own[3], float(chance.randrange(1_000)))
        for time, own in zip(times, prices, strict=True)
    )


def resampled(parts: CandleColumns, part_ms: int, rule: str, length_ms: int) -> list[object]:
    """Return what pandas makes of the parts up to each row: the last candle whose end is not after the row's close."""
    index = pd.to_datetime(parts.open_time_ms, unit="ms", utc=True)
    frame = pd.DataFrame(dict(zip(parts._fields[1:], parts[1:], strict=True)), index=index)
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    seen: list[object] = []
    for row in range(len(frame)):
        cut = frame.iloc[: row + 1].resample(rule, label="left", closed="left")
        bars = cut.agg(how)[cut.size() > 0]
        ends = bars.index + pd.Timedelta(length_ms, "ms")
        bars = bars[ends <= frame.index[row] + pd.Timedelta(part_ms, "ms")]
        if bars.empty:
            seen.append(None)
            continue
        opened = int(bars.index[-1].value // 1_000_000)
        count = int(((parts.open_time_ms >= opened) & (parts.open_time_ms < opened + length_ms)).sum())
        seen.append(((opened, *bars.iloc[-1].tolist()), length_ms // part_ms - count))
    return seen


class AgainstPandasTest(unittest.TestCase):
    def test_every_row_is_what_pandas_makes_of_the_past(self) -> None:
        chance = random.Random(SEED)
        lengths = ((QUARTER_MS, "1h", HOUR_MS), (HOUR_MS, "4h", 4 * HOUR_MS), (24 * HOUR_MS, "W-MON", 168 * HOUR_MS))
        for part_ms, rule, length_ms in lengths:
            parts = random_parts(chance, scaled(120, 500), part_ms)
            with self.subTest(rule):
                expected = resampled(parts, part_ms, rule, length_ms)
                self.assertGreater(len({one for one in expected if one}), 8)
                self.assertEqual(expected, seen_in_stream(parts, length_ms, part_ms))
                self.assertEqual(expected, seen_in_columns(joined_columns(parts, part_ms, length_ms, WHOLE)))

    def test_the_usual_joins_are_told_from_it(self) -> None:
        # On three whole hours: joined as of the opens, nine of twelve rows see a candle that is not closed; shifted by
        # a whole period, three rows see what closes with them one candle late.
        parts = CandleColumns.from_rows((n * QUARTER_MS, 1.0 + n, 2.0 + n, 0.5, 1.5 + n, 1.0) for n in range(12))
        joined = joined_columns(parts, QUARTER_MS, HOUR_MS, WHOLE)
        right = joined.visible.tolist()
        self.assertEqual([-1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 2], right)
        opens = joined.candles.open_time_ms
        as_of_opens = (np.searchsorted(opens, parts.open_time_ms, side="right") - 1).tolist()
        self.assertEqual(9, differing(right, as_of_opens))
        shifted = (np.searchsorted(opens + HOUR_MS, parts.open_time_ms, side="right") - 1).tolist()
        self.assertEqual(3, differing(right, shifted))


def differing(some: Sequence[int], others: Sequence[int]) -> int:
    """Return in how many places two lists differ."""
    return sum(one != other for one, other in zip(some, others, strict=True))


if __name__ == "__main__":
    unittest.main()
