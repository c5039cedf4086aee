"""A session driven by hand: wherever it goes, it is the plain run, and says how it stands."""

import json
import tempfile
import threading
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from backtests import run_backtest
from backtests.config_backtest import ConfigBacktestRunner
from backtests.in_memory import MemoryBacktest
from backtests.player.player_state import PlayerState
from backtests.player.session_player import SessionPlayer
from backtests.player.state_lines import StateLine
from backtests.player.states import state_json
from core.candle import Candle
from core.errors import ConfigurationError, ParityError, StrategyError
from core.timeframe import DAY_MS
from core.trading_signal import Signal
from indicators import ATR
from strategies.features.feature_strategy import FeatureStrategy
from tests.support.config_tree import write_config
from tests.support.feature_strategies import Crossing
from tests.support.frame_strategies import BlockBreakout
from tests.support.runs.players import CONFIG, Counted, memory_run, parked_often, rows, told, written
from tests.support.times import JANUARY_MS, MINUTE_MS
from tests.support.waiting import wait_until

HAPPENED: dict[str, Callable[[PlayerState], bool]] = {
    "signal": lambda state: state.now.signals[-1].time_ms == state.now.time_ms,
    "fill": lambda state: state.fills[-1].time_ms in (state.now.time_ms, state.now.time_ms - MINUTE_MS),
    "trade": lambda state: state.now.metrics.total_trades == 1,
    "refusal": lambda state: state.refusals[-1].refusal in state.refusal_reasons,
    "halt": lambda state: state.halts == ("daily_loss",),
}
"""What is so after the first step at which something happened."""

BREAKOUT = {"type": "tests.support.frame_strategies:BlockBreakout", "params": {"length": 12}}


