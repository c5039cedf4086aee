"""Exits, rungs and funding counted from the rows of the trade log; every expected figure is added up by hand."""

import unittest
from collections import Counter
from decimal import Decimal
from types import SimpleNamespace

from msgspec import UNSET

from core.events import Fill, TradeRow
from core.exact import ZERO
from execution.money.account_totals import AccountTotals
from runs.figures.exit_figures import SymbolExits, exits_by_symbol, exits_of


def row(
    symbol: str,
    action: str,
    quantity: str,
    reason: str = "signal",
    result: str = "0",
    *,
    rung: int = 0,
    funding: str = "0",
) -> TradeRow:
    sign = 1 if action == "OPEN" else -1
    fill = Fill(symbol, sign, Decimal(quantity), Decimal(1), Decimal(1), ZERO, 0)
    return TradeRow(fill, action, "1", "", reason, ZERO, ZERO, Decimal(result), funding=Decimal(funding), rung=rung)


ROWS = [
    row("BTC", "OPEN", "1"),
    row("ETH", "OPEN", "4"),
    row("BTC", "OPEN", "1"),
    row("BTC", "CLOSE", "0.5", "target", "3", rung=1, funding="-0.25"),
    row("BTC", "CLOSE", "0.5", "target", "4", rung=1),
    row("ETH", "CLOSE", "1", "target", "2", rung=1),
    row("BTC", "CLOSE", "1", "break_even", "-0.5", funding="0.5"),
    row("BTC", "OPEN", "2"),
    row("ETH", "CLOSE", "1", "target", "5", rung=2),
    row("BTC", "CLOSE", "2", "time_stop", "-1"),
    row("ETH", "CLOSE", "1", "liquidation", "-9"),
]
"""Three positions: BTC in two entries, whose first rung fills in two parts; ETH; BTC again. 1 ETH is still open."""


def trade(tag: str, result: str) -> SimpleNamespace:
    amount = Decimal(result)
    return SimpleNamespace(
        symbol="BTC",
        tag=tag,
        realized_pnl=amount,
        best_case_pnl=amount,
        entry_time_ms=0,
        exit_time_ms=1,
        ambiguous=False,
    )


def totals(rows: list[TradeRow], trades: list[SimpleNamespace]) -> AccountTotals:
    found = AccountTotals()
    for one in rows:
        found.take(one)
    for closed in trades:
        found.trades.take(closed)
    return found


class ExitFigures(unittest.TestCase):
    def setUp(self) -> None:
        self.account = SimpleNamespace(
            totals=totals(ROWS, [trade("dip", "3"), trade("", "7"), trade("dip", "-1.5"), trade("break", "0")]),
            exits=Counter({"target": 4, "break_even": 1, "time_stop": 1, "liquidation": 1}),
            funding_net=Decimal("0.125"),
            funding_paid=Decimal("0.5"),
            open_funding={"ETH": Decimal("-0.125")},
        )

    def test_rungs_count_fills_and_the_positions_they_were_reached_by(self) -> None:
        first, second = exits_of(self.account).ladder
        self.assertEqual((first.rung, first.fills, first.quantity, first.realized_pnl), (1, 3, 2.0, 9.0))
        self.assertAlmostEqual(first.reached_pct, 200 / 3)
        self.assertEqual((second.rung, second.fills, second.quantity, second.realized_pnl), (2, 1, 1.0, 5.0))
        self.assertAlmostEqual(second.reached_pct, 100 / 3)

    def test_trades_are_added_up_by_their_tags(self) -> None:
        told = [(one.tag, one.trades, one.winning_trades, one.realized_pnl) for one in exits_of(self.account).tags]
        self.assertEqual([("break", 1, 0, 0.0), ("dip", 2, 1, 1.5)], told)
        self.account.totals = totals(ROWS, [trade("", "7")])
        self.assertIs(UNSET, exits_of(self.account).tags)

    def test_reasons_are_counted_and_three_of_them_have_names_of_their_own(self) -> None:
        found = exits_of(self.account)
        self.assertEqual(found.exits, {"break_even": 1, "liquidation": 1, "target": 4, "time_stop": 1})
        self.assertEqual((found.liquidations, found.break_even_exits, found.time_stops), (1, 1, 1))

    def test_funding_is_what_came_and_what_went(self) -> None:
        found = exits_of(self.account)
        # In all 0.125 came, of which 0.5 was paid: 0.625 was received.
        self.assertEqual((found.funding_received, found.funding_paid), (0.625, 0.5))

    def test_each_symbol_has_its_own_and_funding_of_what_is_still_open(self) -> None:
        found = exits_by_symbol(self.account, ("BTC", "ETH", "SOL"))
        self.assertEqual(found["BTC"].exits, {"break_even": 1, "target": 2, "time_stop": 1})
        self.assertEqual((found["BTC"].funding_net, found["ETH"].funding_net), (0.25, -0.125))
        self.assertEqual((found["BTC"].liquidations, found["ETH"].liquidations), (0, 1))
        self.assertEqual([one.reached_pct for one in found["BTC"].ladder], [50.0])
        self.assertEqual([one.reached_pct for one in found["ETH"].ladder], [100.0, 100.0])
        self.assertEqual(found["SOL"], SymbolExits(exits={}, liquidations=0, ladder=[], funding_net=0.0))


if __name__ == "__main__":
    unittest.main()
