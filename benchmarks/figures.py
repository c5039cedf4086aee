"""What was measured, as figures; their table, and the document that keeps them."""

import platform
import statistics
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import msgspec

RESULTS = Path(__file__).parent / "results"
_LIBRARIES = ("numpy", "numba", "pandas", "pyarrow")


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """The median of some runs, and their least and largest value.

    ``program`` is what ran: ``compiled`` and ``reference`` are the engines, everything else is named in full.
    ``round_trips`` are those of 1,000 candles.
    """

    workload: str
    program: str
    unit: str
    median: float
    least: float
    largest: float
    runs: int
    round_trips: float | None = None

    @classmethod
    def of(
        cls, workload: str, program: str, unit: str, values: Sequence[float], round_trips: float | None = None
    ) -> "Figure":
        """Return the figure of some runs."""
        median = statistics.median(values)
        return cls(workload, program, unit, median, min(values), max(values), len(values), round_trips)


class Machine(msgspec.Struct, frozen=True):
    """What was measured on."""

    processor: str
    cores: int
    system: str
    python: str
    libraries: dict[str, str]


class Measured(msgspec.Struct, frozen=True):
    """One ``make bench``: the commit that was measured (with ``+`` where files differed from it), and its figures."""

    commit: str
    machine: Machine
    figures: tuple[Figure, ...]

    def figure(self, workload: str, program: str) -> Figure | None:
        """Return a figure; None where it was not measured."""
        return next((one for one in self.figures if (one.workload, one.program) == (workload, program)), None)


def machine() -> Machine:
    """Return this machine."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    versions = {name: metadata.version(name) for name in _LIBRARIES}
    name = names[0] if names else platform.processor()
    return Machine(name, len(names), platform.system(), platform.python_version(), versions)


def commit() -> str:
    """Return the commit of the checkout."""
    root = Path(__file__).resolve().parents[1]

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False).stdout.strip()

    changed = bool(git("status", "--porcelain", "--untracked-files=no"))
    return (git("rev-parse", "--short=12", "HEAD") or "unknown") + ("+" if changed else "")


def keep(figures: Sequence[Figure], *, whole: bool, folder: Path = RESULTS) -> Path:
    """Write figures beside those of other commits, and return the file.

    Those of less than a ``whole`` measurement, or without some that the commit's file has, go to a file of their own.
    """
    done = Measured(commit(), machine(), tuple(figures))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{done.commit.rstrip('+')}.json"
    less = path.with_suffix(".partial.json")
    known = kept(path).figures if path.is_file() else ()
    if not whole or any(done.figure(one.workload, one.program) is None for one in known):
        path = less
    else:
        less.unlink(missing_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(done), indent=1) + b"\n")
    return path


def kept(path: Path) -> Measured:
    """Read figures back."""
    return msgspec.json.decode(path.read_bytes(), type=Measured)


def written(value: float, unit: str) -> str:
    """Return a figure as text: rates in thousands or millions, everything else with its unit."""
    if unit == "candles/s":
        return f"{value / 1e6:.2f} M/s" if value >= 1e6 else f"{value / 1e3:.0f} k/s"
    return f"{value:.2f} {unit}" if value < 100 else f"{value:,.0f} {unit}"


def table(measured: Measured) -> str:
    """Return all figures as a Markdown table; each beside how many times the reference kernel it is."""
    lines = [
        "| workload | by | median | spread | runs | round trips per 1,000 | times the reference |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in measured.figures:
        base = measured.figure(one.workload, "reference")
        times = "" if base is None or base is one else f"{one.median / base.median:.1f}"
        spread = f"{written(one.least, one.unit)} – {written(one.largest, one.unit)}"
        trips = "" if one.round_trips is None else f"{one.round_trips:.1f}"
        median = written(one.median, one.unit)
        lines.append(f"| {one.workload} | {one.program} | {median} | {spread} | {one.runs} | {trips} | {times} |")
    return "\n".join(lines)


def summary(measured: Measured) -> str:
    """Return the tables that the README shows: rates beside the other programs' and whole processes."""
    others = sorted({one.program for one in measured.figures if one.unit == "candles/s"} - {"compiled", "reference"})
    programs = ("compiled", "reference", *others)
    lines = [
        f"| candles a second | round trips per 1,000 | {' | '.join(programs)} |",
        "|---" * (2 + len(programs)) + "|",
    ]
    for workload in dict.fromkeys(one.workload for one in measured.figures if one.unit == "candles/s"):
        found = [measured.figure(workload, program) for program in programs]
        trips = next(one.round_trips for one in found if one is not None)
        cells = [_beside(one, found[0]) for one in found]
        lines.append(f"| {workload} | {trips or 0:.1f} | {' | '.join(cells)} |")
    lines += ["", "| | |", "|---|---|"]
    rest = [one for one in measured.figures if one.unit != "candles/s"]
    lines += [f"| {one.workload}, {one.program} | {written(one.median, one.unit)} |" for one in rest]
    return "\n".join(lines)


def _beside(one: Figure | None, compiled: Figure | None) -> str:
    """Return a rate, with how many times it the compiled rules make."""
    if one is None:
        return ""
    rate = written(one.median, one.unit)
    return rate if compiled is None or one is compiled else f"{rate} ({compiled.median / one.median:.1f} ×)"
