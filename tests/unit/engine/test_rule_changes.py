"""Trading rules that change while a session runs: each holds from the first step after its date."""

import unittest
from decimal import Decimal

from core.candle import Candle
from core.instrument import Instrument
from core.trading_signal import Signal
from tests.support.candles import candle
from tests.support.runs.stepped_session import SteppedSession
from tests.support.times import MINUTE_MS

A, B = "A", "B"


def rules(
    symbol: str = A, tick: str = "0.01", lot: str = "0.001", as_of_ms: int | None = None, **more: Decimal
) -> Instrument:
    return Instrument(symbol, Decimal(tick), Decimal(lot), as_of_ms=as_of_ms, source="market list", **more)


class RuleChange(unittest.TestCase):
    def session(self, *minutes: int, symbols: tuple[str, ...] = (A,), **flat_settings: object) -> SteppedSession:
        signals = {
            symbol: {one * MINUTE_MS: Signal("LONG", sl_distance=5.005) for one in minutes} for symbol in symbols
        }
        return SteppedSession(flat_settings, {symbol: rules(symbol) for symbol in symbols}, signals)

    def test_they_hold_from_the_first_step_after_their_date(self) -> None:
        for as_of_ms, told in ((2 * MINUTE_MS - 1, 2), (2 * MINUTE_MS, 3), (2 * MINUTE_MS + 1, 3)):
            session = self.session()
            session.session.schedule_rules(0, [rules(tick="0.5", as_of_ms=as_of_ms)])
            for minute in range(4):
                session.play(candle(minute))
            (event,) = session.run.told("rules")
            self.assertEqual(f"1970-01-01T00:0{told}:00.000Z", event["time"])
            self.assertEqual((as_of_ms, "market list", A), (event["as_of_ms"], event["source"], event["symbol"]))

    def test_a_coarser_tick_rounds_the_fill_and_the_levels_of_an_entry_that_waited(self) -> None:
        session = self.session(0, slippage=0.001)
        session.session.schedule_rules(0, [rules(tick="0.5", as_of_ms=MINUTE_MS)])
        session.play(candle(0))
        session.play(candle(1))
        # 100 x 1.001 = 100.1, up to 100.5; the stop 100.5 - 5.005 = 95.495, down to 95
        (row,) = session.run.rows
        self.assertEqual(("100.5", '{"stop":"95"}'), (row["price"], row["metadata"]))

    def test_an_exit_rounds_by_the_tick_in_force_and_the_levels_placed_before_stay(self) -> None:
        session = self.session(0, slippage=0.001)
        session.session.schedule_rules(0, [rules(tick="0.5", as_of_ms=2 * MINUTE_MS)])
        session.play(candle(0))
        session.play(candle(1))
        session.play(candle(2))
        # Stop 100.1 - 5.005 = 95.095, down to 95.09: touched; 95.09 x 0.999 = 94.99491, down to 94.5
        session.step(4 * MINUTE_MS, Candle(3 * MINUTE_MS, 100.0, 100.0, 95.09, 100.0, 1.0))
        self.assertEqual(["100.1", "94.5"], [row["price"] for row in session.run.rows])

    def test_a_limit_on_the_tick_of_before_never_fills_worse_than_it_says(self) -> None:
        session = self.session(0, entry_order="limit", entry_offset=0.0013)
        session.session.schedule_rules(0, [rules(tick="1", as_of_ms=2 * MINUTE_MS)])
        session.play(candle(0))
        session.play(candle(1))
        session.play(candle(2))
        # Buy limit 100 x 0.9987 = 99.87; on the new tick a fill would be rounded up to 100.
        session.step(4 * MINUTE_MS, Candle(3 * MINUTE_MS, 100.0, 100.0, 99.0, 100.0, 1.0))
        self.assertEqual([("99.87", "0")], [(row["price"], row["slippage"]) for row in session.run.rows])

    def test_a_coarser_lot_sizes_later_decisions_and_leaves_positions_as_they_are(self) -> None:
        session = self.session(
            0, 3, symbols=(A,), max_entries=2, max_exposure=0.2, max_exposure_pct=1.0, default_risk_per_trade=0.003
        )
        session.session.schedule_rules(0, [rules(lot="2", as_of_ms=2 * MINUTE_MS)])
        for minute in range(5):
            session.play(candle(minute))
        # 10,000 x 0.003 / 5.005 = 5.994005..., down to 5.994 and to 4
        self.assertEqual(["5.994", "4"], [row["quantity"] for row in session.run.rows])
        session.session.finish()
        self.assertEqual("9.994", session.run.rows[-1]["quantity"])

    def test_minimums_of_later_rules_refuse(self) -> None:
        session = self.session(0, 2)
        session.session.schedule_rules(0, [rules(as_of_ms=MINUTE_MS, min_notional=Decimal(1_000))])
        session.play(candle(0))
        session.session.set_kill_switch(True)
        session.session.set_kill_switch(False)
        session.play(candle(1))
        session.play(candle(2))
        self.assertEqual(["below_min_notional"], [reason for *_, reason in session.run.refused])

    def test_symbols_and_dates_are_kept_apart(self) -> None:
        session = self.session(symbols=(A, B))
        session.session.schedule_rules(
            1, [rules(B, tick="2", as_of_ms=2 * MINUTE_MS), rules(B, tick="1", as_of_ms=MINUTE_MS)]
        )
        session.session.schedule_rules(0, [rules(A, tick="3", as_of_ms=2 * MINUTE_MS), rules(A, tick="9")])
        ticks = []
        for minute in range(4):
            session.play(candle(minute), candle(minute))
            ticks.append(tuple(str(session.session.instruments[symbol].tick_size) for symbol in (A, B)))
        self.assertEqual([("0.01", "0.01"), ("0.01", "1"), ("3", "2"), ("3", "2")], ticks)


if __name__ == "__main__":
    unittest.main()
