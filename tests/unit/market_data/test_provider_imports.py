"""Which libraries the provider loads, each case in a process of its own."""

import subprocess
import sys
import tempfile
import textwrap
import unittest

HEAVY = ("numpy", "pandas", "duckdb", "pyarrow", "ccxt", "pydantic", "rich", "aiohttp", "requests", "tenacity")


def loaded_after(code: str, *arguments: str) -> set[str]:
    """Return which heavy libraries a fresh process holds after running some code."""
    program = f"{textwrap.dedent(code)}\nimport sys\nprint(','.join(n for n in {HEAVY!r} if n in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise AssertionError(run.stderr)
    return {name for name in run.stdout.strip().splitlines()[-1].split(",") if name} if run.stdout.strip() else set()


FILL = """
    import sys
    from market_data import HistoricalDataProvider
    provider = HistoricalDataProvider("practice", sys.argv[1], progress=False)
    start = 1_704_067_200_000
    provider.load(["BTCUSDT"], "1m", start, start + 600_000, warmup_candles=10)
"""


class Imports(unittest.TestCase):
    def test_importing_the_package_and_the_provider_loads_nothing_heavy(self) -> None:
        self.assertEqual(loaded_after("import market_data"), set())
        self.assertEqual(loaded_after("import market_data.history.historical_data_provider"), set())
        self.assertEqual(loaded_after("from market_data import HistoricalDataProvider"), set())
        self.assertEqual(
            loaded_after("import market_data.instruments.symbols, market_data.adapters.adapter_registry"), set()
        )

    def test_a_range_that_is_cached_needs_no_ccxt_and_no_pandas(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            loaded_after(FILL, folder)
            # The exchange's folder is renamed so that a real exchange's name stands over the cached range.
            rename = "import os, sys; os.rename(sys.argv[1] + '/practice', sys.argv[1] + '/binanceus')"
            loaded_after(rename, folder)
            loaded = loaded_after(FILL.replace('"practice"', '"binanceus"'), folder)
        self.assertLessEqual(loaded, {"numpy", "duckdb"})

    def test_the_practice_market_is_fetched_without_ccxt(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            loaded = loaded_after(FILL, folder)
        self.assertFalse(loaded & {"ccxt", "pandas", "requests", "aiohttp", "tenacity"})

    def test_only_a_frame_loads_pandas(self) -> None:
        frame = FILL + '    provider.fetch_ohlcv("BTCUSDT", "1m", "2024-01-01", "2024-01-01T00:10")\n'
        with tempfile.TemporaryDirectory() as folder:
            loaded = loaded_after(frame, folder)
        self.assertIn("pandas", loaded)
        self.assertNotIn("ccxt", loaded)
