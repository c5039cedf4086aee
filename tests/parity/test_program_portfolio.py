"""A portfolio of which one system is a program: killed, it is what its journal and history say."""

import json
import signal
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

import msgspec

from backtests.portfolio import portfolio_parity
from backtests.portfolio.portfolio_run import PortfolioPlan, run_portfolio
from engine.journal_records import ProgramRecord
from market_data.practice.practice_market import PracticeMarket
from practice.exchange import PracticeExchange
from practice.exchange_options import ExchangeOptions
from tests.support.sessions.live_processes import (
    BUSY,
    LiveProcess,
    journal_records,
    session_config,
)
from tests.support.times import HOUR_MS, JANUARY_MS, MINUTE_MS

START = JANUARY_MS + 22 * HOUR_MS
STEPS = 35
END = START + STEPS * MINUTE_MS
ENDLESS = START + 20 * MINUTE_MS
COUNTING = f"""
def decide(market, account, trigger):
    while market.time == {ENDLESS} and trigger.symbol == "BTC/USDT" and trigger.trigger_type == "scheduled":
        pass
    memory["calls"] = memory.get("calls", 0) + 1
    print(market.get_flow(trigger.symbol, "open_interest")["value"])
    if trigger.symbol in account.positions:
        return Decision("close") if memory["calls"] % 3 else None
    close = market.get_klines(trigger.symbol, "", 1)[0]["close"]
    return Decision("buy", size=0.4, stop=close * 0.99, reason=f"{{memory['calls']}} {{account.trades_today}}")
"""
"""Counts its calls, and decides by that: a call that fails has a part in all later ones. It reads open interest too."""


class ProgramInAPortfolio(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def written(self) -> tuple[Path, Path]:
        """Write a portfolio of two systems that share a symbol; return configuration and portfolio."""
        strategy = {"type": "program", "file": "programs/counting.py", "pools": ["always"], "schedule": "5m"}
        config = session_config(
            self.base,
            live={
                "symbols": ["BTC/USDT", "ETH/USDT"],
                "strategy": {**strategy, "params": {"call_seconds": 0.05}},
                "execution": {"perpetual": {"leverage": 2, "funding": False, "mark_price": False}},
            },
        )
        pool = {"name": "Always", "mode": "level", "all": [{"feature": "rsi(3)", "op": "<", "value": 60}]}
        for name, text in {
            "programs/counting.py": COUNTING,
            "programs/pools/always.yaml": json.dumps(pool),
            "config/second.yaml": json.dumps(
                {**json.loads(config.read_text()), "symbols": ["ETH/USDT", "XRP/USDT"], "strategy": BUSY}
            ),
            "config/portfolios/pair.yaml": json.dumps(
                {
                    "id": "pair",
                    "description": "For tests",
                    "members": {"program": "config/live.yaml", "classes": "config/second.yaml"},
                    "rebalance": "1d",
                    "limits": {"max_open_trades": 3},
                }
            ),
        }.items():
            path = self.base / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return config, self.base / "config" / "portfolios" / "pair.yaml"

    def test_it_survives_kills_also_in_a_call_that_never_ends_and_is_what_a_backtest_makes_of_it(self) -> None:
        config, portfolio = self.written()
        with PracticeExchange(PracticeMarket(), ExchangeOptions(start_ms=START, pace="driven")) as running:
            folder = self.killed(config, ["--portfolio", portfolio], running)
        records = journal_records(folder)
        noted = [one["record"] for one in records if one["record"] in ("program", "resume")]
        self.assertEqual(["resume", "program", "resume"], noted, "what failed is told before it is gone on")
        (failed,) = (one for one in records if one["record"] == "program")
        told = [json.loads(one) for one in (folder / "program" / "decisions.jsonl").read_text().splitlines()]
        calls = [one for one in told if one["event"] == "program"]
        self.assertEqual({"signal", "scheduled"}, {one["trigger"]["type"] for one in calls})
        machine = [one["call"] for one in calls if one.get("problem", {}).get("kind") == "machine"]
        self.assertEqual([failed["call"]], machine)
        self.assertGreater((folder / "program" / "trades.csv").read_bytes().count(b"\n"), 8)
        with patch.object(portfolio_parity, "run_portfolio", wraps=run_portfolio) as history:
            found = portfolio_parity.check_portfolio(folder, offline=True, now_ms=END)
        self.assertEqual("journal: equal · history: 0 differences", found.verdict, found.lines())
        # Every five minutes from 21:45 to 22:30, of three symbols.
        self.assertEqual((30, []), (found.compared["open_interest"], found.open_interest))
        printed = {one["printed"][0] for one in calls if "printed" in one}
        steps = [rows for one in records[1:] for rows in one.get("open_interest", ())[:2]]
        amounts = {one for rows in steps for _, one, _ in rows}
        self.assertLessEqual(printed, set(map(str, amounts)))
        self.assertLess(10, len(printed))
        told = [json.loads((folder / name / "manifest.json").read_text()) for name in (".", "program", "classes")]
        fed = [one["perpetual"].get("open_interest", {}).get("periods") for one in told]
        self.assertEqual([["5m"], ["5m"], None], fed)
        self.assert_fails_again(
            *history.call_args.args, [ProgramRecord(failed["call"], failed["text"], None, "program")]
        )

    def assert_fails_again(self, plan: PortfolioPlan, provider: object, failed: list[ProgramRecord]) -> None:
        """What failed in the session fails in the run over history, and so would any other call."""
        self.assertEqual(failed, plan.failed_calls)
        others = [ProgramRecord(4, "worker: gone", None, "program"), ProgramRecord(9, "time: late", 7, "program")]
        again = msgspec.structs.replace(plan, failed_calls=[*others, *failed], output_dir=self.base / "again")
        told = Path(run_portfolio(again, provider).members["program"].folder) / "decisions.jsonl"
        calls = [json.loads(one) for one in told.read_text().splitlines()]
        problems = [one for one in calls if one.get("problem", {}).get("kind") == "machine"]
        self.assertEqual(
            [(one.call, one.text, one.line) for one in (*others, *failed)],
            [(one["call"], one["problem"]["text"], one["problem"].get("line")) for one in problems],
        )

    def killed(self, config: Path, chosen: list[str | Path], running: PracticeExchange) -> Path:
        """Kill it between two steps, and before it has told of a call without an end; let it end."""
        process = LiveProcess(config, running, chosen)
        try:
            folder = process.folder
            self.advance(process, running, START + 7 * MINUTE_MS)
            process.close()
            process = LiveProcess(config, running, [*chosen, "--resume", folder])
            self.advance(process, running, ENDLESS + MINUTE_MS)
            process.close()
            self.tear(folder / "journal.jsonl")
            process = LiveProcess(config, running, [*chosen, "--resume", folder])
            self.advance(process, running, END)
            process.send(signal.SIGTERM)
            self.assertEqual((0, []), (process.ended(), process.errors))
        finally:
            process.close()
        return folder

    def advance(self, process: LiveProcess, running: PracticeExchange, time_ms: int) -> None:
        """Let the exchange's time go on, once the session is connected, and wait for its step."""
        process.wait_until_connected()
        running.wait_for_streams(3)
        running.advance_to(time_ms)
        process.wait_for_step(time_ms)

    def tear(self, journal: Path) -> None:
        """Cut off what a journal says from its last failed call on: the step is there, what came of it is not."""
        data = journal.read_bytes()
        line = data.rindex(b"\n", 0, data.rindex(b'"record":"program"'))
        journal.write_bytes(data[: line + 1])


if __name__ == "__main__":
    unittest.main()
