"""Indicators against slow recomputations from their definitions, window by window, and values worked by hand."""

import math
import unittest
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

import indicators as ind
from core.candle_columns import CandleColumns
from indicators import Indicator
from tests.support.indicator_candles import wide_candles
from tests.support.market_data_sets import practice_columns

Floats = npt.NDArray[np.float64]
DAY_MS = 86_400_000


def over_windows(values: Floats, length: int, answer: Callable[[Floats], float]) -> Floats:
    """Return the answer for the last ``length`` values of every row; nan before there are as many or one is nan."""
    windows = [values[row + 1 - length : row + 1] if row + 1 >= length else None for row in range(len(values))]
    return np.array([math.nan if one is None or np.isnan(one).any() else answer(one) for one in windows])


def wma(values: Floats, length: int) -> Floats:
    return over_windows(values, length, lambda window: float(np.average(window, weights=np.arange(1, length + 1))))


def seeded(values: Floats, length: int, weight: float) -> Floats:
    """Return the smoothing from the first defined value on, by the weights of all values instead of a recursion."""
    first = int(np.argmin(np.isnan(values)))
    known = values[first:]
    column = np.full(len(values), math.nan)
    for end in range(length - 1, len(known)):
        later = known[length : end + 1][::-1]
        kept = (1 - weight) ** np.arange(len(later))
        mean = known[:length].mean() * (1 - weight) ** len(later)
        column[first + end] = mean + weight * float((kept * later).sum())
    return column


def recursion(values: list[float], length: int, weight: float) -> list[float]:
    """Return the smoothing from its seed on, in the order of operations that is promised."""
    total = 0.0
    for value in values[:length]:
        total += value
    column = [total / length]
    for value in values[length:]:
        column.append(weight * value + (1 - weight) * column[-1])
    return column


def day_vwap(columns: CandleColumns) -> Floats:
    price = (columns.high + columns.low + columns.close) / 3
    days = columns.open_time_ms // DAY_MS
    column = []
    for row, day in enumerate(days):
        same = slice(int(np.argmax(days == day)), row + 1)
        column.append(np.average(price[same], weights=columns.volume[same]))
    return np.array(column)


def supertrend(columns: CandleColumns, period: int, multiple: float) -> tuple[Floats, Floats]:
    """Return line and direction as charts describe them: a stop under a rise, above a fall, that only tightens."""
    high, low, close = columns.high, columns.low, columns.close
    before = np.concatenate(([math.nan], close[:-1]))
    ranges = np.maximum(high, before) - np.minimum(low, before)
    width = multiple * seeded(ranges, period, 1 / period)
    line, way = np.full(len(close), math.nan), np.full(len(close), math.nan)
    under = above = 0.0
    for row in range(period, len(close)):
        middle = (high[row] + low[row]) / 2
        fresh_under, fresh_above = middle - width[row], middle + width[row]
        if row == period:
            under, above, was = fresh_under, fresh_above, -1.0
        else:
            under = max(under, fresh_under) if close[row - 1] >= under else fresh_under
            above = min(above, fresh_above) if close[row - 1] <= above else fresh_above
            was = way[row - 1]
        way[row] = (1.0 if close[row] > above else -1.0) if was < 0 else (-1.0 if close[row] < under else 1.0)
        line[row] = under if way[row] > 0 else above
    return line, way


