"""Whether a live session's folder is in use."""

import fcntl
import os
from pathlib import Path


def is_held(folder: Path) -> bool:
    """Whether a process has a session's folder: it holds the lock that lies there."""
    try:
        descriptor = os.open(folder / ".lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
