"""The queue of jobs on every database: one worker a job, leases that lapse, what ends and what is given up."""

import json
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

import msgspec
from sqlalchemy import update

from core.errors import ConfigurationError
from runs.jobs.job_queue import MOST_IN_VAIN, JobQueue
from runs.store.run_store import open_store
from runs.store.store_rows import Job
from runs.store.tables import JOB
from tests.support.runs.backtest_runs import command_environment
from tests.support.shared import REPOSITORY
from tests.support.stores.postgres_server import fresh_database
from tests.support.warm_starts import ForkedCode

KINDS = ["x"]
TAKES_ALL = """
    import json, sys
    from runs.jobs.job_queue import JobQueue
    from runs.store.run_store import open_store
    store = open_store(sys.argv[1], host="here")
    queue = JobQueue(store)
    print("ready", flush=True)
    sys.stdin.readline()
    mine = []
    while (job := queue.take(["x"])) is not None:
        mine.append(job.id)
        queue.end(job, "COMPLETED")
    print(json.dumps(mine), flush=True)
    store.close()
"""


class Queue:
    """The tests; what is below brings a database."""

    maxDiff = None

    def address(self):
        raise NotImplementedError

    def setUp(self):
        self.url = self.address()
        self.store = open_store(self.url, host="here")
        self.addCleanup(self.store.close)
        self.queue = JobQueue(self.store)

    def submit(self, count=1):
        return [self.queue.submit("x", f"number {number}", {"number": number}, 10) for number in range(count)]

    def lapse(self, job):
        """Let the lease of a job end now."""
        with self.store.database.writing() as connection:
            connection.execute(update(JOB).where(JOB.c.id == job.id).values(lease_ms=1))

    def now(self, job):
        return self.queue.named(str(job.id))

    def log(self, job):
        return [one.text for one in self.queue.lines(job)]

    def test_a_job_from_its_submission_to_its_end(self):
        (job,) = self.submit()
        self.assertEqual(("PENDING", {"number": 0}, 10), (job.status, job.request, job.total))
        self.assertAlmostEqual(time.time() * 1000, job.created_ms, delta=60_000)
        self.assertIsNone(self.queue.take(["other"]))
        taken = self.queue.take(KINDS)
        self.assertEqual((job.id, "RUNNING", "here", 1), (taken.id, taken.status, taken.host, taken.attempts))
        self.assertEqual(taken, self.now(job))
        self.assertIsNone(self.queue.take(KINDS))
        self.assertEqual("held", self.queue.renew(taken, 3, 10, 5000))
        found = self.now(job)
        self.assertEqual((3, 0.3, 0), (found.done, found.progress, found.in_vain))
        self.assertGreater(found.eta_ms, found.created_ms)
        self.assertTrue(self.queue.end(taken, "COMPLETED"))
        found = self.now(job)
        self.assertEqual(("COMPLETED", 3, 1.0, None, None), (found.status, found.done, found.progress, found.lease_ms,
                                                              found.eta_ms))  # fmt: skip
        self.assertGreaterEqual(found.ended_ms, found.started_ms)
        self.assertEqual(["submitted", "done"], [self.log(job)[0], self.log(job)[-1]])

    def test_a_lease_that_lapsed_is_anothers_and_the_first_finds_that_it_is_lost(self):
        self.submit(2)
        first = self.queue.take(KINDS)
        self.queue.renew(first, 4, 10, None)
        self.lapse(first)
        second = self.queue.take(KINDS)
        self.assertEqual((first.id, 2, 4), (second.id, second.attempts, second.done))
        self.assertEqual("lost", self.queue.renew(first, 9, 10, None))
        self.assertFalse(self.queue.end(first, "FAILED", "why"))
        self.assertFalse(self.queue.put_back(first, "why"))
        self.assertEqual(second, self.now(first))
        self.assertEqual("held", self.queue.renew(second, 2, 10, None))
        self.assertEqual(4, self.now(second).done)  # It first comes to where the other one was.
        self.assertEqual(2, self.queue.take(KINDS).id)
        self.assertRegex(self.log(first)[-1], "taken up again, its worker was gone by here, process")

    def test_a_lease_of_a_clock_that_has_been_set_back_holds_nothing(self):
        (job,) = self.submit()
        self.queue.take(KINDS)
        for hours, status in ((23, None), (25, "RUNNING")):
            with self.store.database.writing() as connection:
                lease_ms = self.now(job).started_ms + hours * 3_600_000
                connection.execute(update(JOB).where(JOB.c.id == job.id).values(lease_ms=lease_ms))
            taken = self.queue.take(KINDS)
            self.assertEqual(status, taken and taken.status)

    def test_one_that_is_put_back_waits_as_long_as_it_is_told(self):
        (job,) = self.submit()
        self.assertTrue(self.queue.put_back(self.queue.take(KINDS), "busy", 3600))
        self.assertIsNone(self.queue.take(KINDS))
        self.assertEqual(("PENDING", "busy"), (self.now(job).status, self.now(job).failure))
        self.lapse(job)
        self.assertTrue(self.queue.put_back(self.queue.take(KINDS), "stopped"))
        self.assertEqual(job.id, self.queue.take(KINDS).id)

    def test_cancelling_is_at_once_where_nobody_works_and_else_heard_by_the_worker(self):
        waiting, running, left, done = self.submit(4)
        self.assertEqual("CANCELLED", self.queue.cancel(waiting.id).status)
        taken = {one.id: one for one in (self.queue.take(KINDS) for _ in range(3))}
        self.assertEqual("RUNNING", self.queue.cancel(running.id).status)
        self.assertEqual("cancel", self.queue.renew(taken[running.id], None, None, None))
        self.queue.end(taken[running.id], "CANCELLED")
        self.lapse(left)
        self.assertEqual("CANCELLED", self.queue.cancel(left.id).status)
        self.assertEqual("lost", self.queue.renew(taken[left.id], None, None, None))
        self.queue.end(taken[done.id], "COMPLETED")
        for job, words in ((done, "job 4: is done already"), (waiting, "job 1: is cancelled already")):
            with self.assertRaisesRegex(ConfigurationError, words):
                self.queue.cancel(job.id)
        with self.assertRaisesRegex(ConfigurationError, "job 99: there is no such job"):
            self.queue.cancel(99)
        # One whose worker went before it heard of it is not begun again.
        (job,) = self.submit()
        self.queue.take(KINDS)
        self.queue.cancel(job.id)
        self.lapse(job)
        self.assertIsNone(self.queue.take(KINDS))
        self.assertEqual("CANCELLED", self.now(job).status)

    def test_what_ends_its_workers_is_given_up_unless_it_gets_on(self):
        (job,) = self.submit()
        for turn in range(MOST_IN_VAIN + 2):
            taken = self.queue.take(KINDS)
            if turn == 1:
                self.queue.renew(taken, 1, 10, None)
            self.lapse(job)
        self.assertIsNone(self.queue.take(KINDS))
        found = self.now(job)
        self.assertEqual("FAILED", found.status)
        self.assertRegex(found.failure, r"^was taken up 5 times and got no further; the last: its worker ended$")

    def test_no_two_workers_take_one_job(self):
        self.submit(40)
        program = textwrap.dedent(TAKES_ALL)
        workers = []
        for _ in range(3):
            worker = ForkedCode([sys.executable, "-W", "error", "-c", program, self.url], cwd=REPOSITORY,
                                env=command_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                text=True)  # fmt: skip
            self.addCleanup(worker.communicate)
            self.addCleanup(worker.kill)
            workers.append(worker)
        for worker in workers:
            self.assertEqual("ready\n", worker.stdout.readline())
        for worker in workers:
            worker.stdin.write("\n")
            worker.stdin.flush()
        taken = [number for worker in workers for number in json.loads(worker.stdout.readline())]
        self.assertEqual(list(range(1, 41)), sorted(taken))
        self.assertEqual({("COMPLETED", 1)}, {(one.status, one.attempts) for one in self.queue.jobs()})

    def test_a_job_is_named_by_its_number_or_latest(self):
        with self.assertRaisesRegex(ConfigurationError, "job '1': there is no such job — allowed: the store has none"):
            self.queue.named("1")
        self.submit(2)
        self.assertEqual([1, 2], [self.queue.named(text).id for text in ("1", "latest")])
        for text in ("3", "one", "-1", "", "9" * 30):
            with self.assertRaisesRegex(ConfigurationError, "no such job — allowed: latest, or a number up to 2"):
                self.queue.named(text)

    def test_a_job_of_another_program_is_one_that_waits(self):
        id_ = self.store.record_job(Job(kind="x", status="PENDING", created_ms=1))
        taken = self.queue.take(KINDS)
        self.assertEqual((id_, 1), (taken.id, taken.attempts))
        self.assertEqual(msgspec.structs.asdict(taken), msgspec.structs.asdict(self.now(taken)))


class Sqlite(Queue, unittest.TestCase):
    def address(self):
        return f"sqlite:///{self.enterContext(tempfile.TemporaryDirectory())}/runs.sqlite"


class Postgres(Queue, unittest.TestCase):
    def address(self):
        return fresh_database(self.id().rpartition(".")[2][:50])


if __name__ == "__main__":
    unittest.main()
