"""The candles of a session's journal by the compiled rules: the bytes that the session wrote, step after step."""

import dataclasses
import tempfile
import unittest
from pathlib import Path

import msgspec

from backtests.market_input import MarketInput
from backtests.run_plan import RunPlan
from backtests.timeline import merged_steps
from core.candle import Candle
from core.candle_columns import CandleColumns
from core.timeframe import MINUTE_MS
from engine.assembly import build_strategy_of
from engine.fold import SessionFold
from engine.journal import read_journal
from engine.journal_records import EndRecord, JournalRecord, SessionRecord, StepRecord, step_record
from engine.renderer import SessionOutputs
from market_data.history.loaded_candles import LoadedCandles
from market_data.practice.practice_market import PracticeMarket
from strategies.strategy_settings import StrategySettings
from tests.support.candles import columns_of
from tests.support.market_data_sets import practice_columns
from tests.support.runs.compiled_runs import OUTPUTS, require_same_figures, run_compiled_plan
from tests.support.runs.kernel_runs import settings_from
from tests.support.scale import scaled
from tests.support.times import JANUARY_MS
from validation.composed_settings import Settings

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
STEPS = scaled(3_000, 60_000)
QUICK = {"ema_fast": 2, "ema_slow": 4, "rsi_period": 3, "volume_multiplier": 0.5, "atr_period": 5}


def session_of(settings: Settings, warmup_candles: int) -> SessionRecord:
    """Return the first record of a session whose last candle before it is the last of its warm-up."""
    warmup = {
        symbol: list(zip(*(column.tolist() for column in practice_columns(symbol, "1m", warmup_candles)), strict=True))
        for symbol in SYMBOLS
    }
    rules = PracticeMarket().markets()
    return SessionRecord(
        session="s",
        settings_sha256="",
        code_version="",
        settings={},
        instruments={symbol: rules[symbol] for symbol in SYMBOLS},
        warmup=warmup,
        kill_switch=False,
        start_ms=JANUARY_MS + warmup_candles * MINUTE_MS,
    )


def market_of(journal: Path) -> MarketInput:
    """Return what a session was fed, from its journal alone."""
    lines = [line.record for line in read_journal(journal)]
    (first,) = (one for one in lines if isinstance(one, SessionRecord))
    steps = [one for one in lines if isinstance(one, StepRecord)]
    found = {}
    for place, (symbol, rules) in enumerate(first.instruments.items()):
        shown = [step.candles[place] for step in steps]
        window = columns_of([Candle(*fields) for fields in shown if fields is not None])
        warmup = columns_of([Candle(*fields) for fields in first.warmup[symbol]])
        found[symbol] = LoadedCandles(symbol, warmup, window, rules, {})
    return MarketInput(found, "1m")


class JournalByCompiledRules(unittest.TestCase):
    maxDiff = None

    def test_the_outputs_are_those_of_the_session(self) -> None:
        settings = settings_from({"slippage": 0.0002, "commission_rate": 0.0004}, SYMBOLS)
        chosen = StrategySettings(type="scalping_ema_rsi", params=dict(QUICK))
        settings = dataclasses.replace(settings, live=settings.live.model_copy(update={"strategy": chosen}))
        warmup = build_strategy_of(settings).warmup_candles
        written = [bytearray() for _ in OUTPUTS]
        record = session_of(settings, warmup)
        fold = SessionFold(record, settings, SessionOutputs(*(one.extend for one in written)))
        windows = [practice_columns(symbol, "1m", warmup + STEPS).slice(warmup, warmup + STEPS) for symbol in SYMBOLS]
        # One symbol misses a minute now and then, and an hour and more once.
        opens = windows[1].open_time_ms // MINUTE_MS
        there = (opens % 97 != 0) & ((opens - opens[0]) // 80 != 11)
        windows[1] = CandleColumns._make(column[there] for column in windows[1])
        with tempfile.TemporaryDirectory() as folder:
            journal = Path(folder) / "journal.jsonl"
            with journal.open("wb") as file:

                def take(one: JournalRecord) -> None:
                    file.write(msgspec.json.encode(one) + b"\n")
                    if not isinstance(one, SessionRecord):
                        fold.apply(one)

                take(record)
                for step in merged_steps(windows, MINUTE_MS):
                    take(step_record(step, fold.outputs.digest()))
                take(EndRecord("flatten"))
            market = market_of(journal)
        end_ms = record.start_ms + STEPS * MINUTE_MS
        plan = RunPlan(settings=settings, start_ms=record.start_ms, end_ms=end_ms, output_dir=None, engine="compiled")
        session, got = run_compiled_plan(plan, build_strategy_of(settings), market)
        for name, own in zip(OUTPUTS, written, strict=True):
            self.assertEqual(bytes(own).decode(), getattr(got, name).decode(), name)
        require_same_figures(self, fold.session, session)
        self.assertGreater(session.account.performance["total_trades"], 30)
        self.assertEqual(1, session.statistics.gaps)


if __name__ == "__main__":
    unittest.main()
