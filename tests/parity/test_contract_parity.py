"""Parity of sessions with detail candles, mark prices, funding and exits in parts."""

import json
import unittest
from pathlib import Path

import msgspec

from backtests.proof.history_parity import HistoryParity
from engine.journal_records import CandleRecord, EndRecord, MissingRecord, ResumeRecord, fields_of
from runs.folder.file_names import DERIVED
from tests.support.sessions.contract_recordings import (
    ContractRecording,
    contract_recording,
    contract_settings,
    record_contracts,
)
from tests.support.sessions.parity_cases import ParityCase, told
from tests.support.sessions.session_folders import BTC, ETH, journal_lines, write_journal
from tests.support.times import at

SIGNALS = {BTC: {430: "LONG", 500: "LONG"}, ETH: {440: "SHORT", 475: "LONG"}}
"""Decisions at the closes of five-minute candles; the first long of BTC is open when funding is paid at 08:00."""


class ContractCase(ParityCase):
    def contracts(self, signals: dict[str, dict[int, str]] | None = None, **execution: object) -> ContractRecording:
        settings = contract_settings(self.base, SIGNALS if signals is None else signals, **execution)
        return contract_recording(settings, self.base / "data")

    def recorded(self, recording: ContractRecording, name: str = "session") -> Path:
        return record_contracts(self.base / name, recording)

    def compared(self, recording: ContractRecording) -> HistoryParity:
        """Return the history part of a session that the journal part finds equal."""
        report = self.check(self.recorded(recording))
        self.assertTrue(report.journal.equal)
        self.assertEqual(report.exit_code, 4 if report.history.differences else 0)
        return report.history


class EqualSessions(ContractCase):
    def test_a_session_that_got_everything_is_equal_and_history_makes_the_same_trades(self) -> None:
        folder = self.recorded(self.contracts())
        report = self.check(folder)
        self.assertEqual((report.verdict, report.exit_code), ("journal: equal · history: 0 differences", 0))
        journal, history = report.journal, report.history
        self.assertEqual(
            (journal.steps, journal.candles, journal.detail, journal.marks, journal.funding), (120, 48, 240, 240, 2)
        )
        self.assertEqual([one.name for one in journal.outputs], list(DERIVED))
        self.assertEqual(history.compared, {"candles": 48, "detail": 240, "marks": 240, "funding": 2})
        self.assertEqual((history.start_ms, history.end_ms), (at(420), at(540)))
        self.assertEqual((history.trades_matched, history.outputs, history.warnings), (4, [], []))

    def test_the_session_has_what_these_tests_are_about(self) -> None:
        folder = self.recorded(self.contracts())
        trades = (folder / "trades.csv").read_text()
        self.assertIn('""rung"":1', trades)
        self.assertIn('""funding"":', trades)
        self.assertIn(",funding,,", (folder / "ledger.csv").read_text())
        self.assertIn(",CANCELED,", (folder / "orders.csv").read_text())

    def test_kept_positions_a_resumption_and_a_kill_compare_as_without_contracts(self) -> None:
        resumed = self.contracts()
        resumed.after[at(455)] = [EndRecord("keep"), ResumeRecord(at(455), "trade")]
        killed = self.contracts()
        killed.end = None
        kept = self.contracts()
        kept.end = "keep"
        for name, recording in (("resumed", resumed), ("killed", killed), ("kept", kept)):
            with self.subTest(name):
                report = self.check(self.recorded(recording, name))
                self.assertEqual((report.exit_code, report.history.trades_matched), (0, 4))

    def test_a_changed_byte_of_orders_and_of_the_ledger_is_found(self) -> None:
        for name in ("orders.csv", "ledger.csv"):
            with self.subTest(name):
                folder = self.recorded(self.contracts(), f"session of {name}")
                data = bytearray((folder / name).read_bytes())
                data[-3] ^= 1
                (folder / name).write_bytes(data)
                report = self.check(folder, "journal")
                self.assertEqual([one.name for one in report.journal.outputs if not one.equal], [name])

    def test_a_changed_detail_candle_or_rate_in_the_journal_breaks_a_digest(self) -> None:
        changes = {
            # The minute in which the first rung of BTC is met, and the payment.
            "detail": lambda step: step["detail"][0].__setitem__(2, 43_500.0),
            "funding": lambda step: step["funding"][0][0].__setitem__(1, 0.01),
        }
        for part, change in changes.items():
            with self.subTest(part):
                folder = self.recorded(self.contracts(), f"session of {part}")
                records = journal_lines(folder)
                changed_ms = at(480 if part == "funding" else 464)
                change(next(one for one in records if one.get("time_ms") == changed_ms))
                write_journal(folder, records)
                self.assertIn("the outputs before it have the digest", self.check(folder, "journal").journal.broken)

    def test_a_session_of_a_version_that_wrote_no_orders_and_no_ledger_is_refused_with_the_reason(self) -> None:
        folder = self.recorded(self.contracts())
        records = journal_lines(folder)
        records[0]["code_version"] = "0.0.1+before"
        write_journal(folder, records)
        self.assertEqual(self.command(folder, "--only", "journal")[0], 0)
        for name in ("orders.csv", "ledger.csv"):
            (folder / name).unlink()
        code, output, errors = self.command(folder)
        self.assertEqual((code, output), (2, ""))
        self.assertIn("neither orders.csv nor ledger.csv; it was recorded by code 0.0.1+before", errors)

    def test_missing_orders_and_ledger_of_this_version_are_a_difference(self) -> None:
        folder = self.recorded(self.contracts())
        for name in ("orders.csv", "ledger.csv"):
            (folder / name).unlink()
        self.assertEqual(self.check(folder, "journal").exit_code, 4)


