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
from tests.support.config_tree import RICH_LIVE, RICH_MODE, RICH_RISK, write_config
from tests.support.scale import scaled
from tests.support.shared import REPOSITORY
from validation import load_settings, validate_all_configs
from validation.resolved_settings import settings_from_resolved

PLAIN = {key: dict(value) for key, value in validate_all_configs(REPOSITORY).items() if isinstance(value, dict)}
"""The shipped files with every default written out: each key is there to be spoilt."""


def _rich() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        resolved = load_settings(write_config(Path(folder), RICH_LIVE, RICH_RISK, RICH_MODE)).resolved()
        return json.loads(json.dumps(resolved))


RICH = _rich()
"""A perpetual venue with every section filled in."""
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


Place = tuple[str | int, ...]


def _paths(value: object, prefix: Place = ()) -> list[Place]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [prefix, *(path for key, below in inner for path in _paths(below, (*prefix, key)))]


@st.composite
def spoilt(draw: Callable[..., object], valid: dict[str, object]) -> dict[str, object]:
    """The three files with a few values replaced, removed, added or swapped for those of another key."""
    files: dict[str, object] = copy.deepcopy(valid)
    paths = [path for path in _paths(valid) if path]
    for path in draw(st.lists(st.sampled_from(paths), min_size=1, max_size=4)):
        target = _at(files, path[:-1])
        action = draw(st.sampled_from(["replace", "remove", "add", "swap"]))
        if action in ("replace", "swap"):
            value = draw(ODD) if action == "replace" else copy.deepcopy(_at(valid, draw(st.sampled_from(paths))))
            key = path[-1]
            if isinstance(target, dict) or (isinstance(target, list) and isinstance(key, int) and key < len(target)):
                target[key] = value
        elif isinstance(target, dict) and len(path) > 1:
            if action == "remove":
                target.pop(path[-1], None)
            else:
                target[draw(ODD_TEXT)] = draw(ODD)
        elif isinstance(target, list):
            target.append(draw(ODD)) if action == "add" else target.clear()
    return files


def _at(value: object, path: Place) -> object:
    """Return what stands at a path, None where an earlier change took it away."""
    for key in path:
        known = (isinstance(value, dict) and key in value) or (
            isinstance(value, list) and isinstance(key, int) and key < len(value)
        )
        if not known:
            return None
        value = value[key]
    return value


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
            if loaded.risk.max_exposure is not None:
                self.assertLessEqual(loaded.risk.max_exposure, loaded.mode.max_exposure_pct)
            perpetual = loaded.live.execution.perpetual
            leverages = [perpetual.leverage_of(symbol) if perpetual else 1 for symbol in loaded.live.symbols]
            self.assertLessEqual(loaded.mode.max_exposure_pct, max(leverages))
            if perpetual:
                self.assertLessEqual(set(perpetual.leverages), set(loaded.live.symbols))
            read = settings_from_resolved(json.loads(json.dumps(loaded.resolved())))
            self.assertEqual(loaded.settings_sha256, read.settings_sha256)

    @settings(max_examples=scaled(150, 6_000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(spoilt(PLAIN))
    def test_spoilt_values(self, files: dict[str, object]) -> None:
        self.judge(**{name: json.dumps(files[name]) for name in FILES})

    @settings(max_examples=scaled(150, 6_000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(spoilt(RICH))
    def test_spoilt_values_of_a_perpetual_venue(self, files: dict[str, object]) -> None:
        self.judge(**{name: json.dumps(files[name]) for name in FILES})

    def test_the_unspoilt_files_are_valid(self) -> None:
        for files in (PLAIN, RICH):
            path = write_config(self.base, **{name: json.dumps(files[key]) for name, key in zip(
                ("live", "risk", "mode"), FILES, strict=True
            )})  # fmt: skip
            self.assertEqual(files, json.loads(json.dumps(load_settings(path, base_path=self.base).resolved())))

    @settings(max_examples=scaled(90, 5_000), deadline=None)
    @given(st.sampled_from(list(FILES)), st.binary(max_size=200))
    def test_random_bytes(self, name: str, content: bytes) -> None:
        self.judge(**{name: content})

    @settings(max_examples=scaled(90, 5_000), deadline=None)
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
