"""Calls of a program of thirty lines in its sandbox: decisions a second, and how long the first one takes.

``python -m benchmarks.program_path`` prints both, by the wall and in processor time of the two processes.
"""

import argparse
import contextlib
import statistics
import time
from typing import Any

from strategies.programs.sandbox.calling import Calling
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.sandbox.sandbox import CallInput

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


def measure_programs(calls: int = 3000, runs: int = 5) -> None:
    """Print the median of some runs of so many calls, one after the other."""
    rows = candles(calls + 50)
    text = ProgramText.of(PROGRAM)
    begun = time.perf_counter()
    with contextlib.closing(Calling(text, ProgramLimits())) as calling:
        calling.call(given(0, {}, rows[:50]))
        first = time.perf_counter() - begun
        walls, processors = [], []
        for _ in range(runs):
            memory: dict[str, Any] = {}
            begun, spent = time.perf_counter(), time.process_time() + (calling.processor_seconds() or 0.0)
            for call in range(calls):
                memory = calling.call(given(call, memory, rows[call : call + 50])).memory
            walls.append((time.perf_counter() - begun) / calls)
            processors.append((time.process_time() + (calling.processor_seconds() or 0.0) - spent) / calls)
    print(f"a program of {len(PROGRAM.splitlines())} lines that reads 50 candles and two indicators:")
    print(f"  first decision after           {first * 1000:8.0f} ms")
    print(f"  decisions a second             {1 / statistics.median(walls):8.0f}")
    print(f"  processor time of a decision   {statistics.median(processors) * 1e6:8.0f} µs in both processes")


def _none(name: str, args: list[Any]) -> object:
    raise KeyError(name)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="benchmarks.program_path", description=__doc__)
    parser.add_argument("--calls", type=int, default=3000)
    measure_programs(parser.parse_args().calls)


if __name__ == "__main__":
    main()
