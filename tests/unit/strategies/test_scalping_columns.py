"""ScalpingEMARSI in its two executions: columns and streaming values are one, bit for bit, and so are the signals."""

import math
import unittest
from collections import Counter
from collections.abc import Mapping

import numpy as np

from core.candle_columns import CandleColumns
from core.trading_signal import Signal
from strategies import ScalpingEMARSI, add_indicators
from strategies.scalping_ema_rsi import WARMUP_RESIDUAL
from tests.support.candles import candles_of
from tests.support.market_data_sets import frame_of, practice_columns, recorded_columns
from tests.support.scale import scaled
from tests.support.shared import needs_shared

COLUMNS = ["ema_fast", "ema_slow", "rsi", "atr", "volume_avg", "volume_spike"]
SHORT: Mapping[str, object] = {
    "ema_fast": 2,
    "ema_slow": 5,
    "rsi_period": 3,
    "atr_period": 3,
    "volume_lookback": 4,
    "volume_multiplier": 0.8,
    "rsi_long_min": 40.0,
    "rsi_long_max": 75.0,
    "rsi_short_min": 5.0,
    "rsi_short_max": 60.0,
    "rsi_extreme_low": 2.0,
    "rsi_extreme_high": 98.0,
}
PARAMETERS: tuple[Mapping[str, object], ...] = (
    {},
    SHORT,
    {"ema_fast": 1, "ema_slow": 2, "rsi_period": 1, "atr_period": 1, "volume_lookback": 1, "volume_multiplier": 0.0},
    {"ema_fast": 5, "ema_slow": 200, "rsi_period": 21, "atr_period": 10, "volume_lookback": 50},
)


def said(answer: Mapping[str, object]) -> tuple[object, ...]:
    """Return what a frame answer decides: direction, distances or the reason."""
    metadata = answer["metadata"]
    assert isinstance(metadata, Mapping)
    if answer["signal"] == "FLAT":
        return ("FLAT", metadata["reason"])
    return (answer["signal"], metadata["sl_distance"], metadata["tp_distance"], metadata["atr"], metadata["rsi"])


def spoken(signal: Signal) -> tuple[object, ...]:
    """Return the same of a streaming answer."""
    if signal.direction == "FLAT":
        return ("FLAT", signal.reason)
    return (signal.direction, signal.sl_distance, signal.tp_distance, signal.atr, signal.metadata["rsi"])


class ColumnsTest(unittest.TestCase):
    def test_names_types_and_what_is_undefined(self) -> None:
        frame = frame_of(practice_columns("BTC/USDT", "15m", 60))
        before = frame.copy()
        result = ScalpingEMARSI().add_indicators(frame)
        self.assertEqual([*before.columns, *COLUMNS], list(result.columns))
        self.assertTrue(before.equals(frame), "the user's frame was changed")
        self.assertEqual(len(frame), len(result))
        undefined = {name: int(result[name].isna().sum()) for name in COLUMNS}
        self.assertEqual(
            {"ema_fast": 8, "ema_slow": 20, "rsi": 14, "atr": 14, "volume_avg": 19, "volume_spike": 0}, undefined
        )
        for name in COLUMNS[:-1]:
            self.assertEqual(np.float64, result[name].dtype, name)
            self.assertTrue(result[name][undefined[name] :].notna().all(), name)
        self.assertEqual(np.bool_, result["volume_spike"].dtype)
        self.assertFalse(result["volume_spike"][:19].any())
        self.assertTrue(result["volume_spike"][19:].any())

    def test_the_module_level_function_does_the_same(self) -> None:
        frame = frame_of(practice_columns("ETH/USDT", "15m", 80))
        self.assertTrue(ScalpingEMARSI().add_indicators(frame).equals(add_indicators(frame)))
        self.assertTrue(ScalpingEMARSI(SHORT).add_indicators(frame).equals(add_indicators(frame, SHORT)))
        self.assertFalse(add_indicators(frame).equals(add_indicators(frame, SHORT)))

    def test_an_index_that_does_not_count_from_zero_changes_nothing(self) -> None:
        frame = frame_of(practice_columns("ETH/USDT", "15m", 80))
        by_time = frame.set_index("timestamp", drop=False)
        expected, got = ScalpingEMARSI().add_indicators(frame), ScalpingEMARSI().add_indicators(by_time)
        for name in COLUMNS:
            self.assertEqual(expected[name].to_numpy().tobytes(), got[name].to_numpy().tobytes(), name)

    def test_frames_too_short_for_anything(self) -> None:
        strategy = ScalpingEMARSI()
        for rows in (0, 1, 2, 5):
            frame = frame_of(practice_columns("BTC/USDT", "15m", 60).slice(0, rows))
            self.assertEqual(rows, len(strategy.add_indicators(frame)))
            reason = "insufficient_data"
            self.assertEqual({"signal": "FLAT", "metadata": {"reason": reason}}, strategy.generate_signal(frame))

    def test_integer_columns_are_taken_as_numbers(self) -> None:
        frame = frame_of(practice_columns("BTC/USDT", "15m", 60))
        whole = frame.assign(**{name: frame[name].round().astype("int64") + 1 for name in frame.columns[1:]})
        floats = whole.assign(**{name: whole[name].astype("float64") for name in frame.columns[1:]})
        for name in COLUMNS:
            expected = add_indicators(floats)[name].to_numpy()
            self.assertEqual(expected.tobytes(), add_indicators(whole)[name].to_numpy().tobytes())


