"""Timing of whole processes and of calls; figures are medians, and speed claims are ratios taken in one run."""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

BACKTEST = ("-m", "backtests.config_backtest")
ROOT = Path(__file__).resolve().parents[1]


class Ended(NamedTuple):
    """What a process took: wall time, CPU time, and the most memory that it held, in MB."""

    wall: float
    cpu: float
    memory: float


def ended(arguments: Sequence[str], root: Path = ROOT, environment: Mapping[str, str] | None = None) -> Ended:
    """Run ``python ARGUMENTS…`` to its end."""
    begun_at = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=root,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        complaint = process.stderr.read() if process.stderr else b""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(
            f"{' '.join(arguments)} ended with exit code {process.returncode}: {complaint.decode()[-500:]}"
        )
    return Ended(time.perf_counter() - begun_at, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def process_seconds(arguments: Sequence[str], runs: int = 7) -> float:
    """Return the median wall time of ``python ARGUMENTS…`` as a whole process, after one run that is not counted."""
    return call_seconds(lambda: ended(arguments), runs)


def call_seconds(call: Callable[[], object], runs: int = 5) -> float:
    """Return the median wall time of a call, after one that is not counted."""
    return interleaved_seconds([call], runs)[0]


def interleaved_seconds(calls: Sequence[Callable[[], object]], runs: int = 7) -> list[float]:
    """Return the median wall time of each call, the calls taking turns, after a turn that is not counted."""
    seconds: list[list[float]] = [[] for _ in calls]
    for run in range(runs + 1):
        for own, call in zip(seconds, calls, strict=True):
            begun = time.perf_counter()
            call()
            if run:
                own.append(time.perf_counter() - begun)
    return [statistics.median(own) for own in seconds]


def least_cpu_seconds(call: Callable[[], object], runs: int = 5) -> float:
    """Return the least CPU time of a call."""
    seconds = []
    for _ in range(runs):
        begun = time.process_time()
        call()
        seconds.append(time.process_time() - begun)
    return min(seconds)


def peak_memory_mb() -> float:
    """Return the peak resident memory of this process so far, in MB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
