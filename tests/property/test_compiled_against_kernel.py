"""The compiled rules against the kernel: any market and any settings that they cover, the same bytes."""

import dataclasses
import random
import unittest
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.candle import Candle
from core.errors import Uncovered
from core.instrument import Instrument
from core.trading_signal import Signal
from tests.property.test_kernel_against_slow_model import TIMEFRAMES, run_kernel_on
from tests.support.oracles.market_cases import compiled_cases as cases
from tests.support.oracles.slow_model import Case
from tests.support.runs.compiled_runs import require_same_bytes, run_compiled_on
from tests.support.runs.contract_cases import contracts
from tests.support.runs.drawn_entries import ENTRY_EVENTS, ENTRY_SETTINGS, entering, entry_rules, read_settings
from tests.support.runs.drawn_words import WORD_EVENTS, worded_signals
from tests.support.runs.finer_candles import FINER, finer_candles
from tests.support.runs.rules_met import SELDOM, note, words
from tests.support.scale import LONG, scaled

SPREADS = (
    {},
    {},
    {"model": "fixed", "fraction": 0.002},
    {"model": "corwin_schultz", "fraction": 0.0015, "candles": 2},
    {"model": "corwin_schultz", "candles": 5},
)
SLIPPAGE_MODELS = (
    {},
    {},
    {"model": "volatility", "coefficient": 0.1, "candles": 3},
    {"model": "square_root", "coefficient": 0.35, "candles": 4},
    {"model": "square_root", "coefficient": 2.0, "candles": 2},
)
LADDERS: tuple[dict[str, Any], ...] = (
    {
        "ladder": [{"fraction": 0.5, "distance": 0.5}, {"fraction": 0.25, "distance": 1.0}],
        "break_even_after": 1,
    },
    {
        "ladder": [
            {"fraction": 0.3333, "distance": 0.7},
            {"fraction": 0.3333, "distance": 1.1},
            {"fraction": 0.3334, "distance": 1.75},
        ],
        "break_even_after": 2,
    },
    {"ladder": [{"fraction": 0.01, "distance": 0.25}, {"fraction": 0.99, "distance": 1.5}], "max_holding": 7},
)
FURTHER: Mapping[str, Sequence[Any]] = {
    "intrabar": ("pessimistic", "optimistic", "ohlc", "olhc"),
    "latency_ms": (0, 0, 0, 1_500, 59_000, 59_000),
    "mode": ("paper",) * 9 + ("monitor",),
    "kill_switch": (False,) * 11 + (True,),
    "one_position": (False,) * 4 + (True,),
    "worded": (False, True),
    "max_drawdown_pct": (0.99, 0.99, 0.05, 0.01),
    "exits": ({}, {}, {"max_holding": 2}, {"max_holding": 7}, *LADDERS),
    "trailing_stop_atr": (None, None, 1.5),
    "spread": SPREADS,
    "slippage_model": SLIPPAGE_MODELS,
    **ENTRY_SETTINGS,
}
"""Settings that the slow model does not know and the compiled rules do, and the kill switch, and room for no more
than about one position, more often."""


def further_settings(seed: int) -> dict[str, Any]:
    """Return one of each; a seed, so that all are as common as they stand there."""
    chance = random.Random(seed)
    return {name: chance.choice(options) for name, options in FURTHER.items()}


ORDERS = """NEW|, REPLACED|trailing_stop, CANCELED|end, CANCELED|gap, CANCELED|halt, CANCELED|oco,
CANCELED|opposite_signal, CANCELED|position_closed, REPLACED|position, REPLACED|break_even, FILLED|break_even,
EXPIRED|max_order_wait, FILLED|end, FILLED|gap, FILLED|halt,
FILLED|opposite_signal, FILLED|signal, FILLED|stop, FILLED|target, FILLED|time_stop, FILLED|trailing_stop,
REJECTED|insufficient_balance, REJECTED|insufficient_margin, REJECTED|max_leverage, FILLED|liquidation"""
DECISIONS = """None, below_lot_size, below_min_notional, below_min_position_size, below_min_quantity, close_waiting,
entry_waiting, halted_candle_move, halted_daily_loss, halted_drawdown, kill_switch, max_open_trades,
monitor_mode, no_exposure_room, opposite_ignored, position_open, shorting_disabled, stop_distance, stop_within_tick,
target_distance, trailing_distance, warming_up"""
"""No signal is refused for its risk or its exposure by the safety limits: sizing keeps within both."""
OTHERS = """candle_move, gap, halt, halt_lifted, ambiguous, both_sides, bound_rounding, bound_exposure_room, finer,
corwin_schultz, volatility, square_root, funding"""


