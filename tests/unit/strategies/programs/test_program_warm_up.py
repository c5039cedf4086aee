"""What a program's warm-up asks for, what it is cut to, and what it is shown where fewer candles are stored."""

import dataclasses
import json
import tempfile
import unittest
from collections.abc import Mapping, Sequence
from pathlib import Path
from unittest.mock import patch

from backtests.config_backtest import ConfigBacktestRunner
from core.candle import Candle
from engine.watched import watched_series_of
from indicators import EMA, RSI
from indicators.features.feature import Feature
from strategies.anchored_blocks import stored_candles_needed
from strategies.features.feature_strategy import FeatureStrategy
from strategies.programs import program_strategy
from strategies.programs.program_strategy import ProgramStrategy
from strategies.warm_up_asked import LONG_FETCH, AskedWarmUp, fetching_line, warm_up_lines
from tests.support.config_tree import write_config
from tests.support.market_data_sets import practice_candles
from tests.support.runs.kernel_runs import settings_from
from tests.support.runs.program_runs import BTC, ETH, OF_15_MINUTES, program, run_strategy
from tests.support.times import JANUARY_MS

STORED = 40
START_MS = JANUARY_MS + STORED * OF_15_MINUTES
WEEKS = """def decide(market, account, trigger):
    print(len(market.get_klines(trigger.symbol, "1w", 50)), len(market.get_klines(trigger.symbol, "4h", 12)))
"""
SETTLING = """def decide(market, account, trigger):
    read = market.get_indicator(trigger.symbol, "ema(9)", "1h")
    print(read["candles"], read["settled"])
"""


def candles(count: int) -> Mapping[str, Sequence[Candle]]:
    return practice_candles((BTC, ETH), "15m", count)


def prepared(text: str, timeframe: str = "15m", **params: object) -> ProgramStrategy:
    strategy = program(text=text, **{"schedule": "1h", **params})
    strategy.prepare_features(timeframe, (BTC, ETH))
    return strategy


class Asked(unittest.TestCase):
    def test_the_read_of_a_longer_period_that_asks_for_most_is_named_with_what_it_asks_for(self) -> None:
        weeks = 7 * 24 * 4
        self.assertEqual(AskedWarmUp(51 * weeks + 10, "get_klines of 1w, 50", 100_000), prepared(WEEKS).asked_warmup)
        asked = prepared(SETTLING).asked_warmup
        self.assertEqual("get_indicator ema(9) of 1h", asked.by)
        pool = {"id": "p", "name": "P", "all": [{"feature": "sma(50)", "op": ">", "value": 0, "period": "1d"}]}
        asked = prepared(SETTLING, pools=[pool]).asked_warmup
        # 50 days of 96 candles each, and 95 of the day that is not over.
        self.assertEqual((50 * 96 + 95 + 10, "a condition of a pool on 1d"), asked[:2])
        own = prepared("def decide(market, account, trigger):\n    market.get_klines(trigger.symbol, count=50)\n")
        self.assertIsNone(own.asked_warmup)

    def test_a_feature_of_a_longer_timeframe_is_named_too(self) -> None:
        class Slow(FeatureStrategy):
            name = "slow"

            def features(self, params: object) -> Mapping[str, object]:
                return {"fast": RSI(14), "trend": Feature(EMA(10), timeframe="1d")}

            def decide(self, now: object) -> None:
                return None

        slow = Slow()
        slow.prepare_features("15m", (BTC,))
        self.assertEqual(AskedWarmUp(slow.warmup_candles, "feature 'trend' of 1d"), slow.asked_warmup)

    def test_klines_are_stored_for_and_not_waited_for_and_both_have_a_bound(self) -> None:
        strategy = prepared(WEEKS)
        self.assertLess(strategy.warmup_candles, 200)
        self.assertEqual(51 * 7 * 24 * 4 + 10, stored_candles_needed(strategy, START_MS, OF_15_MINUTES))
        self.assertEqual(100_000, stored_candles_needed(prepared(WEEKS, "1m"), START_MS, 60_000))
        settings = settings_from({}, [BTC], "15m")
        watching = dataclasses.replace(settings, live=settings.live.model_copy(update={"watch": [ETH]}))
        self.assertEqual(
            [(ETH, 51 * 7 * 24 * 4 + 10)],
            [(one.symbol, one.warmup_candles) for one in watched_series_of(watching, strategy)],
        )
        slow = SETTLING.replace('"ema(9)", "1h"', '"rsi(14)", "1w"')
        self.assertEqual(100_000, prepared(slow).warmup_candles)


