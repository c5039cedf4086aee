"""Sessions of every kind proved by the kernel and by the compiled rules: the same bytes, steps, results, verdicts."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from backtests.engines.engine_choice import by_reference
from backtests.proof.replayed_journal import COMPILED, DISPUTED, replayed
from backtests.proof.session_head import read_head
from engine.journal_records import EndRecord, ResumeRecord
from runs.folder.file_names import DERIVED
from tests.parity.test_contract_parity import ContractCase
from tests.support.example_strategies import QUICK_EXAMPLES
from tests.support.sessions.both_engines import replayed_by_both
from tests.support.sessions.parity_cases import ParityCase
from tests.support.sessions.session_folders import BTC, ETH, Recording, journal_lines, write_journal
from tests.support.times import at

DAY = 24 * 60
SIGNALS = {
    BTC: {5: "LONG", 40: "SHORT", 900: "LONG", DAY + 5: "LONG"},
    ETH: {7: "SHORT", 50: "LONG", DAY + 30: "SHORT"},
}


class Covered(ParityCase):
    """Kinds of sessions that the compiled rules prove."""

    def both(self, recording: Recording, name: str = "session") -> Path:
        """Record a session and replay it by both; return its folder."""
        folder = self.record(recording, name)
        reference, compiled, why_not = replayed_by_both(folder, self.base / f"{name} by both")
        self.assertEqual("", why_not)
        self.assertIsNone(reference.replay.broken)
        for name in DERIVED:
            self.assertEqual((folder / name).read_bytes(), (compiled.folder / name).read_bytes(), name)
        return folder

    def test_a_session_that_flattens_keeps_or_is_killed(self) -> None:
        for end in ("flatten", "keep", None):
            with self.subTest(end):
                # A position and a waiting entry are there at the end.
                signals = {BTC: {5: "LONG", 117: "LONG"}, ETH: {7: "SHORT", 119: "LONG"}}
                recording = self.recording(signals, warmup_candles=30)
                recording.end = end
                self.both(recording, str(end))

    def test_a_session_of_more_than_a_day_that_misses_candles_of_a_symbol(self) -> None:
        recording = self.recording(SIGNALS, count=DAY + 120)
        for number in (3, 51, 52, 53, *range(300, 420), DAY - 1, DAY, DAY + 31):
            recording.without(ETH, number)
        self.both(recording)

    def test_a_session_that_was_ended_and_taken_up_again(self) -> None:
        recording = self.recording(SIGNALS, count=DAY + 120)
        # Where nothing was written, with a position, at the end of a day, twice without a step, and after a kill.
        for number in (30, 910, DAY, DAY + 1):
            recording.after[at(number)] = [EndRecord("keep"), ResumeRecord(at(number), "trade")]
        recording.after[at(60)] = [EndRecord("keep"), ResumeRecord(at(60), "trade")] * 2
        recording.after[at(70)] = [ResumeRecord(at(70), "trade")]
        folder = self.both(recording)
        times = [line.split(",")[0] for line in (folder / "equity.csv").read_text().splitlines()]
        self.assertIn("2024-01-01T00:30:00.000Z", times)
        self.assertEqual(len(times), len(set(times)) + 1, "the end alone writes its step's row again")

    def test_a_session_that_was_ended_again_without_a_step(self) -> None:
        recording = self.recording({BTC: {118: "LONG"}})
        recording.after[at(120)] = [EndRecord("keep"), ResumeRecord(at(120), "trade")]
        self.both(recording)

    def test_a_session_whose_kill_switch_was_engaged_from_its_start(self) -> None:
        recording = self.recording()
        recording.kill_switch = True
        folder = self.both(recording)
        self.assertIn("kill_switch", (folder / "decisions.jsonl").read_text())

    def test_long_sessions_are_proved_by_the_compiled_rules_unasked(self) -> None:
        head = read_head(self.record(self.recording()))
        with patch("backtests.engines.engine_choice.CANDLES_WORTH_IT", 300):
            self.assertIn("shorter", replayed(head, head.settings(), self.base / "a", "auto").replay.engine)
        with (
            patch("backtests.engines.engine_choice.CANDLES_WORTH_IT", 240),
            patch("backtests.engines.engine_choice.CANDLES_WORTH_COMPILING", 240),
        ):
            self.assertEqual(COMPILED, replayed(head, head.settings(), self.base / "b", "auto").replay.engine)


class CoveredContracts(ContractCase):
    def test_contracts_with_finer_candles_marks_and_funding(self) -> None:
        for end in ("flatten", "keep", None):
            with self.subTest(end):
                recording = self.contracts()
                recording.end = end
                recording.drop(485, "marks", 0)
                recording.drop(470, "detail", 1)
                recording.after[at(483)] = [EndRecord("keep"), ResumeRecord(at(483), "trade")]
                folder = self.recorded(recording, str(end))
                _, _, why_not = replayed_by_both(folder, self.base / f"{end} by both")
                self.assertEqual("", why_not)

    def test_a_payment_that_came_late_is_left_to_the_kernel(self) -> None:
        recording = self.contracts()
        recording.pay(480, lambda rate: rate, later=3)
        _, _, why_not = replayed_by_both(self.recorded(recording), self.base / "both")
        self.assertIn("a funding rate came late", why_not)


class LeftToTheKernel(ParityCase):
    def test_what_the_compiled_rules_do_not_know_is_named(self) -> None:
        commanded, paused, missed = (self.recording() for _ in range(3))
        commanded.switch(35, True)
        paused.command(35, "pause")
        missed.missed = {at(70)}
        failing = self.recording({BTC: {5: "LONG", 40: "FAIL"}})
        nothing = self.recording()
        nothing.candles = {BTC: [], ETH: []}
        for number, (recording, words) in enumerate(
            (
                (commanded, "an operator gave a command"),
                (paused, "an operator gave a command"),
                (missed, "steps were missed"),
                (failing, "the strategy fails"),
                (nothing, "the session has no step"),
            )
        ):
            with self.subTest(words):
                folder = self.record(recording, str(number))
                _, _, why_not = replayed_by_both(folder, self.base / f"{number} by both")
                self.assertIn(f"--engine compiled: {words}", why_not)
                code, _, errors = self.command(folder, "--engine", "compiled")
                self.assertEqual(2, code)
                self.assertTrue(errors.splitlines()[-1].startswith(f"error: --engine compiled: {words}"), errors)
                self.assertEqual(self.command(folder)[0], 0)

    def test_opinions_in_columns_that_are_not_those_of_the_session_are(self) -> None:
        chosen = {"type": "tests.support.column_signals:Otherwise", "params": QUICK_EXAMPLES["trend_filter"]}
        folder = self.record(self.recording({}, live={"strategy": chosen}, count=300))
        with (
            patch("backtests.engines.engine_choice.CANDLES_WORTH_IT", 1),
            patch("backtests.engines.engine_choice.CANDLES_WORTH_COMPILING", 1),
        ):
            head = read_head(folder)
            found = replayed(head, head.settings(), self.base / "out", "auto").replay
            report = self.check(folder, "history")
        for engine in (found.engine, report.history.engine):
            self.assertIn("reference (because signals(columns) says {", engine)
        self.assertEqual((None, 0), (found.broken, report.exit_code))
        code, _, errors = self.command(folder, "--engine", "compiled")
        self.assertEqual((2, True), (code, errors.splitlines()[-1].startswith("error: --engine compiled: signals(")))

    def test_a_step_without_a_candle_is(self) -> None:
        recording = self.recording()
        folder = self.record(recording)
        records = journal_lines(folder)
        records[60]["candles"] = [None, None]
        write_journal(folder, records)
        head = read_head(folder)
        found = replayed(head, head.settings(), self.base / "out", "compiled")
        self.assertIn("not one that a session writes", found.replay.engine)


class TheSameVerdict(ParityCase):
    def reports(self, folder: Path) -> dict[str, Any]:
        """Check by both; return what the reports say beside the engines."""
        found = []
        for engine in ("reference", "compiled"):
            report = json.loads(self.check(folder, engine=engine).json())
            for part in ("journal", "history"):
                if report[part] is not None:
                    report[part].pop("engine")
            found.append(report)
        self.assertEqual(*found)
        return found[0]

    def test_of_an_equal_session(self) -> None:
        folder = self.record(self.recording(warmup_candles=30))
        report = self.check(folder, engine="compiled")
        self.assertEqual((report.journal.engine, report.history.engine, report.exit_code), (COMPILED, COMPILED, 0))
        self.assertEqual("journal: equal · history: 0 differences", self.reports(folder)["verdict"])

    def test_of_tampered_outputs_which_the_kernel_confirms(self) -> None:
        folder = self.record(self.recording())
        data = bytearray((folder / "orders.csv").read_bytes())
        data[-30] ^= 1
        (folder / "orders.csv").write_bytes(data)
        self.assertEqual(by_reference(DISPUTED), self.check(folder, "journal", engine="compiled").journal.engine)
        self.assertEqual(4, self.reports(folder)["exit_code"])

    def test_of_a_tampered_candle_and_of_a_tampered_digest(self) -> None:
        for name, place, change in (
            ("candle", 7, lambda record: record["candles"][0].__setitem__(1, record["candles"][0][1] + 5)),
            ("digest", 20, lambda record: record.update(digest="0" * 64)),
        ):
            with self.subTest(name):
                folder = self.record(self.recording(), name)
                records = journal_lines(folder)
                change(records[place])
                write_journal(folder, records)
                report = self.reports(folder)
                self.assertEqual(4, report["exit_code"])
                self.assertIn("have the digest", report["journal"]["broken"])

    def test_of_a_revised_candle_that_changed_a_trade(self) -> None:
        recording = self.recording()
        recording.changed(BTC, 12, high=44_500.0)
        folder = self.record(recording)
        report = self.reports(folder)
        self.assertEqual((1, 4), (len(report["history"]["candles"]), report["exit_code"]))
        history = self.check(folder, "history", engine="compiled").history
        self.assertEqual(by_reference(DISPUTED), history.engine)

    def test_of_a_session_that_kept_its_positions_and_was_taken_up_again(self) -> None:
        recording = self.recording({BTC: {20: "LONG", 118: "LONG"}})
        recording.after[at(22)] = [EndRecord("keep"), ResumeRecord(at(22), "trade")]
        recording.end = "keep"
        folder = self.record(recording)
        self.assertEqual(0, self.reports(folder)["exit_code"])
        self.assertEqual(COMPILED, self.check(folder, "history", engine="compiled").history.engine)

    def test_what_the_compiled_rules_alone_find_is_no_difference(self) -> None:
        head = read_head(self.record(self.recording()))
        with patch("backtests.proof.compiled_proof.ledger_lines", lambda fills: fills["opens"] * 0 + 2):
            found = replayed(head, head.settings(), self.base / "out", "compiled")
        self.assertEqual((by_reference(DISPUTED), None), (found.replay.engine, found.replay.broken))
        self.assertEqual((head.folder / "ledger.csv").read_bytes(), (found.folder / "ledger.csv").read_bytes())
