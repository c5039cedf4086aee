"""Where a result's run lies: in the folder that it was written to, or in memory."""

import contextlib
import functools
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
import numpy as np

from backtests.kept_outputs import require_kept
from backtests.kept_run import KeptRun
from core.candle_columns import CandleColumns, Float64Array, Int64Array
from metrics.equity_curve import DailyCloses
from runs.documents.manifest import Window
from runs.documents.manifest_builder import backtest_manifest
from runs.documents.result_text import to_json
from runs.documents.run_result import RunResult
from runs.folder.curve_columns import curve_columns
from runs.folder.file_names import MANIFEST, RESULT, RUNS, TRADES
from runs.identity.run_id import run_id
from runs.reading.folder_text import read_bytes
from runs.reading.run_candles import candles_of
from runs.reading.run_folder import StoredRun, read_run

IN_MEMORY = "in_memory"
"""What a page calls a run that was kept in memory, as it calls others by their range."""


class RunWithCandles(NamedTuple):
    """A stored run, and the candles of its window that are at hand, by symbol as configured."""

    run: StoredRun
    candles: Mapping[str, CandleColumns]


class RunAtHand(Protocol):
    """What a result is read from."""

    def trade_log(self) -> bytes:
        """Return the trade log."""

    def curve(self) -> tuple[Int64Array, Float64Array]:
        """Return the times of the steps and the equity at each, the last after everything was closed."""

    def daily(self) -> DailyCloses:
        """Return the equity at the end of each UTC day, the last after everything was closed."""

    @property
    def engine(self) -> str:
        """What made the run: ``compiled``, or ``reference`` and why."""

    def opened(self) -> contextlib.AbstractContextManager[RunWithCandles]:
        """Return the run as what reads run folders takes it; its files are there as long as it is open."""


class FolderRun:
    """A run that was written to a folder, read when it is asked for.

    Parameters
    ----------
    result
        Has the folder and the id.
    candles
        Of the window, by symbol as configured; None finds those of the store that the run's settings name.
    """

    def __init__(self, result: RunResult, candles: Mapping[str, CandleColumns] | None = None) -> None:
        self._output_dir = Path(str(result.output_dir))
        self._run_id = str(result.run_id)
        self._given = candles

    def trade_log(self) -> bytes:
        """Return the trade log; StoreError if it cannot be read."""
        return read_bytes(self._run.log_file)

    def curve(self) -> tuple[Int64Array, Float64Array]:
        """Return the times of the steps and the equity at each, the last after everything was closed."""
        curve = self._run.curve
        kept = np.ones(len(curve.times_ms), np.bool)
        kept[:-1] = curve.times_ms[1:] != curve.times_ms[:-1]
        return curve.times_ms[kept], curve.equity[kept]

    def daily(self) -> DailyCloses:
        """Return the equity at the end of each UTC day; StoreError if it cannot be read."""
        return self._run.curve.daily()

    @property
    def engine(self) -> str:
        """What made the run, as its manifest says."""
        engine = self._run.manifest.engine
        return engine if isinstance(engine, str) else ""

    @contextlib.contextmanager
    def opened(self) -> Iterator[RunWithCandles]:
        """Give the run."""
        yield RunWithCandles(self._run, self._candles)

    @functools.cached_property
    def _run(self) -> StoredRun:
        """The run, from its own folder: that of its range names the latest one."""
        own = self._output_dir / self._run_id
        places = (own, self._output_dir / RUNS / self._run_id, self._output_dir)
        return read_run(next((one for one in places if (one / RESULT).is_file() and one.name == self._run_id), own))

    @functools.cached_property
    def _candles(self) -> Mapping[str, CandleColumns]:
        return candles_of(self._run) if self._given is None else self._given


class MemoryRun:
    """A run that is in no file.

    Parameters
    ----------
    kept
        What is kept of it.
    """

    def __init__(self, kept: KeptRun) -> None:
        self._kept = kept

    def trade_log(self) -> bytes:
        """Return the trade log; ConfigurationError where the run was not to keep it."""
        require_kept(self._kept.plan.outputs, "the trade log")
        return self._kept.texts[TRADES]

    def curve(self) -> tuple[Int64Array, Float64Array]:
        """Return the times of the steps and the equity at each, the last after everything was closed.

        ConfigurationError where the run was not to keep it.
        """
        values = self._values()
        times = self._kept.step_times_ms[: len(values)]
        equity = values[: len(times)].copy()
        if len(equity):
            equity[-1] = values[-1]
        return times, equity

    def daily(self) -> DailyCloses:
        """Return the equity at the end of each UTC day, whatever the run was to keep."""
        return self._kept.daily()

    @property
    def engine(self) -> str:
        """What made the run."""
        return self._kept.engine

    def _values(self) -> Float64Array:
        if self._kept.values is None:
            require_kept("none", "the equity of every step")
            return np.empty(0)
        return self._kept.values

    @contextlib.contextmanager
    def opened(self) -> Iterator[RunWithCandles]:
        """Give the run from a folder that is there as long; ConfigurationError where the run was not to keep it."""
        kept, plan = self._kept, self._kept.plan
        require_kept(plan.outputs, "what reports are made of")
        start_ms, end_ms, engaged = plan.start_ms, plan.end_ms, plan.kill_switch_engaged
        run = run_id(kept.hashes, start_ms, end_ms, kill_switch_engaged=engaged, partial=False)
        result = msgspec.structs.replace(kept.result, run_id=run)
        manifest = backtest_manifest(
            plan.settings,
            Window(start_ms, end_ms),
            kept.strategy,
            result,
            kept.hashes,
            kill_switch_engaged=engaged,
            engine=kept.engine,
        )
        files = {
            **kept.texts,
            RESULT: to_json(result).encode(),
            MANIFEST: manifest.text().encode(),
        }
        with tempfile.TemporaryDirectory(prefix="run-") as name:
            folder = Path(name) / IN_MEMORY / run
            folder.mkdir(parents=True)
            for file, data in files.items():
                (folder / file).write_bytes(data)
            for file, column in curve_columns(kept.step_times_ms, self._values()).items():
                np.save(folder / file, column)
            yield RunWithCandles(read_run(folder), kept.candles)
