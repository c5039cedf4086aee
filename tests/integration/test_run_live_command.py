"""The command run_live.py: what it refuses, and with which words and exit code; a start without a session; a resume."""

import asyncio
import contextlib
import json
import shutil
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from backtests.parity import check_parity
from core.errors import ConfigurationError, StoreError
from engine.journal import read_journal
from live.intake import exchange_access
from live.life import session_start
from live.life.session_folder import SessionFolder
from tests.support.exchanges.loopback import closed_port
from tests.support.sessions.live_processes import journal_records, last_step_ms, outputs_of, run_live, session_config
from tests.support.times import JANUARY_MS, MINUTE_MS, at
from tests.support.waiting import LONG_S
from validation.loading import load_settings

REHEARSAL = ("--practice-start", "2024-01-01", "--speed", "20000", "--plain")


class RefusedCommandTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def refused(self, code: int, *arguments: str | Path) -> str:
        """Run the command, expect an exit code and one line of error; return the line."""
        done, output, errors = run_live(*arguments)
        self.assertEqual((code, "", 1), (done, output, len(errors)), errors)
        self.assertTrue(errors[0].startswith("error: "), errors)
        return errors[0]

    def config(self, **keys: object) -> Path:
        return session_config(self.base, **keys)

    def test_modes_that_would_send_real_orders_are_refused_in_one_sentence(self) -> None:
        for mode in ({"mode": "live"}, {"allow_live_trading": True}):
            error = self.refused(2, "--config", self.config(mode=mode))
            self.assertIn("this program places no orders with an exchange", error)
            self.assertIn("trading_mode.yaml", error)

    def test_a_symbol_the_exchange_does_not_list_is_named_with_those_that_are_like_it(self) -> None:
        error = self.refused(2, "--config", self.config(live={"symbols": ["BTC/USDT", "DOGGE/USDT"]}))
        self.assertIn("'DOGGE/USDT' is not in the market list of practice; did you mean DOGE/USDT", error)

    def test_a_timeframe_the_exchange_does_not_stream_is_refused_with_those_it_does(self) -> None:
        error = self.refused(2, "--config", self.config(live={"timeframe": "7m"}))
        self.assertIn("practice has no 7m candles — allowed: 1m, 2m", error)

    def test_bad_arguments_are_one_line_each(self) -> None:
        config, port = self.config(), closed_port()
        over = self.base / "over.yaml"
        over.write_text("strategy: {params: {ema_fsat: 7}}\n")
        for arguments, words in (
            (("--overrides", over), f"{over}: strategy.params.ema_fsat: unknown key (did you mean ema_fast?)"),
            (("--overrides", self.base / "nowhere.yaml"), "nowhere.yaml"),
            (("--overrides", over, "--system", "practice-scalping"), "--overrides are over a configuration"),
            (("--for", "soon"), "--for 'soon' is no duration; allowed: a number and s, m, h or d"),
            (("--for", "0h"), "is no duration"),
            (("--speed", "0"), "speed 0 is not allowed"),
            (("--speed", "nan"), "speed nan is not allowed"),
            (("--practice-start", "yesterday"), "--practice-start 'yesterday' is not a date"),
            (("--faults", "nowhere.yaml"), "nowhere.yaml"),
            (("--rest-url", "nonsense", "--stream-url", "ws://127.0.0.1:1"), "--rest-url nonsense is no address"),
            (("--rest-url", "http://127.0.0.1:1", "--stream-url", "http://h"), "--stream-url http://h is no address"),
            (("--stream-url", f"ws://127.0.0.1:{port}"), "--rest-url and --stream-url belong together"),
            (("--bad",), "unrecognized arguments: --bad"),
            (("--resume", "nowhere"), "--resume nowhere: there is no such session folder, neither nowhere nor "),
            (("--resume", self.base), "there is no session to resume; it holds no journal.jsonl"),
        ):
            with self.subTest(arguments=arguments):
                self.assertIn(words, self.refused(2, "--config", config, *arguments))
        self.assertIn("there is no such file", self.refused(2, "--config", self.base / "nowhere.yaml"))
        self.assertFalse((self.base / ".lock").exists(), "a folder that holds no session stays as it was")

    def test_rehearsal_options_are_refused_where_the_session_does_not_start_the_exchange(self) -> None:
        config = self.config(live={"exchange": "binanceus"})
        self.assertIn("are for the practice exchange", self.refused(2, "--config", config, "--speed", "60"))

    def test_an_exchange_that_cannot_be_reached_at_the_start_is_waited_for_no_longer_than_the_bound(self) -> None:
        port = closed_port()
        addresses = ("--rest-url", f"http://127.0.0.1:{port}", "--stream-url", f"ws://127.0.0.1:{port}")
        with mock.patch.object(exchange_access, "CONNECT_SECONDS", 1.0):
            for exchange in ("practice", "binanceus"):
                with self.subTest(exchange=exchange):
                    begun = time.monotonic()
                    error = self.refused(3, "--config", self.config(live={"exchange": exchange}), *addresses)
                    self.assertLess(time.monotonic() - begun, LONG_S)
                    self.assertIn(str(port), error)
                    self.assertIn("check the network, or rehearse offline with config/practice.yaml", error)
        self.assertFalse((self.base / "logs" / "live").exists(), "no session folder is left behind")

    def test_a_file_where_the_session_folders_should_be_is_one_line(self) -> None:
        (self.base / "file").write_text("x", encoding="utf-8")
        for place in (self.base / "file", self.base / "file" / "below"):
            error = self.refused(1, "--config", self.config(), *REHEARSAL, "--for", "2m", "--out", place)
            self.assertIn(f"cannot write {place}", error)

    def test_a_dry_start_says_what_a_session_would_begin_with_and_begins_none(self) -> None:
        over = self.base / "over.json"
        over.write_text('{"symbols": ["ETH/USDT"]}')
        code, output, errors = run_live("--config", self.config(), "--overrides", over, *REHEARSAL, "--dry-start")
        self.assertEqual((0, []), (code, errors))
        self.assertNotIn("Symbol BTC/USDT", output)
        self.assertIn("Exchange: practice, its time 2024-01-01T00:00:00.000Z", output)
        self.assertIn("Symbol ETH/USDT (ETH/USDT): tick 0.01, lot 0.0001, minimum notional 5; warm-up 55 of 55", output)
        self.assertIn("no session was begun", output)
        self.assertFalse((self.base / "logs" / "live").exists())

    def test_a_dry_start_of_perpetual_contracts_says_leverage_detail_and_next_funding(self) -> None:
        execution = {"perpetual": {"leverage": 5, "leverages": {"ETH/USDT": 20}}}
        config = self.config(live={"timeframe": "5m", "detail_interval": "1m", "execution": execution})
        code, output, errors = run_live("--config", config, *REHEARSAL, "--dry-start")
        self.assertEqual((0, []), (code, errors))
        self.assertIn("Orders: matched by 1m candles", output)
        for leverage in ("5", "20"):
            self.assertIn(f"perpetual: leverage {leverage}, mark candles 1m, next funding 2024-01-01T08:00", output)