def plain_signals(case: Case, rules: dict[str, Instrument], *, by_atr: bool) -> dict[str, dict[int, Signal]]:
    """Return a case's entries with distances, some by ATR alone, some with both, and some with a way to enter."""
    found: dict[str, dict[int, Signal]] = {}
    closes = {symbol: {one.open_time_ms: one.close for one in candles} for symbol, candles in case.candles.items()}
    for symbol, signals in case.signals.items():
        found[symbol] = {}
        for number, (open_ms, signal) in enumerate(signals.items()):
            if signal.direction not in ("LONG", "SHORT"):
                continue
            plain = Signal(signal.direction, sl_distance=signal.sl_distance, tp_distance=signal.tp_distance)
            if plain.sl_distance is None or (by_atr and number % 3 == 0):
                plain = Signal(signal.direction, atr=0.7 + number % 5)
            elif by_atr and number % 3 == 1:
                plain = msgspec.structs.replace(plain, atr=1.3)
            found[symbol][open_ms] = entering(plain, number, closes[symbol][open_ms], rules[symbol])
    return found


def covered_case(case: Case, further: dict[str, Any], *, by_atr: bool) -> Case:
    """Return a case within what the compiled rules cover, every symbol on a tick and a lot."""
    flat = read_settings({**case.settings, **further})
    kill_switch, worded = flat.pop("kill_switch"), flat.pop("worded")
    if flat.pop("one_position"):
        flat["max_exposure_pct"] = flat["max_exposure"]
    if flat["entry_fill"] == "close":
        flat["latency_ms"] = 0
    if not flat["enable_trailing_stop"]:
        flat["trailing_stop_atr"] = None
    if flat["trailing_stop_atr"] is not None:
        del flat["trailing_stop_pct"]
    if "taker" in flat["commission"]:
        del flat["commission_rate"]
    rules = {}
    for symbol, one in case.instruments.items():
        tick, lot = one.tick_size or Decimal("0.0025"), one.lot_size or Decimal("0.25")
        stepped = msgspec.structs.replace(one, tick_size=tick, lot_size=lot)
        rules[symbol] = entry_rules(stepped, len(case.candles[symbol]))
    candles = case.candles
    if flat["slippage_model"]:
        candles = {symbol: list(map(without_volume, own)) for symbol, own in candles.items()}
    signals = worded_signals(case, rules, flat) if worded else plain_signals(case, rules, by_atr=by_atr)
    replaced = dataclasses.replace(case, settings=flat, instruments=rules, candles=candles)
    return dataclasses.replace(replaced, signals=signals, kill_switch=kill_switch)


def without_volume(candle: Candle) -> Candle:
    """Return a candle of little volume as one of none, so that windows without any are common."""
    return candle if candle.volume > 1.0 else msgspec.structs.replace(candle, volume=0.0)


class CompiledAgainstKernel(unittest.TestCase):
    maxDiff = None

    def test_both_write_the_same_bytes_whatever_happens(self) -> None:
        happened: Counter[str] = Counter()

        @settings(
            max_examples=scaled(500, 20_000),
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
            print_blob=True,
        )
        @given(
            cases(),
            st.integers(0, 1 << 32).map(further_settings),
            st.booleans(),
            st.none() | st.integers(0, 1 << 16),
            st.booleans(),
            st.data(),
        )
        def compare(
            drawn: Case,
            further: dict[str, Any],
            by_atr: bool,
            finer: int | None,
            perpetual: bool,
            data: st.DataObject,
        ) -> None:
            case, detail = covered_case(drawn, further, by_atr=by_atr), None
            timeframe = TIMEFRAMES[case.timeframe_ms]
            if finer is not None:
                case.settings["detail_interval"] = FINER[timeframe]
                if case.settings["intrabar"] == "pessimistic":
                    case.settings["intrabar"] = ("pessimistic", "detail")[finer % 2]
                detail = finer_candles(case.candles, timeframe, finer)
            marks, funding = None, None
            if perpetual:
                own, marks, funding = data.draw(contracts(case, detail))
                case.settings["perpetual"] = own
                if own["leverage"] == 1.0 or by_atr:
                    case.settings.update(max_exposure=1.0, max_exposure_pct=1.0)
            costs = [case.settings[one].get("model") for one in ("spread", "slippage_model")]
            measured = not {None, "fixed"}.issuperset(costs)
            try:
                got = run_compiled_on(case, timeframe, detail, marks, funding)
            except Uncovered:
                happened["uncovered"] += 1
                happened["plain uncovered"] += not measured
                return
            expected = run_kernel_on(case, funding=funding, detail=detail, marks=marks)
            happened["covered"] += 1
            happened["plain covered"] += not measured
            note(expected, happened)
            happened["finer"] += detail is not None
            for model in costs:
                happened[str(model)] += bool(expected.rows)
            require_same_bytes(self, expected, got)

        compare()
        self.assertGreaterEqual(happened["covered"] + happened["uncovered"], scaled(300, 20_000))
        # Measured costs have so many digits that more often 64 bits do not hold them.
        self.assertGreater(happened["plain covered"], 6 * happened["plain uncovered"], happened)
        self.assertGreater(happened["covered"], 5 * happened["uncovered"], happened)
        happens = words(f"{ORDERS}, {DECISIONS}, {OTHERS}, {ENTRY_EVENTS}, {WORD_EVENTS}")
        for expected in sorted(happens if LONG else happens - words(SELDOM)):
            with self.subTest(expected):
                self.assertGreater(happened[expected], 0)


if __name__ == "__main__":
    unittest.main()
