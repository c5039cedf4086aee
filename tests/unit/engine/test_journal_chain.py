"""A chained journal names what was done to it by its line; one that is not is read as before."""

import hashlib
import json
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path

from core.errors import StoreError
from engine.journal import JournalWriter, read_journal
from engine.journal_records import CommandRecord, EndRecord, StepRecord
from tests.support.times import MINUTE_MS

Lines = list[bytes]


class Chain(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "journal.jsonl"
        with JournalWriter(self.path) as journal:
            for number in range(1, 6):
                journal.append(StepRecord(number * MINUTE_MS, ((0, 1.0, 2.0, 0.5, 1.5, number),), "d"))

    def lines(self) -> Lines:
        return self.path.read_bytes().splitlines(keepends=True)

    def test_each_record_carries_the_hash_of_the_one_before_and_of_itself(self) -> None:
        before = ""
        for line in self.lines():
            chain = json.loads(line)["chain"]
            body, _, _ = line.partition(b',"chain"')
            self.assertEqual(hashlib.sha256(before.encode() + body).hexdigest(), chain)
            before = chain
        self.assertTrue(all(line.chained for line in read_journal(self.path)))

    def test_whatever_is_done_to_a_record_is_named_by_its_line(self) -> None:
        cases: dict[str, tuple[int, Callable[[Lines], Lines]]] = {
            "edited": (2, lambda one: [one[0], one[1].replace(b"1.5", b"1.6"), *one[2:]]),
            "the last one": (5, lambda one: [*one[:4], one[4].replace(b"1.5", b"1.6")]),
            "an unknown field": (3, lambda one: [*one[:2], one[2].replace(b'{"record"', b'{"x":1,"record"'), *one[3:]]),
            "an unknown field behind": (5, lambda one: [*one[:4], one[4].replace(b"}\n", b',"x":1}\n')]),
            "dropped": (3, lambda one: [*one[:2], *one[3:]]),
            "the first one dropped": (1, lambda one: one[1:]),
            "doubled": (3, lambda one: [*one[:2], one[1], *one[2:]]),
            "swapped": (2, lambda one: [one[0], one[2], one[1], *one[3:]]),
            "unchained": (4, lambda one: [*one[:3], one[3].partition(b',"chain"')[0] + b"}\n", one[4]]),
        }
        whole = self.lines()
        for name, (number, change) in cases.items():
            with self.subTest(name):
                self.path.write_bytes(b"".join(change(list(whole))))
                with self.assertRaisesRegex(StoreError, rf"line {number} \(byte \d+\) is damaged: it is not what was"):
                    list(read_journal(self.path))

    def test_a_torn_end_is_no_damage_and_the_chain_goes_on_after_it(self) -> None:
        with self.path.open("ab") as file:
            file.write(self.lines()[0][:40])
        lines = list(read_journal(self.path))
        self.assertEqual(5, len(lines))
        with JournalWriter(self.path, keep_bytes=lines[-1].end_byte) as journal:
            journal.append(EndRecord("keep"))
        self.assertEqual([True] * 6, [line.chained for line in read_journal(self.path)])

    def test_an_old_journal_is_read_and_goes_on_unchained(self) -> None:
        self.path.write_bytes(b"".join(line.partition(b',"chain"')[0] + b"}\n" for line in self.lines()))
        with JournalWriter(self.path, keep_bytes=self.path.stat().st_size) as journal:
            journal.append(CommandRecord("pause", "test"))
        self.assertEqual([False] * 6, [line.chained for line in read_journal(self.path)])
        self.assertNotIn(b"chain", self.path.read_bytes())


if __name__ == "__main__":
    unittest.main()
