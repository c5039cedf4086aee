"""The hash that is found beside a run: that of the market that was loaded, and of no other."""

import contextlib
import io
import unittest

from benchmarks.workloads import begun, market_of
from core.candle_columns import CandleColumns
from market_data.perpetual.perpetual_data import PerpetualData
from runs.identity.data_hash import data_sha256
from runs.identity.market_hash import MarketHash, hash_beside


class HashesBesideRuns(unittest.TestCase):
    def test_a_loaded_market_has_its_hash_and_another_made_of_it_has_none(self) -> None:
        market = market_of(2, 300)
        self.assertIsNone(hash_beside(market))
        hashed = MarketHash(market)
        self.assertEqual(data_sha256(market), hashed.of(market._replace(timeframe="1m")))
        self.assertIsNone(hashed.of(begun(market, 200)))
        self.assertIsNone(hashed.of(market._replace(watched={})))

    def test_a_market_that_has_none_is_told_of_where_it_is_asked_for(self) -> None:
        market = market_of(1, 300)
        # A contract of a symbol that is not traded.
        odd = market._replace(perpetual={"S1/USDT": PerpetualData("S1/USDT", CandleColumns.empty(), (), {}, ())})
        with contextlib.redirect_stderr(io.StringIO()) as told:
            self.assertIsNone(MarketHash(odd).of(odd))
        self.assertEqual("", told.getvalue())
        with self.assertRaisesRegex(KeyError, "S1"):
            data_sha256(odd)


if __name__ == "__main__":
    unittest.main()
