import unittest

from reports.console.run_facts import changed_settings, config_facts
from tests.support.runs.kernel_runs import settings_from


class ConfigFactsTest(unittest.TestCase):
    def facts(self, **flat: object) -> dict[str, object]:
        return config_facts(settings_from(flat, ("A",)).live, "own", 0, 120_000, 60_000)

    def test_the_range_and_how_far_the_run_came(self) -> None:
        facts = self.facts()
        self.assertEqual(
            (facts["start_date"], facts["end_date"], facts["ran_to"]),
            ("1970-01-01T00:00:00.000Z", "1970-01-01T00:02:00.000Z", "1970-01-01T00:01:00.000Z"),
        )
        live = settings_from({}, ("A",)).live
        self.assertEqual({config_facts(live, "own", None, None, None)[key] for key in ("end_date", "ran_to")}, {None})

    def test_market_entries_name_no_setting_that_they_do_not_read(self) -> None:
        facts = self.facts()
        self.assertEqual((facts["entry_order"], facts["entry_fill"]), ("market", "next_open"))
        self.assertNotIn("entry_offset", facts)

    def test_resting_entries_name_where_they_stand_and_how_long(self) -> None:
        facts = self.facts(entry_order="limit", entry_offset=0.01, entry_expiry=5, post_only=True)
        self.assertEqual(
            [facts[f"entry_{name}"] for name in ("order", "offset", "time_in_force", "expiry")],
            ["limit", 0.01, "GTD", 5],
        )
        self.assertIs(facts["post_only"], True)
        self.assertFalse([name for name in facts["venue"] if name.startswith("entry_") or name == "post_only"])

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
