"""A live session that tells people what happens: the service hears it, and the session's bytes know nothing of it."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from alerts.outbox import OUTBOX, Attempted, Recorded, read_entries
from live.heartbeat import HEARTBEAT
from tests.support.alert_services import AlertService, Answer
from tests.support.exchanges.loopback import closed_port
from tests.support.sessions.live_processes import LiveProcess, journal_records, outputs_of, run_live, session_config
from tests.support.shared import REPOSITORY
from tests.support.waiting import wait_until

CHANNEL = {"name": "ops", "url_env": "OPS_HOOK", "allow_private": True, "coalesce_seconds": 0.2}
WRONG = """def decide(market, account, trigger):
    name = "BTC" if trigger.symbol == "BTC/USDT" else "ETH"
    raise ValueError("cannot judge " + name + " " + "x" * 2000)
"""
REHEARSAL = ("--practice-start", "2024-01-01T22:00", "--speed", "20000", "--for", "3h")


class LiveAlerts(unittest.TestCase):
    def setUp(self) -> None:
        self.base = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.service = self.enterContext(AlertService())

    def config(
        self, name: str, *, channels: bool = True, live: Mapping[str, object] | None = None, **keys: object
    ) -> Path:
        (self.base / name).mkdir()
        config = session_config(self.base / name, live=live)
        document = {"channels": [CHANNEL] if channels else [], "retry_first_seconds": 0.05, **keys}
        (config.parent / "alerts.yaml").write_text(json.dumps(document), encoding="utf-8")
        return config

    def session(self, config: Path, *more: str | Path, url: str | None = None) -> LiveProcess:
        environment: Mapping[str, str] = {"OPS_HOOK": url or self.service.url}
        return self.enterContext(LiveProcess(config, more=more, environment=environment))

    def test_a_session_tells_what_happens_and_writes_the_same_bytes_with_alerts_and_without(self) -> None:
        quiet = self.session(self.config("off", channels=False), *REHEARSAL)
        self.assertEqual(0, quiet.ended(), quiet.log)
        self.assertFalse((quiet.folder / OUTBOX).exists())
        self.service.script = [Answer(500), Answer(cut=True), Answer(wait_seconds=1.0)]
        told = self.session(self.config("on"), *REHEARSAL)
        self.assertEqual(0, told.ended(), told.log)
        self.assertEqual(outputs_of(quiet.folder), outputs_of(told.folder))
        self.assertEqual(self.steps(quiet.folder), self.steps(told.folder))
        by_kind = Counter(one.alert.kind for one in read_entries(told.folder / OUTBOX) if isinstance(one, Recorded))
        fills = len((told.folder / "trades.csv").read_text(encoding="utf-8").splitlines()) - 1
        self.assertGreater(fills, 10)
        self.assertEqual({"start": 1, "stop": 1, "day_summary": 1, "fill": fills}, dict(by_kind))
        self.assertGreaterEqual(len(set(self.service.ids)), fills + 3, "all arrived, some twice")
        self.assertLess(len(self.service.taken), fills, "gathered")
        secret = self.service.url.rpartition("/")[2]
        for path in told.folder.rglob("*"):
            if path.is_file():
                self.assertNotIn(secret.encode(), path.read_bytes(), path)
        self.assertNotIn(secret, told.log + told.output)
        self.broken_parity_is_told(told.folder)

    def test_a_program_that_goes_wrong_and_is_halted_is_told_with_its_error_and_its_line(self) -> None:
        strategy = {"type": "program", "file": "wrong.py", "schedule": "5m", "halt_after": 4}
        config = self.config("wrong", live={"strategy": strategy})
        (config.parent / "wrong.py").write_text(WRONG, encoding="utf-8")
        session = self.session(config, "--practice-start", "2024-01-01T12:00", "--speed", "20000", "--for", "20m")
        self.assertEqual(0, session.ended(), session.log)
        told = [one.alert for one in read_entries(session.folder / OUTBOX) if isinstance(one, Recorded)]
        # At 12:05 BTC, ETH and SOL, whose problem is that of ETH once more; at 12:10 BTC, the fourth in a row.
        self.assertEqual(
            [("program_problem", "BTC/USDT"), ("program_problem", "ETH/USDT"), ("program_halted", "")],
            [(one.kind, one.symbol) for one in told if one.kind not in ("start", "stop")],
        )
        first, second, halted = told[1:-1]
        self.assertEqual(("error", "error"), (second.facts["reason"], halted.facts["reason"]))
        self.assertRegex(second.text, r"^line 3: .*cannot judge ETH")
        self.assertEqual(("warning", "critical"), (first.severity, halted.severity))
        self.assertTrue(halted.title.endswith(": the program is halted: no more calls, what it holds keeps its stops"))
        self.assertRegex(halted.text, r"^line 3: .*cannot judge BTC x+…$")
        self.assertLess(len(halted.text), 320)
        self.assertLessEqual({one.id for one in told}, set(self.service.ids))

    def test_a_killed_session_that_is_resumed_sends_what_was_not_confirmed(self) -> None:
        config = self.config("killed")
        first = self.session(config, *REHEARSAL[:3], "120", url=f"http://127.0.0.1:{closed_port()}/")
        wait_until(lambda: self.fills(first) >= 3, lambda: first.log)
        first.kill()
        folder = first.folder
        left = {one.alert.id for one in read_entries(folder / OUTBOX) if isinstance(one, Recorded)}
        again = self.session(config, "--speed", "20000", "--for", "1h", "--resume", folder)
        self.assertEqual(0, again.ended(), again.log)
        self.assertLessEqual(left, set(self.service.ids))
        recorded = [one.alert for one in read_entries(folder / OUTBOX) if isinstance(one, Recorded)]
        self.assertEqual(len(recorded), len({one.id for one in recorded}), "nothing is told anew that was told")
        rows = len((folder / "trades.csv").read_text(encoding="utf-8").splitlines()) - 1
        self.assertEqual(rows, sum(one.kind == "fill" for one in recorded))
        self.assertEqual([True, False], [one.title.endswith("started") for one in recorded if one.kind == "start"])

    def test_a_service_that_fails_is_shown_and_holds_up_nothing(self) -> None:
        config = self.config("failing", close_seconds=0.0)
        session = self.session(config, *REHEARSAL, url=f"http://127.0.0.1:{closed_port()}/")
        self.assertEqual(0, session.ended(), session.log)
        (line,) = [one for one in session.log.splitlines() if "event=alerts" in one]
        self.assertIn('channel=ops state=failing detail="no connection (Connection refused)"', line)
        beat = json.loads((session.folder / HEARTBEAT).read_text(encoding="utf-8"))["alerts"][0]
        self.assertEqual(("ops", 0), (beat["channel"], beat["delivered"]))
        self.assertGreater(beat["waiting"], 0)
        self.assertTrue(any(isinstance(one, Attempted) for one in read_entries(session.folder / OUTBOX)))

    def test_alerts_that_cannot_be_sent_stop_a_session_before_it_starts(self) -> None:
        config = self.config("unset")
        self.assertNotIn("OPS_HOOK", os.environ)
        code, output, errors = run_live("--config", config, *REHEARSAL)
        self.assertEqual((2, ""), (code, output))
        self.assertEqual(
            [
                f"error: {config.parent / 'alerts.yaml'}: channels[0].url_env: OPS_HOOK is not set in the environment "
                "— allowed: a variable that holds the address"
            ],
            errors,
        )

    def steps(self, folder: Path) -> list[object]:
        """Return the steps that a journal has, each with its candles and the digest of all outputs before it."""
        steps = [one for one in journal_records(folder) if one["record"] == "step"]
        return [(one["time_ms"], one["candles"], one["digest"]) for one in steps]

    def broken_parity_is_told(self, folder: Path) -> None:
        """Change an output, and let the command find it."""
        with (folder / "trades.csv").open("a", encoding="utf-8") as file:
            file.write("\n")
        done = subprocess.run(
            [sys.executable, "-m", "backtests.parity", folder, "--only", "journal"],
            cwd=self.base / "on",
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "OPS_HOOK": self.service.url},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual((4, ""), (done.returncode, done.stderr))
        told = self.service.taken[-1].body
        self.assertEqual(("parity_broken", "critical", folder.name), (told["kind"], told["severity"], told["session"]))
        self.assertEqual(done.stdout.splitlines()[-1], told["text"])

    def fills(self, session: LiveProcess) -> int:
        try:
            entries = list(read_entries(session.folder / OUTBOX))
        except FileNotFoundError:
            return 0
        return sum(isinstance(one, Recorded) and one.alert.kind == "fill" for one in entries)


if __name__ == "__main__":
    unittest.main()
