"""A real PostgreSQL for tests: a cluster in a temporary folder, on a free port of the loopback interface."""

import atexit
import functools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/usr/pgsql-*/bin")
"""Where distributions put the programs of the server."""
_USER = "postgres"


@functools.cache
def postgres_url() -> str:
    """Return the address of a database of a server that lives as long as this process.

    Raises
    ------
    unittest.SkipTest
        Where no server can be had; says what is missing.
    """
    programs = _programs()
    if programs is None:
        raise unittest.SkipTest("there is no PostgreSQL on this machine (Debian: apt-get install postgresql)")
    as_user: list[str] = []
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if os.getuid() == 0:
        try:
            owner = pwd.getpwnam(_USER)
        except KeyError:
            raise unittest.SkipTest("PostgreSQL does not run as root, and there is no user postgres") from None
        if shutil.which("runuser") is None:
            raise unittest.SkipTest("PostgreSQL does not run as root, and there is no runuser") from None
        as_user = ["runuser", "-u", _USER, "--"]
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    port = _free_port()
    data = folder / "data"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    _run(as_user, programs / "initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
    _run(as_user, programs / "pg_ctl", "-D", data, "-w", "-t", "60", "-l", folder / "log", "-o", options, "start")

    def stop() -> None:
        _run(as_user, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return f"postgresql://{_USER}@127.0.0.1:{port}/postgres"


def fresh_database(name: str) -> str:
    """Return the address of an empty database of the server; errors as for :func:`postgres_url`."""
    import psycopg

    url = postgres_url()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return url.rpartition("/")[0] + f"/{name}"


def _programs() -> Path | None:
    found = shutil.which("initdb")
    places = [path for pattern in PLACES for path in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)]
    places = [*([Path(found).resolve().parent] if found else []), *places]
    return next((path for path in places if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


def _run(as_user: list[str], *command: object) -> None:
    done = subprocess.run(
        [*as_user, *map(str, command)], cwd="/", capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        raise unittest.SkipTest(f"PostgreSQL cannot be started: {(done.stderr or done.stdout).strip()[-300:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