class BitIdentityTest(unittest.TestCase):
    def check_columns(self, columns: CandleColumns) -> None:
        frame, candles = frame_of(columns), candles_of(columns)
        for parameters in PARAMETERS:
            strategy = ScalpingEMARSI(parameters)
            stream = strategy.stream("BTC/USDT")
            streamed: dict[str, list[float]] = {name: [] for name in COLUMNS[:-1]}
            spikes = []
            for candle in candles:
                stream.update(candle)
                values = stream.values()
                for name, value in values.items():
                    streamed[name].append(value)
                spikes.append(candle.volume > values["volume_avg"] * strategy.params.volume_multiplier)
            result = strategy.add_indicators(frame)
            with self.subTest(parameters=parameters):
                for name, column in streamed.items():
                    self.assertEqual(np.array(column).tobytes(), result[name].to_numpy().tobytes(), name)
                self.assertEqual(spikes, result["volume_spike"].tolist())

    def check_signals(self, columns: CandleColumns, parameters: Mapping[str, object], every: int) -> Counter[object]:
        """Hold the frame form on the rows so far against the stream, at every ``every``-th row and every signal."""
        strategy = ScalpingEMARSI(parameters)
        frame = strategy.add_indicators(frame_of(columns))
        stream = strategy.stream("BTC/USDT")
        heard: Counter[object] = Counter()
        for row, candle in enumerate(candles_of(columns)):
            expected = spoken(stream.update(candle))
            heard[expected[0] if expected[0] != "FLAT" else expected[1]] += 1
            if row == 0 or (row % every and expected == ("FLAT", "no_cross")):
                continue
            answer = strategy.generate_signal(frame.iloc[: row + 1])
            self.assertEqual(expected, said(answer), f"row {row}")
            if answer["signal"] != "FLAT":
                self.assertEqual(candle.close, answer["metadata"]["entry_price"])
        return heard

    def test_columns_on_practice_candles(self) -> None:
        self.check_columns(practice_columns("SOL/USDT", "1m", scaled(2_000, 30_000)))

    @needs_shared
    def test_columns_on_recorded_candles(self) -> None:
        self.check_columns(recorded_columns("binance/TAO-USDT/1m.csv.gz", scaled(3_000, 60_000)))
        self.check_columns(recorded_columns("binance@2017-2019/ETH-USDT/1m.csv.gz", scaled(3_000, 60_000)))

    def test_signals_at_every_row_of_a_small_frame(self) -> None:
        heard = self.check_signals(practice_columns("SOL/USDT", "1m", 400), SHORT, every=1)
        self.assertLessEqual(
            {"LONG", "SHORT", "no_cross", "rsi_out_of_band", "no_volume_spike"}, set(heard), dict(heard)
        )

    def test_signals_of_a_large_frame(self) -> None:
        heard = self.check_signals(practice_columns("XRP/USDT", "1m", scaled(6_000, 60_000)), {}, every=50)
        self.assertGreater(heard["LONG"] + heard["SHORT"], 5)

    def test_a_frame_cut_before_its_indicators_says_the_same(self) -> None:
        # The indicators are computed on the rows so far only: nothing of later rows can be in them.
        strategy = ScalpingEMARSI(SHORT)
        columns = practice_columns("SOL/USDT", "1m", 250)
        stream, bare = strategy.stream("SOL/USDT"), frame_of(columns)
        for row, candle in enumerate(candles_of(columns)):
            expected = spoken(stream.update(candle))
            if row:
                self.assertEqual(expected, said(strategy.generate_signal(bare.iloc[: row + 1])), f"row {row}")


