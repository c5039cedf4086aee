"""docs/configuration.md names every key with its default, its meaning and what is allowed, and no other key."""

import re
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from alerts.alert_settings import AlertSettings
from core.settings_allowed import Place
from core.settings_file import parse_yaml
from core.settings_problem import shown
from execution.execution_settings import ExecutionSettings, TradingModeSettings
from execution.venue_settings import PerpetualSettings
from risk_management.risk_config import RiskConfig
from runs.store.store_settings import StoreSettings
from strategies.scalping_params import ScalpingParams
from tests.support.config_tree import write_config
from tests.support.shared import REPOSITORY
from validation import load_settings
from validation.live_settings import LiveSettings

PAGE = REPOSITORY / "docs/configuration.md"
PLAIN = {
    "starting_balance", "slippage", "commission_rate", "allow_shorting", "entry_fill", "on_opposite_signal",
    "max_order_wait", "max_gap", "max_candle_move",
}  # fmt: skip
"""Keys of the execution section whose table row says all there is to say."""
TOP: tuple[tuple[str, type[BaseModel]], ...] = (
    ("", LiveSettings), ("strategy.params.", ScalpingParams), ("", RiskConfig), ("", TradingModeSettings),
    ("", StoreSettings), ("", AlertSettings),
)  # fmt: skip


def sections(prefix: str, section: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield a section and all below it, those in lists and those that may be null included."""
    yield prefix, section
    for name, field in section.model_fields.items():
        place = Place.of(field)
        for inside, mark in ((place, ""), (place.inside(0), "[]")):
            inner = inside.section() if inside is not None else None
            if inner is not None:
                yield from sections(f"{prefix}{name}{mark}.", inner)


def row(prefix: str, section: type[BaseModel], name: str) -> str:
    field = section.model_fields[name]
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        default = "required"
    elif value == {}:
        default = "`{}`"
    elif isinstance(value, list | tuple):
        default = f"`[{', '.join(value)}]`"
    else:
        default = f"`{value if isinstance(value, str) else shown(value)}`"
    return f"| `{prefix}{name}` | {default} | {field.description} | {Place.of(field).words()} |"


class ConfigurationPageTest(unittest.TestCase):
    def test_the_rows_of_the_page_are_the_fields_of_the_models(self) -> None:
        rows = [
            line
            for line in PAGE.read_text(encoding="utf-8").splitlines()
            if re.match(r"\| `[]a-z_.[]+` \| .* \| .* \|", line)
        ]
        expected = [
            row(prefix, section, name)
            for top in TOP
            for prefix, section in sections(*top)
            for name, field in section.model_fields.items()
            if not hasattr(field.annotation, "model_fields")
        ]
        self.assertEqual(sorted(expected), sorted(rows))
        self.assertEqual(len(rows), len(set(rows)))

    def test_every_key_of_the_venue_is_explained_beside_its_table(self) -> None:
        text = PAGE.read_text(encoding="utf-8")
        explained = set(re.findall(r"`([a-z_.]+)`", " ".join(re.findall(r"^- (`.*?):", text, re.MULTILINE))))
        for name in set(ExecutionSettings.model_fields) - PLAIN:
            section = Place.of(ExecutionSettings.model_fields[name]).section()
            inner = [] if section is None or name == "perpetual" else [f"{name}.{key}" for key in section.model_fields]
            for key in inner or [name]:
                self.assertTrue({key, key.rpartition(".")[2]} & explained, key)
        self.assertLessEqual({"fraction", "distance", *PerpetualSettings.model_fields}, explained)

    def test_every_example_on_the_page_is_a_valid_configuration(self) -> None:
        blocks = re.findall(r"^```(yaml|json)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        self.assertGreater(len(blocks), 5)
        for kind, text in blocks:
            with self.subTest(text=text), tempfile.TemporaryDirectory() as folder:
                if kind == "json":
                    load_settings(write_config(Path(folder), risk=text))
                    continue
                live = {"exchange": "practice", "symbols": ["BTC/USDT"], "timeframe": "15m"}
                load_settings(write_config(Path(folder), {**live, **parse_yaml(text, "the page")}))


if __name__ == "__main__":
    unittest.main()
