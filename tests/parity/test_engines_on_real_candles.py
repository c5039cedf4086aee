"""Every recorded set by both engines, as ``--verify-engine`` runs them: the same bytes, the same result."""

import contextlib
import io
import itertools
import tempfile
import unittest
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from backtests.config_backtest import ConfigBacktestRunner
from benchmarks.workloads import DENSE
from core.errors import ConfigurationError
from core.instants import format_ms
from core.timeframe import ceil_to_grid, floor_to_grid, timeframe_ms
from market_data.__main__ import main as market_data
from market_data.store.candle_store import CandleStore
from tests.support.config_tree import write_config
from tests.support.example_strategies import QUICK_EXAMPLES
from tests.support.scale import LONG
from tests.support.shared import CANDLES, needs_shared

CANDLES_OF_A_SYMBOL = 1_200
"""How many candles of a set are run in ``make test``, around its largest hole; ``make test-long`` runs all."""
FINER_CANDLES = 15_000
"""The same of a set whose orders are matched with its finer candles: how many of these."""
TIGHT = {"enable_trailing_stop": True, "trailing_stop_pct": 0.004}
EXECUTIONS: Mapping[str, tuple[Mapping[str, object], Mapping[str, object]]] = {
    "next open": ({"slippage": 0.0005, "commission_rate": 0.001}, {}),
    "close": ({"entry_fill": "close", "on_opposite_signal": "reverse", "exits": {"max_holding": 30}}, TIGHT),
}
"""Two ways to trade, as ``execution`` and risk settings."""
MEASURED = {
    "spread": {"model": "corwin_schultz", "fraction": 0.0002},
    "slippage_model": {"model": "square_root", "candles": 50},
}
"""Costs of the sets whose orders are matched with finer candles."""
CONTRACT = {"leverage": 5, "maintenance_rate": 0.01, "liquidation_fee": 0.0125, "missing_funding": "zero"}
TIMEFRAMES = ("1m", "5m", "15m", "1h")
SCALPING = {"type": "scalping_ema_rsi", "params": DENSE}
COVERED = 52
"""How many runs the compiled rules cover at least."""


class RecordedSet(NamedTuple):
    """Candles of one exchange, timeframe and quote currency; ``contract`` says that payments are beside them.

    ``finer`` is the shortest timeframe of which some of its symbols have candles too.
    """

    exchange: str
    timeframe: str
    symbols: tuple[str, ...]
    contract: bool
    finer: str | None


def recorded_sets() -> Iterator[RecordedSet]:
    """Yield all sets."""
    for exchange in sorted(path for path in CANDLES.iterdir() if path.is_dir()):
        for number, timeframe in enumerate(TIMEFRAMES):
            for quote in ("USD", "USDC", "USDT"):
                files = sorted(exchange.glob(f"*-{quote}/{timeframe}.csv.gz"))
                contract = any((file.parent / "funding.csv.gz").is_file() for file in files)
                if files:
                    symbols = tuple(file.parent.name.replace("-", "/") for file in files)
                    finer = (
                        one
                        for one in TIMEFRAMES[:number]
                        if any((file.parent / f"{one}.csv.gz").is_file() for file in files)
                    )
                    yield RecordedSet(exchange.name, timeframe, symbols, contract, next(finer, None))


@needs_shared
class EnginesOnRealCandles(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.store = self.base / "data"

    def test_both_engines_write_the_same_bytes_on_every_set(self) -> None:
        found: Counter[str] = Counter()
        sets = list(recorded_sets())
        for exchange in {one.exchange for one in sets}:
            self.import_all(exchange, "*/*.csv.gz")
        for one, (name, (execution, risk)) in itertools.product(sets, EXECUTIONS.items()):
            for contract in (False, True)[: 1 + one.contract]:
                asked_for = {**execution, "perpetual": CONTRACT} if contract else execution
                with self.subTest(one.exchange, timeframe=one.timeframe, execution=name, contract=contract):
                    found[self.verified(one, asked_for, risk)] += 1
            if one.finer is not None:
                with self.subTest(one.exchange, timeframe=one.timeframe, execution=name, finer=one.finer):
                    found[self.verified(one, {**execution, **MEASURED}, risk, one.finer)] += 1
        self.assertGreaterEqual(found.pop("covered"), COVERED, found.most_common())

    def test_both_engines_write_the_same_bytes_of_every_example_that_says_all_at_once(self) -> None:
        self.import_all("binance", "[BE]T[CH]-USDT/1m.csv.gz")
        one = RecordedSet("binance", "1m", ("BTC/USDT", "ETH/USDT"), contract=False, finer=None)
        opens = CandleStore(self.store).open_times("binance", "BTC/USDT", "1m")
        # With stored candles before it: some of the examples' short averages are known before their ATR is.
        window = int(opens[2_000]), int(opens[-1 if LONG else 2_000 + CANDLES_OF_A_SYMBOL])
        for name, params in QUICK_EXAMPLES.items():
            if name != "donchian_breakout":
                for execution, risk in EXECUTIONS.values():
                    with self.subTest(name, execution=execution):
                        strategy = {"type": name, "params": params}
                        found = self.verified(one, execution, risk, strategy=strategy, window=window)
                        self.assertEqual("covered", found)

    def import_all(self, exchange: str, names: str) -> None:
        """Import an exchange's files."""
        files = map(str, sorted((CANDLES / exchange).glob(names)))
        with contextlib.redirect_stdout(io.StringIO()):
            asked = ["import", "--exchange", exchange, "--data-dir", str(self.store), "--allow-partial", *files]
            self.assertEqual(0, market_data(asked), exchange)

    def verified(
        self,
        one: RecordedSet,
        execution: Mapping[str, object],
        risk: Mapping[str, object],
        finer: str | None = None,
        strategy: Mapping[str, object] = SCALPING,
        window: tuple[int, int] | None = None,
    ) -> str:
        """Run a set by both engines; return why the compiled rules do not cover it, else that they do."""
        live = {
            "exchange": one.exchange,
            "symbols": one.symbols,
            "timeframe": one.timeframe,
            "strategy": strategy,
            "execution": execution,
            "detail_interval": finer,
        }
        config = write_config(self.base, live=live, risk=risk)
        start, end = window or self.window(one, finer)
        runner = ConfigBacktestRunner(
            config,
            format_ms(start),
            format_ms(end),
            offline=True,
            data_dir=self.store,
            output_dir=self.base / "out",
            engine="compiled",
            verify_engine=True,
        )
        try:
            result = runner.run()
        except ConfigurationError as error:
            return str(error)
        self.assertGreater(result["performance"]["total_trades"], 5)
        return "covered"

    def window(self, one: RecordedSet, finer: str | None) -> tuple[int, int]:
        """Return the window that is run: in short tests around the largest hole of the first symbol that has it."""
        store, length = CandleStore(self.store), timeframe_ms(one.timeframe)
        series = (store.open_times(one.exchange, symbol, finer or one.timeframe) for symbol in one.symbols)
        opens = next(found for found in series if len(found))
        if LONG:
            return int(opens[0]), int(opens[-1]) + length
        candles = CANDLES_OF_A_SYMBOL if finer is None else FINER_CANDLES
        hole = int(np.argmax(np.diff(opens)))
        first = max(0, min(hole - candles // 2, len(opens) - candles))
        last = min(len(opens), first + candles) - 1
        return floor_to_grid(int(opens[first]), length), ceil_to_grid(int(opens[last]) + 1, length)


if __name__ == "__main__":
    unittest.main()
