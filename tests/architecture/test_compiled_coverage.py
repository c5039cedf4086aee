"""The table of the architecture page says of every setting whether the compiled rules cover it."""

import re
import unittest
from collections.abc import Iterator

from execution.execution_settings import TradingModeSettings
from risk_management.risk_config import RiskConfig
from tests.support.shared import REPOSITORY
from validation.live_settings import LiveSettings

PAGE = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")


def keys_of(section: type, before: str = "") -> Iterator[str]:
    """Yield the keys of a section, with those of the sections inside it."""
    for name, field in section.model_fields.items():
        if hasattr(field.annotation, "model_fields"):
            yield from keys_of(field.annotation, f"{before}{name}.")
        else:
            yield before + name


def keys_of_row(name: str) -> list[str]:
    """Return the keys of a row of the table."""
    (row,) = re.findall(rf"^\| {name} \| (`.*) \|$", PAGE, re.MULTILINE)
    return re.findall(r"`([\w.]+)`", row)


class CompiledCoverage(unittest.TestCase):
    def test_every_setting_stands_in_one_row_of_the_table(self) -> None:
        rows = ("covered", "reference kernel alone", "no part of the rules")
        listed = [key for row in rows for key in keys_of_row(row)]
        known = [key for section in (LiveSettings, RiskConfig, TradingModeSettings) for key in keys_of(section)]
        self.assertEqual(sorted(known), sorted(listed))


if __name__ == "__main__":
    unittest.main()
