"""Kline events and stream requests: shapes as recorded from the real exchange."""

import gzip
import json
import unittest
from typing import Any

from core.candle import Candle
from practice.messages.stream_messages import RefusedRequest, Stream, kline_event, parsed_request, parsed_stream
from tests.support.shared import RECORDINGS, needs_shared

CANDLE = Candle(1_704_067_200_000, 43_986.35, 44_010.0, 43_980.01, 44_000.5, 12.34567)
SYMBOLS = {"btcusdt": "BTC/USDT"}


def recorded_klines() -> list[dict[str, Any]]:
    """Return the combined kline messages of the spot exchanges' recordings."""
    found = []
    for name in ("BINANCE_US", "BINANCE_TR"):
        with gzip.open(RECORDINGS / "cryptofeed" / f"{name}.ws.1.0.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                _, _, text = line.partition(": ")
                if '"e":"kline"' in text and text.startswith("{"):
                    found.append(json.loads(text))
    return found


class Events(unittest.TestCase):
    @needs_shared
    def test_an_event_has_the_recorded_fields_in_their_order_and_types(self) -> None:
        recorded = recorded_klines()
        self.assertEqual({message["data"]["k"]["x"] for message in recorded}, {True, False})
        for final in (True, False):
            event = kline_event(Stream("BTC/USDT", "1m"), CANDLE, 60_000, final=final, event_ms=CANDLE.open_time_ms)
            ours = json.loads(event.combined)
            for real in recorded:
                for mine, theirs in (
                    (ours, real),
                    (ours["data"], real["data"]),
                    (ours["data"]["k"], real["data"]["k"]),
                ):
                    self.assertEqual([*mine], [*theirs])
                    self.assertEqual(
                        [type(value) for value in mine.values()], [type(value) for value in theirs.values()]
                    )
                for field in "ochlvqVQ":
                    for kline in (ours["data"]["k"], real["data"]["k"]):
                        self.assertRegex(kline[field], r"^\d+\.\d{8}$")
                self.assertEqual(real["data"]["k"]["T"] - real["data"]["k"]["t"], 59_999)
            self.assertEqual(ours["data"]["k"]["T"] - ours["data"]["k"]["t"], 59_999)

    @needs_shared
    def test_a_recorded_candle_without_trades_is_written_as_it_was_recorded(self) -> None:
        quiet = [message for message in recorded_klines() if message["data"]["k"]["n"] == 0]
        self.assertTrue(quiet)
        for message in quiet:
            event, kline = message["data"], message["data"]["k"]
            candle = Candle(kline["t"], *(float(kline[field]) for field in "ohlcv"))
            stream = Stream(f"{kline['s'][:-3]}/{kline['s'][-3:]}", kline["i"])
            ours = kline_event(stream, candle, 60_000, final=kline["x"], event_ms=event["E"])
            self.assertEqual(json.loads(ours.combined), message)
            self.assertEqual(ours.combined, json.dumps(message, separators=(",", ":")))

    def test_the_raw_form_is_the_event_alone(self) -> None:
        event = kline_event(Stream("BTC/USDT", "1m"), CANDLE, 60_000, final=True, event_ms=1)
        self.assertEqual(json.loads(event.combined), {"stream": "btcusdt@kline_1m", "data": json.loads(event.raw)})


class Requests(unittest.TestCase):
    def test_stream_names_are_read_strictly(self) -> None:
        self.assertEqual(parsed_stream("btcusdt@kline_15m", SYMBOLS), Stream("BTC/USDT", "15m"))
        for name in (
            "BTCUSDT@kline_1m",
            "btcusdt@kline_7m",
            "btcusdt@trade",
            "ethusdt@kline_1m",
            "",
            "btcusdt@kline_1M",
        ):
            self.assertIsNone(parsed_stream(name, SYMBOLS), name)

    def test_requests_that_are_none_are_refused_with_a_code(self) -> None:
        for text, code in (
            ("{", 3),
            (b"\xff\xfe", 3),
            ("[]", 2),
            ('{"params":[]}', 2),
            ('{"method":1}', 2),
            ('{"method":"SUBSCRIBE","id":-1}', 2),
            ('{"method":"SUBSCRIBE","id":1.5}', 2),
        ):
            with self.assertRaises(RefusedRequest) as caught:
                parsed_request(text)
            self.assertEqual(caught.exception.code, code, text)
