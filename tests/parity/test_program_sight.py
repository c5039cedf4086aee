"""Two stores that are equal up to an instant: a program that prints all it can ask for tells them apart at its step."""

import json
import tempfile
import unittest
from collections.abc import Sequence
from pathlib import Path

from backtests.config_backtest import ConfigBacktestRunner
from core.candle_columns import CandleColumns
from core.instants import format_ms, parse_instant
from market_data.instruments.instrument_store import InstrumentStore
from market_data.practice.practice_market import PracticeMarket
from market_data.series_columns import FundingColumns
from market_data.store.candle_store import CandleStore
from programs.pool_triggers import backtest_pool
from strategies.programs.triggers.pool_settings import pool_of
from tests.support.config_tree import write_config
from tests.support.market_data_sets import practice_columns
from tests.support.times import JANUARY_MS, MINUTE_MS

BTC, ETH = "BTC/USDT", "ETH/USDT"
DAY = "2024-01-08"
START, END = f"{DAY}T08:30", f"{DAY}T11:30"
QUARTER_MS = 15 * MINUTE_MS
TURNS = f"{DAY}T10:37"
"""From here on the candles of the second store are others; the step that tells is the one at 10:45."""
TOLD = f"{DAY}T10:45:00.000Z"
RATES = (("08:30:00.004", 0.0001), ("10:36:59.999", 0.0002))
"""Payments that all stores have."""
ASKS = """
def decide(market, account, trigger):
    print("account", account.balance, account.equity, account.positions, account.open_orders, account.trades_today)
    print("trigger", trigger.signals, trigger.regime, market.time, market.get_current_prices())
    for symbol in market.symbols:
        print(symbol, market.get_market_data(symbol))
        print(market.get_klines(symbol, "", 9), market.get_klines(symbol, "1h", 3), market.get_klines(symbol, "4h", 2))
        print(market.get_indicator(symbol, "rsi(14)"), market.get_indicator(symbol, "macd(3, 6, 3)", "1h"))
        print(market.get_regime(symbol), market.get_regime(symbol, "1h"), market.get_flow(symbol, "cvd"))
        print("funding", symbol, market.get_flow(symbol, "funding"))
"""
POOL = {
    "name": "Both",
    "mode": "level",
    "any": [
        {"feature": "rsi(5)", "op": ">", "value": 45},
        {"feature": "close", "op": "<", "value": "ema(3)", "period": "1h"},
        {"feature": "close", "op": ">", "value": 1e7, "symbol": ETH},
    ],
}


class Sight(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.number = 0

    def stored(self, rates: Sequence[tuple[str, float]], *, turned: bool = False) -> Path:
        """Write a store and a configuration that reads it; return its live.yaml."""
        self.number += 1
        base = self.base / str(self.number)
        store = CandleStore(base / "data")
        count = (parse_instant(END) - JANUARY_MS) // QUARTER_MS
        for symbol in (BTC, ETH):
            columns = practice_columns(symbol, "15m", count)
            store.write("own", symbol, "15m", turned_from(columns) if turned else columns, source="test")
            funding = [(parse_instant(f"{DAY}T{time}"), rate, None) for time, rate in rates]
            store.write("own", symbol, "funding", FundingColumns.from_rows(funding), source="test")
        InstrumentStore(base / "data").save("own", {one: PracticeMarket().markets()[one] for one in (BTC, ETH)}, 0)
        for name, text in (("asks.py", ASKS), ("pools/both.yaml", json.dumps(POOL))):
            path = base / "config" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return write_config(
            base,
            live={
                "exchange": "own",
                "symbols": [BTC, ETH],
                "timeframe": "15m",
                "strategy": {"type": "program", "file": "asks.py", "pools": ["both"], "schedule": "15m"},
                "execution": {"perpetual": {"leverage": 2, "missing_funding": "zero", "mark_price": False}},
                "data": {"cache_dir": str(base / "data")},
                "logging": {"directory": str(base / "logs")},
            },
        )

    def told(self, config: Path) -> dict[str, list[str]]:
        """Return what the program was woken by and printed, by the time of the step."""
        folder = ConfigBacktestRunner(str(config), START, END, offline=True).run()["output_dir"]
        found: dict[str, list[str]] = {}
        for line in (Path(folder) / "decisions.jsonl").read_text(encoding="utf-8").splitlines():
            found.setdefault(json.loads(line)["time"], []).append(line)
        return found

    def test_candles_after_an_instant_are_told_by_the_step_in_which_they_close_and_by_none_before(self) -> None:
        configs = [self.stored(RATES, turned=turned) for turned in (False, True)]
        one, other = map(self.told, configs)
        self.assertEqual(12, len(one))
        self.assertEqual((TOLD, one.keys()), (first_difference(one, other), other.keys()))
        pool = pool_of(POOL, "both", "test")
        found = [backtest_pool(pool, None, START, END, config=str(config), offline=True) for config in configs]
        events = [{format_ms(one.event.time_ms): [] for one in pool.triggers} for pool in found]
        for by_time, pool in zip(events, found, strict=True):
            for one in pool.triggers:
                by_time[format_ms(one.event.time_ms)].append(repr(one.event))
        self.assertGreater(sum(time < TOLD for time in events[0]), 4)
        self.assertEqual(TOLD, first_difference(*events))

    def test_a_payment_is_told_by_the_first_step_that_is_not_before_its_minute(self) -> None:
        one = self.told(self.stored(RATES))
        self.assertIn("0.0002", shown(one, TOLD))
        self.assertNotIn("0.0002", shown(one, f"{DAY}T10:30:00.000Z"))
        for time, step in (
            ("10:37:00.000", "10:45"),
            ("10:37:00.001", "10:45"),
            ("10:45:00.000", "10:45"),
            ("10:45:00.001", "10:45"),
            ("10:46:00.000", "11:00"),
            ("10:46:00.001", "11:00"),
        ):
            with self.subTest(time):
                other = self.told(self.stored((*RATES, (time, 0.0007))))
                self.assertEqual(f"{DAY}T{step}:00.000Z", first_difference(one, other))
                stamp = parse_instant(f"{DAY}T{time}")
                self.assertIn(
                    f"{{'value': 0.0007, 'time': {stamp}, 'reason': None}}", shown(other, f"{DAY}T{step}:00.000Z")
                )


def turned_from(columns: CandleColumns) -> CandleColumns:
    """Return candles of which those that hold the instant, or come after it, are others."""
    later = columns.open_time_ms + QUARTER_MS > parse_instant(TURNS)
    return columns._replace(
        high=columns.high * (1 + 9 * later), close=columns.close * (1 + 7 * later), volume=columns.volume + later
    )


def first_difference(one: dict[str, list[str]], other: dict[str, list[str]]) -> str:
    """Return the first step of which two runs tell otherwise."""
    return min(time for time in {*one, *other} if one.get(time) != other.get(time))


def shown(told: dict[str, list[str]], time: str) -> str:
    """Return what was printed of payments in a step."""
    printed = [text for line in told[time] for text in json.loads(line).get("printed", ())]
    return "\n".join(text for text in printed if text.startswith("funding"))


if __name__ == "__main__":
    unittest.main()
