"""The hash that is found beside a run: that of the market that was loaded, and of no other."""

import unittest

from benchmarks.workloads import begun, market_of
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


if __name__ == "__main__":
    unittest.main()
