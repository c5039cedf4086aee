"""The store's database: how it is opened, how its transactions go, and what its failures mean."""

import contextlib
import decimal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError

from core.errors import ConfigurationError, StoreError
from runs.store.column_types import json_text

HEAD = "0009"
"""The revision of the tables that this program uses."""
BUSY_SECONDS = 60.0
"""How long a writer waits for another one."""
POSTGRES_LOCK = 7_205_759_403
"""Name of the lock under which tables are made on PostgreSQL."""

_ALLOWED = "allowed: sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME"
_DAMAGED = (
    "file is not a database",
    "malformed",
    "disk image",
    "database corruption",
    "unsupported file format",
    "Could not decode",
)


class DamagedStoreError(StoreError):
    """The store's file is no sound database; the folders of the runs have everything that was in it."""


def parse_url(given: str) -> URL:
    """Return the address of a store; raises ConfigurationError where no store can be."""
    try:
        url = make_url(given)
    except ArgumentError:
        raise ConfigurationError(f"store: {given.split('@')[-1]!r} is no address; {_ALLOWED}") from None
    kind = url.get_backend_name()
    if kind not in ("sqlite", "postgresql") or "+" in url.drivername:
        raise ConfigurationError(f"store: {url.drivername!r} is no kind of store; {_ALLOWED}")
    if kind == "postgresql":
        if not url.database:
            raise ConfigurationError(f"store: {shown(url)} names no database; {_ALLOWED}")
        return url.set(drivername="postgresql+psycopg")
    if not url.database or url.database == ":memory:":
        raise ConfigurationError(f"store: {given!r} names no file; {_ALLOWED}")
    return url


def shown(url: URL) -> str:
    """Return an address as it may be printed: a file's path, or a server's address without its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)


class Database:
    """Transactions on the database at an address; the tables are made, or brought up, when it is opened.

    Raises
    ------
    ConfigurationError
        If there can be no store at the address.
    StoreError
        If it cannot be opened; a DamagedStoreError where the file is no sound database.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        with self._faults():
            if self.is_file:
                Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
            # A strategy may change the folder of the process.
            self._place = Path(str(url.database)).absolute()
            is_path = self.is_file and not str(url.database).startswith("file:")
            self._engine = _engine(url.set(database=str(self._place)) if is_path else url)
            try:
                self._bring_up()
            except BaseException:
                self.close()
                raise
            self._file = self._identity()

    @property
    def is_file(self) -> bool:
        """Whether the database is a file of this machine."""
        return self.url.get_backend_name() == "sqlite"

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the store."""
        with self._faults(), self._engine.connect() as connection, connection.begin():
            try:
                yield connection
            except (msgspec.DecodeError, decimal.InvalidOperation) as error:
                raise self._damaged(error) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection whose changes are kept when the block ends, all of them or none.

        Raises
        ------
        StoreError
            If that fails, or the file that was opened is no longer there: what is written into it is nowhere.
        """
        with self._faults(), self._engine.connect() as connection:
            if self._identity() != self._file:
                raise StoreError(
                    f"{shown(self.url)}: was removed or replaced while it was open, and what it had is gone with it; "
                    "put it back and start again",
                    path=Path(str(self.url.database)),
                )
            connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    def migrate(self, target: str) -> None:
        """Bring the tables to a revision, up or down; ``head`` is this program's."""
        from runs.store.schema import migrate  # Only a store that is made or brought up needs its library.

        with self._faults(), self._engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with _keys_unheeded(connection), connection.begin():
                if not self.is_file:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": POSTGRES_LOCK})
                migrate(connection, target)
                if self.is_file and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                    raise StoreError(f"cannot bring {shown(self.url)} to revision {target}: {broken} has no row")

    def sound(self) -> bool:
        """Whether a file's pages are all in order; a server sees to it itself."""
        if not self.is_file:
            return True
        with self.reading() as connection:
            return connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok"

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _identity(self) -> tuple[int, int] | None:
        """Return what tells the file from any other at its place; None of a server, and of one that is not there."""
        if self.is_file:
            with contextlib.suppress(OSError):
                found = self._place.stat()
                return found.st_dev, found.st_ino
        return None

    def _bring_up(self) -> None:
        with self._engine.connect() as connection, connection.begin():
            names = set(inspect(connection).get_table_names())
            if "alembic_version" in names:
                if connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD:
                    return
            elif names:
                listed = ", ".join(sorted(names)[:3])
                raise ConfigurationError(
                    f"store: {shown(self.url)} is the database of something else (it has {listed}); name another one"
                )
        self.migrate("head")

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn a failure of the database into one line that says what to do."""
        try:
            yield
        except IntegrityError:
            raise
        except UnicodeDecodeError as error:  # What the tables are called is no text.
            raise self._damaged(error) from error
        except (DBAPIError, NoSuchModuleError, ImportError) as error:
            raise self._error(error) from error
        except OSError as error:
            raise StoreError.of("open", Path(str(self.url.database)), error) from error

    def _error(self, error: Exception) -> StoreError | ConfigurationError:
        place = shown(self.url)
        if isinstance(error, ImportError | NoSuchModuleError):
            return ConfigurationError(f"store: {place} needs a driver ({error}); install requirements-postgres.lock")
        said = str(error.orig if isinstance(error, DBAPIError) else error).strip().split("\n")[0]
        if not self.is_file:
            return StoreError(f"the store at {place} does not answer as it should: {said}")
        path = Path(str(self.url.database))
        if any(word in said for word in _DAMAGED):
            return self._damaged(said)
        if "locked" in said:
            return StoreError(f"{place}: another program has been writing for {BUSY_SECONDS:g} s; try again", path=path)
        return StoreError(f"cannot use {place}: {said}", path=path)

    def _damaged(self, said: object) -> StoreError:
        """Return the error of a database that holds what no store wrote."""
        place = shown(self.url)
        if not self.is_file:
            return StoreError(f"the store at {place} holds what this program did not write: {said}")
        remedy = "`python -m runs sync` makes it anew from the folders of the runs, and so does deleting it"
        return DamagedStoreError(f"{place} is damaged ({said}); {remedy}", path=Path(str(self.url.database)))


def _engine(url: URL) -> Engine:
    waiting = {"timeout": BUSY_SECONDS} if url.get_backend_name() == "sqlite" else {"connect_timeout": 10}
    engine = create_engine(
        url, connect_args=waiting, json_serializer=json_text, json_deserializer=msgspec.json.decode, pool_pre_ping=False
    )
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    """Take the beginning of transactions into own hands, and let readers go on beside a writer."""
    connection.isolation_level = None
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes then fails where another wrote between: a writer is one from its start.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextlib.contextmanager
def _keys_unheeded(connection: Connection) -> Iterator[None]:
    """Let SQLite make a table anew without its taking the rows along that point to it."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
