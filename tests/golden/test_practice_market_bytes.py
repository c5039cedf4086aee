"""The practice market's bytes, held to a committed hash on processors with and without their wide instructions.

The hash was taken from the vectorised code after sampled minutes of it were found equal to the plain-integer twin in
``tests/unit/market_data``. It changes only when the recipe is meant to change.
"""

import hashlib
import json
import os
import struct
import subprocess
import sys
import unittest

import numpy as np

from core.instants import parse_instant
from market_data.practice.practice_market import PracticeMarket
from tests.support.shared import REPOSITORY
from tests.support.times import DAY_MS

GOLDEN_SHA256 = "b524d76620bf8c6453931b134fa7edbaf319088106e1c16d5964b31e026e4179"

CONTRACTS_SHA256 = "b5668ab2cfa95419a9946eff0a65285be800f56272cc7a92fad16b418a1b34a3"
"""Of mark candles and funding rates, taken after sampled ones were found equal to their plain-integer twin."""

WINDOWS = (
    (1, "BTC/USDT", "1m", "2024-01-01", 31),
    (1, "ETH/USDT", "1m", "2024-01-01", 31),
    (1, "DOGE/USDT", "1m", "2015-03-29", 2),
    (0, "XRP/USDT", "5m", "2023-04-09", 4),
    (2, "SOL/USDT", "15m", "2035-12-30", 3),
    (7, "ADA/USDT", "1h", "2020-02-28", 20),
    (2**64 - 1, "LTC/USDT", "1d", "2018-01-01", 90),
    (2**63, "LINK/USDT", "1w", "2022-01-03", 84),
)
"""Seed, symbol, timeframe, first day, days."""


def digest() -> str:
    """Return the SHA-256 over the little-endian bytes of all windows."""
    total = hashlib.sha256()
    for seed, symbol, timeframe, first_day, days in WINDOWS:
        start = parse_instant(first_day)
        PracticeMarket(seed).candles(symbol, timeframe, start, start + days * DAY_MS).update_digest(total)
    return total.hexdigest()


def contracts_digest() -> str:
    """Return the SHA-256 over the mark candles of all windows and the funding rates of their first weeks."""
    total = hashlib.sha256()
    for seed, symbol, timeframe, first_day, days in WINDOWS:
        market, start = PracticeMarket(seed), parse_instant(first_day)
        market.mark_candles(symbol, timeframe, start, start + days * DAY_MS).update_digest(total)
        for one in market.funding_rates(symbol, start, start + 14 * DAY_MS):
            total.update(struct.pack("<qdd", one.time_ms, one.rate, one.mark_price))
    return total.hexdigest()


def dispatched_features() -> list[str]:
    """Return the optional instruction sets that numpy found on this processor and would use."""
    return list(np.show_config(mode="dicts")["SIMD Extensions"].get("found", []))


class PracticeMarketBytesTest(unittest.TestCase):
    def in_a_process(self, **environment: str) -> tuple[tuple[str, str], list[str]]:
        program = (
            "import json; from tests.golden import test_practice_market_bytes as golden; "
            "print(json.dumps([golden.digest(), golden.contracts_digest(), golden.dispatched_features()]))"
        )
        answer = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        self.assertEqual(answer.returncode, 0, answer.stderr)
        candles, contracts, features = json.loads(answer.stdout)
        return (candles, contracts), features

    def test_this_process_gives_the_committed_bytes(self) -> None:
        self.assertEqual(digest(), GOLDEN_SHA256)
        self.assertEqual(contracts_digest(), CONTRACTS_SHA256)

    def test_hash_seed_and_time_zone_change_nothing(self) -> None:
        for hash_seed, zone in (("0", "UTC"), ("4242", "Asia/Kathmandu"), ("random", "America/St_Johns")):
            with self.subTest(hash_seed=hash_seed, zone=zone):
                sha256, _ = self.in_a_process(PYTHONHASHSEED=hash_seed, TZ=zone)
                self.assertEqual(sha256, (GOLDEN_SHA256, CONTRACTS_SHA256))

    def test_the_bytes_are_the_same_without_the_processors_optional_instructions(self) -> None:
        features = dispatched_features()
        if not features:
            self.skipTest("numpy dispatches to no optional instruction set on this processor")
        # Widest first: each pass takes one more set away, the last leaves numpy's baseline alone.
        for kept in range(len(features) - 1, -1, -1):
            with self.subTest(kept=features[:kept]):
                sha256, left = self.in_a_process(NPY_DISABLE_CPU_FEATURES=" ".join(features[kept:]))
                self.assertEqual(left, features[:kept])
                self.assertEqual(sha256, (GOLDEN_SHA256, CONTRACTS_SHA256))


if __name__ == "__main__":
    unittest.main()
