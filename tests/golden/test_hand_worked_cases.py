"""The kernel on hand-drawn candles, against fills worked by hand to the last digit."""

import json
import unittest
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from core.candle import Candle, FundingRate
from core.instants import parse_instant
from core.instrument import Instrument, MarginTier
from core.timeframe import timeframe_ms
from core.trading_signal import At, Level, Signal
from tests.support.runs.kernel_runs import Candles, FundingRates, KernelRun, run_kernel
from tests.support.times import MINUTE_MS

CASES = Path(__file__).parent / "cases"
ORIGIN = "2024-01-01T00:00:00Z"
COUNTS = ("max_order_wait", "max_gap", "max_open_trades", "entry_expiry", "max_entries")
"""Whole numbers that some cases quote like decimals."""

PRICES_AND_SHARES = (
    "stop_price",
    "target_price",
    "target_r",
    "size",
    "notional",
    "entry_price",
    "fraction",
    "move_stop",
    "move_target",
)
"""Decimals among the further words of a signal."""


def load_cases() -> list[dict[str, Any]]:
    """Read every case of every file, by file name."""
    cases = []
    for path in sorted(CASES.glob("*.yaml")):
        if not path.name.startswith("orders_"):
            group = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            cases += [{**group.get("defaults", {}), **case, "file": path.name} for case in group["cases"]]
    return cases


def number(value: object) -> object:
    """Return quoted decimals as floats, at any depth; words, counts and switches as they are."""
    if isinstance(value, Mapping):
        return {name: number(one) for name, one in value.items()}
    if isinstance(value, list):
        return [number(one) for one in value]
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def instrument_of(symbol: str, rules: Mapping[str, Any]) -> Instrument:
    """Return the instrument that a case describes."""
    exact = {name: Decimal(str(value)) for name, value in rules.items() if name != "margin_tiers"}
    tiers = tuple(
        MarginTier(
            Decimal(tier["notional_cap"]),
            Decimal(tier["maintenance_rate"]),
            Decimal(tier.get("maintenance_amount", "0")),
            Decimal(tier.get("max_leverage", "125")),
        )
        for tier in rules.get("margin_tiers", ())
    )
    return Instrument(symbol, **exact, margin_tiers=tiers)


def signal_of(told: Mapping[str, Any]) -> Signal:
    """Return the opinion that a case lets its strategy say."""
    distances = {name: None if told.get(name) is None else float(told[name]) for name in ("sl", "tp", "atr")}
    said = {name: value for name, value in told.items() if name not in ("direction", *distances)}
    said |= {name: float(said[name]) for name in PRICES_AND_SHARES if name in said}
    if "targets" in said:
        said["targets"] = tuple((float(share), level_of(level)) for share, level in said["targets"])
    return Signal(
        told["direction"], sl_distance=distances["sl"], tp_distance=distances["tp"], atr=distances["atr"], **said
    )


def level_of(told: object) -> Level:
    """Return where a target stands: ``"2R"`` as it is, a price as a mapping has it, else a distance."""
    if isinstance(told, Mapping):
        return At(float(told["price"]))
    return told if isinstance(told, str) and told.endswith("R") else float(str(told))


def funding_of(told: Mapping[str, Any], origin: int) -> FundingRate:
    """Return a funding payment; its time is ``at`` minutes or ``at_ms`` milliseconds after the origin."""
    after = told["at_ms"] if "at_ms" in told else told["at"] * MINUTE_MS
    mark = told.get("mark")
    return FundingRate(origin + after, float(told["rate"]), None if mark is None else float(mark))


class CaseInput(NamedTuple):
    """What a case feeds a session: settings by flat names, and by symbol what the market and the script have."""

    settings: Mapping[str, object]
    symbols: Sequence[str]
    candles: Candles
    signals: Mapping[str, Mapping[int, Signal]]
    instruments: Mapping[str, Instrument]
    timeframe: str
    warmup_candles: int
    start_ms: int
    kill_switch: bool
    detail: Candles
    marks: Candles
    funding: FundingRates