class RehearsedContractsTest(unittest.TestCase):
    def test_contracts_on_detail_candles_are_rehearsed_offline_on_the_exchange_the_session_starts(self) -> None:
        with tempfile.TemporaryDirectory() as base:
            live = {"timeframe": "5m", "detail_interval": "1m", "execution": {"perpetual": {"leverage": 5}}}
            config = session_config(Path(base), live=live)
            arguments = ("--practice-start", "2024-01-01T07:00", "--speed", "3000", "--plain", "--for", "70m")
            code, output, errors = run_live("--config", config, *arguments)
            self.assertEqual((0, []), (code, errors))
            (folder,) = (Path(base) / "logs" / "live").iterdir()
            steps = [record for record in journal_records(folder) if record["record"] == "step"]
            self.assertEqual(70, len(steps))
            self.assertEqual([JANUARY_MS + 8 * 60 * MINUTE_MS], [one["time_ms"] for one in steps if "funding" in one])
            manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            self.assertEqual("1m", manifest["detail_interval"])
            self.assertEqual({"interval": "1m", "source": "rest"}, manifest["perpetual"]["mark_candles"])
            self.assertEqual(5, manifest["perpetual"]["leverage"]["ETH/USDT"])
            self.assertIn("Steps: 70", output)
            self.assertGreater(outputs_of(folder)["ledger.csv"].count(b"margin:"), 2)
            report = check_parity(folder, offline=True, now_ms=JANUARY_MS + 9 * 60 * MINUTE_MS)
            self.assertTrue(report.journal is not None and report.journal.equal)
            self.assertEqual((0, 210), (report.history.differences, report.history.compared["marks"]))


