"""Conservation of money on drawn markets, read from the trade log's text alone."""

import csv
import decimal
import io
import unittest
from decimal import Decimal

from hypothesis import HealthCheck, given, settings

from tests.property.test_kernel_against_slow_model import run_kernel_on
from tests.support.kernel_runs import KernelRun
from tests.support.market_cases import cases
from tests.support.scale import scaled
from tests.support.slow_model import Case


class LedgerConservation(unittest.TestCase):
    @settings(max_examples=scaled(150, 5_000), deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases())
    def test_every_digit_of_every_balance_follows_from_the_rows(self, case: Case) -> None:
        run = run_kernel_on(case)
        with decimal.localcontext() as exact:
            exact.prec = 200
            self._follow(case, run)

    def _follow(self, case: Case, run: KernelRun) -> None:
        rows = list(csv.DictReader(io.StringIO(run.trades.decode())))
        start = balance = Decimal(repr(float(case.settings["starting_balance"])))
        held: dict[str, dict[str, str]] = {}
        last_time: dict[str, str] = {}
        for row in rows:
            symbol, price, quantity = row["symbol"], Decimal(row["price"]), Decimal(row["quantity"])
            self.assertGreaterEqual(row["timestamp"], last_time.get(symbol, ""))
            last_time[symbol] = row["timestamp"]
            if row["action"] == "OPEN":
                self.assertNotIn(symbol, held)
                self.assertEqual("0", row["realized_pnl"])
                held[symbol] = row
            else:
                entry = held.pop(symbol)
                self.assertEqual((entry["side"], entry["quantity"]), (row["side"], row["quantity"]))
                gross = (price - Decimal(entry["price"])) * quantity * (1 if row["side"] == "LONG" else -1)
                result = gross - Decimal(entry["commission"]) - Decimal(row["commission"])
                self.assertEqual(result, Decimal(row["realized_pnl"]))
                balance += result
            # Opening moves no cash; closing moves exactly the result.
            self.assertEqual(balance, Decimal(row["balance"]))
            self.assertEqual(Decimal(row["equity"]), balance + Decimal(row["unrealized_pnl"]))
            if not held:
                self.assertEqual(balance, Decimal(row["equity"]))
        self.assertEqual({}, held, "an OPEN without its CLOSE")
        self.assertEqual(balance - start, sum((Decimal(row["realized_pnl"]) for row in rows), Decimal(0)))
        self.assertEqual(balance, run.session.parts.account.ledger.balance)
        opened = [row["order_id"] for row in rows]
        self.assertEqual(len(opened), len(set(opened)))


if __name__ == "__main__":
    unittest.main()
