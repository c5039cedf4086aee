import io
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

from msgspec import UNSET

from reports import print_report, render
from reports.console.result_facts import SYMBOL_COLUMNS, facts_of
from runs.documents.run_result import RunResult
from tests.unit.reports.result_example import contract, example_result, run_config, symbol_result

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.TextIOWrapper):
    """A stream in memory that says it is a terminal."""

    def isatty(self) -> bool:
        return True

    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined]


def plain(result: RunResult) -> list[str]:
    return render(result, rich_output=False).splitlines()


class PlainReportTest(unittest.TestCase):
    def test_every_figure_is_a_line_of_label_and_rounded_value(self) -> None:
        lines = plain(example_result())
        for line in (
            "Period: 2024-01-01T00:00:00.000Z to 2024-02-01T00:00:00.000Z",
            "Exchange: practice",
            "Interval: 15m",
            "Symbols: BTC/USDT, ETH/USDT, NEW/USDT",
            "Candles processed: 5,951",
            "Signals generated: 41",
            "Orders submitted: 20",
            "Starting balance: 10,000.00 USDT",
            "Final balance: 9,876.54 USDT",
            "Equity: 9,876.54 USDT",
            "Realized PnL: -123.46 USDT",
            "Unrealized PnL: 0.00 USDT",
            "Total return: -1.23 %",
            "Buy and hold: 4.57 %",
            "Trades: 18 (7 won, 10 lost, 1 even)",
            "Win rate: 38.89 %",
            "Peak equity: 10,012.35 USDT",
            "Maximum drawdown: 2.35 %",
            "Profit factor: 0.81",
            "Expectancy: -6.86 USDT",
            "Average holding time: 187.2 min",
            "Calmar ratio: n/a",
            "Commission paid: 18.01 USDT",
            "Slippage paid: 17.99 USDT",
            "Exposure time: 37.12 %",
            "Ambiguous trades: 4",
            "Gaps: 2",
            "Halts: 1",
            "Expired (gtd): 1",
            "Rejected (insufficient_balance): 1",
            "Symbol BTC/USDT: Candles 2,976, Trades 10, Realized PnL -200.46, Win rate 30.00 %, Buy and hold 3.12 %",
            "Trade log: logs/backtests/config_backtest_20240101_20240201.csv",
            "trades_sha256: " + "a1" * 32,
            "settings_sha256: " + "b2" * 32,
            "data_sha256: " + "c3" * 32,
            "code_version: 0.1.0+d4e5f6",
        ):
            with self.subTest(line):
                self.assertEqual(lines.count(line), 1)

    def test_it_begins_with_what_came_out_and_what_the_sizes_really_were(self) -> None:
        lines = plain(example_result())
        self.assertEqual(
            [
                "Results",
                "",
                "In short: -1.23 % (-123.46 USDT), drawdown 2.35 %, 18 trades, 38.89 % won, profit factor 0.81, "
                "costs 36.00 USDT",
                "Sizes: risk asked 1 %, median taken 0.051 %: position cap bound 75 % of entries",
                "",
            ],
            lines[:5],
        )
        none = {"total_trades": 0, "winning_trades": 0}
        idle = example_result(statistics={"sizes_bound_by": {}, "risk_taken_pct": None}, performance=none)
        self.assertEqual(
            "In short: -1.23 % (-123.46 USDT), drawdown 2.35 %, 0 trades, costs 36.00 USDT", plain(idle)[2]
        )
        self.assertFalse([line for line in plain(idle) if line.startswith("Sizes")])

    def test_it_says_where_the_page_is(self) -> None:
        text = render(example_result(), rich_output=False, page=Path("logs/a/report.html"))
        self.assertIn("\nReport page: logs/a/report.html\n", text)
        self.assertNotIn("Report page", render(example_result(), rich_output=False))

    def test_lines_are_ascii_without_boxes_escapes_or_trailing_space(self) -> None:
        text = render(example_result(), rich_output=False)
        self.assertTrue(text.isascii())
        self.assertNotIn("\x1b", text)
        self.assertTrue(text.endswith("\n"))
        for line in filter(None, text.splitlines()[1:]):
            self.assertRegex(line, r"^[A-Za-z_][^:]*: \S(.*\S)?$")

    def test_the_same_result_gives_the_same_text(self) -> None:
        self.assertEqual(plain(example_result()), plain(example_result()))

    def test_refusals_come_by_count_and_then_by_name(self) -> None:
        refused = [line for line in plain(example_result()) if line.startswith("Refused")]
        self.assertEqual(
            refused, ["Refused (position_open): 16", "Refused (below_min_notional): 3", "Refused (max_open_trades): 3"]
        )

    def test_what_became_of_orders_is_told_by_reason_and_nothing_that_did_not_happen(self) -> None:
        ends = {
            "rejection_reasons": {"insufficient_balance": 2, "max_leverage": 1148},
            "expiry_reasons": {"gtd": 12, "ioc": 0},
            "cancellation_reasons": {},
        }
        lines = plain(example_result(statistics=ends))
        self.assertEqual(
            [line for line in lines if line.startswith(("Rejected", "Expired", "Cancelled", "Orders"))],
            [
                "Orders submitted: 20",
                "Rejected (max_leverage): 1,148",
                "Rejected (insufficient_balance): 2",
                "Expired (gtd): 12",
            ],
        )

    def test_a_market_entry_keeps_its_line_and_a_resting_one_says_where_it_stands_and_how_long(self) -> None:
        resting = {"entry_order": "limit", "entry_fill": "next_open", "entry_offset": 0.0005, "post_only": False}
        for config, line in (
            ({"entry_fill": "next_open", "entry_order": "market"}, "Entry fill: next_open"),
            ({"entry_fill": "close", "entry_order": "market"}, "Entry fill: close"),
            (
                {**resting, "entry_time_in_force": "GTD", "entry_expiry": 3},
                "Entries: limit at 0.05 % from the close, good for 3 candles",
            ),
            (
                {**resting, "entry_time_in_force": "GTD", "entry_expiry": 1, "post_only": True},
                "Entries: limit at 0.05 % from the close, good for 1 candle, post-only",
            ),
            (
                {**resting, "entry_order": "stop", "entry_time_in_force": "GTC", "entry_expiry": 3},
                "Entries: stop at 0.05 % from the close, good until cancelled",
            ),
            (
                {**resting, "entry_time_in_force": "IOC", "entry_expiry": 3},
                "Entries: limit at 0.05 % from the close, good for one open",
            ),
        ):
            with self.subTest(line):
                lines = plain(example_result(config=config))
                self.assertEqual([one for one in lines if one.startswith(("Entry fill", "Entries: "))], [line])

    def test_settings_of_the_venue_are_one_line_in_the_words_of_the_configuration(self) -> None:
        venue = {
            "volume_cap": 0.1,
            "allow_shorting": False,
            "exits": {
                "ladder": [{"fraction": 0.4, "distance": 1.0}, {"fraction": 0.6, "distance": 2.5}],
                "max_holding": 240,
            },
            "commission": {"tiers": [{}, {}]},
            "perpetual": {},
        }
        self.assertIn(
            "Venue: volume_cap 0.1, allow_shorting false, exits (ladder 0.4 at 1 + 0.6 at 2.5, max_holding 240), "
            "commission (2 tiers), perpetual",
            plain(example_result(config={"venue": venue})),
        )
        self.assertNotIn("Venue", render(example_result(), rich_output=False))

    def test_a_partial_run_says_how_far_it_came(self) -> None:
        for ran_to, partial, lines in (
            ("b", True, ["Period: a to c", "Ran to: b"]),
            ("b", False, ["Period: a to c"]),
            ("c", True, ["Period: a to c"]),
            (None, True, ["Period: a to c", "Ran to: no step"]),
        ):
            with self.subTest(ran_to=ran_to, partial=partial):
                config = run_config(start_date="a", end_date="c", ran_to=ran_to)
                found = plain(example_result(config=config, partial=partial))
                self.assertEqual([line for line in found if line.startswith(("Period", "Ran to"))], lines)

    def test_contracts_say_what_they_share_once(self) -> None:
        contracts = {
            "A": contract(),
            "B": contract(),
            "C": contract(funding_rates=2),
            "D": contract(funding_missing=["a", "b"], leverage=2.5),
            "E": contract(mark=UNSET, funding_rates=UNSET, margin_table="2 tiers"),
        }
        symbols = {symbol: symbol_result(perpetual=one) for symbol, one in contracts.items()}
        lines = plain(example_result(symbols={**symbols, "F": symbol_result()}))
        self.assertEqual(
            [line for line in lines if line.startswith("Contract")],
            [
                "Contract A: leverage 5, margin by 1 tier (x), mark-1m for liquidation, 1 funding rate",
                "Contract B: as A",
                "Contract C: as A, but 2 funding rates",
                "Contract D: as A, but leverage 2.5, spans without a rate: 2",
                "Contract E: leverage 5, margin by 2 tiers",
            ],
        )

    def test_warnings_are_those_given_and_those_the_data_calls_for(self) -> None:
        warnings = [line.removeprefix("Warning: ") for line in plain(example_result()) if line.startswith("Warning")]
        self.assertEqual(
            warnings,
            [
                "imported candles [BTC/USDT]: no trading rules are known of this venue",
                "NEW/USDT: no candle in the window; it takes no part",
                "entry_fill: close fills entries inside the candle that decided them",
                "ETH/USDT: candles missing in the range: 1",
                "ETH/USDT: data quality: duplicate 1,234, non_positive 1",
            ],
        )

    def test_a_warning_is_given_once(self) -> None:
        result = example_result(warnings=["ETH/USDT: candles missing in the range: 1", "one", "one"])
        lines = plain(result)
        self.assertEqual(lines.count("Warning: one"), 1)
        self.assertEqual(lines.count("Warning: ETH/USDT: candles missing in the range: 1"), 1)

    def test_a_partial_run_says_so_at_the_top(self) -> None:
        self.assertNotIn("PARTIAL", render(example_result(), rich_output=False))
        self.assertRegex(plain(example_result(partial=True))[1], r"^PARTIAL: ")

    def test_text_from_outside_cannot_break_a_line_or_reach_the_terminal(self) -> None:
        result = example_result(warnings=["red \x1b[31m and\r\nTrades: 99"])
        self.assertIn("Warning: red \\u001b[31m and Trades: 99", plain(result))
        self.assertNotIn("\x1b[31m and", render(result, rich_output=True, width=120))

    def test_what_is_undefined_says_so_and_what_there_is_not_is_left_out(self) -> None:
        undefined = {"profit_factor": None, "expectancy": float("nan"), "win_rate": float("inf")}
        lines = plain(example_result(performance=undefined, log_file=UNSET, data_sha256=UNSET))
        for line in ("Profit factor: n/a", "Expectancy: n/a", "Win rate: n/a"):
            self.assertIn(line, lines)
        self.assertFalse([line for line in lines if line.startswith(("Trade log", "data_sha256", "Liquidation"))])

    def test_a_symbol_that_ran_without_some_figures_keeps_its_line(self) -> None:
        self.assertIn(
            "Symbol NEW/USDT: Candles 0, Trades 0, Realized PnL 0.00, Win rate 0.00 %, Buy and hold n/a",
            plain(example_result()),
        )

    def test_an_account_in_bitcoin_keeps_its_digits_and_its_unit(self) -> None:
        small = {"starting_balance": 0.5, "equity": 0.50001234}
        result = example_result(performance=small, symbols={"ETHBTC": symbol_result("ETH/BTC:BTC")})
        self.assertIn("Equity: 0.50001234 BTC", plain(result))

    def test_symbols_of_two_quotes_leave_the_unit_out(self) -> None:
        symbols = {name: symbol_result(name) for name in ("ETH/BTC", "ETH/USDT")}
        self.assertIn("Starting balance: 10,000.00", plain(example_result(symbols=symbols)))


