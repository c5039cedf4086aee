"""What a session keeps does not grow with its trades: its outputs have them."""

import gc
import tracemalloc
import unittest

from core.trading_signal import Signal
from tests.support.candles import candle
from tests.support.runs.stepped_session import SteppedSession, session_of_minutes

MOST_BYTES_PER_TRADE = 400
"""The equity of every step, a risk, and what caches forget again; a fill kept as an event is several times that."""


def play(session: SteppedSession, first: int, last: int) -> None:
    """Play minutes of which every other one reaches the target of what the one before has decided."""
    for minute in range(first, last, 2):
        session.play(candle(minute, 100.0))
        session.play(candle(minute + 1, 100.0, 110.0, 100.0, 100.0))


class Memory(unittest.TestCase):
    def test_trades_that_are_written_are_not_kept(self) -> None:
        steps = 6_000
        signals = {minute: Signal("LONG", sl_distance=50.0, tp_distance=5.0) for minute in range(0, steps, 2)}
        session = session_of_minutes({"A": signals}, max_drawdown_pct=0.99, max_daily_loss_pct=0.99)
        results = session.session.account.totals.trades
        # From the start, so that what caches forget later has been counted.
        self.addCleanup(tracemalloc.stop)
        tracemalloc.start()
        play(session, 0, steps // 2)
        before, trades = self.held_by(session), results.all.trades
        play(session, steps // 2, steps)
        grown, more = self.held_by(session) - before, results.all.trades - trades
        self.assertGreater(more, 1_000)
        self.assertLess(grown / more, MOST_BYTES_PER_TRADE)

    def held_by(self, session: SteppedSession) -> int:
        """Return what is allocated, without the test's own copies of the outputs, which a session writes to files."""
        for written in session._written:
            written.clear()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]


if __name__ == "__main__":
    unittest.main()
