"""Other programs on the same candles and signals, in an environment of their own (``make bench PEERS=1``)."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from backtests.engines.opinions import opinions_of
from benchmarks.figures import Figure
from benchmarks.workloads import WORKLOADS, market_of, plan_of, rows_of
from engine.assembly import build_strategy_of, kernel_rules, prepare_strategy

SCRIPT = Path(__file__).parent / "peers" / "peer_run.py"
_MEASURED = ("dense", "moderate", "idle")


def measure_peers(python: Path, rows: int, runs: int) -> Iterator[Figure]:
    """Yield candles a second of each program that an environment has, beside workloads of one symbol."""
    for workload in WORKLOADS:
        if workload.name not in _MEASURED:
            continue
        market = market_of(1, rows)
        plan = plan_of(market, workload.params, "compiled", Path())
        strategy = build_strategy_of(plan.settings)
        prepare_strategy(strategy, plan.settings)
        rules = kernel_rules(plan.settings, strategy)
        (said,) = opinions_of(strategy, plan.settings, rules, market).rows
        (one,) = market.candles.values()
        given = {name: np.zeros(rows) for name in ("sign", "stop", "target")}
        for name, own in (("sign", "sign"), ("stop", "sl_distance"), ("target", "tp_distance")):
            given[name][said["row"]] = said[own]
        prices = {name: getattr(one.window, name) for name in ("open", "high", "low", "close")}
        with tempfile.NamedTemporaryFile(suffix=".npz") as file:
            columns: dict[str, Any] = {**prices, **given}
            np.savez(file, **columns)
            file.flush()
            done = subprocess.run(
                [str(python), str(SCRIPT), file.name, str(runs)], capture_output=True, text=True, check=False
            )
        if done.returncode:
            raise SystemExit(f"the other programs failed: {done.stderr[-500:]}")
        for package, found in json.loads(done.stdout).items():
            name = f"{package} {found['version']}"
            trips = 1_000 * found["round_trips"] / rows_of(market)
            rates = [rows / seconds for seconds in found["seconds"]]
            yield Figure.of(workload.name, name, "candles/s", rates, trips)
            if workload is WORKLOADS[0]:
                yield Figure.of(f"{workload.name}, {rows:,} candles, first run", name, "s", [found["first"]])
