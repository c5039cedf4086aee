"""Exchanges that answer with nothing, or with another time: what is recorded of it, and how it is mended."""

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

from core.errors import ConfigurationError, DataUnavailableError
from market_data import CandleStore, HistoricalDataProvider
from market_data.__main__ import main
from market_data.commands.fetch_command import fetch_series
from market_data.store.store_layout import LAST_TIME_MS
from tests.support.candle_tables import rows_of
from tests.support.exchanges.loopback import adapter_at, closed_port, practice_columns, same_columns, without
from tests.support.exchanges.odd_exchange import OddExchange, honest
from tests.support.sessions.live_processes import run_live, session_config
from tests.support.times import DAY_MS, JANUARY_MS, MINUTE_MS, at

ROWS = 2_880
BTC = practice_columns("BTC/USDT", ROWS)
PLACE = ("binanceus", "BTC/USDT", "1m")
SOME_TIME_LATER = at(ROWS) + 30 * DAY_MS


def empty_when(chosen):
    """Answer a request whose first instant is chosen with an empty list, any other honestly."""
    return lambda rows, since, until: [] if chosen(since) else honest(rows, since, until)


def latest(rows, since, until):
    """Answer with the latest hundred rows whatever is asked."""
    return rows[-100:]


class OddCase(unittest.TestCase):
    candles = BTC

    def setUp(self) -> None:
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.cache = stack.enter_context(tempfile.TemporaryDirectory())
        self.exchange = stack.enter_context(OddExchange(self.candles, SOME_TIME_LATER))
        self.store = CandleStore(self.cache)

    def fetch(self, start: int = 0, end: int = ROWS, **more: bool) -> str:
        """Fetch minutes with a provider of its own, and return what the command says."""
        output = io.StringIO()
        with contextlib.closing(adapter_at(self.exchange.url)) as adapter, contextlib.redirect_stdout(output):
            provider = HistoricalDataProvider(cache_dir=self.cache, adapter=adapter, progress=False)
            fetch_series(provider, ["BTCUSDT"], "1m", at(start), at(end), **more)
        return output.getvalue()

    def stored(self):
        return self.store.read(*PLACE, 0, LAST_TIME_MS)

    def missing(self, start: int = 0, end: int = ROWS):
        ranges = self.store.missing_ranges(*PLACE, at(start), at(end))
        return [((first - JANUARY_MS) // MINUTE_MS, (last - JANUARY_MS) // MINUTE_MS) for first, last in ranges]

    def gaps(self):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            code = main(["gaps", "--json", "--data-dir", self.cache])
        self.assertEqual(code, 0)
        return [hole["rests_on"] for hole in json.loads(output.getvalue())[0]["holes"]]

    def command(self, *arguments: str) -> tuple[int, str, str]:
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main([*arguments, "--data-dir", self.cache])
        return code, output.getvalue(), errors.getvalue()


class EmptyAnswers(OddCase):
    def test_one_empty_page_of_three_is_said_and_asked_again_in_the_next_run(self) -> None:
        self.exchange.answer = empty_when(lambda since: since == at(1000))
        said = self.fetch()
        self.assertIn("1880 candles in 3 pages, answered with nothing: 2024-01-01T16:40", said)
        self.assertEqual((self.stored().rows, self.missing()), (1880, [(1000, 2000)]))
        self.assertEqual(self.gaps(), ["denied on 2024-02-02 only, asked again"])
        self.exchange.answer = honest
        self.exchange.asked.clear()
        self.assertIn("1000 candles in 1 pages", self.fetch())
        self.assertEqual(self.exchange.asked, [(at(1000), at(2000))])
        self.assertTrue(same_columns(self.stored(), BTC))
        self.assertEqual((self.missing(), self.gaps()), ([], []))

    def test_any_page_may_be_the_empty_one(self) -> None:
        for first in (0, 1000, 2000):
            with self.subTest(first), tempfile.TemporaryDirectory() as self.cache:
                self.store = CandleStore(self.cache)
                self.exchange.answer = empty_when(lambda since, first=first: since == at(first))
                self.fetch()
                self.assertEqual(self.missing(), [(first, min(first + 1000, ROWS))])
                self.exchange.answer = honest
                self.fetch()
                self.assertTrue(same_columns(self.stored(), BTC))

    def test_a_hole_is_settled_when_it_was_denied_on_two_days_and_opened_by_asking_again(self) -> None:
        self.exchange.answer = empty_when(lambda since: since == at(1000))
        self.fetch()
        self.fetch()
        self.assertEqual(self.missing(), [(1000, 2000)], "twice on one day")
        self.exchange.now_ms += DAY_MS
        self.fetch()
        self.assertEqual((self.missing(), self.gaps()), ([], ["denied on 2024-02-02 and 2024-02-03"]))
        self.exchange.answer = honest
        self.exchange.asked.clear()
        self.assertIn("nothing to fetch", self.fetch())
        self.assertEqual(self.exchange.asked, [])
        self.assertIn("1000 candles in 1 pages", self.fetch(1000, 2000, again=True))
        self.assertTrue(same_columns(self.stored(), BTC))

    def test_an_empty_answer_to_a_part_that_was_answered_takes_nothing_away(self) -> None:
        self.fetch()
        self.exchange.answer = lambda rows, since, until: []
        self.fetch(again=True)
        self.assertTrue(same_columns(self.stored(), BTC))
        self.assertEqual(self.missing(), [])

    def test_a_fetch_again_leaves_other_values_standing_and_keeps_what_was_offered(self) -> None:
        self.fetch(0, 500)
        honestly = list(self.exchange.rows[7])
        self.exchange.rows[7][5] = "77.00000000"
        self.assertIn("1 differ from what is stored, which stands", self.fetch(0, 500, again=True))
        self.fetch(0, 500, again=True)
        self.assertEqual(float(honestly[5]), self.stored().volume[7])
        (offered,) = self.store.revisions(*PLACE)
        self.assertEqual((offered.change, offered.rows.volume.tolist()), ("offered", [77.0]))
        self.assertEqual(offered.source, "fetched from binanceus")

    def test_what_is_forgotten_is_fetched_anew_and_kept_as_a_revision(self) -> None:
        self.fetch()
        self.exchange.rows[1500][5] = "77.00000000"
        names = ("--exchange", "binanceus", "--symbol", "BTCUSDT", "--timeframe", "1m")
        code, output, errors = self.command("forget", "2024-01-02..2024-01-02T02:00", *names)
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("120 candles of 2024-01-02T00:00:00.000Z .. 2024-01-02T02:00:00.000Z forgotten", output)
        self.assertEqual((self.stored().rows, self.missing()), (ROWS - 120, [(1440, 1560)]))
        self.assertEqual(self.command("verify")[0], 0)
        self.fetch()
        self.assertEqual((self.stored().rows, self.stored().volume[1500]), (ROWS, 77.0))
        (forgotten,) = self.store.revisions(*PLACE)
        self.assertEqual(rows_of(forgotten.rows), rows_of(BTC.slice(1440, 1560)))


class OtherTimes(OddCase):
    def refused(self, start: int = 0, end: int = ROWS) -> str:
        with self.assertRaises(DataUnavailableError) as caught:
            self.fetch(start, end)
        self.assertEqual(caught.exception.exit_code, 3)
        return str(caught.exception)

    def test_an_answer_of_another_time_is_an_error_and_nothing_is_recorded(self) -> None:
        def microseconds(rows, since, until):
            return [[row[0] * 1000, *row[1:]] for row in honest(rows, since, until)]

        def seconds(rows, since, until):
            return [[row[0] // 1000, *row[1:]] for row in honest(rows, since, until)]

        def another_day(rows, since, until):
            return [[row[0] + DAY_MS, *row[1:]] for row in honest(rows, since, until)]

        def the_day_before(rows, since, until):
            return [[row[0] - DAY_MS, *row[1:]] for row in honest(rows, since, until)]

        def the_latest_one(rows, since, until):
            return rows[-1:]

        for answer in (latest, microseconds, seconds, another_day, the_day_before, the_latest_one):
            with self.subTest(answer.__name__):
                self.exchange.answer = answer
                self.assertIn("of another time", self.refused(0, 1000))
                self.assertEqual((self.stored().rows, self.missing(0, 1000)), (0, [(0, 1000)]))

    def test_the_latest_rows_are_no_answer_for_what_lies_before_them(self) -> None:
        self.exchange.now_ms = at(ROWS)
        self.exchange.answer = latest
        self.assertIn("of another time", self.refused(2000, ROWS))
        self.assertEqual(self.missing(2000), [(2000, ROWS)])

    def test_an_exchange_that_cuts_its_pages_at_the_beginning_loses_nothing(self) -> None:
        self.exchange.answer = lambda rows, since, until: [row for row in rows if since <= row[0] <= until][-300:]
        self.fetch(0, 1500)
        self.assertTrue(same_columns(self.stored(), BTC.slice(0, 1500)))

    def test_an_exchange_without_an_end_to_its_ranges_answers_a_hole_with_what_comes_next(self) -> None:
        self.exchange.rows = self.exchange.rows[:900] + self.exchange.rows[2100:]
        self.exchange.answer = lambda rows, since, until: [row for row in rows if row[0] >= since][:1000]
        self.fetch()
        self.assertTrue(same_columns(self.stored(), without(BTC, 900, 2100)))


class First(OddCase):
    def test_the_first_candle_is_found_and_what_lies_before_it_never_asked(self) -> None:
        with contextlib.closing(adapter_at(self.exchange.url)) as adapter:
            provider = HistoricalDataProvider(cache_dir=self.cache, adapter=adapter, progress=False)
            self.exchange.now_ms = at(ROWS)
            self.assertEqual(provider.earliest(["btcusdt"], "1m"), {"BTC/USDT": JANUARY_MS})
        self.assertEqual(self.missing(-5000, 10), [(0, 10)])
        self.exchange.asked.clear()
        self.fetch(-5000, 100)
        self.assertEqual(self.exchange.asked, [(at(0), at(100))])

    def test_a_range_before_the_listing_is_settled_when_the_first_candle_is_found(self) -> None:
        self.exchange.now_ms = at(ROWS)
        self.fetch(-1500, 100)
        self.exchange.asked.clear()
        self.assertIn("nothing to fetch", self.fetch(-1500, 100))
        self.assertEqual(self.exchange.asked, [])

    def test_an_exchange_that_has_nothing_says_so(self) -> None:
        self.exchange.rows = []
        with contextlib.closing(adapter_at(self.exchange.url)) as adapter:
            provider = HistoricalDataProvider(cache_dir=self.cache, adapter=adapter, progress=False)
            self.assertEqual(provider.earliest(["BTCUSDT"], "1m"), {"BTC/USDT": None})
        with self.assertRaisesRegex(ConfigurationError, "only be found by asking"):
            HistoricalDataProvider("binanceus", self.cache, offline=True).earliest(["BTCUSDT"], "1m")


class Told(OddCase):
    candles = BTC._replace(volume=BTC.volume * (BTC.open_time_ms % 600_000 > 0))

    def test_candles_without_trades_halted_symbols_and_changed_rules_are_said(self) -> None:
        said = self.fetch(0, 100)
        self.assertIn("100 candles in 1 pages, 10 without trades\n", said)
        self.assertNotIn("does not trade", said)
        self.exchange.status = "BREAK"
        self.exchange.tick = "0.10000000"
        self.exchange.now_ms += 2 * DAY_MS
        said = self.fetch(0, 200)
        self.assertIn("BTC/USDT: binanceus lists it and does not trade it now (BREAK)\n", said)
        self.assertIn("BTC/USDT: tick 0.01 -> 0.1, lot 0.00001 -> 0.00001 (market list, before: market list)\n", said)


class Halted(OddCase):
    def test_a_session_does_not_begin_on_a_symbol_that_is_not_traded(self) -> None:
        config = session_config(
            Path(self.cache), live={"exchange": "binanceus", "symbols": ["BTC/USDT"], "timeframe": "1m"}
        )
        self.exchange.status = "BREAK"
        addresses = ("--rest-url", self.exchange.url, "--stream-url", f"ws://127.0.0.1:{closed_port()}")
        code, output, errors = run_live("--config", config, *addresses)
        self.assertEqual((code, output, len(errors)), (2, "", 1))
        self.assertIn("binanceus lists BTC/USDT (BREAK) and does not trade it now; leave it out", errors[0])
        self.assertFalse((Path(self.cache) / "logs" / "live").exists())


if __name__ == "__main__":
    unittest.main()
