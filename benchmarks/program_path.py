"""Calls of a program of thirty lines: in its sandbox alone, and in a run, which is what users get.

``python -m benchmarks.program_path`` prints, of many short rounds, the best and the median, by the wall and in
processor time of the two processes. Where others use the machine, the best is what the code takes and the median what
the machine made of it; of the ratio to a program that does nothing, whose rounds take turns with these, both hold.

The two processes take turns. While one turn follows the other they are held to one processor
(``strategies/programs/sandbox/taking_turns.py``); woken on two by turns they would take half as long again.
"""

import argparse
import contextlib
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from programs import BacktestConfig, ProgramBacktestEngine
from strategies.programs.sandbox.calling import Calling
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.sandbox.sandbox import CallInput

ROOT = Path(__file__).resolve().parents[1]
HOUR_MS = 3_600_000
SYMBOL = "BTC/USDT"
PROGRAM = '''"""Buys low in the range of the last fifty hours, and sells high."""
READS = {"indicators": [["rsi(14)", "1h"], ["ema(20)", "1h"]], "klines": {"1h": 50}}


def decide(market, account, trigger):
    symbol = trigger.symbol
    candles = market.get_klines(symbol, "1h", 50)
    rsi = market.get_indicator(symbol, "rsi(14)", "1h")["value"]
    ema = market.get_indicator(symbol, "ema(20)", "1h")["value"]
    if rsi is None or ema is None:
        return None
    close = candles[-1]["close"]
    top = max(one["high"] for one in candles)
    bottom = min(one["low"] for one in candles)
    average = sum(one["close"] for one in candles) / len(candles)
    width = top - bottom
    if width <= 0:
        return None
    place = (close - bottom) / width
    memory["calls"] = memory.get("calls", 0) + 1
    held = account.positions.get(symbol)
    if held is not None:
        if place > 0.9:
            return Decision("close", reason="top of the range")
        return None
    if rsi < 30 and close < ema:
        return Decision("buy", size=0.5, stop=bottom * 0.99, targets=[(0.5, average), (0.5, top)], reason="low")
    if rsi > 70 and close > ema:
        return Decision("sell", size=0.5, stop=top * 1.01, targets=[(0.5, average), (0.5, bottom)], reason="high")
    return Decision("hold", reason="inside")
'''
NOTHING = "def decide(market, account, trigger):\n    return None\n"

_PROCESSES = {"both": "both processes", "here": "  this one", "there": "  the interpreter"}


class Round(NamedTuple):
    """Seconds that one decision took in a round: by the wall, and in processor time here and in the interpreter."""

    wall: float
    here: float
    there: float

    @property
    def both(self) -> float:
        """Processor time of the two processes."""
        return self.here + self.there


def given(call: int, memory: dict[str, Any], rows: list[list[float]]) -> CallInput:
    """Return what a call is given: the fifty candles before it, two indicators and an account."""
    close, number = rows[-1][4], {"candles": 300, "settled": True}
    market = {
        "time": call * HOUR_MS,
        "symbols": [SYMBOL],
        "prices": {SYMBOL: close},
        "klines": {SYMBOL: {"1h": rows}},
        "indicators": {
            SYMBOL: {
                "rsi(14)|1h": {"value": float(call * 7 % 100), **number},
                "ema(20)|1h": {"value": close * 1.001, **number},
            }
        },
    }
    account = {"balance": 1e4, "equity": 1e4, "positions": {}, "open_orders": [], "trades_today": 0, "halted": False}
    trigger = {"time_ms": call * HOUR_MS, "trigger_type": "scheduled", "symbol": SYMBOL, "signals": [], "regime": None}
    return CallInput(market, account, trigger, memory, _none)


def candles(count: int) -> list[list[float]]:
    """Return candles of an hour that go up and down."""
    closes = [100 + (number * 37 % 101) / 10 for number in range(count)]
    return [
        [number * HOUR_MS, close, close + 1.25, close - 1.5, close + 0.25, 12.5] for number, close in enumerate(closes)
    ]


