"""What it costs a playback to be watched: the real server, clients as processes, runs with and without them in turn."""

import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measure import ROOT

CLIENTS, A_SECOND = 10, 1_000
_PRINTED = re.compile(r"(http://\S+/)\?token=(\S+)")
_CLIENT = """
import sys, urllib.request
asked = urllib.request.Request(sys.argv[1], headers={"Authorization": "Bearer " + sys.argv[2]})
states = 0
for line in urllib.request.urlopen(asked):
    states += line == b"event: state\\n"
    if b'"control":"ended"' in line:
        break
    if line.startswith(b"id:") and not states:
        print("listens", flush=True)
print(states)
"""
"""Counts the states that it is sent, until the last."""


class _Server(NamedTuple):
    address: str
    token: str
    pid: int

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        told = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.address + path, data, told, method=method)) as answer:
            return json.load(answer)

    def playing(self) -> int:
        """Return the process of its playback."""
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.pid and b"spawn_main" in (place / "cmdline").read_bytes():
                    return int(place.name)
        raise SystemExit("the playback has no process")


class _Played(NamedTuple):
    cpu: float
    wall: float
    states: float
    last: dict[str, Any]


def measure_playback(folder: Path, days: int, pairs: int = 5) -> None:
    """Print how much of its CPU time a playback of four symbols loses to ten clients of a thousand states a second."""
    folder.mkdir(parents=True)
    alone, watched = [], []
    with _server(folder) as server:
        for _ in range(pairs):
            alone.append(_played(server, days, 0))
            watched.append(_played(server, days, CLIENTS))
    lost = statistics.median([1.0 - one.cpu / other.cpu for one, other in zip(alone, watched, strict=True)])
    same = all(one.last == alone[0].last for one in (*alone, *watched))
    candles = alone[0].last["metrics"]["candles_processed"]
    cpu, states = (statistics.median([getattr(one, name) for one in watched]) for name in ("cpu", "states"))
    wall = statistics.median([one.wall for one in watched])
    print(f"playback: {candles:,} candles, {CLIENTS} clients, {A_SECOND:,} states a second asked for, {pairs} pairs:")
    print(f"  {states / wall:,.0f} states a second reach each ({states / cpu:,.0f} a second of the run's CPU time)")
    print(f"  the run is slowed by {lost:.1%} of its CPU time, its end is {'the same' if same else 'ANOTHER'}")


def _played(server: _Server, days: int, clients: int) -> _Played:
    """Play a run as fast as it goes, watched by so many."""
    window = {"start_date": "2024-01-01", "end_date": f"2024-01-{1 + days:02d}"}
    asked = {"config": "practice.yaml", "timeframe": "1m", **window}
    body = {"asked": asked, **({"states_per_second": A_SECOND} if clients else {})}
    name = server.ask("api/playbacks", "POST", body)["id"]
    listening = []
    for _ in range(clients):
        command = [sys.executable, "-c", _CLIENT, f"{server.address}api/events?topics=playback:{name}", server.token]
        one = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert one.stdout is not None  # noqa: S101
        one.stdout.readline()
        listening.append(one)
    pid = server.playing()
    begun, before = time.perf_counter(), _cpu(pid)
    server.ask(f"api/playbacks/{name}/control", "POST", {"action": "play"})
    while (state := server.ask(f"api/playbacks/{name}")["state"])["control"] != "ended":
        time.sleep(0.5)
    wall, cpu = time.perf_counter() - begun, _cpu(pid) - before
    counted = [int(one.communicate()[0].split()[-1]) for one in listening]
    server.ask(f"api/playbacks/{name}", "DELETE")
    return _Played(cpu, wall, statistics.median(counted) if counted else 0.0, state["now"])


def _cpu(pid: int) -> float:
    """Return the CPU time of a process so far, in seconds."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[_Server]:
    places = ["--config", str(ROOT / "config"), "--systems", str(ROOT / "config" / "systems")]
    with subprocess.Popen(
        [sys.executable, "-m", "dashboard", "--port", "0", "--workers", "0", *places],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        printed = _PRINTED.search(process.stdout.readline() if process.stdout else "")
        if printed is None:
            raise SystemExit("the dashboard did not start")
        try:
            yield _Server(printed[1], printed[2], process.pid)
        finally:
            process.terminate()
