"""What wakes a program, step by step: figures worked by hand, and what must not matter."""

import itertools
import math
import random
import unittest
from collections.abc import Mapping, Sequence

from core.errors import ConfigurationError
from core.timeframe import HOUR_MS, MINUTE_MS
from indicators.averages.sma import SMA
from indicators.features.feature import Feature
from indicators.momentum.rsi import RSI
from strategies.features.feature_plan import checked_features
from strategies.programs.triggers.pool_settings import pool_of
from strategies.programs.triggers.schedule import Schedule
from strategies.programs.triggers.signal_pool import SignalPool
from strategies.programs.triggers.trigger_event import TriggeredSignal, TriggerEvent
from strategies.programs.triggers.trigger_watch import TriggerWatch

NAN = math.nan
BTC, ETH, SOL = "BTC/USDT", "ETH/USDT", "SOL/USDT"
LOW = {"feature": "rsi(14)", "op": "<", "value": 30}
ROW = (40, 29, 28, 31, 29, 35, 25, 24, 23, 22)
"""An RSI: below 30 at the hours 2, 3, 5, 7, 8, 9, 10."""


def pool(id_: str = "low", logic: str = "all", *conditions: Mapping[str, object], **more: object) -> SignalPool:
    return pool_of({"name": id_.title(), logic: list(conditions or (LOW,)), **more}, id_, "test")


class Fed:
    """A watch that is fed values by symbol and feature; hours count from 1."""

    def __init__(self, pools: Sequence[SignalPool], symbols: Sequence[str] = (BTC,), schedule: str = "") -> None:
        self.watch = TriggerWatch(pools, Schedule.of(schedule) if schedule else None, symbols, HOUR_MS)
        self.values: dict[tuple[str, str], float] = {}

    def at(self, hour: float, values: Mapping[str, object], present: Sequence[str] | None = None) -> list[TriggerEvent]:
        """Look at an hour; ``values`` are of the first symbol, or by symbol."""
        by_symbol = values if present is not None or len(self.watch.symbols) > 1 else {self.watch.symbols[0]: values}
        self.values = {(symbol, name): value for symbol, named in by_symbol.items() for name, value in named.items()}
        shown = list(by_symbol) if present is None else present
        return list(self.watch.at(round(hour * HOUR_MS), shown, self.value_of))

    def value_of(self, symbol: str, name: str) -> float:
        return self.values.get((symbol, name), NAN)

    def hours(self, row: Sequence[float], name: str = "trigger_rsi_14") -> list[int]:
        """Return the hours at which a row of one feature wakes."""
        return [hour for hour, value in enumerate(row, 1) if self.at(hour, {name: value})]


class Silence(unittest.TestCase):
    def test_a_watch_that_woke_nobody_says_why(self) -> None:
        looked = "of 3 candles of 1h that were looked at"
        crosses = {"feature": "close", "op": "crosses_above", "value": "sma(5)"}
        for made, row, said in (
            (pool(), (40, 50, 60), f"pool low: was met at none {looked}"),
            (
                pool(),
                (20, 20, 20),
                f"pool low: was met at 3 {looked}, and it never became so: mode: level wakes at each",
            ),
            (
                pool(),
                (NAN,) * 3,
                f"pool low: rsi(14) < 30 could not be told at any {looked}, since a value of it is und",
            ),
            (
                pool("low", "all", LOW, crosses),
                (40,) * 3,
                "pool low: close crosses_above sma(5) could not be told at any",
            ),
            (pool("low", "any", LOW, crosses), (40,) * 3, f"pool low: was met at none {looked}"),
        ):
            with self.subTest(said):
                fed = Fed([made])
                self.assertEqual([], fed.hours(row))
                [found] = fed.watch.silence()
                self.assertTrue(found.startswith(said), found)

    def test_what_woke_before_counting_began_does_not_count(self) -> None:
        fed = Fed([pool(cooldown="2d")], schedule="1d")
        self.assertEqual(
            [2, 24], [one for one in range(1, 25) if fed.at(one, {"trigger_rsi_14": 40 if one == 1 else 20})]
        )
        self.assertEqual((), fed.watch.silence())
        fed.watch.count_anew()
        for hour, value in ((25, 40), (26, 20)):
            self.assertEqual([], fed.at(hour, {"trigger_rsi_14": value}))
        self.assertEqual(
            (
                "pool low: was met at 1 of 2 candles of 1h that were looked at, and it became met in a cool-down alone",
                "schedule 1d: none of its instants lies in the candles from 1970-01-02T00:00:00.000Z to "
                "1970-01-02T02:00:00.000Z",
            ),
            fed.watch.silence(),
        )
        fed.watch.count_anew()
        self.assertEqual("pool low: none of its symbols had a candle that could be looked at", fed.watch.silence()[0])


