"""docs/configuration.md names every key with its default, its meaning and what is allowed, and no other key."""

import re
import unittest
from pathlib import Path

from pydantic_core import PydanticUndefined

from core.settings_problem import shown
from core.settings_section import SettingsSection, allowed_words
from execution.settings import ExecutionSettings, TradingModeSettings
from market_data.settings import DataSettings
from risk_management.risk_config import RiskConfig
from strategies.scalping_params import ScalpingParams
from strategies.settings import StrategySettings
from validation.live_settings import LiveSettings, LoggingSettings, RiskSource
from validation.session_settings import SessionSettings

PAGE = Path(__file__).resolve().parents[3] / "docs/configuration.md"
SECTIONS: tuple[tuple[str, type[SettingsSection]], ...] = (
    ("", LiveSettings), ("strategy.", StrategySettings), ("strategy.params.", ScalpingParams), ("risk.", RiskSource),
    ("execution.", ExecutionSettings), ("session.", SessionSettings), ("data.", DataSettings),
    ("logging.", LoggingSettings), ("", RiskConfig), ("", TradingModeSettings),
)  # fmt: skip


def row(prefix: str, section: type[SettingsSection], name: str) -> str:
    field = section.model_fields[name]
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        default = "required"
    elif value == {}:
        default = "`{}`"
    else:
        default = f"`{value if isinstance(value, str) else shown(value)}`"
    return f"| `{prefix}{name}` | {default} | {field.description} | {allowed_words(field)} |"


class ConfigurationPageTest(unittest.TestCase):
    def test_the_rows_of_the_page_are_the_fields_of_the_models(self) -> None:
        rows = [
            line
            for line in PAGE.read_text(encoding="utf-8").splitlines()
            if re.match(r"\| `[a-z_.]+` \| .* \| .* \|", line)
        ]
        expected = [
            row(prefix, section, name)
            for prefix, section in SECTIONS
            for name, field in section.model_fields.items()
            if not hasattr(field.annotation, "model_fields")
        ]
        self.assertEqual(sorted(expected), sorted(rows))


if __name__ == "__main__":
    unittest.main()
