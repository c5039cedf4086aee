"""Dated snapshots of trading rules."""

import tempfile
import unittest
from decimal import Decimal
from pathlib import Path

import msgspec

from core.errors import ConfigurationError, StoreError
from core.instrument import Instrument
from market_data.instruments.instrument_store import INFERRED, InstrumentStore


def listed(symbol, tick):
    return Instrument(symbol, tick_size=Decimal(tick), min_notional=Decimal(5), source="market list")


def inferred(symbol, tick, lot="0.001"):
    return Instrument(symbol, tick_size=Decimal(tick), lot_size=Decimal(lot), source=INFERRED)


class Snapshots(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name) / "store"
        self.store = InstrumentStore(self.root)

    def test_an_empty_store_knows_nothing_and_creates_nothing(self):
        self.assertEqual((self.store.latest("binance"), self.store.snapshots("binance")), ({}, []))
        self.assertEqual(self.store.at("binance", 5), {})
        self.assertFalse(self.root.exists())

    def test_rules_come_back_exactly_with_their_date(self):
        instrument = Instrument(
            "A/B", Decimal("0.00000001"), Decimal("1E+2"), Decimal("5.0"), Decimal("0.10"), None, "x"
        )
        self.store.save("binance", {"A/B": instrument}, 700)
        read = self.store.latest("binance")["A/B"]
        self.assertEqual(read.as_of_ms, 700)
        self.assertEqual((read.tick_size, read.lot_size, read.min_notional), (Decimal("1E-8"), 100, 5))
        self.assertEqual((read.min_quantity, read.source), (Decimal("0.1"), "x"))

    def test_the_rules_in_force_are_those_of_the_last_snapshot_before_else_of_the_first_after(self):
        for as_of, tick in ((300, "0.3"), (100, "0.1"), (200, "0.2")):
            self.store.save("binance", {"A/B": listed("A/B", tick)}, as_of)
        ticks = {at: str(self.store.at("binance", at)["A/B"].tick_size) for at in (0, 99, 100, 199, 200, 300, 999)}
        self.assertEqual(ticks, {0: "0.1", 99: "0.1", 100: "0.1", 199: "0.1", 200: "0.2", 300: "0.3", 999: "0.3"})
        self.assertEqual(self.store.snapshots("binance"), [100, 200, 300])
        self.assertEqual(str(self.store.latest("binance")["A/B"].tick_size), "0.3")

    def test_a_symbol_that_left_the_market_list_keeps_its_last_rules(self):
        self.store.save("binance", {"A/B": listed("A/B", "1"), "C/D": listed("C/D", "2")}, 100)
        self.store.save("binance", {"A/B": listed("A/B", "3")}, 200)
        self.assertEqual(
            {name: int(one.tick_size) for name, one in self.store.latest("binance").items()}, {"A/B": 3, "C/D": 2}
        )

    def test_a_market_list_stands_above_inferred_rules_whatever_their_dates(self):
        self.store.save("binance", {"A/B": inferred("A/B", "0.1")}, 900)
        self.store.save("binance", {"A/B": listed("A/B", "0.01")}, 500)
        for rules in (self.store.latest("binance"), self.store.at("binance", 950), self.store.at("binance", 1)):
            self.assertEqual(str(rules["A/B"].tick_size), "0.01")

    def test_of_several_inferred_rules_in_an_older_store_the_finest_count_in_any_order(self):
        imports = [(100, "0.1", "1"), (100, "0.01", "0.1"), (300, "1", "0.001")]
        outcomes = []
        for number, order in enumerate((imports, imports[::-1], [imports[1], imports[2], imports[0]])):
            exchange = f"e{number}"
            for as_of, tick, lot in order:
                self.store.save(exchange, {"A/B": inferred("A/B", tick, lot)}, as_of)
            outcomes.append((self.store.latest(exchange), self.store.at(exchange, 200)))
        self.assertEqual(outcomes[0], outcomes[1])
        self.assertEqual(outcomes[0], outcomes[2])
        latest = outcomes[0][0]["A/B"]
        self.assertEqual((str(latest.tick_size), str(latest.lot_size), latest.as_of_ms), ("0.01", "0.001", 300))
        self.assertEqual(outcomes[0][1]["A/B"].as_of_ms, 100)

    def test_rules_are_inferred_once_whatever_is_imported_later(self):
        first = msgspec.structs.replace(inferred("A/B", "0.01", "0.001"), as_of_ms=300)
        self.assertIsNone(self.store.save_inferred("e", first))
        for tick, lot, as_of in (("0.0001", "1E-8", 900), ("1", "1", 100)):
            other = msgspec.structs.replace(inferred("A/B", tick, lot), as_of_ms=as_of)
            self.assertEqual(self.store.save_inferred("e", other), first)
            self.assertEqual(self.store.latest("e")["A/B"], first)
        self.assertEqual(self.store.snapshots("e"), [300])

    def test_rules_inferred_anew_take_the_place_of_all_that_were_inferred_and_of_nothing_else(self):
        self.store.save("e", {"A/B": inferred("A/B", "0.1"), "C/D": inferred("C/D", "1")}, 100)
        self.store.save("e", {"A/B": inferred("A/B", "0.01")}, 200)
        anew = msgspec.structs.replace(inferred("A/B", "0.5", "0.5"), as_of_ms=50)
        self.assertEqual(self.store.save_inferred("e", anew, anew=True).tick_size, Decimal("0.01"))
        self.assertEqual((self.store.latest("e")["A/B"], self.store.snapshots("e")), (anew, [50, 100]))
        self.assertEqual(str(self.store.latest("e")["C/D"].tick_size), "1")
        self.store.save("e", {"A/B": listed("A/B", "2")}, 10)
        self.assertEqual(self.store.save_inferred("e", anew, anew=True).source, "market list")
        self.assertEqual(str(self.store.latest("e")["A/B"].tick_size), "2")

    def test_a_copy_has_every_version(self):
        for as_of, tick in ((100, "0.1"), (200, "0.2")):
            self.store.save("e", {"A/B": listed("A/B", tick), "C/D": listed("C/D", tick)}, as_of)
        self.store.copy("e", "A/B", "e@resampled")
        self.assertEqual(self.store.at("e@resampled", 150), {"A/B": self.store.at("e", 150)["A/B"]})
        self.assertEqual(self.store.latest("e@resampled"), {"A/B": self.store.latest("e")["A/B"]})

    def test_symbols_of_one_instant_are_stored_beside_each_other(self):
        self.store.save("binance", {"A/B": inferred("A/B", "1")}, 100)
        self.store.save("binance", {"C/D": inferred("C/D", "1")}, 100)
        self.assertEqual(sorted(self.store.latest("binance")), ["A/B", "C/D"])
        self.assertEqual(self.store.snapshots("binance"), [100])

    def test_saving_the_same_again_leaves_the_file_alone(self):
        self.store.save("binance", {"A/B": listed("A/B", "1")}, 100)
        file = self.root / "binance" / "instruments" / "100.json"
        before = file.stat().st_ino
        self.store.save("binance", {"A/B": listed("A/B", "1")}, 100)
        self.assertEqual(file.stat().st_ino, before)

    def test_a_damaged_snapshot_is_named(self):
        self.store.save("binance", {"A/B": listed("A/B", "1")}, 100)
        file = self.root / "binance" / "instruments" / "100.json"
        for content in (b"", b"\xff\xfe", b"{}", file.read_bytes()[:40], file.read_bytes().replace(b'"1"', b'"-1"')):
            file.write_bytes(content)
            with self.subTest(content[:12]), self.assertRaises(StoreError) as caught:
                self.store.latest("binance")
            self.assertIn(str(file), str(caught.exception))

    def test_a_stray_file_among_the_snapshots_is_named(self):
        self.store.save("binance", {"A/B": listed("A/B", "1")}, 100)
        (self.root / "binance" / "instruments" / "notes.json").write_text("{}")
        with self.assertRaisesRegex(StoreError, "notes.json"):
            self.store.snapshots("binance")

    def test_an_exchange_name_cannot_leave_the_store(self):
        with self.assertRaises(ConfigurationError):
            self.store.save("../x", {}, 1)


if __name__ == "__main__":
    unittest.main()
