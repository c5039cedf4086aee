"""docs/venue.md: every drawing is the one made from its data, and every example fills as the page says."""

import csv
import io
import re
import unittest
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.candle import Candle
from core.events import Recorder
from core.instants import format_ms, parse_instant
from core.orders import OrderRequest
from core.timeframe import timeframe_ms
from engine.renderer import SessionOutputs
from examples.draw_candles import blocks_of, draw, variants_of
from execution.costs.fill_pricing import fraction_pricing
from execution.execution_settings import ExecutionSettings
from execution.matching.paper_venue import PaperVenue
from execution.matching.venue_rules import venue_rules_of
from execution.scripting.paper_trader import PaperTrader
from tests.golden.test_hand_worked_cases import ORIGIN, instrument_of, number, run_case
from tests.support.shared import REPOSITORY
from tests.support.times import MINUTE_MS

PAGE = (REPOSITORY / "docs" / "venue.md").read_text(encoding="utf-8")
ORIGIN_MS = parse_instant(ORIGIN)
DEFAULTS = {"symbols": ["AAA"], "instrument": {"tick_size": "0.01", "lot_size": "0.001", "min_notional": "0"}}

_EXCERPT = re.compile(r"```csv (?P<file>ledger|orders) (?P<name>\w+)\n(?P<rows>[^`]*)```")


class Outcome:
    """What a run of an example wrote: rows of its files as text by column."""

    def __init__(self, trades: list[dict[str, str]], orders: bytes, ledger: bytes, refused: list[str]) -> None:
        self.trades = trades
        self.files = {"orders": orders.decode(), "ledger": ledger.decode()}
        self.orders = list(csv.DictReader(io.StringIO(self.files["orders"])))
        self.refused = refused
        self.ambiguous = 0


def run(example: Mapping[str, Any]) -> Outcome:
    """Run a session on an example, or a script on a paper trader where the example has one."""
    if "script" in example:
        return _run_script({**DEFAULTS, **example})
    finished = run_case({**DEFAULTS, **example})
    outcome = Outcome(finished.rows, finished.orders, finished.ledger, [reason for *_, reason in finished.refused])
    outcome.ambiguous = finished.ambiguous
    return outcome


def _run_script(example: Mapping[str, Any]) -> Outcome:
    """Play candles to a paper trader; at the close of a candle the script's requests follow."""
    symbol = example["symbols"][0]
    instruments = {symbol: instrument_of(symbol, example["instrument"])}
    length_ms = timeframe_ms(example.get("timeframe", "1m"))
    settings = ExecutionSettings(**number(example.get("settings", {})))
    written = bytearray()
    slippage = float(example.get("settings", {}).get("slippage", 0))
    trader = PaperTrader.at(
        PaperVenue(
            Decimal(10_000),
            fraction_pricing(slippage, 0.0, instruments),
            venue_rules_of(settings, instruments),
            Recorder(SessionOutputs(orders=written.extend).render),
        )
    )
    placed = {}
    for minute, values in sorted(example["candles"][symbol].items()):
        candle = Candle(ORIGIN_MS + minute * MINUTE_MS, *(float(one) for one in values), *(1.0,) * (5 - len(values)))
        trader.process_candle(symbol, candle, length_ms)
        now_ms = candle.open_time_ms + length_ms
        for told in example["script"].get(minute, ()):
            wanted = {key: value for key, value in number(told).items() if key not in ("amend", "cancel")}
            if "amend" in told:
                trader.book.amend(placed[told["amend"]], now_ms, **wanted)
            elif "cancel" in told:
                trader.book.cancel(placed[told["cancel"]], now_ms)
            else:
                request = OrderRequest(symbol=symbol, **wanted)
                placed[request.order_id] = trader.book.submit(request, now_ms, last_price=candle.close)
    rows = [
        {
            **{name: str(value) for name, value in row.to_dict().items()},
            "timestamp": format_ms(row.time_ms),
            "price": _plain(row.price),
            "quantity": _plain(row.quantity),
            "realized_pnl": _plain(row.realized_pnl),
        }
        for row in trader.account.rows
    ]
    return Outcome(rows, bytes(written), b"", [])


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"


