"""The loopback server by plain HTTP: shapes as recorded from the real exchange, ranges, refusals, faults."""

import contextlib
import json
import re
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from decimal import Decimal
from email.message import Message

from core.errors import ConfigurationError, InvariantError
from core.instrument import Instrument
from core.timeframe import timeframe_ms
from market_data import CandleColumns, CandleStore
from practice import BinanceRestServer, ColumnsSource, Fault, FaultKind, FaultPlan, StoreSource
from practice.messages.binance_messages import decimal_text
from tests.support.exchanges.loopback import HandClock, practice_columns, without
from tests.support.shared import RECORDINGS, needs_shared
from tests.support.times import JANUARY_MS, MINUTE_MS, at
from tests.support.waiting import LONG_S, PATIENCE_S

BTC = without(practice_columns("BTC/USDT", 3000), 100, 2000)
RULES = Instrument(
    "BTC/USDT",
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.00001"),
    min_notional=Decimal(5),
    min_quantity=Decimal("0.0001"),
)


class ServerCase(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = HandClock(at(3000))
        self.server = BinanceRestServer(ColumnsSource({("BTC/USDT", "1m"): BTC}, {"BTC/USDT": RULES}), clock=self.clock)
        self.server.start()
        self.addCleanup(self.server.stop)

    def get(self, path: str) -> tuple[int, Message, object]:
        """Return status, headers and decoded body of an answer."""
        try:
            with urllib.request.urlopen(f"{self.server.url}/api/v3/{path}", timeout=PATIENCE_S) as answer:
                return answer.status, answer.headers, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with contextlib.closing(error):
                return error.code, error.headers, json.loads(error.read())

    def opens(self, query: str) -> list[int]:
        """Return the open times, in minutes, of the klines of a query."""
        status, _, rows = self.get(f"klines?symbol=BTCUSDT&interval=1m{query}")
        self.assertEqual(status, 200)
        return [(row[0] - JANUARY_MS) // MINUTE_MS for row in rows]  # type: ignore[attr-defined]


class Klines(ServerCase):
    def test_both_ends_of_a_range_are_included_and_holes_are_skipped(self) -> None:
        self.assertEqual(self.opens(f"&startTime={at(98)}&endTime={at(2001)}"), [98, 99, 2000, 2001])
        self.assertEqual(self.opens(f"&startTime={at(98) + 1}&endTime={at(2001) - 1}"), [99, 2000])

    def test_a_start_alone_gives_the_first_candles_after_it(self) -> None:
        self.assertEqual(self.opens(f"&startTime={at(95)}&limit=7"), [95, 96, 97, 98, 99, 2000, 2001])

    def test_an_end_alone_gives_the_last_candles_up_to_it(self) -> None:
        self.assertEqual(self.opens(f"&endTime={at(2001)}&limit=4"), [98, 99, 2000, 2001])

    def test_without_a_range_the_latest_come_and_500_of_them(self) -> None:
        self.assertEqual(self.opens(""), list(range(2500, 3000)))
        self.assertEqual(len(self.opens("&limit=5000")), 1000)

    def test_the_candle_that_is_open_by_the_servers_clock_is_served_as_it_forms(self) -> None:
        self.clock.now_ms = at(50) + 15_000
        _, _, rows = self.get(f"klines?symbol=BTCUSDT&interval=1m&startTime={at(49)}")
        closed, forming = rows  # type: ignore[misc]
        self.assertEqual([float(text) for text in closed[1:6]], [float(column[49]) for column in BTC[1:]])
        self.assertEqual(forming[0], at(50))
        opened, high, low, close = (float(text) for text in forming[1:5])
        self.assertEqual(opened, float(BTC.open[50]))
        self.assertTrue(float(BTC.low[50]) <= low <= min(opened, close) <= max(opened, close) <= high)
        self.assertLessEqual(high, float(BTC.high[50]))
        self.assertNotEqual((high, low), (float(BTC.high[50]), float(BTC.low[50])))
        self.assertAlmostEqual(float(forming[5]), float(BTC.volume[50]) / 4, places=8)

    def test_refusals_have_binances_codes(self) -> None:
        for query, code, text in (
            ("symbol=NOPE&interval=1m", -1121, "Invalid symbol."),
            ("symbol=BTCUSDT&interval=7m", -1120, "Invalid interval."),
            ("symbol=BTCUSDT", -1102, "Mandatory parameter 'interval'"),
            ("interval=1m", -1102, "Mandatory parameter 'symbol'"),
            ("symbol=BTCUSDT&interval=1m&startTime=now", -1100, "startTime"),
            ("symbol=BTCUSDT&interval=1m&limit=0", -1100, "limit"),
        ):
            status, _, body = self.get(f"klines?{query}")
            self.assertEqual((status, body["code"]), (400, code), query)  # type: ignore[index, call-overload]
            self.assertIn(text, body["msg"])  # type: ignore[index, call-overload]

    @needs_shared
    def test_a_candle_has_the_recorded_exchanges_shape(self) -> None:
        _, _, rows = self.get("klines?symbol=BTCUSDT&interval=1m&limit=2")
        recorded = [
            *json.loads((RECORDINGS / "static-klines/BTCUSDT/1h/2024-04-01.json").read_text())[:5],
            *json.loads((RECORDINGS / "static-klines/BTCUSDT/15m/2026-01-05.json").read_text())[:5],
            *json.loads((RECORDINGS / "nautilus_trader/binance/rust/spot/http_json/klines_response.json").read_text())[
                :1
            ],
        ]
        for real in recorded:
            for ours in rows:  # type: ignore[attr-defined]
                self.assertEqual([type(value) for value in ours], [type(value) for value in real])
                for mine, theirs in zip(ours[1:6], real[1:6], strict=True):
                    self.assertRegex(mine, r"^\d+\.\d{8}$")
                    self.assertRegex(theirs, r"^\d+\.\d{8}$")
                self.assertEqual(ours[6] - ours[0], timeframe_ms("1m") - 1)

    @needs_shared
    def test_recorded_candles_are_served_as_the_text_they_were_recorded_in(self) -> None:
        recorded = json.loads((RECORDINGS / "static-klines/BTCUSDT/1h/2024-04-01.json").read_text())
        rows = [(row[0], *(float(text) for text in row[1:6])) for row in recorded]
        source = ColumnsSource({("BTC/USDT", "1h"): CandleColumns.from_rows(rows)})
        with BinanceRestServer(source, clock=HandClock(rows[-1][0] + 3_600_000)) as self.server:
            _, _, served = self.get(f"klines?symbol=BTCUSDT&interval=1h&startTime={rows[0][0]}&limit=1000")
        self.assertEqual([row[:7] for row in served], [row[:7] for row in recorded])  # type: ignore[attr-defined]


class OtherAnswers(ServerCase):
    def test_ping_and_time(self) -> None:
        self.assertEqual(self.get("ping")[2], {})
        self.assertEqual(self.get("time")[2], {"serverTime": at(3000)})

    def test_the_market_list_carries_the_trading_rules_as_filters(self) -> None:
        _, _, body = self.get("exchangeInfo")
        self.assertEqual(body["serverTime"], at(3000))  # type: ignore[index, call-overload]
        (market,) = body["symbols"]  # type: ignore[index, call-overload]
        filters = {one["filterType"]: one for one in market["filters"]}
        self.assertEqual((market["symbol"], market["baseAsset"], market["quoteAsset"]), ("BTCUSDT", "BTC", "USDT"))
        self.assertEqual(filters["PRICE_FILTER"]["tickSize"], "0.01000000")
        self.assertEqual(filters["LOT_SIZE"]["stepSize"], "0.00001000")
        self.assertEqual(filters["LOT_SIZE"]["minQty"], "0.00010000")
        self.assertEqual(filters["NOTIONAL"]["minNotional"], "5.00000000")

    def test_the_used_weight_adds_up_within_a_minute_of_the_servers_clock(self) -> None:
        weights = [self.get(path)[1]["x-mbx-used-weight-1m"] for path in ("ping", "exchangeInfo", "time")]
        self.assertEqual(weights, ["1", "21", "22"])
        self.clock.now_ms += MINUTE_MS
        self.assertEqual(self.get("klines?symbol=BTCUSDT&interval=1m")[1]["x-mbx-used-weight-1m"], "2")

    def test_requests_are_logged_as_they_came(self) -> None:
        self.get("klines?symbol=BTCUSDT&interval=1m&limit=3")
        (logged,) = self.server.requests_to("klines", "BTCUSDT")
        self.assertEqual(logged.query, {"symbol": "BTCUSDT", "interval": "1m", "limit": "3"})
        self.assertEqual(self.server.requests_to("klines", "ETHUSDT"), [])

    def test_the_date_header_is_the_servers_clock(self) -> None:
        self.assertEqual(self.get("ping")[1]["Date"], "Wed, 03 Jan 2024 02:00:00 GMT")

    def test_a_store_can_be_the_source(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            store = CandleStore(folder)
            store.write("binance", "BTC/USDT", "1m", BTC, source="a test")
            with BinanceRestServer(StoreSource(store, "binance"), clock=self.clock) as self.server:
                self.assertEqual(self.opens(f"&startTime={at(98)}&limit=3"), [98, 99, 2000])


class Life(ServerCase):
    def test_the_port_is_kept_over_a_restart(self) -> None:
        url = self.server.url
        self.server.stop()
        with self.assertRaises(urllib.error.URLError):
            self.get("ping")
        self.server.start()
        self.assertEqual(self.server.url, url)
        self.assertEqual(self.get("ping")[0], 200)

    def test_a_taken_port_and_a_second_start_are_refused(self) -> None:
        port = int(self.server.url.rsplit(":", 1)[1])
        other = BinanceRestServer(ColumnsSource({}), clock=self.clock, port=port)
        with self.assertRaisesRegex(ConfigurationError, str(port)):
            other.start()
        with self.assertRaises(InvariantError):
            self.server.start()

    def test_a_market_of_another_kind_is_refused(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "BTC/USD:BTC is neither a spot symbol"):
            BinanceRestServer(ColumnsSource({("BTC/USD:BTC", "1m"): BTC}), clock=self.clock).start()

    def test_it_listens_on_loopback_only(self) -> None:
        self.assertRegex(self.server.url, r"^http://127\.0\.0\.1:\d+$")

    def test_stopping_ends_stalled_requests(self) -> None:
        self.server.faults.add(Fault(FaultKind.STALL))
        threading.Timer(0.3, self.server.stop).start()
        started = time.monotonic()
        with self.assertRaises((OSError, urllib.error.URLError)):
            self.get("ping")
        self.assertLess(time.monotonic() - started, LONG_S)


class Plans(unittest.TestCase):
    def test_a_fault_befalls_the_next_requests_it_matches_and_no_more(self) -> None:
        plan = FaultPlan([Fault(FaultKind.STALL, times=2, path="klines", symbol="BTCUSDT")])
        plan.add(Fault(FaultKind.DROPPED))
        asked = [
            ("/api/v3/klines", "ETHUSDT"),
            ("/api/v3/klines", "BTCUSDT"),
            ("/api/v3/time", None),
            ("/api/v3/klines", "BTCUSDT"),
            ("/api/v3/klines", "BTCUSDT"),
        ]
        taken = [fault.kind if (fault := plan.take(*one)) else None for one in asked]
        self.assertEqual(taken, [FaultKind.DROPPED, FaultKind.STALL, None, FaultKind.STALL, None])
        self.assertTrue(plan.used_up)

    def test_clearing_forgets_the_rest(self) -> None:
        plan = FaultPlan([Fault(FaultKind.STALL, times=9)])
        plan.clear()
        self.assertIsNone(plan.take("/api/v3/ping", None))


class Numbers(unittest.TestCase):
    def test_prices_have_eight_decimals_or_as_many_as_it_takes(self) -> None:
        for number in (71280.0, 0.1, 1e-08, 1.23456789, 1.234567891, 1e-12, 123456.789012345, 5e-324):
            text = decimal_text(number)
            self.assertEqual(float(text), number)
            self.assertTrue(re.fullmatch(r"\d+\.\d{8,}", text), text)
