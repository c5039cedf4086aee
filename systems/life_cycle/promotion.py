"""Promotion of a system to its next epoch: a recorded judgement of its criteria on its evidence."""

from pathlib import Path
from typing import Any

import msgspec

from core.errors import ConfigurationError
from core.instants import format_ms
from systems.life_cycle.epoch_files import EPOCHS, append_event, append_line, read_lines
from systems.life_cycle.evidence import Ledger, ledger_of
from systems.life_cycle.judgement import Judgement, judge
from systems.life_cycle.strategy_epoch import StrategyEpoch
from systems.system import System
from systems.system_file import GATED

PROMOTIONS = "promotions.jsonl"
_FIRST = StrategyEpoch.BACKTEST
"""Where a system begins: that its file resolves is its creation."""


class Promotion(msgspec.Struct, frozen=True):
    """What a promotion of a system comes to now: where from, where to, on what."""

    system: str
    system_uid: str
    epoch: str
    next_epoch: str | None
    promoted: bool
    judgement: Judgement
    ledger: Ledger


def epoch_of(system: System, logs: Path) -> StrategyEpoch:
    """Return the epoch in which a system is, as it resolves now; what was changed begins again."""
    epoch = _FIRST
    for record in read_lines(logs / EPOCHS / PROMOTIONS):
        if record.get("system") == system.id and record.get("system_uid") == system.uid:
            to = record.get("to")
            epoch = StrategyEpoch(to) if to in set(StrategyEpoch) else epoch
    return epoch


def consider(system: System, logs: Path) -> Promotion:
    """Return what a promotion of a system comes to, without making it."""
    epoch, ledger = epoch_of(system, logs), ledger_of(system, logs)
    if epoch not in GATED:
        reason = f"{epoch} is the last epoch that a promotion leads to"
        return Promotion(system.id, system.uid, epoch, None, False, Judgement(False, reason), ledger)
    judgement = judge(system.promotion.get(epoch, ()), ledger.figure)
    return Promotion(system.id, system.uid, epoch, epoch.next, False, judgement, ledger)


def promote(system: System, logs: Path, now_ms: int) -> Promotion:
    """Judge a system on its evidence and, where every criterion holds, record that it goes on; a refusal is an event.

    Raises
    ------
    StoreError
        If the record cannot be written.
    """
    considered = consider(system, logs)
    if not considered.judgement.passed or considered.next_epoch is None:
        append_event(logs, now_ms, "promotion_refused", **_facts(considered, considered.next_epoch))
        return considered
    _record(considered, considered.next_epoch, logs, now_ms)
    return msgspec.structs.replace(considered, promoted=True)


def archive(system: System, logs: Path, now_ms: int) -> Promotion:
    """Record that a system has ended, with what is known of it; that needs no evidence.

    Raises
    ------
    ConfigurationError
        If it has ended before.
    StoreError
        If the record cannot be written.
    """
    considered = consider(system, logs)
    if considered.epoch == StrategyEpoch.ARCHIVED:
        raise ConfigurationError(f"{system.id} is archived already; a change of its settings begins it again")
    _record(considered, StrategyEpoch.ARCHIVED, logs, now_ms)
    return msgspec.structs.replace(considered, next_epoch=str(StrategyEpoch.ARCHIVED), promoted=True)


def _record(considered: Promotion, to: str, logs: Path, now_ms: int) -> None:
    facts = _facts(considered, to)
    append_line(logs / EPOCHS / PROMOTIONS, {"time": format_ms(now_ms), **facts})
    append_event(logs, now_ms, "promotion", **facts)


def _facts(considered: Promotion, to: str | None) -> dict[str, Any]:
    return {
        "system": considered.system,
        "system_uid": considered.system_uid,
        "from": considered.epoch,
        "to": to,
        "criteria": considered.judgement.criteria,
        "evidence": [one.run_id for one in considered.ledger.evidence],
    }
