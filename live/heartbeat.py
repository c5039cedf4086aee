"""The command that checks a session's heartbeat, a small file that says its process is alive.

``python -m live.heartbeat FOLDER --max-age 60`` exits 0 when the heartbeat of a session is young enough and 1 when it
is not, for health checks of a process supervisor. Age is counted by the machine's monotonic clock, which neither a
person nor a time server can set; a heartbeat is therefore checked on the machine that wrote it.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from core.command_line import say

HEARTBEAT = "heartbeat.json"
MAX_AGE_SECONDS = 60.0


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
    say(said)
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main())
