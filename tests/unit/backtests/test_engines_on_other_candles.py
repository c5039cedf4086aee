"""Candles beside those of the strategy, finer or watched, through both engines: the same bytes."""

import json
import tempfile
import unittest
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from backtests.config_backtest import ConfigBacktestRunner
from core.candle_columns import CandleColumns
from market_data.history.historical_data_provider import HistoricalDataProvider, LoadedCandles
from tests.support.config_tree import write_config
from tests.support.runs.backtest_runs import trade_rows
from tests.support.times import JANUARY_MS, MINUTE_MS

QUICK = {"ema_fast": 2, "ema_slow": 4, "volume_multiplier": 0.5, "rsi_long_max": 95, "rsi_extreme_high": 99}
WATCHING = "tests.support.watching_strategy:WatchingStrategy"
FOLLOWING = "tests.support.feature_strategies:Following"


class Holed(HistoricalDataProvider):
    """Without the candles that open from minute to minute of the first day, by interval."""

    holes: Mapping[str, tuple[int, int]]

    def load(self, symbols: Sequence[str], interval: str, *window: int, **options: Any) -> dict[str, LoadedCandles]:
        loaded = super().load(symbols, interval, *window, **options)
        return {symbol: one._replace(window=self._without(one.window, interval)) for symbol, one in loaded.items()}

    def _without(self, candles: CandleColumns, interval: str) -> CandleColumns:
        minutes = (candles.open_time_ms - JANUARY_MS) // MINUTE_MS
        first, end = self.holes[interval]
        return CandleColumns._make(column[(minutes < first) | (minutes >= end)] for column in candles)


class EnginesOnOtherCandles(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def config(self, **live: Any) -> Path:
        """Write a configuration and return its live.yaml."""
        whole = {
            "exchange": "practice",
            "symbols": ["BTC/USDT"],
            "timeframe": "1m",
            "data": {"cache_dir": str(self.base / "data")},
            "logging": {"directory": str(self.base / "logs")},
            **live,
        }
        return write_config(self.base, live=whole)

    def verified(self, window: tuple[str, str], provider: object = None, **live: Any) -> dict[str, Any]:
        """Run a configuration through both engines, which must write the same; return the result."""
        runner = ConfigBacktestRunner(self.config(**live), *window, engine="compiled", verify_engine=True)
        if provider is not None:
            runner.data_provider = provider
        return runner.run()

    def test_orders_meet_finer_candles_at_costs_that_are_measured(self) -> None:
        result = self.verified(
            ("2024-01-01", "2024-01-03"),
            symbols=["BTC/USDT", "ETH/USDT"],
            timeframe="5m",
            detail_interval="1m",
            strategy={"type": "scalping_ema_rsi", "params": QUICK},
            execution={
                "intrabar": "detail",
                "spread": {"model": "corwin_schultz", "fraction": 0.0002},
                "slippage_model": {"model": "square_root", "candles": 12},
            },
        )
        self.assertGreater(result["performance"]["total_trades"], 40)
        minutes = {datetime.fromisoformat(row["timestamp"]).minute % 5 for row in trade_rows(result["log_file"])}
        self.assertEqual({0, 1, 2, 3, 4}, minutes)

    def test_finer_candles_make_a_run_longer(self) -> None:
        worth = {"CANDLES_WORTH_IT": 800, "CANDLES_WORTH_COMPILING": 1}
        too_short = "reference (because the run is shorter than 800 candles)"
        for interval, expected in (("1m", "compiled"), (None, too_short)):
            config = self.config(
                timeframe="5m",
                detail_interval=interval,
                strategy={"type": "scalping_ema_rsi", "params": QUICK},
            )
            with self.subTest(interval), patch.multiple("backtests.engines.engine_choice", **worth):
                result = ConfigBacktestRunner(config, "2024-01-01", "2024-01-01T12:00").run()
                manifest = json.loads((Path(result["output_dir"]) / "manifest.json").read_bytes())
                self.assertEqual(expected, manifest["engine"])

    def test_a_finer_candle_bridges_a_gap_between_the_strategys_own(self) -> None:
        """Its strategy goes on as in one segment, which no column of its own candles knows."""
        for bridged, gaps in ((True, 0), (False, 1)):
            with self.subTest(bridged=bridged):
                provider = Holed("practice", self.base / "data")
                provider.holes = {"5m": (600, 640), "1m": (600, 622) if bridged else (600, 640)}
                result = self.verified(
                    ("2024-01-01", "2024-01-02"),
                    provider,
                    timeframe="5m",
                    detail_interval="1m",
                    strategy={"type": "scalping_ema_rsi", "params": QUICK},
                    execution={"max_gap": 5, "max_order_wait": 3},
                )
                self.assertEqual(gaps, result["statistics"]["gaps"])
                self.assertGreater(result["performance"]["total_trades"], 3)

    def test_a_watched_symbol_is_shown_candle_by_candle_and_in_columns(self) -> None:
        for strategy, params in ((WATCHING, {"series": [["BTC/USDT", "5m", 2]]}), (FOLLOWING, {})):
            with self.subTest(strategy):
                result = self.verified(
                    ("2024-01-01", "2024-01-01T08:00"),
                    symbols=["BTC/USDT", "ETH/USDT"],
                    watch=["XRP/USDT"],
                    strategy={"type": strategy, "params": params},
                )
                self.assertGreater(result["performance"]["total_trades"], 40)


if __name__ == "__main__":
    unittest.main()
