"""What a manifest is read from, and what is refused as none."""

import json
import tempfile
import unittest
from pathlib import Path

from core.errors import ConfigurationError, StoreError
from runs.documents.manifest import Manifest, Window, read_manifest


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
