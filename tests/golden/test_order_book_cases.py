"""Order scripts against the paper venue, with fills and states worked by hand."""

import csv
import io
import unittest
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from core.candle import Candle
from core.event_lines import TRADE_HEADER, trade_line
from core.events import Recorder
from core.exact import received
from core.orders import OrderRequest
from engine.renderer import SessionOutputs
from execution.costs.commission import LiquidityCommission
from execution.costs.fill_pricing import FillPricing
from execution.costs.slippage import FractionSlippage
from execution.costs.spread import FixedSpread
from execution.matching.paper_venue import PaperVenue
from execution.matching.venue_rules import Rung, VenueRules
from execution.orders.order import Order
from execution.scripting.paper_trader import PaperTrader
from tests.golden.test_hand_worked_cases import instrument_of
from tests.support.times import MINUTE_MS, at

CASES = Path(__file__).parent / "cases"
SYMBOL = "AAA"
NUMBERS = (
    "price",
    "stop_price",
    "stop_distance",
    "target_distance",
    "trailing_fraction",
    "trailing_distance",
)


def load_scripts() -> list[dict[str, Any]]:
    """Read every order script of every file, by file name."""
    scripts = []
    for path in sorted(CASES.glob("orders_*.yaml")):
        group = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        scripts += [{**group.get("defaults", {}), **case, "file": path.name} for case in group["cases"]]
    return scripts


def venue_of(case: Mapping[str, Any], transitions: bytearray) -> PaperTrader:
    """Return the paper venue that a script describes; it writes its orders' transitions to ``transitions``."""
    told = {name: Decimal(str(value)) for name, value in case.get("costs", {}).items()}
    instruments = {SYMBOL: instrument_of(SYMBOL, case["instrument"])}
    nothing = Decimal(0)
    rules: dict[str, Any] = dict(case.get("venue", {}))
    if "volume_cap" in rules:
        rules["volume_cap"] = Decimal(rules["volume_cap"])
    if "ladder" in rules:
        rules["ladder"] = tuple(Rung(Decimal(rung["fraction"]), Decimal(rung["distance"])) for rung in rules["ladder"])
    if "limit_fill_probability" in rules:
        rules["limit_fill_probability"] = float(rules["limit_fill_probability"])
    pricing = FillPricing(
        LiquidityCommission(told.get("maker", nothing), told.get("taker", nothing)),
        FractionSlippage(told.get("slippage", nothing)),
        FixedSpread(nothing),
        instruments,
    )
    recorder = Recorder(SessionOutputs(orders=transitions.extend).render)
    balance = received(told.get("starting_balance", 10_000))
    return PaperTrader.at(PaperVenue(balance, pricing, VenueRules(**rules), recorder))


def request_of(told: Mapping[str, Any]) -> OrderRequest:
    """Return the request of a line of a script."""
    numbers = {name: float(told[name]) for name in NUMBERS if name in told}
    return OrderRequest(
        SYMBOL,
        told["side"],
        told["type"],
        float(told["quantity"]),
        order_id=told["submit"],
        time_in_force=told.get("time_in_force", "GTC"),
        expires_ms=at(told["expires"]) if "expires" in told else None,
        post_only=told.get("post_only", False),
        reduce_only=told.get("reduce_only", False),
        oco_group=told.get("oco_group"),
        **numbers,
    )


class OrderScripts(unittest.TestCase):
    maxDiff = None

    def test_every_script_gives_the_fills_and_states_worked_by_hand(self) -> None:
        scripts = load_scripts()
        self.assertGreaterEqual(len(scripts), 40)
        for case in scripts:
            with self.subTest(case["file"], name=case["name"]):
                self._compare(case)

    def test_names_are_unique(self) -> None:
        names = [case["name"] for case in load_scripts()]
        self.assertEqual(sorted(set(names)), sorted(names))

    def _compare(self, case: Mapping[str, Any]) -> None:
        written, orders = bytearray(), dict[str, Order]()
        trader = venue_of(case, written)
        for line in case["script"]:
            self._play(trader, orders, line)
        expected = case["expect"]
        table = TRADE_HEADER + "".join(map(trade_line, trader.account.rows))
        rows = list(csv.DictReader(io.StringIO(table, newline="")))
        fills = expected["fills"]
        got = [{key: actual[key] for key in row} for row, actual in zip(fills, rows, strict=False)] + rows[len(fills) :]
        self.assertEqual(fills, got, f"fills of {case['name']}\n{case.get('arithmetic', '')}")
        if "transitions" in expected:
            told = list(csv.DictReader(io.StringIO(written.decode())))
            cut = [{key: row[key] for key in expected["transitions"][0]} for row in told]
            self.assertEqual(expected["transitions"], cut, f"transitions of {case['name']}")
        for name, state in expected["orders"].items():
            order = orders[name]
            seen = {"status": order.status.value, "reason": order.reason}
            self.assertEqual(state, {key: seen[key] for key in state}, f"order {name} of {case['name']}")

    def _play(self, trader: PaperTrader, orders: dict[str, Order], line: Mapping[str, Any]) -> None:
        time_ms = at(line["at"])
        if "candle" in line:
            prices = [float(value) for value in (*line["candle"], "1000000")[:5]]
            trader.process_candle(SYMBOL, Candle(time_ms, *prices), MINUTE_MS)
        elif "submit" in line:
            orders[line["submit"]] = trader.book.submit(request_of(line), time_ms, last_price=float(line["last"]))
        elif "cancel" in line:
            accepted = trader.book.cancel(orders[line["cancel"]], time_ms)
            self.assertEqual(line.get("accepted", True), bool(accepted))
        else:
            changes = {name: float(line[name]) for name in ("quantity", "price", "stop_price") if name in line}
            accepted = trader.book.amend(orders[line["amend"]], time_ms, **changes)
            self.assertEqual(line.get("accepted", True), bool(accepted))


if __name__ == "__main__":
    unittest.main()
