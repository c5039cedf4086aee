"""Systems read from their files: what they resolve to, by which hash, and one clear line for each mistake."""

import tempfile
import unittest
from pathlib import Path

from core.errors import ConfigurationError
from core.instants import parse_instant
from systems import check_systems, list_systems, new_system, show_system
from systems.catalogue import read_system
from tests.support.config_tree import write_config
from tests.support.shared import REPOSITORY
from tests.support.system_files import LIVE, system_places, write_system
from validation import load_settings

NOW_MS = parse_instant("2026-03-31T10:07")


class SystemCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.places = system_places(self.folder)

    def write(self, system_id: str, **keys: object) -> Path:
        return write_system(self.folder, system_id, **keys)

    def system(self, system_id: str):
        return read_system(system_id, self.places.systems)


class Resolving(SystemCase):
    def test_a_system_is_the_configuration_that_one_would_have_written(self) -> None:
        over = {"timeframe": "1h", "execution.slippage": 0.001, "strategy": {"params": {"ema_slow": 40}}}
        self.write("mine", overrides={**over, "risk": {"max_exposure": 0.1}, "trading_mode.max_open_trades": 2})
        strategy = {"type": "scalping_ema_rsi", "params": {"ema_fast": 5, "ema_slow": 40}}
        live = {**LIVE, "timeframe": "1h", "execution": {"slippage": 0.001}, "strategy": strategy}
        with tempfile.TemporaryDirectory() as other:
            written = write_config(Path(other), live=live, risk={"max_exposure": 0.1}, mode={"max_open_trades": 2})
            self.assertEqual(load_settings(written).settings_sha256, self.system("mine").settings.settings_sha256)

    def test_a_system_on_a_system_says_the_rest_otherwise(self) -> None:
        self.write(
            "below", overrides={"timeframe": "1h", "execution": {"slippage": 0.001}},
            windows={"old": "2023", "both": "2022"}, promotion=["trades > 1"], tags=["a"],
        )  # fmt: skip
        self.write("above", base="below", overrides={"timeframe": "4h"}, windows={"own": 2024, "both": "2024-01"})
        above = self.system("above")
        self.assertEqual(("below", str(self.folder / "config/live.yaml")), above.bases)
        self.assertEqual(("4h", 0.001), (above.settings.live.timeframe, above.settings.live.execution.slippage))
        self.assertEqual([("own", "2024"), ("both", "2024-01"), ("old", "2023")], list(above.windows.items()))
        self.assertEqual(self.system("below").promotion, above.promotion)
        self.assertEqual((), above.tags)

    def test_what_is_searched_is_taken_over_with_the_strategy_that_it_is_of(self) -> None:
        self.write("below", optimise={"parameters": {"ema_fast": "3..9"}})
        self.write("above", base="below")
        self.write("other", base="below", overrides={"strategy": {"type": "trend_filter"}})
        self.write("own", base="below", optimise={"trials": 5})
        found = {name: self.system(name).optimise for name in ("below", "above", "other", "own")}
        section = {"parameters": {"ema_fast": "3..9"}}
        self.assertEqual({"below": section, "above": section, "other": {}, "own": {"trials": 5}}, found)

    def test_the_uid_is_a_hash_of_what_can_change_a_result_and_of_nothing_else(self) -> None:
        self.write("a", windows={"w": "2024"}, tags=["x"], promotion=["trades > 1"])
        self.write("b", base="a", description="Another", windows={"v": "2023"}, overrides={"timeframe": "15m"})
        self.write("c", base="a", overrides={"timeframe": "1h"})
        self.write("d", base="a", overrides={"strategy": {"params": {"ema_fast": 6}}})
        uids = [self.system(name).uid for name in "abcd"]
        self.assertEqual(uids[0], uids[1])
        self.assertEqual(3, len(set(uids)))
        (self.folder / "config" / "trading_mode.yaml").write_text("max_open_trades: 3\n")
        self.assertNotEqual(uids[0], self.system("a").uid)

    def test_the_source_of_an_own_strategy_is_in_the_uid(self) -> None:
        strategy = self.folder / "config" / "own.py"
        source = (REPOSITORY / "strategies" / "examples" / "donchian_breakout.py").read_text(encoding="utf-8")
        strategy.write_text(source)
        self.write("own", overrides={"strategy": {"type": "own.py:DonchianBreakout"}})
        before = self.system("own").uid
        strategy.write_text(source + "\nX = 1\n")
        self.assertNotEqual(before, self.system("own").uid)

    def test_a_window_ends_at_the_present_on_the_grid_of_the_candles(self) -> None:
        self.write("mine", windows={"recent": "last 2d", "march": "2026-03", "far": "2030", "past": "2024-01"})
        system = self.system("mine")
        table = {
            "recent": ("2026-03-29T10:00", "2026-03-31T10:00"),
            "march": ("2026-03-01", "2026-03-31T10:00"),
            "past": ("2024-01-01", "2024-02-01"),
        }
        for name, ends in table.items():
            with self.subTest(name):
                self.assertEqual(tuple(map(parse_instant, ends)), system.window(name, NOW_MS).to_tuple_ms())
        with self.assertRaisesRegex(ConfigurationError, r"mine.yaml: windows.far: 2030-01-01.* has not begun"):
            system.window("far", NOW_MS)
        with self.assertRaisesRegex(
            ConfigurationError, r"mine has no window 'recnt' \(did you mean recent\?\) — allowed"
        ):
            system.window("recnt", NOW_MS)

    def test_the_shipped_systems_are_sound(self) -> None:
        folder = str(REPOSITORY / "config" / "systems")
        found = check_systems(places=type(self.places)(folder))
        self.assertEqual([], [one for one in found if not one["ok"]])
        self.assertIn("practice-scalping", [one["id"] for one in found])
        self.assertIn("january", read_system("practice-scalping", folder).windows)


