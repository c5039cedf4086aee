"""docs/metrics.md names every figure under its group, and no other."""

import re
import unittest

import msgspec

from metrics.run_metrics import ALIASES, GROUPS, RunMetrics
from tests.support.shared import REPOSITORY

PAGE = (REPOSITORY / "docs/metrics.md").read_text(encoding="utf-8")
KINDS = {field.name: field.type for field in msgspec.structs.fields(RunMetrics)}


class MetricsPage(unittest.TestCase):
    def sections(self) -> dict[str, str]:
        parts = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)[1:]
        titles = [title.lower().replace(" ", "_").replace("-", "_") for title in parts[::2]]
        return dict(zip(titles, parts[1::2], strict=True))

    def test_every_figure_stands_under_its_group(self) -> None:
        sections = self.sections()
        for group in GROUPS:
            rows = re.findall(r"^\| (`.+?`) \|", sections[group], flags=re.MULTILINE)
            named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
            self.assertEqual(sorted(named), sorted(KINDS[group].__struct_fields__), group)

    def test_aliases_stand_beside_their_figures(self) -> None:
        sections = self.sections()
        for alias, name in ALIASES.items():
            group, figure = name.split(".")
            (row,) = re.findall(rf"^\|.*`{figure}`.*\|.*\|.*\|$", sections[group], flags=re.MULTILINE)
            self.assertIn(f"`{alias}`", row, name)


if __name__ == "__main__":
    unittest.main()
