"""Speed of the live path: the real command on the loopback exchange, each in a process of its own.

The delay of a step runs from its last candle's arrival to its outputs' being written, the journal synced to disk.
"""

import contextlib
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from backtests.timeline import merged_steps
from benchmarks.market import configuration
from core.candle_columns import CandleColumns
from core.timeframe import DAY_MS, MINUTE_MS
from engine.assembly import build_strategy_of
from engine.fold import SessionFold
from engine.journal_records import SessionRecord, StepRecord, fields_of
from engine.renderer import SessionOutputs
from live.life.session_folder import SessionFolder
from live.life.session_resume import fold_journal
from market_data.store.candle_store import CandleStore
from practice.exchange_options import DEFAULT_START_MS as START_MS
from practice.market.wide_market import practice_source
from runs.documents.manifest import Manifest, SymbolAtStart
from runs.folder.file_names import JOURNAL, MANIFEST
from runs.identity.code_version import code_version
from validation.loading import load_settings

EXCHANGE = "binance"
START = "2024-01-01"
ROOT = Path(__file__).resolve().parents[1]
ADDRESSES = re.compile(r"REST (http://\S+)/api/v3 .*streams (ws://[^/]+)/")
"""Finds the two addresses in the first line that ``python -m practice`` prints."""
_DELAYS = "delays.json"
_MEASURED = """
import json, sys
from live.views.session_watch import SessionWatch
from live.life.live_command import main

kept = []

def taken(watch, done, take=SessionWatch._step_done):
    kept.append(done.delay_seconds)
    take(watch, done)

SessionWatch._step_done = taken
code = main(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    json.dump(kept, file)
sys.exit(code)
"""
"""The command, with the delays of all its steps written to a file at the end."""


def measure_live_path(folder: Path) -> None:
    """Print delays of steps, the time of a day at speed, and recovery from a week's journal."""
    _measure_steps(folder / "steps", symbols(50), speed=600, minutes=300)
    _measure_day(folder / "day", symbols(10))
    _measure_recovery(folder / "recovery", symbols(10), days=7)


def symbols(count: int) -> list[str]:
    """Return the practice market's symbols, and invented ones behind them."""
    own = list(practice_source(1).markets())
    return [*own, *(f"X{place:02d}/USDT" for place in range(count - len(own)))][:count]


def _measure_steps(folder: Path, names: list[str], speed: int, minutes: int) -> None:
    config = _configuration(folder, names)
    with _exchange(names, START, speed) as addresses:
        _live(folder, config, addresses, "--for", f"{minutes}m")
    delays = _delays(folder)
    print(f"live path: {len(names)} symbols, {len(delays)} steps of one minute at ×{speed}, delay of a step:")
    print(f"  median {statistics.median(delays):.1f} ms, 99th percentile {_percentile(delays, 0.99):.1f} ms, ", end="")
    print(f"longest {delays[-1]:.1f} ms")


def _measure_day(folder: Path, names: list[str]) -> None:
    config = _configuration(folder, names)
    begun = time.perf_counter()
    with _exchange(names, START, 2_000) as addresses:
        session = _live(folder, config, addresses, "--for", "1d")
    seconds = time.perf_counter() - begun
    _store(folder / "store", names, START_MS - DAY_MS, START_MS + DAY_MS)
    arguments = ["-m", "backtests.parity", str(session), "--data-dir", str(folder / "store"), "--offline"]
    checked = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    said = checked.stdout.splitlines()[-1] if checked.stdout else checked.stderr.strip()
    print(
        f"a day of {len(names)} symbols at ×2000: {seconds:.1f} s with start and report ({DAY_MS / 2e6:.1f} s of clock)"
    )
    print(f"  {len(_delays(folder))} steps; {said} (exit {checked.returncode})")


