"""Folders of recorded sessions for tests: the journal written record by record, the outputs those of the same fold."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.candle import Candle
from core.errors import StrategyError
from core.instrument import Instrument
from engine.assembly import strategy_identity_of
from engine.fold import SessionFold
from engine.journal_records import (
    CommandRecord,
    EndRecord,
    JournalRecord,
    SessionRecord,
    StepRecord,
    fields_of,
)
from live.life.session_folder import SessionFolder
from market_data.practice.practice_market import PracticeMarket
from runs.documents.manifest import Manifest, StrategyFacts, SymbolAtStart
from runs.documents.manifest_builder import session_manifest
from runs.identity.code_version import code_version
from tests.support.config_tree import write_config
from tests.support.market_data_sets import practice_candles
from tests.support.runs.kernel_runs import steps_of
from tests.support.times import MINUTE_MS, at
from validation.composed_settings import Settings
from validation.loading import load_settings

BTC, ETH = "BTC/USDT", "ETH/USDT"
SYMBOLS = (BTC, ETH)
TIMED = "tests.support.timed_strategy:TimedStrategy"


def timed_settings(
    base: Path,
    signals: Mapping[str, Mapping[int, str]],
    *,
    live: Mapping[str, object] | None = None,
    mode: Mapping[str, object] | None = None,
    **params: object,
) -> Settings:
    """Return settings of the practice market's two symbols with signals by symbol and number of the candle."""
    scheduled = {
        symbol: {str(at(number)): direction for number, direction in of_symbol.items()}
        for symbol, of_symbol in signals.items()
    }
    section = {
        "exchange": "practice",
        "symbols": list(SYMBOLS),
        "timeframe": "1m",
        "strategy": {"type": TIMED, "params": {"signals": scheduled, "stop": 0.002, "target": 0.002, **params}},
        "execution": {"slippage": 0.0005, "commission_rate": 0.0005},
        "data": {"cache_dir": str(base / "data")},
        "logging": {"directory": str(base / "logs")},
    }
    return load_settings(write_config(base, live={**section, **(live or {})}, mode=mode))


@dataclass
class Recording:
    """What a session was given.

    ``candles`` are its candles by symbol, ``after`` the records journalled after the step of a time, ``missed`` the
    times of steps it learned of too late, ``end`` how it ended (None: it was killed).
    """

    settings: Settings
    candles: dict[str, list[Candle]]
    warmup: dict[str, list[Candle]] = field(default_factory=dict)
    after: dict[int, list[JournalRecord]] = field(default_factory=dict)
    missed: set[int] = field(default_factory=set)
    end: str | None = "flatten"
    source: str = "websocket"
    code: str = field(default_factory=code_version)
    kill_switch: bool = False

    def without(self, symbol: str, number: int) -> "Recording":
        """Let the session miss a candle."""
        self.candles[symbol] = [one for one in self.candles[symbol] if one.open_time_ms != at(number)]
        return self

    def changed(self, symbol: str, number: int, **values: float) -> Candle:
        """Let the session receive a candle with other values; return the market's own."""
        place = next(index for index, one in enumerate(self.candles[symbol]) if one.open_time_ms == at(number))
        before = self.candles[symbol][place]
        given = {name: getattr(before, name) for name in before.__struct_fields__}
        self.candles[symbol][place] = Candle(**{**given, **values})
        return before

    def switch(self, number: int, engaged: bool) -> None:
        """Change the kill switch after the step that closes a candle."""
        self.command(number, "kill" if engaged else "release")

    def command(self, number: int, command: str, symbol: str | None = None) -> None:
        """Give a command after the step that closes a candle."""
        self.after.setdefault(at(number + 1), []).append(CommandRecord(command, "test", symbol))


def practice_recording(settings: Settings, count: int = 120, warmup: int = 0) -> Recording:
    """Return a recording of everything the practice market has, its window beginning after the warm-up."""
    candles = practice_candles(settings.live.symbols, settings.live.timeframe, warmup + count)
    return Recording(
        settings,
        {symbol: list(of_symbol[warmup:]) for symbol, of_symbol in candles.items()},
        {symbol: list(of_symbol[:warmup]) for symbol, of_symbol in candles.items()},
    )


def record_session(path: Path, recording: Recording, instruments: Mapping[str, Instrument] | None = None) -> Path:
    """Write the folder of a session as a live one writes it, and return it."""
    settings = recording.settings
    markets = instruments or PracticeMarket().markets()
    listed = {symbol: markets[symbol] for symbol in settings.live.symbols}
    identity = strategy_identity_of(settings)
    record = SessionRecord(
        session=path.name,
        settings_sha256=settings.settings_sha256,
        code_version=recording.code,
        settings=dict(settings.resolved()),
        instruments=listed,
        warmup={symbol: [fields_of(one) for one in candles] for symbol, candles in recording.warmup.items()},
        kill_switch=recording.kill_switch,
        strategy_sha256=identity.sha256,
        strategy_files=identity.files,
    )
    with contextlib.closing(SessionFolder(path)) as folder, folder.writer() as journal:
        folder.write_manifest(manifest_of(record, settings))
        journal.append(record)
        fold = SessionFold(record, settings, folder.outputs())
        folder.publish_outputs()

        def apply(one: JournalRecord) -> None:
            journal.append(one)
            fold.apply(one)

        with contextlib.suppress(StrategyError):
            for step in steps_of(recording.candles, settings.live.symbols, MINUTE_MS):
                fields = tuple(fields_of(candle) for candle in step.candles)
                sources = tuple(None if candle is None else recording.source for candle in step.candles)
                missed = step.time_ms in recording.missed
                apply(StepRecord(step.time_ms, fields, fold.outputs.digest(), sources, missed))
                for one in recording.after.get(step.time_ms, ()):
                    apply(one)
            if recording.end is not None:
                apply(EndRecord(recording.end))
    return path


def manifest_of(record: SessionRecord, settings: Settings) -> Manifest[SymbolAtStart]:
    """Return the manifest of a session whose strategy needs no warm-up."""
    unified = {symbol: one.symbol for symbol, one in record.instruments.items()}
    return session_manifest(record, settings, StrategyFacts(settings.live.strategy.type, 0), unified, 0)


def journal_lines(folder: Path) -> list[dict[str, object]]:
    """Return the records of a session's journal as JSON."""
    return [json.loads(line) for line in (folder / "journal.jsonl").read_bytes().splitlines()]


def write_journal(folder: Path, records: Sequence[Mapping[str, object]]) -> None:
    """Replace a session's journal by one whose records are not chained."""
    plain = ({key: value for key, value in one.items() if key != "chain"} for one in records)
    lines = (json.dumps(one, separators=(",", ":"), ensure_ascii=False) + "\n" for one in plain)
    (folder / "journal.jsonl").write_text("".join(lines), encoding="utf-8")
