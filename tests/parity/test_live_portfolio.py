"""A portfolio traded on paper: killed and taken up again it writes the bytes of one that never died, and a backtest's.

Every session runs in a process of its own over real sockets; at midnight, in its middle, cash moves.
"""

import contextlib
import io
import json
import random
import signal
import tempfile
import unittest
from pathlib import Path

from backtests.parity import main as parity
from backtests.portfolio.portfolio_parity import check_portfolio
from core.errors import StoreError
from practice.exchange import PracticeExchange
from reports.__main__ import main as reports
from runs.folder.file_names import CURVE, DERIVED, PORTFOLIO, REBALANCES, RESULT
from runs.reading.run_folder import measure_run, read_run
from runs.store.found_folders import find_folders
from tests.parity.test_live_kills import exchange, tear
from tests.support.sessions.live_processes import LiveProcess, session_config
from tests.support.times import HOUR_MS, JANUARY_MS, MINUTE_MS

START = JANUARY_MS + 22 * HOUR_MS
STEPS = 200
END = START + STEPS * MINUTE_MS
MIDNIGHT = JANUARY_MS + 24 * HOUR_MS
MEMBERS = ("zeal", "calm")
"""Not in the order of the alphabet: that of the file is the one that counts."""


class LivePortfolio(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def written(self, name: str) -> tuple[Path, Path]:
        """Write a portfolio of two systems that share one of their symbols; return configuration and portfolio."""
        config = session_config(self.base / name)
        second = json.loads(config.read_text())
        second["symbols"] = ["ETH/USDT", "XRP/USDT"]
        second["strategy"]["params"]["ema_fast"] = 3
        (config.parent / "second.yaml").write_text(json.dumps(second))
        portfolio = config.parent / "portfolios" / "pair.yaml"
        portfolio.parent.mkdir()
        keys = {
            "id": "pair",
            "description": "For tests",
            "members": dict(zip(MEMBERS, ("config/live.yaml", "config/second.yaml"), strict=True)),
            "rebalance": "1d",
            "limits": {"max_open_trades": 3},
        }
        portfolio.write_text(json.dumps(keys))
        return config, portfolio

    def outputs(self, folder: Path) -> dict[str, bytes]:
        names = [REBALANCES, *(f"{one}/{file}" for one in MEMBERS for file in (*DERIVED, CURVE))]
        return {name: (folder / name).read_bytes() for name in names}

    def paged(self, folder: Path, printed: str) -> None:
        """The page is what the session's files say, and is written again from them alone."""
        page = folder / "report.html"
        self.assertIn(f"\nreport page: {page}\n", printed)
        held = page.read_text().partition('id="data">')[2].partition("</script>")[0]
        told, result = json.loads(held)["portfolio"], json.loads((folder / "portfolio.json").read_text())
        self.assertEqual(result["performance"], told["performance"])
        self.assertEqual(MEMBERS, tuple(one["name"] for one in told["members"]))
        self.assertEqual(f"Portfolio session {folder.name}", told["title"].partition(":")[0])
        self.assertEqual(2, len(told["rebalances"][0]["shares"]))
        again = self.base / "again.html"
        self.assertEqual(0, reports(["html", str(folder), "--out", str(again)]))
        self.assertEqual(page.read_bytes(), again.read_bytes())

    def test_it_survives_kills_and_is_what_a_backtest_makes_of_the_same_time(self) -> None:
        config, portfolio = self.written("whole")
        chosen = ["--portfolio", portfolio]
        with (
            self.running() as running,
            LiveProcess(config, running, [*chosen, "--for", f"{STEPS}m", "--report"]) as process,
        ):
            self.assertEqual(0, process.ended(), process.errors)
            folder, printed = process.folder, process.output
        whole = self.outputs(folder)
        self.assertIn("Portfolio pair: ", printed)
        self.paged(folder, printed)
        self.assertEqual(3, whole[REBALANCES].count(b"\n"))
        self.assertIn(b"portfolio_max_open_trades", b"".join(whole[f"{one}/decisions.jsonl"] for one in MEMBERS))
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            self.assertEqual(0, parity([str(folder), "--offline"]))
        self.assertTrue(told.getvalue().endswith("journal: equal · history: 0 differences\n"))
        found = check_portfolio(folder, offline=True, now_ms=END)
        self.assertEqual("journal: equal · history: 0 differences", found.verdict)
        self.read_again(folder)
        self.damaged(folder)

        config, portfolio = self.written("killed")
        killed = self.killed(config, ["--portfolio", portfolio])
        self.assertEqual(whole, self.outputs(killed))
        self.assertEqual("journal: equal · history: 0 differences",
                         check_portfolio(killed, offline=True, now_ms=END).verdict)  # fmt: skip

    def running(self) -> PracticeExchange:
        return exchange(STEPS, 3_000.0, START, streams=4)

    def killed(self, config: Path, chosen: list[str | Path]) -> Path:
        """Kill a session before and after midnight, tear its journal, and let it end; return its folder."""
        chance = random.Random(7)
        with self.running() as running:
            process = LiveProcess(config, running, chosen)
            try:
                folder = process.folder
                for until_ms in (MIDNIGHT - 30 * MINUTE_MS, MIDNIGHT + 15 * MINUTE_MS):
                    process.wait_for_step(until_ms)
                    process.close()
                    tear(folder / "journal.jsonl", chance)
                    process = LiveProcess(config, running, [*chosen, "--resume", folder])
                process.wait_until_connected()
                process.wait_for_step(END)
                process.send(signal.SIGTERM)
                self.assertEqual(0, process.ended(), process.errors)
            finally:
                process.close()
        return folder

    def read_again(self, folder: Path) -> None:
        """Every member is a run of its own, and the whole is what they come to."""
        told = json.loads((folder / PORTFOLIO).read_text())
        self.assertEqual(sorted(MEMBERS), sorted(told["members"]))
        found = {Path(one.path).name for one in find_folders([folder.parent], ())}
        self.assertEqual(set(MEMBERS), found)
        for name in MEMBERS:
            run = read_run(folder / name)
            figures = measure_run(run)
            self.assertEqual("live", run.kind)
            self.assertAlmostEqual(told["members"][name]["total_return_pct"], figures.performance.total_return_pct, 9)
            self.assertEqual(told["members"][name]["trades"], figures.trade_quality.trades)

    def damaged(self, folder: Path) -> None:
        """A member's file that is not the journal's is named; one of its results that is gone is an error."""
        trades = folder / MEMBERS[1] / "trades.csv"
        before = trades.read_bytes()
        trades.write_bytes(before.replace(b"LONG", b"LING", 1))
        found = check_portfolio(folder, "journal", offline=True, now_ms=END)
        self.assertEqual((4, "journal: DIFFERENT · history: not checked"), (found.exit_code, found.verdict))
        self.assertEqual([f"{MEMBERS[1]}/trades.csv"], [name for name, same in (found.files or {}).items() if not same])
        trades.unlink()
        with self.assertRaises(StoreError):
            check_portfolio(folder, "journal", offline=True, now_ms=END)
        trades.write_bytes(before)
        self.assertTrue((folder / MEMBERS[0] / RESULT).is_file())


if __name__ == "__main__":
    unittest.main()
