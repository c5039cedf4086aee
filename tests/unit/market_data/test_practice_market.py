import subprocess
import sys
import threading
import unittest
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from core.candle_columns import CandleColumns
from core.errors import ConfigurationError
from core.instants import parse_instant
from core.timeframe import WEEK_MS, floor_to_grid, timeframe_ms
from market_data.exchange_adapter import ExchangeAdapter
from market_data.practice.practice_listings import LISTINGS
from market_data.practice.practice_market import FAR_END_MS, OPENING_MS, TIMEFRAMES, PracticeMarket
from tests.support.shared import REPOSITORY
from tests.support.times import DAY_MS, JANUARY_MS, MINUTE_MS, at


def joined(minutes: CandleColumns, length_ms: int) -> list[tuple[int, float, float, float, float, float]]:
    """Return higher candles made from minutes one by one, with volume summed in decimals."""
    candles: dict[int, list[int]] = {}
    for row, open_time_ms in enumerate(minutes.open_time_ms.tolist()):
        candles.setdefault(floor_to_grid(open_time_ms, length_ms), []).append(row)
    result = []
    for open_time_ms, rows in candles.items():
        volume = sum((Decimal(repr(float(minutes.volume[row]))) for row in rows), Decimal(0))
        high, low = max(minutes.high[rows]), min(minutes.low[rows])
        opened, closed = minutes.open[rows[0]], minutes.close[rows[-1]]
        result.append((open_time_ms, float(opened), float(high), float(low), float(closed), float(volume)))
    return result


class CandleTestCase(unittest.TestCase):
    def assert_same_candles(self, ours: Sequence[tuple], theirs: Sequence[tuple], about: object = "") -> None:
        """Compare row by row: a text difference of long lists would take minutes."""
        self.assertEqual(len(ours), len(theirs), about)
        for our, their in zip(ours, theirs, strict=True):
            self.assertEqual(our, their, about)