class OtherInput(ContractCase):
    def test_a_detail_candle_with_other_values_is_named_with_its_series_and_is_the_cause(self) -> None:
        recording = self.contracts()
        # Bought at 07:15; in this minute of the session alone the first rung is reached.
        recording.change(440, "detail", 0, high=43_700.0)
        found = self.compared(recording)
        (one,) = found.candles
        self.assertEqual(
            (one.series, one.symbol, one.open_time[11:16], one.why), ("detail", BTC, "07:19", "other_source")
        )
        self.assertEqual(told(found.trades)[0], ("different", BTC, "07:15", "candles"))
        trade = found.trades[0]
        self.assertEqual(trade.fields, ("earlier_exits",))
        self.assertEqual((trade.candles[0].series, trade.candles[0].open_time[11:16]), ("detail", "07:19"))
        self.assertEqual(trade.step, "2024-01-01T07:20:00.000Z")
        mine, theirs = trade.session.earlier_exits[0], trade.history.earlier_exits[0]
        self.assertEqual((mine.price, mine.quantity), (theirs.price, theirs.quantity))
        self.assertEqual((mine.time[11:16], theirs.time[11:16]), ("07:20", "07:44"))

    def test_a_detail_candle_that_never_came_or_came_late_is_said_so(self) -> None:
        recording = self.contracts()
        dropped = recording.steps[99].detail[1]
        recording.drop(520, "detail", 1)
        recording.after[at(523)] = [CandleRecord("late", ETH, fields_of(dropped), "websocket", "", "detail")]
        recording.drop(523, "detail", 0)
        found = self.compared(recording)
        self.assertEqual(
            [(one.series, one.symbol, one.why) for one in found.candles],
            [("detail", ETH, "late"), ("detail", BTC, "not_received")],
        )

    def test_a_note_about_a_detail_candle_says_nothing_of_the_strategy_candle_that_opens_with_it(self) -> None:
        recording = self.contracts()
        whole = recording.steps[4].candles[1]
        recording.drop(425, "candles", 1)
        recording.after[at(426)] = [CandleRecord("late", ETH, fields_of(whole), "websocket", "", "detail")]
        (one,) = self.compared(recording).candles
        self.assertEqual((one.series, one.open_time[11:16], one.why), ("strategy", "07:00", "not_received"))

    def test_a_revised_mark_candle_is_named_as_such(self) -> None:
        recording = self.contracts()
        recording.change(450, "marks", 0, low=43_000.0)
        found = self.compared(recording)
        (one,) = found.candles
        self.assertEqual((one.series, one.why, one.open_time[11:16]), ("mark", "mark_revised", "07:29"))
        self.assertEqual((found.differences, found.trades), (1, []))

    def test_a_mark_that_liquidates_in_the_session_alone_is_the_cause_of_that_trade(self) -> None:
        recording = self.contracts()
        recording.change(440, "marks", 0, low=30_000.0)
        found = self.compared(recording)
        self.assertEqual(told(found.trades)[0], ("different", BTC, "07:15", "marks"))
        self.assertEqual(found.trades[0].session.reason, "liquidation")
        self.assertEqual(found.trades[0].candles[0].series, "mark")

    def test_a_mark_candle_the_exchange_denied_is_missing_in_the_session(self) -> None:
        recording = self.contracts()
        recording.drop(500, "marks", 1)
        recording.after[at(499)] = [MissingRecord("mark", ETH, at(500), "REST does not have it")]
        (one,) = self.compared(recording).candles
        self.assertEqual((one.series, one.symbol, one.why, one.session), ("mark", ETH, "mark_missing", None))

    def test_a_payment_that_was_never_told_is_missing_and_what_the_journal_notes_is_shown(self) -> None:
        recording = self.contracts()
        recording.pay(480, lambda rate: None)
        recording.after[at(480)] = [MissingRecord("funding", BTC, at(480), "not published in time")]
        found = self.compared(recording)
        (one,) = found.funding
        self.assertEqual((one.symbol, one.due[11:16], one.why, one.session), (BTC, "08:00", "funding_missing", None))
        self.assertEqual(one.note, "not published in time")
        self.assertEqual({cause.cause for cause in found.outputs}, {"funding"})
        self.assertEqual(found.differences, 1)

    def test_a_payment_told_later_than_it_was_due_is_late(self) -> None:
        recording = self.contracts()
        recording.pay(480, lambda rate: rate, later=3)
        (one,) = self.compared(recording).funding
        self.assertEqual((one.why, one.step_ms, one.told_ms), ("funding_late", at(480), at(483)))
        self.assertEqual(one.session, one.history)

    def test_another_rate_and_another_mark_price_of_a_payment_are_told_apart(self) -> None:
        for why, values in (("funding_revised", {"rate": 0.002}), ("funding_mark", {"mark_price": 1.0})):
            with self.subTest(why):
                recording = self.contracts()
                recording.pay(480, lambda rate, values=values: msgspec.structs.replace(rate, **values))
                report = self.check(self.recorded(recording, why))
                self.assertEqual([one.why for one in report.history.funding], [why])

    def test_the_report_names_each_of_them_in_words_and_in_json(self) -> None:
        recording = self.contracts()
        recording.change(440, "detail", 0, high=43_700.0)
        recording.change(450, "marks", 0, low=43_000.0)
        recording.pay(480, lambda rate: rate, later=3)
        folder = self.recorded(recording)
        code, output, _ = self.command(folder)
        self.assertEqual(code, 4)
        for line in (
            "journal    120 steps, 48 candles, 240 detail candles, 240 mark candles, 2 funding rates replayed",
            "  candles  48 of the session compared, 0 differ",
            "  detail   240 of the session compared, 1 differ",
            "    BTC/USDT 2024-01-01T07:19:00.000Z: another source",
            "    BTC/USDT 2024-01-01T07:29:00.000Z: mark price revised",
            "    BTC/USDT 2024-01-01T08:00:00.000Z: funding rate late",
            "(told in step 2024-01-01T08:03:00.000Z)",
            "candles: BTC/USDT 2024-01-01T07:19:00.000Z (detail)",
        ):
            self.assertIn(line, output)
        document = json.loads(self.command(folder, "--json")[1])
        self.assertEqual([one["why"] for one in document["history"]["funding"]], ["funding_late"])
        self.assertEqual([one["series"] for one in document["history"]["candles"]], ["detail", "mark"])


if __name__ == "__main__":
    unittest.main()
