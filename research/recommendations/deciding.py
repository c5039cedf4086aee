"""What is done with a recommendation: accepted, which writes a new version of the system, rejected, or in use."""

import msgspec

from core.errors import ConfigurationError, InvariantError
from research.recommendations.change import changed_text
from research.recommendations.system_now import SystemNow
from research.studies.search_rows import numbered
from runs.store.run_store import RunStore
from runs.store.store_rows import Recommendation
from systems.catalogue import read_system
from systems.commands.new_system import new_version
from systems.life_cycle.epoch_tracker import wall_clock_ms
from systems.places import Places

_HERE = Places()
_LONGEST = 56


def recommendation(number: str | int, store: RunStore) -> Recommendation:
    """Return a recommendation by its number or ``latest``; ConfigurationError where there is none."""
    rows = [one for one in store.records(Recommendation) if one.kind is not None]
    return numbered(rows, number, "recommendation", "there is none yet: python -m research recommend")


def accept(number: str | int, store: RunStore, places: Places = _HERE, note: str | None = None) -> Recommendation:
    """Write the version of the system that a recommendation asks for, and return the recommendation with its name.

    The system itself stays as it is. The version is a system like any other: it is run, judged and promoted by its own
    evidence, and nothing trades it before somebody does.

    Raises
    ------
    ConfigurationError
        If there is no such recommendation, it is decided already, or the system is no longer the one it was made for.
    StoreError
        If the file cannot be written.
    """
    row = _pending(number, store)
    system = SystemNow(read_system(str(row.system), places.systems), places)
    if system.settings_sha256 != row.settings_sha256:
        raise ConfigurationError(
            f"recommendation {row.id}: {row.system} is another now than the one it was made for — allowed: python -m "
            f"research recommend --system {row.system}"
        )
    changes = row.params or {}
    version = f"{system.id[:_LONGEST]}-r{row.id}"
    written = new_version(system.id, version, changes, f"{system.id} with {changed_text(changes)}", places)
    if read_system(version, places.systems).settings.settings_sha256 != system.settings_with(changes):
        raise InvariantError(f"{written['file']}: does not come to what was recommended")
    return _decided(row, store, status="accepted", note=note, version=version)


def reject(number: str | int, store: RunStore, note: str | None = None) -> Recommendation:
    """Say no to a recommendation, and return it; the same is not recommended again for the system as it is.

    Raises
    ------
    ConfigurationError
        If there is no such recommendation, or it is decided already.
    """
    return _decided(_pending(number, store), store, status="rejected", note=note)


def apply(number: str | int, store: RunStore, note: str | None = None) -> Recommendation:
    """Say that the version which an accepted recommendation has written is in use, and return the recommendation.

    Raises
    ------
    ConfigurationError
        If there is no such recommendation, or it is not accepted.
    """
    row = recommendation(number, store)
    if row.status != "accepted":
        raise ConfigurationError(f"recommendation {row.id}: is {row.status} — allowed: one that is accepted")
    found = msgspec.structs.replace(row, status="applied", note=row.note if note is None else note)
    store.record(found)
    return found


def _pending(number: str | int, store: RunStore) -> Recommendation:
    row = recommendation(number, store)
    if row.status != "pending":
        version = f" ({row.version})" if row.version else ""
        raise ConfigurationError(f"recommendation {row.id}: is {row.status} already{version} — allowed: a pending one")
    return row


def _decided(row: Recommendation, store: RunStore, **changes: object) -> Recommendation:
    found = msgspec.structs.replace(row, decided_ms=wall_clock_ms(), **changes)
    store.record(found)
    return found
