"""The figures of a result by name."""

import functools
from collections.abc import Mapping
from typing import Any

from backtests.run_at_hand import RunAtHand
from metrics.run_metrics import RunMetrics, full_name
from runs.reading.run_folder import measure_run


class ResultMetrics(dict[str, Any]):
    """The result's ``performance``, and under further names every figure of the run, which is measured when asked.

    ``metrics[name]`` takes a key of ``performance``, then a figure by ``group.figure``, its bare name or an alias
    (``net_profit``, ``roi``, ``best_trade`` …). Iterating gives ``performance`` alone. Groups (``metrics.drawdown``),
    ``undefined``, ``reason(name)`` and all else of :class:`~metrics.run_metrics.RunMetrics` are attributes.

    Parameters
    ----------
    performance
        Of the result.
    run
        What is measured.
    """

    def __init__(self, performance: Mapping[str, Any], run: RunAtHand) -> None:
        super().__init__(performance)
        self._run = run

    @functools.cached_property
    def measured(self) -> RunMetrics:
        """The figures, typed; with excursions and benchmark where the candles are at hand.

        Raises
        ------
        StoreError
            If the run's folder cannot be read.
        """
        with self._run.opened() as opened:
            return measure_run(opened.run, opened.candles)

    def __missing__(self, name: str) -> Any:
        return self.measured.figure(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.measured, name)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and _is_figure(name))

    def get(self, name: str, default: Any = None) -> Any:
        """Return a figure; the default where none has that name."""
        try:
            return self[name]
        except KeyError:
            return default

    def __reduce__(self) -> tuple[Any, ...]:
        return ResultMetrics, (dict(self), self._run)


def _is_figure(name: str) -> bool:
    try:
        full_name(name)
    except KeyError:
        return False
    return True
