"""Values that only reach a limit, of margin and of what it covers: both engines draw the line at the same digit."""

import unittest
from decimal import Decimal

from core.candle import Candle
from core.instrument import Instrument
from core.trading_signal import Signal
from tests.property.test_kernel_against_slow_model import run_kernel_on
from tests.support.base_settings import BASE_SETTINGS
from tests.support.oracles.slow_model import Case
from tests.support.runs.compiled_runs import require_same_bytes, run_compiled_on
from tests.support.runs.kernel_runs import KernelRun
from tests.support.times import MINUTE_MS

FREE = {"slippage": 0.0, "commission_rate": 0.0, "max_exposure": 1.0, "max_exposure_pct": 1.0,
        "default_risk_per_trade": 0.5, "max_risk_per_trade_pct": 0.6, "max_daily_loss_pct": 0.99,
        "max_drawdown_pct": 0.99}  # fmt: skip


class ContractEdges(unittest.TestCase):
    maxDiff = None

    def run_both(self, opens: list[float], perpetual: dict[str, object], **changes: object) -> KernelRun:
        """Run a long decided at 100 by both engines; the candles after it have one price each."""
        candles = [Candle(number * MINUTE_MS, price, price, price, price, 1.0) for number, price in enumerate(opens)]
        case = Case(
            settings={**BASE_SETTINGS, **FREE, **changes, "perpetual": perpetual},
            timeframe_ms=MINUTE_MS,
            start_ms=0,
            symbols=("A/USDT",),
            instruments={"A/USDT": Instrument("A/USDT", Decimal("0.0000001"), Decimal(1))},
            candles={"A/USDT": candles},
            signals={"A/USDT": {0: Signal("LONG", sl_distance=50.0)}},
            warmup_candles=0,
            kill_switch=False,
        )
        expected = run_kernel_on(case)
        require_same_bytes(self, expected, run_compiled_on(case, "1m"))
        return expected

    def test_an_entry_may_need_all_of_the_equity_and_its_tolerance(self) -> None:
        # 100 × 100.0000001 = 10,000 × (1 + 1e-9); a tick more is above it.
        for opened, events in ((100.0000001, []), (100.0000002, ["insufficient_margin"])):
            run = self.run_both([100.0, opened, 100.0], {"leverage": 1.0})
            self.assertEqual(events, [reason for *_, event, reason in run.order_events if event == "rejected"])

    def test_a_close_that_loses_its_whole_margin_and_no_more_is_no_liquidation(self) -> None:
        for opened, reason in ((80.0, "time_stop"), (79.9999999, "liquidation")):
            run = self.run_both(
                [100.0, 100.0, opened, opened], {"leverage": 5.0}, exits={"max_holding": 1}, max_candle_move=5.0
            )
            self.assertEqual(["signal", reason], [row["reason"] for row in run.rows])


if __name__ == "__main__":
    unittest.main()
