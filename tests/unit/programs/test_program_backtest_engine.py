"""The engine's figures and its log of triggers, worked by hand."""

import tempfile
import unittest
from pathlib import Path
from typing import ClassVar

from core.errors import ConfigurationError
from programs import BacktestConfig, BacktestResult, ProgramBacktestEngine, VirtualAccount
from runs.reading.trigger_log import TriggerRow
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.sandbox import CallInput
from tests.support.runs.drawn_programs import NOTHING, decided_by, drawn_market, hour

A, B = "AAA/USDT", "BBB/USDT"
# Closes 130, 131, …: the first candle opens at the close of the quiet ones.
DRAWN = {
    A: [
        (100.0, 100.0, 100.0, 100.0),  # its close decides: buy, stop 5, target 10 away
        (100.0, 104.0, 99.0, 104.0),  # fills at the open
        (104.0, 112.0, 103.0, 110.0),  # the target is passed
        (110.0, 110.0, 110.0, 110.0),  # its close decides: sell
        (110.0, 112.0, 109.0, 112.0),  # fills at the open
        (112.0, 113.0, 111.0, 112.0),  # its close decides: close
        (112.0, 112.0, 112.0, 112.0),  # fills at the open
        (112.0, 112.0, 112.0, 112.0),  # its close decides: buy with a stop beyond the price: refused
        (112.0, 112.0, 112.0, 112.0),
    ],
    B: [(100.0, 100.0, 100.0, 100.0)] * 9,
}
BUY = {"action": "buy", "stop_distance": 5, "target_distance": 10, "reason": "up"}
SAID = {
    (hour(1), A): BUY,
    (hour(4), A): {"action": "sell", "stop_distance": 20, "size": 0.5},
    (hour(6), A): {"action": "close"},
    (hour(8), A): {"action": "buy", "stop": 200},
    (hour(2), B): {"action": "long"},
    (hour(3), B): ProgramProblem("error", "ZeroDivisionError: division by zero", 3),
}


SEEN: dict[tuple[int, str], VirtualAccount] = {}


def decides(given: CallInput) -> object:
    SEEN[given.trigger["time_ms"], given.trigger["symbol"]] = VirtualAccount.seen(given.account)
    return SAID.get((given.trigger["time_ms"], given.trigger["symbol"]))


class HandWorked(unittest.TestCase):
    result: ClassVar[BacktestResult]
    engine: ClassVar[ProgramBacktestEngine]

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        config = BacktestConfig(
            code=NOTHING, name="drawn", scheduled_interval="1h", start_time=hour(0), end_time=hour(9), offline=True,
            initial_balance=10_000, slippage_percent=0.05, fee_rate=0.035, execution_price="open",
            config_path=str(drawn_market(Path(folder.name), DRAWN)),
        )  # fmt: skip
        cls.engine = ProgramBacktestEngine(config, decided_by(decides))
        cls.before = cls.engine.account
        cls.result = cls.engine.run()

    def rows(self, symbol: str) -> list[TriggerRow]:
        return [row for row in self.result.trigger_log if row.symbol == symbol]

    def test_trades_and_figures(self) -> None:
        # Of 10,000: the cap of 5 % at 100 is 5. Bought at 100 × 1.0005 = 100.05, fee 5 × 100.05 × 0.00035 = 0.1750875;
        # the target 110.05 is a limit order: fee 0.19258750. 5 × 10 − 0.367675 = 49.632325.
        first, second = self.result.trades
        self.assertEqual((A, "LONG", "target"), (first.symbol, first.side, first.exit_reason))
        self.assertEqual((100.05, 110.05, 5.0), (first.entry_price, first.exit_price, first.quantity))
        self.assertAlmostEqual(49.632325, first.pnl)
        self.assertAlmostEqual(0.367675, first.fee)
        # 5 % of 10,049.632325 at 110, a half of it: 2.284; in lots of 0.001, the room of the whole decides first.
        self.assertEqual(("SHORT", "exit_signal"), (second.side, second.exit_reason))
        # Sold at 110 × 0.9995 = 109.945, down to the tick: 109.94; bought at 112 × 1.0005 = 112.056, up: 112.06.
        self.assertEqual((109.94, 112.06), (second.entry_price, second.exit_price))
        fee = round(109.94 * second.quantity * 0.00035, 8) + round(112.06 * second.quantity * 0.00035, 8)
        lost = (109.94 - 112.06) * second.quantity - fee
        self.assertAlmostEqual(lost, second.pnl)
        self.assertAlmostEqual(10_049.632325 * 0.05 / 110 / 2, second.quantity, delta=0.001)
        result = self.result
        self.assertEqual(
            (2, 1, 1, 50.0), (result.total_trades, result.winning_trades, result.losing_trades, result.win_rate)
        )
        self.assertAlmostEqual(49.632325 + lost, result.total_pnl)
        self.assertAlmostEqual((49.632325 + lost) / 100, result.total_pnl_percent)
        self.assertAlmostEqual(49.632325, result.avg_win)
        self.assertAlmostEqual(lost, result.avg_loss)
        self.assertAlmostEqual(49.632325 / -lost, result.profit_factor)
        self.assertIsNone(result.sharpe_ratio)  # Of a third of a day there is none.
        self.assertTrue(result.success)
        self.assertIsNone(result.error)

    def test_the_account_and_its_curve(self) -> None:
        result, engine = self.result, self.engine
        self.assertEqual((10_000.0, 10_000.0), (self.before.balance, self.before.equity))
        self.assertAlmostEqual(10_000 + result.total_pnl, engine.account.equity)
        seen = SEEN[hour(2), B]
        held = seen.position(A)
        self.assertEqual(
            ("LONG", 5.0, 100.05, 95.05, (110.05,)),
            (held.side, held.quantity, held.entry_price, held.stop, held.targets),
        )
        self.assertAlmostEqual(5 * (104 - 100.05), seen.unrealized_pnl)
        self.assertEqual((520.0, 10_000.0), (seen.exposure, seen.balance))
        self.assertEqual({}, SEEN[hour(4), A].positions)
        self.assertAlmostEqual(10_049.632325, SEEN[hour(4), A].balance)
        self.assertEqual([hour(at) for at in range(1, 10)], [one.timestamp for one in result.equity_curve][:9])
        # At the close of the entry candle: 5 × (104 − 100.05).
        self.assertAlmostEqual(10_000 + 5 * (104 - 100.05), result.equity_curve[1].equity)
        peak = max(one.equity for one in result.equity_curve)
        self.assertAlmostEqual(peak - min(one.equity for one in result.equity_curve[3:]), result.max_drawdown)
        self.assertAlmostEqual(100 * result.max_drawdown / peak, result.max_drawdown_percent)

    def test_the_log_says_what_came_of_each_call(self) -> None:
        self.assertEqual((0, 18), (self.result.signal_triggers, self.result.scheduled_triggers))
        told = [(row.wish.action, row.outcome, row.outcome_reason) for row in self.rows(A)]
        held = ("hold", "held", "")
        sold = [("sell", "closed", "exit_signal"), held, ("close", "closed", "exit_signal")]
        self.assertEqual(
            [("buy", "closed", "target"), held, held, *sold, held, ("buy", "problem", "nonsense"), held], told
        )
        buy, close = self.rows(A)[0], self.rows(A)[5]
        self.assertEqual((100.05, 110.05, hour(3)), (buy.entry_price, buy.exit_price, buy.exit_time_ms))
        self.assertEqual([self.result.trades[0].pnl, self.result.trades[1].pnl], [buy.pnl, close.pnl])
        self.assertEqual("up", buy.wish.reason)
        problems = [row.problem for row in self.rows(B) if row.problem is not None]
        self.assertEqual(["nonsense", "error"], [one.kind for one in problems])
        self.assertIn("long", problems[0].text)
        self.assertEqual(3, problems[1].line)

    def test_plain_values_have_every_field(self) -> None:
        plain = self.result.to_dict()
        self.assertEqual(20, len(plain))
        self.assertEqual(self.result.total_pnl, plain["total_pnl"])
        self.assertEqual((2, 18), (len(plain["trades"]), len(plain["trigger_log"])))