class ServingTest(CandleTestCase):
    def test_it_is_an_exchange_adapter(self) -> None:
        adapter: ExchangeAdapter = PracticeMarket()
        self.assertEqual((adapter.name, adapter.page_limit), ("practice", 1_000))
        self.assertEqual(adapter.server_time_ms(), FAR_END_MS)
        adapter.close()

    def test_every_listed_timeframe_is_one_of_the_grid_from_a_minute_to_a_week(self) -> None:
        lengths = [timeframe_ms(timeframe) for timeframe in TIMEFRAMES]
        self.assertEqual(lengths, sorted(set(lengths)))
        self.assertEqual((lengths[0], lengths[-1]), (MINUTE_MS, WEEK_MS))
        self.assertTrue(all(DAY_MS % length == 0 or length == WEEK_MS for length in lengths))

    def test_instruments_carry_tick_lot_minimums_date_and_source(self) -> None:
        markets = PracticeMarket().markets()
        self.assertEqual(len(markets), 8)
        btc = markets["BTC/USDT"]
        self.assertEqual((btc.tick_size, btc.lot_size), (Decimal("0.01"), Decimal("0.00001")))
        self.assertEqual((btc.min_notional, btc.min_quantity), (Decimal(5), Decimal("0.00001")))
        for symbol, instrument in markets.items():
            self.assertEqual((instrument.symbol, instrument.source), (symbol, "practice market"))
            self.assertEqual(instrument.as_of_ms, JANUARY_MS)

    def test_a_page_holds_the_first_thousand_candles_from_since_on(self) -> None:
        market = PracticeMarket()
        page = market.fetch_page("ETH/USDT", "5m", JANUARY_MS + 1, JANUARY_MS + 30 * DAY_MS)
        self.assertEqual(len(page), 1_000)
        self.assertEqual([row[0] for row in page], [JANUARY_MS + (i + 1) * 300_000 for i in range(1_000)])
        bulk = market.candles("ETH/USDT", "5m", JANUARY_MS + 300_000, JANUARY_MS + 300_000 * 1_001)
        np.testing.assert_array_equal(CandleColumns.from_rows(page).close, bulk.close)
        self.assertEqual([type(value) for value in page[0]], [int, float, float, float, float, float])

    def test_until_is_exclusive_and_an_empty_range_gives_an_empty_page(self) -> None:
        market = PracticeMarket()
        self.assertEqual(len(market.fetch_page("ETH/USDT", "1h", JANUARY_MS, JANUARY_MS + 3_600_000)), 1)
        self.assertEqual(len(market.fetch_page("ETH/USDT", "1h", JANUARY_MS, JANUARY_MS + 3_600_001)), 2)
        for since, until in (
            (JANUARY_MS, JANUARY_MS),
            (JANUARY_MS, JANUARY_MS - DAY_MS),
            (JANUARY_MS + 1, JANUARY_MS + 2),
        ):
            self.assertEqual(market.fetch_page("ETH/USDT", "1h", since, until), [])
        self.assertEqual(market.candles("ETH/USDT", "1h", JANUARY_MS, JANUARY_MS).rows, 0)

    def test_pages_put_together_are_the_bulk_answer(self) -> None:
        market, rows, since = PracticeMarket(9), [], JANUARY_MS
        while page := market.fetch_page("LTC/USDT", "1m", since, JANUARY_MS + 3 * DAY_MS + 7 * MINUTE_MS):
            rows += page
            since = page[-1][0] + 1
        bulk = market.candles("LTC/USDT", "1m", JANUARY_MS, JANUARY_MS + 3 * DAY_MS + 7 * MINUTE_MS)
        for ours, theirs in zip(CandleColumns.from_rows(rows), bulk, strict=True):
            np.testing.assert_array_equal(ours, theirs)

    def test_there_are_no_candles_before_the_opening(self) -> None:
        market = PracticeMarket()
        self.assertEqual(market.fetch_page("BTC/USDT", "1d", 0, OPENING_MS), [])
        until = OPENING_MS + 3 * WEEK_MS
        self.assertEqual(market.fetch_page("BTC/USDT", "1d", 0, until)[0][0], OPENING_MS)
        self.assertEqual(market.fetch_page("BTC/USDT", "1w", 0, until)[0][0], parse_instant("2010-01-04"))

    def test_weeks_begin_on_monday(self) -> None:
        weeks = PracticeMarket().candles("BTC/USDT", "1w", JANUARY_MS, JANUARY_MS + 5 * WEEK_MS)
        self.assertEqual(((weeks.open_time_ms - 4 * DAY_MS) % WEEK_MS).tolist(), [0] * 5)

    def test_one_market_serves_several_threads(self) -> None:
        market, answers = PracticeMarket(), {}

        def ask(symbol: str) -> None:
            answers[symbol] = market.fetch_page(symbol, "1m", JANUARY_MS, JANUARY_MS + DAY_MS)

        threads = [threading.Thread(target=ask, args=(symbol,)) for symbol in LISTINGS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for symbol in LISTINGS:
            alone = PracticeMarket().fetch_page(symbol, "1m", JANUARY_MS, JANUARY_MS + DAY_MS)
            self.assert_same_candles(answers[symbol], alone, symbol)


class ClockTest(CandleTestCase):
    def test_a_candle_is_served_once_it_is_closed_by_the_clock(self) -> None:
        now = [at(15) - 1]
        market = PracticeMarket(clock=lambda: now[0])
        self.assertEqual(market.server_time_ms(), now[0])
        self.assertEqual(len(market.fetch_page("BTC/USDT", "5m", JANUARY_MS, FAR_END_MS)), 2)
        now[0] += 1
        self.assertEqual(len(market.fetch_page("BTC/USDT", "5m", JANUARY_MS, FAR_END_MS)), 3)
        self.assertEqual(market.candles("BTC/USDT", "1m", JANUARY_MS, FAR_END_MS).rows, 15)

    def test_the_clock_changes_which_candles_are_served_but_none_of_them(self) -> None:
        present = at(90)
        page = PracticeMarket(clock=lambda: present).fetch_page("BTC/USDT", "1m", JANUARY_MS, JANUARY_MS + DAY_MS)
        self.assert_same_candles(page, PracticeMarket().fetch_page("BTC/USDT", "1m", JANUARY_MS, present))

    def test_without_a_clock_any_range_up_to_2100_is_history(self) -> None:
        for year in (2010, 2015, 2035, 2099):
            start = parse_instant(f"{year}-06-01")
            self.assertEqual(len(PracticeMarket().fetch_page("SOL/USDT", "1h", start, start + DAY_MS)), 24)
        self.assertEqual(PracticeMarket().fetch_page("SOL/USDT", "1h", FAR_END_MS, FAR_END_MS + DAY_MS), [])


class GridTest(CandleTestCase):
    def test_prices_and_volumes_are_multiples_of_tick_and_lot_with_short_text(self) -> None:
        market = PracticeMarket(4)
        for symbol, instrument in market.markets().items():
            for timeframe in ("1m", "4h"):
                candles = market.candles(symbol, timeframe, JANUARY_MS, JANUARY_MS + DAY_MS)
                for column, step in zip(candles[1:], [instrument.tick_size] * 4 + [instrument.lot_size], strict=True):
                    for value in column.tolist():
                        self.assertEqual(Decimal(repr(value)) % step, 0, (symbol, timeframe, value))

    def test_higher_timeframes_are_exact_joins_of_minutes(self) -> None:
        market = PracticeMarket(2)
        start = parse_instant("2024-01-01")  # a Monday
        for symbol in ("BTC/USDT", "DOGE/USDT"):
            minutes = market.candles(symbol, "1m", start, start + WEEK_MS)
            for timeframe in TIMEFRAMES:
                higher = market.candles(symbol, timeframe, start, start + WEEK_MS)
                rows = list(zip(*(column.tolist() for column in higher), strict=True))
                self.assert_same_candles(rows, joined(minutes, timeframe_ms(timeframe)), (symbol, timeframe))

    def test_weeks_are_joined_alike_across_the_batches_they_are_made_in(self) -> None:
        market = PracticeMarket(2)
        many = market.candles("XRP/USDT", "1w", JANUARY_MS, JANUARY_MS + 9 * WEEK_MS)
        single = [
            market.candles("XRP/USDT", "1w", JANUARY_MS + i * WEEK_MS, JANUARY_MS + (i + 1) * WEEK_MS) for i in range(9)
        ]
        self.assertEqual(many.volume.tolist(), [float(week.volume[0]) for week in single])
        self.assertEqual(many.high.tolist(), [float(week.high[0]) for week in single])

    def test_seeds_and_symbols_give_different_histories(self) -> None:
        ranges = [
            PracticeMarket(seed).candles(symbol, "1m", JANUARY_MS, JANUARY_MS + DAY_MS).volume.tobytes()
            for seed in (0, 1, 2, 2**63)
            for symbol in LISTINGS
        ]
        self.assertEqual(len(set(ranges)), len(ranges))

    def test_columns_have_the_promised_types(self) -> None:
        candles = PracticeMarket().candles("ADA/USDT", "1h", JANUARY_MS, JANUARY_MS + DAY_MS)
        self.assertEqual([column.dtype for column in candles], [np.dtype(np.int64)] + [np.dtype(np.float64)] * 5)


class RefusalTest(unittest.TestCase):
    def test_an_unknown_symbol_is_refused_with_what_is_listed(self) -> None:
        for symbol in ("BTCUSDT", "FOO/USDT", ""):
            with self.assertRaisesRegex(ConfigurationError, "not listed; allowed: BTC/USDT, ETH/USDT"):
                PracticeMarket().fetch_page(symbol, "1m", JANUARY_MS, JANUARY_MS + DAY_MS)

    def test_an_unknown_timeframe_is_refused_with_what_is_served(self) -> None:
        for timeframe in ("1s", "30s", "7m", "60m", "1M", "2w", "", "1"):
            with self.assertRaisesRegex(ConfigurationError, "not served; allowed: 1m, 2m.*, 1w"):
                PracticeMarket().candles("BTC/USDT", timeframe, JANUARY_MS, JANUARY_MS + DAY_MS)

    def test_a_refusal_does_not_depend_on_the_range(self) -> None:
        with self.assertRaises(ConfigurationError):
            PracticeMarket().fetch_page("FOO/USDT", "1m", JANUARY_MS, JANUARY_MS)

    def test_a_seed_outside_of_64_bits_is_refused(self) -> None:
        for seed in (-1, 2**64, 1.5, True, "1"):
            with self.assertRaisesRegex(ConfigurationError, "seed"):
                PracticeMarket(seed)  # type: ignore[arg-type]


class ImportTest(unittest.TestCase):
    def test_markets_and_timeframes_can_be_read_without_numpy(self) -> None:
        program = (
            "import sys; from market_data.practice.practice_listings import LISTINGS, TIMEFRAMES; "
            "[listing.instrument for listing in LISTINGS.values()]; print('numpy' in sys.modules)"
        )
        answer = subprocess.run(
            [sys.executable, "-c", program],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        self.assertEqual(answer.stdout.strip(), "False")


if __name__ == "__main__":
    unittest.main()