def _measure_recovery(folder: Path, names: list[str], days: int) -> None:
    config = _configuration(folder, names)
    session, candles = _unfinished_session(folder, config, names, days)
    settings = load_settings(config)
    begun = time.perf_counter()
    with contextlib.closing(SessionFolder(session)) as held:
        fold_journal(held, settings)
    seconds = time.perf_counter() - begun
    journal = session / JOURNAL
    size = journal.stat().st_size
    print(f"recovery: a journal of {days} days and {len(names)} symbols, {size / 1e6:.0f} MB")
    print(f"  folded in {seconds:.2f} s: {candles / seconds:,.0f} candles/s")
    with _exchange(names, f"2024-01-{1 + days:02d}", 600) as addresses:
        begun = time.perf_counter()
        with subprocess.Popen(
            _command(folder, config, addresses, "--resume", str(session)),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            seconds = _until_next_step(process, journal, size) - begun
            process.kill()
    print(f"  from the start of a process that resumes it to its first step: {seconds:.2f} s, connecting included")


def _until_next_step(process: subprocess.Popen[bytes], journal: Path, size: int) -> float:
    """Return when a step was written behind the first ``size`` bytes of a journal."""
    while process.poll() is None:
        with journal.open("rb") as file:
            file.seek(size)
            if b'"record":"step"' in file.read():
                return time.perf_counter()
        time.sleep(0.005)
    raise SystemExit(f"the resumed session ended with exit code {process.returncode}")


def _configuration(folder: Path, names: list[str]) -> Path:
    folder.mkdir(parents=True)
    return configuration(folder, EXCHANGE, names)


@contextlib.contextmanager
def _exchange(names: list[str], start: str, speed: int) -> Iterator[tuple[str, str]]:
    """Run the loopback exchange in a process of its own and yield its addresses; its clock waits for all streams."""
    asked = ["--port", "0", "--start", start, "--speed", str(speed), "--symbols", ",".join(names)]
    command = [sys.executable, "-m", "practice", *asked, "--wait-for-streams", str(len(names))]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            match = ADDRESSES.match(process.stdout.readline() if process.stdout else "")
            if match is None:
                raise SystemExit("the loopback exchange did not start")
            yield match[1], match[2]
        finally:
            process.terminate()
            process.communicate()


def _command(folder: Path, config: Path, addresses: tuple[str, str], *arguments: str) -> list[str]:
    places = ["--out", str(folder / "live"), "--data-dir", str(folder / "data"), "--plain"]
    reached = ["--rest-url", addresses[0], "--stream-url", addresses[1]]
    measured = [sys.executable, "-c", _MEASURED, str(folder / _DELAYS)]
    return [*measured, "--config", str(config), *reached, *places, *arguments]


def _live(folder: Path, config: Path, addresses: tuple[str, str], *arguments: str) -> Path:
    """Run a session to its end and return its folder."""
    command = _command(folder, config, addresses, *arguments)
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise SystemExit(f"the live session ended with exit code {ended.returncode}: {ended.stderr[-2000:]}")
    return next((folder / "live").iterdir())


def _delays(folder: Path) -> list[float]:
    """Return the delays of all steps of the session in a folder, in milliseconds, in order of size."""
    seconds: list[float] = json.loads((folder / _DELAYS).read_text(encoding="utf-8"))
    return sorted(1_000 * one for one in seconds)


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _store(store: Path, names: list[str], start_ms: int, end_ms: int) -> None:
    """Put the loopback exchange's candles into a candle store."""
    kept = CandleStore(store)
    for name, columns in _columns(names, start_ms, end_ms).items():
        kept.write(EXCHANGE, name, "1m", columns, source="practice")
        kept.add_coverage(EXCHANGE, name, "1m", start_ms, end_ms)


def _columns(names: list[str], start_ms: int, end_ms: int) -> dict[str, CandleColumns]:
    market = practice_source(1, names)
    return {name: market.candles(name, "1m", start_ms, end_ms) for name in names}


def _unfinished_session(folder: Path, config: Path, names: list[str], days: int) -> tuple[Path, int]:
    """Write the journal of a session that was killed after so many days; return its folder and its candles."""
    settings = load_settings(config)
    end_ms = START_MS + days * DAY_MS
    warmup = build_strategy_of(settings).warmup_candles
    before = _columns(names, START_MS - warmup * MINUTE_MS, START_MS)
    session = folder / "live" / "killed"
    session.mkdir(parents=True)
    record = SessionRecord(
        session=session.name,
        settings_sha256=settings.settings_sha256,
        code_version=code_version(),
        settings=dict(settings.resolved()),
        instruments=dict(practice_source(1, names).markets()),
        warmup={name: list(zip(*(column.tolist() for column in one), strict=True)) for name, one in before.items()},
        kill_switch=False,
        start_ms=START_MS,
    )
    fold = SessionFold(record, settings, SessionOutputs())
    windows = _columns(names, START_MS, end_ms)
    sources = ("websocket",) * len(names)
    with (session / JOURNAL).open("wb") as journal:
        journal.write(_line(record))
        for step in merged_steps(list(windows.values()), MINUTE_MS):
            candles = tuple(fields_of(candle) for candle in step.candles)
            of_step = StepRecord(step.time_ms, candles, fold.outputs.digest(), sources)
            fold.apply(of_step)
            journal.write(_line(of_step))
    manifest = Manifest[SymbolAtStart](settings=record.settings, settings_sha256=record.settings_sha256)
    (session / MANIFEST).write_text(manifest.text(), encoding="utf-8")
    return session, sum(one.rows for one in windows.values())


def _line(record: SessionRecord | StepRecord) -> bytes:
    return msgspec.json.encode(record) + b"\n"