class SessionOfAnHour(unittest.TestCase):
    """Has a session of sixty minutes that kept its positions, copied for every test."""

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.original = Path(folder.name)
        config = session_config(cls.original, on_shutdown="keep")
        cls.code, cls.output, cls.errors = run_live("--config", config, *REHEARSAL, "--for", "60m", "--report")
        (cls.session,) = (cls.original / "logs" / "live").iterdir()

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.folder = self.base / "session"
        shutil.copytree(self.session, self.folder)
        self.journal = self.folder / "journal.jsonl"
        self.config = session_config(self.base)

    def resumed(self, *more: str | Path) -> tuple[int, str, list[str]]:
        return run_live("--config", self.config, *REHEARSAL, "--resume", self.folder, *more)

    def lines(self) -> list[bytes]:
        return self.journal.read_bytes().splitlines(keepends=True)


class RunForTest(SessionOfAnHour):
    def test_a_session_of_an_hour_has_sixty_steps_a_result_and_a_report(self) -> None:
        self.assertEqual((0, []), (self.code, self.errors))
        records = journal_records(self.folder)
        steps = [record["time_ms"] for record in records if record["record"] == "step"]
        self.assertEqual([at(number + 1) for number in range(60)], steps)
        self.assertEqual({"record": "end", "mode": "keep"}, records[-1])
        manifest = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        self.assertEqual({"start_ms": JANUARY_MS, "end_ms": at(60)}, manifest["window"])
        result = json.loads((self.folder / "result.json").read_text(encoding="utf-8"))
        self.assertEqual(180, result["statistics"]["candles_processed"])
        self.assertIn("Steps: 60", self.output)
        self.assertIn("Check it: python -m backtests.parity", self.output)

    def test_a_session_that_was_asked_for_a_report_says_where_its_page_is_with_candles_from_its_journal(self) -> None:
        self.assertIn(f"Report page: {self.session / 'report.html'}\n", self.output)
        page = (self.folder / "report.html").read_text(encoding="utf-8")
        held = json.loads(page.partition('id="data">')[2].partition("</script>")[0])["runs"][0]
        self.assertEqual(("live", 60), (held["kind"], held["curve"]["points"]))
        self.assertEqual([60, 60, 60], [len(one["open"]) for one in held["candles"].values()])


