import unittest

from msgspec import UNSET

from runs.documents.run_config import changed_settings, run_config
from runs.documents.run_result import RunConfig
from tests.support.runs.kernel_runs import settings_from


class RunConfigTest(unittest.TestCase):
    def config(self, **flat: object) -> RunConfig:
        return run_config(settings_from(flat, ("A",)).live, "own", 0, 120_000, 60_000)

    def test_the_range_and_how_far_the_run_came(self) -> None:
        config = self.config()
        self.assertEqual(
            (config.start_date, config.end_date, config.ran_to),
            ("1970-01-01T00:00:00.000Z", "1970-01-01T00:02:00.000Z", "1970-01-01T00:01:00.000Z"),
        )
        live = settings_from({}, ("A",)).live
        unknown = run_config(live, "own", None, None, None)
        self.assertEqual({unknown.start_date, unknown.end_date, unknown.ran_to}, {None})

    def test_market_entries_name_no_setting_that_they_do_not_read(self) -> None:
        config = self.config()
        self.assertEqual((config.entry_order, config.entry_fill), ("market", "next_open"))
        self.assertIs(config.entry_offset, UNSET)

    def test_resting_entries_name_where_they_stand_and_how_long(self) -> None:
        config = self.config(entry_order="limit", entry_offset=0.01, entry_expiry=5, post_only=True)
        self.assertEqual(
            [config.entry_order, config.entry_offset, config.entry_time_in_force, config.entry_expiry],
            ["limit", 0.01, "GTD", 5],
        )
        self.assertIs(config.post_only, True)
        self.assertFalse([name for name in config.venue if name.startswith("entry_") or name == "post_only"])

    def test_only_settings_that_differ_from_their_defaults_are_named(self) -> None:
        execution = settings_from({}, ("A",)).live.execution
        self.assertEqual(changed_settings(type(execution)()), {})
        self.assertEqual(
            changed_settings(
                type(execution)(
                    starting_balance=5.0,
                    volume_cap=0.5,
                    max_gap=60,
                    exits={"ladder": [{"fraction": 0.5, "distance": 2.0}]},
                    perpetual={"leverage": 3.0, "leverages": {"A": 5.0}},
                )
            ),
            {
                "starting_balance": 5.0,
                "volume_cap": 0.5,
                "exits": {"ladder": [{"fraction": 0.5, "distance": 2.0}]},
                "perpetual": {"leverage": 3.0, "leverages": {"A": 5.0}},
            },
        )
        self.assertEqual(changed_settings(type(execution)(perpetual={})), {"perpetual": {}})


if __name__ == "__main__":
    unittest.main()
