"""The kernel on hand-drawn candles, against fills worked by hand to the last digit."""

import unittest
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from core.candle import Candle
from core.instants import parse_instant
from core.instrument import Instrument
from core.timeframe import timeframe_ms
from core.trading_signal import Signal
from tests.support.kernel_runs import KernelRun, run_kernel

CASES = Path(__file__).parent / "cases"
ORIGIN = "2024-01-01T00:00:00Z"
MINUTE_MS = 60_000


def load_cases() -> list[dict[str, Any]]:
    """Read every case of every file, by file name."""
    cases = []
    for path in sorted(CASES.glob("*.yaml")):
        group = yaml.safe_load(path.read_text(encoding="utf-8"))
        cases += [{**group.get("defaults", {}), **case, "file": path.name} for case in group["cases"]]
    return cases


def run_case(case: dict[str, Any]) -> KernelRun:
    """Run the kernel on one case."""
    origin = parse_instant(case.get("origin", ORIGIN))
    symbols = case["symbols"]
    timeframe = case.get("timeframe", "1m")

    def at(minute: int) -> int:
        return origin + minute * MINUTE_MS

    def number(value: object) -> object:
        if isinstance(value, str):
            try:
                return float(value)
            except ValueError:
                return value
        return value

    flat = {name: number(value) for name, value in case.get("settings", {}).items()}
    for name in ("max_order_wait", "max_gap", "max_open_trades"):
        if name in flat:
            flat[name] = int(flat[name])
    kill_switch = bool(flat.pop("kill_switch", False)) or bool(case.get("kill_switch", False))
    rules = {symbol: case.get("instruments", {}).get(symbol, case.get("instrument", {})) for symbol in symbols}
    candles = {
        symbol: [
            Candle(at(minute), *(float(price) for price in prices[:4]), 1.0)
            for minute, prices in sorted(case["candles"][symbol].items())
        ]
        for symbol in symbols
    }
    signals = {
        symbol: {
            at(minute): Signal(
                told["direction"],
                sl_distance=None if told.get("sl") is None else float(told["sl"]),
                tp_distance=None if told.get("tp") is None else float(told["tp"]),
            )
            for minute, told in (said or {}).items()
        }
        for symbol, said in (case.get("signals") or {}).items()
    }
    return run_kernel(
        flat,
        symbols,
        candles,
        signals,
        {
            symbol: Instrument(symbol, **{name: Decimal(str(value)) for name, value in rules[symbol].items()})
            for symbol in symbols
        },
        timeframe=timeframe,
        timeframe_ms=timeframe_ms(timeframe),
        warmup_candles=case.get("warmup_candles", 0),
        start_ms=at(case.get("start", 0)),
        kill_switch=kill_switch,
    )


class HandWorkedCases(unittest.TestCase):
    maxDiff = None

    def test_every_case_gives_the_rows_refusals_and_events_worked_by_hand(self) -> None:
        cases = load_cases()
        self.assertGreaterEqual(len(cases), 50)
        for case in cases:
            with self.subTest(case["file"], name=case["name"]):
                self._compare(case, run_case(case))

    def _compare(self, case: dict[str, Any], run: KernelRun) -> None:
        expected = case["expect"]
        rows = [{key: str(value) for key, value in row.items()} for row in expected["trades"]]
        got = [{key: actual[key] for key in row} for row, actual in zip(rows, run.rows, strict=False)] + run.rows[
            len(rows) :
        ]
        self.assertEqual(rows, got, f"trades of {case['name']}\n{case.get('arithmetic', '')}")
        told = [(row["timestamp"], row["symbol"], row["reason"]) for row in expected.get("refused", [])]
        self.assertEqual(told, run.refused)
        if "orders" in expected:
            orders = [(row["timestamp"], row["symbol"], row["event"], row["reason"]) for row in expected["orders"]]
            self.assertEqual(orders, run.order_events)
        if "halts" in expected:
            self.assertEqual([(row["timestamp"], row["reason"]) for row in expected["halts"]], run.halts)
        if "final_balance" in expected:
            self.assertEqual(Decimal(str(expected["final_balance"])), run.session.parts.account.ledger.balance)
        self.assertEqual(expected.get("ambiguous", 0), run.ambiguous)


if __name__ == "__main__":
    unittest.main()
