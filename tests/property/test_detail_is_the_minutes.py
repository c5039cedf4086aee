"""A five-minute strategy on one-minute detail is the one-minute venue: the same touches in the same order."""

import unittest
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.candle import Candle
from core.instrument import Instrument
from core.trading_signal import Signal
from tests.support.runs.kernel_runs import KernelRun, run_kernel
from tests.support.scale import scaled
from tests.support.times import MINUTE_MS

PARTS = 5
SYMBOLS = ("A", "B")
RULES = {symbol: Instrument(symbol, Decimal("0.01"), Decimal("0.001")) for symbol in SYMBOLS}

Candles = dict[str, list[Candle]]
Signals = dict[str, dict[int, Signal]]

EXITS = st.sampled_from(
    (
        {},
        {"ladder": [{"fraction": 0.4, "distance": 0.5}, {"fraction": 0.6, "distance": 1.5}], "break_even_after": 1},
        {"ladder": [{"fraction": 0.3, "distance": 1.0}]},
    )
)
ENTRIES = st.sampled_from(
    (
        {},
        {"entry_order": "limit", "entry_offset": 0.01, "entry_time_in_force": "GTC"},
        {"entry_order": "stop", "entry_offset": 0.01, "entry_time_in_force": "GTC"},
        {"max_entries": 2, "max_exposure": 0.1, "default_risk_per_trade": 0.001},
        {"entry_fill": "next_typical"},
        {"entry_fill": "next_typical", "max_entries": 2, "max_exposure": 0.1, "default_risk_per_trade": 0.001},
    )
)


@st.composite
def minutes(draw: st.DrawFn) -> list[Candle]:
    """Draw a walk in whole units around 100, without a hole, a whole number of strategy candles long."""
    last, found = 100, []
    for number in range(PARTS * draw(st.integers(3, 8))):
        opened = max(20, last + draw(st.sampled_from((0, 0, 0, 1, -1, 4, -4))))
        close = max(20, opened + draw(st.integers(-3, 3)))
        high, low = max(opened, close) + draw(st.integers(0, 3)), min(opened, close) - draw(st.integers(0, 3))
        found.append(Candle(number * MINUTE_MS, float(opened), float(high), float(low), float(close), 50.0))
        last = close
    return found


@st.composite
def signals(draw: st.DrawFn) -> dict[int, Signal]:
    """Draw decisions by the number of their strategy candle."""
    sides = st.sampled_from(("LONG", "SHORT"))
    distances = st.sampled_from((2.0, 3.0, 5.0, 8.0))
    made = st.builds(
        lambda side, stop, target: Signal(side, sl_distance=stop, tp_distance=target), sides, distances, distances
    )
    return draw(st.dictionaries(st.integers(0, 7), made, max_size=6))


def joined(fine: list[Candle]) -> list[Candle]:
    """Return the strategy's candles of minutes."""
    return [
        Candle(
            part[0].open_time_ms,
            part[0].open,
            max(one.high for one in part),
            min(one.low for one in part),
            part[-1].close,
            sum(one.volume for one in part),
        )
        for part in (fine[at : at + PARTS] for at in range(0, len(fine), PARTS))
    ]


class DetailIsTheMinutes(unittest.TestCase):
    @settings(max_examples=scaled(150, 5_000), deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(
        st.fixed_dictionaries({symbol: minutes() for symbol in SYMBOLS}),
        st.fixed_dictionaries({symbol: signals() for symbol in SYMBOLS}),
        st.sampled_from(("ignore", "close", "reverse")),
        st.booleans(),
        EXITS,
        ENTRIES,
        st.sampled_from((None, 0.02)),
    )
    def test_the_same_fills_come_at_the_same_minutes(
        self,
        fine: Candles,
        wanted: dict[str, dict[int, Signal]],
        on_opposite: str,
        trailing: bool,
        exits: Mapping[str, Any],
        entries: Mapping[str, Any],
        volume_cap: float | None,
    ) -> None:
        flat = {
            "slippage": 0.001,
            "commission_rate": 0.001,
            "on_opposite_signal": on_opposite,
            "enable_trailing_stop": trailing,
            "exits": exits,
            "volume_cap": volume_cap,
            # Waits and gaps count candles of the strategy; here nothing waits so long.
            "max_order_wait": 60,
            **entries,
        }
        coarse = {symbol: joined(candles) for symbol, candles in fine.items()}
        detailed = self.run_on(
            {**flat, "detail_interval": "1m"},
            coarse,
            wanted,
            PARTS,
            timeframe="5m",
            timeframe_ms=PARTS * MINUTE_MS,
            detail=fine,
        )
        plain = self.run_on(flat, fine, wanted, 1)
        self.assertEqual(plain.trades.decode(), detailed.trades.decode())
        self.assertEqual(plain.ledger.decode(), detailed.ledger.decode())
        self.assertEqual(plain.ambiguous, detailed.ambiguous)
        self.assertEqual(plain.orders.decode(), detailed.orders.decode())

    def run_on(
        self,
        flat: Mapping[str, Any],
        candles: Candles,
        wanted: Mapping[str, Mapping[int, Signal]],
        parts: int,
        **more: Any,
    ) -> KernelRun:
        """Play candles of so many minutes; decisions come with the last candle of a strategy's."""
        last = PARTS - parts
        script: Signals = {
            symbol: {(number * PARTS + last) * MINUTE_MS: signal for number, signal in own.items()}
            for symbol, own in wanted.items()
        }
        return run_kernel(flat, SYMBOLS, candles, script, RULES, **more)


if __name__ == "__main__":
    unittest.main()
