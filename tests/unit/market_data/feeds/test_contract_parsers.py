"""The parsers of marks, funding and open interest over recorded answers, and over damaged ones."""

import json
import unittest

from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.candle import Candle, FundingRate, OpenInterest
from market_data.exchanges.parsers.binance_contract import (
    parse_binance_funding,
    parse_binance_next_funding,
    parse_binance_open_interest,
)
from market_data.exchanges.parsers.binance_kline import parse_binance_klines
from market_data.exchanges.parsers.exchange_candle import ExchangeCandle
from market_data.feeds.feed_event import Unreadable
from tests.support.scale import scaled
from tests.support.shared import RECORDINGS, needs_shared

ANSWERS = RECORDINGS / "nautilus_trader" / "binance" / "python" / "http_responses"
FUNDING = (
    '[{"symbol":"BTCUSDT","fundingRate":"-0.00012300","fundingTime":1704067200003,"markPrice":"42313.90000000"},'
    '{"symbol":"BTCUSDT","fundingRate":"0.00010000","fundingTime":1704096000000,"markPrice":""}]'
)
PREMIUM = (
    '{"symbol":"BTCUSDT","markPrice":"42300.1","indexPrice":"42290.5","estimatedSettlePrice":"42291.0",'
    '"lastFundingRate":"0.00010000","interestRate":"0.00010000","nextFundingTime":1704096000000,"time":1704067260001}'
)
INTEREST = (
    '[{"symbol":"BTCUSDT","sumOpenInterest":"20403.12700000","sumOpenInterestValue":"150570784.07809979",'
    '"CMCCirculatingSupply":"165900.00000000","timestamp":1704067200000},'
    '{"symbol":"BTCUSDT","sumOpenInterest":"0","sumOpenInterestValue":"","timestamp":1704067500000}]'
)


@needs_shared
class Recorded(unittest.TestCase):
    def test_funding_rates_are_read_without_the_mark_price_they_do_not_have(self) -> None:
        body = (ANSWERS / "http_futures_market_funding_rate.json").read_bytes()
        read = parse_binance_funding(body, "BTCUSDT")
        self.assertEqual(read, [FundingRate(1_570_608_000_000, -0.0375), FundingRate(1_570_636_800_000, 0.0001)])

    def test_mark_klines_are_read_as_candles_without_volume(self) -> None:
        read = parse_binance_klines((ANSWERS / "http_futures_market_mark_price_klines.json").read_bytes())
        mark = Candle(1_591_256_460_000, 9653.29201333, 9654.56401333, 9653.07367333, 9653.07367333, 0.0)
        self.assertEqual(read, [ExchangeCandle("", "", mark, None, None)])

    def test_futures_klines_are_those_of_the_spot_market(self) -> None:
        read = parse_binance_klines((ANSWERS / "http_futures_market_klines.json").read_bytes())
        self.assertEqual(len(read) if isinstance(read, list) else read, 1)


class Funding(unittest.TestCase):
    def test_stamps_rates_and_marks_are_as_they_came(self) -> None:
        expected = [FundingRate(1_704_067_200_003, -0.000123, 42313.9), FundingRate(1_704_096_000_000, 0.0001)]
        self.assertEqual(parse_binance_funding(FUNDING, "BTCUSDT"), expected)
        self.assertEqual(parse_binance_funding("[]", "BTCUSDT"), [])

    def test_one_row_that_is_wrong_makes_the_answer_unreadable(self) -> None:
        for place, wrong in (
            ("-0.00012300", "NaN"),
            ("-0.00012300", "a lot"),
            ("1704067200003", '"soon"'),
            ("1704067200003", "-5"),
            ('"fundingRate":"-0.00012300",', ""),
            ("BTCUSDT", "ETHUSDT"),
            ("42313.90000000", "1e999"),
        ):
            damaged = FUNDING.replace(place, wrong, 1)
            self.assertNotEqual(damaged, FUNDING)
            self.assertIsInstance(parse_binance_funding(damaged, "BTCUSDT"), Unreadable, wrong)

    def test_a_mark_price_that_is_none_is_not_made_one(self) -> None:
        for mark in ("", "0.00000000", "-1"):
            read = parse_binance_funding(FUNDING.replace("42313.90000000", mark), "BTCUSDT")
            self.assertEqual([one.mark_price for one in read] if isinstance(read, list) else read, [None, None], mark)

    def test_the_next_payment_is_read_and_0_is_none(self) -> None:
        self.assertEqual(parse_binance_next_funding(PREMIUM, "BTCUSDT"), 1_704_096_000_000)
        self.assertIsNone(parse_binance_next_funding(PREMIUM.replace("1704096000000", "0"), "BTCUSDT"))
        self.assertIsInstance(parse_binance_next_funding(PREMIUM, "ETHUSDT"), Unreadable)
        self.assertIsInstance(parse_binance_next_funding("[]", "BTCUSDT"), Unreadable)

    @settings(max_examples=scaled(200, 5_000), deadline=None)
    @given(st.binary(max_size=200), st.integers(0, len(FUNDING)), st.integers(0, 40))
    @example(b"\xff", 20, 0)
    def test_damaged_bytes_never_raise(self, noise: bytes, place: int, gone: int) -> None:
        for text in (FUNDING, PREMIUM, INTEREST):
            damaged = text.encode()[:place] + noise + text.encode()[place + gone :]
            for parse in (parse_binance_funding, parse_binance_next_funding, parse_binance_open_interest):
                read = parse(damaged, "BTCUSDT")
                self.assertTrue(read is None or isinstance(read, list | int | Unreadable))

    def test_open_interest_is_read_with_its_value_where_there_is_one(self) -> None:
        expected = [
            OpenInterest(1_704_067_200_000, 20403.127, 150570784.07809979),
            OpenInterest(1_704_067_500_000, 0.0),
        ]
        self.assertEqual(parse_binance_open_interest(INTEREST, "BTCUSDT"), expected)
        self.assertEqual(parse_binance_open_interest("[]", "BTCUSDT"), [])

    def test_one_row_of_open_interest_that_is_wrong_makes_the_answer_unreadable(self) -> None:
        for place, wrong in (
            ("20403.12700000", "-1"),
            ("20403.12700000", "NaN"),
            ("150570784.07809979", "a lot"),
            ("1704067200000", '"soon"'),
            ('"sumOpenInterest":"20403.12700000",', ""),
            ("BTCUSDT", "ETHUSDT"),
        ):
            damaged = INTEREST.replace(place, wrong, 1)
            self.assertNotEqual(damaged, INTEREST)
            self.assertIsInstance(parse_binance_open_interest(damaged, "BTCUSDT"), Unreadable, wrong)
        for body in (None, {}, [[]], [{"symbol": "BTCUSDT"}], 7):
            self.assertIsInstance(parse_binance_open_interest(json.dumps(body), "BTCUSDT"), Unreadable, body)

    def test_rates_of_any_json_are_read_or_told_to_be_unreadable(self) -> None:
        for body in (None, {}, [[]], [None], [{}], [{"symbol": "BTCUSDT"}], "text", 7):
            self.assertIsInstance(parse_binance_funding(json.dumps(body), "BTCUSDT"), Unreadable, body)


if __name__ == "__main__":
    unittest.main()
