"""The parsers over every recorded candle message, and over what becomes of such messages when bytes are damaged."""

import gzip
import json
import unittest
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.candle import Candle
from market_data.exchanges.exchange_description import FrameParser, described
from market_data.exchanges.parsers.binance_kline import parse_binance_kline, parse_binance_klines
from market_data.exchanges.parsers.exchange_candle import ExchangeCandle
from market_data.feeds.feed_event import Unreadable
from tests.support.scale import scaled
from tests.support.shared import RECORDINGS, needs_shared

CRYPTOFEED = RECORDINGS / "cryptofeed"
NAUTILUS = RECORDINGS / "nautilus_trader"
EXCHANGES = ("binance", "gate", "okx", "bybit", "kraken", "dydx")
# Messages of each exchange as its recordings have them.
KLINE = (
    '{"stream":"akrousdt@kline_1m","data":{"e":"kline","E":1626992742139,"s":"AKROUSDT","k":{"t":1626992700000,'
    '"T":1626992759999,"s":"AKROUSDT","i":"1m","f":27931328,"L":27931348,"o":"0.01731","c":"0.01731","h":"0.01733",'
    '"l":"0.01731","v":"156058","n":21,"x":false,"q":"2702.20770","V":"68508","Q":"1186.71720","B":"0"}}}'
)
EXAMPLES = {
    "binance": KLINE,
    "gate": '{"time":1619093534,"channel":"spot.candlesticks","event":"update","result":{"t":"1619093520","v":"0",'
    '"c":"120.92","h":"120.92","l":"120.92","o":"120.92","n":"1m_DIS_USDT"}}',
    "okx": '{"arg":{"channel":"candle1m","instId":"ETH-USD"},"data":[["1685221620000","1880","1880","1880","1880",'
    '"0","0","0","0"]]}',
    "bybit": '{"topic":"kline.5.BTCUSDT","data":[{"start":1672324800000,"end":1672325099999,"interval":"5",'
    '"open":"16649.5","close":"16677","high":"16677","low":"16608","volume":"2.081","turnover":"34666.4005",'
    '"confirm":false,"timestamp":1672324988882}],"ts":1672324988882,"type":"snapshot"}',
    "kraken": '{"channel":"ohlc","type":"update","data":[{"symbol":"BTC/USD","interval":1,"interval_begin":'
    '"2023-10-04T16:25:00.000000000Z","open":106038.2,"high":106044.3,"low":106038.1,"close":106040.1,'
    '"volume":30927.68066226,"vwap":106039.6,"trades":12}]}',
    "dydx": '{"type":"channel_data","connection_id":"c","message_id":4,"id":"BTC-USD/1MIN","channel":"v4_candles",'
    '"version":"1.0.0","contents":{"startedAt":"2024-01-01T00:01:00.000Z","ticker":"BTC-USD","resolution":"1MIN",'
    '"low":"43350.0","high":"43600.0","open":"43400.0","close":"43550.0","baseTokenVolume":"8.765","trades":98}}',
}
ROWS = '[[1499040000000,"0.016","0.8","0.015","0.0157","148976.1",1499644799999,"2434.1",308,"1756.8","28.4","0"]]'


