"""What a result offers beside its keys: trades, equity, figures by every name, a picture, a fragment for notebooks."""

import csv
import json
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from backtests import run_backtest, run_config_backtest
from backtests.config_backtest import ConfigBacktestRunner
from core.candle import Candle
from core.errors import ConfigurationError, StoreError
from core.trading_signal import Signal
from runs.documents.run_result import result_of
from tests.support.config_tree import write_config
from tests.support.market_data_sets import frame_of, practice_columns
from tests.support.shared import REPOSITORY

BTC = "BTC/USDT"
DAY = ("2024-01-01", "2024-01-08")


def above(candle: Candle) -> Signal | None:
    """Long on every candle that closes in its upper quarter."""
    if candle.close > candle.high - 0.25 * (candle.high - candle.low):
        return Signal("LONG", sl_distance=0.002 * candle.close, tp_distance=0.002 * candle.close)
    return None


class ResultCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def config(self, **live: Any) -> Path:
        places = {"data": {"cache_dir": str(self.base / "data")}, "logging": {"directory": str(self.base / "logs")}}
        return write_config(self.base, live={"exchange": "practice", "symbols": [BTC, "ETH/USDT"], **places, **live})


class OfTheRunner(ResultCase):
    def test_the_dict_is_what_it_was_and_reads_its_run(self) -> None:
        runner = ConfigBacktestRunner(self.config(timeframe="15m"), *DAY)
        with self.assertRaisesRegex(ConfigurationError, "nothing has been run yet"):
            runner.get_trades()
        result: Any = runner.run()
        self.assertEqual(json.loads(json.dumps(result)), result.typed.to_dict())
        self.assertEqual(result.typed.result, result_of(result))
        rows = list(csv.DictReader(Path(result["log_file"]).read_text().splitlines()))
        closes = [float(row["realized_pnl"]) for row in rows if row["action"] == "CLOSE"]
        self.assertGreater(len(closes), 10)
        self.assertEqual([row["order_id"] for row in rows], result.trades["order_id"].astype(str).to_list())
        self.assertEqual("UTC", str(result.trades["timestamp"].dt.tz))
        pd.testing.assert_frame_equal(result.trades, runner.get_trades())
        pd.testing.assert_frame_equal(result.equity, runner.get_equity_curve())
        curve = np.load(Path(result["output_dir"]) / "equity.npy")
        np.testing.assert_array_equal([*curve[:-2], curve[-1]], result.equity["equity"])
        self.assertEqual(result["performance"]["equity"], result.equity["equity"].iloc[-1])
        self.assertEqual([pd.Timestamp(DAY[1], tz="UTC"), 15.0], [result.equity.index[-1], self.apart(result.equity)])
        trips = result.round_trips
        self.assertEqual(closes, trips["realized_pnl"].to_list())
        self.assertTrue((trips["mae"].notna() & trips["mfe"].notna()).all())
        self.assertTrue((trips["entry_time"] < trips["exit_time"]).all())
        result["mine"] = 7
        again = pickle.loads(pickle.dumps(result))
        self.assertEqual((result, result.metrics["sharpe"]), (again, again.metrics["sharpe"]))

    def apart(self, equity: pd.DataFrame) -> float:
        return float(np.unique(np.diff(equity.index.as_unit("s").asi8)).max()) / 60

    def test_figures_are_had_by_every_name(self) -> None:
        result: Any = run_config_backtest(*DAY, config_path=self.config(timeframe="15m"))
        metrics, performance = result.metrics, result["performance"]
        trips, equity = result.round_trips, result.equity["equity"]
        peaks = np.maximum.accumulate([10_000.0, *equity])[1:]
        expected = {
            "net_profit": equity.iloc[-1] - 10_000.0,
            "max_drawdown_abs": (peaks - equity).max(),
            "max_drawdown_pct": performance["max_drawdown_pct"],
            "avg_trade_return_pct": (100 * trips["realized_pnl"] / (trips["entry_price"] * trips["quantity"])).mean(),
            "roi": (equity.iloc[-1] - 10_000.0) / 100.0,
            "total_pnl": equity.iloc[-1] - 10_000.0,
            "best_trade": trips["realized_pnl"].max(),
            "worst_trade": trips["realized_pnl"].min(),
            "avg_trade_duration": (trips["exit_time"] - trips["entry_time"]).mean().total_seconds() / 60,
        }
        for name, value in expected.items():
            for read in (metrics[name], metrics.get(name), performance[name], result[name]):
                self.assertAlmostEqual(value, read, 6, name)
            self.assertIn(name, metrics)
        self.assertEqual(performance["win_rate"], metrics["win_rate"])
        self.assertEqual(metrics["omega"], metrics.risk_adjusted.omega)
        self.assertIsNone(metrics["cagr"])
        self.assertEqual("the run covers 7 days; annualised figures need 30", metrics.reason("cagr"))
        self.assertEqual(performance, dict(metrics))
        self.assertEqual([None, 7], [metrics.get("nothing"), metrics.get("nothing", 7)])
        self.assertNotIn("nothing", metrics)
        with self.assertRaises(KeyError):
            result["nothing"]

    def test_a_later_run_of_the_range_leaves_an_earlier_result_as_it_was(self) -> None:
        first: Any = run_config_backtest(*DAY, config_path=self.config(timeframe="15m"))
        other: Any = run_config_backtest(*DAY, config_path=self.config(timeframe="15m"), symbols=[BTC])
        self.assertEqual(first["log_file"], other["log_file"])
        self.assertEqual({BTC, "ETH/USDT"}, set(first.trades["symbol"]))
        self.assertEqual({BTC}, set(other.trades["symbol"]))
        self.assertNotEqual(first.metrics["best_trade"], other.metrics["worst_trade"])

    def test_a_folder_that_is_gone_is_said(self) -> None:
        result: Any = run_config_backtest(*DAY, config_path=self.config(timeframe="1h"), output_dir=self.base / "out")
        shutil.rmtree(Path(result["output_dir"]) / result["run_id"])
        with self.assertRaisesRegex(StoreError, "no such folder"):
            _ = result.trades
        self.assertIn("<table>", result._repr_html_())

    def test_candles_of_another_provider_are_not_looked_for_in_the_store(self) -> None:
        path = self.config(timeframe="15m", symbols=[BTC])
        own = run_config_backtest(*DAY, config_path=path)
        runner = ConfigBacktestRunner(path, *DAY)
        asked = runner.data_provider

        class Doubled:
            def fetch_ohlcv(self, *arguments: Any, **options: Any) -> pd.DataFrame:
                frame = asked.fetch_ohlcv(*arguments, **options)
                return frame.assign(**{name: 2 * frame[name] for name in ("open", "high", "low", "close")})

        runner.data_provider = Doubled()
        result: Any = runner.run()
        self.assertEqual(own["statistics"]["candles_processed"], result["statistics"]["candles_processed"])
        self.assertTrue(result.round_trips["mae"].isna().all())
        self.assertIsNone(result.metrics.trade_quality.average_mae)


