"""Markets in which one slip of a compiled rule would show, beside the kernel's answer."""

import unittest
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from backtests.market_input import MarketInput
from backtests.run_plan import RunPlan
from core.candle import Candle
from core.candle_columns import CandleColumns
from core.errors import Uncovered
from core.instrument import Instrument
from core.trading_signal import Signal
from market_data.history.loaded_candles import LoadedCandles
from tests.support.base_settings import BASE_SETTINGS
from tests.support.runs.compiled_runs import columns_of, require_same_bytes, run_compiled_plan
from tests.support.runs.kernel_runs import KernelRun, run_kernel, settings_from
from tests.support.scripted_strategy import ScriptedStrategy
from tests.support.times import MINUTE_MS

A, B, C = "A/USDT", "B/USDT", "C/USDT"
RULES = Instrument(A, Decimal("0.01"), Decimal("0.001"))
LARGE = {
    "default_risk_per_trade": 0.5,
    "max_risk_per_trade_pct": 0.9,
    "max_exposure": 0.5,
    "max_exposure_pct": 1.0,
}
"""Positions that together take the whole account."""


def flat(*closes: float) -> list[Candle]:
    """Return candles that open where the one before closed, without further extremes."""
    opens = (closes[0], *closes)
    return [
        Candle(number * MINUTE_MS, begin, max(begin, end), min(begin, end), end, 1.0)
        for number, (begin, end) in enumerate(zip(opens, closes, strict=False))
    ]