def stamp(example: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """Return the time stamp of something that happened in a candle: at its open, or inside it and at its close."""
    length = timeframe_ms(example.get("detail_interval") or example.get("timeframe", "1m"))
    return format_ms(ORIGIN_MS + row["candle"] * MINUTE_MS + (0 if row["at"] == "open" else length))


class VenuePage(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls) -> None:
        cls.blocks = blocks_of(PAGE)
        cls.runs = {
            (block.example["name"], name): (variant, run(variant))
            for block in cls.blocks
            for name, variant in variants_of(block.example).items()
        }

    def test_every_block_of_data_has_its_drawing_and_a_name_of_its_own(self) -> None:
        self.assertEqual(PAGE.count("```yaml example\n"), len(self.blocks))
        names = [block.example["name"] for block in self.blocks]
        self.assertEqual(sorted(set(names)), sorted(names))
        self.assertGreaterEqual(len(names), 40)

    def test_every_drawing_is_the_one_made_from_its_data(self) -> None:
        for block in self.blocks:
            with self.subTest(block.example["name"]):
                self.assertEqual(draw(block.example), block.drawing)

    def test_every_example_fills_as_the_page_says(self) -> None:
        for (name, variant), (example, outcome) in self.runs.items():
            with self.subTest(name, variant=variant):
                expected = example["expect"]
                rows = [_stamped(example, row) for row in expected["trades"]]
                self.assertEqual(rows, _same_columns(rows, outcome.trades))
                self.assertEqual(expected.get("refused", []), outcome.refused)
                self.assertEqual(expected.get("ambiguous", 0), outcome.ambiguous)

    def test_every_order_goes_through_the_states_that_the_page_gives(self) -> None:
        for (name, variant), (example, outcome) in self.runs.items():
            expected = [_stamped(example, row) for row in example["expect"].get("orders", [])]
            told = {row["client_order_id"] for row in expected}
            found = [row for row in outcome.orders if row["client_order_id"] in told]
            with self.subTest(name, variant=variant):
                self.assertEqual(expected, _same_columns(expected, found))

    def test_every_level_that_is_drawn_is_one_of_an_order_or_a_liquidation(self) -> None:
        for block in self.blocks:
            outcomes = [outcome for (name, _), (_, outcome) in self.runs.items() if name == block.example["name"]]
            known = {row[key] for one in outcomes for row in one.orders for key in ("price", "stop_price") if row[key]}
            known |= {text for one in outcomes for row in one.trades for text in re.findall(r"[\d.]+", row["metadata"])}
            for level in block.example.get("levels", []):
                with self.subTest(block.example["name"], level=level["name"]):
                    self.assertTrue(level["price"] in known or "bound" in level["name"], level)

    def test_excerpts_of_files_are_those_of_their_example(self) -> None:
        excerpts = list(_EXCERPT.finditer(PAGE))
        self.assertEqual({"ledger", "orders"}, {found["file"] for found in excerpts})
        for found in excerpts:
            with self.subTest(found["name"], file=found["file"]):
                _, outcome = self.runs[found["name"], ""]
                self.assertEqual(found["rows"], outcome.files[found["file"]])


def _stamped(example: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, str]:
    told = {key: str(value) for key, value in row.items() if key not in ("candle", "at")}
    return {"timestamp": stamp(example, row), **told}


def _same_columns(expected: list[dict[str, str]], actual: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the rows with the columns that are expected; what is beyond them as a whole."""
    shared = [{key: found[key] for key in row} for row, found in zip(expected, actual, strict=False)]
    return shared + actual[len(expected) :]


if __name__ == "__main__":
    unittest.main()
