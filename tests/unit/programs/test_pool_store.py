"""Pools in the run store: versions of which none is changed."""

import shutil
import tempfile
import threading
import unittest
from pathlib import Path

from core.errors import ConfigurationError
from programs.pool_store import delete_pool, pool_versions, save_pool, stored_pool, stored_pools
from runs.store.run_store import RunStore, open_store
from runs.store.store_rows import PoolVersion
from strategies.programs.triggers.pool_settings import pool_of
from strategies.programs.triggers.signal_pool import SignalPool


def pool(id_: str, value: float = 30) -> SignalPool:
    condition = {"feature": "rsi(14)", "op": "<", "value": value, "period": "1h", "symbol": "BTC/USDT"}
    return pool_of({"name": f"{id_} ü", "any": [condition], "cooldown": 3, "symbols": ["ETH/USDT"]}, id_, "test")


class PoolStore(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(place.cleanup)
        cls.folder = Path(place.name)
        open_store(f"sqlite:///{cls.folder / 'empty.sqlite'}", host="here").close()

    def setUp(self) -> None:
        file = self.folder / f"{self._testMethodName}.sqlite"
        shutil.copy(self.folder / "empty.sqlite", file)
        self.url = f"sqlite:///{file}"
        self.store = self.opened()

    def opened(self) -> RunStore:
        store = open_store(self.url, host="here")
        self.addCleanup(store.close)
        return store

    def test_a_pool_comes_back_as_it_was_saved_in_every_version(self) -> None:
        first = save_pool(self.store, pool("low"))
        again = save_pool(self.store, pool("low"))
        second = save_pool(self.store, pool("low", 25.5))
        save_pool(self.store, pool("high", 70))
        self.assertEqual((1, 1, 2), (first.version, again.version, second.version))
        self.assertEqual(first, again)
        self.assertEqual((pool("high", 70), pool("low", 25.5)), stored_pools(self.opened()))
        self.assertEqual(pool("low"), stored_pool(self.store, "low", 1))
        self.assertEqual(pool("low", 25.5), stored_pool(self.store, "low"))
        self.assertEqual([1, 2], [row.version for row in pool_versions(self.store, "low")])
        self.assertLessEqual(first.saved_ms, second.saved_ms)

    def test_one_that_was_deleted_keeps_its_versions_and_can_be_saved_again(self) -> None:
        save_pool(self.store, pool("low"))
        self.assertEqual(2, delete_pool(self.store, "low").version)
        self.assertEqual((), stored_pools(self.store))
        self.assertEqual(pool("low"), stored_pool(self.store, "low", 1))
        with self.assertRaisesRegex(ConfigurationError, "pool low: was deleted as version 2 — allowed: version 1"):
            stored_pool(self.store, "low")
        with self.assertRaisesRegex(ConfigurationError, "was deleted as version 2"):
            delete_pool(self.store, "low")
        self.assertEqual(3, save_pool(self.store, pool("low")).version)
        self.assertEqual((pool("low"),), stored_pools(self.store))

    def test_what_is_not_there_is_told_with_what_is(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "none yet: python -m programs pools save ID"):
            stored_pool(self.store, "low")
        save_pool(self.store, pool("low"))
        with self.assertRaisesRegex(ConfigurationError, r"pool lwo: .* \(did you mean low\?\) — allowed: low"):
            stored_pool(self.store, "lwo")
        with self.assertRaisesRegex(ConfigurationError, "pool low: has no version 9 — allowed: version 1"):
            stored_pool(self.store, "low", 9)
        with self.assertRaisesRegex(ConfigurationError, "is no id of a pool"):
            save_pool(self.store, SignalPool("../low", "x", "any", pool("low").conditions))

    def test_a_document_of_another_program_is_named(self) -> None:
        self.store.record(PoolVersion(pool="odd", version=1, document={"name": "x", "some": []}, saved_ms=1))
        with self.assertRaisesRegex(ConfigurationError, "run store, pool odd, version 1: some: unknown key"):
            stored_pools(self.store)

    def test_two_that_save_at_once_make_versions_one_after_the_other(self) -> None:
        stores, begin = [self.opened() for _ in range(2)], threading.Barrier(2)

        def save(place: int) -> None:
            begin.wait()
            for value in range(8):
                save_pool(stores[place], pool("low", 10 * value + place))

        threads = [threading.Thread(target=save, args=(place,)) for place in range(2)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        rows = pool_versions(self.store, "low")
        self.assertEqual(list(range(1, 17)), [row.version for row in rows])
        values = [row.document["any"][0]["value"] for row in rows if row.document]
        for place in range(2):
            own = [value for value in values if value % 10 == place]
            self.assertEqual([10 * value + place for value in range(8)], own)


if __name__ == "__main__":
    unittest.main()
