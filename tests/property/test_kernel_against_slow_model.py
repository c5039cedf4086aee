"""The kernel against the slow model: any settings, any candles, the same bytes."""

import unittest
from collections import Counter
from collections.abc import Mapping

from hypothesis import HealthCheck, given, note, settings

from core.instants import format_ms
from core.timeframe import timeframe_ms
from tests.support.oracles.market_cases import cases
from tests.support.oracles.slow_model import Case, run_model, trades_csv
from tests.support.runs.kernel_runs import Candles, FundingRates, KernelRun, run_kernel
from tests.support.scale import scaled

TIMEFRAMES = {timeframe_ms(text): text for text in ("1m", "1h", "4h", "1d", "1w")}


def run_kernel_on(
    case: Case,
    settings: Mapping[str, object] | None = None,
    funding: FundingRates | None = None,
    detail: Candles | None = None,
    marks: Candles | None = None,
) -> KernelRun:
    """Run the kernel on a case of the model, or on its market with other settings, or with finer candles."""
    return run_kernel(
        case.settings if settings is None else settings,
        case.symbols,
        case.candles,
        case.signals,
        case.instruments,
        timeframe=TIMEFRAMES[case.timeframe_ms],
        timeframe_ms=case.timeframe_ms,
        warmup_candles=case.warmup_candles,
        start_ms=case.start_ms,
        kill_switch=case.kill_switch,
        funding=funding,
        detail=detail,
        marks=marks,
    )


class KernelAgainstSlowModel(unittest.TestCase):
    maxDiff = None

    @settings(
        max_examples=scaled(110, 20_000),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        print_blob=True,
    )
    @given(cases())
    def test_both_write_the_same_bytes_and_tell_the_same_events(self, case: Case) -> None:
        expected, got = run_model(case), run_kernel_on(case)
        note(str(case.settings))
        self.assertEqual(trades_csv(expected).decode(), got.trades.decode())
        self.assertEqual(
            [(format_ms(time_ms), symbol, reason) for time_ms, symbol, reason in expected.refused], got.refused
        )
        self.assertEqual(
            [(format_ms(stamp), symbol, event, reason) for stamp, symbol, event, reason in expected.order_events],
            got.order_events,
        )
        self.assertEqual([(format_ms(time_ms), reason) for time_ms, reason in expected.halts], got.halts)
        self.assertEqual(expected.equity_curve, list(got.session.outputs.curve))
        self.assertEqual(
            [(format_ms(time_ms), balance, equity) for time_ms, balance, equity in expected.equity_rows],
            [tuple(line.split(",")[:3]) for line in got.equity.decode().splitlines()[1:]],
        )
        self.assertEqual(expected.ambiguous, got.ambiguous)
        self.assertEqual(
            [(format_ms(time_ms), symbol) for time_ms, symbol in expected.moved],
            [(one["time"], one["symbol"]) for one in got.told("candle_move")],
        )
        self.assertEqual(Counter(expected.sizes_bound_by), got.session.statistics.sizes_bound_by)
        self.assertEqual(expected.final_balance, got.session.account.balance)


if __name__ == "__main__":
    unittest.main()
