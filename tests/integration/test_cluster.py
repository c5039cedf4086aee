"""Studies on a real cluster: a scheduler and workers as processes on loopback, killed, strange, and out of reach."""

import contextlib
import importlib
import io
import re
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

from distributed import Client

import research
from backtests import MemoryBacktest
from core.errors import ConfigurationError
from research.__main__ import main
from research.executors.cluster_address import ClusterAddress
from research.executors.executor_pool import ExecutorLost
from research.studies.study import Study
from runs.store.store_rows import Trial
from tests.support import hour_strategy
from tests.support.candles import candles_of
from tests.support.clusters import LoopbackCluster
from tests.support.hour_strategy import planted_candles
from tests.support.runs.backtest_runs import command_environment
from tests.support.studies import SPACE, planted_base, store_in, told
from tests.support.system_files import system_places, write_system
from tests.support.waiting import LONG_S, PATIENCE_S

OPTIONS: dict[str, Any] = {"sampler": "tpe", "trials": 48, "seed": 5, "batch": 8, "metric": "net_profit", "best": 0}


class Does:
    """Does something when so many trials are there."""

    def __init__(self, **at: Any) -> None:
        self._at = {int(number.removeprefix("at_")): action for number, action in at.items()}

    def made(self, done: int, total: int) -> None:
        for number in sorted(self._at):
            if number <= done:
                self._at.pop(number)()


