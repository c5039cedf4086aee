"""Resident memory of this process."""

import resource
from pathlib import Path

_PAGE_BYTES = resource.getpagesize()


def resident_mb() -> float:
    """Return the resident memory now, in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES / 1_048_576
