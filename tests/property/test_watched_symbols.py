"""A watched symbol that the strategy does not look at changes no byte of what a run writes, whatever candles it has."""

import tempfile
import unittest
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from backtests.config_backtest import ConfigBacktestRunner
from core.candle_columns import CandleColumns
from core.instants import to_datetime
from core.timeframe import timeframe_ms
from market_data.store.candle_store import CandleStore
from runs.documents.run_result import RunResult
from runs.folder.file_names import DERIVED
from tests.support.config_tree import write_config
from tests.support.market_data_sets import practice_columns
from tests.support.sessions.live_sessions import BUSY_PARAMS
from tests.support.times import MINUTE_MS, at

TRADED = ("ETH/USDT", "SOL/USDT")
COUNT = 2_000
FIRST, LAST = 100, 1_900
SHIPPED: Mapping[str, object] = {"type": "scalping_ema_rsi", "params": dict(BUSY_PARAMS)}
WATCHING = "tests.support.watching_strategy:WatchingStrategy"
BLIND: Mapping[str, object] = {
    "type": WATCHING,
    "params": {"blind": True, "series": [["BTC/USDT", "5m"], ["ETH/USDT", "1h"]]},
}


def without(columns: CandleColumns, holes: Sequence[range]) -> CandleColumns:
    """Return the candles that open at none of the minutes of the holes."""
    gone = [at(minute) for hole in holes for minute in hole]
    kept = ~np.isin(columns.open_time_ms, gone)
    return CandleColumns(*(column[kept] for column in columns))


class WatchedSymbols(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.store = CandleStore(self.base / "data")
        for place, symbol in enumerate(TRADED):
            # Holes of one symbol, of both, and one beyond max_gap.
            holes = (range(300 + 40 * place, 310 + 40 * place), range(700, 704), range(1_000, 1_090))
            self.put(symbol, "1m", without(practice_columns(symbol, "1m", COUNT), holes))
        self.put("ETH/USDT", "1h", practice_columns("ETH/USDT", "1h", COUNT // 60))

    def put(self, symbol: str, timeframe: str, columns: CandleColumns) -> None:
        self.store.write("binance-set", symbol, timeframe, columns, source="test")
        self.store.add_coverage("binance-set", symbol, timeframe, at(0), at(COUNT))

    def run_with(self, name: str, strategy: Mapping[str, object], *watch: str) -> RunResult:
        live = {
            "exchange": "binance-set",
            "symbols": list(TRADED),
            "watch": list(watch),
            "timeframe": "1m",
            "strategy": strategy,
            "data": {"cache_dir": str(self.base / "data")},
        }
        wide = {"max_daily_loss_pct": 0.5, "max_drawdown_pct": 0.5}
        config = write_config(self.base / name, live=live, mode=wide)
        start, end = to_datetime(at(FIRST)), to_datetime(at(LAST))
        return ConfigBacktestRunner(config, start, end, offline=True, output_dir=self.base / name / "out").run_typed()

    def written(self, result: RunResult) -> dict[str, bytes]:
        folder = Path(result.output_dir)
        found = {name: (folder / name).read_bytes() for name in (*DERIVED, "equity.npy") if name != "trades.csv"}
        return {**found, "trades.csv": Path(result.log_file).read_bytes()}

    def check(self, strategy: Mapping[str, object], holes: Sequence[range], minutes: tuple[int, int]) -> RunResult:
        """Compare a run without BTC with one that watches it."""
        for timeframe in ("1m", "5m"):
            length = timeframe_ms(timeframe) // MINUTE_MS
            btc = practice_columns("BTC/USDT", timeframe, COUNT // length).between(*map(at, minutes))
            self.put("BTC/USDT", timeframe, without(btc, holes))
        alone = {**strategy, "params": {**strategy["params"], "series": []}} if strategy is BLIND else strategy
        plain, watching = self.run_with("plain", alone), self.run_with("watching", strategy, "BTC/USDT")
        self.assertGreater(plain.performance.total_trades, 50)
        mine, theirs = self.written(plain), self.written(watching)
        for name in mine:
            self.assertEqual(mine[name], theirs[name], name)
        self.assertNotEqual(plain.data_sha256, watching.data_sha256)
        self.assertNotEqual(plain.settings_sha256, watching.settings_sha256)
        self.assertNotEqual(plain.run_id, watching.run_id)
        self.assertEqual(plain.statistics, watching.statistics)
        return watching

    def test_with_all_its_candles(self) -> None:
        self.assertEqual(self.check(SHIPPED, (), (0, COUNT)).warnings, self.run_with("again", SHIPPED).warnings)

    def test_with_candles_where_no_traded_symbol_has_any_and_holes_elsewhere(self) -> None:
        for strategy in (SHIPPED, BLIND):
            with self.subTest(strategy["type"]):
                self.check(strategy, (range(50, 60), range(400, 520), range(1_500, 1_501)), (0, COUNT))

    def test_with_too_few_or_none(self) -> None:
        watching = self.check(SHIPPED, (range(800, 803),), (600, 900))
        self.assertIn(
            "BTC/USDT 1m (watched): candles from 2024-01-01T10:00:00.000Z to 2024-01-01T15:00:00.000Z; missing: "
            "500 before, 3 in between, 1,000 after",
            watching.warnings,
        )

    def test_with_none(self) -> None:
        watching = self.check(SHIPPED, (), (0, 1))
        self.assertIn("BTC/USDT 1m (watched): no candle in the window", watching.warnings)
        self.assertEqual(watching.watched["BTC/USDT 1m"].warmup_candles, 1)


if __name__ == "__main__":
    unittest.main()
