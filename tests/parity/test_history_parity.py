"""History parity: a session against the backtest of its window, every difference traced to its cause."""

import unittest

import msgspec

from backtests.proof.history_parity import check_history
from backtests.proof.history_source import HistorySource
from backtests.proof.indexed_outputs import IndexedOutputs
from backtests.proof.replayed_journal import ReplayedJournal, replay_journal
from backtests.proof.session_head import read_head
from engine.journal_records import CandleRecord, ConnectionRecord, EndRecord, ResumeRecord, fields_of
from market_data.practice.practice_market import PracticeMarket
from market_data.store.candle_store import CandleStore
from tests.support.market_data_sets import practice_columns
from tests.support.sessions.parity_cases import NOW_MS, ParityCase, told
from tests.support.sessions.session_folders import BTC, ETH, record_session
from tests.support.times import at


class SameCandles(ParityCase):
    def test_a_session_that_got_every_candle_has_no_difference(self) -> None:
        found = self.history(self.recording())
        self.assertEqual((found.differences, found.trades_matched, found.candles_compared), (0, 6, 240))
        self.assertEqual((found.start_ms, found.end_ms), (at(0), at(120)))
        self.assertEqual((found.candles, found.trades, found.outputs, found.warnings), ([], [], [], []))

    def test_the_backtest_has_the_warm_up_of_the_journal(self) -> None:
        signals = {BTC: {20: "LONG", 40: "LONG"}}
        self.assertEqual(self.history(self.recording(signals, warmup_candles=30)).trades_matched, 1)
        short = self.recording(signals, warmup_candles=30)
        short.warmup = {symbol: candles[-15:] for symbol, candles in short.warmup.items()}
        self.assertEqual(self.history(short).differences, 0)

    def test_the_backtest_has_the_trading_rules_of_the_journal(self) -> None:
        recording = self.recording()
        self.assertEqual(self.history(recording).differences, 0)
        coarse = {
            symbol: msgspec.structs.replace(rules, lot_size=rules.lot_size * 7)
            for symbol, rules in PracticeMarket().markets().items()
        }
        report = self.check(record_session(self.base / "coarse", recording, coarse))
        self.assertEqual(report.history.differences, 0)

    def test_a_killed_session_is_compared_up_to_its_last_step(self) -> None:
        recording = self.recording({BTC: {118: "LONG"}})
        recording.end = None
        self.assertEqual(self.history(recording).differences, 0)

    def test_what_a_running_session_journals_after_the_replay_is_left_for_the_next_check(self) -> None:
        recording = self.recording()
        recording.end = None
        head = read_head(self.record(recording))
        settings = head.settings()
        source = HistorySource(NOW_MS)
        whole = (head.folder / "journal.jsonl").read_bytes()
        # The replay sees 60 steps; by the time history reads the journal all 120 are there.
        (head.folder / "journal.jsonl").write_bytes(b"".join(whole.splitlines(keepends=True)[:61]))
        with IndexedOutputs(self.base / "replayed") as out:
            replay = replay_journal(head, settings, out)
        (head.folder / "journal.jsonl").write_bytes(whole)
        replayed = ReplayedJournal(replay, self.base / "replayed", out.index)
        found = check_history(head, settings, source, replayed, self.base / "history")
        self.assertEqual((found.differences, found.candles_compared, found.end_ms), (0, 120, at(60)))

    def test_a_session_that_kept_its_positions_is_compared_without_flattening(self) -> None:
        recording = self.recording({BTC: {118: "LONG"}})
        recording.end = "keep"
        found = self.history(recording)
        self.assertEqual((found.differences, found.trades_matched), (0, 1))

    def test_a_session_that_ended_and_was_resumed_is_compared_as_one(self) -> None:
        recording = self.recording()
        recording.after[at(30)] = [EndRecord("keep"), ResumeRecord(at(30), "trade")]
        self.assertEqual(self.history(recording).differences, 0)

    def test_a_kill_switch_engaged_from_the_start_is_that_of_the_backtest(self) -> None:
        recording = self.recording()
        recording.kill_switch = True
        found = self.history(recording)
        self.assertEqual((found.differences, found.by_operator, found.trades_matched), (0, 0, 0))

    def test_a_session_without_a_step_has_nothing_to_compare(self) -> None:
        recording = self.recording()
        recording.candles = {BTC: [], ETH: []}
        report = self.check(self.record(recording))
        self.assertEqual((report.verdict, report.exit_code), ("journal: equal · history: 0 differences", 0))