class Outcomes(unittest.TestCase):
    def test_refused_reduced_and_unfilled_calls_are_told_as_such(self) -> None:
        said = {
            hour(1): {"action": "buy", "stop_distance": 20},
            hour(2): {"action": "buy", "stop_distance": 20},
            hour(3): {"action": "close", "size": 0.5},
            hour(5): {"action": "close"},
            hour(9): {"action": "sell", "stop_distance": 20},
        }
        with tempfile.TemporaryDirectory() as folder:
            config = BacktestConfig(
                code=NOTHING, scheduled_interval="1h", start_time=hour(0), end_time=hour(9), offline=True,
                slippage_percent=0, fee_rate=0.1, execution_price="open",
                config_path=str(drawn_market(Path(folder), {B: DRAWN[B]})),
            )  # fmt: skip
            listener = decided_by(lambda given: said.get(given.trigger["time_ms"]))
            log = ProgramBacktestEngine(config, listener).run().trigger_log
        told = [(row.outcome, row.outcome_reason) for row in log if row.wish.action != "hold"]
        # Bought 5 at 100 for 0.5; half of it is sold for 0.25, the rest for as much: 0.5 of the part, 1 of the whole.
        self.assertEqual(
            [
                ("closed", "exit_signal"),
                ("refused", "position_open"),
                ("reduced", "exit_signal"),
                ("closed", "exit_signal"),
                ("unfilled", "cancelled: end"),
            ],
            told,
        )
        self.assertEqual([-1.0, None, -0.5, -1.0, None], [row.pnl for row in log if row.wish.action != "hold"])


class Halted(unittest.TestCase):
    def test_too_many_problems_are_no_success(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            config = BacktestConfig(
                code=NOTHING, scheduled_interval="1h", start_time=hour(0), end_time=hour(9), offline=True,
                config_path=str(drawn_market(Path(folder), DRAWN)),
            )  # fmt: skip
            result = ProgramBacktestEngine(config, decided_by(lambda given: {"action": "long"})).run()
        self.assertFalse(result.success)
        self.assertIn("'long'", result.error)
        self.assertEqual([False] * 4 + [True], [row.halted for row in result.trigger_log])

    def test_what_is_wrong_is_said_before_anything_runs(self) -> None:
        wrong = {"start_time": "2024-01-02", "end_time": "2024-01-01", "scheduled_interval": "1h"}
        for more, said in (
            ({}, "start .* is not before end"),
            ({"scheduled_interval": "1m"}, "wakes every 1m"),
            ({"scheduled_interval": None}, "nothing wakes the program"),
            ({"signal_pool_ids": ("nothing_there",)}, "nothing_there"),
            ({"code": ""}, "^program program: code: is missing"),
            ({"code": "x = 1"}, r"^program\.py:1: the program has no decide"),
            ({"further": {"execution.slipage": 1}}, "did you mean slippage"),
        ):
            with self.subTest(said), self.assertRaisesRegex(ConfigurationError, said):
                ProgramBacktestEngine(BacktestConfig(**{"code": NOTHING, **wrong, **more}))


if __name__ == "__main__":
    unittest.main()
