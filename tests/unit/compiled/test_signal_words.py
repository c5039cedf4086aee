"""What signals say, where it seldom comes together: the same bytes by the compiled rules and the kernel."""

import dataclasses
import unittest
from collections import Counter
from decimal import Decimal

import msgspec
import numpy as np

from compiled.driving.opinion_rows import WordedRows
from core.candle import Candle
from core.errors import Uncovered
from core.instrument import Instrument
from core.trading_signal import At, Signal
from tests.property.test_kernel_against_slow_model import run_kernel_on
from tests.support.base_settings import BASE_SETTINGS
from tests.support.oracles.slow_model import Case
from tests.support.runs.compiled_runs import require_same_bytes, run_compiled_on
from tests.support.times import MINUTE_MS

LADDER = ((0.5, 1.0), (0.4, "9R"))
SIGNALS = {
    1: Signal("LONG", sl_distance=5.0, targets=LADDER, tag="part"),
    3: Signal("EXIT", fraction=0.95),
    7: Signal("LONG", stop_price=96.0, target_price=120.0),
    10: Signal("EXIT", fraction=0.3),
    11: Signal("EXIT", move_target=130.0),
    14: Signal("SHORT", sl_distance=6.0, targets=((1 / 3, "0.5R"), (1 / 3, At(94.0)), (1 / 3, 7.5)), size=0.5),
    17: Signal("ADJUST", move_target=90.0, move_stop=105.5),
    19: Signal("EXIT", fraction=0.4, tag="rest"),
    22: Signal("LONG", sl_distance=5.0, target_price=100.5),
    26: Signal("LONG", sl_distance=5.0, targets=LADDER, entry="limit", entry_price=99.0, entry_expiry=3),
    27: Signal("ADJUST", move_stop=97.0, move_target=110.0),
    28: Signal("ADJUST", move_stop=96.0),
    29: Signal("ADJUST", cancel_entry=True),
}
MOVES = {4: (100.0, 101.5), 17: (96.5, 100.0), 20: (90.0, 100.0), 24: (100.0, 103.0)}
"""By candle, low and high; all others are 100."""
EVENTS = """FILLED|target, FILLED|exit_signal, PARTIALLY_FILLED|exit_signal, CANCELED|nothing_to_reduce,
CANCELED|exit_signal, REJECTED|target_passed, REPLACED|signal, REPLACED|position, CANCELED|signal"""
REASONS = "targets_are_a_ladder, stop_not_tighter"


def case() -> Case:
    """Return 32 candles with the signals; orders act a candle late, so that much waits at once."""
    candles = []
    for number in range(32):
        low, high = MOVES.get(number, (100.0, 100.0))
        opened = 101.0 if number == 24 else 100.0
        candles.append(Candle(number * MINUTE_MS, opened, high, low, 100.0, 1.0))
    return Case(
        settings={**BASE_SETTINGS, "latency_ms": 1_500, "commission_rate": 0.000123},
        timeframe_ms=MINUTE_MS,
        start_ms=0,
        symbols=("A/USDT",),
        instruments={"A/USDT": Instrument("A/USDT", Decimal("0.01"), Decimal("0.001"))},
        candles={"A/USDT": candles},
        signals={"A/USDT": {number * MINUTE_MS: signal for number, signal in SIGNALS.items()}},
        warmup_candles=0,
        kill_switch=False,
    )


class SignalWords(unittest.TestCase):
    maxDiff = None

    def test_what_seldom_comes_together_is_the_same_by_both(self) -> None:
        expected = run_kernel_on(case())
        require_same_bytes(self, expected, run_compiled_on(case(), "1m"))
        happened = Counter(f"{row['event']}|{row['reason']}" for row in expected.order_rows)
        happened.update(str(event["reason"]) for event in expected.told("decision"))
        for event in f"{EVENTS}, {REASONS}".replace("\n", " ").split(","):
            with self.subTest(event):
                self.assertGreater(happened[event.strip()], 0, happened)

    def test_no_room_is_left_beside_a_position_that_has_grown(self) -> None:
        opened, grown = (Candle(number * MINUTE_MS, *([price] * 4), 1.0) for number, price in ((1, 100.0), (2, 110.0)))
        first = case()
        candles = [*first.candles["A/USDT"][:1], opened, grown]
        one = dataclasses.replace(
            first,
            settings={**BASE_SETTINGS, "max_exposure_pct": 0.05},
            symbols=("A/USDT", "B/USDT"),
            instruments={name: Instrument(name, Decimal("0.01"), Decimal("0.001")) for name in ("A/USDT", "B/USDT")},
            candles={"A/USDT": candles, "B/USDT": candles},
            signals={
                "A/USDT": {0: Signal("LONG", sl_distance=5.0)},
                "B/USDT": {2 * MINUTE_MS: Signal("LONG", sl_distance=5.0)},
            },
        )
        expected = run_kernel_on(one)
        require_same_bytes(self, expected, run_compiled_on(one, "1m"))
        self.assertEqual([("B/USDT", "no_exposure_room")], [refused[1:] for refused in expected.refused])


class WordsOfColumns(unittest.TestCase):
    def test_records_of_many_targets_and_shares_are_those_of_each(self) -> None:
        chance = np.random.default_rng(7)
        ties = (2 * chance.integers(1, 1 << 30, 400) + 1) / 2.0 ** chance.integers(1, 40, 400)
        prices = np.concatenate((10.0 ** chance.uniform(-5, 11, 400), np.round(chance.random(400) * 1e5, 2), ties))
        columns = {"target_price": prices, "size": chance.random(len(prices))}
        signal = Signal("LONG", sl_distance=1.0, tag="many")
        at_once, one_by_one = WordedRows(), WordedRows()
        many, single = at_once.words_of_each(signal, columns), []
        for row in range(len(prices)):
            each = {name: column[row].item() for name, column in columns.items()}
            single.append(one_by_one.row(row, msgspec.structs.replace(signal, **each))[4])
        ours, theirs = at_once.said.words[many], one_by_one.said.words[single]
        self.assertEqual(
            one_by_one.said.targets[theirs["first_target"]].tolist(),
            at_once.said.targets[ours["first_target"]].tolist(),
        )
        for name in set(ours.dtype.names) - {"first_target"}:
            np.testing.assert_array_equal(theirs[name], ours[name], name)

    def test_a_target_of_more_decimals_than_there_is_room_for_is_left_to_the_kernel(self) -> None:
        for price in (1.23456789123e-9, 1e-13, 2e12):
            with self.assertRaises(Uncovered):
                WordedRows().words_of_each(Signal("LONG"), {"target_price": np.array([1.0, price])})


if __name__ == "__main__":
    unittest.main()