def input_of(case: Mapping[str, Any]) -> CaseInput:
    """Return what a case feeds a session."""
    origin = parse_instant(case.get("origin", ORIGIN))
    symbols = case["symbols"]

    def at(minute: int) -> int:
        return origin + minute * MINUTE_MS

    def candles(tables: Mapping[str, Mapping[int, list[str]]]) -> dict[str, list[Candle]]:
        return {
            symbol: [
                Candle(at(minute), *(float(price) for price in prices[:4]), float((*prices, "1")[4]))
                for minute, prices in sorted((tables.get(symbol) or {}).items())
            ]
            for symbol in symbols
        }

    flat = {name: number(value) for name, value in case.get("settings", {}).items()}
    flat |= {name: int(flat[name]) for name in COUNTS if name in flat}
    if "detail_interval" in case:
        flat["detail_interval"] = case["detail_interval"]
    return CaseInput(
        kill_switch=bool(flat.pop("kill_switch", False)) or bool(case.get("kill_switch", False)),
        settings=flat,
        symbols=symbols,
        candles=candles(case["candles"]),
        signals={
            symbol: {at(minute): signal_of(told) for minute, told in (said or {}).items()}
            for symbol, said in (case.get("signals") or {}).items()
        },
        instruments={
            symbol: instrument_of(symbol, case.get("instruments", {}).get(symbol, case.get("instrument", {})))
            for symbol in symbols
        },
        timeframe=case.get("timeframe", "1m"),
        warmup_candles=case.get("warmup_candles", 0),
        start_ms=at(case.get("start", 0)),
        detail=candles(case.get("detail", {})),
        marks=candles(case.get("marks", {})),
        funding={
            symbol: [funding_of(told, origin) for told in paid] for symbol, paid in case.get("funding", {}).items()
        },
    )


def run_case(case: Mapping[str, Any]) -> KernelRun:
    """Run the kernel on one case."""
    fed = input_of(case)
    settings, symbols, candles, signals, instruments, timeframe, *_ = fed
    return run_kernel(
        settings,
        symbols,
        candles,
        signals,
        instruments,
        timeframe=timeframe,
        timeframe_ms=timeframe_ms(timeframe),
        warmup_candles=fed.warmup_candles,
        start_ms=fed.start_ms,
        kill_switch=fed.kill_switch,
        detail=fed.detail,
        marks=fed.marks,
        funding=fed.funding,
    )


class HandWorkedCases(unittest.TestCase):
    maxDiff = None

    def test_every_case_gives_the_rows_refusals_and_events_worked_by_hand(self) -> None:
        cases = load_cases()
        self.assertGreaterEqual(len(cases), 500)
        for case in cases:
            with self.subTest(case["file"], name=case["name"]):
                self._compare(case, run_case(case))

    def test_names_are_unique(self) -> None:
        names = [case["name"] for case in load_cases()]
        self.assertEqual(sorted(set(names)), sorted(names))

    def _compare(self, case: dict[str, Any], run: KernelRun) -> None:
        expected = case["expect"]
        self._compare_rows(expected["trades"], run.rows, f"trades of {case['name']}\n{case.get('arithmetic', '')}")
        told = [(row["timestamp"], row["symbol"], row["reason"]) for row in expected.get("refused", [])]
        self.assertEqual(told, run.refused)
        if "orders" in expected:
            orders = [(row["timestamp"], row["symbol"], row["event"], row["reason"]) for row in expected["orders"]]
            self.assertEqual(orders, run.order_events)
        if "order_rows" in expected:
            ids = {row["order_id"] for row in expected["order_rows"]}
            rows = [row for row in run.order_rows if row["order_id"] in ids]
            self._compare_rows(expected["order_rows"], rows, f"transitions of {case['name']}")
        if "ledger" in expected:
            self._compare_rows(expected["ledger"], run.postings, f"ledger of {case['name']}")
        if "halts" in expected:
            self.assertEqual([(row["timestamp"], row["reason"]) for row in expected["halts"]], run.halts)
        if "moves" in expected:
            moves = [{key: value for key, value in one.items() if key != "event"} for one in run.told("candle_move")]
            self.assertEqual(expected["moves"], moves)
        if "final_balance" in expected:
            self.assertEqual(Decimal(str(expected["final_balance"])), run.session.account.balance)
        self.assertEqual(expected.get("ambiguous", 0), run.ambiguous)

    def _compare_rows(self, expected: list[dict[str, Any]], actual: list[dict[str, str]], words: str) -> None:
        """Compare the fields that are given, and the number of rows; metadata by the keys that are given."""
        rows = [{key: value if key == "metadata" else str(value) for key, value in row.items()} for row in expected]
        got: list[dict[str, Any]] = [
            {key: self._metadata(found, row[key]) if key == "metadata" else found[key] for key in row}
            for row, found in zip(rows, actual, strict=False)
        ]
        self.assertEqual(rows, got + list(actual[len(rows) :]), words)

    def _metadata(self, row: Mapping[str, str], expected: Mapping[str, object]) -> dict[str, object]:
        """Return the expected keys of a row's metadata; a key expected as null must be absent."""
        told = json.loads(row["metadata"])
        return {key: told.get(key) for key in expected}


if __name__ == "__main__":
    unittest.main()
