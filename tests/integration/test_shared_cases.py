"""Every input that once failed gives its right outcome, read from where the cases lie, through the command."""

import contextlib
import csv
import io
import json
import re
import tempfile
import unittest
from pathlib import Path

from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from market_data import CandleStore
from market_data.__main__ import main
from market_data.store.store_layout import LAST_TIME_MS
from tests.support.candle_tables import rows_of
from tests.support.shared import CASES, REPOSITORY, needs_shared
from tests.support.shared_formats import READ_AS
from tests.support.times import JANUARY_MS

FEATHER = "BTC_USDT-1m.feather"
TRADING_VIEW = "tradingview-no-volume-1h.csv"

TESTS: dict[int, tuple[str, ...]] = {
    1: (
        "integration/test_odd_exchanges.py::test_one_empty_page_of_three_is_said_and_asked_again_in_the_next_run",
        "integration/test_odd_exchanges.py::test_a_hole_is_settled_when_it_was_denied_on_two_days_and_opened_by_asking_again",
    ),
    2: (
        "integration/test_odd_exchanges.py::test_an_answer_of_another_time_is_an_error_and_nothing_is_recorded",
        "integration/test_odd_exchanges.py::test_the_latest_rows_are_no_answer_for_what_lies_before_them",
    ),
    3: ("unit/validation/test_one_currency.py::test_spellings_of_two_currencies_are_refused_with_both",),
    4: ("integration/test_shared_cases.py::test_04",),
    5: ("integration/test_shared_cases.py::test_05",),
    6: ("integration/test_shared_cases.py::test_06",),
    7: ("integration/test_shared_cases.py::test_07",),
    9: ("golden/cases/sizing_rounding.yaml::stop_of_one_per_cent_within_a_tick_is_refused",),
    10: ("integration/test_hostile_handshakes.py::test_a_status_418_with_retry_after",),
    12: ("integration/test_shared_cases.py::test_12",),
    13: (
        "integration/test_backtest_command.py::"
        "test_a_name_that_is_a_formula_is_neutral_in_every_csv_and_itself_when_it_is_read_back",
        "parity/test_strategy_parity.py::"
        "test_a_name_that_is_a_formula_is_neutral_in_the_log_and_itself_to_whoever_reads_it",
    ),
    14: (
        "unit/execution/test_paper_trader.py::test_a_trade_whose_result_is_exactly_0_is_neither_won_nor_lost",
        "unit/runs/test_session_result.py::test_a_trade_that_breaks_even_is_neither_won_nor_lost",
    ),
    15: (
        "integration/test_odd_exchanges.py::test_candles_without_trades_halted_symbols_and_changed_rules_are_said",
        "integration/test_odd_exchanges.py::test_a_session_does_not_begin_on_a_symbol_that_is_not_traded",
    ),
}
"""Where each case of the table is tested; those without a file need an exchange, a run or a session."""


def rows_there(name: str) -> list[tuple[float, ...]]:
    """Return the rows of a plain file, oldest first: the time as it stands, five numbers."""
    with (CASES / name).open(newline="") as file:
        return sorted(tuple(map(float, row[:6])) for row in list(csv.reader(file))[1:])


