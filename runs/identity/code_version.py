"""Which code runs: the version and a hash of the source of everything that can change an output.

What a run writes is a function of its settings, of its input (candles, or a journal) and of this code. The code that
makes settings and input is covered by their own hashes, and what tells of a finished run changes none of its outputs;
whatever else a run reaches is hashed here.
"""

import functools
import hashlib
from pathlib import Path

VERSION = "0.1.0"

KERNEL = ("core", "indicators", "strategies", "risk_management", "execution", "engine", "compiled")
"""Packages that are hashed whole."""
BESIDE_THE_KERNEL = (
    "backtests/engines/compiled_session.py",
    "backtests/engines/compiled_totals.py",
    "backtests/engines/engine_choice.py",
    "backtests/engines/heard_at_once.py",
    "backtests/engines/hearing.py",
    "backtests/kept_outputs.py",
    "backtests/kept_run.py",
    "backtests/market_input.py",
    "backtests/many/market_memory.py",
    "backtests/engines/opinions.py",
    "backtests/engines/said_sample.py",
    "backtests/engines/said_so_far.py",
    "backtests/engines/unseen_account.py",
    "backtests/replay.py",
    "backtests/run.py",
    "backtests/run_plan.py",
    "backtests/timeline.py",
)
"""Modules of other packages through which hashed input goes on its way into the kernel."""

_ROOT = Path(__file__).resolve().parents[2]


def hashed_files() -> list[Path]:
    """Return the source files that the hash covers, in its order."""
    files = [path for package in KERNEL for path in (_ROOT / package).rglob("*.py")]
    return sorted(files, key=Path.as_posix) + [_ROOT / name for name in BESIDE_THE_KERNEL]


@functools.cache
def code_version() -> str:
    """Return ``VERSION+hash``: the hash is the same on whatever machine, and wherever, the source lies."""
    digest, before = hashlib.sha256(), len(_ROOT.as_posix()) + 1
    for path in hashed_files():
        source = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.as_posix()[before:]}:{len(source)}\n".encode())
        digest.update(source)
    return f"{VERSION}+{digest.hexdigest()[:16]}"
