"""A run as a table: what was known at each close and nothing later, what was decided, and what followed."""

import contextlib
import csv
import functools
import io
import itertools
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from backtests.config_backtest import ConfigBacktestRunner
from core.candle_columns import CandleColumns
from core.errors import ConfigurationError, DataUnavailableError, StrategyError
from core.instants import format_ms
from indicators import EMA
from market_data import CandleStore
from market_data.practice.practice_market import PracticeMarket
from runs.__main__ import main as runs
from runs.dataset.dataset_file import write_dataset
from runs.dataset.forward_outcomes import price_outcomes
from runs.reading import read_run
from strategies.frame_stream import frame_of
from tests.support.candles import candles_of
from tests.support.config_tree import write_config
from tests.support.feature_strategies import Crossing
from tests.support.frame_strategies import Breakout
from tests.support.shared import REPOSITORY
from tests.support.times import HOUR_MS, JANUARY_MS, MINUTE_MS, at

BTC, ETH, XRP = "BTC/USDT", "ETH/USDT", "XRP/USDT"
STRATEGIES = "tests.support.feature_strategies"
STEPS = 700
START = 360
"""Minutes before the window: warm-up."""
CUT = START + 400
HOLE = (START + 100, START + 140)
TOLD = {
    "Crossing": {"range": "range"},
    "Leader": {"leader": "leader", "line": "leader_hour_line"},
    "Regime": {"joined": "joined", "own": "own", "theirs": "theirs"},
}
"""What a strategy tells of its features with each opinion, and the column that has it."""


