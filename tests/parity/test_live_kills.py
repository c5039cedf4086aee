"""Sessions whose process is killed, again and again, and taken up again: the outcome is that of never having died.

Every session runs in a process of its own against a practice exchange in this one, which goes on while it is dead. It
is killed at seeded random moments: while it trades, while it catches up, while it starts. After some kills the journal
loses its last bytes too, as it does when a write is torn.
"""

import functools
import json
import random
import signal
import tempfile
import time
import unittest
from pathlib import Path

from backtests.parity import check_parity
from engine.fold import SessionFold
from engine.journal import read_journal
from engine.renderer import SessionOutputs
from market_data.practice.practice_market import PracticeMarket
from practice.exchange import PracticeExchange
from practice.exchange_options import ExchangeOptions
from practice.faults.fault_script import FaultScript, LateFunding, SkipCandle
from tests.support.scale import SEED, scaled
from tests.support.sessions.live_processes import (
    OUTPUTS,
    LiveProcess,
    journal_records,
    last_step_ms,
    outputs_of,
    session_config,
)
from tests.support.times import JANUARY_MS, MINUTE_MS, at
from validation.loading import load_settings

STEPS = 240
KILLS_A_SESSION = scaled(2, 5)
END = at(STEPS)
SPEED = 1_500.0
LONGEST_TEAR = 900

VENUE_START = JANUARY_MS + 7 * 60 * MINUTE_MS
VENUE_STEPS = 115
"""The end is no whole hour: a payment that may fall on one is waited for, and the exchange's clock stands then."""

VENUE: dict[str, object] = {
    "timeframe": "5m",
    "detail_interval": "1m",
    "execution": {
        "slippage": 0.0005,
        "commission_rate": 0.0005,
        "exits": {"ladder": [{"fraction": 0.5, "distance": 0.5}, {"fraction": 0.5, "distance": 1.0}]},
        "perpetual": {"leverage": 5},
    },
}
"""Perpetual contracts on detail candles, over a funding payment."""

WORDY: dict[str, object] = {
    "strategy": {"type": "tests.support.wordy_strategy:WordyStrategy", "params": {"step": 0.001}}
}

WATCHING: dict[str, object] = {
    "symbols": ["ETH/USDT", "SOL/USDT"],
    "watch": ["BTC/USDT"],
    "strategy": {
        "type": "tests.support.watching_strategy:WatchingStrategy",
        "params": {"series": [["BTC/USDT", "5m", 4], ["ETH/USDT", "15m", 2]]},
    },
}
"""A strategy whose every decision rests on all candles of three watched series."""


def exchange(
    steps: int = STEPS,
    speed: float = SPEED,
    start_ms: int = JANUARY_MS,
    streams: int = 3,
    script: FaultScript | None = None,
    past_ms: int = 0,
) -> PracticeExchange:
    """Return an exchange of so many minutes; it stands until a session has subscribed to all it needs.

    ``past_ms`` is how far past the last close its clock goes: a mark candle is not believed before it has settled.
    """
    return PracticeExchange(
        PracticeMarket(),
        ExchangeOptions(
            start_ms=start_ms,
            end_ms=start_ms + steps * MINUTE_MS + past_ms,
            speed=speed,
            streams_before_start=streams,
            script=script,
        ),
    )


def tear(journal: Path, chance: random.Random) -> None:
    """Cut bytes off a journal's end, but none of its first line."""
    data = journal.read_bytes()
    first = data.index(b"\n") + 1
    journal.write_bytes(data[: max(first, len(data) - chance.randrange(LONGEST_TEAR))])