class OtherCandles(ParityCase):
    def test_a_revised_candle_is_named_alone_even_if_no_trade_changes(self) -> None:
        recording = self.recording()
        own = recording.changed(ETH, 30, volume=1.5)
        recording.after[at(33)] = [CandleRecord("revised", ETH, fields_of(own), "websocket", "after the fact")]
        found = self.history(recording)
        self.assertEqual((found.differences, found.trades, found.trades_matched), (1, [], 6))
        one = found.candles[0]
        self.assertEqual((one.symbol, one.open_time, one.why), (ETH, "2024-01-01T00:30:00.000Z", "revised"))
        self.assertEqual((one.session[4], one.history), (1.5, fields_of(own)[1:]))
        self.assertIn("after the fact", one.note)

    def test_a_scripted_revision_is_named_though_the_practice_market_makes_the_first_values_again(self) -> None:
        recording = self.recording()
        own = recording.candles[BTC][12]
        given = msgspec.structs.replace(own, high=44_500.0)
        recording.after[at(14)] = [CandleRecord("revised", BTC, fields_of(given), "websocket", "after the fact")]
        found = self.history(recording)
        self.assertEqual(
            [(one.symbol, one.open_time[11:16], one.why) for one in found.candles], [(BTC, "00:12", "revised")]
        )
        self.assertEqual(
            (found.candles[0].session, found.candles[0].history), (fields_of(own)[1:], fields_of(given)[1:])
        )
        # In the candle as it was revised the long would have reached its target.
        self.assertEqual(told(found.trades)[0], ("different", BTC, "00:06", "candles"))

    def test_a_repetition_noted_with_the_same_values_is_no_difference(self) -> None:
        recording = self.recording()
        own = recording.candles[BTC][12]
        recording.after[at(14)] = [CandleRecord("revised", BTC, fields_of(own), "websocket", "back again")]
        self.assertEqual(self.history(recording).differences, 0)

    def test_a_revision_that_a_real_exchange_took_back_is_no_difference(self) -> None:
        recording = self.recording(live={"exchange": "binanceus"})
        store = CandleStore(self.base / "data")
        for symbol in (BTC, ETH):
            store.write("binanceus", symbol, "1m", practice_columns(symbol, "1m", 120), source="test")
            store.add_coverage("binanceus", symbol, "1m", at(0), at(120))
        given = msgspec.structs.replace(recording.candles[BTC][12], high=44_500.0)
        recording.after[at(14)] = [CandleRecord("revised", BTC, fields_of(given), "websocket", "after the fact")]
        report = self.check(self.record(recording), offline=True)
        self.assertEqual(report.history.differences, 0)
        self.assertIn("BTC/USDT 2024-01-01T00:12:00.000Z: the journal notes a revision", report.history.warnings[0])

    def test_a_trade_is_traced_to_the_revised_candle_it_was_filled_in(self) -> None:
        recording = self.recording()
        own = recording.changed(BTC, 41, open=44_000.0, low=43_999.0)
        recording.after[at(42)] = [CandleRecord("revised", BTC, fields_of(own), "websocket", "")]
        recording.changed(ETH, 3, volume=2.0)
        recording.changed(BTC, 44, volume=2.0)
        found = self.history(recording)
        self.assertEqual([one.open_time[11:16] for one in found.candles], ["00:03", "00:41", "00:44"])
        one = found.trades[0]
        self.assertEqual(told(found.trades)[0], ("different", BTC, "00:41", "candles"))
        self.assertIn("entry_price", one.fields)
        self.assertEqual([(name.symbol, name.open_time[11:16]) for name in one.candles], [(BTC, "00:41")])
        self.assertEqual(one.step, "2024-01-01T00:42:00.000Z")

    def test_an_exit_is_traced_to_the_candle_that_reached_the_level_in_one_run_only(self) -> None:
        recording = self.recording()
        recording.changed(BTC, 12, high=44_500.0)
        found = self.history(recording)
        self.assertEqual(told(found.trades)[0], ("different", BTC, "00:06", "candles"))
        self.assertEqual(found.trades[0].fields, ("exit_time",))
        self.assertEqual(found.trades[0].step, "2024-01-01T00:13:00.000Z")
        self.assertEqual(found.trades[0].candles[0].open_time[11:16], "00:12")

    def test_a_signal_that_history_alone_sees_is_a_missing_trade(self) -> None:
        recording = self.recording({BTC: {5: "LONG"}}, quiet_below=40_000.0)
        recording.changed(BTC, 5, close=39_000.0, low=38_000.0)
        found = self.history(recording)
        self.assertEqual(told(found.trades), [("missing", BTC, "00:06", "candles")])
        self.assertEqual(found.trades[0].step, "2024-01-01T00:06:00.000Z")
        self.assertIsNone(found.trades[0].session)

    def test_a_signal_that_the_session_alone_sees_is_an_extra_trade(self) -> None:
        recording = self.recording({BTC: {5: "LONG"}}, quiet_below=45_000.0)
        recording.changed(BTC, 5, close=45_001.0, high=45_002.0)
        found = self.history(recording)
        self.assertEqual(told(found.trades), [("extra", BTC, "00:06", "candles")])
        self.assertIsNone(found.trades[0].history)

    def test_a_candle_the_session_never_got_moves_its_entry(self) -> None:
        found = self.history(self.recording().without(BTC, 6))
        self.assertEqual([(one.kind, one.why) for one in found.candles], [("missing_in_session", "not_received")])
        self.assertEqual(
            told(found.trades)[:2], [("missing", BTC, "00:06", "candles"), ("extra", BTC, "00:07", "propagated")]
        )
        self.assertEqual((found.trades[1].follows, found.trades[1].root), (0, "candles"))

    def test_a_late_candle_is_said_to_be_late(self) -> None:
        recording = self.recording()
        late = recording.candles[ETH][60]
        recording.without(ETH, 60).after[at(63)] = [
            ConnectionRecord("disconnected", "reset", None),
            CandleRecord("late", ETH, fields_of(late), "websocket", "after its step"),
        ]
        found = self.history(recording)
        self.assertEqual([(one.open_time[11:16], one.why) for one in found.candles], [("01:00", "late")])
        self.assertEqual(found.differences, 1)

    def test_a_candle_that_history_does_not_have_is_said_so(self) -> None:
        recording = self.recording()
        store = CandleStore(self.base / "store")
        for symbol in (BTC, ETH):
            columns = practice_columns(symbol, "1m", 120)
            kept = columns.between(at(0), at(50 if symbol == ETH else 120))
            store.write("practice", symbol, "1m", kept, source="test")
            store.add_coverage("practice", symbol, "1m", at(0), at(120))
        report = self.check(self.record(recording), data_dir=self.base / "store")
        found = report.history.candles
        self.assertEqual(len(found), 70)
        self.assertEqual(
            {(one.symbol, one.kind, one.why) for one in found}, {(ETH, "missing_in_history", "not_in_history")}
        )
        self.assertEqual(report.exit_code, 4)

    def test_later_trades_follow_from_earlier_ones_unless_a_candle_differs_between(self) -> None:
        recording = self.recording({BTC: {5: "LONG", 40: "SHORT"}, ETH: {50: "LONG", 90: "SHORT"}})
        recording.changed(BTC, 12, open=40_000.0, low=39_990.0)
        # Equity decides the size of what follows; this candle comes between two trades that differ.
        recording.changed(ETH, 53, open=2_000.0, low=1_990.0)
        found = self.history(recording)
        by_trade = {(one.symbol, one.entry_time[11:16]): one for one in found.trades}
        self.assertEqual(by_trade[BTC, "00:06"].cause, "candles")
        self.assertEqual(by_trade[BTC, "00:41"].cause, "propagated")
        self.assertEqual(by_trade[BTC, "00:41"].fields, ("quantity",))
        self.assertEqual(found.trades[by_trade[BTC, "00:41"].follows].entry_time[11:16], "00:06")
        self.assertEqual(by_trade[ETH, "00:51"].cause, "propagated")
        self.assertEqual(found.trades[by_trade[ETH, "00:51"].follows].symbol, BTC)
        self.assertEqual([one.open_time[11:16] for one in by_trade[ETH, "01:31"].candles], ["00:53"])
        self.assertEqual({one.root for one in found.trades}, {"candles"})

    def test_a_size_that_another_symbols_mark_changed_is_traced_to_that_candle(self) -> None:
        recording = self.recording({BTC: {5: "LONG"}, ETH: {7: "SHORT"}}, stop=0.5, target=0.5)
        recording.changed(BTC, 7, close=40_000.0, low=39_990.0)
        found = self.history(recording)
        self.assertEqual(told(found.trades)[0], ("different", ETH, "00:08", "candles"))
        self.assertEqual(found.trades[0].candles[0].symbol, BTC)


