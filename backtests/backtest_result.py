"""What a backtest over candles in memory came to, as a script or a notebook reads it."""

import io
from typing import TYPE_CHECKING, Any

from core.candle_columns import Float64Array, Int64Array
from runs.documents.run_result import RunResult

if TYPE_CHECKING:
    import pandas as pd


class BacktestResult:
    """The result of a run, its trade log and its equity at every step.

    Parameters
    ----------
    result
        As the runner has it.
    trade_log
        The trade log's bytes.
    step_times_ms, curve
        The time of every step, and the equity at it.
    """

    def __init__(self, result: RunResult, trade_log: bytes, step_times_ms: Int64Array, curve: Float64Array) -> None:
        self.result = result
        self.trade_log = trade_log
        self._step_times_ms, self._curve = step_times_ms, curve

    @property
    def metrics(self) -> dict[str, Any]:
        """``performance`` of the result: balance, equity, return, trades, win rate, draw-down, ratios."""
        performance: dict[str, Any] = self.to_dict()["performance"]
        return performance

    @property
    def trades(self) -> "pd.DataFrame":
        """The trade log: a row for each OPEN and CLOSE, ``timestamp`` aware UTC."""
        import pandas as pd

        frame = pd.read_csv(io.BytesIO(self.trade_log), dtype={"reason": str, "strategy": str, "metadata": str})
        return frame.assign(timestamp=pd.to_datetime(frame["timestamp"], utc=True))

    @property
    def equity(self) -> "pd.Series":
        """The equity at every step, by the step's time; the last one is after the end has closed what was open."""
        import pandas as pd

        times = pd.to_datetime(self._step_times_ms[: len(self._curve)], unit="ms", utc=True)
        values = self._curve[: len(times)].copy()
        if len(values):
            values[-1] = self._curve[-1]
        return pd.Series(values, index=times, name="equity")

    @property
    def trades_sha256(self) -> str:
        """Hash of the trade log."""
        return self.result.trades_sha256

    def to_dict(self) -> dict[str, Any]:
        """Return the result as ``ConfigBacktestRunner.run`` does; without ``output_dir`` it names no files."""
        return self.result.to_dict()

    def __repr__(self) -> str:
        performance = self.result.performance
        return (
            f"BacktestResult({self.result.statistics.candles_processed} candles, {performance.total_trades} trades, "
            f"equity {performance.equity:.2f})"
        )