def measure_programs(calls: int = 256, rounds: int = 40, runs: int = 5) -> None:
    """Print rounds of so many calls in the sandbox alone, and runs through the engine."""
    lines = len(PROGRAM.splitlines())
    print(f"a program of {lines} lines that reads 50 candles and two indicators, in its sandbox:")
    print(f"  first decision after  {_first() * 1000:8.0f} ms")
    measured, nothing = _rounds(calls, rounds)
    _print(measured)
    ratios = [one.both / other.both for one, other in zip(measured, nothing, strict=True)]
    print(f"  as many times as a program that does nothing  {statistics.median(ratios):.2f}")
    with tempfile.TemporaryDirectory() as folder:
        decisions, whole = _whole_runs(Path(folder), runs)
    print(f"in a run of 4 symbols from candles to its files, {decisions:,} decisions:")
    _print(whole)


def _first() -> float:
    begun = time.perf_counter()
    with contextlib.closing(Calling(ProgramText.of(PROGRAM), ProgramLimits())) as calling:
        calling.call(given(0, {}, candles(50)))
        return time.perf_counter() - begun


def _rounds(calls: int, rounds: int) -> tuple[list[Round], list[Round]]:
    """Return rounds of the program and of one that does nothing, which take turns."""
    rows = candles(calls + 50)
    with contextlib.ExitStack() as ends:
        programs = [
            ends.enter_context(contextlib.closing(Calling(ProgramText.of(text), ProgramLimits())))
            for text in (PROGRAM, NOTHING)
        ]
        found: tuple[list[Round], list[Round]] = [], []
        for number in range(rounds + 1):
            for calling, kept in zip(programs, found, strict=True):
                one = _round(calling, rows, calls)
                # The first begins with the start of the process.
                kept.extend([one] if number else [])
    return found


def _round(calling: Calling, rows: list[list[float]], calls: int) -> Round:
    memory: dict[str, Any] = {}

    def there() -> float:
        return calling.processor_seconds() or 0.0

    def call_all() -> None:
        nonlocal memory
        for call in range(calls):
            memory = calling.call(given(call, memory, rows[call : call + 50])).memory

    return _timed(call_all, there, calls)


def _whole_runs(folder: Path, runs: int) -> tuple[int, list[Round]]:
    """Return how many decisions a run has, and runs; the candles are stored by a run that is not counted."""
    config = BacktestConfig(
        code=PROGRAM,
        name="measured",
        scheduled_interval="15m",
        start_time="2024-01-01",
        end_time="2024-01-12",
        config_path=str(ROOT / "config" / "practice.yaml"),
        data_dir=str(folder / "data"),
        output_dir=str(folder / "out"),
    )

    def ended_processes() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    decisions = ProgramBacktestEngine(config).run().scheduled_triggers
    return decisions, [
        _timed(lambda: ProgramBacktestEngine(config).run(), ended_processes, decisions) for _ in range(runs)
    ]


def _timed(work: Callable[[], object], there: Callable[[], float], decisions: int) -> Round:
    begun, here, before = time.perf_counter(), time.process_time(), there()
    work()
    wall, here, after = time.perf_counter() - begun, time.process_time() - here, there()
    return Round(wall / decisions, here / decisions, (after - before) / decisions)


def _print(rounds: Sequence[Round]) -> None:
    best = min(rounds, key=lambda one: one.both)
    median = Round(*(statistics.median(seconds) for seconds in zip(*rounds, strict=True)))
    print(f"  of {len(rounds)} rounds              best    median")
    print(f"  decisions a second    {1 / best.wall:8,.0f}  {1 / median.wall:8,.0f}")
    for name in ("both", "here", "there"):
        least, usual = 1e6 * getattr(best, name), 1e6 * getattr(median, name)
        print(f"  {_PROCESSES[name]:<20}  {least:8.0f}  {usual:8.0f}  µs of processor time a decision")


def _none(name: str, args: list[Any]) -> object:
    raise KeyError(name)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="benchmarks.program_path", description=__doc__)
    parser.add_argument("--calls", type=int, default=256, help="of a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=40, help="in the sandbox alone (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="through the engine (default: %(default)s)")
    wanted = parser.parse_args()
    measure_programs(wanted.calls, wanted.rounds, wanted.runs)


if __name__ == "__main__":
    main()
