"""Runs of one base whose settings are varied: what optimisation, walk-forward and comparisons stand on."""

import contextlib
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from pathlib import Path
from typing import NamedTuple, Protocol, Self, cast, get_args

from backtests.backtest_result import BacktestResult
from backtests.engines.engine_choice import engine_reasons
from backtests.many.prepared_runs import PreparedRun, PreparedRuns, Variation
from backtests.many.run_base import Base, base_of
from backtests.many.worker import Answer, Made, Task, Worker, answer_of
from backtests.many.worker_pool import WorkerPool
from backtests.run_at_hand import FolderRun, MemoryRun
from backtests.run_plan import RunPlan
from core.errors import ConfigurationError, HarnessError, InvariantError
from core.settings_problem import shown
from core.timeframe import timeframe_ms
from engine.renderer import OutputsKept


class VariationResult(NamedTuple):
    """What came of one variation: a result, or the error that a single run would have raised.

    ``number`` counts from 0, ``variation`` is what was given.
    """

    number: int
    variation: Variation
    result: BacktestResult | None
    error: Exception | None

    def required(self) -> BacktestResult:
        """Return the result.

        Raises
        ------
        HarnessError
            The error, where there is none; one that is not of this program as an InvariantError.
        """
        if self.result is None:
            raise self.error if isinstance(self.error, HarnessError) else InvariantError(str(self.error))
        return self.result


class RunPool(Protocol):
    """What makes runs elsewhere: :class:`~backtests.many.worker_pool.WorkerPool`, or another that does as it does."""

    def answers(self, tasks: Iterable[Task | Exception]) -> Iterator[Answer]:
        """Yield what comes of tasks, in their order; a run that cannot be is its own answer."""

    def close(self) -> None:
        """End; what is still being made is lost."""


def own_pool(plan: RunPlan, processes: int, runs: int) -> RunPool:
    """Return processes of this machine for so many runs of a plan, and of others like it.

    What they load first is guessed from the window, before candles are.
    """
    live = plan.settings.live
    candles = runs * len(live.symbols) * (plan.end_ms - plan.start_ms) // timeframe_ms(live.timeframe)
    return WorkerPool(processes, compiled=next(engine_reasons(plan.engine, candles), None) is None)


def run_many(
    base: Base, variations: Iterable[Variation], *, processes: int = 2, outputs: OutputsKept = "none"
) -> Iterator[VariationResult]:
    """Run a base once for each variation of its settings; yield what each came to, in their order.

    Every result is that of the single run of these settings, bit by bit. Candles are loaded once and are in memory
    once, however many processes read them. A variation that fails is told and does not end the others.

    Parameters
    ----------
    base
        A :class:`~backtests.config_backtest.ConfigBacktestRunner` or its ``plan``, or a
        :class:`~backtests.in_memory.MemoryBacktest`. It has the window; its own settings are the variation ``{}``.
    variations
        Each with some keys of live.yaml, dotted (``{"execution.slippage": 0.001}``) or as sections; under ``risk`` keys
        of risk.json, under ``trading_mode`` keys of trading_mode.yaml. They are asked for while runs are made.
    processes
        How many make runs; 1 is this one alone.
    outputs
        ``none`` keeps figures and counts, ``trades`` the trade log and the equity of every step too, ``full`` all that
        a single run keeps or writes.

    Raises
    ------
    ConfigurationError
        If an argument is wrong.

    Examples
    --------
    >>> from backtests import MemoryBacktest, run_many
    >>> rows = [(60_000 * n, 10.0, 11.0, 9.0, 10.0 + n % 2, 1.0) for n in range(5)]
    >>> base = MemoryBacktest(rows, strategy="scalping_ema_rsi")
    >>> many = run_many(base, [{"execution.slippage": 0.0}, {"execution.slipage": 0.1}], processes=1)
    >>> [done.error is None for done in many]
    [True, False]
    """
    many = ManyRuns(base, processes=processes, outputs=outputs)

    def results() -> Iterator[VariationResult]:
        with many:
            yield from many.run(variations)

    return results()


class ManyRuns:
    """Runs of one base in several turns, each as :func:`run_many`: processes and candles stay at hand between them.

    Parameters
    ----------
    base, processes, outputs
        As of :func:`run_many`.
    runs
        How many runs the turns will come to; they decide which engine makes them. A turn of more counts as it is.
    pool
        Opens what makes the runs, in place of processes of this machine.

    Raises
    ------
    ConfigurationError
        If one is wrong.
    """

    def __init__(
        self,
        base: Base,
        *,
        processes: int = 2,
        outputs: OutputsKept = "none",
        runs: int = 1,
        pool: Callable[[], RunPool] | None = None,
    ) -> None:
        if not isinstance(processes, int) or isinstance(processes, bool) or processes < 1:
            raise ConfigurationError(f"processes: {shown(processes)} — allowed: a whole number at least 1")
        if outputs not in get_args(OutputsKept):
            raise ConfigurationError(f"outputs: {shown(outputs)} — allowed: {', '.join(get_args(OutputsKept))}")
        self._base = base_of(base)
        self._outputs = outputs
        self._runs = runs
        self._opened = contextlib.ExitStack()
        self._processes, self._given_pool = processes, pool
        self._pool: RunPool | None = None
        self._prepared: PreparedRuns | None = None
        self._worker = Worker()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes, and remove what was shared with them."""
        self._pool = self._prepared = None
        self._opened.close()

    def run(self, variations: Iterable[Variation]) -> Iterator[VariationResult]:
        """Run the variations; yield what each came to, in their order."""
        count = len(variations) if isinstance(variations, Sized) else 1
        prepared = self._prepared or self._open(max(self._runs, count))
        asked: deque[PreparedRun] = deque()

        def tasks() -> Iterator[Task | Exception]:
            for one in prepared.of(variations):
                asked.append(one)
                yield one.task

        answers = map(self._answer, tasks()) if self._pool is None else self._pool.answers(tasks())
        for number, answer in enumerate(answers):
            one = asked.popleft()
            if isinstance(answer, Exception):
                yield VariationResult(number, one.variation, None, answer)
            else:
                yield VariationResult(number, one.variation, self._result(answer, one), None)

    def _open(self, runs: int) -> PreparedRuns:
        folder = None
        if self._processes > 1 or self._given_pool is not None:
            # They begin while the runs are prepared.
            plan, given = self._base.plan, self._given_pool
            pool = own_pool(plan, self._processes, runs) if given is None else given()
            self._pool = self._opened.enter_context(contextlib.closing(pool))
            folder = Path(self._opened.enter_context(tempfile.TemporaryDirectory(prefix="runs-")))
        self._prepared = PreparedRuns(self._base, self._outputs, folder, self._runs)
        return self._prepared

    def _answer(self, task: Task | Exception) -> Answer:
        return task if isinstance(task, Exception) else answer_of(self._worker, task)

    def _result(self, made: Made, one: PreparedRun) -> BacktestResult:
        kept = made.whole(cast(Task, one.task).plan, one.windows)
        if kept is not None:
            return BacktestResult(made.result, MemoryRun(kept))
        return BacktestResult(made.result, FolderRun(made.result, one.windows))
