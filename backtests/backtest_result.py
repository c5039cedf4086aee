"""What a backtest came to, as a script or a notebook reads it: typed, and as the dict that a runner hands out.

What is not in the result itself is read, and what is heavy is loaded, when it is asked for.
"""

import contextlib
import functools
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import StoreError
from runs.documents.run_result import RunResult

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from backtests.result_metrics import ResultMetrics
    from backtests.run_at_hand import RunAtHand, RunWithCandles
    from core.candle_columns import CandleColumns
    from metrics.equity_curve import DailyCloses


class BacktestResult:
    """The result of a run, its trade log, its equity at every step, and its figures.

    Parameters
    ----------
    result
        As the runner has it.
    run
        Where its outputs are.
    """

    def __init__(self, result: RunResult, run: "RunAtHand") -> None:
        self.result = result
        self._run = run

    @functools.cached_property
    def metrics(self) -> "ResultMetrics":
        """The figures, by name: ``metrics["sharpe"]``, ``metrics.risk_adjusted.sharpe``, ``metrics["net_profit"]``."""
        from backtests.result_metrics import ResultMetrics

        return ResultMetrics(self.to_dict()["performance"], self._run)

    @property
    def trade_log(self) -> bytes:
        """The trade log's bytes; StoreError if they lie in a folder and cannot be read."""
        return self._run.trade_log()

    @property
    def trades(self) -> "pd.DataFrame":
        """The trade log: a row for each OPEN and CLOSE, ``timestamp`` aware UTC."""
        import pandas as pd

        frame = pd.read_csv(io.BytesIO(self.trade_log), dtype={"reason": str, "strategy": str, "metadata": str})
        return frame.assign(timestamp=pd.to_datetime(frame["timestamp"], utc=True))

    @property
    def round_trips(self) -> "pd.DataFrame":
        """The closed positions, a row each in order of their exits, as ``metrics/trade_columns.py`` names the columns.

        ``entry_time`` and ``exit_time`` are aware UTC; ``mae`` and ``mfe`` nan where the candles are not at hand.
        """
        from backtests.result_frames import round_trips_frame

        with self._run.opened() as opened:
            return round_trips_frame(opened)

    @property
    def equity(self) -> "pd.DataFrame":
        """``equity`` at every step, by the step's time; the last one is after the end has closed what was open."""
        import pandas as pd

        times_ms, values = self._run.curve()
        times = pd.DatetimeIndex(pd.to_datetime(times_ms, unit="ms", utc=True), name="timestamp")
        return pd.DataFrame({"equity": values}, index=times)

    @property
    def daily_closes(self) -> "DailyCloses":
        """Equity at the end of each UTC day, whatever outputs the run was to keep."""
        return self._run.daily()

    @property
    def engine(self) -> str:
        """What made the run: ``compiled``, or ``reference`` and why."""
        return self._run.engine

    def plot(self) -> "Figure":
        """Return a matplotlib figure of equity, with the result of each trade at its exit, and draw-down."""
        from backtests.result_plot import result_figure

        with self._run.opened() as opened:
            return result_figure(opened.run)

    def report(self, path: str | Path = "report.html", candles: "Mapping[str, CandleColumns] | None" = None) -> Path:
        """Write the report page and return where it is.

        Parameters
        ----------
        path
            The file; it is replaced.
        candles
            Of the window, by symbol as configured; None takes those that are at hand.

        Raises
        ------
        StoreError
            If the run's folder cannot be read, or the page not written.
        """
        from reports.page import write_page

        with self._run.opened() as opened:
            return write_page([opened.run], Path(path), candles=[opened.candles if candles is None else candles])

    def opened(self) -> "contextlib.AbstractContextManager[RunWithCandles]":
        """Give the run as what reads run folders takes it, and its candles; its files are there as long as it is open.

        Raises
        ------
        StoreError
            If the run's folder cannot be read.
        ConfigurationError
            If the run was not to keep its outputs.
        """
        return self._run.opened()

    @property
    def trades_sha256(self) -> str:
        """Hash of the trade log."""
        return self.result.trades_sha256

    def to_dict(self) -> dict[str, Any]:
        """Return the result as ``ConfigBacktestRunner.run`` does; without ``output_dir`` it names no files."""
        return self.result.to_dict()

    def _repr_html_(self) -> str:
        from backtests.result_html import result_html

        try:
            curve = self._run.curve()
        except StoreError:  # What is shown without being asked for does not fail because a folder is gone.
            return result_html(self.result)
        return result_html(self.result, *curve)

    def __repr__(self) -> str:
        performance = self.result.performance
        return (
            f"BacktestResult({self.result.statistics.candles_processed} candles, {performance.total_trades} trades, "
            f"equity {performance.equity:.2f})"
        )


class ResultDict(dict[str, Any]):
    """The plain result of a run, with what a :class:`BacktestResult` has as attributes.

    ``performance`` takes the names of all figures, as :attr:`BacktestResult.metrics` does, and so does the whole.

    Parameters
    ----------
    typed
        The same result.
    """

    def __init__(self, typed: BacktestResult) -> None:
        super().__init__(typed.to_dict(), performance=typed.metrics)
        self.typed = typed

    def __missing__(self, name: str) -> Any:
        return self.metrics[name]

    @property
    def metrics(self) -> "ResultMetrics":
        """As of :class:`BacktestResult`."""
        return self.typed.metrics

    @property
    def trades(self) -> "pd.DataFrame":
        """As of :class:`BacktestResult`."""
        return self.typed.trades

    @property
    def round_trips(self) -> "pd.DataFrame":
        """As of :class:`BacktestResult`."""
        return self.typed.round_trips

    @property
    def equity(self) -> "pd.DataFrame":
        """As of :class:`BacktestResult`."""
        return self.typed.equity

    def plot(self) -> "Figure":
        """As of :class:`BacktestResult`."""
        return self.typed.plot()

    def report(self, path: str | Path = "report.html", candles: "Mapping[str, CandleColumns] | None" = None) -> Path:
        """As of :class:`BacktestResult`."""
        return self.typed.report(path, candles)

    def _repr_html_(self) -> str:
        return self.typed._repr_html_()

    def __reduce__(self) -> tuple[Any, ...]:
        return ResultDict, (self.typed,), None, None, iter(self.items())
