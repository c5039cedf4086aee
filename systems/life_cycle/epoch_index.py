"""Epochs in the run store: an index of their folders, which can be made again at any time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from core.instants import parse_instant
from runs.store.run_store import RunStore
from runs.store.store_rows import Epoch, Status
from systems.life_cycle.epoch_files import CONFIG, EPOCHS, RESULTS, SUMMARY, read_json
from systems.life_cycle.epoch_tracker import COMPLETED, FAILED

_STATUS: dict[str, Status] = {COMPLETED: "COMPLETED", FAILED: "FAILED"}


def index_epochs(store: RunStore, logs: Path) -> int:
    """Bring the store up to what the folders below ``logs/epochs`` say; return how many runs were new or had changed.

    A run without an end is RUNNING; whether its process still lives, its folder does not say.
    """
    known = {one.run_id: msgspec.structs.replace(one, id=None) for one in store.records(Epoch)}
    changed = [one for one in _epochs(logs) if known.get(one.run_id) != one]
    for one in changed:
        store.record_epoch(one)
    return len(changed)


def _epochs(logs: Path) -> Iterator[Epoch]:
    for path in sorted((logs / EPOCHS).glob(f"*/*/{CONFIG}")):
        config = read_json(path)
        if config is not None and {"strategy_id", "epoch", "started"} <= config.keys():
            yield _epoch(path.parent, config)


def _epoch(folder: Path, config: dict[str, Any]) -> Epoch:
    summary, results = read_json(folder / SUMMARY) or {}, read_json(folder / RESULTS) or {}
    ended = summary.get("ended")
    return Epoch(
        run_id=folder.name,
        strategy_id=str(config["strategy_id"]),
        epoch=str(config["epoch"]),
        status=_STATUS.get(str(summary.get("status")), "RUNNING"),
        symbol=config.get("symbol"),
        metrics=results.get("metrics"),
        criteria=summary.get("criteria"),
        passed=summary.get("passed"),
        promotion_reason=summary.get("promotion_reason"),
        next_epoch=summary.get("next_epoch"),
        failure=summary.get("error"),
        started_ms=parse_instant(config["started"]),
        ended_ms=parse_instant(ended) if isinstance(ended, str) else None,
        folder=str(folder.resolve()),
    )
