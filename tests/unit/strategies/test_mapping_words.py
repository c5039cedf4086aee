"""The words of a signal in the mapping of a frame strategy: the same as in a ``Signal``."""

import unittest

import pandas as pd
from msgspec import structs

from core.errors import StrategyError
from core.trading_signal import FLAT, At, Signal
from strategies.frame_stream import answer_at, signal_from_mapping


def said(signal: str, **metadata: object) -> Signal:
    return signal_from_mapping({"signal": signal, "metadata": metadata})


class MappingWords(unittest.TestCase):
    def same(self, expected: Signal, **metadata: object) -> None:
        got = said(expected.direction, **metadata)
        for name in Signal.__struct_fields__:
            if name != "metadata":
                self.assertEqual(getattr(expected, name), getattr(got, name), name)

    def test_words_beside_the_signal_are_refused_but_where_they_are_empty(self) -> None:
        for word, value in (("sl_distance", 5.0), ("tag", "x"), ("targets", ((1.0, "2R"),)), ("fraction", 0.5)):
            with self.assertRaisesRegex(StrategyError, f"'{word}' stands beside 'signal'"):
                signal_from_mapping({"signal": "LONG", word: value, "metadata": {"atr": 2.0}})
        self.assertEqual("LONG", signal_from_mapping({"signal": "LONG", "tag": "", "time": 3}).direction)

    def test_entries(self) -> None:
        self.same(
            Signal(
                "LONG",
                stop_price=95.0,
                targets=((0.5, "1R"), (0.3, At(104.5)), (0.2, 6.0)),
                size=0.5,
                entry="limit",
                entry_price=99.0,
                entry_expiry=4,
                cancel_entry=True,
                tag="x",
            ),
            stop_price=95,
            targets=[(0.5, "1R"), [0.3, {"price": 104.5}], (0.2, 6.0)],
            size="0.5",
            entry="limit",
            entry_price=99,
            entry_expiry=4,
            cancel_entry=True,
            tag="x",
        )
        self.same(Signal("SHORT", sl_distance=2.0, target_r=2.0), sl_distance=2, target_r=2, entry_price=100.0)
        self.same(Signal("SHORT", sl_distance=2.0, target_price=90.0), sl_distance=2, target_price=90, tag=None)

    def test_exits_and_moves(self) -> None:
        self.same(Signal("EXIT", fraction=0.5, move_stop=99.0), fraction=0.5, move_stop=99)
        self.same(Signal("ADJUST", move_target=101.0, cancel_entry=True), move_target=101, cancel_entry=True)
        # What a frame holds beside it, undefined indicators too, is no order.
        self.same(Signal("EXIT", reason="cross"), sl_distance=float("nan"), atr=2.0, reason="cross")

    def test_what_is_no_number_is_named(self) -> None:
        for word in ("stop_price", "target_r", "size", "fraction", "move_stop"):
            with self.subTest(word), self.assertRaisesRegex(StrategyError, f"{word}.* is nan; expected a finite"):
                said("LONG", **{word: float("nan")})

    def test_a_frame_of_answers_leaves_cells_empty(self) -> None:
        nan, none = float("nan"), None
        columns = ["signal", "stop_price", "move_stop", "fraction", "entry", "entry_price", "entry_expiry"]
        columns += ["cancel_entry", "tag", "targets"]
        rows = [
            ("LONG", 95.0, nan, nan, "limit", 99.0, 3.0, False, "dip", ((0.5, "1R"), (0.5, 4.0))),
            ("EXIT", nan, nan, 0.5, "", 98.0, nan, False, "", none),
            ("ADJUST", nan, 97.0, nan, none, 97.0, nan, True, none, none),
            ("FLAT", nan, nan, nan, "", nan, nan, False, "", none),
        ]
        answers = pd.DataFrame(rows, columns=columns)
        targets = ((0.5, "1R"), (0.5, 4.0))
        limit = {"entry": "limit", "entry_price": 99.0, "entry_expiry": 3, "tag": "dip", "targets": targets}
        for row, expected in enumerate(
            (
                Signal("LONG", stop_price=95.0, **limit),
                Signal("EXIT", fraction=0.5),
                Signal("ADJUST", move_stop=97.0, cancel_entry=True),
                FLAT,
            )
        ):
            got = signal_from_mapping(answer_at(answers, row))
            with self.subTest(expected.direction):
                self.assertEqual(expected, structs.replace(got, metadata={}))
                self.assertIsInstance(got.cancel_entry, bool)

    def test_flat_says_nothing(self) -> None:
        self.assertEqual(Signal("FLAT"), said("FLAT", move_stop=float("nan"), cancel_entry=False, size=9))
        for word, value in (("move_stop", 99.0), ("move_target", 99), ("cancel_entry", True)):
            with self.subTest(word), self.assertRaisesRegex(StrategyError, f"{word}.*nothing beside FLAT; 'ADJUST'"):
                said("FLAT", **{word: value})


if __name__ == "__main__":
    unittest.main()