class NamedCases(unittest.TestCase):
    maxDiff = None

    def both(
        self,
        settings: Mapping[str, object],
        candles: Mapping[str, Sequence[Candle]],
        signals: Mapping[str, Mapping[int, Signal]],
        rules: Instrument = RULES,
    ) -> KernelRun:
        """Run both engines on a market, compare their bytes, and return the kernel's run."""
        flat_settings = {**BASE_SETTINGS, **settings}
        said = {symbol: {minute * MINUTE_MS: one for minute, one in of.items()} for symbol, of in signals.items()}
        loaded = {
            symbol: LoadedCandles(symbol, CandleColumns.empty(), columns_of(own), rules, {})
            for symbol, own in candles.items()
        }
        plan = RunPlan(
            settings=settings_from(flat_settings, tuple(candles)),
            start_ms=0,
            end_ms=0,
            output_dir=None,
            engine="compiled",
        )
        _, got = run_compiled_plan(plan, ScriptedStrategy(said), MarketInput(loaded, "1m"))
        expected = run_kernel(flat_settings, tuple(candles), candles, said, dict.fromkeys(candles, rules))
        require_same_bytes(self, expected, got)
        return expected

    def test_what_an_entry_may_cost_rests_on_the_profit_of_what_is_open(self) -> None:
        # The first takes 5,000 of 10,000. At 90 it has lost 500 and the second may cost 4,500; it asks for 4,750.
        # At 110 the account holds 10,500: the second may cost 5,500 and asks for 5,250.
        for price, filled in ((90.0, 1), (110.0, 2)):
            with self.subTest(price):
                run = self.both(
                    LARGE,
                    {A: flat(100.0, 100.0, price, price, price), B: flat(100.0, 100.0, 100.0, 100.0, 100.0)},
                    {A: {0: Signal("LONG", sl_distance=50.0)}, B: {2: Signal("LONG", sl_distance=50.0)}},
                )
                self.assertEqual(filled, sum(row["action"] == "OPEN" for row in run.rows))
                rejected = [] if filled == 2 else ["insufficient_balance"]
                self.assertEqual(rejected, [reason for *_, reason in run.order_events])

    def test_an_entry_may_cost_a_billionth_more_than_there_is(self) -> None:
        whole = {**LARGE, "max_exposure": 1.0}
        fine = Instrument(A, Decimal("0.0000001"), Decimal(1))
        for opened, rejected in ((100.0000001, []), (100.0000002, ["insufficient_balance"])):
            with self.subTest(opened):
                last = Candle(MINUTE_MS, opened, opened, 100.0, 100.0, 1.0)
                candles = {A: [*flat(100.0), last]}
                run = self.both(whole, candles, {A: {0: Signal("LONG", sl_distance=50.0)}}, fine)
                self.assertEqual(rejected, [reason for *_, reason in run.order_events])

    def test_a_part_closed_since_the_last_equity_takes_its_share_of_what_was_added_since(self) -> None:
        # A holds 25 of 100, adds more at 139 and closes a ninth at 140 before an equity counts it; C has lost.
        rungs = [{"fraction": 0.1111, "distance": 0.2}, {"fraction": 0.8889, "distance": 0.9}]
        several = {**LARGE, "max_entries": 2, "exits": {"ladder": rungs}, "max_candle_move": 1_000.0}
        enter, rests = Signal("LONG", sl_distance=200.0), Signal("LONG", sl_distance=160.0, entry="limit")
        up = Candle(3 * MINUTE_MS, 139.0, 150.0, 130.0, 130.0, 1.0)
        dip = Candle(3 * MINUTE_MS, 100.0, 100.0, 90.0, 95.0, 1.0)
        told = set()
        for cents in range(1_700, 2_000, 20):
            run = self.both(
                several,
                {
                    A: [*flat(100.0, 100.0, 130.0), up],
                    B: [*flat(100.0, 100.0, 100.0), dip],
                    C: flat(100.0, 100.0, cents / 100),
                },
                {A: {0: enter, 2: enter}, B: {0: msgspec.structs.replace(rests, entry_price=95.0)}, C: {0: enter}},
            )
            told.add(tuple(reason for *_, reason in run.order_events))
        self.assertEqual({(), ("insufficient_balance",)}, told)

    def test_a_stop_that_finds_no_volume_acts_at_the_next_open(self) -> None:
        # The cap leaves 1 of each candle: two are bought at 100, one is stopped at 98 and the other at the open after.
        capped = {**LARGE, "max_exposure": 0.02, "volume_cap": 0.5}
        rules = Instrument(A, Decimal("0.01"), Decimal(1))
        candles = [
            Candle(minute * MINUTE_MS, *prices, volume)
            for minute, (prices, volume) in enumerate(
                (
                    ((100.0, 100.0, 100.0, 100.0), 2.0),
                    ((100.0, 100.0, 100.0, 100.0), 2.0),
                    ((100.0, 100.0, 100.0, 100.0), 3.9),
                    ((100.0, 100.0, 97.0, 97.5), 2.0),
                    ((97.2, 97.2, 97.2, 97.2), 1.9),
                    ((96.0, 96.0, 96.0, 96.0), 2.0),
                )
            )
        ]
        run = self.both(capped, {A: candles}, {A: {0: Signal("LONG", sl_distance=2.0)}}, rules)
        fills = [(row["price"], row["quantity"], row["reason"]) for row in run.rows]
        self.assertEqual([("100", "1", "signal")] * 2 + [("98", "1", "stop"), ("96", "1", "stop")], fills)

    def test_an_account_with_nothing_left_is_blown(self) -> None:
        whole = {**LARGE, "max_exposure": 1.0, "max_daily_loss_pct": 1.0, "max_drawdown_pct": 1.0}
        # 100 short at 100: the candle opens beyond the stop, at 200, and all 10,000 are lost.
        jump = [Candle(minute * MINUTE_MS, 200.0, 200.0, 200.0, 200.0, 1.0) for minute in (2, 3)]
        run = self.both(whole, {A: [*flat(100.0, 100.0), *jump]}, {A: {0: Signal("SHORT", sl_distance=50.0)}})
        self.assertEqual(["account_blown"], [reason for _, reason in run.halts])

    def test_a_stop_nearer_than_a_resting_entry_is_met_before_it(self) -> None:
        # Long from 100 with the stop at 98; the second entry rests at 95 when the candle falls from 100 to 94.
        fall = Candle(4 * MINUTE_MS, 100.0, 100.0, 94.0, 94.0, 1.0)
        waits = Signal("LONG", sl_distance=2.0, entry="limit", entry_price=95.0)
        run = self.both(
            {"max_entries": 2, "max_exposure": 0.9, "max_exposure_pct": 0.95},
            {A: [*flat(100.0, 100.0, 100.0, 100.0), fall]},
            {A: {0: Signal("LONG", sl_distance=2.0), 1: waits}},
        )
        self.assertEqual(["100", "98"], [row["price"] for row in run.rows[:2]])
        self.assertEqual("stop", run.rows[1]["reason"])

    def test_levels_and_shares_beyond_64_bits_are_left_to_the_kernel(self) -> None:
        fine = Instrument(A, Decimal("0.0001"), Decimal("0.00001"))
        coarse = Instrument(A, Decimal("0.0001"), Decimal(1_000_000))
        far = [{"fraction": 0.5, "distance": 1_000.0}]
        odd = [{"fraction": 0.123456789012, "distance": 1.0}]
        for rules, price, stop, ladder in ((fine, 100.0, 200_000_000.0, far), (coarse, 0.001, 0.0005, odd)):
            with self.subTest(ladder), self.assertRaisesRegex(Uncovered, "more than 64 bits"):
                settings = {**LARGE, "starting_balance": 1_000_000.0, "exits": {"ladder": ladder}}
                self.both(settings, {A: flat(*[price] * 5)}, {A: {1: Signal("LONG", sl_distance=stop)}}, rules)

    def test_large_amounts_below_the_edge_of_64_bits_are_covered(self) -> None:
        # Commission: 2e5 USDT at 10 decimals times 123,456 is divided by 1e9; the band: 1e10 times 1.2e12 by 1e12.
        fine = Instrument(A, Decimal("0.01"), Decimal("0.00000001"))
        costly = {"commission_rate": 0.0123456, "starting_balance": 4_000_000.0}
        run = self.both(costly, {A: flat(*[100.0] * 5)}, {A: {1: Signal("LONG", sl_distance=1.0)}}, fine)
        self.assertEqual(2, len(run.rows))
        banded = Instrument(A, Decimal("0.01"), Decimal("0.00001"), band_down=Decimal("0.5"),
                            band_up=Decimal("1.234567890123"))  # fmt: skip
        resting = {"entry_order": "limit", "starting_balance": 40_000_000.0}
        candles = {A: flat(1e8, 1e8, 0.9e8, 1e8, 1e8)}
        run = self.both(resting, candles, {A: {0: Signal("LONG", sl_distance=1e6)}}, banded)
        self.assertEqual(2, len(run.rows))


if __name__ == "__main__":
    unittest.main()
