"""The ledger of evidence of a system: what was run of it, and which figures that gives."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from runs.folder.file_names import MANIFEST, RESULT, TRADES
from systems.life_cycle.epoch_files import EPOCHS, RESULTS, SUMMARY, read_json
from systems.life_cycle.epoch_tracker import COMPLETED, FAILED
from systems.life_cycle.judgement import Figure
from systems.life_cycle.metric_lookup import PARITY, figure_in
from systems.life_cycle.strategy_epoch import StrategyEpoch
from systems.system import System

_SESSIONS = (StrategyEpoch.DEMO, StrategyEpoch.LIVE)


class Evidence(msgspec.Struct, frozen=True):
    """One run of a system that came to its end; ``window`` is None of a session without one.

    ``covered`` are its start and its end, as far as it went.
    """

    run_id: str
    epoch: str
    system_uid: str
    ended: str
    folder: str
    window: dict[str, str] | None
    covered: dict[str, str]
    code_version: str
    metrics: dict[str, Any]

    @classmethod
    def of(cls, run_id: str, epoch: str, told: Mapping[str, Any], ended: str = "") -> "Evidence | None":
        """Return what a run of a system told; None where it told no metrics of one."""
        uid, metrics = told.get("system_uid"), told.get("metrics")
        if not isinstance(uid, str) or not isinstance(metrics, dict):
            return None
        return cls(
            run_id=run_id,
            epoch=epoch,
            system_uid=uid,
            ended=ended,
            folder=str(told.get("folder", "")),
            window=_texts(told.get("window")) or None,
            covered=_texts(told.get("covered")),
            code_version=str(told.get("code_version", "")),
            metrics=metrics,
        )

    @property
    def source(self) -> str:
        """What it is, in words."""
        of = f" of {self.window.get('name')}" if self.window is not None else ""
        return f"{self.epoch}{of}, run {self.run_id}"


class Ledger(msgspec.Struct, frozen=True):
    """What is known of a system as it resolves now, oldest first.

    ``others`` counts the versions of it, by other uids, that were run too, ``failed`` the runs that failed, ``lost``
    those whose outputs are gone or are not what the run wrote: they are no evidence any more.
    """

    system_id: str
    windows: dict[str, str]
    evidence: tuple[Evidence, ...]
    others: int
    failed: int
    lost: int

    def figure(self, name: str) -> Figure:
        """Return the figure that a criterion of the system names.

        The name of a window or an epoch before it says whose it is. Without one it is that of the backtest of the
        first window, and ``parity`` that of the last session, rehearsed or live.
        """
        head, _, rest = name.partition(".")
        if rest and head in self.windows:
            return self._of_window(head, rest)
        if rest and head in set(StrategyEpoch):
            return self._of_epochs((head,), rest)
        if name == PARITY:
            return self._of_epochs(_SESSIONS, name)
        first = next(iter(self.windows), None)
        if first is None:
            return Figure(missing="no evidence: the system has no window")
        return self._of_window(first, name)

    def _of_window(self, window: str, figure: str) -> Figure:
        for one in reversed(self.evidence):
            of = one.window or {}
            named = (of.get("name"), of.get("text")) == (window, self.windows[window])
            if one.epoch == StrategyEpoch.BACKTEST and named:
                return figure_in(one.metrics, figure, one.source)
        return Figure(missing=f"no evidence: {self._command(window)}")

    def _of_epochs(self, epochs: tuple[str, ...], figure: str) -> Figure:
        for one in reversed(self.evidence):
            if one.epoch in epochs:
                return figure_in(one.metrics, figure, one.source)
        return Figure(missing=f"no evidence: {self._command(next(iter(self.windows), 'NAME'), epochs[0])}")

    def _command(self, window: str, epoch: str = StrategyEpoch.BACKTEST) -> str:
        if epoch == StrategyEpoch.LIVE:
            return f"python -m systems run {self.system_id} --epoch live --for 8h"
        how = "" if epoch == StrategyEpoch.BACKTEST else f" --epoch {epoch}"
        return f"python -m systems run {self.system_id} --window {window}{how}"


def _stands(told: Mapping[str, Any], logs: Path) -> bool:
    """Whether the trade log that a run told of is still there as it was written, beside the run's documents."""
    folder = str(told.get("folder", ""))
    for path in (Path(folder), logs.parent / folder):
        with contextlib.suppress(OSError):
            wrote = hashlib.sha256((path / TRADES).read_bytes()).hexdigest()
            result = read_json(path / RESULT) or {}
            whole = (path / MANIFEST).is_file()
            return whole and wrote == told.get("trades_sha256") == result.get("trades_sha256")
    return False


def _texts(values: object) -> dict[str, str]:
    return {str(key): str(value) for key, value in values.items()} if isinstance(values, dict) else {}


def ledger_of(system: System, logs: Path) -> Ledger:
    """Return what the folders below ``logs/epochs`` know of a system."""
    evidence, others, failed, lost = [], set(), 0, 0
    for folder, summary in _summaries(logs, system.id):
        failed += summary.get("status") == FAILED
        told = read_json(folder / RESULTS) if summary.get("status") == COMPLETED else None
        epoch, ended = str(summary.get("epoch")), str(summary.get("ended"))
        one = None if told is None else Evidence.of(folder.name, epoch, told, ended)
        if told is None or one is None:
            continue
        if one.system_uid != system.uid:
            others.add(one.system_uid)
        elif _stands(told, logs):
            evidence.append(one)
        else:
            lost += 1
    evidence.sort(key=lambda one: (one.ended, one.run_id))
    return Ledger(system.id, dict(system.windows), tuple(evidence), len(others), failed, lost)


def _summaries(logs: Path, system_id: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted((logs / EPOCHS).glob(f"*/*/{SUMMARY}")):
        summary = read_json(path)
        if summary is not None and summary.get("strategy_id") == system_id:
            yield path.parent, summary