@needs_shared
class SharedCases(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = Path(folder.name) / "data"

    def command(self, verb: str, *arguments: object) -> tuple[int, str, str]:
        """Run a verb of the command in this process."""
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main([verb, *map(str, arguments), "--data-dir", str(self.data)])
        return code, output.getvalue(), errors.getvalue()

    def imported(self, name: str, *more: str, symbol: str = "BTC/USDT", timeframe: str = "1m") -> str:
        """Import a file that is taken, and return what was said."""
        code, output, errors = self.command(
            "import", CASES / name, "--exchange", "e", "--symbol", symbol, "--timeframe", timeframe, *more
        )
        self.assertEqual((0, ""), (code, errors))
        return output

    def refused(self, name: str, *more: str, timeframe: str = "1m") -> str:
        """Import a file that is refused, which stores nothing, and return the one line about it."""
        before = self.series()
        code, output, errors = self.command(
            "import", CASES / name, "--exchange", "e", "--symbol", "BTC/USDT", "--timeframe", timeframe, *more
        )
        self.assertEqual((2, "", before), (code, output, self.series()))
        self.assertRegex(errors, r"\Aerror: [^\n]+\n\Z")
        return errors

    def series(self) -> object:
        """Return what the store lists."""
        code, output, _ = self.command("list", "--json")
        return code, json.loads(output)

    def stored(self, symbol: str = "BTC/USDT", timeframe: str = "1m") -> list[tuple[float, ...]]:
        return rows_of(CandleStore(self.data).read("e", symbol, timeframe, 0, LAST_TIME_MS))

    def test_04_minutes_are_no_hours_and_stored_hours_are_replaced_on_purpose(self) -> None:
        self.assertIn("its rows are 1m apart, not 1h", self.refused("04-one-minute-rows.csv", timeframe="1h"))
        self.imported("04-true-1h-rows.csv", timeframe="1h")
        self.assertEqual(rows_there("04-true-1h-rows.csv"), self.stored(timeframe="1h"))
        other = self.data.parent / "other.csv"
        rows = (CASES / "04-true-1h-rows.csv").read_text().splitlines()
        other.write_text("\n".join([*rows[:-1], rows[-1].rpartition(",")[0] + ",1.5"]) + "\n")
        self.imported(str(other), timeframe="1h")
        self.assertEqual(rows_there("04-true-1h-rows.csv"), self.stored(timeframe="1h"))
        self.imported(str(other), "--replace", timeframe="1h")
        self.assertEqual((*rows_there("04-true-1h-rows.csv")[-1][:5], 1.5), self.stored(timeframe="1h")[-1])

    def test_05_the_half_open_last_row_is_not_taken_and_a_later_file_brings_it(self) -> None:
        self.assertIn("refused, not closed yet: 1", self.imported("05-exported-mid-candle-1m.csv"))
        self.assertEqual(rows_there("05-exported-mid-candle-1m.csv")[:-1], self.stored())
        self.imported("05-exported-later-1m.csv")
        self.assertEqual(rows_there("05-exported-later-1m.csv"), self.stored())

    def test_05_one_that_was_taken_is_completed_by_a_later_file_and_that_is_said(self) -> None:
        early = self.data.parent / "early.csv"
        lines = (CASES / "05-exported-mid-candle-1m.csv").read_text().splitlines()
        early.write_text("".join(f"{line.rpartition(',')[0]}\n" for line in lines))
        self.imported(str(early))
        self.assertEqual(rows_there("05-exported-mid-candle-1m.csv"), self.stored())
        self.assertIn("completed: the last candle", self.imported("05-exported-later-1m.csv"))
        self.assertEqual(rows_there("05-exported-later-1m.csv"), self.stored())

    def test_06_newest_first_is_whole(self) -> None:
        self.imported("06-newest-first-1m.csv")
        self.assertEqual(rows_there("06-newest-first-1m.csv"), self.stored())
        self.assertEqual(300, len(self.stored()))

    def test_07_dates_without_separators_are_those_days_and_minutes(self) -> None:
        self.imported("07-yyyymmdd-1d.csv", timeframe="1d")
        days = rows_there("07-yyyymmdd-1d.csv")
        self.assertEqual(
            [(JANUARY_MS + place * DAY_MS, *row[1:]) for place, row in enumerate(days)], self.stored(timeframe="1d")
        )
        self.imported("07-date-and-hhmm-1m.csv")
        self.assertEqual(rows_there("04-one-minute-rows.csv"), self.stored())

    def test_12_funding_and_open_interest_of_the_archive_are_read(self) -> None:
        perpetual = "BTC/USDT:USDT"
        self.imported("12-archive-funding.csv", symbol=perpetual, timeframe="funding")
        funding = CandleStore(self.data).read_funding("e", perpetual, 0, LAST_TIME_MS)
        with (CASES / "12-archive-funding.csv").open(newline="") as file:
            there = [(int(row["calc_time"]), float(row["last_funding_rate"])) for row in csv.DictReader(file)]
        self.assertEqual(there, list(zip(*(column.tolist() for column in funding[:2]), strict=True)))
        self.imported("12-archive-open-interest-5m.csv", symbol=perpetual, timeframe="open-interest-5m")
        interest = CandleStore(self.data).read_open_interest("e", perpetual, "5m", 0, LAST_TIME_MS)
        with (CASES / "12-archive-open-interest-5m.csv").open(newline="") as file:
            amounts = [float(row["sum_open_interest"]) for row in csv.DictReader(file)]
        times = [JANUARY_MS + place * 5 * MINUTE_MS for place in range(len(amounts))]
        self.assertEqual((times, amounts), (interest[0].tolist(), interest[1].tolist()))

    def test_every_layout_of_formats_is_read_as_it_is_and_named(self) -> None:
        expected = rows_there("04-one-minute-rows.csv")
        for path in sorted((CASES / "formats").iterdir()):
            with self.subTest(path.name):
                self.data = self.data.with_name(path.name)
                if path.name == FEATHER and path.stat().st_size < 100:
                    self.assertIn("cannot be read as feather", self.refused(f"formats/{path.name}"))
                    continue
                if path.name == TRADING_VIEW:
                    self.assertIn("--no-volume", self.refused(f"formats/{path.name}", timeframe="1h"))
                    said = self.imported(f"formats/{path.name}", "--no-volume", timeframe="1h")
                    hours = [(JANUARY_MS + n * HOUR_MS, *row[1:5], 0.0) for n, row in enumerate(expected)]
                    self.assertEqual(hours, self.stored(timeframe="1h"))
                else:
                    said = self.imported(f"formats/{path.name}")
                    volumes = path.name != "metatrader-tab-1m.csv"
                    cut = slice(None) if volumes else slice(0, 5)
                    self.assertEqual([row[cut] for row in expected], [row[cut] for row in self.stored()])
                self.assertIn(f"read as: {READ_AS[path.name]}", said)

    def test_every_case_of_the_table_and_every_file_has_its_test(self) -> None:
        table = (CASES / "README.md").read_text(encoding="utf-8")
        self.assertEqual(set(TESTS), {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)})
        for name in (name for names in TESTS.values() for name in names):
            place, _, test = name.partition("::")
            source = (REPOSITORY / "tests" / place).read_text(encoding="utf-8")
            self.assertRegex(source, rf"(def |name: ){test}", name)
        own = Path(__file__).read_text(encoding="utf-8")
        files = [path.name for path in CASES.iterdir() if path.is_file() and path.name != "README.md"]
        self.assertEqual([], [name for name in files if f'"{name}"' not in own])
        self.assertEqual({*READ_AS, FEATHER}, {path.name for path in (CASES / "formats").iterdir()})


if __name__ == "__main__":
    unittest.main()
