"""A cluster that hears only who has a certificate: made, started and asked by the commands of docs/scale.md."""

import contextlib
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

import dask

from core.errors import ConfigurationError
from research.executors.cluster import Cluster
from research.executors.cluster_address import ClusterAddress
from tests.integration.test_optimise_command import StudyCommand
from tests.support.clusters import LoopbackCluster
from tests.support.runs.backtest_runs import command_environment
from tests.support.shared import REPOSITORY
from tests.support.waiting import PATIENCE_S

PAGE = (REPOSITORY / "docs" / "scale.md").read_text(encoding="utf-8")


def certificates(folder: Path) -> Path:
    """Make an authority and a certificate for each part, as the page says, and return where they are."""
    folder.mkdir()
    [lines] = re.findall(r"```sh\n(openssl .*?)```", PAGE, re.DOTALL)
    subprocess.run(["sh", "-e", "-c", lines], cwd=folder, check=True, capture_output=True)
    return folder


def shown(place: Path, who: str = "me") -> dict[str, str]:
    """Return the environment of who asks, by the names that the page has."""
    names = re.findall(r"export (DASK_\w+)=(ca.pem|me.pem|me.key)\n", PAGE)
    return {name: str(place / file.replace("me.", f"{who}.")) for name, file in names}


class Secured(StudyCommand):
    def ask(self, address: str, environment: dict[str, str], *more: str) -> tuple[int, str, str]:
        asked = subprocess.run(
            [sys.executable, "-W", "error", "-m", "research", "optimise", "--system", "mine", "--json", *self.where,
             "--cluster", address, *more],
            cwd=REPOSITORY,
            env=command_environment({"HARNESS_STORE_URL": f"sqlite:///{self.folder}/asked.sqlite", **environment}),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )  # fmt: skip
        return asked.returncode, asked.stdout, asked.stderr

    def test_it_makes_the_trials_of_one_process_for_who_has_a_certificate_and_hears_nobody_else(self) -> None:
        self.search(best=0)
        ours = certificates(self.folder / "ours")
        cluster = LoopbackCluster(self.enterContext(contextlib.ExitStack()), ours)
        cluster.worker()
        cluster.wait_for_workers(1)
        code, output, errors = self.ask(cluster.address, shown(ours))
        self.assertEqual((0, ""), (code, errors), cluster.said())
        here = json.loads(self.optimise("--system", "mine", "--json")[1])
        self.assertEqual(here["trials"], json.loads(output)["trials"])

        theirs = certificates(self.folder / "theirs")
        nowhere = {name: str(self.folder / "nowhere") for name in shown(ours)}
        another = {**shown(ours), **{name: file for name, file in shown(theirs).items() if "CA" not in name}}
        cannot = "cannot be reached within 2 s"
        plain = cluster.address.replace("tls", "tcp")
        for address, environment, words in (
            (cluster.address, {}, "no certificates are named — allowed: files of PEM in DASK_DISTRIBUTED__COMM__TLS__"),
            (cluster.address, nowhere, "the certificates cannot be used: "),
            (cluster.address, shown(theirs), cannot),
            (cluster.address, another, cannot),
            (plain, shown(ours), cannot),
        ):
            # As the library reads them when it is imported.
            read = {name.removeprefix("DASK_").lower().replace("__", "."): file for name, file in environment.items()}
            with (
                self.subTest(words),
                dask.config.set(read),
                self.assertRaisesRegex(ConfigurationError, rf"\Acluster {address}: [^\n]*{words}[^\n]*\Z"),
            ):
                Cluster(ClusterAddress(address, wait_seconds=2)).close()


if __name__ == "__main__":
    unittest.main()
