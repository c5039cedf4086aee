"""What every database of the run store keeps: the same tests on SQLite and on a real PostgreSQL."""

import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from decimal import Decimal
from pathlib import Path

import msgspec
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from core.errors import ConfigurationError, StoreError
from programs.program_store import delete_program, program_versions, save_program, stored_program, stored_programs
from runs.store.database import HEAD
from runs.store.run_filter import RunFilter
from runs.store.run_store import open_store
from runs.store.store_rows import (
    Epoch,
    Job,
    JobLine,
    Optimisation,
    PoolVersion,
    ProgramVersion,
    Recommendation,
    RunRow,
    Trial,
)
from runs.store.tables import TABLES
from tests.support.runs.backtest_runs import command_environment
from tests.support.scale import scaled
from tests.support.shared import REPOSITORY
from tests.support.stores.postgres_server import fresh_database
from tests.support.stores.store_rows import POINT, RUN, TRADE, run_row, trades
from tests.support.waiting import LONG_S
from tests.support.warm_starts import ForkedCode


class Store:
    """The tests; what is below brings a database."""

    writes = 600
    programs = 3

    def address(self, more=""):
        """Return the address of an empty database; ``more`` tells it from another of the test."""
        raise NotImplementedError

    def setUp(self):
        self.url = self.address()
        self.store = self.opened()

    def opened(self):
        store = open_store(self.url, host="here")
        self.addCleanup(store.close)
        return store

    def process(self, program):
        """Start a Python program on the same store, ``store`` at its hand."""
        head = f"""
            import sys, time
            from sqlalchemy import select, update
            from runs.store.run_store import open_store
            from runs.store.store_rows import Job
            from runs.store.tables import JOB, RUN as RUN_TABLE
            from tests.support.stores.store_rows import *
            store = open_store({self.url!r}, host="here")
        """
        text_ = textwrap.dedent(head) + textwrap.dedent(program) + "store.close()\n"
        process = ForkedCode(
            [sys.executable, "-W", "error", "-c", text_],
            cwd=REPOSITORY,
            env=command_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def count(self, table):
        with self.store.database.reading() as connection:
            return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()

    def columns(self, table):
        with self.store.database.reading() as connection:
            return {column["name"] for column in inspect(connection).get_columns(table)}

    def test_what_was_put_is_read_back_exactly(self):
        id_ = self.store.put(RUN, [TRADE], [POINT])
        self.assertEqual([msgspec.structs.replace(RUN, id=id_)], self.store.runs(without=()))
        [run] = self.store.runs()
        self.assertIsNone(run.figures)
        self.assertEqual(([TRADE], [POINT]), (self.store.trades(run), self.store.metric_points(run)))

    def test_money_is_one_text_whatever_the_database(self):
        amounts = ["1E+4", "-0.00", "2.50", "0.1000000000000000055511151231257827", "-123456789012345678901234.5"]
        self.store.put(RUN, [msgspec.structs.replace(TRADE, realized_pnl=Decimal(one)) for one in amounts])
        with self.store.database.reading() as connection:
            kept = connection.execute(text("SELECT realized_pnl FROM trade ORDER BY number")).scalars().all()
        self.assertEqual(
            ["10000", "0", "2.5", "0.1000000000000000055511151231257827", "-123456789012345678901234.5"], kept
        )
        for wrong in (0.1, 5, Decimal("nan")):
            with self.assertRaisesRegex((TypeError, ValueError), "money is a"):
                self.store.put(RUN, [msgspec.structs.replace(TRADE, realized_pnl=wrong)])
        self.assertEqual(5, self.count("trade"))

    def test_a_run_that_is_put_again_keeps_its_id_and_takes_the_place_of_what_was_there(self):
        first = self.store.put(RUN, trades(3), [POINT] * 2)
        self.store.put(run_row(1), trades(1))
        job = self.store.record_job(Job(kind="backtest", status="RUNNING", created_ms=1))
        with self.store.database.writing() as connection:
            connection.execute(text("UPDATE run SET job = :job WHERE id = :id"), {"job": job, "id": first})
        again = self.store.put(msgspec.structs.replace(RUN, status="FAILED", failure="why"), trades(2))
        self.assertEqual(first, again)
        self.assertEqual((2, 3, 0), tuple(map(self.count, ("run", "trade", "metric_point"))))
        run = self.store.run(RUN.run_id)
        self.assertEqual(("FAILED", "why", job), (run.status, run.failure, run.job))

    def test_forgetting_a_run_takes_its_trades_and_its_account_along(self):
        id_ = self.store.put(RUN, trades(2), [POINT])
        self.store.put(run_row(1), trades(1))
        search = self.store.record(Optimisation(name="x", status="RUNNING", created_ms=1))
        self.store.record(Trial(optimisation=search, number=0, status="COMPLETED", run=id_))
        self.store.forget([id_])
        self.assertEqual((1, 1, 0), tuple(map(self.count, ("run", "trade", "metric_point"))))
        [trial] = self.store.records(Trial)
        self.assertIsNone(trial.run)

    def test_filters_ask_for_what_they_say(self):
        self.store.put(run_row(1, symbols=["SOL/USDT"], strategy="Other", tags=[], status="FAILED", kind="live"))
        self.store.put(run_row(2))
        asked = {
            "btc-usdt": RunFilter(symbol="btc-usdt"), "ETH/USDT": RunFilter(symbol="ETH/USDT"),
            "strategy": RunFilter(strategy="scalpingemarsi"), "tag": RunFilter(tag="GOOD"),
            "status": RunFilter(status="COMPLETED"), "kind": RunFilter(kind="backtest"),
            "since": RunFilter(since_ms=1_700_000_000_002), "all": RunFilter(symbol="BTC", tag="none"),
        }  # fmt: skip
        found = {name: [run.run_id for run in self.store.runs(one)] for name, one in asked.items()}
        second = ["00000002"]
        self.assertEqual(dict.fromkeys(asked, second) | {"all": []}, found)
        # A symbol is not found by a part of it, nor by what a database takes for any letter.
        for nothing in ("BTC", "USDT", "%", "_", "|"):
            self.assertEqual([], self.store.runs(RunFilter(symbol=nothing)), nothing)

    def test_runs_without_a_value_come_last_in_either_direction(self):
        for number, sharpe in enumerate((1.0, None, 3.0, 2.0)):
            figures, earned = {"risk_adjusted": {"omega": sharpe}}, None if sharpe is None else Decimal(str(sharpe))
            self.store.put(run_row(number, sharpe=sharpe, figures=figures, net_profit=earned, name=f"run {number}"))
        for sort in ("sharpe", "omega", "risk_adjusted.omega", "net_profit"):
            for reverse, expected in ((False, [3.0, 2.0, 1.0, None]), (True, [1.0, 2.0, 3.0, None])):
                found = self.store.runs(RunFilter(sort=sort, reverse=reverse))
                self.assertEqual(expected, [run.sharpe for run in found], (sort, reverse))
        self.assertEqual(["run 0", "run 1"], [run.name for run in self.store.runs(RunFilter(sort="name", limit=2))])
        told = r"--sort 'sharp': no run has such a figure \(did you mean sharpe\?\) — allowed: started"
        with self.assertRaisesRegex(ConfigurationError, told):
            self.store.runs(RunFilter(sort="sharp"))

    def test_a_run_is_named_by_id_beginning_name_folder_or_latest(self):
        for number, id_ in enumerate(("abcd", "abef", "fedc")):
            self.store.put(run_row(number, run_id=id_, name=f"name {number}"))
        names = {"abcd": "abcd", "abe": "abef", "name 2": "fedc", "/runs/1": "abef", "latest": "fedc"}
        for given, id_ in names.items():
            self.assertEqual(id_, self.store.run(given).run_id, given)
        with self.assertRaisesRegex(ConfigurationError, r"run 'ab': begins 2 runs: abef, abcd — allowed: more letters"):
            self.store.run("ab")
        for nothing in ("x", "", "%", "a\0b", "\udcff"):
            with self.assertRaisesRegex(ConfigurationError, "no run has that id or name"):
                self.store.run(nothing)

    def test_records_are_kept_changed_and_found(self):
        job = self.store.record_job(Job(kind="backtest", status="PENDING", created_ms=1, request={"a": [1, 2.5]}))
        kept = Job(id=job, kind="backtest", status="COMPLETED", created_ms=1, progress=1.0, request={"a": [1, 2.5]})
        self.assertEqual(job, self.store.record_job(kept))
        self.assertEqual([kept], self.store.records(Job, status="COMPLETED"))
        with self.assertRaisesRegex(ConfigurationError, "there is no job with the id 99"):
            self.store.record_job(msgspec.structs.replace(kept, id=99))
        epoch = Epoch(run_id="r", strategy_id="s", epoch="demo", status="RUNNING", started_ms=1)
        first = self.store.record_epoch(epoch)
        judged = msgspec.structs.replace(epoch, status="COMPLETED", passed=False, criteria=[{"sharpe > 1": 0.5}])
        self.assertEqual(first, self.store.record_epoch(judged))
        self.assertEqual([msgspec.structs.replace(judged, id=first)], self.store.records(Epoch, strategy_id="s"))
        search = self.store.record(Optimisation(name="x", status="RUNNING", created_ms=1, space={"a": [1, 2.5]}))
        tried = Trial(optimisation=search, number=0, status="COMPLETED", objectives=[0.1, 2.0], daily_sharpe=0.1,
                      params={"a": True, "b": 0.1 + 0.2}, daily_equity=b"\x00\xff", notes={"a": None})  # fmt: skip
        tried = msgspec.structs.replace(tried, id=self.store.record(tried))
        self.assertEqual([tried], self.store.records(Trial, optimisation=search))
        self.assertEqual([(0, 0.1)], self.store.columns(Trial, "number", "daily_sharpe", status="COMPLETED"))
        advice = Recommendation(status="NEW", created_ms=1, params={"ema_fast": 9})
        id_ = self.store.record(advice)
        self.assertEqual([msgspec.structs.replace(advice, id=id_)], self.store.records(Recommendation))

    def test_a_program_is_kept_version_by_version_and_none_is_changed(self):
        first = save_program(self.store, "dip", "x = 1\r\n", "the first")
        self.assertEqual((1, "x = 1\n", "the first"), (first.version, first.text, first.note))
        self.assertEqual(first, save_program(self.store, "dip", "x = 1\n", "again"))
        second, third = (save_program(self.store, "dip", text) for text in ("x = 2\n", "x = 1\n"))
        other = save_program(self.store, "a", "")
        self.assertEqual((first, second, third), program_versions(self.store, "dip"))
        self.assertEqual((other, third), stored_programs(self.store))
        self.assertEqual((third, second), (stored_program(self.store, "dip"), stored_program(self.store, "dip", 2)))
        self.assertEqual((4, None), (delete_program(self.store, "dip").version, program_versions(self.store)[-1].text))
        self.assertEqual((other,), stored_programs(self.store))
        self.assertEqual(second, stored_program(self.store, "dip", 2))
        with self.assertRaisesRegex(
            ConfigurationError, "program dip: was deleted as version 4 — allowed: version 1, 2"
        ):
            delete_program(self.store, "dip")
        self.assertEqual(5, save_program(self.store, "dip", "x = 1\n").version)

    def test_a_program_that_is_none_is_refused_and_an_absent_one_is_named(self):
        save_program(self.store, "dip", "x = 1\n")
        for name in ("", "../dip", "a/b", "a.b", "-a", "x" * 65, "\u00e9", "a\n", "A"):
            with self.assertRaisesRegex(ConfigurationError, "is no name of a program — allowed: small letters"):
                save_program(self.store, name, "")
        with self.assertRaisesRegex(ConfigurationError, "65537 bytes — allowed: at most 65536"):
            save_program(self.store, "dip", "x" * 65_537)
        with self.assertRaisesRegex(ConfigurationError, r"there is none in the run store \(did you mean dip\?\)"):
            stored_program(self.store, "dib")
        with self.assertRaisesRegex(ConfigurationError, "program dip: has no version 2 — allowed: version 1"):
            stored_program(self.store, "dip", 2)
        self.assertEqual(1, self.count("program"))

    def test_the_tables_are_what_the_migrations_make(self):
        with self.store.database.reading() as connection:
            self.assertEqual([], compare_metadata(MigrationContext.configure(connection), TABLES))
            self.assertEqual(HEAD, MigrationContext.configure(connection).get_current_revision())

    def test_migrations_go_down_and_up_again_and_the_runs_stay(self):
        id_ = self.store.put(RUN, trades(3), [POINT] * 2)
        search = self.store.record(Optimisation(name="x", status="RUNNING", created_ms=1))
        self.store.record(Trial(optimisation=search, number=0, status="COMPLETED", run=id_))
        job = self.store.record_job(Job(kind="backtest", status="RUNNING", created_ms=1))
        with self.store.database.writing() as connection:
            connection.execute(text("UPDATE run SET job = :job"), {"job": job})
        kept = ("run", "trade", "metric_point")
        self.store.database.migrate("0002")
        self.assertNotIn("job", self.columns("run"))
        self.assertEqual((1, 3, 2, 1), tuple(map(self.count, (*kept, "trial"))))
        self.store.database.migrate("0001")
        self.assertEqual((1, 3, 2), tuple(map(self.count, kept)))
        self.store.database.migrate("head")
        self.assertEqual((1, 3, 2, 0), tuple(map(self.count, (*kept, "trial"))))
        [run] = self.store.runs(without=())
        self.assertEqual(msgspec.structs.replace(RUN, id=id_), run)
        self.assertEqual(trades(3), self.store.trades(run))
        # Keys are heeded again: what belongs to a run goes with it.
        self.store.forget([id_])
        self.assertEqual((0, 0, 0), tuple(map(self.count, kept)))
        self.store.database.migrate("base")
        with self.store.database.reading() as connection:
            self.assertEqual(["alembic_version"], inspect(connection).get_table_names())
        self.assertEqual([], self.opened().runs())

    def test_a_store_of_a_newer_program_is_refused(self):
        with self.store.database.writing() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with self.assertRaisesRegex(StoreError, f"of revision 9999, this program knows up to {HEAD}: a newer"):
            self.opened()

    def test_the_database_of_something_else_is_refused_and_left_alone(self):
        self.store.database.migrate("base")
        with self.store.database.writing() as connection:
            connection.execute(text("DROP TABLE alembic_version"))
            connection.execute(text("CREATE TABLE customers (id INTEGER)"))
        with self.assertRaisesRegex(ConfigurationError, r"is the database of something else \(it has customers\)"):
            self.opened()
        with self.store.database.reading() as connection:
            self.assertEqual(["customers"], inspect(connection).get_table_names())

    def test_programs_that_open_an_empty_store_at_once_make_its_tables_once(self):
        self.url = self.address("at once")
        programs = [
            self.process("store.record_job(Job(kind='x', status='PENDING', created_ms=1))\n")
            for _ in range(self.programs)
        ]
        self.assertEqual(
            [("", 0)] * self.programs, [(one.communicate(timeout=LONG_S * 6)[1], one.returncode) for one in programs]
        )
        self.assertEqual(self.programs, len(self.opened().records(Job)))

    def test_hundreds_of_writes_at_once_all_arrive(self):
        writers = scaled(2, 6)
        program = f"""
            import threading
            job = store.records(Job)[0].id
            sys.stdin.readline()
            def write(count):
                for _ in range(count):
                    with store.database.writing() as connection:
                        # Reads first: a transaction that began as a reader could not go on where another wrote.
                        before = connection.execute(select(JOB.c.pid).where(JOB.c.id == job).with_for_update()).scalar()
                        connection.execute(update(JOB).where(JOB.c.id == job).values(pid=before + 1))
            threads = [threading.Thread(target=write, args=({self.writes // writers // 4},)) for _ in range(4)]
            for one in threads: one.start()
            for one in threads: one.join()
        """
        self.store.record_job(Job(kind="x", status="RUNNING", created_ms=1, pid=0))
        processes = [self.process(program) for _ in range(writers)]
        done = []
        for one in processes:
            one.stdin.write("go\n")
            one.stdin.flush()
        for one in processes:
            done.append((one.communicate(timeout=LONG_S * 6)[1], one.returncode))
        self.assertEqual([("", 0)] * writers, done)
        self.assertEqual(self.writes, self.store.records(Job)[0].pid)

    def test_two_writers_of_one_run_leave_one_of_them_whole(self):
        program = """
            count = int(sys.stdin.readline())
            for _ in range(20):
                store.put(RUN, trades(count), [POINT] * count)
        """
        writers = [(self.process(program), count) for count in (2, 5)]
        for one, count in writers:
            one.stdin.write(f"{count}\n")
            one.stdin.flush()
        for one, _ in writers:
            self.assertEqual(("", 0), (one.communicate(timeout=LONG_S * 6)[1], one.returncode))
        self.assertEqual(1, self.count("run"))
        self.assertIn((self.count("trade"), self.count("metric_point")), ((2, 2), (5, 5)))

    def test_a_writer_that_is_killed_leaves_nothing_half_written_and_nobody_waiting(self):
        self.store.put(RUN, trades(2))
        victim = self.process(
            """
            with store.database.writing() as connection:
                connection.execute(update(RUN_TABLE).values(status="FAILED"))
                print("written", flush=True)
                time.sleep(600)
            """
        )
        self.assertEqual("written\n", victim.stdout.readline())
        self.assertEqual("COMPLETED", self.store.runs()[0].status)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        begun = time.monotonic()
        self.store.put(run_row(1), trades(1))
        self.assertLess(time.monotonic() - begun, LONG_S)
        self.assertEqual(["COMPLETED"] * 2, [run.status for run in self.opened().runs()])
        self.assertEqual(3, self.count("trade"))

    def test_every_column_of_a_row_is_one_of_its_table(self):
        kinds = {"run": RunRow, "optimisation": Optimisation, "trial": Trial, "recommendation": Recommendation,
                 "epoch": Epoch, "job": Job, "job_line": JobLine, "pool": PoolVersion,
                 "program": ProgramVersion}  # fmt: skip
        own = {"run": {"symbol_keys", "tag_keys", "signature", "folder_mtime_ns"}}
        for name, kind in kinds.items():
            expected = {column.name for column in TABLES.tables[name].c} - own.get(name, set())
            self.assertEqual(expected, set(kind.__struct_fields__), name)


class Sqlite(Store, unittest.TestCase):
    def address(self, more=""):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "data" / "runs.sqlite"
        return f"sqlite:///{self.path}"

    def test_readers_go_on_beside_a_writer(self):
        self.store.put(RUN)
        with self.store.database.writing() as connection:
            connection.execute(text("UPDATE run SET status = 'FAILED'"))
            self.assertEqual(["COMPLETED"], [run.status for run in self.opened().runs()])
        self.assertEqual(["FAILED"], [run.status for run in self.store.runs()])

    def test_a_writer_does_not_wait_for_a_reader_who_goes_on_seeing_what_was(self):
        self.store.put(RUN)
        count = text("SELECT count(*) FROM run")
        with self.store.database.reading() as connection:
            self.assertEqual(1, connection.execute(count).scalar())
            begun = time.monotonic()
            self.opened().put(run_row(1))
            self.assertLess(time.monotonic() - begun, LONG_S)
            self.assertEqual(1, connection.execute(count).scalar())
        self.assertEqual(2, self.count("run"))


class Postgres(Store, unittest.TestCase):
    writes = scaled(120, 600)
    programs = scaled(2, 4)

    def address(self, more=""):
        return fresh_database(self.id().rpartition(".")[2][:50] + more)


if __name__ == "__main__":
    unittest.main()
