"""Writes down one run of an epoch: what it was made of, its trades, what came of it."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.errors import ConfigurationError
from core.instants import format_ms, to_ms
from runs.identity.code_version import code_version
from systems.life_cycle.epoch_files import (
    CONFIG,
    RESULTS,
    SUMMARY,
    TRADES,
    append_event,
    append_lines,
    epoch_folder,
    one_line,
    write_json,
)
from systems.life_cycle.judgement import NO_CRITERIA, Judgement
from systems.life_cycle.plain_values import plain_mapping
from systems.life_cycle.strategy_epoch import StrategyEpoch, epoch_named

COMPLETED, FAILED, RUNNING = "completed", "failed", "running"


def wall_clock_ms() -> int:
    """Return the present in UTC milliseconds: an entry point's one reading of the wall clock."""
    return to_ms(dt.datetime.now(dt.UTC))  # noqa: TID251 - the entry point's clock


class StrategyEpochTracker:
    """Keeps the record of one run at a time below ``logs/epochs/<time>/<run id>/``.

    ``config.json`` says what the run is made of and stands from the start, ``trades.jsonl`` has a line for each trade,
    ``results.json`` everything that came of it, ``summary.json`` how it ended. The events of a day are in
    ``logs/events_<day>.jsonl``.

    Parameters
    ----------
    logs
        The folder.
    clock
        Returns the present in UTC milliseconds.
    """

    def __init__(self, logs: str | Path = "logs", clock: Callable[[], int] = wall_clock_ms) -> None:
        self.logs = Path(logs)
        self._clock = clock
        self.folder: Path | None = None
        self.trades = 0
        self._head: dict[str, Any] = {}
        self._started_ms = 0

    @property
    def run_id(self) -> str:
        """The id of the run at hand."""
        return self._open().name

    def epoch_start(
        self,
        strategy_id: str,
        epoch: StrategyEpoch | str,
        symbol: str,
        timeframes: Sequence[str] = (),
        **made_of: Any,
    ) -> str:
        """Begin a run and return its id; ``made_of`` is kept in ``config.json``.

        Raises
        ------
        ConfigurationError
            If the epoch is none, or a run is under way.
        StoreError
            If the folder cannot be written.
        """
        if self.folder is not None:
            raise ConfigurationError(f"run {self.folder.name} is under way; end it first, or use another tracker")
        head = {
            "strategy_id": strategy_id,
            "epoch": str(epoch_named(epoch)),
            "symbol": symbol,
            "timeframes": list(timeframes),
        }
        self._started_ms, self.trades = self._clock(), 0
        folder = epoch_folder(self.logs, self._started_ms, {**head, **made_of})
        self._head = {"run_id": folder.name, **head}
        started = {"started": format_ms(self._started_ms), "code_version": code_version()}
        write_json(folder / CONFIG, {**self._head, **started, **made_of})
        (folder / TRADES).touch()
        self.folder = folder
        self._event("epoch_start")
        return folder.name

    def log_trade(self, trade: Mapping[str, Any]) -> None:
        """Append a trade of the run at hand."""
        self.log_trades([trade])

    def log_trades(self, trades: Sequence[Mapping[str, Any]]) -> None:
        """Append trades of the run at hand."""
        append_lines(self._open() / TRADES, trades)
        self.trades += len(trades)

    def epoch_complete(
        self,
        metrics: Mapping[str, Any],
        judgement: Judgement | None = None,
        next_epoch: StrategyEpoch | str | None = None,
        facts: Mapping[str, Any] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """End the run with what came of it, and return what ``run_epoch`` does.

        Parameters
        ----------
        metrics
            Figures by name.
        judgement
            Whether the promotion is earned; None is one without criteria.
        next_epoch
            Where a promotion leads.
        facts
            Kept in ``results.json`` beside the metrics.
        """
        folder = self._open()
        judged = judgement or Judgement(False, NO_CRITERIA)
        leads_to = str(epoch_named(next_epoch)) if judged.passed and next_epoch is not None else None
        verdict = {"passed": judged.passed, "promotion_reason": judged.reason, "next_epoch": leads_to}
        plain = plain_mapping(metrics)
        write_json(folder / RESULTS, {**facts, **self._head, "metrics": plain})
        self._summarise(COMPLETED, {**verdict, "criteria": judged.criteria})
        self._event("epoch_complete", **verdict)
        answer = {name: self._head[name] for name in ("run_id", "strategy_id", "epoch", "symbol")}
        self.folder = None
        return {**answer, "metrics": plain, **verdict}

    def epoch_failed(self, error: BaseException) -> None:
        """End the run as failed, with the error that ended it."""
        failure = {"error": one_line(error), "error_type": type(error).__name__, "passed": False}
        self._summarise(FAILED, failure)
        self._event("epoch_failed", **failure)
        self.folder = None

    def _summarise(self, status: str, facts: Mapping[str, Any]) -> None:
        ended_ms = self._clock()
        times = {
            "started": format_ms(self._started_ms),
            "ended": format_ms(ended_ms),
            "seconds": (ended_ms - self._started_ms) / 1_000,
        }
        write_json(self._open() / SUMMARY, {**self._head, "status": status, "trades": self.trades, **times, **facts})

    def _event(self, event: str, **facts: Any) -> None:
        append_event(self.logs, self._clock(), event, **self._head, **facts)

    def _open(self) -> Path:
        if self.folder is None:
            raise ConfigurationError("no run is under way; epoch_start begins one")
        return self.folder
