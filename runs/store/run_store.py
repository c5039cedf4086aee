"""The store of runs: what it has of them, and how it is brought up to what their folders say."""

import itertools
import operator
import platform
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Row, Table, delete, func, insert, or_, select, update
from sqlalchemy.dialects import sqlite

from core.errors import ConfigurationError
from core.plain_text import is_text
from runs.folder.run_notes import RunNotes
from runs.store.database import Database, parse_url
from runs.store.run_filter import RunFilter, symbol_key, tag_key
from runs.store.store_place import load_store_place
from runs.store.store_rows import (
    Epoch,
    Job,
    JobLine,
    MetricPoint,
    Optimisation,
    PoolVersion,
    Recommendation,
    RunRow,
    TradeRow,
    Trial,
)
from runs.store.synchronising import SyncReport, sync
from runs.store.tables import EPOCH, JOB, JOB_LINE, METRIC_POINT, OPTIMISATION, POOL, RECOMMENDATION, RUN, TRADE, TRIAL

Record = Optimisation | Trial | Recommendation | Epoch | Job | JobLine | PoolVersion
Kind = TypeVar("Kind", Optimisation, Trial, Recommendation, Epoch, Job, JobLine, PoolVersion)
_RECORDS: dict[type[Any], Table] = {
    Optimisation: OPTIMISATION, Trial: TRIAL, Recommendation: RECOMMENDATION, Epoch: EPOCH, Job: JOB,
    JobLine: JOB_LINE, PoolVersion: POOL,
}  # fmt: skip
LARGE = ("figures", "warnings")
_BATCH = 20_000
"""Rows that are handed over at once."""


class StoredState(msgspec.Struct, frozen=True):
    """What tells whether a folder has changed since it was read."""

    id: int
    folder_mtime_ns: int
    signature: str
    kind: str
    status: str


