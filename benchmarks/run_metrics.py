"""CPU time of the figures of a long run: ``python -m benchmarks.run_metrics``.

A year of minutes and 10,000 trades in four symbols. Asked for: all figures in less than 0.5 s.
"""

import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import numpy as np

from benchmarks.indicators import wandering
from benchmarks.measure import least_cpu_seconds, peak_memory_mb
from core.candle_columns import CandleColumns
from core.event_lines import EQUITY_HEADER, TRADE_HEADER
from core.exact import plain
from core.instants import format_ms
from core.timeframe import MINUTE_MS
from metrics import EquityCurve, TradeColumns, measure
from metrics.figures.excursions import with_excursions
from runs.folder.curve_columns import curve_columns
from runs.folder.file_names import EQUITY, TRADES
from runs.reading.held_symbols import held_symbols
from runs.reading.log_rows import LogRow, read_log
from runs.reading.round_trips import exposure_path, round_trips, trade_columns
from runs.reading.row_points import points_of
from runs.reading.stored_curve import read_account_rows, read_curve

STEPS, TRADES_MADE, SYMBOLS, HELD = 525_600, 10_000, ("A/USDT", "B/USDT", "C/USDT", "D/USDT"), 120
START_MS, BALANCE = 0, 10_000.0
RUNS = 5


def main() -> int:
    """Print the CPU time of reading a run's files, of the excursions, and of all figures."""
    candles = {symbol: wandering(STEPS) for symbol in SYMBOLS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_run(folder, candles[SYMBOLS[0]])
        print(f"{STEPS:,} steps, {TRADES_MADE:,} trades, {len(SYMBOLS)} symbols; CPU time, best of {RUNS}")
        rows, curve, points = read(folder)
        trades = trade_columns(round_trips(rows), curve.times_ms[points])
        path = exposure_path(rows, points, {})
        said = {
            "reading the files": lambda: read(folder),
            "round trips, what was open": lambda: (round_trips(rows), exposure_path(rows, points, {})),
            "excursions from candles": lambda: excursions(trades, candles),
            "what holding was worth": lambda: held_symbols(curve, list(candles.values()), MINUTE_MS),
        }
        for words, call in said.items():
            print(f"{words:32} {least_cpu_seconds(call, RUNS):6.3f} s")
        whole = excursions(trades, candles)
        held = held_symbols(curve, list(candles.values()), MINUTE_MS)
        print(f"{'all figures':32} {least_cpu_seconds(lambda: measure(whole, curve, held, path), RUNS):6.3f} s")
        print(f"peak memory {peak_memory_mb():.0f} MB")
    return 0


def read(folder: Path) -> tuple[list[LogRow], EquityCurve, np.ndarray]:
    """Return what figures are made of, from the files of a run."""
    rows, account = read_log(folder / TRADES), read_account_rows(folder)
    curve = read_curve(folder, account, BALANCE, (START_MS, START_MS + STEPS * MINUTE_MS), backtest=True)
    return rows, curve, points_of(rows, curve.times_ms, account, "10000", at_close=False)


def excursions(trades: TradeColumns, candles: dict[str, CandleColumns]) -> TradeColumns:
    """Return trades with the excursions of every symbol."""
    for symbol, columns in candles.items():
        trades = with_excursions(trades, symbol, columns, MINUTE_MS)
    return trades


def write_run(folder: Path, candles: CandleColumns) -> None:
    """Write a trade log, ``equity.csv`` and the curve of trades that follow each other, a symbol after the other."""
    log, account, cash = [TRADE_HEADER], [EQUITY_HEADER], Decimal(10_000)
    every = STEPS // TRADES_MADE
    equity = np.full(STEPS, BALANCE)
    for number in range(TRADES_MADE):
        symbol, entry = SYMBOLS[number % len(SYMBOLS)], number * every
        leave = min(entry + HELD % every + 1, STEPS - 1)
        opened, closed = (Decimal(f"{candles.open[step]:.2f}") for step in (entry, leave))
        won = (closed - opened) * 10
        for step, action, price, result in ((entry, "OPEN", opened, Decimal(0)), (leave, "CLOSE", closed, won)):
            cash += result
            metadata = '"{""stop"":""90"",""target"":""110""}"' if action == "OPEN" else "{}"
            reason = "signal" if action == "OPEN" else "stop"
            log.append(
                f"{format_ms(step * MINUTE_MS)},{len(log)},{symbol},{action},LONG,{plain(price)},10,0.5,0.5,"
                f"{plain(cash)},{plain(cash)},{plain(result)},0,S,{reason},{metadata}\n"
            )
            open_now = 1 if action == "OPEN" else 0
            account.append(f"{format_ms((step + 1) * MINUTE_MS)},{plain(cash)},{plain(cash)},0,{open_now}\n")
        equity[leave:] = float(cash)
    (folder / TRADES).write_text("".join(log))
    (folder / EQUITY).write_text("".join(account))
    for name, column in curve_columns(MINUTE_MS * np.arange(1, STEPS + 1), equity).items():
        np.save(folder / name, column)


if __name__ == "__main__":
    sys.exit(main())