class Pools(unittest.TestCase):
    def test_an_edge_wakes_once_a_level_at_every_candle(self) -> None:
        self.assertEqual([2, 5, 7], Fed([pool()]).hours(ROW))
        self.assertEqual([2, 3, 5, 7, 8, 9, 10], Fed([pool(mode="level")]).hours(ROW))

    def test_the_first_look_is_no_edge(self) -> None:
        self.assertEqual([4], Fed([pool()]).hours((20, 20, 40, 20)))
        self.assertEqual([1, 2, 4], Fed([pool(mode="level")]).hours((20, 20, 40, 20)))

    def test_an_undefined_value_meets_nothing(self) -> None:
        self.assertEqual([3], Fed([pool()]).hours((NAN, NAN, 20)))
        every = [
            pool(f"p{place}", "any", {"feature": "rsi(14)", "op": op, "value": 30}, mode="level")
            for place, op in enumerate(("<", "<=", ">=", ">"))
        ]
        self.assertEqual([], Fed(every).hours((NAN, NAN)))

    def test_a_cool_down_is_kept_to_the_step_and_edges_in_it_pass_unseen(self) -> None:
        self.assertEqual([2, 5, 7], Fed([pool(cooldown="2h")]).hours(ROW))
        self.assertEqual([2, 5, 7], Fed([pool(cooldown=2)]).hours(ROW))
        # The edge at 5 falls into the three hours after 5 - 3 = 2 and is there again; that at 7 is not.
        self.assertEqual([2, 5], Fed([pool(cooldown=3)]).hours(ROW))
        self.assertEqual([2, 7], Fed([pool(cooldown="181m")]).hours(ROW))
        self.assertEqual([2, 5, 8], Fed([pool(cooldown=3, mode="level")]).hours(ROW))

    def test_cool_downs_are_of_one_symbol(self) -> None:
        fed = Fed([pool(cooldown="10h")], (BTC, ETH))
        row = {"trigger_rsi_14": 20.0}
        high = {"trigger_rsi_14": 50.0}
        fed.at(1, {BTC: high, ETH: high})
        self.assertEqual([BTC], [one.symbol for one in fed.at(2, {BTC: row, ETH: high})])
        self.assertEqual([ETH], [one.symbol for one in fed.at(3, {BTC: row, ETH: row})])

    def test_a_cross_is_of_two_looks(self) -> None:
        for op, row, hours in (
            ("crosses_above", (31, 29, 30, 31, 32, 29, 31), [4, 7]),
            ("crosses_below", (31, 29, 30, 31, 32, 29, 31), [2, 6]),
            ("crosses_above", (29, NAN, 31, 29, 31), [5]),
        ):
            crossing = pool("cross", "all", {"feature": "rsi(14)", "op": op, "value": 30})
            self.assertEqual(hours, Fed([crossing]).hours(row), op)

    def test_a_cross_of_two_features_compares_both_as_they_were(self) -> None:
        fed = Fed([pool("cross", "all", {"feature": "close", "op": "crosses_above", "value": "sma(3)"})])
        rows = [(10, 11), (12, 13), (13, 12), (14, 13), (12, 12), (13, 12.5)]
        woken = [hour for hour, (close, mean) in enumerate(rows, 1)
                 if fed.at(hour, {"trigger_close": close, "trigger_sma_3": mean})]  # fmt: skip
        self.assertEqual([3, 6], woken)

    def test_all_asks_for_every_condition_and_any_for_one_and_both_say_which_were_met(self) -> None:
        volume = {"feature": "volume", "op": ">=", "value": 5}
        for logic, expected in (("all", [3]), ("any", [2, 3, 4])):
            fed = Fed([pool("both", logic, LOW, volume, mode="level")])
            rows = ((40, 1), (20, 1), (20, 5), (40, 6))
            events = [one for hour, (rsi, traded) in enumerate(rows, 1)
                      for one in fed.at(hour, {"trigger_rsi_14": rsi, "trigger_volume": traded})]  # fmt: skip
            self.assertEqual([hour * HOUR_MS for hour in expected], [one.time_ms for one in events], logic)
        self.assertEqual(
            [["rsi(14)"], ["rsi(14)", "volume"], ["volume"]],
            [[signal.feature for signal in one.signals] for one in events],
        )
        self.assertEqual(TriggeredSignal("volume", "", BTC, ">=", 6.0, 5.0), events[-1].signals[0])

    def test_an_edge_of_any_is_of_the_pool_and_not_of_its_conditions(self) -> None:
        volume = {"feature": "volume", "op": ">=", "value": 5}
        fed = Fed([pool("both", "any", LOW, volume)])
        rows = ((40, 1), (20, 1), (20, 5), (40, 6), (40, 1), (40, 5))
        woken = [hour for hour, (rsi, traded) in enumerate(rows, 1)
                 if fed.at(hour, {"trigger_rsi_14": rsi, "trigger_volume": traded})]  # fmt: skip
        self.assertEqual([2, 6], woken)

    def test_after_a_gap_what_was_before_is_forgotten_and_the_cool_down_is_not(self) -> None:
        crossing = pool("cross", "all", {"feature": "rsi(14)", "op": "crosses_below", "value": 30}, mode="level")
        for one in (pool(), crossing):
            fed = Fed([one])
            self.assertEqual([2], fed.hours((40, 20, 40)))
            fed.watch.restart(BTC)
            self.assertEqual([], fed.at(4, {"trigger_rsi_14": 20.0}))
            fed.at(5, {"trigger_rsi_14": 40.0})
            self.assertEqual(1, len(fed.at(6, {"trigger_rsi_14": 20.0})))
        fed = Fed([pool(cooldown=5)])
        self.assertEqual([2], fed.hours((40, 20, 40)))
        fed.watch.restart(BTC)
        fed.at(5, {"trigger_rsi_14": 40.0})
        self.assertEqual([], fed.at(6, {"trigger_rsi_14": 20.0}))

    def test_an_event_has_all_that_woke(self) -> None:
        condition = {**LOW, "period": "4h", "symbol": "btcusdt"}
        fed = Fed([pool("low", "all", condition, mode="level")], (ETH, BTC))
        regime = {"trigger_regime_move": 10.0, "trigger_regime_mean_range": 2.0, "trigger_regime_usual_range": 2.0}
        name = "trigger_rsi_14_4h_btc_usdt"
        self.assertEqual(Feature(RSI(14), "4h", BTC), fed.watch.features()[name])
        (event,) = fed.at(3, {ETH: {name: 12.5, **regime}}, [ETH])
        signal = TriggeredSignal("rsi(14)", "4h", BTC, "<", 12.5, 30.0)
        self.assertEqual(TriggerEvent(3 * HOUR_MS, "signal", ETH, "low", "Low", "all", (signal,), "trend"), event)
        self.assertEqual("rsi(14)", event.to_dict()["signals"][0]["feature"])
        (event,) = fed.at(4, {ETH: {name: 12.5}}, [ETH])
        self.assertIsNone(event.regime)