class Shown(unittest.TestCase):
    def printed(self, text: str, count: int) -> list[tuple[int, str]]:
        """Return the candle's number and what was printed at each call for BTC."""
        run = run_strategy(program(text=text, schedule="1h"), candles(count), start_ms=START_MS)
        return [((one["time"], one["printed"][0])) for one in run.told("program") if one["symbol"] == BTC]

    def test_klines_are_as_many_as_there_are(self) -> None:
        # The regime of a trigger takes 101 candles; 2024-01-01 is a Monday, so that no week is over in two days.
        told = self.printed(WEEKS, 200)
        self.assertGreater(len(told), 10)
        self.assertEqual({"0"}, {one.split()[0] for _, one in told})
        # 28 hours are over at the first call.
        self.assertEqual(("7", "12"), (told[0][1].split()[1], told[-1][1].split()[1]))

    def test_beyond_the_bound_a_value_begins_unsettled_and_says_so(self) -> None:
        with patch.object(program_strategy, "MOST_WARMUP_CANDLES", 120):
            told = self.printed(SETTLING, 1_100)
        # 120 candles are 30 hours, the first whole hour that closes after them is the 31st at the latest.
        self.assertIn(told[0][1], ("30 False", "31 False"))
        self.assertTrue(told[-1][1].endswith("True"))


class Lines(unittest.TestCase):
    def test_what_is_cut_and_who_has_fewer_is_said(self) -> None:
        asked = AskedWarmUp(34_272, "get_klines of 1w, 50", 100_000)
        self.assertEqual([], warm_up_lines(asked, {BTC: 34_272}, OF_15_MINUTES))
        self.assertEqual([], warm_up_lines(None, {BTC: 0}, OF_15_MINUTES))
        self.assertEqual(
            [
                "warm-up: get_klines of 1w, 50 asks for 34,272 candles of 15m before the start: BTC/USDT has 395; it "
                "is shown what there is"
            ],
            warm_up_lines(asked, {BTC: 395, ETH: 40_000}, OF_15_MINUTES),
        )
        cut = AskedWarmUp(136_425, "get_indicator rsi(14) of 1w", 100_000)
        (line,) = warm_up_lines(cut, {BTC: 100_000}, OF_15_MINUTES)
        self.assertIn("before the start, and 100,000 is the most that is shown", line)
        many = {f"S{number}": number for number in range(9)}
        self.assertIn("S3 has 3 and 5 more have too few", warm_up_lines(asked, many, OF_15_MINUTES)[0])

    def test_a_long_fetch_is_announced(self) -> None:
        asked = AskedWarmUp(34_282, "get_klines of 1w, 50", 100_000)
        self.assertEqual(
            "warm-up: 34,282 candles of 15m are fetched before the session begins, for each of 2 symbols, some 70 "
            "requests: get_klines of 1w, 50 asks for them",
            fetching_line(asked, 34_282, 2, OF_15_MINUTES),
        )
        self.assertIsNone(fetching_line(asked, LONG_FETCH - 1, 2, OF_15_MINUTES))

    def test_a_backtest_warns_of_what_its_store_lacks(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            base = Path(folder)
            live = {
                "exchange": "practice", "symbols": [BTC], "timeframe": "15m",
                "strategy": {"type": "program", "file": "weeks.py", "schedule": "4h"},
                "data": {"cache_dir": str(base / "data")}, "logging": {"directory": str(base / "logs")},
            }  # fmt: skip
            config = write_config(base, live=live)
            (config.parent / "weeks.py").write_text(WEEKS, encoding="utf-8")
            (base / "data").mkdir()
            plain = {**live, "strategy": {"type": "scalping_ema_rsi"}}
            config.write_text(json.dumps(plain), encoding="utf-8")
            ConfigBacktestRunner(str(config), "2024-01-03", "2024-01-04").run()
            config.write_text(json.dumps(live), encoding="utf-8")
            result = ConfigBacktestRunner(str(config), "2024-01-03", "2024-01-04", offline=True).run()
        (told,) = [one for one in result["warnings"] if one.startswith("warm-up: ")]
        self.assertRegex(
            told, r"get_klines of 1w, 50 asks for 34,282 candles of 15m before the start: BTC/USDT has \d+;"
        )
        self.assertEqual(6, result["program"]["calls"])


if __name__ == "__main__":
    unittest.main()
