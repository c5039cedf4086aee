"""Measures speed: ``python -m benchmarks.run``. Figures of one run on one machine belong together.

They are printed as one table and kept as one file in ``benchmarks/results/``, named by the commit; those of a shorter
measurement beside it, as ``COMMIT.partial.json``.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.cold_speed import measure_cold, measure_first_compile
from benchmarks.commands import measure_store
from benchmarks.engine_speed import measure_engines, measure_growth, measure_shipped, measure_sweep
from benchmarks.example_path import measure_examples
from benchmarks.figures import Figure, keep, kept, table
from benchmarks.frame_path import measure_frames
from benchmarks.journal_path import measure_journals
from benchmarks.live_path import measure_live_path
from benchmarks.market import RECORDED
from benchmarks.peer_speed import measure_peers
from benchmarks.perpetual_path import measure_perpetuals
from benchmarks.playback_path import measure_playback
from benchmarks.program_path import measure_programs
from benchmarks.reference_path import measure_lengths, measure_throughput
from benchmarks.run_store import measure_run_store

WHOLE = {"rows": 1_000_000, "runs": 5, "days": 365}
"""How much a whole measurement measures, by the name of its argument."""


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.run", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=WHOLE["rows"], help="candles of a workload (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=WHOLE["runs"], help="runs of each (default: %(default)s)")
    parser.add_argument(
        "--days", type=int, default=WHOLE["days"], help="days of the long cold run (default: %(default)s)"
    )
    parser.add_argument("--peers", type=Path, help="Python of an environment with backtesting and vectorbt")
    parser.add_argument("--paths", action="store_true", help="measure live, frame, store and other paths instead")
    return parser.parse_args()


def _figures(asked: argparse.Namespace, folder: Path) -> Iterator[Figure]:
    yield from measure_engines(asked.rows, asked.runs)
    yield from measure_shipped(folder / "shipped", asked.runs)
    yield from measure_sweep(max(1, asked.rows // 10), 200)
    yield from measure_growth(asked.rows, asked.runs)
    yield from measure_cold(folder / "cold", asked.runs, asked.days)
    yield from measure_first_compile(folder / "compile")
    if asked.peers is not None:
        yield from measure_peers(asked.peers, max(1, asked.rows // 10), asked.runs)


def main() -> int:
    """Measure; what needs the recorded candles is left out where they are not beside the checkout."""
    asked = _asked()
    with tempfile.TemporaryDirectory() as name:
        _keep_bytecode(Path(name) / "bytecode")
        if asked.paths:
            _measure_paths(Path(name), asked.days)
            return 0
        found = []
        for figure in _figures(asked, Path(name)):
            found.append(figure)
            # An interrupted measurement leaves what it has.
            keep(found, whole=False)
            print(f"{figure.workload} · {figure.program}", file=sys.stderr)
        path = keep(found, whole=all(getattr(asked, name) >= least for name, least in WHOLE.items()))
    print(table(kept(path)))
    print(f"kept in {path}")
    return 0


def _keep_bytecode(folder: Path) -> None:
    """Let processes that are measured find their bytecode, as a user's do from the second on."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)


def _measure_paths(folder: Path, days: int) -> None:
    """Print figures of everything around the engines."""
    paths: list[Callable[[], None]] = [
        lambda: measure_run_store(folder / "run_store"),
        lambda: measure_live_path(folder / "live_path"),
        lambda: measure_journals(folder / "journals", days),
        lambda: measure_playback(folder / "playback"),
        measure_examples,
        measure_programs,
    ]
    if RECORDED.is_dir():
        paths += [
            lambda: measure_throughput(folder),
            lambda: measure_lengths(folder),
            lambda: measure_frames(folder / "frames"),
            lambda: measure_perpetuals(folder / "perpetuals"),
            lambda: measure_store(folder),
        ]
    else:
        print("the recorded candles are not beside the checkout: what needs them is left out", file=sys.stderr)
    for measure in paths:
        measure()


if __name__ == "__main__":
    sys.exit(main())
