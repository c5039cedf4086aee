"""Executors: the same trials by any of them, in their order, and what an executor that fails is to a study."""

import concurrent.futures
import tempfile
import threading
import unittest
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import research
from backtests.many.worker import Answer, Task
from core.errors import ConfigurationError, HarnessError, InvariantError
from research.executors.cluster_address import ClusterAddress, cluster_of
from research.executors.executor_pool import ExecutorPool
from research.executors.same_machine import SameMachine
from runs.store.store_rows import Trial
from tests.support.studies import SPACE, planted_base, store_in, told

GIVEN: dict[str, Any] = {"sampler": "tpe", "trials": 24, "seed": 2, "metric": "net_profit", "best": 0}


class LastFirst(concurrent.futures.Executor):
    """Makes what it was given last first, four at a time."""

    def __init__(self) -> None:
        self._waiting: list[tuple[concurrent.futures.Future[Any], Any, tuple[Any, ...]]] = []
        self._lock = threading.Lock()
        self.submitted = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        with self._lock:
            self._waiting.append((future, fn, args))
            self.submitted += 1
        threading.Timer(0.02, self._make).start()
        return future

    def _make(self) -> None:
        with self._lock:
            future, fn, args = self._waiting.pop()
        future.set_result(fn(*args))


class Broken(concurrent.futures.Executor):
    """Loses what it is given, from some run on."""

    def __init__(self, after: int = 0) -> None:
        self._left = after

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._left -= 1
        if self._left >= 0:
            future.set_result(fn(*args))
        else:
            future.set_exception(OSError("no\nway"))
        return future


class JustInTime(concurrent.futures.Executor):
    """Answers in the moment in which the patience of who waits is over."""

    class Answer(concurrent.futures.Future[Any]):
        def result(self, timeout: float | None = None) -> Any:
            if timeout is not None:
                raise TimeoutError
            return super().result()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[Any]:
        future = self.Answer()
        future.set_result(fn(*args))
        return future


class Executors(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def trials(self, name: str, **options: Any) -> list[Trial]:
        with store_in(self.folder, name) as store:
            return research.optimise(planted_base(), SPACE, **GIVEN, store=store, **options).trials

    def test_all_make_the_same_trials_whatever_order_they_make_them_in(self) -> None:
        expected = told(self.trials("here", processes=1))
        with LastFirst() as turned:
            self.assertEqual(expected, told(self.trials("turned", executor=turned)))
            self.assertGreater(turned.submitted, 10)
        self.assertEqual(expected, told(self.trials("in time", executor=JustInTime())))
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            self.assertEqual(expected, told(self.trials("threads", executor=threads)))
        with concurrent.futures.ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
            self.assertEqual(expected, told(self.trials("processes", executor=processes)))

    def test_an_executor_that_loses_all_is_found_out_by_the_base_and_one_that_loses_some_fails_those_trials(
        self,
    ) -> None:
        with Broken() as broken, self.assertRaisesRegex(HarnessError, "^the executor lost the run: OSError: no way$"):
            self.trials("broken", executor=broken)
        with Broken(after=10) as broken:
            found = self.trials("half", executor=broken)
        self.assertEqual(24, len(found))
        failed = [one.failure for one in found if one.status == "FAILED"]
        self.assertEqual({"the executor lost the run: OSError: no way"}, set(failed))
        self.assertLess(len(failed), 24)

    def test_what_is_under_way_is_bounded_and_let_go_when_nobody_listens(self) -> None:
        place = SameMachine(LastFirst())
        pool = ExecutorPool(place)
        asked = 0

        def tasks() -> Iterator[Task | Exception]:
            nonlocal asked
            while True:
                asked += 1
                yield InvariantError(f"number {asked}")

        answers: Iterator[Answer] = pool.answers(tasks())
        self.assertEqual(["number 1", "number 2"], [str(next(answers)) for _ in range(2)])
        self.assertLessEqual(asked, place.most_sent + 2)
        answers.close()  # type: ignore[attr-defined]
        pool.close()
        self.assertFalse(place.folder.exists())

    def test_what_cannot_be_is_told_before_anything_is_tried(self) -> None:
        with store_in(self.folder, "none") as store:
            for options, words in (
                ({"cluster": "here"}, "cluster 'here': is no address"),
                ({"cluster": "tcp://[::1]:1", "executor": Broken()}, "cluster and executor — allowed: one of them"),
                ({"processes": 0}, "processes: 0"),
            ):
                with self.subTest(words), self.assertRaisesRegex(ConfigurationError, words):
                    research.optimise(planted_base(), SPACE, **GIVEN, store=store, **options)
            self.assertEqual([], store.records(Trial))
        for url in (None, "tcp://a", "tls://[::1]:0", "http://a:1", "tcp://a:1", "tcp://192.0.2.1:1"):
            with self.subTest(url), self.assertRaises(ConfigurationError):
                cluster_of(url, "folder")
        self.assertEqual(ClusterAddress("tls://[::1]:1", "f"), cluster_of("tls://[::1]:1", "f"))
        with self.assertRaisesRegex(ConfigurationError, "wait 0"):
            ClusterAddress("tls://a:1", wait_seconds=0)


if __name__ == "__main__":
    unittest.main()
