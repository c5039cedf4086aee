"""Longer candles of stored ones: what they are made of, where they go, and where they are offered."""

import contextlib
import io
import json
import tempfile
import unittest

from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.config_backtest import ConfigBacktestRunner
from core.candle_columns import CandleColumns
from core.errors import DataUnavailableError
from core.instrument import Instrument
from market_data import HistoricalDataProvider, InstrumentStore
from market_data.__main__ import main
from market_data.candle_resampling import resampled
from market_data.store.candle_store import CandleStore
from tests.support.candle_tables import APRIL, candles_at, minutes, row_at, rows_of
from tests.support.scale import scaled
from tests.support.shared import CANDLES, REPOSITORY, needs_shared
from tests.support.times import MINUTE_MS, at

FIVE = 5 * MINUTE_MS


def made_by_hand(rows, length_ms):
    """Return the candles that some rows make, by a dictionary of their parts."""
    parts = {}
    for row in rows:
        parts.setdefault(row[0] - row[0] % length_ms, []).append(row)
    first, end = rows[0][0], rows[-1][0] + MINUTE_MS
    made = []
    for open_ms, inside in parts.items():
        if open_ms >= first and open_ms + length_ms <= end:
            volume = 0.0
            for row in inside:
                volume += row[5]
            extremes = max(row[2] for row in inside), min(row[3] for row in inside)
            made.append((open_ms, inside[0][1], *extremes, inside[-1][4], volume))
    return made


