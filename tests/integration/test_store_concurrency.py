"""Several processes and threads at one series: every candle is kept, and readers meet only what is whole."""

import subprocess
import sys
import tempfile
import textwrap
import threading
import unittest
from pathlib import Path

from core.candle_columns import CandleColumns
from market_data.commands.store_verification import verify
from market_data.instruments.instrument_store import InstrumentStore
from market_data.store.candle_store import CandleStore
from market_data.store.coverage import load_coverage
from tests.support.candle_tables import APRIL, row_at, rows_of
from tests.support.scale import scaled
from tests.support.times import MINUTE_MS
from tests.support.warm_starts import ForkedCode

SERIES = ("binance", "BTC/USDT", "1m")
WRITERS = 3
TURNS = scaled(8, 60)
ROWS = 5
# Pages of the writers interleave, overlap by a row, and lie around a month border.
START = APRIL - 20 * MINUTE_MS

WRITER = """
    import sys
    from core.candle_columns import CandleColumns
    from market_data.store.candle_store import CandleStore
    from tests.support.candle_tables import row_at
    from tests.support.times import MINUTE_MS
    root, number, writers, turns, rows, start = sys.argv[1], *map(int, sys.argv[2:])
    store = CandleStore(root)
    for turn in range(turns):
        first = start + (turn * writers + number) * rows * MINUTE_MS
        page = [row_at(first + at * MINUTE_MS) for at in range(rows + 1)]
        store.write("binance", "BTC/USDT", "1m", CandleColumns.from_rows(page), source=f"writer {number}")
        store.add_coverage("binance", "BTC/USDT", "1m", first, first + rows * MINUTE_MS)
"""

READER = """
    import sys
    from market_data.store.candle_store import CandleStore
    from tests.support.candle_tables import row_at, rows_of
    store = CandleStore(sys.argv[1])
    print("ready", flush=True)
    before, reads = set(), 0
    while reads < 5 or len(before) < int(sys.argv[2]):
        rows = rows_of(store.read("binance", "BTC/USDT", "1m", 0, 2**60))
        times = [row[0] for row in rows]
        assert rows == [row_at(time_ms) for time_ms in sorted(set(times))], "a read that is not whole"
        assert before <= set(times), "a candle that was there has gone"
        assert len(store.open_times("binance", "BTC/USDT", "1m")) >= len(times)
        before, reads = set(times), reads + 1
    print(reads)
"""


class ConcurrentProcesses(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name) / "store"

    def _start(self, program, *arguments):
        return ForkedCode(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(program), str(self.root), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _finish(self, process):
        output, errors = process.communicate(timeout=120)
        self.assertEqual((process.returncode, errors), (0, ""))
        return output

    def test_writers_in_several_processes_lose_nothing_and_readers_see_only_whole_files(self):
        total = WRITERS * TURNS * ROWS + 1
        reader = self._start(READER, total)
        writers = [self._start(WRITER, number, WRITERS, TURNS, ROWS, START) for number in range(WRITERS)]
        for writer in writers:
            self._finish(writer)
        self._finish(reader)
        store = CandleStore(self.root)
        expected = [row_at(START + at * MINUTE_MS) for at in range(total)]
        self.assertEqual(rows_of(store.read(*SERIES, 0, 2**60)), expected)
        end = START + (total - 1) * MINUTE_MS
        self.assertEqual(store.missing_ranges(*SERIES, START - 5, end + 5), [(START - 5, START), (end, end + 5)])
        record = load_coverage(self.root / "binance" / "BTC-USDT" / "1m" / "coverage.json")
        self.assertEqual(sum(record.months.values()), total)
        self.assertEqual(sum(source.rows for source in record.sources.values()), total)
        # The row by which the last page reaches beyond its range is stored, and is not recorded as answered.
        self.assertEqual([finding.damage for finding in verify(store, store.series()).findings], [False])

    def test_instruments_saved_by_several_processes_for_one_instant_are_all_kept(self):
        program = """
            import sys
            from core.instrument import Instrument
            from market_data.instruments.instrument_store import InstrumentStore
            for at in range(10):
                symbol = f"S{sys.argv[2]}X{at}/B"
                InstrumentStore(sys.argv[1]).save("binance", {symbol: Instrument(symbol)}, 5)
        """
        for process in [self._start(program, number) for number in range(3)]:
            self._finish(process)
        self.assertEqual(len(InstrumentStore(self.root).latest("binance")), 30)


class ConcurrentThreads(unittest.TestCase):
    def test_threads_share_one_store(self):
        failures = []
        with tempfile.TemporaryDirectory() as folder:
            store = CandleStore(folder)

            def work(number):
                try:
                    for turn in range(scaled(10, 60)):
                        rows = [row_at(APRIL + (turn * 4 + number) * MINUTE_MS)]
                        store.write(*SERIES, CandleColumns.from_rows(rows), source="test")
                        symbol = f"S{number}/B"
                        store.write("binance", symbol, "1m", CandleColumns.from_rows(rows), source="test")
                        if store.read("binance", symbol, "1m", 0, 2**60).rows != turn + 1:
                            failures.append(number)
                except Exception as error:
                    failures.append(error)

            threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(failures, [])
            self.assertEqual(
                store.open_times(*SERIES).tolist(), [APRIL + n * MINUTE_MS for n in range(4 * scaled(10, 60))]
            )


if __name__ == "__main__":
    unittest.main()
