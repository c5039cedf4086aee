"""Timing of whole processes and of calls; figures are medians, and speed claims are ratios taken in one run."""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence


def process_seconds(arguments: Sequence[str], runs: int = 7) -> float:
    """Return the median wall time of ``python ARGUMENTS…`` as a whole process, after one run that is not counted."""
    seconds = []
    for _ in range(runs + 1):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds[1:])


def call_seconds(call: Callable[[], object], runs: int = 5) -> float:
    """Return the median wall time of a call, after one that is not counted."""
    seconds = []
    for _ in range(runs + 1):
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds[1:])


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


def peak_memory_mb() -> float:
    """Return the peak resident memory of this process so far, in MB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
