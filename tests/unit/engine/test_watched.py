"""Watched series in the kernel: which there are, when the strategy sees their candles, what is refused."""

import unittest

from core.candle import Step
from core.errors import ConfigurationError, InvariantError, StrategyError
from core.instrument import Instrument
from core.watched_series import EVERY_SYMBOL, WatchedSeries
from engine.assembly import build_safety_monitor, build_session
from engine.kill_switch import KillSwitch
from engine.renderer import SessionOutputs
from engine.session import Session
from engine.warm_up import warm_up
from engine.watched import watched_series_of
from tests.support.candles import candle
from tests.support.runs.kernel_runs import settings_from
from tests.support.times import MINUTE_MS
from tests.support.watching_strategy import WatchingStrategy
from validation.composed_settings import Settings

A, B, W = "A/USDT", "B/USDT", "W/USDT"


def settings_of(*watch: str) -> Settings:
    settings = settings_from({}, (A, B))
    live = settings.live.model_copy(update={"watch": watch})
    return Settings(live, settings.risk, settings.mode, settings.files)


def session_of(strategy: object, *watch: str) -> Session:
    settings, switch = settings_of(*watch), KillSwitch(False)
    outputs = SessionOutputs(*([].append for _ in range(5)))
    rules = {symbol: Instrument(symbol) for symbol in (A, B)}
    return build_session(settings, strategy, rules, outputs, switch, build_safety_monitor(settings, switch))


def strategy_of(*series: tuple[object, ...], **params: object) -> WatchingStrategy:
    return WatchingStrategy({"series": series, "warmup_candles": 0, **params})


class WhichSeries(unittest.TestCase):
    def series(self, strategy: WatchingStrategy, *watch: str) -> list[tuple[str, str, int]]:
        return [tuple(one) for one in watched_series_of(settings_of(*watch), strategy)]

    def test_symbols_of_the_settings_come_first_then_what_the_strategy_asks_for(self) -> None:
        strategy = strategy_of((A, "1h", 40), (W, "5m"), warmup_candles=7)
        self.assertEqual(
            self.series(strategy, "V/BTC", W), [("V/BTC", "1m", 7), (W, "1m", 7), (A, "1h", 40), (W, "5m", 7)]
        )

    def test_a_series_asked_for_twice_or_watched_anyway_is_one_with_the_longest_warm_up(self) -> None:
        strategy = strategy_of((W, "1m", 30), ("w-usdt", "1m", 20), (A, "1h", 5), (A, "1h", 50))
        self.assertEqual(self.series(strategy, W), [(W, "1m", 30), (A, "1h", 50)])

    def test_every_symbol_is_each_that_is_traded_or_watched(self) -> None:
        strategy = strategy_of((EVERY_SYMBOL, "15m"), (EVERY_SYMBOL, "1m"))
        self.assertEqual(self.series(strategy, W), [(W, "1m", 0), (A, "15m", 0), (B, "15m", 0), (W, "15m", 0)])

    def test_a_strategy_that_asks_for_nothing_watches_nothing(self) -> None:
        self.assertEqual(self.series(strategy_of()), [])

    def test_what_cannot_be_watched_is_refused_by_name(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "watching asks for 5m candles of 'C/USDT', which is neither"):
            self.series(strategy_of(("C/USDT", "5m")))
        with self.assertRaisesRegex(
            ConfigurationError, "asks for 30s candles of A/USDT — allowed: .* a multiple of .*1m"
        ):
            self.series(strategy_of((A, "30s")))
        with self.assertRaisesRegex(ConfigurationError, "timeframe '5x' is not understood"):
            self.series(strategy_of((A, "5x")))


class WhenItIsSeen(unittest.TestCase):
    def test_a_steps_watched_candles_come_before_its_first_decision(self) -> None:
        strategy = strategy_of((W, "2m"))
        session = session_of(strategy, W)
        session.process(Step(MINUTE_MS, (candle(0), candle(0))))
        session.process(Step(3 * MINUTE_MS, (None, candle(2)), watched=((candle(0), candle(1)), (candle(0),))))
        first, third = 0, 2 * MINUTE_MS
        self.assertEqual(
            strategy.told,
            [("own", 0), ("own", 0), (f"{W} 1m", 0), (f"{W} 1m", MINUTE_MS), (f"{W} 2m", first), ("own", third)],
        )
        self.assertEqual([one.open_time_ms for one in session.watched.last], [MINUTE_MS, 0])

    def test_warm_up_candles_come_in_order_of_their_closes_watched_ones_first(self) -> None:
        strategy = strategy_of((W, "2m"))
        session = session_of(strategy, W)
        stored = [candle(0), candle(1), candle(2)]
        warm_up(session, [stored, stored[1:]], [stored[1:], [candle(0)]])
        self.assertEqual(
            [(name, opened // MINUTE_MS) for name, opened in strategy.told],
            [
                ("own", 0),
                (f"{W} 1m", 1),
                (f"{W} 2m", 0),
                ("own", 1),
                ("own", 1),
                (f"{W} 1m", 2),
                ("own", 2),
                ("own", 2),
            ],
        )

    def test_a_candle_shown_before_its_close_or_out_of_order_stops_the_run(self) -> None:
        session = session_of(strategy_of((W, "2m")), W)
        with self.assertRaisesRegex(InvariantError, "W/USDT 2m: .* is shown before its close"):
            session.process(Step(MINUTE_MS, (candle(0), None), watched=((), (candle(0),))))
        session = session_of(strategy_of(), W)
        session.process(Step(2 * MINUTE_MS, (candle(1), None), watched=((candle(1),),)))
        with self.assertRaisesRegex(InvariantError, "W/USDT 1m: .* is not after the one before"):
            session.process(Step(3 * MINUTE_MS, (candle(2), None), watched=((candle(1),),)))

    def test_a_strategy_that_fails_on_a_watched_candle_is_named_with_it(self) -> None:
        session = session_of(strategy_of(fails_at=MINUTE_MS), W)
        with self.assertRaisesRegex(
            StrategyError, "watching failed on W/USDT 1m at the candle opened 1970-01-01T00:01"
        ):
            session.process(Step(2 * MINUTE_MS, (candle(1), None), watched=((candle(1),),)))


class Silent(unittest.TestCase):
    def test_a_strategy_without_a_receiver_takes_no_notice(self) -> None:
        strategy = strategy_of()
        blind = type("Blind", (), {"name": "blind", "warmup_candles": 0, "stream": strategy.stream})()
        session = session_of(blind, W)
        session.process(Step(MINUTE_MS, (candle(0), None), watched=((candle(0),),)))
        self.assertEqual(session.watched.series, (WatchedSeries(W, "1m"),))
        self.assertEqual(strategy.told, [("own", 0)])


if __name__ == "__main__":
    unittest.main()