class Order(unittest.TestCase):
    def test_events_come_by_pool_then_by_symbol_and_the_clock_comes_last(self) -> None:
        pools = [pool("second", mode="level"), pool("first", mode="level", symbols=["SOL/USDT", "btc-usdt"])]
        fed = Fed(pools, (SOL, BTC, ETH), "1h")
        low = {"trigger_rsi_14": 10.0}
        events = fed.at(1, {ETH: low, SOL: low, BTC: low})
        self.assertEqual(
            [("second", SOL), ("second", BTC), ("second", ETH), ("first", SOL), ("first", BTC),
             ("", SOL), ("", BTC), ("", ETH)],
            [(one.pool_id, one.symbol) for one in events],
        )  # fmt: skip
        self.assertEqual({"scheduled"}, {one.trigger_type for one in events[5:]})

    def test_in_which_order_symbols_are_shown_does_not_matter(self) -> None:
        chance = random.Random(15)
        symbols = (BTC, ETH, SOL)
        steps = [
            {one: {"trigger_rsi_14": chance.uniform(20, 40), "trigger_volume": chance.uniform(0, 2)}
             for one in symbols if chance.random() < 0.8}
            for _ in range(60)
        ]  # fmt: skip
        found = []
        for order in itertools.permutations(symbols):
            pools = [
                pool("low", cooldown=2),
                pool("busy", "any", LOW, {"feature": "volume", "op": "crosses_above", "value": 1}),
            ]
            fed = Fed(pools, symbols, "4h")
            found.append(
                [
                    event
                    for hour, step in enumerate(steps, 1)
                    for event in fed.at(hour, {one: step[one] for one in order if one in step}, order_of(order, step))
                ]
            )
        self.assertGreater(len(found[0]), 40)
        for other in found[1:]:
            self.assertEqual(found[0], other)

    def test_the_same_calls_give_the_same_events(self) -> None:
        runs = [Fed([pool(cooldown=2)], schedule="0 */5 * * *") for _ in range(2)]
        events = [[fed.at(hour, {"trigger_rsi_14": value}) for hour, value in enumerate(ROW, 1)] for fed in runs]
        self.assertEqual(*events)


