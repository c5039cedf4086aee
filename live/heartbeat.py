"""The heartbeat: a small file that says the session's process is alive, and the command that checks it.

``python -m live.heartbeat FOLDER --max-age 60`` exits 0 when the heartbeat of a session is young enough and 1 when it
is not, for health checks of a process supervisor. Age is counted by the machine's monotonic clock, which neither a
person nor a time server can set; a heartbeat is therefore checked on the machine that wrote it.
"""

import argparse
import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.candle import Candle
    from engine.journal_records import CommandRecord, MissingRecord
    from live.intake.barrier import ClosedStep
    from live.intake.candle_lane import Note
    from live.views.session_watch import SessionWatch

HEARTBEAT = "heartbeat.json"
BEAT_SECONDS = 5.0
MAX_AGE_SECONDS = 60.0


class Heartbeat:
    """Writes ``heartbeat.json`` every five seconds, and at once when the connection or the kill switch changes.

    Parameters
    ----------
    watch
        What is known of the session; told before this view.
    folder
        The session's folder.
    """

    def __init__(self, watch: "SessionWatch", folder: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._watch = watch
        self._file = folder / HEARTBEAT
        self._monotonic = monotonic
        self._due_at = float("-inf")

    def candle_forming(self, symbol: str, candle: "Candle") -> None:
        """Wait for the next beat."""

    def step_done(self, closed: "ClosedStep", delay_seconds: float) -> None:
        """Beat when one is due: while a long queue of steps is worked off nothing else would."""
        self.refresh()

    def noted(self, note: "Note") -> None:
        """Wait for the next beat."""

    def gone_without(self, missing: "MissingRecord") -> None:
        """Wait for the next beat."""

    def connection_changed(self, event: str, detail: str) -> None:
        """Beat soon, unless only a message was unreadable."""
        if event != "unreadable":
            self._due_at = float("-inf")

    def commanded(self, command: "CommandRecord") -> None:
        """Beat soon."""
        self._due_at = float("-inf")

    def refresh(self) -> None:
        """Beat when one is due."""
        now = self._monotonic()
        if now >= self._due_at:
            self._due_at = now + BEAT_SECONDS
            self._write("running", now)

    def close(self) -> None:
        """Leave a last heartbeat that says the process stopped on purpose."""
        self._write("stopped", self._monotonic())

    def _write(self, state: str, now: float) -> None:
        document = {
            "state": state,
            "pid": os.getpid(),
            "monotonic_seconds": now,
            "written": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),  # noqa: TID251 - for people only
            **self._watch.vital_signs(),
        }
        # Not synced: after a power cut there is no process that an old heartbeat could speak for.
        work = self._file.with_name(f".{HEARTBEAT}.tmp")
        work.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        work.replace(self._file)


def check(folder: Path, max_age_seconds: float, now: float) -> tuple[bool, str]:
    """Return whether a session's heartbeat is healthy, and a sentence about it.

    ``now`` is monotonic seconds of the machine. A heartbeat from before the last start of the machine is not healthy:
    it seems to come from the future, or its process is gone and it grows old.
    """
    file = folder / HEARTBEAT
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        state, written_at = document["state"], float(document["monotonic_seconds"])
    except OSError as error:
        return False, f"{file}: no heartbeat ({error.strerror})"
    except (ValueError, KeyError, TypeError):
        return False, f"{file}: not a heartbeat"
    age = now - written_at
    said = f"{file}: {state}, {age:.1f} s old, last step {document.get('last_step')}, {document.get('connection')}"
    return state == "running" and 0.0 <= age <= max_age_seconds, said


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check; return 0 for a healthy heartbeat, 1 for any other, 2 for bad arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m live.heartbeat",
        description="Say whether a live session's process is alive.",
        epilog="exit codes: 0 alive, 1 not alive (too old, stopped, missing or no heartbeat), 2 bad arguments",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder of the session")
    parser.add_argument(
        "--max-age", type=float, default=MAX_AGE_SECONDS, metavar="SECONDS", help="default: %(default)g"
    )
    asked = parser.parse_args(arguments)
    if not 0.0 < asked.max_age < float("inf"):
        parser.error(f"--max-age {asked.max_age:g}: a positive number of seconds is needed")
    healthy, said = check(asked.folder, asked.max_age, time.monotonic())
    print(said)
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main())