class ClusterCase(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.stores = 0

    def started(self) -> LoopbackCluster:
        """Return a cluster without a worker."""
        return LoopbackCluster(self.enterContext(contextlib.ExitStack()))

    def study(
        self, cluster: LoopbackCluster | None, base: Any = None, parameters: Any = SPACE, **options: Any
    ) -> Study:
        self.stores += 1
        self.store = store_in(self.folder, f"runs{self.stores}")
        self.addCleanup(self.store.close)
        where: dict[str, Any] = {"processes": 1}
        if cluster is not None:
            where["cluster"] = ClusterAddress(cluster.address, options.pop("shared", None), PATIENCE_S)
        given = {**OPTIONS, **where, "store": self.store, **options}
        return research.optimise(planted_base() if base is None else base, parameters, **given)

    def expected(self, *arguments: Any, **options: Any) -> list[tuple[object, ...]]:
        return told(self.study(None, *arguments, **options).trials)


class Trials(ClusterCase):
    """One cluster for all that do not care who else works there."""

    cluster: ClassVar[LoopbackCluster]

    @classmethod
    def setUpClass(cls) -> None:
        cls.cluster = LoopbackCluster(cls.enterClassContext(contextlib.ExitStack()))

    def setUp(self) -> None:
        super().setUp()
        if len(self.cluster.living) == 1:
            self.cluster.worker()

    def test_it_listens_on_this_machine_alone(self) -> None:
        self.cluster.wait_for_workers(1)
        parts = [pid for one in self.cluster.living for pid in _family(one.pid)]
        self.assertGreater(len(parts), 2)
        listening = {address for pid in parts for address in _listening(pid)}
        self.assertEqual({"0100007F"}, listening)

    def test_a_study_is_that_of_one_process_whatever_becomes_of_its_workers(self) -> None:
        cluster = self.cluster
        first, second = cluster.living[1], cluster.worker()
        expected = self.expected()
        with self.subTest("two workers, one of them is killed in the middle"):
            watch = Does(at_11=lambda: cluster.kill(second))
            self.assertEqual(expected, told(self.study(cluster, watch=watch).trials), cluster.said())
        with self.subTest("candles in a folder that all see"):
            shared = self.folder / "shared"
            self.assertEqual(expected, told(self.study(cluster, shared=str(shared)).trials))
            self.assertEqual(["market", "strategy"], sorted(one.name.partition("-")[0] for one in shared.iterdir()))
        with self.subTest("all that had the candles are killed while an answer is on its way, and another comes"):
            fetch, left = Client._gather_remote, 11

            def all_change(*given: Any) -> Any:
                nonlocal left
                left -= 1
                if left == 0:
                    cluster.kill(first)
                    cluster.worker()
                return fetch(*given)

            with patch.object(Client, "_gather_remote", all_change):
                self.assertEqual(expected, told(self.study(cluster).trials), cluster.said())
            self.assertLessEqual(left, 0)
        with self.subTest("a trial that fails is told like anywhere"):
            wanted = {"hour": "0..3", "fails_below": "2"}
            here = self.study(None, parameters=wanted, sampler="grid", trials=None)
            there = self.study(cluster, parameters=wanted, sampler="grid", trials=None)
            self.assertEqual([one.failure for one in here.trials], [one.failure for one in there.trials])
            self.assertRegex(there.failed[0].failure or "", "as planted")

    def test_the_strategy_goes_along_with_all_it_imports(self) -> None:
        cluster = self.cluster
        self.write_strategy("my_strategy", self.folder / "mine")
        self.enterContext(patch.object(sys, "path", [*sys.path, str(self.folder / "mine")]))
        candles = {"BTC/USDT": candles_of(planted_candles(4))}
        exits = {"execution": {"exits": {"max_holding": 1}}}
        by_name = MemoryBacktest(candles, config={"strategy": {"type": "my_strategy:Mine"}, **exits})
        made = importlib.import_module("my_strategy").Mine({"hour": 3})
        cases: list[tuple[str, Any, dict[str, Any]]] = [
            ("a module", by_name, {}),
            ("an object", MemoryBacktest(candles, strategy=made, config=exits), {}),
        ]
        places = system_places(self.folder)
        for number, name in enumerate(("own/my_file.py", "../own/up_there.py:Mine")):
            path = self.folder / "config" / name.partition(":")[0]
            self.write_strategy(path.stem, path.parent)
            strategy = {"strategy": {"type": name, "params": {}}}
            windows = {"days": "2024-01-01..2024-01-03"}
            write_system(self.folder, f"mine{number}", windows=windows, overrides=strategy)
            cases.append((name, f"mine{number}", {"places": places}))
        for kind, base, more in cases:
            with self.subTest(kind):
                given = {"parameters": {"hour": "9..13"}, "sampler": "grid", "trials": None, **more}
                expected = self.expected(base, **given)
                self.assertTrue(any(one[6] for one in expected))  # Some of them trade.
                self.assertEqual(expected, told(self.study(cluster, base, **given).trials), cluster.said())

    def write_strategy(self, name: str, place: Path) -> None:
        """Write a strategy of two modules into a folder that no worker looks into."""
        place.mkdir(parents=True, exist_ok=True)
        beside = f"beside_{name}"
        source = f"""
            from {beside} import HOURS, Hour

            class Mine(Hour):
                def decide(self, now):
                    return super().decide(now) if self.params.hour in HOURS else None
        """
        (place / f"{name}.py").write_text(textwrap.dedent(source))
        times = "HOUR_MS, JANUARY_MS = 3_600_000, 1_704_067_200_000"
        text = re.sub(r"from tests.support.times .*", times, Path(str(hour_strategy.__file__)).read_text())
        (place / f"{beside}.py").write_text(f"{text}\nHOURS = (10, 12, 13)\n")


class Refused(ClusterCase):
    def test_workers_of_other_code_are_refused_each_with_a_line_and_the_rest_makes_the_study(self) -> None:
        cluster = self.started()
        cluster.other_worker("0.0.9+0123456789abcdef")
        cluster.other_worker(None)
        cluster.wait_for_workers(2)
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            wait = ClusterAddress(cluster.address, wait_seconds=10)
            words = r"has no worker that runs this code: worker tcp\S+ (has|runs)"
            with store_in(self.folder, "none") as store, self.assertRaisesRegex(ConfigurationError, words):
                research.optimise(planted_base(), SPACE, **OPTIONS, cluster=wait, store=store)
        # The cluster's library may tell there of connections that it closed while they waited.
        warnings = [line for line in errors.getvalue().splitlines() if line.startswith("warning: ")]
        lines = sorted(line.partition(": worker ")[2].partition(" ")[2] for line in warnings)
        self.assertEqual(2, len(lines), errors.getvalue())
        self.assertRegex(lines[0], r"^has not this program, not 0\.1\.0\+[0-9a-f]{16}; it is refused$")
        self.assertRegex(lines[1], r"^runs code 0\.0\.9\+0123456789abcdef, not 0\.1\.0\+[0-9a-f]{16}; it is refused$")
        cluster.worker()
        with contextlib.redirect_stderr(errors):
            shared = str(self.folder / "shared")  # So that nothing draws the runs to one worker.
            self.assertEqual(self.expected(), told(self.study(cluster, shared=shared).trials), cluster.said())
        self.assertEqual(3, cluster.workers())  # A run that they cannot read would have ended them.

    def test_a_cluster_out_of_reach_is_a_bounded_wait_and_a_line(self) -> None:
        begun = time.monotonic()
        store = store_in(self.folder, "none")
        self.addCleanup(store.close)
        nobody = self.enterContext(socket.socket())
        nobody.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{nobody.getsockname()[1]}"
        for cluster, words in (
            (ClusterAddress(address, wait_seconds=1), "cannot be reached within 1 s"),
            ("127.0.0.1:8786", "is no address — allowed: tcp://HOST:PORT"),
            ("tcp://127.0.0.1:99999", "is no address"),
        ):
            with self.subTest(cluster), self.assertRaisesRegex(ConfigurationError, words):
                research.optimise(planted_base(), SPACE, **OPTIONS, cluster=cluster, store=store)
        self.assertLess(time.monotonic() - begun, LONG_S)
        self.assertEqual([], store.records(Trial))

    def test_a_scheduler_that_is_killed_ends_the_study_which_is_gone_on_with(self) -> None:
        cluster = self.started()
        cluster.worker()
        store = store_in(self.folder, "cut")
        self.addCleanup(store.close)
        watch = Does(at_11=lambda: cluster.kill(cluster.scheduler))
        wait = ClusterAddress(cluster.address, wait_seconds=PATIENCE_S)
        with (
            patch("research.executors.cluster.SECONDS_TO_RECONNECT", 2.0),
            self.assertRaisesRegex(ExecutorLost, r"was lost: .*; \d+ trials are kept: .* --resume 1$"),
        ):
            research.optimise(planted_base(), SPACE, **OPTIONS, cluster=wait, store=store, watch=watch)
        kept = store.records(Trial)
        self.assertGreaterEqual(len(kept), 11)
        done = research.resume("latest", base=planted_base(), store=store, processes=1)
        self.assertEqual(self.expected(), told(done.trials))
        self.assertEqual(kept, store.records(Trial)[: len(kept)])


class Command(unittest.TestCase):
    def test_what_would_be_open_to_others_is_refused(self) -> None:
        here = str(Path(__file__))
        certified = ["--tls-ca-file", here, "--tls-cert", here, "--tls-key", here]
        for arguments, words in (
            (["scheduler", "--host", "0.0.0.0"], "can be reached from elsewhere"),
            (["scheduler", "--host", "::"], "can be reached from elsewhere"),
            (["worker", "tcp://127.0.0.1:1", "--host", "192.0.2.1"], "can be reached from elsewhere"),
            (["scheduler", "--host", "0.0.0.0", "--tls-cert", here], "--tls-ca-file, --tls-cert and --tls-key"),
            (["scheduler", "--tls-cert", "no", "--tls-key", here, "--tls-ca-file", here], "there is no file 'no'"),
            (["scheduler", "--port", "70000"], "--port: 70000"),
            (["worker"], "whose? — allowed: cluster worker tcp://HOST:PORT"),
            (["worker", "here"], "is no address"),
            (["worker", "tcp://192.0.2.1:8786"], "is on another machine and unsecured: "),
            (["worker", "tls://192.0.2.1:8786"], "tls://192.0.2.1:8786: needs certificates — allowed: --tls-ca-file"),
            (["worker", "tcp://127.0.0.1:1", "--host", "0.0.0.0", *certified], "allowed: tls://127.0.0.1:1"),
        ):
            with self.subTest(arguments):
                errors = io.StringIO()
                with contextlib.redirect_stderr(errors):
                    code = main(["cluster", *arguments])
                self.assertEqual(2, code)
                self.assertIn(words, errors.getvalue())
                self.assertRegex(errors.getvalue(), r"\Aerror: [^\n]*\n\Z")

    def test_a_scheduler_that_cannot_start_says_why_in_a_line(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            found = subprocess.run(
                [sys.executable, "-m", "research", "cluster", "scheduler", "--port", str(port)],
                env=command_environment({}),
                capture_output=True,
                text=True,
                check=False,
            )
        self.assertEqual(2, found.returncode)
        *_, last = found.stderr.splitlines()
        self.assertRegex(last, f"^error: cluster scheduler: cannot start at 127.0.0.1:{port}: .* already in use — ")
        self.assertNotIn("Traceback", found.stderr)


def _family(pid: int) -> list[int]:
    """Return a process and all that it started and that are still there."""
    children: list[str] = []
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _listening(pid: int) -> set[str]:
    """Return the addresses, in hexadecimal, at which a process listens; none of one that has ended."""
    sockets, found = set(), set()
    with contextlib.suppress(OSError):
        for one in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                sockets.add(str(one.readlink()))
        for kind in ("tcp", "tcp6"):
            for line in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                    found.add(fields[1].partition(":")[0])
    return found


if __name__ == "__main__":
    unittest.main()
