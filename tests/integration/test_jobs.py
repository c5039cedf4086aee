"""Jobs from the command line to the end: killed, stopped, cancelled workers, a locked database, and one in a thread."""

import contextlib
import functools
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import research
from research.jobs.worker import Worker
from runs.__main__ import main as runs_main
from runs.jobs.job_queue import JobQueue
from runs.store.run_store import RunStore
from runs.store.store_rows import Job, Optimisation, Trial
from tests.integration.test_optimise_command import SECTION, StudyCommand
from tests.support.runs.backtest_runs import command_environment
from tests.support.shared import REPOSITORY
from tests.support.studies import store_in, told
from tests.support.system_files import system_places, write_system
from tests.support.waiting import wait_until

TRIALS = 80
SEARCH: dict[str, Any] = {"sampler": "tpe", "trials": TRIALS, "best": 0, "conditions": [],
                          "parameters": {"ema_fast": "3..9", "sl_atr_multiple": "1.0..3.0"}}  # fmt: skip


@functools.cache
def uninterrupted() -> list[tuple[object, ...]]:
    """Return what the trials of a study tell that nobody interrupted."""
    with tempfile.TemporaryDirectory() as folder:
        places = system_places(Path(folder))
        write_system(Path(folder), "mine", **{**StudyCommand.system, "optimise": {**SECTION, **SEARCH}})
        with store_in(folder) as store:
            return told(research.optimise("mine", places=places, store=store, processes=1).trials)


