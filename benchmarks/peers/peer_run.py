"""Runs backtesting.py and vectorbt; a script for the environment that has them, which has nothing of this program.

``python peer_run.py FILE RUNS`` reads the columns of an ``.npz`` file (``open``, ``high``, ``low``, ``close``;
``sign``, ``stop`` and ``target`` have the signal at each candle's close and its distances) and prints one JSON object:
for each program its version, the CPU seconds of each run, those of the first one, and the round trips.
"""

import importlib
import json
import sys
import time
import warnings
from collections.abc import Callable
from importlib import metadata
from typing import Any

import numpy as np

COMMISSION = 0.00001
SHARE = 0.05
"""Of equity, in each position: the cap under which nearly all positions of the workload stand."""

Columns = dict[str, Any]


def backtesting_py(columns: Columns) -> Callable[[], int]:
    """Return a run of backtesting.py: orders at the next open with stop and target, one position."""
    import pandas as pd

    library: Any = importlib.import_module("backtesting")
    sign, stop, target, close = (columns[name] for name in ("sign", "stop", "target", "close"))
    names = {"Open": "open", "High": "high", "Low": "low", "Close": "close"}
    frame = pd.DataFrame({name: columns[own] for name, own in names.items()})
    frame.index = pd.date_range("2024-01-01", periods=len(frame), freq="min")

    class Given(library.Strategy):  # type: ignore[misc]
        def init(self) -> None:
            pass

        def next(self) -> None:
            row = len(self.data) - 1
            if sign[row] and not self.position and not self.orders:
                enter = self.buy if sign[row] > 0 else self.sell
                here, way = close[row], sign[row]
                enter(size=SHARE, sl=here - way * stop[row], tp=here + way * target[row])

    def run() -> int:
        test = library.Backtest(frame, Given, cash=1_000_000_000, commission=COMMISSION, finalize_trades=True)
        return int(test.run()["# Trades"])

    return run


def vectorbt(columns: Columns) -> Callable[[], int]:
    """Return a run of vectorbt: signals shifted to the next open, stops as fractions."""
    library: Any = importlib.import_module("vectorbt")
    before = {name: np.concatenate((np.zeros(1), columns[name][:-1])) for name in ("sign", "stop", "target", "close")}
    signalled = before["sign"] != 0
    fractions = {
        name: np.where(signalled, before[name] / np.where(signalled, before["close"], 1.0), np.nan)
        for name in ("stop", "target")
    }

    def run() -> int:
        portfolio = library.Portfolio.from_signals(
            columns["close"],
            entries=before["sign"] > 0,
            exits=np.zeros(len(signalled), bool),
            short_entries=before["sign"] < 0,
            short_exits=np.zeros(len(signalled), bool),
            price=columns["open"],
            open=columns["open"],
            high=columns["high"],
            low=columns["low"],
            sl_stop=fractions["stop"],
            tp_stop=fractions["target"],
            upon_opposite_entry="ignore",
            size=1.0,
            init_cash=1e9,
            fees=COMMISSION,
            freq="1min",
        )
        return int(portfolio.trades.count())

    return run


def main() -> None:
    """Run each program that is installed."""
    warnings.simplefilter("ignore")
    with np.load(sys.argv[1]) as file:
        columns = dict(file)
    found: dict[str, Any] = {}
    for package, prepared in (("backtesting", backtesting_py), ("vectorbt", vectorbt)):
        try:
            run = prepared(columns)
        except ImportError:
            continue
        seconds, trips = [], 0
        for _ in range(int(sys.argv[2]) + 1):
            begun = time.process_time()
            trips = run()
            seconds.append(time.process_time() - begun)
        own = {"version": metadata.version(package), "first": seconds[0], "seconds": seconds[1:], "round_trips": trips}
        found[package] = own
    print(json.dumps(found))


if __name__ == "__main__":
    main()
