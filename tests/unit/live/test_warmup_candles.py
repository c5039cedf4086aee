"""The candles that a session warms up with: as many as its strategy needs, looked for further back where some miss."""

import asyncio
import unittest
from collections.abc import Iterable

from core.candle import Candle
from live.intake.exchange_access import Market, warmup_candles
from market_data.exchanges.request_failures import RangeNotServedError
from market_data.practice.practice_listings import LISTINGS
from strategies.anchored_blocks import stored_candles_needed
from strategies.strategy import Strategy
from tests.support.candles import candle
from tests.support.frame_strategies import Breakout
from tests.support.runs.kernel_runs import settings_from
from tests.support.times import MINUTE_MS

BTC = "BTC/USDT"


class Exchange:
    """Has candles of some minutes; asked for earlier ones than it keeps it refuses."""

    def __init__(self, minutes: Iterable[int], *, keeps_from: int = 0) -> None:
        self.candles = [candle(minute) for minute in minutes]
        self.keeps_from = keeps_from
        self.asked = 0

    async def closed_candles(self, symbol: str, start_ms: int, end_ms: int) -> list[Candle]:
        self.asked += 1
        if end_ms <= self.keeps_from * MINUTE_MS:
            raise RangeNotServedError("only later candles")
        return [one for one in self.candles if start_ms <= one.open_time_ms < end_ms]


class WarmUp(unittest.TestCase):
    def minutes(self, exchange: Exchange, boundary: int, strategy: Strategy | None = None) -> list[int]:
        strategy = strategy or Breakout({"length": 5})
        market = Market({BTC: BTC}, {BTC: LISTINGS[BTC].instrument})
        settings = settings_from({}, [BTC], "1m")
        needed = stored_candles_needed(strategy, boundary * MINUTE_MS, MINUTE_MS)
        found = asyncio.run(warmup_candles(exchange, market, settings, needed, boundary * MINUTE_MS))  # type: ignore[arg-type]
        return [one.open_time_ms // MINUTE_MS for one in found[BTC]]

    def test_a_whole_block_begun_before_and_the_warm_up_before_that(self) -> None:
        exchange = Exchange(range(5_000))
        self.assertEqual([*range(2_995, 3_004)], self.minutes(exchange, 3_004))
        self.assertEqual([*range(2_995, 3_000)], self.minutes(exchange, 3_000))
        self.assertEqual(2, exchange.asked)

    def test_for_what_is_missing_it_asks_further_back(self) -> None:
        exchange = Exchange([*range(2_980, 2_990), 2_997, *range(3_000, 3_010)])
        self.assertEqual([2986, 2987, 2988, 2989, 2997, *range(3_000, 3_004)], self.minutes(exchange, 3_004))

    def test_it_ends_where_the_exchange_has_no_more(self) -> None:
        for keeps_from in (0, 2_998):
            exchange = Exchange(range(2_998, 3_010), keeps_from=keeps_from)
            self.assertEqual([*range(2_998, 3_004)], self.minutes(exchange, 3_004))
            self.assertEqual(2, exchange.asked)

    def test_nothing_is_asked_where_nothing_is_needed(self) -> None:
        exchange = Exchange(range(10))
        self.assertEqual([], self.minutes(exchange, 3_000, Breakout({"length": 0})))
        self.assertEqual(0, exchange.asked)


if __name__ == "__main__":
    unittest.main()
