"""What a manifest is read from, and what is refused as none."""

import json
import tempfile
import unittest
from decimal import Decimal
from pathlib import Path

from core.errors import ConfigurationError, StoreError
from core.instrument import Instrument
from engine.journal_records import SessionRecord
from runs.documents.manifest import Manifest, StrategyFacts, Window, read_manifest
from runs.documents.manifest_builder import session_manifest
from runs.documents.symbol_result import TradingRules
from tests.support.runs.kernel_runs import settings_from


class ReadManifest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "manifest.json"

    def test_keys_that_a_kind_of_run_or_an_earlier_version_does_not_have_may_be_missing(self) -> None:
        self.path.write_text(json.dumps({"settings": {"live": {}}, "settings_sha256": "a", "of_another_version": 1}))
        self.assertEqual(read_manifest(self.path), Manifest(settings={"live": {}}, settings_sha256="a"))

    def test_what_is_written_is_what_there_is_with_sorted_keys(self) -> None:
        manifest = Manifest(settings={"b": 1.0, "a": "ü"}, settings_sha256="x", window=Window(1, None))
        self.assertEqual(
            json.loads(manifest.text()),
            {
                "settings": {"a": "ü", "b": 1.0},
                "settings_sha256": "x",
                "symbols": {},
                "window": {"start_ms": 1, "end_ms": None},
            },
        )
        self.assertIn('"a": "ü",\n  "b": 1.0', manifest.text())

    def test_a_session_names_each_symbol_as_the_exchange_does_with_its_warm_up_and_rules(self) -> None:
        settings = settings_from({}, ("BTCUSDT",))
        rules = Instrument("BTC/USDT", Decimal("0.01"), Decimal("0.001"), Decimal(5), Decimal("0.002"), source="here")
        candles = [(0, 1.0, 1.0, 1.0, 1.0, 1.0), (60_000, 1.0, 1.0, 1.0, 1.0, 1.0)]
        record = SessionRecord("s", "h", "v", {}, {"BTCUSDT": rules}, {"BTCUSDT": candles}, False)
        strategy = StrategyFacts("own", 3)
        self.path.write_text(session_manifest(record, settings, strategy, {"BTCUSDT": "BTC/USDT"}, 0).text())
        found = read_manifest(self.path)
        told = found.symbols["BTCUSDT"]
        self.assertEqual((found.session, found.code_version, found.strategy), ("s", "v", strategy))
        self.assertEqual((told.canonical, told.warmup_candles), ("BTC/USDT", 2))
        self.assertEqual(
            told.instrument,
            TradingRules(
                tick_size="0.01", lot_size="0.001", min_notional="5", min_quantity="0.002", source="here", as_of=None
            ),
        )

    def test_what_is_none_and_what_cannot_be_read_are_errors_that_name_the_file(self) -> None:
        for data in (b"", b"{", b"[1]", b"{}", b'{"settings": 1, "settings_sha256": "a"}', b'{"\xff": 1}'):
            with self.subTest(data):
                self.path.write_bytes(data)
                with self.assertRaisesRegex(ConfigurationError, f"{self.path}: is no manifest"):
                    read_manifest(self.path)
        self.path.unlink()
        with self.assertRaisesRegex(StoreError, f"cannot read {self.path}: No such file"):
            read_manifest(self.path)


if __name__ == "__main__":
    unittest.main()
