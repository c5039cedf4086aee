"""What it costs a playback to be watched: the real server, clients as processes, runs with and without them in turn."""

import contextlib
import datetime as dt
import json
import os
import re
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measure import ROOT

CLIENTS, A_SECOND, DAYS = 10, 1_000, 90
_FIRST = dt.date(2024, 1, 1)
_PRINTED = re.compile(r"(http://\S+/)\?token=(\S+)")
_CLIENT = """
import sys, time, urllib.request
asked = urllib.request.Request(sys.argv[1], headers={"Authorization": "Bearer " + sys.argv[2]})
answer = urllib.request.urlopen(asked)
state, begun, states, kept = b"\\nevent: state\\n", None, 0, answer.read1(65_536)
print("listens", flush=True)
while True:
    kept += answer.read1(262_144)
    states += kept.count(state)
    if begun is None and b'"control":"playing"' in kept:
        begun = time.monotonic()
    if b'"control":"ended"' in kept:
        break
    kept = kept[1 - len(state):]
print(states, time.monotonic() - begun)
"""
"""Counts the states that it is sent, and how long they come: until the last."""


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


def measure_playback(folder: Path, days: int = DAYS, pairs: int = 5) -> None:
    """Print what a playback of four symbols loses to ten clients of a thousand states a second, of both its times."""
    folder.mkdir(parents=True)
    alone, watched = [], []
    with _server(folder) as server:
        _played(server, days, 0)  # Its candles are made and stored.
        for _ in range(pairs):
            alone.append(_played(server, days, 0))
            watched.append(_played(server, days, CLIENTS))
    both = list(zip(alone, watched, strict=True))
    cpu = statistics.median([other.cpu / one.cpu for one, other in both]) - 1.0
    wall = statistics.median([other.wall / one.wall for one, other in both]) - 1.0
    same = all(one.last == alone[0].last for one in (*alone, *watched))
    candles = alone[0].last["metrics"]["candles_processed"]
    a_second = statistics.median([one.states / one.wall for one in watched])
    of_cpu = statistics.median([one.states / one.cpu for one in watched])
    print(f"playback: {candles:,} candles, {CLIENTS} clients, {A_SECOND:,} states a second asked for, {pairs} pairs:")
    print(f"  {a_second:,.0f} states a second reach each client, {CLIENTS * a_second:,.0f} in all;")
    print(f"  {of_cpu:,.0f} in a second of the run's CPU time, which is less where others are on the machine")
    print(f"  the run takes {cpu:.1%} more CPU time and {wall:.1%} more time")
    print(f"  its end is {'the same' if same else 'ANOTHER'}")


def _played(server: _Server, days: int, clients: int) -> _Played:
    """Play a run as fast as it goes, watched by so many; without any, one is told its first and its last state."""
    window = {"start_date": str(_FIRST), "end_date": str(_FIRST + dt.timedelta(days))}
    asked = {"config": "practice.yaml", "timeframe": "1m", **window}
    body = {"asked": asked, "states_per_second": A_SECOND if clients else 0.001}
    name = server.ask("api/playbacks", "POST", body)["id"]
    listening = []
    for _ in range(clients or 1):
        command = [sys.executable, "-c", _CLIENT, f"{server.address}api/events?topics=playback:{name}", server.token]
        one = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert one.stdout is not None  # noqa: S101
        one.stdout.readline()
        listening.append(one)
    pid = server.playing()
    before = _cpu(pid)
    server.ask(f"api/playbacks/{name}/control", "POST", {"action": "play"})
    counted = [[float(text) for text in one.communicate()[0].split()] for one in listening]
    cpu, state = _cpu(pid) - before, server.ask(f"api/playbacks/{name}")["state"]
    server.ask(f"api/playbacks/{name}", "DELETE")
    states, wall = (statistics.median(one) for one in zip(*counted, strict=True))
    return _Played(cpu, wall, states, state["now"])


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