class AgainstDefinitionsTest(unittest.TestCase):
    def check(self, indicator: Indicator, columns: CandleColumns, *expected: Floats) -> None:
        ours = indicator.columns(columns)
        self.assertEqual(len(expected), len(ours))
        for (output, column), other in zip(ours.items(), expected, strict=True):
            np.testing.assert_allclose(column, other, 1e-9, 1e-12, err_msg=f"{indicator} {output}")

    def test_windows(self) -> None:
        columns = wide_candles(300)
        close, high, low, volume = columns.close, columns.high, columns.low, columns.volume
        for length in (2, 7, 20):
            self.check(ind.Median(length), columns, over_windows(close, length, lambda one: float(np.median(one))))
            for share in (0.0, 0.1, 0.75, 1.0):
                expected = over_windows(close, length, lambda one, share=share: float(np.quantile(one, share)))
                self.check(ind.Quantile(length, share), columns, expected)
            z_score = over_windows(close, length, lambda one: float((one[-1] - one.mean()) / one.std()))
            self.check(ind.ZScore(length), columns, z_score)
            self.check(
                ind.StandardDeviation(length), columns, over_windows(close, length, lambda one: float(one.std()))
            )
            line = over_windows(close, length, lambda one: float(np.polyfit(np.arange(len(one)), one, 1)[0]))
            self.check(ind.LinearRegressionSlope(length), columns, line)
            self.check(ind.WMA(length), columns, wma(close, length))
            ahead = 2 * wma(close, length // 2) - wma(close, length)
            self.check(ind.HMA(length), columns, wma(ahead, int(math.sqrt(length))))
            self.check(ind.Shift(length), columns, np.concatenate((np.full(length, math.nan), close[:-length])))
            typical = (high + low + close) / 3
            rolling = np.convolve(typical * volume, np.ones(length), "valid") / np.convolve(
                volume, np.ones(length), "valid"
            )
            self.check(ind.RollingVWAP(length), columns, np.concatenate((np.full(length - 1, math.nan), rolling)))
            signed = np.sign(np.diff(close)) * volume[1:]
            summed = over_windows(np.concatenate(([math.nan], signed)), length, lambda one: float(one.sum()))
            self.check(ind.OBV(length), columns, summed)

    def test_recursions(self) -> None:
        columns = wide_candles(300)
        for length in (2, 7, 20):
            self.check(ind.Wilder(length), columns, seeded(columns.close, length, 1 / length))
            once = seeded(columns.close, length, 2 / (length + 1))
            self.check(ind.DEMA(length), columns, 2 * once - seeded(once, length, 2 / (length + 1)))
            slow = seeded(columns.close, length + 5, 2 / (length + 6))
            signal = seeded(once - slow, 4, 2 / 5)
            self.check(ind.MACD(length, length + 5, 4), columns, once - slow, signal, once - slow - signal)
            self.check(ind.Supertrend(length, 1.5), columns, *supertrend(columns, length, 1.5))

    def test_the_recursion_is_the_designs_to_the_last_bit(self) -> None:
        # a*x + (1 - a)*previous after the mean of the first values, added in order; other forms of it round otherwise.
        columns = practice_columns("BTC/USDT", "1m", 400)
        ranges = ind.TrueRange().columns(columns)["value"][1:]
        changes = np.diff(columns.close)
        gains, losses = (recursion(np.maximum(sign * changes, 0.0).tolist(), 14, 1 / 14) for sign in (1.0, -1.0))
        for indicator, expected in (
            (ind.EMA(21), recursion(columns.close.tolist(), 21, 2 / 22)),
            (ind.ATR(14), recursion(ranges.tolist(), 14, 1 / 14)),
            (ind.RSI(14), [100.0 * (gain / (gain + loss)) for gain, loss in zip(gains, losses, strict=True)]),
        ):
            self.assertEqual(expected, indicator.columns(columns)["value"][-len(expected) :].tolist(), indicator)

    def test_supertrend_by_hand_where_closes_stand_on_a_band(self) -> None:
        # Widths are the true ranges 4, 8, 6, 6, 4. Closes 14 (on the upper band) and 12 (on the lower) turn nothing.
        prices = ((12, 8, 10), (12, 8, 8), (16, 12, 14), (20, 16, 18), (16, 12, 12), (14, 10, 11))
        rows = [(row, close, high, low, close, 1) for row, (high, low, close) in enumerate(prices)]
        columns = CandleColumns.from_rows(rows)
        line, direction = ind.Supertrend(1, 1.0).columns(columns).values()
        self.assertEqual([14.0, 14.0, 12.0, 12.0, 16.0], line[1:].tolist())
        self.assertEqual([-1.0, -1.0, 1.0, 1.0, -1.0], direction[1:].tolist())

    def test_ichimoku_is_not_shifted(self) -> None:
        columns = wide_candles(200)
        conversion, base, span_b = (
            (over_windows(columns.high, length, np.max) + over_windows(columns.low, length, np.min)) / 2
            for length in (9, 26, 52)
        )
        self.check(ind.Ichimoku(), columns, conversion, base, (conversion + base) / 2, span_b)

    def test_the_session_starts_at_midnight_utc(self) -> None:
        columns = practice_columns("BTC/USDT", "15m", 96 * 3 + 11).slice(7, 96 * 3 + 11)
        self.check(ind.SessionVWAP(), columns, day_vwap(columns))

    def test_an_indicator_of_an_indicator_starts_when_that_one_does(self) -> None:
        columns = wide_candles(200)
        index = ind.RSI(14).columns(columns)["value"]
        self.check(ind.EMA(9, of=ind.RSI(14)), columns, seeded(index, 9, 0.2))
        line = ind.MACD(3, 6, 4).columns(columns)["signal"]
        self.check(
            ind.SMA(5, of=ind.MACD(3, 6, 4).signal), columns, over_windows(line, 5, lambda one: float(one.mean()))
        )

    def test_where_a_ratio_has_nothing_below_it(self) -> None:
        still = CandleColumns.from_rows([(row * 60_000, 5.0, 5.0, 5.0, 5.0, 0.0) for row in range(40)])
        for one in (ind.RSI(5), ind.CCI(5), ind.MFI(5), ind.ADX(5)):
            self.assertEqual(0.0, next(iter(one.columns(still).values()))[-1], one)
        change = ind.RateOfChange(5, of="volume")
        for one in (ind.ZScore(5), ind.FastStochastic(5), ind.RollingVWAP(5), ind.SessionVWAP(), change):
            self.assertTrue(all(np.isnan(column).all() for column in one.columns(still).values()), one)


class DeclarationTest(unittest.TestCase):
    def test_equal_parameters_make_equal_indicators(self) -> None:
        self.assertEqual(ind.EMA(9, of=ind.RSI(14)), ind.EMA(9, of=ind.RSI(14)))
        self.assertEqual(hash(ind.MACD().signal), hash(ind.MACD().signal))
        self.assertNotEqual(ind.EMA(9), ind.EMA(9, of="hl2"))

    def test_what_it_reads_and_says(self) -> None:
        self.assertEqual(("close",), ind.EMA(9, of=ind.RSI(14)).inputs)
        self.assertEqual(("open_time_ms", "high", "low", "close", "volume"), ind.SessionVWAP().inputs)
        self.assertEqual(("high", "low"), ind.EMA(9, of="hl2").inputs)
        self.assertEqual(("line", "signal", "histogram"), ind.MACD().outputs)

    def test_what_is_impossible_is_refused_in_one_line(self) -> None:
        cases: tuple[tuple[Callable[[], object], str], ...] = (
            (lambda: ind.EMA(0), "period must be at least 1, got 0"),
            (lambda: ind.SMA(2.5), "period must be at least 1, got 2.5"),
            (lambda: ind.MACD(12, 12, 9), "slow_period must be at least 13, got 12"),
            (lambda: ind.BollingerBands(20, math.inf), "deviations must be a number above 0, got inf"),
            (lambda: ind.Quantile(5, 1.5), r"share must be in \[0, 1\], got 1.5"),
            (lambda: ind.ParabolicSAR(0.3, 0.2), "acceleration and maximum must be in"),
            (lambda: ind.EMA(9, of="clsoe").inputs, "of: 'clsoe' is no price; did you mean 'close'"),
            (lambda: ind.EMA(9, of=ind.MACD()).inputs, "of: MACD has several outputs; name one of line, signal, hist"),
        )
        for make, sentence in cases:
            with self.assertRaisesRegex(ValueError, sentence):
                make()
        with self.assertRaisesRegex(AttributeError, "MACD has no 'sginal'; did you mean 'signal'"):
            _ = ind.MACD().sginal

    def test_a_window_is_added_up_only_when_it_is_asked_for(self) -> None:
        form = ind.SMA(3).streaming()
        for value in (1.0, 2.0, 6.0, 4.0):
            form.take((value,))
        self.assertEqual(4.0, form.value)
        self.assertEqual(5.0, form.update((5.0,)))


if __name__ == "__main__":
    unittest.main()
