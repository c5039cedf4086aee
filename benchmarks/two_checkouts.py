"""Compares the reference path of two checkouts, and their strategy's streaming form, in interleaved processes.

``python -m benchmarks.two_checkouts BEFORE [AFTER]``: each is the folder of a checkout (AFTER: this one). Both replay
the same two months of recorded one-minute spot candles with the settings of ``examples/binance-1m.yaml``. The streaming
form, which live sessions and replays of a journal run on, takes one symbol's candles of them by itself. All by CPU.
"""

import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.market import TWO_MONTHS, import_recorded

RUNS = 7
_HERE = Path(__file__).resolve().parents[1]
_TIMED = """
import sys, time
sys.path.insert(0, ".")
from backtests.config_backtest import ConfigBacktestRunner

runner = ConfigBacktestRunner(
    "examples/binance-1m.yaml", "2024-04-01", "2024-06-01", offline=True, data_dir=sys.argv[1], output_dir=sys.argv[2]
)
begun = time.process_time()
result = runner.run()
seconds = time.process_time() - begun

from backtests.market_input import load_market
from backtests.timeline import candles_of
from engine.assembly import build_strategy_of

strategy = build_strategy_of(runner.settings)
live = runner.settings.live
market = load_market(runner.data_provider, live, runner.start_ms, runner.end_ms, strategy.warmup_candles)
candles = list(candles_of(next(iter(market.candles.values())).window))
update = strategy.stream("BTC/USDT").update
begun = time.process_time()
for candle in candles:
    update(candle)
stream = 1e6 * (time.process_time() - begun) / len(candles)
print(f"seconds={seconds} stream={stream} trades={result['trades_sha256']}")
"""


def main(arguments: list[str]) -> int:
    """Run both in turn and print the medians and their ratio."""
    if not 1 <= len(arguments) <= 2:
        print("usage: python -m benchmarks.two_checkouts BEFORE [AFTER]", file=sys.stderr)
        return 2
    checkouts = [Path(arguments[0]), Path(arguments[1]) if len(arguments) == 2 else _HERE]
    seconds: list[list[float]] = [[], []]
    streams: list[list[float]] = [[], []]
    with tempfile.TemporaryDirectory() as name:
        store, out = Path(name) / "data", Path(name) / "out"
        import_recorded(store, "binance", *TWO_MONTHS)
        for run in range(RUNS + 1):
            for place, checkout in enumerate(checkouts):
                whole, stream, trades = _timed(checkout, store, out)
                if run:
                    seconds[place].append(whole)
                    streams[place].append(stream)
                else:
                    print(f"{checkout.name}: trades_sha256 {trades}")
    print(f"medians of {RUNS} interleaved runs, by CPU:")
    before, after = (statistics.median(own) for own in seconds)
    print(f"  whole run:      before {before:.3f} s, after {after:.3f} s, speed after / before {before / after:.3f}")
    before, after = (statistics.median(own) for own in streams)
    print(f"  streaming form: before {before:.2f} µs a candle, after {after:.2f}, after / before {before / after:.3f}")
    return 0


def _timed(checkout: Path, store: Path, out: Path) -> tuple[float, float, str]:
    told = subprocess.run(
        [sys.executable, "-c", _TIMED, str(store), str(out)], cwd=checkout, capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"seconds=(\S+) stream=(\S+) trades=(\S+)", told)
    if found is None:
        raise SystemExit(f"{checkout} told no time: {told}")
    return float(found[1]), float(found[2]), found[3]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
