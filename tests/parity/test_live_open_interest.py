"""A program that reads open interest, live: killed, it is told the same, and what it was not told in time is named."""

import json
import signal
import tempfile
import unittest
from pathlib import Path

from backtests.parity import ParityReport, check_parity
from backtests.proof.report_lines import report_lines
from core.candle import OPEN_INTEREST_KNOWN_AFTER_MS, OpenInterest
from core.instants import format_ms
from market_data.practice.practice_market import PracticeMarket
from practice.exchange import PracticeExchange
from practice.exchange_options import ExchangeOptions
from practice.faults.fault_script import FaultScript, LateOpenInterest
from tests.support.sessions.live_processes import (
    LiveProcess,
    journal_records,
    outputs_of,
    run_live,
    session_config,
)
from tests.support.times import HOUR_MS, JANUARY_MS, MINUTE_MS

BTC, ETH = SYMBOLS = ("BTC/USDT", "ETH/USDT")
START = JANUARY_MS + 9 * HOUR_MS
END = START + 40 * MINUTE_MS
FIRST_STAMP = START - 45 * MINUTE_MS
"""Two quarters of an hour before the one that is known at the start, 08:45."""
LATE_STAMP = START + 10 * MINUTE_MS
GONE_AT = START + 16 * MINUTE_MS
"""A minute after the row counts as known; it is published half a minute later."""
CROWD = """
def decide(market, account, trigger):
    known = market.get_flow(trigger.symbol, "open_interest")
    change = market.get_flow(trigger.symbol, "open_interest_change", "15m")
    print(known["value"], known["time"], change["value"])
    if trigger.symbol in account.positions:
        return Decision("close")
    close = market.get_klines(trigger.symbol, "", 1)[0]["close"]
    side = "buy" if change["value"] > 0 else "sell"
    return Decision(side, size=0.4, stop_distance=close * 0.01)
"""


