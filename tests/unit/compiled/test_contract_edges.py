"""Values that only reach a limit, of margin and of what it covers: both engines draw the line at the same digit."""

import unittest
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from core.candle import Candle, FundingRate
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


Prices = float | tuple[float, float, float, float]


def candle_of(number: int, prices: Prices) -> Candle:
    """Return a candle of one price, or of open, high, low and close."""
    four = prices if isinstance(prices, tuple) else (prices,) * 4
    return Candle(number * MINUTE_MS, *four, 1.0)


class ContractEdges(unittest.TestCase):
    maxDiff = None

    def run_both(
        self,
        prices: Sequence[Prices | None],
        perpetual: dict[str, object],
        *,
        stop: float = 50.0,
        marks: Mapping[int, Prices] = MappingProxyType({}),
        funding: Sequence[FundingRate] = (),
        **changes: object,
    ) -> KernelRun:
        """Run a long decided at 100 by both engines; a candle is one price or four, None is a missing one."""
        candles = [candle_of(number, one) for number, one in enumerate(prices) if one is not None]
        case = Case(
            settings={**BASE_SETTINGS, **FREE, **changes, "perpetual": perpetual},
            timeframe_ms=MINUTE_MS,
            start_ms=0,
            symbols=("A/USDT",),
            instruments={"A/USDT": Instrument("A/USDT", Decimal("0.0000001"), Decimal(1))},
            candles={"A/USDT": candles},
            signals={"A/USDT": {0: Signal("LONG", sl_distance=stop)}},
            warmup_candles=0,
            kill_switch=False,
        )
        beside = {"A/USDT": [candle_of(*one) for one in marks.items()]}
        expected = run_kernel_on(case, marks=beside, funding={"A/USDT": funding})
        got = run_compiled_on(case, "1m", marks=beside, funding={"A/USDT": funding})
        require_same_bytes(self, expected, got)
        return expected

    def test_an_entry_may_need_all_of_the_equity_and_its_tolerance(self) -> None:
        # 100 × 100.0000001 = 10,000 × (1 + 1e-9); a tick more is above it.
        for opened, events in ((100.0000001, []), (100.0000002, ["insufficient_margin"])):
            run = self.run_both([100.0, opened, 100.0], {"leverage": 1.0})
            self.assertEqual(events, [reason for *_, event, reason in run.order_events if event == "rejected"])

    def test_a_third_of_what_an_entry_needs_may_lie_between_two_units_of_money(self) -> None:
        # 100 at 299.9002001 and 0.1 % are 30,020.01003001, a third of it 10,006.67001000⅓; the equity of 10,006.67
        # and its tolerance are 10,006.67001000667. With a tick more the third is above it.
        for opened, events in ((299.9002001, []), (299.9002002, ["insufficient_margin"])):
            run = self.run_both(
                [100.0, opened, opened], {"leverage": 3.0}, starting_balance=10_006.67, commission_rate=0.001
            )
            self.assertEqual(events, [reason for *_, event, reason in run.order_events if event == "rejected"])

    def test_a_close_that_loses_its_whole_margin_and_no_more_is_no_liquidation(self) -> None:
        for opened, reason in ((80.0, "time_stop"), (79.9999999, "liquidation")):
            run = self.run_both(
                [100.0, 100.0, opened, opened], {"leverage": 5.0}, exits={"max_holding": 1}, max_candle_move=5.0
            )
            self.assertEqual(["signal", reason], [row["reason"] for row in run.rows])

    def test_what_is_left_of_a_position_is_liquidated_by_its_own_tier(self) -> None:
        # 100 at 100 with a margin of 2,000: (8,000 - 48) / (0.9 × 100) = 88.36; of half of it 87.82.
        tiers = [
            {"notional_cap": 500.0, "maintenance_rate": 0.004},
            {"notional_cap": 100_000.0, "maintenance_rate": 0.1, "maintenance_amount": 48.0},
        ]
        ladder = {"ladder": [{"fraction": 0.5, "distance": 1.0}]}
        for low, reason in ((88.0, "end"), (87.8, "liquidation")):
            prices = [100.0, 100.0, (100.0, 121.0, 100.0, 100.0), (100.0, 100.0, low, 100.0)]
            run = self.run_both(prices, {"leverage": 5.0, "tiers": tiers}, stop=20.0, exits=ladder)
            self.assertEqual(["signal", "target", reason], [row["reason"] for row in run.rows])

    def test_a_payment_that_was_due_before_the_open_is_valued_at_the_last_mark(self) -> None:
        prices, marks = [100.0, 100.0, None, None, 100.0, 100.0], {4: 101.5, 5: 101.5}
        for minute, mark in ((3, 100.0), (4, 101.5)):
            due = [FundingRate(minute * MINUTE_MS, 0.001)]
            run = self.run_both(prices, {"leverage": 2.0}, marks=marks, funding=due)
            self.assertEqual([mark], [one["mark"] for one in run.told("funding")])

    def test_a_stop_at_the_open_that_the_mark_price_triggers_inside_fills_at_the_extreme(self) -> None:
        prices = [100.0, 100.0, (80.0, 82.0, 79.0, 80.0), 80.0]
        marks = {2: (81.0, 82.0, 79.5, 81.0)}
        run = self.run_both(prices, {"leverage": 2.0, "stop_trigger": "mark"}, stop=20.0, marks=marks)
        self.assertEqual(("stop", "79"), (run.rows[1]["reason"], run.rows[1]["price"]))


if __name__ == "__main__":
    unittest.main()
