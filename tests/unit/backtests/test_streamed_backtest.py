"""A backtest that yields its states: whatever its candles come from and whoever reads, it is the plain run."""

import asyncio
import contextlib
import tempfile
import unittest
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from backtests import (
    BacktestConfig,
    BacktestEngine,
    BacktestState,
    run_backtest,
    run_backtest_async,
)
from core.candle import Candle
from core.errors import CandleError, ConfigurationError, StrategyError
from core.instrument import Instrument
from core.timeframe import MINUTE_MS
from core.trading_signal import Signal
from tests.support.feature_strategies import Crossing
from tests.support.frame_strategies import BlockBreakout
from tests.support.market_data_sets import frame_of, practice_columns
from tests.support.memory import resident_mb
from tests.support.runs.players import CONFIG, Counted, rows, told, written
from tests.support.scale import scaled
from tests.support.times import JANUARY_MS
from tests.support.waiting import turns


async def coming(given: Iterable[Any]) -> AsyncIterator[Any]:
    """Give rows as a feed does."""
    for number, one in enumerate(given):
        if number % 50 == 0:
            await asyncio.sleep(0)
        yield one


def states_of(engine: BacktestEngine, candles: Any, every: int = 1) -> list[BacktestState]:
    """Run an engine to its end and return all that it yields."""

    async def read() -> list[BacktestState]:
        return [state async for state in engine.run(candles, every)]

    return asyncio.run(read())


def wild(count: int) -> list[tuple[Any, ...]]:
    """Return rows whose prices show their finest decimals late, and whose first candles have no volume."""
    table = []
    for number in range(count):
        close = 100.0 + number % 13 + (0.5 if number % 40 == 39 else 0.0) + (0.01 if number % 150 == 149 else 0.0)
        low, high = close - 5.0, close + 1.0
        table.append((JANUARY_MS + number * MINUTE_MS, close - 1.0, high, low, close, 0.0 if number < 3 else 1.5))
    return table


