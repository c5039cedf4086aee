"""Speed of the store of runs: a million trades stored, and the command that lists ten thousand runs.

Asked for: the trades in under 30 s, the list in under 0.5 s, its looking into all folders included.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec

from benchmarks.measure import ROOT, ended
from runs.folder.file_names import MANIFEST, RESULT, TRADES
from runs.store.found_folders import signature_of
from runs.store.run_store import RunStore, open_store
from runs.store.store_rows import RunRow, TradeRow
from runs.store.synchronising import FORM

ROWS = 1_000_000
RUNS = 10_000
_TRADE = TradeRow(
    symbol="BTC/USDT", side="LONG", entry_time_ms=0, exit_time_ms=900_000, entry_price=Decimal("43713.21"),
    exit_price=Decimal("44118.99"), quantity=Decimal("0.01143"), realized_pnl=Decimal("-5.14002643"),
    commission=Decimal("0.50196103"), slippage=Decimal("0.5020056"), funding=Decimal(0), reason="stop",
)  # fmt: skip
_FIGURES = {f"group_{group}": {f"figure_{number}": number / 7 for number in range(15)} for group in range(9)}


def measure_run_store(folder: Path) -> None:
    """Print both."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_store(f"sqlite:///{folder}/trades.sqlite") as store:
        begun, cpu = time.perf_counter(), time.process_time()
        store.put(_run(store, 0, folder), _trades())
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    print(f"run store: {ROWS:,} trades stored in {seconds:.1f} s ({cpu:.1f} s CPU; asked for: 30 s)")
    for names in (100, RUNS):
        base = folder / f"of-{names}"
        fill(base, names)
        seconds, cpu = _list_seconds(base)
        print(f"  list over {RUNS:,} runs of {names:,} ranges: {seconds:.2f} s ({cpu:.2f} s CPU; asked for: 0.5 s)")


def _list_seconds(base: Path) -> tuple[float, float]:
    """Return the median wall time of the command as a whole process, and the median of its CPU time."""
    listing, environment = ("-m", "runs", "list"), {"PYTHONPATH": str(ROOT)}
    taken = [ended(listing, base, environment) for _ in range(8)][1:]
    return statistics.median(one.wall for one in taken), statistics.median(one.cpu for one in taken)


def fill(base: Path, names: int) -> None:
    """Make ten thousand folders of runs below so many names, and a store that knows them."""
    root = base / "logs" / "backtests"
    with open_store(f"sqlite:///{base}/data/runs.sqlite") as store:
        for number in range(RUNS):
            own = root / f"config_backtest_{number % names:05d}" / f"{number:016x}"
            own.mkdir(parents=True)
            for name in (MANIFEST, RESULT, TRADES):
                (own / name).touch()
            row = _run(store, number, own)
            mtime_ns = own.stat().st_mtime_ns
            store.put(row, signature=f"{FORM} {signature_of(own)}", folder_mtime_ns=mtime_ns)


def _run(store: RunStore, number: int, folder: Path) -> RunRow:
    return RunRow(
        host=store.host, folder=os.path.realpath(folder), run_id=f"{number:016x}", name=folder.parent.name,
        kind="backtest", status="COMPLETED", symbols=["BTC/USDT"], timeframe="15m", start_ms=0, end_ms=86_400_000,
        strategy="ScalpingEMARSI", params={"ema_fast": number}, capital=Decimal(10_000), started_ms=number,
        trades=number, total_return_pct=number / 3, sharpe=number / 7, figures=_FIGURES, warnings=[],
    )  # fmt: skip


def _trades() -> Iterator[TradeRow]:
    for number in range(ROWS):
        yield msgspec.structs.replace(_TRADE, entry_time_ms=number * 60_000)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        measure_run_store(Path(place))
