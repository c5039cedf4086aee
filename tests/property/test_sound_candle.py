"""One rule says which numbers make a candle, whichever way they come: alone, in columns, by a parser or a file."""

import json
import math
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.candle import Candle
from core.candle_columns import CandleColumns
from market_data.exchanges.exchange_description import described
from market_data.exchanges.parsers.binance_kline import parse_binance_klines
from market_data.exchanges.parsers.exchange_candle import ExchangeCandle
from market_data.files.series_files import read_series_file
from market_data.quality.candle_quality import check_candles, sound_rows
from market_data.quality.sound_candle import unsound
from tests.support.scale import scaled
from tests.support.times import JANUARY_MS, MINUTE_MS

Numbers = tuple[float, float, float, float, float]
CLOSE_MS = JANUARY_MS + MINUTE_MS

EDGES = (9.9e-13, 1e-12, 1e12, 1.1e12)
ODD = (math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, 5e-324, 1.7976931348623157e308, 1e22, *EDGES)
NUMBER = st.sampled_from((1.0, 1.0, 2.0, 2.0, 3.0, 1.5, *ODD)) | st.floats(0.5, 4.0)
ROWS = st.tuples(NUMBER, NUMBER, NUMBER, NUMBER, NUMBER)
ORDERED = st.tuples(st.floats(1.0, 2.0), st.floats(2.0, 3.0), st.floats(0.5, 1.0), st.floats(1.0, 2.0), NUMBER)


def plainly_sound(row: Numbers) -> bool:
    """The rule as the design page has it."""
    first, high, low, last, volume = row
    finite = all(math.isfinite(value) for value in row)
    traded = min(row[:4]) >= 1e-12 and max(row[:4]) <= 1e12
    return finite and traded and volume >= 0 and high >= max(first, last) and low <= min(first, last)


def binance(row: Numbers) -> str:
    names = dict(zip("ohlcv", map(repr, row), strict=True))
    kline = {"t": JANUARY_MS, "T": CLOSE_MS - 1, "s": "BTCUSDT", "i": "1m", "x": True, **names}
    return json.dumps({"e": "kline", "E": CLOSE_MS, "s": "BTCUSDT", "k": kline})


def bybit(row: Numbers) -> str:
    names = dict(zip(("open", "high", "low", "close", "volume"), map(repr, row), strict=True))
    kline = {"start": JANUARY_MS, "interval": "1", "confirm": True, "timestamp": CLOSE_MS, **names}
    return json.dumps({"topic": "kline.1.BTCUSDT", "data": [kline]})


def dydx(row: Numbers) -> str:
    names = dict(zip(("open", "high", "low", "close", "baseTokenVolume"), map(repr, row), strict=True))
    contents = {"startedAt": "2024-01-01T00:00:00.000Z", "ticker": "BTC-USD", "resolution": "1MIN", **names}
    return json.dumps({"type": "channel_data", "channel": "v4_candles", "contents": contents})


def gate(row: Numbers) -> str:
    names = dict(zip("ohlca", map(repr, row), strict=True))
    result = {"t": str(JANUARY_MS // 1000), "v": "1", "n": "1m_BTC_USDT", "w": True, **names}
    return json.dumps({"time": CLOSE_MS // 1000, "channel": "spot.candlesticks", "event": "update", "result": result})


def kraken(row: Numbers) -> str:
    names = dict(zip(("open", "high", "low", "close", "volume"), row, strict=True))
    data = {"symbol": "BTC/USD", "interval": 1, "interval_begin": "2024-01-01T00:00:00.000000000Z", **names}
    return json.dumps({"channel": "ohlc", "type": "update", "data": [data]})


def okx(row: Numbers) -> str:
    numbers = [str(JANUARY_MS), *map(repr, row), "1", "1", "1"]
    return json.dumps({"arg": {"channel": "candle1m", "instId": "BTC-USDT"}, "data": [numbers]})


FRAMES: dict[str, Callable[[Numbers], str]] = {
    "binance": binance, "bybit": bybit, "dydx": dydx, "gate": gate, "kraken": kraken, "okx": okx
}  # fmt: skip


def by_frame(exchange: str, row: Numbers) -> Candle | None:
    """Return the candle that an exchange's parser reads, None where it reads none."""
    parse = described(exchange).parse_frame
    reading = parse(FRAMES[exchange](row)) if parse is not None else []
    return reading[0].candle if isinstance(reading, list) else None


def by_rest(row: Numbers) -> Candle | None:
    """Return the candle that the parser of Binance's REST rows reads, None where it reads none."""
    numbers = [JANUARY_MS, *map(repr, row), CLOSE_MS - 1, "1", 1, "1", "1", "0"]
    reading = parse_binance_klines(json.dumps([numbers]))
    return reading[0].candle if isinstance(reading, list) and isinstance(reading[0], ExchangeCandle) else None


class SoundCandle(unittest.TestCase):
    @settings(max_examples=scaled(150, 3_000), deadline=None)
    @given(st.one_of(ROWS, ORDERED))
    @example((1.0, 2.0, 0.5, 1.5, 0.0))
    @example((1.0, 1.0, 1.0, 1.0, -0.0))
    @example((1.0, 2.0, 0.0, 1.5, 1.0))
    @example((1e-12, 1e12, 1e-12, 1.0, 1e15))
    @example((1.0, 1.1e12, 1.0, 1.0, 1.0))
    @example((1.0, 1.0, 9.9e-13, 1.0, 1.0))
    @example((5e-324, 5e-324, 5e-324, 5e-324, 1.7976931348623157e308))
    def test_one_candle_columns_and_parsers_take_the_same_rows(self, row: Numbers) -> None:
        sound = plainly_sound(row)
        columns = CandleColumns.from_rows([(JANUARY_MS, *row)])
        self.assertEqual(unsound(Candle(JANUARY_MS, *row)) is None, sound)
        self.assertEqual(bool(sound_rows(columns)[0]), sound)
        accepted, report = check_candles(columns, MINUTE_MS)
        self.assertEqual(accepted.rows, int(sound))
        readings = {name: by_frame(name, row) for name in FRAMES} | {"rest": by_rest(row)}
        for name, candle in readings.items():
            # A parser passes on what is a price and a volume; whether they make a candle is judged next.
            self.assertEqual(candle is None, bool({"bad_price", "bad_volume"} & set(report.refused)), name)
            self.assertEqual(candle is not None and unsound(candle) is None, sound, name)
            self.assertIn(candle, (None, Candle(JANUARY_MS, *row)), name)

    @settings(max_examples=scaled(30, 500), deadline=None)
    @given(st.lists(st.one_of(ROWS, ORDERED), min_size=1, max_size=30))
    def test_of_many_rows_in_a_file_the_sound_ones_are_taken(self, rows: list[Numbers]) -> None:
        lines = [f"{JANUARY_MS + at * MINUTE_MS},{','.join(map(repr, row))}" for at, row in enumerate(rows)]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "1m.csv"
            path.write_text("\n".join(["timestamp,open,high,low,close,volume", *lines, ""]))
            accepted, _ = check_candles(read_series_file(path).candles, MINUTE_MS)
        expected = [(JANUARY_MS + at * MINUTE_MS, *row) for at, row in enumerate(rows) if plainly_sound(row)]
        self.assertEqual(list(zip(*(column.tolist() for column in accepted), strict=True)), expected)


if __name__ == "__main__":
    unittest.main()