class Mistakes(SystemCase):
    def line(self, system_id: str = "mine") -> str:
        with self.assertRaises(ConfigurationError) as caught:
            self.system(system_id)
        for line in str(caught.exception).split("\n"):
            self.assertTrue(line.startswith(self.places.systems) or "there is no system" in line, line)
        return str(caught.exception)

    def test_each_is_named_with_its_place_and_what_was_meant(self) -> None:
        self.write("sound", windows={"train": "2024-01"})
        table = (
            ({"bas": "x"}, "bas: unknown key (did you mean base?)"),
            ({"id": "other"}, "id: 'other' — allowed: mine, as the file is called"),
            ({"description": ""}, "description: '' — allowed: printable text"),
            ({"base": "soun"}, "base: 'soun' is neither a configuration nor a system (did you mean sound?)"),
            ({"base": "config/liv.yaml"}, "base: 'config/liv.yaml' names no file (did you mean live.yaml?)"),
            ({"base": "mine"}, "base: goes in a circle: mine -> mine"),
            ({"overrides": 5}, "overrides: 5 — allowed: keys of live.yaml"),
            ({"overrides": {"timefram": "1h"}}, "overrides.timefram: unknown key (did you mean timeframe?)"),
            (
                {"overrides": {"strategy.params.ema_fst": 3}},
                "overrides.strategy.params.ema_fst: unknown key (did you me",
            ),
            (
                {"overrides": {"risk": {"max_exposur": 1}}},
                "overrides.risk.max_exposur: unknown key (did you mean max_ex",
            ),
            ({"overrides": {"strategy": {"type": "scalpin"}}}, "overrides.strategy.type: 'scalpin'"),
            ({"overrides": {"strategy": {"type": "no.py:Class"}}}, "overrides.strategy.type: strategy "),
            ({"windows": {"train": "2024-13"}}, "windows.train: window '2024-13' names a day that no calendar has"),
            ({"windows": {"live": "2024-01"}}, "windows.live: 'live' cannot be the name of a window"),
            ({"windows": ["2024"]}, "windows: a list of 1 — allowed: a section"),
            ({"promotion": {"bactest": []}}, "promotion.bactest: is left by no promotion (did you mean backtest?)"),
            (
                {"promotion": ["sharp > 1"]},
                "promotion: criterion 'sharp > 1': there is no figure or window 'sharp' (did",
            ),
            ({"promotion": ["tran.sharpe > 1"], "base": "sound"}, "figure or window 'tran' (did you mean train?)"),
            ({"promotion": ["train.sharp > 1"], "base": "sound"}, "figure or window 'sharp' (did you mean sharpe?)"),
            ({"promotion": ["parity == exat"]}, "'exat' (did you mean exact?) — allowed: exact, different, unchecked"),
            ({"promotion": ["sharpe => 1"]}, "cannot be understood (did you mean >=?)"),
            ({"promotion": [5]}, "promotion.all[0]: 5 — allowed: text"),
        )
        for keys, expected in table:
            self.write("mine", **keys)
            with self.subTest(keys):
                self.assertIn(expected, self.line())

    def test_a_circle_of_bases_is_shown_whole(self) -> None:
        for name, base in (("a", "b"), ("b", "c"), ("c", "a")):
            self.write(name, base=base)
        self.assertIn("base: goes in a circle: a -> b -> c -> a", self.line("a"))

    def test_a_mistake_of_the_base_is_named_in_the_base(self) -> None:
        self.write("below", overrides={"timefram": "1h"})
        self.write("mine", base="below")
        self.assertIn("below.yaml: overrides.timefram", self.line())

    def test_a_system_that_is_not_there_is_named_with_its_neighbour(self) -> None:
        self.write("mine")
        self.assertEqual("there is no system 'min' (did you mean mine?) — allowed: mine", self.line("min"))
        self.assertIn("there is no system '../mine'", self.line("../mine"))
        with self.assertRaisesRegex(ConfigurationError, "there is no such folder of systems"):
            read_system("mine", self.folder / "nowhere")

    def test_a_broken_file_does_not_hide_the_others(self) -> None:
        self.write("mine")
        write_system(self.folder, "broken", "id: [")
        broken, mine = list_systems(self.places)
        self.assertEqual(("broken", "mine"), (broken["id"], mine["id"]))
        self.assertIn("broken.yaml: line 2", broken["problem"])
        checked = check_systems(places=self.places)
        self.assertEqual([False, True], [one["ok"] for one in checked])

    def test_a_strategy_that_cannot_be_built_is_found_by_check(self) -> None:
        self.write("mine", overrides={"timeframe": "4h", "strategy": {"type": "trend_filter"}})
        (found,) = check_systems("mine", places=self.places)
        self.assertIn("feature 'trend': timeframe '1h' is no multiple", found["problems"][0])


class Writing(SystemCase):
    def test_new_writes_a_sound_system_and_replaces_none(self) -> None:
        path = Path(new_system("my-first", "config/live.yaml", self.places)["file"])
        self.assertEqual("my-first", show_system("my-first", self.places)["id"])
        before = path.read_bytes()
        with self.assertRaisesRegex(ConfigurationError, "there already, nothing was written"):
            new_system("my-first", "config/live.yaml", self.places)
        self.assertEqual(before, path.read_bytes())
        for name, base, expected in (
            ("My", "config/live.yaml", "'My' — allowed: small letters"),
            ("../x", "config/live.yaml", "allowed: small letters"),
            ("second", "my-frst", "(did you mean my-first?) — allowed: a live.yaml, my-first"),
            (
                "my-second",
                "my-secnd",
                "'my-secnd' is neither a configuration nor a system — allowed: a live.yaml, my-first",
            ),
        ):
            with self.subTest(name), self.assertRaises(ConfigurationError) as caught:
                new_system(name, base, self.places)
            self.assertIn(expected, str(caught.exception))
        self.assertEqual([path], list(Path(self.places.systems).iterdir()))


if __name__ == "__main__":
    unittest.main()
