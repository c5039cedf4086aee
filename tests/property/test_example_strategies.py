"""The shipped examples: they trade, on both executions alike, see nothing of the future, and mean what they say."""

import unittest
from collections.abc import Sequence

from core.candle import Candle, Step
from strategies.strategy_registry import build_strategy
from tests.support.candles import candles_of
from tests.support.example_strategies import QUICK_EXAMPLES
from tests.support.market_data_sets import practice_candles, recorded_columns
from tests.support.runs.kernel_runs import steps_of
from tests.support.runs.strategy_runs import SteppedRun, alter_after, stepped_run
from tests.support.scale import scaled
from tests.support.shared import needs_shared
from tests.support.times import MINUTE_MS

SYMBOLS = ("BTC/USDT", "ETH/USDT")
WARM = 1_700


def run(name: str, steps: Sequence[Step], warm: dict[str, list[Candle]], *, known: bool | Sequence[Step]) -> SteppedRun:
    strategy = build_strategy(name, QUICK_EXAMPLES[name], "1m", SYMBOLS)
    return stepped_run(strategy, steps, SYMBOLS, {}, warm_up=warm, known=known)


def parted(candles: dict[str, list[Candle]]) -> tuple[list[Step], dict[str, list[Candle]]]:
    """Return the steps after the warm-up, and the warm-up."""
    warm = {symbol: own[:WARM] for symbol, own in candles.items()}
    return steps_of({symbol: own[WARM:] for symbol, own in candles.items()}, SYMBOLS, MINUTE_MS), warm


class Examples(unittest.TestCase):
    def both(self, candles: dict[str, list[Candle]]) -> None:
        steps, warm = parted(candles)
        for name in QUICK_EXAMPLES:
            with self.subTest(name):
                slow, fast = (run(name, steps, warm, known=known) for known in (False, True))
                self.assertGreater(slow.session.account.totals.trades.all.trades, 3)
                one, other = slow.finished(), fast.finished()
                self.assertEqual((one.trades, one.equity, one.decisions), (other.trades, other.equity, other.decisions))

    def test_they_trade_alike_on_columns_and_candle_by_candle(self) -> None:
        self.both(practice_candles(SYMBOLS, "1m", WARM + scaled(600, 5_000)))

    @needs_shared
    def test_they_trade_recorded_candles_alike(self) -> None:
        count = WARM + scaled(600, 20_000)
        self.both(
            {
                symbol: candles_of(recorded_columns(f"binance/{symbol.replace('/', '-')}/1m.csv.gz", count))
                for symbol in SYMBOLS
            }
        )

    def test_nothing_that_comes_later_changes_what_was_decided(self) -> None:
        steps, warm = parted(practice_candles(SYMBOLS, "1m", WARM + scaled(40, 240)))
        for name in QUICK_EXAMPLES:
            whole = run(name, steps, warm, known=True)
            for number, step in enumerate(steps):
                for known in (True, alter_after(steps, step.time_ms)):
                    got = run(name, steps[: number + 1], warm, known=known)
                    self.assertEqual(whole.up_to(step.time_ms), got.up_to(step.time_ms), name)


if __name__ == "__main__":
    unittest.main()
