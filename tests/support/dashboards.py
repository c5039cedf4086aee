"""A real server of the dashboard, as a process of its own in a folder of its own."""

import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.shared import REPOSITORY
from tests.support.waiting import PATIENCE_S
from tests.support.warm_starts import Process, start

_PRINTED = re.compile(r"(http://\S+:(\d+)/)\?token=(\S+)")


class Dashboard(NamedTuple):
    """A server that runs: where it is reached, and what it lets in."""

    address: str
    port: int
    token: str
    process: Process

    @property
    def entrance(self) -> str:
        """The address that a browser is given."""
        return f"{self.address}?token={self.token}"

    def request(
        self, path: str, *, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> urllib.request.Request:
        """Return a request with the token, unless its headers say otherwise."""
        told = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **(headers or {})}
        return urllib.request.Request(f"{self.address}{path.lstrip('/')}", body, told, method=method)

    def ask(self, path: str, method: str = "GET", body: Any = None) -> tuple[int, Any]:
        """Return the status of an answer, and what it says."""
        request = self.request(path, method=method, body=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                if error.headers["content-type"] != "application/problem+json":
                    raise AssertionError(f"{path}: {error.headers['content-type']}") from None
                return error.code, json.load(error)


@contextlib.contextmanager
def dashboard(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, warm: bool = True
) -> Iterator[Dashboard]:
    """Serve a folder on a free port until the end of the block; ``warm`` is that of :func:`start`."""
    surroundings = {**os.environ, "PYTHONPATH": str(REPOSITORY), **(environment or {})}
    words = ("-m", "dashboard", "--port", "0", *arguments)
    reading, writing = os.pipe()
    with open(reading, encoding="utf-8") as said, tempfile.TemporaryFile() as errors:  # noqa: PTH123 - a pipe
        with open(writing, "wb") as told:  # noqa: PTH123 - as above
            process = start(*words, cwd=folder, env=surroundings, stdout=told, stderr=errors, strict=True, warm=warm)
        try:
            printed = _PRINTED.search(said.readline())
            if printed is None:
                process.wait(10)
                text = os.pread(errors.fileno(), os.fstat(errors.fileno()).st_size, 0).decode()
                raise AssertionError(f"the server did not start: {text}")
            yield Dashboard(printed[1], int(printed[2]), printed[3], process)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