class Made(unittest.TestCase):
    @settings(max_examples=scaled(150, 3_000), deadline=None)
    @given(st.sets(st.integers(0, 60), min_size=1), st.integers(0, 4))
    def test_candles_are_those_of_their_parts_and_none_is_made_of_nothing(self, places, late):
        rows = [row_at(APRIL + place * MINUTE_MS, 100.0 + place % 7, 0.1 * place) for place in sorted(places)]
        made = resampled(CandleColumns.from_rows(rows), MINUTE_MS, FIVE)
        expected = made_by_hand(rows, FIVE)
        self.assertEqual(rows_of(made.candles), expected)
        whole = {place // 5 for place in places if all(place // 5 * 5 + part in places for part in range(5))}
        self.assertEqual(made.incomplete, len(expected) - len(whole & {(row[0] - APRIL) // FIVE for row in expected}))
        self.assertEqual(made.left_out, len({place // 5 for place in places}) - len(expected))

    def test_nothing_of_nothing(self):
        self.assertEqual(resampled(CandleColumns.empty(), MINUTE_MS, FIVE).candles.rows, 0)

    @needs_shared
    def test_an_exchanges_own_hours_are_its_minutes(self):
        store = CandleStore(self.enterContext(tempfile.TemporaryDirectory()))
        files = [str(CANDLES / "binance" / "BTC-USDT" / f"{timeframe}.csv.gz") for timeframe in ("1m", "1h")]
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(main(["import", "--exchange", "b", "--data-dir", str(store.root), *files]), 0)
        made = resampled(store.read("b", "BTC/USDT", "1m", 0, 2**60), MINUTE_MS, 60 * MINUTE_MS)
        own = store.read("b", "BTC/USDT", "1h", 0, 2**60)
        for name in ("open_time_ms", "open", "high", "low", "close"):
            self.assertEqual(getattr(made.candles, name).tolist(), getattr(own, name).tolist())
        self.assertLess(max(abs(made.candles.volume - own.volume)), 1e-6)


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.store = CandleStore(self.folder)
        self.store.write("binance", "BTC/USDT", "1m", candles_at(minutes(APRIL, 61)), source="test")
        self.store.add_coverage("binance", "BTC/USDT", "1m", APRIL, APRIL + 61 * MINUTE_MS)
        rules = Instrument("BTC/USDT", source="market list")
        InstrumentStore(self.folder).save("binance", {"BTC/USDT": rules}, 5)

    def run_verb(self, *arguments):
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main([*arguments, "--data-dir", self.folder])
        return code, output.getvalue(), errors.getvalue()

    def resample(self, *more, timeframe="15m", exchange="binance"):
        return self.run_verb("resample", "--exchange", exchange, "--symbol", "BTCUSDT", "--timeframe", timeframe, *more)

    def test_a_set_of_its_own_is_written_with_the_rules_and_the_exchanges_stays_as_it_is(self):
        code, output, errors = self.resample()
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("binance@resampled BTC/USDT 15m: 4 candles resampled from binance BTC/USDT 1m, 0 of them", output)
        self.assertIn("lack a part, 1 at the ends left out\n", output)
        self.assertEqual(self.store.timeframes("binance", "BTC/USDT"), ["1m"])
        self.assertEqual(self.store.timeframes("binance@resampled", "BTC/USDT"), ["15m"])
        stored = self.store.read("binance@resampled", "BTC/USDT", "15m", 0, 2**60)
        self.assertEqual(rows_of(stored), made_by_hand(rows_of(candles_at(minutes(APRIL, 61))), 15 * MINUTE_MS))
        self.assertEqual(InstrumentStore(self.folder).latest("binance@resampled")["BTC/USDT"].source, "market list")
        self.assertEqual(self.run_verb("verify")[0], 0)
        # Once more, and of more candles, it is what it would be at once.
        self.resample()
        self.assertEqual(self.store.revisions("binance@resampled", "BTC/USDT", "15m"), [])
        self.store.write("binance", "BTC/USDT", "1m", candles_at(minutes(APRIL, 90)), source="test")
        self.resample()
        self.assertEqual(self.store.read("binance@resampled", "BTC/USDT", "15m", 0, 2**60).rows, 6)
        self.assertIn("binance@2024+resampled", self.named("binance@2024"))

    def named(self, exchange):
        self.store.write(exchange, "BTC/USDT", "1m", candles_at(minutes(APRIL, 61)), source="test")
        return self.resample(exchange=exchange)[1]

    def test_what_cannot_be_made_is_one_line(self):
        for timeframe, code, said, more in (
            ("1m", 3, "no candles of binance BTC/USDT are stored that 1m can be made of", ()),
            ("90s", 3, "can be made of", ()),
            ("15m", 2, "timeframe '5m' is not stored", ("--from", "5m")),
            ("1m", 2, "candles of 1m cannot be made of 1m", ("--from", "1m")),
            ("1w", 3, "has no whole candle of 1w", ()),
        ):
            with self.subTest(timeframe, more=more):
                found, _, errors = self.resample(*more, timeframe=timeframe)
                self.assertEqual((found, errors.count("\n")), (code, 1))
                self.assertIn(said, errors)

    def test_a_stored_finer_timeframe_is_offered_where_the_asked_one_is_missing(self):
        command = "python -m market_data resample --exchange binance --symbol BTC/USDT --timeframe 15m"
        offer = f"1m of BTC/USDT is stored: `{command}`"
        self.store.write("mine", "BTC/USDT", "1m", candles_at(minutes(APRIL, 61)), source="test")
        own = HistoricalDataProvider("mine", self.folder)
        with self.assertRaises(DataUnavailableError) as caught:
            own.load(["BTCUSDT"], "15m", APRIL, APRIL + 60 * MINUTE_MS)
        self.assertIn(offer.replace("binance", "mine"), str(caught.exception))
        settings_file = REPOSITORY / "examples" / "binance-1m.yaml"
        runner = ConfigBacktestRunner(
            settings_file, "2024-04-01", "2024-04-01T01:00", "15m", ["BTCUSDT"], offline=True, data_dir=self.folder
        )
        with self.assertRaises(DataUnavailableError) as caught:
            runner.run()
        self.assertIn(offer, str(caught.exception))
        self.store.write("binance", "BTC/USDT", "15m", candles_at([APRIL - 15 * 60 * MINUTE_MS]), source="test")
        self.assertEqual(HistoricalDataProvider("binance", self.folder).finer_stored(["BTC/USDT"], "15m"), "")

    def test_the_first_of_all_practice_candles_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            provider = HistoricalDataProvider("practice", folder, progress=False, now_ms=lambda: at(100))
            found = provider.earliest(["BTCUSDT"], "1m")
            self.assertEqual(list(found), ["BTC/USDT"])
            self.assertIsNotNone(found["BTC/USDT"])
            first = found["BTC/USDT"]
            provider.fetch(["BTCUSDT"], "1m", first - 5 * MINUTE_MS, first + 5 * MINUTE_MS)
            listed = json.loads(self.listed(folder))[0]
            self.assertEqual((listed["first_ms"], listed["rows"]), (first, 5))

    def listed(self, folder):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            main(["list", "--json", "--data-dir", folder])
        return output.getvalue()


if __name__ == "__main__":
    unittest.main()
