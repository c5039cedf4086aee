"""The hand-worked cases by the compiled rules: the same bytes as the kernel's, which are those worked by hand."""

import unittest
from collections import Counter
from pathlib import Path

from backtests.market_input import MarketInput
from backtests.run_plan import RunPlan
from core.candle_columns import CandleColumns
from core.errors import Uncovered
from market_data.history.loaded_candles import LoadedCandles
from market_data.perpetual.perpetual_data import PerpetualData
from tests.golden.test_hand_worked_cases import CaseInput, input_of, load_cases, run_case
from tests.support.candles import columns_of
from tests.support.runs.compiled_runs import require_same_bytes, require_same_figures, run_compiled_plan
from tests.support.runs.kernel_runs import Candles, settings_from
from tests.support.runs.rules_met import SELDOM, note, words
from tests.support.scripted_strategy import ScriptedStrategy


def market_of(fed: CaseInput) -> MarketInput:
    """Return a case's market as a run loads it."""

    def windowed(source: Candles, symbol: str) -> CandleColumns:
        return columns_of([one for one in source.get(symbol, ()) if one.open_time_ms >= fed.start_ms])

    def loaded(source: Candles, symbol: str, stored: int) -> LoadedCandles:
        before = [one for one in source.get(symbol, ()) if one.open_time_ms < fed.start_ms]
        warmup = columns_of(before[len(before) - min(len(before), stored) :])
        return LoadedCandles(symbol, warmup, windowed(source, symbol), fed.instruments[symbol], {})

    interval = fed.settings.get("detail_interval")
    contracts = {
        symbol: PerpetualData(symbol, windowed(fed.marks, symbol), tuple(fed.funding.get(symbol, ())), {}, ())
        for symbol in fed.symbols
    }
    return MarketInput(
        {symbol: loaded(fed.candles, symbol, fed.warmup_candles) for symbol in fed.symbols},
        fed.timeframe,
        {} if interval is None else {symbol: loaded(fed.detail, symbol, 0) for symbol in fed.symbols},
        None if interval is None else str(interval),
        contracts if fed.settings.get("perpetual") else {},
    )


class GoldenCasesByBothEngines(unittest.TestCase):
    maxDiff = None

    def test_every_case_gives_the_bytes_of_the_kernel(self) -> None:
        happened: Counter[str] = Counter()
        for case in load_cases():
            fed = input_of(case)
            plan = RunPlan(
                settings=settings_from(fed.settings, fed.symbols, fed.timeframe),
                start_ms=fed.start_ms,
                end_ms=fed.start_ms,
                output_dir=Path(),
                kill_switch_engaged=fed.kill_switch,
                engine="compiled",
            )
            with self.subTest(case["file"], name=case["name"]):
                strategy = ScriptedStrategy(fed.signals, fed.warmup_candles)
                if fed.settings.get("entry_fill") == "next_typical":
                    with self.assertRaisesRegex(Uncovered, "typical price"):
                        run_compiled_plan(plan, strategy, market_of(fed))
                    continue
                session, got = run_compiled_plan(plan, strategy, market_of(fed))
                expected = run_case(case)
                require_same_bytes(self, expected, got)
                require_same_figures(self, expected.session, session)
                note(expected, happened)
        for rule in sorted(words(SELDOM)):
            with self.subTest(rule):
                self.assertGreater(happened[rule], 0)


if __name__ == "__main__":
    unittest.main()