class ResumeTest(SessionOfAnHour):
    def test_a_folder_that_another_process_holds_is_refused(self) -> None:
        before = self.journal.read_bytes()
        with contextlib.closing(SessionFolder(self.folder)):
            code, _, errors = self.resumed("--for", "1m")
        self.assertEqual((2, 1), (code, len(errors)), errors)
        self.assertIn("another process runs this session", errors[0])
        self.assertEqual(before, self.journal.read_bytes())

    def test_a_session_of_other_settings_is_refused_with_the_keys_that_differ_and_both_hashes(self) -> None:
        ours = load_settings(self.config).settings_sha256
        live = {"symbols": ["BTC/USDT", "ETH/USDT"], "execution": {"slippage": 0.001}, "data": {"off_grid": "refuse"}}
        self.config = session_config(self.base, live=live, mode={"max_open_trades": 3})
        theirs = load_settings(self.config).settings_sha256
        code, _, errors = self.resumed()
        self.assertEqual((2, 1), (code, len(errors)), errors)
        self.assertNotEqual(ours, theirs)
        said = errors[0].partition("other settings than the configuration has: ")[2].split("; ")
        # Folders, which the configurations do not share either, change no result. The slippage is risk.json's default.
        self.assertEqual(
            [
                'data.off_grid was "snap", is "refuse"',
                "execution.slippage was 0.0005, is 0.001",
                "risk.default_slippage was 0.0005, is 0.001",
                'symbols was ["BTC/USDT", "ETH/USDT", "SOL/USDT"], is ["BTC/USDT", "ETH/USDT"]',
                "trading_mode.max_open_trades was 10, is 3",
                f"settings_sha256 was {ours}, is {theirs}",
            ],
            said[:-1],
        )
        manifest = self.folder / "manifest.json"
        manifest.write_text(
            manifest.read_text(encoding="utf-8").replace('"max_open_trades": 10', '"max_open_trades": 9')
        )
        code, _, errors = self.resumed()
        self.assertEqual((2, 1), (code, len(errors)), errors)
        self.assertIn(f"configuration has: settings_sha256 was {ours}", errors[0], "no keys of a manifest of others")

    def test_a_session_of_another_strategy_is_refused_with_the_one_thing_to_do(self) -> None:
        (self.base / "config" / "quiet.py").write_text("def decide(market, account, trigger):\n    return None\n")
        self.config = session_config(
            self.base, live={"strategy": {"type": "program", "file": "quiet.py", "schedule": "1h"}}
        )
        code, _, errors = self.resumed()
        self.assertEqual((2, 1), (code, len(errors)), errors)
        self.assertRegex(
            errors[0],
            rf"^error: .*: the session trades \w+, and {self.config} program quiet; resume it with its own "
            r"configuration \(--config FILE\)$",
        )

    def test_the_practice_exchange_goes_on_where_the_session_stopped_unless_it_is_told_a_later_time(self) -> None:
        code, _, errors = self.resumed("--for", "1m")
        self.assertEqual((2, 1), (code, len(errors)), errors)
        self.assertIn("--practice-start 2024-01-01: the session to resume got as far as 2024-01-01T01:00", errors[0])
        self.config = session_config(self.base, on_shutdown="keep")
        again = ("--config", self.config, "--plain", "--speed", "600", "--resume", self.folder, "--for", "3m")
        code, _, errors = run_live(*again)
        self.assertEqual((0, []), (code, errors))
        self.assertEqual(at(63), last_step_ms(self.folder))
        code, _, errors = run_live(*again, "--practice-start", "2024-01-01T01:10")
        self.assertEqual((0, []), (code, errors))
        self.assertEqual(at(73), last_step_ms(self.folder))

    def test_a_damaged_journal_is_named_by_line_and_byte_and_goes_on_from_the_last_good_point(self) -> None:
        whole = outputs_of(self.folder)
        lines = self.lines()
        damaged = [*lines[:20], b"\xff" + lines[20][1:], *lines[21:]]
        self.journal.write_bytes(b"".join(damaged))
        good = sum(map(len, lines[:20]))
        code, _, errors = self.resumed("--for", "2m")
        self.assertEqual((1, 1), (code, len(errors)), errors)
        for words in (str(self.journal), "line 21", f"byte {good}", "line 20", f"keep the first {good} bytes"):
            self.assertIn(words, errors[0])
        self.assertEqual(b"".join(damaged), self.journal.read_bytes())
        self.journal.write_bytes(self.journal.read_bytes()[:good])
        # The practice exchange begins its day again; the steps up to the sixtieth are what was missed.
        self.config = session_config(self.base, on_shutdown="keep")
        code, _, errors = run_live(
            "--config", self.config, "--practice-start", "2024-01-01T01:00", "--speed", "600", "--plain",
            *("--resume", self.folder, "--for", "1m"),
        )  # fmt: skip
        self.assertEqual((0, []), (code, errors))
        self.assertEqual(at(61), last_step_ms(self.folder))
        resumed = outputs_of(self.folder)
        # The end that kept the positions wrote a row of its last step, which the whole session does not have.
        whole["equity.csv"] = whole["equity.csv"][: whole["equity.csv"].rindex(b"\n", 0, -1) + 1]
        for name, data in whole.items():
            self.assertGreater(data.count(b"\n"), 20, name)
            self.assertEqual(data, resumed[name][: len(data)], name)

    def test_records_that_cannot_stand_where_they_do_are_damage_too(self) -> None:
        # Without their chain, which would name every one of these lines before what it says is looked at.
        lines = [line.partition(b',"chain"')[0] + b"}\n" for line in self.lines()]
        one_candle_less = json.loads(lines[30])
        self.assertEqual("step", one_candle_less["record"])
        one_candle_less["candles"].pop()
        for damaged, words in (
            ([*lines[:31], lines[30]], "line 32"),
            ([*lines[:31], lines[0]], "a second session begins"),
            ([*lines[:30], json.dumps(one_candle_less).encode() + b"\n"], "2 candles for 3 symbols"),
            ([*lines, lines[-2]], "the journal goes on after the session's end"),
            (lines[1:], "line 1 (byte 0) is damaged: it does not say what the session is made of"),
            ([b"{" + lines[0], *lines[1:]], "nothing before it is left"),
        ):
            with self.subTest(words=words):
                self.journal.write_bytes(b"".join(damaged))
                before = outputs_of(self.folder)
                code, _, errors = self.resumed()
                self.assertEqual((1, 1), (code, len(errors)), errors)
                self.assertIn(words, errors[0])
                self.assertEqual(before, outputs_of(self.folder), "the outputs are left as they were")
                self.assertEqual([], sorted(self.folder.glob(".*.tmp")))

    def test_candles_that_were_changed_stop_the_resume_at_a_named_step(self) -> None:
        lines = [line.partition(b',"chain"')[0] + b"}\n" for line in self.lines()]
        steps = [number for number, line in enumerate(lines) if json.loads(line)["record"] == "step"]
        for number in steps[20:30]:
            record = json.loads(lines[number])
            record["candles"] = [[t, o, h * 1.1, low, c * 1.1, v] for t, o, h, low, c, v in record["candles"]]
            lines[number] = json.dumps(record).encode() + b"\n"
        self.journal.write_bytes(b"".join(lines))
        code, _, errors = self.resumed()
        self.assertEqual((4, 1), (code, len(errors)), errors)
        self.assertRegex(errors[0], r"step 2024-01-01T00:\d\d:00.000Z: the outputs before it have the digest")
        self.assertIn("code or data have changed since the session ran", errors[0])

    def test_a_session_that_never_wrote_its_first_record_whole_is_none(self) -> None:
        for data in (b"", self.lines()[0][:-100]):
            self.journal.write_bytes(data)
            code, _, errors = self.resumed()
            self.assertEqual((2, 1), (code, len(errors)), errors)
            self.assertIn("there is no session to resume", errors[0])

    def test_files_and_folders_in_each_other_s_place_are_one_line(self) -> None:
        for name, words in (
            ("journal.jsonl", "cannot read the journal"),
            (".trades.csv.tmp", "cannot write"),
            (".lock", "cannot write"),
        ):
            with self.subTest(name=name):
                kept = self.folder / name
                data = kept.read_bytes() if kept.exists() else None
                kept.unlink(missing_ok=True)
                kept.mkdir()
                code, _, errors = self.resumed()
                self.assertEqual((1, 1), (code, len(errors)), errors)
                self.assertIn(words, errors[0])
                kept.rmdir()
                if data is not None:
                    kept.write_bytes(data)

    def test_a_fresh_session_never_writes_over_another(self) -> None:
        before = self.journal.read_bytes()
        code, _, errors = run_live("--config", self.config, *REHEARSAL, "--for", "1m", "--out", self.session.parent)
        self.assertEqual((0, []), (code, errors))
        self.assertEqual(before, (self.session / "journal.jsonl").read_bytes())
        (second,) = [path for path in self.session.parent.iterdir() if path.name.endswith("_2")]
        self.assertEqual(1, sum(record["record"] == "step" for record in journal_records(second)))
        shutil.rmtree(second)

    def test_a_fresh_session_is_refused_in_a_folder_that_holds_one(self) -> None:
        before = self.journal.read_bytes()
        settings = load_settings(self.config)
        with (
            contextlib.closing(SessionFolder(self.folder)) as folder,
            self.assertRaisesRegex(ConfigurationError, "there is a session already"),
        ):
            asyncio.run(session_start.start_fresh(folder, None, None, settings, JANUARY_MS, kill_switch=False))
        self.assertEqual(before, self.journal.read_bytes())

    def test_reading_a_journal_that_is_gone_is_a_store_error(self) -> None:
        with self.assertRaises(StoreError):
            list(read_journal(self.folder / "nothing.jsonl"))


if __name__ == "__main__":
    unittest.main()
