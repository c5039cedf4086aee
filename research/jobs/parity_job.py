"""The parity of a live session as a job: its journal replayed, its window run on candles of the store."""

from pathlib import Path

import msgspec

from backtests.portfolio.session_parity import check_session
from backtests.proof.parity_report import Part
from core.errors import DataUnavailableError, ParityError
from research.jobs.held_job import HeldJob
from runs.jobs.job_queue import JobQueue
from runs.store.run_store import RunStore
from runs.store.store_rows import Job
from systems.life_cycle.epoch_tracker import wall_clock_ms
from systems.places import Places

PARITY = "parity"
_WORDS = {0: "exact", ParityError.exit_code: "different", DataUnavailableError.exit_code: "unchecked"}


class ParityRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which session is checked: its ``folder``; the rest as of ``python -m backtests.parity``."""

    folder: str
    only: Part | None = None
    offline: bool = False
    places: Places = Places()


def submit_parity(store: RunStore, wanted: ParityRequest) -> Job:
    """Let a worker check a session."""
    folder = Path(wanted.folder).absolute()
    wanted = msgspec.structs.replace(wanted, folder=str(folder), places=wanted.places.absolute())
    return JobQueue(store).submit(PARITY, f"parity of {folder.name}", msgspec.to_builtins(wanted))


def make_parity(held: HeldJob, wanted: ParityRequest) -> None:
    """Check it and keep the verdict; errors as of the command, :class:`JobEnds` where it is to end."""
    found = check_session(
        wanted.folder,
        wanted.only,
        data_dir=wanted.places.data_dir,
        offline=wanted.offline,
        now_ms=wall_clock_ms(),
    )
    held.made(1, 1)
    for line in found.lines:
        held.say(line)
    held.outcome(
        session=Path(wanted.folder).name,
        parity=_WORDS[found.exit_code],
        verdict=found.verdict,
        unavailable=found.unavailable,
    )