class Operator(ParityCase):
    def test_entries_refused_by_the_kill_switch_are_the_operators(self) -> None:
        recording = self.recording()
        recording.switch(45, True)
        recording.switch(60, False)
        found = self.history(recording)
        self.assertEqual(told(found.trades)[0], ("missing", ETH, "00:51", "operator"))
        self.assertEqual({one.root for one in found.trades}, {"operator"})
        self.assertEqual((found.differences, found.by_operator), (0, len(found.trades)))

    def test_an_entry_that_the_switch_cancelled_is_the_operators(self) -> None:
        recording = self.recording()
        recording.switch(50, True)
        self.assertEqual(told(self.history(recording).trades)[0], ("missing", ETH, "00:51", "operator"))

    def test_positions_closed_by_the_switch_are_the_operators(self) -> None:
        recording = self.recording(mode={"on_kill": "flatten"})
        recording.switch(10, True)
        recording.switch(11, False)
        found = self.history(recording)
        self.assertEqual(
            told(found.trades), [("different", BTC, "00:06", "operator"), ("different", ETH, "00:08", "operator")]
        )
        self.assertEqual(found.differences, 0)

    def test_what_follows_from_other_commands_is_the_operators(self) -> None:
        for number, command, symbol in ((10, "close", BTC), (50, "cancel", ETH), (45, "pause", None)):
            with self.subTest(command):
                recording = self.recording()
                recording.command(number, command, symbol)
                found = self.history(recording)
                self.assertEqual({one.root for one in found.trades}, {"operator"})
                self.assertEqual((found.differences, found.by_operator), (0, len(found.trades)))

    def test_a_switch_without_a_trade_is_no_difference_but_told(self) -> None:
        recording = self.recording()
        recording.switch(22, True)
        recording.switch(25, False)
        found = self.history(recording)
        self.assertEqual((found.differences, found.trades), (0, []))
        self.assertEqual([(one.output.name, one.cause) for one in found.outputs], [("decisions.jsonl", "operator")])

    def test_the_operator_does_not_hide_a_candle(self) -> None:
        recording = self.recording()
        recording.switch(45, True)
        recording.changed(ETH, 100, volume=3.0)
        self.assertEqual(self.history(recording).differences, 1)

    def test_the_last_line_counts_the_operators_apart(self) -> None:
        recording = self.recording()
        recording.switch(85, True)
        report = self.check(self.record(recording))
        self.assertEqual(report.verdict, "journal: equal · history: 0 differences (and 1 by the operator)")
        self.assertEqual(report.exit_code, 0)


