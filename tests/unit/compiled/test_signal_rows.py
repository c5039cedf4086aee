"""The text of opinions that lie in columns, and the tables of words that lines are put together from."""

import itertools
import json
import unittest

import numpy as np

from compiled.text.signal_rows import SignalRows, put_signals
from compiled.text.words import Words
from core.event_lines import details_of
from core.events import Decision
from core.trading_signal import Signal
from strategies.features.signal_columns import SignalColumns, SignalKind


def texts_of(words: Words) -> list[str]:
    """Return the words of a table."""
    data, starts = words.data.tobytes(), words.starts.tolist()
    return [data[begin:end].decode() for begin, end in itertools.pairwise(starts)]


class SignalTexts(unittest.TestCase):
    def test_opinions_in_columns_are_written_as_signals_are(self) -> None:
        up = Signal("LONG", tp_distance=3.0, reason="up")
        down = Signal("SHORT", reason='do"wn', metadata={"fixed": 2.5})
        said = SignalColumns(
            rows=np.array([1, 4, 9]),
            held=np.zeros(3, np.int64),
            kind=np.array([1, 0, 1]),
            numbers=np.array([[7.0, 29.0, 0.1], [1e17, 0.0, 99.5], [1.5, 0.0, 1e-7]]),
            kinds=(
                SignalKind(down, (("metadata", "rsi"),)),
                SignalKind(up, (("atr", ""), ("metadata", "ema"), ("sl_distance", ""))),
            ),
        )
        places = [2, 0, 1]
        decided = [Decision(0, "", one, dict(one.metadata), ()) for one in map(said.signal, places)]
        expected = [json.dumps(details_of(one)["signal"], sort_keys=True, separators=(",", ":")) for one in decided]
        self.assertEqual(expected, texts_of(SignalRows.of(said).words(np.array(places))))

    def test_what_puts_them_is_compiled_once_however_many_numbers_they_have(self) -> None:
        for columns in ((), ("atr",), ("atr", "sl_distance")):
            said = SignalColumns(
                np.arange(3), np.zeros(3, np.int64), np.zeros(3, np.int64), np.ones((len(columns), 3)),
                (SignalKind(Signal("LONG"), tuple((name, "") for name in columns)),),
            )  # fmt: skip
            for places in ([0], [0, 2]):
                self.assertEqual(len(places), len(texts_of(SignalRows.of(said).words(np.array(places)))))
        self.assertEqual(1, len(put_signals.signatures))  # type: ignore[attr-defined]

    def test_tables_of_words_are_joined_and_measured_in_bytes(self) -> None:
        first, second = Words.of(("größer", "")), Words.of(("a", "bcd", "e"))
        self.assertEqual((8, 3), (first.longest, second.longest))
        self.assertEqual(["größer", "", "a", "bcd", "e"], texts_of(Words.joined((first, second))))


if __name__ == "__main__":
    unittest.main()