def recorded(name: str) -> Iterator[str]:
    """Yield the messages of a recording, the lines of the subscription as far as they hold one."""
    with gzip.open(CRYPTOFEED / f"{name}.ws.1.0.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield line.rstrip("\n").partition(": ")[2]


def parser(exchange: str) -> FrameParser:
    """Return the parser of an exchange, which must be there."""
    found = described(exchange).parse_frame
    if found is None:
        raise AssertionError(exchange)
    return found


def text(path: Path) -> str:
    """Return a recorded single message."""
    return path.read_text(encoding="utf-8")


@needs_shared
class RecordedMessages(unittest.TestCase):
    def count(self, name: str, exchange: str) -> Counter[bool | None]:
        parse = parser(exchange)
        readings = [parse(message) for message in recorded(name)]
        candles = [one for reading in readings if not isinstance(reading, Unreadable) for one in reading]
        return Counter(one.closed for one in candles)

    def test_every_kline_of_a_recording_is_found_and_every_closed_one_is_closed(self) -> None:
        self.assertEqual(self.count("BINANCE_FUTURES", "binance"), {False: 63, True: 4})
        self.assertEqual(self.count("BINANCE_DELIVERY", "binance"), {False: 33})
        self.assertEqual(self.count("BINANCE_US", "binanceus"), {False: 4, True: 1})
        self.assertEqual(self.count("BINANCE_TR", "binance"), {False: 4, True: 4})
        self.assertEqual(self.count("GATEIO", "gate"), {None: 14})
        self.assertEqual(self.count("OKCOIN", "okx"), {False: 8, True: 4})

    def test_the_numbers_of_a_recording_are_those_that_json_reads(self) -> None:
        seen = 0
        for message in recorded("BINANCE_FUTURES"):
            if '"e":"kline"' not in message:
                continue
            event = json.loads(message)["data"]
            kline = event["k"]
            expected = Candle(kline["t"], *(float(kline[key]) for key in "ohlcv"))
            reading = parse_binance_kline(message)
            self.assertEqual(reading, [ExchangeCandle(event["s"], "1m", expected, kline["x"], event["E"])])
            seen += 1
        self.assertEqual(seen, 67)

    def test_answers_to_subscriptions_are_known_and_carry_nothing(self) -> None:
        for name, exchange, known in (("GATEIO", "gate", '"spot.candlesticks","event":"subscribe"'),):
            answers = [message for message in recorded(name) if known in message]
            self.assertTrue(answers)
            self.assertTrue(all(parser(exchange)(answer) == [] for answer in answers))

    def test_no_parser_stumbles_over_the_messages_of_any_exchange(self) -> None:
        parsers = [parser(exchange) for exchange in EXCHANGES]
        for path in sorted(CRYPTOFEED.glob("*.gz")):
            messages = list(recorded(path.name.partition(".")[0]))[:: scaled(5, 1)]
            for message in messages:
                for parse in parsers:
                    self.assertIsInstance(parse(message), list | Unreadable)

    def test_rest_klines_are_read_whole(self) -> None:
        rows = 0
        for path in sorted((RECORDINGS / "static-klines").rglob("*.json")):
            body = text(path)
            read = parse_binance_klines(body)
            self.assertIsInstance(read, list)
            expected = [Candle(row[0], *map(float, row[1:6])) for row in json.loads(body)]
            self.assertEqual([one.candle for one in read if isinstance(one, ExchangeCandle)], expected)
            rows += len(expected)
        self.assertGreater(rows, 2_000)

    def test_single_messages_of_other_collections_are_read(self) -> None:
        binance = NAUTILUS / "binance"
        stream = binance / "rust/futures/market_data_json"
        for name, closed in (("kline_stream_open", False), ("kline_stream_closed", True)):
            reading = parse_binance_kline(text(stream / f"{name}.json"))
            self.assertEqual([one.closed for one in _candles(reading)], [closed])
        klines = [
            *(binance / "python/http_responses").glob("*klines.json"),
            binance / "rust/spot/http_json/klines_response.json",
        ]
        self.assertEqual(len(klines), 6)
        for path in klines:
            self.assertEqual(len(_candles(parse_binance_klines(text(path)))), len(json.loads(text(path))), path.name)

    def test_single_messages_of_other_exchanges_are_read(self) -> None:
        cases = {
            "okx/rust/ws_candle": ("okx", "BTC-USDT", "1D", 8548.26, True),
            "bybit/rust/ws_kline": ("bybit", "BTCUSDT", "5m", 16677.0, False),
            "kraken/rust/ws_ohlc_update": ("kraken", "BTC/USD", "1m", 106040.1, None),
            "dydx/rust/ws_candles_update": ("dydx", "BTC-USD", "1m", 43550.0, None),
            "dydx/rust/ws_candles_subscribed": ("dydx", "BTC-USD", "1m", 43400.0, None),
        }
        for name, (exchange, *expected) in cases.items():
            (one,) = _candles(parser(exchange)(text(NAUTILUS / f"{name}.json")))
            self.assertEqual([one.market_id, one.interval, one.candle.close, one.closed], expected, name)
        (kraken,) = _candles(parser("kraken")(text(NAUTILUS / "kraken/rust/ws_ohlc_update.json")))
        self.assertEqual(kraken.candle.open_time_ms, 1_696_436_700_000)


class SingleFrames(unittest.TestCase):
    def test_each_exchange_s_message_is_read_from_text_and_from_bytes(self) -> None:
        for exchange, message in EXAMPLES.items():
            from_text, from_bytes = parser(exchange)(message), parser(exchange)(message.encode())
            self.assertEqual(len(_candles(from_text)), 1, exchange)
            self.assertEqual(from_text, from_bytes)

    def test_a_raw_stream_s_event_reads_as_the_combined_one(self) -> None:
        raw = json.dumps(json.loads(KLINE)["data"])
        self.assertEqual(parse_binance_kline(raw), parse_binance_kline(KLINE))

    def test_impossible_numbers_are_unreadable(self) -> None:
        numbers = ("NaN", "-0.01731", "0", "inf", "", " 1", "1_0", "0x1", "1e999", "١")
        for exchange in ("binance", "gate", "okx", "bybit", "dydx"):
            message = EXAMPLES[exchange]
            price = {"binance": "0.01733", "gate": "120.92", "okx": "1880", "bybit": "16608", "dydx": "43350.0"}
            for number in numbers:
                damaged = message.replace(f'"{price[exchange]}"', json.dumps(number), 1)
                self.assertNotEqual(damaged, message)
                self.assertIsInstance(parser(exchange)(damaged), Unreadable, (exchange, number))
        for number in ("-1", '"x"', "null", "1e999", "NaN"):
            damaged = EXAMPLES["kraken"].replace("106038.1", number, 1)
            self.assertIsInstance(parser("kraken")(damaged), Unreadable, number)

    def test_a_negative_volume_is_unreadable_and_none_traded_is_not(self) -> None:
        self.assertIsInstance(parse_binance_kline(KLINE.replace('"156058"', '"-1"')), Unreadable)
        self.assertEqual(_candles(parse_binance_kline(KLINE.replace('"156058"', '"0.0"')))[0].candle.volume, 0.0)

    def test_missing_fields_and_wrong_types_are_unreadable(self) -> None:
        event = json.loads(KLINE)["data"]
        for name in ("e", "E", "s", "k"):
            self.assertIsInstance(parse_binance_kline(json.dumps({**event, name: None})), Unreadable, name)
            rest = {key: value for key, value in event.items() if key != name}
            self.assertIsInstance(parse_binance_kline(json.dumps(rest)), Unreadable, name)
        for name in "tTsiohlcvx":
            for wrong in (None, [], {}, 1.5, -1):
                damaged = json.dumps({**event, "k": {**event["k"], name: wrong}})
                self.assertIsInstance(parse_binance_kline(damaged), Unreadable, (name, wrong))
            rest = {**event, "k": {key: value for key, value in event["k"].items() if key != name}}
            self.assertIsInstance(parse_binance_kline(json.dumps(rest)), Unreadable, name)

    def test_every_truncation_is_unreadable(self) -> None:
        for exchange, message in EXAMPLES.items():
            for end in range(len(message)):
                self.assertIsInstance(parser(exchange)(message[:end]), Unreadable, (exchange, end))

    def test_what_is_no_message_is_unreadable(self) -> None:
        frames = ("", "{}", "[]", "null", "1", '"x"', "hello", "\ud800", b"\xff\xfe\x00", b"\x80", "[" * 5_000, "{" * 9)
        for exchange in EXCHANGES:
            for frame in frames:
                self.assertIsInstance(parser(exchange)(frame), Unreadable, (exchange, frame[:9]))

    def test_an_event_that_contradicts_itself_is_unreadable(self) -> None:
        other = KLINE.replace('"s":"AKROUSDT","k"', '"s":"BTCUSDT","k"')
        self.assertIsInstance(parse_binance_kline(other), Unreadable)
        self.assertIsInstance(parse_binance_kline(KLINE.replace("1626992759999", "1626992700000")), Unreadable)

    def test_errors_that_an_exchange_reports_are_unreadable_and_answers_are_not(self) -> None:
        self.assertEqual(parse_binance_kline('{"result":null,"id":1}'), [])
        self.assertIsInstance(parse_binance_kline('{"error":{"code":2,"msg":"Invalid request"},"id":1}'), Unreadable)
        self.assertEqual(parser("okx")("pong"), [])
        self.assertEqual(parser("okx")('{"event":"subscribe","arg":{"channel":"candle1m","instId":"X"}}'), [])
        self.assertIsInstance(parser("okx")('{"event":"error","code":"60012","msg":"x"}'), Unreadable)
        self.assertEqual(parser("bybit")('{"success":true,"ret_msg":"pong","op":"ping"}'), [])
        self.assertIsInstance(parser("bybit")('{"success":false,"ret_msg":"x","op":"subscribe"}'), Unreadable)
        self.assertEqual(parser("kraken")('{"channel":"heartbeat"}'), [])
        self.assertIsInstance(parser("kraken")('{"method":"subscribe","success":false,"error":"x"}'), Unreadable)
        self.assertEqual(parser("dydx")('{"type":"connected","connection_id":"c","message_id":0}'), [])

    def test_one_impossible_row_of_rest_does_not_take_the_others_with_it(self) -> None:
        good = json.loads(ROWS)[0]
        bad = [good[0] + 1, "-1", *good[2:]]
        read = parse_binance_klines(json.dumps([good, bad, good]))
        self.assertIsInstance(read, list)
        self.assertEqual([isinstance(row, Unreadable) for row in read], [False, True, False])

    def test_a_rest_answer_that_holds_no_rows_is_unreadable(self) -> None:
        for body in ("{}", '{"code":-1121,"msg":"Invalid symbol."}', '[["soon",null]]', ROWS[:-1], "<html>", "[[1]]"):
            self.assertIsInstance(parse_binance_klines(body), Unreadable, body)
        self.assertEqual(parse_binance_klines("[]"), [])

    def test_candles_of_okx_that_open_at_midnight_of_hong_kong_are_not_called_by_our_word(self) -> None:
        words = {"candle1m": "1m", "candle4H": "4h", "candle1D": "1D", "candle1Dutc": "1d", "candle1M": "1M"}
        for word, interval in words.items():
            (one,) = _candles(parser("okx")(EXAMPLES["okx"].replace("candle1m", word)))
            self.assertEqual(one.interval, interval)


class DamagedFrames(unittest.TestCase):
    @settings(max_examples=scaled(150, 5_000), deadline=None)
    @given(
        exchange=st.sampled_from(EXCHANGES),
        cuts=st.lists(
            st.tuples(st.integers(0, 500), st.integers(0, 12), st.binary(max_size=8)), min_size=1, max_size=4
        ),
    )
    @example(exchange="binance", cuts=[(0, 0, b"\xef\xbb\xbf")])
    def test_a_damaged_message_is_read_or_unreadable_and_never_raises(
        self, exchange: str, cuts: list[tuple[int, int, bytes]]
    ) -> None:
        frame = EXAMPLES[exchange].encode()
        for start, length, put in cuts:
            frame = frame[:start] + put + frame[start + length :]
        self._check(parser(exchange)(frame))

    @settings(max_examples=scaled(150, 5_000), deadline=None)
    @given(
        exchange=st.sampled_from(EXCHANGES),
        place=st.integers(0, 40),
        value=st.one_of(
            st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.just([]), st.just({})
        ),
    )
    def test_a_message_with_one_value_replaced_is_read_or_unreadable(
        self, exchange: str, place: int, value: object
    ) -> None:
        message = json.loads(EXAMPLES[exchange])
        spots = list(_spots(message))
        holder, key = spots[place % len(spots)]
        holder[key] = value
        self._check(parser(exchange)(json.dumps(message)))

    @settings(max_examples=scaled(100, 2_000), deadline=None)
    @given(cuts=st.tuples(st.integers(0, 120), st.integers(0, 9), st.binary(max_size=6)))
    def test_damaged_rest_rows_are_read_or_unreadable(self, cuts: tuple[int, int, bytes]) -> None:
        start, length, put = cuts
        body = ROWS.encode()
        read = parse_binance_klines(body[:start] + put + body[start + length :])
        self.assertIsInstance(read, list | Unreadable)

    def _check(self, reading: object) -> None:
        self.assertIsInstance(reading, list | Unreadable)
        for one in reading if isinstance(reading, list) else []:
            candle = one.candle
            prices = (candle.open, candle.high, candle.low, candle.close)
            self.assertTrue(all(0.0 < price < float("inf") for price in prices))
            self.assertTrue(0.0 <= candle.volume < float("inf"))
            self.assertTrue(0 <= candle.open_time_ms < 1 << 48)


def _candles(reading: object) -> list[ExchangeCandle]:
    if isinstance(reading, Unreadable):
        raise AssertionError(reading.reason)
    return [one for one in reading if isinstance(one, ExchangeCandle)] if isinstance(reading, list) else []


def _spots(value: object) -> Iterator[tuple[dict[str, object] | list[object], object]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        yield from _spots(inner)


if __name__ == "__main__":
    unittest.main()
