"""Recorded sessions of perpetual contracts with detail candles: whole steps, journalled as a live session does."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from backtests.market_input import load_market
from backtests.timeline import steps_of
from core.candle import Candle, FundingRate, Step
from core.instrument import Instrument
from engine.assembly import strategy_identity_of
from engine.fold import SessionFold
from engine.journal_records import EndRecord, JournalRecord, SessionRecord, step_record
from live.life.session_folder import SessionFolder
from market_data.history.historical_data_provider import HistoricalDataProvider
from market_data.practice.practice_market import PracticeMarket
from runs.identity.code_version import code_version
from tests.support.sessions.session_folders import manifest_of, timed_settings
from tests.support.times import at
from validation.composed_settings import Settings

FIRST, LAST = 7 * 60, 9 * 60
"""The session's window in minutes of the day: two hours around the payment at 08:00."""

LADDER = {"ladder": [{"fraction": 0.5, "distance": 0.5}, {"fraction": 0.5, "distance": 2.0}]}


def contract_settings(base: Path, signals: Mapping[str, Mapping[int, str]], **execution: object) -> Settings:
    """Return settings of five-minute candles with minutes inside, leverage, marks and funding.

    Signals stand by symbol and the minute of the day at which a five-minute candle opens.
    """
    own: dict[str, object] = {"slippage": 0.0005, "commission_rate": 0.0005, "exits": LADDER}
    own["perpetual"] = {"leverage": 5, "maintenance_rate": 0.01}
    return timed_settings(
        base,
        signals,
        live={"timeframe": "5m", "detail_interval": "1m", "execution": {**own, **execution}},
        stop=0.004,
        target=0.004,
    )


@dataclass
class ContractRecording:
    """The steps of a session, with what is journalled after the step of a time, and how it ended."""

    settings: Settings
    steps: list[Step]
    after: dict[int, list[JournalRecord]] = field(default_factory=dict)
    end: str | None = "flatten"

    def change(self, number: int, part: str, symbol: int, **values: float) -> Candle:
        """Change values of a candle in the step at a minute of the day; return the candle as it was."""
        place, step = self._step(number)
        candles = list(getattr(step, part))
        before = candles[symbol]
        candles[symbol] = msgspec.structs.replace(before, **values)
        self.steps[place] = msgspec.structs.replace(step, **{part: tuple(candles)})
        return before

    def drop(self, number: int, part: str, symbol: int) -> None:
        """Leave a candle out of the step at a minute of the day."""
        place, step = self._step(number)
        candles = list(getattr(step, part))
        candles[symbol] = None
        self.steps[place] = msgspec.structs.replace(step, **{part: tuple(candles) if any(candles) else ()})

    def pay(self, number: int, change: Callable[[FundingRate], FundingRate | None], later: int = 0) -> None:
        """Change the first symbol's payment in the step at a minute of the day, and tell it some steps later."""
        place, step = self._step(number)
        kept = [change(rate) for rate in step.funding[0]]
        rates = tuple(rate for rate in kept if rate is not None)
        others = step.funding[1:]
        told = self.steps[place + later]
        if later:
            nobody = ((),) * len(others)
            self.steps[place] = msgspec.structs.replace(step, funding=((), *others))
            self.steps[place + later] = msgspec.structs.replace(told, funding=(rates, *nobody))
        else:
            self.steps[place] = msgspec.structs.replace(step, funding=(rates, *others))

    def _step(self, number: int) -> tuple[int, Step]:
        return next((place, one) for place, one in enumerate(self.steps) if one.time_ms == at(number))


def contract_recording(settings: Settings, data_dir: Path) -> ContractRecording:
    """Return a recording of everything the practice market has of the window."""
    provider = HistoricalDataProvider("practice", data_dir, now_ms=lambda: at(10_000))
    market = load_market(provider, settings.live, at(FIRST), at(LAST), 0)
    return ContractRecording(settings, list(steps_of(market.window())))


def record_contracts(path: Path, recording: ContractRecording) -> Path:
    """Write the folder of a session as a live one writes it, and return it."""
    settings = recording.settings
    markets: Mapping[str, Instrument] = PracticeMarket().markets()
    listed = {symbol: markets[symbol] for symbol in settings.live.symbols}
    identity = strategy_identity_of(settings)
    record = SessionRecord(
        session=path.name,
        settings_sha256=settings.settings_sha256,
        code_version=code_version(),
        settings=dict(settings.resolved()),
        instruments=listed,
        warmup={symbol: [] for symbol in listed},
        kill_switch=False,
        start_ms=at(FIRST),
        strategy_sha256=identity.sha256,
        strategy_files=identity.files,
    )
    with contextlib.closing(SessionFolder(path)) as folder, folder.writer() as journal:
        folder.write_manifest(manifest_of(record, settings))
        journal.append(record)
        fold = SessionFold(record, settings, folder.outputs())
        folder.publish_outputs()
        for step in recording.steps:
            sources = tuple(None if candle is None else "websocket" for candle in step.candles)
            detail_sources = tuple(None if candle is None else "websocket" for candle in step.detail)
            given = step_record(step, fold.outputs.digest(), sources, detail_sources)
            for one in (given, *recording.after.get(step.time_ms, ())):
                journal.append(one)
                fold.apply(one)
        if recording.end is not None:
            journal.append(EndRecord(recording.end))
            fold.apply(EndRecord(recording.end))
    return path
