"""Mark prices, funding rates and open interest of the practice market."""

import itertools
import tempfile
import unittest

import numpy as np

from core.candle import OPEN_INTEREST_PERIODS
from core.errors import ConfigurationError
from core.instants import parse_instant
from core.timeframe import timeframe_ms
from market_data import HistoricalDataProvider
from market_data.practice.practice_listings import LISTINGS, margin_tiers
from market_data.practice.practice_market import OPENING_MS, PracticeMarket
from tests.support.scale import scaled
from tests.support.times import DAY_MS, HOUR_MS, JANUARY_MS, MINUTE_MS, at
from tests.unit.market_data.slow_practice_perpetual import slow_mark, slow_open_interest, slow_rate

DAYS = scaled(40, 400)


class Marks(unittest.TestCase):
    def test_sampled_minutes_equal_the_slow_recipe(self) -> None:
        sample = (
            (1, "BTC/USDT", "2024-01-01"),
            (7, "XRP/USDT", "2019-06-30T23:50"),
            (2**64 - 1, "LINK/USDT", "2031-01-01"),
        )
        for seed, symbol, first in sample:
            start = parse_instant(first)
            marks = PracticeMarket(seed).mark_candles(symbol, "1m", start, start + 20 * MINUTE_MS)
            for row in range(0, 20, scaled(5, 1)):
                fast = tuple(float(column[row]) for column in marks[1:5])
                self.assertEqual(fast, slow_mark(seed, symbol, start // MINUTE_MS + row), (symbol, row))

    def test_marks_stay_close_to_the_last_price_and_swing_no_more_than_it_does(self) -> None:
        market = PracticeMarket(3)
        for symbol in LISTINGS:
            last = market.candles(symbol, "1m", JANUARY_MS, JANUARY_MS + DAYS * DAY_MS)
            mark = market.mark_candles(symbol, "1m", JANUARY_MS, JANUARY_MS + DAYS * DAY_MS)
            self.assertTrue(np.array_equal(mark.open_time_ms, last.open_time_ms))
            premium = mark.close / last.close - 1.0
            self.assertLess(float(np.abs(premium).max()), 0.004)
            self.assertGreater(float(premium.max()), 0.0002)
            self.assertLess(float(premium.min()), -0.0002)
            # Above the higher of its ends the mark reaches no further than the last price above the higher of its own.
            wick = mark.high - np.maximum(mark.open, mark.close)
            last_wick = last.high - np.maximum(last.open, last.close)
            self.assertTrue(bool((wick <= last_wick * 0.7501 + 1e-9).all()))
            self.assertTrue(bool((mark.low <= np.minimum(mark.open, mark.close)).all()))
            self.assertTrue(bool((mark.low > 0.0).all()))
            self.assertTrue(bool((mark.volume == 0.0).all()))
            self.assertTrue(np.array_equal(mark.open[1:], mark.close[:-1]))

    def test_longer_candles_are_joins_of_minutes(self) -> None:
        market = PracticeMarket(1)
        for timeframe, length in (("15m", 15), ("4h", 240), ("1d", 1440)):
            end = JANUARY_MS + 2 * DAY_MS
            ones = market.mark_candles("SOL/USDT", "1m", JANUARY_MS, end)
            joined = market.mark_candles("SOL/USDT", timeframe, JANUARY_MS, end)
            self.assertEqual(joined.rows * length, ones.rows)
            self.assertEqual(joined.high.tolist(), ones.high.reshape(-1, length).max(axis=1).tolist())
            self.assertEqual(joined.close.tolist(), ones.close[length - 1 :: length].tolist())

    def test_pages_and_the_clock_are_those_of_candles(self) -> None:
        market = PracticeMarket(1, clock=lambda: JANUARY_MS + 90_000)
        page = market.fetch_mark_page("BTC/USDT", "1m", JANUARY_MS - 5 * MINUTE_MS, JANUARY_MS + DAY_MS)
        self.assertEqual([row[0] for row in page], [at(minute) for minute in range(-5, 1)])
        self.assertEqual(
            len(PracticeMarket().fetch_mark_page("BTC/USDT", "1m", JANUARY_MS, JANUARY_MS + 9 * DAY_MS)), 1000
        )
        self.assertEqual(PracticeMarket().fetch_mark_page("BTC/USDT", "1d", 0, OPENING_MS), [])

    def test_unknown_symbols_and_timeframes_are_refused(self) -> None:
        market = PracticeMarket()
        for ask in (
            lambda: market.mark_candles("NIX/USDT", "1m", JANUARY_MS, JANUARY_MS + HOUR_MS),
            lambda: market.mark_candles("BTC/USDT", "7m", JANUARY_MS, JANUARY_MS + HOUR_MS),
            lambda: market.funding_rates("NIX/USDT", JANUARY_MS, JANUARY_MS + HOUR_MS),
            lambda: market.next_funding_ms("NIX/USDT", JANUARY_MS),
            lambda: market.fetch_open_interest_page("NIX/USDT", "5m", JANUARY_MS, JANUARY_MS + HOUR_MS),
            lambda: market.fetch_open_interest_page("BTC/USDT", "1m", JANUARY_MS, JANUARY_MS + HOUR_MS),
            lambda: market.open_interest("BTC/USDT", "8h", JANUARY_MS, JANUARY_MS + HOUR_MS),
        ):
            with self.assertRaises(ConfigurationError):
                ask()


class Funding(unittest.TestCase):
    def test_payments_come_every_eight_hours_and_are_stamped_some_milliseconds_late(self) -> None:
        payments = PracticeMarket().funding_rates("BTC/USDT", JANUARY_MS, JANUARY_MS + 366 * DAY_MS)
        self.assertEqual(
            [one.due_ms for one in payments], list(range(JANUARY_MS, JANUARY_MS + 366 * DAY_MS, 8 * HOUR_MS))
        )
        late = [one.time_ms - one.due_ms for one in payments]
        self.assertEqual(set(late), set(range(17)))
        self.assertTrue(300 < sum(one > 0 for one in late) < 440)

    def test_rates_equal_the_slow_recipe_and_have_both_signs(self) -> None:
        for seed, symbol in ((1, "ETH/USDT"), (9, "DOGE/USDT")):
            payments = PracticeMarket(seed).funding_rates(symbol, JANUARY_MS, JANUARY_MS + 100 * DAY_MS)
            self.assertEqual(
                [one.rate for one in payments],
                [slow_rate(seed, symbol, one.due_ms // MINUTE_MS, 8) for one in payments],
            )
            rates = [one.rate for one in payments]
            self.assertTrue(any(rate < 0.0 for rate in rates) and any(rate > 0.0001 for rate in rates))
            self.assertTrue(rates.count(0.0001) > 100)
            self.assertLess(max(map(abs, rates)), 0.002)

    def test_one_symbols_interval_changes_there_and_back(self) -> None:
        start, end = parse_instant("2024-01-05"), parse_instant("2024-01-15")
        payments = PracticeMarket().funding_rates("SOL/USDT", start, end)
        four = [*range(start, start + DAY_MS, 4 * HOUR_MS)]
        eight = [*range(start + DAY_MS, start + 9 * DAY_MS, 8 * HOUR_MS)]
        again = [*range(start + 9 * DAY_MS, end, 4 * HOUR_MS)]
        self.assertEqual([one.due_ms for one in payments], four + eight + again)
        # The payment at the change still ends an interval of the old length.
        for one in payments:
            hours = 4 if one.due_ms <= start + DAY_MS or one.due_ms > start + 9 * DAY_MS else 8
            self.assertEqual(one.rate, slow_rate(1, "SOL/USDT", one.due_ms // MINUTE_MS, hours), one)

    def test_the_mark_price_of_a_payment_is_that_of_the_marks_at_its_time(self) -> None:
        market = PracticeMarket()
        for one in market.funding_rates("BTC/USDT", JANUARY_MS, JANUARY_MS + 5 * DAY_MS):
            after = market.mark_candles("BTC/USDT", "1m", one.due_ms, one.due_ms + 1)
            self.assertEqual(one.mark_price, float(after.open[0]))

    def test_a_range_is_of_stamps_and_ends_with_the_clock(self) -> None:
        market = PracticeMarket()
        late = next(
            one
            for one in market.funding_rates("BTC/USDT", JANUARY_MS, JANUARY_MS + 9 * DAY_MS)
            if one.time_ms > one.due_ms
        )
        self.assertEqual(market.funding_rates("BTC/USDT", late.due_ms, late.time_ms), [])
        self.assertEqual(market.funding_rates("BTC/USDT", late.time_ms, late.time_ms + 1), [late])
        for now_ms, count in ((late.time_ms - 1, 0), (late.time_ms, 1)):
            clocked = PracticeMarket(clock=lambda now_ms=now_ms: now_ms)  # type: ignore[misc]
            self.assertEqual(len(clocked.fetch_funding_page("BTC/USDT", late.due_ms, late.due_ms + HOUR_MS)), count)

    def test_the_next_payment_is_the_first_after_an_instant(self) -> None:
        market = PracticeMarket()
        for symbol in ("BTC/USDT", "SOL/USDT"):
            due = [one.due_ms for one in market.funding_rates(symbol, JANUARY_MS, JANUARY_MS + 30 * DAY_MS)]
            for before, after in itertools.pairwise(due):
                self.assertEqual(market.next_funding_ms(symbol, before), after)
                self.assertEqual(market.next_funding_ms(symbol, after - 1), after)


class OpenInterestRows(unittest.TestCase):
    def test_sampled_rows_equal_the_slow_recipe(self) -> None:
        sample = (
            (1, "BTC/USDT", "2024-01-01"),
            (7, "XRP/USDT", "2019-06-30T23:50"),
            (2**64 - 1, "LINK/USDT", "2031-01-01"),
        )
        for seed, symbol, first in sample:
            start = parse_instant(first)
            for one in PracticeMarket(seed).open_interest(symbol, "5m", start, start + HOUR_MS)[3 :: scaled(12, 1)]:
                expected = slow_open_interest(seed, symbol, one.time_ms // MINUTE_MS)
                self.assertEqual((one.amount, one.value), expected, (symbol, one.time_ms))

    def test_a_row_is_that_of_its_stamp_in_whatever_period_and_range(self) -> None:
        market, end = PracticeMarket(), JANUARY_MS + 2 * DAY_MS
        finest = {one.time_ms: one for one in market.open_interest("ETH/USDT", "5m", JANUARY_MS - HOUR_MS, end)}
        for period in OPEN_INTEREST_PERIODS:
            length = timeframe_ms(period)
            rows = market.open_interest("ETH/USDT", period, JANUARY_MS, end)
            self.assertEqual([one.time_ms for one in rows], list(range(JANUARY_MS, end, length)))
            self.assertEqual(rows, [finest[one.time_ms] for one in rows], period)
        self.assertEqual(
            market.open_interest("ETH/USDT", "1h", JANUARY_MS + 1, JANUARY_MS + HOUR_MS + 1),
            [finest[JANUARY_MS + HOUR_MS]],
        )
        # Longer than what is made at once.
        many = market.open_interest("ETH/USDT", "12h", JANUARY_MS - 20 * DAY_MS, end)
        self.assertEqual(
            (len(many), many[-4:]), (44, [finest[time_ms] for time_ms in range(JANUARY_MS, end, DAY_MS // 2)])
        )

    def test_it_moves_slowly_around_a_days_turnover_and_is_worth_its_amount_at_the_mark(self) -> None:
        market, end = PracticeMarket(3), JANUARY_MS + 20 * DAY_MS
        for symbol, listing in LISTINGS.items():
            rows = market.open_interest(symbol, "1h", JANUARY_MS, end)
            amounts = np.array([one.amount for one in rows])
            changes = np.abs(np.diff(amounts) / amounts[:-1])
            self.assertTrue(0.001 < float(np.median(changes)) < 0.01 and float(changes.max()) < 0.05, symbol)
            usual = listing.turnover * 1_440 / float(listing.price)
            self.assertTrue(bool(((amounts > usual * 0.3) & (amounts < usual * 1.7)).all()), symbol)
            lots = amounts * 10**listing.lot_digits
            self.assertLess(float(np.abs(lots - np.round(lots)).max()), 1e-3)
        # ... of the last of them, at the opens of the minutes that begin with the stamps.
        for one in rows[:: scaled(100, 10)]:
            mark = float(market.mark_candles(symbol, "1m", one.time_ms, one.time_ms + 1).open[0])
            self.assertAlmostEqual(one.value or 0.0, one.amount * mark, delta=0.011)

    def test_a_page_is_bounded_and_ends_with_the_clock(self) -> None:
        market = PracticeMarket(clock=lambda: JANUARY_MS + HOUR_MS)
        stamps = [
            row[0] for row in market.fetch_open_interest_page("BTC/USDT", "30m", JANUARY_MS - 1, JANUARY_MS + DAY_MS)
        ]
        self.assertEqual(stamps, [at(0), at(30), at(60)])
        page = PracticeMarket().fetch_open_interest_page("BTC/USDT", "5m", JANUARY_MS, JANUARY_MS + 9 * DAY_MS)
        self.assertEqual(len(page), PracticeMarket.open_interest_page_limit)
        self.assertEqual(PracticeMarket().fetch_open_interest_page("BTC/USDT", "1d", 0, OPENING_MS), [])

    def test_a_run_has_it_without_a_network_up_to_the_present(self) -> None:
        now_ms = JANUARY_MS + 10 * DAY_MS + 20 * MINUTE_MS
        with tempfile.TemporaryDirectory() as cache:
            provider = HistoricalDataProvider("practice", cache, progress=False, now_ms=lambda: now_ms)
            loaded = provider.load_open_interest(["BTCUSDT"], "1h", JANUARY_MS, now_ms)["BTCUSDT"]
            expected = PracticeMarket().open_interest("BTC/USDT", "1h", JANUARY_MS, now_ms)
            self.assertEqual((list(loaded.rows), loaded.warnings), (expected, ()))
            self.assertEqual(expected[-1].time_ms, JANUARY_MS + 10 * DAY_MS)
            offline = HistoricalDataProvider("practice", cache, offline=True)
            self.assertEqual(offline.load_open_interest(["BTCUSDT"], "1h", JANUARY_MS, now_ms)["BTCUSDT"], loaded)


class Rules(unittest.TestCase):
    def test_margin_is_continuous_at_every_cap(self) -> None:
        for listing in LISTINGS.values():
            tiers = listing.instrument.margin_tiers
            for lower, upper in itertools.pairwise(tiers):
                cap = lower.notional_cap
                self.assertEqual(
                    cap * lower.maintenance_rate - lower.maintenance_amount,
                    cap * upper.maintenance_rate - upper.maintenance_amount,
                )
                self.assertLess(lower.notional_cap, upper.notional_cap)
                self.assertGreater(lower.max_leverage, upper.max_leverage)
            # The initial margin at the highest leverage is not below the maintenance margin.
            self.assertTrue(all(tier.maintenance_rate * tier.max_leverage <= 1 for tier in tiers))

    def test_the_amounts_of_a_published_table_come_out(self) -> None:
        # Binance's BTCUSDT table of 2020: 50,000 at 0.4 %, 250,000 at 0.5 % less 50, 1,000,000 at 1 % less 1,300.
        table = margin_tiers(((50_000, "0.004", 125), (250_000, "0.005", 100), (1_000_000, "0.01", 50)))
        self.assertEqual([int(tier.maintenance_amount) for tier in table], [0, 50, 1300])

    def test_bounds_are_wide_and_on_the_lot(self) -> None:
        for listing in LISTINGS.values():
            rules = listing.instrument
            self.assertEqual(rules.max_quantity % rules.lot_size, 0)
            self.assertGreater(rules.max_quantity * listing.price, 9_000_000)
            self.assertTrue(rules.band_down < 1 < rules.band_up)


if __name__ == "__main__":
    unittest.main()