class JobCase(StudyCommand):
    def setUp(self) -> None:
        super().setUp()
        self.search(**SEARCH)

    def submit(self) -> RunStore:
        code, output, errors = self.optimise("--system", "mine", "--detach")
        self.assertEqual((0, ""), (code, errors))
        self.assertRegex(output, r"\Astudy 1 is job 1: .*\n\Z")
        return self.store()

    def jobs(self, *arguments: str) -> tuple[int, str, str]:
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = runs_main(["jobs", *arguments])
        return code, output.getvalue(), errors.getvalue()

    def worker(self) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "research", "worker", "--lease", "2"],
            cwd=REPOSITORY,
            env=command_environment({"HARNESS_STORE_URL": self.url}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def kept(self, store: RunStore, least: int = 10) -> list[Any]:
        """Return the ids of the trials as soon as there are some, but not all."""
        wait_until(lambda: len(store.columns(Trial, "id")) >= least)
        return store.columns(Trial, "id")

    def job(self, store: RunStore, number: int = 1) -> Job:
        return JobQueue(store).named(str(number))

    def wait_for(self, store: RunStore, status: str, number: int = 1) -> Job:
        wait_until(lambda: self.job(store, number).status == status, lambda: str(self.job(store, number)))
        return self.job(store, number)

    def require_whole(self, store: RunStore, kept: list[Any]) -> None:
        """Require the trials of a study that nobody interrupted, and that none of those kept was made again."""
        self.assertEqual(TRIALS, len(uninterrupted()))
        self.assertEqual(uninterrupted(), told(store.records(Trial)))
        self.assertEqual(kept, store.columns(Trial, "id")[: len(kept)])
        self.assertLess(len(kept), TRIALS)


class Verbs(JobCase):
    def test_a_study_is_submitted_made_by_a_worker_and_shown(self) -> None:
        self.search(best=1)
        self.assertEqual((0, "no job; python -m research optimise --detach submits one\n", ""), self.jobs())
        store = self.submit()
        self.assertEqual(["PENDING"], [one.status for one in store.records(Optimisation)])
        self.assertRegex(self.jobs()[1], r"\n1 +submitted +study 1: mine, days +2\S+ +0 of 12 \(0 %\) +n/a +n/a\n")
        code, output, errors = self.command("worker", "--until-empty")
        self.assertEqual((0, "job 1: study 1: mine, days\njob 1: done\n", ""), (code, output, errors))
        self.assertRegex(self.jobs("list")[1], r"\n1 +done +study 1: mine, days +2\S+ +12 of 12 \(100 %\)")
        _, output, _ = self.jobs("show", "latest")
        self.assertRegex(output, r"(?s)\AJob 1\nwhat: study 1: mine, days\nstate: done\nprogress: 12 of 12 .*\nLog\n")
        self.assertRegex(
            output,
            r"Z: submitted\n\S+Z: taken by .*\n\S+Z: \d+ of 12 trials are ranked, 0 failed; .* show 1 .*\n.*done\n",
        )
        found = json.loads(self.jobs("show", "1", "--json")[1])
        self.assertEqual(("done", 12, 1), (found["status"], found["done"], found["request"]["study"]))
        self.assertEqual("done", json.loads(self.jobs("--json")[1])[0]["status"])
        self.assertEqual(["COMPLETED"], [one.status for one in store.records(Optimisation)])
        self.assertEqual(1, sum(one.run is not None for one in store.records(Trial)))

    def test_what_cannot_be_made_is_told_to_who_submits_it_and_what_fails_later_to_who_looks(self) -> None:
        code, _, errors = self.optimise("--system", "mine", "--param", "ema_fsat=1..2", "--detach")
        self.assertEqual(2, code)
        self.assertIn("did you mean ema_fast?", errors)
        self.assertEqual([], self.store().records(Job))
        store = self.submit()
        self.search(sampler="grid")
        (self.folder / "config" / "systems" / "mine.yaml").unlink()
        with Worker(store):
            job = self.wait_for(store, "FAILED")
        self.assertIn("there is no system 'mine'", job.failure or "")
        for arguments, words in (
            (("show",), "jobs show: which job? — allowed: jobs list, jobs show JOB, jobs cancel JOB"),
            (("list", "1"), "jobs list: takes no job"),
            (("show", "9"), "job '9': there is no such job — allowed: latest, or a number up to 1"),
            (("cancel", "1"), "job 1: is failed already"),
            (("stop", "1"), "invalid choice: 'stop'"),
        ):
            with self.subTest(arguments):
                code, output, errors = self.jobs(*arguments)
                self.assertEqual((2, ""), (code, output))
                self.assertRegex(errors, r"\Aerror: [^\n]*\n\Z")
                self.assertIn(words, errors)

    def test_a_walk_forward_is_a_job_and_comes_to_what_it_would_without(self) -> None:
        self.search(trials=4, sampler="random", best=0)
        walk = ("walk-forward", "--system", "mine", "--train", "30h", "--test", "12h", *self.where, "--processes", "1")
        self.assertEqual(0, self.command(*walk, "--json", "--detach")[0])
        store = self.store()
        self.assertEqual(["PENDING"], [one.status for one in store.records(Optimisation)])
        code, output, errors = self.command("worker", "--until-empty")
        self.assertEqual((0, "job 1: walk-forward 1: mine, days\njob 1: done\n", ""), (code, output, errors))
        job = self.job(store)
        self.assertEqual(("COMPLETED", 12, 12), (job.status, job.done, job.total))
        self.assertRegex(self.jobs("show", "1")[1], r"Z: 3 of 3 folds, \d tests earned something; .* show 1 ")
        found = json.loads(self.command("show", "1", "--json")[1])
        with patch.dict(os.environ, HARNESS_STORE_URL=f"sqlite:///{self.folder}/other.sqlite"):
            self.assertEqual(json.loads(self.command(*walk, "--json")[1]), found)


class Workers(JobCase):
    def test_the_job_of_a_killed_worker_is_taken_up_by_another_and_no_trial_is_made_again(self) -> None:
        store = self.submit()
        first = self.worker()
        kept = self.kept(store)
        second = self.worker()
        self.assertEqual((1, first.pid), (self.job(store).attempts, self.job(store).pid))
        first.send_signal(signal.SIGKILL)
        kept = store.columns(Trial, "id")
        job = self.wait_for(store, "COMPLETED")
        self.assertEqual((2, second.pid), (job.attempts, job.pid))
        self.require_whole(store, kept)
        self.assertIn("taken up again, its worker was gone", "\n".join(one.text for one in JobQueue(store).lines(job)))
        second.send_signal(signal.SIGTERM)
        output, errors = second.communicate()
        self.assertEqual((0, ""), (second.returncode, errors))
        self.assertEqual("job 1: study 1: mine, days\njob 1: done\n", output)

    def test_the_end_of_a_job_that_another_has_by_then_is_not_its_end(self) -> None:
        self.search(**{**SEARCH, "trials": 2})
        store, told_lines = self.submit(), list[str]()
        queue = JobQueue(store, lease_seconds=0.0)
        first, second = queue.take(["optimise"]), queue.take(["optimise"])
        assert first is not None and second is not None
        with patch("research.jobs.worker.BEAT_SECONDS", 600.0):  # Nothing tells it before its end.
            Worker(store, lease_seconds=3600.0, told=told_lines.append).do(first)
        self.assertEqual("job 1: another worker has taken it", told_lines[-1])
        self.assertEqual(second, self.job(store))

    def test_a_worker_that_is_stopped_puts_its_job_back_and_one_in_a_thread_goes_on(self) -> None:
        store = self.submit()
        first = self.worker()
        self.kept(store)
        first.send_signal(signal.SIGTERM)
        output, errors = first.communicate()
        self.assertEqual((0, ""), (first.returncode, errors))
        self.assertRegex(output, r"job 1: put back\n\Z")
        kept, job = store.columns(Trial, "id"), self.job(store)
        self.assertEqual(("PENDING", "its worker was stopped"), (job.status, job.failure))
        with Worker(store):
            self.wait_for(store, "COMPLETED")
        self.require_whole(store, kept)

    def test_one_that_is_cancelled_in_the_middle_keeps_what_it_has_and_can_be_gone_on_with(self) -> None:
        store = self.submit()
        with Worker(store, lease_seconds=1.0):
            self.kept(store)
            self.assertIn("job 1 is asked to end", self.jobs("cancel", "1")[1])
            self.wait_for(store, "CANCELLED")
            kept = store.columns(Trial, "id")
            self.assertEqual("PARTIAL", store.records(Optimisation)[0].status)
            code, output, _ = self.command("optimise", "--resume", "latest", "--detach", *self.where)
            self.assertEqual((0, "study 1 is job 2"), (code, output.partition(":")[0]))
            self.wait_for(store, "COMPLETED", 2)
        self.require_whole(store, kept)

    def test_a_database_that_is_locked_delays_the_job_and_loses_nothing(self) -> None:
        self.submit()
        told_lines: list[str] = []
        with patch("runs.store.database.BUSY_SECONDS", 0.2):
            store = self.store()
        with Worker(store, lease_seconds=1.0, told=told_lines.append):
            kept = self.kept(store)
            with contextlib.closing(sqlite3.connect(self.folder / "runs.sqlite", timeout=60)) as other:
                other.execute("BEGIN IMMEDIATE")
                wait_until(lambda: any("left for later" in line for line in told_lines))
                time.sleep(0.5)
                other.rollback()
            job = self.wait_for(store, "COMPLETED")
        self.assertGreaterEqual(job.attempts or 0, 2)
        self.require_whole(store, kept)
        self.assertIn("another program has been writing", "\n".join(told_lines))

    def test_a_trial_that_a_locked_database_did_not_take_is_no_failure_of_its_job(self) -> None:
        self.submit()
        with patch("runs.store.database.BUSY_SECONDS", 0.2):
            store = LockedOnce(self.store().database, "here")
        with Worker(store):
            wait_until(lambda: [(one.status, one.attempts) for one in [self.job(store)]] == [("PENDING", 1)])
        self.assertRegex(str(self.job(store).failure), "another program has been writing")
        self.assertEqual((5, True), (len(store.records(Trial)), store.locked))


class LockedOnce(RunStore):
    """A store into which another program writes while a trial is to be kept, and never again."""

    locked = False

    def record(self, row: Any) -> int:
        if not isinstance(row, Trial) or row.number != 5 or self.locked:
            return super().record(row)
        with contextlib.closing(sqlite3.connect(str(self.database.url.database))) as other:
            other.execute("BEGIN IMMEDIATE")
            self.locked = True
            return super().record(row)
