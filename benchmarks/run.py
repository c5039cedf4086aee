"""Runs every benchmark: ``python -m benchmarks.run``. Figures of one run on one machine belong together."""

import platform
import sys
import tempfile
from pathlib import Path

from benchmarks.commands import measure_start_up, measure_store
from benchmarks.compiled_path import measure_compiled
from benchmarks.frame_path import measure_frames
from benchmarks.live_path import measure_live_path
from benchmarks.market import RECORDED
from benchmarks.perpetual_path import measure_perpetuals
from benchmarks.reference_path import measure_lengths, measure_throughput
from benchmarks.run_store import measure_run_store


def main() -> int:
    """Measure; what needs the recorded candles is left out where they are not beside the checkout."""
    print(f"Python {platform.python_version()}, {platform.machine()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure_start_up(folder)
        measure_run_store(folder / "run_store")
        measure_live_path(folder / "live_path")
        measure_compiled(200_000)
        if not RECORDED.is_dir():
            print("the recorded candles are not beside the checkout: the rest needs them", file=sys.stderr)
            return 0
        measure_throughput(folder)
        measure_lengths(folder)
        measure_frames(folder / "frames")
        measure_perpetuals(folder / "perpetuals")
        measure_store(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
