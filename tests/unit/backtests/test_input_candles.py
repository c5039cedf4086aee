"""The candles of a run and their hash, which changes with everything the kernel sees of the market and nothing else."""

import tempfile
import unittest
from decimal import Decimal

import msgspec

from backtests.input_candles import RunRequest, load_input
from backtests.market_input import MarketInput
from core.candle_columns import CandleColumns
from core.instants import parse_instant
from core.instrument import Instrument
from market_data.history.historical_data_provider import HistoricalDataProvider, LoadedCandles
from runs.identity.data_hash import data_sha256 as market_sha256
from tests.support.candle_tables import APRIL, candles_at, minutes, rows_of
from tests.support.times import MINUTE_MS

BTC = "BTC/USDT"
RULES = Instrument(BTC, Decimal("0.01"), Decimal("0.001"), Decimal(5), Decimal("0.002"), as_of_ms=7, source="test")


def loaded(window=None, warmup=None, rules=RULES):
    stored = candles_at(minutes(APRIL - 3 * MINUTE_MS, 3)) if warmup is None else warmup
    return LoadedCandles(BTC, stored, candles_at(minutes(APRIL, 5)) if window is None else window, rules, {})


def data_sha256(candles, timeframe, **more):
    return market_sha256(MarketInput(candles, timeframe, **more))


def with_value(columns, row, column, value):
    rows = [list(one) for one in rows_of(columns)]
    rows[row][column] = value
    return CandleColumns.from_rows(map(tuple, rows))


class DataHash(unittest.TestCase):
    def setUp(self):
        self.hash = data_sha256({BTC: loaded()}, "1m")

    def changed(self, one=None, timeframe="1m", symbol=BTC):
        self.assertNotEqual(data_sha256({symbol: one or loaded()}, timeframe), self.hash)

    def test_the_same_candles_have_the_same_hash(self):
        self.assertEqual(data_sha256({BTC: loaded()}, "1m"), self.hash)

    def test_any_value_of_any_candle_of_the_window_changes_it(self):
        window = loaded().window
        for row in range(window.rows):
            for column in range(6):
                with self.subTest(row=row, column=column):
                    value = rows_of(window)[row][column]
                    self.changed(loaded(with_value(window, row, column, value + (1 if column == 0 else 1e-9))))

    def test_any_value_of_the_warm_up_changes_it(self):
        warmup = loaded().warmup
        for column in range(1, 6):
            self.changed(loaded(warmup=with_value(warmup, 0, column, 77.0)))
        self.changed(loaded(warmup=warmup.slice(1, 3)))
        self.changed(loaded(warmup=CandleColumns.empty()))

    def test_a_candle_more_or_less_changes_it_and_so_does_one_that_moves_from_warm_up_to_window(self):
        everything = candles_at(minutes(APRIL, 8))
        hashes = {
            data_sha256({BTC: loaded(everything.slice(cut, 8), everything.slice(0, cut))}, "1m") for cut in range(9)
        }
        self.assertEqual(len(hashes), 9)
        self.changed(loaded(everything.slice(0, 4)))

    def test_every_trading_rule_changes_it_and_its_source_does_not(self):
        for rule in ("tick_size", "lot_size", "min_notional", "min_quantity"):
            with self.subTest(rule=rule):
                self.changed(loaded(rules=msgspec.structs.replace(RULES, **{rule: Decimal("0.5")})))
        same = msgspec.structs.replace(RULES, as_of_ms=None, source="elsewhere", tick_size=Decimal("0.0100"))
        self.assertEqual(data_sha256({BTC: loaded(rules=same)}, "1m"), self.hash)

    def test_symbol_timeframe_and_the_order_of_symbols_change_it(self):
        self.changed(timeframe="5m")
        self.changed(symbol="ETH/USDT")
        both = {BTC: loaded(), "ETH/USDT": loaded()}
        turned = dict(reversed(both.items()))
        self.assertNotEqual(data_sha256(both, "1m"), data_sha256(turned, "1m"))


class FramesOnly:
    """A provider of which nothing but ``fetch_ohlcv`` is known."""

    def __init__(self, provider):
        self._provider = provider

    def fetch_ohlcv(self, *arguments):
        return self._provider.fetch_ohlcv(*arguments)


class BothWays(unittest.TestCase):
    def test_frames_and_columns_of_the_same_provider_are_the_same_candles_wherever_the_range_begins_and_ends(self):
        with tempfile.TemporaryDirectory() as folder:
            provider = HistoricalDataProvider("practice", folder, now_ms=lambda: parse_instant("2024-02-01"))
            for start, end in (
                ("2024-01-02", "2024-01-02T06:00"),
                ("2024-01-02T00:07", "2024-01-02T06:00"),
                ("2024-01-02T00:14:59", "2024-01-02T05:59"),
                ("2024-01-02T00:00:01", "2024-01-02T06:07"),
            ):
                with self.subTest(start=start, end=end):
                    window = (parse_instant(start), parse_instant(end))
                    request = RunRequest(["BTC/USDT", "ETHUSDT"], "15m", *window, 10, "snap")
                    direct, framed = load_input(provider, request), load_input(FramesOnly(provider), request)
                    for symbol, one in direct.items():
                        self.assertEqual(rows_of(framed[symbol].warmup), rows_of(one.warmup))
                        self.assertEqual(rows_of(framed[symbol].window), rows_of(one.window))
                        self.assertEqual(one.warmup.rows, 10)
                        self.assertGreaterEqual(one.window.open_time_ms[0], window[0])
                        self.assertLessEqual(one.window.open_time_ms[-1] + 15 * MINUTE_MS, window[1])
                        self.assertLessEqual(one.warmup.open_time_ms[-1] + 15 * MINUTE_MS, window[0])


if __name__ == "__main__":
    unittest.main()
