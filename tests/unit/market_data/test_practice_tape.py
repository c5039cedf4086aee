import unittest

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle_columns import CandleColumns
from market_data.practice.practice_listings import LISTINGS
from market_data.practice.practice_market import PracticeMarket
from market_data.practice.practice_tape import ERA_DAYS, REGIMES, growth, regimes
from tests.support.scale import scaled
from tests.support.shared import CANDLES, needs_shared
from tests.support.times import DAY_MS, JANUARY_MS, MINUTE_MS
from tests.unit.market_data.slow_practice_tape import slow_candle

ERA_BOUNDARY_DAY = 38 * ERA_DAYS
"""2023-04-10, where one era ends and the next begins."""


def log_returns(candles: CandleColumns) -> np.ndarray:
    return np.diff(np.log(candles.close))


def autocorrelation(series: np.ndarray, lag: int) -> float:
    return float(np.corrcoef(series[lag:], series[:-lag])[0, 1])


def kurtosis(series: np.ndarray) -> float:
    centred = series - series.mean()
    return float((centred**4).mean() / (centred**2).mean() ** 2)


class RecipeTest(unittest.TestCase):
    def assert_slow_twin_agrees(self, seed: int, symbol: str, minutes: list[int]) -> None:
        market = PracticeMarket(seed)
        for minute in minutes:
            candles = market.candles(symbol, "1m", minute * MINUTE_MS, (minute + 1) * MINUTE_MS)
            row = tuple(float(column[0]) for column in candles[1:])
            self.assertEqual(row, slow_candle(seed, symbol, minute), (seed, symbol, minute))

    def test_sampled_minutes_equal_a_second_implementation_in_plain_integers(self) -> None:
        step = scaled(131, 7)
        for seed, symbol, day in ((1, "BTC/USDT", 19_723), (1, "DOGE/USDT", 16_437), (2**64 - 1, "XRP/USDT", 23_001)):
            first = day * 1_440
            self.assert_slow_twin_agrees(seed, symbol, [first, *range(first + 1, first + 1_439, step), first + 1_439])

    def test_minutes_around_the_change_of_an_era_equal_the_second_implementation(self) -> None:
        midnight = ERA_BOUNDARY_DAY * 1_440
        self.assert_slow_twin_agrees(0, "LINK/USDT", [midnight - 700, midnight - 1, midnight, midnight + 1])

    def test_growth_is_the_exponential_to_a_fraction_of_a_per_cent(self) -> None:
        nano = np.arange(-2_000_000_000, 2_000_000_001, 100_000_000)
        error = growth(nano) / np.exp(nano / 1e9) - 1
        self.assertLess(float(np.abs(error).max()), 0.003)
        self.assertTrue(bool((np.diff(growth(nano)) > 0).all()))


class WindowTest(unittest.TestCase):
    @settings(max_examples=scaled(30, 400), deadline=None)
    @given(
        symbol=st.sampled_from(sorted(LISTINGS)),
        seed=st.integers(0, 2**64 - 1),
        start=st.integers(16_436 * 1_440, 24_106 * 1_440),
        before=st.integers(0, 4_000),
        length=st.integers(1, 2_000),
        after=st.integers(0, 30_000),
    )
    def test_a_candle_is_the_same_in_whatever_window_it_is_asked_for(
        self, symbol: str, seed: int, start: int, before: int, length: int, after: int
    ) -> None:
        market = PracticeMarket(seed)
        narrow = market.candles(symbol, "1m", start * MINUTE_MS, (start + length) * MINUTE_MS)
        wide = market.candles(symbol, "1m", (start - before) * MINUTE_MS, (start + length + after) * MINUTE_MS)
        self.assertEqual(narrow.rows, length)
        for ours, theirs in zip(narrow, wide.slice(before, before + length), strict=True):
            np.testing.assert_array_equal(ours, theirs)

    def test_windows_that_cross_an_era_agree_with_windows_that_do_not(self) -> None:
        market, edge = PracticeMarket(5), ERA_BOUNDARY_DAY * DAY_MS
        whole = market.candles("SOL/USDT", "1m", edge - 2 * DAY_MS, edge + 2 * DAY_MS)
        for first in range(0, 4 * 1_440, 720):
            start = edge - 2 * DAY_MS + first * MINUTE_MS
            part = market.candles("SOL/USDT", "1m", start, start + 720 * MINUTE_MS)
            np.testing.assert_array_equal(part.close, whole.close[first : first + 720])


class RealismTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        days = scaled(45, 120)
        cls.minutes = {
            (seed, symbol): PracticeMarket(seed).candles(symbol, "1m", JANUARY_MS, JANUARY_MS + days * DAY_MS)
            for seed in (1, 2)
            for symbol in ("BTC/USDT", "ETH/USDT", "ADA/USDT", "DOGE/USDT")
        }
        cls.days = {
            symbol: PracticeMarket(3).candles(symbol, "1d", 1_420_070_400_000, 1_420_070_400_000 + 1_500 * DAY_MS)
            for symbol in LISTINGS
        }

    def test_every_candle_is_sane(self) -> None:
        for candles in self.minutes.values():
            self.assertTrue(bool((candles.high >= np.maximum(candles.open, candles.close)).all()))
            self.assertTrue(bool((candles.low <= np.minimum(candles.open, candles.close)).all()))
            self.assertTrue(bool((candles.low > 0).all() and (candles.volume > 0).all()))
            self.assertTrue(bool((np.diff(candles.open_time_ms) == MINUTE_MS).all()))

    def test_an_open_lies_at_most_one_tick_from_the_close_before_it(self) -> None:
        candles = self.minutes[1, "BTC/USDT"]
        gaps = np.rint((candles.open[1:] - candles.close[:-1]) * 100)
        self.assertEqual(sorted(set(gaps.tolist())), [-1.0, 0.0, 1.0])
        self.assertAlmostEqual(float((gaps == 0).mean()), 0.5, delta=0.03)

    def test_minute_returns_have_fat_tails(self) -> None:
        for key, candles in self.minutes.items():
            self.assertGreater(kurtosis(log_returns(candles)), 6.0, key)

    def test_volatility_clusters_over_minutes_hours_and_a_day(self) -> None:
        for key, candles in self.minutes.items():
            size = np.abs(log_returns(candles))
            for lag, least in ((1, 0.15), (5, 0.12), (15, 0.1), (60, 0.06), (240, 0.03), (1_440, 0.01)):
                self.assertGreater(autocorrelation(size, lag), least, (key, lag))

    def test_the_direction_of_a_return_says_nothing_of_the_next(self) -> None:
        for key, candles in self.minutes.items():
            for lag in (1, 2, 5):
                self.assertLess(abs(autocorrelation(log_returns(candles), lag)), 0.04, (key, lag))

    def test_symbols_move_together_but_not_as_one(self) -> None:
        for seed in (1, 2):
            returns = [log_returns(candles) for (its, _), candles in self.minutes.items() if its == seed]
            pairs = np.corrcoef(returns)[np.triu_indices(len(returns), 1)]
            self.assertGreater(float(pairs.min()), 0.4)
            self.assertLess(float(pairs.max()), 0.9)

    def test_volume_goes_with_the_size_of_the_move(self) -> None:
        for key, candles in self.minutes.items():
            size = np.abs(log_returns(candles))
            self.assertGreater(float(np.corrcoef(size, candles.volume[1:])[0, 1]), 0.3, key)

    def test_a_minute_spans_what_a_minute_of_crypto_spans(self) -> None:
        for key, candles in self.minutes.items():
            span = float(np.median(candles.high / candles.low - 1))
            self.assertGreater(span, 0.0003, key)
            self.assertLess(span, 0.0015, key)

    def test_a_day_moves_by_two_to_five_per_cent(self) -> None:
        for symbol, candles in self.days.items():
            daily = float(log_returns(candles).std())
            self.assertGreater(daily, 0.018, symbol)
            self.assertLess(daily, 0.055, symbol)

    def test_prices_stay_in_their_region_over_twenty_years(self) -> None:
        market = PracticeMarket(11)
        for symbol, listing in LISTINGS.items():
            price = float(listing.price)
            for day in range(16_436, 24_106, scaled(97, 19)):
                candle = market.candles(symbol, "1d", day * DAY_MS, (day + 1) * DAY_MS)
                self.assertGreater(float(candle.low[0]), price / 15, (symbol, day))
                self.assertLess(float(candle.high[0]), price * 15, (symbol, day))

    def test_all_regimes_occur_and_a_storm_is_wilder_than_a_calm(self) -> None:
        first_day = JANUARY_MS // DAY_MS - 3_000
        kinds = np.array(REGIMES)[regimes(1, first_day, 3_000)]
        self.assertEqual(set(kinds.tolist()), {"calm", "up", "down", "storm"})
        storm = int(np.flatnonzero((kinds[1:-1] == "storm") & (kinds[:-2] == "storm") & (kinds[2:] == "storm"))[0]) + 1
        self.assertGreater(storm, 0)
        spans = {kind: [] for kind in ("calm", "storm")}
        for offset in np.flatnonzero(np.isin(kinds, ("calm", "storm")))[:: scaled(12, 2)]:
            start = (first_day + int(offset)) * DAY_MS
            hour = PracticeMarket(1).candles("BTC/USDT", "1h", start + DAY_MS // 2, start + DAY_MS // 2 + 3_600_000)
            spans[str(kinds[offset])].append(float(hour.high[0] / hour.low[0] - 1))
        self.assertGreater(float(np.median(spans["storm"])), 1.5 * float(np.median(spans["calm"])))

    @needs_shared
    def test_scale_and_clustering_are_of_the_order_of_recorded_minutes(self) -> None:
        recorded = np.loadtxt(CANDLES / "binance" / "BTC-USDT" / "1m.csv.gz", delimiter=",", skiprows=1)
        real = CandleColumns(recorded[:, 0].astype(np.int64), *recorded[:, 1:].T)
        ours = self.minutes[1, "BTC/USDT"]
        for measure in (
            lambda candles: float(log_returns(candles).std()),
            lambda candles: float(np.median(candles.high / candles.low - 1)),
            lambda candles: autocorrelation(np.abs(log_returns(candles)), 5),
            lambda candles: float(np.log(candles.volume).std()),
        ):
            ratio = measure(ours) / measure(real)
            self.assertGreater(ratio, 0.33)
            self.assertLess(ratio, 3.0)


if __name__ == "__main__":
    unittest.main()
