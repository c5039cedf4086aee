"""Runs one epoch of a strategy with any function, writes it down, and judges whether it goes on."""

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from core.errors import ConfigurationError, StoreError
from core.settings_problem import shown
from systems.life_cycle.epoch_tracker import StrategyEpochTracker
from systems.life_cycle.judgement import Criteria, checked_criteria, judgement_of
from systems.life_cycle.metric_lookup import figure_in
from systems.life_cycle.plain_values import plain_mapping
from systems.life_cycle.run_logging import run_logging
from systems.life_cycle.strategy_epoch import StrategyEpoch, epoch_named

RunnerFn = Callable[..., Any]
_TOLD = ("symbol", "timeframes", "timeframe", "strategy_id", "epoch", "run_id", "tracker")


def run_epoch(
    epoch: StrategyEpoch | str,
    symbol: str,
    strategy_id: str,
    runner_fn: RunnerFn,
    timeframes: Sequence[str] | str = (),
    promotion_criteria: Criteria = None,
    next_epoch: StrategyEpoch | str | None = None,
    *,
    tracker: StrategyEpochTracker | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Run one epoch and return what came of it.

    Parameters
    ----------
    epoch, symbol, strategy_id, timeframes
        What is run; kept in ``config.json``.
    runner_fn
        Any function. It is called with ``kwargs`` and with those of ``symbol``, ``timeframes``, ``timeframe`` (the
        first), ``strategy_id``, ``epoch``, ``run_id`` and ``tracker`` that it has parameters for, and returns a mapping
        of metrics, or one with ``metrics`` and, if it likes, ``trades`` and more.
    promotion_criteria
        A function of the metrics that answers True or False, or that and a reason; or a list of conditions such as
        ``sharpe > 1``, of which each needs its evidence among the metrics. Without any nothing is promoted.
    next_epoch
        Where a promotion leads; None is the epoch after this one.
    tracker
        Writes the run down; None makes one that writes below ``logs``.

    Returns
    -------
    dict
        ``run_id``, ``strategy_id``, ``epoch``, ``symbol``, ``metrics``, ``passed``, ``promotion_reason``, and
        ``next_epoch``, None where the promotion is not earned.

    Raises
    ------
    Exception
        ConfigurationError if an argument is none; whatever the runner raised, its run being marked failed before.
    """
    now = epoch_named(epoch)
    leads_to = now.next if next_epoch is None else epoch_named(next_epoch)
    frames = [timeframes] if isinstance(timeframes, str) else list(timeframes)
    if not callable(runner_fn):
        raise ConfigurationError(f"runner_fn: {shown(runner_fn)} — allowed: a function that returns metrics")
    criteria = checked_criteria(promotion_criteria)
    keeper = tracker or StrategyEpochTracker()
    made_of = {"runner_fn": runner_fn, "promotion_criteria": promotion_criteria, "arguments": kwargs}
    run_id = keeper.epoch_start(strategy_id, now, symbol, frames, **made_of)
    first = next(iter(frames), None)
    told = dict(zip(_TOLD, (symbol, frames, first, strategy_id, now, run_id, keeper), strict=True))
    with run_logging(run_id, keeper.logs), _failing(keeper):
        metrics, trades, facts = _parts(runner_fn(**_accepted(runner_fn, told, kwargs)))
        keeper.log_trades(trades)
        plain = plain_mapping(metrics)
        judgement = judgement_of(criteria, metrics, lambda name: figure_in(plain, name))
        return keeper.epoch_complete(plain, judgement, leads_to, facts)


@contextlib.contextmanager
def _failing(keeper: StrategyEpochTracker) -> Iterator[None]:
    """Mark the run failed where the block raises, whatever it raises."""
    try:
        yield
    except BaseException as error:
        # What failed is what is raised, whether or not it could be written down.
        with contextlib.suppress(StoreError):
            if keeper.folder is not None:
                keeper.epoch_failed(error)
        raise


def _accepted(runner_fn: RunnerFn, told: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a function is called with; raises ConfigurationError where it wants more than is known."""
    try:
        parameters = inspect.signature(runner_fn).parameters
    except (TypeError, ValueError):
        return {**told, **given}
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return {**told, **given}
    by_name = {name for name, one in parameters.items() if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)}
    call = {**{name: value for name, value in told.items() if name in by_name}, **given}
    needed = [
        name
        for name, one in parameters.items()
        if one.default is one.empty and one.kind is not one.VAR_POSITIONAL and name not in call
    ]
    unknown = sorted(set(call) - by_name)
    if needed or unknown:
        wrong = f"needs {', '.join(needed)}" if needed else f"has no parameter {', '.join(unknown)}"
        raise ConfigurationError(
            f"runner_fn {getattr(runner_fn, '__name__', runner_fn)!s} {wrong}; it is told {', '.join(told)} by name, "
            "and what run_epoch is given beside"
        )
    return call


def _parts(answer: Any) -> tuple[Mapping[str, Any], list[Mapping[str, Any]], dict[str, Any]]:
    """Return the metrics, trades and other facts of what a runner answered."""
    values = answer.to_dict() if not isinstance(answer, Mapping) and hasattr(answer, "to_dict") else answer
    if not isinstance(values, Mapping):
        raise ConfigurationError(f"runner_fn returned {shown(answer)} — allowed: a mapping of metrics")
    if "metrics" not in values:
        return values, [], {}
    metrics = values["metrics"]
    if not isinstance(metrics, Mapping) and hasattr(metrics, "to_dict"):
        metrics = metrics.to_dict()
    if not isinstance(metrics, Mapping):
        raise ConfigurationError(f"runner_fn returned metrics that are {shown(metrics)} — allowed: a mapping")
    trades = values.get("trades")
    rows = trades if isinstance(trades, list | tuple) and all(isinstance(one, Mapping) for one in trades) else None
    kept = {"metrics"} if rows is None else {"metrics", "trades"}
    return metrics, list(rows or ()), {str(key): value for key, value in values.items() if key not in kept}
