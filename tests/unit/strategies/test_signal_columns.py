"""Signals that a strategy gives as columns are those that it decides on, candle by candle."""

import json
import unittest
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
import numpy as np

from backtests.engines.unseen_account import UnseenAccount
from core.candle_columns import CandleColumns
from core.errors import StrategyError
from core.timeframe import MINUTE_MS
from core.trading_signal import Signal
from indicators import SMA
from strategies.features.feature_session import ROWS_AT_ONCE, FeatureSession
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.session_facts import Side
from strategies.features.signal_columns import HELD, signal_columns
from strategies.known_candles import KnownCandles
from strategies.scalping_ema_rsi import ScalpingEMARSI
from strategies.strategy_registry import build_strategy
from tests.support.candles import candles_of
from tests.support.column_signals import Planted, Wordy
from tests.support.example_strategies import QUICK_EXAMPLES
from tests.support.market_data_sets import practice_columns, recorded_columns
from tests.support.scale import scaled
from tests.support.shared import needs_shared

BTC, ETH = "BTC/USDT", "ETH/USDT"
LONGEST_MS = 61 * MINUTE_MS
PARAMS = (
    {"ema_fast": 2, "ema_slow": 4, "rsi_period": 3, "volume_lookback": 4, "volume_multiplier": 0.5, "atr_period": 3},
    {
        "ema_fast": 3,
        "ema_slow": 5,
        "rsi_long_min": 20,
        "rsi_short_max": 79,
        "volume_multiplier": 0,
        "sl_atr_multiple": 1.7,
    },
    {"ema_fast": 2, "ema_slow": 9, "atr_min_threshold": 1.5, "volume_multiplier": 1.1},
)
SIDES: Mapping[str, Side | None] = {"nothing": None, "LONG": "LONG", "SHORT": "SHORT"}

Heard = dict[tuple[str, int, str], str]
"""Signals that are not FLAT, as text, by symbol, row and what is held."""


