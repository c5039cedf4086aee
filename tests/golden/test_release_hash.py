"""The shipped practice configuration's results, hash by hash: an upgrade that moves them is seen here first.

``release_hash.json`` holds the hashes of this release. They guard against an unnoticed change and prove nothing else;
a change that is meant is written down by replacing the file with what the failing test prints. Both engines have to
write them.
"""

import json
import tempfile
import unittest
from pathlib import Path

from backtests.config_backtest import ConfigBacktestRunner
from tests.support.shared import REPOSITORY

RELEASE = Path(__file__).parent / "release_hash.json"


class ReleaseHashTest(unittest.TestCase):
    maxDiff = None

    def test_january_2024_of_the_practice_configuration_is_that_of_the_release(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            runner = ConfigBacktestRunner(
                REPOSITORY / "config" / "practice.yaml",
                "2024-01-01",
                "2024-02-01",
                data_dir=f"{folder}/data",
                output_dir=f"{folder}/out",
                engine="compiled",
                verify_engine=True,
            )
            result = runner.run()
            stored = Path(result["log_file"]).read_bytes()
        self.assertGreater(result["performance"]["total_trades"], 20)
        got = {
            "candles": result["data_sha256"],
            "settings": result["settings_sha256"],
            "trades": result["trades_sha256"],
            "closed_trades": result["performance"]["total_trades"],
            "final_balance": stored.decode().splitlines()[-1].split(",")[9],
        }
        # Candles and settings first: when they differ, other trades are no wonder.
        self.assertEqual(json.loads(RELEASE.read_text(encoding="utf-8")), got, json.dumps(got, indent=1))


if __name__ == "__main__":
    unittest.main()
