"""Whatever stands in the three files gives valid settings or a ConfigurationError that names the file."""

import copy
import json
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from tests.support.config_tree import write_config
from tests.support.scale import scaled
from validation import load_settings, validate_all_configs

REPOSITORY = Path(__file__).resolve().parents[2]
VALID = {key: dict(value) for key, value in validate_all_configs(REPOSITORY).items() if isinstance(value, dict)}
"""The shipped files with every default written out: each key is there to be spoilt."""
FILES = {"live": "live.yaml", "risk": "risk.json", "trading_mode": "trading_mode.yaml"}

ODD_TEXT = st.text(max_size=20) | st.sampled_from(
    ["", " ", "live", "1e400", "0x10", "..", "\x00", "\ud800", "config/risk.json", "/dev/null", "a:B", "practice", "1M"]
)
ODD_NUMBER = (
    st.sampled_from(
        [
            0,
            -1,
            1,
            2,
            10**30,
            -(10**400),
            10**400,
            1e308,
            -1e308,
            5e-324,
            -0.0,
            float("nan"),
            float("inf"),
            float("-inf"),
        ]
    )
    | st.floats()
    | st.integers()
)
ODD = st.recursive(
    st.none() | st.booleans() | ODD_NUMBER | ODD_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD_TEXT, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def _paths(value: object, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [prefix]
    return [prefix, *(path for key, inner in value.items() for path in _paths(inner, (*prefix, key)))]


PATHS = [path for path in _paths(VALID) if path]


@st.composite
def spoilt(draw: Callable[..., object]) -> dict[str, object]:
    """The three files with a few values replaced, removed or added."""
    files: dict[str, object] = copy.deepcopy(VALID)
    for path in draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=4)):
        target: object = files
        for key in path[:-1]:
            target = target.get(key) if isinstance(target, dict) else None
        if not isinstance(target, dict):
            continue
        action = draw(st.sampled_from(["replace", "remove", "add"]))
        if action == "replace":
            target[path[-1]] = draw(ODD)
        elif action == "remove" and len(path) > 1:
            target.pop(path[-1], None)
        elif len(path) > 1:
            target[draw(ODD_TEXT)] = draw(ODD)
    return files


class ConfigFuzzTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def judge(self, **files: str | bytes) -> None:
        path = write_config(self.base, files.get("live"), files.get("risk"), files.get("trading_mode"))
        try:
            loaded = load_settings(path, base_path=self.base)
        except ConfigurationError as error:
            self.assertTrue(str(error))
            for line in str(error).split("\n"):
                self.assertTrue(any(line.startswith(f"{self.base}/config/{name}: ") for name in FILES.values()), line)
                self.assertTrue(line.isprintable(), ascii(line))
                self.assertLess(len(line), 1500)
        else:
            json.dumps(loaded.resolved(), allow_nan=False)
            self.assertEqual(64, len(loaded.settings_sha256))
            self.assertGreater(loaded.live.execution.starting_balance, 0)
            self.assertLessEqual(loaded.risk.max_exposure, loaded.mode.max_exposure_pct)

    @settings(max_examples=scaled(250, 6_000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(spoilt())
    def test_spoilt_values(self, files: dict[str, object]) -> None:
        self.judge(**{name: json.dumps(files[name]) for name in FILES})

    @settings(max_examples=scaled(150, 5_000), deadline=None)
    @given(st.sampled_from(list(FILES)), st.binary(max_size=200))
    def test_random_bytes(self, name: str, content: bytes) -> None:
        self.judge(**{name: content})

    @settings(max_examples=scaled(150, 5_000), deadline=None)
    @given(
        st.sampled_from(["config/live.yaml", "config/risk.json", "config/trading_mode.yaml"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 40),
        st.text(st.sampled_from("{}[]:,-?&*!|>'\"%@`#\\ \n\t0aé\x00\ufeff"), max_size=6),
    )
    def test_shipped_files_with_a_cut_and_a_patch(self, file: str, place: float, cut: int, patch: str) -> None:
        text = (REPOSITORY / file).read_text(encoding="utf-8")
        at = int(place * len(text))
        self.judge(**{Path(file).stem: text[:at] + patch + text[at + cut :]})


if __name__ == "__main__":
    unittest.main()
