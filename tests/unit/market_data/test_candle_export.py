"""Export: the file reads back to the very same floats, and nothing is overwritten unasked."""

import gzip
import tempfile
import unittest
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from core.candle_columns import CandleColumns
from core.errors import ConfigurationError
from market_data.files.candle_export import export_candles
from market_data.files.series_files import read_series_file
from tests.support.candle_tables import APRIL, candles_at, minutes, row_at, rows_of
from tests.support.scale import scaled
from tests.support.times import MINUTE_MS

_float = st.floats(allow_nan=False, allow_infinity=False)


class Export(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    @settings(max_examples=scaled(40, 500), deadline=None)
    @given(st.lists(st.tuples(_float, _float, _float, _float, _float), min_size=1, max_size=5))
    def test_every_format_reads_back_to_the_same_bits(self, values):
        candles = CandleColumns.from_rows((APRIL + n * MINUTE_MS, *row) for n, row in enumerate(values))
        for name in ("a.csv", "a.csv.gz", "a.parquet"):
            export_candles(candles, self.folder / name, force=True)
            read = read_series_file(self.folder / name).candles
            for came, went in zip(read, candles, strict=True):
                self.assertEqual(came.tobytes(), went.tobytes())

    def test_the_text_is_the_shortest_that_names_each_float(self):
        candles = CandleColumns.from_rows([(APRIL, 0.1, 1e-07, 3.0, 1e22, 0.30000000000000004)])
        export_candles(candles, self.folder / "a.csv")
        self.assertEqual(
            (self.folder / "a.csv").read_bytes(),
            b"timestamp,open,high,low,close,volume\n1711929600000,0.1,1e-07,3.0,1e+22,0.30000000000000004\n",
        )

    def test_another_program_reads_the_files(self):
        candles = candles_at(minutes(APRIL, 250_000))
        export_candles(candles, self.folder / "a.csv.gz")
        export_candles(candles, self.folder / "a.parquet")
        for frame in (pd.read_csv(self.folder / "a.csv.gz"), pd.read_parquet(self.folder / "a.parquet")):
            self.assertEqual(list(frame.columns), ["timestamp", "open", "high", "low", "close", "volume"])
            self.assertTrue((frame.to_numpy() == pd.DataFrame(candles._asdict()).to_numpy()).all())

    def test_the_same_candles_give_the_same_bytes_under_any_name(self):
        candles = candles_at(minutes(APRIL, 10))
        for suffix in (".csv", ".csv.gz", ".parquet"):
            contents = set()
            for stem in ("a", "b"):
                export_candles(candles, self.folder / f"{stem}{suffix}")
                contents.add((self.folder / f"{stem}{suffix}").read_bytes())
            self.assertEqual(len(contents), 1)
        # Bytes 4 to 8 of an archive hold a time; 0 means none.
        self.assertEqual((self.folder / "a.csv.gz").read_bytes()[4:8], bytes(4))
        self.assertNotIn(b"a.csv", (self.folder / "a.csv.gz").read_bytes()[:40])
        self.assertEqual(gzip.decompress((self.folder / "a.csv.gz").read_bytes()), (self.folder / "a.csv").read_bytes())

    def test_a_file_that_is_there_is_replaced_only_when_forced(self):
        path = self.folder / "a.csv"
        path.write_text("precious")
        with self.assertRaisesRegex(ConfigurationError, "--force"):
            export_candles(candles_at([APRIL]), path)
        self.assertEqual(path.read_text(), "precious")
        export_candles(candles_at([APRIL]), path, force=True)
        self.assertEqual(rows_of(read_series_file(path).candles), [row_at(APRIL)])

    def test_impossible_targets_are_named(self):
        (self.folder / "dir.csv").mkdir()
        for target, said in (("a.txt", "says no format"), ("none/a.csv", "no folder"), ("dir.csv", "is a folder")):
            with self.subTest(target), self.assertRaisesRegex(ConfigurationError, said):
                export_candles(candles_at([APRIL]), self.folder / target, force=True)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["dir.csv"])


if __name__ == "__main__":
    unittest.main()
