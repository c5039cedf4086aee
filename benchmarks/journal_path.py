"""A long journal: what it costs to prove its session and to take it up again, each in a process of its own.

``python -m benchmarks.journal_path`` measures a year of one-minute candles of two symbols, with few trades and with
many.
"""

import argparse
import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import msgspec
import yaml

from backtests.timeline import merged_steps
from benchmarks.market import configuration
from benchmarks.measure import ROOT, Ended, ended
from benchmarks.workloads import DENSE, START_MS, candles_of_seed, market_of
from core.candle_columns import CandleColumns
from core.instrument import Instrument
from core.timeframe import DAY_MS, MINUTE_MS
from engine.assembly import build_strategy_of, strategy_identity_of
from engine.fold import SessionFold
from engine.journal_records import SessionRecord, StepRecord, fields_of
from engine.renderer import SessionOutputs
from market_data.store.candle_store import CandleStore
from runs.documents.manifest_builder import session_manifest
from runs.folder.file_names import DERIVED, JOURNAL, MANIFEST
from runs.identity.code_version import code_version
from validation.composed_settings import Settings
from validation.loading import load_settings

EXCHANGE = "binance"
SPARSE = {**DENSE, "volume_multiplier": 2.44}
_RESUME = """
import contextlib, sys
from live.life.session_folder import SessionFolder
from live.life.session_resume import fold_journal
from validation.loading import load_settings
with contextlib.closing(SessionFolder(sys.argv[1])) as held:
    fold_journal(held, load_settings(sys.argv[2]))
"""


def measure_journals(folder: Path, days: int = 365, root: Path = ROOT) -> None:
    """Print what proof and resumption of a session of so many days cost."""
    for name, params in (("sparse", SPARSE), ("dense", DENSE)):
        session, config = recorded_session(folder / name, days, params)
        print(f"a journal of {days} days of two symbols, {name}: {(session / JOURNAL).stat().st_size / 1e6:.0f} MB")
        for words, took in costs(session, config, root):
            print(f"  {words:<22} {took.cpu:6.1f} s of CPU, {took.wall:6.1f} s, {took.memory:5.0f} MB", flush=True)


def costs(session: Path, config: Path, root: Path) -> list[tuple[str, Ended]]:
    """Return what each thing that is done with a journal takes, by the sources of a checkout."""
    parity = ["-m", "backtests.parity", str(session), "--data-dir", str(config.parent / "store"), "--offline"]
    return [
        ("parity, journal", ended([*parity, "--only", "journal"], root)),
        ("parity, history", ended([*parity, "--only", "history"], root)),
        ("resumption", ended(["-c", _RESUME, str(session), str(config)], root)),
    ]


def recorded_session(folder: Path, days: int, params: Mapping[str, float]) -> tuple[Path, Path]:
    """Write the folder of a session that was killed after so many days; return it, and its configuration."""
    folder.mkdir(parents=True)
    rows, market = days * DAY_MS // MINUTE_MS, market_of(2, 1)
    windows = {name: candles_of_seed(rows, number) for number, name in enumerate(market.candles)}
    config = _configuration(folder, list(windows), params)
    _store(folder / "store", windows)
    settings, session = load_settings(config), folder / "live" / "killed"
    session.mkdir(parents=True)
    rules = {name: one.instrument for name, one in market.candles.items()}
    record = _first_record(session.name, settings, rules)
    unified = {name: name for name in windows}
    manifest = session_manifest(record, settings, build_strategy_of(settings), unified, 0)
    (session / MANIFEST).write_text(manifest.text() + "\n", encoding="utf-8")
    sources = ("websocket",) * len(windows)
    with ExitStack() as opened:
        files = [opened.enter_context((session / name).open("wb")) for name in DERIVED]
        fold = SessionFold(record, settings, SessionOutputs(*(file.write for file in files)))
        write = _chained(opened.enter_context((session / JOURNAL).open("wb")))
        write(record)
        for step in merged_steps(list(windows.values()), MINUTE_MS):
            candles = tuple(fields_of(candle) for candle in step.candles)
            of_step = StepRecord(step.time_ms, candles, fold.outputs.digest(), sources)
            write(of_step)
            fold.apply(of_step)
    return session, config


def _chained(file: BinaryIO) -> Callable[[SessionRecord | StepRecord], None]:
    """Return what appends a record as ``JournalWriter`` does, without waiting for the disk."""
    link, encode = b"", msgspec.json.Encoder().encode

    def write(record: SessionRecord | StepRecord) -> None:
        nonlocal link
        body = encode(record)[:-1]
        link = hashlib.sha256(link + body).hexdigest().encode()
        file.write(body + b',"chain":"%b"}\n' % link)

    return write


def _first_record(name: str, settings: Settings, rules: Mapping[str, Instrument]) -> SessionRecord:
    identity = strategy_identity_of(settings)
    return SessionRecord(
        session=name,
        settings_sha256=settings.settings_sha256,
        code_version=code_version(),
        settings=dict(settings.resolved()),
        instruments=dict(rules),
        warmup={},
        kill_switch=False,
        start_ms=START_MS,
        strategy_sha256=identity.sha256,
        strategy_files=identity.files,
    )


def _configuration(folder: Path, symbols: Sequence[str], params: Mapping[str, float]) -> Path:
    """Write a configuration that goes on trading for a year."""
    config = configuration(folder, EXCHANGE, list(symbols))
    live = yaml.safe_load(config.read_text(encoding="utf-8"))
    live["strategy"] = {"type": "scalping_ema_rsi", "params": dict(params)}
    live["execution"] = {"slippage": 0.0, "commission_rate": 0.00001, "starting_balance": 1_000_000.0}
    config.write_text(yaml.safe_dump(live), encoding="utf-8")
    mode = yaml.safe_load((folder / "trading_mode.yaml").read_text(encoding="utf-8"))
    mode |= {"max_daily_loss_pct": 1.0, "max_drawdown_pct": 1.0}
    (folder / "trading_mode.yaml").write_text(yaml.safe_dump(mode), encoding="utf-8")
    return config


def _store(store: Path, windows: Mapping[str, CandleColumns]) -> None:
    kept = CandleStore(store)
    for name, columns in windows.items():
        kept.write(EXCHANGE, name, "1m", columns, source="synthetic")
        first, last = int(columns.open_time_ms[0]), int(columns.open_time_ms[-1])
        kept.add_coverage(EXCHANGE, name, "1m", first, last + MINUTE_MS)


def main() -> int:
    """Measure the checkout that is asked for, or this one."""
    parser = argparse.ArgumentParser(prog="benchmarks.journal_path", description=__doc__)
    parser.add_argument("--days", type=int, default=365, help="length of the journals (default: %(default)s)")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of the checkout that is measured")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure_journals(Path(name), asked.days, asked.root)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
