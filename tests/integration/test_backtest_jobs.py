"""Backtests as jobs: made by a worker to the bytes of a plain run, named by their job, ended when that is asked."""

import tempfile
import threading
import unittest
from pathlib import Path

from alerts.alert_settings import AlertSettings
from alerts.channel import DashboardChannel
from alerts.outbox import Outbox, Recorded, read_entries
from alerts.post import Post
from backtests.config_backtest import ConfigBacktestRunner
from core.errors import ConfigurationError
from research.jobs.backtest_job import BacktestRequest, submit_backtest
from research.jobs.worker import Worker
from runs.jobs.job_queue import JobQueue
from runs.store.run_store import RunStore, open_store
from runs.store.store_rows import Job
from systems.places import Places
from tests.support.shared import REPOSITORY
from tests.support.waiting import wait_until

CONFIG = str(REPOSITORY / "config" / "practice.yaml")


class BacktestJobs(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.places = Places(
            str(REPOSITORY / "config" / "systems"), str(self.folder / "logs"), str(self.folder / "data")
        )
        self.store: RunStore = self.enterContext(open_store(f"sqlite:///{self.folder}/store.sqlite"))

    def wanted(self, **changed: object) -> BacktestRequest:
        told = {"config": CONFIG, "start": "2024-01-01", "end": "2024-01-03", "places": self.places}
        return BacktestRequest(**{**told, **changed})  # type: ignore[arg-type]

    def job(self, number: int | None) -> Job:
        return JobQueue(self.store).named(str(number))

    def done(self, wanted: BacktestRequest) -> Job:
        job = submit_backtest(self.store, wanted)
        self.assertEqual(("PENDING", "backtest"), (job.status, job.kind))
        Worker(self.store).run(until_empty=True)
        return self.job(job.id)

    def test_a_configuration_with_values_laid_over_it_is_run_to_the_bytes_of_a_plain_run(self) -> None:
        over = {"strategy": {"params": {"ema_fast": 7}}, "symbols": ["BTC/USDT"]}
        job = self.done(self.wanted(overrides=over, name="mine"))
        self.assertEqual(("COMPLETED", "mine", 1.0), (job.status, job.title, job.progress))
        self.assertEqual(2 * 96, job.done)
        assert job.outcome is not None
        row = self.store.run(job.outcome["run"])
        self.assertEqual(job.outcome["folder"], row.folder)
        runner = ConfigBacktestRunner(
            CONFIG, "2024-01-01", "2024-01-03", symbols=["BTC/USDT"], data_dir=self.places.data_dir,
            output_dir=self.folder / "plain",
        )  # fmt: skip
        runner.config["strategy"]["params"]["ema_fast"] = 7
        self.assertEqual(row.trades_sha256, runner.run()["trades_sha256"])
        self.assertEqual(["BTC/USDT"], row.symbols)

    def test_people_are_told_of_jobs_that_are_done_or_have_failed_and_of_no_other(self) -> None:
        settings = AlertSettings.from_dict({"channels": [{"name": "page", "type": "dashboard"}]})
        with (
            Outbox(self.folder / "alerts.jsonl") as outbox,
            Post(settings, {"page": DashboardChannel()}, outbox) as post,
        ):
            queue = JobQueue(self.store)
            submit_backtest(self.store, self.wanted(name="mine"))
            queue.submit("backtest", "nothing sound", {})
            queue.cancel(int(queue.submit("backtest", "cancelled", {}).id or 0))
            Worker(self.store, post=post).run(until_empty=True)
        told = [one.alert for one in read_entries(self.folder / "alerts.jsonl") if isinstance(one, Recorded)]
        self.assertEqual(["job_done", "job_failed"], [one.kind for one in told])
        self.assertEqual("job 1 is done: mine", told[0].title)
        self.assertEqual(self.job(1).ended_ms, told[0].time_ms)
        self.assertEqual(self.job(2).failure, told[1].facts["failure"])

    def test_a_system_is_run_on_its_window_and_the_same_again_is_the_same_run(self) -> None:
        wanted = self.wanted(config=None, start=None, end=None, system="practice-scalping", window="january")
        first, second = self.done(wanted), self.done(wanted)
        self.assertEqual("COMPLETED", first.status, first.failure)
        self.assertEqual(first.outcome, second.outcome)
        assert first.outcome is not None
        self.assertEqual("practice-scalping, january", first.title)
        self.assertTrue((Path(first.outcome["folder"]) / "system.json").is_file())

    def test_what_is_wrong_is_told_to_who_asks_and_makes_no_job(self) -> None:
        for changed, said in (
            ({"overrides": {"strategy": {"params": {"ema_fsat": 7}}}}, "did you mean ema_fast"),
            ({"overrides": {"timeframe": "7x"}}, "timeframe"),
            ({"config": "/nowhere/live.yaml"}, "/nowhere/live.yaml"),
            ({"config": None}, "neither system nor config"),
            ({"end": "2023-01-01"}, "no candle of 15m fits"),
            ({"end": None}, "start and end"),
            ({"end": "soon"}, "soon"),
            ({"system": "practice-scalping", "window": "jnuary"}, "did you mean january"),
            ({"system": "practise", "window": "january"}, "practise"),
            ({"system": "practice-scalping"}, "which of its windows"),
        ):
            with self.subTest(said), self.assertRaisesRegex(ConfigurationError, said):
                submit_backtest(self.store, self.wanted(**changed))
        self.assertEqual([], self.store.records(Job))

    def test_a_run_is_ended_when_its_job_is_cancelled_and_what_was_done_is_kept_as_partial(self) -> None:
        waiting = {"type": "tests.support.ending_strategy:Ending", "params": {"every": 7, "seconds": 0.05}}
        over = {"strategy": waiting, "timeframe": "1m", "symbols": ["BTC/USDT"]}
        job = submit_backtest(self.store, self.wanted(end="2024-01-31", overrides=over))
        worker = Worker(self.store, 2.0)
        doing = threading.Thread(target=lambda: worker.run(until_empty=True))
        doing.start()
        wait_until(lambda: self.job(job.id).done)
        JobQueue(self.store).cancel(int(job.id or 0))
        doing.join()
        ended = self.job(job.id)
        self.assertEqual("CANCELLED", ended.status, ended.failure)
        assert ended.outcome is not None
        self.assertLess(ended.done or 0, ended.total or 0)
        run = self.store.run(ended.outcome["run"])
        self.assertEqual("PARTIAL", run.status)


if __name__ == "__main__":
    unittest.main()