def order_of(order: Sequence[str], step: Mapping[str, object]) -> list[str]:
    return [one for one in order if one in step]


class Clock(unittest.TestCase):
    def test_an_instant_wakes_at_the_first_candle_at_or_after_it_and_several_wake_once(self) -> None:
        fed = Fed([], schedule="30 */2 * * *")  # 00:30, 02:30, 04:30, …
        self.assertEqual([1, 3, 5], [hour for hour in (1, 2, 3, 4, 5) if fed.at(hour, {})])
        # The instants 06:30, 08:30 and 10:30 passed without a candle.
        self.assertEqual([11, 13], [hour for hour in (11, 12, 13) if fed.at(hour, {})])

    def test_instants_from_before_the_first_candle_count_for_nothing(self) -> None:
        fed = Fed([], schedule="4h")
        self.assertEqual([8, 12], [hour for hour in range(5, 13) if fed.at(hour, {})])
        self.assertEqual([12], [hour for hour in (12,) if Fed([], schedule="30 11 * * *").at(hour, {})])
        self.assertEqual([], [hour for hour in (12,) if Fed([], schedule="0 11 * * *").at(hour, {})])

    def test_a_symbol_without_a_candle_is_woken_with_its_next_one(self) -> None:
        fed = Fed([], (BTC, ETH), "4h")
        fed.at(3, {BTC: {}, ETH: {}})
        self.assertEqual([BTC], [one.symbol for one in fed.at(4, {BTC: {}})])
        self.assertEqual([ETH], [one.symbol for one in fed.at(5, {BTC: {}, ETH: {}})])


class Features(unittest.TestCase):
    def test_their_names_can_be_attributes_and_equal_ones_are_computed_once(self) -> None:
        watch = TriggerWatch(
            [
                pool("a", "all", LOW, {"feature": "RSI( 14 )", "op": ">", "value": "rsi(14, close)"}),
                pool("b", "all", LOW, {"feature": "sma(1, of=hl2)", "op": ">", "value": "sma(1, hl2)", "period": "2h"}),
                pool("c", "any", {**LOW, "symbol": "XYZ/A"}, {**LOW, "symbol": "XYZ-A"}),
            ],
            None,
            (BTC,),
            HOUR_MS,
        )
        features = {name: one for name, one in watch.features().items() if "regime" not in name}
        self.assertEqual(Feature(RSI(14)), features["trigger_rsi_14"])
        self.assertEqual(Feature(SMA(1, "hl2"), "2h"), features["trigger_sma_1_of_hl2_2h"])
        self.assertEqual(Feature(RSI(14), None, "XYZ/A"), features["trigger_rsi_14_xyz_a"])
        self.assertEqual(Feature(RSI(14), None, "XYZ-A"), features["trigger_rsi_14_xyz_a_2"])
        self.assertEqual(4, len(features))
        self.assertEqual(features, checked_features(features))
        self.assertTrue(all(name.isidentifier() for name in features))

    def test_what_the_session_does_not_have_is_refused(self) -> None:
        for pools, schedule, said in (
            (
                [pool(symbols=["BTC/USTD"])],
                "",
                r"pool low: symbols: 'BTC/USTD' \(did you mean BTC/USDT\?\) is not traded",
            ),
            ([pool(), pool()], "", "pool low stands twice"),
            (
                [pool("x", "all", LOW, {**LOW, "period": "90m"})],
                "",
                r"^pool x: all\[1\]\.period: timeframe '90m' is no multiple of the strategy's own, 1h — allowed: 1h, ",
            ),
            ([], "15m", "wakes every 15m, and candles are 1h long"),
        ):
            with self.subTest(said), self.assertRaisesRegex(ConfigurationError, said):
                Fed(pools, (BTC, ETH), schedule)
        TriggerWatch([], Schedule.of("1m"), (BTC,), MINUTE_MS)

    def test_a_condition_names_a_symbol_whose_candles_come(self) -> None:
        foreign = pool("x", "any", LOW, {**LOW, "symbol": "SOL/USDT"})
        said = r"^pool x: any\[1\]\.symbol: 'SOL/USDT' is neither traded nor watched — allowed: BTC/USDT, ETH/USDT, or"
        with self.assertRaisesRegex(ConfigurationError, said):
            TriggerWatch([foreign], None, (BTC,), HOUR_MS, (ETH,))
        TriggerWatch([foreign], None, (BTC,), HOUR_MS, ("SOLUSDT",))


if __name__ == "__main__":
    unittest.main()
