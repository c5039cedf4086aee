"""Signals that are wrong whatever the market does: one line each; and those that only look so."""

import unittest

import numpy as np

from core.errors import StrategyError
from core.trading_signal import At, Signal
from tests.support.candles import candle
from tests.support.runs.stepped_session import session_of_minutes
from tests.support.times import stamp

A = "A"
NAN, INF = float("nan"), float("inf")


def long(**said: object) -> Signal:
    return Signal("LONG", **{"sl_distance": 5.0, **said})


def ladder(*targets: object) -> Signal:
    return long(targets=targets)


class SignalsThatAreNone(unittest.TestCase):
    def problem(self, signal: Signal, **flat: object) -> str:
        """Return the line that a signal at the close 100 of the first candle stops the run with; empty if none does."""
        session = session_of_minutes({A: {0: signal}}, **flat)
        try:
            session.play(candle(0, 100.0, high=101.0, low=99.0))
        except StrategyError as error:
            start = f"strategy scripted failed on A at the candle opened {stamp(0)}: "
            text = str(error)
            self.assertTrue(text.startswith(start), text)
            self.assertRegex(text, r" \(scripted_strategy\.py:\d+\)$")
            self.assertNotIn("\n", text)
            return text.removeprefix(start).rpartition(" (scripted_strategy.py:")[0]
        return ""

    def assert_problems(self, *rows: tuple[Signal, str]) -> None:
        for signal, words in rows:
            with self.subTest(words):
                self.assertEqual(words, self.problem(signal))

    def test_numbers_that_are_none(self) -> None:
        self.assert_problems(
            (long(size=NAN), "size is nan; a finite number is needed"),
            (long(sl_distance=None, stop_price=INF), "stop_price is inf; a finite number is needed"),
            (long(target_price="110"), "target_price is '110'; a finite number is needed"),
            (Signal("ADJUST", move_stop=NAN), "move_stop is nan; a finite number is needed"),
            (Signal("ADJUST", move_target=-1.0), "move_target is -1.0; a price above 0 is needed"),
            (long(sl_distance=None, stop_price=0.0), "stop_price is 0.0; a price above 0 is needed"),
            (Signal("EXIT", fraction=None), "fraction is None; a finite number is needed"),
            (long(notional=NAN), "notional is nan; a finite number is needed"),
            (long(notional=0.0), "notional is 0.0; a value in quote currency above 0 is needed"),
            (Signal("EXIT", notional=100.0), "notional means nothing beside EXIT"),
        )

    def test_fractions(self) -> None:
        above = "a fraction above 0 and at most 1 is needed"
        self.assert_problems(
            (long(size=1.5), f"size is 1.5; {above}"),
            (long(size=0.0), f"size is 0.0; {above}"),
            (Signal("EXIT", fraction=1.01), f"fraction is 1.01; {above}"),
            (Signal("EXIT", fraction=-0.5), f"fraction is -0.5; {above}"),
            (ladder((1.2, "1R")), "target 1 has the fraction 1.2; one above 0 and at most 1 is needed"),
            (ladder((0.5, "1R"), (NAN, "2R")), "target 2 has the fraction nan; one above 0 and at most 1 is needed"),
            (ladder((0.6, "1R"), (0.6, "2R")), "the fractions of targets add up to 1.2; at most 1 is possible"),
            (long(target_r=0.0), "target_r is 0.0; distances of the stop above 0 are needed"),
        )
        self.assertEqual("", self.problem(ladder((0.1, "1R"), (0.2, "2R"), (0.7, "3R"))))

    def test_targets_that_are_none(self) -> None:
        needed = "a distance, a text like '2R' or At(price) is needed"
        for level in ("2", "twoR", "-1R", "nanR", At(NAN), At(-1.0), None, NAN, True):
            with self.subTest(level):
                self.assertIn(f"; {needed}", self.problem(ladder((1.0, level))))
        self.assert_problems(
            (long(targets=[0.5]), "target 1 is 0.5; (fraction, level) is needed"),
            (long(targets="1R"), "targets is '1R'; a sequence of (fraction, level) is needed"),
        )

    def test_what_cannot_even_be_compared_is_named_with_its_candle(self) -> None:
        session = session_of_minutes({A: {0: long(targets=np.array([[0.5, 1.0], [0.5, 2.0]]))}})
        with self.assertRaisesRegex(StrategyError, f"scripted failed on A at the candle opened {stamp(0)}: "):
            session.play(candle(0, 100.0))

    def test_levels_on_the_wrong_side(self) -> None:
        loses, gains = "a LONG loses on the other side", "a LONG gains on the other side"
        self.assert_problems(
            (Signal("LONG", stop_price=101.0), f"stop_price 101.0 is above the close 100.0: {loses}"),
            (long(target_price=99.0), f"target_price 99.0 is below the close 100.0: {gains}"),
            (ladder((0.5, "1R"), (0.5, At(99.5))), f"target 2 99.5 is below the close 100.0: {gains}"),
            (
                Signal("SHORT", stop_price=99.0),
                "stop_price 99.0 is below the close 100.0: a SHORT loses on the other side",
            ),
            (
                Signal("LONG", stop_price=96.0, entry="limit", entry_price=95.0),
                f"stop_price 96.0 is above the entry at 95.0: {loses}",
            ),
            (
                long(entry="stop", entry_price=99.0),
                "entry_price 99.0 of a stop entry is below the close 100.0: the price has passed it",
            ),
        )
        self.assertEqual("", self.problem(Signal("LONG", stop_price=101.0, entry="stop", entry_price=105.0)))
        offset = {"entry_order": "limit", "entry_offset": 0.05}
        self.assertIn("is above the entry at 95.0", self.problem(Signal("LONG", stop_price=96.0), **offset))

    def test_words_that_contradict_or_mean_nothing(self) -> None:
        self.assert_problems(
            (long(stop_price=95.0), "sl_distance and stop_price are both given; a stop is one of them"),
            (
                long(tp_distance=2.0, target_r=2.0, targets=((1.0, "1R"),)),
                "tp_distance and target_r and targets are given; a target is one of them",
            ),
            (long(move_stop=99.0), "move_stop means nothing beside LONG"),
            (long(fraction=0.5), "fraction means nothing beside LONG"),
            (Signal("EXIT", size=0.5), "size means nothing beside EXIT"),
            (Signal("EXIT", metadata={"fracton": 0.5}), "metadata 'fracton' means nothing; did you mean 'fraction'?"),
            (long(metadata={"tragets": 1}), "metadata 'tragets' means nothing; did you mean 'targets'?"),
            (Signal("ADJUST", fraction=0.5, move_stop=99.0), "fraction means nothing beside ADJUST"),
            (Signal("ADJUST"), "ADJUST says nothing; move_stop, move_target or cancel_entry is needed"),
            (long(entry="now"), "entry is 'now'; allowed are 'market', 'limit' and 'stop'"),
            (long(entry_price=99.0), "entry_price needs entry='limit' or entry='stop' beside it"),
            (long(entry="market", entry_expiry=3), "entry_expiry needs entry='limit' or entry='stop' beside it"),
            (long(entry="limit", entry_expiry=0), "entry_expiry is 0; a whole number of candles above 0 is needed"),
            (long(cancel_entry=1), "cancel_entry is 1; true or false is needed"),
            (long(tag=7), "tag is 7; a text of at most 64 characters is needed"),
        )

    def test_metadata_may_repeat_levels_and_not_contradict_them(self) -> None:
        repeats = {"stop_loss": 95.0, "take_profit": 110.0, "stop_price": 95.0}
        self.assertEqual("", self.problem(Signal("LONG", stop_price=95.0, target_price=110.0, metadata=repeats)))
        entry = {"entry": "limit", "entry_price": 99.0}
        self.assertEqual("", self.problem(long(**entry, metadata={"entry_price": 99.0})))
        self.assertIn("'stop_price' means nothing", self.problem(long(metadata={"stop_price": 90.0})))


if __name__ == "__main__":
    unittest.main()