class Killed:
    """One session killed ``KILLS_A_SESSION`` times and resumed as often, ended by SIGTERM after its last step.

    ``resumed_at`` has the exchange's time, and the last step known, when each process that resumed was started.
    """

    def __init__(
        self, config: Path, seed: int, running: PracticeExchange | None = None, kills: int = KILLS_A_SESSION
    ) -> None:
        self.resumed_at: list[tuple[int, int]] = []
        chance = random.Random(seed)
        running = running or exchange()
        self._start_ms, self._kills = running.start_ms, kills
        self._steps = ((running.end_ms or 0) - running.start_ms) // MINUTE_MS
        with running:
            process = LiveProcess(config, running)
            try:
                self.folder = process.folder
                process.wait_for_step(self._start_ms + MINUTE_MS)
                for kill in range(kills):
                    self._wait(process, kill, chance)
                    process.close()
                    if chance.random() < 0.6:
                        tear(self.folder / "journal.jsonl", chance)
                    time.sleep(chance.uniform(0.0, 0.3))
                    self.resumed_at.append((running.now_ms, last_step_ms(self.folder) or self._start_ms))
                    process = LiveProcess(config, running, ["--resume", self.folder])
                # The last step may be known already.
                process.wait_until_connected()
                process.wait_for_step(self._start_ms + self._steps * MINUTE_MS)
                process.send(signal.SIGTERM)
                self.exit_code = process.ended()
                self.errors = process.errors
            finally:
                process.close()

    def _wait(self, process: LiveProcess, kill: int, chance: random.Random) -> None:
        """Wait for the moment of a kill: a random time after the start, or after a random step."""
        if kill % 3 == 2:
            time.sleep(chance.uniform(0.2, 1.2))
            return
        minutes = self._steps * (kill + 1) // (self._kills + 1) - chance.randrange(self._steps // 12)
        process.wait_for_step(self._start_ms + minutes * MINUTE_MS)
        time.sleep(chance.uniform(0.0, 0.05))


@functools.cache
def uninterrupted(*, wordy: bool = False) -> dict[str, bytes]:
    """Return the outputs of the session that nobody kills."""
    with tempfile.TemporaryDirectory() as base:
        config = session_config(Path(base), live=WORDY if wordy else None)
        with exchange(speed=20_000.0) as running, LiveProcess(config, running, ["--for", f"{STEPS}m"]) as process:
            if process.ended():
                raise AssertionError(process.errors)
            outputs = outputs_of(process.folder)
    if outputs["trades.csv"].count(b"\n") <= 100:
        raise AssertionError("the session has too few trades to prove anything")
    return outputs


class KilledSessionTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def test_missed_steps_that_trade_give_the_bytes_of_a_session_that_never_died(self) -> None:
        whole = uninterrupted(wordy=True)
        told = [json.loads(line) for line in whole["decisions.jsonl"].splitlines()]
        reasons = {one["reason"] for one in told if one["event"] == "decision"}
        self.assertLessEqual({"no_position", "no_entry_waiting", "stop_not_tighter", "targets_are_a_ladder"}, reasons)
        self.assertIn(b"exit_signal", whole["trades.csv"])
        for tag in (b"ladder", b"limit", b"stop", b"moved"):
            self.assertIn(b'""tag"":""%s""' % tag, whole["trades.csv"])
        for number in range(scaled(1, 10)):
            seed = SEED + number
            with self.subTest(seed=seed):
                killed = Killed(session_config(self.base / f"trade{number}", live=WORDY), seed)
                self.assertEqual(0, killed.exit_code, killed.errors)
                self.assertEqual(whole, outputs_of(killed.folder))
                resumes = sum(record["record"] == "resume" for record in journal_records(killed.folder))
                self.assertLessEqual(1, resumes)
        report = check_parity(killed.folder, offline=True, now_ms=END)
        self.assertEqual((0, True), (report.exit_code, report.journal is not None and report.journal.equal))
        self.assertEqual([], report.history.trades)

    def test_missed_steps_that_only_exit_differ_by_refused_entries_alone(self) -> None:
        whole = uninterrupted()
        for number in range(scaled(1, 10)):
            seed = 1_000 + SEED + number
            with self.subTest(seed=seed):
                config = session_config(self.base / f"exits{number}", missed_steps="exits_only")
                killed = Killed(config, seed)
                self.assertEqual(0, killed.exit_code, killed.errors)
                self.check_missed(config, killed, whole)

    def check_missed(self, config: Path, killed: Killed, whole: dict[str, bytes]) -> None:
        steps = [record for record in journal_records(killed.folder) if record["record"] == "step"]
        self.assertEqual([at(number + 1) for number in range(STEPS)], [one["time_ms"] for one in steps])
        missed = {one["time_ms"] for one in steps if one.get("missed")}
        for now_ms, known_ms in killed.resumed_at:
            self.assertIn(known_ms, range(JANUARY_MS, END + 1))
            self.assertLessEqual(set(range(known_ms + MINUTE_MS, min(now_ms, END) + 1, MINUTE_MS)), missed)
        self.assertLess(len(missed), STEPS)
        resumed = outputs_of(killed.folder)
        self.assertEqual(whole, self.traded(config, killed.folder), "the candles are not those of the whole session")
        self.assertNotEqual(whole, resumed)
        first = next(
            mine
            for mine, theirs in zip(*(one["decisions.jsonl"].splitlines() for one in (resumed, whole)), strict=False)
            if mine != theirs
        )
        self.assertEqual("missed_step", json.loads(first)["reason"])
        report = check_parity(killed.folder, offline=True, now_ms=END)
        self.assertTrue(report.journal is not None and report.journal.equal)
        self.assertEqual([], report.history.candles)
        self.assertEqual({"missed_step"}, {one.root for one in report.history.trades})

    def traded(self, config: Path, folder: Path) -> dict[str, bytes]:
        """Return the outputs of the session's journal with no step marked as missed."""
        lines = [line.record for line in read_journal(folder / "journal.jsonl")]
        written = {name: bytearray() for name in OUTPUTS}
        sinks = SessionOutputs(*(one.extend for one in written.values()))
        fold = SessionFold(lines[0], load_settings(config), sinks)
        for record in lines[1:]:
            if hasattr(record, "missed"):
                fields = {name: getattr(record, name) for name in ("time_ms", "candles", "sources")}
                record = type(record)(**fields, digest=sinks.digest())
            fold.apply(record)
        return {name: bytes(one) for name, one in written.items()}


class KilledVenueTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def exchange(self, speed: float, script: FaultScript | None = None) -> PracticeExchange:
        return exchange(VENUE_STEPS, speed, VENUE_START, streams=6, script=script, past_ms=MINUTE_MS // 2)

    def expect_whole(self, folder: Path) -> None:
        """Hold a session that was killed against the one that nobody kills."""
        config = session_config(self.base / "whole", live=VENUE)
        minutes = f"{VENUE_STEPS}m"
        with self.exchange(6_000.0) as running, LiveProcess(config, running, ["--for", minutes]) as process:
            self.assertEqual(0, process.ended(), process.errors)
            whole = process.folder
        self.assertEqual(outputs_of(whole), outputs_of(folder))
        self.assertGreater(outputs_of(whole)["trades.csv"].count(b"\n"), 20)
        self.assertIn(b"funding", outputs_of(whole)["decisions.jsonl"])
        kept = [
            [{name: one.get(name) for name in ("time_ms", "candles", "detail", "marks", "funding")} for one in steps]
            for steps in (steps_of(whole), steps_of(folder))
        ]
        self.assertEqual(*kept)

    def test_detail_candles_marks_and_funding_survive_any_number_of_kills(self) -> None:
        for number in range(scaled(1, 10)):
            seed = SEED + number
            with self.subTest(seed=seed):
                config = session_config(self.base / f"killed{number}", live=VENUE)
                killed = Killed(config, seed, self.exchange(1_500.0), kills=scaled(2, 5))
                self.assertEqual(0, killed.exit_code, killed.errors)
                self.expect_whole(killed.folder)

    def test_a_rate_that_was_gone_without_is_asked_for_after_a_resume_and_delivered_once(self) -> None:
        late = FaultScript((LateFunding(at="30m", duration="2h", by="25m"),))
        config = session_config(self.base / "late", live=VENUE)
        payment = VENUE_START + 60 * MINUTE_MS
        with self.exchange(1_500.0, late) as running:
            process = LiveProcess(config, running)
            self.addCleanup(process.close)
            process.wait_for_line('"record":"missing"')
            process.wait_for_step(payment)
            process.close()
            process = LiveProcess(config, running, ["--resume", process.folder])
            self.addCleanup(process.close)
            process.wait_for_step(payment + 26 * MINUTE_MS)
            process.close()
            process = LiveProcess(config, running, ["--resume", process.folder])
            self.addCleanup(process.close)
            process.wait_until_connected()
            process.wait_for_step(payment + 40 * MINUTE_MS)
            process.send(signal.SIGTERM)
            self.assertEqual(0, process.ended(), process.errors)
        given = [(one["time_ms"], place) for one in steps_of(process.folder) for place in rates_of(one)]
        self.assertEqual([0, 1, 2], sorted(place for _, place in given), "each rate once")
        for time_ms, _ in given:
            self.assertIn(time_ms, range(payment + MINUTE_MS, payment + 27 * MINUTE_MS))


class KilledWatchingTest(unittest.TestCase):
    def test_watched_series_survive_any_number_of_kills(self) -> None:
        # Two holes in which only watched candles close: a process may die before a step shows them.
        script = FaultScript(
            tuple(
                SkipCandle(at=f"{minute}m", symbols=("ETH/USDT", "SOL/USDT"), where="everywhere", count=12)
                for minute in (50, 130)
            )
        )
        with tempfile.TemporaryDirectory() as base:
            whole = session_config(Path(base) / "whole", live=WATCHING)
            running = exchange(speed=20_000.0, streams=5, script=script)
            with running, LiveProcess(whole, running, ["--for", f"{STEPS}m"]) as process:
                self.assertEqual(0, process.ended(), process.errors)
                expected, records = outputs_of(process.folder), steps_of(process.folder)
            self.assertGreater(expected["trades.csv"].count(b"\n"), 50)
            for number in range(scaled(1, 10)):
                seed = SEED + number
                with self.subTest(seed=seed):
                    config = session_config(Path(base) / f"killed{number}", live=WATCHING)
                    killed = Killed(config, seed, exchange(streams=5, script=script), kills=scaled(3, 5))
                    self.assertEqual(0, killed.exit_code, killed.errors)
                    self.assertEqual(expected, outputs_of(killed.folder))
                    self.assertEqual(
                        *(
                            [(one["time_ms"], one.get("watched")) for one in of]
                            for of in (records, steps_of(killed.folder))
                        )
                    )
                    report = check_parity(killed.folder, offline=True, now_ms=END)
                    self.assertTrue(report.journal is not None and report.journal.equal)


def steps_of(folder: Path) -> list[dict[str, object]]:
    return [record for record in journal_records(folder) if record["record"] == "step"]


def rates_of(step: dict[str, object]) -> list[int]:
    """Return the places of the symbols that a journalled step has a funding rate of, one entry a rate."""
    return [place for place, rates in enumerate(step.get("funding", [])) for _ in rates]


class KeptSessionTest(unittest.TestCase):
    def test_a_session_that_keeps_its_positions_goes_on_and_one_that_closed_them_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as base, exchange(60, 1_500.0) as running:
            whole = session_config(Path(base) / "whole")
            with exchange(60, 20_000.0) as other, LiveProcess(whole, other, ["--for", "60m"]) as process:
                self.assertEqual(0, process.ended(), process.errors)
                expected = outputs_of(process.folder)
            config = session_config(Path(base) / "kept", on_shutdown="keep")
            with LiveProcess(config, running) as process:
                process.wait_for_step(at(20))
                process.send(signal.SIGTERM)
                self.assertEqual(0, process.ended(), process.errors)
                folder = process.folder
            self.assertEqual({"record": "end", "mode": "keep"}, journal_records(folder)[-1])
            self.assertNotIn(b",end,", outputs_of(folder)["trades.csv"])
            config = session_config(Path(base) / "kept", on_shutdown="flatten")
            with LiveProcess(config, running, ["--resume", folder]) as process:
                process.wait_for_step(at(60))
                process.send(signal.SIGINT)
                self.assertEqual(0, process.ended(), process.errors)
            outputs = outputs_of(folder)
            for name in ("trades.csv", "decisions.jsonl"):
                self.assertEqual(expected[name], outputs[name])
            # Killed between the end's record and its outputs, a session still leaves whole files.
            (folder / "trades.csv").write_bytes(outputs["trades.csv"][:1000])
            (folder / "result.json").unlink()
            with LiveProcess(config, running, ["--resume", folder]) as process:
                self.assertEqual(2, process.ended())
                self.assertEqual(1, len(process.errors), process.errors)
                self.assertIn("the session has ended and its positions are closed", process.errors[0])
            self.assertEqual(outputs, outputs_of(folder))
            self.assertEqual(at(60), last_step_ms(folder))
            self.assertTrue((folder / "result.json").exists())


if __name__ == "__main__":
    unittest.main()