class Crowd(unittest.TestCase):
    """Two contracts on one-minute candles, killed once, with a row of ETH that is published too late."""

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        base = Path(folder.name)
        (base / "programs").mkdir()
        (base / "programs" / "crowd.py").write_text(CROWD, encoding="utf-8")
        live = {
            "symbols": [*SYMBOLS],
            "strategy": {"type": "program", "file": "programs/crowd.py", "schedule": "5m"},
            "execution": {"perpetual": {"leverage": 5, "funding": False, "mark_price": False}},
        }
        config = session_config(base, live=live)
        late = LateOpenInterest(at="10m", duration="5m", by="390s", symbols=(ETH,))
        options = ExchangeOptions(start_ms=START, pace="driven", script=FaultScript(faults=(late,)))
        with PracticeExchange(PracticeMarket(), options) as running:
            there = ("--rest-url", running.rest_url, "--stream-url", running.stream_url)
            cls.dry = run_live("--config", config, "--dry-start", *there)
            cls.folder = killed(config, running)
            cls.truth = {symbol: running.open_interest_truth(symbol, "5m", since_ms=FIRST_STAMP) for symbol in SYMBOLS}
            cls.asked = {request.path.rpartition("/")[2] for request in running.requests}
        cls.records = journal_records(cls.folder)

    def test_a_dry_start_says_of_which_periods_it_would_be_fed(self) -> None:
        code, output, errors = self.dry
        self.assertEqual((0, []), (code, errors))
        self.assertEqual(["  open interest: 5m, 15m"] * 2, [one for one in output.splitlines() if "interest" in one])

    def test_every_step_has_what_became_known_with_it_and_what_was_known_before_comes_with_the_first(self) -> None:
        self.assertEqual(["5m", "15m"], self.records[0]["open_interest"])
        self.assertLess(3, len(self.truth[BTC]))
        for place, symbol in enumerate(SYMBOLS):
            found = [
                (one["time_ms"], OpenInterest(*fields))
                for one in self.records
                if one["record"] == "step"
                for fields in one.get("open_interest", [[], []])[place]
            ]
            expected = [
                (max(START + MINUTE_MS, row.known_ms), row)
                for row in self.truth[symbol]
                if row.known_ms <= END and (symbol, row.time_ms) != (ETH, LATE_STAMP)
            ]
            self.assertEqual(FIRST_STAMP, expected[0][1].time_ms)
            self.assertEqual(expected, found)

    def test_a_row_that_came_too_late_is_noted_once_and_stays_away_though_the_session_was_resumed_after_it(
        self,
    ) -> None:
        self.assertIn(LATE_STAMP, [row.time_ms for row in self.truth[ETH]], "it was published in the end")
        missing = [one for one in self.records if one["record"] in ("missing", "resume")]
        self.assertEqual([("missing", ETH, LATE_STAMP), ("resume", None, None)],
                         [(one["record"], one.get("symbol"), one.get("time_ms")) for one in missing])  # fmt: skip

    def test_the_program_is_told_it_and_nothing_else_is_asked_of_the_contracts(self) -> None:
        calls = [json.loads(line) for line in outputs_of(self.folder)["decisions.jsonl"].splitlines()]
        told = {(one["time"], one["symbol"]): one["printed"] for one in calls if one["event"] == "program"}
        amounts = {symbol: {row.time_ms: row.amount for row in rows} for symbol, rows in self.truth.items()}
        for minute, symbol, stamp, before in (
            (15, BTC, 10, -15),
            # That of 09:10 is not there, so that the one before it stands.
            (15, ETH, 5, -15),
            (20, ETH, 15, 0),
        ):
            with self.subTest(minute=minute, symbol=symbol):
                quarter = before + 15
                stamps = [START + one * MINUTE_MS for one in (stamp, quarter, before)]
                known, last, earlier = (amounts[symbol][one] for one in stamps)
                time = format_ms(START + minute * MINUTE_MS)
                self.assertEqual([f"{known} {stamps[0]} {last - earlier}"], told[time, symbol])
        self.assertEqual(set(), self.asked & {"fundingRate", "premiumIndex", "markPriceKlines"})

    def test_its_journal_is_replayed_to_the_byte_and_history_names_the_row_and_what_follows_from_it(self) -> None:
        report: ParityReport = check_parity(self.folder, offline=True, now_ms=END)
        self.assertTrue(report.journal.equal, report.journal)
        rows = sum(len(of_symbol) for of_symbol in self.told_rows())
        self.assertEqual((rows, rows), (report.journal.open_interest, report.history.compared["open_interest"]))
        (differs,) = report.history.open_interest
        self.assertEqual((ETH, LATE_STAMP, "open_interest_missing", LATE_STAMP + OPEN_INTEREST_KNOWN_AFTER_MS),
                         (differs.symbol, differs.time_ms, differs.why, differs.step_ms))  # fmt: skip
        self.assertEqual(([], 1), (report.history.trades, report.history.differences))
        self.assertEqual([("decisions.jsonl", "open_interest")],
                         [(one.output.name, one.cause) for one in report.history.outputs])  # fmt: skip
        self.assertEqual((4, "journal: equal · history: 1 differences"), (report.exit_code, report.verdict))
        lines = report_lines(report)
        self.assertIn(f"    {ETH} {format_ms(LATE_STAMP)}: open interest missing: the session was never told it", lines)
        self.assertIn("      journal  not published in time", lines)

    def told_rows(self) -> list[list[list[float]]]:
        steps = [one["open_interest"] for one in self.records if "open_interest" in one and one["record"] == "step"]
        return [[row for step in steps for row in step[place]] for place in range(len(SYMBOLS))]


def killed(config: Path, running: PracticeExchange) -> Path:
    """Kill a session as it goes on without a row, before it has the step; resume it once that is published."""
    process = LiveProcess(config, running)
    try:
        folder = process.folder
        for time_ms in (START + 14 * MINUTE_MS, GONE_AT):
            advance(process, running, time_ms)
        process.close()
        journal = folder / "journal.jsonl"
        data = journal.read_bytes()
        end = data.index(b"\n", data.index(b'"record":"missing"')) + 1
        journal.write_bytes(data[:end])
        running.advance_to(GONE_AT + MINUTE_MS)
        process = LiveProcess(config, running, ["--resume", folder])
        advance(process, running, END)
        process.send(signal.SIGTERM)
        if process.ended():
            raise AssertionError(process.errors)
    finally:
        process.close()
    return folder


def advance(process: LiveProcess, running: PracticeExchange, time_ms: int) -> None:
    """Let the exchange's time go on, once the session is connected, and wait for its step."""
    process.wait_until_connected()
    running.wait_for_streams(len(SYMBOLS))
    running.advance_to(time_ms)
    process.wait_for_step(time_ms)


if __name__ == "__main__":
    unittest.main()
