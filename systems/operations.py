"""What can be done with systems, as functions that take names and return plain data."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from core.errors import ConfigurationError, HarnessError
from core.instants import format_ms
from engine.assembly import build_strategy_of
from systems.catalogue import all_systems, read_system, system_ids
from systems.life_cycle.epoch_files import one_line
from systems.life_cycle.epoch_run import run_epoch
from systems.life_cycle.epoch_tracker import StrategyEpochTracker, wall_clock_ms
from systems.life_cycle.evidence import Evidence, ledger_of
from systems.life_cycle.judgement import Judgement, judge
from systems.life_cycle.plain_values import plain_mapping, plain_value
from systems.life_cycle.promotion import Promotion, archive, consider, epoch_of, promote
from systems.life_cycle.strategy_epoch import StrategyEpoch, epoch_named
from systems.life_cycle.system_runners import ALL, system_backtest, system_paper_session, system_rehearsal
from systems.places import DEFAULT_FOLDER, Places
from systems.smoke import smoke
from systems.system import System

_HERE = Places()
_KEPT = ("system_uid", "window", "criteria", "run", "folder", "record", "parity_verdict", "result")
_RUNNERS: dict[StrategyEpoch, Callable[..., dict[str, Any]]] = {
    StrategyEpoch.BACKTEST: system_backtest,
    StrategyEpoch.DEMO: system_rehearsal,
    StrategyEpoch.LIVE: system_paper_session,
}


def list_systems(places: Places = _HERE) -> list[dict[str, Any]]:
    """Return every system of the folder: ``id``, ``description``, ``tags``, ``strategy``, ``exchange``, ``symbols``,
    ``timeframe``, ``windows``, ``system_uid``, ``epoch``; of one that cannot be read ``id`` and ``problem``."""
    return [
        {"id": system_id, "problem": one_line(one)} if isinstance(one, HarnessError) else _listed(one, places)
        for system_id, one in all_systems(places.systems).items()
    ]


def show_system(system_id: str, places: Places = _HERE) -> dict[str, Any]:
    """Return what a system comes to: what :func:`list_systems` has of it, and its file, bases, overrides, windows with
    their ranges, criteria and resolved settings."""
    system = read_system(system_id, places.systems)
    return {
        **_listed(system, places),
        "file": str(system.file),
        "bases": list(system.bases),
        "overrides": plain_value(system.overrides),
        "windows": {name: _range(system, name) for name in system.windows},
        "promotion": {gate: [one.text for one in criteria] for gate, criteria in system.promotion.items()},
        "settings_sha256": system.settings.settings_sha256,
        "settings": system.settings.resolved(),
    }


def check_systems(*wanted: str, places: Places = _HERE) -> list[dict[str, Any]]:
    """Return, for the systems named or for all, ``id``, ``ok`` and the ``problems`` of its file."""
    found = []
    for system_id in wanted or system_ids(places.systems):
        try:
            build_strategy_of(read_system(system_id, places.systems).settings)
            found.append({"id": system_id, "ok": True, "problems": []})
        except HarnessError as error:
            found.append({"id": system_id, "ok": False, "problems": [str(line) for line in error.args]})
    return found


def run_system(
    system_id: str,
    window_name: str | None = None,
    epoch: StrategyEpoch | str = StrategyEpoch.BACKTEST,
    places: Places = _HERE,
    **options: Any,
) -> dict[str, Any]:
    """Run a system, keep what came of it as evidence, and return it.

    Parameters
    ----------
    system_id, window_name
        The system, and one of its windows; a paper session has none.
    epoch
        ``backtest``, ``demo`` (a rehearsal on the practice exchange) or ``live`` (a paper session on its exchange).
    places
        Where systems, logs and candles are.
    **options
        As of ``system_backtest``, ``system_rehearsal`` and ``system_paper_session``: ``symbol``, ``offline``,
        ``duration``, ``speed``, …

    Returns
    -------
    dict
        What ``run_epoch`` returns, ``passed`` being whether all criteria of the system hold with this run; and
        ``system_uid``, ``window``, ``criteria``, ``folder`` (of the run), ``record`` (of the epoch) and ``result``.

    Raises
    ------
    ConfigurationError
        If an argument is wrong.
    Exception
        Whatever ended the run; its record is marked failed.
    """
    now, system = epoch_named(epoch), read_system(system_id, places.systems)
    options = {**_runner_options(system, now, window_name), **options}
    live, runner_fn = system.settings.live, _RUNNERS[now]
    told: dict[str, Any] = {}
    symbol = options.pop("symbol", ALL)
    frames = options.pop("timeframes", [live.timeframe])
    logs = places.logs_of(live.logging.directory)
    tracker = StrategyEpochTracker(logs)

    @functools.wraps(runner_fn)
    def runner(**arguments: Any) -> dict[str, Any]:
        told.update(runner_fn(**arguments), record=str(tracker.folder))
        return told

    def criteria(metrics: Any) -> Judgement:
        run = Evidence.of(tracker.run_id, now, {**told, "metrics": plain_value(metrics)})
        judgement = _judged(system, now, logs, run)
        told["criteria"] = judgement.criteria
        return judgement

    named = symbol if symbol != ALL else ",".join(live.symbols)
    answer = run_epoch(now, named, system_id, runner, frames, criteria, tracker=tracker, places=places, **options)
    return plain_mapping({**answer, **{key: told[key] for key in _KEPT if key in told}})


def promote_system(system_id: str, places: Places = _HERE, *, dry: bool = False) -> dict[str, Any]:
    """Judge a system on its evidence and return the ledger; where every criterion holds, its promotion is recorded.

    With ``dry`` nothing is recorded.
    """
    system = read_system(system_id, places.systems)
    logs = places.logs_of(system.settings.live.logging.directory)
    return _plain_promotion(consider(system, logs) if dry else promote(system, logs, wall_clock_ms()))


def archive_system(system_id: str, places: Places = _HERE) -> dict[str, Any]:
    """Record that a system has ended, and return its ledger."""
    system = read_system(system_id, places.systems)
    logs = places.logs_of(system.settings.live.logging.directory)
    return _plain_promotion(archive(system, logs, wall_clock_ms()))


def smoke_systems(folder: str = DEFAULT_FOLDER) -> list[dict[str, Any]]:
    """Run every system shortly on the practice market; return ``id``, ``ok``, and figures or the ``problem``."""
    return list(smoke(folder, wall_clock_ms()))


def _listed(system: System, places: Places) -> dict[str, Any]:
    live = system.settings.live
    return {
        "id": system.id,
        "description": system.description,
        "tags": list(system.tags),
        "strategy": live.strategy.type,
        "exchange": live.exchange,
        "symbols": list(live.symbols),
        "timeframe": live.timeframe,
        "windows": dict(system.windows),
        "system_uid": system.uid,
        "epoch": str(epoch_of(system, places.logs_of(live.logging.directory))),
    }


def _range(system: System, name: str) -> dict[str, str]:
    """Return what a window names, and its range as it is now; of one to come the reason why it has none."""
    text = system.windows[name]
    try:
        span = system.window(name, wall_clock_ms())
    except ConfigurationError as error:
        return {"text": text, "problem": one_line(error)}
    return {"text": text, "start": format_ms(span.start_ms), "end": format_ms(span.end_ms)}


def _runner_options(system: System, epoch: StrategyEpoch, window_name: str | None) -> dict[str, Any]:
    if epoch not in _RUNNERS:
        raise ConfigurationError(f"epoch {epoch} is not run — allowed: {', '.join(_RUNNERS)}")
    if epoch == StrategyEpoch.LIVE:
        if window_name is not None:
            raise ConfigurationError("a paper session has no window; it runs from now on for as long as --for says")
        return {}
    if window_name is None:
        names = ", ".join(system.windows) or "none; add one to its file"
        raise ConfigurationError(f"a {epoch} of {system.id} needs a window — allowed: {names}")
    system.window(window_name, wall_clock_ms())
    return {"window": window_name}


def _judged(system: System, epoch: StrategyEpoch, logs: Path, run: Evidence | None) -> Judgement:
    """Hold the criteria of the gate of an epoch against the ledger, with a run that is only just ending in it."""
    ledger = ledger_of(system, logs)
    if run is not None and run.system_uid == system.uid:
        ledger = msgspec.structs.replace(ledger, evidence=(*ledger.evidence, run))
    return judge(system.promotion.get(epoch, ()), ledger.figure)


def _plain_promotion(found: Promotion) -> dict[str, Any]:
    judged, ledger = found.judgement, found.ledger
    return plain_mapping(
        {
            "system": found.system,
            "system_uid": found.system_uid,
            "epoch": found.epoch,
            "next_epoch": found.next_epoch,
            "promoted": found.promoted,
            "passed": judged.passed,
            "promotion_reason": judged.reason,
            "criteria": judged.criteria,
            "evidence": ledger.evidence,
            "failed_runs": ledger.failed,
            "lost_runs": ledger.lost,
            "other_versions": ledger.others,
        }
    )