class WarmUpTest(unittest.TestCase):
    def test_the_default_warm_up_by_hand(self) -> None:
        # EMA of 21: weight 2/22, 1 - 1/11 = 0.90909: 0.90909 ** 145 = 9.95e-7 <= 1e-6 < 0.90909 ** 144; 21 + 145 = 166.
        # Wilder of 14 is seeded by 15 candles: 0.92857 ** 187 = 9.6e-7 <= 1e-6 < 0.92857 ** 186; 15 + 187 = 202, the
        # longest; and 1 more, because a crossing is judged against the candle before.
        self.assertLessEqual((13 / 14) ** 187, 1e-6)
        self.assertGreater((13 / 14) ** 186, 1e-6)
        self.assertLessEqual((10 / 11) ** 145, 1e-6)
        self.assertGreater((10 / 11) ** 144, 1e-6)
        self.assertEqual(203, ScalpingEMARSI().warmup_candles)

    def test_the_default_residual_by_hand(self) -> None:
        # After 203 candles the seed of Wilder's averages, 15 candles long, is 188 values ago; that of the EMA of 21,
        # 182 values ago, weighs 2.9e-8 and that of the EMA of 9 still less.
        self.assertAlmostEqual((13 / 14) ** 188, ScalpingEMARSI().warmup_residual, 18)
        self.assertGreater((13 / 14) ** 188, (10 / 11) ** 182)

    def test_each_indicator_can_be_the_longest(self) -> None:
        # Weight 2/401: log(1e-6) / log(399/401) = 2763.1, so 400 + 2764 + 1.
        self.assertEqual(3165, ScalpingEMARSI({"ema_slow": 400}).warmup_candles)
        self.assertEqual(5001, ScalpingEMARSI({"volume_lookback": 5000}).warmup_candles)
        # 0.99 ** 1375 = 9.97e-7 <= 1e-6 < 0.99 ** 1374: 101 + 1375 + 1.
        self.assertEqual(1477, ScalpingEMARSI({"rsi_period": 100}).warmup_candles)
        self.assertEqual(1477, ScalpingEMARSI({"atr_period": 100}).warmup_candles)

    def test_the_residual_is_within_the_promise_for_any_periods(self) -> None:
        for parameters in PARAMETERS:
            self.assertLessEqual(ScalpingEMARSI(parameters).warmup_residual, WARMUP_RESIDUAL)

    def test_after_the_warm_up_the_past_before_it_is_forgotten(self) -> None:
        strategy = ScalpingEMARSI()
        candles = candles_of(practice_columns("BTC/USDT", "15m", 3_000))
        long, short = strategy.stream("BTC/USDT"), strategy.stream("BTC/USDT")
        start = 1_500
        for candle in candles[:start]:
            long.update(candle)
        for candle in candles[start : start + strategy.warmup_candles]:
            long.update(candle)
            short.update(candle)
        after_long, after_short = long.values(), short.values()
        self.assertEqual(after_long["volume_avg"], after_short["volume_avg"])
        for name in ("ema_fast", "ema_slow", "rsi", "atr"):
            self.assertTrue(math.isclose(after_long[name], after_short[name], rel_tol=1e-5), name)
        # Short of it, it is not: the length is a need, not an ornament.
        early_long, early_short = strategy.stream("BTC/USDT"), strategy.stream("BTC/USDT")
        for candle in candles[:start]:
            early_long.update(candle)
        for candle in candles[start : start + 40]:
            early_long.update(candle)
            early_short.update(candle)
        self.assertFalse(math.isclose(early_long.values()["rsi"], early_short.values()["rsi"], rel_tol=1e-3))


if __name__ == "__main__":
    unittest.main()
