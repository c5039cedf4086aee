"""The settings that two configurations do not share: every key that moves the hash is named, and no other."""

import tempfile
import unittest
from pathlib import Path

from tests.support.config_tree import write_config
from tests.unit.validation.test_settings_hash import (
    LIVE_CHANGES,
    LIVE_NEUTRAL,
    MODE_CHANGES,
    MODE_NEUTRAL,
    RISK_CHANGES,
)
from validation.composed_settings import Settings
from validation.loading import load_settings
from validation.settings_difference import settings_differences


class SettingsDifference(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.plain = self.settings()

    def settings(self, live: dict[str, object] | None = None, **files: dict[str, object]) -> Settings:
        own = {"exchange": "practice", "symbols": ["BTC/USDT", "ETH/USDT"], **(live or {})}
        return load_settings(write_config(self.base, live=own, **files))

    def test_every_key_that_moves_the_hash_is_named_as_it_is_written(self) -> None:
        changes = [(name.split(" ")[0], self.settings(change)) for name, change in LIVE_CHANGES.items()]
        changes += [(f"risk.{key}", self.settings(risk={key: value})) for key, value in RISK_CHANGES.items()]
        changes += [(f"trading_mode.{key}", self.settings(mode={key: value})) for key, value in MODE_CHANGES.items()]
        for key, changed in changes:
            with self.subTest(key):
                named = settings_differences(self.plain, changed)
                self.assertTrue(any(one.startswith(key) for one in named), named)

    def test_what_changes_no_result_is_not_named(self) -> None:
        neutral = [self.settings(change) for change in LIVE_NEUTRAL.values()]
        neutral += [self.settings(mode={key: value}) for key, value in MODE_NEUTRAL.items()]
        for changed in neutral:
            self.assertEqual([], settings_differences(self.plain, changed))

    def test_a_section_that_only_one_has_and_a_value_without_end(self) -> None:
        contracts = self.settings({"execution": {"perpetual": {"leverage": 2}}})
        (ours, *named) = settings_differences(contracts, self.plain)
        self.assertEqual("execution.perpetual was left out, is null", ours)
        self.assertIn("execution.perpetual.leverage was 2.0, is left out", named)
        many = self.settings({"symbols": [f"A{number}/USDT" for number in range(500)]})
        (line,) = settings_differences(self.plain, many)
        self.assertTrue(line.startswith('symbols was ["BTC/USDT", "ETH/USDT"], is ["A0/USDT", '), line)
        self.assertLess(len(line), 300)


if __name__ == "__main__":
    unittest.main()