class WhereverItGoes(unittest.TestCase):
    def test_every_form_of_strategy_comes_to_the_plain_run(self) -> None:
        forms: tuple[dict[str, Any], ...] = (
            {},
            {"strategy": "scalping_ema_rsi"},
            {"strategy": Crossing({"fast": 4})},
            {"strategy": BlockBreakout({"length": 12})},
        )
        for options in forms:
            with self.subTest(options):
                plain = told(memory_run(**options).run())
                player = parked_often(memory_run(**options))
                at = player.times_ms
                self.assertEqual(300, player.run_to(at[299]).now.index)
                while player.tend():
                    pass
                self.assertEqual(4, len(player.state.checkpoints_ms))
                for place in (250, 121, 310, 0):
                    state = player.seek(at[place])
                    self.assertEqual(("paused", place + 1), (state.control, state.now.index))
                    fresh = parked_often(memory_run(**options)).run_to(at[place])
                    self.assertEqual(state_json(fresh.now), state_json(state.now))
                    self.assertEqual(fresh.orders, state.orders)
                self.assertEqual("ended", player.play().control)
                self.assertEqual(plain, told(player.result))
                self.assertEqual(200, player.seek(at[199]).now.index)
                player.play()
                self.assertEqual(plain, told(player.result))

    def test_a_function_is_asked_about_each_candle_once(self) -> None:
        generator = Counted()
        player = parked_often(MemoryBacktest(rows(300), generator, config=CONFIG))
        player.run_to(player.times_ms[250])
        player.tend(0.2)
        player.seek(player.times_ms[40])
        player.play()
        self.assertEqual([one.open_time_ms for one in rows(300)], generator.asked)

    def test_the_files_are_those_of_the_plain_run(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            base = Path(folder)
            live: dict[str, object] = {"exchange": "practice", "symbols": ["BTC/USDT", "ETH/USDT"], "timeframe": "15m"}
            live |= {"strategy": BREAKOUT, "detail_interval": "5m", "data": {"cache_dir": str(base / "data")}}
            config = write_config(base, live=live)
            runners = [
                ConfigBacktestRunner(config, "2024-01-03", "2024-01-06", output_dir=base / name)
                for name in ("plain", "played", "stopped")
            ]
            plain = runners[0].run()
            self.assertGreater(plain["performance"]["total_trades"], 5)
            player = parked_often(runners[1])
            player.run_to("2024-01-05")
            player.seek("2024-01-04T07:30")
            self.assertFalse((base / "played").exists())
            player.play()
            files = {name: written(base / name) for name in ("plain", "played")}
            self.assertEqual(files["plain"].keys(), files["played"].keys())
            for name, data in files["plain"].items():
                expected = data.replace(str(base / "plain").encode(), str(base / "played").encode())
                self.assertEqual(expected, files["played"][name], name)
            stopped = SessionPlayer(runners[2])
            stopped.run_to("2024-01-04")
            self.assertEqual("stopped", stopped.stop().control)
            self.assertTrue(stopped.result.result.partial)
            begun = Path(stopped.result.to_dict()["log_file"]).read_bytes()
            self.assertTrue(Path(plain["log_file"]).read_bytes().startswith(begun))
            self.assertGreater(begun.count(b"\n"), 3)

    def test_what_answers_otherwise_the_second_time_is_told(self) -> None:
        class Fickle(FeatureStrategy):
            asked: ClassVar[list[int]] = []

            def features(self, params: Any) -> dict[str, Any]:
                return {"atr": ATR(2)}

            def decide(self, now: Any) -> Signal | None:
                self.asked.append(0)
                return self.long(stop_distance=50.0, target_distance=50.0) if len(self.asked) % 20 == 0 else None

        player = SessionPlayer(MemoryBacktest(rows(200), strategy=Fickle()))
        player.run_to(player.times_ms[150])
        player.seek(player.times_ms[11])
        with self.assertRaisesRegex(ParityError, "a second replay of the same candles wrote another"):
            player.play()
        self.assertEqual("failed", player.state.control)


class Controls(unittest.TestCase):
    def test_it_stops_at_events(self) -> None:
        player = SessionPlayer(memory_run())
        for kind, happened in HAPPENED.items():
            player.seek(0)
            state = player.run_to_event(kind)
            self.assertIn(kind, state.stopped_by)
            self.assertTrue(happened(state), kind)
        with self.assertRaisesRegex(ConfigurationError, "did you mean fill.* — allowed: signal, refusal"):
            player.run_to_event("fil")

    def test_it_stops_at_the_first_step_of_a_day(self) -> None:
        player = SessionPlayer(MemoryBacktest(rows(80, timeframe="1h"), Counted()))
        player.break_at("day")
        days = []
        while (state := player.play()).control != "ended":
            self.assertEqual(("day",), state.stopped_by)
            days.append(state.now.time_ms)
        # The step at midnight closes the old day.
        self.assertEqual([JANUARY_MS + day * DAY_MS + 60 * MINUTE_MS for day in (1, 2, 3)], days)

    def test_a_pause_from_another_thread_holds_it_still(self) -> None:
        player = SessionPlayer(memory_run(4_000))
        player.set_speed(candles_per_second=200)
        thread = threading.Thread(target=player.play)
        thread.start()
        wait_until(lambda: player.state.now.index > 3)
        self.assertEqual("playing", player.state.control)
        held = player.pause()
        thread.join()
        self.assertEqual("paused", held.control)
        time.sleep(0.02)
        self.assertEqual(state_json(held), state_json(player.state))
        self.assertLess(held.now.index, 4_000)

    def test_a_later_control_rules(self) -> None:
        player = SessionPlayer(memory_run(3_000))
        player.set_speed(candles_per_second=50)
        thread = threading.Thread(target=player.play)
        thread.start()
        wait_until(lambda: player.state.control == "playing")
        self.assertEqual(2_000, player.seek(player.times_ms[1_999]).now.index)
        thread.join()
        self.assertEqual("paused", player.state.control)
        player.set_speed()
        self.assertEqual("ended", player.resume().control)
        self.assertEqual(told(memory_run(3_000).run()), told(player.result))

    def test_the_speed_is_kept_and_can_be_changed_meanwhile(self) -> None:
        for speed in ({"candles_per_second": 100.0}, {"times_real": 6_000.0}):
            player = SessionPlayer(MemoryBacktest(rows(2_000), Counted()))
            state = player.set_speed(**speed)
            self.assertEqual(100.0, (state.speed.candles_per_second or state.speed.times_real / 60))
            begun = time.monotonic()
            thread = threading.Thread(target=player.play)
            thread.start()
            wait_until(lambda player=player: player.state.now.index >= 10)
            self.assertGreater(time.monotonic() - begun, 0.08)
            self.assertLess(player.state.now.index, 1_900)
            player.set_speed()
            thread.join()
            self.assertEqual("ended", player.state.control)
        for wrong in (0, -1, float("nan"), "fast"):
            with self.assertRaisesRegex(ConfigurationError, "speed: .* — allowed: a number above 0"):
                player.set_speed(times_real=wrong)
        with self.assertRaises(ConfigurationError):
            player.set_speed(times_real=1.0, candles_per_second=1.0)

    def test_breaks_that_are_set_while_it_plays_hold_it_and_setting_them_does_not(self) -> None:
        player = SessionPlayer(memory_run(4_000))
        controls: list[str] = []
        player.listen(lambda state: controls.append(state.control), per_second=1_000.0)
        player.set_speed(candles_per_second=400)
        thread = threading.Thread(target=player.play)
        thread.start()
        wait_until(lambda: player.state.now.index > 3)
        player.break_at()
        player.set_speed(candles_per_second=2_000)
        at = player.state.now.index
        wait_until(lambda: player.state.now.index > at + 5)
        self.assertEqual({"playing"}, set(controls))
        player.break_at("trade")
        thread.join()
        self.assertEqual(("paused", ("trade",)), (player.state.control, player.state.stopped_by))

    def test_stopping_leaves_what_was_done_marked_partial(self) -> None:
        player = SessionPlayer(memory_run())
        player.run_to(player.times_ms[-1])
        player.seek(player.times_ms[219])
        state = player.stop()
        self.assertEqual(("stopped", "STOPPED", 220), (state.control, state.now.status, state.now.index))
        self.assertTrue(player.result.result.partial)
        whole = memory_run().run()
        self.assertTrue(whole.trade_log.startswith(player.result.trade_log))
        self.assertEqual(220, len(player.result.equity))
        for control in (player.step, player.play, player.pause, player.stop, lambda: player.seek(0)):
            self.assertEqual(state_json(state), state_json(control()))

    def test_a_strategy_that_fails_is_told_and_what_was_before_can_be_seen(self) -> None:
        calls = Counted()

        def fails(candle: Candle) -> Signal | None:
            if candle.open_time_ms == JANUARY_MS + 200 * MINUTE_MS:
                raise ValueError("no idea")
            return calls(candle)

        player = parked_often(MemoryBacktest(rows(300), fails))
        for _ in range(2):
            with self.assertRaisesRegex(StrategyError, "no idea"):
                player.play()
            state = player.state
            self.assertEqual(("failed", "FAILED", 200), (state.control, state.now.status, state.now.index))
            self.assertIn("no idea", state.failure)
            self.assertTrue(player.result.result.partial)
            self.assertEqual("failed", player.step().control)
            self.assertEqual(("paused", 50, None), _brief(player.seek(player.times_ms[49])))

    def test_a_fork_is_the_plain_run_of_its_settings(self) -> None:
        options = {"strategy": "scalping_ema_rsi", "config": {"strategy": {"params": {"volume_multiplier": 0.8}}}}
        player = SessionPlayer(memory_run(1_000, **options))
        player.run_to(player.times_ms[599])
        fork = player.fork({"execution.commission_rate": 0.002, "strategy.params.sl_atr_multiple": 0.5})
        fork.play()
        config = {"strategy": {"params": {"volume_multiplier": 0.8, "sl_atr_multiple": 0.5}}}
        config["execution"] = {"commission_rate": 0.002}
        self.assertEqual(told(memory_run(1_000, strategy="scalping_ema_rsi", config=config).run()), told(fork.result))
        equity = player.state.now.equity
        later = player.fork(at=player.times_ms[599])
        self.assertEqual(0, later.state.now.index)
        self.assertAlmostEqual(equity, later.state.now.current_capital, 6)
        later.play()
        start, balance = player.state.now.to_dict()["time"], later.state.now.metrics.starting_balance
        config = {"strategy": {"params": {"volume_multiplier": 0.8}}, "execution": {"starting_balance": balance}}
        same = memory_run(1_000, strategy="scalping_ema_rsi", config=config, start=start).run()
        self.assertEqual(told(same), told(later.result))
        with self.assertRaisesRegex(ConfigurationError, "a fork at .* — allowed: a time up to the present one"):
            player.fork(at=player.times_ms[-1])
        with self.assertRaisesRegex(ConfigurationError, "signal_generator is a function"):
            SessionPlayer(memory_run()).fork({})


class Shown(unittest.TestCase):
    def test_a_state_is_plain_and_its_money_exact(self) -> None:
        player = SessionPlayer(memory_run())
        player.run_to_event("trade")
        state = player.run_to_event("fill")
        wire = json.loads(state_json(state))
        log = player.state.fills[-1]
        self.assertEqual(wire["fills"][-1]["price"], str(log.price.exact))
        self.assertEqual(wire["now"]["current_capital"], str(state.now.current_capital.exact))
        self.assertIsInstance(state.now.current_capital, float)
        self.assertEqual("high", wire["now"]["signals"][-1]["reason"])
        self.assertIn("high", wire["now"]["signals"][-1]["inputs"])
        position = state.now.open_trades[0]
        protective = {one.role: one for one in state.orders if one.symbol == position.symbol}
        self.assertEqual(position.stop, protective["stop"].stop_price)
        self.assertEqual(position.targets, (protective["target"].price,))
        plain = state.to_dict()
        self.assertIs(float, type(plain["now"]["equity"]))
        self.assertEqual(state.now.time_ms, plain["now"]["time"].timestamp() * 1000)

    def test_listeners_are_told_the_curve_by_increments_and_may_pause(self) -> None:
        player = SessionPlayer(memory_run(2_000))
        curve: list[tuple[int, float]] = []
        controls: list[str] = []
        paused_at: list[int] = []

        def listen(state: PlayerState) -> None:
            metrics = state.now.metrics
            del curve[metrics.equity_curve_from :]
            curve.extend(metrics.equity_curve)
            controls.append(state.control)
            if state.now.index > 0 and "paused" not in controls[1:]:
                player.pause()
                paused_at.append(state.now.index)
                with self.assertRaisesRegex(ConfigurationError, r"step\(\) by a listener — allowed there: pause"):
                    player.step()

        player.listen(listen, per_second=1e6)
        player.set_speed(candles_per_second=1e6)
        self.assertEqual("paused", player.play().control)
        self.assertEqual([one + 1 for one in paused_at], [player.state.now.index], "the step at hand is the last")
        player.seek(player.times_ms[99])
        player.play()
        result = run_backtest(*_given(2_000), config=CONFIG)
        self.assertEqual(result.equity["equity"].tolist()[:-1], [value for _, value in curve[:-2]])
        self.assertEqual(result.equity["equity"].iloc[-1], curve[-1][1])
        self.assertEqual({"playing", "paused", "seeking", "ended"}, set(controls))

    def test_lines_say_what_states_say_wherever_it_goes(self) -> None:
        player = parked_often(memory_run(400, Counted()))
        states: list[PlayerState] = []
        lines: list[StateLine] = []
        player.listen(states.append, per_second=1e-9)
        player.listen_to_lines(lines.append, per_second=1e-9)
        for _ in range(40):
            player.step(5)
        player.seek(int(player.times_ms[30]))
        player.play()
        self.assertEqual(len(states), len(lines))
        last: dict[str, list[Any]] = {"signals": [], "trades": [], "fills": []}
        for state, line in zip(states, lines, strict=True):
            for one in line.news:
                fresh = [json.loads(text) for text in one.fresh]
                last[one.kind] = (last[one.kind] + fresh)[len(last[one.kind]) + len(fresh) - one.count :]
            whole, found = json.loads(state_json(state)), json.loads(line.json)
            self.assertEqual(whole["now"], {**found["now"], "signals": last["signals"], "trades": last["trades"]})
            self.assertEqual(whole["fills"], last["fills"])
            del found["now"]
            self.assertEqual(found, {name: whole[name] for name in found})
        self.assertTrue(any(one.now.open_trades for one in states) and any(one.orders for one in states))

    def test_a_listener_that_raises_ends_the_control_and_nothing_else(self) -> None:
        player = SessionPlayer(memory_run())
        told_of: list[int] = []

        def listen(state: PlayerState) -> None:
            told_of.append(state.now.index)
            if len(told_of) == 3:
                raise LookupError("mine")

        player.listen(listen, per_second=1e6)
        player.set_speed(candles_per_second=1e6)
        with self.assertRaisesRegex(LookupError, "mine"):
            player.play()
        self.assertEqual("paused", player.state.control)
        player.play()
        self.assertEqual(told(memory_run().run()), told(player.result))


def _brief(state: PlayerState) -> tuple[str, int, str | None]:
    return state.control, state.now.index, state.failure


def _given(count: int) -> tuple[Any, Any]:
    return {"BTC/USDT": rows(count), "ETH/USDT": rows(count - 7, "ETH/USDT")}, Counted()


if __name__ == "__main__":
    unittest.main()