class RichReportTest(unittest.TestCase):
    def test_both_forms_state_the_same_facts(self) -> None:
        result = example_result(partial=True)
        facts = facts_of(result)
        rich_text = ESCAPES.sub("", render(result, rich_output=True, width=200))
        plain_text = render(result, rich_output=False)
        flat = " ".join(rich_text.replace("│", " ").split())
        self.assertIn("PARTIAL", flat)
        for fact in (*(one for section in facts.sections for one in section.facts),):
            self.assertRegex(rich_text, re.escape(fact.label) + r" +" + re.escape(fact.value) + r"\s")
            self.assertIn(f"{fact.label}: {fact.value}\n", plain_text)
        for fact in (*facts.files, *facts.hashes, *facts.instruments):
            self.assertIn(f"{fact.label}: {fact.value}", flat)
        for warning in facts.warnings:
            self.assertIn(f"Warning: {warning}", flat)
        for row in facts.symbols:
            self.assertIn(" ".join(row.cells), flat)
        for column in SYMBOL_COLUMNS:
            self.assertIn(column, flat)

    def test_lines_keep_to_the_width_except_those_to_be_copied_whole(self) -> None:
        text = ESCAPES.sub("", render(example_result(), rich_output=True, width=60))
        for line in text.splitlines():
            if "sha256" not in line and not line.startswith(("Trade log", "Output folder")):
                self.assertLessEqual(len(line), 60)
        self.assertIn("trades_sha256: " + "a1" * 32 + "\n", text)
        render(example_result(), rich_output=True, width=10)

    def test_markup_and_emoji_names_in_text_are_left_alone(self) -> None:
        result = example_result(warnings=["[bold]x[/bold] [/] :warning:"])
        self.assertIn("[bold]x[/bold] [/] :warning:", render(result, rich_output=True, width=120))

    def test_gains_are_green_and_losses_red(self) -> None:
        environment = {"TERM": "xterm-256color", "PATH": os.defpath}
        code = (
            "from reports import render; from tests.unit.reports.result_example import example_result as e;"
            "print(render(e(), rich_output=True, width=120))"
        )
        text = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, encoding="utf-8"
        ).stdout
        self.assertRegex(text, r"\x1b\[31m *-123\.46 USDT")
        self.assertRegex(text, r"\x1b\[32m *4\.57 %")
        without = subprocess.run(
            [sys.executable, "-c", code],
            env={**environment, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=True,
            encoding="utf-8",
        ).stdout
        self.assertNotIn("\x1b[31m", without)


class PrintReportTest(unittest.TestCase):
    def test_a_pipe_gets_plain_lines_and_a_terminal_gets_tables(self) -> None:
        pipe = io.StringIO()
        print_report(example_result(), pipe)
        self.assertEqual(pipe.getvalue(), render(example_result(), rich_output=False))
        with Terminal(io.BytesIO(), encoding="utf-8") as terminal:
            print_report(example_result(), terminal)
            self.assertIn("╭", terminal.text())

    def test_characters_that_the_stream_lacks_are_written_as_escapes(self) -> None:
        result = example_result(warnings=["币安/USDT"])
        with Terminal(io.BytesIO(), encoding="ascii") as terminal:
            print_report(result, terminal)
            self.assertIn("\\u5e01\\u5b89/USDT", terminal.text())
            self.assertIn("trades_sha256", terminal.text())
        with io.TextIOWrapper(io.BytesIO(), encoding="ascii") as pipe:
            print_report(result, pipe)
            self.assertIn(b"\\u5e01\\u5b89/USDT", pipe.buffer.getvalue())  # type: ignore[attr-defined]

    def test_plain_output_loads_neither_rich_nor_numpy(self) -> None:
        code = (
            "import sys; from reports import print_report, to_json, ReplayProgress;"
            "from tests.unit.reports.result_example import example_result as e;"
            "print_report(e(), sys.stdout); to_json(e());"
            "p = ReplayProgress(10**6); p.__enter__(); p.candles_done = 10**6; p.__exit__(None, None, None);"
            "sys.exit(bool({'rich', 'numpy', 'pandas'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))


if __name__ == "__main__":
    unittest.main()
