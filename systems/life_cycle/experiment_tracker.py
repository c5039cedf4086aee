"""Runs an epoch for every combination of strategies, timeframes and symbols, and keeps what came of each."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import ConfigurationError, HarnessError
from core.settings_problem import shown
from systems.life_cycle.epoch_files import one_line
from systems.life_cycle.epoch_run import RunnerFn, run_epoch
from systems.life_cycle.epoch_tracker import StrategyEpochTracker, wall_clock_ms
from systems.life_cycle.strategy_epoch import StrategyEpoch


class Combination(NamedTuple):
    """One cell of an experiment."""

    strategy_id: str
    timeframe: str
    symbol: str


class ExperimentTracker:
    """An experiment: strategies × timeframes × symbols, each a run of its own with its own record.

    Parameters
    ----------
    strategies, timeframes, symbols
        What is combined; none of them may be empty or hold a name twice.
    logs, clock
        As of ``StrategyEpochTracker``.
    """

    def __init__(
        self,
        strategies: Sequence[str],
        timeframes: Sequence[str],
        symbols: Sequence[str],
        logs: str | Path = "logs",
        clock: Callable[[], int] = wall_clock_ms,
    ) -> None:
        for name, values in (("strategies", strategies), ("timeframes", timeframes), ("symbols", symbols)):
            if isinstance(values, str) or not values or len(set(values)) < len(values):
                raise ConfigurationError(f"{name}: {shown(values)} — allowed: a list of one or more names, each once")
        self._axes = (list(strategies), list(timeframes), list(symbols))
        self._logs, self._clock = logs, clock
        self._results: dict[Combination, dict[str, Any]] = {}

    def combinations(self) -> Iterator[Combination]:
        """Yield every combination, symbols fastest."""
        yield from itertools.starmap(Combination, itertools.product(*self._axes))

    def run(self, epoch: StrategyEpoch | str, runner_fn: RunnerFn, **options: Any) -> list[dict[str, Any]]:
        """Run every combination through ``run_epoch`` and return the results in order.

        One that fails with an error of the program is marked failed, with its ``error``, and the others go on; any
        other exception ends the experiment.
        """
        return [self.record(one, self._result(one, epoch, runner_fn, options)) for one in self.combinations()]

    def record(self, combination: Combination | tuple[str, str, str], result: dict[str, Any]) -> dict[str, Any]:
        """Keep what came of a combination that was run elsewhere, and return it with the combination in it."""
        one = Combination(*combination)
        if one not in set(self.combinations()):
            raise ConfigurationError(f"{' · '.join(one)} is no combination of this experiment")
        self._results[one] = {
            **result,
            "strategy_id": one.strategy_id,
            "timeframe": one.timeframe,
            "symbol": one.symbol,
        }
        return self._results[one]

    @property
    def results(self) -> list[dict[str, Any]]:
        """What came of the combinations that were run, in their order."""
        return [self._results[one] for one in self.combinations() if one in self._results]

    def summary(self) -> dict[str, Any]:
        """Return how many combinations there are, were run, failed and passed, and each one's verdict."""
        rows = self.results
        names = ("strategy_id", "timeframe", "symbol", "run_id", "passed", "promotion_reason", "error")
        return {
            "combinations": len(list(self.combinations())),
            "run": len(rows),
            "failed": sum("error" in row for row in rows),
            "passed": sum(row.get("passed") is True for row in rows),
            "results": [{name: row[name] for name in names if name in row} for row in rows],
        }

    def _result(
        self, one: Combination, epoch: StrategyEpoch | str, runner_fn: RunnerFn, options: dict[str, Any]
    ) -> dict[str, Any]:
        tracker = StrategyEpochTracker(self._logs, self._clock)
        try:
            return run_epoch(epoch, one.symbol, one.strategy_id, runner_fn, [one.timeframe], tracker=tracker, **options)
        except HarnessError as error:
            return {"epoch": str(epoch), "metrics": {}, "passed": False, "error": one_line(error)}