def candles(rows: int, seed: int = 3) -> CandleColumns:
    """Return candles on a coarse grid, so that averages meet and volumes repeat, with a gap after two thirds."""
    chance = np.random.default_rng(seed)
    close = 100.0 + np.cumsum(chance.integers(-2, 3, rows)) * 0.5
    opened = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(opened, close) + chance.integers(0, 3, rows) * 0.5
    low = np.minimum(opened, close) - chance.integers(0, 3, rows) * 0.5
    numbers = np.arange(rows) + np.where(np.arange(rows) > 2 * rows // 3, 200, 0)
    return CandleColumns(numbers * MINUTE_MS, opened, high, low, close, chance.integers(0, 5, rows) * 1.0)


def text_of(signal: Signal) -> str:
    return f"{signal.direction} {json.dumps(msgspec.structs.asdict(signal), sort_keys=True)}"


def direction_of(text: str) -> str:
    return text.split(" ", 1)[0]


def decided(strategy: FeatureStrategy, market: Mapping[str, CandleColumns]) -> Heard:
    """Return what ``decide`` says of candles that come one by one, beside each position."""
    session, account = FeatureSession(strategy, tuple(market)), UnseenAccount(by_side=True)
    session.connect(account)
    found: Heard = {}
    last_ms = -2 * LONGEST_MS
    for row, step in enumerate(zip(*map(candles_of, market.values()), strict=True)):
        opened_ms = step[0].open_time_ms
        if opened_ms - last_ms > LONGEST_MS:
            streams = {symbol: session.open(symbol) for symbol in market}
        last_ms = opened_ms
        session.begin(opened_ms + MINUTE_MS, list(zip(market, step, strict=True)))
        for (symbol, stream), candle in zip(streams.items(), step, strict=True):
            for held, side in SIDES.items():
                account.show(side)
                signal = stream.decide(candle)  # type: ignore[attr-defined]
                if signal.direction != "FLAT":
                    found[symbol, row, held] = text_of(signal)
    return found


def said(
    strategy: FeatureStrategy, market: Mapping[str, CandleColumns], first: int = 0, at_once: int = ROWS_AT_ONCE
) -> Heard:
    """Return the same as ``signals`` says it, from a row on; asked about so many rows at once where it may be."""
    session = FeatureSession(strategy, tuple(market), KnownCandles(market, MINUTE_MS, LONGEST_MS))
    found: Heard = {}
    for symbol in market:
        columns = session.signals(symbol, rows_at_once=at_once)
        assert columns is not None
        columns = columns.from_row(first)
        for place, row in enumerate(columns.rows.tolist()):
            beside = HELD[columns.held[place]]
            for held in SIDES if beside is None else (beside,):
                assert (symbol, row + first, held) not in found
                found[symbol, row + first, held] = text_of(columns.signal(place))
    return found


def shipped(symbols: Sequence[str]) -> dict[str, FeatureStrategy]:
    """Return the shipped strategies that say all rows at once."""
    built: dict[str, Any] = {
        name: build_strategy(name, params, "1m", symbols)
        for name, params in QUICK_EXAMPLES.items()
        if name != "donchian_breakout"
    }
    return built | {f"scalping {number}": ScalpingEMARSI(params) for number, params in enumerate(PARAMS)}


class ColumnsOfSignals(unittest.TestCase):
    def same(self, market: Mapping[str, CandleColumns]) -> None:
        for name, strategy in shipped(tuple(market)).items():
            with self.subTest(name):
                expected = decided(strategy, market)
                self.require_same(expected, said(strategy, market))
                directions = set(map(direction_of, expected.values()))
                self.assertLessEqual({"LONG"} if name == "btc_regime" else {"LONG", "SHORT"}, directions)
                self.assertEqual(name == "rsi_reversion", "EXIT" in directions)
                self.require_same(expected, said(strategy, market, at_once=7))
                later = {key: signal for key, signal in expected.items() if key[1] >= 1_000}
                self.require_same(later, said(strategy, market, 1_000))

    def require_same(self, expected: Heard, got: Heard) -> None:
        """Fail with the first opinions that differ."""
        differing = sorted(dict(expected.items() ^ got.items()))[:3]
        self.assertEqual([], [(key, expected.get(key), got.get(key)) for key in differing])

    def test_shipped_strategies_say_at_once_what_they_decide_on_practice_candles(self) -> None:
        self.same({symbol: practice_columns(symbol, "1m", scaled(1_200, 20_000)) for symbol in (BTC, ETH)})

    def test_shipped_strategies_say_at_once_what_they_decide_on_coarse_candles_with_a_gap(self) -> None:
        self.same({BTC: candles(1_500), ETH: candles(1_500, seed=4)})

    @needs_shared
    def test_shipped_strategies_say_at_once_what_they_decide_on_recorded_candles(self) -> None:
        count = scaled(1_200, 20_000)
        self.same({one: recorded_columns(f"binance/{one.replace('/', '-')}/1m.csv.gz", count) for one in (BTC, ETH)})

    def test_of_several_at_a_row_the_first_is_said_beside_each_position(self) -> None:
        for prices in (False, True):
            strategy, market = Wordy({"prices": prices}), {BTC: candles(1_200)}
            expected = decided(strategy, market)
            self.require_same(expected, said(strategy, market))
            beside = {held: {direction_of(one) for key, one in expected.items() if key[2] == held} for held in SIDES}
            self.assertEqual([{"LONG", "SHORT"}] * 2, [beside["nothing"], beside["SHORT"]])
            self.assertEqual({"EXIT", "ADJUST"} if prices else {"EXIT", "LONG", "SHORT"}, beside["LONG"])

    def test_nothing_said_first_silences_what_comes_after_it(self) -> None:
        strategy, rows = Wordy(), np.array([True, True, False, True])
        answer = [
            strategy.where(np.array([True, False, False, False]), strategy.flat(), held="SHORT"),
            strategy.where(np.array([False, True, False, False]), strategy.flat("quiet")),
            strategy.where(rows, strategy.long(stop_distance=1.0)),
        ]
        columns = signal_columns(answer, 4)
        told = [(row, HELD[held]) for row, held in zip(columns.rows.tolist(), columns.held.tolist(), strict=True)]
        self.assertEqual([(0, "nothing"), (0, "LONG"), (3, None)], told)

    def test_one_row_that_is_not_said_is_found(self) -> None:
        strategy, market = Planted(QUICK_EXAMPLES["trend_filter"]), {BTC: practice_columns(BTC, "1m", 1_500)}
        strategy.prepare_features("1m", (BTC,))
        # What overrides a method that may be asked about some rows at a time is asked about all of them.
        missing = set(decided(strategy, market).items()) - set(said(strategy, market, at_once=100).items())
        self.assertEqual(3, len(missing))
        self.assertEqual(1, len({row for (_, row, _), _ in missing}))


class Answering(FeatureStrategy):
    """Says what it is given."""

    answer: Any = None

    def features(self, params: Any) -> Mapping[str, Any]:
        return {"mean": SMA(2)}

    def decide(self, now: Any) -> None:
        return None

    def signals(self, columns: Any) -> Any:
        return self.answer(columns)


class WrongColumns(unittest.TestCase):
    def test_what_is_no_columns_is_refused_and_it_is_said_what_is_allowed(self) -> None:
        here, five = cast(Any, Answering()), np.ones(5)
        rows = np.array([True, False, True])
        second = "signals returned as number 2 a signal whose "
        shapes = "float64 of shape .5,.; allowed: a number, or float64 of shape .3,"
        cases: Sequence[tuple[Any, str]] = (
            ("LONG", "signals returned 'LONG'; allowed: a list of self.where"),
            ([here.long()], "allowed: a list of self.where"),
            (
                here.where(five, here.long()),
                "number 1 .* rows are float64 of shape .5,.; allowed: booleans of",
            ),
            ([here.where(rows, here.long()), here.where(True, here.short())], f"{second}rows are True"),
            (here.where(rows, here.long(stop_distance=five)), f"stop_distance is {shapes}"),
            (here.where(rows, here.long(size=rows)), "size is bool of shape .3,.; allowed: a number, or float64"),
            (here.where(rows, here.long(metadata={"a": five})), f"metadata 'a' is {shapes}"),
            (here.where(rows, here.long(tag=rows)), "tag is an array; allowed: one for all its rows"),
            (here.where(rows, None), "answer is None; allowed: self.long"),
            (here.where(rows, here.long(), held="long"), "held is 'long'; allowed: 'nothing', 'LONG', 'SHORT'"),
        )
        for answer, told in cases:
            with self.subTest(told), self.assertRaisesRegex(StrategyError, told):
                self.signals(lambda _, answer=answer: answer)

    def test_a_failure_names_the_feature_the_symbol_and_the_line(self) -> None:
        told = r"signals about A: AttributeError: there is no feature 'maen'.*mean.* \(test_signal_columns.py:\d+\)"
        with self.assertRaisesRegex(StrategyError, told):
            self.signals(lambda columns: columns.maen > 1.0)

    def signals(self, answer: Any) -> None:
        strategy = Answering()
        strategy.answer = answer
        known = KnownCandles({"A": candles(3)}, MINUTE_MS, LONGEST_MS)
        FeatureSession(strategy, ("A",), known).signals("A")


if __name__ == "__main__":
    unittest.main()
