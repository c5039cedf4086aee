"""Outputs are compared line by line, and the first difference is placed in its step."""

import tempfile
import unittest
from pathlib import Path

from backtests.proof.indexed_outputs import IndexedOutputs, StepIndex
from backtests.proof.output_comparison import OutputComparison, compare_output
from core.errors import StoreError
from core.events import HaltLifted

LINES = b"header\nfirst\nsecond\nthird\n"
INDEX = StepIndex([60_000, 120_000], {"trades.csv": [13, 26], "equity.csv": [13, 26], "decisions.jsonl": [13, 26]})


class Comparing(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def compare(
        self, written: bytes | None, replayed: bytes = LINES, name: str = "trades.csv", **options: object
    ) -> OutputComparison:
        (self.base / "replayed").write_bytes(replayed)
        if written is not None:
            (self.base / "written").write_bytes(written)
        return compare_output(name, self.base / "replayed", self.base / "written", INDEX, **options)

    def test_the_same_bytes_are_equal(self) -> None:
        found = self.compare(LINES)
        self.assertTrue(found.equal)
        self.assertEqual((found.lines, found.lines_behind), (4, 0))

    def test_the_first_difference_has_its_line_both_texts_and_its_step(self) -> None:
        found = self.compare(b"header\nfirst\nsecund\nthird\n")
        self.assertEqual((found.line, found.replayed, found.written), (3, "second", "secund"))
        self.assertEqual(found.step_ms, 120_000)
        self.assertEqual(self.compare(b"header\nfirsd\nsecond\nthird\n").step_ms, 60_000)

    def test_a_difference_in_the_header_belongs_to_no_step(self) -> None:
        found = self.compare(b"Header\nfirst\nsecond\nthird\n")
        self.assertEqual((found.line, found.step_ms, found.step()), (1, None, "the header"))

    def test_one_line_too_few_or_too_many_is_a_difference_of_an_ended_session(self) -> None:
        few, many = self.compare(LINES[:-6]), self.compare(LINES + b"more\n")
        self.assertEqual((few.line, few.written), (4, None))
        self.assertEqual((many.line, many.replayed, many.written, many.step_ms), (5, None, "more", 120_000))

    def test_a_missing_line_end_is_a_difference_of_an_ended_session(self) -> None:
        self.assertFalse(self.compare(LINES[:-1]).equal)

    def test_a_missing_file_differs_from_its_first_line_on(self) -> None:
        self.assertEqual(self.compare(None).line, 1)

    def test_an_unended_session_may_stop_anywhere_in_what_the_replay_has(self) -> None:
        for size, behind in ((26, 0), (20, 1), (22, 1), (13, 2), (9, 3), (0, 4)):
            with self.subTest(size):
                found = self.compare(LINES[:size], unended=True)
                self.assertTrue(found.equal)
                self.assertEqual((found.lines, found.lines_behind), (4, behind))

    def test_what_an_unended_session_has_written_must_be_the_replays(self) -> None:
        self.assertEqual(self.compare(b"header\nfirst\nsex", unended=True).line, 3)
        self.assertEqual(self.compare(b"header\nfir\n", unended=True).line, 2)
        self.assertEqual(self.compare(LINES + b"more\n", unended=True).line, 5)

    def test_bytes_written_after_the_journal_was_read_do_not_count(self) -> None:
        self.assertTrue(self.compare(LINES + b"more\n", unended=True, size=26).equal)
        self.assertTrue(self.compare(LINES + b"more\n", size=26).equal)

    def test_a_row_of_equity_belongs_to_the_step_of_its_own_time(self) -> None:
        rows = b"timestamp,balance\n1970-01-01T00:00:30.000Z,1\n"
        found = self.compare(rows.replace(b",1", b",2"), rows, "equity.csv")
        self.assertEqual(found.step_ms, 30_000)

    def test_the_first_decision_belongs_to_its_step_since_there_is_no_header(self) -> None:
        self.assertEqual(self.compare(b"x\n", name="decisions.jsonl").step_ms, 60_000)

    def test_a_long_line_is_shortened_and_says_how_long_it_is(self) -> None:
        found = self.compare(b"x" * 1000 + b"\n")
        self.assertLess(len(found.written), 450)
        self.assertIn("1000 characters", found.written)

    def test_a_folder_in_place_of_a_file_is_named(self) -> None:
        (self.base / "written").mkdir()
        with self.assertRaisesRegex(StoreError, "cannot read .*written"):
            self.compare(None)


class Indexing(unittest.TestCase):
    def test_every_byte_is_found_in_the_step_that_wrote_it(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            with IndexedOutputs(folder) as out:
                out.mark(None)
                out.outputs.render(HaltLifted(0, "drawdown"))
                out.mark(60_000)
                out.mark(120_000)
                out.outputs.render(HaltLifted(0, "drawdown"))
                out.mark(180_000)
            size = (Path(folder) / "decisions.jsonl").stat().st_size
            self.assertEqual(out.index.times_ms, [60_000, 180_000])
            self.assertEqual(out.index.step_at("decisions.jsonl", 0), 60_000)
            self.assertEqual(out.index.step_at("decisions.jsonl", size // 2 - 1), 60_000)
            self.assertEqual(out.index.step_at("decisions.jsonl", size // 2), 180_000)
            self.assertIsNone(out.index.step_at("decisions.jsonl", size))

    def test_a_file_where_the_folder_should_be_is_named(self) -> None:
        with tempfile.NamedTemporaryFile() as file, self.assertRaisesRegex(StoreError, "cannot write into"):
            IndexedOutputs(file.name)


if __name__ == "__main__":
    unittest.main()