class RunStore:
    """Runs, their trades and their account over time, and the records of what made and judged them.

    Parameters
    ----------
    database
        Where they are kept.
    host
        Name of this machine: the folders of another one's runs are not looked for here.
    """

    def __init__(self, database: Database, host: str) -> None:
        self.database = database
        self.host = host

    def runs(self, wanted: RunFilter | None = None, *, without: Collection[str] = LARGE) -> list[RunRow]:
        """Return the runs that are asked for, in the order that is asked for.

        What is in the columns ``without`` is not read: all figures and the warnings, where nothing else is said.
        """
        names = [name for name in RunRow.__struct_fields__ if name not in without]
        with self.database.reading() as connection:
            found = connection.execute((wanted or RunFilter()).apply(select(*(RUN.c[name] for name in names))))
            return [RunRow(**dict(zip(names, row, strict=True))) for row in found.all()]

    def count(self, wanted: RunFilter) -> int:
        """Return how many runs there are that are asked for, whatever their limit."""
        with self.database.reading() as connection:
            return int(connection.execute(wanted.narrow(select(func.count()).select_from(RUN))).scalar_one())

    def named(self, text: str) -> list[RunRow]:
        """Return the runs that a text may mean, the newest first: by id, either name or folder, else by the id's
        beginning.

        ``latest`` is the run that was made last. Text that no database and no file system holds means none.
        """
        if not is_text(text):
            return []
        newest = RUN.c.started_ms.desc().nulls_last(), RUN.c.id.desc()
        if text == "latest":
            return self._selected(select(RUN).order_by(*newest).limit(1))
        folder = str(Path(text).resolve())
        called = or_(RUN.c.run_id == text, RUN.c.name == text, RUN.c.given_name == text)
        exact = or_(called, (RUN.c.folder == folder) & (RUN.c.host == self.host))
        found = self._selected(select(RUN).where(exact).order_by(*newest))
        if found or not text:
            return found
        return self._selected(select(RUN).where(RUN.c.run_id.startswith(text, autoescape=True)).order_by(*newest))

    def run(self, text: str) -> RunRow:
        """Return the run that an id, an unambiguous beginning of one, a name, a folder or ``latest`` names.

        A name stands for its newest run, and so does the id of a run that lies in several folders.

        Raises
        ------
        ConfigurationError
            If no run is meant, or several are.
        """
        found = self.named(text)
        if not found:
            raise ConfigurationError(
                f"run {text!r}: no run has that id or name — allowed: an id or its beginning, a name, a folder, or "
                "latest; `python -m runs list` shows them"
            )
        whole = any(text in (one.run_id, one.name, one.given_name, one.folder) for one in found)
        ids = list(dict.fromkeys(one.run_id for one in found))
        if len(ids) > 1 and not whole and not Path(text).exists():
            listed = ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
            raise ConfigurationError(f"run {text!r}: begins {len(ids)} runs: {listed} — allowed: more letters of one")
        return found[0]

    def trades(self, run: RunRow) -> list[TradeRow]:
        """Return the trades of a run in order of their exits."""
        return list(self._rows_of(run, TRADE, TradeRow))

    def metric_points(self, run: RunRow) -> list[MetricPoint]:
        """Return a run's account over time."""
        return list(self._rows_of(run, METRIC_POINT, MetricPoint))

    def record(self, record: Record) -> int:
        """Keep a record, or put it in the place of the one with its ``id``; return its id."""
        table = _RECORDS[type(record)]
        values = msgspec.structs.asdict(record)
        id_ = values.pop("id")
        with self.database.writing() as connection:
            if id_ is None:
                return _new_id(connection, table, values)
            if not connection.execute(update(table).where(table.c.id == id_).values(values)).rowcount:
                raise ConfigurationError(f"store: there is no {table.name} with the id {id_}")
            return int(id_)

    def record_epoch(self, epoch: Epoch) -> int:
        """Keep a stage in the life of a strategy, in the place of what was kept of its ``run_id``; return its id."""
        values = msgspec.structs.asdict(epoch)
        del values["id"]
        with self.database.writing() as connection:
            return _upsert(connection, EPOCH, values, ("run_id",))

    def record_job(self, job: Job) -> int:
        """Keep a job, or what has become of it; return its id."""
        return self.record(job)

    def records(self, kind: type[Kind], /, **equal: object) -> list[Kind]:
        """Return the records of a kind whose columns have the given values, in order of their ids."""
        table = _RECORDS[kind]
        query = select(table).where(*(table.c[name] == value for name, value in equal.items())).order_by(table.c.id)
        with self.database.reading() as connection:
            return [kind(**row._mapping) for row in connection.execute(query)]

    def columns(self, kind: type[Record], /, *names: str, **equal: object) -> list[tuple[Any, ...]]:
        """Return some columns of the records that :meth:`records` returns; the rest is not read."""
        table = _RECORDS[kind]
        query = select(*(table.c[name] for name in names)).where(
            *(table.c[name] == value for name, value in equal.items())
        )
        with self.database.reading() as connection:
            return [tuple(row) for row in connection.execute(query.order_by(table.c.id))]

    def states(self) -> dict[str, StoredState]:
        """Return what is known of the folders of this machine, by folder."""
        names = StoredState.__struct_fields__
        query = select(RUN.c.folder, *(RUN.c[name] for name in names)).where(RUN.c.host == self.host)
        with self.database.reading() as connection:
            return {folder: StoredState(*state) for folder, *state in connection.execute(query).all()}

    def put(
        self,
        row: RunRow,
        trades: Iterable[TradeRow] = (),
        points: Iterable[MetricPoint] = (),
        *,
        signature: str = "",
        folder_mtime_ns: int = 0,
    ) -> int:
        """Keep a run with its trades and its account, in the place of what was kept of its folder; return its id."""
        values = _values(row) | {"signature": signature, "folder_mtime_ns": folder_mtime_ns}
        with self.database.writing() as connection:
            id_ = _upsert(connection, RUN, values, ("host", "folder"))
            for table, rows in ((TRADE, trades), (METRIC_POINT, points)):
                connection.execute(delete(table).where(table.c.run == id_))
                _fill(connection, table, id_, rows)
        return id_

    def note(self, id_: int, notes: RunNotes, folder_mtime_ns: int) -> None:
        """Keep what a user said of a run, as its folder has it."""
        said = {"note": notes.note, "given_name": notes.name}
        values = _tag_values(notes.tags) | said | {"folder_mtime_ns": folder_mtime_ns}
        with self.database.writing() as connection:
            connection.execute(update(RUN).where(RUN.c.id == id_).values(values))

    def forget(self, ids: Sequence[int]) -> None:
        """Let go of runs; their folders are left as they are."""
        with self.database.writing() as connection:
            for begin in range(0, len(ids), 500):
                connection.execute(delete(RUN).where(RUN.c.id.in_(ids[begin : begin + 500])))

    def sync(
        self,
        folders: Sequence[str | Path] | None = None,
        progress: Callable[[int, int], None] = lambda done, total: None,
        *,
        thorough: bool = False,
    ) -> SyncReport:
        """Bring the store up to what folders say, as :func:`runs.store.synchronising.sync` does.

        Without ``folders`` they are those that ``config/store.yaml`` names.
        """
        where = load_store_place().folders if folders is None else folders
        return sync(self, where, progress, thorough=thorough)

    def close(self) -> None:
        """Close the store's connections."""
        self.database.close()

    def __enter__(self) -> "RunStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _selected(self, query: Any) -> list[RunRow]:
        with self.database.reading() as connection:
            return [_run_row(row) for row in connection.execute(query)]

    def _rows_of(self, run: RunRow, table: Table, kind: Callable[..., Any]) -> Iterator[Any]:
        columns = [table.c[name] for name in kind.__struct_fields__]  # type: ignore[attr-defined]
        query = select(*columns).where(table.c.run == run.id).order_by(table.c.number)
        with self.database.reading() as connection:
            for row in connection.execute(query):
                yield kind(**row._mapping)