def known(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that were known at each close."""
    return table[[name for name in table.columns if not name.startswith("forward_")]]


class Stores:
    """Candle stores of three symbols, minutes and five minutes, each written once for all tests."""

    @functools.cached_property
    def _root(self) -> Path:
        folder = tempfile.TemporaryDirectory()
        unittest.addModuleCleanup(folder.cleanup)
        return Path(folder.name)

    @functools.cached_property
    def whole(self) -> Path:
        return self._stored("whole")

    @functools.cached_property
    def cut(self) -> Path:
        return self._stored("cut", until=CUT)

    @functools.cached_property
    def changed(self) -> Path:
        """What follows the cut is three times as high."""
        return self._stored("changed", times=3.0)

    @functools.cached_property
    def holed(self) -> Path:
        return self._stored("holed", hole=HOLE)

    @functools.cached_property
    def bridged(self) -> Path:
        """Five minutes are missing that are there as minutes."""
        return self._stored("bridged", hole=HOLE, holed=("5m",))

    def _stored(
        self,
        name: str,
        until: int = START + STEPS,
        times: float = 1.0,
        hole: tuple[int, int] = (0, 0),
        holed: tuple[str, ...] = ("1m", "5m"),
    ) -> Path:
        folder = self._root / name
        for symbol, timeframe in itertools.product((BTC, ETH, XRP), ("1m", "5m")):
            candles = PracticeMarket().candles(symbol, timeframe, JANUARY_MS, at(until))
            opens = candles.open_time_ms
            prices = (np.where(opens >= at(CUT), times * column, column) for column in candles[1:])
            kept = (opens < at(hole[0])) | (opens >= at(hole[1])) | (timeframe not in holed)
            columns = CandleColumns._make(column[kept] for column in (opens, *prices))
            CandleStore(folder).write("mine", symbol, timeframe, columns, source="import of test")
        return folder


stores = Stores()


class DatasetCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def run_of(self, data: Path, name: str, end: int = START + STEPS, **live: Any) -> dict[str, Any]:
        config = write_config(
            self.base,
            live={
                "exchange": "mine",
                "symbols": [ETH, BTC],
                "watch": [XRP],
                "timeframe": "1m",
                "strategy": {"type": f"{STRATEGIES}:{name}"},
                "logging": {"directory": str(self.base / "logs")},
                **live,
            },
        )
        runner = ConfigBacktestRunner(
            config, format_ms(at(START)), format_ms(at(end)), offline=True, data_dir=data, output_dir=self.base / "out"
        )
        return runner.run()

    def table(self, result: dict[str, Any], **options: Any) -> pd.DataFrame:
        run = read_run(Path(result["output_dir"]) / result["run_id"])
        write_dataset(run, self.base / "dataset.parquet", **options)
        return pq.read_table(self.base / "dataset.parquet").to_pandas()


class KnownAtTheClose(DatasetCase):
    def test_nothing_is_of_a_later_candle(self) -> None:
        end = pd.Timestamp(at(CUT), unit="ms", tz="UTC")
        for strategy in TOLD:
            whole = self.table(self.run_of(stores.whole, strategy))
            features = [name for name in whole.columns if name.startswith("feature_")]
            self.assertGreater(len(features), 3)
            early = whole[whole["close_time"] <= end]
            self.assertGreater((early["decision_direction"] != "FLAT").sum(), 5)
            for data in (stores.cut, stores.changed)[strategy != "Regime" :]:
                table = self.table(self.run_of(data, strategy, end=CUT if data == stores.cut else START + STEPS))
                same = table[table["close_time"] <= end]
                pd.testing.assert_frame_equal(
                    known(early).reset_index(drop=True), known(same).reset_index(drop=True), check_exact=True
                )
                for name in features:
                    bits = [frame[name].to_numpy(np.float64).view(np.int64) for frame in (early, same)]
                    np.testing.assert_array_equal(*bits, err_msg=name)

    def test_features_are_what_the_strategy_saw(self) -> None:
        finer = {"timeframe": "5m", "detail_interval": "1m", "execution": {"max_gap": 3}}
        kinds = ((stores.holed, {}), (stores.holed, finer), (stores.bridged, finer))
        for strategy, (data, live) in itertools.product(TOLD, kinds):
            with self.subTest(strategy, data=data.name, **live):
                table = self.table(self.run_of(data, strategy, **live))
                opinions = table[table["decision_direction"] != "FLAT"]
                self.assertGreater(len(opinions), 2 if live else 10)
                for _, row in opinions.iterrows():
                    told = json.loads(row["decision_inputs"])
                    for name, column in TOLD[strategy].items():
                        np.testing.assert_equal(float(told[name]), row[f"feature_{column}"])

    def test_the_streaming_form_has_the_same_values_over_a_gap(self) -> None:
        table = self.table(self.run_of(stores.holed, "Crossing", symbols=[BTC], watch=[], execution={"max_gap": 5}))

        class Recorder(Crossing):
            def decide(self, now: Any) -> None:
                seen.append([now.fast, now.slow, now.atr, now.trend, now.range])

        strategy, seen = Recorder({}), []
        strategy.prepare_features("1m", [BTC])
        candles = candles_of(CandleStore(stores.holed).read("mine", BTC, "1m", JANUARY_MS, at(START + STEPS)))
        stream = strategy.stream(BTC)
        for before, one in zip([None, *candles], candles, strict=False):
            if before is not None and one.open_time_ms - before.open_time_ms > MINUTE_MS:
                stream = strategy.stream(BTC)
            stream.update(one)
        features = table[[f"feature_{name}" for name in ("fast", "slow", "atr", "trend", "range")]].to_numpy()
        self.assertEqual(STEPS - 40, len(features))
        np.testing.assert_array_equal(seen[START:], features)
        # By hand: twelve rows after the gap no 15 minutes are whole yet, and every average has begun anew.
        closes = pd.Series([one.close for one in candles[START + 100 :]])
        after = table["feature_fast"].iloc[100:].reset_index(drop=True)
        reference = closes.ewm(span=EMA(3).period, adjust=False).mean()
        np.testing.assert_allclose(after.iloc[40:], reference.iloc[40 : len(after)], rtol=1e-9)

    def test_a_frame_strategy_has_the_columns_that_it_adds_on_the_frame_of_each_candle(self) -> None:
        strategy = {"type": "tests.support.frame_strategies:Breakout", "params": {"length": 12}}
        table = self.table(self.run_of(stores.whole, "", symbols=[BTC], watch=[], strategy=strategy))
        candles = CandleStore(stores.whole).read("mine", BTC, "1m", JANUARY_MS, at(START + STEPS))
        form = Breakout({"length": 12})
        numbers = candles.open_time_ms // MINUTE_MS
        for row in (0, 5, 301, 639, 640, 641, STEPS - 1):
            place = START + row
            block = int(np.searchsorted(numbers, numbers[place] // 1_000 * 1_000))
            # The run was shown its warm-up and what the block of its first candle has before it.
            part = candles.slice(max(0, block - 12), place + 1)
            last = form.add_indicators(frame_of(part.open_time_ms, np.array(part[1:]))).iloc[-1]
            for name in ("top", "range", "ewm"):
                self.assertEqual(last[name], table[f"feature_{name}"].iloc[row], f"{name} {row}")

    def test_a_frame_strategy_that_looks_ahead_is_named(self) -> None:
        from runs.dataset.indicator_frames import indicator_columns

        class Ahead(Breakout):
            def add_indicators(self, df: pd.DataFrame) -> pd.DataFrame:
                return super().add_indicators(df).assign(next=df["close"].shift(-1).fillna(0.0))

        candles = PracticeMarket().candles(BTC, "1m", JANUARY_MS, at(50))
        with self.assertRaisesRegex(StrategyError, "look-ahead: column 'next' at the candle of BTC/USDT opened 2024"):
            indicator_columns(Ahead({"length": 5}), BTC, candles, np.array([0]), MINUTE_MS)


class Decided(DatasetCase):
    def test_decisions_and_trades_are_those_of_the_run(self) -> None:
        result = (
            self.run_of(stores.whole, "Crossing", trading_mode=None) if False else self.run_of(stores.whole, "Crossing")
        )
        table = self.table(result)
        self.assertEqual([ETH, BTC], list(dict.fromkeys(table["symbol"])))
        self.assertEqual({ETH: STEPS, BTC: STEPS}, table["symbol"].value_counts().to_dict())
        folder = Path(result["output_dir"])
        lines = [json.loads(line) for line in (folder / "decisions.jsonl").read_text().splitlines()]
        told = {(one["symbol"], pd.Timestamp(one["time"])): one for one in lines if one["event"] == "decision"}
        said = table[table["decision_direction"] != "FLAT"]
        self.assertEqual(set(told), set(zip(said["symbol"], said["close_time"], strict=True)))
        for _, row in said.iterrows():
            one = told[row["symbol"], row["close_time"]]
            self.assertEqual(one["signal"]["direction"], row["decision_direction"])
            self.assertEqual(one["entry_order_id"], none_of(row["decision_order_id"]))
            self.assertEqual(one["reason"], none_of(row["decision_refusal"]))
            self.assertEqual(one["signal"]["sl_distance"], row["decision_stop_distance"])
            self.assertEqual(one["gates"][0]["verdict"] == "approved", row["decision_warm"])
        rows = list(csv.DictReader(Path(result["log_file"]).read_text().splitlines()))
        entered = said.dropna(subset=["decision_order_id"]).set_index("decision_order_id")
        opens = [row for row in rows if row["action"] == "OPEN"]
        self.assertGreater(len(opens), 10)
        for row in opens:
            close = next(
                one for one in rows[rows.index(row) :] if one["symbol"] == row["symbol"] and one["action"] == "CLOSE"
            )
            outcome = entered.loc[row["order_id"]]
            self.assertEqual(float(close["realized_pnl"]), outcome["forward_trade_pnl"])
            self.assertEqual(close["reason"], outcome["forward_trade_exit_reason"])
            self.assertEqual(pd.Timestamp(close["timestamp"]), outcome["forward_trade_exit_time"])
            self.assertEqual(pd.Timestamp(row["timestamp"]), outcome["forward_trade_entry_time"])
        self.assertEqual(len(opens), table["forward_trade_pnl"].notna().sum())

    def test_a_session_has_a_table_too_and_it_is_that_of_the_same_backtest(self) -> None:
        config = write_config(
            self.base,
            live={
                "exchange": "practice",
                "symbols": [BTC, ETH],
                "timeframe": "1m",
                "strategy": {"type": f"{STRATEGIES}:Leader"},
                "data": {"cache_dir": str(self.base / "data")},
                "logging": {"directory": str(self.base / "logs")},
            },
        )
        asked = [
            "--practice-start",
            "2024-01-01",
            "--speed",
            "20000",
            "--for",
            "2h",
            "--quiet",
            "--out",
            self.base / "live",
        ]
        subprocess.run(
            [sys.executable, "run_live.py", "--config", config, *asked],
            cwd=REPOSITORY, check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        (session,) = (path.parent for path in (self.base / "live").glob("**/journal.jsonl"))
        write_dataset(read_run(session), self.base / "live.parquet")
        table = pd.read_parquet(self.base / "live.parquet")
        start, end = (
            int(table[name].iloc[at].timestamp() * 1000) for name, at in (("open_time", 0), ("close_time", -1))
        )
        result = ConfigBacktestRunner(config, format_ms(start), format_ms(end), output_dir=self.base / "out").run()
        again = self.table(result)
        self.assertEqual([240, 240], [len(table), len(again)])
        for name in (one for one in table.columns if one.startswith(("feature_", "open", "close", "forward_return"))):
            pd.testing.assert_series_equal(again[name], table[name], check_exact=True)


class Followed(unittest.TestCase):
    def test_prices_ahead_are_fractions_of_the_close_and_nan_where_candles_lack(self) -> None:
        rows = [(0, 9, 11, 8, 10), (1, 10, 12, 9, 11), (2, 11, 15, 10, 12), (4, 12, 13, 6, 8), (5, 8, 9, 7, 9)]
        candles = CandleColumns.from_rows([(hour * HOUR_MS, *map(float, prices), 1.0) for hour, *prices in rows])
        found = price_outcomes(candles, HOUR_MS, [1, 2, 9])
        nan = np.nan
        expected = {
            "forward_return_1": [0.1, 1 / 11, nan, 1 / 8, nan],
            "forward_high_1": [0.2, 4 / 11, nan, 1 / 8, nan],
            "forward_low_1": [-0.1, -1 / 11, nan, -1 / 8, nan],
            "forward_return_2": [0.2, nan, nan, nan, nan],
            "forward_high_2": [0.5, nan, nan, nan, nan],
            "forward_low_2": [-0.1, nan, nan, nan, nan],
            "forward_return_9": [nan] * 5,
        }
        for name, values in expected.items():
            np.testing.assert_allclose(values, found[name], rtol=1e-12, err_msg=name)


class Refused(DatasetCase):
    def test_another_store_another_strategy_and_bad_arguments_are_named_and_write_nothing(self) -> None:
        result = self.run_of(stores.whole, "Crossing")
        folder = Path(result["output_dir"]) / result["run_id"]
        with self.assertRaisesRegex(DataUnavailableError, "does not hold what it was fed.*--data-dir"):
            self.table(result, data_dir=stores.changed)
        with self.assertRaisesRegex(ConfigurationError, "horizons .*at least 1"):
            self.table(result, horizons=[0, 5])
        manifest = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps({**manifest, "strategy_sha256": "0" * 64}))
        with self.assertRaisesRegex(ConfigurationError, "is another one now"):
            self.table(result)
        self.assertFalse((self.base / "dataset.parquet").exists())
        self.assertEqual([], [path.name for path in self.base.iterdir() if path.suffix == ".tmp"])

    def test_the_command_says_what_it_wrote_and_names_bad_arguments(self) -> None:
        result = self.run_of(stores.whole, "Crossing")
        folder = str(Path(result["output_dir"]) / result["run_id"])
        code, said, wrong = self.command(folder, "--horizons", "2,7", "--json")
        self.assertEqual((0, ""), (code, wrong))
        told = json.loads(said)
        file = Path(told.pop("file"))
        self.assertEqual(Path(folder) / "dataset.parquet", file)
        self.assertEqual(told, json.loads(pq.read_schema(file).metadata[b"dataset"]))
        self.assertEqual({ETH: STEPS, BTC: STEPS}, told["rows"])
        self.assertEqual((["fast", "slow", "atr", "trend", "range"], [2, 7]), (told["features"], told["horizons"]))
        for arguments, says in (
            (["--horizons", "0"], "--horizons 0 — allowed: numbers of candles"),
            (["--out", str(self.base)], "is a folder"),
            (["--out", str(self.base / "run.csv")], "allowed: a name that ends in .parquet"),
            (["--out", str(Path(folder) / "dataset.parquet")], "is there already — allowed: another name, or --force"),
            (["--data-dir", str(self.base / "none")], "there is no such folder"),
        ):
            code, said, wrong = self.command(folder, *arguments)
            self.assertEqual((2, "", 1), (code, said, wrong.count("\n")))
            self.assertIn(says, wrong)

    def command(self, *arguments: str) -> tuple[int, str, str]:
        said, wrong = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(wrong):
            code = runs(["dataset", *arguments])
        return code, said.getvalue(), wrong.getvalue()

    def test_a_strategy_in_a_file_is_found_from_the_run_s_folder(self) -> None:
        source = (REPOSITORY / "tests" / "support" / "feature_strategies.py").read_text(encoding="utf-8")
        (self.base / "ideas").mkdir()
        (self.base / "ideas" / "cross.py").write_text(source, encoding="utf-8")
        result = self.run_of(stores.whole, "", strategy={"type": "../ideas/cross.py:Crossing"}, watch=[])
        table = self.table(result, horizons=[2])
        self.assertIn("feature_trend", table.columns)
        self.assertEqual(
            ["forward_return_2", "forward_high_2", "forward_low_2"],
            [name for name in table.columns if name.startswith("forward_") and "trade" not in name],
        )


def none_of(value: Any) -> Any:
    return None if pd.isna(value) else value


if __name__ == "__main__":
    unittest.main()