class MissedSteps(ParityCase):
    def test_an_entry_refused_as_missed_is_the_first_cause(self) -> None:
        recording = self.recording()
        recording.missed = {at(number) for number in range(38, 60)}
        found = self.history(recording)
        firsts = [one for one in told(found.trades) if one[3] != "propagated"]
        self.assertEqual(firsts, [("missing", BTC, "00:41", "missed_step"), ("missing", ETH, "00:51", "missed_step")])
        self.assertEqual({one.root for one in found.trades}, {"missed_step"})
        self.assertEqual(found.differences, len(found.trades))

    def test_missed_steps_without_a_signal_change_nothing(self) -> None:
        recording = self.recording()
        recording.missed = {at(number) for number in range(20, 35)}
        self.assertEqual(self.history(recording).differences, 0)

    def test_a_refusal_that_history_had_for_another_reason_is_still_a_difference(self) -> None:
        recording = self.recording(mode={"max_open_trades": 1})
        recording.missed = {at(8)}
        found = self.history(recording)
        self.assertEqual((found.trades, found.differences), ([], 1))
        self.assertEqual([(one.output.name, one.cause) for one in found.outputs], [("decisions.jsonl", "missed_step")])


class HistoryOutOfReach(ParityCase):
    def test_an_empty_store_offline_is_no_data(self) -> None:
        recording = self.recording(live={"exchange": "binanceus"})
        folder = self.record(recording)
        report = self.check(folder, offline=True)
        self.assertEqual((report.verdict, report.exit_code), ("journal: equal · history: not checked", 3))
        code, output, errors = self.command(folder, "--offline")
        self.assertEqual((code, output.splitlines()[-1]), (3, "journal: equal · history: not checked"))
        self.assertIn("error: ", errors)
        self.assertEqual(self.check(folder, "journal", offline=True).exit_code, 0)

    def test_broken_journal_parity_counts_more_than_unavailable_history(self) -> None:
        folder = self.record(self.recording(live={"exchange": "binanceus"}))
        (folder / "trades.csv").write_bytes(b"")
        self.assertEqual(self.check(folder, offline=True).exit_code, 4)

    def test_a_store_with_a_part_of_the_window_says_what_it_was_never_given(self) -> None:
        recording = self.recording(live={"exchange": "binanceus"})
        store = CandleStore(self.base / "data")
        for symbol in (BTC, ETH):
            store.write("binanceus", symbol, "1m", practice_columns(symbol, "1m", 100), source="test")
            store.add_coverage("binanceus", symbol, "1m", at(0), at(100))
        report = self.check(self.record(recording), offline=True)
        self.assertEqual({one.why for one in report.history.candles}, {"not_stored"})
        self.assertEqual(len(report.history.candles), 40)
        self.assertIn("without --offline", report.history.warnings[0])
        self.assertEqual(report.exit_code, 4)

    def test_a_stored_window_is_enough_offline(self) -> None:
        recording = self.recording(live={"exchange": "binanceus"})
        store = CandleStore(self.base / "data")
        for symbol in (BTC, ETH):
            store.write("binanceus", symbol, "1m", practice_columns(symbol, "1m", 121), source="test")
            store.add_coverage("binanceus", symbol, "1m", at(0), at(121))
        report = self.check(self.record(recording), offline=True)
        self.assertEqual((report.history.differences, report.exit_code), (0, 0))

    def test_the_practice_market_needs_no_network(self) -> None:
        self.assertEqual(self.check(self.record(self.recording()), offline=True).exit_code, 0)

    def test_an_exchange_clock_ahead_of_this_machine_does_not_hide_the_last_candles(self) -> None:
        report = self.check(self.record(self.recording()), now_ms=at(3))
        self.assertEqual(report.history.differences, 0)


if __name__ == "__main__":
    unittest.main()
