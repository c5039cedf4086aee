"""Signals in columns that the kernel would refuse are refused here, and sound ones are taken."""

import unittest
from collections.abc import Mapping
from typing import Any

import numpy as np

from backtests.engines.heard_at_once import Heard, heard_at_once
from compiled.driving.opinion_rows import WordedRows
from core.errors import Uncovered
from engine.assembly import kernel_rules
from engine.deciding.signal_check import signal_fault
from strategies.features.said import Says, SignalWhere
from strategies.features.signal_columns import signal_columns
from tests.support.base_settings import BASE_SETTINGS
from tests.support.runs.kernel_runs import settings_from
from tests.support.scripted_strategy import ScriptedStrategy

CLOSE = np.array([100.0, 101.0, 99.0])
ALL = np.ones(3, bool)
SAY: Any = Says()


def column(*numbers: float) -> np.ndarray[Any, Any]:
    return np.array(numbers, np.float64)


SOUND: Mapping[str, SignalWhere] = {
    "a target beyond the close, a share of it": SAY.where(
        ALL, SAY.long(stop_distance=1.0, target=column(100.0, 105.0, 99.5), size=column(0.2, 1.0, 1.0))
    ),
    "a short's target": SAY.where(ALL, SAY.short(stop_distance=1.0, target=column(99.0, 100.0, 90.0))),
    "numbers that decided": SAY.where(ALL, SAY.long(stop_distance=1.0, metadata={"slope": column(1.0, 2.0, 3.0)})),
    "the close once more": SAY.where(ALL, SAY.long(stop_distance=1.0, metadata={"entry_price": CLOSE})),
    "a stop that is a price": SAY.where(ALL, SAY.short(stop=column(100.5, 101.0, 103.0))),
}
UNSOUND: Mapping[str, SignalWhere] = {
    "more than all": SAY.where(ALL, SAY.long(size=column(0.5, 1.5, 1.0))),
    "a share of nothing": SAY.where(ALL, SAY.long(size=column(0.5, 0.0, 1.0))),
    "a target of nothing": SAY.where(ALL, SAY.short(target=column(90.0, 90.0, 0.0))),
    "a long's target below": SAY.where(ALL, SAY.long(target=column(102.0, 100.9, 102.0))),
    "a short's target above": SAY.where(ALL, SAY.short(target=column(90.0, 101.1, 90.0))),
    "a long's stop above": SAY.where(ALL, SAY.long(stop=column(90.0, 90.0, 99.1))),
    "no distance": SAY.where(ALL, SAY.long(stop_distance=column(1.0, np.nan, 1.0))),
    "no end of a distance": SAY.where(ALL, SAY.long(target_distance=column(1.0, 1.0, np.inf))),
    "a fraction above all": SAY.where(ALL, SAY.exit(1.5)),
    "nearly a word": SAY.where(ALL, SAY.long(metadata={"entry_expir": column(1.0, 1.0, 1.0)})),
    "a word that means nothing": SAY.where(ALL, SAY.long(metadata={"stop_loss": column(1.0, 1.0, 1.0)})),
}


class HeardAtOnce(unittest.TestCase):
    def setUp(self) -> None:
        self.rules = kernel_rules(settings_from(BASE_SETTINGS, ("A",)), ScriptedStrategy({}))

    def hear(self, said: SignalWhere, *, told: bool = True) -> Heard:
        columns = signal_columns(said, 3, told=told)
        return heard_at_once(columns, CLOSE, self.rules, WordedRows(), told=told)

    def faults(self, said: SignalWhere) -> list[str | None]:
        """Return what the kernel finds wrong with each."""
        columns = signal_columns(said, 3)
        return [signal_fault(columns.signal(place), CLOSE[place].item(), self.rules) for place in range(3)]

    def test_what_the_kernel_takes_is_taken(self) -> None:
        for name, said in SOUND.items():
            with self.subTest(name):
                self.assertEqual([None] * 3, self.faults(said))
                self.assertEqual([0, 1, 2], self.hear(said).rows["row"].tolist())
                self.assertEqual(self.hear(said).rows.tobytes(), self.hear(said, told=False).rows.tobytes())

    def test_what_the_kernel_refuses_at_one_row_is_left_to_it(self) -> None:
        for name, said in UNSOUND.items():
            with self.subTest(name):
                self.assertNotEqual([None] * 3, self.faults(said))
                for told in (True, False):
                    with self.assertRaises(Uncovered):
                        self.hear(said, told=told)

    def test_inputs_that_nobody_is_told_are_not_gathered_where_they_are_numbers(self) -> None:
        said = SOUND["numbers that decided"]
        self.assertEqual((1, 0), tuple(len(signal_columns(said, 3, told=told).numbers) for told in (True, False)))
        undefined = SAY.where(ALL, SAY.long(metadata={"slope": column(1.0, np.nan, 1.0)}))
        for told in (True, False):
            with self.assertRaises(Uncovered):
                self.hear(undefined, told=told)


if __name__ == "__main__":
    unittest.main()
