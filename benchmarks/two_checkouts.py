"""Compares the reference path of two checkouts in interleaved runs of whole processes.

``python -m benchmarks.two_checkouts BEFORE [AFTER]``: each is the folder of a checkout (AFTER: this one). Both replay
the same two months of recorded one-minute spot candles with the settings of ``examples/binance-1m.yaml``.
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
begun = time.perf_counter()
result = runner.run()
print(f"seconds={time.perf_counter() - begun} trades={result['trades_sha256']}")
"""


def main(arguments: list[str]) -> int:
    """Run both in turn and print the medians and their ratio."""
    if not 1 <= len(arguments) <= 2:
        print("usage: python -m benchmarks.two_checkouts BEFORE [AFTER]", file=sys.stderr)
        return 2
    checkouts = [Path(arguments[0]), Path(arguments[1]) if len(arguments) == 2 else _HERE]
    seconds: list[list[float]] = [[], []]
    with tempfile.TemporaryDirectory() as name:
        store, out = Path(name) / "data", Path(name) / "out"
        import_recorded(store, "binance", *TWO_MONTHS)
        for run in range(RUNS + 1):
            for place, checkout in enumerate(checkouts):
                told = subprocess.run(
                    [sys.executable, "-c", _TIMED, str(store), str(out)],
                    cwd=checkout,
                    capture_output=True,
                    text=True,
                    check=True,
                ).stdout
                found = re.search(r"seconds=(\S+) trades=(\S+)", told)
                if found is None:
                    raise SystemExit(f"{checkout} told no time: {told}")
                if run:
                    seconds[place].append(float(found[1]))
                else:
                    print(f"{checkout.name}: trades_sha256 {found[2]}")
    before, after = (statistics.median(own) for own in seconds)
    print(f"median of {RUNS} interleaved runs: before {before:.3f} s, after {after:.3f} s")
    print(f"speed after / before: {before / after:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