class InMemory(ResultCase):
    candles = frame_of(practice_columns(BTC, "1m", 2_000))

    def test_figures_are_those_of_the_same_run_written(self) -> None:
        kept = run_backtest({BTC: self.candles}, above)
        written = run_backtest({BTC: self.candles}, above, output_dir=self.base)
        self.assertGreater(kept.metrics["total_trades"], 20)
        self.assertEqual(written.metrics.to_dict(), kept.metrics.to_dict())
        pd.testing.assert_frame_equal(written.equity, kept.equity)
        pd.testing.assert_frame_equal(written.trades, kept.trades)
        pd.testing.assert_frame_equal(written.round_trips, kept.round_trips)
        self.assertTrue(kept.round_trips["mae"].notna().all())
        self.assertEqual(kept.metrics["best_trade"], pickle.loads(pickle.dumps(kept)).metrics["best_trade"])
        self.assertNotIn("log_file", kept.to_dict())

    def test_a_run_without_a_trade_has_figures_too(self) -> None:
        result = run_backtest({BTC: self.candles.head(50)}, lambda candle: None)
        self.assertEqual(0, len(result.trades))
        self.assertEqual(0, len(result.round_trips))
        self.assertIsNone(result.metrics["best_trade"])
        self.assertEqual(0.0, result.metrics["net_profit"])
        result.plot()
        ElementTree.fromstring(result._repr_html_())


class Shown(ResultCase):
    def test_a_picture_draws_equity_and_how_far_it_was_below_its_peak(self) -> None:
        result = run_backtest({BTC: InMemory.candles}, above)
        figure = result.plot()
        line = figure.axes[0].lines[0]
        drawn = pd.Series(line.get_ydata(), line.get_xdata())
        equity = result.equity["equity"]
        self.assertEqual(len(equity), drawn.index.nunique())
        self.assertEqual([equity.min(), equity.max()], [drawn.min(), drawn.max()])
        won, lost = (len(one.get_offsets()) for one in figure.axes[0].collections)
        performance = result.to_dict()["performance"]
        self.assertEqual([performance["winning_trades"], performance["losing_trades"]], [won, lost])
        figure.savefig(self.base / "equity.png")
        self.assertEqual(b"\x89PNG", (self.base / "equity.png").read_bytes()[:4])
        self.assertEqual(b"\x89PNG", figure._repr_png_()[:4])

    def test_a_report_is_the_page_of_the_run(self) -> None:
        kept = run_backtest({BTC: InMemory.candles}, above)
        written = run_backtest({BTC: InMemory.candles}, above, output_dir=self.base / "out")
        pages = [one.report(self.base / "pages" / f"{name}.html") for name, one in (("kept", kept), ("file", written))]
        for page in pages:
            data = re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
            (run,) = json.loads(data[1] if data else "")["runs"]
            self.assertEqual(kept.to_dict()["performance"], run["result"]["performance"])
            self.assertTrue(run["candles"])

    def test_a_fragment_is_well_formed_whatever_the_names_are(self) -> None:
        strategy = {"type": "tests.support.frame_strategies:Breakout", "params": {"length": 12}}
        result: Any = run_config_backtest(*DAY, config_path=self.config(timeframe="1h", strategy=strategy))
        result.typed.result.warnings.append("<script>alert('x')</script> & more")
        root = ElementTree.fromstring(result._repr_html_())
        self.assertEqual([], list(root.iter("script")))
        self.assertIn("<script>alert('x')</script> & more", [one.text for one in root.iter("li")])
        cells = {row[0].text: row[1].text for row in root.iter("tr")}
        self.assertEqual(f"{result['performance']['equity']:,.2f}", cells["equity"])
        (line,) = root.iter("polyline")
        self.assertGreater(len(line.get("points", "").split()), 100)

    def test_what_is_heavy_is_loaded_when_it_is_asked_for(self) -> None:
        script = (
            "import sys; from backtests import run_config_backtest; "
            f"result = run_config_backtest('2024-01-01', '2024-01-02', '15m', {str(self.config())!r}); "
            "assert result['performance']['total_trades'] >= 0; "
            "print([name for name in ('pandas', 'matplotlib', 'sqlalchemy') if name in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True
        )
        self.assertEqual("[]", done.stdout.strip())


if __name__ == "__main__":
    unittest.main()