class TheSameRun(unittest.TestCase):
    def test_whatever_gives_the_candles_and_however_often_states_are_emitted(self) -> None:
        candles = rows(300)
        plain = told(run_backtest(candles, Counted(), config=CONFIG))
        for every in (1, 7, 300, 1_000):
            for given in (candles, iter(candles), coming(candles), frame_of(practice_columns("BTC/USDT", "1m", 300))):
                with self.subTest(every=every, given=type(given).__name__):
                    engine = BacktestEngine(CONFIG, Counted())
                    states = states_of(engine, given, every)
                    self.assertEqual(plain, told(engine.result))
                    self.assertEqual([*range(every, 301, every), 300], [state.index for state in states])
                    self.assertEqual("COMPLETED", states[-1].status)
                    known = 300 if hasattr(given, "__len__") else None
                    self.assertEqual([known] * (len(states) - 1) + [300], [one.total for one in states])

    def test_in_every_form_of_strategy_with_a_warm_up_and_several_symbols(self) -> None:
        candles = {"BTC/USDT": rows(300), "ETH/USDT": rows(260, "ETH/USDT")[40:]}
        for options in (
            {"strategy": "scalping_ema_rsi"},
            {"strategy": Crossing()},
            {"strategy": BlockBreakout({"length": 12})},
        ):
            options = {**options, "config": CONFIG, "start": "2024-01-01T02:00"}
            with self.subTest(options["strategy"]):
                plain = told(run_backtest(candles, **options))
                streams = {symbol: coming(one) for symbol, one in candles.items()}
                self.assertEqual(plain, told(asyncio.run(run_backtest_async(streams, **options))))

    def test_where_the_candles_show_their_decimals_late(self) -> None:
        table, settings = wild(400), {"execution": {"commission_rate": 0.001}}
        generator = Counted()
        plain = run_backtest(table, Counted(), config=settings)
        self.assertGreater(plain.metrics["total_trades"], 20)
        engine = BacktestEngine(settings, generator)
        curve: list[tuple[int, float]] = []
        for state in states_of(engine, iter(table), 10):
            del curve[state.metrics.equity_curve_from :]
            curve.extend(state.metrics.equity_curve)
        self.assertEqual(told(plain), told(engine.result))
        self.assertEqual([row[0] for row in table], generator.asked)
        self.assertEqual(plain.equity["equity"].tolist()[:-1], [value for _, value in curve[:-2]])

    def test_the_files_are_those_of_the_plain_run(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            base, table = Path(folder), wild(300)
            run_backtest(table, Counted(), config=CONFIG, output_dir=base / "plain")
            asyncio.run(run_backtest_async(iter(table), Counted(), config=CONFIG, output_dir=base / "streamed"))
            plain, streamed = written(base / "plain"), written(base / "streamed")
            self.assertEqual(plain.keys(), streamed.keys())
            for name, data in plain.items():
                self.assertEqual(data.replace(b"/plain", b"/streamed"), streamed[name], name)

    def test_one_candle_is_asked_for_at_a_time(self) -> None:
        pulled: list[int] = []

        def source() -> Iterable[Candle]:
            for candle in rows(50):
                pulled.append(candle.open_time_ms)
                yield candle

        async def read() -> None:
            rules = Instrument("BTC/USDT")
            engine = BacktestEngine(CONFIG, Counted(), instruments=rules, timeframe="1m")
            async with contextlib.aclosing(engine.run(source())) as states:
                async for state in states:
                    self.assertLessEqual(len(pulled), state.index + 1)

        asyncio.run(read())
        self.assertEqual(50, len(pulled))

    def test_memory_is_flat_over_many_candles(self) -> None:
        count = scaled(40_000, 200_000)

        def source() -> Iterable[tuple[int, float, float, float, float, float]]:
            for number in range(count):
                close = 100.0 + number % 7
                yield JANUARY_MS + number * MINUTE_MS, 100.0, 110.0, 90.0, close, 1.0

        async def measured() -> tuple[float, float]:
            engine = BacktestEngine(CONFIG, lambda candle: None)
            resident = {state.index: resident_mb() async for state in engine.run(source(), count // 10)}
            return resident[count // 5], resident[count]

        early, late = asyncio.run(measured())
        # The equity of every step and its time are 16 bytes, the numbers of a candle 48.
        self.assertLess(late - early, 8.0 + 60 * count / 1e6)


class Readers(unittest.TestCase):
    def test_a_slow_reader_gets_the_newest_state_and_misses_nothing_of_the_curve(self) -> None:
        async def read() -> tuple[list[BacktestState], BacktestEngine]:
            engine, seen = BacktestEngine(CONFIG, Counted()), []
            async for state in engine.run(rows(500)):
                seen.append(state)
                await turns(40)
            return seen, engine

        seen, engine = asyncio.run(read())
        self.assertLess(len(seen), 200)
        self.assertEqual(sorted({state.index for state in seen[:-1]}), [state.index for state in seen[:-1]])
        points = [point for state in seen for point in state.metrics.equity_curve]
        self.assertEqual(500, len({time_ms for time_ms, _ in points}))
        self.assertEqual(told(run_backtest(rows(500), Counted(), config=CONFIG)), told(engine.result))

    def test_callbacks_of_both_kinds_are_told_everything(self) -> None:
        for awaited in (False, True):
            heard: dict[str, list[Any]] = {name: [] for name in ("on_state", "on_signal", "on_fill", "on_trade")}

            def told_to(name: str, awaited: bool = awaited, heard: dict[str, list[Any]] = heard) -> Any:
                async def later(value: Any) -> None:
                    await asyncio.sleep(0)
                    heard[name].append(value)

                return later if awaited else heard[name].append

            callbacks: Any = {name: told_to(name) for name in heard}
            result = asyncio.run(run_backtest_async(rows(300), Counted(), config=CONFIG, emit_interval=50, **callbacks))
            self.assertEqual([50, 100, 150, 200, 250, 300, 300], [state.index for state in heard["on_state"]])
            self.assertEqual(len(result.trades), len(heard["on_fill"]))
            self.assertEqual(result.metrics["total_trades"], len(heard["on_trade"]))
            self.assertEqual(result.result.statistics.signals_generated, len(heard["on_signal"]))
            last = heard["on_state"][-1]
            self.assertEqual(heard["on_trade"][-10:], list(last.trades))
            self.assertEqual(heard["on_signal"][-10:], list(last.signals))
            self.assertEqual(result.result.performance.equity, last.equity)
            self.assertEqual(result.result.performance.max_drawdown_pct, last.metrics.max_drawdown_pct)

    def test_a_callback_that_raises_ends_the_run_and_its_error_is_told(self) -> None:
        async def fails(state: BacktestState) -> None:
            if state.index == 200:
                raise LookupError("mine")

        engine = BacktestEngine(CONFIG, Counted(), on_state=fails)
        with self.assertRaisesRegex(LookupError, "mine"):
            states_of(engine, rows(300), 100)
        self._require_partial(engine, 200)

    def test_whoever_leaves_ends_the_run_with_what_was_done(self) -> None:
        async def left(how: str) -> BacktestEngine:
            engine = BacktestEngine(CONFIG, Counted())
            states = engine.run(coming(rows(300)), 100)
            if how == "cancelled":
                task = asyncio.create_task(_read(states))
                while engine.state is None:
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            else:
                async for _ in states:
                    break
                await states.aclose()
            return engine

        for how in ("closed", "cancelled"):
            engine = asyncio.run(left(how))
            self.assertEqual("STOPPED", engine.state.status)
            self._require_partial(engine, engine.state.index)

    def _require_partial(self, engine: BacktestEngine, done: int) -> None:
        self.assertTrue(engine.result.result.partial)
        self.assertEqual(done, len(engine.result.equity))
        whole = run_backtest(rows(300), Counted(), config=CONFIG)
        self.assertTrue(whole.trade_log.startswith(engine.result.trade_log))


class WhatIsWrong(unittest.TestCase):
    def test_an_empty_input_ends_at_once(self) -> None:
        for empty in ([], iter(()), coming(()), {"BTC/USDT": [], "ETH/USDT": coming(())}):
            engine = BacktestEngine(CONFIG, Counted())
            (state,) = states_of(engine, empty)
            self.assertEqual(("COMPLETED", 0, 100.0, 10_000.0), (state.status, *_facts(state)))
            self.assertIsNone(engine.result)
        with self.assertRaisesRegex(CandleError, "there are no candles"):
            asyncio.run(run_backtest_async([], Counted(), config=CONFIG))

    def test_rows_that_are_no_candles_are_named_as_the_plain_run_names_them(self) -> None:
        def broken(number: int, row: Any) -> list[Any]:
            table: list[Any] = wild(20)
            table[number] = row
            return table

        first = JANUARY_MS
        cases = (
            broken(9, (first, 1.0, 2.0, 0.5, 1.0, 1.0)),
            broken(7, (first + 7 * MINUTE_MS, 1.0, 0.5, 0.5, 1.0, 1.0)),
            broken(0, (first, -1.0, 2.0, 0.5, 1.0, 1.0)),
            broken(11, (first + 11 * MINUTE_MS + 7, 1.0, 2.0, 0.5, 1.0, 1.0)),
            broken(5, "nothing"),
        )
        for table in cases:
            with self.assertRaises(CandleError) as plain:
                run_backtest(table, Counted(), timeframe="1m")
            with self.assertRaises(CandleError) as streamed:
                states_of(BacktestEngine(None, Counted(), timeframe="1m"), iter(table))
            self.assertEqual(str(plain.exception), str(streamed.exception))
        with self.assertRaisesRegex(CandleError, "which is how far apart the first candles are — allowed: timeframe="):
            states_of(BacktestEngine(None, Counted()), [wild(3)[0], *wild(5)[2:]])
        with self.assertRaisesRegex(CandleError, "candles are 7 — allowed"):
            states_of(BacktestEngine(None, Counted()), 7)

    def test_a_strategy_that_fails_leaves_what_was_done(self) -> None:
        calls = Counted()

        def fails(candle: Candle) -> Signal | None:
            if candle.open_time_ms == JANUARY_MS + 200 * MINUTE_MS:
                raise ValueError("no idea")
            return calls(candle)

        with tempfile.TemporaryDirectory() as folder:
            engine = BacktestEngine(CONFIG, fails, output_dir=folder)
            with self.assertRaisesRegex(StrategyError, "no idea.*; what was done is in .*, marked partial"):
                states_of(engine, rows(300), 50)
            self.assertEqual(("FAILED", 200), (engine.state.status, engine.state.index))
            self.assertTrue(engine.result.result.partial)
            written(Path(folder))

    def test_arguments_are_checked(self) -> None:
        engine = BacktestEngine(CONFIG, Counted())
        for wrong in (0, -1, 1.5, True):
            with self.assertRaisesRegex(ConfigurationError, "emit_interval: .* — allowed: a whole number above 0"):
                states_of(engine, rows(3), wrong)
        with self.assertRaisesRegex(TypeError, "has no option on_sate .did you mean on_state"):
            states_of(BacktestEngine(CONFIG, Counted(), on_sate=print), rows(3))
        with self.assertRaisesRegex(ConfigurationError, "its candles came one by one — allowed: auto or reference"):
            states_of(BacktestEngine(CONFIG, Counted(), engine="compiled"), rows(3))

    def test_the_usual_settings_have_names_of_their_own(self) -> None:
        given = BacktestConfig(initial_capital=5_000, commission_rate=0.001, slippage=0.0, risk_per_trade=0.02)
        settings = {"execution": {"starting_balance": 5_000, "commission_rate": 0.001, "slippage": 0.0}}
        plain = run_backtest(rows(200), Counted(), config={**settings, "risk": {"default_risk_per_trade": 0.02}})
        engine = BacktestEngine(given, Counted())
        states_of(engine, rows(200), 200)
        self.assertEqual(told(plain), told(engine.result))
        self.assertEqual(told(plain), told(run_backtest(rows(200), Counted(), config=given)))
        self.assertEqual((5_000, 0.02), (engine.config.initial_capital, engine.config.risk_per_trade))
        self.assertEqual("1m", engine.config.to_dict()["further"]["timeframe"])


def _facts(state: BacktestState) -> tuple[int, float | None, float]:
    return state.index, state.progress_percent, state.equity


async def _read(states: AsyncIterator[BacktestState]) -> None:
    async for _ in states:
        await asyncio.sleep(0)


if __name__ == "__main__":
    unittest.main()