def open_store(url: str | None = None, *, host: str | None = None) -> RunStore:
    """Return the store at an address; by default where ``config/store.yaml`` or ``HARNESS_STORE_URL`` says.

    Raises
    ------
    ConfigurationError
        If there can be no store at the address.
    StoreError
        If it cannot be opened; a DamagedStoreError where the file is no sound database.
    """
    address = load_store_place().url if url is None else url
    return RunStore(Database(parse_url(address)), platform.node() if host is None else host)


def _run_row(row: Row[Any]) -> RunRow:
    return RunRow(**{name: row._mapping[name] for name in RunRow.__struct_fields__})


def _values(row: RunRow) -> dict[str, Any]:
    values = msgspec.structs.asdict(row)
    del values["id"], values["job"]
    keys = "".join(f"|{symbol_key(symbol)}" for symbol in row.symbols)
    return values | {"symbol_keys": f"{keys}|"} | _tag_values(row.tags)


def _tag_values(tags: Sequence[str]) -> dict[str, Any]:
    return {"tags": list(tags), "tag_keys": "".join(f"|{tag_key(tag)}" for tag in tags) + "|"}


def _new_id(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    # The values beside the statement, not in it: it is the same each time, and is not put together anew.
    return int(connection.execute(insert(table).returning(table.c.id), values).scalar_one())


def _upsert(connection: Connection, table: Table, values: dict[str, Any], unique: tuple[str, ...]) -> int:
    """Insert a row, or change the one that is the same in the unique columns; return its id.

    Two that insert one at the same time are in each other's way on no database.
    """
    same = [table.c[name] for name in unique]
    dialect: Any = sqlite
    if connection.dialect.name != "sqlite":
        from sqlalchemy.dialects import postgresql

        dialect = postgresql
    statement = dialect.insert(table).values(values).on_conflict_do_update(index_elements=same, set_=values)
    return int(connection.execute(statement.returning(table.c.id)).scalar_one())


def _fill(connection: Connection, table: Table, run: int, rows: Iterable[Any]) -> None:
    """Insert the rows of a run, numbered from 0.

    The columns' own types make the values, as in every other statement; only the way to the driver is a short one
    (tuples, and PostgreSQL's COPY), which is several times as fast as a mapping a row.
    """
    names = [column.name for column in table.c]
    makers = [column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for column in table.c][2:]
    columns = ", ".join(names)
    read = operator.attrgetter(*names[2:])
    waiting, numbers = iter(rows), itertools.count()
    while batch := list(itertools.islice(waiting, _BATCH)):
        given = zip(*map(read, batch), strict=True)
        made = [one if maker is None else map(maker, one) for maker, one in zip(makers, given, strict=True)]
        ready = zip(itertools.repeat(run), itertools.islice(numbers, len(batch)), *made, strict=False)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(
                f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", list(ready)
            )
        else:
            driver: Any = connection.connection.driver_connection
            with driver.cursor().copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
                for one in ready:
                    copy.write_row(one)
