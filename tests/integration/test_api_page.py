"""docs/api.md against the program: its client, written of it alone, prints what it shows; each route stands in it."""

import contextlib
import io
import json
import re
import unittest
from typing import Any

from dashboard.described_interface import interface_text
from tests.support.asked_dashboards import AskedDashboard
from tests.support.shared import REPOSITORY

PAGE = (REPOSITORY / "docs" / "api.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```\n(?:\n```\n(.*?)```\n)?", PAGE, re.DOTALL)
PLACE = re.compile(r"(?m)^ADDRESS, TOKEN = .*$")
ROUTE = re.compile(r"(?m)^\| `(GET|POST|PUT|PATCH|DELETE)` \| `(/[^`]*)` \|")


class ApiPage(AskedDashboard):
    maxDiff = None

    def test_its_programs_print_what_it_shows(self) -> None:
        names: dict[str, Any] = {"__name__": "__main__"}
        self.assertGreater(len(PROGRAMS), 6)
        for program, expected in PROGRAMS:
            place = f"ADDRESS, TOKEN = {self.server.address.rstrip('/')!r}, {self.server.token!r}"
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(PLACE.sub(place, program), names)
            with self.subTest(program):
                self.assertEqual(expected, output.getvalue())

    def test_every_route_stands_in_it(self) -> None:
        lines = {}
        for path, operations in json.loads(interface_text())["paths"].items():
            for method, one in operations.items():
                route = method.upper(), path.removeprefix("/api")
                lines[route] = f"| `{route[0]}` | `{route[1]}` | {one['description'].splitlines()[0]} |"
        stand = set(ROUTE.findall(PAGE))
        lacking = "\n".join(line for route, line in lines.items() if route not in stand)
        self.assertEqual("", lacking, "what docs/api.md lacks")
        self.assertEqual(set(), stand - lines.keys(), "what is no route")


if __name__ == "__main__":
    unittest.main()
